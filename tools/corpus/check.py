"""Checks the example corpus: form, counts, matching files, no near-duplicates across splits."""

import re
import sys
from collections import Counter
from itertools import combinations

from build import counts_table, jsonl
from rows import CORPUS, SPLITS, Row, read_labels, read_rows

SIZES = {"train": 420, "dev": 60, "test": 120}
WORDS = (8, 40)
# Two sentences that share half of their word triples read as one sentence with changed names.
MAX_JACCARD = 0.5
# With every entity blanked, frames that differ in the names only would still meet here.
MAX_FRAME_JACCARD = 0.5
ARTICLE = re.compile(r"(a|an|the)\s", re.IGNORECASE)


def trigrams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return set(zip(words, words[1:], words[2:]))


def frame(row: Row) -> str:
    """The sentence with both entities blanked, so that a copied frame cannot hide behind names."""
    return re.sub(r"<e([12])>.*?</e\1>", "entity", row.marked)


def jaccard(a: set, b: set) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def check_rows(rows: list[Row], labels: list[str]) -> list[str]:
    """Problems of single rows, and texts that occur twice."""
    problems = []
    for row in rows:
        length = len(row.text.split())
        if not WORDS[0] <= length <= WORDS[1]:
            problems.append(f"{row.id}: {length} words, expected {WORDS[0]} to {WORDS[1]}.")
        if row.label not in labels:
            problems.append(f"{row.id}: label '{row.label}' is not in labels.json.")
        if row.text != " ".join(row.text.split()):
            problems.append(f"{row.id}: white space other than single blanks.")
        for entity in (row.head_text(), row.tail_text()):
            if entity != entity.strip() or (ARTICLE.match(entity) and entity[0].islower()):
                problems.append(f"{row.id}: entity '{entity}' has a blank or an article.")
    seen = Counter(row.text.casefold() for row in rows)
    problems += [f"'{text}' occurs {n} times." for text, n in seen.items() if n > 1]
    return problems


def check_files(rows: list[Row], labels: list[str]) -> list[str]:
    """Problems of sizes, of labels per split, of generated files that do not match the source."""
    problems = []
    for split, size in SIZES.items():
        mine = [row for row in rows if row.split == split]
        if len(mine) != size:
            problems.append(f"{split}: {len(mine)} rows, expected {size}.")
        missing = set(labels) - {row.label for row in mine}
        if missing:
            problems.append(f"{split}: no row for {sorted(missing)}.")
        file = CORPUS / f"{split}.jsonl"
        if not file.exists() or file.read_text(encoding="utf-8") != jsonl(rows, split):
            problems.append(f"{split}.jsonl does not match source.tsv. Run tools/corpus/build.py.")
    if counts_table(rows, labels) not in (CORPUS / "README.md").read_text(encoding="utf-8"):
        problems.append("README.md lacks the table of counts that tools/corpus/build.py prints.")
    return problems


def check_families(rows: list[Row]) -> list[str]:
    """Families and entity pairs that cross splits."""
    problems, homes = [], {}
    for row in rows:
        pair = tuple(sorted((row.head_text().casefold(), row.tail_text().casefold())))
        for key in (("pair", pair), ("family", row.family)):
            if key != ("family", "-") and homes.setdefault(key, row.split) != row.split:
                problems.append(f"{row.id}: {key[0]} {key[1]} is also in {homes[key]}.")
    return problems


def closest(rows: list[Row], view) -> tuple[float, Row, Row]:
    """The two most similar rows of different splits under view(row) -> text."""
    grams = {row.id: trigrams(view(row)) for row in rows}
    crossing = (pair for pair in combinations(rows, 2) if pair[0].split != pair[1].split)
    return max(((jaccard(grams[a.id], grams[b.id]), a, b) for a, b in crossing), key=lambda t: t[0])


def report(rows: list[Row]) -> None:
    """Figures that the README quotes."""
    first = sum(row.head < row.tail for row in rows)
    families = {row.family for row in rows} - {"-"}
    in_family = sum(row.family != "-" for row in rows)
    lengths = sorted(len(row.text.split()) for row in rows)
    names = {s: {e.casefold() for r in rows if r.split == s for e in (r.head_text(), r.tail_text())}
             for s in SPLITS}
    shared = sorted(names["test"] & (names["train"] | names["dev"]))
    print(f"{len(rows)} sentences, {lengths[0]} to {lengths[-1]} words, median {lengths[300]}")
    print(f"e1 stands first in {first} ({first / len(rows):.0%})")
    print(f"{len(families)} families with {in_family} sentences")
    print(f"non-ASCII: {sum(not row.text.isascii() for row in rows)} sentences")
    print(f"entity strings of test that also occur elsewhere: {len(shared)} {shared}")


def main() -> int:
    rows, labels = read_rows(), read_labels()
    problems = check_rows(rows, labels) + check_files(rows, labels) + check_families(rows)
    report(rows)
    views = (("sentences", lambda row: row.text, MAX_JACCARD), ("frames", frame, MAX_FRAME_JACCARD))
    for name, view, limit in views:
        score, a, b = closest(rows, view)
        print(f"closest {name} across splits: Jaccard {score:.3f} ({a.id}, {b.id})")
        if score >= limit:
            problems.append(f"{a.id} and {b.id}: {name} too alike ({score:.3f} >= {limit}).")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
