#!/usr/bin/env python3
"""Prints the tables of docs/benchmarks.md from the results files, or checks that they are there.

    bench/tables.py                 print them
    bench/tables.py --write         put them between their marks in docs/benchmarks.md
    bench/tables.py --check         fail where docs/benchmarks.md holds others
"""

import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position


def read(name):
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def programs(sides):
    """Sides that are a program with a file's type, by their programs."""
    names = {}
    for side in sides:
        name, _, kind = side.rpartition(" ")
        names.setdefault(name or kind, []).append(kind)
    return "; ".join(f"{name} {', '.join(kinds)}" if [name] != kinds else name
                     for name, kinds in names.items())


def alike(line, one):
    """The smallest share of equal answers among the sides of a ratio."""
    shares = line.get("agreement")
    if isinstance(shares, dict):
        shares = min(shares[side] for side in [one["ours"], *one["against"]] if side in shares)
    return "" if shares is None else f"{100 * shares:.0f} %"


def peers(name="peers"):
    rows = []
    for line in read(name).get("lines", {}).values():
        for one in line["ratios"]:
            rows.append([line["what"], one["ours"].removeprefix("relatum").strip(" ,"),
                         programs(one["against"]), f"{one['median']:.2f}",
                         f"{one['smallest']:.2f} – {one['largest']:.2f}", alike(line, one)])
    return markdown(["work", "Relatum's way", "against the best of", "times", "rounds",
                     "alike"], rows)


def gemma3():
    return peers("gemma3")


def qwen():
    return peers("qwen2_1.5b")


def amount(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def counted(count, what):
    return f"{count} {what}{'s' if count > 1 else ''}"


def point(name, p):
    training = p["training"]
    return [name, amount(p["prefill"]["tokens_per_s"]), amount(training["tokens_per_s"]),
            f"{100 * training['share_of_peak']:.0f} %", f"{p['peak_rss_bytes'] / 1e9:.1f}"]


def scaling():
    report, rows = read("scaling"), []
    names = {
        "length": lambda p: f"rows of {p['length']:,}, {p['tokens']:,} tokens at once",
        "rows": lambda p: counted(p['tokens'] // p['length'], 'row') + f" of {p['length']}",
        "rank": lambda p: f"rank {p['rank']}",
        "threads": lambda p: counted(p['threads'], 'thread'),
        "sets": lambda p: f"{p['isa']}, {p['compute']}",
        "shapes": lambda p: f"shape of {p['name']}, NF4, {p['tokens']} tokens a step",
    }
    for series, name in names.items():
        rows += [point(name(p), p) for p in report.get(series, {}).get("points", [])]
    return markdown(["", "prefill, tokens/s", "training, tokens/s", "share of peak", "GB"], rows)


def profile():
    entries = read("profile")
    kinds = {kind: None for entry in entries.values() for kind in entry["shares"]}
    rows = [[kind] + [f"{100 * entry['shares'].get(kind, 0):.1f}" for entry in entries.values()]
            for kind in kinds]
    return markdown(["share of the time, %", *entries], rows)


def neighbours():
    rows = [[name, str(e["dimension"]), amount(e["sentences_per_s"]),
             f"{100 * e['right_share']:.1f} %", f"{e['peak_rss_bytes'] / 1e9:.1f}"]
            for name, e in read("neighbours").get("embedders", {}).items()]
    return markdown(["embedder", "values", "sentences/s", "nearest has the right label", "GB"],
                    rows)


def methods():
    entries = read("methods").get("methods", {})
    plain = entries.get("QLoRA", {}).get("tokens_per_s")
    rows = [[name, amount(e["tokens_per_s"]),
             f"{e['tokens_per_s'] / plain:.2f}" if plain else "",
             f"{e['slowest']:,.0f} – {e['fastest']:,.0f}", f"{e['peak_rss_bytes'] / 1e9:.2f}",
             f"{e['file_bytes'] / 1e6:.0f}"] for name, e in entries.items()]
    return markdown(["method", "training, tokens/s", "of QLoRA's", "rounds", "GB of memory",
                     "MB written"], rows)


def adapters():
    entries = read("adapters").get("ways", {})
    plain = entries.get("one adapter, not named", {}).get("sentences_per_s")
    rows = [[name, amount(e["sentences_per_s"]),
             f"{e['sentences_per_s'] / plain:.2f}" if plain else "",
             f"{e['slowest']:.1f} – {e['fastest']:.1f}", f"{e['loading_seconds']:.1f}",
             f"{e['peak_rss_bytes'] / 1e9:.2f}",
             "" if e["apart"] is None else f"{e['apart']:.1g}"] for name, e in entries.items()]
    return markdown(["adapters", "sentences/s", "of one adapter's", "rounds", "s of loading",
                     "GB of memory", "largest difference of a probability"], rows)


TABLES = {"peers": peers, "gemma3": gemma3, "qwen2_1.5b": qwen,
          "scaling": scaling, "profile": profile,
          "neighbours": neighbours, "methods": methods, "adapters": adapters}


def filled(text):
    """The page with a table of each results file that is there, between its marks."""
    for name, make in TABLES.items():
        if not read(name):
            continue
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        table = make()
        text, count = re.subn(pattern, lambda m, t=table: f"{m[1]}{t}\n{m[2]}", text, flags=re.S)
        if count != 1:
            sys.exit(f"tables: docs/benchmarks.md has no place for '{name}' between its marks")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="put them into the page")
    how.add_argument("--check", action="store_true", help="fail where the page holds others")
    options = parser.parse_args()
    page = ROOT / "docs" / "benchmarks.md"
    if not options.write and not options.check:
        print("\n\n".join(make() for make in TABLES.values()))
        return
    text = page.read_text(encoding="utf-8")
    new = filled(text)
    if options.check and new != text:
        sys.exit("tables: docs/benchmarks.md is older than bench/results; "
                 "run bench/tables.py --write")
    if options.write:
        page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
