"""Work in a process of its own: real ones, on the real reactor. (`tests/operations/test_apart.py` has the rest.)"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, inlineCallbacks
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from chatd.data import DataFolder
from chatd.operations import apart
from chatd.store.sqlite import SqliteStore
from tests.store.contract import PEOPLE, message

running: Any = reactor


class ChildrenTests(TestCase):
    """The processes of one server."""

    def setUp(self) -> None:
        self.data = self.mktemp()
        folder = DataFolder(self.data)
        folder.path.mkdir()
        store = SqliteStore(folder.database)
        store.commit([*PEOPLE, *(message(number) for number in range(1, 21))])
        store.close()
        self.children = apart.Children(running)
        self.addCleanup(self.children.close)

    @inlineCallbacks
    def test_what_it_says(self) -> Any:
        found = yield apart.asked(self.children, "verify", self.data)
        self.assertEqual((found["problems"], found["counts"]["message"]), ([], 20))
        found = yield apart.asked(self.children, "verify", self.data, "--nonsense")
        self.assertIn("--nonsense", found["problems"][0])
        self.assertEqual(self.children._running, set())

    @inlineCallbacks
    def begun(self) -> Any:
        """A backup in the middle: of a file that takes twenty seconds at its pace."""
        folder = Path(self.data) / "files"
        folder.mkdir()
        with open(folder / "a", "wb") as file:
            file.truncate(512 << 20)
        done: Deferred[Any] = apart.asked(self.children, "backup", self.data, "--", str(Path(self.data) / "copy"))
        part = Path(self.data) / "copy.part"
        while not (part / "files").exists() and not done.called:
            yield deferLater(running, 0.01)
        return [done]

    @inlineCallbacks
    def test_who_gives_up_ends_it_and_nothing_is_left(self) -> Any:
        (done,) = yield self.begun()
        done.cancel()
        self.failureResultOf(done, CancelledError)
        yield self.ended()

    @inlineCallbacks
    def test_the_server_ends_it(self) -> Any:
        (done,) = yield self.begun()
        self.children.close()
        yield self.ended()
        self.assertNotEqual(self.successResultOf(done)["problems"], [])

    @inlineCallbacks
    def ended(self) -> Any:
        """Wait until the process is over, and see what it has left."""
        while self.children._running:
            yield deferLater(running, 0.01)
        self.assertEqual(list(Path(self.data).glob("copy*")), [])
