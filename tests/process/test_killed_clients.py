"""Encrypted messages between two clients that are killed again and again while they talk: each exactly once at the end.

Rule: SIGKILL, after a number of lines that is drawn by chance; the other one is killed in the middle of whatever it
does then. What counts in the end is what lies in the two profiles. EXAMPLES in the environment makes it longer.
"""

from __future__ import annotations

import os
import random
import select
import subprocess
import time

from tests.process.chat import DEADLINE, ChatCase
from tests.process.server import environment

ROUNDS = max(4, int(os.environ.get("EXAMPLES", "100")) // 25)
LINES = 100


class KilledTests(ChatCase):
    """Alice writes, bob reads."""

    def test_each_message_exactly_once(self) -> None:
        chance = random.Random(9)
        for name in ("alice", "bob"):
            self.assertEqual(self.talk(name, "").status, 0)
        for number in range(ROUNDS):
            typed = range(number * LINES, (number + 1) * LINES)
            alice = self.start("alice", "".join(f"@bob number {line}\n" for line in typed))
            bob = self.start("bob", "")
            count = chance.randrange(1, LINES + 1)
            if number % 2:  # while alice lives, all of it comes
                self.read(bob, b"alice: number", count)
            else:
                self.read(alice, b"You: number", count)
            for running in (bob, alice) if number % 2 else (alice, bob):
                self.kill(running)
        self.settle()
        sent, got = self.kept("alice", "@bob"), self.kept("bob", "@alice")
        self.assertGreater(len(sent), ROUNDS)
        self.assertEqual(got, sent)
        self.assertEqual(len(set(got)), len(got))

    def settle(self) -> None:
        """They come, one after the other, until what was on its way has arrived."""
        end = time.monotonic() + DEADLINE
        for _ in range(2):
            for name in ("alice", "bob"):
                self.assertEqual(self.talk(name, "").status, 0)
        while len(self.kept("bob", "@alice")) < len(self.kept("alice", "@bob")) and time.monotonic() < end:
            for name in ("alice", "bob"):
                self.assertEqual(self.talk(name, "").status, 0)

    def start(self, user: str, words: str) -> subprocess.Popen[bytes]:
        """The interactive client, with lines typed and more to come."""
        running = subprocess.Popen(
            [*self.command(user), self.address(user)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment(),
        )  # fmt: skip
        self.addCleanup(running.kill)
        assert running.stdin is not None
        running.stdin.write(words.encode())
        running.stdin.flush()
        return running

    def read(self, running: subprocess.Popen[bytes], line: bytes, count: int) -> None:
        """Until it has shown so many lines of this kind."""
        assert running.stdout is not None
        seen = b""
        while seen.count(line) < count:
            self.assertTrue(select.select([running.stdout], [], [], DEADLINE)[0], seen[-500:])
            data = os.read(running.stdout.fileno(), 65536)
            assert data, f"it ended by itself: {seen[-500:]!r}"
            seen += data

    def kill(self, running: subprocess.Popen[bytes]) -> None:
        """Without a word."""
        assert running.stdout is not None and running.stdin is not None
        running.kill()
        running.wait()
        running.stdin.close()
        running.stdout.close()

    def kept(self, user: str, to: str) -> list[str]:
        """What alice said, as it lies in somebody's profile."""
        done = self.chat(user, "history", to, "--json", "--count", "100000")
        return [event["text"] for event in done.objects() if event.get("from") == "alice"]
