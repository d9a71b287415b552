"""Kills index, finetune, extract and graph at random moments, and compares with one run's bytes.

    python3 tools/check_kills.py build/release/relatum --times 20

Of each command `--times` processes are killed (SIGKILL), at moments drawn from the whole length of
an undisturbed run. What a killed one left is gone on with by --resume (graph: by its store), where
there is anything to go on with, and killed again with one chance in three. In the end every result
has to be that of the undisturbed run, byte for byte, and nothing else may be left. A fine-tuning
may lose the steps since its last saved state, an extraction what came after its last save, no more.
Standard library only; without --model and --embedder the tests' tiny ones.
"""

import argparse
import hashlib
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FIXTURES = REPOSITORY / "tests" / "fixtures"
SAVE_EVERY = 3
COMMANDS = ["index", "finetune", "extract", "graph"]


class Job:
    """One command: its arguments, what it leaves, and what of that has to be equal."""

    def __init__(self, name, arguments, results, resumable):
        self.name, self.arguments, self.results, self.resumable = (name, arguments, results,
                                                                   resumable)

    def hashes(self, folder):
        return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
                for name in self.results}


def write_inputs(folder, rows):
    """A corpus with ids of its own, and a template that the tiny model's context holds."""
    source = (REPOSITORY / "examples/corpus/train.jsonl").read_text(encoding="utf-8").splitlines()
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as out:
        for number in range(rows):
            row = json.loads(source[number % len(source)])
            row["id"] = f"r{number}"
            out.write(json.dumps(row) + "\n")
    write_documents(folder, [json.loads(line) for line in source], rows)
    (folder / "plain.txt").write_text("{{text}}\n{{head}} and {{tail}}:", encoding="utf-8")


def write_documents(folder, source, rows):
    """A quarter of the sentences, eight to a document, with the entities marked in them."""
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as out:
        for number in range(rows // 32):
            text, entities = "", []
            for place in range(8):
                row = source[(number * 8 + place) % len(source)]
                for end in ("head", "tail"):
                    span = row[end]
                    entities.append({"id": f"T{len(entities)}", "type": span.get("type", "THING"),
                                     "start": len(text) + span["start"],
                                     "end": len(text) + span["end"]})
                text += row["text"] + " "
            row = {"id": f"d{number}", "text": text, "entities": entities}
            out.write(json.dumps(row) + "\n")


def jobs(options, inputs, folder):
    model = ["--model", options.model, "--prompt", str(inputs / "plain.txt"), "--labels",
             str(REPOSITORY / "examples/corpus/labels.json"), "--skip-bad-rows"]
    data = str(inputs / "rows.jsonl")
    machine = ["--threads", str(options.threads)]
    return [
        Job("index", [options.relatum, "index", "--embedder", options.embedder, "--data",
                      f"{data}?limit={options.rows // 4}", "--out", str(folder / "index"),
                      *machine],
            ["index/index.faiss", "index/examples.jsonl", "index/labels.json"], False),
        Job("finetune", [options.relatum, "finetune", *model, "--train",
                         f"{data}?limit={options.rows // 8}", "--holdout", "20", "--epochs", "2",
                         "--save-every", str(SAVE_EVERY), "--eval-every", "20", "--batch-tokens",
                         "512", "--out", str(folder / "run"), *machine],
            ["run/adapter_model.safetensors", "run/labels.json"], True),
        Job("extract", [options.relatum, "extract", *model, "--data", data, "--scores", "--out",
                        str(folder / "p.jsonl"), *machine], ["p.jsonl"], True),
        Job("graph", [options.relatum, "graph", *model, "--into", str(folder / "graph.sqlite"),
                      "--out", str(folder / "graph.jsonl"), "--threshold", "0.05",
                      "--window", "2", *machine,
                      str(inputs / "documents.jsonl")], ["graph.jsonl"], False),
    ]


def logged_step(folder):
    """The last step in the log; a killed process may have left half a line."""
    step = 0
    log = folder / "run/log.jsonl"
    for line in log.read_text().splitlines() if log.exists() else []:
        try:
            step = json.loads(line)["step"]
        except (ValueError, KeyError):
            pass
    return step


def saved_rows(folder):
    """The rows that the extraction's last save vouches for; None where it has saved none."""
    state = folder / "p.jsonl.part.json"
    return json.loads(state.read_text(encoding="utf-8"))["rows"] if state.exists() else None


def what_was_lost(job, said, step, rows):
    """What more is gone than may be; None where all is well."""
    if job.name == "finetune":
        at = re.search(r"continuing after step (\d+)", said)
        if at and int(at[1]) < (step - 1) // SAVE_EVERY * SAVE_EVERY:
            return f"step {step} was logged, but it went on after step {at[1]}"
    if job.name == "extract":
        at = re.search(r"going on behind the (\d+) rows", said)
        if rows is not None and (at is None or int(at[1]) != rows):
            behind = f"behind row {at[1]}" if at else "with the first"
            return f"it went on {behind}, though {rows} rows were saved"
    return None


def go_on(job, folder):
    """The command that goes on with what is there, or begins anew."""
    left = {"finetune": folder / "run/state/state.safetensors",
            "extract": folder / "p.jsonl.part"}.get(job.name)
    if job.resumable and left.exists():
        return [*job.arguments, "--resume"], True
    begun = folder / {"finetune": "run", "index": "index", "extract": "p.jsonl",
                      "graph": "graph.jsonl"}[job.name]
    again = [*job.arguments, *(["--overwrite"] if begun.exists() else [])]
    return again, job.name == "graph" and (folder / "graph.sqlite").exists()


def kill_and_go_on(job, folder, whole, draw, count):
    """Kills the command once or more, lets it end, and gives what is wrong and the kills."""
    command, resumed, kills = job.arguments, False, 0
    said = ""
    while kills < count and (kills == 0 or draw.random() < 1 / 3):
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True)
        time.sleep(draw.uniform(0.01, whole))
        program.kill()
        program.communicate()
        if program.returncode != -signal.SIGKILL:
            break  # it was over before
        kills += 1
        command, resumed = go_on(job, folder)
    step, rows = logged_step(folder), saved_rows(folder)
    if program.returncode != 0:
        end = subprocess.run(command, capture_output=True, text=True, check=False)
        said = end.stderr
        if end.returncode != 0:
            wrong = f"it ended with {end.returncode}: {said.strip().splitlines()[-1:]}"
            return wrong, kills, resumed
    return what_was_lost(job, said, step, rows), kills, resumed


def leftovers(job, folder):
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    return [name for name in sorted(names)
            if name.endswith((".tmp", ".part", ".part.json", "-wal"))
            or name == "state.safetensors"]


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("relatum")
    parser.add_argument("--times", type=int, default=20, help="kills of each command")
    parser.add_argument("--commands", nargs="+", default=COMMANDS, choices=COMMANDS)
    parser.add_argument("--model", default=str(FIXTURES / "llama/tied"))
    parser.add_argument("--embedder", default=str(FIXTURES / "bert"))
    parser.add_argument("--rows", type=int, default=1600)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    options = parse_options()
    draw = random.Random(options.seed)
    failures = 0
    with tempfile.TemporaryDirectory() as temporary:
        inputs = Path(temporary)
        write_inputs(inputs, options.rows)
        for place in [COMMANDS.index(name) for name in options.commands]:
            folder = inputs / "whole"
            job = jobs(options, inputs, folder)[place]
            start = time.monotonic()
            subprocess.run(job.arguments, check=True, capture_output=True)
            whole = time.monotonic() - start
            want = job.hashes(folder)
            shutil.rmtree(folder)
            kills = resumptions = 0
            while kills < options.times:
                folder = Path(tempfile.mkdtemp(dir=inputs))
                job = jobs(options, inputs, folder)[place]
                wrong, more, resumed = kill_and_go_on(job, folder, whole, draw,
                                                      options.times - kills)
                kills += more
                resumptions += resumed
                if not wrong and job.hashes(folder) != want:
                    wrong = "the result is not that of an undisturbed run"
                if not wrong and leftovers(job, folder):
                    wrong = f"left {leftovers(job, folder)}"
                if wrong:
                    failures += 1
                    print(f"{job.name}, kill {kills}: {wrong}", flush=True)
                shutil.rmtree(folder)
            print(f"{job.name}: killed {kills} times in runs of {whole:.1f} s, gone on with "
                  f"{resumptions} times", flush=True)
    print(f"{failures} did not end as they should")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
