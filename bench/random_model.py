#!/usr/bin/env python3
"""Writes a Llama of a real model's shape with random weights as GGUF (Q4_0), to measure its cost.

Its words are those of another GGUF, so its vocabulary has that size. Needs the Python of
bench/peers.
"""

import argparse

import gguf
import numpy as np

# layers, width, heads, key heads, inner width: of the models' published config.json
SHAPES = {
    "360m": (32, 960, 15, 5, 2560),      # SmolLM2-360M
    "1.1b": (22, 2048, 32, 4, 5632),     # TinyLlama-1.1B
    "7b": (32, 4096, 32, 8, 14336),      # Mistral-7B
}


def blocks(random, rows, cols):
    """Q4_0: per 32 values a half-precision scale and 16 bytes; values near 1/sqrt(cols)."""
    result = random.integers(0, 256, (rows, cols // 32, 18), dtype=np.uint8)
    scale = np.array([0.2 / np.sqrt(cols)], dtype=np.float16).view(np.uint8)
    result[:, :, :2] = scale
    return result.reshape(rows, -1)


def metadata(writer, shape, words):
    layers, width, heads, key_heads, inner = shape
    writer.add_block_count(layers)
    writer.add_context_length(8192)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(words.fields["tokenizer.ggml.tokens"].data))
    for name, field in words.fields.items():
        if name.startswith("tokenizer."):
            inner_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], inner_type)


def matrices(shape, vocabulary):
    """(name, rows, cols) of every matrix."""
    layers, width, heads, key_heads, inner = shape
    narrow = width // heads * key_heads
    yield "token_embd", vocabulary, width
    for i in range(layers):
        for name, rows, cols in (("attn_q", width, width), ("attn_k", narrow, width),
                                 ("attn_v", narrow, width), ("attn_output", width, width),
                                 ("ffn_gate", inner, width), ("ffn_up", inner, width),
                                 ("ffn_down", width, inner)):
            yield f"blk.{i}.{name}", rows, cols


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("words", help="GGUF file whose tokenizer it gets")
    parser.add_argument("out", help="GGUF file to write")
    options = parser.parse_args()
    shape, words = SHAPES[options.shape], gguf.GGUFReader(options.words)
    writer = gguf.GGUFWriter(options.out, "llama", use_temp_file=True)
    metadata(writer, shape, words)
    random = np.random.default_rng(1)
    vocabulary = len(words.fields["tokenizer.ggml.tokens"].data)
    for name, rows, cols in matrices(shape, vocabulary):
        writer.add_tensor(name + ".weight", blocks(random, rows, cols),
                          raw_dtype=gguf.GGMLQuantizationType.Q4_0)
    norms = [f"blk.{i}.{kind}_norm" for i in range(shape[0]) for kind in ("attn", "ffn")]
    for name in [*norms, "output_norm"]:
        writer.add_tensor(name + ".weight", np.ones(shape[1], dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
