"""A real program in a real (pseudo) terminal, and what its screen shows.

Rule: what is asserted is the screen as a person sees it, drawn by a terminal emulator (pyte), not the bytes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

from tests.process.server import environment

DEADLINE = 15.0


class Terminal:
    """One program in one window."""

    def __init__(self, title: str, command: list[str], columns: int = 80, rows: int = 24, **env: str) -> None:
        self.title = title
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(command[0], command, environment(TERM="xterm-256color", **env))
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float = 0.0) -> bool:
        """Take what the program printed within so many seconds; false when it has ended."""
        while select.select([self.fd], [], [], seconds)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                data = b""
            if not data:
                return False
            self.raw += data
            self.stream.feed(data)
            seconds = 0.0
        return True

    def lines(self) -> list[str]:
        """What the screen shows, with what has scrolled away, without empty lines at the end."""
        gone = ["".join(row[x].data for x in range(self.screen.columns)).rstrip() for row in self.screen.history.top]
        lines = gone + [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def wait(self, text: str, seconds: float = DEADLINE) -> None:
        """Wait until the screen shows a text. Raises AssertionError with what it shows instead."""
        end = time.monotonic() + seconds
        alive = True
        while not any(text in line for line in self.lines()):
            if not alive or time.monotonic() > end:
                shown = "\n".join(self.lines())
                raise AssertionError(f"{self.title} does not show {text!r} but:\n{shown}")
            alive = self.read(0.05)

    def type(self, text: str) -> None:
        """Type a text, as it is."""
        os.write(self.fd, text.encode())

    def enter(self, text: str) -> None:
        """Type a line and Enter."""
        self.type(text + "\r")

    def ended(self, seconds: float = DEADLINE) -> int:
        """Wait for the program's end; returns its exit status."""
        end = time.monotonic() + seconds
        while self.status is None:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                self.read()
            elif time.monotonic() > end:
                raise AssertionError(f"{self.title} does not end:\n" + "\n".join(self.lines()))
        return self.status

    def close(self) -> None:
        """End the program if it still runs, and let go of the window."""
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except (ProcessLookupError, ChildProcessError):
                self.status = -9
        os.close(self.fd)
