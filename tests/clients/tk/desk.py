"""A display without a screen (Xvfb), and somebody at the windows over a house in memory.

Rule: one display for the whole run, ended with it. Tk is driven by hand: `settle` runs until nothing moves.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
from functools import cache
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.clients.house import Visitor
from tests.kit import House


def start_display() -> tuple[str, subprocess.Popen[bytes]]:
    """A display of one's own: its name, and the process to end. Raises SkipTest where there can be none."""
    if shutil.which("Xvfb") is None:
        raise SkipTest("Xvfb is not installed")
    try:
        import tkinter  # noqa: F401
    except ImportError:
        raise SkipTest("this Python has no tkinter") from None
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        return f":{told.readline().strip()}", server


@cache
def display() -> str:
    """The name of the display that all windows of this run share."""
    name, server = start_display()
    atexit.register(end_display, server)
    return name


def end_display(server: subprocess.Popen[bytes]) -> None:
    """End a display."""
    server.terminate()
    server.wait()


@cache
def root() -> Any:
    """The root window of this run: Tk wants one, and themes remember theirs."""
    name = display()
    import ttkbootstrap as tb

    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = name
    try:
        return tb.Window(title="chat", themename="bootstrap-light", size=(1000, 700))
    finally:
        if before is None:
            del os.environ["DISPLAY"]
        else:
            os.environ["DISPLAY"] = before


class DeskCase(SynchronousTestCase):
    """Something in a window."""

    def setUp(self) -> None:
        self.root = root()
        self.addCleanup(self.clear)

    def clear(self) -> None:
        """An empty window for the next one."""
        for child in self.root.winfo_children():
            child.destroy()
        self.root.update()


class Sitter(Visitor):
    """A person at the windows."""

    def __init__(self, house: House, name: str, root: Any, **more: Any) -> None:
        from clients.tk.face import TkFace
        from clients.tk.window import MainWindow

        super().__init__(house, name, **more)
        self.root = root
        self.main = MainWindow(root, "test:1", self.app.setting)
        self.main.frame.pack(fill="both", expand=True)
        self.ended: tuple[int, str] | None = None
        self.screen = TkFace(self.main, self.main.compare, self._done, lambda: int(self.house.wall() * 1000))
        self.main.face = self.screen
        self.app.face = self.screen

    def _done(self, code: int, text: str) -> None:
        self.ended = (code, text)

    def sit(self) -> Sitter:
        """Come in."""
        self.screen.begin(self.app)
        self.main.input.focus_force()
        self.draw()
        return self

    def draw(self) -> None:
        """Let everything happen, and have it drawn."""
        self.settle()
        self.root.update()
        self.main.draw()
        self.root.update()

    def write(self, text: str) -> None:
        """Type a line and press Enter."""
        self.main.put(text)
        self.press("<Return>")

    def press(self, *keys: str) -> None:
        """Press keys in the input."""
        for key in keys:
            self.main.input.event_generate(key)
            self.draw()

    def shown(self) -> str:
        """The conversation."""
        return str(self.main.display.text.get("1.0", "end"))
