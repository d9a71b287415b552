#!/usr/bin/env python3
"""How far 8-bit products move the next token's distribution, emulated in f32 with PyTorch.

Weights get a scale per output, inputs one per row, both after a rotation by Hadamard matrices over
blocks of `inner` and over `outer` of those blocks. Needs the Python of bench/peers.
"""

import argparse
import json
import math

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def quantised(x):
    scale = x.abs().amax(-1, keepdim=True) / 127
    scale[scale == 0] = 1
    return (x / scale).round().clamp(-127, 127) * scale


def hadamard(size):
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.cat([torch.cat([matrix, matrix], 1), torch.cat([matrix, -matrix], 1)])
    return matrix / math.sqrt(size)


def turned(x, inner, outer):
    """x times an orthonormal symmetric matrix; 1, 1 leaves it as it is."""
    *rows, size = x.shape
    x = x.reshape(*rows, size // inner, inner) @ hadamard(inner)
    x = x.reshape(*rows, outer, size // (outer * inner), inner)
    return torch.einsum("...onc,op->...pnc", x, hadamard(outer)).reshape(*rows, size)


class Emulation:
    """A model whose linear layers, the head apart, can be turned and quantised."""

    def __init__(self, options):
        self.how = {}
        tokenizer = AutoTokenizer.from_pretrained(options.model)
        model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
        self.model = PeftModel.from_pretrained(model, options.adapter).merge_and_unload()
        with open(options.prompts, encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines][:options.limit]
        self.rows = [tokenizer(row["prompt"], add_special_tokens=False).input_ids for row in rows]
        self.layers = {name: layer for name, layer in self.model.named_modules()
                       if isinstance(layer, torch.nn.Linear) and "lm_head" not in name}
        self.weights = {name: layer.weight.data.clone() for name, layer in self.layers.items()}
        for name, layer in self.layers.items():
            layer.register_forward_pre_hook(lambda _, args, name=name: self.prepare(name, args))

    def prepare(self, name, args):
        inner, outer, inputs, _ = self.how.get(name, (1, 1, False, False))
        x = turned(args[0], inner, outer)
        return (quantised(x) if inputs else x,)

    def distributions(self, how):
        """Log-probabilities behind each prompt. how(layer): (inner, outer, inputs?, weights?)."""
        for name, layer in self.layers.items():
            inner, outer, _, weights = self.how[name] = how(name)
            weight = turned(self.weights[name], inner, outer)
            layer.weight.data = quantised(weight) if weights else weight
        last = [self.model(torch.tensor([ids]), logits_to_keep=1).logits[0, -1]
                for ids in self.rows]
        return torch.stack(last).double().log_softmax(-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("model", help="Hugging Face folder in f32")
    parser.add_argument("adapter", help="run folder")
    parser.add_argument("prompts", help="prompts.jsonl of the adapter's style")
    parser.add_argument("--limit", type=int, default=160)
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    emulation = Emulation(options)
    want = emulation.distributions(lambda name: (1, 1, False, False))
    ways = {"inputs and weights": lambda name: (1, 1, True, True),
            "inputs alone": lambda name: (1, 1, True, False),
            "weights alone": lambda name: (1, 1, False, True)}
    for part in ("q", "k", "v", "o", "gate", "up", "down"):
        ways[f"both, but {part}_proj exact"] = (
            lambda name, part=part: (1, 1, f"{part}_proj" not in name, f"{part}_proj" not in name))
    for inner, outer in ((64, 1), (16, 1), (16, 2), (16, 4)):
        ways[f"both, turned {inner} x {outer}"] = (
            lambda name, inner=inner, outer=outer: (inner, outer, True, True))
    print("| 8 bits for | KL, mean | largest | same token |\n| --- | ---: | ---: | ---: |")
    for label, how in ways.items():
        got = emulation.distributions(how)
        kl = (want.exp() * (want - got)).sum(-1)
        same = (want.argmax(-1) == got.argmax(-1)).double().mean()
        print(f"| {label} | {kl.mean():.5f} | {kl.max():.3f} | {100 * same:.1f} % |", flush=True)


if __name__ == "__main__":
    main()
