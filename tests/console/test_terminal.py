"""Keys to presses, and text to bytes: letters cut in the middle, Ctrl-C, floods."""

from __future__ import annotations

from prompt_toolkit.keys import Keys
from twisted.trial.unittest import SynchronousTestCase

from chatd.console.terminal import MOST_KEYS, Keyboard, Screen, output
from tests.console.kit import operator
from tests.console.terminals import SameThread, Window


class Typed(SynchronousTestCase):
    """A keyboard."""

    def setUp(self) -> None:
        self.keyboard = Keyboard()

    def text(self) -> str:
        """What was pressed."""
        return "".join(press.data for press in self.keyboard.read_keys())

    def test_a_letter_that_comes_in_two_parts(self) -> None:
        for byte in "é🦉x".encode():
            self.keyboard.feed(bytes([byte]))
        self.assertEqual(self.text(), "é🦉x")
        self.keyboard.feed(b"\xffa")
        self.assertEqual(self.text(), "\ufffda")

    def test_keys_with_names(self) -> None:
        self.keyboard.feed(b"\x1b[A\t\x12")
        self.assertEqual([press.key for press in self.keyboard.read_keys()], [Keys.Up, Keys.ControlI, Keys.ControlR])

    def test_ctrl_c_leaves_what_comes_after_it(self) -> None:
        self.keyboard.feed(b"ab\x03cd")
        self.assertEqual((self.keyboard.stopped(), self.keyboard.stopped(), self.text()), (True, False, "cd"))

    def test_a_flood_is_dropped(self) -> None:
        for _ in range(20):
            self.keyboard.feed(b"x" * 10_000)
        self.assertLessEqual(len(self.text()), MOST_KEYS + 10_000)

    def test_the_latest_listener_is_told(self) -> None:
        loop = SameThread()
        self.addCleanup(loop.stop)
        heard: list[str] = []
        with self.keyboard.attach(lambda: heard.append("first")):
            with self.keyboard.attach(lambda: heard.append("second")):
                self.keyboard.feed(b"x")
                with self.keyboard.detach():
                    self.keyboard.feed(b"y")
            self.assertEqual((heard, self.keyboard.closed), (["second"], False))
            self.keyboard.read_keys()
            self.keyboard.close()
        self.assertEqual((heard, self.keyboard.closed), (["second", "first"], True))


class Shown(SynchronousTestCase):
    """A screen."""

    def test_lines_begin_at_the_left_and_leave_together(self) -> None:
        loop = SameThread()
        self.addCleanup(loop.stop)
        window = Window(operator(), 80, 24)
        screen = Screen(loop, window)
        screen.write("é\n")
        screen.write("b\r\nc")
        self.assertEqual(window.raw, b"")
        screen.flush()
        screen.flush()
        self.assertEqual(window.raw.decode(), "é\r\nb\r\nc")

    def test_the_window_is_asked_for_its_size(self) -> None:
        loop = SameThread()
        self.addCleanup(loop.stop)
        window = Window(operator(), 80, 24)
        out = output(Screen(loop, window), window, True)
        window.columns = 100
        self.assertEqual((out.get_size().columns, out.get_size().rows), (100, 24))
