"""Turns a GGUF of Llama or Gemma 3 into a Hugging Face folder of plain weights.

    dequantise.py IN.gguf OUT

Gemma's vocabulary is left out: its tokenizer.json has to be brought.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

LAYER = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
          "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
          "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
          "ffn_norm": "post_attention_layernorm"}
GEMMA_LAYER = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
               "post_attention_norm": "post_attention_layernorm",
               "ffn_norm": "pre_feedforward_layernorm",
               "post_ffw_norm": "post_feedforward_layernorm"}
_OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_CONTROL, _USER_DEFINED = 3, 4  # GGUF's token types that the tokenizer matches whole.


class GgufModel:
    """An opened GGUF: metadata by key, and tensors under Hugging Face's names."""

    def __init__(self, path):
        if not Path(path).is_file():
            raise SystemExit(f"there is no file {path}")
        self.reader = gguf.GGUFReader(str(path))
        self.names = {tensor.name for tensor in self.reader.tensors}
        self.kind = self.get("general.architecture")
        if self.kind not in ("llama", "gemma3") or "rope_freqs.weight" in self.names:
            raise SystemExit(f"{path}: only plain files of Llama and Gemma 3 can be converted")

    def get(self, key, default=None):
        """A metadata value as a plain Python object."""
        field = self.reader.fields.get(key)
        return default if field is None else field.contents()

    def config(self):
        """config.json's content, in the keys of transformers 4 that all versions read."""
        def own(key, default=None):
            return self.get(f"{self.kind}.{key}", default)
        heads, width = own("attention.head_count"), own("embedding_length")
        head = own("attention.key_length", width // heads)
        more = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
                "mlp_bias": False}
        if self.kind == "gemma3":
            more = {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text",
                    "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": head,
                    "sliding_window": own("attention.sliding_window"), "sliding_window_pattern": 6,
                    "rope_local_base_freq": 10000.0}
        return more | {
            "vocab_size": len(self.get("tokenizer.ggml.tokens")), "hidden_size": width,
            "intermediate_size": own("feed_forward_length"),
            "num_hidden_layers": own("block_count"), "num_attention_heads": heads,
            "num_key_value_heads": own("attention.head_count_kv", heads),
            "head_dim": head, "max_position_embeddings": own("context_length"),
            # GGUF holds f32; without rounding, 1e-5 would come out as 9.99999974e-06.
            "rms_norm_eps": float(f"{own('attention.layer_norm_rms_epsilon'):.6g}"),
            "rope_theta": float(own("rope.freq_base", 10000.0)), "rope_scaling": None,
            "tie_word_embeddings": "output.weight" not in self.names, "attention_bias": False,
            "bos_token_id": self.get("tokenizer.ggml.bos_token_id"),
            "eos_token_id": self.get("tokenizer.ggml.eos_token_id"),
            "pad_token_id": self.get("tokenizer.ggml.padding_token_id")}

    def tensors(self, dtype):
        """All weights dequantised: name to tensor.

        Llama's q and k are brought back into Hugging Face's row order, and what the converter has
        added to Gemma's norms is taken away.
        """
        config, gemma = self.config(), self.kind == "gemma3"
        heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
        parts = LAYER | GEMMA_LAYER if gemma else LAYER
        result = {}
        for tensor in self.reader.tensors:
            stem = tensor.name.removesuffix(".weight")
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            values = values.reshape(tuple(int(size) for size in reversed(tensor.shape)))
            if stem in _OUTER:
                name = _OUTER[stem]
            else:
                _, layer, part = stem.split(".", 2)
                name = f"model.layers.{layer}.{parts[part]}"
                if part in heads and not gemma:
                    values = unpermuted(values, heads[part])
            values = values - 1 if gemma and "norm" in name else values
            weight = torch.from_numpy(np.array(values, dtype=np.float32, order="C"))
            result[name + ".weight"] = weight.to(dtype)
        return result

    def tokenizer(self):
        """The byte-level BPE tokenizer with SmolLM's pre-tokenizer."""
        kind = self.get("tokenizer.ggml.model"), self.get("tokenizer.ggml.pre")
        if kind != ("gpt2", "smollm"):
            raise SystemExit(f"the tokenizer {kind} cannot be turned into a tokenizer.json here, "
                             "only ('gpt2', 'smollm'); nothing was written. Take the model's "
                             "Hugging Face folder instead")
        tokens = self.get("tokenizer.ggml.tokens")
        types = self.get("tokenizer.ggml.token_type")
        merges = [tuple(pair.split(" ")) for pair in self.get("tokenizer.ggml.merges")]
        result = Tokenizer(models.BPE(vocab={text: i for i, text in enumerate(tokens)},
                                      merges=merges))
        result.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
        result.decoder = decoders.ByteLevel()
        result.add_special_tokens([AddedToken(text, normalized=False)
                                   for text, kind in zip(tokens, types)
                                   if kind in (_CONTROL, _USER_DEFINED)])
        return result

    def tokenizer_config(self):
        """tokenizer_config.json's content."""
        tokens = self.get("tokenizer.ggml.tokens")
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": False,
                  "add_bos_token": self.get("tokenizer.ggml.add_bos_token", False),
                  "clean_up_tokenization_spaces": False,
                  "model_max_length": self.get("llama.context_length")}
        for name, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")):
            index = self.get(f"tokenizer.ggml.{key}_token_id")
            if index is not None:
                config[name + "_token"] = tokens[index]
        if self.get("tokenizer.chat_template"):
            config["chat_template"] = self.get("tokenizer.chat_template")
        return config


def unpermuted(weight, heads):
    """Rows from GGUF's order (rotated pairs side by side) to Hugging Face's (halves apart)."""
    rows, cols = weight.shape
    pairs = weight.reshape(heads, rows // heads // 2, 2, cols)
    return pairs.swapaxes(1, 2).reshape(rows, cols)


def convert(source, folder, dtype=torch.float32):
    """Writes config.json, model.safetensors and the tokenizer's files of `source` into `folder`."""
    model, folder = GgufModel(source), Path(folder)
    tokenizer = None if model.kind == "gemma3" else model.tokenizer()
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config() | {"torch_dtype": str(dtype).removeprefix("torch.")}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(model.tensors(dtype), folder / "model.safetensors", metadata={"format": "pt"})
    if not tokenizer:
        print(f"{folder} has no tokenizer yet: copy the model's own tokenizer.json into it")
        return
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(model.tokenizer_config(), indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    options = parser.parse_args()
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[options.dtype]
    convert(options.gguf, options.folder, dtype)


if __name__ == "__main__":
    main()
