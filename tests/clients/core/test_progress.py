"""What is said of files."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import offers as o
from clients.core.moving import MOVING, WAITING, Files, Moving
from clients.core.offers import Kept, Offer
from clients.core.progress import Every, listed, offered, shown
from clients.core.style import Style

OFFER = Offer(bytes(range(16)), "../a\x1b[2J\u202e.pdf", 2_000_000, b"h" * 32)
STYLE = Style(now=86_400_000)


def moving(state: str, **more: object) -> Moving:
    """Something about the file."""
    return Moving(OFFER, str(more.pop("way", o.DOWN)), state, ("bob",), **more)  # type: ignore[arg-type]


class ShownTests(SynchronousTestCase):
    """Lines; nothing in them acts on a terminal."""

    def test_lines(self) -> None:
        for notice, expected in (
            (
                moving(MOVING, done=500_000, rate=250_000.0, left=6.0),
                "500 KB of 2.0 MB (25 %) fetched, 250 KB/s, 6 s left",
            ),
            (moving(MOVING, way=o.UP), "0 bytes of 2.0 MB (0 %) sent"),
            (moving(WAITING, done=500_000), "500 KB of 2.0 MB; goes on when the server is back."),
            (moving(o.SENT, way=o.UP), "sent to bob (2.0 MB)."),
            (moving(o.RECEIVED, path="/x/a.pdf"), "received (2.0 MB), saved as /x/a.pdf"),
            (moving(o.FAILED, text="No\x1b[1m room.", done=1_000_000), "No\\x1b[1m room. (at 1.0 MB of 2.0 MB (50 %))"),
            (moving(o.DECLINED), "declined."),
            (moving(o.DECLINED, way=o.UP), "taken back; who has not fetched it cannot any more."),
        ):  # fmt: skip
            (line,) = shown(notice, STYLE)
            self.assertEqual(line.split(": ", 1)[1], expected)
            self.assertTrue(line.isprintable(), line)

    def test_an_offer_says_how_to_get_it(self) -> None:
        self.assertRegex(offered(OFFER, False), r"^File: a\S*\.pdf \(2\.0 MB\)  -  /get 00010203$")
        self.assertTrue(offered(OFFER, True).endswith("(2.0 MB)"))
        self.assertTrue(offered(OFFER, False).isprintable())

    def test_nothing_at_all(self) -> None:
        empty = Offer(bytes(16), "", 0, bytes(32))
        self.assertEqual(shown(Moving(empty, o.UP, MOVING), STYLE), ["file: 0 bytes sent"])

    def test_the_list(self) -> None:
        self.assertEqual(listed(Files(()), STYLE), ["No files."])
        kept = [
            Kept(OFFER, o.UP, o.SENT, ("@bob", "#hw"), "alice", 1), Kept(OFFER, o.DOWN, o.OFFERED, ("#hw",), "eve", 2),
            Kept(OFFER, o.DOWN, o.RECEIVED, ("#hw",), "eve", 3, path="/x/a"),
            Kept(OFFER, o.DOWN, o.FAILED, ("#hw",), "eve", 4, why="No\x07."),
        ]  # fmt: skip
        lines = listed(Files(tuple(kept)), STYLE)
        for line, end in zip(
            lines, ("to @bob, #hw, sent", "from eve, offered", "received as /x/a", "failed: No\\x07."), strict=True
        ):
            self.assertTrue(line.startswith("00010203  "), line)
            self.assertTrue(line.endswith(end), line)
            self.assertTrue(line.isprintable())


class EveryTests(SynchronousTestCase):
    """Now and then."""

    def test_every_three_seconds(self) -> None:
        every = Every()
        due = [at for at in range(20) if every.due(moving(MOVING, at=at / 2))]
        self.assertEqual(due, [6, 12, 18])
        self.assertTrue(every.due(moving(o.RECEIVED, at=9.6)))
        self.assertFalse(every.due(moving(MOVING, at=9.7)))
