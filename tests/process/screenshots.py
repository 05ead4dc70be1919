"""`make screenshots`: real clients play a scene, and docs/screenshots/ gets what their windows show, as SVG.

Rule: nothing is drawn by hand. A picture is made of the cells of a terminal, letters, colours and all; its letters stay
letters, so that one can search and read them.
"""

from __future__ import annotations

import shutil
import sys
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import pyte

from tests.process.chat import CHAT
from tests.process.irc_clients import Irssi, Weechat, missing, register
from tests.process.panes import Pane, Tmux
from tests.process.server import ROOT, Server

FOLDER = ROOT / "docs" / "screenshots"
WIDTH, HEIGHT, SIZE, MARGIN, BAR = 8.4, 17, 14, 12, 30  # of a cell, of its letters, around them, above them; in pixels
COLUMNS, ROWS = 104, 22
FONT = "'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, monospace"
PAPER, INK, FRAME = "#1b1d23", "#d5d8df", "#343843"
COLOURS = {
    "black": "#1b1d23", "red": "#e06c75", "green": "#98c379", "brown": "#d19a66", "blue": "#61afef",
    "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#abb2bf", "brightblack": "#7f848e", "brightred": "#ff7b86",
    "brightgreen": "#b5e890", "brightbrown": "#e5c07b", "brightyellow": "#e5c07b", "brightblue": "#82c4ff",
    "brightmagenta": "#e09af5", "brightcyan": "#7fe0ec", "brightwhite": "#ffffff",
}  # fmt: skip
PAPERS = {**COLOURS, "blue": "#24466b", "white": "#4b5263"}  # letters have to be read on them


# ---- a picture -----------------------------------------------------------------------------------------------------


class Look(NamedTuple):
    """How a cell looks."""

    ink: str
    paper: str
    bold: bool
    wide: bool


def look(cell: pyte.screens.Char, wide: bool) -> Look:
    """How a terminal's cell looks; `wide`: it takes the next one, too."""
    ink, paper = colour(COLOURS, cell.fg, INK), colour(PAPERS, cell.bg, PAPER)
    return Look(paper, ink, cell.bold, wide) if cell.reverse else Look(ink, paper, cell.bold, wide)


def colour(names: dict[str, str], name: str, default: str) -> str:
    """A colour of pyte's: a name, six digits, or `default`."""
    return default if name == "default" else names.get(name) or f"#{name}"


def svg(drawn: str, title: str, columns: int = COLUMNS, rows: int = ROWS) -> str:
    """The picture of a screen, from its text with escape sequences."""
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed("\r\n".join(drawn.splitlines()[:rows]))
    wide, high = round(columns * WIDTH + 2 * MARGIN), rows * HEIGHT + BAR + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"',
        f' font-family="{FONT}" font-size="{SIZE}" xml:space="preserve">\n<title>{escape(title)}</title>\n',
        f'<rect width="{wide}" height="{high}" rx="8" fill="{PAPER}"/>\n',
        f'<path d="M0 {BAR - 8}V8a8 8 0 0 1 8-8H{wide - 8}a8 8 0 0 1 8 8v{BAR - 16}z" fill="{FRAME}"/>\n',
        f'<text x="{wide / 2:g}" y="16" text-anchor="middle" fill="{INK}">{escape(title)}</text>\n',
    ]
    for row in range(rows):
        parts += _row(screen, row)
    return "".join([*parts, "</svg>\n"])


def _row(screen: pyte.Screen, row: int) -> list[str]:
    """One line of the screen, cut where the look changes."""
    cells = [screen.buffer[row][column] for column in range(screen.columns)]
    wide = [column + 1 < len(cells) and cells[column + 1].data == "" for column in range(len(cells))]
    looks = [(column, look(cell, wide[column])) for column, cell in enumerate(cells) if cell.data]
    parts = []
    for how, run in groupby(looks, key=lambda item: item[1]):
        columns = [column for column, _ in run]
        for some in [[column] for column in columns] if how.wide else [columns]:
            text = "".join(cells[column].data for column in some)
            parts.append(_run(how, text, some[0], len(text) if not how.wide else 2, row))
    return parts


def _run(how: Look, text: str, column: int, columns: int, row: int) -> str:
    """Letters that look the same."""
    x, y, width = MARGIN + column * WIDTH, BAR + row * HEIGHT, columns * WIDTH
    drawn = ""
    if how.paper != PAPER:
        drawn = f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT}" fill="{how.paper}"/>\n'
    if text.strip():
        bold = ' font-weight="bold"' if how.bold else ""
        fit = "" if how.wide else f' textLength="{width:.1f}"'
        drawn += f'<text x="{x:.1f}" y="{y + 13}" fill="{how.ink}"{bold}{fit}>{escape(text)}</text>\n'
    return drawn


# ---- the scene -----------------------------------------------------------------------------------------------------


class Scene:
    """Tesla at weechat, albert at irssi, marie at chat."""

    def __init__(self) -> None:
        self.server = Server(flags=("--server-name", "chat.example.edu"))
        self.tmux = Tmux(self.server.folder)

    def run(self, folder: Path) -> None:
        """Play, and write the pictures."""
        try:
            self.server.start()
            self.play()
            folder.mkdir(parents=True, exist_ok=True)
            for pane, name, what in (
                (self.tesla, "weechat", "weechat: tesla in #physics"),
                (self.albert, "irssi", "irssi: albert is back, after kill -9, and finds what was said"),
                (self.marie, "chat", "chat: marie, with the client for the command line"),
            ):
                (folder / f"{name}.svg").write_text(svg(pane.drawn(), what), "utf-8")
                print(folder / f"{name}.svg")
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
        command = [*CHAT, "--trust-new", "--profile", str(self.server.folder / "marie"), address]
        self.marie = Pane(self.tmux, "marie", command, COLUMNS, ROWS)
        self.marie.wait("Welcome")
        self.talk()
        self.leave_and_return()

    def say(self, pane: Pane, text: str, before: str = "") -> None:
        """One line, which all three see."""
        pane.enter(before + text)
        for other in (self.tesla, self.albert, self.marie):
            other.wait(text)

    def talk(self) -> None:
        """All are there."""
        self.marie.enter("/group physics")
        self.marie.wait("Joined group 'physics'")
        self.tesla.wait("marie [marie]")
        self.say(self.tesla, "Who brings the coil on Thursday?")
        self.say(self.marie, "I do. Grüße aus Paris 🗼", "/group physics ")
        self.say(self.albert, "And I bring the violin 🎻")
        self.tesla.enter("/msg albert the formula was yours, wasn't it?")
        self.albert.wait("tesla")

    def leave_and_return(self) -> None:
        """Albert's machine dies, and the others go on."""
        self.albert.kill()
        self.tesla.wait("albert (~albert@albert.user) has quit")
        for pane, text, before in (
            (self.tesla, "His battery again ...", ""),
            (self.marie, "He will find it when he is back: page 12, question 3", "/group physics "),
        ):
            pane.enter(before + text)
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
            (folder / "verify.svg").write_text(svg(emilie.drawn(), "chat: emilie compares keys with marie"), "utf-8")
            print(folder / "verify.svg")
        finally:
            self.tmux.close()
            self.server.stop()
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def join(self, name: str) -> Pane:
        """Somebody's first visit."""
        address = f"{name}@127.0.0.1:{self.server.ports['tls']}"
        command = [*CHAT, "--plain", "--trust-new", "--profile", str(self.server.folder / name), address]
        pane = Pane(self.tmux, name, command, COLUMNS, ROWS)
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
    gone = missing()
    if gone:
        print(f"make screenshots: {gone} (Debian: apt install tmux weechat-curses irssi)", file=sys.stderr)
        return 1
    Scene().run(FOLDER)
    Trust().run(FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
