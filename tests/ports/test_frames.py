"""Frames: however the bytes are cut, the same happens; nonsense is answered or cut, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.protocols.basic import Int32StringReceiver

from chatd import messages as m
from chatd.ports.frames import CODEC, Frames
from chatd.wire.pack import Event, decode_event, encode_command, frame
from tests.kit import House, Peer, Scene

ID = b"0123456789abcdef"
BOMB = frame(b"\x91" * 16_000)
COMMANDS: list[m.Command] = [
    m.Send(1, "@bob", ID, "hello"), m.Send(2, "@bob", b"x" * 16, "two"), m.Ping(3),
    m.Send(4, "#lobby", b"y" * 16, "to all"),
    m.Who(5), m.Send(6, "@nobody", ID, "hello"), m.Join(7, "hw3"), m.History(8, "@bob"), m.Ping(9),
]  # fmt: skip
SEGMENT = b"".join([frame(encode_command(command)) for command in COMMANDS])
AT_ONCE = b"".join([frame(encode_command(command)) for command in COMMANDS[:-2]])  # nothing that waits for a page
NONSENSE = [
    (b"", "malformed"), (b"\xc0", "malformed"), (b"\xff" * 40, "malformed"), (b"\x90", "malformed"),
    (b"\x91\x01", "malformed"), (b"\xdf\xff\xff\xff\xff", "malformed"), (b"\x91\xa4send", "malformed"),
    (b"\x95\xa4send\xa1x\xa4@bob\xa1i\xa1t", "malformed"), (b"\x95\xa4send\x01\x02\xc4\x00\xa1t", "malformed"),
    (b"\x95\xa4send\x01\xa4@bob\xc4\x00\xa2\xff\xfe", "malformed"), (b"\x92\xa4ping\x01\x01", "malformed"),
    (b"\x92\xa4ping\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xff", "malformed"), (b"hello\r\n", "malformed"),
    (b"\x92\xa4jump\x01", "unknown-command"), (b"\x91\xa0", "unknown-command"),
]  # fmt: skip


def twisteds_way(frames: Frames, data: bytes) -> None:
    """Each frame by itself, as the class does that ours is made of."""
    if not frames._over():
        Int32StringReceiver.dataReceived(frames, data)


class Cutting(Scene):
    """T03, T04, T12: the ends of segments mean nothing."""

    def play(
        self, *parts: bytes, way: Callable[[Frames, bytes], None] | None = None
    ) -> tuple[list[Event], list[Event]]:
        """What Alice and Bob hear when Alice's bytes come in these parts, and are read this way."""
        self.house = House()
        self.house.store._epoch = "e"  # type: ignore[attr-defined]
        alice, bob = self.house.people("alice", "bob")
        if way is not None:
            frames = alice.door._inner
            assert isinstance(frames, Frames)
            alice.door.dataReceived = partial(way, frames)  # type: ignore[method-assign]
        for part in parts:
            alice.raw(part)
        return alice.take(), bob.take()

    def test_three_in_one_segment_are_three_in_order(self) -> None:
        alice, bob = self.play(SEGMENT)
        self.assertEqual([e.text for e in bob if isinstance(e, m.Message)], ["hello", "two", "to all"])
        self.assertEqual([e.ref for e in alice if not isinstance(e, m.Delivered)], list(range(1, 10)))  # type: ignore[union-attr]

    def test_byte_by_byte(self) -> None:
        self.assertEqual(self.play(*[SEGMENT[at : at + 1] for at in range(len(SEGMENT))]), self.play(SEGMENT))

    @given(st.lists(st.integers(0, len(SEGMENT)), max_size=12))
    def test_cut_anywhere(self, cuts: list[int]) -> None:
        points = [0, *sorted(cuts), len(SEGMENT)]
        parts = [SEGMENT[start:end] for start, end in pairwise(points)]
        self.assertEqual(self.play(*parts), self.play(SEGMENT))

    @given(st.lists(st.sampled_from([data for data, _ in NONSENSE] + [SEGMENT[4:50]]), max_size=6), st.data())
    def test_nonsense_cut_anywhere(self, payloads: list[bytes], data: st.DataObject) -> None:
        sent = b"".join(map(frame, payloads)) + AT_ONCE + b"\x7f\xff\xff\xff and more"
        points = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
        parts = [sent[start:end] for start, end in zip([0, *points], [*points, len(sent)], strict=True)]
        self.assertEqual(self.play(*parts), self.play(sent))

    @given(st.lists(st.sampled_from([data for data, _ in NONSENSE] + [SEGMENT[4:50]]), max_size=6), st.data())
    def test_twisteds_own_way_is_the_same(self, payloads: list[bytes], data: st.DataObject) -> None:
        sent = (
            b"".join(map(frame, payloads)) + AT_ONCE + data.draw(st.sampled_from([b"", b"\x7f\xff\xff\xff and more"]))
        )
        points = [0, *sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8))), len(sent)]
        parts = [sent[start:end] for start, end in pairwise(points)]
        ours = self.play(*parts)
        self.assertEqual(self.play(*parts, way=twisteds_way), ours)

    def test_name_and_first_words_in_one_segment(self) -> None:
        """T12: the text does not become part of the name."""
        peer = self.house.peer()
        peer.tell(m.Hello([1]), m.Enter(1, "gast"), m.Send(2, "#lobby", ID, "hello there"))
        self.assertEqual(peer.last(m.Welcome).name, "gast")
        self.assertEqual(peer.last(m.Accepted).ref, 2)


class Nonsense(Scene):
    """What is no frame of ours."""

    def test_each_is_answered_and_harms_nothing(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        for payload, code in NONSENSE:
            alice.raw(frame(payload))
            (failed,) = alice.take()
            assert isinstance(failed, m.Failed)
            self.assertEqual((failed.ref, failed.code), (0, code), payload)
        alice.send("@bob", "still here")
        self.assertEqual(bob.texts(), ["still here"])

    def test_before_login_too(self) -> None:
        for payload, code in NONSENSE:
            peer = self.house.peer()
            peer.raw(frame(payload))
            self.assertEqual(peer.code(), code, payload)
            self.assertFalse(peer.over)

    def test_the_sixteenth_cuts(self) -> None:
        (alice,) = self.house.people("alice")
        for number in range(1, 17):
            self.assertFalse(alice.over, number)
            alice.raw(frame(b"\xc0"))
        self.assertEqual(len(alice.of(m.Failed)), 16)
        self.assertEqual((alice.last(m.Bye).code, alice.over), ("malformed", True))

    def test_nothing_is_heard_behind_the_cut(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        alice.raw(frame(b"\xc0") * 16 + SEGMENT)
        self.assertEqual((bob.texts(), type(alice.events[-1])), ([], m.Bye))

    def test_unknown_fields_are_ignored(self) -> None:
        """A newer client's longer arrays are understood."""
        (alice,) = self.house.people("alice")
        alice.raw(frame(b"\x94\xa4ping\x07\xa5extra\xc3"))
        self.assertEqual(alice.last(m.Pong).ref, 7)

    def test_missing_fields_with_a_default_are_filled_in(self) -> None:
        (alice,) = self.house.people("alice")
        alice.raw(frame(b"\x93\xa4join\x07\xa3hw3"))
        self.assertTrue(alice.last(m.GroupInfo).created)

    @given(st.binary(max_size=300))
    def test_any_bytes_before_login(self, data: bytes) -> None:
        peer = self.house.peer()
        peer.transport.deliver(b"\0" + data)
        self.house.settle()
        self.assertEqual(self.flushLoggedErrors(), [])
        peer.lose()

    @given(st.lists(st.binary(max_size=60), max_size=20))
    def test_any_frames_after_login(self, payloads: list[bytes]) -> None:
        peer = self.house.guest("gast")
        for payload in payloads:
            peer.raw(frame(payload))
        self.assertEqual(len(peer.of(m.Failed)), min(16, len(payloads)))
        self.assertEqual(self.flushLoggedErrors(), [])
        peer.lose()


class Size(Scene):
    """T05: whole, or refused with the limit named."""

    def cut(self, peer: Peer, limit: int) -> None:
        """The peer has been told the limit, and is gone."""
        bye = peer.last(m.Bye)
        self.assertEqual((bye.code, peer.over), ("frame-too-long", True))
        self.assertIn(str(limit), bye.text)

    def test_before_login(self) -> None:
        peer = self.house.peer()
        peer.raw((16_385).to_bytes(4, "big"))
        self.cut(peer, 16_384)
        peer = self.house.peer()
        peer.raw(frame(b"\xc0" * 16_384))
        self.assertEqual((peer.code(), peer.over), ("malformed", False))

    def test_after_login(self) -> None:
        (alice,) = self.house.people("alice")
        alice.raw(frame(b"\xc0" * 262_144))
        self.assertEqual((alice.code(), alice.over), ("malformed", False))
        alice.raw((262_145).to_bytes(4, "big") + b"x")
        self.cut(alice, 262_144)

    def test_the_greatest_length(self) -> None:
        peer = self.house.greeted()
        peer.raw(b"\xff\xff\xff\xff")
        self.cut(peer, 16_384)

    def test_length_in_parts(self) -> None:
        peer = self.house.peer()
        for part in (b"\0", b"\0\x40", b"\x01", b"more", SEGMENT):
            peer.raw(part)
        self.cut(peer, 16_384)
        self.assertEqual(len(peer.events), 1)

    def test_what_came_before_is_answered(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        alice.raw(AT_ONCE + b"\xff\xff\xff\xff" + SEGMENT)
        self.assertEqual([getattr(e, "ref", type(e)) for e in alice.take()], [*range(1, 8), m.Bye])
        self.assertEqual(len(bob.texts()), 3)

    def test_little_is_held_of_a_stranger(self) -> None:
        peer = self.house.peer()
        peer.raw(frame(b"x" * 16_384)[:-1])
        frames = peer.door._inner
        assert isinstance(frames, Frames)
        self.assertLessEqual(len(frames._rest), 16_388)
        peer.raw(b"x" * 100_000)
        self.assertLessEqual(len(frames._rest), 16_388)

    def test_a_nested_bomb_is_malformed(self) -> None:
        for data in (
            BOMB,
            frame(b"\x92\xa4ping" + b"\x91" * 10_000),
            frame(b"\xdd\xff\xff\xff\xff"),
            frame(b"\xc6\x7f\xff\xff\xff"),
        ):
            peer = self.house.peer()
            peer.raw(data)
            self.assertEqual((peer.code(), peer.over), ("malformed", False))

    def test_empty_frames_are_malformed(self) -> None:
        peer = self.house.peer()
        peer.raw(bytes(4) * 15)
        self.assertEqual({failed.code for failed in peer.of(m.Failed)}, {"malformed"})
        self.assertFalse(peer.over)
        peer.raw(bytes(4))
        self.assertTrue(peer.over)


class Rest(Scene):
    """What else the port does."""

    def test_an_event_is_one_frame(self) -> None:
        data = CODEC.encode(m.Done(7))
        self.assertEqual(int.from_bytes(data[:4], "big"), len(data) - 4)
        self.assertEqual(decode_event(data[4:]), m.Done(7))

    def test_bytes_after_the_last_word_are_not_heard(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        alice.tell(m.Quit(1), m.Send(2, "@bob", ID, "too late"))
        self.assertEqual((alice.of(m.Accepted), bob.texts()), ([], []))
        frames = alice.door._inner
        assert isinstance(frames, Frames)
        frames.dataReceived(SEGMENT)
        self.house.settle()
        self.assertEqual(bob.texts(), [])
