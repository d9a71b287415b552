"""Fine-tunes with PEFT as its users do: padded batches in random order, full logits."""

import random

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

import common
import training


def load(options):
    """The model with its adapter; NF4 by bitsandbytes with double quantisation if asked."""
    extra, dtype = {}, common.DTYPES[options.dtype]
    if options.nf4:
        extra["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype, **extra)
    if options.nf4:
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=options.checkpointing)
    elif options.checkpointing:
        model.enable_input_require_grads()
        model.gradient_checkpointing_enable()
    config = LoraConfig(r=options.rank, lora_alpha=2 * options.rank, lora_dropout=options.dropout,
                        target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(model, config).train()


def make_batches(rows, options):
    """Batches of a fixed number of rows in random order, about `batch_tokens` real tokens."""
    size = max(1, round(options.batch_tokens * len(rows) / common.real_tokens(rows)))
    order, batches = random.Random(options.seed), []
    while len(batches) < options.steps + options.warm_up:
        epoch = order.sample(rows, len(rows))
        batches += [epoch[i:i + size] for i in range(0, len(epoch), size)]
    return batches[:options.steps + options.warm_up]


def main():
    parser = common.parser(__doc__)
    training.add_options(parser, rows=8)  # Trainer's default per_device_train_batch_size.
    parser.add_argument("--nf4", action="store_true", help="QLoRA base by bitsandbytes")
    parser.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    options = parser.parse_args()
    common.start(options)
    rows, tokenizer = common.token_rows(options.model, common.read_rows(options))
    model = load(options)

    def loss_of(batch):
        ids, labels, mask = common.padded(batch, tokenizer.pad_token_id)
        # Trainer's bf16=True: the adapter stays f32, autocast computes in bf16.
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            return model(ids, attention_mask=mask, labels=labels).loss, ids.numel()

    weights = [weight for weight in model.parameters() if weight.requires_grad]
    timing = training.run(weights, make_batches(rows, options), loss_of, options)
    common.report("hf_train", options, **timing.figures(), steps=options.steps, nf4=options.nf4,
                  rows_at_once=options.rows, checkpointing=options.checkpointing,
                  batch_tokens=options.batch_tokens)


if __name__ == "__main__":
    main()
