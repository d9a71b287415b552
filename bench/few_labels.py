#!/usr/bin/env python3
"""How many annotated documents it takes to find entities, and what other domains' adapters bring.

    bench/few_labels.py --relatum build/release/relatum --seeds 1,2,3

Of two of CrossRE's domains, and of our own documents, the first 10, 25, 50 and 100 training
documents (in a seed's order) teach pairs beside an encoder, from the start and from an adapter of
CrossRE's other domains (`--init-adapter`: its pairs go on, the classifier begins anew). Told is
strict F1 on the test split. What is in --work is not made again. --write puts the table of the
results file between its marks in docs/entities.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import sys

from harness import (marks, measured_or_written, of_seeds, parse_with_finetune, per_cent,
                     read_lines, relatum, say, table_options, trained, write_lines)

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "entities.md"
RESULTS = ROOT / "bench" / "results" / "few_labels.json"
SHARED = pathlib.Path(os.environ.get("RELATUM_SHARED") or ROOT.parent / "shared")
CROSSRE = SHARED / "data" / "crossre"
DOMAINS = ("news", "politics", "science", "music", "literature", "ai")
MARKS = marks("few-labels")
COUNTS = (10, 25, 50, 100)
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position


def split_of(options, corpus, split):
    """A split's documents as JSON lines."""
    if corpus == "ours":
        return ROOT / "examples" / "documents" / f"{split}.jsonl"
    path = options.work / f"{corpus}-{split}.jsonl"
    if not path.exists():
        relatum(options, "convert", f"crossre:{CROSSRE / f'{corpus}-{split}.json'}",
                "--to", "jsonl", "--out", path)
    return path


def teach(options, run, train, seed, *more):
    return trained(options, run, "--model", options.model, "--task", "entities", "--method",
                   "lora", "--train", train, "--seed", seed, "--epochs", options.epochs, *more)


def of_others(options, corpus):
    """An adapter of CrossRE's domains but this one."""
    run = options.work / f"others-{corpus}"
    if not (run / "run.json").exists():
        text = "".join(split_of(options, each, "train").read_text(encoding="utf-8")
                       for each in DOMAINS if each != corpus)
        path = options.work / f"others-{corpus}.jsonl"
        path.write_text(text, encoding="utf-8")
    return teach(options, run, options.work / f"others-{corpus}.jsonl", 1)


def once(options, corpus, seed, count, way):
    name = f"{corpus}-{seed}-{count}-{way}"
    path = options.work / f"{corpus}-{seed}-{count}.jsonl"
    if not path.exists():
        rows = read_lines(split_of(options, corpus, "train"))
        random.Random(seed).shuffle(rows)
        write_lines(path, rows[:count])
    start = ["--init-adapter", of_others(options, corpus)] if way == "others" else []
    run = teach(options, options.work / name, path, seed, *start)
    found, test = options.work / f"{name}-found.jsonl", split_of(options, corpus, "test")
    if not found.exists():
        relatum(options, "extract", "--adapter", run, "--data", test, "--out", found)
    report = json.loads(relatum(options, "evaluate", "--task", "entities", "--data", test,
                                "--predictions", found, "--json"))
    return {kind: report["entities"][kind]["f1"] for kind in ("strict", "boundaries")}


def counts_of(options, corpus):
    there = len(read_lines(split_of(options, corpus, "train")))
    return sorted({min(count, there) for count in COUNTS})


def measure(options):
    options.work.mkdir(parents=True, exist_ok=True)
    results = {"what": "entities of few documents, strict F1 of the test split",
               "model": pathlib.Path(options.model).name, "epochs": options.epochs,
               "finetune": options.finetune,
               "date": datetime.date.today().isoformat(), "corpora": {}}
    for corpus in options.corpora:
        for seed in options.seeds:
            for count in counts_of(options, corpus):
                for way in ("start", "others"):
                    figures = once(options, corpus, seed, count, way)
                    say(f"{corpus}, seed {seed}, {count} documents, {way}: {figures}")
                    cells = results["corpora"].setdefault(corpus, {}).setdefault(str(count), {})
                    cells.setdefault(way, {})[str(seed)] = figures
    return results


def table(results):
    lines = []
    for corpus, counts in results["corpora"].items():
        for count, ways in counts.items():
            cells = [per_cent([one[kind] for one in ways[way].values()])
                     for kind in ("strict", "boundaries") for way in ("start", "others")]
            lines.append(["the example documents" if corpus == "ours" else f"CrossRE, {corpus}",
                          count, *cells])
    return markdown(["corpus", "documents", "strict F1", "from other domains' adapter",
                     "by boundaries", "from other domains' adapter"], lines)


def section(results):
    if not results:
        return ""
    seeds = max(len(ways["start"]) for counts in results["corpora"].values()
                for ways in counts.values())
    return (f"{results['model']} with pairs, {results['epochs']} epochs, test splits, "
            f"{of_seeds(seeds)}, in per cent\n"
            f"([figures](../bench/results/{RESULTS.name}), [how](../bench/few_labels.py)):\n\n"
            f"{table(results)}\n")


def main():
    words = lambda text: text.split(",")  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="all-minilm-l6-v2")
    parser.add_argument("--work", default="runs/few-labels", type=pathlib.Path)
    parser.add_argument("--corpora", default=("ours", "ai", "music"), type=words)
    parser.add_argument("--seeds", default="1", type=lambda text: [int(s) for s in text.split(",")])
    parser.add_argument("--epochs", default=20, type=int)
    table_options(parser, RESULTS)
    options = parse_with_finetune(parser)
    measured_or_written(options, measure, table, (PAGE, MARKS, section))


if __name__ == "__main__":
    main()
