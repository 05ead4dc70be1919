"""What an operator has typed: kept, each their own, bounded."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from chatd.console.history import MOST_CHARS, MOST_LINES, History
from tests.console.kit import operator


class HistoryTests(SynchronousTestCase):
    """One folder."""

    def setUp(self) -> None:
        self.folder = self.mktemp()
        os.mkdir(self.folder)

    def test_lines_come_back_to_their_operator(self) -> None:
        mine, other = History(self.folder, operator("staff")), History(self.folder, operator("ta"))
        self.assertEqual(mine.load(), [])
        for line in ("who", "kick @é\nalice", "  "):
            mine.append(line)
        self.assertEqual((mine.load(), other.load()), (["who", "kick @é alice"], []))
        self.assertEqual(mine.path.stat().st_mode & 0o777, 0o600)

    def test_it_does_not_grow_for_ever(self) -> None:
        history = History(self.folder, operator())
        for number in range(3 * MOST_LINES):
            history.append(f"{number} " + "x" * 200)
        self.assertLessEqual(history.path.stat().st_size, MOST_LINES * 450)
        self.assertTrue(history.load()[-1].startswith(f"{3 * MOST_LINES - 1} "))
        history.append("y" * 2 * MOST_CHARS)
        self.assertEqual(len(history.load()[-1]), MOST_CHARS)

    def test_what_cannot_be_kept_costs_nothing_else(self) -> None:
        history = History(self.folder + "/gone", operator())
        history.append("who")
        self.assertEqual(history.load(), [])
        strange = History(self.folder, operator())
        strange.path.write_bytes(b"\xff\xfe\nwho\n")
        self.assertEqual(strange.load()[-1], "who")
