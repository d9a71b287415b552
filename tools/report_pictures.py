#!/usr/bin/env python3
"""Takes the pictures of docs/scores.md from a report of the example corpus: report_pictures.py
REPORT.html. Needs Chromium (Debian: chromium). Run by hand; its output is committed."""

import argparse
import pathlib
import sys

from browser import Browser, find_chromium

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"
MOST_BYTES = 150_000


def take(browser, report):
    """Yields each picture's path."""
    wide, narrow = DOCS / "report-wide.png", DOCS / "report-narrow-dark.png"
    browser.open(report, 1120, 940)
    browser.picture(wide)
    yield wide
    browser.open(report, 390, 844, dark=True)
    browser.evaluate("document.querySelector('#failures details.group').open = true")
    browser.settle()
    browser.evaluate("document.querySelector('#failures details.group').scrollIntoView("
                     "{behavior: 'instant'})")
    browser.settle()
    browser.picture(narrow)
    yield narrow


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":", maxsplit=1)[0])
    parser.add_argument("report", type=pathlib.Path)
    program = find_chromium()
    if not program:
        sys.exit("Chromium is not there (Debian: chromium).")
    with Browser(program) as browser:
        for path in take(browser, parser.parse_args().report):
            size = path.stat().st_size
            print(f"{path.name}: {size} bytes")
            if size > MOST_BYTES:
                sys.exit(f"{path.name} is larger than {MOST_BYTES} bytes.")


if __name__ == "__main__":
    main()
