#!/usr/bin/env python3
"""Training alone and beside busy processes, in turns: which share of its speed is left.

    bench/shared_machine.py --relatum build/release/relatum [--before OTHER] --out FILE.json

Each run trains the same steps; the adapters must be the same byte for byte, else no figure is
printed. Of a run the median over its steps counts, of several runs their median. Nothing else may
run meanwhile. Needs SmolLM2-135M-Instruct (`scripts/quickstart --models-only`).
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).resolve().parent.parent / "examples" / "corpus"


def cpu():
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines
                  if line.startswith("model name")), "")
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    wide = [name for name in ("avx512f", "avx512_bf16") if name in flags] or ["avx2"]
    return f"{model}, {os.cpu_count()} cores, {', '.join(wide)}"


def train(program, arguments, folder):
    """Trains once; gives the median rate in tokens a second and the adapter's hash."""
    run = Path(folder) / "run"
    command = [program, "finetune", "--model", arguments.model, "--train",
               f"{CORPUS}/train.jsonl?limit={arguments.rows}", "--labels",
               str(CORPUS / "labels.json"), "--epochs", "1", "--batch-tokens", "192",
               "--quiet", "--overwrite", "--out", str(run)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    steps = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    adapter = (run / "adapter_model.safetensors").read_bytes()
    return (statistics.median(step["tokens_per_s"] for step in steps if "loss" in step),
            hashlib.sha256(adapter).hexdigest())


def measure(program, busy, arguments, folder):
    neighbours = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(busy)]
    try:
        return train(program, arguments, folder)
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--relatum", required=True, help="the program")
    parser.add_argument("--before", help="another build, to set side by side")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--busy", type=int, default=1, help="processes beside it")
    parser.add_argument("--out", help="JSON file for the figures")
    arguments = parser.parse_args()
    programs = {"now": arguments.relatum}
    if arguments.before:
        programs["before"] = arguments.before
    rates, adapters = {}, set()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(arguments.rounds):
            for name, program in programs.items():
                for place, busy in (("alone", 0), ("beside", arguments.busy)):
                    rate, adapter = measure(program, busy, arguments, folder)
                    rates.setdefault(name, {}).setdefault(place, []).append(round(rate, 1))
                    adapters.add(adapter)
    if len(adapters) != 1:
        sys.exit("the adapters differ: no figure counts")
    result = {"cpu": cpu(), "busy_processes": arguments.busy, "rounds": arguments.rounds,
              "unit": "training tokens per second, median of a run's steps", "adapter":
              adapters.pop(), "runs": rates}
    for name, places in rates.items():
        alone, beside = (statistics.median(places[place]) for place in ("alone", "beside"))
        result[name] = {"alone": alone, "beside": beside, "share": round(beside / alone, 3)}
        print(f"{name}: {alone} alone, {beside} beside {arguments.busy} busy: "
              f"{100 * beside / alone:.0f} %")
    if arguments.before:
        result["alone_ratio"] = round(result["now"]["alone"] / result["before"]["alone"], 3)
        print(f"alone, now over before: {result['alone_ratio']}")
    if arguments.out:
        Path(arguments.out).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
