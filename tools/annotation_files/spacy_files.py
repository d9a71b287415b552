"""spaCy's documents through its DocBin and Doc.to_json(), and from there as every form and back."""

import json

from . import shared
from .documents import LINES, SOURCES, documents

FORMS = ("jsonl", "tacred", "csv", "brat", "labelstudio")


def made(row):
    """A document of spaCy's, and what it holds: entities that lie on tokens, none over another."""
    import spacy
    from spacy.tokens import Doc
    from spacy.util import filter_spans
    if not Doc.has_extension("relations"):
        Doc.set_extension("relations", default=None)
    doc = spacy.blank("xx")(row["text"])
    found = {e["id"]: doc.char_span(e["start"], e["end"], label=e["type"])
             for e in row["entities"]}
    doc.ents = filter_spans([s for s in found.values() if s is not None])
    kept = {key: span for key, span in found.items() if span in doc.ents}
    links = [(r["head"], r["label"], r["tail"]) for r in row["relations"]
             if r["head"] in kept and r["tail"] in kept]
    doc._.relations = [{"head": kept[a].start, "child": kept[b].start, "label": label}
                       for a, label, b in links]
    entities = {key: ([(s.start_char, s.end_char)], s.label_) for key, s in kept.items()}
    return doc, shared.tell(doc.text, entities, links)


def check(program, folder):
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError as missing:
        raise shared.Skipped(f"{missing.name} is not installed") from missing
    pairs = [made(row) for row in documents(SOURCES, LINES)]
    stored = DocBin(docs=[doc for doc, _ in pairs], store_user_data=True).to_bytes()
    docs = DocBin().from_bytes(stored).get_docs(spacy.blank("xx").vocab)
    (folder / "spacy.jsonl").write_text("".join(
        json.dumps(doc.to_json(underscore=["relations"])) + "\n" for doc in docs))
    wanted = [want for _, want in pairs]
    rows, _ = shared.read_rows(program, folder / "spacy.jsonl", folder)
    for row, want in zip(rows, wanted, strict=True):
        shared.same(shared.told_row(row), want, "spacy.jsonl")
    (folder / "read.jsonl").rename(folder / "first.jsonl")
    for form in FORMS:
        out = folder / ("out.json" if form == "labelstudio" else f"out.{form}")
        shared.relatum(program, "convert", f"jsonl:{folder / 'first.jsonl'}", "--to", form,
                       "--out", out)
        back, _ = shared.read_rows(program, f"{form}:{out}", folder)
        # Tables have line feeds for line ends of Windows; brat's files have an order of their own.
        kept = [want for want in wanted if form != "csv" or "\r" not in want.text]
        read = {told.text: told for told in map(shared.told_row, back)}
        for want in kept:
            if want.text not in read:
                raise shared.Failure(f"by {form}: no document {want.text!r}")
            shared.same(read[want.text], want, f"by {form}")
    count = sum(len(want.entities) for want in wanted)
    return f"spaCy {spacy.__version__}, {count} entities, whole in {', '.join(FORMS)}"
