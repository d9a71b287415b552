#!/usr/bin/env python3
"""What --negatives and --label-weights do to precision and recall: our corpus, and CrossRE.

    bench/imbalance.py --relatum build/release/relatum --seeds 1,2,3

Our corpus as it is; of CrossRE one domain's sentences with all pairs of their entities, where those
without a relation are `no_relation` (CrossRE does not list them), about four in five rows. Each
way of training is done once for each seed and scored on the test split by micro-F1 without
no_relation, with its precision and recall. What exists in --work already is not made again; a
stopped training goes on. Ends without figures where a command fails. --write puts the table of the
results file between its marks in docs/your-data.md.
"""

import argparse
import datetime
import itertools
import json
import os
import pathlib
import sys

from harness import (marks, measured_or_written, of_seeds, parse_with_finetune, per_cent, relatum,
                     table_options, trained)

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "your-data.md"
RESULTS = ROOT / "bench" / "results" / "imbalance.json"
CORPUS = ROOT / "examples" / "corpus"
SHARED = pathlib.Path(os.environ.get("RELATUM_SHARED") or ROOT.parent / "shared")
CROSSRE = SHARED / "data" / "crossre"
NEGATIVE = "no_relation"
MARKS = marks("imbalance")
BALANCED = ["--label-weights", "balanced"]
# Half of the corpus's negatives; of CrossRE's as many as there are relations.
SETS = {
    "corpus": {"as it is": [], "negatives": ["--negatives", "0.125"], "weights": BALANCED,
               "both": ["--negatives", "0.125", *BALANCED]},
    "crossre": {"as it is": [], "negatives": ["--negatives", "1"], "weights": BALANCED,
                "both": ["--negatives", "1", *BALANCED]},
}
FIGURES = ("precision", "recall", "f1")
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position


def pairs_of(sentence):
    """Rows of one CrossRE sentence: each listed pair with all its labels, and each other pair once,
    the earlier entity first, without a relation."""
    tokens, starts = sentence["sentence"], []
    length = 0
    for token in tokens:
        starts.append(length)
        length += len(token) + 1
    labels = {}
    for first, last, other, end, label, *_ in sentence["relations"]:
        known = labels.setdefault(((first, last), (other, end)), [])
        if label not in known:
            known.append(label)
    entities = sorted({(first, last) for first, last, *_ in sentence["ner"]})
    for head, tail in itertools.combinations(entities, 2):
        if (head, tail) not in labels and (tail, head) not in labels:
            labels[head, tail] = [NEGATIVE]
    for (head, tail), names in labels.items():
        places = {name: {"start": starts[a], "end": starts[b] + len(tokens[b])}
                  for name, (a, b) in (("head", head), ("tail", tail))}
        yield {"id": f"{sentence['doc_key']}:{head[0]}-{head[1]}:{tail[0]}-{tail[1]}",
               "text": " ".join(tokens), **places, "labels": names}


def crossre_rows(split, domain):
    lines = (CROSSRE / f"{domain}-{split}.json").read_text(encoding="utf-8").splitlines()
    return [row for line in lines if line.strip() for row in pairs_of(json.loads(line))]


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def prepare(options, name, work):
    """Training data, test data and inventory of a set, with its counts."""
    if name == "corpus":
        files = CORPUS / "train.jsonl", CORPUS / "test.jsonl", CORPUS / "labels.json"
    else:
        files = work / "train.jsonl", work / "test.jsonl", work / "labels.json"
        rows = {split: crossre_rows(split, options.domain) for split in ("train", "dev", "test")}
        write_rows(files[0], rows["train"])
        write_rows(files[1], rows["test"])
        known = {label for part in rows.values() for row in part for label in row["labels"]}
        files[2].write_text(json.dumps(sorted(known - {NEGATIVE}) + [NEGATIVE]), encoding="utf-8")
    lines = files[0].read_text(encoding="utf-8").splitlines()
    labels = [row.get("label") or row["labels"][0] for row in map(json.loads, lines)]
    test = f"{files[1]}?sample={options.test_rows}&seed=1"
    return files[0], test, files[2], {"rows": len(labels), "negatives": labels.count(NEGATIVE)}


def once(options, way, seed, data, folder):
    train, test, labels, _ = data
    trained(options, folder, "--model", options.model, "--train", train, "--labels", labels,
            "--seed", seed, *way)
    answers = folder.with_suffix(".jsonl")
    if not answers.exists():
        relatum(options, "extract", "--adapter", folder, "--data", test, "--out", answers)
    report = json.loads(relatum(options, "evaluate", "--data", test, "--labels", labels,
                                "--predictions", answers, "--json"))
    macro = report["metrics"]["macro"]["f1"]
    return {**{figure: report["official"][figure] for figure in FIGURES}, "macro_f1": macro,
            "accuracy": report["accuracy"], "official": report["official"]["name"]}


def measure(options):
    sets = {}
    for name in options.sets:
        work = pathlib.Path(options.work) / name
        work.mkdir(parents=True, exist_ok=True)
        data = prepare(options, name, work)
        ways = {}
        for way, words in SETS[name].items():
            folder = way.replace(" ", "-")
            ways[way] = {"options": words,
                         "seeds": {str(seed): once(options, words, seed, data,
                                                   work / f"{folder}-{seed}")
                                   for seed in options.seeds}}
        sets[name] = {**data[3], "ways": ways}
    return {"what": "test splits of the example corpus and of one domain of CrossRE with all pairs",
            "model": options.model, "domain": options.domain, "test_rows": options.test_rows,
            "finetune": options.finetune, "date": datetime.date.today().isoformat(), "sets": sets}


def table(results):
    lines = []
    for name, one in results["sets"].items():
        title = "the example corpus" if name == "corpus" else f"CrossRE, {results['domain']}"
        title += f": {one['negatives']:,} of {one['rows']:,} rows without a relation"
        for way in one["ways"].values():
            words = " ".join(way["options"])
            lines.append([title, f"`{words}`" if words else "",
                          *[per_cent([one[figure] for one in way["seeds"].values()])
                            for figure in (*FIGURES, "macro_f1")]])
            title = ""
    return markdown(["training data", "options", "precision", "recall", "micro-F1", "macro-F1"],
                    lines)


def section(results):
    """What stands on the page: nothing as long as nothing was measured."""
    if not results:
        return ""
    count = len(next(iter(next(iter(results["sets"].values()))["ways"].values()))["seeds"])
    return ("What they do on two corpora, "
            f"{of_seeds(count)}, in per cent; precision, recall and micro-F1 without\n"
            f"`no_relation` ([figures](../bench/results/{RESULTS.name}), "
            f"[how](../bench/imbalance.py)):\n\n{table(results)}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--work", default="runs/imbalance", help="folder for data and runs")
    parser.add_argument("--sets", default=",".join(SETS), type=lambda text: text.split(","))
    parser.add_argument("--seeds", default="1", type=lambda text: [int(s) for s in text.split(",")])
    parser.add_argument("--domain", default="ai", help="of CrossRE")
    parser.add_argument("--test-rows", default=1500, type=int, help="rows drawn of a test split")
    table_options(parser, RESULTS)
    options = parse_with_finetune(parser)
    measured_or_written(options, measure, table, (PAGE, MARKS, section))


if __name__ == "__main__":
    main()
