"""Writes the documents' JSON lines, the plain test documents and README's table of counts."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from source import FOLDER, SPLITS, Document, Relation, other_direction, read_documents, read_schema

BEGIN, END = "<!-- counts, written by tools/documents/build.py -->\n", "<!-- end -->\n"


def relation_rows(document: Document, relation: Relation, schema: dict) -> list[dict]:
    """A relation and, where it is symmetric or has an inverse, the same told from its tail."""
    row = {"head": relation.head.id, "tail": relation.tail.id, "label": relation.label}
    places = {document.sentence(relation.head), document.sentence(relation.tail)}
    if relation.across:
        row["evidence"] = [list(document.sentences[place]) for place in sorted(places)]
    other = other_direction(relation.label, schema)
    if other is None:
        return [row]
    return [row, row | {"head": row["tail"], "tail": row["head"], "label": other}]


def json_line(document: Document, schema: dict) -> str:
    entities = [{"id": m.id, "start": m.start, "end": m.end, "type": m.type}
                for m in document.mentions]
    relations = [row for r in document.relations for row in relation_rows(document, r, schema)]
    return json.dumps({"id": document.id, "text": document.text, "entities": entities,
                       "relations": relations}, ensure_ascii=False) + "\n"


def jsonl(documents: list[Document], split: str, schema: dict) -> str:
    return "".join(json_line(d, schema) for d in documents if d.split == split)


def plain(document: Document) -> str:
    return document.text + "\n"


def is_nested(document: Document, mention) -> bool:
    return any(o is not mention and o.start <= mention.start and mention.end <= o.end
               for o in document.mentions)


def sentence_count(document: Document) -> int:
    """Lines of the source that end like a sentence; headings and addresses do not."""
    return sum(document.text[start:end].rstrip("*\"')").endswith((".", ":", "?", "!"))
               for start, end in document.sentences)


def counts_table(documents: list[Document], schema: dict) -> str:
    """The Markdown table of README.md."""
    rows: list[tuple[str, Counter]] = []

    def row(name, count):
        rows.append((name, Counter({s: sum(map(count, (d for d in documents if d.split == s)))
                                    for s in SPLITS})))

    row("documents", lambda d: 1)
    for domain in sorted({d.domain for d in documents}):
        row(f"of these {domain}", lambda d, domain=domain: d.domain == domain)
    row("sentences", sentence_count)
    row("mentions", lambda d: len(d.mentions))
    row("within another mention", lambda d: sum(is_nested(d, m) for m in d.mentions))
    row("without a relation", lambda d: sum(
        all(m not in (r.head, r.tail) for r in d.relations) for m in d.mentions))
    for name in schema["entities"]:
        row(f"`{name}`", lambda d, name=name: sum(m.type == name for m in d.mentions))
    row("relations as written", lambda d: len(d.relations))
    row("across a sentence's end", lambda d: sum(r.across for r in d.relations))
    row("implicit", lambda d: sum(r.implicit for r in d.relations))
    row("relations in the files, with their other direction",
        lambda d: sum(len(relation_rows(d, r, schema)) for r in d.relations))
    for name in schema["relations"]:
        row(f"`{name}`", lambda d, name=name: sum(
            each["label"] == name for r in d.relations for each in relation_rows(d, r, schema)))
    lines = ["| | train | dev | test | all |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [f"| {name} | {' | '.join(str(count[s]) for s in SPLITS)} | {count.total()} |"
              for name, count in rows]
    return "\n".join(lines) + "\n"


def with_table(readme: str, table: str) -> str:
    before, rest = readme.split(BEGIN)
    return before + BEGIN + table + END + rest.split(END, 1)[1]


def outputs(documents: list[Document], schema: dict) -> dict[Path, str]:
    """Every file that is made from the source, with what has to stand in it."""
    files = {FOLDER / f"{split}.jsonl": jsonl(documents, split, schema) for split in SPLITS}
    files |= {FOLDER / "test" / d.file(): plain(d) for d in documents if d.split == "test"}
    readme = FOLDER / "README.md"
    files[readme] = with_table(readme.read_text(encoding="utf-8"), counts_table(documents, schema))
    return files


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--plain", type=Path, help="write all documents as plain files there")
    chosen = arguments.parse_args()
    documents, schema = read_documents(), read_schema()
    if chosen.plain:
        chosen.plain.mkdir(parents=True, exist_ok=True)
        files = {chosen.plain / d.file(): plain(d) for d in documents}
    else:
        files = outputs(documents, schema)
        (FOLDER / "test").mkdir(exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
