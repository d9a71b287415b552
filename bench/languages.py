#!/usr/bin/env python3
"""CrossRE in other languages: what a model of English and a multilingual one find there.

    bench/languages.py --data english=../shared/data/crossre --data german=CrossRE/german \\
        --model small=all-minilm-l6-v2 --model multilingual=gemma-3-270m-q4_k_m.gguf

Folders hold DOMAIN-train.json and DOMAIN-test.json; machine translations of CrossRE lie in
github.com/mainlp/CrossRE, multi-crossre_data/translation (Bassignana et al. 2023, Multi-CrossRE).
Of each language and model, on test splits:

entities   strict F1 of one run of `finetune --task entities` for all domains' training sentences
pairs      macro-F1 of pairs that have a relation: a classifier for each domain

What is in --work is not made again. --write puts the table of the results file between its marks
in docs/entities.md.
"""

import argparse
import datetime
import json
import pathlib

from crossre import DOMAINS
from harness import (give_up, marks, measured_or_written, of_seeds, per_cent, relatum, say,
                     table_options, trained, write_results)
from readme_table import markdown  # crossre puts its folder on the path

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "entities.md"
RESULTS = ROOT / "bench" / "results" / "languages.json"
MARKS = marks("languages")
# An encoder trains all weights; a language model an adapter, which needs fewer epochs.
WORDS = {"encoder": {"entities": ["--epochs", "20", "--lr", "1e-4", "--batch-tokens", "400"],
                     "pairs": ["--head", "classifier", "--epochs", "10"]},
         "language model": {"entities": ["--epochs", "3", "--batch-tokens", "512"],
                            "pairs": ["--head", "classifier", "--epochs", "4"]}}


def kind_of(model):
    return "language model" if str(model).endswith(".gguf") else "encoder"


def pooled(options, language, folder):
    """All domains' training sentences in one file."""
    path = options.work / f"{language}-train.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join((folder / f"{domain}-train.json").read_text(encoding="utf-8")
                                for domain in DOMAINS), encoding="utf-8")
    return f"crossre:{path}"


def answered(options, run, data, *task):
    """What `evaluate` says of the run's answers to a file."""
    out = run.with_name(f"{run.name}-{pathlib.Path(data).stem}.jsonl")
    if not out.exists():
        relatum(options, "extract", "--adapter", run, "--data", f"crossre:{data}", "--out", out)
    return json.loads(relatum(options, "evaluate", *task, "--data", f"crossre:{data}",
                              "--predictions", out, "--json"))


def one(options, language, model):
    folder, path = options.data[language], options.model[model]
    work = options.work / language / model
    words = WORDS[kind_of(path)]
    figures = {domain: {} for domain in options.domains}
    run = trained(options, work / "entities", "--task", "entities", "--model", path, "--train",
                  pooled(options, language, folder), *words["entities"])
    for domain in options.domains:
        report = answered(options, run, folder / f"{domain}-test.json", "--task", "entities")
        figures[domain]["entities"] = report["entities"]["strict"]["f1"]
    for domain in options.pair_domains:
        run = trained(options, work / f"pairs-{domain}", "--model", path, "--train",
                      f"crossre:{folder / f'{domain}-train.json'}", *words["pairs"])
        report = answered(options, run, folder / f"{domain}-test.json")
        figures[domain]["pairs"] = report["metrics"]["macro"]["f1"]
    say(f"{language}, {model}: {figures}")
    return figures


def measure(options):
    if not options.data or not options.model:
        give_up("name data and models by --data NAME=FOLDER and --model NAME=MODEL")
    languages = {language: {model: one(options, language, model) for model in options.model}
                 for language in options.data}
    results = {"what": "CrossRE in other languages, test splits, one seed",
               "models": {name: [kind_of(path), pathlib.Path(path).name]
                          for name, path in options.model.items()},
               "options": WORDS, "date": datetime.date.today().isoformat(),
               "languages": languages}
    write_results(options.out, results)
    return results


def table(results):
    lines = []
    for model in results["models"]:
        domains = results["languages"][next(iter(results["languages"]))][model]
        for figure, title in (("entities", "entities, strict F1"),
                              ("pairs", "related pairs, macro-F1")):
            for domain, values in domains.items():
                if figure in values:
                    lines.append([model, title, domain,
                                  *[per_cent([each[model][domain][figure]])
                                    for each in results["languages"].values()]])
    return markdown(["model", "figure", "domain", *results["languages"]], lines)


def section(results):
    if not results:
        return ""
    return (f"CrossRE's test splits, {of_seeds(1)}, in per cent ([figures](../bench/results/"
            f"{RESULTS.name}), [how](../bench/languages.py)):\n\n{table(results)}\n")


def named(text):
    name, _, value = text.partition("=")
    return name, value


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--data", action="append", default=[], type=named, metavar="NAME=FOLDER")
    parser.add_argument("--model", action="append", default=[], type=named, metavar="NAME=MODEL",
                        help="an encoder, or a language model's GGUF file")
    parser.add_argument("--domains", default=["ai", "politics"],
                        type=lambda text: text.split(","), help="of entities")
    parser.add_argument("--pair-domains", default=["ai"], type=lambda text: text.split(","))
    parser.add_argument("--work", default="runs/languages", type=pathlib.Path)
    table_options(parser, RESULTS)
    options = parser.parse_args()
    options.finetune = []
    options.data = {name: pathlib.Path(folder) for name, folder in options.data}
    options.model = dict(options.model)
    measured_or_written(options, measure, table, (PAGE, MARKS, section))


if __name__ == "__main__":
    main()
