"""Lines of compare_peers.py: training against PEFT and a plain PyTorch loop."""

import json
import statistics
import sys

from harness import ours, peer, precise, prompts, ratio, read_lines, target


def rows_for(path, tokens):
    """About as many rows as hold so many tokens, at four characters each."""
    count, length = 0, 0
    for row in read_lines(path):
        length += len(row["prompt"]) + len(row["completion"])
        count += 1
        if length >= 4 * tokens:
            break
    return count


def falls(losses):
    third = len(losses) // 3
    return third and sum(losses[-third:]) < sum(losses[:third])


def train(options, out, rows, batch_tokens, *more):
    """Relatum's rates over whole steps, the first left out; a loss that does not fall is an
    error."""
    ours(options, "finetune", "--model", options.model, "--train", options.data, "--limit", rows,
         "--prompt", options.prompt, "--epochs", 1, "--rank", 16, "--batch-tokens", batch_tokens,
         "--threads", options.threads, *more, "--out", out)
    # The epoch's last step may be a short one.
    steps = [line for line in read_lines(out / "log.jsonl") if "tokens_per_s" in line][1:-1]
    if not falls([step["loss"] for step in steps]):
        sys.exit("compare_peers: our loss does not fall, so its time means nothing")
    run = json.loads((out / "run.json").read_text())
    # Steps have nearly the same number of tokens, so the harmonic mean is tokens over seconds.
    return {"tokens_per_s": statistics.harmonic_mean([s["tokens_per_s"] for s in steps]),
            "examples_per_s": statistics.harmonic_mean([s["examples_per_s"] for s in steps]),
            "peak_rss_bytes": run["peak_rss_bytes"], "gemm_flops_per_s": run["gemm_flops_per_s"],
            "steps": len(steps), "last_loss": steps[-1]["loss"]}


def training(options, folder):
    """Steps of the same number of tokens, without and with the shared prompt computed once."""
    path = prompts(options, folder, "train", options.data, options.prompt, "--for", "train")
    tokens = options.batch_tokens
    rows = rows_for(path, (options.steps + 2) * tokens)
    kind = precise(options)
    steps = ["--steps", options.steps, "--batch-tokens", tokens, "--dtype", kind]
    peft, rounds = [f"PEFT {kind}", "PEFT NF4"], []
    for number in range(options.rounds):
        run = folder / f"train{number}"
        one = {"relatum": train(options, run, rows, tokens, "--no-share"),
               "relatum, prefix shared": train(options, folder / f"shared{number}", 12 * rows,
                                               tokens),
               peft[0]: peer(options, "hf_train.py", options.weights, path, *steps),
               peft[1]: peer(options, "hf_train.py", options.weights, path, *steps, "--nf4"),
               "PyTorch loop": peer(options, "torch_train.py", options.weights, path, *steps)}
        rounds.append(one)
    return {"what": f"training, {options.prompt}, steps of {tokens} tokens", "rounds": rounds,
            "ratios": [ratio(rounds, "relatum", peft, "tokens_per_s", target(options, 5, 4)),
                       ratio(rounds, "relatum", ["PyTorch loop"], "tokens_per_s",
                             target(options, 3.5, 2.5)),
                       ratio(rounds, "relatum, prefix shared", peft, "examples_per_s", 12)]}


def training_memory(options, folder):
    """Peak memory of steps of 4,096 tokens; the smaller the better."""
    path = prompts(options, folder, "memory", options.data, options.prompt, "--for", "train")
    tokens = 4096
    rows = rows_for(path, 6 * tokens)
    name = f"PEFT {precise(options)}"
    mine = train(options, folder / "memory", rows, tokens, "--no-share", *options.memory)
    theirs = peer(options, "hf_train.py", options.weights, path, "--steps", 3,
                  "--batch-tokens", tokens, "--rows", options.peft_rows, "--dtype",
                  precise(options))
    rounds = [{"relatum": mine, name: theirs}]
    return {"what": f"peak memory of training, {options.prompt}, steps of {tokens} tokens",
            "rounds": rounds,
            "ratios": [ratio(rounds, "relatum", [name], "peak_rss_bytes", 5, True)]}
