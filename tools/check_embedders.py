#!/usr/bin/env python3
"""Holds `relatum embed` against sentence-transformers on real models, by hand.

    tools/check_embedders.py --relatum build/release/relatum --data ../shared/data/semeval2010 \\
        all-minilm-l6-v2=FOLDER all-mpnet-base-v2=FOLDER

Embeds sentences of SemEval-2010's test file, texts that are hard for tokenizers, and one longer
than any row, by both in f32. Fails where a value of a vector differs by more than 1e-5. Needs the
Python package sentence-transformers.
"""

import argparse
import ast
import json
import math
import pathlib
import subprocess
import sys
import tempfile

from sentence_transformers import SentenceTransformer

MOST = 1e-5
# Each needs a character that an entity can stand on, as every row has one.
HARD = ["a", "  two  spaces\tand a tab\n", "caf\u00e9 cafe\u0301 \ufb01ne \u00bd",
        "\u4e2d\u6587\u3067\u3059 \U0001f600\U0001f3fd", "x" * 300,
        "UPPER lower 1985\u20132007 $3.50",
        " ".join(f"word{i}" for i in range(700))]


def texts_of(data, count):
    lines = (data / "TEST_FILE_CLEAN.TXT").read_text(encoding="utf-8").splitlines()
    marks = ("<e1>", "</e1>", "<e2>", "</e2>")
    texts = []
    for line in lines[:count]:
        text = line.split("\t", 1)[1].strip().strip('"')
        for mark in marks:
            text = text.replace(mark, "")
        texts.append(text)
    return texts + HARD


def read_npy(path):
    """Rows of a two-dimensional float32 file, without NumPy."""
    data = path.read_bytes()
    length = int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:10 + length].decode())
    rows, cols = header["shape"]
    values = memoryview(data[10 + length:]).cast("f")
    return [values[i * cols:(i + 1) * cols].tolist() for i in range(rows)]


def ours(relatum, folder, texts):
    """What the program says: rows of JSON lines, whose text is embedded without markers."""
    with tempfile.TemporaryDirectory() as temporary:
        rows, out = pathlib.Path(temporary) / "rows.jsonl", pathlib.Path(temporary) / "out.npy"
        with rows.open("w", encoding="utf-8") as lines:
            for i, text in enumerate(texts):
                start = len(text) - len(text.lstrip())  # an entity, which every row needs
                span = {"start": start, "end": start + 1}
                lines.write(json.dumps({"id": str(i), "text": text, "head": span, "tail": span}))
                lines.write("\n")
        subprocess.run([relatum, "embed", "--embedder", folder, "--data", f"jsonl:{rows}", "--out",
                        str(out), "--quiet"], check=True)
        return read_npy(out)


def furthest(one, other):
    """The largest distance of two values; what is no number is infinitely far."""
    return max(abs(a - b) if math.isfinite(a) and math.isfinite(b) else math.inf
               for a, b in zip(one, other))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--relatum", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    texts = texts_of(options.data, options.count)
    failed = False
    for named in options.models:
        name, _, folder = named.partition("=")
        got = ours(options.relatum, folder, texts)
        want = SentenceTransformer(folder, device="cpu").encode(texts, batch_size=1).tolist()
        if (len(got), len(got[0])) != (len(want), len(want[0])):
            sys.exit(f"{name}: {len(got)} x {len(got[0])} values, expected {len(want)} x "
                     f"{len(want[0])}")
        worst, where = max((furthest(x, y), i) for i, (x, y) in enumerate(zip(got, want)))
        print(f"{name}: {len(texts)} texts, values of {len(want[0])} within {worst:.2g}",
              flush=True)
        if worst > MOST:
            failed = True
            print(f"  furthest: {texts[where][:80]!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
