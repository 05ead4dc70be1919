"""Lines in and lines out without a terminal's arts: for pipes, files, TERM=dumb.

Rule: standard output carries the conversation, standard error what went wrong. A reader that has gone is no error.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable
from typing import Any, Final, TextIO

from clients.core.face import Gone

ROOM_SECONDS: Final = 0.05


class Output:
    """Two streams; what is wrong with them is told by `flush` alone."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out, self._err = out, err
        self.broken = False

    def line(self, text: str, problem: bool = False) -> None:
        """One line on standard output, or on standard error."""
        self.write(text + "\n", problem)

    def write(self, text: str, problem: bool = False) -> None:
        """Text as it is."""
        stream = self._err if problem else self._out
        try:
            stream.write(text.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8"))
            if problem:
                stream.flush()
        except (OSError, ValueError):
            self._gone()

    def flush(self) -> None:
        """Everything is out. Raises Gone where nobody reads it any more."""
        try:
            self._out.flush()
        except (OSError, ValueError):
            self._gone()
        if self.broken:
            raise Gone

    def _gone(self) -> None:
        """Whoever read us has closed: end without noise, also when Python closes the stream."""
        if not self.broken:
            self.broken = True
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.close(null)


class Input:
    """Standard input as lines. A last line without its newline counts. While `full` says so, nothing is read."""

    def __init__(
        self, reactor: Any, descriptor: int, line: Callable[[str], None], end: Callable[[], None],
        full: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        from clients.line.terminal import reading

        self._full = full
        self._reactor = reactor
        self._line, self._end = line, end
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._reader = reading(descriptor, self._data, self._over)
        self._reads = False

    def start(self) -> None:
        """Read from here on."""
        self._reads = True
        self._reactor.addReader(self._reader)

    def stop(self) -> None:
        """Read no more."""
        if self._reads:
            self._reads = False
            self._reactor.removeReader(self._reader)

    def _data(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        for text in whole:
            self._line(text.removesuffix("\r"))
        if self._full():
            self.stop()
            self._wait()

    def _wait(self) -> None:
        """Read on when there is room."""
        if self._full():
            self._reactor.callLater(ROOM_SECONDS, self._wait)
        else:
            self.start()

    def _over(self) -> None:
        self._reads = False
        last, self._rest = self._rest + self._decoder.decode(b"", True), ""
        if last:
            self._line(last)
        self._end()


class PlainScreen:
    """Where the interactive face prints without a terminal's arts. `shows`: a person sees it (TERM=dumb)."""

    hides = False

    def __init__(self, output: Output, shows: bool) -> None:
        self._output = output
        self._shows = shows
        self._prompt = ""
        self._asked = False

    def print(self, lines: list[str], problem: bool = False) -> None:
        """Lines; what went wrong goes to standard error where nobody sees both."""
        if self._asked and lines:
            self._output.write("\n")
            self._asked = False
        for text in lines:
            self._output.line(text, problem and not self._shows)

    def prompt(self, text: str, hidden: bool = False, talks: bool = False) -> None:
        """Somebody who sees it gets every prompt; a pipe only questions, each on a line of its own."""
        self._prompt = text
        if not self._shows and text and not talks:
            self._output.line(text)

    def flush(self) -> None:
        """Everything is out, and the prompt after it."""
        if self._shows and self._prompt and not self._asked:
            self._output.write(self._prompt)
            self._asked = True
        self._output.flush()

    def typed(self) -> None:
        """The person pressed Enter: the cursor is on a new line."""
        self._asked = False


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def standard() -> Output:
    """The standard streams."""
    return Output(sys.stdout, sys.stderr)
