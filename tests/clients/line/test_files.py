"""`chat file` and `chat get`: what they print, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from clients.core import intents as i
from clients.core import notices as n
from clients.core import offers as o
from clients.core.moving import MOVING, Moving
from clients.core.offers import Offer
from clients.core.style import Style
from clients.line.errand import Context
from clients.line.files import GettingFile, Moved, SendingFile

OFFER = Offer(bytes(range(16)), "a.pdf", 100, b"h" * 32)
ID = OFFER.id.hex()


class Lines:
    """What is printed."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.err: list[str] = []

    def line(self, text: str, problem: bool = False) -> None:
        """One line."""
        (self.err if problem else self.out).append(text)

    def flush(self) -> None:
        """Nothing to do."""


class Application:
    """Notes what it is to do."""

    session: Any = None

    def __init__(self) -> None:
        self.acts: list[i.Intent] = []
        self.session = self
        self.secure = None

    def settling(self) -> bool:
        """Nothing is under way."""
        return False

    def start(self) -> None:
        """Connect."""

    def act(self, intent: i.Intent) -> None:
        """Do this."""
        self.acts.append(intent)


class ErrandCase(SynchronousTestCase):
    """An errand that has come in."""

    codes: list[int]

    def begun(self, kind: Callable[..., Moved], *words: Any, terminal: bool = False, **how: Any) -> Moved:
        """One."""
        self.output, self.clock = Lines(), Clock()
        self.codes = []
        context = Context(self.output, self.clock, Style, self.codes.append, None, **how)  # type: ignore[arg-type]
        errand = kind(context, *words, terminal)
        self.app = Application()
        errand.begin(self.app)  # type: ignore[arg-type]
        errand.notice(n.Welcomed("alice", (), 0, ()))
        return errand

    def over(self, errand: Moved) -> int:
        """How it ended."""
        self.assertEqual(self.app.acts[-1], i.Leave())
        errand.notice(n.Ended("left", ""))
        (code,) = self.codes
        return int(code)

    def moving(self, state: str, done: int = 0, at: float = 0.0, **more: Any) -> Moving:
        """How the file stands."""
        way = more.pop("way", o.DOWN)
        who = ("@bob",) if way == o.UP else ("bob",)
        return Moving(more.pop("offer", OFFER), way, state, more.pop("who", who), done, at=at, **more)


class SendingTests(ErrandCase):
    """`chat file`."""

    def test_sent(self) -> None:
        errand = self.begun(SendingFile, ("@bob",), "/x/a.pdf")
        self.assertEqual(self.app.acts, [i.SendFile(("@bob",), "/x/a.pdf")])
        errand.notice(self.moving(MOVING, 50, 9.0, way=o.UP))
        errand.notice(self.moving(o.SENT, 100, way=o.UP))
        self.assertEqual((self.over(errand), self.output.out, self.output.err), (0, [f"sent {ID}"], []))

    def test_to_several_it_ends_when_all_have_it(self) -> None:
        errand = self.begun(SendingFile, ("@bob", "@eve", "#hw"), "/x/a.pdf")
        other = Offer(b"o" * 16, "a.pdf", 100, b"h" * 32)
        errand.notice(self.moving(o.SENT, way=o.UP))
        errand.notice(self.moving(o.SENT, way=o.UP, offer=other, who=("@eve", "#hw")))
        self.assertEqual((self.over(errand), len(self.output.out)), (0, 2))

    def test_another_file_that_goes_on_meanwhile_is_not_it(self) -> None:
        errand = self.begun(SendingFile, ("@bob",), "/x/a.pdf")
        errand.notice(self.moving(o.SENT, way=o.UP, who=("@eve",)))
        errand.notice(self.moving(o.RECEIVED))
        self.assertEqual((self.app.acts[1:], self.output.out), ([], []))

    def test_exits(self) -> None:
        for code, status in (
            ("no-such-user", 5), ("quota-full", 7), ("storage-full", 7), ("file-too-large", 7), ("disk", 1),
            ("guest", 7),
        ):  # fmt: skip
            errand = self.begun(SendingFile, ("@bob",), "/x/a.pdf")
            errand.notice(self.moving(o.FAILED, way=o.UP, code=code, text="Why."))
            self.assertEqual((self.over(errand), self.output.err), (status, ["a.pdf: Why."]), code)
        errand = self.begun(SendingFile, ("@bob",), "/x/a.pdf")
        errand.notice(n.Refused("no-such-file", "There is no file /x/a.pdf."))
        self.assertEqual((self.over(errand), self.output.err), (2, ["There is no file /x/a.pdf."]))


class GettingTests(ErrandCase):
    """`chat get`."""

    def test_received(self) -> None:
        errand = self.begun(GettingFile, ID[:6].upper(), "/x/")
        self.assertEqual(self.app.acts, [i.GetFile(ID[:6].upper(), "/x/")])
        errand.notice(self.moving(MOVING, 50, 9.0))
        errand.notice(self.moving(o.RECEIVED, 100, path="/x/a.pdf"))
        self.assertEqual((self.over(errand), self.output.out, self.output.err), (0, ["/x/a.pdf"], []))

    def test_as_objects(self) -> None:
        errand = self.begun(GettingFile, "a.pdf", "", json=True)
        errand.notice(self.moving(MOVING, 50, 0.5, rate=10.0, left=5.0))
        errand.notice(self.moving(o.RECEIVED, 100, path="/x/a.pdf"))
        self.assertEqual(self.over(errand), 0)
        progress, received = map(json.loads, self.output.out)
        self.assertEqual(
            (progress["event"], progress["done"], progress["rate"], progress["left"]), ("progress", 50, 10, 5.0)
        )
        self.assertEqual((received["event"], received["state"], received["path"]), ("file", "received", "/x/a.pdf"))
        self.assertEqual(received["file"]["id"], ID)

    def test_an_error_as_an_object(self) -> None:
        errand = self.begun(GettingFile, ID, "", json=True)
        errand.notice(self.moving(o.FAILED, code="FILE_CORRUPT", text="Damaged."))
        self.assertEqual(self.over(errand), 1)
        (error,) = map(json.loads, self.output.out)
        self.assertEqual((error["event"], error["code"], error["text"]), ("error", "FILE_CORRUPT", "Damaged."))

    def test_how_far_it_is_is_told_where_somebody_looks(self) -> None:
        for terminal, verbose, quiet, expected in (
            (False, False, False, 0), (True, False, False, 3), (False, True, False, 3), (True, True, True, 0),
        ):  # fmt: skip
            errand = self.begun(GettingFile, ID, "", terminal=terminal, verbose=verbose, quiet=quiet)
            for half in range(20):
                errand.notice(self.moving(MOVING, half, half / 2))
            self.assertEqual(len([line for line in self.output.err if "fetched" in line]), expected)

    def test_no_time_limit_but_a_given_one(self) -> None:
        errand = self.begun(GettingFile, ID, "")
        self.clock.advance(3600)
        self.assertEqual(self.app.acts[1:], [])
        errand = self.begun(GettingFile, ID, "", wait=5.0)
        self.clock.advance(6)
        self.assertEqual(self.over(errand), 9)
