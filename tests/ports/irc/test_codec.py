"""Tests of `chatd.ports.irc.codec`: what many hear, each with their capabilities."""

from __future__ import annotations

from chatd import messages as m
from chatd.ports.irc.codec import CUTS, LineCodec
from tests.irc import IrcPeer, IrcScene

ID = bytes(range(16))


class CodecTests(IrcScene):
    """Codecs without connections."""

    def codec(self, *caps: str) -> LineCodec:
        """The codec of those who have these capabilities."""
        return self.house.codecs.get(frozenset(caps))

    def lines(self, event: object, *caps: str) -> list[str]:
        """An event as lines."""
        return self.codec(*caps).encode(event).decode().split("\r\n")[:-1]

    def said(self, text: str, tags: str = "", kind: str = "text") -> m.Message:
        """Something said in a group by somebody who has gone."""
        return m.Message("#x", 1, 7, "ann", ID, text, kind, tags)

    def test_one_codec_for_the_same_capabilities(self) -> None:
        self.assertIs(self.codec("batch", "server-time"), self.codec("server-time", "batch"))
        self.assertIsNot(self.codec(), self.codec("batch"))

    def test_a_message(self) -> None:
        self.assertEqual(self.lines(self.said("hi")), [":ann!chat@gone PRIVMSG #x :hi"])
        self.assertEqual(self.lines(self.said("hi", kind="notice")), [":ann!chat@gone NOTICE #x :hi"])
        self.assertEqual(
            self.lines(self.said("hi", "+typing=done"), "server-time", "message-tags"),
            ["@+typing=done;time=1970-01-01T00:00:00.007Z;msgid=000102030405060708090a0b0c0d0e0f "
             ":ann!chat@gone PRIVMSG #x :hi"],
        )  # fmt: skip

    def test_nothing_for_a_redacted_one(self) -> None:
        self.assertEqual(self.lines(self.said("why", kind="redacted")), [])

    def test_several_lines(self) -> None:
        texts = [line.partition(" :")[2] for line in self.lines(self.said("one\n\ntwo"))]
        self.assertEqual(texts, ["one", "two"])
        lines = self.lines(self.said("one\n\ntwo"), "draft/multiline", "batch")
        name = lines[0].split(" ")[2]
        self.assertEqual(lines[0], f":ann!chat@gone BATCH {name} draft/multiline #x")
        self.assertEqual(lines[1:4], [f"@batch={name[1:]} :ann!chat@gone PRIVMSG #x :{t}" for t in ("one", "", "two")])
        self.assertEqual(lines[4], f":test.example BATCH -{name[1:]}")

    def test_lines_are_cut_where_they_were_typed(self) -> None:
        lines = self.lines(self.said("how is everyone?", f"{CUTS}=7"), "draft/multiline", "batch", "message-tags")
        if len(lines) > 1:
            self.assertIn("draft/multiline-concat", lines[2])
        self.assertFalse(any(CUTS in line for line in lines))

    def test_a_long_text_is_cut_and_nothing_is_lost(self) -> None:
        text = "wörter " * 300
        parts = [line.partition(" :")[2] for line in self.lines(self.said(text))]
        self.assertGreater(len(parts), 4)
        self.assertEqual(" ".join(parts).split(), text.split())

    def test_direct_messages_are_for_the_other_one(self) -> None:
        ann, bob = self.account("ann"), self.account("bob")
        self.ignores(ann, bob)
        event = m.Message("dm:ann:bob", 1, 7, "ann", ID, "hi")
        self.assertEqual(self.lines(event), [":ann!~ann@ann.user PRIVMSG bob :hi"])

    def test_what_people_do_has_time_and_account(self) -> None:
        ann: IrcPeer = self.account("ann")
        bob = self.guest("bob", "account-tag", "message-tags")
        ann.says("JOIN #x")
        bob.says("JOIN #x")
        self.ignores(ann, bob)
        ann.says("TOPIC #x :t")
        (line,) = bob.take()
        self.assertRegex(line, r"^@msgid=[0-9a-f]{32};account=ann :ann!~ann@ann\.user TOPIC #x :t$")
