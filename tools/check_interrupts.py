"""Interrupts extract, finetune and index at random moments, and looks at how each ends.

    python3 tools/check_interrupts.py build/release/relatum --times 200 --load 3

A command that is interrupted ends with status 130 (or 0 where it was done before), or by SIGINT
itself where it had not begun: never by another signal, never with another status. What it leaves
is whole: no half-written output, and a stopped fine-tuning goes on with --resume. The moment is
drawn from the whole length of an undisturbed run. Standard library only; run by hand, as it takes
minutes.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def commands(relatum, options, folder):
    """Name, arguments and output of each command that is tried."""
    data = str(REPOSITORY / "examples/corpus/train.jsonl")
    machine = ["--threads", str(options.threads), "--isa", options.isa]
    model = ["--model", options.model]
    return [
        ("extract", [relatum, "extract", *model, "--prompt", "roles-nolist", "--data", data,
                     "--limit", str(options.sentences), "--out", f"{folder}/p.jsonl", *machine]),
        ("finetune", [relatum, "finetune", *model, "--prompt", "roles-nolist", "--train", data,
                      "--limit", str(options.sentences), "--epochs", "2", "--save-every", "3",
                      "--batch-tokens", "256", "--out", f"{folder}/run", *machine]),
        ("index", [relatum, "index", "--embedder", options.embedder, "--data", data,
                   "--limit", str(10 * options.sentences), "--out", f"{folder}/index", *machine]),
    ]


def what_is_wrong(name, folder, status, said):
    if status not in (0, 130, -signal.SIGINT):
        return f"status {status}: {said.strip().splitlines()[-1:]}"
    for path in Path(folder).rglob("*"):
        if path.name.endswith(".tmp"):
            return f"left {path.name}"
    if name == "extract" and (Path(folder) / "p.jsonl").exists():
        for line in (Path(folder) / "p.jsonl").read_text().splitlines():
            json.loads(line)
    record = Path(folder) / "run" / "run.json"
    if name == "finetune" and record.exists():
        json.loads(record.read_text())
    return None


def attempt(name, command, folder, seconds):
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True)
    time.sleep(seconds)
    program.send_signal(signal.SIGINT)
    said = program.communicate()[1]
    wrong = what_is_wrong(name, folder, program.returncode, said)
    state = Path(folder) / "run" / "state" / "state.safetensors"
    if not wrong and name == "finetune" and program.returncode == 130 and state.exists():
        # Goes on from what was saved: a damaged state would be refused.
        going_on = subprocess.Popen([*command, "--resume"], stderr=subprocess.PIPE, text=True)
        said = going_on.communicate()[1]
        if going_on.returncode != 0:
            wrong = f"--resume: {said.strip().splitlines()[-1:]}"
    return program.returncode, wrong


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("relatum")
    parser.add_argument("--times", type=int, default=200, help="interrupts, dealt out in turn")
    parser.add_argument("--load", type=int, default=0, help="busy loops beside it")
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--embedder", default="all-minilm-l6-v2")
    parser.add_argument("--sentences", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--isa", default="auto")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    options = parse_options()
    draw = random.Random(options.seed)
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
            for _ in range(options.load)]
    failures, statuses = 0, {}
    try:
        whole = {}
        for turn in range(options.times + 3):
            folder = tempfile.mkdtemp()
            name, command = commands(options.relatum, options, folder)[turn % 3]
            if name not in whole:  # an undisturbed run sets the range of moments
                start = time.monotonic()
                subprocess.run(command, check=True, capture_output=True)
                whole[name] = time.monotonic() - start
            else:
                status, wrong = attempt(name, command, folder, draw.uniform(0.05, whole[name]))
                statuses[name, status] = statuses.get((name, status), 0) + 1
                if wrong:
                    failures += 1
                    print(f"{name}: {wrong}", flush=True)
                if sum(statuses.values()) % 10 == 0:
                    print(f"{sum(statuses.values())} of {options.times} interrupts, {failures} "
                          "wrong", file=sys.stderr, flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        for process in busy:
            process.kill()
    for (name, status), count in sorted(statuses.items()):
        print(f"{name}: status {status} {count} times")
    print(f"{options.times} interrupts, {failures} did not end as they should")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
