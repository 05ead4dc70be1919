"""Programs in the panes of a private tmux, and what their screens show.

Rule: the tmux is ours alone (a socket of its own, no configuration of anybody's) and ends with the test. A program is
the pane's own process, so that it can be killed by its id; what is waited for is a text on the screen.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.process.server import environment

DEADLINE = 20.0
SEEN = 12  # letters of what is typed: a long line is not seen as a whole
LOCALE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "screen-256color"}


class Tmux:
    """One tmux server, and what is said to it."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "tmux"
        self.folder = folder

    def __call__(self, *words: str) -> str:
        """One command of tmux; returns what it prints."""
        command = ["tmux", "-u", "-f", os.devnull, "-S", str(self.socket), *words]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DEADLINE, cwd=self.folder,
            env=environment(**LOCALE, HOME=str(self.folder)), stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"tmux {words[0]}: {done.stderr.strip()}")
        return done.stdout

    @contextmanager
    def deaf(self, *panes: Pane) -> Iterator[None]:
        """In here these programs read nothing (nor does tmux, which would let them go on); then they are killed."""
        pids = [pane.pid() for pane in panes]
        server = int(self("display-message", "-p", "#{pid}"))
        for pid in (server, *pids):
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            os.kill(server, signal.SIGCONT)
        for pane in panes:
            pane.ended()

    def close(self) -> None:
        """End it with everything in it."""
        if self.socket.exists():
            try:
                self("kill-server")
            except RuntimeError:
                pass  # it has ended with its last pane


class Pane:
    """One program in one window of its own, as large as a screen is."""

    def __init__(self, tmux: Tmux, title: str, command: list[str], columns: int = 100, rows: int = 40) -> None:
        self.tmux, self.title, self.command = tmux, title, command
        size = ("-x", str(columns), "-y", str(rows))
        tmux("new-session", "-d", "-s", title, *size, "--", *command, ";", "set-option", "-g", "remain-on-exit", "on")

    def text(self, above: bool = False) -> str:
        """What the screen shows; with what has scrolled away above it."""
        return self.tmux("capture-pane", "-p", "-t", self.title, *(("-S", "-") if above else ()))

    def drawn(self) -> str:
        """What the screen shows, with its colours as escape sequences."""
        return self.tmux("capture-pane", "-p", "-e", "-N", "-t", self.title)

    def lines(self) -> list[str]:
        """The lines of the screen."""
        return [line.rstrip() for line in self.text().splitlines()]

    def wait(self, *texts: str, seconds: float = DEADLINE) -> None:
        """Wait until the screen shows all of these. Raises AssertionError with what it shows instead."""
        self.until(lambda shown: all(text in shown for text in texts), " and ".join(map(repr, texts)), seconds)

    def until(self, done: Callable[[str], bool], what: str, seconds: float = DEADLINE) -> None:
        """Wait until the screen is so. Raises AssertionError with what it shows instead."""
        end = time.monotonic() + seconds
        while not done(shown := self.text()):
            if time.monotonic() > end:
                raise AssertionError(f"{self.title} does not show {what} but:\n{shown}")
            time.sleep(0.03)

    def enter(self, text: str) -> None:
        """Type a line, see it, press Enter, and see it taken; faster, it would look like something pasted."""
        end = text.strip()[-SEEN:]

        def waits(shown: str) -> bool:
            return shown.rstrip().rpartition("\n")[2].endswith(end)

        self.tmux("send-keys", "-t", self.title, "-l", "--", text)
        self.until(waits, f"{text!r} where it is typed")
        self.tmux("send-keys", "-t", self.title, "Enter")
        self.until(lambda shown: not waits(shown), f"{text!r} taken")

    def pid(self) -> int:
        """The program's process id."""
        return int(self.tmux("display-message", "-p", "-t", self.title, "#{pane_pid}"))

    def kill(self) -> None:
        """SIGKILL, and wait until the program is no more."""
        os.kill(self.pid(), signal.SIGKILL)
        self.ended()

    def ended(self) -> None:
        """Wait until the program has ended."""
        end = time.monotonic() + DEADLINE
        while self.tmux("display-message", "-p", "-t", self.title, "#{pane_dead}").strip() != "1":
            if time.monotonic() > end:
                raise AssertionError(f"{self.title} does not end:\n{self.text()}")
            time.sleep(0.02)

    def again(self) -> None:
        """Start the program once more, on an empty screen."""
        self.tmux("respawn-pane", "-k", "-t", self.title, "--", *self.command)
