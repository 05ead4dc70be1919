"""Tests of `chatd.ports.irc.out`: what each capability lets through."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc.out import Out, format_line, format_lines, stamp
from chatd.wire.irc import Text

OUT = Out(
    "ann!~a@h", "PRIVMSG", ("#x", Text("hi")),
    {"time": "T", "msgid": "m", "account": "ann", "batch": "b", "label": "l", "+typing": "active", "bot": ""},
)  # fmt: skip


class OutTests(SynchronousTestCase):
    """Lines on their way out."""

    def tags(self, *caps: str) -> set[str]:
        """Which tags a client with these capabilities sees."""
        first = format_line(OUT, frozenset(caps)).split(b" ")[0].decode()
        return {tag.partition("=")[0] for tag in first[1:].split(";")} if first[0] == "@" else set()

    def test_each_tag_needs_its_capability(self) -> None:
        self.assertEqual(self.tags(), set())
        self.assertEqual(self.tags("server-time"), {"time"})
        self.assertEqual(self.tags("account-tag"), {"account"})
        self.assertEqual(self.tags("batch"), {"batch"})
        self.assertEqual(self.tags("labeled-response"), {"label"})
        self.assertEqual(self.tags("message-tags"), {"msgid", "+typing", "bot"})

    def test_a_line_without_tags(self) -> None:
        self.assertEqual(format_line(OUT, frozenset()), b":ann!~a@h PRIVMSG #x :hi\r\n")
        self.assertEqual(format_lines([OUT, Out("", "PING", ("x",))], frozenset())[-8:], b"PING x\r\n")

    def test_times_have_milliseconds(self) -> None:
        self.assertEqual(stamp(0), "1970-01-01T00:00:00.000Z")
        self.assertEqual(stamp(1_800_000_000_007), "2027-01-15T08:00:00.007Z")
