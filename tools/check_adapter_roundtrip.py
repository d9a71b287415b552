"""Holds adapters to PEFT in both directions with the real program, on the same f32 base values.

check_adapter_roundtrip.py PROGRAM MODEL.gguf: an adapter trained here is scored by PEFT, one
trained with PEFT is scored here; label log-probabilities may differ by 1e-3.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "examples" / "corpus"
LIMIT = 1e-3  # the acceptance figure


def _run(*command):
    subprocess.run([str(part) for part in command], check=True)


class RoundTrip:
    """One model and the folder that everything is made in."""

    def __init__(self, program, model, folder, rows):
        self.program, self.model, self.folder, self.rows = program, model, folder, rows
        self.base, self.prompts = folder / "base", folder / "prompts.jsonl"

    def prepare(self):
        """The base model as plain f32, and the prompts that both sides read."""
        _run(sys.executable, ROOT / "tools" / "dequantise.py", self.model, self.base)
        _run(self.program, "prepare", "--data", CORPUS / "test.jsonl", "--limit", self.rows,
             "--labels", CORPUS / "labels.json", "--prompt", "compact-nolist",
             "--out", self.prompts)

    def train_here(self):
        """An adapter from `relatum finetune`."""
        _run(self.program, "finetune", "--model", self.model, "--base", "f32", "--compute", "f32",
             "--train", CORPUS / "train.jsonl", "--limit", 4 * self.rows, "--prompt",
             "compact-nolist", "--labels", CORPUS / "labels.json", "--rank", 8, "--epochs", 1,
             "--batch-tokens", 512, "--out", self.folder / "ours")
        return self.folder / "ours"

    def train_there(self):
        """An adapter from PEFT."""
        self._peft("train", self.folder / "theirs", "--out", self.folder / "theirs.json")
        return self.folder / "theirs"

    def difference(self, adapter):
        """Largest difference of a label's log-probability between here and PEFT."""
        ours, theirs = self.folder / "predictions.jsonl", self.folder / "scores.json"
        _run(self.program, "extract", "--model", self.model, "--base", "f32", "--compute", "f32",
             "--adapter", adapter, "--prompt", "compact-nolist", "--labels",
             CORPUS / "labels.json", "--data", CORPUS / "test.jsonl", "--limit", self.rows,
             "--scores", "--force", "--out", ours)
        self._peft("score", adapter, "--compare", ours, "--probabilities", "--out", theirs)
        return json.loads(theirs.read_text(encoding="utf-8"))["max_difference"]

    def _peft(self, mode, adapter, *options):
        _run(sys.executable, ROOT / "tools" / "fixtures" / "adapter_roundtrip.py", mode, self.base,
             adapter, self.prompts, CORPUS / "labels.json", "--limit", self.rows, *options)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=Path, help="the relatum program")
    parser.add_argument("model", type=Path, help="a Llama GGUF")
    parser.add_argument("--rows", type=int, default=12, help="test sentences that are scored")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relatum-roundtrip-") as folder:
        trip = RoundTrip(options.program, options.model, Path(folder), options.rows)
        trip.prepare()
        results = {"trained here, scored by PEFT": trip.difference(trip.train_here()),
                   "trained by PEFT, scored here": trip.difference(trip.train_there())}
    for name, difference in results.items():
        print(f"{name}: log-probabilities differ by at most {difference:.2e} (limit {LIMIT})")
    return int(any(not difference <= LIMIT for difference in results.values()))


if __name__ == "__main__":
    sys.exit(main())
