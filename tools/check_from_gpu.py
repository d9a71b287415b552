"""Runs every command of docs/from-gpu.md as it stands, and checks what comes out.

check_from_gpu.py PROGRAM: with the Python that has bench/peers/requirements.txt, some minutes on
two cores, the small model in its usual place. Each of the page's comparisons with PEFT has to be
there and to hold, the same comparison with another adapter's answers has to fail, and both adapters
have to have learnt something. --write keeps the figures, in bench/results and in the page.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "from-gpu.md"
RESULTS = ROOT / "bench" / "results" / "from_gpu.json"
LIMIT = 1e-4  # of a probability; the acceptance figure
COMPARED = ["from-gpu/peft", "from-gpu/run", "from-gpu/nf4"]
DIFFERENCE = re.compile(
    r"(\S+): (\d+) sentences, (\d+) labels, probabilities differ by at most (\S+)")


def blocks(page):
    """The page's shell blocks, in order."""
    return re.findall(r"^```sh\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


class Bench:
    """A folder in which the page's commands find the project, the program and this Python."""

    def __init__(self, program, folder):
        self.folder = folder
        for name in ("examples", "tools"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "bin").mkdir()
        (folder / "bin" / "relatum").symlink_to(program.resolve())
        (folder / "from-gpu").mkdir()
        path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent),
                                os.environ["PATH"]])
        # PyTorch's threads spin while they wait, which costs much where another process computes.
        self.environment = {**os.environ, "PATH": path, "OMP_WAIT_POLICY": "passive",
                            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore",
                            "HF_HUB_OFFLINE": "1"}

    def run(self, commands, show=False):
        """What the commands print; the check ends with the first that fails."""
        if show:
            print(commands.rstrip(), flush=True)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{done.stdout}\n{done.stderr}\nThis failed: {commands}")
        if show:
            print(done.stdout, flush=True)
        return done.stdout

    def refuses(self, commands, sentence):
        """Whether the commands fail with that sentence."""
        done = subprocess.run(["bash", "-c", commands], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True, check=False)
        return done.returncode != 0 and sentence in done.stderr

    def accuracy(self, name):
        """Of a file of predictions on the whole test part."""
        text = self.run(f"relatum evaluate --data examples/corpus/test.jsonl --json "
                        f"--predictions from-gpu/{name}.jsonl")
        return json.loads(text)["accuracy"]


def differences(text):
    """Adapter to largest difference, of each comparison that was printed."""
    return {adapter: float(largest) for adapter, sentences, labels, largest
            in DIFFERENCE.findall(text) if int(sentences) >= 3 and int(labels) == 13}


def crossed(page):
    """The page's first comparison, with the other adapter's answers."""
    found = re.search(r"^python examples/from-gpu/score\.py .*?--compare from-gpu/peft\.jsonl$",
                      page, flags=re.DOTALL | re.MULTILINE)
    if not found:
        raise SystemExit(f"{PAGE} has no comparison with from-gpu/peft.jsonl")
    return found[0].replace("--compare from-gpu/peft.jsonl", "--compare from-gpu/run.jsonl")


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores seen"


def figures(bench, page):
    """Runs the page; what it gave."""
    start, printed = time.monotonic(), ""
    for block in blocks(page):
        printed += bench.run(block, show=True)
    seconds = time.monotonic() - start
    packages = ("torch", "transformers", "peft", "bitsandbytes")
    return {"what": "docs/from-gpu.md, run by tools/check_from_gpu.py",
            "date": datetime.date.today().isoformat(), "machine": processor(),
            "versions": {name: importlib.metadata.version(name) for name in packages},
            "seconds": round(seconds), "limit": LIMIT, "differences": differences(printed),
            "accuracy": {name: bench.accuracy(name) for name in ("peft", "run")}}


def largest_share():
    """The most frequent label's share of the test part: an answer that needs no learning."""
    lines = (ROOT / "examples/corpus/test.jsonl").read_text(encoding="utf-8").splitlines()
    counts = Counter(json.loads(line)["label"] for line in lines)
    return max(counts.values()) / len(lines)


def failures(result, crossing_fails):
    """One sentence for each thing that does not hold."""
    found = result["differences"]
    wrong = [f"{name} was not compared" for name in COMPARED if name not in found]
    wrong += [f"{name}: probabilities differ by {value:.1e}, more than {LIMIT}"
              for name, value in found.items() if not value <= LIMIT]
    wrong += [f"from-gpu/{name}: accuracy {value:.3f}, no more than one label's share"
              for name, value in result["accuracy"].items() if not value > largest_share()]
    if not crossing_fails:
        wrong.append("another adapter's answers were taken for the same")
    return wrong


def measured(result):
    """The page's last part."""
    rows = [f"| `{name}` | {value:.1e} | {share} |" for (name, value), share in zip(
        result["differences"].items(),
        [f"{100 * value:.1f} %" for value in result["accuracy"].values()] + [""])]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return "\n".join([
        f"`python tools/check_from_gpu.py build/release/relatum` took {result['seconds']} s on "
        f"{result['machine']}, which other work shared",
        f"({result['date']}; {versions}; [figures](../bench/results/from_gpu.json)).",
        "",
        "| adapter | largest difference of a probability, PEFT against Relatum in f32 | "
        "accuracy on the corpus' test part |",
        "| --- | ---: | ---: |", *rows, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path, help="the relatum program")
    parser.add_argument("--write", action="store_true",
                        help="write the figures to bench/results and into the page")
    options = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="relatum-from-gpu-") as folder:
        bench = Bench(options.program, Path(folder))
        result = figures(bench, page)
        wrong = failures(result, bench.refuses(crossed(page), f"that is more than {LIMIT:g}"))
    print(json.dumps(result, indent=1))
    for sentence in wrong:
        print(sentence)
    if options.write and not wrong:
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        page = re.sub(r"(<!-- measured -->\n).*?(<!-- end -->)",
                      lambda found: found[1] + measured(result) + found[2], page, flags=re.DOTALL)
        PAGE.write_text(page, encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
