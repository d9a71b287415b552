#!/usr/bin/env python3
"""An encoder below a classifier, trained and asked by Relatum and by PyTorch in turns.

    bench/classifier.py --model ~/.local/share/relatum/models/all-minilm-l6-v2 \\
        --train semeval2010:TRAIN_FILE.TXT --test semeval2010:TEST_FILE_FULL.TXT \\
        --python PEERS/bin/python --out bench/results/classifier.json

Each round has another seed. Both sides train the same encoder on the same rows for as many epochs,
at the same rates, in steps of as many rows on average, and answer the test rows; PyTorch in every
format of --formats. Before a time counts, both sides' F1 has to reach --least, and the mean
over the rounds may lie --apart from the other's at most. bench/peers/torch_classifier.py is the
other side.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import tempfile

from compare_peers import processor
from harness import command, give_up, ours, peer, ratio, say


def evaluate(options, answers):
    """Accuracy and official F1 of a file of answers."""
    report = json.loads(command([options.relatum, "evaluate", "--data", options.test,
                                 "--predictions", answers, "--json"]))
    return {"f1": report["official"]["f1"], "accuracy": report["accuracy"]}


def train_ours(options, folder, seed):
    """One run of `finetune`, and the answers of `extract`."""
    run, answers = folder / "run", folder / "ours.jsonl"
    ours(options, "finetune", "--model", options.model, "--head", "classifier", "--method", "full",
         "--train", options.train, "--epochs", options.epochs, "--lr", options.lr, "--head-lr",
         options.head_lr, "--seed", seed, "--threads", options.threads, "--quiet", "--overwrite",
         *(["--batch-tokens", options.batch_tokens] if options.batch_tokens else []),
         "--out", run)
    ours(options, "extract", "--adapter", run, "--data", options.test, "--threads",
         options.threads, "--quiet", "--overwrite", "--out", answers)
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    asked = json.loads(pathlib.Path(f"{answers}.run.json").read_text(encoding="utf-8"))
    return {"seconds": record["seconds"], "examples_per_s": record["examples_per_s"],
            "steps": record["steps"], "peak_rss_bytes": record["peak_rss_bytes"],
            "answers_per_s": asked["examples_per_s"], **evaluate(options, answers)}


def train_theirs(options, folder, seed, kind, rows_a_step):
    """The same by PyTorch."""
    answers = folder / f"theirs-{kind}.tsv"
    told = peer(options, "torch_classifier.py", options.model, folder / "train.jsonl", "--test",
                folder / "test.jsonl", "--answers", answers, "--epochs", options.epochs, "--lr",
                options.lr, "--head-lr", options.head_lr, "--batch-rows", rows_a_step, "--seed",
                seed, "--dtype", kind)
    return {**told, **evaluate(options, answers)}


def prepare(options, folder):
    """The marked sentences of both splits."""
    style = folder / "marked.txt"
    style.write_text("{{marked_text}}", encoding="utf-8")
    counts = {}
    for name, data in (("train", options.train), ("test", options.test)):
        path = folder / f"{name}.jsonl"
        command([options.relatum, "prepare", "--data", data, "--prompt", style, "--out", path])
        counts[name] = len(path.read_text(encoding="utf-8").splitlines())
    return counts


def check(options, rounds):
    """Ends the benchmark where the sides did not learn alike."""
    means = {name: statistics.mean(one[name]["f1"] for one in rounds) for name in rounds[0]}
    for name, mean in means.items():
        if mean < options.least:
            give_up(f"{name} reaches an F1 of {mean:.4f} only, so its time means nothing")
        if abs(mean - means["relatum"]) > options.apart:
            give_up(f"{name} reaches {mean:.4f} and relatum {means['relatum']:.4f}: not the same "
                    "was learned, so the times mean nothing")
    return {name: round(mean, 4) for name, mean in means.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", required=True, help="results file")
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--python", default="python3", help="one that has bench/peers' packages")
    parser.add_argument("--model", required=True, help="folder of an encoder")
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", default="1e-4")
    parser.add_argument("--head-lr", default="1e-3")
    parser.add_argument("--batch-tokens", type=int, default=0, help="0: as finetune chooses")
    parser.add_argument("--formats", nargs="+", default=["bf16", "f32"], choices=["bf16", "f32"],
                        help="what PyTorch computes in; the faster one counts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--least", type=float, default=0.7, help="F1")
    parser.add_argument("--apart", type=float, default=0.015)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--isa", default="")
    options = parser.parse_args()
    options.model = pathlib.Path(options.model).expanduser()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        counts = prepare(options, folder)
        rounds = []
        for seed in range(1, options.rounds + 1):
            mine = train_ours(options, folder, seed)
            rows_a_step = max(1, round(options.epochs * counts["train"] / mine["steps"]))
            theirs = {f"PyTorch {kind}": train_theirs(options, folder, seed, kind, rows_a_step)
                      for kind in options.formats}
            rounds.append({"relatum": mine, **theirs})
            say(json.dumps(rounds[-1]))
    others = [f"PyTorch {kind}" for kind in options.formats]
    result = {"what": "an encoder below a classifier", "model": options.model.name,
              "rows": counts, "epochs": options.epochs, "time": str(datetime.date.today()),
              "processor": processor(), "threads": options.threads, "f1": check(options, rounds),
              "rounds": rounds,
              "ratios": [ratio(rounds, "relatum", others, "examples_per_s", 2),
                         ratio(rounds, "relatum", others, "answers_per_s", 1),
                         ratio(rounds, "relatum", others, "peak_rss_bytes", 2, smaller=True)]}
    pathlib.Path(options.out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for each in result["ratios"]:
        print(f"{each['unit']}: {each['median']} ({each['smallest']} to {each['largest']})")


if __name__ == "__main__":
    main()
