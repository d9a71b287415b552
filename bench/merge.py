#!/usr/bin/env python3
"""The memory and time that `relatum merge` takes, in each form that it writes.

python bench/merge.py RELATUM --model FOLDER --limit GB [--forms safetensors q4_k …] [--name NAME]
    [--out RESULTS.json] [--peer]

FOLDER is a Llama-like model's, e.g. of bench/random_folder.py. Its adapter is made here: random
pairs of rank 16 on all linears, added to the base in NF4, as after QLoRA. Fails where more than
--limit GB were in memory at once, pages of mapped files among them. What is timed is looked into:
all tensors are there, and one linear's rows are the base's with the adapter in them. Needs numpy,
safetensors and gguf, --peer llama-cpp-python.
"""

import argparse
import ctypes
import datetime
import json
import pathlib
import shutil
import subprocess
import tempfile

import gguf
import numpy as np
from safetensors.numpy import load_file, save_file

from compare_peers import processor
from harness import give_up, load_results, say, timed

RANK = 16
ROWS = 16  # that are looked at, of a linear whose rows have one order everywhere
LINEAR = "model.layers.0.mlp.down_proj.weight"
IN_GGUF = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
           "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}


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


def read_rows(folder, name, count):
    """The first rows of a tensor of safetensors files, in f32."""
    for path in sorted(pathlib.Path(folder).glob("*.safetensors")):
        with open(path, "rb") as file:
            start = int.from_bytes(file.read(8), "little")
            entry = json.loads(file.read(start)).get(name)
            if entry is None:
                continue
            columns = entry["shape"][1]
            wide = entry["dtype"] == "F32"
            file.seek(8 + start + entry["data_offsets"][0])
            raw = file.read(count * columns * (4 if wide else 2))
        if wide:
            values = np.frombuffer(raw, np.float32)
        elif entry["dtype"] == "F16":
            values = np.frombuffer(raw, np.float16).astype(np.float32)
        else:
            values = (np.frombuffer(raw, np.uint16).astype(np.uint32) << 16).view(np.float32)
        return values.reshape(count, columns)
    return give_up(f"{folder} has no tensor {name}")


def written(out, model):
    """Checks that all of the base's linears are there; returns the first rows of one."""
    names = shapes(model)
    if out.is_dir():
        if shapes(out) != names:
            give_up(f"{out} has other linears than the base")
        return read_rows(out, LINEAR, ROWS)
    file = gguf.GGUFReader(out)
    tensors = {tensor.name: tensor for tensor in file.tensors}
    for name, (outputs, inputs) in names.items():
        _, _, layer, _, kind, _ = name.split(".")
        found = tensors.get(f"blk.{layer}.{IN_GGUF[kind]}.weight")
        if found is None or [int(n) for n in found.shape] != [inputs, outputs]:
            give_up(f"{out} has no tensor for {name}, or one of another shape")
    tensor = tensors["blk.0.ffn_down.weight"]
    return gguf.quants.dequantize(tensor.data[:ROWS], tensor.tensor_type).astype(np.float32)


def kept(out, model, adapter):
    """The adapter's share in one linear, its noise, and the size of what is neither base nor
    adapter beside the base's."""
    base = read_rows(model, LINEAR, ROWS)
    stem = f"base_model.model.{LINEAR.removesuffix('.weight')}.lora_"
    pairs = load_file(adapter / "adapter_model.safetensors")
    added = 2 * pairs[f"{stem}B.weight"][:ROWS] @ pairs[f"{stem}A.weight"]
    change = written(out, model) - base
    share = float((change * added).sum() / (added * added).sum())
    rest = float(np.sqrt(((change - added) ** 2).mean() / (base ** 2).mean()))
    # The noise of the share: the rest, spread over all values, beside the adapter's own size.
    noise = rest * float(np.sqrt((base ** 2).sum() / (added ** 2).sum()) / np.sqrt(added.size))
    return share, noise, rest


def check(out, model, adapter, form):
    """What is not the base is the adapter, once: along its own direction, as rounding to NF4 and
    to the form is far larger than it, and has none. Gives the adapter's share that is there. Four
    bits have a direction: the base's values lie at NF4's levels, the levels of the form gather
    there, and of steps smaller than theirs a part is rounded away (--peer tells how much llama.cpp
    keeps); there the share has to be more than noise and of the adapter's size."""
    share, noise, rest = kept(out, model, adapter)
    coarse = form.startswith("q4")
    right = 0.25 < share < 1.5 if coarse else abs(share - 1) < 5 * noise
    if not right or noise > (0.05 if coarse else 0.1) or rest > 0.25:
        give_up(f"{out}: {share:.3f} of the adapter is in {LINEAR}, give or take {noise:.3f}, and "
                f"{rest:.3f} of its weights is something else")
    return share


def kept_by_llama_cpp(program, model, adapter, folder):
    """The adapter's share where llama.cpp makes the q4_k of the same sum in f16."""
    import llama_cpp  # pylint: disable=import-outside-toplevel
    plain, small = folder / "plain.gguf", folder / "small.gguf"
    subprocess.run([program, "merge", "--model", model, "--adapter", adapter, "--base", "nf4",
                    "--format", "f16", "--out", plain, "--quiet"], check=True)
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M
    options.pure = True
    if llama_cpp.llama_model_quantize(str(plain).encode(), str(small).encode(),
                                      ctypes.byref(options)):
        give_up("llama.cpp did not quantise")
    return kept(small, model, adapter)[0]


def run(program, model, adapter, form, folder):
    """Seconds, the largest resident set in bytes, what the command tells, and the share of the
    adapter that is in what it wrote."""
    out = folder / ("merged" if form == "safetensors" else "merged.gguf")
    command = [program, "merge", "--model", model, "--adapter", adapter, "--base", "nf4",
               "--format", form, "--out", out, "--json", "--quiet"]
    figures, told = timed(command)
    share = check(out, model, adapter, form)
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink()
    return figures["seconds"], figures["peak_bytes"], json.loads(told), share


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
    parser.add_argument("--peer", action="store_true",
                        help="also how much of the adapter llama.cpp's q4_k keeps")
    options = parser.parse_args()
    entry = {"date": datetime.date.today().isoformat(), "machine": processor(), "forms": {}}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = pathlib.Path(name)
        make_adapter(options.model, folder / "adapter")
        for form in options.forms:
            seconds, peak, told, share = run(options.program, options.model, folder / "adapter",
                                             form, folder)
            entry["bytes_before"] = told["bytes_before"]
            entry["forms"][form] = {"seconds": round(seconds, 1), "bytes": told["bytes"],
                                    "peak_gb": round(peak / 1e9, 3),
                                    "adapter_kept": round(share, 3)}
            say(f"{form}: {peak / 1e9:.2f} GB at most, {seconds:.0f} s, {told['bytes'] / 1e9:.1f} "
                "GB written")
            if peak > options.limit * 1e9:
                give_up(f"more than {options.limit:g} GB were taken")
        if options.peer:
            share = kept_by_llama_cpp(options.program, options.model, folder / "adapter", folder)
            entry["forms"]["q4_k of llama.cpp"] = {"adapter_kept": round(share, 3)}
    if options.out:
        results = load_results(options.out) or {}
        results[options.name or pathlib.Path(options.model).name] = entry
        options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
