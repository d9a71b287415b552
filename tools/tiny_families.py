"""Folders of small random models, one of each family that `relatum quantize` writes as GGUF.

Wide enough for blocks of 256 values; weights large enough that answers differ from token to token.
Tokenizers are those of tests/fixtures/text, T5's is brought.
"""

import json
import pathlib
import shutil

import torch
from transformers import (Gemma3ForCausalLM, Gemma3TextConfig, LlamaConfig, LlamaForCausalLM,
                          MistralConfig, MistralForCausalLM, Phi3Config, Phi3ForCausalLM,
                          Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM, T5Config,
                          T5ForConditionalGeneration)
from transformers.utils import logging

logging.disable_progress_bar()

WORDS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "text"
SIZES = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
         "max_position_embeddings": 512, "initializer_range": 0.15}
T5_SIZES = {"d_model": 256, "d_ff": 512, "d_kv": 64, "num_heads": 4, "num_layers": 2,
            "num_decoder_layers": 2, "initializer_factor": 0.5}


def rope(**keys):
    return {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0} | keys}


def kinds(**full):
    return {"rope_parameters": {"full_attention": rope(rope_theta=1e6, **full)["rope_parameters"],
                                "sliding_attention": rope()["rope_parameters"]}}


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64, "rope_theta": 500000.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}
LONGROPE = {"rope_type": "longrope", "factor": 2.0, "original_max_position_embeddings": 256,
            "short_factor": [1.0 + 0.03 * i for i in range(32)],
            "long_factor": [2.0 + 0.1 * i for i in range(32)]}
# Name to classes, tokenizer and settings.
FAMILIES = {
    "llama": (LlamaConfig, LlamaForCausalLM, "bpe_smollm", {"tie_word_embeddings": True}),
    "llama3": (LlamaConfig, LlamaForCausalLM, "bpe_llama3", rope(**LLAMA3)),
    "mistral": (MistralConfig, MistralForCausalLM, "pieces_bpe_prepend",
                {"sliding_window": None}),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, "bpe_qwen2", {"tie_word_embeddings": True}),
    "qwen2-yarn": (Qwen2Config, Qwen2ForCausalLM, "bpe_qwen2", rope(**YARN)),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM, "bpe_qwen2", {}),
    "gemma3": (Gemma3TextConfig, Gemma3ForCausalLM, "pieces_bpe_gemma",
               {"num_hidden_layers": 7, "sliding_window": 16, "query_pre_attn_scalar": 64,
                **kinds()}),
    "gemma3-linear": (Gemma3TextConfig, Gemma3ForCausalLM, "pieces_bpe_gemma",
                      {"num_hidden_layers": 6, "sliding_window": 16, "query_pre_attn_scalar": 64,
                       **kinds(rope_type="linear", factor=8.0)}),
    "phi3": (Phi3Config, Phi3ForCausalLM, "pieces_bpe_prepend", {"sliding_window": None}),
    "phi3-longrope": (Phi3Config, Phi3ForCausalLM, "pieces_bpe_prepend",
                      {"sliding_window": None, "original_max_position_embeddings": 256,
                       **rope(**LONGROPE)}),
    "t5": (T5Config, T5ForConditionalGeneration, None, {}),
    "t5-gated": (T5Config, T5ForConditionalGeneration, None,
                 {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
}


def tokens_in(folder):
    """Rows that an embedding needs for the tokenizer of a folder."""
    read = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    words = read["model"]["vocab"]
    count = len(words) if isinstance(words, list) else max(words.values()) + 1
    return max([count] + [token["id"] + 1 for token in read["added_tokens"]])


def make(name, folder, t5_words):
    """Writes a family's folder; t5_words: where T5's tokenizer lies."""
    config_class, model_class, words, settings = FAMILIES[name]
    words = WORDS / words if words else t5_words
    for file in words.iterdir():
        if file.suffix != ".gguf" and "expected" not in file.name:
            shutil.copy(file, folder)
    rows = (tokens_in(folder) + 31) // 32 * 32
    torch.manual_seed(7)
    sizes = T5_SIZES if name.startswith("t5") else SIZES
    ends = {"eos_token_id": 1, "pad_token_id": 0} if name.startswith("t5") else {
        "bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    model = model_class(config_class(vocab_size=rows, **{**sizes, **ends, **settings}))
    with torch.no_grad():  # norms that change something
        for key, weight in model.named_parameters():
            if "norm" in key:
                # Behind Gemma's layers, so that these outweigh its large embeddings.
                behind = name.startswith("gemma") and "post_" in key
                weight.add_(0.2 * torch.randn_like(weight) + 4.0 * behind)
            elif name.startswith("t5") and "shared" not in key and "head" not in key:
                weight.normal_(0, 0.15)  # its own start is too small to change the embeddings
            elif key.endswith("bias"):
                weight.add_(0.3 * torch.randn_like(weight))
    model.eval().save_pretrained(folder)
