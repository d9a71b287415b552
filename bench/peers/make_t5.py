"""Writes a T5 of a real model's shape with random weights, to measure its cost.

Its vocabulary is another folder's tokenizer. Weights are so wide that labels differ in probability.
"""

import argparse
import pathlib
import shutil

import torch
from transformers import T5Config, T5ForConditionalGeneration

# width, inner width, layers of each half, heads: of the models' published config.json
SHAPES = {"small": (512, 2048, 6, 8), "base": (768, 3072, 12, 12), "large": (1024, 4096, 24, 16)}
WORDS = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "spiece.model")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=pathlib.Path, help="folder to write")
    parser.add_argument("--words", type=pathlib.Path, required=True, help="folder of a tokenizer")
    parser.add_argument("--shape", choices=SHAPES, default="large")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    width, inner, layers, heads = SHAPES[options.shape]
    model = T5ForConditionalGeneration(T5Config(
        vocab_size=32128, d_model=width, d_ff=inner, num_layers=layers, num_heads=heads,
        decoder_start_token_id=0))
    options.out.mkdir(parents=True, exist_ok=True)
    model.to(getattr(torch, options.dtype)).save_pretrained(options.out)
    for name in WORDS:
        if (options.words / name).exists():
            shutil.copy(options.words / name, options.out / name)
    print(f"{sum(weight.numel() for weight in model.parameters()) / 1e6:.0f} M parameters")


if __name__ == "__main__":
    main()
