"""The row of growth: what a delivery costs the server in groups of 10 to 5,000.

Rule: one crowd on one server; people who are in the largest group are in no other of these while theirs is measured,
because each joins when its turn has come. Ten talk, as in the rows of groups.
"""

from __future__ import annotations

from pathlib import Path

from chatd import messages as m
from tests.bench import servers
from tests.bench.floods import SENDERS, WINDOW, GroupFlood
from tests.bench.people import Account, ChatdSide, barrier, enter, hush, names
from tests.bench.report import Figure

SIZES = (10, 100, 1000, 5000)


def growth(place: Path, runs: int, seconds: float) -> list[list[Figure]]:
    """The server's CPU (us) a delivery, for each of SIZES, in each run."""
    with servers.chatd(place, "growth") as target:
        side = ChatdSide(target)
        side.crowd = [Account(name) for name in names(SIZES[-1])]
        enter(side.crowd, "plain", target.ports["plain"], Account.sign_up)
        for size in SIZES:
            for person in side.crowd[:size]:
                person.call(m.Join(2, name_of(size)))
            barrier(side.crowd[:size])
        hush(side.crowd)
        found = [[cost(side, size, seconds) for size in SIZES] for _ in range(runs)]
        side.close()
    return found


def name_of(size: int) -> str:
    """The group of this size."""
    return f"#grown{size}"


def cost(side: ChatdSide, size: int, seconds: float) -> Figure:
    """One run in one group."""
    talk = GroupFlood(side, size, SENDERS, WINDOW, name_of(size))
    spent = talk.run(talk.ears, seconds)
    side.settle([(member, talk.group) for member in side.crowd[:size]], {talk.group: talk.sent})
    return Figure(spent.server / (talk.sent * (size - 1)) * 1e6, spent.busy)
