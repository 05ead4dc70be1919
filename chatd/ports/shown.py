"""What a person at `nc` is shown: events as lines of text, in the seed's words where it has some.

Rule: pure but for looking up who somebody is. Every name and text from elsewhere goes through `wire.inert`: whatever
came in, no byte that goes out acts on a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.wire import inert

PROMPT: Final = "Enter username: "
WELCOME: Final = "Welcome to chat room. Enter 'tata' anytime to exit"
GOODBYE: Final = "DISCONNECTED!!"
NO_GUESTS: Final = (
    "This server takes no guests. Join it with an account: by the program `chat NAME@HOST`, or with an IRC client."
)
BACK_MS: Final = 5_000  # who has been here for longer does not come, but comes back
ACTION: Final = "\x01ACTION "


class People(Protocol):
    """Who somebody is now."""

    def user(self, name: str) -> Any:
        """Whom an event means by this name, only to be read (`core.users.User`); None for nobody."""

    def now(self) -> int:
        """The time in ms."""


def written(lines: Iterable[str]) -> bytes:
    """Lines as they go out."""
    return b"".join([line.encode("utf-8", "replace") + b"\n" for line in lines])


class PersonCodec:
    """Events as text; one object for everybody, so that they share their bytes."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.renamed: dict[str, int] = {}  # who has just been told to have another name, and when

    def encode(self, event: Any) -> bytes:
        """The lines of an event, or nothing."""
        show = SHOWN.get(type(event))
        return written(show(self, event)) if show is not None else b""

    def encode_all(self, events: Sequence[Any]) -> bytes:
        """Several of them, one behind the other."""
        return b"".join(map(self.encode, events))


# ---- words -------------------------------------------------------------------------------------------------------


def group_name(name: str) -> str:
    """A group without its mark."""
    return inert.name(name.removeprefix("#"))


def near(names: list[str]) -> str:
    """Which similar names there are."""
    return " Did you mean " + " or ".join(map(inert.name, names)) + "?" if names else ""


def said(mark: str, sender: str, text: str) -> list[str]:
    """Something that somebody said."""
    if text.startswith(ACTION):
        text = text.removeprefix(ACTION).removesuffix("\x01")
        return f"{mark}* {inert.name(sender)} {inert.text(text)}".split("\n")
    return f"{mark}{inert.name(sender)}: {inert.text(text)}".split("\n")


def mark_of(conversation: str) -> str:
    """What stands before what is said in a conversation."""
    if conversation == m.LOBBY:
        return ""
    return f"[{group_name(conversation)}] " if conversation[:1] == "#" else "(Private) "


# ---- events ------------------------------------------------------------------------------------------------------


def _message(codec: PersonCodec, event: m.Message) -> list[str]:
    return said(mark_of(event.conversation), event.sender, event.text) if event.kind in ("text", "notice") else []


def _passing(codec: PersonCodec, event: p.Passing) -> list[str]:
    if event.kind == "tags":
        return []
    return said(mark_of(event.to) if event.to[:1] == "#" else "(Private) ", event.sender, event.text)


def _presence(codec: PersonCodec, event: m.Presence) -> list[str]:
    who = inert.name(event.name)
    if event.state == "offline" and event.text:
        return _called(codec, who, event.text)
    if event.state == "offline":
        return [f"{who} left the conversation"]
    if event.state == "lost":
        return [f"{who} left the conversation unexpectedly"]
    if event.state == "away":
        return [f"{who} is away: {inert.line(event.text)}".removesuffix(": ")]
    user, now = codec.people.user(event.name), codec.people.now()
    if now - codec.renamed.get(event.name, -BACK_MS) < BACK_MS:
        return []
    return [f"{who} is back" if user is not None and now - user.since > BACK_MS else f"{who} joined the conversation"]


def _called(codec: PersonCodec, who: str, new: str) -> list[str]:
    """Somebody has another name; for programs that know no renaming, one goes and one comes."""
    now = codec.people.now()
    codec.renamed = {name: at for name, at in codec.renamed.items() if now - at < BACK_MS}
    codec.renamed[new] = now
    return [f"{who} is now called {inert.name(new)}"]


CHANGES: Final = {
    "joined": "{name} joined the group",
    "left": "{name} left the group",
    "kicked": "{name} was removed from the group by {by}",
    "invited": "{by} invited {name}",
    "role": "{name} is now {text} of the group",
    "topic": "{by} set the topic: {text}",
    "private": "{by} made the group private",
    "open": "{by} opened the group to everybody",
    "announce": "{by} let only operators write here from now on",
    "talk": "{by} lets everybody write here again",
}


def changed(event: m.GroupChange) -> list[str]:
    """What somebody changed of a group; the lobby's coming and going is `presence`."""
    words = CHANGES.get(event.change)
    if words is None or (event.group == m.LOBBY and event.change in ("joined", "left")):
        return []
    by, text = inert.name(event.by or event.name), inert.line(event.text)
    return [mark_of(event.group) + words.format(name=inert.name(event.name), by=by, text=text)]


def _renamed(codec: PersonCodec, event: o.Renamed) -> list[str]:
    return [f"{mark_of(event.group)}{inert.name(event.by)} renamed the group to {group_name(event.name)}"]


def _bye(codec: PersonCodec, event: m.Bye) -> list[str]:
    return [GOODBYE] if event.code == "goodbye" or not event.text else [inert.line(event.text), GOODBYE]


SHOWN: Final[dict[type, Callable[[PersonCodec, Any], list[str]]]] = {
    m.Message: _message,
    m.Presence: _presence,
    m.GroupChange: lambda codec, event: changed(event),
    m.Notice: lambda codec, event: [f"Server: {inert.line(event.text)}"],
    m.Bye: _bye,
    p.Passing: _passing,
    o.Renamed: _renamed,
    o.Walloped: lambda codec, event: said("", event.by, event.text),
}


# ---- answers -----------------------------------------------------------------------------------------------------


def who_is(member: m.Member) -> str:
    """A name with its role and state, where they are not the usual ones."""
    marks = [mark for mark in (member.role, member.state) if mark not in ("student", "member", "online", "")]
    return inert.name(member.name) + (f" ({', '.join(map(inert.line, marks))})" if marks else "")


def here(event: m.WhoList, but: str = "") -> str:
    """Who is here, `but` one."""
    people = sorted((who_is(member) for member in event.people if member.name != but), key=str.lower)
    more = event.count - len(event.people)
    if not people:
        return "Nobody else is here now."
    return "Here now: " + ", ".join(people) + (f" and {more} more" if more > 0 else "")


def groups(event: m.GroupList) -> list[str]:
    """Which groups there are."""
    lines = []
    for group in event.groups:
        marks = [word for word, on in (("joined", group.joined), ("private", group.private)) if on]
        marks += ["announcements"] if group.announce else []
        note = f" ({', '.join(marks)})" if marks else ""
        tail = f"  {inert.line(group.topic)}" if group.topic else ""
        lines.append(
            f"{group_name(group.group)}: {group.members} member{'' if group.members == 1 else 's'}{note}{tail}"
        )
    return lines or ["There are no groups yet. `/group g` makes one."]


def members(event: m.MemberList) -> list[str]:
    """Who belongs to a group."""
    return [f"Members of group '{group_name(event.group)}': {', '.join(map(who_is, event.members))}"]


def person(event: m.Person) -> list[str]:
    """What may be known about one person."""
    role = "guest" if event.guest else inert.line(event.role)
    text = f": {inert.line(event.text)}" if event.text else ""
    found = f"; groups: {', '.join(map(group_name, event.groups))}" if event.groups else ""
    return [f"{inert.name(event.name)} ({role}) is {inert.line(event.state)}{text}{found}"]


def joined(event: m.GroupInfo) -> list[str]:
    """One is in a group, and how it stands."""
    group, topic = group_name(event.position.conversation), inert.line(event.position.topic)
    if event.already:
        return [f"You are already in group '{group}'."]
    told = f"Group '{group}' created successfully." if event.created else f"Joined group '{group}' successfully."
    return [told, *([f"Topic: {topic}"] if topic else [])]


def topic(event: m.GroupInfo, was_set: bool) -> list[str]:
    """A group's topic, asked for or set."""
    group, text = group_name(event.position.conversation), inert.line(event.position.topic)
    if was_set:
        return [f"The topic of group '{group}' is now: {text}"]
    return [f"Topic of group '{group}': {text}" if text else f"Group '{group}' has no topic."]


def refused(event: m.Failed, to: str = "") -> list[str]:
    """Why something was not done. `to`: whom or which group one wanted to tell something."""
    if event.code == "no-such-user" and to:
        name = inert.name(to.removeprefix("@"))
        return [f"Requested user <<{name}>> not found! Please choose another." + near(event.near)]
    if to[:1] == "#" and event.code in ("no-such-group", "not-a-member", "no-external"):
        group = group_name(to)
        text = f"Cannot send message. Group '{group}' does not exist or you are not a member."
        return [f"{text} `/group {group}` to join." + near(event.near)]
    more = " What guests say in private is not kept." if event.code == "not-here" else ""
    return [inert.line(event.text) + more + near(event.near)]
