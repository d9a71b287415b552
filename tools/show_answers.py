#!/usr/bin/env python3
"""Prints sentences with their entities marked, the answer, its probability, and the right label.

    tools/show_answers.py test.jsonl predictions.jsonl --count 5
"""

import argparse
import json
import sys
import textwrap


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def marked(row, colours):
    """The text with e1 and e2 in brackets; on a terminal they have a colour each, too."""
    spans = sorted([(row["head"], "e1", "36"), (row["tail"], "e2", "33")],
                   key=lambda item: -item[0]["start"])
    text = row["text"]
    for span, name, colour in spans:
        words = f"[{text[span['start']:span['end']]}]{name}"
        if colours:
            words = f"\033[{colour}m{words}\033[0m"
        text = text[:span["start"]] + words + text[span["end"]:]
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("data")
    parser.add_argument("predictions")
    parser.add_argument("--count", type=int, default=5)
    options = parser.parse_args()
    colours = sys.stdout.isatty()
    answers = {row["id"]: row for row in rows(options.predictions)}
    shown = [row for row in rows(options.data) if row["id"] in answers][:options.count]
    for row in shown:
        answer = answers[row["id"]]
        print(textwrap.fill(marked(row, colours), 100, initial_indent="  ",
                            subsequent_indent="  "))
        verdict = "right" if answer["label"] == row["label"] else f"wrong: it is {row['label']}"
        print(f"    {answer['label']}  {100 * answer['probability']:.0f} %  ({verdict})\n")


if __name__ == "__main__":
    main()
