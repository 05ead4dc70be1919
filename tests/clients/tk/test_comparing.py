"""Tests of clients.tk.comparing: the number, its picture, and what a button types."""

from __future__ import annotations

from clients.core import notices as n
from tests.clients.tk.desk import DeskCase

NUMBER = " ".join(f"{number:05}" for number in range(12))


class ComparingTests(DeskCase):
    """One number."""

    def test_the_number_and_what_the_buttons_do(self) -> None:
        from clients.tk.comparing import Comparing

        typed: list[str] = []
        comparing = Comparing(self.root, n.Compare("bob", NUMBER, "first-seen"), typed.append)
        self.root.update()
        self.assertEqual(comparing.number.cget("text").split(), NUMBER.split())
        comparing.same.invoke()
        self.assertEqual(typed, ["/verify @bob yes"])
        self.assertFalse(comparing.window.winfo_exists())

    def test_the_picture_is_of_this_number(self) -> None:
        from clients.tk.comparing import picture

        self.assertTrue(picture(NUMBER).startswith(b"\x89PNG"))
        self.assertNotEqual(picture(NUMBER), picture(NUMBER.replace("1", "2")))
