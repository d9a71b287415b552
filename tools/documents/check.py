"""Checks the example documents: annotation against guideline and schema, splits, files made."""

import re
import sys
from collections import Counter, defaultdict
from itertools import combinations

from build import outputs, sentence_count
from source import PLACED, SPLITS, Document, Mention, other_direction, read_documents, read_schema

SIZES = {"train": 24, "dev": 6, "test": 10}
SENTENCES = (8, 20)
FARTHEST = 2  # sentences between a relation's ends
# Two documents that share a twentieth of their word triples have a passage in common.
MAX_JACCARD = 0.05
ARTICLE = re.compile(r"(a|an|the)\s")


def allowed_pairs(label: str, schema: dict) -> set[tuple[str, str]]:
    """Pairs of types that the schema allows; of an inverse relation those of the other, turned."""
    relation = schema["relations"][label]

    def listed(key):
        given = relation.get(key, list(schema["entities"]))
        return [given] if isinstance(given, str) else given

    if "types" in relation:
        return {tuple(pair) for pair in relation["types"]}
    if "head" not in relation and (other := other_direction(label, schema)):
        return {(tail, head) for head, tail in allowed_pairs(other, schema)}
    return {(head, tail) for head in listed("head") for tail in listed("tail")}


def around(document: Document, start: int, end: int, same: bool) -> list[Mention]:
    """The mentions that hold a stretch; `same`: those of exactly this stretch only."""
    return [m for m in document.mentions
            if m.start <= start and end <= m.end and ((m.start, m.end) == (start, end)) == same]


def check_mentions(document: Document, schema: dict) -> list[str]:
    problems, types, spans = [], defaultdict(set), Counter()
    for mention in document.mentions:
        name = document.name(mention)
        types[name].add(mention.type)
        spans[mention.start, mention.end] += 1
        if mention.type not in schema["entities"]:
            problems.append(f"'{name}': type '{mention.type}' is not in schema.toml.")
        if "\n" in name or name != name.strip() or not name:
            problems.append(f"'{name}' has a blank at an end or goes across the end of a line.")
        if ARTICLE.match(name) and mention.type != "WORK":
            problems.append(f"'{name}' begins with an article.")
        outer = around(document, mention.start, mention.end, same=False)
        alone = any(m is not mention and document.name(m) == name and
                    not around(document, m.start, m.end, same=False) for m in document.mentions)
        if outer and not alone and all(o.type != "WORK" for o in outer):
            problems.append(f"'{name}' is annotated in another name and never stands alone.")
    problems += [f"{count} mentions have one span." for count in spans.values() if count > 1]
    for name, found in types.items():
        if len(found) > 1 and not found - PLACED <= {"PERSON"}:
            problems.append(f"'{name}' has several types: {sorted(found)}.")
    return problems


def is_exempt(document: Document, name: str, outer: Mention) -> bool:
    """Whether a name need not be annotated within a longer mention (guideline, names 4)."""
    inside = document.name(outer)
    if outer.type == "PERSON" or (name, inside) in document.unmarked:
        return True
    same_type = any(document.name(m) == name and m.type == outer.type for m in document.mentions)
    short_form = inside.startswith(name) or inside.endswith(name)
    return same_type and short_form and outer.type != "PLACE"


def long_names(document: Document) -> set[str]:
    """Names but short forms, which mean nothing in other documents ("the Board")."""
    names = {(document.name(m), m.type) for m in document.mentions}
    return {name for name, type in names
            if type == "PLACE" or not any(name != other and type == of and name in other
                                          for other, of in names)}


def check_every_mention(document: Document, names: set[str]) -> list[str]:
    """Names of any document that stand in this one and are not annotated there."""
    problems = []
    for name in names:
        if name not in document.text:
            continue
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", document.text):
            if around(document, match.start(), match.end(), same=True):
                continue
            outer = around(document, match.start(), match.end(), same=False)
            if not any(is_exempt(document, name, each) for each in outer):
                context = document.text[max(0, match.start() - 25) : match.end() + 25]
                problems.append(f"'{name}' is not annotated in '{context}'.")
    surnames = {document.name(m).split()[-1] for m in document.mentions if m.type == "PERSON"}
    for name in surnames - names:
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", document.text):
            if not around(document, match.start(), match.end(), same=False):
                problems.append(f"'{name}' is not annotated where it stands alone.")
    for name, inside in document.unmarked:
        if not any(document.name(m) == inside and name in inside for m in document.mentions):
            problems.append(f"unmarked '{name}' in '{inside}', which is no mention.")
    return problems


def check_relations(document: Document, schema: dict) -> list[str]:
    problems, seen, tails = [], set(), defaultdict(set)
    for relation in document.relations:
        head, tail, label = relation.head, relation.tail, relation.label
        shown = f"{label}({document.name(head)}, {document.name(tail)})"
        if label not in schema["relations"]:
            problems.append(f"{shown}: not in schema.toml.")
            continue
        if (head.type, tail.type) not in allowed_pairs(label, schema):
            problems.append(f"{shown}: not between {head.type} and {tail.type}.")
        distance = abs(document.sentence(head) - document.sentence(tail))
        if (distance > 0) != relation.across or distance > FARTHEST:
            problems.append(f"{shown}: its ends are {distance} sentences apart, and it is "
                            f"{'' if relation.across else 'not '}marked 'across'.")
        keys = {(label, head.id, tail.id), (other_direction(label, schema), tail.id, head.id)}
        if keys & seen or head is tail:
            problems.append(f"{shown}: stands there twice, or between one mention and itself.")
        seen |= keys
        tails[label, document.name(head)].add(document.name(tail))
    return problems + check_rules(schema, tails)


def check_rules(schema: dict, tails: dict[tuple[str, str], set[str]]) -> list[str]:
    """How many tails a head has, and cycles; by name, as a graph would see them."""
    problems = []
    for (label, head), found in tails.items():
        relation = schema["relations"][label]
        most = 1 if relation.get("functional") else relation.get("max_per_head", len(found))
        if len(found) > most:
            problems.append(f"{label}: '{head}' has {len(found)} tails: {sorted(found)}.")
        reached, fresh = set(), set(found)
        while fresh:
            reached |= fresh
            fresh = {t for name in fresh for t in tails.get((label, name), ())} - reached
        if relation.get("acyclic") and head in reached:
            problems.append(f"{label}: '{head}' comes back to itself.")
    return problems


def triples(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return set(zip(words, words[1:], words[2:]))


def check_splits(documents: list[Document]) -> list[str]:
    problems = []
    for split, size in SIZES.items():
        mine = [d for d in documents if d.split == split]
        if len(mine) != size:
            problems.append(f"{split}: {len(mine)} documents, expected {size}.")
        for domain in {d.domain for d in documents} - {d.domain for d in mine}:
            problems.append(f"{split} has no document of {domain}.")
    problems += [f"{n} documents are called {name}."
                 for name, n in Counter(d.id for d in documents).items() if n > 1]
    for document in documents:
        count = sentence_count(document)
        if not SENTENCES[0] <= count <= SENTENCES[1]:
            problems.append(f"{document.id}: {count} sentences.")
    grams = {d.id: triples(d.text) for d in documents}
    for a, b in combinations(grams, 2):
        share = len(grams[a] & grams[b]) / len(grams[a] | grams[b])
        if share >= MAX_JACCARD:
            problems.append(f"{a} and {b} share {share:.0%} of their word triples.")
    return problems


def check_coverage(documents: list[Document], schema: dict) -> list[str]:
    """Types and relations that training or test documents lack."""
    problems = []
    for split in ("train", "test"):
        mine = [d for d in documents if d.split == split]
        types = {m.type for d in mine for m in d.mentions}
        labels = {r.label for d in mine for r in d.relations}
        labels |= {other_direction(label, schema) for label in labels & set(schema["relations"])}
        missing = (set(schema["entities"]) - types) | (set(schema["relations"]) - labels)
        problems += [f"{split} has no {name}." for name in sorted(missing)]
    return problems


def check_files(documents: list[Document], schema: dict) -> list[str]:
    made = outputs(documents, schema)
    problems = [f"{path.name} does not match the source. Run tools/documents/build.py."
                for path, text in made.items()
                if not path.exists() or path.read_text(encoding="utf-8") != text]
    folder = next(path.parent for path in made if path.parent.name == "test")
    problems += [f"test/{path.name} is no test document." for path in folder.iterdir()
                 if path not in made]
    return problems


def shared_names(documents: list[Document]) -> list[str]:
    names = {s: {d.name(m) for d in documents if d.split == s for m in d.mentions} for s in SPLITS}
    return sorted(names["test"] & (names["train"] | names["dev"]))


def all_problems(documents: list[Document], schema: dict) -> list[str]:
    """One sentence each, without those of files."""
    own = {d.id: {d.name(m) for m in d.mentions} for d in documents}
    everywhere = set().union(*(long_names(d) for d in documents))
    problems = []
    for document in documents:
        names = own[document.id] | everywhere
        found = (check_mentions(document, schema) + check_every_mention(document, names) +
                 check_relations(document, schema))
        problems += [f"{document.id}: {problem}" for problem in found]
    problems += [f"'{name}' stands in test and in another split."
                 for name in shared_names(documents)]
    return problems + check_splits(documents) + check_coverage(documents, schema)


def main() -> int:
    documents, schema = read_documents(), read_schema()
    problems = all_problems(documents, schema) + check_files(documents, schema)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
