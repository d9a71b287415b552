"""Prodigy's JSON lines in the form that its documentation tells: Prodigy is no public package."""

import json
import re

from . import shared
from .documents import LINES, SOURCES, documents


def example(row, whole):
    """A row as rel.manual saves it; with `whole`, relations repeat their ends as spans."""
    cuts = {at for e in row["entities"] for at in (e["start"], e["end"])}  # spans are of tokens
    pieces = [m.span() for m in re.finditer(r"\S+", row["text"])]
    cuts |= {at for piece in pieces for at in piece}
    tokens = []
    for first, last in pieces:
        ends = sorted(at for at in cuts if first <= at <= last)
        tokens += [{"id": len(tokens) + n, "text": row["text"][a:b], "start": a, "end": b,
                    "ws": b == last, "disabled": False}
                   for n, (a, b) in enumerate(zip(ends, ends[1:]))]

    def span(entity):
        inside = [t["id"] for t in tokens
                  if t["start"] < entity["end"] and entity["start"] < t["end"]]
        return {"text": row["text"][entity["start"]:entity["end"]], "start": entity["start"],
                "token_start": inside[0], "token_end": inside[-1], "end": entity["end"],
                "label": entity["type"]}

    spans = {e["id"]: span(e) for e in row["entities"]}
    relations = []
    for relation in row["relations"]:
        head, child = spans[relation["head"]], spans[relation["tail"]]
        link = {"head": head["token_end"], "child": child["token_end"], "color": "#ffd882",
                "label": relation["label"]}
        if whole:
            link |= {"head_span": head, "child_span": child}
        relations.append(link)
    return {"text": row["text"], "_input_hash": -1204, "_task_hash": 8031, "tokens": tokens,
            "spans": list(spans.values()), "relations": relations, "answer": "accept",
            "_is_binary": False, "_view_id": "relations", "_timestamp": 1700000000}


def check(program, folder):
    count = 0
    for row in documents(SOURCES, LINES):
        # A token alone does not tell which of several entities on it is meant.
        for whole in (True,) if row["id"] == "nested" else (True, False):
            lines = [example(row, whole), dict(example(row, whole), answer="reject")]
            path = folder / "prodigy.jsonl"
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
            rows, said = shared.read_rows(program, path, folder)
            if len(rows) != 1 or "rejected" not in said:
                raise shared.Failure(f"prodigy.jsonl, {row['id']}: {len(rows)} rows; {said}")
            shared.same(shared.told_row(rows[0]), shared.told_row(row), f"Prodigy's {row['id']}")
        count += len(row["entities"])
    return f"{count} entities and their relations"
