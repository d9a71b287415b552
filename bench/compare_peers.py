#!/usr/bin/env python3
"""Times Relatum and other programs in turns on the same work, and writes a results file.

Each line of the file is one kind of work with its rounds, what was checked (answers, next tokens,
cosines, losses), and the ratios against the best of the others. A time counts only where the
checks hold. Run it on an idle machine, with the Python of bench/peers; --only names lines, and
those of an older file that are not run again stay in it.
"""

import argparse
import datetime
import functools
import json
import pathlib
import shlex
import sys
import tempfile

import retrieval_lines
import serving_lines
import training_lines

# What measures a line, and the options that it cannot do without.
LINES = {
    "training": (training_lines.training, ["weights", "data"]),
    "memory": (training_lines.training_memory, ["weights", "data"]),
    "prefill": (functools.partial(serving_lines.prefill, 2048), ["gguf"]),
    "prefill-short": (functools.partial(serving_lines.prefill, 512), ["gguf"]),
    "decoding": (serving_lines.decoding, ["gguf"]),
    "published": (serving_lines.published_prompts,
                  ["gguf", "test", "published_prompt", "published_adapter", "index"]),
    "distributions": (serving_lines.distributions, ["gguf", "test", "adapter"]),
    "transformers": (serving_lines.transformers, ["weights", "data", "test", "adapter"]),
    "encoder-decoder": (serving_lines.encoder_decoder, ["encoder_decoder", "data", "test"]),
    "embedding": (retrieval_lines.embedding, ["data", "sentence_model"]),
    "search": (retrieval_lines.search, []),
}
PER_STYLE = ("distributions", "transformers", "encoder-decoder")  # their answers depend on --prompt


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores seen"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", nargs="+", choices=LINES, default=list(LINES))
    parser.add_argument("--out", required=True, help="results file")
    parser.add_argument("--relatum", default="build/release/relatum", help="the program")
    parser.add_argument("--search-bench", default="build/release/bench/search_bench")
    parser.add_argument("--python", default=sys.executable, help="with bench/peers' packages")
    parser.add_argument("--model", default="smollm2-135m-instruct", help="relatum's --model")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--weights", help="the model in Hugging Face form, bf16")
    parser.add_argument("--encoder-decoder", help="a T5 in Hugging Face form")
    parser.add_argument("--sentence-model", help="the embedder's folder for sentence-transformers")
    parser.add_argument("--gguf", nargs="*", default=[],
                        help="llama=FILE.gguf or ik=FILE.gguf; the name ends in its type, as "
                             "model.BF16.gguf (bench/peers/make_gguf.py), for extraction with the "
                             "line's adapter merged in")
    parser.add_argument("--data", help="SPEC of the training rows")
    parser.add_argument("--test", help="SPEC of the sentences to extract from")
    parser.add_argument("--prompt", default="compact", help="style of training and --adapter")
    parser.add_argument("--adapter", help="run folder, trained with --prompt")
    parser.add_argument("--published-prompt", help="template file of RAG4RE's prompts")
    parser.add_argument("--published-adapter", help="run folder, trained with that template")
    parser.add_argument("--index", help="index folder of the training rows")
    parser.add_argument("--text", help="text for prefill and decoding (default: ARCHITECTURE.md)")
    parser.add_argument("--sentences", type=int, default=300)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--memory", type=shlex.split, default=[],
                        help="more options of our run where memory is measured, in one word: "
                             "--memory='--checkpoint'")
    parser.add_argument("--peft-rows", type=int, default=16,
                        help="rows that PEFT computes at once where memory is measured")
    parser.add_argument("--passes", type=int, default=3, help="timed passes of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--isa", choices=["avx2"],
                        help="hold Relatum to it and compute in f32 on all sides; the peers are "
                             "held by their builds or by a machine that has no more")
    return parser.parse_args()


def main():
    options = arguments()
    out = pathlib.Path(options.out)
    report = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"lines": {}}
    for name in options.only:
        for needed in LINES[name][1]:
            if not getattr(options, needed):
                sys.exit(f"compare_peers: '{name}' needs --{needed.replace('_', '-')}")
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            line = LINES[name][0](options, pathlib.Path(folder))
        key = f"{name}, {options.prompt}" if name in PER_STYLE else name
        if options.isa:
            key, line["what"] = f"{key}, {options.isa}", f"{line['what']}, AVX2"
        report["lines"][key] = {"date": datetime.date.today().isoformat(),
                                 "machine": processor(), **line}
        out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        for one in line["ratios"]:
            print(f"{line['what']}: {one['ours']} is {one['median']:.2f} times "
                  f"{' and '.join(one['against'])} in {one['unit']} ({one['smallest']:.2f} to "
                  f"{one['largest']:.2f}; wanted {one['target']})", flush=True)


if __name__ == "__main__":
    main()
