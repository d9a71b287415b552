"""What the checks of annotation files have in common: running Relatum, and telling what it read.

A document is told as its text, its entities as (places, text, type) and its relations as (entity,
label, entity); places are pairs of code points. Lists are sorted, so that order does not count.
"""

import collections
import json
import subprocess

Told = collections.namedtuple("Told", "text entities relations")


class Failure(Exception):
    """What is wrong, in one sentence."""


class Skipped(Exception):
    """Why a check could not be made."""


def relatum(program, *words):
    """Standard output and error of a command that has to succeed."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{done.stderr.strip().split('. The f')[0][:300]} ({words[0]} {words[1]})")
    return done.stdout, done.stderr


def refused(program, *words):
    """The error of a command that has to fail."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if not done.returncode:
        raise Failure(f"relatum {' '.join(map(str, words))}: was not refused")
    return done.stderr


def tell(text, entities, relations):
    """entities: id to (pieces, type); relations: (id, label, id)."""
    told = {key: (tuple(map(tuple, pieces)), " ".join(text[a:b] for a, b in pieces), kind)
            for key, (pieces, kind) in entities.items()}
    return Told(text, sorted(told.values()),
                sorted((told[a], label, told[b]) for a, label, b in relations))


def told_row(row):
    """A document of Relatum's own JSON lines."""
    entities = {e["id"]: (e.get("pieces", [[e["start"], e["end"]]]), e.get("type", ""))
                for e in row["entities"]}
    return tell(row["text"], entities,
                [(r["head"], r["label"], r["tail"]) for r in row.get("relations", [])])


def read_rows(program, spec, folder):
    """Rows that `convert --to jsonl` makes of a file, and what it said."""
    out = folder / "read.jsonl"
    said = relatum(program, "convert", spec, "--to", "jsonl", "--out", out, "--overwrite")[1]
    lines = out.read_text(encoding="utf-8").split("\n")  # U+2028 within texts ends no line
    return [json.loads(line) for line in lines if line], said


def same(got, want, what):
    """Both are told documents; raises with what only one of them has."""
    if got.text != want.text:
        raise Failure(f"{what}: the text is {got.text!r} and not {want.text!r}")
    for name, ours, theirs in (("entities", got.entities, want.entities),
                               ("relations", got.relations, want.relations)):
        if ours == theirs:
            continue
        ours, theirs = collections.Counter(ours), collections.Counter(theirs)
        raise Failure(f"{what}: {name} that only Relatum has: {list((ours - theirs).elements())}; "
                      f"that it lacks: {list((theirs - ours).elements())}")


def units(text, at):
    """UTF-16 units before a code point."""
    return len(text[:at].encode("utf-16-le")) // 2


def code_points(text):
    """From UTF-16 units to code points."""
    return {units(text, at): at for at in range(len(text) + 1)}
