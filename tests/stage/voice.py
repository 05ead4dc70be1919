"""What the frames and the line port have in common for a dialogue: somebody at one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stage.stage import Stage


class Voice:
    """Somebody; what they do are the methods `do_...`, each with what follows its verb."""

    port = ""

    def __init__(self, stage: Stage, who: str) -> None:
        self.stage = stage
        self.house = stage.house
        self.who = who
        self.name = who.split("/")[0]
        self.verb = self.rest = ""  # what they did last

    def hears(self, expected: str) -> None:
        """The next thing they hear is this."""
        raise NotImplementedError

    def forget(self) -> None:
        """What they have heard is not looked at."""
        raise NotImplementedError

    def left(self) -> list[str]:
        """What they have heard that was not mentioned."""
        raise NotImplementedError

    def broken(self) -> None:
        """The server is gone, and with it the connection."""
