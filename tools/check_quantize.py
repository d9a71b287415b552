"""Files of `relatum quantize` in llama.cpp: do they load, and does it answer as with the source?

    tools/check_quantize.py build/release/relatum --model FOLDER_OR_GGUF [--formats f32 q8_0 …]
    tools/check_quantize.py build/release/relatum --families all --t5-tokenizer FOLDER

Needs llama-cpp-python or ik-llama-cpp-python (whichever is there is asked, both where both are),
and for a folder transformers, whose greedy answers are the source's. --families makes small random
models (tools/tiny_families.py). The source's answers are fed token by token, and it is told how
often the library would have gone on as they do. In llama.cpp that has to be nearly always for f32
of a folder (random models have ties, and ggml reads GELU from a table in f16); a wrong window, norm
or rotation shows at once. Of ik_llama.cpp it is told only: it differs from llama.cpp on the same
files of Llama 3 and T5, and ends on Phi-3's divisors. T5 goes through the encoder.
"""

import argparse
import ctypes
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

PROMPTS = ["The capital of France is", "Anna Vogt flies for Kestrel Airways. Relation:",
           "1, 2, 3, 4,", "def add(a, b):\n    return"]
LENGTH = 24
NEARLY = 0.95
LIBRARIES = {"llama_cpp": "llama.cpp", "ik_llama_cpp": "ik_llama.cpp"}


class LlamaCpp:
    """A file in llama.cpp by its C interface."""

    def __init__(self, path):
        import llama_cpp
        self.c = llama_cpp
        self.c.llama_backend_init()
        self.model = self.c.llama_model_load_from_file(str(path).encode(),
                                                       self.c.llama_model_default_params())
        if not self.model:
            raise SystemExit("the file does not load")
        self.vocab = self.c.llama_model_get_vocab(self.model)
        self.count = self.c.llama_vocab_n_tokens(self.vocab)
        self.context = self.c.llama_init_from_model(self.model, self.settings())
        self.encoded = self.c.llama_model_has_encoder(self.model)

    def settings(self):
        """Keys and values in f32, as they are in the source."""
        settings = self.c.llama_context_default_params()
        settings.n_ctx = settings.n_batch = 256
        settings.type_k = settings.type_v = 0
        return settings

    def tokenize(self, text):
        data = text.encode()
        out = (ctypes.c_int32 * (len(data) + 8))()
        n = self.c.llama_tokenize(self.vocab, data, len(data), out, len(out), True, True)
        return list(out[:n])

    def clear(self):
        self.c.llama_memory_clear(self.c.llama_get_memory(self.context), True)

    def run(self, call, tokens):
        kept = (ctypes.c_int32 * len(tokens))(*tokens)  # the batch only points there
        if call(self.context, self.c.llama_batch_get_one(kept, len(tokens))):
            raise SystemExit("llama.cpp could not compute the tokens")

    def start(self):
        return self.c.llama_model_decoder_start_token(self.model)

    def likeliest(self):
        row = self.c.llama_get_logits_ith(self.context, -1)
        return max(range(self.count), key=lambda i: row[i])

    def answer(self, tokens, fed):
        """Its choices, without looking for an end: behind tokens of `fed`, or else its own."""
        self.clear()
        if self.encoded:
            self.run(self.c.llama_encode, tokens)
            tokens = [self.start()]
        given = []
        for i in range(LENGTH):
            self.run(self.c.llama_decode, tokens)
            given.append(self.likeliest())
            tokens = fed[i:i + 1] or given[-1:]
        return given


class IkLlamaCpp(LlamaCpp):
    """The same in ik_llama.cpp, whose binding names less."""

    def __init__(self, path):  # pylint: disable=super-init-not-called
        from ik_llama_cpp import _ctypes_api
        from ik_llama_cpp._internals import IkModel
        self.c = _ctypes_api
        self.holder = IkModel(str(path))
        self.model, self.count = self.holder.model, self.holder.n_vocab
        settings = self.settings()
        settings.flash_attn, settings.type_v = False, 1  # f16 is all that it has for values then
        self.context = self.c.llama_init_from_model(self.model, settings)
        self.library = self.c._lib  # pylint: disable=protected-access
        for name, kinds in (("llama_model_has_encoder", [ctypes.c_void_p]),
                            ("llama_model_decoder_start_token", [ctypes.c_void_p]),
                            ("llama_encode", [ctypes.c_void_p, self.c.llama_batch])):
            getattr(self.library, name).argtypes = kinds
        self.library.llama_model_has_encoder.restype = ctypes.c_bool
        self.encoded = self.library.llama_model_has_encoder(self.model)
        self.past = 0

    def tokenize(self, text):
        return self.holder.tokenize(text, add_bos=True, special=True)

    def clear(self):
        self.c.llama_kv_cache_clear(self.context)
        self.past = 0

    def run(self, call, tokens):
        from ik_llama_cpp._internals import make_batch_range
        batch = make_batch_range(tokens, pos_start=self.past)
        if call(self.context, batch):
            raise SystemExit("ik_llama.cpp could not compute the tokens")
        self.past += len(tokens)

    def answer(self, tokens, fed):
        self.c.llama_encode = self.library.llama_encode
        return super().answer(tokens, fed)

    def start(self):
        self.past = 0
        return self.library.llama_model_decoder_start_token(self.model)


def print_answers(library, path):
    model = {"llama_cpp": LlamaCpp, "ik_llama_cpp": IkLlamaCpp}[library](path)
    rows = [model.tokenize(prompt) for prompt in PROMPTS]
    fed = json.load(sys.stdin) or [[]] * len(rows)
    print(json.dumps([(row, model.answer(row, given)) for row, given in zip(rows, fed)]))


def by_library(library, path, source=()):
    """Tokens of prompts and choices; in a process of its own, as llama.cpp may abort."""
    done = subprocess.run([sys.executable, __file__, "--ask", library, str(path)],
                          input=json.dumps([answer for _, answer in source]),
                          capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{LIBRARIES[library]}: {done.stderr.strip()[-600:]}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def by_transformers(program, folder):
    """The prompts' tokens are Relatum's, whose tests hold them to Hugging Face's."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM
    config = json.loads((pathlib.Path(folder) / "config.json").read_text(encoding="utf-8"))
    encoded = config["model_type"] == "t5"
    kind = AutoModelForSeq2SeqLM if encoded else AutoModelForCausalLM
    model = kind.from_pretrained(folder, dtype=torch.float32).eval()
    answers = []
    for prompt in PROMPTS:
        said = subprocess.run([program, "tokenize", "--model", folder, "--special", "--text",
                               prompt], capture_output=True, text=True, check=True).stdout
        ids = json.loads(said)["ids"]
        row = [config.get("decoder_start_token_id", 0)] if encoded else list(ids)
        begin = len(row)
        source = {"input_ids": torch.tensor([ids])} if encoded else {}
        with torch.no_grad():
            for _ in range(LENGTH):
                given = {"decoder_input_ids" if encoded else "input_ids": torch.tensor([row])}
                row.append(int(model(**source, **given).logits[0, -1].argmax()))
        answers.append([ids, row[begin:]])
    return answers


def compare(what, library, source, got, exact):
    """Whether a library reads the prompts as the source does and answers as it has to."""
    held = library == "llama_cpp"
    if got is None:
        return not held
    tokens = all(a[0] == b[0] for a, b in zip(source, got))
    same = sum(x == y for a, b in zip(source, got) for x, y in zip(a[1], b[1]))
    total = sum(len(a[1]) for a in source)
    differ = len({token for a in source for token in a[1]})
    print(f"{what}  {LIBRARIES[library]:12}  prompts' tokens {'the same' if tokens else 'DIFFER'}, "
          f"{same} of {total} tokens of the answers ({differ} different ones)", flush=True)
    return (tokens and len(got) == len(source) and total > 0
            and (not exact or not held or same >= NEARLY * total))


def check(program, model, form, sources, folder):
    """Whether the file loads in each library and answers as it has to."""
    out = folder / f"{form}.gguf"
    said = subprocess.run([program, "quantize", "--model", model, "--format", form, "--out", out,
                           "--json", "--quiet"], capture_output=True, text=True, check=False)
    if said.returncode:
        print(said.stderr.strip())
        return False
    size = json.loads(said.stdout)["bytes"]
    exact = form == "f32" and pathlib.Path(model).is_dir()
    good = True
    for library, source in sources.items():
        what = f"{form:5} {size / 1e6:9.1f} MB"
        good = compare(what, library, source, by_library(library, out, source),
                       exact) and good
    out.unlink()
    return good


def check_model(program, model, formats):
    libraries = [name for name in LIBRARIES if importlib.util.find_spec(name)]
    if not libraries:
        sys.exit("Neither llama-cpp-python nor ik-llama-cpp-python is installed.")
    if pathlib.Path(model).is_dir():
        sources = dict.fromkeys(libraries, by_transformers(program, model))
    else:
        sources = {library: by_library(library, model) for library in libraries}
    with tempfile.TemporaryDirectory() as folder:
        return all([check(program, model, form, sources, pathlib.Path(folder))
                    for form in formats])


def check_families(program, names, formats, t5_words):
    import tiny_families
    good = True
    for name in tiny_families.FAMILIES if names == ["all"] else names:
        print(f"{name}:")
        with tempfile.TemporaryDirectory() as folder:
            tiny_families.make(name, pathlib.Path(folder), t5_words)
            good = check_model(program, folder, formats) and good
    return good


def main():
    if sys.argv[1:2] == ["--ask"]:
        return print_answers(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--model")
    parser.add_argument("--families", nargs="+", default=[])
    parser.add_argument("--t5-tokenizer", type=pathlib.Path)
    parser.add_argument("--formats", nargs="+",
                        default=["f32", "bf16", "f16", "q8_0", "q6_k", "q4_k", "q4_0"])
    chosen = parser.parse_args()
    if not chosen.model and not chosen.families:
        parser.error("name a --model or --families")
    good = True
    if chosen.model:
        good = check_model(chosen.program, chosen.model, chosen.formats)
    if chosen.families:
        good = check_families(chosen.program, chosen.families, chosen.formats,
                              chosen.t5_tokenizer) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
