"""The real full screen in a real terminal: what a person sees, a flood that disturbs nobody, and every end.

Rule: as for the line face: what is asserted is the screen, the exit status, and the terminal as it was before.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time

from chatd import messages as m
from clients.screen.keys import HELP
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

# Every key of the help (but Ctrl-Z, which has a test of its own): what is typed, and what is then on the screen or
# (`-`) is not. At first one is in the lobby, where bob has said much; he has news in #hw3.
CTRL_A, CTRL_K, CTRL_U, CTRL_Y, UNDO = "\x01", "\x0b", "\x15", "\x19", "\x1f"
KEYS = {
    "PgUp, PgDn": (
        ("\x1b[5~", "more below (Alt-End)"), ("\x1b[6~", "-more below"), ("\x1b\x1b[H", "│ line 0"),
        ("\x1b\x1b[F", "│ line 59"),
    ),
    "Alt-P, Alt-N": (("\x1bp", "» alice: look"), ("\x1bn", "» alice: look"), ("\x1b\x1b[F", "│ line 59")),
    "Enter": (("hello\r", "alice │ hello ✓"),),
    "Alt-Enter, Ctrl-J": (("one\x1b\rtwo\nthree", "three"), ("\r", "│     three")),
    "Tab, Shift-Tab": (
        ("/memb\t", "You: /members"), (CTRL_U, "-/members"), ("/un\t", "let them again"), ("\t", "You: /unban"),
        ("\t", "You: /unignore"), ("\x1b[Z", "You: /unban"), (CTRL_U, "-/unban"),
    ),
    "Up, Down": (
        ("begun\x1b[A", "You: one"), ("\x1b[B", "You: begun"), (CTRL_U, "-begun"), ("\x1b[A", "You: /edit one"),
        ("\x1b[B", "-/edit one"),
    ),
    "Ctrl-Up, Ctrl-Down": (
        ("\x1b[1;5A\x1b[1;5A", "You: hello"), ("\x1b[1;5B", "You: one"), ("\x1b[1;5B", "-You: one"),
        ("\x12hel\r", "You: hello"), ("\x05" + CTRL_U, "-You: hello"),
    ),
    "Ctrl-A E B F W U K Y T": (
        ("ab cd\x17", "You: ab"), (f"{CTRL_A}x\x05y\x02z\x06w\x14", "You: xab zwy"), (CTRL_U, "-xab"),
        (CTRL_Y, "You: xab zwy"), (CTRL_A + CTRL_K, "-xab"), (CTRL_Y, "You: xab zwy"), ("\x1bb\x1bd", "-zwy"),
        (UNDO, "You: xab zwy"), ("\x1bf!", "You: xab zwy!"), (CTRL_U, "-xab"),
    ),
    "Alt-A": (("\x1ba", "bob │ news"),),
    "Alt-U": (("\x1bu", "── new ─"),),
    "Alt-1 to Alt-9": (("\x1b1", "everybody here and the server"), ("\x1b2", "You [hw3]:")),
    "Ctrl-N, Ctrl-P": (
        ("\x10", "everybody here and"), ("\x0e", "You [hw3]:"), ("\x1b\x1b[D", "everybody here and"),
        ("\x1b\x1b[C", "You [hw3]:"),
    ),
    "Ctrl-L": (("\x0c", "-rubbish"),),
    "F1": (("\x1bOP", "this, as ? on an"), ("/help\r/help\r", "-this, as ? on an"), ("?", "this, as ? on an")),
    "Ctrl-C": (
        ("\x1b[200~a\rb\rc\rd\x1b[201~", "Paste of 4 lines: s sends it"), ("c", "-Paste of"),
        ("typed\x03", "-typed"), ("\x03", "Ctrl-C again leaves"),
    ),
}  # fmt: skip


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


class KeysTests(ScreenCase):
    """The keys, through a real terminal."""

    def until(self, window: Terminal, text: str) -> None:
        """Wait until a text is on the screen; with a minus in front, until it is not."""
        gone, text = text.startswith("-"), text.removeprefix("-")
        end = time.monotonic() + 15
        while any(text in row for row in window.screen.display) == gone:
            self.assertTrue(window.read(0.05) and time.monotonic() < end, "\n".join([text, *window.screen.display]))

    def test_every_key_of_the_help(self) -> None:
        alice = self.sit("alice")
        swarm, (bob,) = self.swarm("bob")
        alice.enter("/group --open hw3")
        self.until(alice, "You [hw3]:")
        bob.tell(m.Join(1, "#hw3"))
        alice.type("\x1b1")
        for text in ("alice: look", *(f"line {number}" for number in range(60))):
            bob.send("#lobby", text)
        bob.send("#hw3", "news")
        swarm.until(lambda: not bob.outbox)
        self.until(alice, "new: 2:#hw3")
        alice.stream.feed(b"\x1b7\x1b[15;3Hrubbish\x1b8")
        for keys, shown in [step for steps in KEYS.values() for step in steps]:
            alice.type(keys)
            self.until(alice, shown)
        self.assertEqual({name for name, _ in HELP}, set(KEYS))
        alice.type("\x03")
        self.left(alice, 130)


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
