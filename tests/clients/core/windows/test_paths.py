"""Tests of clients.core.windows.paths: what a path could become."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows.completing import MOST
from clients.core.windows.paths import paths


class PathTests(SynchronousTestCase):
    """A folder, and what is typed of the names in it."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def become(self, typed: str) -> list[str]:
        """What the path would be with each completion."""
        path = f"{self.folder}/{typed}"
        made = [path[: len(path) - one.typed] + one.text for one in paths(path)]
        return [one.removeprefix(f"{self.folder}/") for one in made]

    def have(self, *names: str) -> None:
        """Empty files."""
        for name in names:
            (self.folder / name).touch()

    def test_names_with_spaces_and_folders(self) -> None:
        self.have("my home work.pdf", "My notes", ".hidden")
        (self.folder / "my past").mkdir()
        self.assertEqual(self.become("my"), ["my home work.pdf", "my past/"])
        self.assertEqual(self.become(""), ["my home work.pdf", "My notes", "my past/"])
        self.assertEqual(self.become("."), [".hidden"])

    def test_names_that_nobody_could_read(self) -> None:
        self.have("a\nb", "a\x1b[31m", "a\u202etxt", "ab")
        with open(os.fsencode(self.folder) + b"/a\xff", "wb"):
            pass
        self.assertEqual(self.become("a"), ["ab"])

    def test_what_is_not_there(self) -> None:
        self.assertEqual(self.become("nowhere/a"), [])
        self.assertEqual(list(paths("a\0/b")), [])

    def test_no_more_than_fit(self) -> None:
        self.have(*(f"n{number}" for number in range(MOST + 5)))
        self.assertEqual(len(self.become("n")), MOST)

    def test_ones_home(self) -> None:
        self.patch(os, "environ", {**os.environ, "HOME": str(self.folder)})
        self.have("here.txt")
        self.assertEqual([one.text for one in paths("~/he")], ["here.txt"])
