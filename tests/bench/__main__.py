"""`python -m tests.bench [--quick] [--only ROW] [--json FILE]`: measure, and print one table.

Rule: the two servers take turns, so that a slow moment of the machine falls on both. Progress goes to standard
error; the exit status says nothing of how fast it was.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.bench import encryption, growing, primitives, servers
from tests.bench.arriving import bare_sessions, chatd_sessions, guests, tls_sessions
from tests.bench.beside import KEYS, Beside
from tests.bench.comeback import comeback
from tests.bench.floods import direct_flood, group_flood
from tests.bench.latency import direct_latency, group_latency
from tests.bench.links import raise_open_files
from tests.bench.mailbox import Mailbox
from tests.bench.people import GROUPS, Account, BareSide, ChatdSide, Side, names
from tests.bench.report import Figure, Line, Row, as_json, rows, table
from tests.bench.starts import Starts, has_display

SPARE_FILES = 100
STORED, SESSION, GROWTH, COMEBACK = (
    "stored-mail",
    "sessions",
    "growth",
    "comeback",
)  # the keys of the rows that are not measured on the crowd
SECURE, RSA = "encryption", "rsa"
START = "start"


class Size(NamedTuple):
    """How much of everything: runs of each kind, seconds of a flood and of a latency run, sessions."""

    runs: int
    few: int
    seconds: float
    clocked: float
    sessions: int
    repeats: int
    back: int


FULL = Size(5, 5, 1.0, 2.0, 5000, 100, 10_000)
QUICK = Size(3, 1, 0.3, 0.5, 1000, 30, 1000)


class Case(NamedTuple):
    """Something to measure on both sides, and the lines that its figures go to."""

    key: str
    kind: str
    lines: tuple[Line, ...]
    measure: Callable[[Side, float], list[Figure]]
    clocked: bool = False


def cases() -> Iterator[Case]:
    """Everything that is measured on the crowd, connection by connection."""
    for kind in ("plain", "tls"):
        for size in GROUPS:
            name = f"group of {size:,}, {kind}"
            lines = (Line(name, "deliveries/s", 1.0), Line(name, "server us/delivery"))
            yield Case(f"group-{size}-{kind}", kind, lines, partial(group_flood, size=size))
        name, least = f"direct, {kind}", 0.3 if kind == "plain" else None
        lines = (Line(name, "messages/s", least), Line(name, "server us/message"))
        yield Case(f"direct-{kind}", kind, lines, direct_flood)
        name = f"group of 100 at 100/s, {kind}"
        yield Case(f"latency-group-{kind}", kind, (Line(name, "ms p50"), Line(name, "ms p99")), group_latency, True)
        name = f"direct at 2,000/s, {kind}"
        plain = kind == "plain"
        lines = (Line(name, "ms p50", most=0.6 if plain else None), Line(name, "ms p99", most=2.0 if plain else None))
        yield Case(f"latency-direct-{kind}", kind, lines, direct_latency, True)


DIRECT = (Line("client: an encrypted direct message sent", "ms CPU", most=2.0), Line("and one received", "ms CPU"))
REKEY = (Line("client: a new key for a group of 60 devices", "ms CPU", most=50.0), Line("and its ciphertexts", "KiB"))
MAIL = (Line("20,000 stored messages to one reader", "messages/s"), Line("the first of them", "ms", most=20.0))
SESSIONS = (
    Line("sign-ups, with keys", "per s"), Line("sign-ups, with keys", "server us each"),
    Line("idle session, plain", "KiB", most=6.0),
)  # fmt: skip
TLS_SESSIONS = (Line("idle session, TLS", "KiB", most=36.0),)
GUESTS = (Line("IRC guests coming in", "per s", floor=10_000.0), Line("IRC guests coming in", "server us each"))

GOAL = 0.4  # seconds that somebody waits for a prompt
INSIDE, USED = Line("and logged in", "s", most=GOAL), Line("processor time until then", "s")
SCREEN = (Line("chat, the full screen: its prompt", "s", most=GOAL), INSIDE, USED)
PLAIN = (Line("chat --plain: logged in, with its prompt", "s", most=GOAL), USED)
GUI = (Line("chat-gui: its window", "s", most=GOAL), INSIDE, USED)
ERRAND = (Line("chat send, to its end", "s"),)
SERVICE = (Line("twistd chatd: the first message accepted", "s"),)


class Bench:
    """One run of everything that is asked for."""

    def __init__(self, place: Path, size: Size, only: str) -> None:
        self.place = place
        self.size = size
        self.only = only
        self.rows: list[Row] = []
        self._start = time.monotonic()

    def wanted(self, key: str) -> bool:
        """Is this row asked for?"""
        return self.only in key

    def say(self, text: str) -> None:
        """Tell on standard error what is going on."""
        print(f"{time.monotonic() - self._start:6.1f} s  {text}", file=sys.stderr, flush=True)

    def run(self) -> None:
        """All of it."""
        wanted = [case for case in cases() if self.wanted(case.key)]
        if wanted:
            self.talk(wanted)
        if self.wanted(STORED):
            self.mail()
        if self.wanted(SESSION):
            self.sessions()
        if self.wanted(GROWTH):
            self.growth()
        if self.wanted(COMEBACK):
            self.comeback()
        self.rows += Beside(self.place, self.size.runs, self.size.seconds, self.wanted, self.say).rows()
        if self.wanted(SECURE):
            self.encryption()
        if self.wanted(RSA):
            self.rsa()
        if self.wanted(START):
            self.starts()

    def talk(self, wanted: Sequence[Case]) -> None:
        """The cases, on a crowd that stays as long as the kind of connection."""
        with ExitStack() as stack:
            sides = [
                ChatdSide(stack.enter_context(servers.chatd(self.place))),
                BareSide(stack.enter_context(servers.bare(self.place))),
            ]
            kind = ""
            for case in wanted:
                if case.kind != kind:
                    kind = case.kind
                    self.say(f"1,000 people come in, {kind}")
                    for side in sides:
                        side.connect(kind)
                self.say(case.key)
                figures: list[list[list[Figure]]] = [[], []]
                for run in range(self.size.runs):
                    for mine, side in list(zip(figures, sides, strict=True))[:: -1 if run % 2 else 1]:
                        mine.append(case.measure(side, self.size.clocked if case.clocked else self.size.seconds))
                self.rows += rows(case.lines, *figures)
            for side in sides:
                side.close()

    def mail(self) -> None:
        """Stored messages; nothing to compare with."""
        self.say(STORED)
        with servers.chatd(self.place, "mail") as target:
            mailbox = Mailbox(target)
            self.rows += rows(MAIL, [mailbox.drain() for _ in range(self.size.runs)])

    def encryption(self) -> None:
        """What it costs a client; nothing to compare with."""
        self.say(SECURE)
        repeats = self.size.repeats
        self.rows += rows(DIRECT, [encryption.direct(self.place, run, repeats) for run in range(self.size.runs)])
        self.rows += rows(REKEY, [encryption.rekey(self.place, run, repeats // 10) for run in range(self.size.runs)])

    def rsa(self) -> None:
        """The keys that are used, and RSA as the other one."""
        self.say(RSA)
        for size in primitives.SIZES:
            for work in primitives.works(size):
                ours, theirs = primitives.measured(work, self.size.seconds / 5)
                self.rows.append(Row(work.what, work.unit, [Figure(ours)], [Figure(theirs)]))

    def starts(self) -> None:
        """From a command to its prompt; the first start of each, which makes byte code, does not count."""
        with Starts(self.place).running() as starts:
            works = [(SCREEN, starts.screen), (PLAIN, starts.line), (ERRAND, starts.errand), (SERVICE, starts.service)]
            gone = has_display()
            if not gone:
                works.insert(2, (GUI, starts.windows))
            self.say(START + (f", but not chat-gui: {gone}" if gone else ""))
            for lines, measure in works:
                figures = [measure() for _ in range(self.size.runs + 1)]
                self.rows += rows(lines, figures[1:])

    def growth(self) -> None:
        """What a delivery costs in ever larger groups."""
        self.say(GROWTH)
        found = growing.growth(self.place, self.size.few, self.size.seconds)
        lines = [Line(f"growth: group of {size:,}", "server us/delivery") for size in growing.SIZES]
        self.rows += rows(lines, found)

    def comeback(self) -> None:
        """All connect again after a kill."""
        for kind in ("plain", "tls"):
            self.say(f"{COMEBACK}, {kind}: {self.size.back:,} people")
            name = f"{self.size.back:,} come back after a kill, {kind}"
            lines = Line(name, "s until all are in", most=60.0), Line(name, "ms reactor late, p99", most=250.0)
            self.rows += rows(lines, [comeback(self.place, self.size.back, kind)])

    def sessions(self) -> None:
        """Sign-ups and idle memory, on servers that do nothing else."""
        count = min(self.size.sessions, raise_open_files() - SPARE_FILES)
        ours, theirs, lines, tls = [], [], [], []
        for run in range(self.size.few):
            self.say(f"sessions: keys for {count:,} people")
            accounts = [Account(name) for name in names(count)]
            self.say("sessions")
            ours.append(chatd_sessions(self.place, accounts, run))
            theirs.append(bare_sessions(self.place, count))
            lines.append(guests(self.place, count, run))
            tls.append(tls_sessions(self.place, accounts[: count // 2], run))
        self.rows += rows(SESSIONS, ours, theirs)
        self.rows += rows(GUESTS, lines, theirs)
        self.rows += rows(TLS_SESSIONS, tls)


def about(place: Path) -> dict[str, str]:
    """What one has to know of the machine."""
    shared = servers.SERVER_CPU == servers.LOAD_CPU
    return {
        "python": sys.version.split()[0],
        "cpus": "server and load generator share one" if shared else "server on one, load generator on another",
        "disk": f"{servers.sync_seconds(place) * 1000:.2f} ms for one fdatasync",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="less of everything, under a minute")
    parser.add_argument("--only", default="", metavar="ROW", help="rows whose key contains this, such as direct-plain")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure of every run there")
    options = parser.parse_args(arguments)
    keys = [*(case.key for case in cases()), STORED, SESSION, GROWTH, COMEBACK, *KEYS, SECURE, RSA, START]
    if not any(options.only in key for key in keys):
        parser.error(f"no row's key contains {options.only!r}; they are {', '.join(keys)}")
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    raise_open_files()
    os.sched_setaffinity(0, {servers.LOAD_CPU})
    with servers.folder() as place:
        told = about(place)
        bench = Bench(place, QUICK if options.quick else FULL, options.only)
        bench.run()
    print("; ".join(f"{key}: {value}" for key, value in told.items()), end="\n\n")
    print(table(bench.rows))
    if options.json:
        options.json.write_bytes(as_json(bench.rows, told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
