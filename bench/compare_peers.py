#!/usr/bin/env python3
"""Times Relatum and Hugging Face's libraries in turns on the same rows, and writes a results file.

Training: SemEval-like rows without sharing, PEFT as its users run it and a plain PyTorch loop.
Extraction: the same adapter on both sides, the full label distribution of each sentence; a time
counts only where the labels agree. Run it on an idle machine, with the Python of bench/peers.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
AGREEMENT = 0.99  # share of labels that must be the same on both sides


def say(text):
    print(text, file=sys.stderr, flush=True)


def command(words):
    """Runs a command to its end; returns its standard output."""
    say("$ " + " ".join(map(str, words)))
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"compare_peers: {words[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def falls(losses):
    third = len(losses) // 3
    return third and sum(losses[-third:]) < sum(losses[:third])


def our_training(options, out):
    """Relatum on as many rows as the peers see; the first step is outside the clock."""
    rows = options.rows
    command([options.relatum, "finetune", "--model", options.model, "--train", options.data,
             "--limit", rows, "--prompt", options.prompt, "--epochs", 1, "--no-share",
             "--batch-tokens", options.batch_tokens, "--threads", options.threads, "--out", out])
    steps = [line for line in read_lines(out / "log.jsonl") if "tokens_per_s" in line][1:]
    if not falls([step["loss"] for step in steps]):
        sys.exit("compare_peers: our loss does not fall, so its time means nothing")
    run = json.loads((out / "run.json").read_text())
    # Steps have nearly the same number of tokens, so the harmonic mean is tokens over seconds.
    return {"tokens_per_s": statistics.harmonic_mean([s["tokens_per_s"] for s in steps]),
            "peak_rss_bytes": run["peak_rss_bytes"], "gemm_flops_per_s": run["gemm_flops_per_s"],
            "steps": len(steps), "last_loss": steps[-1]["loss"]}


def peer(options, driver, *words):
    """One of bench/peers' drivers; its result line."""
    return json.loads(command([options.python, PEERS / driver, options.weights, *words,
                               "--threads", options.threads]).splitlines()[-1])


def training(options, folder):
    prompts = folder / "prompts.jsonl"
    command([options.relatum, "prepare", "--data", options.data, "--limit", options.rows,
             "--prompt", options.prompt, "--for", "train", "--out", prompts])
    steps = ["--steps", options.steps, "--batch-tokens", options.batch_tokens]
    rounds = []
    for number in range(options.rounds):
        rounds.append({
            "relatum": our_training(options, folder / f"run{number}"),
            "hf_train": peer(options, "hf_train.py", prompts, *steps),
            "torch_train": peer(options, "torch_train.py", prompts, *steps),
        })
    return {"what": f"training, {options.prompt}, steps of {options.batch_tokens} tokens",
            "unit": "tokens_per_s", "rounds": rounds, "ratios": ratios(rounds, "tokens_per_s")}


def answer_texts(options, folder):
    """A file with all answers of the style, as the training rows have them."""
    rows, path = folder / "all.jsonl", folder / "answers.json"
    command([options.relatum, "prepare", "--data", options.data, "--prompt", options.prompt,
             "--for", "train", "--out", rows])
    texts = sorted({row["completion"].strip() for row in read_lines(rows)})
    path.write_text(json.dumps(texts), encoding="utf-8")
    return path


def extraction(options, folder):
    prompts = folder / "test.jsonl"
    data = ["--data", options.test, "--limit", options.sentences]
    command([options.relatum, "prepare", *data, "--prompt", options.prompt, "--out", prompts])
    labels = answer_texts(options, folder)
    rounds, agreement = [], 1.0
    for number in range(options.rounds):
        ours, theirs = folder / f"ours{number}.jsonl", folder / f"theirs{number}.jsonl"
        command([options.relatum, "extract", "--model", options.model, "--adapter",
                 options.adapter, *data, "--threads", options.threads, "--out", ours])
        figures = json.loads(pathlib.Path(f"{ours}.run.json").read_text())
        other = peer(options, "hf_extract.py", prompts, "--labels", labels, "--adapter",
                     options.adapter, "--out", theirs)
        same = [a["answer"] == b["label"] for a, b in zip(read_lines(ours), read_lines(theirs))]
        agreement = min(agreement, sum(same) / options.sentences)
        if agreement < AGREEMENT:
            sys.exit(f"compare_peers: only {agreement:.2%} of the labels agree")
        rounds.append({"relatum": {key: figures[key] for key in
                                   ("examples_per_s", "seconds", "peak_rss_bytes")},
                       "hf_extract": other})
    return {"what": f"extraction, {options.prompt}, scores of all labels",
            "unit": "examples_per_s", "agreement": agreement, "rounds": rounds,
            "ratios": ratios(rounds, "examples_per_s")}


def ratios(rounds, unit):
    """Relatum over each peer: the median of the rounds' ratios, with the smallest and largest."""
    result = {}
    for name in rounds[0]:
        if name == "relatum":
            continue
        each = [one["relatum"][unit] / one[name][unit] for one in rounds]
        result[name] = {"median": round(statistics.median(each), 3),
                        "smallest": round(min(each), 3), "largest": round(max(each), 3)}
    return result


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores seen"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", required=True, help="the program")
    parser.add_argument("--model", required=True, help="as after relatum's --model")
    parser.add_argument("--weights", required=True, help="the same in Hugging Face form, bf16")
    parser.add_argument("--data", required=True, help="SPEC of the training rows")
    parser.add_argument("--test", help="SPEC of the sentences to extract from")
    parser.add_argument("--adapter", help="adapter of --prompt's style; without: training only")
    parser.add_argument("--prompt", default="compact-nolist")
    parser.add_argument("--rows", type=int, default=400, help="training rows")
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="with bench/peers' packages")
    parser.add_argument("--out", required=True, help="results file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        results = [training(options, folder)]
        if options.adapter:
            results.append(extraction(options, folder))
    report = {"date": datetime.date.today().isoformat(), "machine": processor(),
              "results": results}
    pathlib.Path(options.out).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for result in results:
        for other, ratio in result["ratios"].items():
            print(f"{result['what']}: {ratio['median']:.2f} times {other} "
                  f"({ratio['smallest']:.2f} to {ratio['largest']:.2f})")


if __name__ == "__main__":
    main()
