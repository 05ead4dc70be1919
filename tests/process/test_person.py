"""A person with nothing but `nc` (here: a socket) and a real server; the clock is the wall's."""

from __future__ import annotations

import shutil
import socket
import time

from twisted.trial.unittest import SynchronousTestCase

from tests.process.server import DEADLINE, Server


class Keyboard:
    """A connection, a line at a time."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.ports["plain"]), DEADLINE)
        self.text = ""

    def type(self, line: str) -> None:
        """Type a line."""
        self.socket.sendall(line.encode() + b"\n")

    def until(self, wanted: str) -> str:
        """What is shown up to and with this."""
        while wanted not in self.text:
            data = self.socket.recv(4096)
            if not data:
                raise AssertionError(f"closed; {wanted!r} is not in {self.text!r}")
            self.text += data.decode()
        end = self.text.index(wanted) + len(wanted)
        shown, self.text = self.text[:end], self.text[end:]
        return shown


class PersonTests(SynchronousTestCase):
    """The transcript of the assignment."""

    def setUp(self) -> None:
        self.server = Server()
        self.addCleanup(shutil.rmtree, self.server.folder, ignore_errors=True)
        self.addCleanup(self.server.kill)
        self.server.start()

    def test_the_transcript(self) -> None:
        tesla = Keyboard(self.server)
        begun = time.monotonic()
        self.assertEqual(tesla.until("Enter username: "), "Enter username: ")
        self.assertGreater(time.monotonic() - begun, 0.9)
        tesla.type("tesla")
        self.assertEqual(
            tesla.until("\nNobody else is here now.\n"),
            "Welcome to chat room. Enter 'tata' anytime to exit\nNobody else is here now.\n",
        )
        albert = Keyboard(self.server)
        albert.type("tesla")
        albert.until("Username already taken!\nEnter username: ")
        albert.type("albert")
        albert.until("Welcome to chat room")
        self.assertEqual(tesla.until("\n"), "albert joined the conversation\n")
        tesla.type("Hello")
        albert.until("tesla: Hello\n")
        albert.type("world")
        self.assertEqual(tesla.until("\n"), "albert: world\n")
        albert.type("tata")
        self.assertEqual(albert.until("DISCONNECTED!!\n"), "DISCONNECTED!!\n")
        self.assertEqual(albert.socket.recv(1), b"")
        self.assertEqual(tesla.until("\n"), "albert left the conversation\n")
        tesla.socket.close()
        window = "\n".join(self.server.window())
        self.assertRegex(window, r"Client \(127\.0\.0\.1, \d+\) connected  \[ albert \]")

    def test_an_irc_client_that_is_slow(self) -> None:
        slow = Keyboard(self.server)
        slow.until("Enter username: ")
        slow.type("CAP LS 302\r\nNICK slow\r\nUSER slow 0 * :Slow\r\nCAP END\r")
        slow.until(" 001 slow ")
        slow.socket.close()
