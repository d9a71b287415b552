"""What the peer drivers share: rows, tokens, threads, the result line."""

import argparse
import importlib.metadata
import json
import math
import resource

import torch
from transformers import AutoTokenizer


DTYPES = {"bf16": torch.bfloat16, "f32": torch.float32}


def parser(description):
    """A parser with the options that all drivers have."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("model", help="Hugging Face folder (tools/dequantise.py makes one)")
    result.add_argument("data", help="prompts.jsonl: id, prompt, completion")
    result.add_argument("--threads", type=int, default=2)
    result.add_argument("--seed", type=int, default=1)
    result.add_argument("--dtype", choices=DTYPES, default="bf16",
                        help="f32 where the processor has no bf16")
    result.add_argument("--limit", type=int, help="use the first rows only")
    return result


def start(options):
    """Fixes threads and seed; every driver calls it first."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)


def read_rows(options):
    """The rows of the data file, at least one."""
    with open(options.data, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    rows = rows[:options.limit]
    if not rows:
        raise SystemExit(f"{options.data} has no rows")
    return rows


def token_rows(model, rows):
    """(prompt ids, completion ids with the end token) per row, tokenised apart."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    end = tokenizer.eos_token_id
    return [(tokenizer(row["prompt"]).input_ids,
             tokenizer(row["completion"], add_special_tokens=False).input_ids + [end])
            for row in rows], tokenizer


def padded(batch, pad):
    """Right-padded ids, labels (-100 but for the answer) and attention mask of a batch."""
    longest = max(len(start) + len(end) for start, end in batch)
    ids = torch.full((len(batch), longest), pad)
    labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
    for i, (start, end) in enumerate(batch):
        stop = len(start) + len(end)
        ids[i, :stop] = torch.tensor(start + end)
        labels[i, len(start):stop] = torch.tensor(end)
        mask[i, :stop] = 1
    return ids, labels, mask


def real_tokens(batch):
    """Tokens of a batch without padding."""
    return sum(len(start) + len(end) for start, end in batch)


def check_training(losses):
    """A time counts only where learning happened: finite losses, lower at the end."""
    if not all(math.isfinite(loss) for loss in losses):
        raise SystemExit(f"a loss is not finite: {losses}")
    third = len(losses) // 3
    if third and sum(losses[-third:]) >= sum(losses[:third]):
        raise SystemExit(f"the loss does not fall: {losses}")


def report(name, options, **figures):
    """Prints the one JSON line."""
    packages = ("torch", "transformers", "peft", "bitsandbytes", "sentence-transformers")
    print(json.dumps({
        "peer": name, **figures, "threads": options.threads, "seed": options.seed,
        # Linux counts ru_maxrss in KiB.
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "versions": {package: importlib.metadata.version(package) for package in packages}}))
