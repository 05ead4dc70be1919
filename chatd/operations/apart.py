"""What computes for seconds, or writes much, in a process of its own: `chatd-admin`'s verbs.

Rule: it has its own Python with its own lock, and gives way to everybody (`chatd.courtesy`); who gives up its Deferred
ends it, and the server ends it with itself: it then takes back what it had begun. What it says is bounded.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

PROGRAM: Final = "from chatd.admin import apart; apart()"
MOST_BYTES: Final = 16 << 20
TOO_MUCH: Final = b'{"problems": ["chatd-admin said more than it may"]}'
STDOUT, STDERR = 1, 2

Run = Callable[[Sequence[str]], "Deferred[tuple[bytes, bytes]]"]
"""Runs `chatd-admin` with these words; fires with what it printed to the one and to the other."""


def asked(run: Run, verb: str, data: str, *words: str) -> Deferred[dict[str, Any]]:
    """What a verb of `chatd-admin` says with --json about a data folder; `problems` is there whatever happens."""
    return run([verb, "--json", "--data", data, *words]).addCallback(_read)


def _read(said: tuple[bytes, bytes]) -> dict[str, Any]:
    try:
        found = json.loads(said[0])
    except ValueError:
        lines = said[1].decode("utf-8", "replace").strip().splitlines()
        return {"problems": [(lines or ["chatd-admin said nothing"])[-1]]}
    return {"problems": [], **found}


class Children:
    """The processes of one server. Called as `Run`."""

    def __init__(self, reactor: IReactorProcess) -> None:
        self._reactor = reactor
        self._running: set[_Child] = set()

    def __call__(self, words: Sequence[str]) -> Deferred[tuple[bytes, bytes]]:
        child = _Child(self._running.discard)
        self._running.add(child)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", PROGRAM, *words]
        self._reactor.spawnProcess(child, sys.executable, command, environment)
        return child.done

    def close(self) -> None:
        """End them all."""
        for child in list(self._running):
            child.end()


class _Child(ProcessProtocol):
    """One of them."""

    def __init__(self, over: Callable[[_Child], None]) -> None:
        self.done: Deferred[tuple[bytes, bytes]] = Deferred(lambda _: self.end())
        self._over = over
        self._said = {STDOUT: b"", STDERR: b""}
        self._too_much = False

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        if self._too_much:
            return
        self._said[childFD] += data
        self._too_much = len(self._said[childFD]) > MOST_BYTES
        if self._too_much:
            self._said = {STDOUT: TOO_MUCH, STDERR: b""}
            self.end()

    def end(self) -> None:
        """Tell it to stop."""
        try:
            if self.transport is not None:
                self.transport.signalProcess("TERM")
        except ProcessExitedAlready:
            pass

    def processEnded(self, reason: Failure) -> None:
        """What it said is all there."""
        self._over(self)
        if not self.done.called:
            self.done.callback((self._said[STDOUT], self._said[STDERR]))
