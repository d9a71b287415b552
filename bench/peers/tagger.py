#!/usr/bin/env python3
"""A tagger in PyTorch: BIO tags over an encoder's states, all weights trained.

    python bench/peers/tagger.py --model FOLDER --train ai-train.json --test ai-test.json

The usual recipe (Devlin et al. 2019): dropout and a linear layer over the state of each word's
first piece, cross-entropy over all words, AdamW. Rows are CrossRE's. Of nested entities the longest
is learned. Prints a JSON line with precision, recall and F1 of the test file, strict (span and
type) and by boundaries.
"""

import argparse
import json
import math
import random
import time

import torch
import transformers
from torch.nn import functional


def read(path):
    with open(path, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [{"words": row["sentence"],
             "entities": {(first, last, kind) for first, last, kind, *_ in row["ner"]}}
            for row in rows]


def tags_of(row):
    """A tag for each word; the longest entity first, what overlaps it is left out."""
    tags = ["O"] * len(row["words"])
    for first, last, kind in sorted(row["entities"], key=lambda e: (e[0] - e[1], e[0])):
        if all(tag == "O" for tag in tags[first:last + 1]):
            tags[first:last + 1] = ["B-" + kind] + ["I-" + kind] * (last - first)
    return tags


def entities_of(tags):
    """The entities of tags, as CoNLL's scorer reads them: an I of another type begins one."""
    found, begin = set(), None
    for place, tag in enumerate([*tags, "O"]):
        goes_on = tag.startswith("I-") and begin is not None and tags[begin][2:] == tag[2:]
        if begin is not None and not goes_on:
            found.add((begin, place - 1, tags[begin][2:]))
            begin = None
        if tag != "O" and not goes_on:
            begin = place
    return found


class Tagger(torch.nn.Module):
    def __init__(self, encoder, tags, dropout):
        super().__init__()
        self.encoder = encoder
        self.dropout = torch.nn.Dropout(dropout)
        self.outer = torch.nn.Linear(encoder.config.hidden_size, tags)

    def forward(self, batch, firsts):
        states = self.encoder(**batch).last_hidden_state
        states = torch.cat([states[i, places] for i, places in enumerate(firsts)])
        return self.outer(self.dropout(states.float()))


def batch_of(tokenizer, rows):
    batch = tokenizer([row["words"] for row in rows], is_split_into_words=True, padding=True,
                      truncation=True, return_tensors="pt")
    firsts, lengths = [], []
    for i, row in enumerate(rows):
        places = {}
        for place, word in enumerate(batch.word_ids(i)):
            if word is not None:
                places.setdefault(word, place)
        # A word that is no token, or beyond what the encoder reads, stands at [CLS]: no entity.
        firsts.append(torch.tensor([places.get(word, 0) for word in range(len(row["words"]))]))
        lengths.append(len(row["words"]))
    return dict(batch), firsts, lengths


@torch.no_grad()
def find(model, tokenizer, rows, names):
    model.eval()
    answers = []
    for at in range(0, len(rows), 32):
        batch, firsts, lengths = batch_of(tokenizer, rows[at:at + 32])
        best = model(batch, firsts).argmax(-1).split(lengths)
        answers += [entities_of([names[k] for k in one.tolist()]) for one in best]
    return answers


def figures(answers, golds):
    right = sum(len(a & g) for a, g in zip(answers, golds))
    found, gold = sum(map(len, answers)), sum(map(len, golds))
    return {"precision": right / max(1, found), "recall": right / max(1, gold),
            "f1": 2 * right / max(1, found + gold)}


def train(options):
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    rows, test = read(options.train), read(options.test)
    names = ["O", *sorted({p + kind for row in rows for *_, kind in row["entities"]
                           for p in ("B-", "I-")})]
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
    model = Tagger(transformers.AutoModel.from_pretrained(options.model, dtype=torch.float32),
                   len(names), options.dropout)
    optimiser = torch.optim.AdamW([{"params": model.encoder.parameters(), "lr": options.lr},
                                   {"params": model.outer.parameters(), "lr": options.head_lr}])
    steps = options.epochs * math.ceil(len(rows) / options.batch)
    warm = math.ceil(0.1 * steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min(
        (s + 1) / warm, max(0, steps - s) / max(1, steps - warm)))
    order = random.Random(options.seed)
    begin = time.perf_counter()
    for _ in range(options.epochs):
        model.train()
        order.shuffle(rows)
        for at in range(0, len(rows), options.batch):
            part = rows[at:at + options.batch]
            batch, firsts, _ = batch_of(tokenizer, part)
            target = torch.tensor([names.index(tag) for row in part for tag in tags_of(row)])
            functional.cross_entropy(model(batch, firsts), target).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
    seconds = time.perf_counter() - begin
    answers, golds = find(model, tokenizer, test, names), [row["entities"] for row in test]
    spans = [[{each[:2] for each in row} for row in side] for side in (answers, golds)]
    print(json.dumps({"strict": figures(answers, golds)["f1"],
                      "boundaries": figures(*spans)["f1"],
                      "precision": figures(answers, golds)["precision"],
                      "recall": figures(answers, golds)["recall"], "seconds": seconds}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=8, help="sentences of a step")
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--head-lr", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
