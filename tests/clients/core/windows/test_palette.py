"""Tests of clients.core.windows.palette: everything can be read, and names keep their colour."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows import palette


class PaletteTests(SynchronousTestCase):
    """Both of them."""

    def test_contrast_is_what_the_web_asks_of_text(self) -> None:
        for name, background in palette.BACKGROUNDS.items():
            for colour in (*palette.KINDS[name].values(), *palette.NICKS[name]):
                self.assertGreaterEqual(palette.contrast(colour, background), 4.5, (name, colour))

    def test_contrast_is_counted_right(self) -> None:
        self.assertAlmostEqual(palette.contrast("#000000", "#ffffff"), 21.0)
        self.assertAlmostEqual(palette.contrast("#777777", "#ffffff"), 4.48, 2)

    def test_both_have_the_same(self) -> None:
        self.assertEqual(set(palette.KINDS["dark"]), set(palette.KINDS["light"]))
        self.assertEqual(len(palette.NICKS["dark"]), len(palette.NICKS["light"]))

    def test_a_name_keeps_its_colour(self) -> None:
        self.assertEqual(palette.nick("Alice"), palette.nick("alice"))
        self.assertGreater(len({palette.nick(f"user{number}") for number in range(100)}), 5)
