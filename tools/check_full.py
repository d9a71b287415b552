"""Trains a random T5 with `relatum finetune --method full` and with transformers, step by step.

python tools/check_full.py build/release/relatum [--steps 6] [--width 128]

Both take the same rows in one step per epoch. Fails where a loss, a gradient's norm or the trained
weights differ by more than rounding explains, or where transformers does not open what was written.
Needs torch, transformers and tokenizers; by hand, as it takes a minute.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (AutoTokenizer, PreTrainedTokenizerFast, T5Config,
                          T5ForConditionalGeneration)

CORPUS = Path(__file__).resolve().parents[1] / "examples" / "corpus" / "train.jsonl"
STYLE, ROWS, RATE = "one-line-nolist", 60, 1e-3
KINDS = {"relu": {"feed_forward_proj": "relu"}, "gated": {"feed_forward_proj": "gated-gelu"}}


def make_model(folder, width, settings):
    """A T5 with random weights and a tokenizer made from the corpus."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=2000, unk_token="<unk>",
                                      special_tokens=["<pad>", "</s>", "<unk>"])
    tokenizer.train_from_iterator(CORPUS.read_text().splitlines(), trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="<pad>",
                            unk_token="<unk>").save_pretrained(folder)
    torch.manual_seed(3)
    config = T5Config(vocab_size=tokenizer.get_vocab_size(), d_model=width, d_kv=32,
                      d_ff=3 * width, num_layers=2, num_decoder_layers=3, num_heads=width // 32,
                      dropout_rate=0.0, decoder_start_token_id=0, **settings)
    T5ForConditionalGeneration(config).save_pretrained(folder)


def padded(rows, value):
    longest = max(map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows])


def train_with_transformers(folder, prompts, steps):
    """The trained model, and per step its loss and gradient norm before clipping."""
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def ids(text):
        return tokenizer(text, add_special_tokens=False).input_ids + [tokenizer.eos_token_id]

    sources = [ids(row["prompt"]) for row in prompts]
    labels = padded([ids(row["completion"]) for row in prompts], -100)
    mask = padded([[1] * len(row) for row in sources], 0)
    model = T5ForConditionalGeneration.from_pretrained(folder).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    report = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = model(input_ids=padded(sources, 0), attention_mask=mask, labels=labels).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        report.append((loss.item(), norm.item()))
    return model, report


def distance(model, other):
    pairs = zip(model.state_dict().values(), other.state_dict().values())
    return sum((a - b).double().pow(2).sum().item() for a, b in pairs) ** 0.5


def check(relatum, folder, steps):
    """Trains both ways in the folder that holds the model; gives what differs most."""
    def call(*arguments):
        subprocess.run([relatum, *map(str, arguments), "--quiet"], check=True)

    call("prepare", "--data", CORPUS, "--limit", ROWS, "--for", "train", "--prompt", STYLE,
         "--out", folder / "prompts.jsonl")
    call("finetune", "--method", "full", "--model", folder, "--train", CORPUS, "--limit", ROWS,
         "--prompt", STYLE, "--epochs", steps, "--lr", RATE, "--weight-decay", 0.01, "--schedule",
         "constant", "--warmup", 0, "--batch-tokens", 10**6, "--micro-tokens", 900, "--compute",
         "f32", "--out", folder / "run")
    prompts = [json.loads(line) for line in (folder / "prompts.jsonl").read_text().splitlines()]
    log = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    model, report = train_with_transformers(folder, prompts, steps)
    assert len(log) == len(report) == steps
    for ours, (loss, norm) in zip(log, report):
        print(f"  step {ours['step']}: loss {ours['loss']:.6f} and {loss:.6f}, "
              f"gradient {ours['grad_norm']:.5f} and {norm:.5f}")
        assert abs(ours["loss"] - loss) < 1e-4 * loss, "the losses differ"
        assert abs(ours["grad_norm"] - norm) < 1e-3 * norm, "the gradients differ"
    trained, info = T5ForConditionalGeneration.from_pretrained(folder / "run" / "model",
                                                               output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    moved = distance(model, T5ForConditionalGeneration.from_pretrained(folder))
    share = distance(model, trained) / moved
    print(f"  the weights' distance is {share:.4f} of what they moved")
    # AdamW's first steps give each weight the rate times a sign, which rounding decides near zero.
    assert share < 0.01, "the weights differ"


def main():
    """Checks both kinds of T5."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("relatum")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--width", type=int, default=128)
    options = parser.parse_args()
    for kind, settings in KINDS.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            print(kind)
            make_model(folder, options.width, settings)
            check(Path(options.relatum).resolve(), folder, options.steps)


if __name__ == "__main__":
    main()
