"""The pictures of the staff console in docs/screenshots/: the real `ssh`, in a real class.

Rule: as in `screenshots`. `python -m tests.process.console_picture` makes them; so does `make screenshots`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.process.chat import CHAT
from tests.process.operators import Operator
from tests.process.panes import Pane, Tmux
from tests.process.picture import ready
from tests.process.screenshots import COLUMNS, FOLDER, keep
from tests.process.server import Server

ROWS = 26


class ConsoleScene:
    """Miller looks after a class."""

    def __init__(self) -> None:
        self.server = Server(flags=("--server-name", "chat.example.edu"), CHATD_CONSOLE_PYTHON="yes")
        self.tmux = Tmux(self.server.folder)
        self.people: list[Pane] = []

    def run(self, folder: Path) -> None:
        """Play, and write the pictures."""
        try:
            miller = Operator(self.server, "miller").let_in("debug")
            self.server.start()
            for name in ("tesla", "albert", "marie"):
                self.people.append(self.join(name))
            self.console = miller.pane(self.tmux, COLUMNS, ROWS)
            self.look_after()
            self.keep(
                folder / "console.png", "the staff console: who is here, a kick that asks, and the audit log", ROWS
            )
            self.complete()
            self.keep(
                folder / "console-completion.png", "the staff console: Tab, and what happens while it happens", 11
            )
        finally:
            self.tmux.close()
            self.server.stop()
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def keep(self, path: Path, title: str, rows: int) -> None:
        """The first lines of what the console shows."""
        keep(self.console, path, title, rows=rows)

    def join(self, name: str) -> Pane:
        """Somebody at the chat client."""
        address = f"{name}@127.0.0.1:{self.server.ports['tls']}"
        command = [*CHAT, "--plain", "--trust-new", "--profile", str(self.server.folder / name), address]
        pane = Pane(self.tmux, name, command, 80, 24)
        pane.wait("Welcome")
        return pane

    def look_after(self) -> None:
        """A minute of a helper's life."""
        pane = self.console
        for line, shows in (
            ("who", "3 here."),
            ("announce Thursday's lab is in A12, é ü 🦉", "Said to 3"),
            ('mute @albert 10m "one at a time"', "is muted"),
            ("kick @tesla no coils in here", "are you sure? [y/N]"),
        ):
            pane.enter(line)
            pane.wait(shows)
        pane.enter("y")
        pane.wait("tesla is out")
        pane.enter("audit --count 4")
        pane.wait("no coils in here", "begins")

    def complete(self) -> None:
        """What goes on, and a Tab."""
        pane = self.console
        pane.tmux("send-keys", "-t", pane.title, "C-l")
        pane.enter("watch")
        pane.wait("(Ctrl-C or q stops)")
        self.people[2].enter("who has question two?")
        pane.wait("message  marie")
        pane.tmux("send-keys", "-t", pane.title, "q")
        pane.until(lambda shown: shown.rstrip().endswith("chatd>"), "the prompt")
        pane.tmux("send-keys", "-t", pane.title, "-l", "--", "group ")
        pane.tmux("send-keys", "-t", pane.title, "Tab")
        pane.wait("remove", "groups, by name")


def main() -> int:
    """Make them."""
    if not ready():
        return 1
    ConsoleScene().run(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
