"""Tests of clients.line.plain: lines in however they are cut, lines out whoever has gone."""

from __future__ import annotations

import io
import os
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from clients.core.face import Gone
from clients.line.plain import ROOM_SECONDS, Input, Output, PlainScreen, is_terminal


class FakeReactor(Clock):
    """Readers, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        if reader in self.readers:
            self.readers.remove(reader)


class InputTests(SynchronousTestCase):
    """Standard input."""

    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.lines: list[str] = []
        self.ended = 0
        self.full = False
        self.out, self.into = os.pipe()
        self.addCleanup(os.close, self.out)

        def end() -> None:
            self.ended += 1

        self.input = Input(self.reactor, self.out, self.lines.append, end, lambda: self.full)
        self.input.start()

    def feed(self, *pieces: bytes) -> None:
        """Write pieces, each read by itself."""
        for piece in pieces:
            os.write(self.into, piece)
            self.assertIsNone(self.reactor.readers[0].doRead())

    def finish(self) -> None:
        """The end of input, as the reactor tells it."""
        os.close(self.into)
        reader = self.reactor.readers[0]
        why = reader.doRead()
        self.assertIsNotNone(why)
        self.reactor.removeReader(reader)
        reader.connectionLost(why)

    def test_T03_T04_however_it_is_cut(self) -> None:
        self.feed(b"hel", b"lo\none\r\ntw", b"o\n\nZo\xc3", b"\xab\n")
        self.assertEqual(self.lines, ["hello", "one", "two", "", "Zoë"])
        self.finish()

    def test_T16_a_last_line_without_its_newline_counts_and_the_end_comes_once(self) -> None:
        self.feed(b"a\nb")
        self.finish()
        self.assertEqual((self.lines, self.ended), (["a", "b"], 1))

    def test_T14_bytes_that_are_no_text(self) -> None:
        self.feed(b"a\xffb\n")
        self.assertEqual(self.lines, ["a\ufffdb"])
        self.finish()

    def test_what_is_full_is_not_filled_further(self) -> None:
        self.full = True
        self.feed(b"a\n")
        self.assertEqual(self.reactor.readers, [])
        self.reactor.advance(ROOM_SECONDS)
        self.assertEqual(self.reactor.readers, [])
        self.full = False
        self.reactor.advance(ROOM_SECONDS)
        self.feed(b"b\n")
        self.assertEqual(self.lines, ["a", "b"])
        self.finish()


class Broken(io.StringIO):
    """A stream whose reader has gone."""

    def flush(self) -> None:
        raise BrokenPipeError


class OutputTests(SynchronousTestCase):
    """Standard output."""

    def test_what_the_encoding_cannot_is_escaped(self) -> None:
        raw = io.BytesIO()
        output = Output(io.TextIOWrapper(raw, "ascii"), io.StringIO())
        output.line("Zoë \udc80")
        output.flush()
        self.assertEqual(raw.getvalue(), b"Zo\\xeb \\udc80\n")

    def test_problems_go_elsewhere(self) -> None:
        out, err = io.StringIO(), io.StringIO()
        Output(out, err).line("wrong", problem=True)
        self.assertEqual((out.getvalue(), err.getvalue()), ("", "wrong\n"))

    def test_a_reader_that_has_gone_is_told_by_flush_every_time(self) -> None:
        self.patch(os, "dup2", lambda one, two: two)
        output = Output(Broken(), io.StringIO())
        output.line("x")
        self.assertRaises(Gone, output.flush)
        self.assertRaises(Gone, output.flush)


class ScreenTests(SynchronousTestCase):
    """Where a face without a terminal prints."""

    def setUp(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()

    def screen(self, shows: bool) -> PlainScreen:
        """A screen that somebody sees, or a pipe."""
        return PlainScreen(Output(self.out, self.err), shows)

    def test_a_pipe_gets_no_prompts_but_the_first_question(self) -> None:
        screen = self.screen(False)
        screen.prompt("Enter username: ")
        screen.prompt("You: ", talks=True)
        screen.print(["bob: hi"])
        screen.print(["no"], problem=True)
        screen.flush()
        self.assertEqual((self.out.getvalue(), self.err.getvalue()), ("Enter username: \nbob: hi\n", "no\n"))

    def test_a_dumb_terminal_gets_the_prompt_after_every_line(self) -> None:
        screen = self.screen(True)
        screen.prompt("You: ", talks=True)
        screen.flush()
        screen.flush()
        screen.print(["bob: hi"])
        screen.flush()
        screen.typed()
        screen.flush()
        self.assertEqual(self.out.getvalue(), "You: \nbob: hi\nYou: You: ")

    def test_no_terminal(self) -> None:
        closed = io.StringIO()
        closed.close()
        self.assertFalse(is_terminal(closed))
        self.assertFalse(is_terminal(io.StringIO()))
