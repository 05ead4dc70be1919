"""What a face is told of files: one notice a file, as it stands now.

Rule: values only. Names in them come from others: a face makes them inert before it shows them.
"""

from __future__ import annotations

from clients.core.notices import Notice
from clients.core.offers import Kept, Offer

MOVING, WAITING = "moving", "waiting"


class Moving(Notice, frozen=True):
    """A file on its way, or at its end. `way`: `up` or `down`; `state`: `moving`, `waiting` (no connection), or what
    `offers` has for its end; `done`: bytes of the file; `rate`: bytes a second; `left`: seconds, below 0: not known.

    `who`: for whom it is (up), or who has sent it (down); `code` and `text`: why it failed; `first`: it begins; `at`:
    when that is told, in seconds of a clock that only goes forward.
    """

    offer: Offer
    way: str
    state: str
    who: tuple[str, ...] = ()
    done: int = 0
    rate: float = 0.0
    left: float = -1.0
    path: str = ""
    code: str = ""
    text: str = ""
    first: bool = False
    at: float = 0.0


class Files(Notice, frozen=True):
    """The answer to `/files`: what is known of here, the oldest first."""

    files: tuple[Kept, ...]
