"""The best plain PyTorch loop we know: no autocast, length buckets, answer-only logits."""

import random

import torch
from torch import nn
from transformers import AutoModelForCausalLM

import common
import training


class Lora(nn.Module):
    """A frozen linear plus a low-rank pair: masters in f32, products in the linear's format."""

    def __init__(self, base, rank, dropout):
        super().__init__()
        self.base, self.scale, self.dropout = base, 2.0, dropout
        self.down = nn.Parameter(torch.empty(rank, base.in_features))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=5 ** 0.5)

    def forward(self, x):
        dropped = nn.functional.dropout(x, self.dropout, self.training)
        low = nn.functional.linear(dropped, self.down.to(x.dtype))
        return self.base(x) + nn.functional.linear(low, (self.scale * self.up).to(x.dtype))


def load(options):
    """The model with every linear but the head under an adapter."""
    model = AutoModelForCausalLM.from_pretrained(options.model,
                                                 dtype=common.DTYPES[options.dtype])
    model.requires_grad_(False)
    linears = [(parent, name, child) for parent in model.model.modules()
               for name, child in parent.named_children() if isinstance(child, nn.Linear)]
    for parent, name, child in linears:
        setattr(parent, name, Lora(child, options.rank, options.dropout))
    return model.train()


def make_batches(rows, options):
    """Neighbours in length share a batch that, padded, has at most `batch_tokens` tokens."""
    order, batches = random.Random(options.seed), []
    while len(batches) < options.steps + options.warm_up:
        epoch, batch, longest = [], [], 0
        for row in sorted(order.sample(rows, len(rows)), key=lambda row: common.real_tokens([row])):
            longest = max(longest, common.real_tokens([row]))
            if batch and longest * (len(batch) + 1) > options.batch_tokens:
                epoch.append(batch)
                batch, longest = [], common.real_tokens([row])
            batch.append(row)
        epoch.append(batch)
        batches += order.sample(epoch, len(epoch))
    return batches[:options.steps + options.warm_up]


def main():
    parser = common.parser(__doc__)
    training.add_options(parser, rows=10**6)
    options = parser.parse_args()
    common.start(options)
    rows, tokenizer = common.token_rows(options.model, common.read_rows(options))
    model = load(options)

    def loss_of(batch):
        ids, labels, _ = common.padded(batch, tokenizer.pad_token_id)
        # Padding stands on the right, where causal attention never looks: no mask, faster kernel.
        hidden = model.model(ids, use_cache=False).last_hidden_state[:, :-1]
        wanted = labels[:, 1:] != -100
        logits = model.lm_head(hidden[wanted]).float()
        return nn.functional.cross_entropy(logits, labels[:, 1:][wanted]), ids.numel()

    weights = [weight for weight in model.parameters() if weight.requires_grad]
    timing = training.run(weights, make_batches(rows, options), loss_of, options)
    common.report("torch_train", options, **timing.figures(), steps=options.steps,
                  batch_tokens=options.batch_tokens)


if __name__ == "__main__":
    main()
