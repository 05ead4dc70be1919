"""The real full screen in a real terminal: what a person sees, a flood that disturbs nobody, and every end.

Rule: as for the line face: what is asserted is the screen, the exit status, and the terminal as it was before.
"""

from __future__ import annotations

import os
import re
import signal
import sys

from tests.process.chat import ChatCase
from tests.process.terminal import Terminal

CHAT = ("-m", "clients.chat")
CRASH = """
import sys
from clients import chat
from clients.core.windows import face
def planted(self, text):
    raise ZeroDivisionError("planted")
face.WindowsFace.line = planted
sys.exit(chat.main())
"""
FLOOD = 2000


class ScreenCase(ChatCase):
    """One server, and people at full screens."""

    def screen(self, name: str, *arguments: str, program: tuple[str, ...] = CHAT) -> Terminal:
        """Somebody's terminal, with a shell around the client."""
        return self.shell([sys.executable, *program, *self.command(name, *arguments)[3:], self.address(name)])

    def sit(self, name: str) -> Terminal:
        """Somebody who is in."""
        window = self.screen(name)
        window.wait("Welcome to chat room.")
        window.wait("You:")
        return window

    def left(self, window: Terminal, status: int, *words: str) -> None:
        """Wait for the end: the terminal is as it was."""
        window.wait("cooked blocking")
        for line in (f"status {status}", *words):
            self.assertIn(line, window.lines())
        for begun, over in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?2004h", b"\x1b[?2004l")):
            self.assertGreaterEqual(window.raw.rfind(over), window.raw.rfind(begun))


class ConversationTests(ScreenCase):
    """Two people."""

    def test_they_talk_and_see_where_there_are_news(self) -> None:
        alice, bob = self.sit("alice"), self.sit("bob")
        alice.wait("bob joined the conversation")
        alice.enter("hello everybody")
        bob.wait("alice │ hello everybody")
        bob.enter("/group --open hw3")
        bob.wait("You [hw3]:")
        alice.enter("/group --open hw3")
        alice.wait("You [hw3]:")
        alice.type("\x1b1")
        alice.wait(">#lobby")
        bob.enter("who has read it?")
        alice.wait("new: 2:#hw3")
        alice.type("\x1b2")
        alice.wait("bob │ who has read it?")
        alice.enter("tata")
        self.left(alice, 0, "DISCONNECTED!!")
        bob.type("\x04")
        self.left(bob, 0, "DISCONNECTED!!")

    def test_a_flood_loses_nothing_that_is_typed_and_is_seen_to_its_end(self) -> None:
        alice = self.sit("alice")
        swarm, (bob,) = self.swarm("bob")
        typed = "the quick brown fox jumps over the lazy dog"
        sent = 0
        for place, char in enumerate(typed, 1):
            while sent < FLOOD * place // len(typed):
                bob.send("#lobby", f"line {sent}")
                sent += 1
            swarm.run(0.01)
            alice.type(char)
            alice.read()
        swarm.until(lambda: not bob.outbox)
        alice.wait(f"bob │ line {FLOOD - 1}")
        alice.wait(f"You: {typed}")
        numbers = [int(found) for found in re.findall(r"bob │ line (\d+)", "\n".join(alice.screen.display))]
        self.assertEqual(numbers, list(range(FLOOD - len(numbers), FLOOD)))


class EndsTests(ScreenCase):
    """However it ends, the terminal is given back."""

    def test_signals(self) -> None:
        for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            alice = self.sit("alice")
            os.kill(self.pid("alice"), number)
            self.left(alice, status)

    def test_a_mistake_of_ours(self) -> None:
        alice = self.screen("alice", program=("-c", CRASH))
        alice.wait("You:")
        alice.enter("anything")
        self.left(alice, 1, "chat: ZeroDivisionError: planted (a mistake in this program)")

    def test_a_server_that_is_not_there(self) -> None:
        self.server.kill()
        alice = self.screen("alice")
        alice.wait("Can't connect to the server")
        self.left(alice, 3)

    def test_suspended_and_back(self) -> None:
        alice = self.terminal("bash", ["bash", "--norc", "-i"], PS1="ready ")
        alice.wait("ready")
        alice.enter(" ".join([sys.executable, *CHAT, *self.command("alice")[3:], self.address("alice")]))
        alice.wait("Welcome to chat room.")
        alice.type("typed\x1a")
        alice.wait("Stopped")
        alice.enter("fg")
        alice.wait("You: typed")
        alice.type("\x15tata\r")
        alice.wait("DISCONNECTED!!")

    def test_plain_is_the_line_face(self) -> None:
        alice = self.screen("alice", "--plain")
        alice.wait("Welcome to chat room.")
        self.assertNotIn(b"\x1b[?1049h", alice.raw)

    def test_while_nobody_speaks_nothing_runs(self) -> None:
        self.at_rest(self.sit("alice"), self.pid("alice"))
