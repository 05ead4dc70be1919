"""`make screenshots`: real clients play a scene, and docs/screenshots/ gets what their windows show.

Rule: nothing is drawn by hand (`picture.py`).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.process import picture
from tests.process.chat import CHAT
from tests.process.irc_clients import Irssi, Weechat, register
from tests.process.panes import Pane, Tmux
from tests.process.server import ROOT, Server

FOLDER = ROOT / "docs" / "screenshots"
COLUMNS, ROWS = 104, 22
LONG = 136  # line by line the terminal wraps, and has no eye for words
SCREEN = (sys.executable, "-m", "clients.chat")


def keep(pane: Pane, path: Path, title: str, columns: int = COLUMNS, rows: int = ROWS) -> None:
    """The picture of one window, as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.draw(pane.drawn(), title, columns, rows).save(path)
    print(path)


# ---- the scene -----------------------------------------------------------------------------------------------------


class Scene:
    """Tesla at weechat, albert at irssi, marie at the full screen of chat."""

    def __init__(self) -> None:
        self.server = Server(flags=("--server-name", "chat.example.edu"))
        self.tmux = Tmux(self.server.folder)

    def run(self, folder: Path) -> None:
        """Play, and write the pictures."""
        try:
            self.server.start()
            self.play()
            for pane, name, what in (
                (self.tesla, "weechat", "weechat: tesla in #physics"),
                (self.albert, "irssi", "irssi: albert is back, after kill -9, and finds what was said"),
                (self.marie, "chat", "chat: marie, at the full screen"),
            ):
                keep(pane, folder / f"{name}.png", what)
        finally:
            self.tmux.close()
            self.server.stop()
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def play(self) -> None:
        """Three people talk; one is away for a while."""
        for name in ("tesla", "albert"):
            register(self.server, name)
        self.tesla = Weechat(self.tmux, self.server, "tesla", columns=COLUMNS, rows=ROWS)
        self.tesla.wait("End of /MOTD")
        self.tesla.enter("/join #physics")
        self.tesla.wait("Channel #physics")
        self.tesla.enter("/topic Thursday: alternating current")
        self.albert = Irssi(self.tmux, self.server, "albert", columns=COLUMNS, rows=ROWS)
        self.albert.wait("Mode change")
        self.albert.enter("/join #physics")
        self.albert.wait("[~tesla] [ albert]")
        address = f"marie@127.0.0.1:{self.server.ports['tls']}"
        command = [*SCREEN, "--trust-new", "--profile", str(self.server.folder / "marie"), address]
        self.marie = Pane(self.tmux, "marie", command, COLUMNS, ROWS)
        self.marie.wait("Welcome")
        self.talk()
        self.leave_and_return()

    def say(self, pane: Pane, text: str) -> None:
        """One line, which all three see."""
        pane.enter(text)
        for other in (self.tesla, self.albert, self.marie):
            other.wait(text)

    def talk(self) -> None:
        """All are there."""
        self.marie.enter("/group physics")
        self.marie.wait("Joined group 'physics'", "You [physics]")
        self.tesla.wait("marie [marie]")
        self.say(self.tesla, "Who brings the coil on Thursday?")
        self.say(self.marie, "I do. Grüße aus Paris 🗼")
        self.say(self.albert, "And I bring the violin 🎻")
        self.tesla.enter("/msg albert the formula was yours, wasn't it?")
        self.albert.wait("tesla")

    def leave_and_return(self) -> None:
        """Albert's machine dies, and the others go on."""
        self.albert.kill()
        self.tesla.wait("albert (~albert@albert.user) has quit")
        for pane, text in (
            (self.tesla, "His battery again ..."),
            (self.marie, "He will find it when he is back: page 12, question 3"),
        ):
            pane.enter(text)
            for other in (self.tesla, self.marie):
                other.wait(text)
        self.albert.again()
        self.albert.wait("Mode change", "[Act: 2")
        self.albert.go("#physics")
        self.albert.wait("page 12, question 3", "(+nt)")
        self.say(self.albert, "Back, and nothing is lost!")


class Trust:
    """Emilie and marie, line by line: they talk encrypted, and compare; tesla, at IRC, cannot encrypt."""

    def __init__(self) -> None:
        self.server = Server(flags=("--server-name", "chat.example.edu"))
        self.tmux = Tmux(self.server.folder)

    def run(self, folder: Path) -> None:
        """Play, and write the picture."""
        try:
            self.server.start()
            register(self.server, "tesla")
            marie, emilie = self.join("marie"), self.join("emilie")
            self.play(emilie, marie)
            keep(emilie, folder / "verify.png", "chat --plain: emilie compares keys with marie", LONG)
        finally:
            self.tmux.close()
            self.server.stop()
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def join(self, name: str) -> Pane:
        """Somebody's first visit."""
        address = f"{name}@127.0.0.1:{self.server.ports['tls']}"
        command = [*CHAT, "--plain", "--trust-new", "--profile", str(self.server.folder / name), address]
        pane = Pane(self.tmux, name, command, LONG, ROWS)
        pane.wait("Welcome", "You:")
        return pane

    def play(self, emilie: Pane, marie: Pane) -> None:
        """What they do."""
        marie.wait("emilie joined the conversation")
        emilie.enter("@marie The radium is in the cupboard")
        marie.wait("(Private) emilie: The radium")
        marie.enter("@emilie Then keep the key 🔑")
        emilie.wait("(Private) marie: Then keep the key")
        emilie.enter("/verify @marie")
        emilie.wait("/verify marie yes")
        emilie.enter("/verify @marie yes")
        emilie.wait("marie is verified")
        emilie.enter("/focus @marie")
        emilie.wait("[e2e+] You [@marie]:")
        emilie.enter("@tesla where is the key?")
        emilie.wait("tesla cannot receive encrypted messages right now.")


def main() -> int:
    """Make all pictures."""
    if not picture.ready():
        return 1
    Scene().run(FOLDER)
    Trust().run(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
