"""Encrypted messages between two clients that are killed again and again while they talk: each exactly once at the end.

Rule: SIGKILL, after a number of lines that is drawn by chance; what counts in the end is what lies in the two profiles.
EXAMPLES in the environment makes it as long as one likes.
"""

from __future__ import annotations

import os
import random
import select
import subprocess

from tests.process.chat import ChatCase
from tests.process.server import environment

ROUNDS = max(4, int(os.environ.get("EXAMPLES", "100")) // 25)
LINES = 100
SILENCE = 3.0  # s; who has shown everything in an earlier round has nothing to say in this one


class KilledTests(ChatCase):
    """Alice writes, bob reads."""

    def test_each_message_exactly_once(self) -> None:
        chance = random.Random(9)
        for name in ("alice", "bob"):
            self.assertEqual(self.talk(name, "").status, 0)
        typed = 0
        for _ in range(ROUNDS):
            words = "".join(f"@bob number {number}\n" for number in range(typed, typed + LINES))
            typed += LINES
            alice, bob = self.start("alice", words), self.start("bob", "")
            said = chance.randrange(LINES + 1)
            self.kill(alice, b"You: number", said)
            self.kill(bob, b"alice: number", chance.randrange(said + 1))
        for _ in range(2):
            for name in ("alice", "bob"):
                self.assertEqual(self.talk(name, "").status, 0)
        sent, got = self.kept("alice", "@bob"), self.kept("bob", "@alice")
        self.assertGreater(len(sent), ROUNDS)
        self.assertEqual(got, sent)
        self.assertEqual(len(set(got)), len(got))

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

    def kill(self, running: subprocess.Popen[bytes], line: bytes, count: int) -> None:
        """After so many lines of this kind; or at once; or when it has nothing to say any more."""
        assert running.stdout is not None and running.stdin is not None
        seen = b""
        while seen.count(line) < count and select.select([running.stdout], [], [], SILENCE)[0]:
            data = os.read(running.stdout.fileno(), 65536)
            assert data, "it ended by itself"
            seen += data
        running.kill()
        running.wait()
        running.stdin.close()
        running.stdout.close()

    def kept(self, user: str, to: str) -> list[str]:
        """What alice said, as it lies in somebody's profile."""
        done = self.chat(user, "history", to, "--json", "--count", "100000")
        return [event["text"] for event in done.objects() if event.get("from") == "alice"]
