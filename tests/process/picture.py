"""The screen of a terminal as a picture: each letter in its cell, with its colours, and what it says as text beside it.

Rule: nothing is drawn by hand. What is on a screen goes into the file as text, too (the PNG's Description), so that it
can be searched, read aloud, and looked at by a test. The fonts are Debian's, so that every machine draws the same.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pyte
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

REGULAR, BOLD, EMOJI = "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "NotoColorEmoji.ttf"
TOOLS = ("tmux", "weechat", "irssi", "ssh", "ssh-keygen", "Xvfb", "xdotool")  # of all who play for a picture
PACKAGES: Final = (
    "tmux weechat-curses irssi openssh-client xvfb xdotool python3-tk fonts-dejavu-core fonts-noto-color-emoji"
)
SIZE, WIDTH, HEIGHT = 20, 12, 23  # of a letter, and of its cell (so that frames close); in pixels, like the rest
EMOJI_SIZE: Final = 109  # the only one that this font has
MARGIN, BAR, GAP = 12, 36, 12  # around the cells, above them, between windows
MOST_COLOURS: Final = 256  # in a file: letters have edges of many shades
PAPER, INK, FRAME, DESKTOP = "#1b1d23", "#d5d8df", "#343843", "#717b8c"
COLOURS = {
    "black": "#1b1d23", "red": "#e06c75", "green": "#98c379", "brown": "#d19a66", "blue": "#61afef",
    "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#abb2bf", "brightblack": "#7f848e", "brightred": "#ff7b86",
    "brightgreen": "#b5e890", "brightbrown": "#e5c07b", "brightyellow": "#e5c07b", "brightblue": "#82c4ff",
    "brightmagenta": "#e09af5", "brightcyan": "#7fe0ec", "brightwhite": "#ffffff",
}  # fmt: skip
PAPERS = {**COLOURS, "blue": "#24466b"}  # letters have to be read on it


class Picture(NamedTuple):
    """What is seen, and what it says."""

    image: Image.Image
    text: str

    def save(self, path: Path) -> None:
        """As a PNG, with its text."""
        told = PngInfo()
        told.add_itxt("Description", self.text)
        few = self.image.quantize(MOST_COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
        few.save(path, pnginfo=told, optimize=True)


class Look(NamedTuple):
    """How a cell looks."""

    ink: str
    paper: str
    bold: bool


def ready() -> bool:
    """Whether everything is here that `make screenshots` needs; what is not, is told with what to do."""
    gone = [tool for tool in TOOLS if shutil.which(tool) is None]
    for name, size in ((REGULAR, SIZE), (BOLD, SIZE), (EMOJI, EMOJI_SIZE)):
        try:
            font(name, size)
        except OSError:
            gone.append(name)
    if gone:
        told = f"make screenshots: not installed: {', '.join(gone)} (on Debian and Ubuntu: apt install {PACKAGES})"
        print(told, file=sys.stderr)
    return not gone


def said(path: Path) -> str:
    """What a picture that was saved says."""
    with Image.open(path) as image:
        return str(image.info.get("Description", ""))


def columns_beside(columns: int, windows: int = 2) -> int:
    """How wide one window is that lies below so many of this width."""
    return windows * columns + (windows - 1) * (2 * MARGIN + GAP) // WIDTH


def draw(drawn: str, title: str, columns: int, rows: int) -> Picture:
    """The picture of a screen, from its text with escape sequences."""
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed("\r\n".join(drawn.splitlines()[:rows]))
    image = Image.new("RGB", (columns * WIDTH + 2 * MARGIN, rows * HEIGHT + BAR + MARGIN), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, image.width, BAR - 8), FRAME)
    pen.text((image.width / 2, (BAR - 8) / 2), title, INK, font(REGULAR, SIZE), "mm")
    for row in range(rows):
        for column in range(columns):
            _cell(image, pen, screen, row, column)
    lines = [title, *(line.rstrip() for line in screen.display)]
    return Picture(image, "\n".join(lines).rstrip() + "\n")


def sheet(pictures: Sequence[Picture], across: int = 2) -> Picture:
    """Several windows on one desktop, in rows of so many."""
    rows = [pictures[first : first + across] for first in range(0, len(pictures), across)]
    wide = max(sum(one.image.width + GAP for one in row) for row in rows)
    high = sum(max(one.image.height for one in row) + GAP for row in rows)
    image = Image.new("RGB", (wide + GAP, high + GAP), DESKTOP)
    top = GAP
    for row in rows:
        left = GAP
        for one in row:
            image.paste(one.image, (left, top))
            left += one.image.width + GAP
        top += max(one.image.height for one in row) + GAP
    return Picture(image, "\n".join(one.text for one in pictures))


def look(cell: pyte.screens.Char) -> Look:
    """How a terminal's cell looks."""
    ink, paper = colour(COLOURS, cell.fg, INK), colour(PAPERS, cell.bg, PAPER)
    return Look(paper, ink, cell.bold) if cell.reverse else Look(ink, paper, cell.bold)


def colour(names: dict[str, str], name: str, default: str) -> str:
    """A colour of pyte's: a name, six digits, or `default`."""
    return default if name == "default" else names.get(name) or f"#{name}"


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font of the system, by the name of its file. Raises OSError where there is none."""
    return ImageFont.truetype(name, size)


def _cell(image: Image.Image, pen: ImageDraw.ImageDraw, screen: pyte.Screen, row: int, column: int) -> None:
    """One letter at its place; one that takes two cells has nothing in the second."""
    cell = screen.buffer[row][column]
    if not cell.data:
        return
    how = look(cell)
    wide = column + 1 < screen.columns and screen.buffer[row][column + 1].data == ""
    x, y = MARGIN + column * WIDTH, BAR + row * HEIGHT
    if how.paper != PAPER:
        pen.rectangle((x, y, x + (2 if wide else 1) * WIDTH - 1, y + HEIGHT - 1), how.paper)
    if wide:
        face = emoji(cell.data)
        image.paste(face, (x + WIDTH - face.width // 2, y + (HEIGHT - face.height) // 2), face)
    elif cell.data.strip():
        pen.text((x, y), cell.data, how.ink, font(BOLD if how.bold else REGULAR, SIZE))


def emoji(char: str) -> Image.Image:
    """A picture of a letter, as large as two cells."""
    large = Image.new("RGBA", (EMOJI_SIZE * 5 // 4, EMOJI_SIZE * 5 // 4))
    ImageDraw.Draw(large).text((0, 0), char, font=font(EMOJI, EMOJI_SIZE), embedded_color=True)
    return large.crop(large.getbbox()).resize((2 * WIDTH - 4, HEIGHT - 4), Image.Resampling.LANCZOS)
