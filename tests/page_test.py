"""Reports as a browser shows them: no script fails, nothing is fetched, no page is wider than a
telephone, the keyboard reaches everything, colours can be read, and text from files stays text.

RELATUM_PROGRAM names the program. Without Chromium (Debian: chromium) all tests are skipped.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))
from browser_case import ROOT, BrowserCase  # noqa: E402  pylint: disable=wrong-import-position

PROGRAM = os.environ.get("RELATUM_PROGRAM", str(ROOT / "build/release/relatum"))
WIDTHS = (390, 1440)
HOSTILE = ["</script><script>window.owned = 1</script>", "\"><img src=x onerror=window.owned=1>",
           "works_for(e1,e2)", "works_for(e2,e1)", "שלום עולם", "\u202eevil",
           "👩\u200d👩\u200d👧 family", "no_relation", "l" + "o" * 9_998 + "ng", "{{body}}",
           "javascript:window.owned=1"]


def rows(labels, count):
    """Labelled sentences, some long, with markup of their own."""
    draw = random.Random(1)
    for i in range(count):
        head, tail = f"Ana <b>{i}</b>", f"Kestrel & Co. </script> {i}"
        filler = " ".join(["flies"] * draw.choice([1, 5, 30, 900]))
        text = f"{head} {filler} for {tail}."
        yield {"id": f"<i>{i}", "text": text, "head": {"start": 0, "end": len(head)},
               "tail": {"start": text.index(tail), "end": text.index(tail) + len(tail)},
               "label": labels[i % len(labels)]}


def answers(data, labels, wrong, seed):
    """An answer for each row; a share of them is wrong, and less sure."""
    draw = random.Random(seed)
    for row in data:
        right = draw.random() > wrong
        label = row["label"] if right else draw.choice(labels)
        yield {"id": row["id"], "label": label, "answer": label,
               "probability": draw.uniform(0.6 if right else 0.3, 1.0),
               "neighbours": [{"id": "n", "similarity": 0.5}]}


def write_lines(path, objects):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in objects)
    return str(path)


def write_run(folder):
    folder.mkdir()
    record = {"model": "tiny", "base": "nf4", "base_hash": "0", "prompt": "roles", "status": "done",
              "seconds": 812.5, "steps": 400, "tokens_per_s": 900.0, "peak_rss_bytes": 1.2e9,
              "best_dev_f1": 0.8, "best_step": 400, "nested": {"key": "<b>" * 200}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    log = [{"step": i, "loss": 3 / i ** 0.5, "grad_norm": 1} for i in range(1, 401)]
    log += [{"step": i, "dev_f1": 0.6 + i / 2000, "dev_metric": "macro", "dev_accuracy": 0.7}
            for i in (100, 200, 300, 400)]
    write_lines(folder / "log.jsonl", log)
    return str(folder)


class Pages(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.charts = 'data-chart="figures"' in cls.pages["evaluation"].read_text("utf-8")

    @classmethod
    def make_pages(cls):
        data = list(rows(HOSTILE, 220))
        gold = write_lines(cls.folder / "gold.jsonl", data)
        first = write_lines(cls.folder / "a.jsonl", answers(data, HOSTILE, 0.4, 1))
        record = {"model": "tiny</script>", "adapter": "runs/" + "deep/" * 60, "threshold": 0.5}
        (cls.folder / "a.jsonl.run.json").write_text(json.dumps(record), encoding="utf-8")
        second = write_lines(cls.folder / "b.jsonl", answers(data, HOSTILE, 0.2, 2))
        many_labels = [f"label-{i:03}" for i in range(200)]
        many = list(rows(many_labels, 600))
        run = write_run(cls.folder / "run")
        cls.pages = {name: cls.folder / f"{name}.html" for name in
                     ("evaluation", "many", "comparison")}
        cls.relatum("evaluate", "--data", gold, "--predictions", first, "--adapter", run,
                    "--report", str(cls.pages["evaluation"]))
        cls.relatum("evaluate", "--data", write_lines(cls.folder / "many.jsonl", many),
                    "--predictions", write_lines(cls.folder / "m.jsonl",
                                                 answers(many, many_labels, 0.5, 3)),
                    "--report", str(cls.pages["many"]))
        cls.relatum("compare", "--data", gold, "--predictions", first, second, "--samples", "200",
                    "--report", str(cls.pages["comparison"]))

    @staticmethod
    def relatum(*arguments):
        subprocess.run([PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def each(self, check):
        """Calls check(name) with each page open, at each width and in both themes."""
        for name, path in self.pages.items():
            for width in WIDTHS:
                for dark in (False, True):
                    with self.subTest(page=name, width=width, dark=dark):
                        self.browser.open(path, width, dark=dark)
                        self.unfold()
                        check(name)

    def test_no_script_fails_and_nothing_is_fetched(self):
        def check(_):
            self.assertEqual(self.browser.complaints(), [])
            asked = self.browser.requests()
            self.assertEqual([url for url in asked if not url.startswith("file:")], [])
            self.assertEqual(len(asked), 1)
            self.assertIs(self.browser.evaluate("'owned' in window"), False)
        self.each(check)

    def test_no_page_is_wider_than_the_screen(self):
        self.each(lambda _: self.check_fits())

    def test_a_table_that_goes_on_shows_it(self):
        self.browser.open(self.pages["comparison"], 390)
        self.unfold()
        shadows = self.browser.evaluate(
            "[...document.querySelectorAll('.scroll')]"
            ".filter(box => box.scrollWidth > box.clientWidth + 1)"
            ".map(box => getComputedStyle(box).backgroundAttachment)")
        self.assertTrue(shadows)
        for each in shadows:
            self.assertIn("local", each)
            self.assertIn("scroll", each)

    def test_every_drawing_is_drawn_and_named(self):
        def check(name):
            drawn = self.browser.evaluate(
                "[...document.querySelectorAll('figure[data-chart]')].map(figure => "
                "[figure.dataset.chart, [...figure.querySelectorAll('svg')].map(svg => "
                "[svg.getAttribute('aria-label') || '', "
                "svg.querySelectorAll('path, circle').length])])")
            kinds = {kind for kind, _ in drawn}
            if self.charts and name == "evaluation":
                self.assertEqual(kinds, {"figures", "reliability", "threshold", "training",
                                         "groups"})
            if self.charts and name == "comparison":
                self.assertEqual(kinds, {"differences"})
            for kind, pictures in drawn:
                self.assertTrue(pictures, kind)
                for label, shapes in pictures:
                    self.assertTrue(label, kind)
                    self.assertGreater(shapes, 0, kind)
        self.each(check)

    def test_the_keyboard_reaches_and_works_everything(self):
        self.browser.open(self.pages["evaluation"], 390)
        self.browser.press("Tab")
        self.assertEqual(self.focused(), "A To the content")
        reached = {self.focused()}
        for _ in range(400):
            self.browser.press("Tab")
            here = self.focused()
            reached.add(here)
            if here.startswith("BUTTON Save"):
                break
        wanted = self.browser.evaluate(
            "[...document.querySelectorAll('nav a, th button, summary')]"
            ".filter(each => each.checkVisibility()).map(each => each.tagName + ' ' + "
            "each.textContent.trim())")
        self.assertEqual([each for each in wanted if each not in reached], [])
        self.assertIn("DIV How often which gold label was answered how", reached)

    def test_tables_sort_by_keyboard_and_say_how(self):
        self.browser.open(self.pages["many"], 1440)
        header = "document.querySelector('#labels th:nth-child(4)')"
        column = ("[...document.querySelectorAll('#labels tbody tr')].map(row => "
                  "Number(row.cells[3].textContent))")
        self.browser.evaluate(header + ".querySelector('button').focus()")
        for key, order in (("Enter", "descending"), ("Space", "ascending")):
            self.browser.press(key)
            self.assertEqual(self.browser.evaluate(header + ".ariaSort"), order)
            values = self.browser.evaluate(column)
            self.assertEqual(values, sorted(values, reverse=order == "descending"))

    def test_colours_can_be_read(self):
        self.each(lambda _: self.check_contrast())

    def test_what_is_not_shown_is_told(self):
        self.browser.open(self.pages["many"], 1440)
        text = self.browser.evaluate("document.getElementById('confusion').innerText")
        self.assertIn("40 of 200 labels are shown", text)
        held = json.loads(self.browser.evaluate(
            "document.getElementById('relatum-data').textContent"))
        self.assertTrue(any("label_pair" in each for each in held["left_out"]))

    def unfold(self):
        self.browser.evaluate("for (const each of document.querySelectorAll('details')) "
                              "each.open = true")
        self.browser.settle()

    def focused(self):
        return self.browser.evaluate(
            "(at => at.tagName + ' ' + (at.ariaLabel || at.textContent.trim()))"
            "(document.activeElement)")


if __name__ == "__main__":
    unittest.main()
