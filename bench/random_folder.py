#!/usr/bin/env python3
"""Writes a Llama, Mistral or Qwen 2 of a published config.json with random weights, as a folder.

bf16 in shards of at most 5 GB, as such models are published, one tensor in memory at a time; to
measure what loading and training one costs. Needs NumPy alone.
"""

import argparse
import json
import pathlib
import shutil

import numpy as np

WORDS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model",
         "vocab.json", "merges.txt")


def matrices(config):
    """(name, shape) of every tensor, in the order of layers."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    size = config.get("head_dim") or width // heads
    keys = size * (config.get("num_key_value_heads") or heads)
    yield "model.embed_tokens.weight", (config["vocab_size"], width)
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}."
        yield layer + "input_layernorm.weight", (width,)
        yield layer + "post_attention_layernorm.weight", (width,)
        for name, rows, cols in (("self_attn.q_proj", heads * size, width),
                                 ("self_attn.k_proj", keys, width),
                                 ("self_attn.v_proj", keys, width),
                                 ("self_attn.o_proj", width, heads * size),
                                 ("mlp.gate_proj", inner, width), ("mlp.up_proj", inner, width),
                                 ("mlp.down_proj", width, inner)):
            yield f"{layer}{name}.weight", (rows, cols)
            if config["model_type"] == "qwen2" and name.endswith(("q_proj", "k_proj", "v_proj")):
                yield f"{layer}{name}.bias", (rows,)
    yield "model.norm.weight", (width,)
    if not config.get("tie_word_embeddings"):
        yield "lm_head.weight", (config["vocab_size"], width)


def values(random, shape):
    """bf16 bits: ones for a vector, else of both signs and between half and all of 1/sqrt(cols)."""
    if len(shape) == 1:
        return np.full(shape, 0x3F80, dtype=np.uint16)
    exponent = 127 - 1 - int(np.log2(np.sqrt(shape[1])))
    bits = random.integers(0, 1 << 16, shape, dtype=np.uint16)
    bits &= 0x807F
    bits |= exponent << 7
    return bits


def shards(tensors, limit):
    """The tensors in runs of at most `limit` bytes."""
    runs, used = [[]], 0
    for name, shape in tensors:
        size = 2 * int(np.prod(shape))
        if runs[-1] and used + size > limit:
            runs.append([])
            used = 0
        runs[-1].append((name, shape))
        used += size
    return runs


def write_shard(path, tensors, random):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors:
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for _, shape in tensors:
            values(random, shape).tofile(out)
    return at


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=pathlib.Path, help="folder to write")
    parser.add_argument("--config", type=pathlib.Path, required=True, help="a config.json")
    parser.add_argument("--words", type=pathlib.Path, required=True, help="folder of a tokenizer")
    parser.add_argument("--shard", type=float, default=5, help="GB of a shard at the most")
    options = parser.parse_args()
    config = json.loads(options.config.read_text(encoding="utf-8"))
    options.out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    runs = shards(list(matrices(config)), options.shard * 1e9)
    total, places = 0, {}
    for i, run in enumerate(runs):
        name = f"model-{i + 1:05}-of-{len(runs):05}.safetensors"
        total += write_shard(options.out / name, run, random)
        places.update({tensor: name for tensor, _ in run})
    (options.out / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": total}, "weight_map": places}, indent=1), encoding="utf-8")
    shutil.copy(options.config, options.out / "config.json")
    for name in WORDS:
        if (options.words / name).exists():
            shutil.copy(options.words / name, options.out / name)
    print(f"{total / 2e9:.2f} G parameters in {len(runs)} files")


if __name__ == "__main__":
    main()
