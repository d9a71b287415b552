#!/usr/bin/env python3
"""How often the nearest training sentence has the right label, and how fast an embedder is.

    bench/neighbours.py --relatum build/release/relatum --data ../shared/data/semeval2010 \\
        --embedder all-minilm-l6-v2 --embedder all-mpnet-base-v2=FOLDER \\
        --out bench/results/neighbours.json

Indexes SemEval-2010's 8,000 training sentences and looks up the nearest one of each of the 2,717
test sentences. The share describes the retriever: it chose nothing, and nothing is to be chosen by
it. It is checked before anything is timed. Sentences per second are those of `relatum embed` on the
training sentences, the median of `--rounds` runs on an idle machine, in f32.
"""

import argparse
import collections
import json
import pathlib
import tempfile

from harness import command, give_up, read_lines, say
from shared_machine import cpu

SENTENCES = 2717
RESULTS = pathlib.Path(__file__).resolve().parent / "results" / "neighbours.json"
ROUNDING = 2.5 / SENTENCES  # other instruction sets round otherwise: ties of two sentences or so


def right_share(relatum, embedder, data, folder):
    """Of the test sentences, those whose nearest training sentence has their label; the rows."""
    template, prompts = folder / "label.txt", folder / "prompts.jsonl"
    template.write_text("{{example_label}}", encoding="utf-8")
    index = folder / "index"
    command([relatum, "index", "--embedder", embedder, "--data",
             f"semeval2010:{data / 'TRAIN_FILE.TXT'}", "--out", index, "--overwrite", "--quiet"])
    command([relatum, "prepare", "--data", f"semeval2010:{data / 'TEST_FILE_FULL.TXT'}", "--prompt",
             template, "--index", index, "--embedder", embedder, "--out", prompts, "--overwrite",
             "--quiet"])
    pairs = [(row["prompt"].strip(), row["completion"].strip()) for row in read_lines(prompts)]
    return pairs, json.loads((index / "index.json").read_text(encoding="utf-8"))


def checked_share(name, pairs, kept):
    """The share of right pairs; ends the script where it is no retriever's, or not the kept one.

    Whoever always says the most frequent label is right as often as that occurs, and an embedder
    whose share was kept before has to have it again: otherwise a time would be of other work.
    """
    if len(pairs) != SENTENCES:
        give_up(f"{name}: {len(pairs)} prompts, expected {SENTENCES}")
    share = sum(found == label for found, label in pairs) / len(pairs)
    constant = collections.Counter(label for _, label in pairs).most_common(1)[0][1] / len(pairs)
    if share <= constant:
        give_up(f"{name}: {share:.1%} right, no more than the most frequent label's {constant:.1%}")
    before = kept.get(name, {}).get("right_share")
    if before is not None and abs(share - before) > ROUNDING:
        give_up(f"{name}: {share:.2%} right, but {before:.2%} in {RESULTS.name}; remove the entry "
                "there if that is meant")
    return share


def median_record(records):
    """The record of the median run: of an even number the slower one of the middle two."""
    return sorted(records, key=lambda record: record["examples_per_s"])[(len(records) - 1) // 2]


def speed(relatum, embedder, data, folder, rounds):
    """The record of the median run."""
    records = []
    for _ in range(rounds):
        out = folder / "train.npy"
        command([relatum, "embed", "--embedder", embedder, "--data",
                 f"semeval2010:{data / 'TRAIN_FILE.TXT'}", "--out", out, "--overwrite", "--quiet"])
        record = pathlib.Path(f"{out}.run.json").read_text(encoding="utf-8")
        records.append(json.loads(record))
    return median_record(records)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--relatum", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path, help="SemEval-2010's folder")
    parser.add_argument("--embedder", required=True, action="append", metavar="NAME[=FOLDER]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    found = {}
    for named in options.embedder:
        name, _, place = named.partition("=")
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            pairs, index = right_share(options.relatum, place or name, options.data, folder)
            share = checked_share(name, pairs, kept.get("embedders", {}))
            record = speed(options.relatum, place or name, options.data, folder, options.rounds)
        rate = record["examples_per_s"]
        found[name] = {"dimension": index["dimension"], "described": record["described"],
                       "compute": record["compute"], "threads": record["threads"],
                       "right_share": round(share, 4), "sentences_per_s": round(rate, 1),
                       "peak_rss_bytes": record["peak_rss_bytes"]}
        say(f"{name}: {100 * share:.1f} % right, {rate:.0f} sentences/s")
    if options.out:
        result = {"cpu": cpu(), "corpus": "SemEval-2010 Task 8", "indexed": 8000,
                  "looked_up": SENTENCES, "rounds": options.rounds, "embedders": found}
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
