#!/usr/bin/env python3
"""Memory and tokens a second of each way to fine-tune, in one table.

    bench/methods.py --model FOLDER --out bench/results/methods.json [--name NAME]

FOLDER is a plain model in Hugging Face form (tools/dequantise.py makes one of a GGUF file), which
all methods can train; --name is what the results call it. The methods take turns, round after
round, so that what else the machine does meets all of them. Each run has to end with a finite loss
that is below that of its first step; the median of the rounds counts, and the spread is kept.
bench/tables.py --write puts the table into docs/benchmarks.md.
"""

import argparse
import datetime
import json
import math
import pathlib
import statistics
import sys
import tempfile

from compare_peers import processor
from harness import command, give_up, read_lines, say

QLORA, LORA = ["--method", "qlora", "--base", "nf4"], ["--method", "lora", "--base", "bf16"]
# name: options of finetune
METHODS = {
    "QLoRA": QLORA,
    "QLoRA, rsLoRA": [*QLORA, "--rslora"],
    "QLoRA, LoRA+ 16": [*QLORA, "--lora-plus", "16"],
    "QLoRA, DoRA": [*QLORA, "--dora"],
    "QLoRA, DoRA, no dropout": [*QLORA, "--dora", "--dropout", "0"],
    "QLoRA, PiSSA": [*QLORA, "--init", "pissa"],
    "QLoRA, LoftQ": [*QLORA, "--init", "loftq"],
    "QLoRA, head trained": [*QLORA, "--save-modules", "lm_head"],
    "QLoRA, head and embedding trained": [*QLORA, "--save-modules", "lm_head,embed_tokens"],
    "QLoRA, low memory": [*QLORA, "--low-memory"],
    "QLoRA, DoRA, low memory": [*QLORA, "--dora", "--low-memory"],
    "LoRA, base bf16": LORA,
    "LoRA, DoRA, base bf16": [*LORA, "--dora"],
    "LoRA, PiSSA, base bf16": [*LORA, "--init", "pissa"],
    "full": ["--method", "full"],
}


def run(options, name, folder):
    """One run's figures, once its losses make sense."""
    out = folder / "run"
    rate = [] if name == "full" else ["--lr", options.lr]
    command([options.relatum, "finetune", "--model", options.model, "--train", options.corpus,
             "--limit", options.rows, "--epochs", options.epochs, "--batch-tokens",
             options.batch_tokens, "--threads", options.threads, "--seed", 1, "--quiet",
             "--overwrite", "--out", out, *rate, *METHODS[name],
             *(["--isa", options.isa] if options.isa else [])])
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    losses = [line["loss"] for line in read_lines(out / "log.jsonl") if "loss" in line]
    if not losses or not all(math.isfinite(loss) for loss in losses) or losses[-1] >= losses[0]:
        give_up(f"{name}: its losses went from {losses[:1]} to {losses[-1:]}")
    weights = out / "adapter_model.safetensors"
    if not weights.exists():
        weights = out / "model" / "model.safetensors"
    return {"tokens_per_s": record["tokens_per_s"], "peak_rss_bytes": record["peak_rss_bytes"],
            "final_loss": record["final_loss"], "file_bytes": weights.stat().st_size,
            "compute": record["compute"], "steps": record["steps"]}


def summary(rounds):
    """The median of each figure, and the spread of the rate."""
    rates = [one["tokens_per_s"] for one in rounds]
    return {**rounds[0], "tokens_per_s": statistics.median(rates), "slowest": min(rates),
            "fastest": max(rates), "rounds": len(rounds),
            "peak_rss_bytes": max(one["peak_rss_bytes"] for one in rounds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", required=True, help="results file")
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", required=True, help="a plain folder in Hugging Face form")
    parser.add_argument("--name", help="what the results call the model; the folder's name")
    parser.add_argument("--corpus", default="examples/corpus/train.jsonl")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-tokens", type=int, default=512)
    parser.add_argument("--lr", default="5e-4")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--isa", default="")
    parser.add_argument("--only", default="", help="the methods with this in their name")
    options = parser.parse_args()
    names = [name for name in METHODS if options.only in name]
    if not names:
        sys.exit(f"methods: no method has '{options.only}' in its name")
    rounds = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for name in names:
                rounds[name].append(run(options, name, pathlib.Path(folder)))
                say(f"{name}: {rounds[name][-1]}")
    report = {"date": datetime.date.today().isoformat(), "machine": processor(),
              "model": options.name or pathlib.Path(options.model).name,
              "batch_tokens": options.batch_tokens,
              "threads": options.threads, "isa": options.isa,
              "methods": {name: summary(each) for name, each in rounds.items()}}
    pathlib.Path(options.out).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
