"""Rows by the clock: how long a message takes to the last of its readers while little is going on.

Rule: messages leave when their time has come, whatever has come back; each one's time counts from its leaving.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from tests.bench.floods import pairs_of, settle_pairs
from tests.bench.load import Arrivals, Ear, Loop, Mouth, by_the_clock
from tests.bench.people import GROUPS, Side
from tests.bench.report import Figure, percentile

GROUP_RATE = 100.0  # messages a second to a group of 100: 9,900 deliveries
DIRECT_RATE = 2000.0


def group_latency(side: Side, seconds: float, size: int = 100, rate: float = GROUP_RATE) -> list[Figure]:
    """One sender and a group: ms to the last member, p50 and p99."""
    group, members = GROUPS[size], side.crowd[:size]
    arrivals = Arrivals(len(members) - 1)
    mouth = Mouth(members[0].link, side.supply(group))
    ears = [Ear(members[0].link)]
    ears += [Ear(member.link, (side.message_mark, arrivals.reader())) for member in members[1:]]

    def say(_: int) -> None:
        arrivals.said()
        mouth.say(1)

    with closing(Loop(ears)) as loop:
        by_the_clock(loop, rate, seconds, say)
        loop.until(lambda: len(arrivals.took) == mouth.sent)
    side.settle([(member, group) for member in members], {group: mouth.sent})
    return _percentiles(arrivals.took)


def direct_latency(side: Side, seconds: float) -> list[Figure]:
    """Fifty pairs, one after the other: ms, p50 and p99."""
    pairs = pairs_of(side)
    arrivals = [Arrivals(1) for _ in pairs]
    mouths = [Mouth(one.link, side.supply(f"@{other.name}")) for one, other in pairs]
    ears = [Ear(one.link) for one, _ in pairs]
    for (_, other), mine in zip(pairs, arrivals, strict=True):
        ears.append(Ear(other.link, (side.message_mark, mine.reader())))

    def say(number: int) -> None:
        arrivals[number % len(pairs)].said()
        mouths[number % len(pairs)].say(1)

    with closing(Loop(ears)) as loop:
        by_the_clock(loop, DIRECT_RATE, seconds, say)
        loop.until(lambda: all(len(mine.took) == mouth.sent for mine, mouth in zip(arrivals, mouths, strict=True)))
    settle_pairs(side, pairs, mouths)
    return _percentiles([took for mine in arrivals for took in mine.took])


def _percentiles(took: Sequence[float]) -> list[Figure]:
    return [Figure(percentile(took, share) * 1000) for share in (0.5, 0.99)]
