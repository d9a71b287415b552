"""Merges a PEFT adapter into a Llama GGUF; writes BF16 and quantised files for llama.cpp."""

import argparse
import importlib.util
import json
import pathlib
import subprocess
import sys

import gguf
import numpy as np
from safetensors.numpy import load_file

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import dequantise  # pylint: disable=wrong-import-position


def quantiser():
    """The program that the package ik-llama-cpp-python carries."""
    folder = pathlib.Path(importlib.util.find_spec("ik_llama_cpp").origin).parent.parent
    return folder / "bin" / "llama-quantize"


def permuted(weight, heads):
    """Rows of q or k from Hugging Face's order into GGUF's, which turns neighbours."""
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


class Deltas:
    """What an adapter adds to each weight, by Hugging Face's names."""

    def __init__(self, folder):
        self.factors, self.scale = {}, 0.0
        if folder:
            config = json.loads((pathlib.Path(folder) / "adapter_config.json").read_text())
            self.scale = config["lora_alpha"] / config["r"]
            self.factors = load_file(pathlib.Path(folder) / "adapter_model.safetensors")

    def of(self, name):
        stem = f"base_model.model.{name}."
        if stem + "lora_A.weight" not in self.factors:
            return 0.0
        a, b = (self.factors[f"{stem}lora_{side}.weight"].astype(np.float32) for side in "AB")
        return self.scale * b @ a


def merged(model, deltas):
    """(GGUF's name, f32 values) of all tensors."""
    config = model.config()
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for tensor in model.reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        values = values.reshape(tuple(int(size) for size in reversed(tensor.shape)))
        parts = tensor.name.split(".")
        if parts[0] == "blk" and parts[2] in dequantise.LAYER:
            delta = deltas.of(f"model.layers.{parts[1]}.{dequantise.LAYER[parts[2]]}")
            turned = parts[2] in heads and np.ndim(delta)
            values = values + (permuted(delta, heads[parts[2]]) if turned else delta)
        yield tensor.name, values.astype(np.float32)


def write(model, tensors, path):
    """All metadata of the model; matrices in BF16, the rest in f32."""
    writer = gguf.GGUFWriter(path, "llama")
    for field in model.reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture",
                                                            "general.file_type",
                                                            "general.quantization_version"):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, inner)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    for name, values in tensors:
        if values.ndim > 1:
            kind = gguf.GGMLQuantizationType.BF16
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="GGUF file of the Llama family")
    parser.add_argument("out", help="folder of the GGUF files")
    parser.add_argument("--adapter", help="PEFT adapter or run folder")
    parser.add_argument("--types", nargs="*", default=["Q8_0", "Q4_0", "Q4_1"])
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    model, wide = dequantise.GgufModel(options.model), out / "model.BF16.gguf"
    write(model, merged(model, Deltas(options.adapter)), wide)
    for kind in options.types:
        subprocess.run([quantiser(), wide, out / f"model.{kind}.gguf", kind], check=True)


if __name__ == "__main__":
    main()
