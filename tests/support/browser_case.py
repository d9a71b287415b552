"""What tests of pages share: a folder with the pages, made once, and a browser that opens them.

Without Chromium (Debian: chromium) all tests are skipped.
"""

import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from browser import Browser, find_chromium  # noqa: E402  pylint: disable=wrong-import-position


class BrowserCase(unittest.TestCase):
    """`make_pages` is called before the first test, with `folder` there."""

    @classmethod
    def setUpClass(cls):
        program = find_chromium()
        if not program:
            raise unittest.SkipTest("Chromium is not there (Debian: chromium): no page was opened")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.make_pages()
        cls.browser = cls.enterClassContext(Browser(program))

    def check_fits(self):
        """The open page is no wider than the screen."""
        wide, screen = self.browser.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        self.assertLessEqual(wide, screen)

    def check_contrast(self):
        """WCAG's contrast of 4.5 for text; behind it what is painted there."""
        script = (ROOT / "tests/page_contrast.js").read_text(encoding="utf-8")
        self.assertEqual(self.browser.evaluate(script), [])
