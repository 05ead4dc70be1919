"""The technical report: every test, picture and page that it names is there."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from tests.tidy import ROOT, tree_files

REPORT = ROOT / "docs" / "report.md"


class ReportTests(SynchronousTestCase):
    """What it points at."""

    def setUp(self) -> None:
        self.text = REPORT.read_text("utf-8")

    def test_every_test_that_is_named_exists(self) -> None:
        sources = "".join((ROOT / path).read_text("utf-8") for path in tree_files() if path.startswith("tests/"))
        named = set(re.findall(r"`(test_\w+)`", self.text))
        self.assertGreater(len(named), 15)
        self.assertEqual({name for name in named if f"def {name}(" not in sources}, set())

    def test_every_link_and_picture_leads_somewhere(self) -> None:
        for target in re.findall(r"\]\(([^)#]+)", self.text):
            self.assertTrue((REPORT.parent / target).exists(), target)

    def test_the_rows_are_whole(self) -> None:
        rows = re.findall(r"^\| ([GLD]\d+)(?: to ([GLD]\d+))? \|", self.text, re.MULTILINE)
        found = set()
        for first, last in rows:
            letter, low, high = first[0], int(first[1:]), int((last or first)[1:])
            found |= {f"{letter}{number}" for number in range(low, high + 1)}
        wanted = {f"{letter}{n}" for letter, most in (("G", 9), ("L", 16), ("D", 8)) for n in range(1, most + 1)}
        self.assertEqual(found, wanted)
