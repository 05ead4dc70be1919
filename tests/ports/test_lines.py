"""The line port answers with one sentence, whatever the line, and closes."""

from __future__ import annotations

from twisted.internet.testing import StringTransportWithDisconnection
from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.lines import ANSWER, Lines


class LinesTests(SynchronousTestCase):
    """Lines."""

    def answer(self, *parts: bytes) -> tuple[bytes, bool]:
        """What one gets, and whether the connection is still there."""
        transport, lines = StringTransportWithDisconnection(), Lines()
        transport.protocol = lines
        lines.makeConnection(transport)
        for part in parts:
            if transport.connected:
                lines.dataReceived(part)
        return transport.value(), transport.connected

    def test_a_line_is_answered_with_what_to_do(self) -> None:
        for line in (b"hello\r\n", b"hello\n", b"\n", b"NICK alice\r\nUSER alice 0 * :Alice\r\n", b"\xff\xfe\n"):
            self.assertEqual(self.answer(line), (ANSWER, False), line)
        self.assertIn(b"chat NAME@HOST", ANSWER)

    def test_several_lines_get_one_answer(self) -> None:
        self.assertEqual(self.answer(b"a\nb\nc\n", b"d\n"), (ANSWER, False))

    def test_half_a_line_waits(self) -> None:
        self.assertEqual(self.answer(b"hel"), (b"", True))
        self.assertEqual(self.answer(b"hel", b"lo\n"), (ANSWER, False))

    def test_a_line_too_long_is_not_kept(self) -> None:
        self.assertEqual(self.answer(b"x" * 600), (ANSWER, False))
        self.assertEqual(self.answer(*[b"x"] * 600), (ANSWER, False))
