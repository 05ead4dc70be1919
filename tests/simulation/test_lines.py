"""Anything at all on the line port: whatever lines come, however they are cut, each is answered and nobody is harmed.

What must hold: no exception; every question to the core is answered; every line that goes out is one line of UTF-8
that can be read again; a PING at the end is answered, or the connection was ended with an ERROR; and the bystander,
who hears all of it, is still there.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc.caps import CAPABILITIES
from chatd.ports.irc.table import COMMANDS
from chatd.ports.lines import Lines
from chatd.wire.irc import TAG_BYTES, parse
from tests.irc import IrcPeer
from tests.kit import House

WORDS = (
    *("#one", "#two", "#lobby", "#new", "alice", "bob", "nobody", "NickServ", "test.example", "*", "0", "1", "-1"),
    *("99999999999", "+o", "-o", "+b", "+ovb-k", "+l", "+k", "+f", "+beI", "+imnstCRMuU", "+q", "+bot", "@#one"),
    *("~account:alice", "m:bob!*@*", "*!*@*", "bob,alice", "#one,#two", "LS", "REQ", "END", "LIST", "302", "LATEST"),
    *("BEFORE", "BETWEEN", "AROUND", "TARGETS", "timestamp=2026-01-01T00:00:00.000Z", "msgid=" + "0" * 32, "msgid=x"),
    *("timestamp=9999-12-31T23:59:59.999Z", "0" * 32, "PLAIN", "SCRAM-SHA-256", "EXTERNAL", "AGFsaWNlAHNlY3JldA=="),
    *("+", "+a", "-a", "draft/multiline", "GET", "SET", "SUB", "CLEAR", "avatar", "%tcuihsnfdlaor,7", ">3", "C>3,T<5"),
    *("set always-on true", "register secret-word", "identify secret", "\x01ACTION x\x01", "\u202e\x1b[2J"),
    *("", ":", " ", "\t", "é" * 30, "x" * 300),
)
TAGS = (
    "",
    "",
    "",
    "@label=x ",
    "@batch=a ",
    "@+typing=active ",
    "@label=\\:\\s;+x=y;batch=a ",
    "@time=x;msgid=y ",
    "@ ",
    "@;=; ",
)
COMMAND = some.sampled_from(
    [*sorted(set(COMMANDS) - {"QUIT"}), "JOIN", "PRIVMSG", "MODE", "NICK", "UNKNOWN", "join", ""]
)
PARAMETER = some.one_of(some.sampled_from(WORDS), some.text(max_size=20))
COMING_IN: tuple[list[str], ...] = (
    ["NICK carol", "USER carol 0 * :Carol"],
    ["NICK carol", "USER carol 0 * :Carol"],
    ["NICK carol"],
    [],
)


@some.composite
def lines(draw: some.DrawFn) -> bytes:
    """A line, mostly of words that mean something."""
    params: list[str] = draw(some.lists(PARAMETER, max_size=5))
    colon: bool = draw(some.booleans())
    last = [":" + params.pop()] if params and colon else []
    line = draw(some.sampled_from(TAGS)) + " ".join([draw(COMMAND), *params, *last])
    data = line.encode("utf-8", "replace").replace(b"\n", b"")
    return draw(some.sampled_from([data, data, data, data + b"\xff", data[:10] + b"\0" + data[10:], data * 20]))


class AnythingTests(SynchronousTestCase):
    """Lines."""

    def check(self, peer: IrcPeer) -> None:
        """What has come is lines."""
        for line in peer.take():
            self.assertNotRegex(line, "[\r\n\0]")
            tags, _, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            self.assertLessEqual(len(tags.encode()), TAG_BYTES)
            parsed = parse(rest[:200].encode()[:400].decode("utf-8", "ignore").encode())
            assert parsed is not None, line

    @given(
        some.sampled_from(COMING_IN), some.sets(some.sampled_from(sorted(CAPABILITIES))),
        some.lists(lines(), max_size=12), some.lists(some.integers(1, 40), max_size=8),
    )  # fmt: skip
    def test_any_lines(self, coming: list[str], caps: set[str], said: list[bytes], cuts: list[int]) -> None:
        house = House()
        alice = IrcPeer(house)
        alice.register("alice", *sorted(CAPABILITIES))
        alice.says("JOIN #one", "JOIN #lobby", "MONITOR + carol,bob", "METADATA * SUB avatar")
        peer = IrcPeer(house)
        begin = [f"CAP REQ :{' '.join(sorted(caps))}"] if caps else []
        peer.says(*begin, *coming, *(["CAP END"] if begin else []))
        data = b"".join(line + b"\r\n" for line in said)
        for size in cuts:
            peer.raw(data[:size])
            data = data[size:]
        peer.raw(data)
        house.commit()
        self.check(peer)
        self.check(alice)
        ended = not peer.transport.connected
        inner = peer.door._inner
        if not ended and isinstance(inner, Lines):
            self.assertEqual(inner.client.unanswered(), 0, inner.client.asked)
            self.assertIn(":test.example PONG test.example :end", peer.says("PING end"), said)
        self.assertIn(":test.example PONG test.example :still", alice.says("PING still"))
