"""Model cards of runs with awkward names are valid YAML for PyYAML and huggingface_hub, and their
command works. Usage: cards_test.py RELATUM FIXTURES. Ends with 77, "skipped", without PyYAML."""

import json
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    print("skipped: this Python has no PyYAML")
    sys.exit(77)
try:
    from huggingface_hub import ModelCard
except ImportError:
    ModelCard = None

RELATUM = str(pathlib.Path(sys.argv[1]).resolve())
BASE = str(pathlib.Path(sys.argv[2]).resolve() / "llama" / "tied")
LABELS = ["plain", "- dash: \"quoted\" 'too' # comment", "a|b `c` <b>d</b> [e](f) *g* {h}",
          "---", "é 日本 😀 !tag &anchor %x @y", "no_relation"]


def relatum(*arguments, cwd):
    done = subprocess.run([RELATUM, *arguments], cwd=cwd, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done


def metadata(card):
    text = card.read_text(encoding="utf-8")
    start, block, _ = text.split("---\n", 2)
    assert start == "", text[:80]
    return yaml.safe_load(block), text


class Cards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name) / "it's: a \"run\" #1 é"
        cls.folder.mkdir()
        rows = [{"id": str(i), "text": f"<e1>Ann{i}</e1> met <e2>Bo</e2>.",
                 "label": LABELS[i % len(LABELS)]} for i in range(60)]
        for name in ("rows: 1.jsonl", "dev \"2\".jsonl"):
            (cls.folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows),
                                           encoding="utf-8")
        for name, method in (("run: {a}", "qlora"), ("all, [b]", "full")):
            relatum("finetune", "--model", BASE, "--train", "jsonl:rows: 1.jsonl", "--dev",
                    "dev \"2\".jsonl", "--epochs", "1", "--threads", "1", "--method", method,
                    "--out", name, cwd=cls.folder)
        relatum("merge", "--adapter", "run: {a}", "--out", "- merged", cwd=cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def cards(self):
        found = sorted(self.folder.rglob("README.md"))
        self.assertEqual(len(found), 4)
        return found

    def test_metadata_are_what_was_meant(self):
        for card in self.cards():
            data, text = metadata(card)
            self.assertEqual(data["base_model"], "tied")
            self.assertIn("relation-extraction", data["tags"])
            merged = card.parent.name == "- merged"
            self.assertEqual(data["library_name"],
                             "peft" if card.parent.name == "run: {a}" else "transformers")
            title = card.parent.name if card.parent.name != "model" else card.parent.parent.name
            self.assertEqual(data["model-index"][0]["name"], title)
            result = data["model-index"][0]["results"][0]
            self.assertEqual(result["dataset"]["name"], "dev \"2\".jsonl")
            self.assertTrue(0 <= result["metrics"][0]["value"] <= 1)
            self.assertNotIn(str(self.folder.parent), text, f"{card}: a path")
            self.assertTrue(merged or "rows: 1.jsonl" in text)

    def test_the_hub_takes_them(self):
        if ModelCard is None:
            self.skipTest("this Python has no huggingface_hub")
        for card in self.cards():
            loaded = ModelCard.load(card)
            self.assertEqual(loaded.data.base_model, "tied")
            self.assertEqual(len(loaded.data.eval_results), 2)
            self.assertEqual(loaded.data.eval_results[0].metric_type, "f1")

    def test_the_command_works_from_inside_the_folder(self):
        asked = "".join(json.dumps({"id": str(i), "text": "<e1>Cy</e1> met <e2>Di</e2>."}) + "\n"
                        for i in range(3))
        for card in self.cards():
            text = card.read_text(encoding="utf-8")
            line = text.split("```sh\n", 1)[1].split("\n```", 1)[0]
            (card.parent / "FILE").write_text(asked, encoding="utf-8")
            words = shlex.split(line)
            self.assertEqual(words[0], "relatum")
            relatum(*words[1:], cwd=card.parent)
            self.assertEqual(
                len((card.parent / "predictions.jsonl").read_text().splitlines()), 3)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
