"""What training and scoring share: rows, tokens as Relatum joins them, the base model."""

import json

import torch
from peft import prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPES = {"bf16": torch.bfloat16, "f32": torch.float32}


def add_base_options(parser):
    """The base model and how it is loaded."""
    parser.add_argument("model", help="Hugging Face folder of the base model")
    parser.add_argument("--dtype", choices=DTYPES, default="f32" if DEVICE == "cpu" else "bf16",
                        help="base and products; the adapter is f32 (default here: %(default)s)")
    parser.add_argument("--nf4", action="store_true",
                        help="base in 4 bits by bitsandbytes: NF4, double quantisation")
    parser.add_argument("--chat", action="store_true",
                        help="wrap prompts in the model's chat template, as Relatum's --chat does")


def read_rows(path, limit=None):
    """Rows that `relatum prepare` wrote: id, prompt, completion."""
    with open(path, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    if not rows:
        raise SystemExit(f"{path} has no rows. Write them with `relatum prepare`.")
    return rows[:limit]


def read_answers(path):
    """Label to completion, in order: the rows that labels.py and `relatum prepare` wrote."""
    return {row["id"]: row["completion"] for row in read_rows(path)}


class Tokens:
    """Token ids as Relatum makes them: prompt and completion apart, then joined."""

    def __init__(self, options):
        self.tokenizer = AutoTokenizer.from_pretrained(options.model)
        self.chat = options.chat
        if self.tokenizer.eos_token_id is None:
            raise SystemExit(f"{options.model}: the tokenizer names no end token.")

    def prompt(self, text):
        """The prompt's ids, with BOS where the tokenizer's configuration adds one."""
        if self.chat:
            messages = [{"role": "user", "content": text}]
            text = self.tokenizer.apply_chat_template(messages, tokenize=False,
                                                      add_generation_prompt=True)
            return self.tokenizer(text, add_special_tokens=False).input_ids
        # A sentence that spells a control token does not become one.
        return self.tokenizer(text, split_special_tokens=True).input_ids

    def completion(self, text):
        """The completion's ids behind a word (it brings its own space) and the end token."""
        ids = self.ids(text)
        bare = self.ids(text.removeprefix(" "))
        # Llama 2 and Mistral 7B put a blank of their own in front: another one would be too many.
        if self.tokenizer.convert_ids_to_tokens(bare[:1])[0].startswith("\u2581"):
            ids = bare
        return ids + [self.tokenizer.eos_token_id]

    def ids(self, text):
        return self.tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids


def padded(rows):
    """(ids, mask, labels) of rows of (prompt, completion), padded on the right.

    Labels are -100 but for completions: the loss is of their tokens alone.
    """
    longest = max(len(start) + len(end) for start, end in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for i, (start, end) in enumerate(rows):
        stop = len(start) + len(end)
        ids[i, :stop] = torch.tensor(start + end)
        labels[i, len(start):stop] = torch.tensor(end)
        mask[i, :stop] = 1
    return ids.to(DEVICE), mask.to(DEVICE), labels.to(DEVICE)


def load_base(options):
    """The base model; a folder that bitsandbytes saved in 4 bits needs no --nf4."""
    dtype, extra = DTYPES[options.dtype], {}
    if options.nf4:
        extra["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype, device_map=DEVICE,
                                                 **extra)
    if options.dtype == "f32":
        # On CPUs with AVX-512 and bf16, bitsandbytes 0.50 packs four-bit weights anew for use, and
        # rounds factors and products to bf16 whatever type was asked for.
        for module in model.modules():
            if hasattr(module, "support_avx512bf16_for_cpu"):
                module.support_avx512bf16_for_cpu = False
    return model


def ready_for_training(model, checkpointing):
    """The base with what its kind needs to be trained: norms in f32 where it has 4 bits."""
    how = {"use_reentrant": False}
    if getattr(model, "is_quantized", False):
        return prepare_model_for_kbit_training(model, use_gradient_checkpointing=checkpointing,
                                               gradient_checkpointing_kwargs=how)
    if checkpointing:
        model.enable_input_require_grads()
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)
    return model


def computing(options):
    """Products in bf16 beside an adapter in f32, where bf16 was asked for."""
    return torch.autocast(DEVICE, torch.bfloat16, enabled=options.dtype == "bf16")
