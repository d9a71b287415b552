#!/usr/bin/env python3
"""F1 over labelled sentences: those that `relatum suggest` chooses, and such drawn by chance.

    bench/suggest.py --data ../shared/data/semeval2010/TRAIN_FILE.TXT --seeds 1,2,3

Some training sentences are held out for scoring (the test split is never looked at). Of the others
a seed draws the first ones to be labelled; then each round adds as many, which the adapter of the
round before chooses among those left (--ways margin,random), and trains anew, or with
--from-adapter from that adapter. Labels are the data's own: what an annotator would have said. The
first round is one for all ways of a seed. What exists in --work is not made again; a stopped
training goes on. --write puts the table of the results file between its marks in docs/your-data.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import random
import sys

from harness import (give_up, marks, measured_or_written, of_seeds, parse_with_finetune, per_cent,
                     read_lines, relatum, say, table_options, trained, write_lines, write_results)

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "your-data.md"
RESULTS = ROOT / "bench" / "results" / "suggest.json"
SHARED = pathlib.Path(os.environ.get("RELATUM_SHARED") or ROOT.parent / "shared")
SEMEVAL = SHARED / "data" / "semeval2010" / "TRAIN_FILE.TXT"
MARKS = marks("suggest")
SPLIT_SEED = 1  # the sentences that are held out are the same for all seeds
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position


def settings(options):
    """What decides the results, but for the seeds and the number of rounds."""
    return {key: getattr(options, key) for key in
            ("model", "data", "held_out", "start", "add", "candidates", "embedder", "similar",
             "from_adapter", "finetune")}


def prepare(options):
    """Rows of the data without those held out; files of those, and of all labels."""
    options.work.mkdir(parents=True, exist_ok=True)
    kept = options.work / "settings.json"
    if not kept.exists():
        kept.write_text(json.dumps(settings(options), indent=1) + "\n", encoding="utf-8")
    elif json.loads(kept.read_text(encoding="utf-8")) != settings(options):
        give_up(f"{kept} has other settings than these. Name another --work.")
    everything = options.work / "all.jsonl"
    if not everything.exists():
        relatum(options, "convert", options.data, "--to", "jsonl", "--out", everything)
    rows = read_lines(everything)
    random.Random(SPLIT_SEED).shuffle(rows)
    held_out, rest = rows[:options.held_out], rows[options.held_out:]
    # A text on both sides would be known from training.
    texts = {row["text"] for row in held_out}
    rest = [row for row in rest if row["text"] not in texts]
    if len(rest) < options.start + options.add * (options.rounds - 1):
        give_up(f"{len(rest)} sentences are not enough for {options.rounds} rounds")
    write_lines(options.work / "held-out.jsonl", held_out)
    labels = sorted({row["label"] for row in rows})
    (options.work / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    return rest


def train(options, folder, seed, before):
    """The adapter of a round."""
    base = (["--init-adapter", before] if options.from_adapter and before else
            ["--model", options.model])
    return trained(options, folder / "run", *base, "--train", folder / "train.jsonl", "--labels",
                   options.work / "labels.json", "--seed", seed)


def score(options, folder, run):
    held_out, answers = options.work / "held-out.jsonl", folder / "answers.jsonl"
    if not answers.exists():
        relatum(options, "extract", "--adapter", run, "--data", held_out, "--out", answers)
    report = json.loads(relatum(options, "evaluate", "--data", held_out, "--labels",
                                options.work / "labels.json", "--predictions", answers, "--json"))
    return {"official": report["official"]["name"], "official_f1": report["official"]["f1"],
            "micro_f1": report["metrics"]["micro_all"]["f1"],
            "macro_f1": report["metrics"]["macro"]["f1"]}


def added(options, folder, way, draw, left):
    """Rows to label next, of those that are left: by the adapter of the round in `folder`."""
    if way == "random":
        return draw.sample(left, options.add)
    chosen = folder / f"chosen-{way}.jsonl"
    among = left
    if options.candidates and options.candidates < len(left):
        among = draw.sample(left, options.candidates)
    if not chosen.exists():
        pool = folder / f"pool-{way}.jsonl"
        write_lines(pool, [{key: row[key] for key in row if key != "label"} for row in among])
        more = ["--embedder", options.embedder] if options.embedder else []
        more += ["--similar", options.similar] if options.similar is not None else []
        relatum(options, "suggest", "--adapter", folder / "run", "--data", pool, "--count",
                options.add, "--by", way, *more, "--out", chosen)
    ranks = {row["text"]: rank for rank, row in enumerate(read_lines(chosen))}
    # A text is chosen with all its pairs; those of the last texts are cut where they are too many.
    taken = [row for row in among if row["text"] in ranks]
    return sorted(taken, key=lambda row: ranks[row["text"]])[:options.add]


def rounds(options, way, seed, rows):
    """Figures of each round of one way."""
    draw = random.Random(seed)
    labelled = draw.sample(rows, options.start)
    figures, run = [], None
    for number in range(options.rounds):
        # The first round is the same for all ways.
        folder = options.work / f"seed-{seed}" / (f"{way}-{number}" if number else "start")
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "train.jsonl"
        if not data.exists():
            write_lines(data, labelled)
        elif [row["id"] for row in read_lines(data)] != [row["id"] for row in labelled]:
            give_up(f"{data} holds other rows than this round's. Name another --work.")
        run = train(options, folder, seed, run)
        figures.append({"labelled": len(labelled), **score(options, folder, run)})
        say(f"seed {seed}, {way}, {len(labelled)} sentences: {figures[-1]}")
        if number + 1 == options.rounds:
            break
        known = {row["id"] for row in labelled}
        left = [row for row in rows if row["id"] not in known]
        labelled = labelled + added(options, folder, way, draw, left)
    return figures


def measure(options):
    rows = prepare(options)
    ways = {way: {} for way in options.ways}
    for seed in options.seeds:
        for way in options.ways:
            ways[way][str(seed)] = rounds(options, way, seed, rows)
        results = {"what": "F1 on held-out training sentences over labelled ones; no test split",
                   **settings(options), "pool": len(rows),
                   "date": datetime.date.today().isoformat(), "ways": ways}
        results["data"] = pathlib.Path(str(options.data)).name
        write_results(options.out, results)
    return results


def title(way):
    return "by chance" if way == "random" else f"`--by {way}`"


def table(results):
    ways = results["ways"]
    head = ["labelled sentences"]
    head += [f"{figure}, {title(way)}" for figure in ("official", "micro") for way in ways]
    first = next(iter(next(iter(ways.values())).values()))
    lines = []
    for place, one in enumerate(first):
        line = [str(one["labelled"])]
        for key in ("official_f1", "micro_f1"):
            line += [per_cent([rows[place][key] for rows in seeds.values()])
                     for seeds in ways.values()]
        lines.append(line)
    return markdown(head, lines)


def section(results):
    """What stands on the page: nothing as long as nothing was measured."""
    if not results:
        return ""
    seeds = next(iter(results["ways"].values()))
    official = next(iter(seeds.values()))[0]["official"]
    return (f"SemEval's training sentences, {results['held_out']:,} of them held out for scoring, "
            f"{of_seeds(len(seeds))}, F1 in per cent\n(official: `{official}`; "
            f"[figures](../bench/results/{RESULTS.name}), [how](../bench/suggest.py)):\n\n"
            f"{table(results)}\n")


def main():
    split = lambda text: text.split(",")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--data", default=f"semeval2010:{SEMEVAL}",
                        help="labelled sentences: a SPEC, one label a pair")
    parser.add_argument("--held-out", default=1000, type=int, help="sentences for scoring")
    parser.add_argument("--start", default=200, type=int, help="sentences of the first round")
    parser.add_argument("--add", default=200, type=int, help="sentences that each round adds")
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--candidates", default=0, type=int,
                        help="choose among so many, drawn by the seed; 0: among all that are left")
    parser.add_argument("--ways", default=["margin", "random"], type=split)
    parser.add_argument("--seeds", default=[1, 2, 3],
                        type=lambda text: [int(seed) for seed in split(text)])
    parser.add_argument("--embedder", default="", help="compares texts by vectors instead of words")
    parser.add_argument("--similar", type=float, help="as `relatum suggest` has it")
    parser.add_argument("--from-adapter", action="store_true",
                        help="train each round from the adapter of the one before")
    parser.add_argument("--work", default="runs/suggest", type=pathlib.Path)
    table_options(parser, RESULTS)
    options = parse_with_finetune(parser)
    measured_or_written(options, measure, table, (PAGE, MARKS, section))


if __name__ == "__main__":
    main()
