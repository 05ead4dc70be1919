"""The language of the scripts in `tests/dialogues`: who does what, and who hears what.

    alice> send @bob hello       somebody does something
    bob< message ...             the next thing somebody hears; `...` is all that is left
    * restart                    something happens to the house

What nobody mentions must not be heard: at the end, and before every `*`, everybody has heard everything. `#` at the
beginning of a line is a remark.
"""

from __future__ import annotations

import re

LINE = re.compile(r"(?P<who>[^\s<>*]+)(?P<does>[<>]) ?(?P<what>.*)")


class Script:
    """Plays a script; the heirs know what its lines mean."""

    def play(self, text: str) -> None:
        """Every line of a script."""
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self.line(line.rstrip())
            except Exception as error:
                raise AssertionError(f"line {number}: {line}\n{error}") from error
        self.nothing_left()

    def line(self, line: str) -> None:
        """One line."""
        if not line or line.startswith("#"):
            return
        found = LINE.fullmatch(line)
        if found is None:
            self.nothing_left()
            self.happens(line.removeprefix("* "))
        elif found["does"] == ">":
            self.does(found["who"], found["what"])
        else:
            self.hears(found["who"], found["what"])

    def nothing_left(self) -> None:
        """Everybody has heard everything."""
        left = {who: heard for who, heard in self.left().items() if heard}
        if left:
            raise AssertionError("\n".join(f"{who}< {line}" for who, heard in left.items() for line in heard))

    # ---- for the heirs ----

    def does(self, who: str, what: str) -> None:
        """Somebody does something."""
        raise NotImplementedError

    def hears(self, who: str, what: str) -> None:
        """The next thing somebody hears is this."""
        raise NotImplementedError

    def happens(self, what: str) -> None:
        """Something that nobody of the script does."""
        raise NotImplementedError

    def left(self) -> dict[str, list[str]]:
        """What everybody has heard that was not mentioned."""
        raise NotImplementedError
