#!/usr/bin/env python3
"""How the cost of training and prefill grows: with the length of rows, their number, the rank, the
threads and the shape of the model. Writes a results file; bench/draw.py makes charts of it.

Models of other shapes have random weights (bench/random_model.py) in NF4, decoded for each use.
"""

import argparse
import datetime
import json
import pathlib
import shlex
import sys

from compare_peers import processor
from harness import command

LENGTHS = [64, 128, 256, 512, 1024, 2048, 4096]
ROWS = [1, 2, 4, 8, 16, 32, 64]
RANKS = [4, 8, 16, 32, 64, 128]


def bench(options, *more):
    words = [options.relatum, "bench", "--json", "--quiet", "--rounds", options.passes, *more]
    told = json.loads(command(words))
    if not told["training"]["tokens_per_s"] > 0:
        sys.exit("scaling: no tokens were trained on")
    return {key: told[key] for key in ("tokens", "length", "rank", "threads", "products",
                                       "gemm_flops_per_s", "prefill", "decode_tokens_per_s",
                                       "training", "peak_rss_bytes")}


def series(options, name):
    """The measurements of one question, each a point."""
    model = ["--model", options.model, "--compute", options.compute]
    two = ["--threads", options.threads]
    if name == "length":
        # One row of 4,096 needs as many tokens at once; the others come to the same number.
        return [bench(options, *model, *two, "--length", n, "--tokens", 4096) for n in LENGTHS]
    if name == "rows":
        return [bench(options, *model, *two, "--length", 64, "--tokens", 64 * n) for n in ROWS]
    if name == "rank":
        return [bench(options, *model, *two, "--rank", n) for n in RANKS]
    if name == "threads":
        return [bench(options, *model, "--threads", n) for n in (1, 2)]
    return [{"isa": isa, "compute": compute,
             **bench(options, "--model", options.model, *two, "--isa", isa, "--compute", compute)}
            for isa, compute in (("avx512", "bf16"), ("avx512", "f32"), ("avx2", "f32"))]


def shapes(options):
    """Models of other sizes, in NF4 decoded for each use, steps of 512 tokens."""
    points = []
    for word in options.shape:
        name, _, path = word.partition("=")
        points.append({"name": name, **bench(
            options, "--model", path, "--base", "nf4", "--threads", options.threads, "--length",
            64, "--tokens", 512, "--decode", 1, *options.shape_options)})
    return points


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    names = ["length", "rows", "rank", "threads", "sets", "shapes"]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--out", required=True, help="results file; other series in it stay")
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--compute", default="bf16")
    parser.add_argument("--shape", nargs="*", default=[], help="NAME=FILE.gguf or folder")
    parser.add_argument("--shape-options", type=shlex.split,
                        default=["--low-memory"],
                        help="in one word: --shape-options='--low-memory --checkpoint'")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    report = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    for name in options.only:
        points = shapes(options) if name == "shapes" else series(options, name)
        report[name] = {"date": datetime.date.today().isoformat(), "machine": processor(),
                        "points": points}
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
