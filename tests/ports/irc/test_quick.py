"""Tests of `chatd.ports.irc.quick`: the short cut gives what the long way gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from chatd import messages as m
from chatd.ports.irc import quick
from chatd.ports.irc.out import format_lines
from tests.irc import IrcPeer, IrcScene
from tests.kit import House

TEXTS = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), min_size=1, max_size=120)
CAPS = some.sets(some.sampled_from(["server-time", "message-tags", "account-tag", "batch", "draft/multiline"]))


class WritingTests(IrcScene):
    """Messages as lines."""

    def setUp(self) -> None:
        super().setUp()
        self.account("ann").says("JOIN #x", "MODE ann +B")
        self.guest("gast")

    @given(
        some.sampled_from(["ann", "gast", "gone"]), TEXTS, CAPS, some.sampled_from(["text", "notice", "redacted"]),
        some.sampled_from(["", "+typing=done"]), some.sampled_from(["#x", "dm:ann:gast"]),
    )  # fmt: skip
    def test_as_the_long_way(
        self, sender: str, text: str, caps: set[str], kind: str, tags: str, conversation: str
    ) -> None:
        codec = self.house.codecs.get(frozenset(caps))
        event = m.Message(conversation, 1, 7, sender, bytes(range(16)), text, kind, tags)
        written = quick.encode(codec, (event,))
        if written:
            self.assertEqual(written, format_lines(codec.message(event), codec.caps))
        self.assertEqual(codec.encode(event), written or format_lines(codec.message(event), codec.caps))

    def test_it_is_the_usual_way(self) -> None:
        codec = self.house.codecs.get(frozenset({"server-time"}))
        self.assertTrue(quick.encode(codec, [m.Message("#x", 1, 7, "ann", bytes(16), "hi there", "text", "")]))


class Both:
    """The same people in two houses; in one of them nobody takes the short cut."""

    def __init__(self, *caps: str) -> None:
        self.houses = House(), House()
        self.anns, self.bobs = [IrcPeer(h) for h in self.houses], [IrcPeer(h) for h in self.houses]
        for ann, bob in zip(self.anns, self.bobs, strict=True):
            ann.register("ann", *caps)
            bob.register("bob", *caps)
            ann.says("JOIN #x,#closed", "MODE #closed +m")
            bob.says("JOIN #x,#closed")
            ann.take()
            bob.take()

    def heard(self, line: bytes) -> list[tuple[list[str], list[str]]]:
        """What both hear when bob sends this, in either house."""
        found = []
        for number, (ann, bob) in enumerate(zip(self.anns, self.bobs, strict=True)):
            if number:
                line = b"@x=y " + line if line[:1] not in b"@\r" else line  # tags go the long way
            bob.raw(line + b"\r\n")
            bob.house.commit()
            found.append((ann.take(), bob.take()))
        return found


class ReadingTests(IrcScene):
    """Lines as messages."""

    @given(
        some.sampled_from(["#x", "#X", "#closed", "#nowhere", "#", "#x,#closed", "bob", "@#x"]),
        some.one_of(TEXTS.map(lambda text: ":" + text), some.sampled_from(["word", ": ", "::)", ":\x01ACTION hi\x01"])),
    )
    def test_as_the_long_way(self, target: str, text: str) -> None:
        both = Both()
        short, long = both.heard(f"PRIVMSG {target} {text}".encode())
        self.assertEqual(short, long)

    def test_with_an_echo(self) -> None:
        both = Both("echo-message")
        short, long = both.heard(b"PRIVMSG #x :hello")
        self.assertEqual(short, long)
        self.assertEqual(len(short[1]), 1)

    def test_what_it_leaves_to_the_long_way(self) -> None:
        ann = self.guest("ann")
        client = ann.door._inner.client  # type: ignore[union-attr]
        for line in (
            b"PRIVMSG ann :hi", b"PRIVMSG #x hi", b"PRIVMSG #x,#y :hi", b"PRIVMSG #x :", b"NOTICE #x :hi",
            b"@a=b PRIVMSG #x :hi", b"PRIVMSG #x :\xff", b"PRIVMSG #x :a\0b", b"PRIVMSG #x :" + b"a" * 500,
            b"privmsg #x :hi", b":ann PRIVMSG #x :hi",
        ):  # fmt: skip
            self.assertEqual(quick.commands(client, [b"PRIVMSG #x :one\r", line, b"PRIVMSG #x :two"], 1, 3), [], line)
        lines: list[bytes | None] = [b"PRIVMSG #x :one\r", b"PRIVMSG #y :two", None, b"PRIVMSG #x :three"]
        found = quick.commands(client, lines, 0, 4)
        self.assertEqual([(sent.to, sent.text) for sent in found], [("#x", "one"), ("#y", "two")])
        self.assertEqual([client.asked[sent.ref] for sent in found], found)
        client.inside = False
        self.assertEqual(quick.commands(client, lines, 0, 4), [])

    def test_what_is_kept_is_not_asked_for_any_more(self) -> None:
        ann, bob = self.guest("ann", "echo-message"), self.guest("bob")
        for peer, echoes in ((ann, 2), (bob, 0)):
            peer.says("JOIN #x")
            peer.take()
            peer.raw(b"PRIVMSG #x :one\r\nPRIVMSG #x :two\r\nPRIVMSG #nowhere :three\r\n")
            self.assertEqual(len(peer.take()), echoes + 1)
            self.assertEqual(peer.door._inner.client.unanswered(), 0)  # type: ignore[union-attr]
