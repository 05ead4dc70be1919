"""Verbs about the console itself: help, the history, the audit log, Python.

Rule: as of `verbs`.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.defer import Deferred

from chatd.console.shown import moment
from chatd.console.verbs import DONE, OTHER, POLICY, USAGE, Answer, Argument, Call, Function, Trouble, Value, Verb

DAY: Final = 86_400.0


def help_for(table: dict[str, Verb]) -> Function:
    """`help`, of a table."""

    def help(call: Call) -> Answer:
        """Every verb the operator may run, or one of them in full."""
        asked = (call["verb"] or "").strip()
        if asked:
            found = [verb for name, verb in table.items() if name == asked or name.startswith(asked + " ")]
            if not found:
                raise Trouble(f"There is no verb {asked[:60]!r}. `help` lists them all.", USAGE)
            return Answer([_explained(verb) for verb in found], details=True)
        rows: list[dict[str, Value]] = [
            {"verb": verb.usage, "does": verb.help, "role": verb.role}
            for verb in table.values()
            if call.operator.may(verb.role)
        ]
        return Answer(rows, "help VERB shows an example; every verb takes --json.")

    return help


def _explained(verb: Verb) -> dict[str, Value]:
    """What `help verb` says."""
    row: dict[str, Value] = {"verb": verb.name, "does": verb.help, "usage": verb.usage, "example": verb.example}
    for one in verb.arguments:
        row[one.name] = one.help + (f" ({', '.join(one.choices)})" if one.choices else "")
    row["role"] = verb.role + (" and above" if verb.role != "debug" else "")
    if verb.destructive:
        row["asks"] = "unless --yes is given"
    return row


def explained(verb: Verb) -> Answer:
    """What `verb --help` says."""
    return Answer([_explained(verb)], details=True)


def audit(call: Call) -> Deferred[Answer]:
    """Who ran what."""
    seconds = call["since"] or DAY
    since = max(0.0, call.service.wall() - seconds)
    return call.desk.audited((call["by"] or "").removeprefix("@"), since).addCallback(_entries, call)


def _entries(entries: list[dict[str, Any]], call: Call) -> Answer:
    most = call["count"] or 200
    rows = [{**entry, "at": moment(entry["at"])} for entry in entries[-most:]]
    return Answer(rows, "" if rows else "Nothing.")


def verify(call: Call) -> Deferred[Answer]:
    """Whether the audit log is whole."""
    return call.desk.verified().addCallback(_verified)


def _verified(problems: list[str]) -> Answer:
    if not problems:
        return Answer([{"audit": "ok"}], "Every entry is there, and as it was written.")
    return Answer([{"problem": problem} for problem in problems], "The audit log is not as it was written.", OTHER)


def history(call: Call) -> Deferred[Answer]:
    """What this operator has typed."""
    return call.desk.history(call.operator).addCallback(_history, call["count"] or 50)


def _history(lines: list[str], most: int) -> Answer:
    numbered: list[dict[str, Value]] = [{"n": n, "line": line} for n, line in enumerate(lines, 1)]
    return Answer(numbered[-most:], "!N does line N again." if numbered else "Nothing yet.")


def console(call: Call) -> Answer:
    """Who is at the console."""
    rows: list[dict[str, Value]] = [
        {"name": who.name, "role": who.role, "from": who.origin, "since": moment(int(since * 1000)), "key": who.key}
        for who, since in call.desk.operators()
    ]
    return Answer(rows, "" if rows else "Nobody has a terminal open.")


def python(call: Call) -> Answer:
    """Whether there may be a Python prompt; the terminal opens it."""
    if not call.desk.python():
        raise Trouble("Python is switched off: set `console_python = true` in the configuration.", POLICY)
    return Answer(note="The Python prompt is for a terminal: ssh -t, then py.", status=DONE)


def verbs(table: dict[str, Verb]) -> tuple[Verb, ...]:
    """The rows; `help` explains what is in the table when it is asked."""
    count = Argument("--count", "number", "at most so many", False)
    return (
        Verb("help", "ta", help_for(table), "the verbs, or one of them with an example", "help kick",
             (Argument("verb", "text", "the verb to explain", False),)),
        Verb("history", "ta", history, "what you have typed; !N does line N again", "history --count 20", (count,)),
        Verb("console", "staff", console, "who is at the console", "console"),
        Verb("audit", "admin", audit, "who ran what at the console, from where, and how it went",
             "audit --by miller --since 7d", (
                 Argument("--by", "word", "only this operator's", False),
                 Argument("--since", "duration", "how far back (1d)", False), count)),
        Verb("audit verify", "admin", verify, "is the audit log whole and as it was written", "audit verify",
             deadline=60.0),
        Verb("py", "debug", python, "a Python prompt in the live service (only where the configuration allows it)",
             "py"),
    )  # fmt: skip
