"""The timed loop that both training drivers share: AdamW, cosine schedule, clipping."""

import math
import time
from dataclasses import dataclass, field

import torch

from common import check_training, real_tokens


@dataclass
class Timing:
    """What a run measured, its warm-up steps left out."""
    tokens: int = 0
    padded_tokens: int = 0
    rows: int = 0
    seconds: float = 0.0
    losses: list = field(default_factory=list)

    def figures(self):
        """The part of the result line that speaks of speed and learning."""
        return {"tokens": self.tokens, "padded_tokens": self.padded_tokens, "rows": self.rows,
                "seconds": round(self.seconds, 3),
                "tokens_per_s": round(self.tokens / self.seconds, 1),
                "examples_per_s": round(self.rows / self.seconds, 3),
                "first_loss": round(self.losses[0], 4), "last_loss": round(self.losses[-1], 4)}


def add_options(parser, rows):
    """The options of a training run; `rows` is the driver's default for rows at once."""
    parser.add_argument("--steps", type=int, default=8, help="timed optimiser steps")
    parser.add_argument("--warm-up", type=int, default=1, help="steps before the clock starts")
    parser.add_argument("--batch-tokens", type=int, default=2048, help="per optimiser step")
    parser.add_argument("--rows", type=int, default=rows, help="rows that are computed at once")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--lr", type=float, default=1e-3)


def _accumulate(batch, loss_of, rows):
    """Gradients of a whole batch from parts of `rows` rows; returns mean loss, padded tokens."""
    answer_tokens = sum(len(end) for _, end in batch)
    total, padded = 0.0, 0
    for at in range(0, len(batch), rows):
        part = batch[at:at + rows]
        loss, size = loss_of(part)
        share = sum(len(end) for _, end in part) / answer_tokens
        (loss * share).backward()
        total, padded = total + loss.item() * share, padded + size
    return total, padded


def run(weights, batches, loss_of, options):
    """Trains on `batches`, lists of token rows, each gone through in parts of `options.rows`.

    `loss_of(batch)` gives the mean loss over the answer's tokens and the padded tokens.
    """
    optimiser = torch.optim.AdamW(weights, lr=options.lr, weight_decay=0.0)
    total = len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / max(1, total))))
    before = [weight.detach().clone() for weight in weights]
    timing = Timing()
    for step, batch in enumerate(batches):
        begin = time.perf_counter()
        loss, padded = _accumulate(batch, loss_of, options.rows)
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        timing.losses.append(loss)
        if step >= options.warm_up:
            timing.seconds += time.perf_counter() - begin
            timing.tokens += real_tokens(batch)
            timing.padded_tokens += padded
            timing.rows += len(batch)
    check_training(timing.losses)
    if all(torch.equal(old, new) for old, new in zip(before, weights)):
        raise SystemExit("no weight changed")
    return timing
