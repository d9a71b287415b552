#!/usr/bin/env python3
"""How fast and how large a graph is: all pairs of a sentence at once, and many documents.

    bench/graph.py --relatum build/release/relatum --threads 1
    bench/graph.py --parts many --documents 10000

sharing   documents of 20 sentences with four entities each. An adapter in the style `shared` is
          asked for all pairs by `graph`, and for the same pairs one by one, by `extract` with
          one row at a time. The answers have to be the same ones. In turns; each format of
          --compute.
one_pass  the same documents by a run of `finetune --task joint` over an encoder, which reads all
          pairs of a sentence from one pass: the sentences with all their pairs, and one pair after
          another, in an order in which none stands beside another of its sentence, so that each
          takes a pass over its sentence. Both in batches of the usual size, in turns.
many      documents of 10 KB, generated, one sentence in eight with entities, which a gazetteer
          finds, through the tests' tiny model into a store and JSON lines: seconds, and the
          largest memory of a tenth of them and of all.

--write puts the table of the results file between its marks in docs/graph.md.
"""

import argparse
import datetime
import json
import pathlib
import random
import shutil
import statistics
import sys

from compare_peers import processor
from harness import (agreement, give_up, load_results, marks, measured_or_written,
                     parse_with_finetune, ratio, read_lines, relatum, say, table_options, timed,
                     trained, write_lines, write_results)

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "graph.md"
RESULTS = ROOT / "bench" / "results" / "graph.json"
MARKS = marks("graph")
TINY = ROOT / "tests" / "fixtures" / "llama" / "tied"
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position

FIRST = "Ana Bo Cleo Dag Edda Finn Greta Hugo Ines Jon Kaja Lars Mira Nils Olga Pia".split()
LAST = "Holm Ruiz Nilsen Carr Boley Lund Vargas Moss Ekström Farr Quist Teller".split()
FIRMS = "Kestrel Alder Pixel Harbour Ember Quarry Tern Lantern Juniper Slate".split()
KINDS = "Airways Works Trust Press Foundry Club Bank Museum".split()
TOWNS = "Oslo Lima Dolm Varde Tunnel Marsh Eaves Sand Reed Fallow".split()
FORMS = ["{p} left {f} in {t} last spring to work beside {q}, who had asked twice.",
         "When {f} moved to {t}, {p} and {q} were the only ones who stayed at their desks.",
         "{p}, who was born in {t}, sold {f} to {q} for less than the roof had cost.",
         "Nobody at {f} had told {q} that {p} would open the office in {t} on Monday."]
FILLERS = ["Rain had fallen since the small hours, and the gutters of the yard ran over.",
           "The minutes of the meeting say nothing of the noise, nor of who had left early.",
           "A list of what was found lies in the second drawer, under the older maps.",
           "Prices rose a little in spring; by autumn nobody remembered what they had been."]
TYPES = {"p": "HUMAN", "q": "HUMAN", "f": "FIRM", "t": "TOWN"}  # the corpus has no such types


def sentence(rng):
    """A sentence and its four entities, (start, end, type)."""
    names = {"p": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
             "q": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
             "f": f"{rng.choice(FIRMS)} {rng.choice(KINDS)}", "t": rng.choice(TOWNS)}
    text, entities = "", []
    for part in rng.choice(FORMS).split("{"):
        name, mark, rest = part.partition("}")
        if not mark:
            text += part
            continue
        entities.append((len(text), len(text) + len(names[name]), TYPES[name]))
        text += names[name] + rest
    return text, entities


def documents(count, sentences, rng):
    rows = []
    for number in range(count):
        text, entities = "", []
        for _ in range(sentences):
            one, spans = sentence(rng)
            entities += [{"id": f"T{len(entities) + i}", "start": len(text) + a,
                          "end": len(text) + b, "type": kind}
                         for i, (a, b, kind) in enumerate(spans)]
            text += one + "\n\n"
        rows.append({"id": f"d{number}", "text": text, "entities": entities, "relations": []})
    return rows


def pair_rows(found, both_ways=False):
    """A row for each pair of a sentence, in the order of the text, as --task relations reads it;
    or two rows, one for each direction."""
    rows = []
    for document in found:
        begin = 0
        for one in document["text"].split("\n\n")[:-1]:
            inside = [each for each in document["entities"]
                      if begin <= each["start"] < begin + len(one)]
            for head in inside:
                for tail in inside:
                    names = [document["text"][each["start"]:each["end"]] for each in (head, tail)]
                    if names[0] == names[1]:  # one thing
                        continue
                    if head["start"] < tail["start"] or both_ways:
                        rows.append({"id": f"{document['id']}:{head['id']}:{tail['id']}",
                                     "text": one,
                                     **{end: {"start": each["start"] - begin,
                                              "end": each["end"] - begin, "type": each["type"]}
                                        for end, each in (("head", head), ("tail", tail))}})
            begin += len(one) + 2
    return rows


def answers_of(found):
    """The answer for each pair of documents in which relations were found."""
    said = {}
    for document in found:
        for each in document["relations"]:
            said[f"{document['id']}:{each['head']}:{each['tail']}"] = each["label"]
    return said


def check_equal(options, adapter, rows, inputs, kind):
    """The share of pairs that are answered alike, of all documents and one by one."""
    found, single = (options.work / f"{name}-{kind}.jsonl" for name in ("found", "single"))
    machine = ["--compute", kind, "--threads", options.threads]
    relatum(options, "extract", "--adapter", adapter, "--task", "joint", "--given-entities",
            "--data", inputs["documents"], *machine, "--out", found, "--overwrite")
    relatum(options, "extract", "--adapter", adapter, "--task", "relations", "--data",
            inputs["rows"], "--batch-tokens", 1, *machine, "--out", single, "--overwrite")
    together = answers_of(read_lines(found))
    alone = {row["id"]: row["label"] for row in read_lines(single)}
    return agreement([together.get(row["id"], options.negative) for row in rows],
                     [alone[row["id"]] for row in rows], options.least, f"graph, {kind}")


def sharing(options):
    documents_read = documents(options.shared_documents, 20, random.Random(1))
    rows = pair_rows(documents_read)
    inputs = {"documents": options.work / "documents.jsonl", "rows": options.work / "rows.jsonl"}
    write_lines(inputs["documents"], documents_read)
    write_lines(inputs["rows"], rows)
    adapter = trained(options, options.work / "shared", "--model", options.model, "--train",
                      ROOT / "examples/corpus/train.jsonl", "--labels",
                      ROOT / "examples/corpus/labels.json", "--prompt", "shared", "--epochs", 2)
    result = {"documents": len(documents_read), "sentences": 20 * len(documents_read),
              "pairs": len(rows)}
    for kind in options.compute:
        machine = ["--adapter", adapter, "--compute", kind, "--threads", options.threads]
        out = options.work / "timed.jsonl"
        rounds = []
        for number in range(options.rounds):
            together, said = timed([options.relatum, "graph", *machine, "--json",
                                    "--out", out, "--overwrite", inputs["documents"]])
            asked = json.loads(said)["pairs"]
            if asked != len(rows):
                give_up(f"graph asked {asked} pairs, not {len(rows)}")
            alone, _ = timed([options.relatum, "extract", *machine, "--data", inputs["rows"],
                              "--task", "relations", "--batch-tokens", 1, "--out", out,
                              "--overwrite"])
            rounds.append({"together": {"pairs_per_s": len(rows) / together["seconds"]},
                           "alone": {"pairs_per_s": len(rows) / alone["seconds"]}})
            say(f"round {number + 1}: {rounds[-1]}")
        rate = statistics.median(one["together"]["pairs_per_s"] for one in rounds)
        result[kind] = {"ratio": ratio(rounds, "together", ["alone"], "pairs_per_s", 5),
                        "pairs_per_s": rate,
                        "sentences_per_s": rate * result["sentences"] / len(rows),
                        "agreement": check_equal(options, adapter, rows, inputs, kind)}
    return result


def one_pass(options):
    found = documents(4 * options.shared_documents, 20, random.Random(1))
    rows = pair_rows(found, both_ways=True)
    ids = [row["id"] for row in rows]
    # Every row is followed by one of another sentence.
    step = (len(rows) + 1) // 2
    apart = [rows[i] for start in range(step) for i in range(start, len(rows), step)]
    inputs = {"together": options.work / "pass-documents.jsonl",
              "alone": options.work / "pass-rows.jsonl"}
    write_lines(inputs["together"], found)
    write_lines(inputs["alone"], apart)
    if any(a["text"] == b["text"] for a, b in zip(apart, apart[1:])):
        give_up("rows of one sentence stand side by side")
    run = trained(options, options.work / "pass", "--model", options.encoder, "--task", "joint",
                  "--train", ROOT / "examples/documents/train.jsonl", "--epochs", 4)
    result = {"documents": len(found), "sentences": 20 * len(found), "pairs": len(rows),
              "encoder": pathlib.Path(options.encoder).name}
    for kind in options.compute:
        rounds, answers = [], {}
        for number in range(options.rounds):
            one = {}
            for way, path in inputs.items():
                out = options.work / f"pass-{way}.jsonl"
                took, _ = timed([options.relatum, "extract", "--adapter", run, "--task",
                                 "relations", "--data", path, "--compute", kind, "--threads",
                                 options.threads, "--out", out, "--overwrite"])
                one[way] = {"pairs_per_s": len(rows) / took["seconds"]}
                answers[way] = {row["id"]: row["label"] for row in read_lines(out)}
                if answers[way].keys() != set(ids):
                    give_up(f"{way}: {len(answers[way])} pairs were asked, not {len(rows)}")
                if set(answers[way].values()) == {options.negative}:
                    give_up("no pair has a relation, so that answers alike say nothing")
            rounds.append(one)
            say(f"round {number + 1}: {one}")
        rate = statistics.median(one["together"]["pairs_per_s"] for one in rounds)
        result[kind] = {"ratio": ratio(rounds, "together", ["alone"], "pairs_per_s", 5),
                        "pairs_per_s": rate,
                        "sentences_per_s": rate * result["sentences"] / len(rows),
                        "agreement": agreement(*([answers[way][each] for each in ids]
                                                 for way in inputs), options.least,
                                               f"one pass, {kind}")}
    return result


def gazetteer(path):
    names = [(f"{a} {b}", TYPES["p"]) for a in FIRST for b in LAST]
    names += [(f"{a} {b}", TYPES["f"]) for a in FIRMS for b in KINDS]
    names += [(town, TYPES["t"]) for town in TOWNS]
    path.write_text("name,type\n" + "".join(f"{n},{kind}\n" for n, kind in names),
                    encoding="utf-8")
    return path


def many(options):
    rng, folder = random.Random(2), options.work / "notes"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    begin, size = 0, 0
    template = options.work / "plain.txt"
    template.write_text("{{text}}\n{{head}} and {{tail}}:", encoding="utf-8")
    result = {}
    for count in (options.documents // 10, options.documents):
        for number in range(begin, count):
            text = ""
            while len(text) < 10_000:
                one = sentence(rng)[0] if rng.random() < 1 / 8 else rng.choice(FILLERS)
                text += one + rng.choice((" ", "\n\n"))
            size += (folder / f"{number:06}.txt").write_text(text, encoding="utf-8")
        begin = count
        store = options.work / "many.sqlite"
        store.unlink(missing_ok=True)
        figures, said = timed([options.relatum, "graph", "--model", TINY, "--prompt", template,
                               "--labels", ROOT / "examples/corpus/labels.json", "--gazetteer",
                               gazetteer(options.work / "names.csv"), "--threshold", "0.2",
                               "--into", store, "--out", options.work / "many.jsonl",
                               "--overwrite", "--json", "--threads", options.threads, folder])
        told = json.loads(said)
        if told["documents"] != count:
            give_up(f"graph read {told['documents']} documents, not {count}")
        result[str(count)] = {**figures, "bytes": size, "sentences": told["sentences"],
                              "pairs": told["pairs"], "store_bytes": store.stat().st_size}
        say(f"{count} documents: {result[str(count)]}")
    return result


def measure(options):
    options.work.mkdir(parents=True, exist_ok=True)
    results = load_results(options.out) or {}
    results.update({"what": "a graph of generated documents", "cpu": processor(),
                    "threads": options.threads, "date": datetime.date.today().isoformat()})
    for part in options.parts:
        results[part] = PARTS[part](options)
        write_results(options.out, results)
    return results


PARTS = {"sharing": sharing, "one_pass": one_pass, "many": many}


def table(shared):
    lines = [[kind, f"{one['ratio']['median']:.1f}",
              f"{one['ratio']['smallest']:.1f} – {one['ratio']['largest']:.1f}",
              f"{one['sentences_per_s']:.1f}", f"{one['pairs_per_s']:.0f}",
              f"{100 * one['agreement']:.1f} %"]
             for kind, one in shared.items() if isinstance(one, dict)]
    return markdown(["format", "times", "rounds", "sentences/s", "pairs/s", "answered alike"],
                    lines)


def section(results):
    if not results or "sharing" not in results:
        return ""
    shared, lines = results["sharing"], ""
    if "many" in results:
        few, most = sorted(results["many"].items(), key=lambda item: int(item[0]))
        lines = (f"\n{int(most[0]):,} documents of {most[1]['bytes'] / 1e6:.0f} MB together "
                 f"({most[1]['sentences']:,} sentences, {most[1]['pairs']:,} pairs; the tests' "
                 f"tiny model, a gazetteer,\ninto a store) took at most "
                 f"{most[1]['peak_bytes'] / 1e6:.0f} MB of memory, the first {int(few[0]):,} of "
                 f"them {few[1]['peak_bytes'] / 1e6:.0f} MB.\n")
    passes = results.get("one_pass")
    if passes:
        lines = (f"\nA joint run over {passes['encoder']}, {passes['pairs']:,} pairs of "
                 f"{passes['sentences']:,} such sentences, which it reads once each, beside the "
                 "same run with each pair in\na pass of its own, in batches:\n\n"
                 f"{table(passes)}\n{lines}")
    return (f"{shared['documents']} documents of 20 sentences with four entities each, "
            f"{shared['pairs']:,} pairs, {results['threads']} "
            f"{'thread' if results['threads'] == 1 else 'threads'} of {results['cpu']}, beside "
            "the same adapter asked for one\npair at a time "
            f"([figures](../bench/results/{RESULTS.name}), [how](../bench/graph.py)):\n\n"
            f"{table(shared)}\n{lines}")


def main():
    words = lambda text: text.split(",")  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--encoder", default="all-minilm-l6-v2")
    parser.add_argument("--work", default="runs/graph-speed", type=pathlib.Path)
    parser.add_argument("--parts", default=tuple(PARTS), type=words)
    parser.add_argument("--compute", default=("bf16", "int8"), type=words)
    parser.add_argument("--shared-documents", default=5, type=int)
    parser.add_argument("--documents", default=10_000, type=int)
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--least", default=0.97, type=float, help="share of answers alike")
    parser.add_argument("--negative", default="no_relation")
    table_options(parser, RESULTS)
    options = parse_with_finetune(parser)
    measured_or_written(options, measure, section, (PAGE, MARKS, section))


if __name__ == "__main__":
    main()
