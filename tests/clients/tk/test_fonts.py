"""Tests of clients.tk.fonts: a font that is asked for is there."""

from __future__ import annotations

import tkinter.font

from tests.clients.tk.desk import DeskCase


class FontsTests(DeskCase):
    """Those of this display."""

    def test_fixed_is_fixed(self) -> None:
        from clients.tk.fonts import FIXED, like, width

        self.assertEqual(width(FIXED, "iiii"), width(FIXED, "MMMM"))
        large = tkinter.font.Font(root=self.root, font=like(FIXED, 30))
        self.assertEqual(large.measure("iiii"), large.measure("MMMM"))
        self.assertEqual(large.actual("size"), 30)

    def test_bold_as_large_as_the_text(self) -> None:
        from clients.tk.fonts import TEXT, like

        bold = tkinter.font.Font(root=self.root, font=like(TEXT, 0, "bold"))
        self.assertEqual(bold.actual("weight"), "bold")
        self.assertEqual(bold.actual("size"), tkinter.font.nametofont(TEXT, self.root).actual("size"))
