"""The tasks of the assignment as pictures: sender, receiver and the server's window, side by side.

Rule: each story is played by the real programs; what is on a picture is what their windows showed at its end.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

from tests.process.chat import CHAT
from tests.process.desktop import Windows
from tests.process.panes import Pane, Tmux
from tests.process.screenshots import FOLDER, svg
from tests.process.server import Server

COLUMNS, ROWS = 78, 15
GAP = 12  # pixels between windows
SCREEN = (sys.executable, "-m", "clients.chat")
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')


def sheet(title: str, pictures: list[str], across: int = 2) -> str:
    """Several pictures as one, in rows of so many."""
    parts, top, wide = [], 0, 0
    for first in range(0, len(pictures), across):
        left = high = 0
        for picture in pictures[first : first + across]:
            found = _SIZE.search(picture)
            assert found is not None
            width, height = map(int, found.groups())
            parts.append(picture.replace("<svg ", f'<svg x="{left}" y="{top}" ', 1))
            left, high = left + width + GAP, max(high, height)
        wide, top = max(wide, left - GAP), top + high + GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{top - GAP}"'
    return f'{head} viewBox="0 0 {wide} {top - GAP}">\n<title>{title}</title>\n{"".join(parts)}</svg>\n'


class Story:
    """One server, its window, and people's windows."""

    def __init__(self, tls: bool = False) -> None:
        self.server = Server()
        self.tmux = Tmux(self.server.folder)
        self.tls = tls
        self.panes: list[tuple[str, Pane]] = []
        self._numbers = count()

    def play(self, scene: Callable[[Story], None], title: str) -> str:
        """The picture of a scene."""
        try:
            self.server.start()
            command = ["tail", "-n", "+1", "-f", str(self.server.log)]
            self.window = Pane(
                self.tmux, "server", ["sh", "-c", f"{' '.join(command)} | cut -c1-{COLUMNS}"], COLUMNS, ROWS
            )
            scene(self)
            shown = [svg(pane.drawn(), name, COLUMNS, ROWS) for name, pane in self.panes]
            shown.append(svg(self.window.drawn(), "the server: twistd -n chatd", COLUMNS, ROWS))
            return sheet(title, shown)
        finally:
            self.tmux.close()
            self.server.kill()
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def sit(self, name: str, screen: bool = False, known: bool = False) -> Pane:
        """Somebody's window; a first visit types the name."""
        how = ["--trust-new"] if self.tls else ["--plaintext"]
        port = self.server.ports["tls" if self.tls else "plain"]
        user = f"{name}@" if known or screen else ""
        program = SCREEN if screen else CHAT
        command = [*program, *how, "--profile", str(self.server.folder / name), f"{user}127.0.0.1:{port}"]
        pane = Pane(self.tmux, f"{name}{next(self._numbers)}", command, COLUMNS, ROWS)
        self.panes.append((f"{name}: chat", pane))
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
    tesla.enter("/group --open physics")
    tesla.wait("You [physics]")
    for other in (albert, marie):
        other.enter("/group --open physics")
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
    again.wait("Thursday is cancelled")
    tesla.wait("albert has your message now.")


def file(story: Story) -> None:
    """Bonus: a file."""
    tesla, albert = story.sit("tesla", screen=True), story.sit("albert", screen=True)
    notes = story.server.folder / "coil.txt"
    notes.write_text("many turns of wire\n" * 20_000, "utf-8")
    tesla.wait("albert joined")
    tesla.enter(f"/file @albert {notes}")
    tesla.wait("sent to @albert")
    albert.wait("@tesla")
    story.tmux("send-keys", "-t", albert.title, "M-a")
    albert.wait("File: coil.txt")
    albert.enter("/get coil.txt")
    albert.wait("received")


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


def windows(folder: Path) -> None:
    """The windows (Tk): tesla in a group, and albert's key to compare."""
    story = Story()
    tesla = None
    try:
        story.server.start()
        albert = story.sit("albert", screen=True)
        albert.enter("/group --open physics")
        albert.wait("You [physics]")
        tesla = Windows(story.server.folder / "tesla", f"tesla@127.0.0.1:{story.server.ports['plain']}")
        tesla.type("/set theme light")
        tesla.type("/group --open physics")
        albert.wait("tesla joined the group")
        tesla.type("Who brings the coil on Thursday?")
        albert.wait("Who brings the coil")
        albert.enter("I do. tesla, do you have the notes?")
        tesla.type("@albert only you can read this")
        albert.wait("!@tesla")
        story.tmux("send-keys", "-t", albert.title, "M-a")
        albert.wait("only you can read this")
        albert.enter("and only you this")
        albert.wait("✓✓")
        tesla.picture(folder / "windows.png")
    finally:
        if tesla is not None:
            tesla.close()
        story.tmux.close()
        story.server.kill()
        shutil.rmtree(story.server.folder, ignore_errors=True)


STORIES: Final[dict[str, tuple[str, Callable[[Story], None]]]] = {
    "task1": ("1. Client and server", client_server),
    "task2": ("2. Sending and receiving at the same time", advanced_client),
    "task3": ("3. Many clients at once", many_clients),
    "task4": ("4. From client to client", client_client),
    "bonus-group": ("Bonus: a group", group),
    "bonus-file": ("Bonus: a file", file),
    "bonus-offline": ("Bonus: mail for the absent", offline),
    "bonus-secure": ("Bonus: secure communication", encrypted),
}


def make(folder: Path, names: list[str]) -> None:
    """Play these stories, and write their pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or list(STORIES):
        title, scene = STORIES[name]
        (folder / f"{name}.svg").write_text(Story().play(scene, title), "utf-8")
        print(folder / f"{name}.svg")
    if not names:
        windows(folder)
        print(folder / "windows.png")


def main(names: list[str]) -> int:
    """These pictures, or all."""
    gone = next((tool for tool in ("tmux", "Xvfb", "xdotool") if shutil.which(tool) is None), "")
    if gone:
        print(f"make screenshots: {gone} is missing (Debian: apt install tmux xvfb xdotool)", file=sys.stderr)
        return 1
    make(FOLDER, names)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
