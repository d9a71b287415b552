"""Answers prompts with transformers: scores all labels, or generates greedily."""

import json
import time

import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM
from transformers.modeling_outputs import BaseModelOutput

import common


def score_rows(model, start, endings, pad):
    """Log-probabilities of the labels, each behind its own copy of the prompt (one batch)."""
    ids, labels, mask = common.padded([(start, end) for end in endings], pad)
    longest = max(map(len, endings))
    logits = model(ids, attention_mask=mask, logits_to_keep=longest + 1).logits[:, :-1].float()
    return _chosen(logits, labels[:, -longest:])


def score_cached(model, start, endings, pad):
    """The same with the prompt computed once: its cache is repeated for every label."""
    longest = max(map(len, endings))
    first = model(torch.tensor([start]), use_cache=True, logits_to_keep=1)
    cache = first.past_key_values
    cache.batch_repeat_interleave(len(endings))
    ids, labels = _endings(endings, pad)
    rest = model(ids[:, :-1], past_key_values=cache).logits
    logits = torch.cat([first.logits.expand(len(endings), -1, -1), rest], dim=1).float()
    return _chosen(logits, labels)


def score_encoded(model, start, endings, pad):
    """An encoder-decoder's: the prompt is encoded once, its states are expanded for the labels."""
    states = model.get_encoder()(torch.tensor([start])).last_hidden_state
    return _decoded(model, endings, pad, encoder_outputs=BaseModelOutput(
        last_hidden_state=states.expand(len(endings), -1, -1)))


def score_encoded_rows(model, start, endings, pad):
    """The same with the prompt encoded for each label (one batch)."""
    return _decoded(model, endings, pad, input_ids=torch.tensor([start] * len(endings)))


def _decoded(model, endings, pad, **encoder):
    ids, labels = _endings(endings, pad)
    begin = torch.full((len(endings), 1), model.config.decoder_start_token_id)
    logits = model(decoder_input_ids=torch.cat([begin, ids[:, :-1]], dim=1), **encoder).logits
    return _chosen(logits.float(), labels)


def _endings(endings, pad):
    """Right-padded ids of the endings, and labels (-100 behind each end)."""
    ids = torch.full((len(endings), max(map(len, endings))), pad)
    labels = torch.full_like(ids, -100)
    for i, end in enumerate(endings):
        ids[i, :len(end)] = labels[i, :len(end)] = torch.tensor(end)
    return ids, labels


def _chosen(logits, labels):
    picked = logits.log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return (picked * (labels != -100)).sum(-1)


def answer_scored(model, rows, options, tokenizer, labels):
    """The best label per row."""
    endings = [tokenizer(" " + label, add_special_tokens=False).input_ids
               + [tokenizer.eos_token_id] for label in labels]
    rows_apart = options.answer == "scored-rows"
    if model.config.is_encoder_decoder:
        score = score_encoded_rows if rows_apart else score_encoded
    else:
        score = score_rows if rows_apart else score_cached
    answers = []
    for start, _ in rows:
        scores = score(model, start, endings, tokenizer.pad_token_id)
        if not torch.isfinite(scores).all():
            raise SystemExit("a label's log-probability is not finite")
        answers.append(labels[scores.argmax()])
    return answers


def answer_free(model, rows, options, tokenizer):
    """The generated text per row; batches are padded on the left, as generate() wants them."""
    answers = []
    for at in range(0, len(rows), options.batch):
        batch = [start for start, _ in rows[at:at + options.batch]]
        longest = max(map(len, batch))
        lack = [longest - len(start) for start in batch]
        ids = torch.tensor([[tokenizer.pad_token_id] * n + row for n, row in zip(lack, batch)])
        mask = torch.tensor([[0] * n + [1] * len(row) for n, row in zip(lack, batch)])
        made = model.generate(ids, attention_mask=mask, do_sample=False,
                              max_new_tokens=options.max_new_tokens,
                              pad_token_id=tokenizer.pad_token_id)
        answers += tokenizer.batch_decode(made[:, longest:], skip_special_tokens=True)
    return [answer.strip() for answer in answers]


def load(options):
    """The model, the adapter merged into it where one is given."""
    encoded = AutoConfig.from_pretrained(options.model).is_encoder_decoder
    kind = AutoModelForSeq2SeqLM if encoded else AutoModelForCausalLM
    model = kind.from_pretrained(options.model, dtype=common.DTYPES[options.dtype])
    if options.adapter:
        model = PeftModel.from_pretrained(model, options.adapter).merge_and_unload()
    return model.eval()


def _options():
    parser = common.parser(__doc__)
    parser.add_argument("--adapter", help="PEFT folder")
    parser.add_argument("--labels", help="JSON list; needed by the scored answers")
    parser.add_argument("--answer", choices=["scored-cache", "scored-rows", "free"],
                        default="scored-cache")
    parser.add_argument("--batch", type=int, default=16, help="rows per batch of free answers")
    parser.add_argument("--max-new-tokens", type=int, default=32)
    parser.add_argument("--out", help="write the answers as predictions.jsonl")
    options = parser.parse_args()
    if options.answer != "free" and not options.labels:
        parser.error("--labels is needed to score labels")
    return options


def main():
    options = _options()
    common.start(options)
    data = common.read_rows(options)
    rows, tokenizer = common.token_rows(options.model, data)
    model = load(options)
    begin = time.perf_counter()
    with torch.inference_mode():
        if options.answer == "free":
            answers = answer_free(model, rows, options, tokenizer)
        else:
            with open(options.labels, encoding="utf-8") as file:
                labels = json.load(file)
            answers = answer_scored(model, rows, options, tokenizer, labels)
    seconds = time.perf_counter() - begin
    if len(answers) != len(rows):
        raise SystemExit(f"{len(rows)} rows went in, {len(answers)} answers came out")
    if options.out:
        with open(options.out, "w", encoding="utf-8") as out:
            for row, answer in zip(data, answers):
                out.write(json.dumps({"id": row["id"], "label": answer}) + "\n")
    right = sum(row["completion"].strip() == answer for row, answer in zip(data, answers))
    tokens = sum(len(start) for start, _ in rows)
    common.report("hf_extract", options, answer=options.answer, rows=len(rows), tokens=tokens,
                  seconds=round(seconds, 3), examples_per_s=round(len(rows) / seconds, 3),
                  tokens_per_s=round(tokens / seconds, 1), accuracy=round(right / len(rows), 4))


if __name__ == "__main__":
    main()
