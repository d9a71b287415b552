"""Files of `relatum quantize` in llama.cpp: do they load, and does it answer as with the source?

    tools/check_quantize.py build/release/relatum --model FOLDER_OR_GGUF [--formats f32 q8_0 …]

Needs llama-cpp-python or ik-llama-cpp-python, and for a folder transformers, whose greedy answers
are the source's. f32 of a folder has to give the same tokens; of the others, and of files that are
quantised already, it is told how many of an answer's tokens are the same.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

PROMPTS = ["The capital of France is", "Anna Vogt flies for Kestrel Airways. Relation:",
           "1, 2, 3, 4,", "def add(a, b):\n    return"]
LENGTH = 24


def by_llama(path):
    """Tokens of prompts and greedy answers."""
    try:
        from llama_cpp import Llama
    except ImportError:
        return by_ik_llama(path)
    model = Llama(model_path=str(path), n_ctx=256, verbose=False)
    answers = []
    for prompt in PROMPTS:
        ids = model.tokenize(prompt.encode(), add_bos=True, special=True)
        tokens = []
        for token in model.generate(ids, temp=0.0, repeat_penalty=1.0):
            if token == model.token_eos() or len(tokens) == LENGTH:
                break
            tokens.append(int(token))
        answers.append((list(map(int, ids)), tokens))
    return answers


def by_ik_llama(path):
    from ik_llama_cpp import IkLlama
    model = IkLlama(str(path), n_ctx=256, n_threads=2, flash_attn=False, verbose=False)
    rows = [model.tokenize(prompt, add_bos=True, special=True) for prompt in PROMPTS]
    return [(ids, list(model.generate(ids, max_tokens=LENGTH))) for ids in rows]


def by_transformers(program, folder):
    """The prompts' tokens are Relatum's, whose tests hold them to Hugging Face's."""
    import torch
    from transformers import AutoModelForCausalLM
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    answers = []
    for prompt in PROMPTS:
        said = subprocess.run([program, "tokenize", "--model", folder, "--special", "--text",
                               prompt], capture_output=True, text=True, check=True).stdout
        ids = json.loads(said)["ids"]
        end = model.config.eos_token_id
        out = model.generate(torch.tensor([ids]), max_new_tokens=LENGTH, do_sample=False,
                             pad_token_id=end or 0)[0].tolist()[len(ids):]
        answers.append((ids, out[:out.index(end)] if end in out else out))
    return answers


def same_start(one, other):
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def check(program, model, form, source, folder):
    """Whether the file loads, reads the prompts as the source does and answers as it has to."""
    out = folder / f"{form}.gguf"
    said = subprocess.run([program, "quantize", "--model", model, "--format", form, "--out", out,
                           "--json", "--quiet"], capture_output=True, text=True, check=True)
    size = json.loads(said.stdout)["bytes"]
    got = by_llama(out)
    out.unlink()
    tokens = all(a[0] == b[0] for a, b in zip(source, got))
    same = sum(same_start(a[1], b[1]) for a, b in zip(source, got))
    total = sum(len(a[1]) for a in source)
    print(f"{form:5} {size / 1e6:9.1f} MB  prompts' tokens {'the same' if tokens else 'DIFFER'}, "
          f"{same} of {total} tokens of the answers before the first difference")
    exact = form == "f32" and pathlib.Path(model).is_dir()
    return tokens and len(got) == len(source) and total > 0 and (not exact or same == total)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--model", required=True)
    parser.add_argument("--formats", nargs="+",
                        default=["f32", "bf16", "f16", "q8_0", "q6_k", "q4_k", "q4_0"])
    chosen = parser.parse_args()
    is_folder = pathlib.Path(chosen.model).is_dir()
    source = by_transformers(chosen.program, chosen.model) if is_folder else by_llama(chosen.model)
    with tempfile.TemporaryDirectory() as folder:
        good = [check(chosen.program, chosen.model, form, source, pathlib.Path(folder))
                for form in chosen.formats]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
