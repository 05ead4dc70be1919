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

    def test_the_first_is_what_is_set_where_nothing_is(self) -> None:
        import ttkbootstrap as tb

        from clients.core.app import SETTINGS
        from clients.tk.theme import FIRST, use

        use("light")
        use(SETTINGS["theme"][0])
        self.assertEqual(tb.Style.get_instance().theme_use(), FIRST)
