#!/usr/bin/env python3
"""The memory and time that `relatum merge` takes, in each form that it writes.

python bench/merge.py RELATUM --model FOLDER --limit GB [--forms safetensors q4_k …] [--name NAME]
    [--out RESULTS.json]

FOLDER is a Llama-like model's, e.g. of bench/random_folder.py. Its adapter is made here: random
pairs of rank 16 on all linears, added to the base in NF4, as after QLoRA. Fails where more than
--limit GB were in memory at once, pages of mapped files among them. Needs numpy and safetensors.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy as np
from safetensors.numpy import save_file

from compare_peers import processor
from harness import give_up, say

RANK = 16


def shapes(model):
    """Outputs and inputs of all linears of the layers, from the files' headers."""
    found = {}
    for path in sorted(pathlib.Path(model).glob("*.safetensors")):
        with open(path, "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        found |= {name: entry["shape"] for name, entry in header.items()
                  if name.endswith("_proj.weight")}
    return found


def make_adapter(model, folder):
    folder.mkdir()
    draw, tensors = np.random.default_rng(1), {}
    for name, (outputs, inputs) in shapes(model).items():
        stem = f"base_model.model.{name.removesuffix('.weight')}.lora_"
        for half, shape in (("A", (RANK, inputs)), ("B", (outputs, RANK))):
            tensors[f"{stem}{half}.weight"] = 0.01 * draw.standard_normal(shape, dtype=np.float32)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(
        {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": 2 * RANK,
         "target_modules": "all-linear", "bias": "none"}), encoding="utf-8")


def run(program, model, adapter, form, folder):
    """Seconds, the largest resident set in bytes, and what the command tells."""
    out = folder / ("merged" if form == "safetensors" else "merged.gguf")
    begin = time.monotonic()
    command = [program, "merge", "--model", model, "--adapter", adapter, "--base", "nf4",
               "--format", form, "--out", out, "--json", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begin
    if process.returncode:
        give_up(f"merge --format {form} failed")
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink()
    return seconds, usage.ru_maxrss * 1024, json.loads(told)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--model", required=True)
    parser.add_argument("--name", help="of the entry in the results; default: the folder's")
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--forms", nargs="+", default=["safetensors", "q8_0", "q4_k"])
    parser.add_argument("--folder", help="where the results are written and removed again")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    entry = {"date": datetime.date.today().isoformat(), "machine": processor(), "forms": {}}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = pathlib.Path(name)
        make_adapter(options.model, folder / "adapter")
        for form in options.forms:
            seconds, peak, told = run(options.program, options.model, folder / "adapter", form,
                                      folder)
            entry["bytes_before"] = told["bytes_before"]
            entry["forms"][form] = {"seconds": round(seconds, 1), "bytes": told["bytes"],
                                    "peak_gb": round(peak / 1e9, 3)}
            say(f"{form}: {peak / 1e9:.2f} GB at most, {seconds:.0f} s, {told['bytes'] / 1e9:.1f} "
                "GB written")
            if peak > options.limit * 1e9:
                give_up(f"more than {options.limit:g} GB were taken")
    if options.out:
        kept = json.loads(options.out.read_text(encoding="utf-8")) if options.out.exists() else {}
        kept[options.name or pathlib.Path(options.model).name] = entry
        options.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
