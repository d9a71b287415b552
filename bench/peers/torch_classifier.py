"""Trains an encoder below a linear classifier over two marked states, then classifies with it.

As PyTorch's users do it well: markers as special tokens whose rows are added to the embedding,
batches of a fixed number of rows, those of like length together (padding costs little so), AdamW's
fused form, bf16 by autocast. The masks of dropout are the network's own, attention's among them.
"""

import json
import math
import random
import time

import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

import common

MARKERS = ["<e1>", "</e1>", "<e2>", "</e2>"]


class Classifier(nn.Module):
    """An encoder and a linear layer over the states at two places."""

    def __init__(self, encoder, labels, dropout):
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(dropout)
        self.linear = nn.Linear(2 * encoder.config.hidden_size, labels)
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, ids, mask, places):
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        rows = torch.arange(len(ids))
        pair = torch.cat([states[rows, places[:, 0]], states[rows, places[:, 1]]], dim=-1)
        return self.linear(self.dropout(pair))


def read(path):
    """Lines of `relatum prepare` with a template of {{marked_text}}."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def encode(tokenizer, rows):
    """Per row its ids and the places of the markers before both entities."""
    first, second = tokenizer.convert_tokens_to_ids([MARKERS[0], MARKERS[2]])
    encoded = []
    for row in rows:
        ids = tokenizer(row["prompt"]).input_ids
        encoded.append((ids, (ids.index(first), ids.index(second))))
    return encoded


def batch_of(rows, chosen, pad):
    """Right-padded ids, mask and places of some rows."""
    longest = max(len(rows[i][0]) for i in chosen)
    ids = torch.full((len(chosen), longest), pad)
    mask = torch.zeros_like(ids)
    for k, i in enumerate(chosen):
        ids[k, :len(rows[i][0])] = torch.tensor(rows[i][0])
        mask[k, :len(rows[i][0])] = 1
    return ids, mask, torch.tensor([rows[i][1] for i in chosen])


def plan(rows, size, order):
    """An epoch's batches: of like length within stretches of 50 batches, in random order."""
    shuffled = order.sample(range(len(rows)), len(rows))
    batches = []
    for begin in range(0, len(shuffled), 50 * size):
        part = sorted(shuffled[begin:begin + 50 * size], key=lambda i: len(rows[i][0]))
        batches += [part[i:i + size] for i in range(0, len(part), size)]
    return order.sample(batches, len(batches))


def train(model, rows, labels, options, pad):
    """All epochs; returns seconds, losses and tokens."""
    weights = [{"params": model.encoder.parameters(), "lr": options.lr},
               {"params": model.linear.parameters(), "lr": options.head_lr}]
    optimiser = torch.optim.AdamW(weights, weight_decay=0.0, fused=True)
    order = random.Random(options.seed)
    batches = [batch for _ in range(options.epochs)
               for batch in plan(rows, options.batch_rows, order)]
    warm = math.ceil(0.03 * len(batches))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, 1) * 0.5 * (
            1 + math.cos(math.pi * max(0, step - warm) / max(1, len(batches) - warm))))
    losses = []
    begin = time.perf_counter()
    for batch in batches:
        ids, mask, places = batch_of(rows, batch, pad)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            logits = model(ids, mask, places)
        loss = nn.functional.cross_entropy(logits.float(), labels[batch])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    return time.perf_counter() - begin, losses


def answer(model, rows, options, pad):
    """The classes of all rows, and the seconds that took."""
    model.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    classes = [0] * len(rows)
    begin = time.perf_counter()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16,
                                                enabled=options.dtype == "bf16"):
        for at in range(0, len(order), 64):
            chosen = order[at:at + 64]
            best = model(*batch_of(rows, chosen, pad)).argmax(-1).tolist()
            for i, label in zip(chosen, best):
                classes[i] = label
    return classes, time.perf_counter() - begin


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--test", required=True, help="the rows that are answered, as the data")
    parser.add_argument("--answers", required=True, help="where the answers go: id TAB label")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-rows", type=int, default=13)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--head-lr", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    options = parser.parse_args()
    common.start(options)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    tokenizer.add_special_tokens({"additional_special_tokens": MARKERS})
    encoder = AutoModel.from_pretrained(options.model, dtype=torch.float32)
    encoder.resize_token_embeddings(len(tokenizer))
    if hasattr(encoder, "pooler"):
        encoder.pooler = None  # nobody reads what it makes
    data, test = read(options.data)[:options.limit], read(options.test)
    names = sorted({row["completion"][1:] for row in data})
    labels = torch.tensor([names.index(row["completion"][1:]) for row in data])
    model = Classifier(encoder, len(names), options.dropout).train()
    pad = tokenizer.pad_token_id
    seconds, losses = train(model, encode(tokenizer, data), labels, options, pad)
    common.check_training(losses)
    classes, answering = answer(model, encode(tokenizer, test), options, pad)
    with open(options.answers, "w", encoding="utf-8") as out:
        for row, label in zip(test, classes):
            out.write(f"{row['id']}\t{names[label]}\n")
    common.report("torch_classifier", options, seconds=round(seconds, 3), steps=len(losses),
                  examples_per_s=round(options.epochs * len(data) / seconds, 2),
                  answers_per_s=round(len(test) / answering, 2), dtype=options.dtype)


if __name__ == "__main__":
    main()
