"""Writes one sentence for each label of a JSON list, so that `relatum prepare` tells its words.

labels.py LABELS.json: JSON lines on standard output, whose ids are the labels.
"""

import json
import sys


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: labels.py LABELS.json")
    with open(sys.argv[1], encoding="utf-8") as file:
        labels = json.load(file)
    for label in labels:
        text = f"<e1>head</e1> <e2>tail</e2> {label}"  # no two alike
        print(json.dumps({"id": label, "text": text, "label": label}))


if __name__ == "__main__":
    main()
