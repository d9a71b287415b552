#!/usr/bin/env python3
"""What number formats cost: one model and one adapter, its base in each format of `quantize`.

The model is written as f16 first; an adapter is trained on that, as scripts/quickstart does, and is
then used with the base in every format. Told are the file's size, the loss of the corpus's
sentences as plain text, and the score of the test split. Ends without figures where a command
fails. --write puts the table of the results file between its marks in docs/models.md.
"""

import argparse
import datetime
import json
import pathlib
import sys

from harness import marks, parse_with_finetune, relatum, table_options, write_between

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "models.md"
RESULTS = ROOT / "bench" / "results" / "quantised.json"
CORPUS = ROOT / "examples" / "corpus"
FORMATS = ["q8_0", "q6_k", "q4_k", "q4_0"]
MARKS = marks("quantised")
sys.path.insert(0, str(ROOT / "tools"))
from readme_table import markdown  # noqa: E402  pylint: disable=wrong-import-position


def write_text(path):
    """The sentences of all three splits, one a line."""
    rows = []
    for split in ("train", "dev", "test"):
        lines = (CORPUS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        rows += [json.loads(line)["text"] for line in lines]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def quantize(options, source, form, out, *more):
    return json.loads(relatum(options, "quantize", "--model", source, "--format", form, "--out",
                              out, "--overwrite", "--json", "--quiet", *more))


def train(options, base, out):
    if (out / "run.json").exists():
        return
    relatum(options, "finetune", "--model", base, "--base", "keep",
            "--train", CORPUS / "train.jsonl", "--dev", CORPUS / "dev.jsonl",
            "--labels", CORPUS / "labels.json", "--prompt", "roles-nolist", "--epochs", 3,
            "--lr", "1e-3", "--batch-tokens", 192, "--eval-every", 1000, "--out", out,
            "--overwrite", *options.finetune)


def score(options, model, adapter, out):
    relatum(options, "extract", "--model", model, "--base", "keep", "--adapter", adapter, "--force",
            "--data", CORPUS / "test.jsonl", "--labels", CORPUS / "labels.json", "--out", out,
            "--overwrite", "--compute", options.compute, "--quiet")
    report = json.loads(relatum(options, "evaluate", "--data", CORPUS / "test.jsonl", "--labels",
                                CORPUS / "labels.json", "--predictions", out, "--json"))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return {"f1": report["official"]["f1"], "accuracy": report["accuracy"],
            "labels": {row["id"]: row["label"] for row in rows}}


def measure(options):
    work = pathlib.Path(options.work)
    work.mkdir(parents=True, exist_ok=True)
    text, base = work / "text.txt", work / "f16.gguf"
    write_text(text)
    size = quantize(options, options.model, "f16", base)["bytes"]
    train(options, base, work / "adapter")
    first = score(options, base, work / "adapter", work / "f16.jsonl")
    rows = {"f16": {"bytes": size, "f1": first["f1"], "accuracy": first["accuracy"]}}
    for form in FORMATS:
        out = work / f"{form}.gguf"
        told = quantize(options, base, form, out, "--compare", text)
        got = score(options, out, work / "adapter", work / f"{form}.jsonl")
        same = sum(got["labels"][row] == label for row, label in first["labels"].items())
        rows[form] = {"bytes": told["bytes"], **told["comparison"], "f1": got["f1"],
                      "accuracy": got["accuracy"], "same_labels": same / len(first["labels"])}
        rows["f16"]["perplexity_after"] = told["comparison"]["perplexity_before"]
    return {"what": "the example corpus: all sentences as text, test split for the score",
            "model": options.name, "compute": options.compute, "finetune": options.finetune,
            "date": datetime.date.today().isoformat(), "rows": rows}


def table(results):
    lines = []
    for form, row in results["rows"].items():
        error = row.get("loss_change_error")
        change = f"{row['loss_change']:+.4f} ± {error:.4f}" if error is not None else ""
        same = f"{100 * row['same_labels']:.1f}" if "same_labels" in row else ""
        lines.append([f"`{form}`", f"{row['bytes'] / 1e6:.1f} MB", f"{row['perplexity_after']:.2f}",
                      change, f"{100 * row['f1']:.1f}", f"{100 * row['accuracy']:.1f}", same])
    return markdown(["format", "tensors", "perplexity", "loss a token", "micro-F1", "accuracy",
                     "labels as with f16"], lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--relatum", default="build/release/relatum")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--name", help="what the results call the model (default: --model)")
    parser.add_argument("--work", default="runs/quantised", help="folder for files and runs")
    parser.add_argument("--compute", default="f32", choices=["f32", "bf16"], help="of the answers")
    table_options(parser, RESULTS)
    options = parse_with_finetune(parser)
    options.name = options.name or options.model
    if options.write:
        return write_between(PAGE, MARKS,
                             table(json.loads(options.out.read_text(encoding="utf-8"))) + "\n")
    results = measure(options)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(table(results))
    return None


if __name__ == "__main__":
    main()
