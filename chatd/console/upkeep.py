"""Verbs about the server: figures, what happens now, the log, the configuration, the certificate.

Rule: as of `verbs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred

from chatd.console.people import USER, address
from chatd.console.shown import moment
from chatd.console.verbs import DONE, OTHER, Answer, Argument, Call, Live, Row, Value, Verb
from chatd.operations import backups, figures, levels, upkeep, watching
from chatd.operations.people import SessionIs

HOUR: Final = 3600.0
KINDS: Final = ("came", "went", "message", "sealed", "command")


def stats(call: Call) -> Deferred[Answer]:
    """Figures of now."""
    return figures.figures(call.service).addCallback(_figures)


def _figures(found: dict[str, int | float]) -> Answer:
    rows: dict[str, Value] = {key: round(value, 4) for key, value in found.items()}
    return Answer([rows], details=True)


def _session(call: Call, one: SessionIs) -> dict[str, Value]:
    return {
        "name": one.name, "kind": one.kind, "from": address(call.operator, one.address), "tls": one.tls,
        "silent": one.silent, "unsent": one.unsent, "behind": one.behind,
    }  # fmt: skip


def top(call: Call) -> Answer:
    """The biggest."""
    found = figures.top(call.service, call["by"] or "unsent", call["count"] or 20)
    rows = [{(call["by"] or "unsent"): count, **_session(call, one)} for one, count in found]
    return Answer(rows, "" if rows else "No session has any.")


def slow(call: Call) -> Answer:
    """The worst delays since the start."""
    rows: list[dict[str, Value]] = [
        {"ms": round(delay.seconds * 1000), "at": moment(delay.at)} for delay in call.service.meter.worst
    ]
    return Answer(rows, "The reactor came so late to what was due." if rows else "Nothing was late.")


def stuck(call: Call) -> Answer:
    """Sessions that do not get on."""
    found = figures.stuck(call.service, call["count"] or 200)
    rows: list[dict[str, Value]] = [{"why": why, **_session(call, one)} for one, why in found]
    return Answer(rows, "" if rows else "Nobody is stuck.")


# ---- what happens now --------------------------------------------------------------------------------------------


def _seen(seen: watching.Seen) -> dict[str, Value]:
    row: dict[str, Value] = {
        "at": moment(seen.at),
        "kind": seen.kind,
        "who": seen.who,
        "to": seen.to,
        "what": seen.what,
    }
    return row | {"number": seen.number or None, "bytes": seen.bytes or None}


def watch(call: Call) -> Live:
    """What happens, as it happens."""
    user = call.service.user(call["user"]).name if call["user"] else ""
    kinds = (call["type"],) if call["type"] else ("came", "went", "message", "sealed")

    def start(put: Callable[[Row], None]) -> Callable[[], None]:
        return watching.watch(call.service, lambda seen: put(_seen(seen)), user, call["group"] or "", kinds)

    return Live(start, call["for"] or HOUR)


def trace(call: Call) -> Live:
    """What one person's programs do."""
    name = call.service.user(call["user"]).name

    def start(put: Callable[[Row], None]) -> Callable[[], None]:
        return watching.watch(call.service, lambda seen: put(_seen(seen)), name, "", KINDS)

    return Live(start, call["for"] or HOUR)


# ---- the log, the configuration, the certificate -------------------------------------------------------------------


def log_level(call: Call) -> Answer:
    """How much the log says."""
    if call["level"]:
        call.service.levels.set(call["namespace"] or "", call["level"], call["for"] or 600.0)
    rows: list[dict[str, Value]] = [
        {"namespace": namespace or "(all)", "level": level, "seconds-left": left}
        for namespace, level, left in call.service.levels.listed()
    ]
    return Answer(rows, "" if rows else "Everything is heard from info on.")


def log_tail(call: Call) -> Live:
    """The log's lines."""

    def start(put: Callable[[Row], None]) -> Callable[[], None]:
        return levels.tail(lambda level, space, text: put({"level": level, "namespace": space, "line": text[:500]}))

    return Live(start, call["for"] or HOUR)


def config_show(call: Call) -> Answer:
    """Every setting."""
    rows: list[dict[str, Value]] = [
        {"key": key, "value": value, "default": default}
        for key, value, default in upkeep.settings(call.service)
        if not call["key"] or call["key"] in key
    ]
    return Answer(rows)


def config_diff(call: Call) -> Answer:
    """What a reload or a restart would change."""
    found = upkeep.differences(call.service)
    rows: list[dict[str, Value]] = [{"key": key, "now": now, "then": then} for key, now, then in found]
    return Answer(rows, "" if rows else "The server runs with what is configured.")


def config_reload(call: Call) -> Answer:
    """Read everything again."""
    problems = upkeep.reload(call.service)
    rows: list[dict[str, Value]] = [{"problem": problem} for problem in problems]
    if rows:
        return Answer(rows, "What could not be read stays as it was.", OTHER)
    return Answer([{"reloaded": True}], "Read; listeners, data folder and rates change with the next start.", DONE)


def cert_show(call: Call) -> Answer:
    """The certificate."""
    return Answer([dict(upkeep.certificate(call.service))], details=True)


def cert_reload(call: Call) -> Answer:
    """Read it again."""
    upkeep.reload_certificate(call.service)
    return Answer([dict(upkeep.certificate(call.service))], "New connections get this one.", details=True)


def backup_now(call: Call) -> Deferred[Answer]:
    """Make one."""
    return backups.now(call.service, call["keep"] or backups.KEEP).addCallback(_made)


def _made(one: backups.Made) -> Answer:
    row: dict[str, Value] = {
        "path": one.path, "made": moment(one.made * 1000), "bytes": one.size, "messages": one.messages,
        "let-go": " ".join(one.gone),
    }  # fmt: skip
    return Answer([row], "It has been looked at, and is whole. Keep copies on another disk.", details=True)


def backup_list(call: Call) -> Deferred[Answer]:
    """Those in the data folder."""
    return backups.listed(call.service).addCallback(_backups)


def _backups(found: list[tuple[str, int]]) -> Answer:
    rows: list[dict[str, Value]] = [{"made": moment(made * 1000), "path": path} for path, made in found]
    return Answer(rows, "" if rows else "None yet: `backup now` makes one.")


def backup_verify(call: Call) -> Deferred[Answer]:
    """Look at one."""
    return backups.verify(call.service, call["backup"]).addCallback(_checked)


def _checked(problems: list[str]) -> Answer:
    if problems:
        return Answer([{"problem": problem} for problem in problems], "Do not rely on this one.", OTHER)
    return Answer([{"backup": "ok"}], "It is whole.")


FOR: Final = Argument("--for", "duration", "for how long (1h)", False)
COUNT: Final = Argument("--count", "number", "at most so many", False)
VERBS: Final = (
    Verb("stats", "ta", stats, "people, mail, delays, memory, disk", "stats --json"),
    Verb("top", "staff", top, "the sessions with the most unsent, unread or groups", "top --by unread", (
        Argument("--by", "word", "what counts (unsent)", False, ("unsent", "unread", "groups")), COUNT)),
    Verb("slow", "staff", slow, "when the service was held up most since its start", "slow"),
    Verb("stuck", "staff", stuck, "sessions that do not get on, and why", "stuck", (COUNT,)),
    Verb("watch", "staff", watch, "who comes, goes and writes to whom, live; never what",
         "watch --user @alice --for 10m", (
        Argument("--user", "user", "only this person", False), Argument("--group", "group", "only there", False),
        Argument("--type", "word", "only this", False, KINDS), FOR)),
    Verb("trace", "admin", trace, "everything one person's programs ask for, live; never what they say",
         "trace @alice --for 10m", (USER, FOR)),
    Verb("log level", "admin", log_level, "let a part of the log say more or less for a while (10m)",
         "log level chatd.node warn --for 30m", (
             Argument("namespace", "word", "which part", False),
             Argument("level", "word", "from which level on", False, levels.LEVELS),
             Argument("--for", "duration", "for how long (10m)", False)), changes=True),
    Verb("log tail", "admin", log_tail, "the log, live", "log tail", (FOR,)),
    Verb("config show", "admin", config_show, "every setting, and which are not the default", "config show listen",
         (Argument("key", "word", "part of its name", False),)),
    Verb("config diff", "admin", config_diff, "what file and environment have otherwise than the running server",
         "config diff"),
    Verb("config reload", "admin", config_reload, "read configuration and certificate again, as SIGHUP does",
         "config reload", changes=True),
    Verb("cert show", "staff", cert_show, "the certificate, and how many days it has left", "cert show"),
    Verb("cert reload", "admin", cert_reload, "read the certificate again; nobody is cut off", "cert reload",
         changes=True),
    Verb("backup now", "admin", backup_now, "copy the database and what belongs to it, while all goes on",
         "backup now --keep 14", (Argument("--keep", "number", "how many stay (7)", False),), changes=True,
         deadline=600.0),
    Verb("backup list", "admin", backup_list, "the backups in the data folder", "backup list"),
    Verb("backup verify", "admin", backup_verify, "is a backup whole", "backup verify 20261123T031500Z",
         (Argument("backup", "word", "its name"),), deadline=600.0),
)  # fmt: skip
