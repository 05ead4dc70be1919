"""What the staff console does to chat: `python -m tests.bench.console [--quick]`.

Rule: a real server on a folder as large as `seeded` makes it, a thousand people connected, one of whom (in a process of
its own, as are they who hear) says something every 5 ms; an operator runs one verb after the other with the real
`ssh`; of two lists of the class, which come in turns, each changes something about everybody. Between two verbs nobody
runs any: those windows are what it was before, and show what else the machine does. A verb that seems to be too slow is
measured twice more, and the median counts. The exit status is 1 if one is.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.links import raise_open_files
from tests.bench.report import percentile
from tests.bench.seeded import EVERYBODY, Class, Size, roster, seed
from tests.process.bystanders import Bystanders
from tests.process.operators import Operator, missing
from tests.process.server import Server, environment
from tests.process.swarm import Swarm

MOST: Final = 20.0  # milliseconds that p99 may be longer with an operator at work
PAUSE: Final = 0.25  # seconds from the end of one `ssh` to the next
DEADLINE: Final = 120.0
EXPECTED: Final = (0, 5)  # the second: nobody has that name
QUICK: Final = Size(1000, 200, 20, 50, 200, 20_000, 100, 500)


class Timing(NamedTuple):
    """How long one verb, and each pause, is watched."""

    verb: float
    quiet: float


def verbs(made: Class) -> list[tuple[str, ...]]:
    """Those that read, tell or change much; where there are two lines they are run in turns."""
    most, all_of = made.size.here, f"--most {made.size.here}"
    absent, other = f"@{made.name(made.fullest)}", f"@{made.name(made.fullest - made.size.listed)}"
    lines = [
        f"who {all_of}", f"who --verbose --json {all_of}", f"user list {all_of}", f"user show {absent}x",
        f"group list {all_of}", f"group show {EVERYBODY} --members {all_of}", f"mailbox list --top {most}",
        f"mailbox show {absent}", f"message explain {EVERYBODY}:17", f"message explain {made.began:012x}",
        f"files list {all_of}", f"files quota {all_of}", "reports list", "bans", "invite list", "roster codes", "stats",
        f"top --by groups --count {most}", f"stuck --count {most}", f"audit --count {most}", "audit verify",
        f"announce --group {EVERYBODY} the room is A12 today", "roster sync --dry-run --adopt", "backup now --keep 1",
    ]  # fmt: skip
    changes = [
        (f"ban {other} 10m --yes", f"unban {other}"),
        (f"group role {EVERYBODY} {other} op", f"group role {EVERYBODY} {other} member"),
        (f"group remove {EVERYBODY} {other} --yes", f"group add {EVERYBODY} {other}"),
        ("roster sync --adopt",),
    ]  # fmt: skip
    return [*((line,) for line in lines), *changes]


class Script:
    """The operator's `ssh`, one after the other, while everything else goes on. `lists` are piped in, in turns."""

    def __init__(self, operator: Operator, lines: Sequence[str], lists: Sequence[Path]) -> None:
        self.took: list[float] = []
        self.trouble = ""
        self._operator, self._lines, self._lists = operator, itertools.cycle(lines), itertools.cycle(lists)
        self._running: subprocess.Popen[bytes] | None = None
        self._began = self._next = 0.0

    def step(self, goes_on: bool) -> bool:
        """Look after the running one, begin another if there is to be one; whether one runs."""
        now = time.monotonic()
        if self._running is not None and self._running.poll() is not None:
            self._end(self._running, now)
            self._running, self._next = None, now + PAUSE
        if self._running is None and goes_on and now >= self._next:
            self._running, self._began = self._begin(next(self._lines)), now
        return self._running is not None

    def _begin(self, line: str) -> subprocess.Popen[bytes]:
        with open(next(self._lists) if line.startswith("roster sync") else os.devnull, "rb") as typed:
            return subprocess.Popen(
                self._operator.command(line), stdin=typed, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env=environment(),
            )  # fmt: skip

    def _end(self, running: subprocess.Popen[bytes], now: float) -> None:
        self.took.append(now - self._began)
        assert running.stderr is not None
        with running.stderr as said:
            if running.returncode not in EXPECTED:
                self.trouble = f"status {running.returncode}: {said.read().decode().strip()}"


class Watched(NamedTuple):
    """A window: every message's milliseconds, and how long each run of the verb took, in seconds."""

    delays: list[float]
    runs: list[float]

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return percentile(self.delays, 0.99)


class Bench:
    """The server, the people, the operator."""

    def __init__(self, size: Size, timing: Timing) -> None:
        self.timing = timing
        self.server = Server()
        self.operator = Operator(self.server, "miller").let_in("admin")
        begun = time.monotonic()
        self.made = seed(self.server.data, size)
        self.lists = [self.server.folder / name for name in ("class.csv", "with-full-names.csv")]
        for path, called in zip(self.lists, ("Somebody", "Student"), strict=True):
            path.write_text(roster(self.made, called))
        print(f"{size.accounts} accounts, {size.messages} messages written in {time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
        self.server.start()
        self.swarm = Swarm()
        for user in range(1, size.here + 1):
            self.swarm.add(self.made.name(user), self.server.ports["plain"]).claimed = True
        self.swarm.all_in(seconds=DEADLINE)
        print(f"{size.here} people in {time.monotonic() - begun:.0f} s after the server's start", flush=True)
        self.bystanders = Bystanders(self.server.ports["plain"])
        self.swarm.run(2)

    def close(self) -> None:
        """End everything."""
        self.bystanders.close()
        self.swarm.close()
        self.server.stop()
        shutil.rmtree(self.server.folder, ignore_errors=True)

    def quiet(self) -> Watched:
        """A window without an operator."""
        self.bystanders.take()
        self.swarm.run(self.timing.quiet)
        return Watched(self.bystanders.take(), [])

    def verb(self, lines: Sequence[str]) -> Watched:
        """A window in which somebody does this again and again, at least once to its end."""
        script = Script(self.operator, lines, self.lists)
        self.bystanders.take()
        end = time.monotonic() + self.timing.verb
        while script.step(time.monotonic() < end) or time.monotonic() < end:
            self.swarm.step(0.01)
            if time.monotonic() > end + DEADLINE:
                raise AssertionError(f"{lines[0]} does not end")
        if script.trouble:
            raise AssertionError(f"{lines[0]}: {script.trouble}")
        return Watched(self.bystanders.take(), script.took)

    def run(self, only: str) -> int:
        """All of it, a line of the table each; returns how many are too slow."""
        quiet = [self.quiet(), self.quiet()]
        print(f"{'p99':>7}   {'more':>6}  {'longest':>9}  {'runs':>4}  {'each takes':>10}   verb", flush=True)
        slow = 0
        for lines in [lines for lines in verbs(self.made) if only in lines[0]]:
            found = [self.verb(lines)]
            quiet.append(self.quiet())
            while self.more(found, quiet) > MOST and len(found) < 3:
                found.append(self.verb(lines))
                quiet.append(self.quiet())
            slow += self.more(found, quiet) > MOST
            print(self.row(lines[0], found, quiet), flush=True)
        shares = sorted(one.p99 for one in quiet)
        print(
            f"{before(quiet):4.1f} ms, {shares[0]:.1f} to {shares[-1]:.1f} in {len(quiet)} windows without an operator"
        )
        if shares[-1] - shares[0] > MOST:
            print("They differ by more than a verb may add: the machine has other work, and this says little.")
        return slow

    def row(self, line: str, found: Sequence[Watched], quiet: Sequence[Watched]) -> str:
        """One line of the table."""
        runs = [took for one in found for took in one.runs]
        more, longest = self.more(found, quiet), max(max(one.delays) for one in found)
        return (
            f"{before(found):4.1f} ms  {more:+5.1f} ms  {longest:6.0f} ms  {len(runs):4}  "
            f"{statistics.median(runs) * 1000:7.0f} ms   {line}{'   TOO SLOW' * (more > MOST)}"
        )

    @staticmethod
    def more(found: Sequence[Watched], quiet: Sequence[Watched]) -> float:
        """Milliseconds of p99 more than before."""
        return before(found) - before(quiet)


def before(windows: Sequence[Watched]) -> float:
    """The median of the windows' p99, in milliseconds."""
    return statistics.median(window.p99 for window in windows)


def main(arguments: Sequence[str] | None = None) -> int:
    """One run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.console", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small class and short windows: does it work")
    parser.add_argument("--only", default="", metavar="PART", help="verbs with this in them")
    options = parser.parse_args(arguments)
    if (reason := missing("ssh", "ssh-keygen")) is not None:
        print(reason)
        return 1
    raise_open_files()
    bench = Bench(*((QUICK, Timing(1.0, 0.5)) if options.quick else (Size(), Timing(4.5, 1.5))))
    try:
        slow = bench.run(options.only)
    finally:
        bench.close()
    print(f"{slow or 'none'} of the verbs makes p99 more than {MOST:.0f} ms longer than without an operator")
    return bool(slow)


if __name__ == "__main__":
    sys.exit(main())
