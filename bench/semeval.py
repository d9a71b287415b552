#!/usr/bin/env python3
"""SemEval-2010 Task 8 with Relatum: the base model and fine-tuned ones, each with and without
retrieval, scored on the test split. What exists in the work folder already is not made again.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys


class Work:
    """Runs the program's commands in one folder."""

    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(options.work)
        self.folder.mkdir(parents=True, exist_ok=True)
        data = pathlib.Path(options.data)
        self.train = f"semeval2010:{data / 'TRAIN_FILE.TXT'}"
        self.test = f"semeval2010:{data / 'TEST_FILE_FULL.TXT'}"

    def relatum(self, *words):
        words = [str(word) for word in (self.options.relatum, *words)]
        print("$ " + " ".join(words), file=sys.stderr, flush=True)
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"semeval: this command ended with {done.returncode}: {' '.join(words)}")
        return done.stdout

    def index(self):
        folder = self.folder / "index"
        if not folder.exists():
            self.relatum("index", "--embedder", "all-minilm-l6-v2", "--data", self.train,
                         "--out", folder)
        return folder

    def adapter(self, name, seed, *more):
        run = self.folder / name
        if not finished(run):
            self.relatum("finetune", "--model", self.options.model, "--train", self.train,
                         "--prompt", self.options.prompt, "--seed", seed, *self.options.finetune,
                         *more, "--out", run, *(["--resume"] if run.exists() else []))
        return run

    def score(self, name, *how):
        """Predictions of one kind on the test split, and their evaluation."""
        predictions = self.folder / f"{name}.jsonl"
        if not predictions.exists():
            how = how if "--index" in how else (*how, "--no-index")
            self.relatum("extract", "--model", self.options.model, *how, "--data", self.test,
                         "--out", predictions)
        report = json.loads(self.relatum("evaluate", "--data", self.test, "--predictions",
                                         predictions, "--json"))
        told = json.loads(pathlib.Path(f"{predictions}.run.json").read_text())
        return {**report, "seconds": told["seconds"]}


def finished(run):
    record = run / "run.json"
    return record.exists() and json.loads(record.read_text())["status"] == "done"


def figures(report):
    return {"macro_f1": report["official"]["f1"], "accuracy": report["accuracy"],
            "interval": report["interval"], "examples": report["examples"],
            "extraction_seconds": report["seconds"]}


def summary(reports):
    """Means over seeds, each seed's figures beside them."""
    rows = [figures(report) for report in reports]
    return {"macro_f1": statistics.mean(row["macro_f1"] for row in rows),
            "accuracy": statistics.mean(row["accuracy"] for row in rows), "runs": rows}


def training(run):
    told = json.loads((run / "run.json").read_text())
    return {key: told[key] for key in ("seed", "tokens", "tokens_per_s", "seconds", "steps",
                                       "peak_rss_bytes", "gemm_flops_per_s")}


def table(rows):
    lines = ["| | macro-F1 | accuracy | runs |", "| --- | ---: | ---: | --- |"]
    for name, row in rows.items():
        each = ", ".join(f"{100 * run['macro_f1']:.1f} / {100 * run['accuracy']:.1f}"
                         for run in row["runs"]) if len(row["runs"]) > 1 else ""
        lines.append(f"| {name} | {100 * row['macro_f1']:.1f} | {100 * row['accuracy']:.1f} "
                     f"| {each} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--data", required=True, help="folder of TRAIN_FILE.TXT and so on")
    parser.add_argument("--work", required=True, help="folder for runs and predictions")
    parser.add_argument("--out", required=True, help="results file")
    parser.add_argument("--prompt", default="roles-nolist", help="style of the adapters")
    parser.add_argument("--base-prompt", default="compact", help="style of the base model")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--neighbours-in-training", action="store_true",
                        help="also train the first seed with a retrieved example in each prompt")
    parser.add_argument("finetune", nargs=argparse.REMAINDER,
                        help="behind --: further options of `relatum finetune`")
    options = parser.parse_args()
    options.finetune = [word for word in options.finetune if word != "--"]
    work = Work(options)
    base, retrieval = ["--prompt", options.base_prompt], ["--index", work.index()]
    rows = {"base model alone": summary([work.score("base", *base)]),
            "base model, retrieval": summary([work.score("base-retrieval", *base, *retrieval)])}
    runs = [work.adapter(f"seed-{seed}", seed) for seed in options.seeds]
    rows["fine-tuned alone"] = summary(
        [work.score(f"tuned-{run.name}", "--adapter", run) for run in runs])
    rows["fine-tuned, retrieval"] = summary(
        [work.score(f"tuned-retrieval-{run.name}", "--adapter", run, *retrieval)
         for run in runs[:1]])
    if options.neighbours_in_training:
        run = work.adapter(f"neighbours-{options.seeds[0]}", options.seeds[0], *retrieval)
        runs.append(run)
        rows["fine-tuned with neighbours, alone"] = summary(
            [work.score(f"alone-{run.name}", "--adapter", run)])
        rows["fine-tuned with neighbours, retrieval"] = summary(
            [work.score(f"tuned-{run.name}", "--adapter", run, *retrieval)])
    report = {"what": "SemEval-2010 Task 8, test split", "prompt": options.prompt,
              "base_prompt": options.base_prompt, "finetune": options.finetune,
              "date": datetime.date.today().isoformat(), "rows": rows,
              "training": [training(run) for run in runs]}
    pathlib.Path(options.out).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
