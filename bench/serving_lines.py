"""Lines of compare_peers.py: prefill, one stream, extraction against llama.cpp and ik_llama.cpp."""

import json
import pathlib
import sys

import numpy

from harness import (agreement, command, ours, peer, precise, prompts, ratio, read_lines,
                     target)

GREEDY, OTHERS = 0.97, 0.85  # shares of answers that must be the same
# How far logits may be from those of f32, relative to them: rounding to bf16; integers' blocks.
LOGITS, BLOCKS = 2e-2, 1e-1
NAMES = {"llama": "llama.cpp", "ik": "ik_llama.cpp"}


def files_of(options):
    """(side's name, library, GGUF file) of every --gguf."""
    for word in options.gguf:
        library, separator, path = word.partition("=")
        if library not in NAMES or not separator:
            sys.exit(f"compare_peers: '{word}' is not llama=FILE.gguf or ik=FILE.gguf")
        kind = pathlib.Path(path).stem.rpartition(".")[2]
        yield f"{NAMES[library]} {kind}", library, path


def bench(options, *more):
    return json.loads(ours(options, "bench", "--json", "--rounds", options.passes, "--threads",
                           options.threads, "--quiet", *more))


def text_of(options):
    return options.text or str(pathlib.Path(__file__).resolve().parent.parent / "ARCHITECTURE.md")


def same_weights(options, path):
    """Whether a side's file is the one that Relatum reads."""
    mine = pathlib.Path(options.model)
    return mine.is_file() and mine.samefile(path)


def prefill(length, options, folder):
    """2,048 tokens in rows of a text; llama.cpp's rate is that of one such row. The token that is
    likeliest behind the first row must be the same on all sides, but for other files of 4 bits,
    whose weights are others. Where a side reads our file, the logits behind that row must be those
    of f32 but for rounding on all sides."""
    text, rounds, sides = text_of(options), [], list(files_of(options))
    first, second = mine = f"relatum {precise(options)}", "relatum int8"
    work = ("--model", options.model, "--decode", 1, "--text", text, "--skip-training")
    exact = folder / "f32.npy"
    bench(options, *work, "--compute", "f32", "--length", length, "--logits", exact)
    for _ in range(options.rounds):
        one = {}
        for name in mine:
            got = bench(options, *work, "--compute", name.split()[1], "--length", length,
                        "--logits", folder / f"{name}.npy", "--overwrite")
            one[name] = {**got["prefill"], "next_token": got["next_token"],
                         "peak_rss_bytes": got["peak_rss_bytes"]}
        for name, library, path in sides:
            out = folder / f"{name}.npy"
            one[name] = peer(options, "llama_run.py", path, "prefill", "--library", library,
                             "--tokens", length, "--data", text, "--rounds", options.passes,
                             "--out", out)
        for name in [*mine, *(name for name, _, path in sides if same_weights(options, path))]:
            one[name]["logits_from_f32"] = distance(
                folder / f"{name}.npy", exact, LOGITS if name == first else BLOCKS)
        rounds.append(one)
    names = [name for name, *_ in sides]
    alike = [second, *(name for name, _, path in sides
                       if "Q4" not in name or same_weights(options, path))]
    same = agreement([one[first]["next_token"] for one in rounds for _ in alike],
                     [one[name]["next_token"] for one in rounds for name in alike], 1,
                     "the token behind the text")
    return {"what": f"prefill, 2,048 tokens in rows of {length}", "agreement": same,
            "rounds": rounds,
            "ratios": [ratio(rounds, first, names, "tokens_per_s", target(options, 1.6, 1.5)),
                       ratio(rounds, second, names, "tokens_per_s", target(options, 2.5, 1.5))]}


def distance(path, exact, most):
    """How far a side's logits are from those of f32, relative to them; ends the run beyond."""
    side, wanted = numpy.load(path), numpy.load(exact)
    if side.shape != wanted.shape:
        sys.exit(f"compare_peers: {path.stem}: {side.shape} logits against {wanted.shape}")
    far = float(numpy.linalg.norm(side - wanted) / numpy.linalg.norm(wanted))
    if far > most:
        sys.exit(f"compare_peers: {path.stem}: logits {far:.3f} from those of f32, relative to "
                 f"them; at most {most} is rounding")
    return round(far, 5)


def decoding(options, folder):  # pylint: disable=unused-argument
    """One greedy stream of 128 tokens from one 4-bit file; the beginnings must be the same."""
    text, rounds, tokens = text_of(options), [], 128
    sides = [side for side in files_of(options) if "Q4" in side[0]]
    files = {path for *_, path in sides}
    if len(files) != 1:
        sys.exit("compare_peers: decoding needs one 4-bit file for all sides")
    for _ in range(options.rounds):
        got = bench(options, "--model", *files, "--compute", "int8", "--decode", tokens,
                    "--length", 64, "--text", text, "--skip-training")
        one = {"relatum int8": {"tokens_per_s": got["decode_tokens_per_s"],
                                "said_tokens": got["said_tokens"]}}
        for name, library, path in sides:
            one[name] = peer(options, "llama_run.py", path, "decode", "--library", library,
                             "--data", text, "--tokens", tokens, "--rounds", options.passes)
        rounds.append(one)
    # Each side rounds its inputs in its own way, so that streams part sooner or later.
    def start(one, name):
        return one[name]["said_tokens"][:4]
    same = agreement([start(one, "relatum int8") for one in rounds for _ in sides],
                     [start(one, name) for one in rounds for name, *_ in sides], 0.5,
                     "the first four tokens of the stream")
    for one in rounds:
        for figures in one.values():
            del figures["said_tokens"]
    return {"what": "decoding one stream, 4-bit weights", "agreement": same, "rounds": rounds,
            "ratios": [ratio(rounds, "relatum int8", [name for name, *_ in sides],
                             "tokens_per_s", 1)]}


def extract(options, folder, name, adapter, *more, model=None):
    """Relatum's predictions and figures; loading the model is outside the clock, as for peers."""
    out = folder / f"{name}.jsonl"
    ours(options, "extract", "--model", model or options.model,
         *(["--adapter", adapter] if adapter else []), "--data", options.test, "--limit",
         options.sentences, "--threads", options.threads, *more,
         "--out", out)
    run = json.loads(pathlib.Path(f"{out}.run.json").read_text())
    seconds = run["seconds"]  # begins behind loading
    return [row["answer"] for row in read_lines(out)], {
        "examples_per_s": run["examples"] / seconds, "seconds": seconds,
        "peak_rss_bytes": run["peak_rss_bytes"], **score(options, out)}


def score(options, predictions):
    """Official figures on the sentences that were answered."""
    report = json.loads(command([options.relatum, "evaluate", "--data", options.test, "--limit",
                                 options.sentences, "--predictions", predictions, "--json"]))
    return {"f1": report["official"]["f1"], "accuracy": report["accuracy"]}


def answers(options, folder, number, rows):
    """The peers' greedy answers to the prompts, what is alike computed once."""
    one, said = {}, {}
    for name, library, path in files_of(options):
        out = folder / f"{name.replace(' ', '-')}-{number}.jsonl"
        one[name] = peer(options, "llama_run.py", path, "answer", "--library", library, "--data",
                         rows, "--tokens", 12, "--out", out)
        said[name] = [row["label"] for row in read_lines(out)]
    return one, said


def extraction(options, folder, ways, style, adapter, more):
    """Rounds of our ways of answering and the peers' one, on the same prompts."""
    first = f"relatum {precise(options)}"
    greedy = "constrained" in ways[first]
    rows = prompts(options, folder, "test", options.test, style, "--limit", options.sentences,
                   *more)
    rounds, agreements = [], {}
    for number in range(options.rounds):
        one, said = {}, {}
        for name, how in ways.items():
            out = f"{name.replace(' ', '-').replace(',', '')}-{number}"
            said[name], one[name] = extract(options, folder, out, adapter, *how, *more)
        theirs, spoken = answers(options, folder, number, rows)
        one.update(theirs)
        # Our greedy answers must be those of the same weights in bf16; what else each side
        # does (every label's probability, integers, other weights) is held by a wider bound.
        for name, words in [*spoken.items(), *((way, said[way]) for way in ways)]:
            least = GREEDY if "BF16" in name and greedy else OTHERS
            agreements[name] = agreement(said[first], words, least, name)
        rounds.append(one)
    return rounds, agreements, list(theirs)


def published_prompts(options, folder):
    """Extraction with the prompts of RAG4RE, a retrieved sentence in each."""
    ways = {f"relatum {compute}": ["--answer", "constrained", "--compute", compute]
            for compute in (precise(options), "int8")}
    rounds, same, names = extraction(options, folder, ways, options.published_prompt,
                                     options.published_adapter, ["--index", options.index])
    return {"what": "extraction, prompts of rag4re with a retrieved sentence", "agreement": same,
            "rounds": rounds, "ratios": [ratio(rounds, way, names, "examples_per_s", 2)
                                         for way in ways]}


def distributions(options, folder):
    """Extraction with every label's probability, against greedy answers to the same prompts."""
    few = ["--scores", "--negligible", "1e-4", "--answer", "shares"]
    first = f"relatum {precise(options)}"
    ways = {f"{first}, exact": ["--scores", "--compute", precise(options)],
            first: [*few, "--compute", precise(options)],
            "relatum int8": [*few, "--compute", "int8"]}
    rounds, same, names = extraction(options, folder, ways, options.prompt, options.adapter, [])
    return {"what": f"extraction, {options.prompt}, all labels' probabilities", "agreement": same,
            "rounds": rounds,
            "ratios": [ratio(rounds, way, names, "examples_per_s", target(options, *wanted))
                       for way, wanted in zip(ways, ((5, 1.2), (5, 2.5), (8, 2.5)))]}


def encoder_decoder(options, folder):
    """Every label's exact probability by an encoder-decoder (--encoder-decoder), against
    transformers, which encodes a prompt once and expands its states for the labels, or, as is
    usual, encodes it for each label. Without an adapter: the work is the same with any weights."""
    labels = folder / "labels.json"
    trained = prompts(options, folder, "train", options.data, options.prompt, "--for", "train")
    labels.write_text(json.dumps(sorted({row["completion"].strip()
                                         for row in read_lines(trained)})), encoding="utf-8")
    rows = prompts(options, folder, "test", options.test, options.prompt, "--limit",
                   options.sentences)
    kind = precise(options)
    mine, rounds, shares = f"relatum {kind}, exact", [], {}
    ways = {f"transformers {kind}, encoded once": "scored-cache",
            f"transformers {kind}, encoded for each label": "scored-rows"}
    for number in range(options.rounds):
        answered, figures = extract(options, folder, f"ours{number}", None, "--scores", "--prompt",
                                    options.prompt, "--base", "f32" if kind == "f32" else "bf16",
                                    "--labels", labels, "--compute", kind,
                                    model=options.encoder_decoder)
        one = {mine: figures}
        for name, way in ways.items():
            out = folder / f"{way}{number}.jsonl"
            one[name] = peer(options, "hf_extract.py", options.encoder_decoder, rows, "--labels",
                             labels, "--dtype", kind, "--answer", way, "--out", out)
            shares[name] = agreement(answered, [row["label"] for row in read_lines(out)], GREEDY,
                                     name)
        rounds.append(one)
    return {"what": f"extraction by an encoder-decoder, {options.prompt}, all labels' "
                    "probabilities on both sides", "agreement": shares, "rounds": rounds,
            "ratios": [ratio(rounds, mine, [name], "examples_per_s", wanted)
                       for name, wanted in zip(ways, (2.5, 8))]}


def transformers(options, folder):
    """Every label's exact probability, against transformers, which computes the prompt once and
    repeats its cache for all labels; it is given few sentences, because it is slow."""
    rows = prompts(options, folder, "test", options.test, options.prompt, "--limit",
                   options.sentences)
    trained = prompts(options, folder, "train", options.data, options.prompt, "--for", "train")
    labels = folder / "labels.json"
    labels.write_text(json.dumps(sorted({row["completion"].strip()
                                         for row in read_lines(trained)})), encoding="utf-8")
    kind = precise(options)
    mine, name, rounds, shares = f"relatum {kind}, exact", f"transformers {kind}, exact", [], []
    for number in range(options.rounds):
        answered, figures = extract(options, folder, f"ours{number}", options.adapter, "--scores",
                                    "--compute", kind)
        out = folder / f"theirs{number}.jsonl"
        theirs = peer(options, "hf_extract.py", options.weights, rows, "--labels", labels,
                      "--adapter", options.adapter, "--dtype", kind, "--out", out)
        shares.append(agreement(answered, [row["label"] for row in read_lines(out)], GREEDY, name))
        rounds.append({mine: figures, name: theirs})
    return {"what": f"extraction, {options.prompt}, all labels' probabilities on both sides",
            "agreement": min(shares), "rounds": rounds,
            "ratios": [ratio(rounds, mine, [name], "examples_per_s", 1)]}
