"""Adapters of `relatum export` in llama.cpp: do they load, and do they answer as with PEFT?

    tools/check_lora.py build/release/relatum --families all --t5-tokenizer FOLDER
    tools/check_lora.py build/release/relatum --model FOLDER

Needs llama-cpp-python, peft and transformers. Makes small random models of every family
(tools/tiny_families.py), or takes the one that is named, and an adapter with PEFT on all linears,
of a rank of its own on some and rank-stabilised in one form. Greedy answers of llama.cpp with the
base in f32 and the exported file are held to those of PEFT, token by token, and so are those
without a file, which have to be others; and those of the model that `relatum merge` writes as a
folder (in transformers) and as GGUF, also of adapters with a head or an embedding of their own.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import check_quantize as base_check

NEARLY = base_check.NEARLY


class WithAdapter(base_check.LlamaCpp):
    """A file in llama.cpp with an adapter beside it."""

    def __init__(self, path, adapter):
        super().__init__(path)
        if adapter == "-":
            return
        self.adapter = self.c.llama_adapter_lora_init(self.model, adapter.encode())
        if not self.adapter:
            raise SystemExit("the adapter does not load")
        self.use()

    def use(self):
        import ctypes
        one = (ctypes.c_float * 1)(1.0)
        many = (self.c.llama_adapter_lora_p_ctypes * 1)(self.adapter)
        if hasattr(self.c, "llama_set_adapters_lora"):
            failed = self.c.llama_set_adapters_lora(self.context, many, 1, one)
        else:
            failed = self.c.llama_set_adapter_lora(self.context, self.adapter, 1.0)
        if failed:
            raise SystemExit("the adapter cannot be used")


def print_answers(path, adapter):
    model = WithAdapter(path, adapter)
    rows = json.load(sys.stdin)
    print(json.dumps([model.answer(row, fed) for row, fed in rows]))


def in_llama_cpp(path, adapter, source):
    """In a process of its own, as llama.cpp may abort."""
    done = subprocess.run([sys.executable, __file__, "--ask", str(path), str(adapter)],
                          input=json.dumps(source), capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  llama.cpp: {done.stderr.strip()[-600:]}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def open_model(folder):
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM
    config = json.loads((pathlib.Path(folder) / "config.json").read_text(encoding="utf-8"))
    encoded = config["model_type"] == "t5"
    kind = AutoModelForSeq2SeqLM if encoded else AutoModelForCausalLM
    model = kind.from_pretrained(folder, dtype=torch.float32).eval()
    return model, config.get("decoder_start_token_id", 0) if encoded else None


def greedy(model, start, rows, fed=()):
    """Answers to rows of tokens; behind `fed` where it is given."""
    import torch
    answers = []
    for index, ids in enumerate(rows):
        row = list(ids) if start is None else [start]
        source = {} if start is None else {"input_ids": torch.tensor([ids])}
        given = []
        with torch.no_grad():
            for i in range(base_check.LENGTH):
                name = "input_ids" if start is None else "decoder_input_ids"
                given.append(int(model(**source, **{name: torch.tensor([row])})
                                 .logits[0, -1].argmax()))
                row.append(fed[index][i] if fed else given[-1])
        answers.append(given)
    return answers


def make_adapter(folder, out, stabilised, saved=()):
    """Random pairs on all linears, and other values of whole modules. Returns PEFT's model."""
    import torch
    from peft import LoraConfig, get_peft_model
    torch.manual_seed(3)
    model, start = open_model(folder)
    some = {"layers.0.self_attn.q_proj": 3, "layers.1.mlp.down_proj": 2,
            "block.0.layer.0.SelfAttention.v": 3}
    alphas = {} if stabilised else {"layers.1.self_attn.o_proj": 20}
    config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", use_rslora=stabilised,
                        rank_pattern=some, alpha_pattern=alphas,
                        modules_to_save=list(saved) or None,
                        task_type="CAUSAL_LM" if start is None else "SEQ_2_SEQ_LM")
    model = get_peft_model(model, config).eval()
    with torch.no_grad():
        for name, values in model.named_parameters():
            if "lora_B" in name:
                values.normal_(0, 0.2)
            if "modules_to_save" in name:
                values.add_(torch.randn_like(values) * 0.3 * values.std())
    model.save_pretrained(out)
    return model, start


def agreement(source, got):
    same = sum(a == b for (_, want), answer in zip(source, got) for a, b in zip(want, answer))
    return same, sum(len(want) for _, want in source)


def told(what, source, got, low, high=1.0):
    """Whether so many of the answers' tokens are the source's as there have to be."""
    if got is None:
        return False
    same, total = agreement(source, got)
    good = low * total <= same <= high * total
    print(f"  {what:34} {same} of {total} tokens{'' if good else '  WRONG'}", flush=True)
    return good


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments), "--quiet"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        print(f"  {done.stderr.strip()}")
    return done.returncode == 0


def check_merged(program, folder, peft, source, start):
    """Both forms of the merged model."""
    merged = peft.with_name(f"{peft.name}-merged")
    for out, args in ((merged, []), (f"{merged}.gguf", ["--format", "f32"])):
        if not run(program, "merge", "--adapter", peft, "--model", folder, "--out", out, *args):
            return False
    good = told(f"{peft.name}: merged, in llama.cpp", source,
                in_llama_cpp(f"{merged}.gguf", "-", source), NEARLY)
    plain, _ = open_model(merged)
    fed = [answer for _, answer in source]
    return told(f"{peft.name}: merged, in transformers", source,
                greedy(plain, start, [ids for ids, _ in source], fed), NEARLY) and good


def check_saved(program, folder, work, rows):
    """Adapters with a head or an embedding of their own, which export refuses. GGUF has one
    embedding for both halves of a T5."""
    good = True
    _, start = open_model(folder)
    for saved in (["lm_head"], ["embed_tokens"], ["lm_head", "embed_tokens"]):
        if start is not None and "embed_tokens" in saved:
            continue
        peft = work / "-".join(saved)
        model, start = make_adapter(folder, peft, False, saved)
        source = list(zip(rows, greedy(model, start, rows)))
        good = check_merged(program, folder, peft, source, start) and good
    return good


def check_model(program, folder, work):
    good = True
    gguf = work / "base.gguf"
    if not run(program, "quantize", "--model", folder, "--format", "f32", "--out", gguf):
        return False
    rows = []
    for prompt in base_check.PROMPTS:
        said = subprocess.run([program, "tokenize", "--model", folder, "--special", "--text",
                               prompt], capture_output=True, text=True, check=True).stdout
        rows.append(json.loads(said)["ids"])
    for form, stabilised in (("plain", False), ("rslora", True)):
        peft, lora = work / form, work / f"{form}.gguf"
        model, start = make_adapter(folder, peft, stabilised)
        source = list(zip(rows, greedy(model, start, rows)))
        if not run(program, "export", "--adapter", peft, "--model", folder, "--out", lora):
            return False
        good = told(f"{form}: llama.cpp with the file", source, in_llama_cpp(gguf, lora, source),
                    NEARLY) and good
        good = told(f"{form}: without it", source, in_llama_cpp(gguf, "-", source), 0,
                    0.9) and good
        good = check_merged(program, folder, peft, source, start) and good
    return check_saved(program, folder, work, rows) and good


def check_families(program, names, t5_words):
    import tiny_families
    good = True
    for name in tiny_families.FAMILIES if names == ["all"] else names:
        print(f"{name}:", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            made, work = pathlib.Path(folder) / "model", pathlib.Path(folder) / "work"
            work.mkdir()
            made.mkdir()
            tiny_families.make(name, made, t5_words)
            good = check_model(program, made, work) and good
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
    chosen = parser.parse_args()
    if not chosen.model and not chosen.families:
        parser.error("name a --model or --families")
    good = True
    if chosen.model:
        with tempfile.TemporaryDirectory() as folder:
            good = check_model(chosen.program, chosen.model, pathlib.Path(folder))
    if chosen.families:
        good = check_families(chosen.program, chosen.families, chosen.t5_tokenizer) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
