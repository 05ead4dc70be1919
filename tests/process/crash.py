"""Kill a real server at random moments under load and see whether it kept what it promised: `make crash N=200`.

Rule: the server is ended by SIGKILL and started again at once; clients keep their ledgers over all of it; at the end
everything is drained and an independent reader compares the ledgers with the database file (`audit.py`). The same
run with a bug planted (`PLANTED=early`) must report losses, or the green of this one means nothing.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable

from chatd import messages as m
from chatd.wire.pack import Event
from tests.process.audit import Audit
from tests.process.planted import LATE
from tests.process.server import Server
from tests.process.swarm import Client, Swarm

NAMES = ("ada", "bela", "carla", "dora", "emil", "fritz", "gerda", "hugo")
GROUPS = ("#lobby", "#crew", "#choir")
IN_FLIGHT = 4  # messages of one client that wait for their answer
LONGEST_LIFE = 0.5  # seconds from listening to the kill
STALL = 5.0  # seconds without any progress: what is missing now will not come
TROUBLE = re.compile(r"Traceback|Unhandled|CRITICAL|\bFailure\b")


class PlantedServer(Server):
    """A server with a bug."""

    def __init__(self, bug: str) -> None:
        super().__init__()
        self.program = ("-m", "tests.process.planted", bug)


class Crash:
    """One run: its server, its clients and its figures."""

    def __init__(self, kills: int, bug: str = "", seed: int | None = None, say: Callable[[str], None] = print) -> None:
        self.kills, self.bug, self.say = kills, bug, say
        self.seed = random.randrange(1 << 32) if seed is None else seed
        self.random = random.Random(self.seed)
        self.server = PlantedServer(bug) if bug else Server()
        self.swarm = Swarm()
        self.firsts: list[float] = []  # seconds from each start to the first message accepted after it
        self.troubles: list[str] = []
        self.status = 0
        self.began = 0.0
        self.ended = 0.0
        self._answers = 0
        self._spawned: float | None = None
        self._count = 0

    # ---- the run ----

    def run(self) -> Audit:
        """Everything; the server is gone afterwards, its folder is not."""
        try:
            self._begin()
            self.began = time.monotonic()
            told = self.began
            for number in range(self.kills):
                self._live()
                self.server.kill()
                self._spawn()
                if time.monotonic() - told > 2:
                    told = time.monotonic()
                    self.say(f"  {number + 1} of {self.kills} kills, {self._promised()} messages accepted")
            self.ended = time.monotonic()
            self._drain()
            self.status = self.server.stop()
        finally:
            self.server.kill()
            self.swarm.close()
        self.troubles = [line for line in self.server.printed().splitlines() if TROUBLE.search(line)]
        return Audit(self.server.data / "chat.db", self.swarm.clients)

    def _begin(self) -> None:
        self.server.start()
        for name in NAMES:
            client = self.swarm.add(name, self.server.ports["plain"])
            client.heard = self._heard
        self.swarm.all_in()
        for client in self.swarm.clients.values():
            for group in GROUPS[1:]:
                client.groups.add(group)
                client.ask(m.Join, group)
            self.swarm.until(lambda client=client: not client.groups, what="joined")  # type: ignore[misc]
        if self.bug == "early":
            self.swarm.run(3 * LATE)  # so that what is lost are messages, not the accounts

    def _heard(self, client: Client, event: Event) -> None:
        if type(event) is m.Accepted:
            self._answers += 1
            if self._spawned is not None:
                self.firsts.append(time.monotonic() - self._spawned)
                self._spawned = None

    def _spawn(self) -> None:
        self._spawned = time.monotonic()
        self.server.spawn()

    def _live(self) -> None:
        """One life of the server, until a moment that is chosen in one of four ways."""
        way = self.random.choice(("time", "time", "answer", "return", "start"))
        if way == "start" and self._spawned is not None:
            self._move_until(time.monotonic() + self.random.uniform(0, 0.35), lambda: False)
            return
        self.swarm.until(self._up, what="the server listens")
        self._come_and_go()
        before = self._answers
        many = self.random.randint(1, 60)
        end = time.monotonic() + self.random.uniform(0, LONGEST_LIFE)
        if way == "time":
            self._move_until(end, lambda: False)
        elif way == "answer":  # between two answers of one batch, or right behind the first one of all
            self._move_until(time.monotonic() + 2, lambda: self._answers >= before + many)
        else:  # while those who were absent read what waited for them
            for client in self.swarm.clients.values():
                client.wanted = True
            shown = self._seen()
            self._move_until(time.monotonic() + 2, lambda: self._seen() > shown + many)

    def _up(self) -> bool:
        return self.server.listens()

    def _come_and_go(self) -> None:
        """Some are cut off and stay away over a few lives; half of the others are there."""
        for client in self.swarm.clients.values():
            if not client.wanted:
                client.wanted = self.random.random() < 0.3
            elif self.random.random() < 0.1:
                client.vanish(reset=self.random.random() < 0.5)

    def _move_until(self, end: float, done: Callable[[], bool]) -> None:
        while not done() and time.monotonic() < end:
            self._talk()
            self.swarm.step(0.002)

    def _talk(self) -> None:
        for client in self.swarm.clients.values():
            if client.inside and len(client.outbox) < IN_FLIGHT and self.random.random() < 0.3:
                to = self.random.choice(GROUPS) if self.random.random() < 0.5 else "@" + self.random.choice(NAMES)
                if to != "@" + client.name:
                    self._count += 1
                    client.send(to, f"{self._count} {'x' * self.random.choice((0, 10, 100, 4000))}")

    # ---- the end ----

    def _drain(self) -> None:
        """Everybody comes back, sends what was not accepted, and reads until nothing moves any more."""
        for client in self.swarm.clients.values():
            client.wanted = True
        end = time.monotonic() + STALL
        last = (0, 0)
        while not self._drained() and time.monotonic() < end:
            self.swarm.step()
            now = (self._promised(), self._seen())
            if now != last:
                last, end = now, time.monotonic() + STALL

    def _drained(self) -> bool:
        clients = self.swarm.clients.values()
        if any(client.waits() or not client.inside for client in clients):
            return False
        heads: dict[str, int] = {}
        for client in clients:
            for name, log in client.logs.items():
                heads[name] = max(heads.get(name, 0), log.cursor, max(log.ahead, default=0))
        return all(log.cursor == heads[name] for client in clients for name, log in client.logs.items())

    def _promised(self) -> int:
        return sum(len(client.ledger.accepted) for client in self.swarm.clients.values())

    def _seen(self) -> int:
        return sum(len(client.ledger.shown) for client in self.swarm.clients.values())

    def summary(self, audit: Audit) -> list[str]:
        """The figures."""
        ledgers = [client.ledger for client in self.swarm.clients.values()]
        seconds = self.ended - self.began
        counts = audit.counts
        lines = [
            f"{self.kills} kills in {seconds:.0f} s ({self.kills / seconds * 60:.0f} a minute), seed {self.seed}",
            f"{sum(len(ledger.sent) for ledger in ledgers)} messages sent, {self._promised()} accepted, "
            f"{len(audit.log)} kept in {len(audit.heads)} logs, {self._seen()} shown",
            f"{sum(ledger.resumed for ledger in ledgers)} sessions resumed, {sum(ledger.repeats for ledger in ledgers)}"
            " messages came again and were dropped",
            f"accepted and lost {audit.lost}, shown twice {counts['shown twice']}, "
            f"gaps {counts['gap in a log']}, stored twice {counts['stored twice']}",
        ]
        if self.firsts:
            deciles = statistics.quantiles(self.firsts, n=20) if len(self.firsts) > 1 else self.firsts * 19
            lines.append(f"start to first accepted: median {statistics.median(self.firsts):.2f} s, 95 % within "
                         f"{deciles[18]:.2f} s, longest {max(self.firsts):.2f} s")  # fmt: skip
        lines += [f"BREACH {kind}: {count}; {audit.examples[kind]}" for kind, count in counts.items()]
        lines += [f"TROUBLE in the server's log: {line}" for line in self.troubles[:10]]
        if self.status:
            lines.append(f"TROUBLE: the server ended with {self.status}")
        return lines

    def forget(self) -> None:
        """Remove the server's folder."""
        shutil.rmtree(self.server.folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """The whole run; 1 on any breach, whose folder is kept."""
    kills = int(arguments[0]) if arguments else 200
    bug = os.environ.get("PLANTED", "")
    print(f"crash: {kills} kills{f', with the bug {bug!r} planted' if bug else ''}", flush=True)
    crash = Crash(kills, bug, int(arguments[1]) if len(arguments) > 1 else None, lambda text: print(text, flush=True))
    audit = crash.run()
    for line in crash.summary(audit):
        print(f"crash: {line}")
    if audit.counts or crash.troubles or crash.status:
        print(f"crash: FAILED; the server's folder is {crash.server.folder}")
        return 1
    crash.forget()
    print("crash: nothing lost, nothing twice, no gap")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
