"""Scripts of bench/ whose tables stand on pages: that they do, and what they count."""

import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

# pylint: disable=wrong-import-position
import crossre  # noqa: E402
import entity_types  # noqa: E402
import few_labels  # noqa: E402
import graph  # noqa: E402
import harness  # noqa: E402
import imbalance  # noqa: E402
import languages  # noqa: E402
import suggest  # noqa: E402


class Pages(unittest.TestCase):
    def test_they_have_the_tables_of_the_results(self):
        for script in (crossre, entity_types, few_labels, graph, imbalance, languages,
                       suggest):
            with self.subTest(script.__name__):
                page = script.MARKS.search(script.PAGE.read_text(encoding="utf-8"))
                self.assertEqual(page.group(2),
                                 script.section(harness.load_results(script.RESULTS)))


class Documents(unittest.TestCase):
    def test_every_pair_of_a_sentence_is_a_row(self):
        made = graph.documents(2, 3, random.Random(1))
        rows = graph.pair_rows(made)
        self.assertEqual(len(rows), 2 * 3 * 6)
        names = {each["id"]: made[0]["text"][each["start"]:each["end"]]
                 for each in made[0]["entities"]}
        for row in rows[:18]:
            _, *ends = row["id"].split(":")
            self.assertEqual([row["text"][row[end]["start"]:row[end]["end"]]
                              for end in ("head", "tail")], [names[end] for end in ends])

    def test_a_table_leaves_out_what_was_not_measured(self):
        one = {"entities": {"strict": 0.5, "boundaries": 0.75}}
        other = {"entities": {"strict": 0.4, "boundaries": 0.65}, "peer": {"strict": 0.3}}
        table = crossre.table({"domains": {"news": {"1": one, "2": other}, "ai": {"1": one}}})
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
        self.assertEqual(cells[0], ["domain", "entities, strict F1", "the same in PyTorch"])
        self.assertEqual(cells[2:], [["news", "45.0 ± 7.1", "30.0"], ["ai", "50.0", ""],
                                     ["mean", "47.5", ""]])


if __name__ == "__main__":
    unittest.main()
