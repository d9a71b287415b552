#!/usr/bin/env python3
"""From text to relations on CrossRE: each domain taught by its own 100 to 164 sentences.

    bench/crossre.py --relatum build/release/relatum --seeds 1,2,3 --python /tmp/peers/bin/python

Of each domain and seed, on the domain's official splits:

entities   strict F1 of `finetune --task entities`, and beside it of a tagger in PyTorch over the
           same encoder and rows (--python; left out without it)
pairs      pairs whose relation is asked for, as CrossRE's paper does (Bassignana and Plank 2022,
           arXiv 2210.09345): of the pairs that have one, in the paper's macro-F1
joint      entities and all pairs of a sentence by `finetune --task joint`, one run for the training
           sentences of all domains: pairs of given entities, and of those that were found
finder     the same run names the relations of entities that another finds: one of a language model
           (--finder), taught by the training sentences of all domains, asked for the types that
           the domain's training sentences have (`extract --entities … --entity-types …`)

What is in --work is not made again, and each figure is printed when it is there, so that a part
can be measured: --domains, --seeds and --parts say which. Settings were chosen on dev splits.
--write puts the tables of the results file between their marks in docs/entities.md.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import sys

from harness import (command, give_up, load_results, marks, measured_or_written, of_seeds,
                     parse_with_finetune, per_cent, relatum, say, table_options, trained,
                     write_results)

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "entities.md"
RESULTS = ROOT / "bench" / "results" / "crossre.json"
SHARED = pathlib.Path(os.environ.get("RELATUM_SHARED") or ROOT.parent / "shared")
CROSSRE = SHARED / "data" / "crossre"
DOMAINS = ("news", "politics", "science", "music", "literature", "ai")
MARKS = marks("crossre")
# Scored by CrossRE's evaluate.py from the predictions of five seeds that its authors published
# (github.com/mainlp/CrossRE, predictions/): BERT base with markers that name the entities' types.
PUBLISHED = {"news": 16.50, "politics": 20.32, "science": 25.28, "music": 39.26,
             "literature": 37.40, "ai": 30.69}
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position


def data(domain, split):
    return f"crossre:{CROSSRE / f'{domain}-{split}.json'}"


def asked(options, out, *words):
    if not out.exists():
        relatum(options, "extract", *words, "--batch-tokens", 2048, "--out", out)
    return out


def scored(options, out, *words):
    return json.loads(relatum(options, "evaluate", "--predictions", out, *words, "--json"))


def entities(options, folder, domain, seed):
    run = trained_part(options, folder / "entities", "entities", domain, seed,
                       "--task", "entities")
    found = asked(options, folder / f"entities-{options.split}.jsonl", "--adapter", run,
                  "--data", data(domain, options.split))
    report = scored(options, found, "--task", "entities", "--data", data(domain, options.split))
    return {name: report["entities"][name]["f1"] for name in ("strict", "boundaries")}


def peer(options, folder, domain, seed):
    """The tagger in PyTorch; its settings are options of its own."""
    result = folder / f"peer-{options.split}.json"
    if not result.exists():
        text = command([options.python, ROOT / "bench/peers/tagger.py", "--model", options.encoder,
                        "--train", CROSSRE / f"{domain}-train.json", "--test",
                        CROSSRE / f"{domain}-{options.split}.json", "--seed", seed,
                        "--threads", options.threads, *options.peer_options])
        result.write_text(text.splitlines()[-1], encoding="utf-8")
    return json.loads(result.read_text(encoding="utf-8"))


def pairs(options, folder, domain, seed):
    run = trained_part(options, folder / "pairs", "pairs", domain, seed)
    found = asked(options, folder / f"pairs-{options.split}.jsonl", "--adapter", run,
                  "--data", data(domain, options.split))
    report = scored(options, found, "--data", data(domain, options.split))
    return {"macro": report["metrics"]["macro"]["f1"],
            "micro": report["metrics"]["micro_all"]["f1"]}


def pooled(options, split):
    """All domains' rows in one file."""
    path = options.work / f"all-{split}.json"
    if not path.exists():
        path.write_text("".join((CROSSRE / f"{domain}-{split}.json").read_text(encoding="utf-8")
                                for domain in DOMAINS), encoding="utf-8")
    return f"crossre:{path}"


def trained_by_all(options, part, model, seed, *words):
    """One run for all domains."""
    run = options.work / part / str(seed)
    if not (run / "run.json").exists():
        say(f"seed {seed}: {part}")
    return trained(options, run, "--model", model, *words, "--train", pooled(options, "train"),
                   "--seed", seed, *getattr(options, f"{part}_options"))


def joint_run(options, seed):
    """All domains' dev splits choose the step that is kept, and the threshold."""
    return trained_by_all(options, "joint", options.encoder, seed, "--task", "joint", "--dev",
                          pooled(options, "dev"))


def end_to_end(options, out, run, domain, *words):
    """What `evaluate --task joint` says of a run's answers."""
    asked(options, out, "--adapter", run, *words, "--threshold", "dev", "--data",
          data(domain, options.split))
    return scored(options, out, "--task", "joint", "--data", data(domain, options.split))


def relations_of(report):
    return {kind: report["relations"][kind]["f1"] for kind in ("strict", "boundaries")}


def joint(options, folder, domain, seed):
    run = joint_run(options, seed)
    result = {}
    for way, words in {"given": ["--given-entities"], "found": []}.items():
        report = end_to_end(options, folder / f"joint-{way}-{options.split}.jsonl", run, domain,
                            *words)
        result[way] = relations_of(report)
    result["entities"] = report["entities"]["strict"]["f1"]
    return result


def types_of(domain):
    """Of the entities of a domain's training sentences."""
    rows = (CROSSRE / f"{domain}-train.json").read_text(encoding="utf-8").splitlines()
    return sorted({entity[2] for row in rows for entity in json.loads(row)["ner"]})


def finder(options, folder, domain, seed):
    if not options.finder:
        give_up("the part `finder` needs a model by --finder.")
    found = trained_by_all(options, "finder", options.finder, seed, "--task", "entities")
    report = end_to_end(options, folder / f"finder-{options.split}.jsonl",
                        joint_run(options, seed), domain, "--entities", found, "--entity-types",
                        ",".join(types_of(domain)))
    return {"entities": {kind: report["entities"][kind]["f1"] for kind in ("strict", "boundaries")},
            "found": relations_of(report)}


def trained_part(options, run, part, domain, seed, *words):
    settings = getattr(options, f"{part}_options")
    if not (run / "run.json").exists():
        say(f"{domain}, seed {seed}: {part}")
    encoder = options.pairs_encoder if part == "pairs" else None
    return trained(options, run, "--model", encoder or options.encoder, *words, "--train",
                   data(domain, "train"), "--seed", seed, *settings)


PARTS = {"entities": entities, "peer": peer, "pairs": pairs, "joint": joint, "finder": finder}


def measure(options):
    results = load_results(options.out) or {"domains": {}, "options": {}}
    results.update({"what": "CrossRE, each domain by itself", "split": options.split,
                    "encoder": pathlib.Path(options.encoder).name,
                    "date": datetime.date.today().isoformat()})
    for part in options.parts:
        results["options"][part] = getattr(options, f"{part}_options")
    if "pairs" in options.parts:
        results["pairs_encoder"] = pathlib.Path(options.pairs_encoder or options.encoder).name
    if "finder" in options.parts and options.finder:
        results["finder"] = pathlib.Path(options.finder).stem
    for seed in options.seeds:
        for domain in options.domains:
            folder = options.work / domain / str(seed)
            folder.mkdir(parents=True, exist_ok=True)
            one = results["domains"].setdefault(domain, {}).setdefault(str(seed), {})
            for part in options.parts:
                one[part] = PARTS[part](options, folder, domain, seed)
                say(f"{domain}, seed {seed}, {part}: {json.dumps(one[part])}")
                write_results(options.out, results)
    return results


# By key a column's title and its figure.
TAUGHT_BY_ITS_OWN = {
    "entities": ("entities, strict F1", lambda one: one["entities"]["strict"]),
    "peer": ("the same in PyTorch", lambda one: one["peer"]["strict"]),
    "pairs": ("related pairs, macro-F1", lambda one: one["pairs"]["macro"]),
}
END_TO_END = {
    "given": ("entities given", lambda one: one["joint"]["given"]["strict"]),
    "own": ("its own entities", lambda one: one["joint"]["entities"]),
    "own strict": ("their pairs, strict", lambda one: one["joint"]["found"]["strict"]),
    "own boundaries": ("by boundaries", lambda one: one["joint"]["found"]["boundaries"]),
    "other": ("another run's entities", lambda one: one["finder"]["entities"]["strict"]),
    "other strict": ("their pairs, strict", lambda one: one["finder"]["found"]["strict"]),
    "other boundaries": ("by boundaries", lambda one: one["finder"]["found"]["boundaries"]),
}


def figures_of(seeds, figure):
    """The seeds' figures, of those that have one."""
    found = []
    for one in seeds.values():
        try:
            found.append(figure(one))
        except KeyError:
            pass
    return found


def domains_of(results):
    return [name for name in DOMAINS if name in results["domains"]]


def measured(results, columns):
    """By column the figures of each domain's seeds, of columns of which something was measured."""
    all_columns = {key: [figures_of(results["domains"][name], figure)
                         for name in domains_of(results)] for key, (_, figure) in columns.items()}
    return {key: domains for key, domains in all_columns.items() if any(domains)}


def means(columns):
    """Over domains, of columns in which all have a figure."""
    return {key: statistics.mean(map(statistics.mean, domains))
            for key, domains in columns.items() if all(domains)}


def table(results, columns=None):
    """A line for each domain, and their mean; columns of which nothing was measured are left out,
    a mean is told where all domains have a figure."""
    columns = columns or {**TAUGHT_BY_ITS_OWN, **END_TO_END}
    figures = measured(results, columns)
    names = domains_of(results)
    lines = [[name, *[per_cent(domains[place]) if domains[place] else ""
                      for domains in figures.values()]] for place, name in enumerate(names)]
    of_all = means(figures)
    mean = ["mean", *[per_cent([of_all[key]]) if key in of_all else "" for key in figures]]
    titles = ["domain", *[columns[key][0] for key in figures]]
    if "pairs" in figures:
        place = list(figures).index("pairs") + 2
        titles.insert(place, "as published")
        for line, name in zip(lines, names):
            line.insert(place, f"{PUBLISHED[name]:.1f}")
        mean.insert(place, f"{statistics.mean(PUBLISHED[name] for name in names):.1f}")
    return markdown(titles, [*lines, mean])


def settings(results, part):
    return f"`{' '.join(results['options'].get(part, []))}`"


def section(results):
    if not results:
        return ""
    seeds = max(len(each) for each in results["domains"].values())
    text = (f"CrossRE, each domain taught by its own 100 to 164 training sentences, test splits, "
            f"in per cent, {of_seeds(seeds)} where there are as many;\n{results['encoder']}, all "
            f"weights ([figures](../bench/results/{RESULTS.name}), [how](../bench/crossre.py)):\n\n"
            f"{table(results, TAUGHT_BY_ITS_OWN)}\n\n"
            "PyTorch's is a tagger with BIO tags over the same encoder and sentences. Settings of "
            "both were chosen on `ai`'s dev sentences\nfrom a few: "
            f"{settings(results, 'entities')} here, {settings(results, 'peer')} there.\n")
    some = next(iter(next(iter(results["domains"].values())).values()))
    if "pairs" in some:
        text += (f"\nRelated pairs are those that have a relation, which of them is asked: a "
                 f"classifier over {results['pairs_encoder']}\n({settings(results, 'pairs')}). "
                 "Published are BERT base's, with markers that name the entities' types "
                 "(Bassignana and Plank 2022, arXiv\n2210.09345), the mean of five seeds, scored "
                 "by their evaluate.py from the predictions that they published.\n")
    return text + (end_to_end_text(results) if "joint" in some else "")


def shares(of_all, whose):
    """Of what given entities have, where all domains were measured."""
    if f"{whose} strict" not in of_all:
        return ""
    strict, boundaries = (f"{100 * of_all[f'{whose} {kind}'] / of_all['given']:.0f} %"
                          for kind in ("strict", "boundaries"))
    return f"{strict} of what it has with given ones, by boundaries {boundaries}"


def end_to_end_text(results):
    text = (f"\nEnd to end, F1 of relations, strict asking for both ends' types, too:\n\n"
            f"{table(results, END_TO_END)}\n\n"
            "The first columns are of one joint run for all domains' training sentences, which "
            f"reads all pairs from one pass\n({settings(results, 'joint')}; "
            "`--threshold dev`).\nTheir dev sentences chose its step and its threshold.")
    of_all = means(measured(results, END_TO_END))
    if own := shares(of_all, "own"):
        text += f" With the entities that it finds itself it has\n{own}."
    if other := shares(of_all, "other"):
        text += (f"\nThe last columns: the same run names the relations of entities that "
                 f"{results['finder']} finds, taught by the same sentences\n"
                 f"(`--task entities`, {settings(results, 'finder')}) and asked by "
                 "`--entities RUN --entity-types …` for\nthe types that the domain's training "
                 f"sentences have: {other}.")
    return text + "\n"


def main():
    words = lambda text: text.split(",")  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--python", help="with PyTorch and transformers")
    parser.add_argument("--encoder", default="all-minilm-l6-v2", help="name or folder")
    parser.add_argument("--pairs-encoder", help="of related pairs; without it the same one")
    parser.add_argument("--finder", help="model of the part of this name, as a GGUF file")
    parser.add_argument("--work", default="runs/crossre", type=pathlib.Path)
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--domains", default=DOMAINS, type=words)
    parser.add_argument("--seeds", default="1", type=lambda text: [int(s) for s in text.split(",")])
    parser.add_argument("--parts", default=tuple(PARTS), type=words)
    parser.add_argument("--threads", default=2, type=int, help="of the tagger in PyTorch")
    for part in PARTS:
        parser.add_argument(f"--{part}-options", default=[], type=str.split,
                            help="further options of this part's training, in one word")
    table_options(parser, RESULTS)
    options = parse_with_finetune(parser)
    measured_or_written(options, measure, table, (PAGE, MARKS, section))


if __name__ == "__main__":
    main()
