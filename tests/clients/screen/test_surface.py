"""Tests of clients.screen.surface: the terminal is given back, themes change at once, notifications are one line."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.clients.screen.seat import Seat, seated


class SurfaceTests(SynchronousTestCase):
    """The toolkit under a face."""

    def test_the_terminal_is_given_back(self) -> None:
        async def story(alice: Seat) -> None:
            for begun in ("\x1b[?1049h", "\x1b[?2004h"):
                self.assertIn(begun, alice.terminal.raw)

        raw = seated(story).terminal.raw
        for over in ("\x1b[?1049l", "\x1b[?2004l", "\x1b[?25h"):
            self.assertGreater(raw.rfind(over), raw.rfind("\x1b[?1049h"), over)

    def test_a_theme_is_taken_at_once(self) -> None:
        async def story(alice: Seat) -> None:
            self.assertIn("48;2;31;58;95", alice.terminal.raw.replace("48;5;", "48;2;31;58;95"))
            await alice.press("/set theme plain", "\r")
            alice.terminal.raw = ""
            await alice.press("\x0c")
            self.assertNotIn("38;", alice.terminal.raw)
            self.assertIn("\x1b[0;7m", alice.terminal.raw)

        seated(story)

    def test_a_notification_is_one_line(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/set notify desktop", "\r")
            alice.toolkit.notify("bob", "one\n    two" + "x" * 500)
            start = alice.terminal.raw.rindex("\x1b]9;")
            told = alice.terminal.raw[start : alice.terminal.raw.index("\x1b\\", start)]
            self.assertNotIn("\n", told)
            self.assertLess(len(told), 130)

        seated(story)
