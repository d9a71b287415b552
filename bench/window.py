#!/usr/bin/env python3
"""What a window of 4,096 tokens saves of attention's time in rows of 8,192: for a results file.

    python bench/window.py --words TOKENIZER_FOLDER --config mistral-7b-v0.1.json --out RESULTS.json

Two layers of Mistral's shape with random weights, with and without `sliding_window`, read one row
of 8,192 tokens by turns. Attention's time is perf's share of either run, held against that of the
frozen weights' products, which are the same in both: single runs differ by more than the window
saves. Fails where both models say the same of the row's end, as then the window did nothing.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from compare_peers import processor
from harness import say
from profile_kinds import measured

HERE = pathlib.Path(__file__).resolve().parent
LENGTH = 8192
PRODUCTS = "frozen weights' products (oneDNN)"  # profile_kinds' name


def make_models(options, folder):
    """The same weights in two folders that differ in the window alone."""
    config = json.loads(options.config.read_text(encoding="utf-8"))
    config["num_hidden_layers"] = 2
    models = {}
    for name, window in (("whole", None), ("window", LENGTH // 2)):
        config["sliding_window"] = window
        written = folder / f"{name}.json"
        written.write_text(json.dumps(config), encoding="utf-8")
        subprocess.run([sys.executable, HERE / "random_folder.py", folder / name, "--config",
                        written, "--words", options.words], check=True)
        models[name] = folder / name
    return models


def bench(options, model):
    return [str(word) for word in (
        options.relatum, "bench", "--model", model, "--length", LENGTH, "--tokens", LENGTH,
        "--skip-training", "--decode", 1, "--rounds", 1, "--json", "--quiet",
        *(["--isa", options.isa] if options.isa else []))]


def main():
    """Measures both in turns and writes the entry."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--relatum", default=HERE.parent / "build" / "release" / "relatum")
    parser.add_argument("--config", type=pathlib.Path, required=True)
    parser.add_argument("--words", type=pathlib.Path, required=True, help="folder of a tokenizer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--isa", help="limit the instruction set")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = make_models(options, folder)
        for path in models.values():  # a first run reads the file and is not counted
            subprocess.run(bench(options, path), check=True, capture_output=True)
        seconds, said = {model: [] for model in models}, {}
        for _ in range(options.rounds):
            for model, path in models.items():
                told = json.loads(subprocess.run(bench(options, path), check=True,
                                                 capture_output=True, text=True).stdout)
                seconds[model].append(LENGTH / told["prefill"]["tokens_per_s"])
                said[model] = told["next_token"]
                say(f"{model}: {seconds[model][-1]:.2f} s")
        if said["whole"] == said["window"]:
            raise SystemExit("Both models say the same: the window did nothing.")
        shares = {model: measured(bench(options, path)) for model, path in models.items()}
    of_products = {model: kinds["attention"] / kinds[PRODUCTS] for model, kinds in shares.items()}
    saved = 1 - of_products["window"] / of_products["whole"]
    entry = {"date": datetime.date.today().isoformat(), "machine": processor(), "cpu": told["cpu"],
             "length": LENGTH, "window": LENGTH // 2, "rounds": options.rounds,
             "seconds": {model: [round(t, 3) for t in times] for model, times in seconds.items()},
             "median_seconds": {model: statistics.median(times)
                                for model, times in seconds.items()},
             "shares": shares, "saved_of_attention": round(saved, 3)}
    entries = json.loads(options.out.read_text()) if options.out.exists() else {}
    entries[told["cpu"]] = entry
    options.out.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    print(f"saved {100 * saved:.0f} % of attention's time, "
          f"{100 * shares['whole']['attention']:.0f} % of the whole")


if __name__ == "__main__":
    main()
