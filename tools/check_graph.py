#!/usr/bin/env python3
"""Has other libraries read a graph in each of its forms, and holds them to one another.

    tools/check_graph.py build/release/tests/graph_sample            # a made-up graph
    tools/check_graph.py build/release/tests/graph_sample --kills 50 # killed and gone on with
    tools/check_graph.py --folder OUT                                # graph.jsonl and others there

A folder has graph.jsonl, and any of graph/ (nodes.csv, relationships.csv), graph.cypher, graph.nt,
graph.ttl, graph.graphml, graph.html, graph.sqlite; with documents.jsonl ({"id","text"}) slices are
held to the texts, with schema.toml edges to the schema. Needs rdflib, networkx and pandas.
"""

import argparse
import collections
import csv
import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import networkx
import pandas
import rdflib
from rdflib.namespace import RDF, RDFS

failures = []
csv.field_size_limit(1 << 30)  # the mentions of a hub are one field


def expect(condition, sentence):
    if not condition:
        failures.append(sentence)
    return condition


def equal(what, got, wanted):
    if got != wanted:
        failures.append(f"{what}: got {str(got)[:200]}, expected {str(wanted)[:200]}")


class Graph:
    """graph.jsonl, which all other forms are held to."""

    def __init__(self, path):
        self.entities, self.relations = {}, []
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
            row = json.loads(line)
            if row["kind"] == "entity":
                expect(not self.relations, "an entity stands behind a relation")
                expect(row["id"] not in self.entities, f"entity {row['id']} stands there twice")
                self.entities[row["id"]] = row
            else:
                self.relations.append(row)

    def names(self):
        return {key: entity["name"] for key, entity in self.entities.items()}

    def edges(self):
        return sorted((r["head"], r["label"], r["tail"], r["probability"], r["support"])
                      for r in self.relations)

    def mention_count(self):
        return sum(len(entity["mentions"]) for entity in self.entities.values())

    def evidence_count(self):
        return sum(len(relation["mentions"]) for relation in self.relations)


def check_slices(graph, path):
    texts = {}
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        row = json.loads(line)
        texts[row["id"]] = row["text"]
    checked = 0
    for entity in graph.entities.values():
        for mention in entity["mentions"]:
            text = texts[mention["document"]][mention["start"]:mention["end"]]
            equal("a mention's slice", text, mention["text"])
            checked += 1
    texts_of = {key: {(m["document"], m["start"], m["end"]) for m in entity["mentions"]}
                for key, entity in graph.entities.items()}
    for relation in graph.relations:
        for mention in relation["mentions"]:
            for end in ("head", "tail"):
                place = (mention["document"], mention[end]["start"], mention[end]["end"])
                expect(place in texts_of[relation[end]], f"{place} is no mention of {end}")
                expect(mention["sentence"]["start"] <= place[1] < mention["sentence"]["end"],
                       f"{place} lies outside of its sentence")
                checked += 1
    return checked


def allowed_pairs(relation, relations, entities):
    def as_list(value):
        return [value] if isinstance(value, str) else value
    if "types" in relation:
        return {tuple(pair) for pair in relation["types"]}
    if "head" in relation or "tail" in relation:
        return {(h, t) for h in as_list(relation.get("head", list(entities)))
                for t in as_list(relation.get("tail", list(entities)))}
    inverse = relations.get(relation.get("inverse"))
    return {(t, h) for h, t in allowed_pairs(inverse, {}, entities)} if inverse else None


def check_schema(graph, path):
    schema = tomllib.loads(path.read_text(encoding="utf-8"))
    entities, relations = schema.get("entities", {}), schema.get("relations", {})
    for name, relation in list(relations.items()):
        if "inverse" in relation and relation["inverse"] in relations:
            relations[relation["inverse"]].setdefault("inverse", name)
    edges = {(r["head"], r["label"], r["tail"]) for r in graph.relations}
    for entity in graph.entities.values():
        expect(not entities or entity["type"] in entities, f"type {entity['type']} is not allowed")
    for head, label, tail in edges:
        if not relations or not expect(label in relations, f"label {label} is not allowed"):
            continue
        pairs = allowed_pairs(relations[label], relations, entities)
        types = (graph.entities[head]["type"], graph.entities[tail]["type"])
        expect(pairs is None or types in pairs, f"{label} stands between {types}")
        if "inverse" in relations[label]:
            expect((tail, relations[label]["inverse"], head) in edges, f"{label} lacks its inverse")
        if relations[label].get("symmetric"):
            expect((tail, label, head) not in edges, f"{label} stands there both ways")
    return len(edges)


def bare_fields(line):
    """Fields of a line as Neo4j cuts it: quoted ones with doubled quotes, or bare."""
    fields, at = [], 0
    while True:
        match = re.compile(r'"((?:[^"]|"")*)"|([^",]*)').match(line, at)
        quoted = match.group(1)
        fields.append((quoted.replace('""', '"'), True) if quoted is not None
                      else (match.group(2), False))
        at = match.end()
        if at == len(line):
            return fields
        expect(line[at] == ",", f"a field ends neither with a comma nor the line: {line[:80]}")
        if line[at] != ",":
            return fields
        at += 1


def neo4j_table(path, ids):
    """Rows by header, held to the rules of neo4j-admin database import with default options."""
    lines = path.read_text(encoding="utf-8").split("\n")
    expect(lines.pop() == "", f"{path.name} does not end with a line end")
    header = [field for field, _ in bare_fields(lines[0])]
    kinds = [name.partition(":")[2] for name in header]
    for kind in kinds:
        expect(re.fullmatch(r"(ID|LABEL|START_ID|END_ID|TYPE|int|double|string)?", kind),
               f"{path.name}: Neo4j knows no '{kind}'")
    wanted = {"ID", "LABEL"} if ids is None else {"START_ID", "END_ID", "TYPE"}
    expect(wanted <= set(kinds), f"{path.name} lacks one of {wanted}")
    rows = []
    for line in lines[1:]:
        expect("\r" not in line, f"{path.name}: a line end within a row")
        fields = bare_fields(line)
        equal(f"{path.name}: fields of a row", len(fields), len(header))
        for (value, quoted), kind in zip(fields, kinds):
            if kind == "int":
                expect(re.fullmatch(r"-?\d+", value) and not quoted, f"'{value}' is no int")
            if kind == "double":
                expect(not quoted and float(value) >= 0, f"'{value}' is no double")
            if kind == "LABEL":
                expect(";" not in value and value, f"label '{value}' would be several")
            if kind in ("START_ID", "END_ID"):
                expect(value in ids, f"an edge to '{value}', which is no node")
        rows.append(dict(zip(header, (value for value, _ in fields))))
    if ids is None:
        equal("distinct ids", len({row["id:ID"] for row in rows}), len(rows))
    return rows


def check_csv(graph, folder):
    nodes = neo4j_table(folder / "nodes.csv", None)
    equal("nodes.csv", {row["id:ID"]: row["name"] for row in nodes}, graph.names())
    edges = neo4j_table(folder / "relationships.csv", set(graph.entities))
    equal("relationships.csv", sorted((e[":START_ID"], e[":TYPE"], e[":END_ID"],
                                       float(e["probability:double"]), int(e["support:int"]))
                                      for e in edges), graph.edges())
    for row in nodes:
        equal("mentions of a node", json.loads(row["mentions"]),
              graph.entities[row["id:ID"]]["mentions"])
    for name, count in (("nodes.csv", len(nodes)), ("relationships.csv", len(edges))):
        frame = pandas.read_csv(folder / name, keep_default_na=False)
        equal(f"pandas' rows of {name}", len(frame), count)
        with open(folder / name, newline="", encoding="utf-8") as file:
            equal(f"csv's rows of {name}", len(list(csv.reader(file))), count + 1)
    frame = pandas.read_csv(folder / "nodes.csv", keep_default_na=False)
    equal("pandas' names", dict(zip(frame["id:ID"], frame["name"])), graph.names())


STRING = re.compile(r"'((?:[^'\\]|\\.)*)'(?: \+ '((?:[^'\\]|\\.)*)')*", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'"}


def cypher_value(literal):
    """The text of a literal of one or several strings."""
    def one(match):
        code = match.group(1)
        return chr(int(code[1:], 16)) if code[0] == "u" else ESCAPES[code]
    parts = re.findall(r"'((?:[^'\\]|\\.)*)'", literal, re.DOTALL)
    return "".join(re.sub(r"\\(u[0-9a-f]{4}|.)", one, part, flags=re.DOTALL) for part in parts)


def check_cypher(graph, path):
    names, edges = {}, 0
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.startswith("{"):
            bare = re.sub(r"`(?:[^`]|``)*`", "", line)
            expect("'" not in bare and '"' not in bare, f"a quote outside of a row: {line[:80]}")
            continue
        values = [cypher_value(match.group(0)) for match in STRING.finditer(line)]
        bare = STRING.sub("S", line).rstrip(",")
        if bare.startswith("{id:"):
            equal("a node's row", bool(re.fullmatch(
                r"\{id: S, name: S, type: S, gazetteer: S, count: \d+, mentions: S\}", bare)), True)
            names[values[0]] = values[1]
            equal("a node's mentions", json.loads(values[4]),
                  graph.entities[values[0]]["mentions"])
        else:
            equal("an edge's row", bool(re.fullmatch(
                r"\{head: S, tail: S, properties: \{probability: [0-9.e-]+, support: \d+, "
                r"mentions: S\}\}", bare)), True)
            edges += 1
    equal("graph.cypher's nodes", names, graph.names())
    equal("graph.cypher's edges", edges, len(graph.relations))


def check_rdf(graph, path, form):
    rdf = rdflib.Graph()
    rdf.parse(path, format=form)
    base = str(next(rdf.subjects(RDF.type, RDF.Statement))).split("statement/")[0]
    word = rdflib.Namespace(base + "vocabulary/")
    entities = {s for s in rdf.subjects(word.mention)}
    equal(f"{path.name}: entities", len(entities), len(graph.entities))
    equal(f"{path.name}: names", sorted(str(rdf.value(s, RDFS.label)) for s in entities),
          sorted(graph.names().values()))
    statements = set(rdf.subjects(RDF.type, RDF.Statement))
    equal(f"{path.name}: statements", len(statements), len(graph.relations))
    found = collections.Counter()
    for s in statements:
        head, label, tail = (rdf.value(s, p) for p in (RDF.subject, RDF.predicate, RDF.object))
        expect((head, label, tail) in rdf, f"{path.name}: a statement without its edge")
        found[str(rdf.value(label, RDFS.label)), float(rdf.value(s, word.probability)),
              int(rdf.value(s, word.support)), len(list(rdf.objects(s, word.evidence)))] += 1
    equal(f"{path.name}: edges", found, collections.Counter(
        (r["label"], r["probability"], r["support"], len(r["mentions"])) for r in graph.relations))
    equal(f"{path.name}: mentions", len(list(rdf.triples((None, word.mention, None)))),
          graph.mention_count())
    for node in rdf.objects(None, word.mention):
        expect(isinstance(rdf.value(node, word.start).toPython(), int), "a start is no integer")
        expect(rdf.value(node, word.text) is not None, "a mention without its text")
    return rdf


def check_graphml(graph, path):
    read = networkx.read_graphml(path, force_multigraph=True)

    def shown(text):  # what XML has no place for
        return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
    equal("graphml's nodes", {n: d["name"] for n, d in read.nodes(data=True)},
          {key: shown(name) for key, name in graph.names().items()})
    equal("graphml's edges", sorted((h, d["label"], t, d["probability"], d["support"])
                                    for h, t, d in read.edges(data=True)), graph.edges())


def check_sqlite(graph, path):
    base = sqlite3.connect(path)
    equal("SQLite's check", base.execute("PRAGMA integrity_check").fetchone(), ("ok",))
    equal("SQLite's entities", dict(base.execute("SELECT id, name FROM entity")), graph.names())
    equal("SQLite's edges", sorted(base.execute(
        "SELECT h.id, r.label, t.id, r.probability, r.support FROM relation r "
        "JOIN entity h ON h.number = r.head JOIN entity t ON t.number = r.tail")), graph.edges())
    equal("SQLite's evidence", base.execute("SELECT count(*) FROM proof").fetchone()[0],
          graph.evidence_count())
    equal("SQLite's mentions", base.execute(
        "SELECT count(*) FROM mention m JOIN name n ON n.number = m.name "
        "WHERE n.entity IS NOT NULL").fetchone()[0], graph.mention_count())
    base.execute("INSERT INTO sentence_search (sentence_search, rank) "
                 "VALUES ('integrity-check', 1)")
    found = base.execute("SELECT count(*) FROM sentence_search WHERE sentence_search MATCH 'ends'")
    expect(found.fetchone()[0] > 0 or not graph.relations, "full-text search finds no sentence")
    base.close()


def check_html(graph, path):
    start = '<script type="application/json" id="data">'
    text = path.read_text(encoding="utf-8").split(start, 1)[1].split("</script>", 1)[0]
    page = json.loads(text)
    ids = [document["id"] for document in page["documents"]]
    equal("the page's entities", [
        (entity["id"], entity["name"], entity["type"],
         [(ids[m[0]], *m[1:]) for m in entity["mentions"]]) for entity in page["entities"]], [
        (key, entity["name"], entity["type"],
         [(m["document"], m["start"], m["end"], m["probability"]) for m in entity["mentions"]])
        for key, entity in graph.entities.items()])
    names = list(graph.entities)
    equal("the page's edges", sorted(
        (names[r["head"]], r["label"], names[r["tail"]], r["p"], r["support"])
        for r in page["relations"]), graph.edges())
    equal("the page's evidence", sum(len(r["mentions"]) for r in page["relations"]),
          graph.evidence_count())


def check_folder(folder):
    graph = Graph(folder / "graph.jsonl")
    done = [f"{len(graph.entities)} entities", f"{len(graph.relations)} edges"]
    checks = [("documents.jsonl", check_slices), ("schema.toml", check_schema),
              ("graph", check_csv), ("graph.cypher", check_cypher), ("graph.nt", None),
              ("graph.ttl", None), ("graph.graphml", check_graphml), ("graph.html", check_html),
              ("graph.sqlite", check_sqlite)]
    triples = {}
    for name, check in checks:
        if not (folder / name).exists():
            continue
        if check:
            check(graph, folder / name)
        else:
            form = "nt" if name.endswith(".nt") else "turtle"
            triples[name] = set(check_rdf(graph, folder / name, form))
        done.append(name)
    if len(triples) == 2:
        equal("triples of both RDF forms", *triples.values())
    print("checked:", ", ".join(done))


def contents(folder):
    """Every export's bytes, and the store's content line by line (its file has a history)."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith("store.sqlite")}


def check_kills(program, documents, times):
    with tempfile.TemporaryDirectory() as folder:
        plain, killed = Path(folder) / "plain", Path(folder) / "killed"
        for path in (plain, killed):
            path.mkdir()
        command = [program, str(plain), str(documents)]
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        length = time.monotonic() - start
        command[1] = str(killed)
        done = 0
        for _ in range(times):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            time.sleep(random.uniform(0, length))
            process.send_signal(signal.SIGKILL)
            done += process.wait() == -signal.SIGKILL
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        first, second = contents(plain), contents(killed)
        equal("files after kills", sorted(second), sorted(first))
        for name, content in first.items():
            expect(second.get(name) == content, f"{name} differs after {done} kills")
        print(f"killed {done} of {times} times: {len(first)} files compared")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", nargs="?", help="graph_sample of a build")
    parser.add_argument("--folder", type=Path, help="read what is there instead")
    parser.add_argument("--documents", type=int, default=30)
    parser.add_argument("--kills", type=int, default=0, metavar="N")
    options = parser.parse_args()
    if options.folder:
        check_folder(options.folder)
    elif options.program:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([options.program, folder, str(options.documents)], check=True)
            check_folder(Path(folder))
        if options.kills:
            check_kills(options.program, options.documents, options.kills)
    else:
        parser.error("name graph_sample, or --folder")
    for sentence in failures[:20]:
        print("FAILED", sentence)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
