"""Reads examples/documents/source, the one place where the documents and annotations are written.

A file is a domain. A document begins with a line `== ID SPLIT FORM WIDTH`, FORM being md or txt;
its text follows, one sentence (heading, list item) a line, and behind a line `--` its relations.

    [[Saltmere|PLACE:p] Harbour Board|ORG:b]    a mention, with another in it, and names for both
    works_for q b across                        label, head, tail; `across` and `implicit` are marks
    unmarked Sarn in Mary Sarn: why             this name is rightly no mention within that one

A blank line ends a paragraph, a backslash at a line's end breaks the line there. Lines of text are
broken at WIDTH columns, never within a mention.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

try:
    import tomllib
except ImportError:
    print("skipped: tomllib came with Python 3.11")
    sys.exit(77)

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "documents"
SPLITS = ("train", "dev", "test")
PREFIX = re.compile(r"(#+ |- |\d+\. )")
PLACED = {"VESSEL", "FACILITY"}  # may bear the name of a person or of one another


@dataclass
class Mention:
    """A name in code points of the document's text, end exclusive."""

    start: int
    end: int
    type: str
    key: str  # what relations of the source call it; "" where none needs it
    id: str = ""


@dataclass
class Relation:
    label: str
    head: Mention
    tail: Mention
    across: bool
    implicit: bool


@dataclass
class Document:
    id: str
    split: str
    form: str
    domain: str
    text: str = ""
    mentions: list[Mention] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)
    unmarked: set[tuple[str, str]] = field(default_factory=set)

    def name(self, mention: Mention) -> str:
        return self.text[mention.start : mention.end]

    def sentence(self, mention: Mention) -> int:
        """The number of the line of the source that it stands in."""
        return next(i for i, (start, end) in enumerate(self.sentences)
                    if start <= mention.start and mention.end <= end)

    def file(self) -> str:
        return f"{self.id}.{self.form}"


class Markup:
    """Takes the brackets out of one line of the source."""

    def __init__(self, line: str, where: str):
        self.line, self.where, self.at = line, where, 0
        self.text, self.mentions = "", []

    def fail(self, why: str):
        raise ValueError(f"{self.where}: {why}: {self.line}")

    def read(self, inside: bool = False) -> None:
        while self.at < len(self.line):
            char = self.line[self.at]
            if char == "[":
                self.at += 1
                self.mention()
            elif char in "|]":
                if not inside:
                    self.fail(f"'{char}' outside of a mention")
                return
            else:
                self.text += char
                self.at += 1
        if inside:
            self.fail("a mention without an end")

    def mention(self) -> None:
        start, place = len(self.text), len(self.mentions)
        self.read(inside=True)
        match = re.compile(r"\|([A-Z]+)(?::(\w+))?\]").match(self.line, self.at)
        if not match:
            self.fail("expected |TYPE] or |TYPE:name]")
        self.at = match.end()
        # An outer mention goes before those in it.
        self.mentions.insert(place, Mention(start, len(self.text), match[1], match[2] or ""))


def break_lines(text: str, mentions: list[Mention], width: int) -> str:
    """Turns blanks into line ends, so that offsets stay; none within a mention."""
    held = {at for m in mentions for at in range(m.start, m.end)}
    out, start, last = list(text), 0, -1
    for at, char in enumerate(text + "\n"):
        if char in " \n" and at - start > width and last >= start:
            out[last] = "\n"
            start, last = last + 1, -1
        if char == "\n":
            start, last = at + 1, -1
        # A line that began with a number or a sign would look like an item of a list.
        elif char == " " and at not in held and not re.match(r"[\d#-]", text[at + 1 :]):
            last = at
    return "".join(out)


def read_text(document: Document, lines: list[tuple[int, str]], width: int, file: str) -> None:
    text, glue = "", ""
    for number, line in lines:
        if not line:
            glue = "\n\n" if text else ""
            continue
        prefix = PREFIX.match(line)
        if glue == " " and prefix:
            glue = "\n"
        text += glue
        glue = "\n" if line.endswith("\\") else " "
        markup = Markup(line.removesuffix("\\"), f"{file}:{number}")
        markup.read()
        document.sentences.append((len(text) + (prefix.end() if prefix else 0),
                                   len(text) + len(markup.text)))
        for mention in markup.mentions:
            mention.start += len(text)
            mention.end += len(text)
        document.mentions += markup.mentions
        text += markup.text
    document.text = break_lines(text, document.mentions, width)
    for i, mention in enumerate(document.mentions, 1):
        mention.id = f"T{i}"


def read_relations(document: Document, lines: list[tuple[int, str]], file: str) -> None:
    known = {}
    for mention in document.mentions:
        if mention.key and known.setdefault(mention.key, mention) is not mention:
            raise ValueError(f"{file}: {document.id} has two mentions called '{mention.key}'.")
    for number, line in lines:
        if not line:
            continue
        if match := re.fullmatch(r"unmarked (.+) in (.+): .+", line):
            document.unmarked.add((match[1], match[2]))
            continue
        label, *rest = line.split(" ")
        if len(rest) < 2 or not set(rest[2:]) <= {"across", "implicit"}:
            raise ValueError(f"{file}:{number}: expected 'label head tail [across] [implicit]'.")
        for end in rest[:2]:
            if end not in known:
                raise ValueError(f"{file}:{number}: no mention of {document.id} is called '{end}'.")
        document.relations.append(Relation(label, known[rest[0]], known[rest[1]],
                                           "across" in rest, "implicit" in rest))


def parse_domain(domain: str, source: str) -> list[Document]:
    """The documents of one file. Raises ValueError with file and line."""
    documents, parts, widths, file = [], [], [], f"{domain}.txt"
    for number, line in enumerate(source.splitlines(), 1):
        if line.startswith("== "):
            head = line.split()
            if len(head) != 5 or head[2] not in SPLITS or head[3] not in ("md", "txt"):
                raise ValueError(f"{file}:{number}: expected '== ID SPLIT md|txt WIDTH'.")
            documents.append(Document(head[1], head[2], head[3], domain))
            parts.append(([], []))
            widths.append(int(head[4]))
            there = parts[-1][0]
        elif line == "--":
            there = parts[-1][1]
        else:
            there.append((number, line))
    for document, (text, relations), width in zip(documents, parts, widths):
        read_text(document, text, width, file)
        read_relations(document, relations, file)
    return documents


def read_sources() -> dict[str, str]:
    """The source by domain."""
    return {path.stem: path.read_text(encoding="utf-8")
            for path in sorted((FOLDER / "source").glob("*.txt"))}


def read_documents() -> list[Document]:
    """All documents, by domain. Raises ValueError with file and line."""
    return [d for domain, source in read_sources().items() for d in parse_domain(domain, source)]


def read_schema() -> dict:
    return tomllib.loads((FOLDER / "schema.toml").read_text(encoding="utf-8"))


def other_direction(label: str, schema: dict) -> str | None:
    """The label of tail to head that goes with `label`, of symmetric and inverse relations."""
    relations = schema["relations"]
    if relations[label].get("symmetric"):
        return label
    inverse = {name: each["inverse"] for name, each in relations.items() if "inverse" in each}
    inverse |= {other: name for name, other in inverse.items()}
    return inverse.get(label)
