"""The project's pages: README is short enough to be read, and every link leads somewhere."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import models_table  # noqa: E402
MOST_LINES, MOST_COLUMNS = 150, 150


def pages():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True,
                            check=False).stdout.split()
    found = [ROOT / name for name in listed]
    return found or [p for p in ROOT.rglob("*.md") if "build" not in p.parts]


def without_code(text):
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)


class Pages(unittest.TestCase):
    def test_the_readme_is_short(self):
        lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        self.assertLessEqual(len(lines), MOST_LINES)
        self.assertEqual([line for line in lines if len(line) > 180], [])

    def test_lines_of_prose_are_short(self):
        long = []
        for page in pages():
            text = page.read_text(encoding="utf-8")
            prose = re.sub(r"```.*?```", lambda code: "\n" * code[0].count("\n"), text, flags=re.S)
            long += [f"{page.relative_to(ROOT)}:{number}: {len(line)}"
                     for number, line in enumerate(prose.split("\n"), 1)
                     if len(line) > MOST_COLUMNS and not line.startswith(("|", "<"))]
        self.assertEqual(long, [])

    def test_every_relative_link_leads_somewhere(self):
        dead, seen = [], 0
        for page in pages():
            text = without_code(page.read_text(encoding="utf-8"))
            for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text):
                target = "".join(target).split("#")[0]
                if not target or "://" in target or target.startswith("mailto:"):
                    continue
                seen += 1
                if not (page.parent / target).exists():
                    dead.append(f"{page.relative_to(ROOT)}: {target}")
        self.assertEqual(dead, [])
        self.assertGreater(seen, 20)


class ModelsTable(unittest.TestCase):
    PAGE = "a\n<!-- models -->\n{}<!-- end -->\nb\n"

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def report(self, test, shown, how=""):
        """A report as GoogleTest writes it; `how` is what it holds of a failed or skipped test."""
        suite, name = test.split(".")
        result = "skipped" if "skipped" in how else "completed"
        path = pathlib.Path(self.folder.name) / f"{suite}.{name.replace('/', '_')}.xml"
        path.write_text(f'<testsuites><testsuite><testcase name="{name}" status="run" '
                        f'result="{result}" classname="Fixtures/{suite}">{how}<properties>'
                        f'<property name="shows: {shown}" value=""/></properties></testcase>'
                        "</testsuite></testsuites>", encoding="utf-8")

    def cell(self, page="", row="Llama 3", column="logits"):
        text = models_table.filled(self.PAGE.format(page), pathlib.Path(self.folder.name))
        found = models_table.MODELS.marks.search(text)[2]
        return models_table.page_cells(found).get((row, column), [])

    def test_only_what_passed_is_shown(self):
        self.report("A.B", "Llama 3: logits")
        self.report("A.C/x", "Llama 3: logits", '<failure message="m"/>')
        self.report("A.D", "Llama 3: logits", '<skipped message="m"/>')
        self.report("A.E/one", "Llama 3: cached")
        self.assertEqual(self.cell(), ["A.B"])
        self.assertEqual(self.cell(column="cached"), ["A.E/one"])
        self.assertEqual(self.cell(column="tape"), [])

    def test_what_is_skipped_stays_where_the_page_names_it(self):
        for name in ("one", "only", "once"):
            self.report(f"A.B/{name}", "Llama 3: logits", '<skipped message="m"/>')
        self.assertEqual(self.cell(), [])
        page = "| | logits |\n| --- | --- |\n| Llama 3 | `A.B/on*` |\n"
        self.assertEqual(self.cell(page), ["A.B/on*"])
        self.assertEqual(self.cell(page.replace("A.B", "A.C")), [])

    def test_names_are_shortened_by_what_they_share(self):
        self.assertEqual(models_table.compact(["A.B/x1", "A.B/x2", "A.C"]),
                         ["A.B/x1", "A.B/x2", "A.C"])
        self.assertEqual(models_table.compact(["A.B/x1", "A.B/x2", "A.B/x3"]), ["A.B/x*"])
        self.assertEqual(models_table.compact(["A.B/x1", "A.B/x2", "A.B/x3"], ["A.B/x4"]),
                         ["A.B/x1", "A.B/x2", "A.B/x3"])
        self.assertEqual(models_table.compact(["A.OnB/x", "A.OnC/x", "A.OnD/x", "A.OnE"]),
                         ["A.On*/x", "A.OnE"])

    def test_unknown_cells_are_refused_and_so_are_missing_reports(self):
        with self.assertRaises(SystemExit):
            self.cell()
        self.report("A.B", "Llama 3: poetry")
        with self.assertRaises(SystemExit):
            self.cell()


if __name__ == "__main__":
    unittest.main()
