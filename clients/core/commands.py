"""What may be typed: one line of text to one intent, the same for every face; and the help.

Rule: pure. A line that looks like a command is never taken for something to say: it is an intent or a Problem.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Final, NamedTuple

from clients.core import fileforms as ff
from clients.core import forms as f
from clients.core import intents as i
from clients.core import trusting as t
from clients.core.intents import Intent

LONGEST_FORM: Final = 24  # characters; the few longer forms of `/help` stand out


class Form(NamedTuple):
    """One row of the table: what makes the intent of the words, how it is used, what it does, an example."""

    parse: Callable[[str], Intent | None]
    usage: str
    what: str
    example: str


def parse(line: str) -> Intent | None:
    """The intent of a line; None for an empty one."""
    words = line.strip()
    if not words:
        return None
    if words == "tata":
        return i.Leave()
    if words.startswith("//"):
        return i.Say(words[1:])
    if words.startswith("/"):
        return _command(words)
    if words.startswith("@"):
        return f.direct(words)
    said = line.rstrip("\r\n")
    return f.substitute(said) or i.Say(said)


def near_commands(word: str) -> tuple[str, ...]:
    """Commands that look like this one."""
    names = [name for name in COMMANDS if name not in ALIASES]
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    return tuple(close or [name for name in names if len(word) > 1 and name.startswith(word)][:3])


def help_lines(command: str) -> list[str]:
    """The text of `/help` and of `/help command`."""
    word = command.lstrip("/").lower()
    if not word:
        shown = [row for word, row in COMMANDS.items() if word not in ALIASES]
        forms = ["@name text", "@a,@b text", "tata", *(row.usage for row in shown)]
        width = max(len(form) for form in forms if len(form) <= LONGEST_FORM) + 2
        told = {"@name text": "say something to one person", "@a,@b text": "the same to several", "tata": "leave"}
        told.update((row.usage, row.what) for row in shown)
        return [f"{form:{width - 2}}  {told[form]}" for form in forms]
    if word not in COMMANDS:
        return [f"There is no /{word}." + _perhaps(near_commands(word))]
    row = COMMANDS[word]
    return [f"{row.usage}  {row.what}", *MORE.get(word, ()), f"for example: {row.example}"]


def _perhaps(near: tuple[str, ...]) -> str:
    """The question whether one of these was meant, or where all are."""
    return " Did you mean " + " or ".join("/" + name for name in near) + "?" if near else " /help shows all."


def _command(words: str) -> Intent:
    """The intent of a line that opens with a slash."""
    parts = words[1:].split(None, 1)
    word = parts[0].lower() if parts and words[1:2].strip() else ""
    if word not in COMMANDS:
        near = near_commands(word)
        return i.Problem("unknown-command", f"There is no command /{word}; nothing was sent." + _perhaps(near), near)
    row = COMMANDS[word]
    intent = row.parse(parts[1] if len(parts) > 1 else "")
    return intent if intent is not None else i.Problem("usage", f"Usage: {row.usage}")


_GROUP = Form(
    f.group,
    "/group [--private|--open] g [text]",
    "join a group or make it; write to it",
    "/group hw3 who has read it?",
)
_MAKE = Form(f.join, "/create_group g", "the same as /group g", "/create_group hw3")
_QUIT = Form(f.only(i.Leave()), "/quit", "leave, like tata", "/quit")
_FOCUS = Form(f.focus, "/focus [g]", "where bare lines go; alone: the lobby", "/focus hw3")
_SEARCH = Form(f.search, "/search text", "find text in what this device has seen", "/search deadline")

COMMANDS: Final[dict[str, Form]] = {
    "group": _GROUP,
    "msg": Form(f.message, "/msg name text", "say something to one person", "/msg bob hello"),
    "edit": Form(f.edit, "/edit [ID] [text]", "say what you said last anew; alone: the ids", "/edit see you at ten"),
    "join": Form(f.join, "/join g [private | key]", "like /group; with the key of a group that has one", "/join hw3"),
    "part": Form(f.part, "/part g", "leave a group", "/part hw3"),
    "groups": Form(f.only(i.ListGroups()), "/groups", "which groups there are", "/groups"),
    "members": Form(f.members, "/members [g]", "who belongs to a group", "/members hw3"),
    "who": Form(f.only(i.ListPeople()), "/who", "who is here", "/who"),
    "file": Form(ff.send, "/file who path", "send a file to somebody or a group", "/file bob essay.pdf"),
    "files": Form(f.only(i.ListFiles()), "/files", "files offered, on their way, arrived", "/files"),
    "get": Form(ff.get, "/get ID [folder]", "fetch a file", "/get 3fa9c2d1"),
    "accept": Form(ff.get, "/accept ID [folder]", "the same", "/accept 3fa9c2d1"),
    "decline": Form(ff.decline, "/decline ID", "do not fetch a file; stop one; take one back", "/decline 3fa9c2d1"),
    "whois": Form(f.whois, "/whois name", "what may be known about somebody", "/whois bob"),
    "invite": Form(f.invite, "/invite g name", "invite somebody to a group", "/invite hw3 bob"),
    "kick": Form(f.kick, "/kick [g] name [reason]", "remove somebody; a reason takes the group", "/kick hw3 bob"),
    "ban": Form(f.ban(True), "/ban [g] name|mask", "let somebody neither come in nor speak", "/ban hw3 bob"),
    "unban": Form(f.ban(False), "/unban [g] name|mask", "let them again", "/unban hw3 bob"),
    "bans": Form(f.bans, "/bans [g]", "who is banned", "/bans hw3"),
    "op": Form(f.one_mode(True, "o"), "/op [g] name", "make a member operator of a group", "/op hw3 bob"),
    "deop": Form(f.one_mode(False, "o"), "/deop [g] name", "take that back", "/deop hw3 bob"),
    "voice": Form(f.one_mode(True, "v"), "/voice [g] name", "let a member speak where few may", "/voice hw3 bob"),
    "devoice": Form(f.one_mode(False, "v"), "/devoice [g] name", "take that back", "/devoice hw3 bob"),
    "role": Form(f.role, "/role g name ROLE", f"give a member a role: {', '.join(f.ROLES)}", "/role hw3 bob op"),
    "mode": Form(f.mode, "/mode [g] [+-letters words]", "show or change what a group allows", "/mode hw3 +m-t"),
    "key": Form(f.with_word("k"), "/key [g] word|off", "the key one needs to come in", "/key hw3 secret"),
    "slow": Form(f.with_word("f"), "/slow [g] seconds|off", "how long one waits between messages", "/slow hw3 30"),
    "rename": Form(f.rename, "/rename g new [reason]", "give a group another name", "/rename hw3 hw4"),
    "topic": Form(f.topic, "/topic g [text]", "show or set a group's topic", "/topic hw3 due Friday"),
    "announce": Form(f.announce, "/announce g on|off", "let only operators write", "/announce hw3 on"),
    "focus": _FOCUS,
    "history": Form(f.history, "/history [to] [n]", "the last n messages", "/history @bob 50"),
    "search": _SEARCH,
    "explain": Form(f.explain, "/explain [to] [n]", "what became of what you said (last)", "/explain @bob"),
    "inbox": Form(f.only(i.ReadInbox()), "/inbox", "what is unread", "/inbox"),
    "passwd": Form(f.only(i.ChangePassword()), "/passwd", "set a password (asked for, hidden)", "/passwd"),
    "verify": Form(
        t.verify, "/verify @name [yes|accept|resume]", "compare keys; yes: they are the same", "/verify @bob"
    ),
    "compare": Form(t.compare, "/compare @name [yes|no]", "compare pictures with who is here, too", "/compare @bob"),
    "devices": Form(
        t.devices, "/devices [add|revoke ID]", "the devices of this account", "/devices add abcd efgh ijkl mnop"
    ),
    "keys": Form(
        t.keys,
        "/keys [passphrase|recovery|recover|reset]",
        "how your keys stand; get them back",
        "/keys recovery",
    ),
    "plain": Form(t.plain, "/plain @name [yes]", "talk openly with who cannot encrypt", "/plain @bob"),
    "e2ee": Form(f.only(i.AskEncryption()), "/e2ee", "how encryption stands, what was refused", "/e2ee"),
    "roster": Form(
        t.roster,
        "/roster [r [add|remove @a,@b]]",
        "whom instructors vouch for; /roster @lee trust",
        "/roster cs101",
    ),
    "report": Form(t.report, "/report [ID|TO] [why]", "show a message to the moderators", "/report @bob insults"),
    "away": Form(lambda rest: i.GoAway(rest.strip() or "away"), "/away [text]", "say that you are away", "/away lunch"),
    "back": Form(f.only(i.GoAway("")), "/back", "you are back", "/back"),
    "ignore": Form(f.ignore, "/ignore [name]", "do not show what somebody writes", "/ignore bob"),
    "unignore": Form(f.unignore, "/unignore name", "show it again", "/unignore bob"),
    "set": Form(f.setting, "/set [key [value]]", "settings of this client", "/set times always"),
    "help": Form(lambda rest: i.Help(rest.strip()), "/help [command]", "this, or one command", "/help group"),
    "quit": _QUIT,
    "create_group": _MAKE,
    "join_group": _MAKE._replace(usage="/join_group g", example="/join_group hw3"),
    "group_msg": Form(f.group_text, "/group_msg g text", "write to a group", "/group_msg hw3 hello"),
    "query": _FOCUS,
    "lastlog": _SEARCH,
    "exit": _QUIT,
    "logout": _QUIT,
}

# What `/help command` says besides, of those with several forms.
MORE: Final[dict[str, tuple[str, ...]]] = {
    "group": (
        "  /group hw3             join it, or make it: encrypted, and who knows its name comes in",
        "  /group --private lab   make one that is by invitation: /invite lab bob",
        "  /group --open club     make one that is not encrypted, for IRC clients and guests, too",
        "  /group hw3 text        write to it",
    ),
    "edit": (
        "  /edit see you at ten      another text for what you said last, here",
        "  /edit                     what you said here, with the ids of older messages",
        "  /edit 0192c2d1 at ten     another text for that one",
        "  s/nine/ten/               other words in what you said last, where it has them",
    ),
    "verify": (
        "  /verify @bob           the number to compare, side by side or by voice",
        "  /verify @bob yes       it is the same on both sides",
        "  /verify @bob accept    take a changed key without comparing; only of somebody you never compared with",
        "  /verify @bob resume    go on although the server hides a change of bob's devices",
    ),
    "devices": (
        "  /devices               the table; which is this one, which waits to be added",
        "  /devices add ID        let a device of yours read what is written to you from now on",
        "  /devices revoke ID     take a lost one off: nobody writes to it any more",
    ),
    "keys": (
        "  /keys                  how they stand on this device, whom you trust how far",
        "  /keys recovery         make the recovery code, to be written on paper",
        "  /keys recover          get the right to add devices back with it, on a new device",
        "  /keys reset            other keys, a day from now (asks for the password); /keys reset stop",
        "  /keys passphrase       how to lock this device's files",
    ),
    "plain": (
        "  IRC clients and guests have no keys. What you two write can be read by the server, and is marked [PLAIN].",
    ),
    "roster": (
        "  /roster                the rosters that are known here",
        "  /roster @lee trust     take the word of somebody you verified for who is who (distrust: no longer)",
        "  /roster cs101 add @a   sign one yourself: people whom you verified",
    ),
}

ALIASES: Final = frozenset({"create_group", "join_group", "group_msg", "query", "lastlog", "exit", "logout"})
