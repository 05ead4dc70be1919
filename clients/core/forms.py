"""From the words behind a command to what a person wants: a function for each form.

Rule: pure. None stands for words that do not fit: the usage line says what would.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from chatd.messages import LOBBY
from chatd.moderation import ModeChange
from clients.core import intents as i
from clients.core import modes
from clients.core.intents import Intent

_PEOPLE = re.compile(r"@[^\s,]+(?:,\s*@[^\s,]+|,[^\s,@]+)*(?=\s|$)")
_APART = re.compile(r"(#?\S+ \(until [^)]*\))(?: (\d+))?")
_ID = re.compile(r"[0-9a-fA-F]{8,32}")
_SUBSTITUTE = re.compile(r"s/([^/\n]+)/([^/\n]*)/")
ROLES: Final = (*modes.MEMBERS.values(), "member")


def group_name(word: str) -> str:
    """A group as the protocol writes it, with or without its mark."""
    return word if word.startswith("#") else "#" + word


def target(word: str) -> str:
    """A conversation as `TO`: `@name` and `#group` as they are, a bare word is a group."""
    return word if word[:1] in "@#" else "#" + word


def direct(words: str) -> Intent:
    """The intent of `@name text` and `@a,@b text`."""
    match = _PEOPLE.match(words)
    text = words[match.end() :].strip() if match else ""
    if match is None or not text:
        return i.Problem("usage", "Usage: @name text")
    names = (name.strip().lstrip("@") for name in match.group().split(","))
    people = tuple(dict.fromkeys("@" + name for name in names if name))
    return i.Tell(people, text) if people else i.Problem("usage", "Usage: @name text")


def edit(rest: str) -> Intent | None:
    """`/edit` alone, `/edit text`, `/edit ID text`: so many digits of an id are no word that one would begin with."""
    first, *more = rest.split(None, 1) or [""]
    if not _ID.fullmatch(first):
        return i.Edit(rest.strip())
    return i.Edit(more[0].strip(), first.lower()) if more else None


def substitute(line: str) -> Intent | None:
    """`s/old/new/` and nothing else on the line; None where it is another one."""
    match = _SUBSTITUTE.fullmatch(line)
    return i.Substitute(match[1], match[2], line) if match else None


def group(rest: str) -> Intent | None:
    """`/group g` joins or makes, `/group --private g` makes one that is by invitation, `/group --open g` joins or makes
    one that is not encrypted, `/group g text` writes."""
    parts = rest.split(None, 1)
    if parts[:1] == ["--open"]:
        return join(rest)
    if parts[:1] == ["--private"]:
        return join(f"{parts[1]} private") if len(parts) > 1 else None
    if not parts:
        return None
    name = group_name(parts[0])
    return i.JoinGroup(name) if len(parts) == 1 else i.Tell((name,), parts[1])


def group_text(rest: str) -> Intent | None:
    """`/group_msg g text`."""
    parts = rest.split(None, 1)
    return i.Tell((group_name(parts[0]),), parts[1]) if len(parts) == 2 else None


def message(rest: str) -> Intent | None:
    """`/msg who text`: a bare word is a person here, as everywhere else in the world."""
    if rest.startswith("@"):
        made = direct(rest)
        return made if isinstance(made, i.Tell) else None
    parts = rest.split(None, 1)
    if len(parts) < 2:
        return None
    who = parts[0] if parts[0].startswith("#") else "@" + parts[0]
    return i.Tell((who,), parts[1])


def join(rest: str) -> Intent | None:
    """`/join g`, `/join g private`, `/join g KEY`; `--open` in front: not encrypted."""
    parts = rest.split()
    is_open = parts[:1] == ["--open"]
    name, *more = parts[is_open:] or [""]
    if not name or len(more) > 1:
        return None
    private = more[:1] != [] and more[0].lower() == "private"
    return i.JoinGroup(group_name(name), private, "" if private else "".join(more), is_open)


def part(rest: str) -> Intent | None:
    """`/part g`."""
    parts = rest.split()
    return i.LeaveGroup(group_name(parts[0])) if len(parts) == 1 else None


def _group_and_name(rest: str) -> tuple[str, str] | None:
    """A group and a name, in either order where one bears its mark."""
    parts = rest.split()
    if len(parts) != 2:
        return None
    if parts[1].startswith("#") or parts[0].startswith("@"):
        parts.reverse()
    return group_name(parts[0]), parts[1].lstrip("@")


def invite(rest: str) -> Intent | None:
    """`/invite g name`."""
    both = _group_and_name(rest)
    if both is None and len(rest.split()) == 1:
        who = rest.strip().lstrip("@")
        return i.Problem("usage", f"Usage: /invite g name. Into which group? For example: /invite hw3 {who}")
    return i.InviteTo(*both) if both else None


def kick(rest: str) -> Intent | None:
    """`/kick bob`, `/kick g bob`, `/kick g bob reason`: who gives a reason names the group."""
    parts = rest.split(None, 2)
    both = _perhaps_group_and_name(" ".join(parts[:2]))
    return i.KickFrom(*both, parts[2].strip() if len(parts) > 2 else "") if both else None


def _perhaps_group_and_name(rest: str) -> tuple[str, str] | None:
    """A name alone is one in the group in focus (empty); else as in `_group_and_name`."""
    name = rest.strip().lstrip("@")
    if len(name.split()) != 1:
        return _group_and_name(rest)
    return None if name.startswith("#") else ("", name)


def mode(rest: str) -> Intent | None:
    """`/mode`, `/mode g`, `/mode g +m-v bob`, `/mode +m`; `b`, `e` and `I` alone ask for that list."""
    parts = rest.split()
    group = group_name(parts.pop(0)) if parts and parts[0][0] not in "+-" else ""
    if not parts:
        return i.AskModes(group)
    if len(parts) == 1 and parts[0].lstrip("+") in modes.LISTS:
        return i.ListMasks(group, parts[0].lstrip("+"))
    made = modes.changes(parts)
    return i.ChangeModes(group, made) if made else None


def one_mode(on: bool, letter: str) -> Callable[[str], Intent | None]:
    """A command that gives a member a mode, or takes it."""

    def parse(rest: str) -> Intent | None:
        both = _perhaps_group_and_name(rest)
        return i.ChangeModes(both[0], (ModeChange(on, letter, both[1]),)) if both else None

    return parse


def ban(on: bool) -> Callable[[str], Intent | None]:
    """A command that puts somebody on the list of bans, or takes them off."""

    def parse(rest: str) -> Intent | None:
        both = _perhaps_group_and_name(rest)
        return (
            i.ChangeModes(both[0], tuple(ModeChange(on, "b", mask) for mask in modes.masks(both[1]))) if both else None
        )

    return parse


def with_word(letter: str) -> Callable[[str], Intent | None]:
    """A command that sets a mode with a word (seconds for `f`), or takes it away: `off`."""

    def parse(rest: str) -> Intent | None:
        *group, word = rest.split() or [""]
        number = word.isascii() and word.isdigit()
        off = word.lower() == "off" or (letter == "f" and number and not word.strip("0"))
        if len(group) > 1 or not word or word.startswith("#") or (letter == "f" and not (number or off)):
            return None
        change = ModeChange(not off, letter, "" if off else word)
        return i.ChangeModes(group_name(group[0]) if group else "", (change,))

    return parse


def rename(rest: str) -> Intent | None:
    """`/rename g new reason`."""
    parts = rest.split(None, 2)
    if len(parts) < 2:
        return None
    return i.RenameGroup(group_name(parts[0]), group_name(parts[1]), parts[2].strip() if len(parts) > 2 else "")


def bans(rest: str) -> Intent | None:
    """`/bans`, `/bans g`."""
    parts = rest.split()
    return i.ListMasks(group_name(parts[0]) if parts else "") if len(parts) < 2 else None


def role(rest: str) -> Intent | None:
    """`/role g name ROLE`."""
    words, _, role = rest.rstrip().rpartition(" ")
    both = _group_and_name(words)
    return i.GiveRole(*both, role.lower()) if both and role.lower() in ROLES else None


def topic(rest: str) -> Intent | None:
    """`/topic g` asks, `/topic g text` sets."""
    parts = rest.split(None, 1)
    if not parts:
        return None
    return i.Topic(group_name(parts[0]), parts[1].strip() if len(parts) == 2 else None)


def announce(rest: str) -> Intent | None:
    """`/announce g on|off`."""
    parts = rest.split()
    if len(parts) != 2 or parts[1].lower() not in ("on", "off"):
        return None
    return i.Announce(group_name(parts[0]), parts[1].lower() == "on")


def members(rest: str) -> Intent | None:
    """`/members`, `/members g`."""
    parts = rest.split()
    return i.ListMembers(group_name(parts[0]) if parts else "") if len(parts) < 2 else None


def whois(rest: str) -> Intent | None:
    """`/whois name`."""
    parts = rest.split()
    return i.AskAbout(parts[0].lstrip("@")) if len(parts) == 1 and parts[0].strip("@") else None


def history(rest: str) -> Intent | None:
    """`/history`, `/history 50`, `/history @bob`, `/history g1 50`, `/history #g1 (until 2026-11-22)`."""
    apart = _APART.fullmatch(rest.strip())
    parts = [*apart.groups("20")] if apart else rest.split()
    limit = int(parts.pop()) if parts and parts[-1].isascii() and parts[-1].isdigit() else 20
    if len(parts) > 1 or not 0 < limit <= 500:
        return None
    return i.ReadHistory(target(parts[0]) if parts else "", limit)


def explain(rest: str) -> Intent | None:
    """`/explain`, `/explain 17`, `/explain @bob`, `/explain hw3 17`."""
    parts = rest.split()
    seq = int(parts.pop()) if parts and parts[-1].isascii() and parts[-1].isdigit() and len(parts[-1]) < 16 else 0
    return i.Explain(target(parts[0]) if parts else "", seq) if len(parts) < 2 else None


def ignore(rest: str) -> Intent | None:
    """`/ignore` says who is, `/ignore name` does it."""
    parts = rest.split()
    return i.Ignore(parts[0].lstrip("@") if parts else "") if len(parts) < 2 else None


def unignore(rest: str) -> Intent | None:
    """`/unignore name`."""
    parts = rest.split()
    return i.Ignore(parts[0].lstrip("@"), on=False) if len(parts) == 1 else None


def setting(rest: str) -> Intent | None:
    """`/set`, `/set key`, `/set key value`."""
    parts = rest.split(None, 1)
    if not parts:
        return i.Setting()
    return i.Setting(parts[0].lower(), parts[1].strip() if len(parts) == 2 else None)


def focus(rest: str) -> Intent | None:
    """`/focus g`; alone: the lobby."""
    parts = rest.split()
    return i.Focus(target(parts[0]) if parts else LOBBY) if len(parts) < 2 else None


def search(rest: str) -> Intent | None:
    """`/search text`."""
    return i.Search(rest.strip()) if rest.strip() else None


def only(intent: Intent) -> Callable[[str], Intent | None]:
    """A command that takes no words."""
    return lambda rest: None if rest.strip() else intent
