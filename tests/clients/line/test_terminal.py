"""Tests of clients.line.terminal: a real pseudo-terminal, whose mode and blocking are as before afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import termios

from twisted.trial.unittest import SynchronousTestCase

from clients.line.editor import Key
from clients.line.terminal import Terminal
from tests.clients.line.test_plain import FakeReactor


class TerminalTests(SynchronousTestCase):
    """The person's end is `far`, the program's end `near`."""

    def setUp(self) -> None:
        self.far, self.near = pty.openpty()
        self.addCleanup(os.close, self.far)
        self.addCleanup(os.close, self.near)
        fcntl.ioctl(self.far, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 30, 0, 0))
        self.before = termios.tcgetattr(self.near)
        self.keys: list[Key] = []
        self.reactor = FakeReactor()
        self.terminal = Terminal(self.reactor, self.near, self.pressed)
        self.terminal.start()

    def tearDown(self) -> None:
        self.terminal.stop()

    def pressed(self, key: Key) -> None:
        """Note a key; a line stays on the screen."""
        self.keys.append(key)
        if key.kind == "line":
            self.terminal.typed(key.text)

    def shown(self) -> str:
        """What was written since the last look."""
        data = b""
        while select.select([self.far], [], [], 0)[0]:
            data += os.read(self.far, 65536)
        return data.decode()

    def press(self, keys: str) -> None:
        """Press keys; the program reads them."""
        os.write(self.far, keys.encode())
        self.reactor.readers[0].doRead()

    def test_T18_what_is_being_typed_is_redrawn_whole_below_what_comes(self) -> None:
        self.terminal.prompt("You: ", talks=True)
        self.press("half a th")
        self.shown()
        self.terminal.print(["albert: world"])
        self.terminal.flush()
        self.assertEqual(self.shown(), "\r\x1b[Kalbert: world\r\nYou: half a th\r\x1b[14C")

    def test_a_line_stays_as_it_was_typed(self) -> None:
        self.terminal.prompt("You: ", talks=True)
        self.press("Hello\r")
        self.assertIn("\r\x1b[KYou: Hello\r\n", self.shown())
        self.assertEqual(self.keys, [Key("line", "Hello")])

    def test_a_hidden_line_is_not_shown(self) -> None:
        self.terminal.prompt("New password: ", hidden=True)
        self.press("secret\r")
        self.assertNotIn("secret", self.shown())

    def test_a_long_line_stays_on_its_row(self) -> None:
        self.terminal.prompt("You: ", talks=True)
        self.press("x" * 200)
        rows = self.shown().split("\r\x1b[K")
        self.assertTrue(all(len(re.sub(r"\r\x1b\[\d+C", "", row)) <= 30 for row in rows[1:]), rows)

    def test_ctrl_c_drops_the_line_first(self) -> None:
        self.terminal.prompt("You: ", talks=True)
        self.press("oops\x03")
        self.assertEqual(self.keys, [])
        self.assertIn("oops^C", self.shown())
        self.press("\x03")
        self.assertEqual(self.keys, [Key("interrupt")])

    def test_mode_and_blocking_are_as_before(self) -> None:
        self.assertNotEqual(termios.tcgetattr(self.near)[3], self.before[3])
        self.assertTrue(os.get_blocking(self.near))
        self.terminal.stop()
        self.assertEqual(termios.tcgetattr(self.near), self.before)
        self.assertTrue(os.get_blocking(self.near))
        self.assertIn("\x1b[?2004l", self.shown())

    def test_stopping_twice_is_once(self) -> None:
        self.terminal.stop()
        self.shown()
        self.terminal.stop()
        self.assertEqual(self.shown(), "")

    def test_clear(self) -> None:
        self.terminal.prompt("You: ", talks=True)
        self.terminal.clear()
        self.assertIn("\x1b[H\x1b[2J", self.shown())
