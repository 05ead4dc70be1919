"""Rows beside other people's servers: InspIRCd, ngIRCd and Prosody where they are installed, and the bare one.

Rule: all sides of a row take turns, and each does what it does by itself: no IRC server stores anything, Prosody
stores, chatd stores all of it with `synchronous=FULL`. A goal of the table is one of `performance.md`, with its window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.bench import servers, xmpp
from tests.bench.floods import direct_flood
from tests.bench.irc import PEERS, IrcSide, installed, irc_flood, program, without
from tests.bench.latency import group_latency
from tests.bench.mailbox import Mailbox
from tests.bench.people import BareSide, ChatdSide, Side
from tests.bench.report import Figure, Line, Row, rows

WINDOW = 10  # of the goals
EMPTY = Line("", "")


class Contest(NamedTuple):
    """A row that several servers run: `goals` has the lines beside a peer that is named there."""

    key: str
    name: str
    units: tuple[str, str]
    measure: Callable[[Side, float], list[Figure]]
    goals: dict[str, tuple[Line, Line]]

    def lines(self, peer: str) -> tuple[Line, Line]:
        """The two lines beside this peer."""
        found = self.goals.get(peer, (EMPTY, EMPTY))
        name = f"{self.name}, {peer}" if peer else self.name
        one, other = (line._replace(name=name, unit=unit) for line, unit in zip(found, self.units, strict=True))
        return one, other


def goal(least: float | None = None, share: float | None = None) -> tuple[Line, Line]:
    """A ratio of what is done that is to be reached, and one of what it costs that is not to be exceeded."""
    return Line("", "", least=least), Line("", "", share=share)


RATE = ("deliveries/s", "server us/delivery")
IRC = (
    Contest("irc-100", "IRC group of 100", RATE, partial(irc_flood, size=100),
            {"inspircd": goal(1.3), "bare": goal(4.0)}),
    Contest("irc-1000", "IRC group of 1,000", RATE, partial(irc_flood, size=1000),
            {"inspircd": goal(4.0, 0.25), "bare": goal(8.0)}),
    Contest("irc-one", "IRC group of 1,000, one in flight", RATE, partial(irc_flood, size=1000, senders=1, window=1),
            {"inspircd": goal(share=0.85), "bare": goal(share=0.35)}),
    Contest("irc-latency", "IRC group of 1,000 at 20/s, last member", ("ms p50", "ms p99"),
            partial(group_latency, size=1000, rate=20.0), {"inspircd": (Line("", "", share=1.0), EMPTY)}),
)  # fmt: skip
IRC_TLS = Contest("irc-tls", "IRC group of 1,000, ours over TLS", RATE, partial(irc_flood, size=1000),
                  {"inspircd": goal(share=0.6)})  # fmt: skip
DIRECT = Contest("peers-direct", "direct, window 10", ("messages/s", "server us/message"),
                 partial(direct_flood, window=WINDOW),
                 {"inspircd": goal(0.2), "prosody": goal(100.0), "prosody-wal": goal(40.0)})  # fmt: skip
DRAIN = "peers-drain"
DRAIN_GOALS = {"prosody-wal": 10.0}
KEYS = [*(contest.key for contest in IRC), IRC_TLS.key, DIRECT.key, DRAIN]


class Beside:
    """One run of these rows: `wanted` says whether a key is asked for, `say` tells what goes on."""

    def __init__(
        self, place: Path, runs: int, seconds: float, wanted: Callable[[str], bool], say: Callable[[str], None]
    ) -> None:
        self.place = place
        self.runs = runs
        self.seconds = seconds
        self.wanted = wanted
        self.say = say

    def rows(self) -> Iterator[Row]:
        """Everything that is asked for."""
        if any(self.wanted(contest.key) for contest in (*IRC, IRC_TLS)):
            yield from self._irc()
        if self.wanted(DIRECT.key):
            yield from self._direct()
        if self.wanted(DRAIN):
            yield from self._drain()

    def _sides(self, stack: ExitStack, names: Sequence[str]) -> list[Side]:
        """Other servers, with their crowds."""
        found: list[Side] = []
        for name in names:
            side: Side
            if name == "bare":
                side = BareSide(stack.enter_context(servers.bare(self.place)))
            elif name in PEERS:
                side = IrcSide(stack.enter_context(PEERS[name](self.place)), name)
            else:
                side = xmpp.XmppSide(stack.enter_context(prosodies()[name](self.place)), name)
            self.say(f"everybody comes in, {name}")
            side.connect("plain")
            stack.callback(side.close)
            found.append(side)
        return found

    def _irc(self) -> Iterator[Row]:
        peers = [*installed(), "bare"]
        self.say(without(peers) or f"beside {', '.join(peers)}")
        with ExitStack() as stack:
            ours = IrcSide(stack.enter_context(servers.chatd(self.place, "irc")), "chatd")
            ours.connect("plain")
            others = self._sides(stack, peers)
            for contest in IRC:
                if self.wanted(contest.key):
                    yield from self._contest(contest, ours, others)
            if self.wanted(IRC_TLS.key):
                ours.close()
                ours.connect("tls")
                yield from self._contest(IRC_TLS, ours, others[:-1] or others)
            ours.close()

    def _direct(self) -> Iterator[Row]:
        with ExitStack() as stack:
            ours = ChatdSide(stack.enter_context(servers.chatd(self.place, "direct")))
            ours.connect("plain")
            others = self._sides(stack, [*(name for name in installed() if name == "inspircd"), *prosodies()])
            if others:
                yield from self._contest(DIRECT, ours, others)
            ours.close()

    def _drain(self) -> Iterator[Row]:
        with servers.chatd(self.place, "drain") as target:
            mailbox = Mailbox(target)
            ours = [mailbox.drain() for _ in range(self.runs)]
        for name, server in prosodies().items():
            self.say(f"{DRAIN}, {name}")
            with server(self.place) as target:
                found = xmpp.drain(target)
            what = f"stored mail to one reader, {name}"
            lines = Line(what, "messages/s", least=DRAIN_GOALS.get(name)), Line(what, "ms to the first")
            yield from rows(lines, ours, [found] * len(ours))

    def _contest(self, contest: Contest, ours: Side, others: Sequence[Side]) -> Iterator[Row]:
        self.say(contest.key)
        figures: list[list[list[Figure]]] = [[] for _ in (ours, *others)]
        for run in range(self.runs):
            for mine, side in list(zip(figures, (ours, *others), strict=True))[:: -1 if run % 2 else 1]:
                mine.append(contest.measure(side, self.seconds))
        for side, theirs in zip(others, figures[1:], strict=True):
            yield from rows(contest.lines(side.name), figures[0], theirs)


def prosodies() -> dict[str, Callable[[Path], AbstractContextManager[servers.Target]]]:
    """Prosody as it is and with a write-ahead log, where it is installed."""
    if program("prosody") is None:
        return {}
    return {"prosody": partial(xmpp.prosody, wal=False), "prosody-wal": partial(xmpp.prosody, wal=True)}
