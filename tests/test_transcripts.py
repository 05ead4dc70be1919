"""Each transcript of `tests/dialogues/irc`, over every store; and together they show all that the line port can say."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc import caps
from chatd.ports.irc.table import COMMANDS
from chatd.ports.lines import Lines
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from chatd.wire import numerics
from tests.stage.transcript import Transcript

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "dialogues" / "irc"
ABOUT_CAPABILITIES = FOLDER / "capabilities"
FILES = {
    **{file.stem: file for file in sorted(FOLDER.glob("*.txt"))},
    **{"capability_" + file.stem: file for file in sorted(ABOUT_CAPABILITIES.glob("*.txt"))},
}
PORT = (*(ROOT / "chatd" / "ports" / "irc").glob("*.py"), ROOT / "chatd" / "ports" / "lines.py")
# What these promise is there for everybody; to have one only says that one knows it.
TELLS_ONLY = {"cap-notify", "draft/account-registration", "sasl", "standard-replies"}


def played(text: str, store: Store) -> None:
    """Play a transcript to its end; the server must not have stumbled."""
    transcript = Transcript(store)
    transcript.play(text)
    assert not transcript.house.failures, transcript.house.failures


class Transcripts:
    """One test a file; the names of the tests are the names of the files."""

    def store(self) -> Store:
        """Where messages are kept."""
        raise NotImplementedError


def _plays(path: Path) -> Callable[[Any], None]:
    def plays(test: Any) -> None:
        played(path.read_text("utf-8"), test.store())

    return plays


for name, file in FILES.items():
    setattr(Transcripts, "test_" + name, _plays(file))


class InMemory(Transcripts, SynchronousTestCase):
    """Over the store that keeps nothing."""

    def store(self) -> Store:
        return MemoryStore()


class InSqlite(Transcripts, SynchronousTestCase):
    """Over the real one."""

    def store(self) -> Store:
        store = SqliteStore(self.mktemp())
        self.addCleanup(store.close)
        return store


# ---- everything is shown -----------------------------------------------------------------------------------------


def said() -> Iterator[str]:
    """What people send, in all transcripts."""
    for file in FILES.values():
        yield from re.findall(r"(?:^\S+?>>? *|^\* \S+ sends \d+ times )(?:@\S* )?(.*)", file.read_text("utf-8"), re.M)


def heard() -> Iterator[str]:
    """What they get."""
    for file in FILES.values():
        yield from re.findall(r"^\S+?< (?:@\S* )?(.*)", file.read_text("utf-8"), re.M)


def fail_codes() -> set[str]:
    """The codes of standard replies, as they stand in the sources of the port."""
    trees = (ast.walk(ast.parse(path.read_text("utf-8"))) for path in PORT)
    words = {node.value for tree in trees for node in tree if isinstance(node, ast.Constant)}
    return {word for word in words if isinstance(word, str) and re.fullmatch(r"[A-Z]+(_[A-Z0-9]+)+", word)}


class CompletenessTests(SynchronousTestCase):
    """What is in no transcript is not there, or is not shown to anybody who reads them."""

    def test_every_command(self) -> None:
        shown = {line.split(" ", 1)[0].upper() for line in said()}
        self.assertEqual(set(COMMANDS) - shown, set())

    def test_every_numeric(self) -> None:
        shown = {found[1] for line in heard() if (found := re.match(r":test\.example (\d\d\d) ", line))}
        every = {value.number for value in vars(numerics).values() if isinstance(value, numerics.Numeric)}
        self.assertEqual(every - shown, set())

    def test_every_standard_reply(self) -> None:
        shown = {
            found[1] for line in heard() if (found := re.match(r":test\.example (?:FAIL|WARN|NOTE) \S+ (\S+)", line))
        }
        self.assertEqual(fail_codes() - shown, set())

    def test_every_capability(self) -> None:
        shown = {file.stem for file in ABOUT_CAPABILITIES.glob("*.txt")}
        self.assertEqual({_stem(name) for name in (*caps.CAPABILITIES, "sts")}, shown)


# ---- a broken capability is noticed --------------------------------------------------------------------------------


def _stem(capability: str) -> str:
    return re.sub(r"\W", "_", capability)


class Broken(Transcript):
    """A server on which one capability is everybody's, or nobody's, whatever they ask for."""

    def __init__(self, name: str, has: bool) -> None:
        super().__init__(MemoryStore())
        self.name = name
        self.has = has

    def line(self, line: str) -> None:
        super().line(line)
        for peer in self.peers.values():
            inner = peer.door._inner
            if isinstance(inner, Lines) and (self.name in inner.client.caps) != self.has:
                inner.client.set_caps(inner.client.caps ^ {self.name})


class BreakingTests(SynchronousTestCase):
    """Each capability's transcript fails when having it makes no difference: when it never works, or always does."""

    def broken(self, name: str, has: bool) -> None:
        """It is noticed."""
        text = (ABOUT_CAPABILITIES / f"{_stem(name)}.txt").read_text("utf-8")
        with self.assertRaises(AssertionError):
            Broken(name, has).play(text)

    def test_what_changes_nothing_is_not_noticed(self) -> None:
        for name in set(caps.CAPABILITIES) - TELLS_ONLY:
            text = (ABOUT_CAPABILITIES / f"{_stem(name)}.txt").read_text("utf-8")
            Broken("standard-replies", True).play(text)


def _breaks(name: str, has: bool) -> Callable[[BreakingTests], None]:
    return lambda test: test.broken(name, has)


for capability in set(caps.CAPABILITIES) - TELLS_ONLY:
    setattr(BreakingTests, f"test_{_stem(capability)}_for_nobody", _breaks(capability, False))
    setattr(BreakingTests, f"test_{_stem(capability)}_for_everybody", _breaks(capability, True))
