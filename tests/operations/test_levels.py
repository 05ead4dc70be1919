"""How much the log says: more or less for a while, and its lines as they come."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.logger import Logger, LogPublisher
from twisted.trial.unittest import SynchronousTestCase

from chatd.operations.levels import Levels, tail


class LevelTests(SynchronousTestCase):
    """A log of its own."""

    def setUp(self) -> None:
        self.clock, self.publisher = Clock(), LogPublisher()
        self.heard: list[str] = []
        observer: Any = lambda event: self.heard.append(event["log_format"])  # noqa: E731
        self.publisher.addObserver(observer)
        self.levels = Levels(self.clock, self.publisher)
        self.levels.install()
        self.log = Logger("chatd.node", observer=self.publisher)

    def say(self) -> list[str]:
        """One line of each level; which were heard."""
        self.heard.clear()
        for level in ("debug", "info", "warn", "error"):
            getattr(self.log, level)(level)
        return list(self.heard)

    def test_from_info_on_unless_it_is_said_otherwise(self) -> None:
        self.assertEqual(self.say(), ["info", "warn", "error"])
        self.levels.set("chatd.node", "error", 60)
        self.assertEqual((self.say(), self.levels.listed()), (["error"], [("chatd.node", "error", 60)]))
        self.levels.set("", "debug", 30)
        self.levels.set("chatd.node", "debug", 60)
        self.assertEqual(self.say(), ["debug", "info", "warn", "error"])

    def test_it_goes_back_by_itself(self) -> None:
        self.levels.set("chatd.node", "error", 60)
        self.levels.set("chatd", "debug", 10)
        self.clock.advance(11)
        self.assertEqual((self.say(), len(self.levels.listed())), (["error"], 1))
        self.clock.advance(50)
        self.assertEqual((self.say(), self.levels.listed()), (["info", "warn", "error"], []))

    def test_taken_away_it_is_as_before(self) -> None:
        self.levels.set("chatd.node", "error", 60)
        self.levels.remove()
        self.assertEqual(self.say(), ["debug", "info", "warn", "error"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_its_lines_as_they_come(self) -> None:
        lines: list[tuple[str, str, str]] = []
        stop = tail(lambda *line: lines.append(line), self.publisher)
        self.log.info("{who} came", who="alice")
        stop()
        self.log.info("nobody hears this")
        self.assertEqual(lines, [("info", "chatd.node", "alice came")])
