"""`relatum evaluate --task joint` against a plain scorer of its own, on random documents, in any
order. Usage: joint_scores_test.py RELATUM."""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

RELATUM = str(pathlib.Path(sys.argv[1]).resolve())
TYPES = ["PER", "ORG", "LOC"]
LABELS = ["in", "runs", "runs(e2,e1)", "in(e1,e2)", "partner", "no_relation"]
NEGATIVE = "no_relation"
SYMMETRIC = "partner"
SCHEMA = f"[relations.in]\n[relations.runs]\n[relations.{SYMMETRIC}]\nsymmetric = true\n"


def random_document(rng, name):
    """Many spans of few places, so that all kinds of mistakes come about."""
    text = "é" + "ab c" * 6
    starts = [rng.randrange(0, 18) for _ in range(rng.randrange(0, 7))]
    entities = [{"id": f"T{i}", "start": s, "end": s + rng.randrange(2, 6),
                 "type": rng.choice(TYPES)} for i, s in enumerate(starts)]
    relations = []
    if len(entities) > 1:
        for _ in range(rng.randrange(0, 8)):
            head, tail = rng.sample([e["id"] for e in entities], 2)
            relations.append({"head": head, "tail": tail, "label": rng.choice(LABELS)})
    for entity in entities:
        if rng.random() < 0.4:
            entity["cluster"] = rng.choice("xy")
    return {"id": name, "text": text, "entities": entities, "relations": relations}


def disturbed(rng, document):
    """A prediction: some things kept, some changed, some dropped, some new."""
    other = random_document(rng, document["id"])
    entities, names = [], {}
    for i, entity in enumerate(document["entities"]):
        chance = rng.random()
        if chance < 0.2:
            continue
        mine = dict(entity, id=f"P{i}", probability=rng.random())
        if chance < 0.35:
            mine["type"] = rng.choice(TYPES)
        elif chance < 0.5:
            mine["end"] += 1
        names[entity["id"]] = mine["id"]
        entities.append(mine)
    entities += [dict(e, id="N" + e["id"]) for e in other["entities"][:2]]
    relations = []
    for relation in document["relations"]:
        head, tail = names.get(relation["head"]), names.get(relation["tail"])
        if head is None or tail is None or rng.random() < 0.2:
            continue
        if rng.random() < 0.2:
            head, tail = tail, head
        label = rng.choice(LABELS) if rng.random() < 0.2 else relation["label"]
        relations.append({"head": head, "tail": tail, "label": label, "probability": 0.5})
    if len(entities) > 1 and rng.random() < 0.5:
        head, tail = rng.sample([e["id"] for e in entities], 2)
        relations.append({"head": head, "tail": tail, "label": rng.choice(LABELS)})
    rng.shuffle(entities)
    rng.shuffle(relations)
    return {"id": document["id"], "entities": entities, "relations": relations}


def key(entity, typed):
    return (entity["start"], entity["end"]) + ((entity["type"],) if typed else ())


def clusters(gold, typed):
    """Sets of mentions that name one thing; those that share a mention are one."""
    sets = {}
    for entity in gold["entities"]:
        if "cluster" in entity:
            sets.setdefault(entity["cluster"], set()).add(key(entity, typed))
    sets = list(sets.values())
    while True:
        pair = next(((a, b) for a in sets for b in sets if a is not b and a & b), None)
        if not pair:
            return sets
        pair[0].update(pair[1])
        sets = [each for each in sets if each is not pair[1]]


def things(document, gold, typed, symmetric):
    """Entities and relations as sets of tuples; a symmetric relation's ends are sorted, and any
    mention of a gold cluster stands for its first one."""
    sets = clusters(gold, typed)
    spans = {e["id"]: key(e, typed) for e in document["entities"]}
    ends = {name: min(next((s for s in sets if span in s), {span})) for name, span in spans.items()}
    relations = set()
    for each in document["relations"]:
        if each["label"] == NEGATIVE:
            continue
        pair, (label, *way) = (ends[each["head"]], ends[each["tail"]]), each["label"].split("(")
        if way == ["e2,e1)"]:
            pair = pair[::-1]
        if symmetric and label == SYMMETRIC:
            pair = tuple(sorted(pair))
        relations.add(pair + (label,))
    return set(spans.values()), relations


def figures(right, predicted, gold):
    precision = right / predicted if predicted else 0
    recall = right / gold if gold else 0
    both = precision + recall
    return {"precision": precision, "recall": recall,
            "f1": 2 * precision * recall / both if both else 0}


def scores(golds, predictions, typed, symmetric):
    """Micro figures of entities and of relations, and counts of each type and label."""
    answers = {p["id"]: p for p in predictions}
    total, named = [[0, 0, 0], [0, 0, 0]], [{}, {}]
    for document in golds:
        both = zip(things(document, document, typed, symmetric),
                   things(answers[document["id"]], document, typed, symmetric))
        for kind, (gold, found) in enumerate(both):
            for place, part in enumerate((gold & found, found, gold)):
                total[kind][place] += len(part)
                for each in part:
                    named[kind].setdefault(each[-1], [0, 0, 0])[place] += 1
    return [figures(*t) for t in total], named


class JointScores(unittest.TestCase):
    def run_program(self, golds, predictions, *more):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            for name, rows in (("gold.jsonl", golds), ("found.jsonl", predictions)):
                (place / name).write_text("".join(json.dumps(r) + "\n" for r in rows),
                                          encoding="utf-8")
            (place / "schema.toml").write_text(SCHEMA, encoding="utf-8")
            done = subprocess.run([RELATUM, "evaluate", "--task", "joint", "--data", "gold.jsonl",
                                   "--predictions", "found.jsonl", "--json", *more], cwd=folder,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)

    def same(self, got, expected, what):
        for key, value in expected.items():
            # Two divisions and a product in doubles, each rounded once.
            self.assertAlmostEqual(got[key], value, delta=4 * sys.float_info.epsilon,
                                   msg=f"{what} {key}")

    def check(self, golds, predictions, symmetric):
        report = self.run_program(golds, predictions,
                                  *(["--schema", "schema.toml"] if symmetric else []))
        strict, named = scores(golds, predictions, True, symmetric)
        loose, _ = scores(golds, predictions, False, symmetric)
        for kind, name in enumerate(("entities", "relations")):
            self.same(report[name]["strict"], strict[kind], name)
            self.same(report[name]["boundaries"], loose[kind], name)
        for kind, parts in enumerate((report["entities"]["per_type"],
                                      report["relations"]["per_label"])):
            self.assertEqual(parts.keys(), named[kind].keys())
            for label, (right, predicted, gold) in named[kind].items():
                self.same(parts[label], figures(right, predicted, gold), label)
                self.assertEqual(parts[label]["support"], gold)
                self.assertEqual(parts[label]["predicted"], predicted)
            official = report["relations" if kind else "entities"]
            counted = [figures(*each)["f1"] for each in named[kind].values() if each[2]]
            mean = sum(counted) / max(1, len(counted))
            # A sum of at most three values of at most one, in another order.
            self.assertAlmostEqual(official["macro"]["f1"], mean,
                                   delta=8 * sys.float_info.epsilon)
        self.errors_add_up(report)
        return report

    def errors_add_up(self, report):
        for name, shared, lost, extra in (
                ("entities", ("type", "boundary"), ("missed",), ("spurious",)),
                ("relations", ("end_type", "direction", "label"), ("missed_pair", "lost_entity"),
                 ("spurious_pair", "no_entity"))):
            part = report[name]
            both = part["right"] + sum(part["errors"][k] for k in shared)
            self.assertEqual(both + sum(part["errors"][k] for k in lost), part["gold"])
            self.assertEqual(both + sum(part["errors"][k] for k in extra), part["predicted"])

    def test_random_documents(self):
        rng = random.Random(1)
        seen = {}
        for _ in range(12):
            golds = [random_document(rng, f"d{i}") for i in range(25)]
            predictions = [disturbed(rng, d) for d in golds]
            rng.shuffle(predictions)
            for symmetric in (False, True):
                report = self.check(golds, predictions, symmetric)
                for part in ("entities", "relations"):
                    for key, count in report[part]["errors"].items():
                        seen[key] = seen.get(key, 0) + count
            first = self.run_program(golds, predictions)
            rng.shuffle(predictions)
            for each in predictions:
                rng.shuffle(each["entities"])
                rng.shuffle(each["relations"])
            self.assertEqual(self.run_program(golds, predictions), first)
        self.assertEqual([key for key, count in seen.items() if not count], [])

    def test_perfect_and_empty(self):
        rng = random.Random(2)
        golds = [random_document(rng, f"d{i}") for i in range(10)]
        perfect = self.check(golds, golds, True)
        self.assertEqual(perfect["official"]["f1"], 1)
        self.assertEqual(perfect["entities"]["macro"]["f1"], 1)
        empty = self.check(golds, [{"id": d["id"], "entities": [], "relations": []}
                                   for d in golds], True)
        self.assertEqual(empty["official"]["f1"], 0)
        self.assertEqual(empty["interval"]["high"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
