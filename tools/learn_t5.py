#!/usr/bin/env python3
"""Trains a T5 from random weights on SemEval-2010 with Relatum and with transformers.

python tools/learn_t5.py build/release/relatum --data SEMEVAL_FOLDER --words T5_TOKENIZER_FOLDER

Both train all weights of the same random models with the same rows, rates and step sizes, each in
an order of its own; `relatum extract` answers the test split with what either wrote. Fails where
a mean accuracy over the seeds is below 30 per cent, which random weights or a constant answer do
not reach, or where the two are more than two points apart. Needs torch and transformers; by
hand, as it takes an hour or more. --write keeps the figures in bench/results.
"""

import argparse
import datetime
import json
import math
import random
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import torch
from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "t5_from_scratch.json"
STYLE, WARMUP, CLIP = "one-line-nolist", 0.03, 1.0
LIMIT = 2.0  # points of accuracy between the means; the acceptance figure
LEAST = 30.0  # the test split's most frequent label, Other, is 16.7 per cent of it
WORDS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "spiece.model")
SHAPE = {"d_model": 256, "d_kv": 64, "d_ff": 512, "num_layers": 2, "num_heads": 4}


def make_model(folder, words, seed):
    """A T5 with random weights over a real T5's words; gives its number of parameters."""
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration(T5Config(
        vocab_size=32128, dropout_rate=0.0, decoder_start_token_id=0, **SHAPE))
    model.save_pretrained(folder)
    for name in WORDS:
        shutil.copy(words / name, folder / name)
    return sum(weight.numel() for weight in model.parameters())


def rate_at(step, steps, peak):
    """Linear warm-up, then a cosine to zero, as `relatum finetune` has it."""
    warmup = max(1, math.ceil(WARMUP * steps))
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def padded(rows, value):
    longest = max(map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows])


def steps_of(rows, order, limit):
    """The rows in that order, cut into steps of at most `limit` tokens, prompts and answers."""
    step, used = [], 0
    for i in order:
        size = len(rows[i][0]) + len(rows[i][1])
        if step and used + size > limit:
            yield step
            step, used = [], 0
        step.append(rows[i])
        used += size
    if step:
        yield step


def train_with_transformers(folder, prompts, options, seed):
    """Trains the folder's model and writes it to the folder's `trained`."""
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def ids(text):
        return tokenizer(text, add_special_tokens=False).input_ids + [tokenizer.eos_token_id]

    rows = [(ids(row["prompt"]), ids(row["completion"])) for row in prompts]
    order, dice, plan = list(range(len(rows))), random.Random(seed), []
    for _ in range(options.epochs):
        dice.shuffle(order)
        plan += steps_of(rows, order, options.batch_tokens)
    model = T5ForConditionalGeneration.from_pretrained(folder).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.lr, weight_decay=0.0)
    for i, step in enumerate(plan):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(i, len(plan), options.lr)
        sources = [source for source, _ in step]
        mask = padded([[1] * len(source) for source in sources], 0)
        loss = model(input_ids=padded(sources, 0), attention_mask=mask,
                     labels=padded([answer for _, answer in step], -100)).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        if (i + 1) % 200 == 0:
            print(f"    step {i + 1} of {len(plan)}: loss {loss.item():.3f}", flush=True)
    trained = folder / "trained"
    model.save_pretrained(trained)
    for name in WORDS:
        shutil.copy(folder / name, trained / name)
    return trained


class Trial:
    """The program, the data, and what both ways train with."""

    def __init__(self, options):
        self.options = options
        self.program = Path(options.relatum).resolve()
        self.test = f"semeval2010:{options.data / 'TEST_FILE_FULL.TXT'}"
        self.train = f"semeval2010:{options.data / 'TRAIN_FILE.TXT'}"
        if options.part:
            self.train += f"?limit={options.part}"

    def call(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments), "--quiet"], check=True,
                              capture_output=True, text=True)
        return done.stdout

    def prompts(self, folder):
        """The training rows as prompts and completions."""
        file = folder / "prompts.jsonl"
        self.call("prepare", "--data", self.train, "--for", "train", "--prompt", STYLE, "--out",
                  file, "--overwrite")
        return [json.loads(line) for line in file.read_text().splitlines()]

    def train_with_relatum(self, folder, seed):
        """As train_with_transformers(), by the program."""
        options = self.options
        self.call("finetune", "--method", "full", "--model", folder, "--train", self.train,
                  "--prompt", STYLE, "--epochs", options.epochs, "--lr", options.lr, "--schedule",
                  "cosine", "--warmup", WARMUP, "--clip", CLIP, "--weight-decay", 0, "--seed",
                  seed, "--batch-tokens", options.batch_tokens, "--compute", options.compute,
                  "--out", folder / "run", "--overwrite")
        return folder / "run" / "model"

    def accuracy(self, model):
        """Of the model's answers to the test split, in per cent."""
        out = model / "test.jsonl"
        self.call("extract", "--model", model, "--prompt", STYLE, "--data", self.test, "--out", out,
                  "--compute", "f32", "--overwrite")
        text = self.call("evaluate", "--data", self.test, "--predictions", out, "--json")
        return 100 * json.loads(text)["accuracy"]

    def seed(self, folder, prompts, seed):
        """Accuracy by either way from the same random weights."""
        folder.mkdir(parents=True, exist_ok=True)
        parameters = make_model(folder, self.options.words, seed)
        found = {"seed": seed, "parameters": parameters}
        ways = {"relatum": lambda: self.train_with_relatum(folder, seed),
                "transformers": lambda: train_with_transformers(folder, prompts, self.options,
                                                                seed)}
        for name in self.options.ways:
            started = time.monotonic()
            model = ways[name]()
            found[name + "_seconds"] = round(time.monotonic() - started)
            found[name] = round(self.accuracy(model), 2)
        print(f"  {found}", flush=True)
        return found


def faults(means):
    """Sentences on what of the mean accuracies must not be; none of those that may be kept."""
    found = [f"{way} learned too little: {mean:.2f} per cent, at least {LEAST:g} are expected"
             for way, mean in means.items() if not mean >= LEAST]
    if len(means) == 2 and not abs(means["relatum"] - means["transformers"]) <= LIMIT:
        found.append(f"the means are more than {LIMIT:g} points of accuracy apart")
    return found


def main():
    """Trains both ways for each seed and compares the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("relatum")
    parser.add_argument("--data", type=Path, required=True, help="SemEval-2010's folder")
    parser.add_argument("--words", type=Path, required=True, help="folder of T5's tokenizer")
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "t5_from_scratch")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--compute", default="f32", help="what Relatum trains in")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--ways", nargs="+", default=["relatum", "transformers"],
                        choices=["relatum", "transformers"])
    parser.add_argument("--part", type=int, help="train with the first rows alone")
    parser.add_argument("--write", action="store_true", help="keep the figures")
    options = parser.parse_args()
    trial = Trial(options)
    options.out.mkdir(parents=True, exist_ok=True)
    prompts = trial.prompts(options.out)
    seeds = [trial.seed(options.out / f"seed{seed}", prompts, seed) for seed in options.seeds]
    means = {way: statistics.mean(seed[way] for seed in seeds) for way in options.ways}
    print(", ".join(f"{way} {mean:.2f}" for way, mean in means.items()))
    found = faults(means)
    if found:
        raise SystemExit("; ".join(found) + ".")
    if len(means) < 2 or not options.write:
        return
    RESULTS.write_text(json.dumps({
        "what": "T5 from random weights on SemEval-2010, test split's accuracy in per cent",
        "date": datetime.date.today().isoformat(), "shape": SHAPE, "style": STYLE,
        "epochs": options.epochs, "lr": options.lr, "batch_tokens": options.batch_tokens,
        "compute": options.compute, "seeds": seeds,
        "means": {way: round(mean, 2) for way, mean in means.items()}}, indent=1) + "\n")


if __name__ == "__main__":
    main()
