#!/usr/bin/env python3
"""Sets two result files of bench/results side by side: every number that both have, and its ratio.

Rates (names that end in _per_s, _share or share_of_peak, ratios) are better where they are larger,
times and bytes where they are smaller. With --worst R the exit status is 1 where any of them became
worse by more than that factor.
"""

import argparse
import json
import sys

LARGER = ("_per_s", "share", "share_of_peak", "median", "f1", "accuracy", "agreement")
SMALLER = ("seconds", "_bytes", "_ms")


def leaves(value, path=""):
    """(path, number) of everything below; list entries are named by their place."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from leaves(part, f"{path}[{place}]")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, float(value)


def gain(path, before, after):
    """How many times better the second is; None where the number is neither good nor bad."""
    name = path.rsplit(".", maxsplit=1)[-1]
    if before <= 0 or ".rounds[" in path:  # of rounds, their medians count
        return None
    if name.endswith(LARGER):
        return max(after, 0.0) / before
    if name.endswith(SMALLER) and after > 0:
        return before / after
    return None


def compare(before, after):
    """Rows (path, before, after, gain) of the numbers that both have."""
    old = dict(leaves(before))
    return [(path, old[path], value, gain(path, old[path], value))
            for path, value in leaves(after) if path in old]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("before", type=argparse.FileType(encoding="utf-8"))
    parser.add_argument("after", type=argparse.FileType(encoding="utf-8"))
    parser.add_argument("--worst", type=float,
                        help="fail where something became so many times worse")
    options = parser.parse_args()
    both = compare(json.load(options.before), json.load(options.after))
    rows = [row for row in both if row[3] is not None]
    if not rows:
        sys.exit("compare_bench: the files have no rate, time or size in common")
    width = max(len(path) for path, *_ in rows)
    print(f"{'':{width}}  {'before':>14}  {'after':>14}  better by")
    for path, before, after, better in rows:
        print(f"{path:{width}}  {before:14.6g}  {after:14.6g}  {better:8.3f}")
    worse = [path for path, _, _, better in rows if options.worst and better < 1 / options.worst]
    if worse:
        sys.exit(f"compare_bench: worse by more than {options.worst}: {', '.join(worse)}")


if __name__ == "__main__":
    main()
