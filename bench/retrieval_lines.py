"""Lines of compare_peers.py: embedding against sentence-transformers, search against faiss-cpu."""

import json
import pathlib
import re
import sys

from harness import PEERS, agreement, command, ours, peer, ratio, target, write_lines


def sentences(options, folder):
    """The plain sentences of a SemEval-2010 file, as JSON lines."""
    kind, _, path = options.data.partition(":")
    if kind != "semeval2010":
        sys.exit("compare_peers: embedding needs --data semeval2010:FILE")
    with open(path, encoding="utf-8") as lines:
        quoted = [found.group(1) for line in lines
                  if (found := re.match(r'\d+\t"(.*)"\s*$', line))]
    out = folder / "texts.jsonl"
    write_lines(out, [{"text": re.sub(r"</?e[12]>", "", text)} for text in quoted])
    return out


def embed(options, out, dtype):
    """Our embeddings in a file, and how long they took without loading the model."""
    ours(options, "embed", "--embedder", options.embedder, "--data", options.data, "--compute",
         dtype, "--threads", options.threads, "--out", out, "--quiet")
    run = json.loads(pathlib.Path(f"{out}.run.json").read_text())
    return {key: run[key] for key in ("examples_per_s", "seconds", "peak_rss_bytes")}


def embedding(options, folder):
    """All training sentences of the corpus; cosines to our f32 embeddings are held to 0.999."""
    texts, reference = sentences(options, folder), folder / "f32.npy"
    embed(options, reference, "f32")
    kinds, rounds = target(options, ("bf16", "f32"), ("f32",)), []
    for _ in range(options.rounds):
        one = {}
        for dtype in kinds:
            out = folder / f"ours-{dtype}.npy"
            one[f"relatum {dtype}"] = {**embed(options, out, dtype),
                                       "min_cosine": cosine(out, reference)}
            one[f"sentence-transformers {dtype}"] = peer(
                options, "st_embed.py", options.sentence_model, texts, "--dtype", dtype,
                "--reference", reference)
        for name, figures in one.items():
            if figures["min_cosine"] < (0.99 if name.endswith("mers bf16") else 0.999):
                sys.exit(f"compare_peers: embeddings by {name} are too far from those in f32: "
                         f"{figures['min_cosine']}")
        rounds.append(one)
    return {"what": "embedding the training sentences", "rounds": rounds,
            "ratios": [ratio(rounds, f"relatum {dtype}", [f"sentence-transformers {dtype}"],
                             "examples_per_s", 2 if dtype == "bf16" else 1)
                       for dtype in kinds]}


def cosine(path, reference):
    """The smallest cosine of rows to their reference."""
    import numpy  # pylint: disable=import-outside-toplevel
    a, b = numpy.load(path), numpy.load(reference)
    return float(((a * b).sum(1) / numpy.linalg.norm(a, axis=1)
                  / numpy.linalg.norm(b, axis=1)).min())


def search(options, folder):
    """The nearest of 1 M x 384 vectors to each of 1,000; both sides must name the same ones."""
    files = [folder / "vectors.faiss", folder / "queries.npy"]
    command([options.python, PEERS / "faiss_search.py", "make", *files])
    rounds = []
    for _ in range(options.rounds):
        ours = json.loads(command([options.search_bench, *files, options.threads]))
        theirs = peer(options, "faiss_search.py", "search", *files)
        agreement(ours.pop("rows"), theirs.pop("rows"), 0.999, "nearest neighbours")
        rounds.append({"relatum": ours, "faiss-cpu": theirs})
    return {"what": "nearest of 1 M x 384 vectors, 1,000 queries at once", "rounds": rounds,
            "ratios": [ratio(rounds, "relatum", ["faiss-cpu"], "queries_per_s", 0.95)]}
