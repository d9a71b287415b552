"""Runs a GGUF with llama.cpp or ik_llama.cpp: prefill, one stream, or answers to prompts."""

import argparse
import ctypes
import importlib
import importlib.metadata
import json
import resource
import statistics
import time

import numpy

MICRO_BATCH = 512  # of 128, 512 and 2,048 the fastest here
PACKAGES = {"llama": "llama-cpp-python", "ik": "ik-llama-cpp-python"}


class Llama:
    """One sequence of llama.cpp: tokens in, the logits of the last one out."""

    def __init__(self, path, context, threads):
        self.c = importlib.import_module("llama_cpp")
        self.c.llama_backend_init()
        self.model = self.c.llama_model_load_from_file(path.encode(),
                                                       self.c.llama_model_default_params())
        params = self.c.llama_context_default_params()
        params.n_ctx = params.n_batch = context
        params.n_ubatch = MICRO_BATCH
        params.flash_attn_type = 1  # on: faster here in every format
        params.n_threads = params.n_threads_batch = threads
        self.context = self.c.llama_init_from_model(self.model, params)
        self.vocabulary = self.c.llama_model_get_vocab(self.model)
        self.size = self.c.llama_vocab_n_tokens(self.vocabulary)

    def tokens(self, text):
        data = text.encode()
        ids = (self.c.llama_token * (len(data) + 8))()
        count = self.c.llama_tokenize(self.vocabulary, data, len(data), ids, len(ids), False, True)
        return list(ids[:count])

    def text(self, ids):
        parts = []
        for token in ids:
            buffer = (ctypes.c_char * 256)()
            count = self.c.llama_token_to_piece(self.vocabulary, token, buffer, 256, 0, False)
            parts.append(buffer.raw[:max(count, 0)])
        return b"".join(parts).decode(errors="replace")

    def ends(self, token):
        return self.c.llama_vocab_is_eog(self.vocabulary, token)

    def keep(self, count):
        """Forgets all but the first tokens."""
        memory = self.c.llama_get_memory(self.context)
        self.c.llama_memory_seq_rm(memory, 0, count, -1)

    def feed(self, ids, start):
        batch = self.c.llama_batch_init(len(ids), 0, 1)
        fill(batch, ids, start)
        failed = self.c.llama_decode(self.context, batch)
        self.c.llama_batch_free(batch)
        if failed:
            raise SystemExit(f"llama_decode failed with {failed}")
        logits = self.c.llama_get_logits_ith(self.context, len(ids) - 1)
        return numpy.ctypeslib.as_array(logits, shape=(self.size,))


class IkLlama(Llama):
    """The same with ik_llama.cpp, whose functions are named differently here and there."""

    def __init__(self, path, context, threads):  # pylint: disable=super-init-not-called
        self.c = importlib.import_module("ik_llama_cpp._ctypes_api")
        inner = importlib.import_module("ik_llama_cpp._internals")
        self.held = inner.IkModel(path)
        # The attention that is made for CPUs like this one.
        default = self.c.llama_context_default_params

        def params():
            result = default()
            result.n_ubatch = MICRO_BATCH
            return result
        self.c.llama_context_default_params = params
        self.outer = inner.IkContext(self.held, n_ctx=context, n_threads=threads, flash_attn=True)
        self.model, self.context = self.held.model, self.outer.ctx
        self.size = self.held.n_vocab

    def tokens(self, text):
        return self.held.tokenize(text, add_bos=False, special=True)

    def text(self, ids):
        return self.held.detokenize(ids)

    def ends(self, token):
        return self.c.llama_token_is_eog(self.model, token)

    def keep(self, count):
        library = importlib.import_module("ik_llama_cpp._ctypes_api")._lib
        library.llama_kv_cache_seq_rm.argtypes = [
            ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32,
            ctypes.c_int32]
        library.llama_kv_cache_seq_rm(self.context, 0, count, -1)


def fill(batch, ids, start):
    """Tokens of one sequence from position `start`; logits of the last alone."""
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i], batch.pos[i] = token, start + i
        batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
        batch.logits[i] = i + 1 == len(ids)


def text_tokens(engine, options, count):
    """As many tokens of the text, over and over."""
    with open(options.data, encoding="utf-8") as text:
        ids = engine.tokens(text.read())
    return [ids[i % len(ids)] for i in range(count)]


def prefill(engine, options):
    """Median rate of passes over the same number of tokens, from an empty cache each."""
    ids = text_tokens(engine, options, options.tokens)
    seconds = []
    for number in range(options.rounds + 1):
        engine.keep(0)
        begin = time.perf_counter()
        logits = engine.feed(ids, 0)
        if number:
            seconds.append(time.perf_counter() - begin)
    if not numpy.isfinite(logits).all():
        raise SystemExit("a logit is not finite")
    if options.out:
        numpy.save(options.out, logits.astype("<f4")[None, :])
    return {"tokens": options.tokens, "tokens_per_s": options.tokens / statistics.median(seconds),
            "next_token": int(logits.argmax())}


def decode(engine, options):
    """Median rate of one greedy stream; end tokens are fed like any other."""
    ids = text_tokens(engine, options, 8)
    rates = []
    for number in range(options.rounds + 1):
        engine.keep(0)
        logits, said = engine.feed(ids, 0), []
        begin = time.perf_counter()
        for _ in range(options.tokens):
            said.append(int(logits.argmax()))
            logits = engine.feed(said[-1:], len(ids) + len(said) - 1)
        if number:
            rates.append(options.tokens / (time.perf_counter() - begin))
    return {"tokens": options.tokens, "tokens_per_s": statistics.median(rates),
            "said_tokens": said}


def answer(engine, options):
    """Greedy answers; what a prompt shares with the one before stays in the cache."""
    with open(options.data, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][:options.limit]
    before, answers, count = [], [], 0
    begin = time.perf_counter()
    for row in rows:
        ids = engine.tokens(row["prompt"])
        shared = 0
        while shared < min(len(ids) - 1, len(before)) and ids[shared] == before[shared]:
            shared += 1
        engine.keep(shared)
        logits, said = engine.feed(ids[shared:], shared), []
        while len(said) < options.tokens:
            token = int(logits.argmax())
            if engine.ends(token):
                break
            said.append(token)
            if len(said) < options.tokens:
                logits = engine.feed([token], len(ids) + len(said) - 1)
        before = ids
        count += len(ids)
        answers.append(engine.text(said).strip())
    seconds = time.perf_counter() - begin
    if options.out:
        with open(options.out, "w", encoding="utf-8") as out:
            for row, text in zip(rows, answers):
                out.write(json.dumps({"id": row["id"], "label": text}) + "\n")
    right = sum(row["completion"].strip() == text for row, text in zip(rows, answers))
    return {"rows": len(rows), "tokens": count, "examples_per_s": len(rows) / seconds,
            "accuracy": right / len(rows)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("work", choices=["prefill", "decode", "answer"])
    parser.add_argument("--library", choices=PACKAGES, default="llama")
    parser.add_argument("--tokens", type=int, default=2048,
                        help="of a pass, of a stream, or at most of an answer")
    parser.add_argument("--data", required=True,
                        help="prompts.jsonl to answer; else a text")
    parser.add_argument("--out", help="write the answers as predictions.jsonl, or prefill's last "
                        "logits as .npy")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--context", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    kind = Llama if options.library == "llama" else IkLlama
    engine = kind(options.model, options.context, options.threads)
    work = {"prefill": prefill, "decode": decode, "answer": answer}[options.work]
    package = PACKAGES[options.library]
    print(json.dumps({
        "peer": options.library, "work": options.work, **work(engine, options),
        "threads": options.threads, "versions": {package: importlib.metadata.version(package)},
        # Linux counts ru_maxrss in KiB.
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
