"""The pictures of `make screenshots`: what is in a cell of the terminal is in the picture, at its place.

Rule: the pictures that are kept are looked at as well: each says what it was made to show, and this program made it.
"""

from __future__ import annotations

from pathlib import Path
from statistics import mode

from PIL import Image, ImageColor
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.process.picture import (
    BAR,
    COLOURS,
    GAP,
    HEIGHT,
    INK,
    MARGIN,
    MOST_COLOURS,
    PAPER,
    PAPERS,
    REGULAR,
    SIZE,
    WIDTH,
    Picture,
    columns_beside,
    draw,
    font,
    said,
    sheet,
)
from tests.process.screenshots import FOLDER
from tests.process.stories import STORIES

MACHINE = ("/root/", "/home/", "python", "Traceback")


def shades(picture: Picture, column: int, row: int, columns: int = 1) -> set[tuple[int, ...]]:
    """Every colour of a cell, or of some beside each other."""
    x, y = MARGIN + column * WIDTH, BAR + row * HEIGHT
    found = picture.image.crop((x, y, x + columns * WIDTH, y + HEIGHT)).getcolors(WIDTH * HEIGHT * columns)
    return {shade for _, shade in found or () if isinstance(shade, tuple)}


def shade(name: str) -> tuple[int, ...]:
    """A colour as the picture has it."""
    return ImageColor.getrgb(name)


class PictureTests(SynchronousTestCase):
    """One screen, one picture."""

    def setUp(self) -> None:
        try:
            font(REGULAR, SIZE)
        except OSError:
            raise SkipTest(f"the font {REGULAR} is not installed") from None

    def draw(self, drawn: str, columns: int = 20, rows: int = 3) -> Picture:
        """A small screen."""
        return draw(drawn, "a title", columns, rows)

    def test_letters_are_in_their_cells_and_nowhere_else(self) -> None:
        picture = self.draw("a  b\n   c\n")
        paper = {shade(PAPER)}
        written = {(column, row) for column in range(20) for row in range(3) if shades(picture, column, row) != paper}
        self.assertEqual(written, {(0, 0), (3, 0), (3, 1)})
        self.assertEqual(picture.image.size, (20 * WIDTH + 2 * MARGIN, 3 * HEIGHT + BAR + MARGIN))
        self.assertEqual(picture.text, "a title\na  b\n   c\n")

    def test_frames_close(self) -> None:
        picture = self.draw("│\n│\n│")
        x = MARGIN + WIDTH // 2
        line = picture.image.convert("L").crop((x, BAR + 1, x + 1, BAR + 3 * HEIGHT - 1)).tobytes()
        self.assertEqual(min(line), mode(line), "there are gaps in it")
        self.assertGreater(min(line), 2 * shade(PAPER)[0])

    def test_colours_of_letters_and_of_the_paper(self) -> None:
        picture = self.draw("\x1b[31mM\x1b[0m \x1b[44mM\x1b[0m \x1b[7mM\x1b[0m \x1b[38;5;196mM\x1b[0m")
        for column, ink, paper in (
            (0, COLOURS["red"], PAPER), (2, INK, PAPERS["blue"]), (4, PAPER, INK), (6, "#ff0000", PAPER),
        ):  # fmt: skip
            found = shades(picture, column, 0)
            self.assertIn(shade(ink), found)
            self.assertIn(shade(paper), found)

    def test_bold_is_heavier(self) -> None:
        picture = self.draw("\x1b[1mM\x1b[0mM")
        heavy, light = (self.weight(picture, column) for column in (0, 1))
        self.assertGreater(heavy, light * 1.1)

    def weight(self, picture: Picture, column: int) -> int:
        """How much ink there is in a cell."""
        x = MARGIN + column * WIDTH
        cell = picture.image.crop((x, BAR, x + WIDTH, BAR + HEIGHT)).convert("L")
        return sum(cell.tobytes()) - ImageColor.getcolor(PAPER, "L") * WIDTH * HEIGHT  # type: ignore[operator]

    def test_a_wide_letter_takes_two_cells_and_has_its_colours(self) -> None:
        picture = self.draw("a🦉b")
        self.assertGreater(len(shades(picture, 1, 0, 2)), 50)
        self.assertIn(shade(INK), shades(picture, 3, 0))
        self.assertEqual(shades(picture, 4, 0), {shade(PAPER)})
        self.assertIn("a🦉b", picture.text)

    def test_windows_side_by_side_and_one_below_as_wide_as_both(self) -> None:
        small, long = self.draw("one"), self.draw("two", columns=columns_beside(20))
        self.assertEqual(long.image.width, 2 * small.image.width + GAP)
        both = sheet([small, small, long])
        self.assertEqual(both.image.width, long.image.width + 2 * GAP)
        self.assertEqual(both.image.height, small.image.height + long.image.height + 3 * GAP)
        self.assertEqual(both.text.count("one"), 2)

    def test_a_file_says_what_it_shows(self) -> None:
        path = Path(self.mktemp())
        self.draw("Grüße 🗼").save(path.with_suffix(".png"))
        self.assertEqual(said(path.with_suffix(".png")), "a title\nGrüße 🗼\n")


class KeptTests(SynchronousTestCase):
    """The pictures that are in the tree."""

    def says(self, name: str, *words: str) -> None:
        """A picture shows these words, and nothing of the machine it was made on."""
        text = said(FOLDER / f"{name}.png")
        for word in words:
            self.assertIn(word, text, name)
        for word in MACHINE:
            self.assertNotIn(word, text, name)
        with Image.open(FOLDER / f"{name}.png") as image:
            self.assertLessEqual(len(image.getcolors() or range(MOST_COLOURS + 1)), MOST_COLOURS, name)

    def test_two_who_compare(self) -> None:
        self.says("verify", "marie is verified", "[e2e+]")

    def test_three_kinds_of_clients(self) -> None:
        for name in ("weechat", "irssi", "chat"):
            self.says(name, "page 12, question 3")

    def test_each_task_of_the_assignment_has_its_picture(self) -> None:
        words = {
            "task1": ("albert: world", "is offline  [ albert ]"),
            "task2": ("a sentence that is not finished", "See?"),
            "task3": ("The hint is on page 12.", "connected  [ marie ]"),
            "task4": ("<<albrt>>", "when they reconnect", "(Private) tesla: do you have a minute?"),
            "bonus-group": ("And I the violin.", "[e2e] You [physics]:"),
            "bonus-file": ("File: coil.txt", "received"),
            "bonus-offline": ("Thursday is cancelled", "albert has your message now."),
            "bonus-secure": ("[e2e+]", "the formula is on its way"),
        }
        self.assertEqual(set(words), set(STORIES))
        for name, shown in words.items():
            self.says(name, "SERVER WORKING", "connected  [ tesla ]", *shown)

    def test_the_windows(self) -> None:
        self.says("windows", "It hums at fifty hertz.", "File: notes.pdf", "3! @albert  (1)", "[e2e]")
        self.says("windows-verify", "Is this really albert?", "They are the same")

    def test_no_picture_is_left_of_what_is_not_made_any_more(self) -> None:
        made = {*STORIES, "verify", "weechat", "irssi", "chat", "console", "console-completion"}
        made |= {"windows", "windows-verify"}
        self.assertEqual({path.name for path in FOLDER.iterdir()}, {f"{name}.png" for name in made})
