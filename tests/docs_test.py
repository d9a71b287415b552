"""The project's pages: README is short enough to be read, and every link leads somewhere."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
MOST_LINES = 150


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


if __name__ == "__main__":
    unittest.main()
