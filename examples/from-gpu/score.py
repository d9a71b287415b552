"""Every label's probability by Hugging Face PEFT, for an adapter of PEFT's or of Relatum's.

Writes what `relatum extract --scores` writes; with --compare it holds its figures against such a
file and fails where they differ by more than --within.
"""

import argparse
import json

import torch
from peft import PeftModel

import common


def label_scores(model, prompt, endings, options):
    """Log-probability of each ending behind the prompt."""
    ids, mask, labels = common.padded([(prompt, ending) for ending in endings])
    longest = max(map(len, endings))
    with torch.inference_mode(), common.computing(options):
        logits = model(ids, attention_mask=mask, logits_to_keep=longest + 1).logits
    answers = labels[:, -longest:]
    chosen = logits[:, :-1].double().log_softmax(-1)
    picked = chosen.gather(-1, answers.clamp(min=0)[..., None])[..., 0]
    return (picked * (answers != -100)).sum(-1)


def predictions(model, options):
    """One prediction per row: the most probable label, and the softmax over all labels."""
    tokens, answers = common.Tokens(options), common.read_answers(options.answers)
    endings = [tokens.completion(completion) for completion in answers.values()]
    for row in common.read_rows(options.prompts, options.limit):
        scores = label_scores(model, tokens.prompt(row["prompt"]), endings, options)
        shares = dict(zip(answers, scores.softmax(0).tolist()))
        best = max(shares, key=shares.get)
        yield {"id": row["id"], "label": best, "probability": shares[best], "scores": shares}


def largest_difference(got, path):
    """The largest difference of a probability from the file's; both must know the same labels."""
    others = {row["id"]: row["scores"] for row in common.read_rows(path)}
    largest = 0.0
    for row in got:
        other = others.get(row["id"], {})
        if set(other) != set(row["scores"]):
            raise SystemExit(f"{path}: row '{row['id']}' is absent or has other labels.")
        largest = max([largest] + [abs(other[label] - share)
                                   for label, share in row["scores"].items()])
    return largest


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    common.add_base_options(parser)
    parser.add_argument("adapter", help="folder of the adapter")
    parser.add_argument("prompts", help="prompts of the sentences to answer")
    parser.add_argument("--answers", required=True, help="what labels.py and prepare wrote")
    parser.add_argument("--limit", type=int, help="answer the first rows only")
    parser.add_argument("--out", help="file for the predictions")
    parser.add_argument("--compare", help="what `relatum extract --scores` wrote")
    parser.add_argument("--within", type=float, default=1e-4,
                        help="the largest difference of a probability that is taken")
    return parser.parse_args()


def main():
    options = parse_options()
    model = PeftModel.from_pretrained(common.load_base(options), options.adapter).eval()
    got = list(predictions(model, options))
    if options.out:
        with open(options.out, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in got)
    if options.compare:
        largest = largest_difference(got, options.compare)
        print(f"{options.adapter}: {len(got)} sentences, {len(got[0]['scores'])} labels, "
              f"probabilities differ by at most {largest:.1e}")
        if not largest <= options.within:
            raise SystemExit(f"that is more than {options.within:g}")


if __name__ == "__main__":
    main()
