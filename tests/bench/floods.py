"""Rows at full speed: every sender keeps thirty messages without an answer.

Rule: a run is over when every message has arrived at every reader; both servers are dealt with alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from tests.bench.load import Acks, Ear, Loop, Lost, Mouth, Spent, flood
from tests.bench.people import GROUPS, Person, Side
from tests.bench.report import Figure

SENDERS = 10
WINDOW = 30
PAIRS = 50


class Flood:
    """Who talks and who listens in one run."""

    def __init__(self, side: Side, window: int) -> None:
        self.side = side
        self.window = window
        self.mouths: list[Mouth] = []
        self.ears: list[Ear] = []

    def finished(self) -> bool:
        """Has everything arrived?"""
        raise NotImplementedError

    def acknowledge(self, ear: Ear, data: bytes) -> bool:
        """Let an ear acknowledge what it saw."""
        raise NotImplementedError

    def run(self, readers: Sequence[Ear], seconds: float) -> Spent:
        """Talk for so long, then wait for the rest."""
        acks = Acks(readers, self.acknowledge)
        with closing(Loop(self.ears)) as loop, Spent(self.side.target.cpu) as spent:
            flood(loop, self.mouths, self.window, seconds, acks.tick)
            try:
                loop.until(self.finished)
            except Lost as lost:
                raise Lost(f"{self.side.name}, {type(self).__name__}: {lost}; {self.state()}") from None
        return spent

    def state(self) -> str:
        """What was sent, answered and heard, for whoever looks for what was lost."""
        answered = sum(mouth.answered for mouth in self.mouths)
        heard = sorted({ear.heard for ear in self.ears})
        got = sorted({ear.got for ear in self.ears})
        return f"sent {self.sent}, answered {answered}, heard {heard[0]} to {heard[-1]}, bytes {got[0]} to {got[-1]}"

    @property
    def sent(self) -> int:
        """How many messages were sent."""
        return sum(mouth.sent for mouth in self.mouths)


class GroupFlood(Flood):
    """Ten members talk; the eleventh counts messages, the others only bytes, which must be as many."""

    def __init__(self, side: Side, size: int, senders: int, window: int, group: str = "") -> None:
        super().__init__(side, window)
        self.group = group or GROUPS[size]
        for number, member in enumerate(side.crowd[:size]):
            if number < senders:
                mouth = Mouth(member.link, side.supply(self.group))
                answer = (side.group_answer(member), mouth.answer)
                self.ears.append(Ear(member.link, (side.message_mark, None), answer))
                self.mouths.append(mouth)
            elif number == senders:
                self.ears.append(Ear(member.link, (side.message_mark, None)))
            else:
                self.ears.append(Ear(member.link))

    def finished(self) -> bool:
        """Every answer, every message to the senders, the same bytes to all others."""
        sent, silent = self.sent, self.ears[len(self.mouths) :]
        for ear, mouth in zip(self.ears, self.mouths, strict=False):
            own = 0 if self.side.hears_itself else mouth.sent
            if mouth.answered != mouth.sent or ear.heard != sent - own:
                return False
        return not silent or (silent[0].heard == sent and all(ear.got == silent[0].got for ear in silent))

    def acknowledge(self, ear: Ear, data: bytes) -> bool:
        """All are in the one group."""
        return self.side.acknowledge(self.group, ear, data)


class DirectFlood(Flood):
    """Fifty pairs. Where the server does not answer a sender, the reader's ear does."""

    def __init__(self, side: Side, pairs: Sequence[tuple[Person, Person]], window: int) -> None:
        super().__init__(side, window)
        self.readers: list[Ear] = []
        self._conversations: dict[Ear, str] = {}
        for one, other in pairs:
            mouth = Mouth(one.link, side.supply(f"@{other.name}"))
            mark, answer = side.message_mark, side.answer_mark
            heard: list[tuple[bytes, Callable[[int], None] | None]] = [(mark, None)]
            self.ears.append(Ear(one.link, (answer, mouth.answer)) if answer else Ear(one.link))
            reader = Ear(other.link, *heard, *([] if answer else [(mark, mouth.answer)]))
            self.mouths.append(mouth)
            self.ears.append(reader)
            self.readers.append(reader)
            self._conversations[reader] = side.direct(one, other)

    def finished(self) -> bool:
        """Every answer and every message."""
        together = zip(self.mouths, self.readers, strict=True)
        return all(mouth.answered == mouth.sent == reader.heard for mouth, reader in together)

    def acknowledge(self, ear: Ear, data: bytes) -> bool:
        """Each reader has one conversation."""
        return self.side.acknowledge(self._conversations[ear], ear, data)


def pairs_of(side: Side) -> list[tuple[Person, Person]]:
    """Fifty pairs of the crowd, none of them senders to groups."""
    people = side.crowd[100 : 100 + 2 * PAIRS]
    return list(zip(people[:PAIRS], people[PAIRS:], strict=True))


def settle_pairs(side: Side, pairs: Sequence[tuple[Person, Person]], mouths: Sequence[Mouth]) -> None:
    """Let all pairs come to rest."""
    conversations = [side.direct(*pair) for pair in pairs]
    told = zip(pairs, conversations, strict=True)
    counts = {name: mouth.sent for name, mouth in zip(conversations, mouths, strict=True)}
    side.settle([(person, name) for pair, name in told for person in pair], counts)


def group_flood(
    side: Side, seconds: float, size: int, senders: int = SENDERS, window: int = WINDOW
) -> list[Figure]:  # fmt: skip
    """Deliveries a second, and the server's CPU (us) a delivery. A sender's own copy or answer is none."""
    talk = GroupFlood(side, size, senders, window)
    spent = talk.run(talk.ears, seconds)
    side.settle([(member, talk.group) for member in side.crowd[:size]], {talk.group: talk.sent})
    return _rates(talk.sent * (size - 1), spent)


def direct_flood(side: Side, seconds: float, window: int = WINDOW) -> list[Figure]:
    """Messages a second, and the server's CPU (us) a message."""
    pairs = pairs_of(side)
    talk = DirectFlood(side, pairs, window)
    spent = talk.run(talk.readers, seconds)
    settle_pairs(side, pairs, talk.mouths)
    return _rates(talk.sent, spent)


def _rates(count: int, spent: Spent) -> list[Figure]:
    return [Figure(count / spent.seconds, spent.busy), Figure(spent.server / count * 1e6)]
