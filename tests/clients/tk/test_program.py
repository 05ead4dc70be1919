"""Tests of `chat-gui` as a whole, without a network: the login section, and back to it when it went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clients.core.profile import Profile
from tests.clients.tk.desk import DeskCase


class StillReactor:
    """Runs nothing; notes that it was stopped."""

    running = True

    def __init__(self) -> None:
        self.stopped = 0

    def stop(self) -> None:
        """The end."""
        self.stopped += 1

    def callLater(self, delay: float, call: Any, *rest: object) -> None:
        """Never."""


class ProgramTests(DeskCase):
    """One run."""

    def setUp(self) -> None:
        super().setUp()
        from clients.tk.__main__ import Program, parse

        self.profile = Profile(Path(self.mktemp()))
        self.addCleanup(self.profile.close)
        self.reactor = StillReactor()
        self.program = Program(parse([]), self.reactor, self.root, self.profile)
        self.root.update()

    def test_what_is_wrong_with_the_server_is_said_there(self) -> None:
        self.program.login.fill("school.example", "alice", plaintext=True)
        self.program.login.button.invoke()
        self.assertIn("without TLS", self.program.login.told.cget("text"))

    def test_a_refusal_leads_back_to_the_login_section(self) -> None:
        self.program._main = _Shown(self.root)
        self.program.login.frame.pack_forget()
        self.program._done(3, "Can't connect to the server: refused")
        self.root.update()
        self.assertTrue(self.program.login.frame.winfo_ismapped())
        self.assertEqual(self.program.login.told.cget("text"), "Can't connect to the server: refused")
        self.assertEqual(self.reactor.stopped, 0)

    def test_closed_before_anything_it_ends(self) -> None:
        self.program.close()
        self.assertEqual(self.reactor.stopped, 1)

    def test_who_left_is_gone(self) -> None:
        self.program._done(0, "DISCONNECTED!!")
        self.assertEqual(self.reactor.stopped, 1)


class _Shown:
    """A main window that was there."""

    def __init__(self, root: Any) -> None:
        import ttkbootstrap as tb

        self.face: Any = None
        self.frame = tb.Frame(root)
        self.frame.pack()
