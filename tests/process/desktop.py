"""The windows of `chat-gui` on a display without a screen (Xvfb), under a hand of X events (xdotool).

Rule: what is typed goes through the X server, as a person's keys do; a picture is what the display shows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.clients.tk.desk import end_display, start_display
from tests.process.picture import Picture
from tests.process.server import environment

DEADLINE = 20.0


class Windows:
    """One `chat-gui`, and hands on its keyboard."""

    def __init__(self, folder: Path, *arguments: str, tls: bool = False) -> None:
        self.display, self._server = start_display()
        self.folder = folder
        self._seen = folder.with_suffix(".seen")
        program = ["-m", "tests.process.onlooker", str(self._seen)]
        how = () if tls else ("--plaintext",)
        command = [sys.executable, *program, *how, "--profile", str(self.folder), *arguments]
        self.process = subprocess.Popen(
            command, env=environment(DISPLAY=self.display), stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        self.id = ""
        try:
            self.id = self.wait_for_window()
        except BaseException:
            self.close()
            raise

    def x(self, *words: str) -> str:
        """One command of xdotool."""
        done = subprocess.run(
            ["xdotool", *words], env=environment(DISPLAY=self.display), capture_output=True, text=True, timeout=DEADLINE
        )  # fmt: skip
        return done.stdout.strip()

    def wait_for_window(self) -> str:
        """The id of its window, when it is there."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            found = self.x("search", "--onlyvisible", "--pid", str(self.process.pid), "--name", "chat")
            if found:
                return found.split()[-1]
            time.sleep(0.05)
        raise AssertionError("no window came")

    def write(self, text: str) -> None:
        """Type a text."""
        self.x("windowfocus", "--sync", self.id)
        self.x("type", "--delay", "2", text)

    def type(self, text: str) -> None:
        """Type a line and Enter."""
        self.write(text)
        self.x("key", "Return")

    def key(self, *names: str) -> None:
        """Press keys."""
        self.x("windowfocus", "--sync", self.id)
        self.x("key", *names)

    def enter(self, text: str) -> None:
        """The same as `type`, as terminals call it."""
        self.type(text)

    def lines(self) -> list[str]:
        """What is in sight, from top to bottom."""
        return list(json.loads(self._seen.read_text("utf-8"))) if self._seen.exists() else []

    def read(self, seconds: float) -> bool:
        """Let it go on for a moment; false when it has ended."""
        time.sleep(seconds)
        return self.process.poll() is None

    def press(self, *names: str) -> None:
        """Press keys where the keyboard is."""
        self.x("key", *names)

    def close(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        end_display(self._server)

    def wait(self, text: str) -> None:
        """Wait until a line in sight has this text. Raises AssertionError with what is there instead."""
        end = time.monotonic() + DEADLINE
        while not any(text in line for line in self.lines()):
            if time.monotonic() > end or not self.read(0.02):
                raise AssertionError(f"the windows do not show {text!r} but {self.lines()}")

    def picture(self) -> Picture:
        """What the display shows, where this window is."""
        from PIL import ImageGrab

        told = dict(
            line.split("=") for line in self.x("getwindowgeometry", "--shell", self.id).splitlines() if "=" in line
        )
        left, top, wide, high = (int(told[key]) for key in ("X", "Y", "WIDTH", "HEIGHT"))
        seen = ImageGrab.grab(xdisplay=self.display).crop((left, top, left + wide, top + high))
        return Picture(seen, "\n".join(self.lines()) + "\n")
