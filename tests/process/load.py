"""What one person's load does to the others: `python -m tests.process.load` prints a row for each.

Rule: two bystanders in a process of their own (`bystanders.py`) measure what the server does to their messages, 500 a
second, with and without the load in turns within one run and for equally long, so that a busy machine weighs on both.
A row's p99 is the median of its windows' p99, so that one bad moment of the machine does not decide; a window has 1,000
messages or more, ten of them above its p99. The load's own clients would be on other machines: their thread has a
processor only when nobody else wants one. Besides, the server's memory stays bounded and its log has no traceback.

A window of `killed` is two seconds from the moment of the kill on: the server needs an eighth of that for a thousand
goings, so they cannot hide below the hundredth that the p99 leaves out. Those of `signups` are full of sign-ups.
"""

from __future__ import annotations

import json
import shutil
import socket
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from chatd import messages as m
from chatd.courtesy import give_way
from tests.process.bystanders import Bystanders
from tests.process.crash import TROUBLE
from tests.process.server import Server
from tests.process.swarm import Client, Swarm

WORTH = 1.2  # the others' p99 may be so many times what it was
IN_FLIGHT = 60
PACE = 2000  # messages a second to one group
Window = list[float]


class Row:
    """One load's figures: the bystanders' milliseconds without and with it, the server's memory before and after."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.before: list[Window] = []
        self.during: list[Window] = []
        self.memory = (0.0, 0.0)
        self.cpu = 0.0  # seconds that the server used while nothing happened
        self.notes: list[str] = []

    @property
    def ratio(self) -> float:
        """The p99 with the load over the one without."""
        return p99(self.during) / p99(self.before)

    @property
    def growth(self) -> float:
        """MiB that the server's memory grew by."""
        return self.memory[1] - self.memory[0]

    def added_to(self, earlier: Row | None) -> Row:
        """This one with an earlier one's windows before its own."""
        if earlier is not None:
            self.before, self.during = earlier.before + self.before, earlier.during + self.during
        return self

    def __str__(self) -> str:
        text = f"{self.name}: "
        if self.before:
            before, during = list(chain(*self.before)), list(chain(*self.during))
            text += (
                f"others' p50 {statistics.median(before):.2f} ms without, {statistics.median(during):.2f} "
                f"with; p99 {p99(self.before):.2f} without, {p99(self.during):.2f} with, ratio {self.ratio:.2f}; "
                f"longest {max(before):.0f} and {max(during):.0f}; {len(during)} messages; "
            )
        return text + f"memory {self.memory[0]:.0f} -> {self.memory[1]:.0f} MiB; " + "; ".join(self.notes)


def p99(windows: list[Window]) -> float:
    """The median of the windows' 99th percentiles."""
    return statistics.median(statistics.quantiles(window, n=100)[98] for window in windows)


class Load:
    """A server, two bystanders, and a swarm that is a burden."""

    def __init__(self, *flags: str) -> None:
        self.address = own_address()
        endpoint = f"tcp:0:interface={self.address}"
        self.server = Server(flags=("--listen", endpoint, *flags)).start()
        listening = json.loads((self.server.data / "listening.json").read_text())
        self.outer: int = listening["tls"][-1][1]
        self.plain = self.server.ports["plain"]
        self.bystanders = Bystanders(self.plain)
        self.swarm = Swarm()
        self.numbers = 0

    def close(self) -> list[str]:
        """End everything; returns what is wrong with the server's log."""
        self.bystanders.close()
        self.swarm.close()
        status = self.server.stop()
        troubles = [line for line in self.server.printed().splitlines() if TROUBLE.search(line)]
        shutil.rmtree(self.server.folder, ignore_errors=True)
        return troubles + ([f"the server ended with {status}"] if status else [])

    def memory(self, what: str = "VmRSS") -> float:
        """The server's memory in MiB."""
        assert self.server.process is not None
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return int(status.split(f"{what}:")[1].split()[0]) / 1024

    def people(self, count: int, batch: int = 500) -> list[Client]:
        """So many more people, all in."""
        made: list[Client] = []
        while len(made) < count:
            some = [self.new() for _ in range(min(batch, count - len(made)))]
            self.swarm.all_in(some)
            made += some
        return made

    def new(self, host: str = "127.0.0.1", tls: bool = False) -> Client:
        """Somebody who will sign up as soon as the swarm moves."""
        self.numbers += 1
        port = self.outer if tls else self.plain
        return self.swarm.add(f"person-{self.numbers}", port, host, tls)

    def measure(self, seconds: float, busy: Callable[[], None] = lambda: None, on: bool = False) -> Window:
        """What the bystanders see for so long (`on`: and since they were last asked), while the swarm moves."""
        if not on:
            self.bystanders.take()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            busy()
            self.swarm.step(0.005)
        return self.bystanders.take()

    # ---- the rows ----

    def killed(self, count: int = 1000, rounds: int = 3, seconds: float = 2.0) -> Row:
        """So many clients are reset at once."""
        row = Row(f"{count} clients killed at once, {rounds} times")
        people = self.people(count)
        self.swarm.run(1)
        first = self.memory()
        for _ in range(rounds):
            for person in people:
                person.wanted = True
            self.swarm.all_in(people)
            self.swarm.run(2)  # what coming in has left behind is over
            row.before.append(self.measure(seconds))
            self.bystanders.take()
            start = time.monotonic()
            for person in people:
                person.vanish(reset=True)
            row.notes[:] = [f"killed within {(time.monotonic() - start) * 1000:.0f} ms"]
            row.during.append(self.measure(seconds, on=True))
        row.memory = (first, self.memory())
        return row

    def deaf(self, rounds: int = 4, seconds: float = 5.0, stall: float = 0.0) -> Row:
        """A reader never reads while its group is written to; without: it reads.

        The pace is given where the bystanders are measured, because a swarm that has less to read writes faster;
        in the stall after it, the writer is as fast as it can.
        """
        row = Row("a reader that never reads")
        writer, reader = self.people(2)
        for client in (writer, reader):
            client.ask(m.Join, "#loud")
        self.swarm.until(lambda: "#loud" in writer.logs and "#loud" in reader.logs)

        def flood() -> None:
            while len(writer.outbox) < IN_FLIGHT:
                writer.send("#loud", "x" * 1000)

        due = time.monotonic()

        def write() -> None:
            nonlocal due
            due = max(due, time.monotonic() - 0.1)  # what could not be sent for long is left out
            while due < time.monotonic():
                due += 1 / PACE
                writer.send("#loud", "x" * 1000)

        self.measure(seconds / 2, write)
        first = self.memory()
        for number in range(rounds):
            row.before.append(self.measure(seconds, write))
            self.swarm.watch(reader, read=False)
            reader.wanted = False  # who is cut stays away until it reads again
            row.during.append(self.measure(seconds, write))
            if number == rounds - 1:
                self.measure(stall, flood)
            row.memory = (first, self.memory())
            if reader.wire is not None:
                self.swarm.watch(reader)
            reader.wanted = True
            self.swarm.until(lambda: self.has_all(writer, reader), 120, "the reader has everything")
        row.notes.append(f"{len(writer.ledger.accepted)} messages written, {len(reader.ledger.shown)} shown in the end")
        row.notes.append(f"the reader was cut {reader.ledger.resumed} times")
        row.notes += writer.ledger.breaches + reader.ledger.breaches
        return row

    @staticmethod
    def has_all(writer: Client, reader: Client) -> bool:
        """Whether everything that was written has been shown."""
        return not writer.waits() and len(reader.ledger.shown) == len(writer.ledger.accepted)

    def slow(self, count: int = 1, rounds: int = 4, seconds: float = 5.0) -> Row:
        """So many clients send one byte a second and never get to a login."""
        row = Row("a client that sends a byte a second" if count == 1 else f"{count} clients that do")
        first = self.memory()
        for _ in range(rounds):
            row.before.append(self.measure(seconds))
            drip = Drip(self.plain, count)
            row.during.append(self.measure(seconds, drip.send))
            row.memory = (first, self.memory())
            row.notes[:] = [f"{drip.close()} of {count} still connected after {seconds:.0f} s"]
        return row

    def sign_ups(self, count: int = 300, seconds: float = 10.0) -> Row:
        """So many sign-ups over TLS from one address that is not this machine's loopback."""
        row = Row(f"{count} sign-ups from {'one address' if self.address != '127.0.0.1' else 'loopback'}")
        first = self.memory()
        people: list[Client] = []
        for share in (0, 1):  # without, with half, without, with half: in turns, and all within the time
            row.before.append(self.measure(seconds / 2))
            row.during.append(self.measure(seconds / 2, self.coming(people, (count + share) // 2, seconds / 2)))
        self.swarm.all_in(people)
        row.notes.append(f"{sum(person.claimed for person in people)} in, {sum(p.failures for p in people)} refused")
        row.memory = (first, self.memory())
        return row

    def coming(self, people: list[Client], count: int, seconds: float) -> Callable[[], None]:
        """To be called again and again: so many more sign up over TLS, evenly within so long."""
        start, there = time.monotonic(), len(people)

        def sign_up() -> None:
            due = there + min(count, (time.monotonic() - start) * count / seconds)
            while len(people) < due:
                people.append(self.new(self.address, tls=True))

        return sign_up

    def idle(self, count: int = 5000, seconds: float = 20.0) -> Row:
        """So many logged-in sessions that do nothing."""
        row = Row(f"{count} idle sessions")
        first = self.memory()
        start = time.monotonic()
        people = self.people(count)
        row.notes.append(f"signed up in {time.monotonic() - start:.1f} s")
        self.bystanders.close()  # they are not idle
        self.swarm.run(3)
        before = self.server.cpu()
        self.swarm.run(seconds)
        row.cpu = self.server.cpu() - before
        row.notes.append(f"{row.cpu:.2f} s of CPU in {seconds:.0f} s")
        row.memory = (first, self.memory())
        row.notes.append(f"{row.growth * 1024 / count:.1f} KiB each")
        row.notes.append(f"{sum(person.inside for person in people)} still in")
        start = time.monotonic()
        self.people(1)
        row.notes.append(f"one more joined in {(time.monotonic() - start) * 1000:.0f} ms")
        return row


class Drip:
    """Plain sockets that send the beginning of a frame, a byte a second."""

    def __init__(self, port: int, count: int) -> None:
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
        self.sent = [0] * count
        self.began = time.monotonic()

    def send(self) -> None:
        """Send what is due; each at its own moment of the second."""
        passed = time.monotonic() - self.began
        for number, (drip, sent) in enumerate(zip(self.sockets, self.sent, strict=True)):
            if passed > sent + number / len(self.sockets):
                self.sent[number] += 1
                try:
                    drip.send(b"\0" if sent < 2 else b"\x20")
                except OSError:
                    pass  # the server has had enough of it

    def close(self) -> int:
        """Close them; returns how many were still connected."""
        alive = 0
        for drip in self.sockets:
            drip.setblocking(False)
            try:
                alive += bool(drip.recv(1000))
            except BlockingIOError:
                alive += 1
            except OSError:
                pass
            drip.close()
        return alive


def own_address() -> str:
    """An address of this machine that is not loopback, where it has one. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


ROWS: dict[str, Callable[[Load], Row]] = {
    "killed": lambda load: load.killed(rounds=12),
    "deaf": lambda load: load.deaf(stall=33),
    "slow": lambda load: load.slow(),
    "slows": lambda load: load.slow(500),
    "signups": lambda load: load.sign_ups(),
    "idle": lambda load: load.idle(),
}


TIMES = {"signups": 5}  # of those that a server takes only once in an hour


def main(arguments: list[str]) -> int:
    """The rows that are asked for, or all; 1 if something is wrong with the server's log."""
    failed = 0
    for name in arguments or ROWS:
        found: Row | None = None
        for _ in range(TIMES.get(name, 1)):
            row, troubles = one(name)
            found = row.added_to(found)
            for line in troubles[:10]:
                failed = 1
                print(f"load: TROUBLE: {line}", flush=True)
        print(f"load: {found}", flush=True)
    return failed


def one(name: str) -> tuple[Row, list[str]]:
    """A row, on a server of its own, and what is wrong with that server's log."""
    load = Load()
    try:
        with ThreadPoolExecutor(1, initializer=give_way) as thread:
            row = thread.submit(ROWS[name], load).result()
    finally:
        troubles = load.close()
    return row, troubles


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
