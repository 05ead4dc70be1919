"""Tests of clients.tk.settings: what can be chosen, and what saving types."""

from __future__ import annotations

from typing import Any

from clients.core.app import SETTINGS
from tests.clients.tk.desk import DeskCase


class SettingsTests(DeskCase):
    """One dialog."""

    def opened(self) -> Any:
        """It, over settings as they are at first."""
        from clients.tk.settings import Settings

        self.typed: list[str] = []
        made = Settings(self.root, lambda key: SETTINGS[key][0], self.typed.append)
        self.root.update()
        return made

    def test_all_that_set_can_do_in_words(self) -> None:
        from clients.tk.settings import WORDS

        made = self.opened()
        self.assertEqual({key: choice.cget("values") for key, choice in made.choices.items()}, SETTINGS)
        self.assertEqual(set(WORDS), set(SETTINGS))
        made.window.destroy()

    def test_only_what_was_changed_is_saved(self) -> None:
        made = self.opened()
        made.choices["theme"].set("light")
        made.choices["keep"].set("30d")
        made.save.invoke()
        self.assertEqual(self.typed, ["/set theme light", "/set keep 30d"])
        self.assertFalse(made.window.winfo_exists())

    def test_nothing_happens_before_that(self) -> None:
        made = self.opened()
        made.choices["keep"].event_generate("<Button-5>")
        self.root.update()
        self.assertEqual(made.choices["keep"].get(), "forever")
        made.choices["keep"].set("7d")
        made.window.focus_force()
        made.window.event_generate("<Escape>")
        self.assertEqual((self.typed, made.window.winfo_exists()), ([], False))
