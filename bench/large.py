#!/usr/bin/env python3
"""What a large model costs here: loading, ten training steps, being killed and resumed, answers.

python bench/large.py --model NAME=FOLDER … [--semeval TRAIN_FILE.TXT] [--out RESULTS.json]

The folders are made by bench/random_folder.py and bench/peers/make_t5.py. Each model trains on a
few rows that are one step of about 512 tokens, ten times over. Fails where the loss does not fall,
a row has no answer, more memory was taken than --memory, or the run that was killed ends with
another adapter. --once saves half the time: the one run is killed behind a step that no state has,
and that step, which it makes twice, has to be the same.
"""

import argparse
import datetime
import hashlib
import json
import pathlib
import signal
import subprocess
import tempfile
import time

from compare_peers import processor
from harness import say

STEPS, TOKENS, ANSWERS, SAVE_EVERY = 10, 512, 4, 3


def digest(run):
    return hashlib.sha256((run / "adapter_model.safetensors").read_bytes()).hexdigest()


def steps_in(run):
    """The log's lines of steps; a line that is still being written is left out."""
    try:
        text = (run / "log.jsonl").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    return [line for line in lines if "loss" in line]


def saved_step(state):
    """The step that a state goes on from, which stands in the header of the safetensors file."""
    with open(state, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return int(json.loads(file.read(size))["__metadata__"]["step"])


def weights_of(model):
    """Sizes of the files that a model's weights are read from."""
    path = pathlib.Path(model)
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    return [file.stat().st_size for file in files]


def faults(entry, memory_gb):
    """Sentences on what of a result must not be; none of one that may be kept."""
    found = []
    if not entry["resumed_is_the_same"]:
        found.append("the run that was killed and resumed gave something else")
    if len(entry["losses"]) != STEPS:
        found.append(f"{len(entry['losses'])} steps are logged, expected {STEPS}")
    elif not entry["losses"][-1] < 0.9 * entry["losses"][0]:
        found.append(f"the loss did not fall: {entry['losses'][0]} to {entry['losses'][-1]}")
    if entry["training_peak_gb"] > memory_gb:
        found.append(f"training took {entry['training_peak_gb']} GB, allowed were {memory_gb:g}")
    if entry["answers"] != ANSWERS:
        found.append(f"{entry['answers']} answers were written, expected {ANSWERS}")
    return found


class Trial:
    """One model: its commands and what they gave."""

    def __init__(self, options, model, folder):
        self.options, self.model, self.folder = options, model, folder
        self.rows = folder / "rows.jsonl"
        self.lean = ["--low-memory"] if options.low_memory else []

    def words(self, command, *more):
        words = [self.options.relatum, command, "--model", self.model, "--quiet", *more]
        say("$ " + " ".join(map(str, words)))
        return [str(word) for word in words]

    def training(self, run, *more):
        """The command of the ten steps, one per epoch."""
        return self.words("finetune", "--train", self.rows, "--epochs", STEPS, "--batch-tokens",
                          2 * TOKENS, "--micro-tokens", TOKENS, "--save-every", SAVE_EVERY,
                          "--memory", self.options.memory, "--out", run, *self.lean, *more)

    def choose_rows(self):
        """Writes the first rows of the corpus that together are about TOKENS tokens."""
        prompts = self.folder / "prompts.jsonl"
        style = "one-line-nolist" if self.options.encoder else "roles-nolist"
        subprocess.run([self.options.relatum, "prepare", "--data", self.options.corpus, "--for",
                        "train", "--prompt", style, "--out", prompts, "--quiet"], check=True)
        lines = prompts.read_text(encoding="utf-8").splitlines()
        texts = [json.loads(line)["prompt"] + json.loads(line)["completion"] for line in lines]
        asked = "".join(text.replace("\n", " ") + "\n" for text in texts)
        told = subprocess.run([self.options.relatum, "tokenize", "--model", self.model],
                              input=asked, capture_output=True, text=True, check=True).stdout
        used, count = 0, 0
        for line in told.splitlines():
            used += len(json.loads(line)["ids"]) + 1
            if used > TOKENS:
                break
            count += 1
        source = pathlib.Path(self.options.corpus).read_text(encoding="utf-8")
        self.rows.write_text("".join(source.splitlines(keepends=True)[:count]), encoding="utf-8")

    def killed_and_resumed(self, run):
        """The same training, killed behind a saved state; whether a step made twice is the same."""
        child = subprocess.Popen(self.training(run))
        while child.poll() is None and not any(s["step"] > 2 * SAVE_EVERY for s in steps_in(run)):
            time.sleep(0.2)
        if child.poll() is not None:
            raise SystemExit("The run ended before it could be killed.")
        child.send_signal(signal.SIGKILL)
        child.wait()
        before = steps_in(run)[-1]
        if before["step"] <= saved_step(run / "state" / "state.safetensors"):
            raise SystemExit(f"Step {before['step']} was saved before the run was killed, so "
                             "resuming makes no step twice: try again.")
        subprocess.run(self.training(run, "--resume"), check=True)
        again = steps_in(run)[before["step"] - 1]
        return all(before[key] == again[key] for key in ("step", "loss", "grad_norm", "lr"))

    def epoch_of_semeval(self):
        """Tokens of an epoch over SemEval's training file, as finetune counts them."""
        if not self.options.semeval:
            return None
        words = [self.options.relatum, "finetune", "--model", self.model, "--train",
                 f"semeval2010:{self.options.semeval}", "--epochs", 1, "--memory",
                 self.options.memory, "--out", self.folder / "never", *self.lean]
        child = subprocess.Popen([str(word) for word in words], stderr=subprocess.PIPE, text=True)
        tokens = None
        for line in child.stderr:
            if "needs about" in line:
                tokens = int(line.split(" tokens")[0].rsplit(" ", 1)[1].replace(",", ""))
                break
        child.kill()
        child.wait()
        return tokens

    def result(self):
        """Everything that is measured of the model."""
        self.choose_rows()
        answers = self.folder / "answers.jsonl"
        base = ["--base", "nf4", *self.lean]
        style = ["--prompt", "one-line-nolist" if self.options.encoder else "roles-nolist"]
        subprocess.run(self.words("extract", "--data", self.rows, "--limit", ANSWERS, "--out",
                                  answers, *base, *style), check=True)
        loaded = json.loads((self.folder / "answers.jsonl.run.json").read_text())
        whole, killed = self.folder / "whole", self.folder / "killed"
        same = self.killed_and_resumed(killed)
        if self.options.once:
            whole = killed
        else:
            subprocess.run(self.training(whole), check=True)
            same = same and digest(whole) == digest(killed)
        record, steps = json.loads((whole / "run.json").read_text()), steps_in(whole)
        tuned = self.folder / "tuned.jsonl"
        subprocess.run(self.words("extract", "--adapter", whole, "--data", self.rows, "--limit",
                                  ANSWERS, "--out", tuned, *self.lean), check=True)
        weights = weights_of(self.model)
        return {
            "bytes": sum(weights), "files": len(weights),
            "memory": self.options.memory, "low_memory": self.options.low_memory,
            "loading_seconds": round(loaded["loading_seconds"], 1),
            "answers_per_s": round(loaded["examples_per_s"], 2),
            "answering_peak_gb": round(loaded["peak_rss_bytes"] / 1e9, 2),
            "losses": [round(step["loss"], 3) for step in steps],
            "examples_a_step": record["examples"],
            # Other work on the machine can only slow a step down.
            "fastest_step_tokens_per_s": round(max(step["tokens_per_s"] for step in steps), 2),
            "training_peak_gb": round(record["peak_rss_bytes"] / 1e9, 2),
            "product_rate_gflops": round(record["gemm_flops_per_s"] / 1e9),
            "compute": record["compute"], "cpu": record["cpu"],
            "resumed_is_the_same": same, "whole_run_compared": not self.options.once,
            "answers": len(tuned.read_text().splitlines()),
            "semeval_epoch_tokens": self.epoch_of_semeval()}


def main():
    """Measures each model and writes the results."""
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--relatum", default=root / "build" / "release" / "relatum")
    parser.add_argument("--model", action="append", required=True, help="NAME=FOLDER")
    parser.add_argument("--encoder", action="store_true", help="the models are encoder-decoders")
    parser.add_argument("--corpus", default=root / "examples" / "corpus" / "train.jsonl")
    parser.add_argument("--semeval", help="SemEval's TRAIN_FILE.TXT, to count its tokens")
    parser.add_argument("--memory", default="8GB", help="a number with GB behind it")
    parser.add_argument("--once", action="store_true", help="one run, killed and resumed")
    parser.add_argument("--low-memory", action="store_true", help="as finetune's")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    results = {}
    if options.out and options.out.exists():
        results = json.loads(options.out.read_text())
    for named in options.model:
        name, _, model = named.partition("=")
        with tempfile.TemporaryDirectory() as folder:
            entry = Trial(options, model, pathlib.Path(folder)).result()
        entry.update(date=datetime.date.today().isoformat(), machine=processor())
        found = faults(entry, float(options.memory.removesuffix("GB")))
        if found:
            raise SystemExit(f"{name}: {'; '.join(found)}.")
        entry["right"] = True
        say(json.dumps({name: entry}, indent=1))
        results[name] = entry
        if options.out:
            options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
