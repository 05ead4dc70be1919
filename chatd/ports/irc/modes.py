"""MODE: letters to changes and back, for groups and for oneself.

Rule: which letters take an argument is said here once (CHANMODES and PREFIX of 005 are made of it); what a mode means
and who may set it is the core's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from chatd import messages as m
from chatd import moderation, people
from chatd.moderation import ModeChange
from chatd.ports.irc import codec
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.codec import LineCodec
from chatd.ports.irc.isupport import KEY, LISTS, PARAMETER, PREFIX
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line

ALWAYS: Final = frozenset(LISTS + KEY + PREFIX)  # with an argument, set or taken away
IF_SET: Final = frozenset(PARAMETER)
IN_ONE_LINE: Final = 12
MOST: Final = 100
LIST_REPLIES: Final = {
    "b": (n.RPL_BANLIST, n.RPL_ENDOFBANLIST),
    "e": (n.RPL_EXCEPTLIST, n.RPL_ENDOFEXCEPTLIST),
    "I": (n.RPL_INVEXLIST, n.RPL_ENDOFINVEXLIST),
}
MINE: Final = {
    "B": "bot",
    "R": "accounts_only",
    "T": "no_ctcp",
    "i": "invisible",
    "o": "operator",
    "w": "wallops",
}
FIELDS: Final = ("bot", "invisible", "wallops", "operator", "alone", "accounts_only", "no_ctcp")  # of SetProfile


def mode(client: Client, line: Line) -> None:
    """MODE of a group, or of oneself."""
    if line.params[0][:1] == "#":
        group_mode(client, line)
    else:
        my_mode(client, line)


# ---- a group's -------------------------------------------------------------------------------------------------


def group_mode(client: Client, line: Line) -> None:
    """MODE #a: ask; MODE #a +letters arguments: change, or show a list."""
    group, *rest = line.params
    if not rest:
        client.ask(moderation.AskModes, group, about=group)
        return
    changes, asked = read(rest[0], rest[1:])
    for letter in asked:
        client.ask(moderation.AskMasks, group, letter, about=group)
    if changes:
        client.ask(moderation.SetModes, group, changes, about=group)


def read(letters: str, arguments: Sequence[str]) -> tuple[list[ModeChange], list[str]]:
    """The changes, and the lists that are only asked for."""
    changes: list[ModeChange] = []
    asked: list[str] = []
    left = list(arguments)
    on = True
    for letter in letters[: MOST * 2]:
        if letter in "+-":
            on = letter == "+"
        elif letter in LISTS and not left:
            asked.append(letter)
        elif len(changes) < MOST:
            takes = letter in ALWAYS or (on and letter in IF_SET)
            changes.append(ModeChange(on, letter, left.pop(0) if takes and left else ""))
    return changes, list(dict.fromkeys(asked))


def written(changes: Sequence[ModeChange], nick: Callable[[str], str]) -> tuple[str, ...]:
    """Letters with their signs, and the arguments; people by their nicks."""
    letters, arguments, sign = "", [], None
    for change in changes:
        if change.on is not sign:
            letters += "+" if change.on else "-"
            sign = change.on
        letters += change.mode
        if change.argument:
            arguments.append(nick(change.argument) if change.mode in PREFIX else change.argument)
    return (letters, *arguments)


def lines(heard: LineCodec, event: moderation.ModesChanged) -> list[Out]:
    """Somebody changed modes."""
    source = heard.lookup.source(event.by) if event.by else heard.server
    changes = event.changes
    return [
        Out(source, "MODE", (event.group, *written(changes[at : at + IN_ONE_LINE], heard.nick)))
        for at in range(0, len(changes), IN_ONE_LINE)
    ]


def changed(client: Client, asked: Asked | None, event: moderation.ModesChanged) -> list[Out]:
    """The answer to one's own change, or another session's."""
    return lines(client.codec, event)


def refused(client: Client, asked: Asked | None, event: moderation.ModeRefused) -> list[Out]:
    """One change was not made."""
    change, group = event.change, event.group
    if event.code == "bad-mode":
        return [client.numeric(n.ERR_UNKNOWNMODE, change.mode)]
    if event.code == "no-such-user":
        return [client.numeric(n.ERR_NOSUCHNICK, change.argument or "*")]
    if event.code == "user-not-in-group":
        return [client.numeric(n.ERR_USERNOTINCHANNEL, change.argument, group)]
    if event.code == "bad-argument" and change.mode == "k":
        return [client.numeric(n.ERR_INVALIDKEY, group, text=event.text)]
    if event.code == "bad-argument":
        return [client.numeric(n.ERR_INVALIDMODEPARAM, group, change.mode, "*", text=event.text)]
    if event.code == "list-full":
        return [client.numeric(n.ERR_BANLISTFULL, group, change.mode, text=event.text)]
    return [client.numeric(n.ERR_CHANOPRIVSNEEDED, group, text=event.text)]


setattr(refused, "goes_on", True)  # noqa: B010  (the answer to the command comes behind it)


def group_modes(client: Client, asked: Asked | None, event: moderation.GroupModes) -> list[Out]:
    """324 and 329."""
    letters, *arguments = written(event.changes, client.codec.nick)
    return [
        client.numeric(n.RPL_CHANNELMODEIS, event.group, letters or "+", *arguments),
        client.numeric(n.RPL_CREATIONTIME, event.group, str(event.created // 1000)),
    ]


def mask_list(client: Client, asked: Asked | None, event: moderation.MaskList) -> list[Out]:
    """A list of masks."""
    one, end = LIST_REPLIES[event.mode]
    return [
        *(
            client.numeric(one, event.group, mask.mask, client.lookup.source(mask.by), str(mask.at // 1000))
            for mask in event.masks
        ),
        client.numeric(end, event.group),
    ]


# ---- one's own -------------------------------------------------------------------------------------------------


def my_mode(client: Client, line: Line) -> None:
    """MODE nick: ask; MODE nick +letters: change."""
    nick, *rest = line.params
    user = client.lookup.user(nick)
    if user is None:
        client.reply(n.ERR_NOSUCHNICK, nick)
    elif user.name != client.name:
        client.reply(n.ERR_USERSDONTMATCH)
    elif not rest:
        client.ask(people.SetProfile, then=_mine)
    else:
        wanted: dict[str, bool] = {}
        on = True
        unknown = False
        for letter in rest[0]:
            if letter in "+-":
                on = letter == "+"
            elif letter in MINE:
                if letter != "o" or not on:  # only OPER makes operators
                    wanted[MINE[letter]] = on
            else:
                unknown = True
        if unknown:
            client.reply(n.ERR_UMODEUNKNOWNFLAG)
        fields = [wanted.get(name) for name in FIELDS]
        client.ask(people.SetProfile, None, *fields, about=_flags(user), then=_my_changes)


def _flags(user: people.ProfileIs) -> frozenset[str]:
    return frozenset(letter for letter, name in MINE.items() if getattr(user, name))


def _mine(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, people.ProfileIs):
        return None
    return [client.numeric(n.RPL_UMODEIS, "+" + "".join(sorted(_flags(event))))]


def _my_changes(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, people.ProfileIs):
        return None
    now, before = _flags(event), asked.about
    changes = [ModeChange(True, letter) for letter in sorted(now - before)]
    changes += [ModeChange(False, letter) for letter in sorted(before - now)]
    if not changes:
        return []
    return [Out(client.me(), "MODE", (client.nick, *written(changes, client.codec.nick)))]


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {"MODE": (mode, 1)}
REPLIES: dict[type, Rendered] = {
    moderation.GroupModes: group_modes,
    moderation.MaskList: mask_list,
    moderation.ModeRefused: refused,
    moderation.ModesChanged: changed,
}
codec.RENDERERS[moderation.ModesChanged] = lines
