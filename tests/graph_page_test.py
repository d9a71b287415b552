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

    def open_small(self, entities, relations):
        """A page with so many entities, of which each relation is between two of its own."""
        text = "Ada runs Pell."
        data = {"documents": [{"id": "d", "sentences": [[0, len(text), text]]}],
                "entities": [{"id": f"n-{i}", "name": f"Name {i}", "type": "T",
                              "mentions": [[0, 0, 3, 1]]} for i in range(entities)],
                "relations": [{"head": 2 * i, "tail": 2 * i + 1, "label": "runs", "p": 0.9,
                               "support": 1, "mentions": [[0, 0, len(text), 0, 3, 9, 13, 0.9]]}
                              for i in range(relations)],
                "types": ["T"]}
        start, end = '<script type="application/json" id="data">', "</script>"
        page = (self.folder / "graph.html").read_text("utf-8")
        before, rest = page.split(start)
        (self.folder / "small.html").write_text(
            before + start + json.dumps(data) + end + rest.split(end, 1)[1], "utf-8")
        self.browser.open(self.folder / "small.html", 1440)

    def text_of(self, selector):
        return self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")

    def test_counts_are_in_right_english(self):
        self.open_small(entities=1, relations=0)
        self.assertEqual(self.text_of("#counts"), "1 entity, 0 relations, 1 document")
        self.assertEqual(self.text_of("#left-out"), "1 entity without relations is not drawn.")
        self.browser.evaluate("chooseEntity(0)")
        self.assertIn("1 mention", self.text_of("#evidence"))
        self.assertNotIn("1 mentions", self.text_of("#evidence"))
        self.open_small(entities=2, relations=1)
        self.assertEqual(self.text_of("#counts"), "2 entities, 1 relation, 1 document")
        self.assertEqual(self.text_of("#left-out"), "")
        self.browser.evaluate("chooseRelation(0)")
        self.assertIn("1 place", self.text_of("#evidence"))
        self.open_small(entities=1244, relations=61)
        self.assertEqual(self.text_of("#counts"), "1,244 entities, 61 relations, 1 document")
        self.assertEqual(self.text_of("#left-out"),
                         "1,122 entities without relations are not drawn. The 120 entities with "
                         "the most relations are drawn, 2 others with relations are not.")
        self.assertEqual(self.browser.complaints(), [])

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
