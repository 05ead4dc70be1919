"""A console without its SSH: a house, a desk over it, operators of every role, and what their lines come to.

Rule: the audit log is a real file in the test's folder; time is the house's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from chatd.console.audit import Audit
from chatd.console.commands import TABLE
from chatd.console.desk import Desk, Outcome
from chatd.console.verbs import Answer, Live, Operator
from tests.operations.kit import StaffScene

SECRET = b"0123456789abcdef" * 2


def operator(role: str = "admin", name: str = "", origin: str = "127.0.0.1") -> Operator:
    """Somebody of this role."""
    return Operator(name or f"the-{role}", role, f"SHA256:{role}", origin)


class ConsoleScene(StaffScene):
    """A test with a house and a desk."""

    def setUp(self) -> None:
        super().setUp()
        self.audit = Audit(Path(self.service.folder.console) / "audit.jsonl", self.service.folder.path / "head", SECRET)
        self.audit.open(self.service.now())
        self.addCleanup(self.audit.close)
        self.python_allowed = False
        self.desk = Desk(
            self.service, TABLE, self.audit, self.house.clock, maybeDeferred, lambda: self.python_allowed
        )  # fmt: skip

    def outcome(self, line: str, role: str = "admin", **more: Any) -> Outcome:
        """What a line comes to."""
        waiting: Deferred[Outcome] = self.desk.run(operator(role), line, **more)
        found: Outcome = self.done(waiting)
        return found

    def answer(self, line: str, role: str = "admin", **more: Any) -> Answer:
        """What a line comes to, which is an answer."""
        found = self.outcome(line, role, **more).found
        assert isinstance(found, Answer), found
        return found

    def rows(self, line: str, role: str = "admin", **more: Any) -> list[dict[str, Any]]:
        """The rows of an answer that went well."""
        found = self.answer(line, role, **more)
        self.assertEqual(found.status, 0, found.note)
        return list(found.rows)

    def follow(self, line: str, role: str = "admin") -> tuple[list[dict[str, Any]], Any]:
        """The rows of something that goes on, as they come, and how to stop it."""
        found = self.outcome(line, role).found
        assert isinstance(found, Live), found
        rows: list[dict[str, Any]] = []
        return rows, found.start(lambda row: rows.append(dict(row)))
