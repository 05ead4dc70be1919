"""The tasks of the assignment as pictures: sender, receiver and the server's window, side by side.

Rule: each story is played by the real programs; what is on a picture is what their windows showed at its end.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from tests.process.chat import CHAT
from tests.process.desktop import Windows
from tests.process.panes import Pane, Tmux
from tests.process.picture import Picture, columns_beside, draw, ready, sheet
from tests.process.screenshots import FOLDER, SCREEN
from tests.process.server import Server

COLUMNS, ROWS = 84, 16
SERVER_ROWS = 10  # where its window lies below the others; it is as wide as both
SERVER: Final = "twistd -n --logfile=chatd.log chatd"


class LoggingServer(Server):
    """What it prints is its window; the log is a file beside it."""

    program = (*Server.program, "--logfile=chatd.log")


class Story:
    """One server, its window, and so many people's windows: two, and the server's below them; or three, beside it."""

    def __init__(self, people: int = 2, rows: int = ROWS) -> None:
        self.server = LoggingServer()
        self.tmux = Tmux(self.server.folder)
        self.size = (columns_beside(COLUMNS), SERVER_ROWS) if people == 2 else (COLUMNS, rows)
        self.rows = rows
        self.panes: list[tuple[str, Pane]] = []
        self._numbers = count()

    def play(self, scene: Callable[[Story], None]) -> Picture:
        """The picture of a scene."""
        try:
            self.server.start()
            self.window = Pane(self.tmux, "server", ["tail", "-n", "+1", "-f", str(self.server.log)], *self.size)
            scene(self)
            shown = [draw(pane.drawn(), name, COLUMNS, self.rows) for name, pane in self.panes]
            return sheet([*shown, draw(self.window.drawn(), f"the server: {SERVER}", *self.size)])
        finally:
            self.tmux.close()
            self.server.kill()
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def sit(self, name: str, screen: bool = False, known: bool = False) -> Pane:
        """Somebody's window; a first visit types the name."""
        user = f"{name}@" if known or screen else ""
        address = f"{user}127.0.0.1:{self.server.ports['tls']}"
        program = SCREEN if screen else CHAT
        command = [*program, "--trust-new", "--profile", str(self.server.folder / name), address]
        pane = Pane(self.tmux, f"{name}{next(self._numbers)}", command, COLUMNS, self.rows)
        self.panes.append((f"{name}: chat{'' if screen else ' --plain'}", pane))
        if not user:
            pane.wait("Enter username:")
            pane.enter(name)
        pane.wait("Welcome to chat room.", "You")
        return pane


def client_server(story: Story) -> None:
    """Task 1: client and server over TCP."""
    tesla = story.sit("tesla")
    tesla.enter("Hello")
    albert = story.sit("albert")
    tesla.wait("albert joined the conversation")
    albert.enter("world")
    tesla.wait("albert: world")
    albert.enter("tata")
    tesla.wait("albert left the conversation")
    story.window.wait("is offline  [ albert ]")


def advanced_client(story: Story) -> None:
    """Task 2: one sends and receives at the same time; what is being typed is not disturbed."""
    tesla = story.sit("tesla", screen=True)
    albert = story.sit("albert")
    albert.enter("I am writing while you are writing,")
    albert.enter("and what you have typed stays where it is.")
    tesla.wait("what you have typed stays")
    story.tmux("send-keys", "-t", tesla.title, "-l", "--", "a sentence that is not finished y")
    albert.enter("See?")
    tesla.wait("See?", "a sentence that is not finished y")


def many_clients(story: Story) -> None:
    """Task 3: several students at once."""
    students = [story.sit(name) for name in ("tesla", "albert", "marie")]
    for number, (student, text) in enumerate(zip(
        students, ("Has anybody solved question 3?", "Half of it.", "The hint is on page 12."), strict=True
    )):  # fmt: skip
        student.enter(text)
        for other in students[:number] + students[number + 1 :]:
            other.wait(text)


def client_client(story: Story) -> None:
    """Task 4: private words through the server; somebody who is away, and somebody who does not exist."""
    tesla, albert = story.sit("tesla"), story.sit("albert")
    tesla.wait("albert joined")
    tesla.enter("@albert do you have a minute?")
    albert.wait("do you have a minute?")
    albert.enter("@tesla for you, always")
    tesla.wait("for you, always")
    tesla.enter("@albrt thanks")
    tesla.wait("Did you mean albert")
    albert.enter("tata")
    tesla.wait("albert left")
    tesla.enter("@albert one more thing")
    tesla.wait("Message will be delivered when they reconnect.")


def group(story: Story) -> None:
    """Bonus: a group, whose window all members see."""
    tesla, albert, marie = (story.sit(name, screen=True) for name in ("tesla", "albert", "marie"))
    tesla.enter("/group physics")
    tesla.wait("You [physics]")
    for other in (albert, marie):
        other.enter("/group physics")
        other.wait("You [physics]")
    for student, text in ((tesla, "Who brings the coil?"), (marie, "I do."), (albert, "And I the violin.")):
        student.enter(text)
        for other in (tesla, albert, marie):
            other.wait(text)


def offline(story: Story) -> None:
    """Bonus: mail for somebody who is away."""
    tesla, albert = story.sit("tesla"), story.sit("albert")
    albert.enter("tata")
    tesla.wait("albert left")
    tesla.enter("@albert Thursday is cancelled, see page 12")
    tesla.wait("when they reconnect")
    albert.ended()
    story.panes.pop()
    again = story.sit("albert", known=True)
    again.wait("Thursday is cancelled", "Unread, encrypted: @tesla 1")
    tesla.wait("albert has your message now.")


def file(story: Story) -> None:
    """Bonus: a file."""
    tesla, albert = story.sit("tesla", screen=True), story.sit("albert", screen=True)
    notes = story.server.folder / "coil.txt"
    notes.write_text("many turns of wire\n" * 20_000, "utf-8")
    tesla.wait("albert joined")
    tesla.enter("@albert here is what you asked for")
    albert.wait("@tesla")
    for pane, text in ((tesla, "M-2"), (albert, "M-a")):
        story.tmux("send-keys", "-t", pane.title, text)
        pane.wait("here is what you asked for")
    tesla.enter(f"/file @albert {notes}")
    tesla.wait("File: coil.txt (380 KB) ✓")
    albert.wait("File: coil.txt")
    albert.enter("/get coil.txt")
    albert.wait("received")
    albert.enter("I have it, thank you!")
    tesla.wait("I have it, thank you!")


def encrypted(story: Story) -> None:
    """Bonus: secure communication."""
    tesla, albert = story.sit("tesla", screen=True), story.sit("albert", screen=True)
    tesla.wait("albert joined")
    tesla.enter("@albert only you can read this")
    albert.wait("@tesla")
    story.tmux("send-keys", "-t", albert.title, "M-a")
    albert.wait("only you can read this", "[e2e]")
    story.tmux("send-keys", "-t", tesla.title, "M-2")
    tesla.wait("[e2e] You [@albert]")
    tesla.enter("/verify albert")
    tesla.wait("/verify albert yes")
    albert.enter("/verify tesla")
    albert.wait("/verify tesla yes")
    for one, other in ((tesla, "albert"), (albert, "tesla")):
        one.enter(f"/verify {other} yes")
        one.wait(f"[e2e+] You [@{other}]")
    tesla.enter("the formula is on its way")
    albert.wait("the formula is on its way")
    tesla.wait("the formula is on its way ✓")


def windows(folder: Path) -> None:
    """The windows (Tk): tesla in a group, where a file has come; and albert's key, to be compared."""
    story = Story()
    tesla = None
    try:
        story.server.start()
        notes = story.server.folder / "notes.pdf"
        notes.write_text("many turns of wire\n" * 20_000, "utf-8")
        albert = story.sit("albert", screen=True)
        albert.enter("/group physics")
        albert.wait("You [physics]")
        tesla = Windows(story.server.folder / "tesla", f"tesla@127.0.0.1:{story.server.ports['plain']}")
        tesla.type("/set theme light")
        tesla.type("/group physics")
        albert.wait("tesla joined the group")
        tesla.wait("Joined group")
        tesla.type("Who brings the coil on Thursday?")
        albert.wait("Who brings the coil")
        for line, shows in (
            ("I do, and here are my notes.", "here are my notes."),
            (f"/file #physics {notes}", "File: notes.pdf"),
            ("tesla, what did you find out?", "what did you find out?"),
            ("@tesla only you can read this", "@albert  (1)"),
        ):
            albert.enter(line)
            tesla.wait(shows)
        tesla.type("It hums at fifty hertz.")
        albert.wait("It hums")
        tesla.wait("It hums at fifty hertz.  ✓")
        tesla.picture().save(folder / "windows.png")
        tesla.key("alt+a")
        tesla.wait("only you can read this")
        tesla.type("/verify albert")
        tesla.wait("They are the same")
        tesla.picture().save(folder / "windows-verify.png")
    finally:
        if tesla is not None:
            tesla.close()
        story.tmux.close()
        story.server.kill()
        shutil.rmtree(story.server.folder, ignore_errors=True)


# How many people sit there, how many lines their windows have, and what they do
STORIES: Final[dict[str, tuple[int, int, Callable[[Story], None]]]] = {
    "task1": (2, 12, client_server),
    "task2": (2, ROWS, advanced_client),
    "task3": (3, 12, many_clients),
    "task4": (2, ROWS, client_client),
    "bonus-group": (3, ROWS, group),
    "bonus-file": (2, ROWS, file),
    "bonus-offline": (2, 14, offline),
    "bonus-secure": (2, 24, encrypted),
}


def make(folder: Path, names: list[str]) -> None:
    """Play these stories, and write their pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in [name for name in STORIES if name in (names or STORIES)]:
        people, rows, scene = STORIES[name]
        Story(people, rows).play(scene).save(folder / f"{name}.png")
        print(folder / f"{name}.png")
    if not names or "windows" in names:
        windows(folder)
        print(folder / "windows.png", folder / "windows-verify.png", sep="\n")


def main(names: list[str]) -> int:
    """These pictures, or all."""
    if not ready():
        return 1
    make(FOLDER, names)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
