#!/usr/bin/env python3
"""Reads, prompts and scores files of TACRED's form and size, which the licensed corpus has.

    bench/tacred_full.py --relatum build/release/relatum --out bench/results/tacred_full.json

Writes train (68,124 rows), dev (22,631) and test (15,509) of made-up sentences with TACRED's keys,
labels and share of no_relation, then times `data`, `prepare` and `evaluate` on them and notes the
most memory that each took (VmHWM). With --embedder it times the embedding of a thousand training
sentences, too, and tells what all of them would take. Fails where a count is not the one written.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from harness import give_up, say, timed
from shared_machine import cpu

SIZES = {"train": 68124, "dev": 22631, "test": 15509}
NEGATIVES = {"train": 55112, "dev": 17195, "test": 12184}  # rows of no_relation in TACRED's splits
TYPES = ["PERSON", "ORGANIZATION", "CITY", "COUNTRY", "DATE", "TITLE", "NUMBER"]
LABELS = ["org:founded", "org:founded_by", "org:members", "org:parents", "org:subsidiaries",
          "org:website", "per:age", "per:children", "per:city_of_birth", "per:employee_of",
          "per:origin", "per:parents", "per:religion", "per:siblings", "per:spouse", "per:title"]
WORDS = ("the of a in to and was said on for that with as his her at from an by has which were "
         "after company group city minister police member board chief former state year").split()


def make_row(number, split, label, rng):
    """A row with TACRED's keys; 36 tokens on average, as its sentences have."""
    length = max(8, round(rng.gauss(36, 12)))
    tokens = [rng.choice(WORDS) for _ in range(length)]
    first, second = sorted(rng.sample(range(length - 1), 2))
    subject, object_ = (first, second) if rng.random() < 0.5 else (second, first)
    for at in (first, second):
        tokens[at] = f"Name{rng.randrange(20000)}"
    kinds = label.split(":")[0]
    return {"id": f"{split}{number:08x}", "docid": f"DOC{number // 9}", "relation": label,
            "token": tokens, "subj_start": subject, "subj_end": subject, "obj_start": object_,
            "obj_end": object_,
            "subj_type": {"per": "PERSON", "org": "ORGANIZATION"}.get(kinds, rng.choice(TYPES[:2])),
            "obj_type": rng.choice(TYPES), "stanford_pos": ["NN"] * length,
            "stanford_ner": ["O"] * length, "stanford_head": list(range(length)),
            "stanford_deprel": ["dep"] * length}


def write_split(folder, split, rng):
    count = SIZES[split]
    labels = ["no_relation"] * NEGATIVES[split]
    labels += [LABELS[i % len(LABELS)] for i in range(count - len(labels))]
    rng.shuffle(labels)
    path, answers = folder / f"{split}.json", folder / f"{split}.predictions.jsonl"
    with path.open("w", encoding="utf-8") as out, answers.open("w", encoding="utf-8") as predicted:
        for number, label in enumerate(labels):
            row = make_row(number, split, label, rng)
            out.write(("[" if number == 0 else ", ") + json.dumps(row))
            answer = label if rng.random() < 0.8 else "no_relation"
            predicted.write(json.dumps({"id": row["id"], "label": answer}) + "\n")
        out.write("]\n")
    return path, answers


def measure(options, folder):
    rng, results = random.Random(1), {}
    for split, size in SIZES.items():
        path, answers = write_split(folder, split, rng)
        data = f"tacred:{path}"
        result = {"rows": size, "bytes": path.stat().st_size}
        result["data"], out = timed([options.relatum, "data", data, "--json"])
        if json.loads(out)["examples"] != size:
            give_up(f"data counts {json.loads(out)['examples']} of {size} rows")
        prompts = folder / "prompts.jsonl"
        result["prepare"], _ = timed([options.relatum, "prepare", "--data", data, "--prompt",
                                      "rag4re-simple", "--out", prompts, "--overwrite"])
        with prompts.open(encoding="utf-8") as lines:
            if sum(1 for _ in lines) != size:
                give_up(f"prepare did not write {size} prompts")
        result["evaluate"], out = timed([options.relatum, "evaluate", "--data", data,
                                         "--predictions", answers, "--json"])
        if json.loads(out)["examples"] != size:
            give_up("evaluate lost rows")
        results[split] = result
    return results


def embedding(options, folder):
    """What embedding all training sentences would take, from the first thousand."""
    data = f"tacred:{folder / 'train.json'}?limit=1000"
    result, _ = timed([options.relatum, "embed", "--embedder", options.embedder, "--data", data,
                       "--out", folder / "v.npy", "--overwrite"])
    return {"rows": 1000, **result, "all_minutes": result["seconds"] * SIZES["train"] / 1000 / 60}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--embedder", help="time the embedding of a thousand sentences by this one")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = {"cpu": cpu(), "splits": measure(options, folder)}
        if options.embedder:
            report["embedding"] = embedding(options, folder)
    text = json.dumps(report, indent=1) + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
