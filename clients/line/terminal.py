"""The real terminal: lines above, the line being typed below, and nothing left changed afterwards.

Rule: it is read and written through a description of its own, which never becomes non-blocking for others; the mode is
put back at the end however that comes about, save SIGKILL. What the keys mean is the editor's business.
"""

from __future__ import annotations

import atexit
import os
import signal
import termios
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.main import CONNECTION_DONE
from zope.interface import implementer

from clients.line.editor import Editor, Key

_PASTE_ON, _PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"
_CLEAR_ROW, _CLEAR_BELOW = "\r\x1b[K", "\x1b[H\x1b[2J"


class Terminal:
    """The screen and the keys. `pressed` is called with what the keys meant."""

    hides = True

    def __init__(self, reactor: Any, descriptor: int, pressed: Callable[[Key], None]) -> None:
        self._reactor = reactor
        self._fd = os.open(os.ttyname(descriptor), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        self._pressed = pressed
        self._editor = Editor()
        self._prompt = ""
        self._saved: list[Any] | None = None
        self._held = ""
        self._drawn = False
        self._keys = _Keys(self._fd, self._feed, lambda: pressed(Key("end")))

    # ---- begin and end ----

    def start(self) -> None:
        """Take the terminal over."""
        self._enter()
        atexit.register(self._leave)
        self._reactor.addReader(self._keys)

    def stop(self) -> None:
        """Give it back."""
        self._reactor.removeReader(self._keys)
        self._leave()

    def suspend(self) -> None:
        """Ctrl-Z: stop like any other program, and go on where one was."""
        self._leave()
        os.kill(os.getpid(), signal.SIGTSTP)
        self.resume()

    def resume(self) -> None:
        """We may have been stopped meanwhile: take the terminal over again."""
        self._enter()
        self._draw()

    def _enter(self) -> None:
        if self._saved is None:
            self._saved = termios.tcgetattr(self._fd)
        mode = termios.tcgetattr(self._fd)
        mode[0] &= ~(termios.IXON | termios.ICRNL | termios.INLCR)
        mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)
        self._write(_PASTE_ON)

    def _leave(self) -> None:
        if self._saved is None:
            return
        saved, self._saved = self._saved, None
        self._write((_CLEAR_ROW if self._drawn else "") + _PASTE_OFF)
        self._drawn = False
        try:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, saved)
        except (OSError, termios.error):
            self._drawn = False  # the terminal is gone

    # ---- the screen ----

    def print(self, lines: list[str], problem: bool = False) -> None:
        """Lines above the one being typed; they come out at the next `flush`."""
        self._held += "".join(line + "\n" for line in lines)

    def prompt(self, text: str, hidden: bool = False, talks: bool = False) -> None:
        """Ask for a line with this prompt; `hidden` shows nothing of what is typed. An empty prompt asks nothing.
        `talks`: what is typed is said, and remembered."""
        self._prompt = text
        self._editor.hidden = hidden
        self._editor.remembers = talks

    def flush(self) -> None:
        """Show what was printed, with the input row below it, whole."""
        self._draw()

    def redraw(self) -> None:
        """The size has changed."""
        self._draw()

    def clear(self) -> None:
        """An empty screen with the input row on top."""
        self._held = _CLEAR_BELOW + self._held
        self._draw()

    def typed(self, text: str) -> None:
        """Leave the line that was just sent on the screen, as it was typed."""
        first, *rest = ([""] if self._editor.hidden else text.split("\n")) or [""]
        pad = "\n" + " " * 5
        held, self._held = self._held, ""
        self._write(_CLEAR_ROW + held + self._prompt + pad.join([first, *rest]) + "\n")
        self._drawn = False

    def _draw(self) -> None:
        held, self._held = self._held, ""
        row, column = self._editor.row(self._prompt, self._columns()) if self._prompt else ("", 0)
        place = f"\r\x1b[{column}C" if column else "\r"
        self._write(_CLEAR_ROW + held + row + place)
        self._drawn = True

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._fd).columns or 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            return  # the terminal is gone; the end of input says so too

    def _feed(self, data: bytes) -> None:
        for key in self._editor.feed(data):
            if key.kind == "interrupt" and self._editor.text:
                self.typed(self._editor.take() + "^C")
            else:
                self._pressed(key)
        if self._saved is not None:
            self._draw()


@implementer(IReadDescriptor)
class _Keys:
    """The reactor's end of a descriptor that is read when it has something, and never made non-blocking."""

    def __init__(self, descriptor: int, data: Callable[[bytes], None], end: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._data = data
        self._end = end

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def doRead(self) -> Any:
        """There is something to read, or the end."""
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:
            data = b""
        if not data:
            return CONNECTION_DONE
        self._data(data)
        return None

    def connectionLost(self, reason: object) -> None:
        """The end of input."""
        self._end()

    def logPrefix(self) -> str:
        """For the log."""
        return "input"


def reading(descriptor: int, data: Callable[[bytes], None], end: Callable[[], None]) -> Any:
    """A reader for the reactor: standard input that is no terminal."""
    return _Keys(descriptor, data, end)
