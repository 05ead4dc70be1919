"""Each dialogue of `tests/dialogues`, over the binary port, over the line port, over both at once, and every store.

    people alice bob             these have accounts, are in, and have forgotten how they came in
    alice> send @bob hello       somebody does something (the verbs are the methods of `tests/stage/frames.py`)
    bob< message ...             the next thing somebody hears, as `tests/stage/shown.py` writes it
    * restart                    the house: restart, wait SECONDS, slow, commit, at PORT WHO
    [frames] bob> inbox          only where this person is on the frames; `[lines]`, only where on the line port

The rest of the language is in `tests/stage/script.py`. A person is `alice`, another device of hers `alice/phone`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from tests.stage.stage import PORTS, Stage, ports_of

FOLDER = Path(__file__).parent / "dialogues"


class Dialogues:
    """One test a file; the names of the tests are the names of the files."""

    def store(self) -> Store:
        """Where messages are kept."""
        raise NotImplementedError


def _plays(text: str, port: str) -> Callable[[Any], None]:
    return lambda test: Stage(test.store(), PORTS[port]).play(text)


for file in sorted(FOLDER.glob("*.txt")):
    script = file.read_text("utf-8")
    for port in ports_of(script):
        setattr(Dialogues, f"test_{file.stem}_over_{port}", _plays(script, port))


class InMemory(Dialogues, SynchronousTestCase):
    """Over the store that keeps nothing."""

    def store(self) -> Store:
        return MemoryStore()

    def test_what_is_not_mentioned_is_noticed(self) -> None:
        for port, ports in PORTS.items():
            for text in (
                "people a1 b2\na1> send @b2 hi\na1< accepted dm:a1:b2 1 sent",
                "people a1 b2\nb2> break",
                "people a1\na1> away\n* restart",
            ):
                with self.assertRaises(AssertionError, msg=port):
                    Stage(self.store(), ports).play(text)

    def test_what_is_not_so_is_noticed(self) -> None:
        for ports in PORTS.values():
            for line in ("a1< failed guest", "b2< done", "b2< presence b2 away x", "b2< presence a1 lost"):
                with self.assertRaises(AssertionError):
                    Stage(self.store(), ports).play("people a1 b2\na1> away x\n" + line)


class InSqlite(Dialogues, SynchronousTestCase):
    """Over the real one."""

    def store(self) -> Store:
        store = SqliteStore(self.mktemp())
        self.addCleanup(store.close)
        return store
