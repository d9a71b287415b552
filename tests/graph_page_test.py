"""A graph's page as a browser shows it: no script fails, nothing is fetched, it is no wider than a
telephone, the keyboard chooses entities, colours can be read, and names from files stay text.

RELATUM_GRAPH_SAMPLE names the program that makes one. Without Chromium (Debian: chromium) all tests
are skipped.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))
from browser_case import ROOT, BrowserCase  # noqa: E402  pylint: disable=wrong-import-position

PROGRAM = os.environ.get("RELATUM_GRAPH_SAMPLE", str(ROOT / "build/release/tests/graph_sample"))
VIEWS = [(width, dark) for width in (390, 1440) for dark in (False, True)]


class GraphPage(BrowserCase):
    @classmethod
    def make_pages(cls):
        subprocess.run([PROGRAM, str(cls.folder)], check=True, stdout=subprocess.DEVNULL)
        rows = [json.loads(line) for line in
                (cls.folder / "graph.jsonl").read_text("utf-8").split("\n")[:-1]]
        cls.entities = [row for row in rows if row["kind"] == "entity"]
        cls.relations = [row for row in rows if row["kind"] == "relation"]

    def setUp(self):
        self.open(1440)

    def open(self, width, dark=False):
        self.browser.open(self.folder / "graph.html", width, dark=dark)

    def count(self, selector):
        return self.browser.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")

    def test_all_of_the_graph_is_there_and_nothing_else_is_asked_for(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(len(self.browser.requests()), 1)
        self.assertEqual(self.count("#relations tr"), len(self.relations))
        tied = {row[end] for row in self.relations for end in ("head", "tail")}
        self.assertEqual(self.count("#drawing .node"), min(len(tied), 120))
        # Beside those of the page's own elements nothing in names became markup.
        self.assertEqual(self.count("b, img, iframe, main script"), 0)

    def test_what_is_chosen_shows_its_sentences(self):
        number = max(range(len(self.entities)), key=lambda i: len(self.entities[i]["mentions"]))
        entity = self.entities[number]
        shown = min(len(entity["mentions"]), 100)
        self.browser.evaluate(f"chooseEntity({number})")
        self.assertEqual(self.count("#evidence .proofs > li"), shown)
        marked = self.browser.evaluate("[...document.querySelectorAll('#evidence mark.end')]"
                                       ".map(mark => mark.textContent)")
        self.assertEqual(sorted(set(marked)),
                         sorted({each["text"] for each in entity["mentions"][:shown]}))
        self.assertEqual(self.browser.complaints(), [])

    def test_the_keyboard_chooses(self):
        for key in ("Enter", "Space"):
            self.browser.evaluate("unchoose(); document.querySelector('.node').focus()")
            self.browser.press(key)
            self.assertEqual(self.count(".node.chosen"), 1)
            self.browser.press("Escape")
            self.assertEqual(self.count(".node.chosen"), 0)

    def test_relations_are_sifted(self):
        first = self.relations[0]["label"]
        self.browser.evaluate(f"$('find').value = {json.dumps(first)};"
                              "$('find').dispatchEvent(new Event('input'))")
        shown = self.browser.evaluate("[...document.querySelectorAll('#relations tr')]"
                                      ".filter(row => !row.hidden).length")
        self.assertEqual(shown, sum(first in row["label"] for row in self.relations))
        self.assertLess(shown, len(self.relations))

    def test_it_fits_and_can_be_read_in_both_themes(self):
        for width, dark in VIEWS:
            with self.subTest(width=width, dark=dark):
                self.open(width, dark)
                self.check_fits()
                self.check_contrast()


if __name__ == "__main__":
    unittest.main()
