"""Embeds sentences with sentence-transformers; the data: JSON lines with a "text"."""

import time

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

import common


def check(vectors, count, reference):
    """One finite unit vector per text; returns the smallest cosine to the reference, if any."""
    if len(vectors) != count or not np.isfinite(vectors).all():
        raise SystemExit(f"{count} texts went in, {len(vectors)} finite vectors came out")
    norms = np.linalg.norm(vectors, axis=1)
    if np.abs(norms - 1).max() > 1e-2:
        raise SystemExit("the embeddings are not normalised")
    if reference is None:
        return None
    wanted = np.load(reference)[:count]
    return float((vectors * wanted).sum(1).min())


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--batch", type=int, default=32)
    parser.set_defaults(dtype="f32")
    parser.add_argument("--reference", help=".npy to compare with, row by row")
    parser.add_argument("--out", help="write the embeddings as .npy")
    options = parser.parse_args()
    common.start(options)
    texts = [row.get("text", row.get("prompt")) for row in common.read_rows(options)]
    dtype = common.DTYPES[options.dtype]
    model = SentenceTransformer(options.model, device="cpu", model_kwargs={"dtype": dtype})
    limit = model.max_seq_length
    tokens = sum(min(limit, len(ids)) for ids in model.tokenizer(texts).input_ids)
    model.encode(texts[:options.batch])
    begin = time.perf_counter()
    vectors = np.asarray(model.encode(texts, batch_size=options.batch), dtype=np.float32)
    seconds = time.perf_counter() - begin
    cosine = check(vectors, len(texts), options.reference)
    if options.out:
        np.save(options.out, vectors)
    common.report("st_embed", options, rows=len(texts), tokens=tokens, seconds=round(seconds, 3),
                  examples_per_s=round(len(texts) / seconds, 1), dtype=options.dtype,
                  tokens_per_s=round(tokens / seconds, 1), min_cosine=cosine)


if __name__ == "__main__":
    main()
