#!/usr/bin/env python3
"""What memory an extraction takes for a thousand rows and for a million: it must not grow.

    bench/million_rows.py --relatum build/release/relatum --out bench/results/million_rows.json

Runs the tests' tiny model with `--answer shares` over rows of the example corpus with ids of their
own. The peak is the process's VmHWM, as its record tells it. Fails where the million takes over
200 MB more than the thousand, or where a row is missing.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared_machine import cpu

REPOSITORY = Path(__file__).resolve().parent.parent
MOST_MORE = 200e6


def write_rows(path, count):
    source = (REPOSITORY / "examples/corpus/train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in source]
    with path.open("w", encoding="utf-8") as out:
        for number in range(count):
            row = rows[number % len(rows)]
            row["id"] = f"row-{number}"
            out.write(json.dumps(row) + "\n")


def extract(options, folder, count):
    data, out = folder / "rows.jsonl", folder / "p.jsonl"
    write_rows(data, count)
    template = folder / "plain.txt"
    template.write_text("{{head}} and {{tail}}:", encoding="utf-8")
    labels = REPOSITORY / "examples/corpus/labels.json"
    start = time.monotonic()
    subprocess.run([options.relatum, "extract", "--model", options.model, "--prompt",
                    str(template), "--labels", str(labels), "--data", str(data), "--answer",
                    "shares", "--negligible", "0.01", "--overwrite", "--out", str(out)], check=True)
    record = json.loads((folder / "p.jsonl.run.json").read_text())
    answers = 0
    with out.open(encoding="utf-8") as lines:
        for line in lines:
            if json.loads(line)["id"] != f"row-{answers}":
                sys.exit(f"the answer in line {answers + 1} is of another row: {line[:100]}")
            answers += 1
    if answers != count:
        sys.exit(f"{answers} answers for {count} rows")
    return {"rows": count, "file_bytes": data.stat().st_size,
            "peak_rss_bytes": record["peak_rss_bytes"], "seconds": round(time.monotonic() - start)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--relatum", required=True)
    parser.add_argument("--model", default=str(REPOSITORY / "tests/fixtures/llama/tied"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [extract(options, Path(folder), count) for count in (1000, options.rows)]
    more = runs[1]["peak_rss_bytes"] - runs[0]["peak_rss_bytes"]
    print(f"{options.rows} rows take {more / 1e6:.0f} MB more than 1,000 "
          f"({runs[1]['peak_rss_bytes'] / 1e6:.0f} MB), {runs[1]['seconds']} s")
    if options.out:
        result = {"cpu": cpu(), "runs": runs, "more_bytes": more}
        Path(options.out).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if more > MOST_MORE else 0


if __name__ == "__main__":
    sys.exit(main())
