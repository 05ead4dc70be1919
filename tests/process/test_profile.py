"""The profile at rest with real programs: killed at every step, asked for at a terminal, and read by somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from clients.core.profile import Profile
from clients.core.vault import EMPTY, KEYRING, PASSPHRASE, Opening, ProfileError
from tests.clients.core.old import MARKER, MARKERS, OUTGOING, TOKEN, seen
from tests.process import killed
from tests.process.chat import ChatCase
from tests.process.server import environment

SENTENCE = "Whoever gets at these files can read what you have read."
AGAIN = ["chat: Wrong passphrase.", "Passphrase:"]
# no word on a passphrase, and a machine without a keyring, whatever this one has
NO_FILE: dict[str, Any] = {"CHAT_PASSPHRASE_FILE": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


class KilledTests(SynchronousTestCase):
    """SIGKILL at every step: what is there afterwards is whole, and opens."""

    def tries(self, action: str) -> list[Path]:
        """What each try left."""
        folder = Path(self.mktemp())
        folder.mkdir()
        command = [sys.executable, "-m", "tests.process.killed", action, str(folder.absolute())]
        done = subprocess.run(command, capture_output=True, timeout=120, env=environment(), text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = [folder / str(step) for step in range(1, int(done.stdout) + 1)]
        self.addCleanup(os.environ.pop, "RING_FILE", None)
        return found

    def check(self, path: Path, opening: Opening) -> str:
        """Everything is in it; how it was opened."""
        with Profile(path, opening) as profile:
            account, _ = profile.account("h:1", "alice")
            texts = [said.text[: len(MARKER)] for said in profile.history.last(1, "#g", 9)]
            self.assertEqual((account.token, texts), (TOKEN, [MARKER] * 3))
            self.assertEqual([item.text for item in profile.history.outbox(1)], [OUTGOING])
            way = profile.vault.way
        self.assertEqual(seen(path, *MARKERS), [])
        self.assertFalse((path / "key").exists())
        return way

    def test_while_an_old_profile_is_brought_over(self) -> None:
        tries = self.tries("open")
        self.assertGreater(len(tries), 20)
        self.assertEqual(sum(bool(seen(path, *MARKERS)) for path in tries[:3]), 3)
        self.assertEqual([self.check(path, Opening()) for path in tries], [EMPTY] * len(tries))

    def test_while_it_gets_a_passphrase(self) -> None:
        ways = []
        for path in self.tries("to-passphrase"):
            try:
                ways.append(self.check(path, killed.opening(path, killed.PASSPHRASE)))
            except ProfileError:
                self.fail(f"{path} does not open any more")
        self.assertEqual(set(ways), {KEYRING, PASSPHRASE})
        self.assertEqual(ways, sorted(ways))  # once it is done it stays so

    def test_while_it_goes_to_the_keyring(self) -> None:
        ways = [self.check(path, killed.opening(path)) for path in self.tries("to-keyring")]
        self.assertEqual(set(ways), {EMPTY, KEYRING})
        self.assertEqual(ways, sorted(ways))


class AtRestTests(ChatCase):
    """People, their programs, and their files."""

    def test_a_script_is_told_once(self) -> None:
        first = self.chat("alice", "send", "hello", **NO_FILE)
        self.assertEqual((first.status, first.err.count(SENTENCE), first.err.count("\n")), (0, 1, 1))
        second = self.chat("alice", "send", "again", **NO_FILE)
        self.assertEqual((second.status, second.err), (0, ""))

    def test_somebody_at_a_window_is_told_once_after_the_welcome(self) -> None:
        window = self.window("alice", **NO_FILE)
        window.wait("Enter username:")
        window.enter("alice")
        window.wait("This profile has no passphrase.")
        lines = window.lines()
        self.assertEqual([lines[0], lines[2][:20]], ["CREATING NEW ID:", "Welcome to chat room"])
        window.enter("tata")
        window.ended()
        window = self.window("alice", user="alice", **NO_FILE)
        window.wait("Welcome to chat room.")
        window.enter("tata")
        window.ended()
        self.assertNotIn("passphrase", "\n".join(window.lines()))

    def test_a_passphrase_of_a_file(self) -> None:
        right, wrong = (self.server.folder / name for name in ("right", "wrong"))
        right.write_text("correct horse\n")
        wrong.write_text("battery\n")
        self.assertEqual(self.chat("alice", "--passphrase-file", str(right), "send", "hello").status, 0)
        done = self.chat("alice", "--passphrase-file", str(wrong), "send", "hello")
        self.assertEqual((done.status, done.err), (4, "chat: Wrong passphrase.\n"))
        done = self.chat("alice", "--json", "--passphrase-file", str(wrong), "send", "hello")
        self.assertEqual([row["code"] for row in done.objects()], ["STORE_LOCKED"])
        done = self.chat("alice", "send", "hello", **NO_FILE)
        self.assertEqual(done.status, 4)
        self.assertIn("--passphrase-file", done.err)
        done = self.chat("alice", "passphrase", "none", CHAT_PASSPHRASE_FILE=str(right))
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertIn(SENTENCE, done.out)
        self.assertEqual(self.chat("alice", "send", "hello").status, 0)

    def test_asked_for_at_a_terminal(self) -> None:
        self.chat("alice", "send", "hello")
        window = self.terminal("alice", self.command("alice", "passphrase"))
        window.wait("New passphrase (empty for none):")
        window.enter("sesame")
        window.wait("Again:")
        window.enter("sesame")
        window.wait("This profile is opened by a passphrase.")
        window.ended()
        self.assertNotIn(b"sesame", window.raw)
        window = self.window("alice", user="alice", **NO_FILE)
        window.wait("Passphrase:")
        window.enter("wrong")
        self.shows(window, ["Passphrase:", *AGAIN])
        window.enter("sesame")
        window.wait("Welcome to chat room.")
        window.enter("tata")
        self.assertEqual(window.ended(), 0)
        window = self.window("alice", user="alice", **NO_FILE)
        for number in range(3):
            self.shows(window, ["Passphrase:", *AGAIN * number])
            window.enter("wrong")
        self.assertEqual(window.ended(), 4)

    def test_a_keyring_is_used_without_a_word(self) -> None:
        ring = self.server.folder / "ring"
        backend = "tests.clients.core.rings.FileBackend"
        env = {**NO_FILE, "PYTHON_KEYRING_BACKEND": backend, "RING_FILE": str(ring)}
        window = self.window("alice", **env)
        window.wait("Enter username:")
        window.enter("alice")
        window.wait("Welcome to chat room.")
        self.assertNotIn(SENTENCE, "\n".join(window.lines()))
        window.enter("tata")
        window.ended()
        self.assertIn("chatd ", ring.read_text())
        self.assertEqual(self.chat("alice", "who", **env).status, 0)
        ring.unlink()
        done = self.chat("alice", "who", **env)
        self.assertEqual(done.status, 4)
        self.assertIn("keyring", done.err)

    def test_nothing_that_was_said_lies_in_the_folder(self) -> None:
        words = ("MARKER-lobby", "MARKER-private", "MARKER-waiting")
        bob = self.join("bob")
        alice = self.join("alice")
        for line in (words[0], f"@bob {words[1]}"):
            alice.enter(line)
        bob.wait(words[1])
        alice.wait(f"You: @bob {words[1]}")
        self.server.kill()
        alice.wait("Trying again in")
        alice.enter(f"@bob {words[2]}")
        for name in ("alice", "bob"):
            self.assertEqual(seen(self.server.folder / name, *(word.encode() for word in words)), [])
        alice.enter("/search MARKER")
        alice.wait("Trying again in")
