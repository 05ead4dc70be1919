"""Tests of `chat-gui` as a whole, without a network: what is seen before there is one, and the login section."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.testing import MemoryReactorClock

from clients.core.profile import Profile
from tests.clients.tk.desk import DeskCase


class Reactor(MemoryReactorClock):
    """In memory, and it runs until it is stopped."""

    def run(self) -> None:
        """Begin."""
        self.running = self.hasRun = True


class ProgramCase(DeskCase):
    """One run."""

    def setUp(self) -> None:
        super().setUp()
        self.profile = Profile(Path(self.mktemp()))
        self.addCleanup(self.profile.close)
        self.reactor = Reactor()

    def program(self, *arguments: str, told: str = "") -> Any:
        """It, with a window that is on the screen and a reactor that is not there yet."""
        from clients.tk.__main__ import Program, parse

        program = Program(parse(list(arguments)), self.root, self.profile, told)
        self.root.update()
        return program

    def dialled(self, program: Any = None) -> list[tuple[str, int]]:
        """Which servers were called, after the reactor was given to a program."""
        if program is not None:
            program.run(self.reactor)
        self.reactor.advance(1)
        return [(host, port) for host, port, *_ in self.reactor.tcpClients]


class LoginTests(ProgramCase):
    """Without a server's name one is asked first."""

    def setUp(self) -> None:
        super().setUp()
        self.begun = self.program(told="This profile has no passphrase.")
        self.login = self.begun.login

    def test_what_must_be_known_is_told(self) -> None:
        self.assertEqual(self.login.told.cget("text"), "This profile has no passphrase.")

    def test_what_is_wrong_with_the_server_is_said_there(self) -> None:
        self.login.fill("school.example", "alice", plaintext=True)
        self.login.button.invoke()
        self.assertIn("without TLS", self.login.told.cget("text"))
        self.assertTrue(self.login.frame.winfo_ismapped())

    def test_what_was_filled_in_before_there_is_a_network_is_done_when_it_is_there(self) -> None:
        self.login.fill("127.0.0.1:7", "alice", plaintext=True)
        self.login.button.invoke()
        self.root.update()
        self.assertFalse(self.login.frame.winfo_ismapped())
        self.assertEqual(self.dialled(self.begun), [("127.0.0.1", 7)])

    def test_and_at_once_when_it_is(self) -> None:
        self.assertEqual(self.dialled(self.begun), [])
        self.login.fill("127.0.0.1:7", "alice", plaintext=True)
        self.login.button.invoke()
        self.assertEqual(self.dialled(), [("127.0.0.1", 7)])

    def test_closed_before_anything_it_ends(self) -> None:
        self.begun.close()
        self.assertEqual(self.begun.run(self.reactor), 0)
        self.assertFalse(self.reactor.hasRun)


class NamedTests(ProgramCase):
    """With a server's name the window is there before there is a network."""

    def test_the_main_window_is_seen_and_what_is_typed_stays(self) -> None:
        program = self.program("--plaintext", "alice@127.0.0.1:7")
        main = program._main
        self.assertTrue(main.input.winfo_ismapped())
        self.assertIn("connecting", main.status.cget("text"))
        main.put("hello")
        main.send.invoke()
        self.assertEqual(main.typed(), "hello")
        self.assertEqual(self.dialled(program), [("127.0.0.1", 7)])
        self.assertEqual(main.typed(), "hello")

    def test_what_must_be_known_is_told(self) -> None:
        program = self.program("--plaintext", "alice@127.0.0.1:7", told="This profile has no passphrase.")
        self.dialled(program)
        program._main.draw()
        self.assertIn("This profile has no passphrase.", program._main.display.text.get("1.0", "end"))

    def test_a_refusal_leads_to_the_login_section(self) -> None:
        program = self.program("--plaintext", "alice@127.0.0.1:7")
        self.dialled(program)
        program._done(3, "Can't connect to the server: refused")
        self.root.update()
        self.assertTrue(program.login.frame.winfo_ismapped())
        self.assertEqual(program.login.told.cget("text"), "Can't connect to the server: refused")
        self.assertEqual((program.login.server.get(), program.login.name.get()), ("127.0.0.1:7", "alice"))
        self.assertTrue(self.reactor.running)

    def test_so_does_a_name_that_no_server_can_have(self) -> None:
        program = self.program("alice@127.0.0.1:x")
        self.assertIn("HOST[:PORT]", program.login.told.cget("text"))
        self.assertTrue(program.login.frame.winfo_ismapped())

    def test_closed_before_there_is_a_network_it_ends(self) -> None:
        program = self.program("--plaintext", "alice@127.0.0.1:7")
        program.close()
        self.assertEqual(program.run(self.reactor), 0)
        self.assertEqual(self.reactor.tcpClients, [])

    def test_closed_later_it_leaves_first(self) -> None:
        program = self.program("--plaintext", "alice@127.0.0.1:7")
        self.dialled(program)
        self.assertTrue(self.reactor.running)
        program.close()
        self.assertFalse(self.reactor.running)

    def test_who_left_is_gone(self) -> None:
        program = self.program("--plaintext", "alice@127.0.0.1:7")
        self.dialled(program)
        self.assertTrue(self.reactor.running)
        program._done(0, "DISCONNECTED!!")
        self.assertFalse(self.reactor.running)
