"""Tests of clients.tk.icon: a bubble with three dots, and nothing around it."""

from __future__ import annotations

from tests.clients.tk.desk import DeskCase


class IconTests(DeskCase):
    """The one picture."""

    def test_it_can_be_told_from_what_is_behind_it(self) -> None:
        from clients.tk.icon import DOT, DOTS, SIZE, icon

        image = icon(self.root)
        self.assertEqual((image.width(), image.height()), (SIZE, SIZE))
        corners = [(x, y) for x in (0, SIZE - 1) for y in (0, SIZE - 1)]
        self.assertTrue(all(image.transparency_get(*corner) for corner in corners))
        self.assertFalse(image.transparency_get(SIZE // 2, SIZE // 3))
        for dot in DOTS:
            self.assertEqual("#{:02x}{:02x}{:02x}".format(*image.get(*dot)), DOT)

    def test_its_two_halves_are_alike_above_the_tail(self) -> None:
        from clients.tk.icon import LOW, SIZE, icon

        image = icon(self.root)
        for y in range(LOW):
            row = [image.transparency_get(x, y) for x in range(SIZE)]
            self.assertEqual(row, row[::-1], y)
