#!/usr/bin/env python3
"""The rate of extraction with 1, 4 and 16 adapters over one base.

    bench/adapters.py --model smollm2-135m-instruct --out bench/results/adapters.json

Trains as many adapters, each for a few steps with a seed of its own (--adapters FOLDER keeps them
for the next call), and deals the rows of a corpus out to them evenly. The same rows are then
answered in batches of all adapters, in the order of their adapters, by one adapter at a time (a
command for each), by one adapter alone, and by none. Sides take turns, round after round; loading
is not counted, but what it takes is kept. Before a time counts, the answers have to be those of one
adapter at a time: all probabilities within --apart, and the label, unless it is that near to
another one. bench/tables.py --write puts the table into docs/benchmarks.md.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import tempfile

from compare_peers import processor
from harness import command, give_up, ours, read_lines, say, write_lines


def teach(options, folder):
    """Runs of `finetune`, one for each seed."""
    runs = []
    for seed in range(max(options.counts)):
        run = folder / f"seed{seed}"
        runs.append(run)
        if (run / "adapter_model.safetensors").exists():
            continue
        command([options.relatum, "finetune", "--model", options.model, "--train",
                 options.corpus, "--limit", options.train_rows, "--epochs", 1, "--seed", seed,
                 "--rank", options.rank, "--threads", options.threads, "--quiet", "--overwrite",
                 "--out", run])
    return runs


def extract(options, folder, rows, *words):
    """Answers by id, and the record, of one command."""
    data, out = folder / "rows.jsonl", folder / "answers.jsonl"
    write_lines(data, rows)
    ours(options, "extract", "--data", data, "--out", out, "--overwrite", "--scores", "--compute",
         options.compute, "--answer", options.answer, "--negligible", options.negligible,
         "--threads", options.threads, "--quiet", *words)
    record = json.loads((folder / "answers.jsonl.run.json").read_text(encoding="utf-8"))
    return {line["id"]: line for line in read_lines(out)}, record


def figures(records, answers):
    return {"seconds": sum(record["seconds"] for record in records),
            "loading_seconds": sum(record["loading_seconds"] for record in records),
            "peak_rss_bytes": max(record["peak_rss_bytes"] for record in records),
            "answers": answers}


class Sides:
    """Ways to answer the same rows; each gives seconds, memory and answers by id."""

    def __init__(self, options, runs, folder):
        self.options, self.runs, self.folder = options, runs, folder
        self.rows = [{key: value for key, value in row.items() if key != "label"}
                     for row in read_lines(options.data)[:options.rows]]

    def dealt(self, count):
        """The rows, each with the name of one of `count` adapters."""
        return [{**row, "adapter": f"a{i % count}"} for i, row in enumerate(self.rows)]

    def named(self, count):
        return [word for i in range(count) for word in ("--adapter", f"a{i}={self.runs[i]}")]

    def one(self, rows, *words):
        answers, record = extract(self.options, self.folder, rows, *words)
        return figures([record], answers)

    def none(self, _):
        run = json.loads((self.runs[0] / "run.json").read_text(encoding="utf-8"))
        return self.one(self.rows, "--model", self.options.model, "--base", run["base"], "--prompt",
                        run["prompt"], "--labels", self.runs[0] / "labels.json")

    def alone(self, _):
        return self.one(self.rows, "--adapter", self.runs[0])

    def mixed(self, count):
        return self.one(self.dealt(count), *self.named(count))

    def in_order(self, count):
        rows = sorted(self.dealt(count), key=lambda row: int(row["adapter"][1:]))
        return self.one(rows, *self.named(count))

    def one_at_a_time(self, count):
        answers, records = {}, []
        for i in range(count):
            rows = [row for row in self.dealt(count) if row["adapter"] == f"a{i}"]
            for row in rows:
                del row["adapter"]
            own, record = extract(self.options, self.folder, rows, "--adapter", self.runs[i])
            answers.update(own)
            records.append(record)
        return figures(records, answers)


def check(got, want, apart, what):
    """The largest difference of a probability; ends the benchmark where an answer is another."""
    most = 0.0
    if got.keys() != want.keys():
        give_up(f"{what}: not the same rows were answered")
    for key, answer in got.items():
        other = want[key]["scores"]
        most = max([most] + [abs(answer["scores"][label] - score)
                             for label, score in other.items()])
        near = abs(other[answer["label"]] - other[want[key]["label"]]) <= apart
        if most > apart or not near:
            give_up(f"{what}: row {key} has another answer, or probabilities {most:.3f} apart")
    return most


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", required=True, help="results file")
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--corpus", default="examples/corpus/train.jsonl")
    parser.add_argument("--data", default="examples/corpus/train.jsonl")
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--train-rows", type=int, default=60)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--adapters", default="", help="folder where the runs are kept")
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--answer", default="scored")
    parser.add_argument("--negligible", default="0")
    parser.add_argument("--compute", default="auto")
    parser.add_argument("--apart", type=float, default=0.05)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--isa", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        kept = pathlib.Path(options.adapters) if options.adapters else folder / "runs"
        kept.mkdir(parents=True, exist_ok=True)
        sides = Sides(options, teach(options, kept), folder)
        ways = [("no adapter", sides.none, 0), ("one adapter, not named", sides.alone, 0)]
        for count in options.counts:
            ways += [(f"{count} in one batch", sides.mixed, count),
                     (f"{count} in one process, row after row of one", sides.in_order, count),
                     (f"{count} one at a time", sides.one_at_a_time, count)]
        rounds, apart = {what: [] for what, _, _ in ways}, {}
        for _ in range(options.rounds):
            answers = {}
            for what, way, count in ways:
                result = way(count)
                answers[what] = result.pop("answers")
                rounds[what].append(result)
            for what, _, count in ways:
                if what != "no adapter":  # which says something else
                    apart[what] = max(apart.get(what, 0.0), check(
                        answers[what], answers[f"{count or 1} one at a time"], options.apart,
                        what))
                say(f"{what}: {rounds[what][-1]}")
    rates = {what: [len(sides.rows) / one["seconds"] for one in each]
             for what, each in rounds.items()}
    report = {"date": datetime.date.today().isoformat(), "machine": processor(),
              "model": options.model, "rows": len(sides.rows), "rank": options.rank,
              "answer": options.answer, "negligible": options.negligible,
              "compute": options.compute, "threads": options.threads, "isa": options.isa,
              "ways": {what: {
                  "sentences_per_s": statistics.median(rates[what]), "slowest": min(rates[what]),
                  "fastest": max(rates[what]), "apart": apart.get(what),
                  "loading_seconds": statistics.median(one["loading_seconds"] for one in each),
                  "peak_rss_bytes": max(one["peak_rss_bytes"] for one in each)}
                       for what, each in rounds.items()}}
    pathlib.Path(options.out).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
