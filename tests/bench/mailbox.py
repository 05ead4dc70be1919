"""The row of stored mail: a reader comes back to 20,000 messages.

Rule: the reader acknowledges nothing, so every run finds the same mail.
"""

from __future__ import annotations

from contextlib import closing

from chatd import messages as m
from tests.bench.counting import ACCEPTED
from tests.bench.load import Ear, Loop, Mouth, Spent, clock
from tests.bench.people import END, Account, barrier, enter, stock
from tests.bench.report import Figure
from tests.bench.servers import Target

STORED = 20_000
WINDOW = 500
GROUP = "#benchmail"


class Mailbox:
    """A group with one who writes and one who is away."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.writer, self.reader = Account("benchwriter"), Account("benchreader")
        people = [self.writer, self.reader]
        enter(people, "plain", target.ports["plain"], Account.sign_up)
        for person in people:
            person.call(m.Join(2, GROUP))
        barrier(people)
        self.reader.link.close()
        self._write()

    def _write(self) -> None:
        mouth = Mouth(self.writer.link, stock(GROUP))
        with closing(Loop([Ear(self.writer.link, (ACCEPTED, mouth.answer))])) as loop:
            while mouth.sent < STORED:
                mouth.say(WINDOW)
                loop.until(lambda: mouth.answered == mouth.sent)

    def drain(self) -> list[Figure]:
        """Log in and read: messages a second from the login to the last, ms to the first."""
        reader = self.reader
        reader.connect("plain", self._target.ports["plain"])
        ear = Ear(reader.link, (END.encode(), None))
        with closing(Loop([ear])) as loop, Spent(self._target.cpu) as spent:
            start = clock()
            reader.resume()
            loop.until(lambda: ear.heard > 0)
            first = clock() - start
            loop.until(lambda: ear.heard == STORED)
        reader.link.close()
        return [Figure(STORED / spent.seconds, spent.busy), Figure(first * 1000)]
