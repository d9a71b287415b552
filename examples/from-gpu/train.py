"""Trains a LoRA adapter with Hugging Face PEFT on prompts that `relatum prepare` wrote.

Runs on a GPU where there is one, otherwise on the CPU. Defaults are those of `relatum finetune`.
"""

import argparse
import json
import math
import random
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model

import common


def token_rows(options, model):
    """(prompt ids, completion ids) of each row; a row beyond the context is an error."""
    tokens, result = common.Tokens(options), []
    context = model.config.max_position_embeddings
    for row in common.read_rows(options.prompts, options.limit):
        if not row["completion"]:
            raise SystemExit(f"{options.prompts}: row '{row['id']}' has no label to learn.")
        start, end = tokens.prompt(row["prompt"]), tokens.completion(row["completion"])
        if len(start) + len(end) > context:
            raise SystemExit(f"{options.prompts}: row '{row['id']}' is longer than the model's "
                             f"context of {context} tokens. Leave it out.")
        result.append((start, end))
    return result


def make_steps(rows, options):
    """One list of rows per optimiser step: each epoch in another order, `batch_tokens` a step."""
    draw, steps = random.Random(options.seed), []
    for _ in range(options.epochs):
        tokens = options.batch_tokens
        for row in draw.sample(rows, len(rows)):
            length = sum(map(len, row))
            if tokens + length > options.batch_tokens:
                steps.append([])
                tokens = 0
            steps[-1].append(row)
            tokens += length
    return steps


def rate(step, count):
    """Share of the peak learning rate: a linear rise over 3 % of the steps, then a cosine."""
    warm = max(1, round(0.03 * count))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, count - warm)))


def backward(model, step, options):
    """Adds the gradient of a step's mean loss per completion token; returns that loss."""
    count, total = sum(len(end) for _, end in step), 0.0
    for at in range(0, len(step), options.rows):
        ids, mask, labels = common.padded(step[at:at + options.rows])
        with common.computing(options):
            logits = model(ids, attention_mask=mask).logits
        loss = torch.nn.functional.cross_entropy(
            logits[:, :-1].float().flatten(0, 1), labels[:, 1:].flatten(), reduction="sum") / count
        loss.backward()
        total += loss.item()
    return total


def train(model, steps, options):
    """AdamW with clipping on the adapter's weights; returns each step's loss."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=options.lr, weight_decay=0.0)
    losses = []
    for number, step in enumerate(steps):
        optimiser.param_groups[0]["lr"] = options.lr * rate(number, len(steps))
        optimiser.zero_grad()
        losses.append(backward(model, step, options))
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        print(f"step {number + 1} of {len(steps)}: loss {losses[-1]:.4f}", flush=True)
    return losses


def save(model, options):
    """The adapter, and beside it the labels and words that `relatum extract` looks for."""
    model.save_pretrained(options.out)
    answers = {label: completion.removeprefix(" ")
               for label, completion in common.read_answers(options.answers).items()}
    for name, content in (("labels.json", list(answers)), ("answers.json", answers)):
        (options.out / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n",
                                        encoding="utf-8")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    common.add_base_options(parser)
    parser.add_argument("prompts", help="prompts of the training data")
    parser.add_argument("--answers", required=True, help="what labels.py and prepare wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the adapter")
    parser.add_argument("--limit", type=int, help="use the first rows only")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=32)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--batch-tokens", type=int, default=512, help="tokens of a step, at most")
    parser.add_argument("--rows", type=int, default=8, help="rows computed at once")
    parser.add_argument("--checkpointing", action="store_true",
                        help="recompute layers in the backward pass")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    options = parse_options()
    torch.manual_seed(options.seed)
    model = common.load_base(options)
    rows = token_rows(options, model)
    config = LoraConfig(r=options.rank, lora_alpha=options.alpha, lora_dropout=options.dropout,
                        target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(common.ready_for_training(model, options.checkpointing), config).train()
    losses = train(model, make_steps(rows, options), options)
    if not all(map(math.isfinite, losses)):
        raise SystemExit("a loss is not finite; nothing was saved. Lower the learning rate.")
    save(model, options)
    print(f"{len(rows)} rows, {len(losses)} steps, adapter in {options.out}")


if __name__ == "__main__":
    main()
