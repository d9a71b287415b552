#!/usr/bin/env python3
"""Prints evaluations as one table: of files by `relatum evaluate --json`, or of given figures.

Each argument is NAME=FILE.json or NAME=F1/ACCURACY (in per cent). The table is Markdown, so that
it reads well in a terminal and can go into a document as it is.
"""

import argparse
import json
import re
import sys


def row_of(argument):
    name, separator, source = argument.rpartition("=")
    if not separator:
        sys.exit(f"readme_table: '{argument}' is not NAME=FILE or NAME=F1/ACCURACY")
    if figures := re.fullmatch(r"([\d.]+)/([\d.]+)", source):
        return [name, figures.group(1), "", figures.group(2), ""]
    try:
        with open(source, encoding="utf-8") as file:
            report = json.load(file)
        interval = report["interval"]
        return [name, f"{100 * report['official']['f1']:.1f}",
                f"{100 * interval['low']:.1f} – {100 * interval['high']:.1f}" if interval else "",
                f"{100 * report['accuracy']:.1f}", str(report["unparsed"] or "")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"readme_table: {source}: {error!r}; is it from `relatum evaluate --json`?")


def markdown(head, rows):
    """Lines of a Markdown table, the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines = []
    for row in [head, rule, *rows]:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def table(rows):
    head = ["", "F1", "95 % interval", "accuracy", "unparsed"]
    if not any(row[4] for row in rows):
        head, rows = head[:4], [row[:4] for row in rows]
    return markdown(head, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("rows", nargs="+", metavar="NAME=FILE")
    print(table([row_of(argument) for argument in parser.parse_args().rows]))


if __name__ == "__main__":
    main()
