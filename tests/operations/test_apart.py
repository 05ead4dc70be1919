"""Work in a process of its own: what is run, what it says, how it ends. (Real ones: `tests/process`.)"""

from __future__ import annotations

import sys
from typing import Any, cast

from twisted.internet.defer import CancelledError
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd.operations import apart


class Spawned:
    """A reactor that notes what it is to run, and the one process of it."""

    def __init__(self) -> None:
        self.command: list[str] = []
        self.signals: list[str] = []
        self.over = False

    def spawnProcess(self, child: Any, executable: str, args: list[str], env: dict[str, str]) -> None:
        """It runs."""
        assert executable == sys.executable == args[0]
        self.command, self.child = args[1:], child
        child.makeConnection(self)

    def signalProcess(self, name: str) -> None:
        """It is told something."""
        if self.over:
            raise ProcessExitedAlready
        self.signals.append(name)

    def say(self, text: bytes, err: bytes = b"") -> None:
        """It prints something, and ends."""
        self.child.childDataReceived(1, text)
        self.child.childDataReceived(2, err)
        self.child.processEnded(Failure(ProcessDone(0)))
        self.over = True


class ApartTests(SynchronousTestCase):
    """One process."""

    def setUp(self) -> None:
        self.reactor = cast(Any, Spawned())
        self.children = apart.Children(self.reactor)
        self.done = apart.asked(self.children, "verify", "data", "--", "x")

    def test_the_command(self) -> None:
        self.assertEqual(
            self.reactor.command, ["-c", apart.PROGRAM, "verify", "--json", "--data", "data", "--", "x"]
        )  # fmt: skip

    def test_what_it_says(self) -> None:
        self.reactor.say(b'{"counts": 1}')
        self.assertEqual(self.successResultOf(self.done), {"problems": [], "counts": 1})

    def test_what_is_no_answer(self) -> None:
        self.reactor.say(b"", b"something\nusage: no such thing\n")
        self.assertEqual(self.successResultOf(self.done), {"problems": ["usage: no such thing"]})

    def test_nothing(self) -> None:
        self.reactor.say(b"")
        self.assertEqual(self.successResultOf(self.done), {"problems": ["chatd-admin said nothing"]})

    def test_too_much(self) -> None:
        self.patch(apart, "MOST_BYTES", 10)
        self.reactor.child.childDataReceived(1, b"x" * 11)
        self.assertEqual(self.reactor.signals, ["TERM"])
        self.reactor.child.childDataReceived(1, b"x" * 10_000)
        self.reactor.say(b"")
        self.assertEqual(self.successResultOf(self.done), {"problems": ["chatd-admin said more than it may"]})

    def test_who_gives_up_ends_it(self) -> None:
        self.done.cancel()
        self.failureResultOf(self.done, CancelledError)
        self.assertEqual(self.reactor.signals, ["TERM"])
        self.reactor.say(b"")

    def test_all_are_ended(self) -> None:
        self.children.close()
        self.assertEqual(self.reactor.signals, ["TERM"])
        self.reactor.over = True
        self.children.close()
        self.reactor.say(b"{}")
        self.children.close()
        self.assertEqual(self.reactor.signals, ["TERM"])
