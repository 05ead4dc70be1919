"""Where lines become what happens: role, question, audit, deadline, cap; the same for a terminal and for a script.

Rule: nothing is shown before the audit log has it on disk, and nothing that changes something begins before the log
says that it begins. An unexpected error is logged for the admin and told to the operator in one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from twisted.internet.defer import CancelledError, Deferred, TimeoutError, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.console import parser
from chatd.console.about import explained
from chatd.console.audit import LINES, Audit, AuditError, Happened
from chatd.console.completion import Candidate, complete
from chatd.console.history import History
from chatd.console.parser import Parsed
from chatd.console.verbs import (
    DONE,
    LATE,
    NOBODY,
    OTHER,
    POLICY,
    REFUSED,
    STOPPED,
    USAGE,
    Answer,
    Call,
    Live,
    Operator,
    Trouble,
    Value,
    Verb,
)
from chatd.courtesy import resting
from chatd.operations.names import beginning
from chatd.operations.service import Refused, Service

log = Logger()
NOBODIES: Final = frozenset((
    "no-such-user", "no-such-group", "no-such-message", "no-such-report", "no-such-blob", "user-not-in-group",
    "not-here",
))  # fmt: skip
STATUSES: Final = {DONE: "done", USAGE: "not understood", REFUSED: "refused", LATE: "too late", STOPPED: "stopped"}
TERMINAL: Final = "(terminal)"
UNKNOWN: Final = "That went wrong on the server's side; its log says more."

Run = Callable[..., "Deferred[Any]"]


class Question(NamedTuple):
    """What a destructive verb asks first."""

    text: str


class Outcome(NamedTuple):
    """What a line came to. `verb`: its name, empty where there is none."""

    verb: str
    found: Answer | Live | Question
    json: bool = False
    color: str = "auto"

    def coloured(self, terminal: bool) -> bool:
        """Whether it is to be in colours; `terminal`: there is one, and nobody has said that they want none."""
        return terminal if self.color == "auto" else self.color == "always"

    @property
    def status(self) -> int:
        """The exit status."""
        return self.found.status if isinstance(self.found, Answer) else DONE


class Desk:
    """The console's one way to do things. `run` runs a function on the audit log's own thread."""

    def __init__(
        self, service: Service, table: Mapping[str, Verb], audit: Audit, clock: IReactorTime, run: Run,
        python: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.service = service
        self.table = table
        self.clock = clock
        self._python = python
        self._audit = audit
        self._run = run
        self._here: dict[object, tuple[Operator, float]] = {}
        self._under_way: dict[object, Deferred[Any]] = {}

    # ---- a line ----

    def reads(self, line: str) -> bool:
        """Whether a line wants what comes on the standard input."""
        try:
            return parser.parse(line, self.table).verb.reads
        except Trouble:
            return False

    def run(
        self, operator: Operator, line: str, certain: bool = False, typed: str | None = None, by: object = None
    ) -> Deferred[Outcome]:  # fmt: skip
        """What a line comes to; never fails. `certain`: who typed it has been asked; `typed`: the standard input; `by`:
        what can `stop` it, which has one line at a time."""
        try:
            parsed = parser.parse(line, self.table)
        except Trouble as trouble:
            return succeed(Outcome("", _told(trouble), "--json" in line.split()))
        if typed is not None and parsed.verb.reads:
            parsed = parsed._replace(values={**parsed.values, "input": typed})
        done: Deferred[Outcome] = self._carry_out(operator, parsed, certain, by)
        done.addErrback(self._unexpected, parsed)
        json, color = bool(parsed.values.get("json")), parsed.values.get("color") or "auto"
        return done.addCallback(lambda outcome: outcome._replace(json=json, color=color))

    def stop(self, by: object) -> bool:
        """Give up what is under way; its outcome says so. Whether something is."""
        found = self._under_way.get(by)
        if found is not None:
            found.cancel()
        return found is not None

    def _carry_out(self, operator: Operator, parsed: Parsed, certain: bool, by: object) -> Deferred[Outcome]:
        verb = parsed.verb
        if parsed.values.get("help"):
            return succeed(Outcome(verb.name, explained(verb)))
        if not operator.may(verb.role):
            text = f"{verb.name} is for the role {verb.role}; yours is {operator.role}."
            return self._noted(operator, parsed, Answer(note=text, status=REFUSED), 0, self.clock.seconds())
        if verb.destructive and not (certain or parsed.values.get("yes")):
            return succeed(Outcome(verb.name, Question(_question(parsed))))
        began = self.clock.seconds()
        if not verb.changes:
            return self._answered(operator, parsed, 0, began, by)
        return self.note(operator, verb.name, "begins", parsed.told).addCallback(
            lambda number: self._answered(operator, parsed, number, began, by)
        )

    def _answered(
        self, operator: Operator, parsed: Parsed, number: int, began: float, by: object
    ) -> Deferred[Outcome]:  # fmt: skip
        verb = parsed.verb
        found: Deferred[Any] = maybeDeferred(verb.function, Call(self, operator, parsed.values))
        found.addTimeout(verb.deadline, self.clock)
        if by is not None:
            self._under_way[by] = found
            found.addBoth(self._over, by)
        found.addErrback(_refused, verb)
        found.addErrback(self._failed, verb)
        return found.addCallback(lambda answer: self._noted(operator, parsed, _capped(answer, verb), number, began))

    def _over(self, result: Any, by: object) -> Any:
        del self._under_way[by]
        return result

    def _failed(self, failure: Failure, verb: Verb) -> Answer:
        log.failure("the console's {verb} failed", failure, verb=verb.name)
        return Answer(note=UNKNOWN, status=OTHER)

    def _noted(
        self, operator: Operator, parsed: Parsed, found: Answer | Live, number: int, began: float
    ) -> Deferred[Outcome]:
        """Tell it when the audit log has it."""
        status = found.status if isinstance(found, Answer) else DONE
        result = STATUSES.get(status, "failed") if isinstance(found, Answer) else "begins"
        ms = int((self.clock.seconds() - began) * 1000)
        noted = self.note(operator, parsed.verb.name, result, parsed.told, number, ms)
        return noted.addCallback(lambda _: Outcome(parsed.verb.name, found))

    def _unexpected(self, failure: Failure, parsed: Parsed) -> Outcome:
        if failure.check(AuditError):
            log.error("{error}", error=str(failure.value))
            return Outcome(
                parsed.verb.name, Answer(note=f"{failure.value} (nothing is done, or shown, without it)", status=OTHER)
            )
        return Outcome(parsed.verb.name, self._failed(failure, parsed.verb))

    def note(
        self, operator: Operator, verb: str, result: str, said: Mapping[str, Any], began: int = 0, ms: int = 0
    ) -> Deferred[int]:
        """Write into the audit log; fires with the line's number when it is on disk."""
        happened = Happened(
            self.service.now(), operator.name, operator.role, operator.key, operator.origin, verb, result, dict(said),
            began, ms,
        )  # fmt: skip
        return self._run(self._audit.append, happened)

    # ---- what verbs ask of the console ----

    def audited(self, by: str, since: float) -> Deferred[list[dict[str, Value]]]:
        """As `verbs.Desk`."""
        return self._run(self._entries, by, int(since * 1000))

    def _entries(self, by: str, since: int) -> list[dict[str, Value]]:
        return [
            {
                "n": entry.n, "at": entry.at, "who": entry.who, "role": entry.role, "from": entry.origin,
                "verb": entry.verb, "said": " ".join(f"{key}={value}" for key, value in entry.said.items()),
                "result": entry.result, "ms": entry.ms,
            }
            for entry in resting(self._audit.entries(by, since), LINES)
        ]  # fmt: skip

    def verified(self) -> Deferred[list[str]]:
        """As `verbs.Desk`."""
        return self._run(self._audit.verify)

    def history(self, operator: Operator) -> Deferred[list[str]]:
        """As `verbs.Desk`."""
        return self._run(History(self.service.folder.console, operator).load)

    def python(self) -> bool:
        """As `verbs.Desk`."""
        return self._python()

    def operators(self) -> list[tuple[Operator, float]]:
        """As `verbs.Desk`."""
        return list(self._here.values())

    # ---- who is at the console ----

    def came(self, who: object, operator: Operator) -> None:
        """Somebody has opened a terminal; `who` is the same thing when they leave. Both are in the audit log."""
        self._here[who] = (operator, self.service.wall())
        self.note(operator, TERMINAL, "opened", {}).addErrback(self._unnoted)

    def left(self, who: object) -> None:
        """They have closed it."""
        found = self._here.pop(who, None)
        if found is not None:
            self.note(found[0], TERMINAL, "closed", {}).addErrback(self._unnoted)

    def _unnoted(self, failure: Failure) -> None:
        log.error("{error}", error=str(failure.value))

    def complete(self, operator: Operator, before: str) -> tuple[str, list[Candidate]]:
        """What Tab offers."""
        return complete(before, operator, self.table, lambda kind, text: beginning(self.service, kind, text))


def _told(trouble: Trouble) -> Answer:
    return Answer(note=trouble.text, status=trouble.status)


def _refused(failure: Failure, verb: Verb) -> Answer:
    """What the verb or the server refuses, in a sentence."""
    failure.trap(Refused, Trouble, TimeoutError, CancelledError)
    error = failure.value
    if isinstance(error, Trouble):
        return _told(error)
    if isinstance(error, Refused):
        near = f" Did you mean {' or '.join(error.near)}?" if error.near else ""
        return Answer(note=error.text + near, status=NOBODY if error.code in NOBODIES else POLICY)
    more = " It may still come about; look before you do it again." if verb.changes else ""
    if isinstance(error, CancelledError):
        return Answer(note=f"{verb.name} was stopped.{more}", status=STOPPED)
    return Answer(note=f"{verb.name} took longer than {verb.deadline:.0f} s and was given up.{more}", status=LATE)


def _capped(found: Answer | Live, verb: Verb) -> Answer | Live:
    if isinstance(found, Live) or len(found.rows) <= verb.most:
        return found
    more = f"{len(found.rows) - verb.most} more are not shown; ask for less."
    return found._replace(rows=found.rows[: verb.most], note=f"{found.note}\n{more}" if found.note else more)


def _question(parsed: Parsed) -> str:
    said = " ".join(str(value) for key, value in parsed.told.items() if key != "json")
    return f"{parsed.verb.name} {said}: are you sure?".replace(" :", ":")
