#!/usr/bin/env python3
"""Where a command's processor time goes by kind of work, as perf counts it: for a results file.

    bench/profile_kinds.py NAME --out bench/results/profile.json -- build/release/relatum bench ...

All threads count, so waiting for one another counts, too. Needs Linux's perf.
"""

import argparse
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from compare_peers import processor

# The first that fits "library symbol" counts. Code that oneDNN makes at run time has neither.
KINDS = {
    "frozen weights' products (oneDNN)":
        r"libdnnl|block_product|^\[?(unknown|JIT|anon|//anon|perf-)",
    "waiting for the other thread": r"libgomp",
    "adapter's products": r"lora|up_columns|gradient_tile|dot_tile|dropout",
    "attention": r"attend|attention|Panels|band<|pair_(rows|keys)|tile<|product<|transpose",
    "norms, activations, rotary positions": r"rmsnorm|layernorm|gated|plain|rope",
    "integers made and scaled back": r"hadamard|quantise|rescale",
    "loss": r"cross_entropy|log_sum_exp|sum_exp",
    "optimiser": r"adamw|sum_squares",
    "copies, sums, conversions": r"::add\(|convert|to_f32|from_f32|memcpy|memset|memmove|decode",
    "system": r"^\[kernel",
}
OTHER = "the rest"


def kind_of(place):
    return next((kind for kind, words in KINDS.items() if re.search(words, place)), OTHER)


def shares(report):
    """Shares of perf's lines "percent, library, symbol" by kind; they add up to one."""
    total = {}
    for line in report.splitlines():
        found = re.match(r"\s*([\d.]+)%\s+(\S+)\s+(.*)", line)
        if found:
            percent, library, symbol = found.groups()
            kind = kind_of(f"{library} {symbol}")
            total[kind] = total.get(kind, 0.0) + float(percent)
    if not total:
        sys.exit("profile: perf saw nothing; may it count here (kernel.perf_event_paranoid)?")
    all_of_them = sum(total.values())
    return {kind: round(share / all_of_them, 4)
            for kind, share in sorted(total.items(), key=lambda item: -item[1])}


def measured(command):
    """Runs a command and gives the shares of its processor time by kind."""
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "perf.data"
        subprocess.run(["perf", "record", "-q", "-F", "499", "-o", data, "--", *command],
                       check=True, stdout=subprocess.DEVNULL)
        report = subprocess.run(["perf", "report", "-q", "--stdio", "-F", "overhead,dso,symbol",
                                 "-i", data], check=True, capture_output=True, text=True).stdout
    return shares(report)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("name", help="of the entry")
    parser.add_argument("--out", required=True, help="results file; other entries in it stay")
    parser.add_argument("command", nargs="+", help="what to run, behind --")
    options = parser.parse_args()
    found = measured(options.command)
    out = pathlib.Path(options.out)
    entries = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    # Folders are this machine's business.
    words = [re.sub(r"(^|:)[^:]*/", r"\1", word) for word in options.command]
    entries[options.name] = {"date": datetime.date.today().isoformat(), "machine": processor(),
                             "command": words, "shares": found}
    out.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for kind, share in entries[options.name]["shares"].items():
        print(f"{100 * share:5.1f} %  {kind}")


if __name__ == "__main__":
    main()
