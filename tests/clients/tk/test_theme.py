"""Tests of clients.tk.theme: what a setting means."""

from __future__ import annotations

from tests.clients.tk.desk import DeskCase


class ThemeTests(DeskCase):
    """The theme of this run."""

    def test_dark_light_and_what_is_neither(self) -> None:
        import ttkbootstrap as tb

        from clients.tk.theme import use

        for setting, theme in (("light", "light"), ("dark", "dark"), ("plain", "light"), ("", "light")):
            self.assertEqual(use(setting), theme)
            self.assertEqual(tb.Style.get_instance().theme_use(), f"bootstrap-{theme}")
