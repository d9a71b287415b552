#!/usr/bin/env python3
"""How many of the first k doubtful rows had their label flipped on purpose.

    bench/label_noise.py --data examples/corpus/train.jsonl --share 0.1 -- --epochs 3

Flips the labels of a share of the rows to another label, drawn evenly from those that occur
(seeded), makes an index of the flipped data, trains `finetune --folds`, so that each row is
answered by a model that did not see it, and asks `analyse --label-noise`. Precision at k is given
for that ranking, for the model's doubt and the neighbours' doubt alone, and for rows drawn blindly
(the share itself). What exists in --work is not made again. Labels of real data are wrong at times,
too: rows that are found and were not flipped may be such.
"""

import argparse
import datetime
import json
import pathlib
import random

from harness import give_up, ours, parse_with_finetune, read_lines, relatum, say, write_lines


def flipped(rows, share, seed):
    """The rows with some labels changed, and the ids of those rows."""
    draw = random.Random(seed)
    labels = sorted({row["label"] for row in rows})
    chosen = set(draw.sample(range(len(rows)), round(share * len(rows))))
    changed = []
    for place, row in enumerate(rows):
        row = {"id": str(place + 1), **row}
        if place in chosen:
            row["label"] = draw.choice([label for label in labels if label != row["label"]])
        changed.append(row)
    return changed, {changed[place]["id"] for place in chosen}


def keep_rows(path, rows):
    """Writes the rows, or ends the benchmark where others lie there: index and folds are theirs."""
    if not path.exists():
        write_lines(path, rows)
    elif read_lines(path) != rows:
        give_up(f"{path} holds other rows: another --data, --share or --seed. Name another --work.")


def precision_at(ranked, wrong, counts):
    return {str(k): sum(row in wrong for row in ranked[:k]) / k for k in counts
            if k <= len(ranked)}


def average_precision(ranked, wrong):
    found, total = 0, 0.0
    for place, row in enumerate(ranked, 1):
        if row in wrong:
            found += 1
            total += found / place
    return total / len(wrong)


def measure(options):
    options.work.mkdir(parents=True, exist_ok=True)
    data = options.work / "flipped.jsonl"
    rows, wrong = flipped(read_lines(options.data), options.share, options.seed)
    keep_rows(data, rows)
    index, folds = options.work / "index", options.work / "folds"
    if not index.exists():
        ours(options, "index", "--embedder", options.embedder, "--data", data, "--out", index)
    if not (folds / "predictions.jsonl").exists():
        again = ["--resume"] if (folds / "folds.json").exists() else [
            "--model", options.model, "--train", data, "--folds", options.folds, "--seed",
            options.seed, *options.finetune]
        ours(options, "finetune", *again, "--out", folds)
    report = json.loads(relatum(
        options, "analyse", "--data", data, "--predictions", folds / "predictions.jsonl", "--index",
        index, "--embedder", options.embedder, "--neighbours", options.neighbours, "--label-noise",
        "--top", len(rows), "--json"))
    found = report["rows"]
    if {row["id"] for row in found} != {row["id"] for row in rows}:
        give_up(f"{len(found)} rows are ranked, {len(rows)} were asked about")
    by = lambda key: [row["id"] for row in sorted(found, key=key, reverse=True)]
    rankings = {"both": [row["id"] for row in found],
                "model alone": by(lambda row: row["model"]["doubt"]),
                "neighbours alone": by(lambda row: row["neighbours"]["doubt"])}
    counts = [k for k in (5, 10, 20, 50, 100, 200, 500) if k <= len(rows)] + [len(wrong)]
    return {"what": "precision at k of doubtful rows, labels flipped on purpose",
            "data": options.data.name, "rows": len(rows), "flipped": len(wrong),
            "model": options.model, "embedder": options.embedder, "folds": options.folds,
            "neighbours": options.neighbours, "seed": options.seed, "finetune": options.finetune,
            "date": datetime.date.today().isoformat(), "blind": len(wrong) / len(rows),
            "rankings": {name: {"precision_at": precision_at(ranked, wrong, counts),
                                "average_precision": average_precision(ranked, wrong)}
                         for name, ranked in rankings.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--isa", default="")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--data", default="examples/corpus/train.jsonl", type=pathlib.Path,
                        help="labelled JSON lines, one label a row")
    parser.add_argument("--share", default=0.1, type=float, help="of the rows that are flipped")
    parser.add_argument("--folds", default=3, type=int)
    parser.add_argument("--neighbours", default=10, type=int)
    parser.add_argument("--seed", default=1, type=int)
    parser.add_argument("--work", default="runs/label_noise", type=pathlib.Path)
    parser.add_argument("--out", default=pathlib.Path("bench/results/label_noise.json"),
                        type=pathlib.Path)
    options = parse_with_finetune(parser)
    results = measure(options)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, ranking in results["rankings"].items():
        told = ", ".join(f"{k}: {value:.2f}" for k, value in ranking["precision_at"].items())
        say(f"{name}: average precision {ranking['average_precision']:.3f}; precision at {told}")


if __name__ == "__main__":
    main()
