#!/usr/bin/env python3
"""How far probabilities are from how often they are right, with and without the temperature.

    bench/calibration.py --train semeval2010:TRAIN_FILE.TXT --test semeval2010:TEST_FILE_FULL.TXT \\
                         --work runs/calibration -- --epochs 2 --batch-tokens 512

For each seed: `finetune --holdout 800`, which fits a temperature on the sentences that it held out
of the training data, then `extract` of the test data by the ways of answering that --ways names,
with all labels' probabilities, and `evaluate`. Without the temperature T a label's probability p is
in proportion to p^T; `constrained` gives no probabilities of all labels and is asked a second time,
by --no-calibration, as all are with --ask-twice. What exists in --work is not made again; a stopped
training goes on. The held-out sentences also chose the epoch.
Ends with 1 where the mean calibration error of `scored` or `shares` (15 bins of equal mass) is
above --most.
"""

import argparse
import datetime
import json
import math
import pathlib
import statistics
import sys

from compare_peers import processor
from harness import give_up, ours, parse_with_finetune, relatum, say

WAYS = ("scored", "shares", "constrained")
FIGURES = ("ece", "ece_equal_width", "brier", "labels_brier", "labels_log_loss",
           "mean_probability", "accuracy")


def check_record(path, wanted):
    """Ends the benchmark where what lies in --work was made of something else."""
    record = json.loads(path.read_text(encoding="utf-8"))
    for key, value in wanted.items():
        if record[key] != value:
            give_up(f"{path}: {key} is {record[key]}, {value} is asked for. Name another --work.")
    return record


def trained(options, seed):
    """The run of a seed, finished."""
    folder = options.work / f"seed-{seed}"
    path = folder / "run.json"
    if not path.exists():
        ours(options, "finetune", "--model", options.model, "--train", options.train, "--holdout",
             options.holdout, "--seed", seed, *options.finetune, "--out", folder)
    record = check_record(path, {"model": options.model, "train": options.train,
                                 "holdout": options.holdout})
    if record["status"] != "done":
        relatum(options, "finetune", "--resume", "--out", folder)
    if not (folder / "calibration.json").exists():
        give_up(f"{folder} has no calibration.json: it was trained by an earlier build, or with "
                "too few held-out sentences.")
    return folder


def judged(options, run, way, name, *flags):
    """The report on one way's answers."""
    answers = options.work / f"{run.name}-{way}{name}.jsonl"
    if not answers.exists():
        ours(options, "extract", "--adapter", run, "--data", options.test, "--answer", way, *flags,
             "--out", answers)
    check_record(answers.with_name(answers.name + ".run.json"), {"data": options.test})
    return json.loads(relatum(options, "evaluate", "--data", options.test, "--predictions", answers,
                              "--json"))


def raised(row, temperature):
    """A prediction with its temperature taken off again."""
    logs = {label: temperature * math.log(p) for label, p in row["scores"].items() if p > 0}
    most = max(logs.values())
    total = sum(math.exp(each - most) for each in logs.values())
    scores = {label: math.exp(logs[label] - most) / total if label in logs else 0.0
              for label in row["scores"]}
    return {**row, "scores": scores, "probability": scores[row["label"]]}


def without_temperature(options, answers, temperature):
    """The report on answers without their temperature."""
    raw = answers.with_name(f"{answers.stem}-raised.jsonl")
    with open(answers, encoding="utf-8") as lines, open(raw, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(raised(json.loads(line), temperature)) + "\n" for line in lines)
    return json.loads(relatum(options, "evaluate", "--data", options.test, "--predictions", raw,
                              "--json"))


def picked(report):
    calibration = report["calibration"]
    return {**{figure: calibration[figure] for figure in FIGURES},
            "official": report["official"]["f1"]}


def once(options, seed):
    run = trained(options, seed)
    kept = json.loads((run / "calibration.json").read_text(encoding="utf-8"))
    result = {"examples": kept["examples"], "ways": {}}
    for way in options.ways:
        mode = kept["modes"][way]
        scores = [] if way == "constrained" else ["--scores"]
        held = judged(options, run, way, "", *scores)
        if scores and not options.ask_twice:
            raw = without_temperature(options, options.work / f"{run.name}-{way}.jsonl",
                                      mode["temperature"])
        else:
            raw = judged(options, run, way, "-raw", *scores, "--no-calibration")
        one = {"temperature": mode["temperature"], "interval": [mode["low"], mode["high"]],
               "held_out_ece": mode["ece"], "with": picked(held), "without": picked(raw)}
        if way != "constrained" and mode["threshold"] and options.thresholds:
            one["threshold"] = mode["threshold"]["value"]
            report = judged(options, run, way, "-threshold", "--threshold", "dev")
            one["official_with_threshold"] = report["official"]["f1"]
        result["ways"][way] = one
        say(f"seed {seed}, {way}: T {mode['temperature']:.3f}, ECE "
            f"{100 * one['without']['ece']:.2f} -> {100 * one['with']['ece']:.2f} %")
    return result


def summary(ways, seeds):
    """Mean and deviation of each figure over the seeds."""
    means = {}
    for way in ways:
        for side in ("without", "with"):
            for figure in FIGURES:
                values = [seed["ways"][way][side][figure] for seed in seeds.values()]
                if None in values:
                    continue
                means.setdefault(way, {}).setdefault(side, {})[figure] = {
                    "mean": statistics.mean(values),
                    "deviation": statistics.stdev(values) if len(values) > 1 else None}
    return means


def measure(options):
    options.work.mkdir(parents=True, exist_ok=True)
    seeds = {str(seed): once(options, seed) for seed in options.seeds}
    return {"what": "calibration on test data, temperature fitted on held-out training sentences",
            "train": options.train.split("/")[-1], "test": options.test.split("/")[-1],
            "model": options.model, "holdout": options.holdout, "finetune": options.finetune,
            "date": datetime.date.today().isoformat(), "cpu": processor(), "most": options.most,
            "summary": summary(options.ways, seeds), "seeds": seeds}


def verdict(results):
    """Ways whose mean error is above what is wanted."""
    return [way for way in ("scored", "shares") if way in results["summary"]
            and results["summary"][way]["with"]["ece"]["mean"] > results["most"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--isa", default="")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--train", required=True, help="SPEC of the training data")
    parser.add_argument("--test", required=True, help="SPEC of the test data")
    parser.add_argument("--work", default="runs/calibration", type=pathlib.Path)
    parser.add_argument("--seeds", default="1,2,3",
                        type=lambda text: [int(seed) for seed in text.split(",")])
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--ask-twice", action="store_true")
    parser.add_argument("--thresholds", action="store_true",
                        help="answers with the held-out sentences' threshold, too")
    parser.add_argument("--holdout", default=800, type=int)
    parser.add_argument("--most", default=0.03, type=float, help="calibration error that is wanted")
    parser.add_argument("--out", default=pathlib.Path("bench/results/calibration.json"),
                        type=pathlib.Path)
    options = parse_with_finetune(parser)
    results = measure(options)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for way, sides in results["summary"].items():
        say(f"{way}: ECE {100 * sides['without']['ece']['mean']:.2f} -> "
            f"{100 * sides['with']['ece']['mean']:.2f} %, Brier "
            f"{sides['without']['brier']['mean']:.4f} -> {sides['with']['brier']['mean']:.4f}")
    above = verdict(results)
    if above:
        sys.exit(f"calibration: above {100 * options.most:.0f} %: {', '.join(above)}")


if __name__ == "__main__":
    main()
