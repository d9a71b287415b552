"""A graph's page as a browser shows it: no script fails, nothing is fetched, it is no wider than a
telephone, the keyboard chooses entities, colours can be read and told apart, names do not lie on
one another, and names from files stay text.

RELATUM_GRAPH_SAMPLE names the program that makes one. Without Chromium (Debian: chromium) all tests
are skipped.
"""

import itertools
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))
from browser_case import ROOT, BrowserCase  # noqa: E402  pylint: disable=wrong-import-position

PROGRAM = os.environ.get("RELATUM_GRAPH_SAMPLE", str(ROOT / "build/release/tests/graph_sample"))
VIEWS = [(width, dark) for width in (390, 1440) for dark in (False, True)]

# Colour (red, green, blue) and form of each element of a selector.
COLOURS = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d');
  return Array.from(document.querySelectorAll('%(selector)s'), each => {
    canvas.fillStyle = getComputedStyle(each)['%(name)s'];
    canvas.fillRect(0, 0, 1, 1);
    const outline = each.getAttribute('d') || '';
    return [[...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3),
            each.tagName + (outline[2] === '0') + getComputedStyle(each).borderBottomStyle];
  });
})()"""


def oklab(colour):
    """A colour of red, green, blue (0 to 255) in Björn Ottosson's OKLab, where distances are as
    large as they are seen."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
               for c in (each / 255 for each in colour))
    l, m, s = (c ** (1 / 3) for c in (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
                                      0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
                                      0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b))
    return (0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)


def graph_of(names, ties):
    """A page's data: entities of these names, relations (head, tail, label, probability)."""
    text = "Ada runs Pell."
    return {"documents": [{"id": "d", "sentences": [[0, len(text), text]]}],
            "entities": [{"id": f"n-{i}", "name": name, "type": "T", "mentions": [[0, 0, 3, 1]]}
                         for i, name in enumerate(names)],
            "relations": [{"head": head, "tail": tail, "label": label, "p": p, "support": 1,
                           "mentions": [[0, 0, len(text), 0, 3, 9, 13, p]]}
                          for head, tail, label, p in ties],
            "types": ["T"], "symmetric": [], "run": ""}


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
        self.assertEqual(self.count("#drawing .node"), min(len(tied), 500))
        # Beside those of the page's own elements nothing in names became markup.
        self.assertEqual(self.count("b, img, iframe, main script"), 0)

    def test_it_says_what_it_was_made_of(self):
        for text in (self.browser.evaluate("document.title"), self.text_of("h1")):
            self.assertEqual(text, "Graph of <b>notes</b> & \"more\"")
        self.assertTrue(self.text_of("#counts").endswith(", read by run {{1}}"))

    def test_what_is_chosen_shows_its_sentences(self):
        number = max(range(len(self.entities)), key=lambda i: len(self.entities[i]["mentions"]))
        entity = self.entities[number]
        self.browser.evaluate(f"chooseEntity({number})")
        marked = self.browser.evaluate("[...document.querySelectorAll('#evidence mark.end')]"
                                       ".map(mark => mark.textContent)")
        self.assertEqual(sorted(set(marked)),
                         sorted({each["text"] for each in entity["mentions"]}))
        proofs = self.browser.evaluate("[...document.querySelectorAll('#evidence .proofs > li')]"
                                       ".map(each => each.textContent)")
        self.assertEqual(len(marked), len(entity["mentions"]))
        self.assertTrue(0 < len(proofs) <= len(marked))
        self.assertEqual(self.browser.complaints(), [])

    def test_the_keyboard_chooses(self):
        for key in ("Enter", "Space"):
            self.browser.evaluate("unchoose(); document.querySelector('.node').focus()")
            self.browser.press(key)
            self.assertEqual(self.count(".node.chosen"), 1)
            self.browser.press("Escape")
            self.assertEqual(self.count(".node.chosen"), 0)

    def open_data(self, data, width=1440, dark=False):
        """The page with another graph in it."""
        start, end = '<script type="application/json" id="data">', "</script>"
        page = (self.folder / "graph.html").read_text("utf-8")
        before, rest = page.split(start)
        (self.folder / "small.html").write_text(
            before + start + json.dumps(data) + end + rest.split(end, 1)[1], "utf-8")
        self.browser.open(self.folder / "small.html", width, dark=dark)

    def open_small(self, entities, relations, **others):
        """A graph of so many entities, of which each relation is between two of its own."""
        ties = [(2 * i, 2 * i + 1, "runs", 0.9) for i in range(relations)]
        self.open_data(graph_of([f"Name {i}" for i in range(entities)], ties), **others)

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
        self.open_small(entities=1244, relations=260)
        self.assertEqual(self.text_of("#counts"), "1,244 entities, 260 relations, 1 document")
        self.assertEqual(self.text_of("#left-out summary"),
                         "724 entities without relations are not drawn.")
        self.assertEqual(self.text_of("#left-out p"), "The 500 entities with the most relations "
                         "are drawn, 20 others with relations are not.")
        self.assertEqual(self.browser.complaints(), [])

    def test_entities_without_relations_are_listed(self):
        self.open_small(entities=5, relations=1)
        self.assertEqual(self.count("#left-out button"), 0)
        self.browser.evaluate("document.querySelector('#left-out details').open = true")
        self.browser.settle()
        listed = self.browser.evaluate("[...document.querySelectorAll('#left-out button')]"
                                       ".map(each => each.textContent)")
        self.assertEqual(listed, ["Name 2", "Name 3", "Name 4"])
        self.browser.evaluate("document.querySelector('#left-out button').click()")
        self.assertIn("Name 2", self.text_of("#evidence h2"))

    def test_a_relation_of_no_direction_has_no_arrow_and_a_sentence_stands_once(self):
        data = graph_of(["Ada", "Pell", "Bo"], [(0, 1, "married_to", 0.9), (0, 2, "hired", 0.8)])
        data["symmetric"] = ["married_to"]
        mentions = data["relations"][0]["mentions"]
        mentions.append(mentions[0][:-1] + [0.7])  # read from the same words the other way round
        self.open_data(data)
        arrows = self.browser.evaluate("[...document.querySelectorAll('.edge .line')]"
                                       ".map(each => each.hasAttribute('marker-end'))")
        self.assertEqual(arrows, [False, True])
        self.browser.evaluate("chooseRelation(0)")
        self.assertEqual(self.count("#evidence .proofs > li"), 1)
        self.assertIn("1 place", self.text_of("#evidence"))
        self.assertIn("90.0 %, 70.0 %", self.text_of("#evidence"))

    def test_support_is_explained(self):
        self.assertIn("different sentences", self.text_of("#relations-title + p"))
        self.browser.evaluate("chooseRelation(0)")
        for place in ("th", "#evidence"):
            self.assertIn("different sentences", self.browser.evaluate(
                f"document.querySelector('{place} abbr').title"))

    def lying_on_another(self):
        """Names and labels that are shown and lie on one another, or on a circle."""
        return self.browser.evaluate("""(() => {
          const shown = '#drawing text:not(.quiet), #drawing .dot';
          const all = [...document.querySelectorAll(shown)]
            .filter(each => each.checkVisibility())
            .map(each => ({each, box: each.getBoundingClientRect()}));
          const found = [];
          for (let i = 0; i < all.length; ++i) for (let j = 0; j < i; ++j) {
            const a = all[i].box, b = all[j].box, text = ({each}) => each.textContent || 'circle';
            const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            const isOwn = all[i].each.parentNode === all[j].each.parentNode;
            // Boxes of text are higher than its letters; circles have corners of nothing.
            const isText = all[i].each.textContent || all[j].each.textContent;
            if (x <= 2 || y <= 4 || isOwn || !isText) continue;
            found.push(`${text(all[i])} on ${text(all[j])}`);
          }
          return found;
        })()""")

    def test_names_do_not_lie_on_one_another(self):
        few = ["Ann Oldacre of Nether Poppleton", "Bo", "Natural History Cabinet", "Survey Branch"]
        pairs = [(2 * i, 2 * i + 1, ("located_in", "is_married_to", "won")[i % 3], 0.9)
                 for i in range(20)]
        chain = [(i, i + 1, "studied_under", 0.9) for i in range(14)]
        star = [(0, i, "works_for", 0.9) for i in range(1, 15)]
        several = [(0, 1, label, 0.9) for label in ("taught", "studied_under", "met")]
        draw = random.Random(5)
        many = [(draw.randrange(500), draw.randrange(500), "works_for", 0.9) for _ in range(600)]
        graphs = [("pairs", 40, pairs), ("chain", 15, chain), ("star", 15, star),
                  ("several", 2, several), ("many", 500, many)]
        for name, count, ties in graphs:
            data = graph_of([f"{few[i % 4]} {i}" for i in range(count)],
                            [tie for tie in ties if tie[0] != tie[1]])
            for width in (390, 1440):
                with self.subTest(name=name, width=width):
                    self.open_data(data, width)
                    self.assertEqual(self.lying_on_another(), [])
                    self.assertGreater(self.count("#drawing .node text:not(.quiet)"), 0)
                    # Laid out for their names: what is hidden is shown at its own size.
                    self.browser.evaluate("drawing.view.k = 1; drawing.paint()")
                    self.browser.settle()
                    self.assertEqual(self.lying_on_another(), [])
                    if count < 100:
                        self.assertEqual(self.count("#drawing .quiet"), 0)
                        short = self.browser.evaluate(
                            "drawing.links.filter(({head, tail, wide}) => Math.hypot("
                            "drawing.nodes[head].x - drawing.nodes[tail].x,"
                            "drawing.nodes[head].y - drawing.nodes[tail].y) < 30).length")
                        self.assertEqual(short, 0)

    def test_the_same_graph_is_drawn_alike(self):
        places = "JSON.stringify(drawing.nodes.map(({x, y}) => [x, y]))"
        first = self.browser.evaluate(places)
        self.open(1440)
        self.assertEqual(self.browser.evaluate(places), first)

    def mouse(self, kind, x, y, **others):
        self.browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **others)

    def drag(self, x, y, by):
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        for step in (0.5, 1):
            self.mouse("mouseMoved", x + step * by[0], y + step * by[1], button="left", buttons=1)
        self.mouse("mouseReleased", x + by[0], y + by[1], button="left", clickCount=1)
        self.browser.settle()

    def test_the_view_is_zoomed_and_moved_and_entities_dragged(self):
        self.open_small(entities=2, relations=1)
        view = "drawing.view"
        place = ("(box => [box.left + box.width / 2, box.top + box.height / 2])"
                 "(document.querySelector('.node .dot').getBoundingClientRect())")
        first = self.browser.evaluate(view)
        x, y = self.browser.evaluate(place)
        self.mouse("mouseWheel", x, y, deltaX=0, deltaY=-200)
        self.browser.settle()
        self.assertGreater(self.browser.evaluate(view)["k"], first["k"])
        now = self.browser.evaluate(place)
        self.assertLess(abs(now[0] - x) + abs(now[1] - y), 2)  # what the pointer is on stays there
        for button, key in (("closer", "+"), ("farther", "-")):
            before = self.browser.evaluate(view)["k"]
            self.browser.evaluate(f"$('{button}').click()")
            clicked = self.browser.evaluate(view)["k"]
            self.assertEqual(clicked > before, button == "closer")
            self.browser.evaluate("$('drawing').focus()")
            self.browser.press(key)
            self.assertEqual(self.browser.evaluate(view)["k"] > clicked, button == "closer")
        self.browser.evaluate("$('whole').click()")
        self.browser.settle()
        self.assertEqual(self.browser.evaluate(view), first)
        self.drag(x, y, (40, 30))
        now = self.browser.evaluate(place)
        self.assertLess(abs(now[0] - x - 40) + abs(now[1] - y - 30), 2)
        self.assertEqual(self.browser.evaluate(view), first)
        self.assertEqual(self.count(".chosen"), 0)  # a drag chooses nothing
        self.browser.evaluate("chooseEntity(1)")
        left, top = self.browser.evaluate("(({left, top}) => [left, top])"
                                          "($('drawing').getBoundingClientRect())")
        self.drag(left + 15, top + 15, (25, 10))
        moved = self.browser.evaluate(view)
        self.assertLess(abs(moved["x"] - first["x"] - 25) + abs(moved["y"] - first["y"] - 10), 2)
        pressed = "[...document.querySelectorAll('.node')].map(each => each.ariaPressed)"
        self.assertEqual(self.browser.evaluate(pressed), ["false", "true"])  # and leaves the choice
        x, y = self.browser.evaluate(place)
        self.drag(x, y, (0, 0))
        self.assertEqual(self.browser.evaluate(pressed), ["true", "false"])  # a click chooses

    def test_the_keyboard_moves_what_it_reaches_into_view(self):
        self.open_small(entities=40, relations=20)
        self.browser.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.browser.evaluate("drawing.zoom(4); document.querySelectorAll('.node')[39].focus()")
        self.browser.settle()
        self.assertTrue(self.browser.evaluate("drawing.isSeen(drawing.nodes[39])"))

    def test_what_is_sifted_out_is_not_drawn(self):
        self.open_data(graph_of(["Ada", "Bo", "Cy", "Di"], [(0, 1, "hired", 0.624),
                                                            (2, 3, "hired", 0.953)]))
        slider = "[$('least').min, $('least').value, $('least').max, $('least-shown').value]"
        self.assertEqual(self.browser.evaluate(slider), ["62", "62", "95", "62 %"])
        shown = ("[...document.querySelectorAll('.node')]"
                 ".filter(each => getComputedStyle(each).display !== 'none')"
                 ".map(each => each.querySelector('text').textContent)")
        self.assertEqual(self.browser.evaluate(shown), ["Ada", "Bo", "Cy", "Di"])
        self.set("least", "90")
        self.assertEqual(self.browser.evaluate(shown), ["Cy", "Di"])
        self.assertEqual(self.text_of("#sifted"), "1 of 2 relations")
        self.set("least", "62")
        self.assertEqual(self.text_of("#sifted"), "")
        self.set("find", "ada")
        self.assertEqual(self.browser.evaluate(shown), ["Ada", "Bo"])

    def set(self, name, value):
        self.browser.evaluate(f"$('{name}').value = {json.dumps(value)};"
                              f"$('{name}').dispatchEvent(new Event('input'))")

    def test_relations_are_sifted(self):
        first = self.relations[0]["label"]
        self.set("find", first)
        shown = self.browser.evaluate("[...document.querySelectorAll('#relations tr')]"
                                      ".filter(row => !row.hidden).length")
        self.assertEqual(shown, sum(first in row["label"] for row in self.relations))
        self.assertLess(shown, len(self.relations))

    def test_it_fits_and_can_be_read_in_both_themes(self):
        for width, dark in VIEWS:
            with self.subTest(width=width, dark=dark):
                self.open(width, dark)
                self.browser.evaluate("for (const each of document.querySelectorAll('details')) "
                                      "each.open = true; chooseRelation(0)")
                self.browser.settle()
                self.check_fits()
                self.browser.evaluate("unchoose()")  # what is faded need not be read
                self.check_contrast()

    def test_words_of_the_table_stay_whole(self):
        data = graph_of(["The Lighthouse Tax", "Nora Quill"], [(0, 1, "is_married_to", 0.9)])
        self.open_data(data, width=390)
        broken = self.browser.evaluate("""(() => {
          const found = [], walk = document.createTreeWalker(document.querySelector('.table'), 4);
          for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            for (const word of node.data.matchAll(/[^ \\s]+/g)) {
              const range = document.createRange();
              range.setStart(node, word.index);
              range.setEnd(node, word.index + word[0].length);
              if (range.getClientRects().length > 1) found.push(word[0]);
            }
          }
          return found;
        })()""")
        self.assertEqual(broken, [])

    def test_types_can_be_told_apart(self):
        for dark in (False, True):
            data = graph_of([f"Name {i}" for i in range(26)],
                            [(2 * i, 2 * i + 1, "runs", 0.9) for i in range(13)])
            data["types"] = [f"T{i:02}" for i in range(26)]
            for i, entity in enumerate(data["entities"]):
                entity["type"] = data["types"][i]
            self.open_data(data, dark=dark)
            for selector, name, least in (("#drawing .dot", "fill", 0.1),
                                                   ("#legend .type", "backgroundColor", 0.03)):
                with self.subTest(dark=dark, selector=selector):
                    looks = self.browser.evaluate(COLOURS % {"name": name, "selector": selector})
                    self.assertEqual(len(looks), 26)
                    colours = [oklab(colour) for colour, _ in looks[:12]]
                    nearest = min(math.dist(one, other)
                                  for one, other in itertools.combinations(colours, 2))
                    self.assertGreater(nearest, least)
                    # After twelve the form is another one.
                    self.assertEqual(len({(tuple(colour), form) for colour, form in looks}), 26)


if __name__ == "__main__":
    unittest.main()
