"""Notices as JSON objects for scripts: one object a line, `"v": 1` and `"event"` first.

Rule: pure. The fields are those of the interface; text is as it was sent (JSON escapes what is not to be shown).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from clients.core import alerts
from clients.core import answers as a
from clients.core import notices as n
from clients.core.moving import MOVING, WAITING, Files, Moving
from clients.core.show import failure
from clients.core.style import Style
from clients.line import fileobjects

Fields = dict[str, Any]


def line(event: str, /, **fields: Any) -> str:
    """One object."""
    text = json.dumps({"v": 1, "event": event, **fields}, ensure_ascii=True, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f")


def error(code: str, text: str, **fields: Any) -> str:
    """An error as an object."""
    return line("error", code=code, text=text, **fields)


def when(at: int) -> str:
    """A time of the server as scripts read it."""
    try:
        return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def message(said: n.Said, me: str) -> Fields:
    """The fields of a message. `to` is as somebody would write it who sends to the same place."""
    group = said.conversation.startswith("#")
    to = said.conversation if group else "@" + (said.peer if said.own else me)
    fields: Fields = {
        "id": said.id.hex(), "from": said.sender, "to": to, "conversation": said.conversation, "seq": said.seq,
        "at": when(said.at), "text": said.text, "e2ee": said.security,
    }  # fmt: skip
    if said.edits:
        fields["edits"] = said.edits.hex()
    return {**fields, "file": fileobjects.about(said.file)} if said.file is not None else fields


def passing(said: n.Passing, me: str) -> Fields:
    """The fields of what is kept nowhere; `least`: those with this mode of a member, or a higher one, have heard it."""
    to = said.to if said.own or said.to.startswith("#") else "@" + me
    return {
        "id": said.id.hex(), "from": said.sender, "to": to, "at": when(said.at), "text": said.text,
        "least": said.least, "e2ee": "plain",
    }  # fmt: skip


def changes(made: list[a.ModeChange]) -> list[Fields]:
    """Modes of a group."""
    return [{"on": change.on, "mode": change.mode, "argument": change.argument} for change in made]


def outcome(notice: n.Outcome) -> Fields:
    """How a message of one's own fares."""
    return {
        "id": notice.id.hex(), "to": notice.to, "conversation": notice.conversation, "seq": notice.seq,
        "at": when(notice.at), "state": notice.state, "e2ee": notice.security,
        **({"edits": notice.edits.hex()} if notice.edits else {}),
    }  # fmt: skip


def refusal(notice: n.Refused) -> str:
    """A refusal."""
    return error(notice.code, failure(notice), near=list(notice.near), **({"id": notice.id.hex()} if notice.id else {}))


def secure(notice: n.Secure) -> Fields:
    """Something about encryption; the text is the one that a person reads."""
    return {**alerts.fields(notice, Style()), "at": when(notice.at) if notice.at else ""}


def compare(notice: n.Compare) -> Fields:
    """The safety number; `changed`: that of a key which is not accepted."""
    return {"user": notice.user, "number": notice.number, "e2ee": notice.trust, "changed": notice.changed}


def devices(notice: n.OwnDevices) -> list[Fields]:
    """The devices of one's account."""
    return [
        {
            "device": one.device, "this": one.this, "listed": one.listed, "primary": one.primary,
            "sessions": one.sessions, "waiting": one.waiting, "since": when(one.since) if one.since else "",
        }
        for one in notice.devices
    ]  # fmt: skip


def keys(notice: n.KeysStatus) -> Fields:
    """How keys stand on this device."""
    return {
        "device": notice.device, "listed": notice.listed, "primary": notice.primary, "left": notice.left,
        "number": notice.code, "recovery": notice.recovery, "people": dict(notice.people),
        "refused": dict(notice.counts), "profile": notice.profile,
    }  # fmt: skip


def people(members: list[a.Member]) -> list[Fields]:
    """A list of people."""
    return [{"name": member.name, "role": member.role, "state": member.state} for member in members]


def position(place: a.Position) -> Fields:
    """Where a conversation stands."""
    return {
        "conversation": place.conversation, "head": place.head, "cursor": place.cursor,
        "unread": max(0, place.head - max(place.cursor, place.floor)), "role": place.role, "topic": place.topic,
    }  # fmt: skip


def lines(notice: n.Notice, me: str) -> list[str]:
    """A notice as objects, for an interactive client that a script drives."""
    show = _NOTICES.get(type(notice))
    return show(notice, me) if show else []


def _answer(notice: n.Answered, me: str) -> list[str]:
    show = _ANSWERS.get(type(notice.event))
    return show(notice.event, me) if show else []


def _modes_changed(event: a.ModesChanged, me: str) -> list[str]:
    return [line("modeschanged", group=event.group, by=event.by, changes=changes(event.changes))]


def _page(page: a.Page, me: str) -> list[str]:
    """The messages of a page; the other one of a direct conversation is whoever is not oneself."""
    return [line("message", **message(paged(one, me), me)) for one in page.messages]


def paged(one: a.Message, me: str) -> n.Said:
    """A message of a page."""
    peers = one.conversation.split(":")[1:]
    peer = next((name for name in peers if name != me.lower()), me)
    return n.Said.of(one, one.sender == me, True, peer)


_ANSWERS: Final[dict[type[Any], Callable[[Any, str], list[str]]]] = {
    a.GroupInfo: lambda e, me: [
        line("group", created=e.created, state="created" if e.created else "joined", members=e.members,
             **position(e.position))
    ],
    a.MemberList: lambda e, me: [line("members", group=e.group, members=people(e.members))],
    a.GroupList: lambda e, me: [
        line("group", group=g.group, members=g.members, joined=g.joined, private=g.private, announce=g.announce,
             topic=g.topic) for g in e.groups
    ],
    a.WhoList: lambda e, me: [line("person", **person) for person in people(e.people)],
    a.Person: lambda e, me: [
        line("person", name=e.name, role=e.role, state=e.state, text=e.text, guest=e.guest, groups=e.groups)
    ],
    a.InboxList: lambda e, me: [line("conversation", **position(place)) for place in e.conversations],
    a.DeviceList: lambda e, me: [line("device", device=device, sessions=count) for device, count in e.devices],
    a.GroupModes: lambda e, me: [line("modes", group=e.group, created=when(e.created), modes=changes(e.changes))],
    a.ModesChanged: _modes_changed,
    a.MaskList: lambda e, me: [
        line("mask", group=e.group, mode=e.mode, mask=one.mask, by=one.by, at=when(one.at)) for one in e.masks
    ],
    a.Page: _page,
    a.Explained: lambda e, me: [
        line("explained", conversation=e.conversation, seq=e.seq, id=e.id.hex(), accepted=when(e.at),
             written=when(e.written) if e.written else None, readers=[
                 {"name": one.name, "state": one.state, "at": when(one.at) if one.at else None} for one in e.readers
             ])
    ],
    a.Done: lambda e, me: [line("done")],
}  # fmt: skip

_NOTICES: Final[dict[type[n.Notice], Callable[[Any, str], list[str]]]] = {
    n.Said: lambda notice, me: [line("message", **message(notice, me))],
    n.Passing: lambda notice, me: [line("passing", **passing(notice, me))],
    n.ModesSet: lambda notice, me: _modes_changed(notice.event, me),
    n.TakenAway: lambda notice, me: [
        line("redacted", conversation=notice.conversation, seq=notice.seq, by=notice.by, reason=notice.reason)
    ],
    n.Outcome: lambda notice, me: [line("sent", **outcome(notice))],
    n.Refused: lambda notice, me: [refusal(notice)],
    Moving: lambda notice, me: [
        line("progress" if notice.state in (MOVING, WAITING) else "file", **fileobjects.moving(notice))
    ],
    Files: lambda notice, me: [line("file", **fileobjects.kept(file)) for file in notice.files],
    n.Secure: lambda notice, me: [line("e2ee", **secure(notice))],
    n.Compare: lambda notice, me: [line("compare", **compare(notice))],
    n.CompareShort: lambda notice, me: [
        line("comparing", user=notice.user, state=notice.state, pictures=list(notice.emoji),
             numbers=list(notice.numbers))
    ],
    n.OwnDevices: lambda notice, me: [line("device", **one) for one in devices(notice)],
    n.KeysStatus: lambda notice, me: [line("keys", **keys(notice))],
    n.RecoveryCode: lambda notice, me: [line("recovery", code=notice.code)],
    n.Answered: _answer,
    n.Welcomed: lambda notice, me: [
        line("welcome", name=notice.name, present=list(notice.present), unread=dict(notice.unread), again=notice.again)
    ],
    n.Came: lambda notice, me: [line("presence", name=notice.name, state=notice.state, text=notice.text)],
    n.Changed: lambda notice, me: [
        line("change", group=notice.event.group, change=notice.event.change, name=notice.event.name,
             by=notice.event.by, text=notice.event.text)
    ],
    n.Told: lambda notice, me: [line("notice", code=notice.code, text=notice.text)],
    n.Local: lambda notice, me: [line("local", lines=list(notice.lines))],
    n.Found: lambda notice, me: [line("message", **message(said, me)) for said in notice.messages],
    n.Lost: lambda notice, me: [line("disconnected", reason=notice.reason, retry=round(notice.retry, 1))],
    n.Ended: lambda notice, me: [
        line("left") if notice.code == "left" else error(notice.code, notice.text)
    ],
}  # fmt: skip
