"""Label Studio's exports, and what it makes of the tasks that Relatum writes.

label-studio-sdk has the server's checks of tasks and labelling configurations, its objects and its
converter. What is only known from the page is in the form that regions/Result.js, RichTextRegion.js
and RelationStore.js of its repository serialize: each result has its region's places, and a line
end within a region's text is a backslash and an n.
"""

import json
import logging
import xml.etree.ElementTree as ElementTree

from . import shared
from .documents import GAPS, LINES, SOURCES, document, documents

ODD_NAMES = [
    ("names", "Ann met Bo & Co.",
     [("Ann", 'PERSON "x" <y>'), ("Bo & Co", "ORG & más 😀")],
     [(0, "a & <b>", 1), (0, "später 😀", 1)]),
]


def exported(row, count, quoted=True):
    """The results of one annotation, as the page saves them; count() has a text and a place."""
    results = []
    for entity in row["entities"]:
        value = {"start": count(row["text"], entity["start"]),
                 "end": count(row["text"], entity["end"])}
        if quoted:
            text = row["text"][entity["start"]:entity["end"]]
            value["text"] = text.replace("\n", "\\n").replace("\r", "\\n")
        results.append({"value": dict(value, labels=[entity["type"]]), "id": entity["id"],
                        "from_name": "label", "to_name": "text", "type": "labels",
                        "origin": "manual"})
    relations = {}
    for relation in row["relations"]:
        relations.setdefault((relation["head"], relation["tail"]), []).append(relation["label"])
    return results + [{"from_id": a, "to_id": b, "type": "relation", "direction": "right",
                       "labels": labels} for (a, b), labels in relations.items()]


def task(number, row, results, **more):
    annotation = {"id": number, "completed_by": 1, "result": results, "was_cancelled": False,
                  "ground_truth": False, "lead_time": 3.2, "prediction": {}, "result_count": 1,
                  "unique_id": "u", "import_id": None, "last_action": None, "task": number,
                  "project": 1, "parent_prediction": None, "parent_annotation": None}
    return dict({"id": number, "annotations": [annotation], "file_upload": "a-b.json",
                 "drafts": [], "predictions": [], "data": {"text": row["text"]}, "meta": {},
                 "total_annotations": 1, "cancelled_annotations": 0, "project": 1}, **more)


def read(program, tasks, folder, name):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return shared.read_rows(program, path, folder)


def code_points(text, at):
    return at


def check_page_form(program, folder):
    """Exports as the page makes them; versions before 1.4 counted UTF-16 units."""
    failures = []
    for name, count, quoted, groups in (
            ("page", code_points, True, (SOURCES, LINES)),
            ("page, texts not saved", code_points, False, (SOURCES, LINES)),
            ("page before 1.4", shared.units, True, (SOURCES,))):
        for row in documents(*groups):
            try:
                rows, _ = read(program, [task(1, row, exported(row, count, quoted))], folder, name)
                shared.same(shared.told_row(rows[0]), shared.told_row(row), f"{name}, {row['id']}")
            except shared.Failure as failure:
                failures.append(str(failure))
    if failures:
        raise shared.Failure("\n  ".join(failures))


PLAIN = document("plain", "Bo flies for Kestrel.", [("Bo", "PERSON"), ("Kestrel", "ORG")],
                 [(0, "works_for", 1)])


def about_regions():
    """Results that are answers about a region: they repeat its id and its places."""
    plain = exported(PLAIN, code_points)
    place = {"start": 0, "end": 2, "text": "Bo"}
    answer = {"id": "T1", "from_name": "more", "to_name": "text", "origin": "manual"}
    for kind, value in (("choices", ["sure"]), ("textarea", ["a note"]), ("rating", 4),
                        ("number", 3), ("datetime", "2020-01-01"), ("taxonomy", [["a", "b"]]),
                        ("labels", ["Pilot"])):
        key = "text" if kind == "textarea" else kind
        result = dict(answer, type=kind, value=dict(place, **{key: value}))
        yield f"{kind} of a region", [plain[0], result, *plain[1:]]
        if kind != "labels":
            yield f"{kind} before its region", [result, *plain]


def check_about_regions(program, folder):
    failures = []
    for name, results in about_regions():
        try:
            rows, _ = read(program, [task(1, PLAIN, results)], folder, "about")
            shared.same(shared.told_row(rows[0]), shared.told_row(PLAIN), name)
        except shared.Failure as failure:
            failures.append(f"{name}: {failure}")
    if failures:
        raise shared.Failure("\n  ".join(failures))


def check_choice_of_annotation(program, folder):
    """Directions, several labels, annotations of several people, skipped tasks, predictions."""
    entity = exported(PLAIN, code_points)[:2]
    link = {"from_id": "T1", "to_id": "T2", "type": "relation"}

    def block(results, **more):
        return dict({"id": 7, "result": results, "was_cancelled": False, "ground_truth": False},
                    **more)

    def want(*relations):
        return document("plain", PLAIN["text"], [("Bo", "PERSON"), ("Kestrel", "ORG")], relations)

    whole = block(entity + [dict(link, direction="right", labels=["works_for"])])
    cases = [
        ("left", [block(entity + [dict(link, direction="left", labels=["a", "b"])])],
         want((1, "a", 0), (1, "b", 0))),
        ("bi", [block(entity + [dict(link, direction="bi", labels=["a"])])],
         want((0, "a", 1), (1, "a", 0))),
        ("unlabelled", [block(entity + [dict(link, direction="right")])],
         want((0, "relation", 1))),
        ("skipped, then done", [block([], was_cancelled=True), whole], PLAIN),
        ("truth", [block(entity), dict(whole, ground_truth=True)], PLAIN),
        ("nothing found", [block([])], dict(PLAIN, entities=[], relations=[])),
        ("never saved", [block(None)], dict(PLAIN, entities=[], relations=[])),
        ("empty and whole-text answers", [block(whole["result"] + [
            {"id": "c", "type": "choices", "from_name": "c", "to_name": "text",
             "value": {"choices": ["news"]}}])], PLAIN),
    ]
    failures = []
    for name, annotations, right in cases:
        try:
            more = {"annotations": annotations, "predictions": [3, 4]}
            rows, _ = read(program, [task(1, PLAIN, [], **more)], folder, "choice")
            shared.same(shared.told_row(rows[0]), shared.told_row(right), name)
        except shared.Failure as failure:
            failures.append(f"{name}: {failure}")
    if failures:
        raise shared.Failure("\n  ".join(failures))


def written(program, folder):
    """Tasks that Relatum writes of all documents, the last two as yet to annotate."""
    rows = documents(SOURCES, LINES, GAPS, ODD_NAMES)
    rows += [dict(row, id=f"{row['id']} to do", relations=None) for row in rows[:2]]
    kept = [{k: v for k, v in row.items() if v is not None} for row in rows]
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in kept))
    shared.relatum(program, "convert", f"jsonl:{folder / 'rows.jsonl'}", "--to", "labelstudio",
                   "--out", folder / "tasks.json")
    return kept, json.loads((folder / "tasks.json").read_text(encoding="utf-8"))


def spans(row):
    return [(row["text"][e["start"]:e["end"]], e["type"]) for e in row["entities"]]


def check_with_sdk(program, folder):
    try:
        from label_studio_sdk.converter import Converter
        from label_studio_sdk.label_interface import LabelInterface
    except ImportError as missing:
        raise shared.Skipped(f"{missing.name} is not installed") from missing
    logging.getLogger("label_studio_sdk").setLevel(logging.ERROR)  # of tasks yet to annotate
    rows, tasks = written(program, folder)
    configuration = (folder / "tasks.xml").read_text(encoding="utf-8")
    interface = LabelInterface(configuration)
    interface.validate()
    names = {each.get("value") for each in ElementTree.fromstring(configuration).iter("Relation")}
    for row, each in zip(rows, tasks, strict=True):
        block = (each.get("annotations") or each["predictions"])[0]
        wrong = interface.validate_prediction(block, return_errors=True)
        wrong += [label for result in block["result"] if result["type"] == "relation"
                  for label in result["labels"] if label not in names]
        if wrong:
            raise shared.Failure(f"tasks.json, {row['id']}: {wrong}")
        regions = [r["value"] for r in block["result"] if r["type"] == "labels"]
        if [(v["text"], v["labels"][0]) for v in regions] != spans(row):
            raise shared.Failure(f"tasks.json, {row['id']}: {regions}")
    converter = Converter(configuration, project_dir=None)
    converter.convert_to_json(str(folder / "tasks.json"), str(folder / "json"), is_dir=False)
    back, _ = shared.read_rows(program, f"labelstudio:{folder / 'json' / 'result.json'}", folder)
    for row, again in zip(rows, back, strict=True):
        shared.same(shared.told_row(again), shared.told_row(row), f"result.json, {row['id']}")
    converter.convert_to_json_min(str(folder / "tasks.json"), str(folder / "min"), is_dir=False)
    said = shared.refused(program, "data", folder / "min" / "result.json")
    if "JSON-MIN" not in said:
        raise shared.Failure(f"Label Studio's JSON-MIN is refused without its name: {said}")
    check_sdk_objects(program, interface, folder)


def check_sdk_objects(program, interface, folder):
    """Regions and relations that label-studio-sdk makes for predictions and imports."""
    control = interface.get_control("label")
    for row in documents(SOURCES):
        made = {e["id"]: control.label(label=[e["type"]], start=e["start"], end=e["end"])
                for e in row["entities"]}
        for relation in row["relations"]:
            made[relation["head"]].add_relation(region=made[relation["tail"]],
                                                label=[relation["label"]])
        results = [r._dict() for r in made.values()]
        results += [link for r in made.values() for link in r._dict_relations()]
        rows, _ = read(program, [task(1, row, results)], folder, "sdk")
        shared.same(shared.told_row(rows[0]), shared.told_row(row), f"of the SDK, {row['id']}")


def check_on_page(program, page, folder):
    """The stretches that Label Studio's page marks for the regions of our tasks."""
    rows, tasks = written(program, folder)
    blocks = [(t.get("annotations") or t["predictions"])[0]["result"] for t in tasks]
    asked = [{"text": t["data"]["text"], "units": [],
              "ranges": [[r["value"]["start"], r["value"]["end"]] for r in block
                         if r["type"] == "labels"]} for t, block in zip(tasks, blocks)]
    wrong = []
    for row, shown in zip(rows, page.ask(asked), strict=True):
        wrong += [f"{row['id']}: {want!r} is marked as {got!r}"
                  for got, (want, _) in zip(shown["quoted"], spans(row)) if got != want]
    if wrong:
        raise shared.Failure("; ".join(wrong))
    text = "Bo 😀 Nilsen"
    if page.ask([{"text": text, "ranges": [], "units": [6]}])[0]["offsets"] != [5]:
        raise shared.Failure("Label Studio's page does not count code points any more")
