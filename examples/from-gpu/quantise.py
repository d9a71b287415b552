"""Saves a base model in 4 bits, as bitsandbytes' NF4 with double quantisation."""

import argparse

from transformers import AutoTokenizer

import common


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    common.add_base_options(parser)
    parser.add_argument("out", help="folder for the 4-bit model")
    options = parser.parse_args()
    options.nf4 = True
    common.load_base(options).save_pretrained(options.out)
    AutoTokenizer.from_pretrained(options.model).save_pretrained(options.out)
    print(f"4-bit model in {options.out}")


if __name__ == "__main__":
    main()
