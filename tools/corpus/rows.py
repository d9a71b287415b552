"""Reads examples/corpus/source.tsv, the one place where the sentences and labels are written."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[2] / "examples" / "corpus"
SPLITS = ("train", "dev", "test")
MARKER = re.compile(r"</?e[12]>")


@dataclass(frozen=True)
class Row:
    """One marked sentence; head and tail are (start, end) in Unicode code points, end exclusive."""

    id: str
    split: str
    label: str
    family: str  # rows of one family are rewordings of each other; "-" for none
    marked: str
    text: str
    head: tuple[int, int]
    tail: tuple[int, int]

    def head_text(self) -> str:
        return self.text[slice(*self.head)]

    def tail_text(self) -> str:
        return self.text[slice(*self.tail)]

    def json_line(self) -> str:
        """The row as interface.md's jsonl wants it; text stays readable, not \\u-escaped."""
        record = {
            "id": self.id,
            "text": self.text,
            "head": {"start": self.head[0], "end": self.head[1]},
            "tail": {"start": self.tail[0], "end": self.tail[1]},
            "label": self.label,
        }
        return json.dumps(record, ensure_ascii=False)


def split_markers(marked: str, where: str) -> tuple[str, dict[str, int]]:
    """Returns the plain sentence and, per marker, its offset in it. Raises ValueError."""
    plain, offsets, last = "", {}, 0
    for match in MARKER.finditer(marked):
        plain += marked[last : match.start()]
        last = match.end()
        if match.group() in offsets:
            raise ValueError(f"{where}: marker {match.group()} occurs twice. Keep one of each.")
        offsets[match.group()] = len(plain)
    plain += marked[last:]
    if set(offsets) != {"<e1>", "</e1>", "<e2>", "</e2>"} or "<" in plain or ">" in plain:
        raise ValueError(f"{where}: expected one <e1>..</e1> and one <e2>..</e2>: {marked}")
    return plain, offsets


def parse_row(line: str, number: int) -> Row:
    """One line of source.tsv: split, label, family, marked sentence. Raises ValueError."""
    where = f"source.tsv:{number}"
    cells = line.split("\t")
    if len(cells) != 4:
        raise ValueError(f"{where}: expected 4 cells separated by tabs, got {len(cells)}.")
    split, label, family, marked = cells
    if split not in SPLITS:
        raise ValueError(f"{where}: unknown split '{split}', expected one of {SPLITS}.")
    text, at = split_markers(marked, where)
    head, tail = (at["<e1>"], at["</e1>"]), (at["<e2>"], at["</e2>"])
    if head[0] >= head[1] or tail[0] >= tail[1] or max(head[0], tail[0]) < min(head[1], tail[1]):
        raise ValueError(f"{where}: the two entities must be non-empty and apart: {marked}")
    return Row(f"ex-{number:04d}", split, label, family, marked, text, head, tail)


def read_rows() -> list[Row]:
    """All rows in file order; ids number the lines from 1."""
    lines = (CORPUS / "source.tsv").read_text(encoding="utf-8").splitlines()
    return [parse_row(line, number) for number, line in enumerate(lines, 1)]


def read_labels() -> list[str]:
    return json.loads((CORPUS / "labels.json").read_text(encoding="utf-8"))
