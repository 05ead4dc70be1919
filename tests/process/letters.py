"""Encrypted messages between two real clients that are killed again and again: nothing is lost, nothing comes twice.

Rule: the clients die by SIGKILL at random moments while messages go, and begin again on the same profile. What is
counted at the end is what lies in the two profiles, and every message that its writer was told of. `python -m` this:
how many messages, how many kills.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Final, NamedTuple

from clients.core.profile import Profile
from clients.core.vault import Opening
from tests.process.server import DEADLINE, Server, environment

AHEAD: Final = 50  # so many messages are typed before their answers are waited for


class Tally(NamedTuple):
    """What there is at the end: told (accepted), written (in alice's profile), arrived (in bob's), kills."""

    told: list[int]
    written: list[str]
    arrived: list[str]
    waiting: int
    kills: int

    def breaches(self) -> list[str]:
        """What must not be."""
        found = []
        if sorted(self.written) != sorted(self.arrived):
            lost, more = set(self.written) - set(self.arrived), set(self.arrived) - set(self.written)
            found.append(f"lost {sorted(lost)[:5]}, from nowhere {sorted(more)[:5]}")
        for name, texts in (("written", self.written), ("arrived", self.arrived)):
            if len(texts) != len(set(texts)):
                found.append(f"{name} twice: {[text for text in texts if texts.count(text) > 1][:5]}")
        if self.told and max(self.told) > len(self.written):
            found.append(f"told of number {max(self.told)}, but {len(self.written)} are kept")
        if self.waiting:
            found.append(f"{self.waiting} never left")
        return found


class Writer:
    """One client with pipes, started again after each kill; what it said, as objects."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name
        self.folder = server.folder / name
        self.heard: list[dict[str, Any]] = []
        self.changed = threading.Condition()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Writer:
        """Start it, and wait until it is in."""
        before = self.count("welcome")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "clients.line", "--plaintext", "--json", "--profile", str(self.folder),
                f"{self.name}@127.0.0.1:{self.server.ports['plain']}",
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(),
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self.wait(lambda: self.count("welcome") > before)
        return self

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith("}\n"):  # a line that was cut by a kill says nothing
                with self.changed:
                    self.heard.append(json.loads(line))
                    self.changed.notify_all()

    def count(self, event: str) -> int:
        """How often it said something of this kind."""
        return sum(1 for one in self.heard if one["event"] == event)

    def wait(self, holds: Any, limit: float = DEADLINE) -> None:
        """Until something holds that it may say."""
        with self.changed:
            if not self.changed.wait_for(holds, limit):
                raise AssertionError(f"{self.name} says no more after {self.heard[-3:]}")

    def say(self, text: str) -> bool:
        """Type a line."""
        assert self.process is not None and self.process.stdin is not None
        try:
            self.process.stdin.write(text + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(DEADLINE)

    def finish(self) -> None:
        """The end of its input: it goes when everything is accepted."""
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(DEADLINE)

    def texts(self, to: str) -> tuple[list[str], int]:
        """What its profile has of a conversation, and how much waits there."""
        with Profile(self.folder, Opening("")) as profile:
            account, _ = profile.account(f"127.0.0.1:{self.server.ports['plain']}", self.name)
            kept = profile.history.last(account.id, to, 1_000_000)
            rows = profile.history.rows(account.id)
            return [said.text for said in kept], len(profile.history.outbox(account.id)) + len(rows.rows("post"))


def run(messages: int, kills: int, seed: int) -> Tally:
    """Alice writes to bob, and both are killed so often in between."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="chatd-letters-") as folder:
        server = Server(folder).start()
        alice, bob = Writer(server, "alice"), Writer(server, "bob")
        try:
            bob.start()
            alice.start()
            _write(alice, bob, messages, kills, chance)
            alice.finish()
            alice.start().finish()
            written, waiting = alice.texts("@bob")
            bob.wait(lambda: len({one["text"] for one in bob.heard if one["event"] == "message"}) >= len(written))
            bob.finish()
            arrived, _ = bob.texts("@alice")
        finally:
            for one in (alice, bob):
                if one.process is not None and one.process.poll() is None:
                    one.kill()
            server.stop()
        told = [one["seq"] for one in alice.heard if one["event"] == "sent" and one["state"] != "queued"]
        return Tally(told, written, arrived, waiting, kills)


def _write(alice: Writer, bob: Writer, messages: int, kills: int, chance: random.Random) -> None:
    moments = set(chance.sample(range(messages), kills))
    since = 0
    for number in range(messages):
        alice.say(f"@bob letter {number}")
        if number in moments:
            time.sleep(chance.random() / 5)  # the moment of a kill is what is tried here; nothing waits for it
            victim = chance.choice((alice, bob))
            victim.kill()
            victim.start()
            since = number + 1 if victim is alice else since
            answered = alice.count("sent")
        elif number - since >= AHEAD:
            answered = alice.count("sent")
            alice.wait(lambda seen=answered: alice.count("sent") > seen)
            since += alice.count("sent") - answered


def main() -> int:
    """Print what came of it; 1 where something was lost or came twice."""
    messages, kills = (int(sys.argv[at]) if len(sys.argv) > at else default for at, default in ((1, 10_000), (2, 50)))
    seed = int(time.time())
    begun = time.monotonic()
    tally = run(messages, kills, seed)
    breaches = tally.breaches()
    took = time.monotonic() - begun
    print(f"seed {seed}: {len(tally.written)} written, {len(tally.arrived)} arrived, {kills} kills, {took:.0f} s")
    for breach in breaches:
        print("BREACH:", breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
