"""What a verb of the console is: its row in the table, what its function is given, and what it gives back.

Rule: plain values. A row says everything there is to say about a verb, so that the terminal, `ssh host verb`, `help`,
completion and the tests read the same one. An answer has rows of named values, never the text of a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol

from twisted.internet.defer import Deferred

from chatd.operations.service import Service

ROLES: Final = ("ta", "staff", "admin", "debug")
"""Who an operator may be; each may do what those before it may."""
DEADLINE: Final = 10.0  # seconds
MOST_ROWS: Final = 1000

# Exit statuses, as the client's: see docs/operations.md
DONE, OTHER, USAGE, REFUSED, NOBODY, POLICY, LATE, STOPPED = 0, 1, 2, 4, 5, 7, 9, 130

Value = str | int | float | bool | None
Row = Mapping[str, Value]


class Trouble(Exception):
    """What a verb cannot do; the text says what to do instead, `status` is the exit status."""

    def __init__(self, text: str, status: int = OTHER, near: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.near = list(near)


class Operator(NamedTuple):
    """Who types: as the line of `authorized_keys` has it, and where from."""

    name: str
    role: str
    key: str
    """The key's fingerprint, as `ssh-keygen -l` shows it."""
    origin: str
    """The address, without its port."""

    def may(self, role: str) -> bool:
        """Whether this operator may do what this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Argument(NamedTuple):
    """One word a verb takes, or an option of it (its name begins with `--`).

    `kind` says what may stand there and what completes it: `user`, `group`, `text` (all that is left), `word`,
    `number`, `duration` (`10m`), `flag`, or one of `choices`.
    """

    name: str
    kind: str
    help: str
    required: bool = True
    choices: tuple[str, ...] = ()


class Answer(NamedTuple):
    """What a verb found: rows of which all have the same columns, and a sentence."""

    rows: list[dict[str, Value]] = []
    note: str = ""
    status: int = DONE
    details: bool = False  # one thing with many properties: shown as a list, not as a table


class Live(NamedTuple):
    """A verb that goes on until it is stopped: `start` is given where to put rows and returns how to stop it."""

    start: Callable[[Callable[[Row], None]], Callable[[], None]]
    seconds: float


class Desk(Protocol):
    """What a verb may need of the console itself."""

    service: Service

    def audited(self, by: str, since: float) -> Deferred[list[dict[str, Value]]]:
        """The entries of the audit log, the newest last: of one operator (empty: all), since a time in seconds."""

    def verified(self) -> Deferred[list[str]]:
        """What is wrong with the audit log; nothing where all is well."""

    def history(self, operator: Operator) -> Deferred[list[str]]:
        """What this operator has typed, the newest last."""

    def python(self) -> bool:
        """Whether the configuration allows a Python prompt."""

    def operators(self) -> list[tuple[Operator, float]]:
        """Who is at the console, and since when."""


class Call:
    """What a verb's function is given."""

    def __init__(self, desk: Desk, operator: Operator, values: Mapping[str, Any]) -> None:
        self.desk = desk
        self.operator = operator
        self._values = values

    @property
    def service(self) -> Service:
        """The running server."""
        return self.desk.service

    def __getitem__(self, name: str) -> Any:
        """An argument's value; None where it was not given."""
        return self._values.get(name)


Function = Callable[[Call], "Answer | Live | Deferred[Answer]"]


class Verb(NamedTuple):
    """One row of the table."""

    name: str
    role: str
    function: Function
    help: str
    example: str
    arguments: tuple[Argument, ...] = ()
    changes: bool = False
    """It changes something: that it begins is in the audit log before it begins."""
    destructive: bool = False
    """Asks first, or wants `--yes`."""
    deadline: float = DEADLINE
    most: int = MOST_ROWS
    reads: bool = False
    """It reads the standard input of `ssh host verb`: its value `input`."""

    @property
    def usage(self) -> str:
        """How it is typed."""
        words = [self.name]
        for argument in self.arguments:
            shown = argument.name if argument.kind == "flag" else f"{argument.name} {argument.kind.upper()}"
            if not argument.name.startswith("--"):
                shown = "|".join(argument.choices) or argument.name.upper()
            words.append(shown if argument.required else f"[{shown}]")
        return " ".join(words)


COMMON: Final = (
    Argument("--json", "flag", "one JSON object a line", False),
    Argument("--yes", "flag", "do not ask", False),
    Argument("--help", "flag", "what it does, with an example", False),
    Argument("--color", "word", "colours; auto: on a terminal without NO_COLOR", False, ("auto", "always", "never")),
)
"""What every verb takes."""
