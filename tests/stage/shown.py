"""Events as the lines of a dialogue: what somebody hears, in words that hold for every port."""

from __future__ import annotations

from collections.abc import Callable

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as mod
from chatd import people as p
from chatd.core.turn import Event
from tests.stage import sealing


def _listed(things: list[str]) -> str:
    return ", ".join(things) or "none"


def _position(p: m.Position) -> str:
    words = [f"{p.conversation} {p.role} {p.cursor}/{p.head}"]
    words += [word for word, is_so in (("private", p.private), ("announce", p.announce)) if is_so]
    return " ".join(words + ([f"heard {p.heard}"] if p.heard else []) + ([repr(p.topic)] if p.topic else []))


def _welcome(e: m.Welcome) -> str:
    return f"welcome {e.name} ({e.role}), here: {_listed(e.present)}"


def _member(member: m.Member) -> str:
    return f"{member.name} {member.role} {member.state}"


def _group(group: m.GroupSummary) -> str:
    marks = [word for word, is_so in (("in", group.joined), ("private", group.private)) if is_so]
    return " ".join([f"{group.group} ({group.members})", *marks])


def _change(e: m.GroupChange) -> str:
    return " ".join(
        [f"{e.group}: {e.change} {e.name}"] + ([f"by {e.by}"] if e.by else []) + ([e.text] if e.text else [])
    )


def _modes(changes: list[mod.ModeChange]) -> str:
    words = [("+" if c.on else "-") + c.mode + (f"={c.argument}" if c.argument else "") for c in changes]
    return " ".join(words) or "none"


def _changed_modes(e: mod.ModesChanged) -> str:
    return f"modes {e.group}: {_modes(e.changes)}" + (f" by {e.by or 'nobody'}" if not e.ref else "")


def _changed_person(e: p.PersonChanged) -> str:
    return " ".join([f"changed {e.name} {e.change}"] + ([e.group] if e.group else []) + ([e.text] if e.text else []))


def _settings(e: p.ProfileIs) -> str:
    named = (("always_on", e.always_on), ("invisible", e.invisible), ("wallops", e.wallops), ("bot", e.bot))
    return " ".join(["profile", *(word for word, is_so in (*named, ("operator", e.operator)) if is_so)])


def _profiles(people: list[p.Profile]) -> str:
    return _listed([f"{x.nick} {x.modes}".rstrip() for x in people])


def _metadata(e: p.Metadata) -> str:
    values = [f"{key}={value}" if value is not None else f"no {key}" for key, value in e.values]
    return f"metadata {e.to}: {_listed(values)}" + (f" by {e.by}" if e.by else "")


def _pages(e: a.Pages) -> str:
    kinds = {"text": ""}
    both = [(x.at, 1, x.seq, f"{x.seq} {x.sender}{kinds.get(x.kind, ' ' + x.kind)}: {x.text}") for x in e.messages]
    for place, x in enumerate(e.events):
        text = x.text.partition(" ")[2] if x.kind == "redacted" else x.text
        both.append((x.at, 0, place, f"{x.kind} {x.sender} {text}"))
    return f"pages {e.conversation}: {_listed([words.rstrip() for *_, words in sorted(both)])}"


SHOWN: dict[type, Callable[..., str]] = {
    m.Welcome: _welcome,
    m.Failed: lambda e: f"failed {e.code}" + (f", near {_listed(e.near)}" if e.near else ""),
    m.Accepted: lambda e: f"accepted {e.conversation} {e.seq} {e.state}",
    m.Message: lambda e: f"message {e.conversation} {e.seq} {e.sender}: {e.text}",
    m.Delivered: lambda e: f"delivered {e.conversation} {e.seq} to {e.by}",
    m.Presence: lambda e: f"presence {e.name} {e.state}" + (f" {e.text}" if e.text else ""),
    m.GroupInfo: lambda e: f"group {_position(e.position)}, {e.members} members" + (", created" if e.created else ""),
    m.GroupChange: _change,
    m.MemberList: lambda e: f"members {e.group}: {_listed([_member(member) for member in e.members])}",
    m.GroupList: lambda e: f"groups {_listed([_group(group) for group in e.groups])}",
    m.WhoList: lambda e: f"who {e.count}: {_listed([_member(member) for member in e.people])}",
    m.Person: lambda e: f"person {e.name} {e.role} {e.state} in {_listed(e.groups)}" + (f" {e.text}" if e.text else ""),
    m.InboxList: lambda e: f"inbox {_listed([_position(position) for position in e.conversations])}",
    m.DeviceList: lambda e: f"devices {_listed([str(sessions) for _, sessions in e.devices])}",
    m.Page: lambda e: f"page {e.conversation}: {_listed([f'{x.seq} {x.sender}: {x.text}' for x in e.messages])}"
    + (", more" if e.more else ""),
    mod.ModesChanged: _changed_modes,
    mod.ModeRefused: lambda e: f"refused {_modes([e.change])}: {e.code}",
    mod.GroupModes: lambda e: f"modes of {e.group}: {_modes(e.changes)}",
    mod.MaskList: lambda e: f"masks {e.group} {e.mode}: {_listed([f'{x.mask} by {x.by}' for x in e.masks])}",
    mod.Renamed: lambda e: f"renamed {e.group} to {e.name} by {e.by}" + (f" {e.reason}" if e.reason else ""),
    mod.Redacted: lambda e: f"redacted {e.conversation} {e.seq} by {e.by}" + (f": {e.reason}" if e.reason else ""),
    a.Pages: _pages,
    a.TargetList: lambda e: f"targets {_listed([name for name, _ in e.targets])}",
    a.Marked: lambda e: f"marked {e.conversation} {e.at}",
    mod.Walloped: lambda e: f"walloped by {e.by}: {e.text}",
    p.Arrived: lambda e: f"arrived {e.name} as {e.nick} in {e.groups}" + (", a guest" if e.guest else ""),
    p.PersonChanged: _changed_person,
    p.ProfileIs: _settings,
    p.ProfileList: lambda e: f"found {_profiles(e.people)}" + (", more" if e.more else ""),
    p.PastList: lambda e: f"past {e.nick}: {_profiles(e.people)}",
    p.Counts: lambda e: f"count {e.people} people, {e.groups} groups, {e.most} at most",
    p.Monitored: lambda e: f"monitored {_profiles(e.online)}; not here: {_listed(e.offline)}",
    p.Passing: lambda e: f"passing {e.to} {e.sender}: {e.text or e.tags}",
    p.Passed: lambda e: "passed" + (f", away {e.away}" if e.away else ""),
    p.Metadata: _metadata,
    p.Followed: lambda e: f"followed {_listed(e.keys)}",
    p.Proved: lambda e: f"proved {e.name}",
    m.Done: lambda e: "done",
    m.Pong: lambda e: "pong",
    m.Notice: lambda e: f"notice {e.code}: {e.text}",
    m.Bye: lambda e: f"bye {e.code}",
}  # fmt: skip


def shown(event: Event) -> str:
    """An event as one line of a dialogue."""
    return {**SHOWN, **sealing.SHOWN}[type(event)](event)
