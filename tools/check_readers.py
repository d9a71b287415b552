#!/usr/bin/env python3
"""Holds the readers to files that the annotation tools' own libraries made; run by hand.

    tools/check_readers.py build/release/relatum        # needs spacy

Documents with emoji, right-to-left text, letters of several code points and entities within one
another go through spaCy's DocBin and Doc.to_json() into `relatum convert`, and from there as every
format that is written and back; each entity's text must be the one that spaCy has. The same
documents are written as Label Studio does, with offsets in UTF-16 units.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import spacy
from spacy.tokens import Doc, DocBin, Span

TEXTS = ["Bo 😀 Nilsen flies for Kestrel Airways in Łódź .", "שלום לעולם של Pell .",
         "e\u0301lan 👩‍👩‍👧 met Ana", "中文 句子 里 有 公司", "one\ntwo  three"]


def documents():
    """spaCy's documents, through a DocBin; every third word begins an entity of two tokens."""
    nlp = spacy.blank("xx")
    Doc.set_extension("relations", default=None, force=True)
    made = []
    for text in TEXTS:
        doc = nlp(text)
        starts = list(range(0, len(doc) - 1, 3))
        doc.ents = [Span(doc, at, at + 2, label=f"KIND{k}") for k, at in enumerate(starts)]
        doc._.relations = [{"head": a, "child": b, "label": f"r{a}"}
                           for a, b in zip(starts, starts[1:])]
        made.append(doc)
    again = DocBin(docs=made, store_user_data=True).to_bytes()
    return list(DocBin().from_bytes(again).get_docs(nlp.vocab))


def relatum(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def told(path):
    """Per document its text, its entities as text and type, its relations by entities' texts."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts = {e["id"]: (row["text"][e["start"]:e["end"]], e.get("type", ""))
                 for e in row["entities"]}
        links = [(texts[r["head"]], r["label"], texts[r["tail"]]) for r in row["relations"]]
        found.append((row["text"], sorted(texts.values()), sorted(links)))
    return sorted(found)


def units(text, at):
    return len(text[:at].encode("utf-16-le")) // 2


def label_studio(docs):
    tasks = []
    for number, doc in enumerate(docs):
        results = [{"id": f"e{e.start}", "type": "labels",
                    "value": {"start": units(doc.text, e.start_char),
                              "end": units(doc.text, e.end_char), "text": e.text,
                              "labels": [e.label_]}} for e in doc.ents]
        results += [{"type": "relation", "from_id": f"e{r['head']}", "to_id": f"e{r['child']}",
                     "direction": "right", "labels": [r["label"]]} for r in doc._.relations]
        tasks.append({"id": number, "data": {"text": doc.text},
                      "annotations": [{"id": 1, "result": results}]})
    return tasks


def main():
    program, docs = sys.argv[1], documents()
    want = sorted((d.text, sorted((e.text, e.label_) for e in d.ents),
                   sorted(((d[r["head"]:r["head"] + 2].text, d[r["head"]].ent_type_), r["label"],
                           (d[r["child"]:r["child"] + 2].text, d[r["child"]].ent_type_))
                          for r in d._.relations)) for d in docs)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "spacy.jsonl").write_text(
            "".join(json.dumps(d.to_json(underscore=["relations"])) + "\n" for d in docs))
        (folder / "studio.json").write_text(json.dumps(label_studio(docs)))
        for source in ("spacy.jsonl", "studio.json"):
            first = folder / f"{source}.first.jsonl"
            relatum(program, "convert", folder / source, "--to", "jsonl", "--out", first)
            if told(first) != want:
                sys.exit(f"{source}: {told(first)}\nis not\n{want}")
            for form in ("jsonl", "tacred", "csv", "brat"):
                out, back = folder / f"{source}.{form}", folder / f"{source}.{form}.back.jsonl"
                relatum(program, "convert", first, "--to", form, "--out", out)
                relatum(program, "convert", f"{form}:{out}", "--to", "jsonl", "--out", back)
                if told(back) != want:
                    sys.exit(f"{source} by {form}: {told(back)}\nis not\n{want}")
            print(f"{source}: {sum(len(w[1]) for w in want)} entities whole in every form")


if __name__ == "__main__":
    main()
