"""What a person wants: one line of text to one value, the same for every face.

Rule: pure. A line that looks like a command is never taken for something to say: it is an intent or a Problem.
Where to add one: a value here, a function, a row in COMMANDS; then what it means in `requests.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from chatd.messages import LOBBY
from chatd.moderation import ModeChange
from clients.core import modes


class Intent(msgspec.Struct, frozen=True):
    """What every intent has in common."""


class Say(Intent, frozen=True):
    """Text for the conversation in focus."""

    text: str


class Tell(Intent, frozen=True):
    """Text for people (`@name`) and groups (`#name`), once for each."""

    to: tuple[str, ...]
    text: str


class JoinGroup(Intent, frozen=True):
    """Join a group, or make it. `key`: where one is needed to come in."""

    group: str
    private: bool = False
    key: str = ""


class LeaveGroup(Intent, frozen=True):
    """Stop being a member."""

    group: str


class InviteTo(Intent, frozen=True):
    """Invite somebody to a group."""

    group: str
    name: str


class KickFrom(Intent, frozen=True):
    """Remove somebody from a group; empty: the one in focus."""

    group: str
    name: str
    reason: str = ""


class GiveRole(Intent, frozen=True):
    """Make a member owner, op, member or one of the others."""

    group: str
    name: str
    role: str


class Topic(Intent, frozen=True):
    """Ask for a group's topic (None) or set it."""

    group: str
    topic: str | None = None


class Announce(Intent, frozen=True):
    """Let only operators write to a group, or everybody again."""

    group: str
    on: bool


class AskModes(Intent, frozen=True):
    """How a group's modes stand; empty: the one in focus."""

    group: str = ""


class ChangeModes(Intent, frozen=True):
    """Change modes of a group, of its members, its lists of masks; empty: the group in focus."""

    group: str
    changes: tuple[ModeChange, ...]


class ListMasks(Intent, frozen=True):
    """One of a group's lists of masks: `b` bans, `e` exceptions, `I` who needs no invitation."""

    group: str = ""
    letter: str = "b"


class RenameGroup(Intent, frozen=True):
    """Give a group another name."""

    group: str
    name: str
    reason: str = ""


class ListMembers(Intent, frozen=True):
    """Who belongs to a group; empty: the one in focus."""

    group: str = ""


class ListGroups(Intent, frozen=True):
    """Which groups there are."""


class ListPeople(Intent, frozen=True):
    """Who is here."""


class AskAbout(Intent, frozen=True):
    """What may be known about one person."""

    name: str


class ReadHistory(Intent, frozen=True):
    """The last messages of a conversation; empty: the one in focus."""

    to: str = ""
    limit: int = 20
    before: int = 0


class ReadInbox(Intent, frozen=True):
    """What is unread."""


class ListDevices(Intent, frozen=True):
    """The devices of one's account."""


class ChangePassword(Intent, frozen=True):
    """Set the account's password; without a new one the face asks for it, hidden."""

    new: str | None = None
    old: str = ""


class GoAway(Intent, frozen=True):
    """Be away; an empty text ends it."""

    text: str = ""


class Ignore(Intent, frozen=True):
    """Do not show (or, with `on` false, show again) what somebody writes; no name: who is ignored."""

    name: str = ""
    on: bool = True


class Setting(Intent, frozen=True):
    """Change or show a setting of this client."""

    key: str = ""
    value: str | None = None


class Focus(Intent, frozen=True):
    """Let bare lines go to this conversation."""

    to: str


class Search(Intent, frozen=True):
    """Look for text in this device's own history."""

    text: str


class Help(Intent, frozen=True):
    """Say what there is, or how one command is used."""

    command: str = ""


class Measure(Intent, frozen=True):
    """Ask the server for a sign of life, and for its clock."""


class Leave(Intent, frozen=True):
    """Go."""


class Problem(Intent, frozen=True):
    """A line that means nothing: `usage`, `unknown-command` or `not-available`. It is never sent."""

    code: str
    text: str
    near: tuple[str, ...] = ()


class Form(NamedTuple):
    """One row of the table: what makes the intent of the words, how it is used, what it does, an example."""

    parse: Callable[[str], Intent | None]
    usage: str
    what: str
    example: str


_PEOPLE = re.compile(r"@[^\s,]+(?:,\s*@[^\s,]+|,[^\s,@]+)*(?=\s|$)")
_APART = re.compile(r"(#?\S+ \(until [^)]*\))(?: (\d+))?")
_ROLES: Final = (*modes.MEMBERS.values(), "member")


def parse(line: str) -> Intent | None:
    """The intent of a line; None for an empty one."""
    words = line.strip()
    if not words:
        return None
    if words == "tata":
        return Leave()
    if words.startswith("//"):
        return Say(words[1:])
    if words.startswith("/"):
        return _command(words)
    if words.startswith("@"):
        return _direct(words)
    return Say(line.rstrip("\r\n"))


def group_name(word: str) -> str:
    """A group as the protocol writes it, with or without its mark."""
    return word if word.startswith("#") else "#" + word


def target(word: str) -> str:
    """A conversation as `TO`: `@name` and `#group` as they are, a bare word is a group."""
    return word if word[:1] in "@#" else "#" + word


def near_commands(word: str) -> tuple[str, ...]:
    """Commands that look like this one."""
    known = [*COMMANDS, *NOT_YET]
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    return tuple(close or [name for name in known if len(word) > 1 and name.startswith(word)][:3])


def help_lines(command: str) -> list[str]:
    """The text of `/help` and of `/help command`."""
    word = command.lstrip("/").lower()
    if not word:
        shown = [row for word, row in COMMANDS.items() if word not in ALIASES]
        forms = ["@name text", "@a,@b text", "tata", *(row.usage for row in shown)]
        width = max(len(form) for form in forms) + 2
        told = {"@name text": "say something to one person", "@a,@b text": "the same to several", "tata": "leave"}
        told.update((row.usage, row.what) for row in shown)
        return [form.ljust(width) + told[form] for form in forms]
    if word not in COMMANDS:
        return [f"There is no /{word}." + _perhaps(near_commands(word))]
    row = COMMANDS[word]
    return [f"{row.usage}  {row.what}", f"for example: {row.example}"]


def _perhaps(near: tuple[str, ...]) -> str:
    """The question whether one of these was meant."""
    return " Did you mean " + " or ".join("/" + name for name in near) + "?" if near else ""


def _command(words: str) -> Intent:
    """The intent of a line that opens with a slash."""
    parts = words[1:].split(None, 1)
    word = parts[0].lower() if parts and words[1:2].strip() else ""
    if word in NOT_YET:
        return Problem("not-available", f"/{word} is not available yet.")
    if word not in COMMANDS:
        near = near_commands(word)
        return Problem("unknown-command", f"There is no command /{word}; nothing was sent." + _perhaps(near), near)
    row = COMMANDS[word]
    intent = row.parse(parts[1] if len(parts) > 1 else "")
    return intent if intent is not None else Problem("usage", f"Usage: {row.usage}")


def _direct(words: str) -> Intent:
    """The intent of `@name text` and `@a,@b text`."""
    match = _PEOPLE.match(words)
    text = words[match.end() :].strip() if match else ""
    if match is None or not text:
        return Problem("usage", "Usage: @name text")
    names = (name.strip().lstrip("@") for name in match.group().split(","))
    people = tuple(dict.fromkeys("@" + name for name in names if name))
    return Tell(people, text) if people else Problem("usage", "Usage: @name text")


def _group(rest: str) -> Intent | None:
    """`/group g` joins or makes, `/group g text` writes."""
    parts = rest.split(None, 1)
    if not parts:
        return None
    name = group_name(parts[0])
    return JoinGroup(name) if len(parts) == 1 else Tell((name,), parts[1])


def _group_text(rest: str) -> Intent | None:
    parts = rest.split(None, 1)
    return Tell((group_name(parts[0]),), parts[1]) if len(parts) == 2 else None


def _message(rest: str) -> Intent | None:
    """`/msg who text`: a bare word is a person here, as everywhere else in the world."""
    if rest.startswith("@"):
        made = _direct(rest)
        return made if isinstance(made, Tell) else None
    parts = rest.split(None, 1)
    if len(parts) < 2:
        return None
    who = parts[0] if parts[0].startswith("#") else "@" + parts[0]
    return Tell((who,), parts[1])


def _join(rest: str) -> Intent | None:
    parts = rest.split()
    if len(parts) == 2:
        private = parts[1].lower() == "private"
        return JoinGroup(group_name(parts[0]), private, "" if private else parts[1])
    return JoinGroup(group_name(parts[0])) if len(parts) == 1 else None


def _part(rest: str) -> Intent | None:
    parts = rest.split()
    return LeaveGroup(group_name(parts[0])) if len(parts) == 1 else None


def _group_and_name(rest: str) -> tuple[str, str] | None:
    """A group and a name, in either order where one bears its mark."""
    parts = rest.split()
    if len(parts) != 2:
        return None
    if parts[1].startswith("#") or parts[0].startswith("@"):
        parts.reverse()
    return group_name(parts[0]), parts[1].lstrip("@")


def _invite(rest: str) -> Intent | None:
    both = _group_and_name(rest)
    return InviteTo(*both) if both else None


def _kick(rest: str) -> Intent | None:
    """`/kick bob`, `/kick g bob`, `/kick g bob reason`: who gives a reason names the group."""
    parts = rest.split(None, 2)
    both = _perhaps_group_and_name(" ".join(parts[:2]))
    return KickFrom(*both, parts[2].strip() if len(parts) > 2 else "") if both else None


def _perhaps_group_and_name(rest: str) -> tuple[str, str] | None:
    """A name alone is one in the group in focus (empty); else as in `_group_and_name`."""
    name = rest.strip().lstrip("@")
    if len(name.split()) != 1:
        return _group_and_name(rest)
    return None if name.startswith("#") else ("", name)


def _mode(rest: str) -> Intent | None:
    """`/mode`, `/mode g`, `/mode g +m-v bob`, `/mode +m`; `b`, `e` and `I` alone ask for that list."""
    parts = rest.split()
    group = group_name(parts.pop(0)) if parts and parts[0][0] not in "+-" else ""
    if not parts:
        return AskModes(group)
    if len(parts) == 1 and parts[0].lstrip("+") in modes.LISTS:
        return ListMasks(group, parts[0].lstrip("+"))
    made = modes.changes(parts)
    return ChangeModes(group, made) if made else None


def _one(on: bool, letter: str) -> Callable[[str], Intent | None]:
    """A command that gives a member a mode, or takes it."""

    def parse(rest: str) -> Intent | None:
        both = _perhaps_group_and_name(rest)
        return ChangeModes(both[0], (ModeChange(on, letter, both[1]),)) if both else None

    return parse


def _ban(on: bool) -> Callable[[str], Intent | None]:
    """A command that puts somebody on the list of bans, or takes them off."""

    def parse(rest: str) -> Intent | None:
        both = _perhaps_group_and_name(rest)
        return ChangeModes(both[0], tuple(ModeChange(on, "b", mask) for mask in modes.masks(both[1]))) if both else None

    return parse


def _with_word(letter: str) -> Callable[[str], Intent | None]:
    """A command that sets a mode with a word (seconds for `f`), or takes it away: `off`."""

    def parse(rest: str) -> Intent | None:
        *group, word = rest.split() or [""]
        number = word.isascii() and word.isdigit()
        off = word.lower() == "off" or (letter == "f" and number and not word.strip("0"))
        if len(group) > 1 or not word or word.startswith("#") or (letter == "f" and not (number or off)):
            return None
        change = ModeChange(not off, letter, "" if off else word)
        return ChangeModes(group_name(group[0]) if group else "", (change,))

    return parse


def _rename(rest: str) -> Intent | None:
    parts = rest.split(None, 2)
    if len(parts) < 2:
        return None
    return RenameGroup(group_name(parts[0]), group_name(parts[1]), parts[2].strip() if len(parts) > 2 else "")


def _bans(rest: str) -> Intent | None:
    parts = rest.split()
    return ListMasks(group_name(parts[0]) if parts else "") if len(parts) < 2 else None


def _role(rest: str) -> Intent | None:
    words, _, role = rest.rstrip().rpartition(" ")
    both = _group_and_name(words)
    return GiveRole(*both, role.lower()) if both and role.lower() in _ROLES else None


def _topic(rest: str) -> Intent | None:
    parts = rest.split(None, 1)
    if not parts:
        return None
    return Topic(group_name(parts[0]), parts[1].strip() if len(parts) == 2 else None)


def _announce(rest: str) -> Intent | None:
    parts = rest.split()
    if len(parts) != 2 or parts[1].lower() not in ("on", "off"):
        return None
    return Announce(group_name(parts[0]), parts[1].lower() == "on")


def _members(rest: str) -> Intent | None:
    parts = rest.split()
    return ListMembers(group_name(parts[0]) if parts else "") if len(parts) < 2 else None


def _whois(rest: str) -> Intent | None:
    parts = rest.split()
    return AskAbout(parts[0].lstrip("@")) if len(parts) == 1 and parts[0].strip("@") else None


def _history(rest: str) -> Intent | None:
    """`/history`, `/history 50`, `/history @bob`, `/history g1 50`, `/history #g1 (until 2026-11-22)`."""
    apart = _APART.fullmatch(rest.strip())
    parts = [*apart.groups("20")] if apart else rest.split()
    limit = int(parts.pop()) if parts and parts[-1].isascii() and parts[-1].isdigit() else 20
    if len(parts) > 1 or not 0 < limit <= 500:
        return None
    return ReadHistory(target(parts[0]) if parts else "", limit)


def _ignore(rest: str) -> Intent | None:
    parts = rest.split()
    return Ignore(parts[0].lstrip("@") if parts else "") if len(parts) < 2 else None


def _unignore(rest: str) -> Intent | None:
    parts = rest.split()
    return Ignore(parts[0].lstrip("@"), on=False) if len(parts) == 1 else None


def _set(rest: str) -> Intent | None:
    parts = rest.split(None, 1)
    if not parts:
        return Setting()
    return Setting(parts[0].lower(), parts[1].strip() if len(parts) == 2 else None)


def _focus(rest: str) -> Intent | None:
    parts = rest.split()
    return Focus(target(parts[0]) if parts else LOBBY) if len(parts) < 2 else None


def _search(rest: str) -> Intent | None:
    return Search(rest.strip()) if rest.strip() else None


def _only(intent: Intent) -> Callable[[str], Intent | None]:
    """A command that takes no words."""
    return lambda rest: None if rest.strip() else intent


_GROUP = Form(_group, "/group g [text]", "join or make a group; with text, write to it", "/group hw3 who has read it?")
_MAKE = Form(_join, "/create_group g", "the same as /group g", "/create_group hw3")
_QUIT = Form(_only(Leave()), "/quit", "leave, like tata", "/quit")
_FOCUS = Form(_focus, "/focus [g]", "where bare lines go; alone: the lobby", "/focus hw3")
_SEARCH = Form(_search, "/search text", "find text in what this device has seen", "/search deadline")

COMMANDS: Final[dict[str, Form]] = {
    "group": _GROUP,
    "msg": Form(_message, "/msg name text", "say something to one person", "/msg bob hello"),
    "join": Form(_join, "/join g [private | key]", "join a group or make it", "/join hw3"),
    "part": Form(_part, "/part g", "leave a group", "/part hw3"),
    "groups": Form(_only(ListGroups()), "/groups", "which groups there are", "/groups"),
    "members": Form(_members, "/members [g]", "who belongs to a group", "/members hw3"),
    "who": Form(_only(ListPeople()), "/who", "who is here", "/who"),
    "whois": Form(_whois, "/whois name", "what may be known about somebody", "/whois bob"),
    "invite": Form(_invite, "/invite g name", "invite somebody to a group", "/invite hw3 bob"),
    "kick": Form(_kick, "/kick [g] name [reason]", "remove somebody; a reason takes the group", "/kick hw3 bob"),
    "ban": Form(_ban(True), "/ban [g] name|mask", "let somebody neither come in nor speak", "/ban hw3 bob"),
    "unban": Form(_ban(False), "/unban [g] name|mask", "let them again", "/unban hw3 bob"),
    "bans": Form(_bans, "/bans [g]", "who is banned", "/bans hw3"),
    "op": Form(_one(True, "o"), "/op [g] name", "make a member operator of a group", "/op hw3 bob"),
    "deop": Form(_one(False, "o"), "/deop [g] name", "take that back", "/deop hw3 bob"),
    "voice": Form(_one(True, "v"), "/voice [g] name", "let a member speak where few may", "/voice hw3 bob"),
    "devoice": Form(_one(False, "v"), "/devoice [g] name", "take that back", "/devoice hw3 bob"),
    "role": Form(_role, "/role g name ROLE", f"give a member a role: {', '.join(_ROLES)}", "/role hw3 bob op"),
    "mode": Form(_mode, "/mode [g] [+-letters words]", "show or change what a group allows", "/mode hw3 +m-t"),
    "key": Form(_with_word("k"), "/key [g] word|off", "the key one needs to come in", "/key hw3 secret"),
    "slow": Form(_with_word("f"), "/slow [g] seconds|off", "how long one waits between messages", "/slow hw3 30"),
    "rename": Form(_rename, "/rename g new [reason]", "give a group another name", "/rename hw3 hw4"),
    "topic": Form(_topic, "/topic g [text]", "show or set a group's topic", "/topic hw3 due Friday"),
    "announce": Form(_announce, "/announce g on|off", "let only operators write", "/announce hw3 on"),
    "focus": _FOCUS,
    "history": Form(_history, "/history [to] [n]", "the last n messages", "/history @bob 50"),
    "search": _SEARCH,
    "inbox": Form(_only(ReadInbox()), "/inbox", "what is unread", "/inbox"),
    "passwd": Form(_only(ChangePassword()), "/passwd", "set a password (asked for, hidden)", "/passwd"),
    "devices": Form(_only(ListDevices()), "/devices", "the devices of this account", "/devices"),
    "away": Form(lambda rest: GoAway(rest.strip() or "away"), "/away [text]", "say that you are away", "/away lunch"),
    "back": Form(_only(GoAway("")), "/back", "you are back", "/back"),
    "ignore": Form(_ignore, "/ignore [name]", "do not show what somebody writes", "/ignore bob"),
    "unignore": Form(_unignore, "/unignore name", "show it again", "/unignore bob"),
    "set": Form(_set, "/set [key [value]]", "settings of this client", "/set times always"),
    "help": Form(lambda rest: Help(rest.strip()), "/help [command]", "this, or one command", "/help group"),
    "quit": _QUIT,
    "create_group": _MAKE,
    "join_group": _MAKE._replace(usage="/join_group g", example="/join_group hw3"),
    "group_msg": Form(_group_text, "/group_msg g text", "write to a group", "/group_msg hw3 hello"),
    "query": _FOCUS,
    "lastlog": _SEARCH,
    "exit": _QUIT,
    "logout": _QUIT,
}

ALIASES: Final = frozenset({"create_group", "join_group", "group_msg", "query", "lastlog", "exit", "logout"})
NOT_YET: Final = ("file", "files", "get", "accept", "decline", "verify", "report")
