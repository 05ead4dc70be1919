"""The people of one dialogue and the house they are in; each speaks frames or lines (`voice.py`).

Rule: a dialogue says what people do and hear in words that hold for every port (`shown.py`). Its first line may say
that it is about one port: `# frames only: why`; a line that is begins with `[frames]` or `[lines]`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from chatd.store.interface import Store
from tests.kit import House
from tests.sealed import Log, Owner
from tests.stage.frames import Frames
from tests.stage.lines import Lines
from tests.stage.passwords import Remembered
from tests.stage.script import Script
from tests.stage.voice import Voice

MARKED = re.compile(r"\[(frames|lines)\] (?=([^\s<>*]+)[<>])")
PORTS: dict[str, tuple[type[Voice], ...]] = {
    "frames": (Frames,),
    "lines": (Lines,),
    "both": (Frames, Lines),
    "turned": (Lines, Frames),
}


def ports_of(text: str) -> list[str]:
    """Over which ports this dialogue is played; `both`: every other person by the line port, `turned`: the others."""
    only = re.match(r"# (frames|lines) only: \S", text)
    return [only[1]] if only else list(PORTS)


class Stage(Script):
    """Plays a dialogue."""

    def __init__(self, store: Store, ports: Sequence[type[Voice]] = (Frames,)) -> None:
        """`ports`: how people speak, in turn, in the order in which they appear."""
        self.house = House(store, passwords=Remembered)
        self.voices: dict[str, Voice] = {}
        self.sealed = False  # people at the frames understand encryption
        self.owners: dict[str, Owner] = {}
        self.log: Log | None = None
        self.said: dict[str, bytes] = {}  # texts and the ids of their messages
        self._ports: dict[str, type[Voice]] = {}
        self._turns = itertools.cycle(ports)

    def voice(self, who: str) -> Voice:
        """One connection of somebody, `alice` or `alice/phone`; all of one person's are of one kind."""
        if who not in self.voices:
            name = who if who in self._ports else who.split("/")[0].lower()
            if name not in self._ports:
                self._ports[name] = next(self._turns)
            self.voices[who] = self._ports[name](self, who)
        return self.voices[who]

    # ---- lines ----

    def play(self, text: str) -> None:
        super().play(text)
        assert not self.house.failures, self.house.failures

    def line(self, line: str) -> None:
        marked = MARKED.match(line)
        if marked is None:
            super().line(line)
        elif self.voice(marked[2]).port == marked[1]:
            super().line(line[marked.end() :])

    def does(self, who: str, what: str) -> None:
        verb, _, rest = what.partition(" ")
        voice = self.voice(who)
        voice.verb, voice.rest = verb, rest
        getattr(voice, "do_" + verb)(rest)

    def hears(self, who: str, what: str) -> None:
        voice = self.voice(who)
        if what == "...":
            voice.forget()
        else:
            voice.hears(what)

    def left(self) -> dict[str, list[str]]:
        return {who: voice.left() for who, voice in self.voices.items()}

    # ---- the house ----

    def happens(self, what: str) -> None:
        first, *words = what.split()
        getattr(self, first)(*words)

    def at(self, port: str, who: str) -> None:
        """at PORT WHO: this one is at this port, whoever else is where."""
        (self._ports[who],) = PORTS[port]

    def encryption(self) -> None:
        """Who comes to the frames from here on understands encryption."""
        self.sealed = True

    def people(self, *names: str) -> None:
        """They have accounts and are in, and have forgotten how they came in."""
        for name in names:
            self.does(name, "signup")
        for voice in self.voices.values():
            voice.forget()

    def restart(self) -> None:
        """Kill the server and start it again: every connection breaks."""
        for voice in self.voices.values():
            voice.broken()
        self.house.restart()

    def wait(self, seconds: str) -> None:
        """Time passes."""
        self.house.advance(float(seconds))

    def slow(self) -> None:
        """From here on nothing is on disk before `* commit`."""
        for later in (self.house.writer, self.house.reader, self.house.hasher):
            later.slow = True

    def commit(self) -> None:
        """Everything is on disk."""
        self.house.commit()
