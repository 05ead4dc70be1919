"""How things are shown: colours, times, and to whom.

Rule: pure. Colour never says anything that the words do not say, too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from clients.core.answers import LOBBY

_COLOURS: Final = {"good": "32", "bad": "31", "name": "35", "you": "33", "prompt": "34", "faint": "2"}


class Style(NamedTuple):
    """How to show, and to whom. `times`: `stored` (only of what was sent earlier) or `always`; `now` in ms.

    `focus`: where bare lines go; what one says there is on the screen as it was typed. `marks`: what is not encrypted
    is marked.
    """

    colour: bool = False
    times: str = "stored"
    now: int = 0
    verbose: bool = False
    me: str = ""
    focus: str = LOBBY
    marks: bool = True

    def paint(self, kind: str, text: str) -> str:
        """A text in one of our hues."""
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self.colour and text else text


def clock(at: int, now: int) -> str:
    """A time of the server in local time: `10:05`, with the date where that is not today."""
    try:
        then, today = datetime.fromtimestamp(at / 1000), datetime.fromtimestamp(now / 1000)
    except (ValueError, OverflowError, OSError):
        return "??:??"
    return then.strftime("%H:%M" if then.date() == today.date() else "%Y-%m-%d %H:%M")
