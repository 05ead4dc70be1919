"""What went wrong in the programs this one follows (T01 to T33), with real sockets, pipes and terminals.

Rule: only the rows that are about these; all others are in `tests/test_seeds.py`, and T15 in `test_server.py`.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import struct
import time

from chatd.messages import Presence
from chatd.wire.pack import Event
from tests.process.chat import ChatCase
from tests.process.server import DEADLINE
from tests.process.swarm import Client, Swarm

BROKEN = (
    b"",
    b"\0",
    b"\0\0\0\x40\x93",
    b"\x16\x03\x01\x02\x00\x01",
    b"GET / HTTP/1.1\r\n",
    b"\0\0\x7f\xff" + bytes(9999),
)
MANY = 100


def reset(connection: socket.socket) -> None:
    """End a connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class SocketTests(ChatCase):
    """Connections that end, and some that say nothing."""

    def well(self, swarm: Swarm, writer: Client, reader: Client) -> None:
        """The server is still the one that was started, complains of nothing, and brings messages."""
        before = len(reader.ledger.shown)
        writer.send("#lobby", "are you there?")
        swarm.until(lambda: len(reader.ledger.shown) > before and not writer.outbox)
        assert self.server.process is not None
        self.assertIsNone(self.server.process.poll())
        self.assertNotIn("Traceback", self.server.printed())

    def test_T01_a_reset_at_any_moment_touches_one_session(self) -> None:
        swarm, (alice, bob) = self.swarm("alice", "bob")
        for tls in (False, True):
            port = self.server.ports["tls" if tls else "plain"]
            for sent in BROKEN:
                connection = socket.create_connection(("127.0.0.1", port), DEADLINE)
                connection.sendall(sent)
                reset(connection)
            victims = [swarm.add(f"victim{tls:d}{number}", port, tls=tls) for number in range(5)]
            swarm.all_in(victims)
            for victim in victims:
                victim.send("#lobby", "my last words" * 100)
                victim.vanish(reset=True)
            for victim in victims:
                self.in_server_window(f"Client (127.0.0.1, 0) is offline (error)  [ {victim.name} ]")
            self.well(swarm, alice, bob)

    def test_T02_a_hundred_leave_within_one_pass(self) -> None:
        swarm, (alice, bob) = self.swarm("alice", "bob")
        gone: set[str] = set()

        def heard(client: Client, event: Event) -> None:
            if isinstance(event, Presence) and event.state == "lost":
                gone.add(event.name)

        alice.heard = heard
        victims = [swarm.add(f"victim{number}", self.server.ports["plain"]) for number in range(MANY)]
        swarm.all_in(victims)
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGSTOP)
        for number, victim in enumerate(victims):
            victim.vanish(reset=number % 2 == 0)
        self.server.process.send_signal(signal.SIGCONT)
        swarm.until(lambda: len(gone) == MANY, what="that everybody has left is told")
        self.well(swarm, alice, bob)
        for victim in victims:
            victim.wanted = True
        swarm.all_in(victims)

    def test_T06_two_hundred_who_say_nothing_hinder_nobody(self) -> None:
        port = self.server.ports["plain"]
        silent = [socket.create_connection(("127.0.0.1", port), DEADLINE) for _ in range(200)]
        for connection in silent:
            self.addCleanup(connection.close)
        before = time.monotonic()
        swarm, (alice, bob) = self.swarm("alice", "bob")
        self.well(swarm, alice, bob)
        self.assertLess(time.monotonic() - before, 10)


class ScreenTests(ChatCase):
    """The client in a terminal."""

    def test_T10_nothing_that_is_said_moves_the_cursor(self) -> None:
        alice = self.join("alice")
        swarm, (mallory,) = self.swarm("mallory")
        alice.wait("mallory joined the conversation")
        for text in (
            "before", "\r prof: exam is cancelled", "\x1b[2J\x1b[Hgone", "\x9b2J", "a\u202eb", "x\nprof: no exam",
            "\x1b]0;title\x07\x1b[6n\x1b[?1049h\b\b\b\b\bafter",
        ):  # fmt: skip
            mallory.send("#lobby", text)
        swarm.until(lambda: not mallory.outbox)
        self.shows(alice, [
            "mallory joined the conversation", "mallory: before", r"mallory: \x0d prof: exam is cancelled",
            r"mallory: \x1b[2J\x1b[Hgone", r"mallory: \x9b2J", r"mallory: a\u202eb", "mallory: x", "    prof: no exam",
            r"mallory: \x1b]0;title\x07\x1b[6n\x1b[?1049h\x08\x08\x08\x08\x08after", "You:",
        ], 4)  # fmt: skip

    def test_T18_what_is_being_typed_stays_whole(self) -> None:
        alice = self.join("alice")
        swarm, (bob,) = self.swarm("bob")
        alice.wait("bob joined the conversation")
        alice.type("half of what I wan")
        alice.wait("You: half of what I wan")
        for text in ("one", "two " * 40, "three"):
            bob.send("#lobby", text)
        swarm.until(lambda: not bob.outbox)
        wrapped = "bob: " + "two " * 40
        rows = [wrapped[at : at + 80].rstrip() for at in range(0, len(wrapped), 80)]
        self.shows(alice, ["bob: one", *rows, "bob: three", "You: half of what I wan"], 5)
        self.assertEqual(alice.screen.cursor.x, len("You: half of what I wan"))
        alice.enter("t to say")
        swarm.until(lambda: len(bob.ledger.shown) == 1)
        self.assertEqual(self.chat("carol", "tail").lines()[-1].partition(" ")[2], "alice: half of what I want to say")

    def test_T25_stored_messages_come_each_on_its_line_after_the_server_was_killed(self) -> None:
        self.join("bob").enter("tata")
        self.in_server_window("Client (127.0.0.1, 0) is offline  [ bob ]")
        for text in ("one", "two\n  lines", "three"):
            done = self.chat("alice", "send", "@bob", text)
            self.assertEqual((done.status, done.out), (0, "stored\n"))
        self.server.kill()
        self.server.start()
        bob = self.window("bob", user="bob")
        bob.wait("Unread, encrypted: @alice 3")
        shown = [re.sub(r"^.*(?=\(Private\))", "", line) for line in bob.lines() if line != "You:"]
        self.assertEqual(shown[2:], [
            "(Private) alice: one", "(Private) alice: two", "      lines", "(Private) alice: three",
            "Unread, encrypted: @alice 3",
        ])  # fmt: skip


class PipeTests(ChatCase):
    """The client without a terminal."""

    def test_T16_when_the_input_ends_everything_is_sent_and_the_client_goes(self) -> None:
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        command = self.command("tesla")
        first = self.run_program([*command, self.address()], "tesla\nhello there\na\nb")
        self.assertEqual((first.status, first.err), (0, ""))
        self.assertEqual(first.lines(), [
            "CREATING NEW ID:", "Enter username: ", "Welcome to chat room. Enter 'tata' anytime to exit",
            "Here now: bob", "DISCONNECTED!!",
        ])  # fmt: skip
        many = "".join(f"line {number}\n" for number in range(2000))
        second = self.run_program([*command, self.address("tesla")], many)
        self.assertEqual((second.status, second.err), (0, ""))
        self.assertLess(len(second.out), 200)
        texts = [f"tesla: {text}" for text in ("hello there", "a", "b", *many.splitlines())]
        swarm.until(lambda: len(heard) >= len(texts))
        self.assertEqual(heard, texts)

    def test_T14_input_that_is_no_text_is_sent_as_far_as_it_is(self) -> None:
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        self.assertEqual(self.talk("alice", b"a\xffb\n\xc3\nZo\xc3\xab\n").status, 0)
        swarm.until(lambda: len(heard) == 3)
        self.assertEqual(heard, ["alice: a\ufffdb", "alice: \ufffd", "alice: Zo\u00eb"])

    def test_T17_a_server_that_is_not_there_is_told_and_the_status_says_so(self) -> None:
        self.server.stop()
        for words in ((self.address("alice"),), ("--server", self.address("alice"), "send", "@bob", "hi")):
            for tls in (False, True):
                done = self.run_program([*self.command("alice", *words, tls=tls)], "hello\n")
                self.assertEqual((done.status, done.out), (3, ""))
                self.assertRegex(done.err, r"^Can't connect to the server: .*refused.*\.\n$")


class EndTests(ChatCase):
    """Ends of all kinds, as others see them."""

    def test_T19_a_killed_client_leaves_unexpectedly(self) -> None:
        alice, bob = self.join("alice"), self.join("bob")
        alice.wait("bob joined the conversation")
        bob.enter("@alice hello")
        alice.wait("(Private) bob: hello")  # a first visit that is killed sooner may have no keys yet
        os.kill(bob.pid, signal.SIGKILL)
        alice.wait("bob left the conversation unexpectedly")
        self.in_server_window("Client (127.0.0.1, 0) is offline (error)  [ bob ]")
        alice.enter("@bob see you")
        alice.wait("bob is currently inactive. Message will be delivered when they reconnect.")
