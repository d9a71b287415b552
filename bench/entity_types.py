#!/usr/bin/env python3
"""What holding answers to the entities' types does: CrossRE's six domains, annotated pairs.

    bench/entity_types.py --relatum build/release/relatum --seeds 1,2,3

One adapter is trained on all domains' training sentences; their test sentences are answered with
all labels, and with those alone that training pairs of the same two types had (`extract
--constrain-types`). Told besides: how many test pairs are of types that training pairs had, and
how many gold labels the constraint forbids. What exists in --work is not made again. --write puts
the table of the results file between its marks in docs/your-data.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import sys

from harness import (marks, measured_or_written, of_seeds, parse_with_finetune, per_cent,
                     read_lines, relatum, table_options, trained)

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "your-data.md"
RESULTS = ROOT / "bench" / "results" / "entity_types.json"
SHARED = pathlib.Path(os.environ.get("RELATUM_SHARED") or ROOT.parent / "shared")
CROSSRE = SHARED / "data" / "crossre"
DOMAINS = ("ai", "literature", "music", "news", "politics", "science")
MARKS = marks("types")
WAYS = {"all labels": [], "labels of these types": ["--constrain-types"]}
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position


def joined(options, split):
    """The documents of a split of all domains as one file."""
    path = options.work / f"{split}.jsonl"
    if path.exists():
        return path
    text = ""
    for domain in DOMAINS:
        part = options.work / f"{domain}-{split}.jsonl"
        relatum(options, "convert", f"crossre:{CROSSRE / f'{domain}-{split}.json'}",
                "--to", "jsonl", "--out", part, "--overwrite")
        text += part.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    return path


def labelled_pairs(path):
    """Types of head and tail and the label of each relation of a file of documents."""
    for document in read_lines(path):
        types = {each["id"]: each["type"] for each in document["entities"]}
        for each in document["relations"]:
            yield types[each["head"]], types[each["tail"]], each["label"]


def coverage(train, test):
    """Of the test pairs: those whose types training had, and those whose label it had for them."""
    known = {}
    for head, tail, label in labelled_pairs(train):
        known.setdefault((head, tail), set()).add(label)
    pairs = list(labelled_pairs(test))
    seen = [known[head, tail] for head, tail, _ in pairs if (head, tail) in known]
    forbidden = sum((head, tail) in known and label not in known[head, tail]
                    for head, tail, label in pairs)
    return {"pairs": len(pairs), "types_seen": len(seen) / len(pairs),
            "gold_forbidden": forbidden / len(pairs), "pairs_of_types": len(known),
            "labels_of_pair": sum(map(len, seen)) / max(1, len(seen))}


def once(options, seed, train, test):
    folder = options.work / f"run-{seed}"
    trained(options, folder, "--model", options.model, "--train", train, "--seed", seed)
    result, answers = {}, {}
    for way, words in WAYS.items():
        out = options.work / f"{folder.name}-{way.replace(' ', '-')}.jsonl"
        if not out.exists():
            relatum(options, "extract", "--adapter", folder, "--data", test, *words, "--out", out)
        report = json.loads(relatum(options, "evaluate", "--data", test, "--labels",
                                    folder / "labels.json", "--predictions", out, "--json"))
        answers[way] = {row["id"]: row["label"] for row in read_lines(out)}
        result[way] = {"accuracy": report["accuracy"],
                       **{name: report["metrics"][name]["f1"] for name in ("macro", "micro-all")
                          if name in report["metrics"]}}
    free, held = (answers[way] for way in WAYS)
    return {"ways": result, "changed": sum(free[row] != held[row] for row in free) / len(free)}


def measure(options):
    options.work.mkdir(parents=True, exist_ok=True)
    train, test = joined(options, "train"), joined(options, "test")
    sampled = f"{test}?sample={options.test_rows}&seed=1" if options.test_rows else test
    return {"what": "CrossRE, six domains together, annotated pairs: answers held to types",
            "model": options.model, "finetune": options.finetune, "test_rows": options.test_rows,
            "date": datetime.date.today().isoformat(), "coverage": coverage(train, test),
            "seeds": {str(seed): once(options, seed, train, sampled) for seed in options.seeds}}


def table(results):
    seeds = list(results["seeds"].values())
    figures = list(next(iter(seeds[0]["ways"].values())))
    lines = [[way, *[per_cent([seed["ways"][way][figure] for seed in seeds])
                     for figure in figures]] for way in WAYS]
    return markdown(["answers", *[figure.replace("macro", "macro-F1") for figure in figures]],
                    lines)


def section(results):
    """What stands on the page: nothing as long as nothing was measured."""
    if not results:
        return ""
    cover, seeds = results["coverage"], list(results["seeds"].values())
    return ("CrossRE's six domains together, annotated pairs of the test splits, "
            f"{of_seeds(len(seeds))}, in per cent\n"
            f"([figures](../bench/results/{RESULTS.name}), [how](../bench/entity_types.py)):\n\n"
            f"{table(results)}\n\n"
            f"{100 * cover['types_seen']:.1f} % of the test pairs are of types that training pairs "
            f"had, with {cover['labels_of_pair']:.1f} labels each on average.\nFor "
            f"{100 * cover['gold_forbidden']:.1f} % of the pairs the gold label is one that these "
            f"types did not have in training, so\nthat it cannot be answered then. "
            f"{per_cent([seed['changed'] for seed in seeds])} % of the answers changed.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--work", default="runs/entity-types", type=pathlib.Path)
    parser.add_argument("--seeds", default="1", type=lambda text: [int(s) for s in text.split(",")])
    parser.add_argument("--test-rows", default=0, type=int, help="documents drawn; 0: all")
    table_options(parser, RESULTS)
    options = parse_with_finetune(parser)
    measured_or_written(options, measure, table, (PAGE, MARKS, section))


if __name__ == "__main__":
    main()
