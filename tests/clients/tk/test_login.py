"""Tests of clients.tk.login: what is filled in, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from tests.clients.tk.desk import DeskCase


class LoginTests(DeskCase):
    """The section."""

    def setUp(self) -> None:
        super().setUp()
        from clients.tk.login import Login

        self.wanted: list[Any] = []
        self.login = Login(self.root, self.wanted.append)
        self.login.frame.pack()
        self.root.update()

    def test_what_is_known_is_filled_in(self) -> None:
        self.login.fill("host:1", "alice", plaintext=True)
        self.login.button.invoke()
        self.assertEqual(self.wanted, [("host:1", "alice", True, False)])

    def test_enter_connects(self) -> None:
        self.login.fill(" host ", "")
        self.login.guest.set(True)
        self.login.name.focus_force()
        self.root.update()
        self.login.name.event_generate("<Return>")
        self.root.update()
        self.assertEqual(self.wanted, [("host", "", False, True)])

    def test_without_a_server_it_asks_for_one(self) -> None:
        self.login.button.invoke()
        self.assertEqual(self.wanted, [])
        self.assertIn("Which server?", self.login.told.cget("text"))
        self.login.fill("host", "")
        self.login.button.invoke()
        self.assertEqual(self.login.told.cget("text"), "")
