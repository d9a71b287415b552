#!/usr/bin/env python3
"""How often the nearest training sentence has the right label, and how fast an embedder is.

    bench/neighbours.py --relatum build/release/relatum --data ../shared/data/semeval2010 \\
        --embedder all-minilm-l6-v2 --embedder all-mpnet-base-v2=FOLDER \\
        --out bench/results/neighbours.json

Indexes SemEval-2010's 8,000 training sentences and looks up the nearest one of each of the 2,717
test sentences. The share describes the retriever: it chose nothing, and nothing is to be chosen by
it. Sentences per second are those of `relatum embed` on the training sentences, the median of
`--rounds` runs on an idle machine, in f32.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from shared_machine import cpu

SENTENCES = 2717


def run(*words):
    """Runs a command to its end, its progress where ours goes."""
    words = [str(word) for word in words]
    print("$ " + " ".join(words), file=sys.stderr, flush=True)
    subprocess.run(words, check=True)


def right_share(relatum, embedder, data, folder):
    """Of the test sentences, those whose nearest training sentence has their label."""
    template, prompts = folder / "label.txt", folder / "prompts.jsonl"
    template.write_text("{{example_label}}", encoding="utf-8")
    index = folder / "index"
    run(relatum, "index", "--embedder", embedder, "--data",
        f"semeval2010:{data / 'TRAIN_FILE.TXT'}", "--out", index, "--overwrite", "--quiet")
    run(relatum, "prepare", "--data", f"semeval2010:{data / 'TEST_FILE_FULL.TXT'}", "--prompt",
        template, "--index", index, "--embedder", embedder, "--out", prompts, "--overwrite",
        "--quiet")
    rows = [json.loads(line) for line in prompts.read_text(encoding="utf-8").splitlines()]
    if len(rows) != SENTENCES:
        sys.exit(f"{len(rows)} prompts, expected {SENTENCES}")
    right = sum(row["prompt"].strip() == row["completion"].strip() for row in rows)
    return right / len(rows), json.loads((index / "index.json").read_text(encoding="utf-8"))


def speed(relatum, embedder, data, folder, rounds):
    """The record of the median run."""
    records = []
    for _ in range(rounds):
        out = folder / "train.npy"
        run(relatum, "embed", "--embedder", embedder, "--data",
            f"semeval2010:{data / 'TRAIN_FILE.TXT'}", "--out", out, "--overwrite", "--quiet")
        record = pathlib.Path(f"{out}.run.json").read_text(encoding="utf-8")
        records.append(json.loads(record))
    return statistics.median(record["examples_per_s"] for record in records), records[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--relatum", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="SemEval-2010's folder")
    parser.add_argument("--embedder", required=True, action="append", metavar="NAME[=FOLDER]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    found = {}
    for named in options.embedder:
        name, _, place = named.partition("=")
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            share, index = right_share(options.relatum, place or name, options.data, folder)
            rate, record = speed(options.relatum, place or name, options.data, folder,
                                 options.rounds)
        found[name] = {"dimension": index["dimension"], "described": record["described"],
                       "compute": record["compute"], "threads": record["threads"],
                       "right_share": round(share, 4), "sentences_per_s": round(rate, 1),
                       "peak_rss_bytes": record["peak_rss_bytes"]}
        print(f"{name}: {100 * share:.1f} % right, {rate:.0f} sentences/s", flush=True)
    if options.out:
        result = {"cpu": cpu(), "corpus": "SemEval-2010 Task 8", "indexed": 8000,
                  "looked_up": SENTENCES, "rounds": options.rounds, "embedders": found}
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
