#!/usr/bin/env python3
"""Three ways to find entities, taught on CrossRE's few sentences, in PyTorch.

    python lab/entities/compare.py --way states --model FOLDER --train ai-train.json \\
        --dev ai-dev.json

states   a decoder with LoRA reads the sentence twice; a linear layer over the states of a span's
         first and last word in the second copy names its type, or none
list     the decoder with LoRA writes "name (type); …" behind the sentence
encoder  as states, but an encoder reads the sentence once, all weights trained

FOLDER is a model in Hugging Face form. Prints precision, recall and strict F1 (span and type) on
the dev file after each --every epochs. Every pass is one sentence, steps sum --batch of them.
"""

import argparse
import json
import math
import random
import time

import torch
from torch.nn import functional
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

WIDEST = 12  # words of a span that is looked at


def read(path, limit):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [{"words": row["sentence"],
             "entities": {(first, last, kind) for first, last, kind, *_ in row["ner"]}}
            for row in rows][:limit or None]


def pieces(tokenizer, words, blank):
    """Tokens of the words, and each word's first and last of them."""
    ids, places = [], []
    for i, word in enumerate(words):
        part = tokenizer(word if i == 0 or not blank else " " + word,
                         add_special_tokens=False)["input_ids"]
        if not part:
            part = [tokenizer.unk_token_id or 0]
        places.append((len(ids), len(ids) + len(part) - 1))
        ids += part
    return ids, places


class Spans(torch.nn.Module):
    """A type, or none, for each span of a sentence."""

    def __init__(self, way, model, kinds, dropout):
        super().__init__()
        self.twice = way == "states"
        self.model, self.kinds = model, ["", *kinds]
        width = model.config.hidden_size
        self.inner = torch.nn.Linear(3 * width, 256)
        self.widths = torch.nn.Embedding(WIDEST, width)
        self.outer = torch.nn.Linear(256, len(self.kinds))
        self.dropout = torch.nn.Dropout(dropout)

    def spans(self, count):
        return [(i, j) for i in range(count) for j in range(i, min(count, i + WIDEST))]

    def forward(self, tokenizer, words):
        ids, places = pieces(tokenizer, words, blank=self.twice)
        begin = 0
        if self.twice:
            middle = tokenizer("\n", add_special_tokens=False)["input_ids"]
            begin = len(ids) + len(middle)
            ids = ids + middle + ids
        else:
            begin = 1
            ids = [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]
        states = self.model(input_ids=torch.tensor([ids])).last_hidden_state[0].float()
        spans = self.spans(len(words))
        side = 1 if self.twice else 0  # a decoder knows a word at its last token
        first = torch.tensor([begin + places[i][side] for i, _ in spans])
        last = torch.tensor([begin + places[j][1] for _, j in spans])
        width = self.widths(torch.tensor([j - i for i, j in spans]))
        both = torch.cat([states[first], states[last], width], -1)
        return spans, self.outer(functional.gelu(self.inner(self.dropout(both))))

    def loss(self, tokenizer, row):
        spans, scores = self(tokenizer, row["words"])
        gold = {(first, last): kind for first, last, kind in row["entities"]}
        target = torch.tensor([self.kinds.index(gold.get(span, "")) for span in spans])
        return functional.cross_entropy(scores, target, reduction="sum") / len(row["words"])

    @torch.no_grad()
    def find(self, tokenizer, row):
        spans, scores = self(tokenizer, row["words"])
        best = scores.softmax(-1).max(-1)
        found = sorted(((p, span, k) for p, span, k in
                        zip(best.values.tolist(), spans, best.indices.tolist()) if k), reverse=True)
        kept = []
        for _, (i, j), kind in found:  # the surer one, of two that cross; nested ones stay
            if any(i < a <= j < b or a < i <= b < j for a, b, _ in kept):
                continue
            kept.append((i, j, self.kinds[kind]))
        return set(kept)


class Lists(torch.nn.Module):
    """Names and types, written behind the sentence."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    @staticmethod
    def prompt(tokenizer, words):
        return tokenizer(" ".join(words) + "\nEntities:", add_special_tokens=False)["input_ids"]

    def loss(self, tokenizer, row):
        named = [f"{' '.join(row['words'][a:b + 1])} ({kind})"
                 for a, b, kind in sorted(row["entities"])]
        prompt = self.prompt(tokenizer, row["words"])
        answer = tokenizer(" " + "; ".join(named), add_special_tokens=False)["input_ids"]
        answer.append(tokenizer.eos_token_id)
        ids = torch.tensor([prompt + answer])
        labels = ids.clone()
        labels[0, :len(prompt)] = -100
        return self.model(input_ids=ids, labels=labels).loss * len(answer) / len(row["words"])

    @torch.no_grad()
    def find(self, tokenizer, row):
        prompt = self.prompt(tokenizer, row["words"])
        ids = self.model.generate(torch.tensor([prompt]), max_new_tokens=200, do_sample=False,
                                  pad_token_id=tokenizer.eos_token_id)
        text = tokenizer.decode(ids[0, len(prompt):], skip_special_tokens=True)
        found, taken = set(), set()
        for item in text.split(";"):
            name, mark, kind = item.strip().rpartition(" (")
            words = name.split(" ")
            for i in range(len(row["words"]) - len(words) + 1):
                span = (i, i + len(words) - 1)
                if mark and span not in taken and row["words"][i:i + len(words)] == words:
                    taken.add(span)
                    found.add((*span, kind.rstrip(")")))
                    break
        return found


def score(model, tokenizer, rows):
    model.eval()
    right = found = gold = 0
    for row in rows:
        answer = model.find(tokenizer, row)
        right += len(answer & row["entities"])
        found += len(answer)
        gold += len(row["entities"])
    precision, recall = right / max(1, found), right / max(1, gold)
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def make(options, kinds):
    if options.way == "encoder":
        return Spans("encoder", AutoModel.from_pretrained(options.model), kinds, options.dropout)
    import peft  # pylint: disable=import-outside-toplevel
    kind = AutoModel if options.way == "states" else AutoModelForCausalLM
    model = kind.from_pretrained(options.model, dtype=torch.float32)
    config = peft.LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear")
    model = peft.get_peft_model(model, config)
    return Spans("states", model, kinds, options.dropout) if options.way == "states" else Lists(
        model)


def train(options):
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    rows, dev = read(options.train, options.limit), read(options.dev, options.dev_limit)
    kinds = sorted({kind for row in rows for *_, kind in row["entities"]})
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = make(options, kinds)
    head = [p for name, p in model.named_parameters()
            if p.requires_grad and not name.startswith("model.")]
    body = [p for name, p in model.named_parameters()
            if p.requires_grad and name.startswith("model.")]
    optimiser = torch.optim.AdamW([{"params": body, "lr": options.lr},
                                   {"params": head, "lr": options.head_lr}], weight_decay=0)
    steps = options.epochs * math.ceil(len(rows) / options.batch)
    warm = math.ceil(0.05 * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min(
        (s + 1) / warm, 0.5 * (1 + math.cos(math.pi * max(0, s - warm) / max(1, steps - warm)))))
    order = random.Random(options.seed)
    begin = time.perf_counter()
    for epoch in range(options.epochs):
        model.train()
        order.shuffle(rows)
        total = 0
        for at in range(0, len(rows), options.batch):
            part = rows[at:at + options.batch]
            for row in part:
                loss = model.loss(tokenizer, row) / len(part)
                loss.backward()
                total += loss.item()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
        if (epoch + 1) % options.every and epoch + 1 != options.epochs:
            continue
        figures = " ".join(f"{100 * value:.1f}" for value in score(model, tokenizer, dev))
        print(f"epoch {epoch + 1} loss {total:.3f} P R F1 {figures} "
              f"{time.perf_counter() - begin:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--way", choices=["states", "list", "encoder"], required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--dev", required=True)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--dev-limit", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--every", type=int, default=5, help="epochs between figures")
    parser.add_argument("--batch", type=int, default=4, help="sentences of a step")
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--head-lr", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
