"""What went wrong in the programs this one follows, row by row (T01 to T33): here it goes right.

Rule: one test method a row, named after it, in memory: the real node on one side and, where a row is about what
people see, the real line client on the other. Rows that are about sockets, pipes and terminals are in
`tests/process/test_seeds.py`; those about encryption and files come with these.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.ports.frames import Frames
from chatd.wire.pack import Event, encode_command, encode_event, frame
from clients.core import intents as i
from tests.kit import House, Keys, Peer, Scene
from tests.windows import Told, Window, client_protocol

RESET = "\x1b[2J"
TRICKS = "\r\x1b\x00\x07\x08\x7f\x85\x9b\u200e\u202e\u2066\u2028\ufeff"
NASTY = "\r prof: exam is cancelled", "\x1b[2Jgone", "a\u202eb", "x\nprof: exam is cancelled", "\x9b31m", "bell\x07"


class Classroom(Scene):
    """A house, and people at windows."""

    def setUp(self) -> None:
        super().setUp()
        self.windows: list[Window] = []

    def window(self, name: str = "") -> Window:
        """A new window; with a name its owner is in, and has forgotten how."""
        window = Window(self.house, self.windows)
        if name:
            window.type(name)
            self.assertEqual(window.asked, "You: ", window.shown)
            for other in self.windows:
                other.take()
        return window

    def seen(self, *windows: Window) -> list[list[str]]:
        """What each window has shown since the last time."""
        return [window.take() for window in windows]

    def lose(self, *peers: Peer) -> None:
        """Their connections break."""
        for peer in peers:
            peer.lose()

    def well(self, *peers: Peer) -> None:
        """They can all talk to each other."""
        for writer in peers:
            others = [peer for peer in peers if peer is not writer]
            for peer in peers:
                peer.take()
            writer.send("#lobby", f"from {writer.name}")
            self.assertEqual(len(writer.of(m.Accepted)), 1)
            self.assertEqual([peer.texts() for peer in others], [[f"from {writer.name}"]] * len(others))
        self.assertEqual(self.house.failures, [])

    def inert(self, lines: list[str]) -> None:
        """Nothing in these lines does anything to a terminal."""
        for line in lines:
            for char in line:
                self.assertNotIn(unicodedata.category(char), ("Cc", "Zl", "Zp", "Cs"), repr(line))
                self.assertNotIn(char, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", repr(line))


class ConnectionTests(Classroom):
    """Connections that end, stall, or say nothing."""

    def test_T01_a_reset_touches_one_session(self) -> None:
        alice, bob, carol, dave = self.house.people("alice", "bob", "carol", "dave")
        half = frame(encode_command(m.Who(1)))
        bob.lose()
        carol.raw(half[:3])
        carol.lose()
        stranger, greeted = self.house.peer(), self.house.greeted()
        stranger.raw(half[:1])
        for peer in (stranger, greeted):
            peer.lose()
        self.assertEqual([event.state for event in alice.of(m.Presence)], ["lost", "lost"])
        self.well(alice, dave)

    def test_T02_all_leave_within_one_pass(self) -> None:
        alice, dave, *many = self.house.people("alice", "dave", *(f"p{n}" for n in range(50)))
        for peer in many:
            peer.transport._end()  # nothing runs before the last one has gone
        for _ in range(50):
            self.house.advance(0.01)  # a few go at a time, and a few news are told at a time
        self.assertEqual({event.name for event in alice.of(m.Presence)}, {peer.name for peer in many})
        self.well(alice, dave)
        self.well(alice, *[peer.again() for peer in many[:5]])

    def test_T06_somebody_who_says_nothing_is_not_noticed_and_goes(self) -> None:
        silent = [self.house.peer("198.51.100.7") for _ in range(20)]  # on this machine people have more time
        alice, bob = self.house.people("alice", "bob")
        self.well(alice, bob)
        self.house.advance(self.house.limits.login_seconds + 6)
        self.assertEqual([peer.over for peer in silent], [True] * 20)
        self.assertEqual(alice.of(m.Presence), [])
        self.well(alice, bob)

    def test_T13_a_reader_that_never_reads_stops_nobody(self) -> None:
        self.house = House(limits=Limits(unsent_bytes=20_000))
        alice, bob, carol = self.house.people("alice", "bob", "carol")
        for peer in (alice, bob, carol):
            peer.ask(m.Join, "#hw")
        bob.take(), carol.take()
        bob.stick(1000)
        for number in range(500):
            alice.send("#hw", f"{number} {'x' * 1000}")
        self.assertEqual([text.split()[0] for text in carol.texts()], [str(n) for n in range(500)])
        self.assertEqual(len(alice.of(m.Accepted)), 500)
        frames = bob.door._inner
        assert isinstance(frames, Frames)
        self.assertLess(len(bob.transport.value()) + sum(map(len, frames.outlet._queue or ())), 30_000)
        self.house.advance(self.house.limits.stall_seconds + 6)
        self.assertTrue(bob.over)
        again = bob.again()
        self.assertEqual([text.split()[0] for text in again.texts()], [str(n) for n in range(500)])
        self.well(alice, again, carol)

    def test_T19_leaving_without_a_goodbye_is_told_and_mail_is_stored(self) -> None:
        window = self.window("alice")
        bob = self.house.people("bob", "carol")[0]
        window.take()
        bob.lose()
        self.assertEqual(window.take(), ["bob left the conversation unexpectedly"])
        self.assertEqual(window.type("/who"), ["Here now (2): alice, carol"])
        window.type("/plain @bob yes")
        self.assertIn(
            "bob is currently inactive. Message will be delivered when they reconnect.", window.type("@bob hi")
        )
        self.assertEqual(bob.again().texts(), ["hi"])

    def test_T20_somebody_who_gives_no_name_is_not_noticed_and_goes(self) -> None:
        nameless = [self.house.greeted() for _ in range(20)]
        alice, bob = self.house.people("alice", "bob")
        self.well(alice, bob)
        self.house.advance(self.house.limits.login_seconds + 6)
        self.assertEqual({peer.last(m.Bye).code for peer in nameless}, {"timeout"})
        self.assertEqual({peer.over for peer in nameless}, {True})
        self.assertEqual(alice.of(m.Presence), [])
        self.well(alice, bob)

    def test_T32_a_dead_socket_is_not_the_senders_fault(self) -> None:
        alice, bob, carol = self.house.people("alice", "bob", "carol")
        bob.transport.connected = False  # dead, and nobody has noticed yet
        self.well(alice, carol)
        bob.transport.connected = True
        bob.lose()
        self.well(alice, carol)


class BytesTests(Classroom):
    """Bytes that come in other pieces, in other numbers, or in none that mean anything."""

    COMMANDS = (
        m.Join(1, "#hw"), m.Send(2, "#lobby", b"1" * 16, "one"), m.Send(3, "@bob", b"2" * 16, "zwei \u4e8c"),
        m.Who(4), m.Send(5, "#hw", b"3" * 16, "x" * 700), m.Ping(6),
    )  # fmt: skip

    def conversation(self, cuts: list[int]) -> list[list[Event]]:
        """The same commands, in pieces; returns what the sender and another one hear."""
        house = House()
        alice, bob = house.people("alice", "bob")
        data = b"".join(frame(encode_command(command)) for command in self.COMMANDS)
        places = [0, *sorted({cut % len(data) for cut in cuts}), len(data)]
        for start, end in pairwise(places):
            alice.raw(data[start:end])
        self.assertEqual(house.failures, [])
        return [alice.take(), bob.take()]

    @given(st.lists(st.integers(0, 5000), max_size=12))
    @example(list(range(5000)))
    def test_T03_pieces_make_no_difference_to_the_server(self, cuts: list[int]) -> None:
        self.assertEqual(self.conversation(cuts), self.conversation([]))

    def test_T03_pieces_make_no_difference_to_the_client(self) -> None:
        events: list[Event] = [m.Message("#lobby", n, 1000, "bob", bytes(16), "hel\nlo" * n) for n in range(1, 4)]
        data = b"".join(frame(encode_event(event)) for event in events)
        for size in (1, 2, 5, len(data)):
            told = Told()
            protocol = client_protocol(told)
            for start in range(0, len(data), size):
                protocol.dataReceived(data[start : start + size])
            self.assertEqual(told.events, events)

    def test_T04_several_in_one_segment_all_arrive_in_order(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        texts = [f"line {number}" for number in range(50)]
        alice.tell(*(m.Send(n, "#lobby", self.house.random(16), text) for n, text in enumerate(texts, 1)))
        self.assertEqual(bob.texts(), texts)
        self.assertEqual([event.ref for event in alice.of(m.Accepted)], list(range(1, 51)))
        window = self.window("carol")
        self.house.peers[0].tell(*(m.Send(n, "#lobby", self.house.random(16), text) for n, text in enumerate(texts, 1)))
        self.assertEqual(window.take(), [f"alice: {text}" for text in texts])

    def test_T05_a_long_line_travels_whole_or_is_refused_with_the_limit(self) -> None:
        alice, bob = self.window("alice"), self.window("bob")
        most = self.house.limits.text_bytes
        for length in (1, 3000, 6000, most):
            self.assertEqual(alice.type("x" * length), [])
            self.assertEqual(bob.take(), ["alice: " + "x" * length])
        for length in (most + 1, 300_000):
            (told,) = alice.type("x" * length)
            self.assertRegex(told, rf"\b{most}\b" if length == most + 1 else "too long")
        self.assertEqual(bob.take(), [])
        self.assertEqual((alice.type("short again"), bob.take()), ([], ["alice: short again"]))

    def test_T12_a_name_and_a_first_line_in_one_segment_are_two(self) -> None:
        bob = self.house.person("bob")
        alice = self.house.greeted()
        alice.name, alice.keys = "alice", Keys(b"alice")
        proof = alice.signature(m.SIGNUP_LABEL, "alice")
        first = m.Send(2, "#lobby", self.house.random(16), "hello there")
        alice.tell(m.SignUp(1, "alice", alice.keys.public, proof), first)
        self.assertEqual(alice.last(m.Welcome).name, "alice")
        self.assertEqual([(message.sender, message.text) for message in bob.of(m.Message)], [("alice", "hello there")])
        dave = self.window("dave")
        self.window().type("carol", "hello from me", "and again")
        self.assertEqual(dave.take(), ["carol joined the conversation", "carol: hello from me", "carol: and again"])

    def test_T14_bytes_that_are_no_text_are_refused(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        for bad in (b"a\xffc", b"\xc3\x28x", b"\xed\xa0\x80"):
            alice.take()
            data = encode_command(m.Send(1, "#lobby", bytes(16), "abc")).replace(b"abc", bad)
            alice.raw(frame(data))
            self.assertEqual(alice.code(), "malformed")
        self.assertEqual(bob.texts(), [])
        self.well(alice, bob)
        told = Told()
        protocol = client_protocol(told)
        protocol.dataReceived(
            frame(encode_event(m.Message("#lobby", 1, 1, "b", b"", "abc")).replace(b"abc", b"\xff" * 3))
        )
        self.assertEqual(told.events, [])
        protocol.connectionLost()
        self.assertIn("does not speak this protocol", told.lost_for)

    @given(st.text(min_size=1).filter(lambda text: not text.isspace()))
    @example("a|b")
    @example("(Private) alice: one|CLIENT_LIST_UPDATE:alice,bob")
    @example("\x00\x01\n\r\n\u2028\ufffe\U000e0041")
    def test_T21_any_text_survives(self, text: str) -> None:
        house, windows = House(), list[Window]()
        alice, bob = Window(house, windows), Window(house, windows)
        alice.type("alice"), bob.type("bob")
        bob.take()
        alice.app.act(i.Tell(("@bob", "#lobby"), text))
        shown = bob.take()
        kept = [said.text for said in bob.history.last(1, "@alice", 5) + bob.history.last(1, "#lobby", 5)]
        self.assertEqual(kept, [text, text])
        self.inert(shown)
        self.assertEqual(len([line for line in shown if line.startswith(("alice: ", "(Private) alice: "))]), 2)

    def test_T22_a_command_short_of_an_argument_says_how_it_is_used(self) -> None:
        alice, bob = self.window("alice"), self.window("bob")
        short = "@bob", "@", "@bob,", "/group", "/group_msg g1", "/msg bob", "/invite hw", "/kick", "/role hw bob"
        for line in (*short, "/topic", "/whois", "/join", "/part", "/announce hw", "/history 0", "/search"):
            (told,) = alice.type(line)
            self.assertTrue(told.startswith("Usage: "), (line, told))
        self.assertEqual(bob.take(), [])
        self.assertEqual((alice.type("still here"), bob.take()), ([], ["alice: still here"]))

    def test_T22_a_short_frame_is_refused_and_nothing_more(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        for short in (["send"], ["send", 1], ["send", 1, "@bob"], ["join", 1], ["whois", 1], ["invite", 1, "#hw"], []):
            alice.take()
            alice.raw(frame(msgspec.msgpack.encode(short)))
            self.assertEqual(alice.code(), "malformed", short)
        self.assertFalse(alice.over)
        self.well(alice, bob)

    def test_T23_an_unknown_command_is_sent_to_nobody(self) -> None:
        alice, bob = self.window("alice"), self.window("bob")
        for line, near in (
            ("/gruop hw3 my secret", "/group"), ("/mgs bob my secret", "/msg"), ("  /whoo my secret", "/who"),
            ("/xyzzy my secret", "nothing was sent"), ("/ my secret", "/"),
            ("/GRUOP my secret", "/group"),
        ):  # fmt: skip
            (told,) = alice.type(line)
            self.assertIn(near, told)
            self.assertNotIn("secret", told)
        self.assertEqual(bob.take(), [])
        self.assertEqual(self.house.store.read(1, 0, 100, 100), [])
        self.assertEqual((alice.type("//etc is a folder"), bob.take()), ([], ["alice: /etc is a folder"]))
        carol = self.house.person("carol")
        carol.raw(frame(msgspec.msgpack.encode(["fiel", 7, "bob", "x.txt"])))
        self.assertEqual(carol.code(), "unknown-command")
        self.assertEqual(bob.take(), ["carol joined the conversation"])


class NameTests(Classroom):
    """Names: whose they are, and what they may be."""

    def test_T07_a_name_belongs_to_whoever_has_it(self) -> None:
        tesla, alice = self.house.people("tesla", "alice")
        thief = self.house.greeted()
        thief.sign_up("tesla")
        self.assertEqual(thief.code(), "name-taken")
        thief.login("tesla", Keys(b"thief"))
        self.assertEqual(thief.code(), "login-refused")
        thief.ask(m.Enter, "tesla")
        self.assertEqual(thief.code(), "name-taken")
        alice.send("@tesla", "for you only")
        self.assertEqual((tesla.texts(), thief.texts(), thief.over), (["for you only"], [], False))
        window = self.window()
        window.type("Tesla")
        self.assertEqual((window.shown[-1], window.asked), ("Username already taken!", "Enter username: "))
        window.type("nikola")
        self.assertEqual(window.asked, "You: ")

    def test_T07_sessions_are_counted(self) -> None:
        alice, tesla = self.house.people("alice", "tesla")
        tesla.ask(m.SetPassword, "correct horse")
        second = self.house.greeted()
        second.link("tesla", "correct horse")
        alice.take(), second.take()
        tesla.lose()
        self.assertEqual(alice.take(), [])
        alice.send("@tesla", "are you there?")
        self.assertEqual((second.texts(), alice.last(m.Accepted).state), (["are you there?"], "sent"))
        second.lose()
        self.assertEqual(alice.last(m.Presence).state, "lost")

    def test_T08_names_that_look_alike_are_one(self) -> None:
        self.house.person("tesla")
        twins = (
            "Tesla",
            "TESLA",
            "tesla ",
            " tesla",
            "te\u0455la",
            "t\u0435sla",
            "\uff54esla",
            "tesIa",
            "tes\u200bla",
            "te\u00adsla",
        )
        for twin in twins:
            peer = self.house.greeted()
            peer.sign_up(twin)
            self.assertEqual(peer.of(m.Welcome), [], repr(twin))
            self.assertIn(peer.code(), ("name-taken", "bad-name"), repr(twin))
        window = self.window()
        window.type("tesla  ")
        self.assertEqual(window.shown[-1], "Username already taken!")

    def test_T09_a_name_cannot_draw_on_anybodys_screen(self) -> None:
        alice = self.window("alice")
        forged = f"x\nboss joined the conversation{RESET}"
        for name in (forged, RESET, "a\rb", "a\tb", "a\u202eb", "\u202e", "a\x9bm", "a b", "a:b", "@a", "#a", "a,b"):
            peer = self.house.greeted()
            peer.sign_up(name)
            self.assertEqual(peer.code(), "bad-name", repr(name))
        self.assertEqual(alice.take(), [])

    def test_T09_a_server_that_lets_such_names_in_draws_on_no_screen(self) -> None:
        alice = self.window("alice")
        listener = alice.wire.listener
        assert listener is not None
        for number, name in enumerate((f"x\nboss{RESET}", *(f"a{char}b" for char in TRICKS)), 1):
            listener.received([
                m.Presence(name, "online"), m.Message("#lobby", number, 1, name, number.to_bytes(16, "big"), "hi"),
                m.GroupChange("#hw" + name, "joined", name, name, name), m.Notice(name, name),
            ])  # fmt: skip
            shown = alice.take()
            self.assertEqual(len(shown), 4 + ("\n" in name), shown)  # what the server says may have lines
            self.inert(shown)

    def test_T11_an_empty_name_is_refused_for_that_reason(self) -> None:
        peer = self.house.greeted()
        for name in ("", " ", "\u3000"):
            peer.sign_up(name)
            self.assertEqual(peer.code(), "bad-name")
            self.assertNotIn("taken", peer.last(m.Failed).text)
        window = self.window()
        self.assertEqual((window.type(""), window.asked), (["A username is needed."], "Enter username: "))

    def test_T24_a_name_that_never_existed_is_an_error_now(self) -> None:
        alice, _ = self.house.people("alice", "zoe")
        refusal = self.refused("no-such-user", alice, m.Send, "@zoey", bytes(16), "hi")
        self.assertEqual(refusal.near, ["zoe"])
        window = self.window("bob")
        told = window.type("@zoey hi")
        self.assertEqual(told, ["Requested user <<zoey>> not found! Please choose another. Did you mean zoe?"])
        self.assertEqual(len(window.app.session.outbox), 0)

    def test_T31_names_in_any_script_are_right_everywhere(self) -> None:
        alice = self.window("alice")
        for name in (
            "Zo\u00eb",
            "\u5f20\u4f1f",
            "\u0410\u043d\u043d\u0430",
            "\u0639\u0645\u0631",
            "\u092e\u0940\u0930\u093e",
        ):
            other = self.window()
            other.type(name)
            self.assertEqual(alice.take(), [f"{name} joined the conversation"])
            other.type("hi")
            self.assertEqual(alice.take(), [f"{name}: hi"])
            alice.type(f"@{unicodedata.normalize('NFD', name)} hello")
            self.assertIn("(Private) alice: hello", other.take())
            self.assertIn(name, alice.type("/who")[0])
            alice.take()

    def test_T33_the_server_says_who_speaks(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        alice.raw(frame(msgspec.msgpack.encode(["send", 9, "#lobby", bytes(16), "bob: I am bob", "text", "", "bob"])))
        self.assertEqual([(one.sender, one.text) for one in bob.of(m.Message)], [("alice", "bob: I am bob")])
        alice.raw(frame(encode_event(m.Message("#lobby", 2, 1, "bob", bytes(16), "I am bob"))))
        self.assertEqual(alice.code(), "unknown-command")
        window = self.window("carol")
        alice.send("#lobby", "bob: I am bob")
        alice.send("#lobby", "look:\nbob: I am bob\r\nbob left the conversation")
        shown = window.take()
        self.assertEqual(shown[0], "alice: bob: I am bob")
        self.assertEqual([line for line in shown if re.match(r"\S", line) and not line.startswith("alice: ")], [])


class TextTests(Classroom):
    """Texts on screens."""

    @given(st.text(alphabet="ab \n" + TRICKS, min_size=1).filter(lambda text: not text.isspace()))
    @example(NASTY[0])
    @example(NASTY[1])
    @example(NASTY[3])
    def test_T10_nothing_in_a_text_does_anything_to_a_terminal(self, text: str) -> None:
        house, windows = House(), list[Window]()
        bob = Window(house, windows)
        bob.type("bob")
        alice = house.person("alice")
        bob.take()
        alice.send("#lobby", text)
        alice.send("@bob", text)
        alice.ask(m.Away, text[:100])
        shown = bob.take()
        self.inert(shown)
        heads = [line.split(":")[0] for line in shown if re.match(r"\S", line)]
        self.assertEqual({"alice", "[PLAIN] (Private) alice"} - set(heads), set())
        self.assertEqual({head for head in heads if "alice" not in head}, set())


class MailTests(Classroom):
    """What waits for whoever is away."""

    def test_T25_stored_messages_come_one_by_one_until_they_are_acknowledged(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        bob.lose()
        for text in ("one", "two"):
            alice.send("@bob", text)
            self.house.advance(60)
        sent = [event.at for event in alice.of(m.Accepted)]
        self.house.restart()
        again = bob.again()
        for _ in range(2):  # nothing is let go because it was sent: only because it was acknowledged
            self.assertEqual(
                [(one.text, one.at) for one in again.of(m.Message)], list(zip(["one", "two"], sent, strict=True))
            )
            again.lose()
            again = bob.again()
        again.ack("dm:alice:bob", 2)
        again.lose()
        self.assertEqual(bob.again().texts(), [])

    def test_T25_a_window_shows_stored_messages_once_and_when_they_were_sent(self) -> None:
        alice, bob = self.house.person("alice"), self.window("bob")
        bob.wire.close()
        bob.settle()
        for text in ("one", "two"):
            alice.send("@bob", text)
        bob.wire.loses = (m.Acknowledge,)
        shown: list[str] = []
        while not shown:
            shown = [line for line in bob.live(0.1) if "(Private)" in line]
        self.assertEqual([re.sub(r"^(\d{4}-\d\d-\d\d )?\d\d:\d\d ", "", line) for line in shown],
                         ["[PLAIN] (Private) alice: one", "[PLAIN] (Private) alice: two"])  # fmt: skip
        bob.wire.close()
        bob.wire.loses = ()
        self.assertEqual(alice.of(m.Delivered), [])
        self.assertEqual([line for line in bob.live(60) if "(Private)" in line], [])
        self.assertEqual(alice.last(m.Delivered).seq, 2)

    def test_T16_the_end_of_the_input_waits_for_the_server(self) -> None:
        alice, bob = self.window("alice"), self.house.person("bob")
        alice.wire.close()
        alice.settle()
        alice.type("one", "two")
        alice.face.end()
        alice.settle()
        self.assertEqual((alice.status, bob.texts()), (None, []))
        alice.live(10)
        self.assertEqual((alice.status, bob.texts()), (0, ["one", "two"]))

    def test_C13_somebody_who_returns_has_everything_and_that_is_told_once(self) -> None:
        alice, bob = self.window("alice"), self.window("bob")
        bob.wire.close()
        told = alice.type("@bob one", "@bob two")
        stored = "bob is currently inactive. Message will be delivered when they reconnect."
        self.assertEqual(told[-4:], ["(Private to bob) You: one", stored, "(Private to bob) You: two", stored])
        alice.take()
        texts = [re.sub(r"^(\d{4}-\d\d-\d\d )?\d\d:\d\d ", "", line) for line in bob.live(10)]
        self.assertEqual(texts[-3:], ["(Private) alice: one", "(Private) alice: two", "Unread, encrypted: @alice 2"])
        self.assertEqual(alice.take(), ["bob joined the conversation", "bob has your message now."])

    def test_T26_a_group_message_waits_for_every_member_who_is_away(self) -> None:
        alice, bob, carol, dave = self.house.people("alice", "bob", "carol", "dave")
        for peer in (alice, bob, carol):
            peer.ask(m.Join, "#hw")
        self.lose(bob, carol)
        alice.send("#hw", "due on Friday")
        self.assertEqual(alice.last(m.Accepted).state, "stored")
        bob, carol = bob.again(), carol.again()
        self.assertEqual([bob.texts(), carol.texts(), dave.texts()], [["due on Friday"], ["due on Friday"], []])
        carol.ack("#hw", 1)
        self.lose(bob, carol)
        self.assertEqual([bob.again().texts(), carol.again().texts()], [["due on Friday"], []])


class CommandTests(Classroom):
    """The commands of the assignment (C1 to C15), word for word."""

    def test_C1_C10_a_private_message_is_marked_on_both_sides(self) -> None:
        alice, bob, carol = self.window("alice"), self.window("bob"), self.window("carol")
        self.assertEqual(alice.type("@bob meet me"), ["(Private to bob) You: meet me"])
        self.assertEqual(self.seen(bob, carol), [["(Private) alice: meet me"], []])

    def test_C2_C3_C11_C12_groups(self) -> None:
        alice, bob, carol = self.window("alice"), self.window("bob"), self.window("carol")
        no = "Cannot send message. Group 'g1' does not exist or you are not a member. `/group g1` to join."
        self.assertEqual(alice.type("/group g1 hi"), [no])
        self.assertEqual(alice.type("/group g1")[:1], ["Group 'g1' created successfully."])  # and how to write there
        self.assertEqual(alice.type("/group g1")[:1], ["You are already in group 'g1'."])
        self.assertEqual(bob.type("/group g1 hi")[0][: len(no)], no)
        self.assertEqual(bob.type("/group g1")[:1], ["Joined group 'g1' successfully."])
        self.assertEqual(self.seen(alice)[0][-1], "[g1] bob joined the group")
        self.assertEqual(alice.type("/group g1 who is in?"), ["[g1] You: who is in?"])
        self.assertEqual(self.seen(bob, carol)[0][-1], "[g1] alice: who is in?")
        self.assertEqual(carol.take(), [])

    def test_C5_C6_ways_to_leave(self) -> None:
        alice = self.window("alice")
        for word in ("tata", "/quit", "/exit", "/logout"):
            other = self.window("bob" + word.strip("/"))
            self.assertEqual((other.type(word), other.status), (["DISCONNECTED!!"], 0))
            self.assertEqual(alice.take()[-1], f"bob{word.strip('/')} left the conversation")
        self.assertEqual((alice.type("bye", "tata is a word"), alice.status), ([], None))

    def test_C7_C8_other_words_for_the_same(self) -> None:
        alice, bob, carol = self.window("alice"), self.window("bob"), self.window("carol")
        self.assertEqual(alice.type("/create_group g1")[:1], ["Group 'g1' created successfully."])
        self.assertEqual(bob.type("/join_group g1")[:1], ["Joined group 'g1' successfully."])
        bob.type("/group_msg g1 hello"), bob.type("@alice,@carol to both")
        self.assertEqual(alice.take()[-2:], ["[g1] bob: hello", "(Private) bob: to both"])
        self.assertEqual(carol.take(), ["(Private) bob: to both"])
        self.assertEqual(bob.type("/who", "/inbox"), ["Here now (3): alice, bob, carol", "Nothing is unread."])

    def test_C9_S16_anything_else_goes_to_everybody_but_oneself(self) -> None:
        alice, bob, carol = self.window("alice"), self.window("bob"), self.window("carol")
        self.assertEqual(alice.type("hello world"), [])
        self.assertEqual(self.seen(bob, carol), [["alice: hello world"]] * 2)

    def test_S10_C13_C14_C15_the_unknown_the_away_and_the_unread(self) -> None:
        bob, alice = self.house.person("bob"), self.window("alice")
        unknown = "Requested user <<zed>> not found! Please choose another."
        self.assertEqual(alice.type("@zed hi"), [unknown])
        bob.lose()
        alice.take()
        away = ["(Private to bob) You: hi", "bob is currently inactive. Message will be delivered when they reconnect."]
        (told,) = alice.type("@bob hi")
        self.assertTrue(told.startswith("bob cannot receive encrypted messages right now. Your message was not sent."))
        alice.type("/plain @bob yes")
        self.assertEqual(alice.type("@bob hi"), ["[PLAIN] " + away[0], away[1]])
        newcomer = self.window()
        newcomer.type("dave")
        self.assertEqual(newcomer.shown[-2:], ["Welcome to chat room. Enter 'tata' anytime to exit", "Here now: alice"])
        self.assertEqual([(p.conversation, p.head - p.cursor) for p in bob.again().last(m.Welcome).conversations],
                         [("#lobby", 0), ("dm:alice:bob", 1)])  # fmt: skip
