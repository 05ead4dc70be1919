"""Three faces, one conversation: what one can do, all can, and the same afternoon is the same in each of them.

Rule: alice sits at another face each time; everything else, the people, the server, the words, is the same.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd.core.limits import Limits
from clients.core import intents as i
from clients.core.commands import COMMANDS, parse
from clients.core.windows.face import WindowsFace
from tests.clients.tk.desk import root
from tests.kit import House
from tests.windows import Window

Told = tuple[str, str, str]  # where, who, what
ABOUT = re.compile(r"\bkeys?\b|verified|(essay|notes)\.txt: ")
ANOTHER_KEY = (
    "bob's encryption key is not the one you know. Either bob started over, or someone is pretending to be bob. {}"
    " Compare numbers: /verify bob (code IDENTITY_CHANGED)"
)
TOLD = {
    "essay.txt: received (500 bytes), saved as ESSAY", "notes.txt: sent to @bob (500 bytes).",
    "The number of bob's key and yours:", "The number of bob's NEW key, which is not accepted yet:",
    "bob is verified: your messages can be read by bob and by nobody else.",
    "bob is about to have a new key, and has signed it with the old one. (code KEY_ROTATES)",
    ANOTHER_KEY.format("Nothing was sent."), ANOTHER_KEY.format("What comes from bob is held back."),
}  # fmt: skip
LINE = re.compile(r"(?:\d\d:\d\d )?(?:\[PLAIN\] )?(?:\[(\w+)\] |\(Private(?: to (\w+))?\) )?(\w+): (.*)")


def unnumbered(text: str) -> str:
    """A text with the number of each file, and of each key, as #."""
    return re.sub(r"\b(?:[0-9a-f]{8}|\d{5}(?: +\d{5})+)\b", "#", text)


class Still:
    """A surface on which nothing is drawn."""

    def __init__(self) -> None:
        self.text = ""

    def redraw(self) -> None:
        """Something has changed."""

    def notify(self, who: str, text: str) -> None:
        """Somebody wants this person."""

    def put(self, text: str) -> None:
        """Have this in the input line."""
        self.text = text

    def typed(self) -> str:
        """What stands in the input line."""
        return self.text

    def taken(self, recall: bool) -> None:
        """Empty it."""
        self.text = ""


class Screen(Window):
    """The face of the full screen."""

    def made_face(self) -> Any:
        """A face with windows."""
        return WindowsFace(Still(), lambda code, text: self.done(code), self.wall)

    def said(self) -> set[Told]:
        """What was said, as this face has it."""
        return {
            (window.to, "You" if row.kind == "own" else row.who, unnumbered(row.text))
            for window in self.face.windows.all
            for row in window.rows
            if row.kind in ("said", "own")
        }

    def told(self) -> set[str]:
        """What else it has told."""
        rows = (row for window in self.face.windows.all for row in window.rows)
        return {row.text for row in rows if row.kind not in ("said", "own")}


class Tk(Screen):
    """The windows, on a display."""

    def made_face(self) -> Any:
        """A face with windows, and real ones around it."""
        from clients.tk.face import TkFace
        from clients.tk.window import MainWindow

        self.root = root()
        self.main = MainWindow(self.root, "test:1", lambda key: self.app.setting(key))
        self.main.frame.pack(fill="both", expand=True)
        self.main.face = TkFace(self.main, self.main.compare, lambda code, text: self.done(code), self.wall)
        return self.main.face

    def said(self) -> set[Told]:
        """The same; and each of it stands in the conversation's text."""
        found = super().said()
        for window in self.face.windows.all:
            self.face.look(window)
            self.settle()
            self.main.draw()
            text = unnumbered(self.main.display.text.get("1.0", "end"))
            for _, _, what in (told for told in found if told[0] == window.to):
                assert what in text, (window.to, what)
        self.main.frame.destroy()
        self.root.update()
        return found


class Line(Window):
    """The line face."""

    def __init__(self, house: House, others: list[Window], folder: str = "") -> None:
        self.own: set[Told] = set()
        super().__init__(house, others, folder)

    def type(self, *lines: str) -> list[str]:
        """What is typed where bare lines go stands there as it was typed."""
        for line in lines:
            if self.app.view().me and line[:1] not in "/@":
                self.own.add((self.app.view().focus, "You", line))
            super().type(line)
        return []

    def said(self) -> set[Told]:
        """What was said, read from the lines as a person reads them."""
        found = set(self.own)
        for line in self.shown:
            match = LINE.fullmatch(line)
            if match is not None and match[1] != "e2e":  # which opens what is said of a key
                group, to, who, text = match.groups()
                place = f"#{group}" if group else f"@{to or who}" if "(Private" in line else "#lobby"
                found.add((place, who, unnumbered(text)))
        return found

    def told(self) -> set[str]:
        """What else it has told."""
        return set(self.shown)


class AfternoonTests(SynchronousTestCase):
    """Alice, bob and carol."""

    def afternoon(self, kind: type[Any]) -> tuple[set[Told], set[str]]:
        """What alice's face has at its end: what was said, and what else it told of files and keys."""
        folder = self.mktemp()
        for name in ("files", "alice", "bob"):
            os.makedirs(f"{folder}/{name}")
        house = House(limits=Limits(reset_seconds=60.0), files=f"{folder}/files")
        windows: list[Window] = []
        alice: Any = kind(house, windows, f"{folder}/alice")
        bob, carol = (Window(house, windows, f"{folder}/{name}") for name in ("bob", "carol"))
        for window, name in ((alice, "alice"), (bob, "bob"), (carol, "carol")):
            window.type(name)
        self.chat(alice, bob, carol)
        self.file(folder, alice, bob)
        self.key(alice, bob)
        house.advance(3)
        alice.settle()
        saved = os.path.abspath(f"{folder}/alice/essay.txt")
        return alice.said(), {unnumbered(line.replace(saved, "ESSAY")) for line in alice.told() if ABOUT.search(line)}

    def chat(self, alice: Any, bob: Window, carol: Window) -> None:
        """In the lobby, in private, in a group, and while one is away."""
        alice.type("hello everybody")
        bob.type("hello alice")
        alice.type("@bob only you can read this")
        bob.type("@alice and only you this")
        for window in (alice, bob, carol):
            window.type("/group --open hw3", "/focus hw3")
        alice.type("who has read it?")
        carol.type("I have, alice")
        alice.type("/verify bob", "/verify bob yes")
        alice.type("/away lunch")
        bob.type("@alice for later")
        alice.type("/back", "@carol a question", "/focus", "back in the lobby")

    def file(self, folder: str, alice: Any, bob: Window) -> None:
        """One each way."""
        for name in ("essay", "notes"):
            Path(folder, f"{name}.txt").write_text("wire\n" * 100, "utf-8")
        bob.type(f"/file alice {folder}/essay.txt")
        alice.type(f"/accept essay.txt {folder}/alice", f"/file bob {folder}/notes.txt")
        bob.type(f"/get notes.txt {folder}/bob")
        self.assertEqual(Path(folder, "alice/essay.txt").read_text("utf-8"), "wire\n" * 100)

    def key(self, alice: Any, bob: Window) -> None:
        """Bob, whom alice has verified, begins anew."""
        bob.type("/passwd", "a secret", "a secret", "/keys reset", "a secret")
        alice.live(90.0)
        alice.type("@bob is it you?")
        bob.type("@alice it is me")
        for line in ("/verify bob", "/verify bob yes", "@bob I see"):
            alice.type(line)

    def test_the_same_in_every_face(self) -> None:
        expected = {
            ("#lobby", "You", "hello everybody"), ("#lobby", "bob", "hello alice"),
            ("@bob", "You", "only you can read this"), ("@bob", "bob", "and only you this"),
            ("@bob", "bob", "for later"), ("@carol", "You", "a question"),
            ("#lobby", "You", "back in the lobby"),
            ("#hw3", "You", "who has read it?"), ("#hw3", "carol", "I have, alice"),
            ("@bob", "bob", "File: essay.txt (500 bytes)  -  /get #"), ("@bob", "You", "File: notes.txt (500 bytes)"),
            ("@bob", "bob", "it is me"), ("@bob", "You", "I see"),
        }  # fmt: skip
        for kind in (Line, Screen, Tk):
            said, told = self.afternoon(kind)
            self.assertEqual(said, expected, kind)
            self.assertEqual(told, TOLD, kind)


class EditTests(SynchronousTestCase):
    """Bob says something anew, and so does alice."""

    def test_every_face_says_that_it_was_edited(self) -> None:
        for kind in (Line, Screen, Tk):
            windows: list[Window] = []
            house = House()
            alice: Any = kind(house, windows)
            bob = Window(house, windows)
            for window, name in ((alice, "alice"), (bob, "bob")):
                window.type(name)
            alice.type("see you at nine", "/edit see you at ten")
            bob.type("teh cat", "s/teh/the/", "s/teh/other words/")
            if kind is Line:
                shown = set(alice.shown)
                self.assertLessEqual({"You (edited): see you at ten", "bob (edited): the cat"}, shown)
                self.assertIn("bob: s/teh/other words/", shown)
                continue
            expected = {
                ("#lobby", "You", "see you at ten (edited)"), ("#lobby", "bob", "the cat (edited)"),
                ("#lobby", "bob", "s/teh/other words/"),
            }  # fmt: skip
            self.assertEqual(alice.said(), expected, kind)


class IntentTests(SynchronousTestCase):
    """Whatever can be typed can be typed in every face."""

    def test_every_command_reaches_the_core_from_every_face(self) -> None:
        examples = [form.example for word, form in COMMANDS.items() if word != "quit"]
        wanted = [parse(example) for example in examples]
        self.assertFalse([intent for intent in wanted if intent is None or isinstance(intent, i.Problem)])
        for kind in (Line, Screen, Tk):
            alice = kind(House(), [])
            alice.type("alice")
            acted: list[Any] = []
            self.patch(alice.app, "_act", acted.append)
            for example in examples:
                alice.type(example)
            self.assertEqual([repr(one) for one in acted if not isinstance(one, i.Focus)],
                             [repr(one) for one in wanted if not isinstance(one, i.Focus)], kind)  # fmt: skip
