"""The pictures of `make screenshots`: what is in a cell of the terminal is in the picture, at its place.

Rule: the pictures that are kept are looked at as well: each is one that this program would make.
"""

from __future__ import annotations

from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from tests.process.screenshots import BAR, FOLDER, HEIGHT, INK, MARGIN, PAPERS, WIDTH, svg
from tests.process.stories import STORIES

SVG = "{http://www.w3.org/2000/svg}"


class PictureTests(SynchronousTestCase):
    """One screen, one picture."""

    def texts(self, drawn: str) -> list[ElementTree.Element]:
        """The letters of a picture, without its title."""
        return ElementTree.fromstring(svg(drawn, "a <title>", 20, 3)).findall(f"{SVG}text")[1:]

    def test_letters_are_at_their_places(self) -> None:
        first, second, third = self.texts("a <b> & c\n  äöü \x1b[1mbold\x1b[0m\n")
        self.assertEqual([(part.text or "").strip() for part in (first, second, third)], ["a <b> & c", "äöü", "bold"])
        self.assertEqual([part.get("font-weight") for part in (first, second, third)], [None, None, "bold"])
        self.assertEqual(third.get("x"), f"{MARGIN + 6 * WIDTH:.1f}")
        self.assertEqual(third.get("y"), str(BAR + HEIGHT + 13))
        self.assertEqual((first.get("fill"), third.get("textLength")), (INK, f"{4 * WIDTH:.1f}"))

    def test_a_wide_letter_takes_two_cells(self) -> None:
        before, owl, after = self.texts("ab🦉cd")
        self.assertEqual((before.text, owl.text), ("ab", "🦉"))
        self.assertEqual((owl.get("x"), owl.get("textLength")), (f"{MARGIN + 2 * WIDTH:.1f}", None))
        self.assertEqual(((after.text or "").strip(), after.get("x")), ("cd", f"{MARGIN + 4 * WIDTH:.1f}"))

    def test_colours_of_letters_and_of_the_paper(self) -> None:
        drawn = svg("\x1b[38;5;196mred\x1b[0m \x1b[44mon blue\x1b[0m \x1b[7mturned\x1b[0m", "t", 20, 1)
        self.assertIn('fill="#ff0000"', drawn)
        self.assertIn(f'<rect x="{MARGIN + 4 * WIDTH:.1f}" y="{BAR}" width="{7 * WIDTH:.1f}" height="{HEIGHT}" '
                      f'fill="{PAPERS["blue"]}"/>', drawn)  # fmt: skip
        self.assertIn(f'height="{HEIGHT}" fill="{INK}"/>', drawn)

    def test_the_picture_of_two_who_compare(self) -> None:
        picture = ElementTree.parse(FOLDER / "verify.svg").getroot()
        text = "\n".join(part.text or "" for part in picture.findall(f"{SVG}text"))
        self.assertIn("marie is verified", text)
        self.assertIn("[e2e+]", text)

    def test_the_pictures_that_are_kept(self) -> None:
        for name in ("weechat", "irssi", "chat"):
            picture = ElementTree.parse(FOLDER / f"{name}.svg").getroot()
            text = "\n".join(part.text or "" for part in picture.findall(f"{SVG}text"))
            self.assertIn("page 12, question 3", text)

    def test_each_task_of_the_assignment_has_its_picture(self) -> None:
        words = {
            "task1": ("albert: world", "SERVER WORKING", "is offline  [ albert ]"),
            "task2": ("a sentence that is not finished", "See?"),
            "task3": ("The hint is on page 12.", "connected  [ marie ]"),
            "task4": ("<<albrt>>", "when they reconnect", "(Private) tesla: do you have a minute?"),
            "bonus-group": ("And I the violin.", "You [physics]:"),
            "bonus-file": ("File: coil.txt", "received"),
            "bonus-offline": ("Thursday is cancelled", "albert has your message now."),
            "bonus-secure": ("[e2e+]", "the formula is on its way"),
        }
        self.assertEqual(set(words), set(STORIES))
        for name, shown in words.items():
            picture = ElementTree.parse(FOLDER / f"{name}.svg").getroot()
            text = "".join(part.text or "" for part in picture.iter(f"{SVG}text"))
            for word in shown:
                self.assertIn(word, text, name)
        self.assertTrue((FOLDER / "windows.png").read_bytes().startswith(b"\x89PNG"))
