"""`chatd-admin`: works on a data folder, with or without a server on it.

Rule: the exit code is 0 when it is done, 1 when it could not be done or something is wrong (the text says what, and
`problems` with --json), 2 when it was called wrongly. `verify` and `backup` only read, and leave the write-ahead log
to the server. What changes a folder takes its lock first.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import secrets
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

from chatd import backup
from chatd.auth import BadPassword, make_invitation, make_verifier
from chatd.courtesy import give_way
from chatd.data import BadFolder, DataFolder, FolderInUse
from chatd.store.connection import WRITER_PRAGMAS, open_connection, set_up
from chatd.store.interface import StoreError
from chatd.store.migrations import migrate
from chatd.store.verify import Verified, verify

INVITATION_BYTES: Final = 5
DAY_SECONDS: Final = 86_400
SIGNS: Final = {"new": "+", "changed": "~", "back": "^", "archived": "-", "code": "*"}
NOT_THERE_YET: Final = {
    "port-db": "to move a server from SQLite to PostgreSQL",
}


class Outcome(NamedTuple):
    """What a verb has to say: lines for people, the same as values for --json."""

    code: int
    lines: list[str]
    values: dict[str, Any]


class Refusal(Exception):
    """The verb cannot be carried out; the text says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """The console script; returns its exit code."""
    arguments = parser().parse_args(argv)
    try:
        outcome = VERBS[arguments.verb](arguments)
    except (Refusal, backup.BadBackup, FolderInUse, BadFolder, StoreError, OSError, sqlite3.Error) as error:
        outcome = Outcome(1, [f"chatd-admin: {error}"], {"problems": [str(error)]})
    except ModuleNotFoundError as error:
        if (error.name or "chatd").startswith("chatd"):
            raise
        problem = f"{error.name} is not installed. The server's libraries: pip install 'chatd[server]'"
        outcome = Outcome(1, [f"chatd-admin: {problem}"], {"problems": [problem]})
    if arguments.json:
        print(json.dumps({"verb": arguments.verb, "ok": outcome.code == 0, **outcome.values}))
    else:
        for line in outcome.lines:
            print(line, file=sys.stderr if outcome.code else sys.stdout)
    return outcome.code


def apart() -> NoReturn:
    """As `chatd-admin`, for a running server: it gives way, and takes back what it began when it is told to stop."""
    give_way()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(prog="chatd-admin", description="Work on the data folder of a chatd server.")
    verbs = whole.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text)
        folder = os.environ.get("CHATD_DATA", "chatd-data")
        made.add_argument("--data", default=folder, metavar="DIR", help="the server's folder (default: %(default)s)")
        made.add_argument("--json", action="store_true", help="print one JSON object")
        return made

    look = verb(
        "verify", "look at every stored row and file, or at a backup: is it what was written, is all of it there"
    )
    look.add_argument("backup", nargs="?", default="", metavar="BACKUP", help="a backup, instead of the data folder")
    verb("migrate", "bring the database of a stopped server to this version's schema, after a copy")
    copy = verb("backup", "copy the folder, also beside a running server, and verify the copy")
    copy.add_argument("out", metavar="OUT", help="a folder that is not there yet")
    copy.add_argument(
        "--keep", type=_positive, metavar="N", help="remove the oldest backups beside OUT, but for the newest N"
    )
    restore = verb("restore", "make an empty folder into one with a backup's content")
    restore.add_argument("backup", metavar="BACKUP", help="a folder that `backup` has made, or a database alone")
    invite = verb("invite", "print codes with which new accounts can be made")
    invite.add_argument("--count", type=_positive, default=1, metavar="N", help="how many (default: 1)")
    invite.add_argument("--days", type=_positive, default=14, metavar="D", help="how long they last (default: 14)")
    roster = verb("roster", "bring accounts, groups and roles to what the class's list says; with or without a server")
    roster.add_argument(
        "file", nargs="*", metavar="CLASS.csv", help="columns name, role, groups, full_name; - for stdin"
    )
    roster.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    roster.add_argument(
        "--adopt", action="store_true", help="take accounts onto the list that people have made themselves"
    )
    roster.add_argument("--drop", action="store_true", help="yes, so many are no longer on the list")
    roster.add_argument(
        "--sheet", action="store_true", help="print every code that nobody has used yet, to cut and hand out"
    )
    roster.add_argument("--host", default="HOST", help="what the sheet says people connect to")
    drain = verb("drain", "tell everybody, let them go, and take nobody in; a running server's `undrain` takes it back")
    drain.add_argument("--in", dest="seconds", type=_seconds, default=0.0, metavar="TIME", help="when: 60s, 10m (now)")
    drain.add_argument("--say", default="", metavar="TEXT", help="what to tell people besides")
    drain.add_argument("--stop", action="store_true", help="and then stop the server")
    verb("undrain", "go on as before `drain`")
    verb("password", "ask for a password (or read a line) and print what the server's configuration keeps of it")
    for name, text in NOT_THERE_YET.items():
        verb(name, f"{text} (not there yet)").add_argument("rest", nargs="*")
    return whole


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError("a number from 1 to 10000")
    return number


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})(s|m|h|)", text)
    if found is None:
        raise argparse.ArgumentTypeError("a time as 60s, 10m or 1h")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600, "": 1}[found[2]]


# ---- the verbs ---------------------------------------------------------------------------------------------------


def _verify(arguments: argparse.Namespace) -> Outcome:
    if arguments.backup:
        return _told(arguments.backup, backup.check(arguments.backup))
    folder = DataFolder(arguments.data)
    found = verify(folder.database)
    problems = found.problems or backup.missing(folder.database, folder.files)
    return _told(folder.database, found._replace(problems=problems))


def _told(path: str, found: Verified, **more: str) -> Outcome:
    counts = ", ".join(f"{count} {re.sub('(?<![aeiou])y$', 'ie', table)}s" for table, count in found.counts.items())
    lines = [f"{path}: {problem}" for problem in found.problems]
    if found.problems:
        lines.append(f"chatd-admin: {len(found.problems)} problems; stop the server and restore the newest good backup")
    else:
        lines.append(f"{path}: all is well (schema {found.schema}; {counts})")
    values = {"problems": found.problems, "counts": found.counts, "schema": found.schema, "epoch": found.epoch, **more}
    return Outcome(1 if found.problems else 0, lines, values)


def _migrate(arguments: argparse.Namespace) -> Outcome:
    folder = DataFolder(arguments.data)
    if not os.path.exists(folder.database):
        raise Refusal(f"there is no database {folder.database}")
    folder.acquire()
    try:
        with closing(open_connection(folder.database)) as connection:
            set_up(connection, WRITER_PRAGMAS)
            before, after = migrate(connection, folder.database)
    finally:
        folder.release()
    if before == after:
        return Outcome(0, [f"{folder.database} has schema {after} already"], {"before": before, "after": after})
    copy = f"{folder.database}.before-{before}"
    lines = [f"{folder.database} went from schema {before} to {after}; as it was it is kept in {copy}"]
    return Outcome(0, lines, {"before": before, "after": after, "copy": copy})


def _backup(arguments: argparse.Namespace) -> Outcome:
    _have_written(arguments.data)
    made = backup.back_up(arguments.data, arguments.out)
    gone = backup.make_room(os.path.dirname(made.path), arguments.keep) if arguments.keep else []
    told = _told(made.path, made.found, backup=made.path)
    lines = [*told.lines, *(f"{path}: removed" for path in gone)]
    return told._replace(lines=lines, values={**told.values, "made": made.made, "size": made.size, "gone": gone})


def _restore(arguments: argparse.Namespace) -> Outcome:
    found = backup.restore(arguments.backup, arguments.data)
    return _told(arguments.backup if found.problems else arguments.data, found)


def _invite(arguments: argparse.Namespace) -> Outcome:
    if not os.path.isdir(arguments.data):
        raise Refusal(f"there is no folder {arguments.data}")
    secret = DataFolder(arguments.data).secret()
    expires = int(time.time()) + arguments.days * DAY_SECONDS
    codes = [make_invitation(secret, secrets.token_bytes(INVITATION_BYTES), expires) for _ in range(arguments.count)]
    return Outcome(0, codes, {"invitations": codes, "expires": expires})


def _password(arguments: argparse.Namespace) -> Outcome:
    try:
        verifier = make_verifier(_asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n"))
    except BadPassword as error:
        raise Refusal(str(error)) from None
    return Outcome(0, [verifier], {"verifier": verifier})


def _asked() -> str:
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Refusal("those were two different passwords")
    return password


def _have_written(data: str) -> None:
    """What readers have acknowledged waits for a moment in a running server's memory: the copy shall have it, too."""
    if os.path.exists(os.path.join(data, "control")):
        from chatd.control import NoServer, ask  # see _roster

        with suppress(NoServer, OSError):
            ask(data, "write")


def _list_of(path: str) -> str:
    """The text of a roster file; `-`: of standard input. Raises Refusal."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{path} is no text in UTF-8; save the list as CSV in UTF-8") from None


def _roster(arguments: argparse.Namespace) -> Outcome:
    from chatd.control import NoServer, ask  # Twisted is half a second that the other verbs need not wait for

    words = arguments.file[1:] if arguments.file[:1] == ["sync"] else arguments.file
    if len(words) != (not arguments.sheet):
        return Outcome(2, ["chatd-admin: name one file, or say --sheet"], {"problems": ["name one file, or --sheet"]})
    about: dict[str, Any] = {}
    if words:
        text = _list_of(words[0])
        about = {"text": text, "by": f"chatd-admin ({getpass.getuser()})", "dry_run": arguments.dry_run,
                 "adopt": arguments.adopt, "drop": arguments.drop}  # fmt: skip
    try:
        found = ask(arguments.data, "roster" if words else "sheet", **about)
    except NoServer:
        found = _roster_offline(arguments.data, about)
    if not found["ok"]:
        return Outcome(1, [f"chatd-admin: {problem}" for problem in found["problems"]], found)
    return Outcome(0, _roster_lines(found, arguments.host), found)


def _roster_offline(data: str, about: dict[str, Any]) -> dict[str, Any]:
    """The same where no server runs."""
    from chatd.core.limits import Limits
    from chatd.core.turn import Refused
    from chatd.operations import roster
    from chatd.operations.offline import Offline
    from chatd.store.sqlite import SqliteStore

    if not os.path.exists(DataFolder(data).database):
        raise Refusal(f"there is no database in {data}; start the server once")
    with Offline(DataFolder(data), SqliteStore, Limits()) as offline:
        secret, random = offline.node.admission.secret, offline.node.admission.random
        try:
            if not about:
                tickets = roster.waiting(offline.node.hub, secret, int(time.time() * 1000))
                return {"ok": True, "tickets": msgspec.to_builtins(tickets)}
            if about["dry_run"]:
                synced = roster.planned(offline.node.hub, about["text"], int(time.time() * 1000), about["adopt"],
                                        about["drop"])  # fmt: skip
            else:
                synced = offline.act(roster.carry_out, about["text"], about["by"], secret, random, about["adopt"],
                                     about["drop"])  # fmt: skip
        except Refused as refusal:
            return {"ok": False, "problems": [refusal.text, *refusal.near]}
    return {"ok": True, **msgspec.to_builtins(synced)}


def _roster_lines(found: dict[str, Any], host: str) -> list[str]:
    from chatd.operations import roster

    tickets = [roster.Ticket(**ticket) for ticket in found["tickets"]]
    if "changes" not in found:
        return roster.printed(tickets, host) or ["Everybody has used their code."]
    lines = [f"+ group {name}" for name in found["groups"]]
    lines += [f"{SIGNS[what]} {name}: {words}" for what, name, words in found["changes"]]
    if not lines:
        return [f"{found['people']} people: nothing to change"]
    end = "nothing was changed: this was a dry run" if found["dry"] else "done"
    return [*lines, f"{found['people']} people, {len(lines)} changes: {end}", *roster.printed(tickets, host)]


def _drain(arguments: argparse.Namespace) -> Outcome:
    found = _asked_server(arguments.data, "drain", seconds=arguments.seconds, say=arguments.say, stop=arguments.stop)
    return Outcome(0 if found["ok"] else 1, found.get("problems") or [f"{found['told']} sessions are told"], found)


def _undrain(arguments: argparse.Namespace) -> Outcome:
    found = _asked_server(arguments.data, "undrain")
    return Outcome(0 if found["ok"] else 1, found.get("problems") or [f"it was {found['was']}, and is open"], found)


def _asked_server(data: str, verb: str, **values: Any) -> dict[str, Any]:
    from chatd.control import NoServer, ask

    try:
        return ask(data, verb, **values)
    except NoServer as error:
        raise Refusal(str(error)) from None


def _not_there_yet(arguments: argparse.Namespace) -> Outcome:
    text = f"`chatd-admin {arguments.verb}` ({NOT_THERE_YET[arguments.verb]}) is not there yet"
    return Outcome(2, [f"chatd-admin: {text}"], {"problems": [text]})


VERBS: Final[dict[str, Callable[[argparse.Namespace], Outcome]]] = {
    "verify": _verify,
    "migrate": _migrate,
    "backup": _backup,
    "restore": _restore,
    "invite": _invite,
    "password": _password,
    "roster": _roster,
    "drain": _drain,
    "undrain": _undrain,
    "port-db": _not_there_yet,
}
