#!/usr/bin/env python3
"""Holds the memory that finetune says it needs to the most it took, and --memory to its promise.

Each case is a short training run of its own. The peak is the process's VmHWM, which no other load
on the machine changes. A case fails where less was told than was taken, or more than 15 % more; a
budget fails where a run took more than it, and a refusal where a step had been made.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

from compare_peers import processor
from harness import say

MOST_OVER = 1.15  # told, over taken


def judge(told, took):
    """What is wrong with an estimate; nothing where it holds."""
    if told < took:
        return f"took {took / 1e9:.2f} GB, told {told / 1e9:.2f} GB"
    if told > MOST_OVER * took:
        return f"told {told / 1e9:.2f} GB, {told / took:.2f} times what it took"
    return ""


def judge_budget(budget, entry):
    """What is wrong with a run under a budget of bytes; nothing where it held or was refused."""
    if entry["refused"]:
        return "refused after a step" if entry["steps"] else ""
    took = entry["peak_rss_bytes"]
    return f"took {took / 1e9:.2f} GB of {budget / 1e9:.2f} GB" if took > budget else ""


def corpus(source, rows, folder):
    """The first rows of a corpus; a few of them for evaluation."""
    lines = pathlib.Path(source).read_text(encoding="utf-8").splitlines(keepends=True)
    train, dev = folder / f"train-{rows}.jsonl", folder / f"dev-{rows}.jsonl"
    train.write_text("".join(lines[:rows]), encoding="utf-8")
    dev.write_text("".join(lines[:max(2, rows // 4)]), encoding="utf-8")
    return train, dev


def run(options, model, case, folder):
    """One run: what it told, what it took, and how it ended."""
    train, dev = corpus(options.corpus, case.get("rows", options.rows), folder)
    out = folder / "run"
    words = [options.relatum, "finetune", "--model", model, "--train", train, "--epochs", 1,
             "--prompt", "roles-nolist", "--threads", options.threads, "--quiet", "--overwrite",
             "--out", out, *case["options"]]
    words += ["--dev", dev] if case.get("dev") else []
    words = [str(word) for word in words]
    say("$ " + " ".join(words))
    log = out / "log.jsonl"
    log.unlink(missing_ok=True)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    steps = len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
    if done.returncode:
        if "--memory" not in case["options"] or "fit in" not in done.stderr:
            sys.exit(f"memory: {words[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return {"refused": True, "steps": steps}
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return {"refused": False, "steps": record["steps"], "told_bytes": record["estimated_bytes"],
            "peak_rss_bytes": record["peak_rss_bytes"], "compute": record["compute"],
            "micro_tokens": record["micro_tokens"], "checkpoint": record["checkpoint"]}


def cases(options):
    """(name, options, dev) of the runs of one model."""
    batch = ["--batch-tokens", str(options.batch_tokens)]
    for low in (False, True):
        for checkpoint in (False, True):
            yield {"options": batch + ["--low-memory"] * low + ["--checkpoint"] * checkpoint}
    yield {"options": batch, "dev": True}
    for budget in options.budget:
        yield {"options": batch + ["--memory", budget], "budget": budget}
        yield {"options": batch + ["--memory", budget, "--low-memory"], "budget": budget}


def bytes_of(text):
    """2GB or 500MB in bytes."""
    units = {"GB": 1e9, "MB": 1e6}
    return float(text[:-2]) * units[text[-2:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", required=True, help="results file; other models in it stay")
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", action="append", required=True, metavar="NAME=MODEL",
                        help="a model by name, file or folder (bench/random_model.py makes some)")
    parser.add_argument("--corpus", default="examples/corpus/train.jsonl")
    parser.add_argument("--only", default="", metavar="OPTION",
                        help="measure the cases with this option; the others stay as they are")
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--batch-tokens", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--budget", nargs="*", default=["500MB", "1GB", "2GB"])
    options = parser.parse_args()
    out, wrong = pathlib.Path(options.out), []
    report = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    for word in options.model:
        name, _, model = word.partition("=")
        entry = {"date": datetime.date.today().isoformat(), "machine": processor(), "runs": []}
        before = report.get(name, {}).get("runs", [])
        with tempfile.TemporaryDirectory() as folder:
            for number, case in enumerate(cases(options)):
                if options.only and options.only not in case["options"]:
                    entry["runs"].append(before[number])
                    continue
                one = {**case, **run(options, model, case, pathlib.Path(folder))}
                budget = case.get("budget")
                fault = (judge_budget(bytes_of(budget), one) if budget
                         else judge(one["told_bytes"], one["peak_rss_bytes"]))
                say(f"{name} {' '.join(case['options'])}: {fault or 'holds'}; {one}")
                wrong += [f"{name} {' '.join(case['options'])}: {fault}"] * bool(fault)
                entry["runs"].append(one)
        report[name] = entry
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if wrong:
        sys.exit("memory: " + "\n".join(wrong))


if __name__ == "__main__":
    main()
