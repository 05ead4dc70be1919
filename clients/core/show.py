"""Notices as lines of text: the seed's words, inert whatever came in, in colour where that is wanted.

Rule: pure. Everything from the network goes through `inert` here; the colours are put round it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from clients.core import alerts, blocks, inert, modes, progress
from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.moving import Files, Moving
from clients.core.style import Style as Style
from clients.core.style import clock as clock
from clients.core.trust import grouped
from clients.core.view import peer_of

EDITED: Final = " (edited)"


def lines(notice: n.Notice, style: Style) -> list[str]:
    """What to print for a notice; nothing for some."""
    show = _NOTICES.get(type(notice))
    return show(notice, style) if show else []


def failure(notice: n.Refused) -> str:
    """A refusal in one sentence, in the seed's words where it has some."""
    intent = notice.intent
    if notice.code == "no-such-user":
        wanted = _wanted(intent)
        if wanted:
            return f"Requested user <<{wanted}>> not found! Please choose another." + _near(notice)
    if isinstance(intent, i.Tell) and notice.code in ("no-such-group", "not-a-member", "no-external"):
        group = inert.name(intent.to[0].removeprefix("#"))
        text = f"Cannot send message. Group '{group}' does not exist or you are not a member. `/group {group}` to join."
        return text + _near(notice)
    shown = inert.text(notice.text)
    return shown if isinstance(intent, i.Problem) else shown + _near(notice)


def _wanted(intent: i.Intent | None) -> str:
    """The name somebody was looked for by."""
    if isinstance(intent, i.Tell):
        return inert.name(intent.to[0].removeprefix("@"))
    if isinstance(intent, i.ReadHistory):
        return inert.name(intent.to.removeprefix("@"))
    return inert.name(intent.name) if isinstance(intent, i.AskAbout | i.InviteTo) else ""


def _near(notice: n.Refused) -> str:
    return " Did you mean " + " or ".join(map(inert.name, notice.near)) + "?" if notice.near else ""


def _group(name: str) -> str:
    return inert.name(name.removeprefix("#"))


def _stamp(style: Style, at: int, stored: bool) -> str:
    if not stored and style.times != "always":
        return ""
    return style.paint("faint", clock(at, style.now)) + " "


def _said(notice: n.Said, style: Style) -> list[str]:
    stamp = _stamp(style, notice.at, notice.stored)
    text = inert.text(notice.text) if notice.file is None else progress.offered(notice.file, notice.own)
    sender = style.paint("you", "You") if notice.own else style.paint("name", inert.name(notice.sender))
    if notice.conversation == a.LOBBY:
        mark = ""
    elif notice.conversation.startswith("#"):
        mark = f"[{_group(notice.conversation)}] "
    else:
        mark = f"(Private to {inert.name(notice.peer)}) " if notice.own else "(Private) "
    trust = _trust_mark(notice.security, notice.conversation, style)
    sender += EDITED if notice.edits else ""
    gap = alerts.shown(n.Secure("GAP", notice.sender, number=notice.missing), style) if notice.missing else []
    return [*gap, *f"{stamp}{trust}{mark}{sender}: {text}".split("\n")]


def _trust_mark(security: str, to: str, style: Style) -> str:
    """What is not encrypted says so on each line, save in the lobby, which is open to everybody; see docs/trust.md."""
    if not style.marks or to == a.LOBBY or not (security == alerts.PLAIN or style.verbose):
        return ""
    return style.paint("bad" if security == alerts.PLAIN else "faint", alerts.mark(security)) + " "


_AMONG: Final = {"v": "those with a voice", "h": "operators", "o": "operators", "a": "admins", "q": "owners"}


def _passing(notice: n.Passing, style: Style) -> list[str]:
    """What is kept nowhere: nobody should look for it later."""
    group, to = notice.to.startswith("#"), inert.name(notice.to[1:])
    among = f"To {_AMONG.get(notice.least, 'some')}, not kept" if notice.least else "Not kept"
    mark = f"[{to}] ({among})" if group else f"(Private to {to}, not kept)" if notice.own else "(Private, not kept)"
    sender = style.paint("you", "You") if notice.own else style.paint("name", inert.name(notice.sender))
    trust = _trust_mark(alerts.PLAIN, notice.to, style)
    return f"{_stamp(style, notice.at, False)}{trust}{mark} {sender}: {inert.text(notice.text)}".split("\n")


def _taken_away(notice: n.TakenAway, style: Style) -> list[str]:
    where = f" in group '{_group(notice.conversation)}'" if notice.conversation.startswith("#") else ""
    reason = f": {inert.line(notice.reason)}" if notice.reason else "."
    return [style.paint("faint", f"{inert.name(notice.by)} took a message away{where}{reason}")]


def _outcome(notice: n.Outcome, style: Style) -> list[str]:
    to = inert.name(notice.to[1:])
    direct = notice.to.startswith("@")
    if notice.state == "waiting":
        return [style.paint("bad", "Not connected: this waits here and is sent when the server is back.")]
    if notice.state == "delivered" and notice.before:
        told = direct and (notice.before == "stored" or style.verbose)
        return [style.paint("faint", f"{to} has your message now.")] if told else []
    if notice.to == a.LOBBY and notice.state != "passed" and not notice.edits:
        return []
    mark = f"(Private to {to}) " if direct else f"[{to}] " if notice.to != a.LOBBY else ""
    if notice.state == "passed":
        mark = f"(Private to {to}, not kept) " if direct else f"[{to}] (To operators, not kept) "
    trust = _trust_mark(notice.security, notice.to, style)
    you = style.paint("you", "You") + (EDITED if notice.edits else "")
    shown = f"{trust}{mark}{you}: {inert.text(notice.text)}".split("\n")
    if notice.to == style.focus and not notice.edits:
        heard = f"{to} has heard that" if direct else f"Only the operators of group '{to}' have heard that"
        shown = [style.paint("faint", f"{heard}; it is not kept.")] if notice.state == "passed" else []
    if notice.state == "stored" and notice.to != a.LOBBY:
        who = f"{to} is currently inactive." if direct else f"Nobody else of group '{to}' is here."
        shown.append(f"{who} Message will be delivered when they reconnect.")
    return shown


def _welcomed(notice: n.Welcomed, style: Style) -> list[str]:
    shown = ["Connected again."] if notice.again else ["Welcome to chat room. Enter 'tata' anytime to exit"]
    shown = [style.paint("good", shown[0])]
    if notice.guest and not notice.again:
        shown.append("You are a guest: the lobby and open groups only, and no mail.")
    if not notice.again:
        shown.append(_here(notice))
    if notice.unread:
        unread = ", ".join(f"{inert.name(to)} {count}" for to, count in notice.unread)
        shown.append(f"Unread: {unread}")
    if notice.waiting:
        shown.append(f"Sending {notice.waiting} message{'s' if notice.waiting > 1 else ''} that waited here.")
    return shown


def _here(notice: n.Welcomed) -> str:
    names = sorted(map(inert.name, notice.present), key=str.lower)
    if not names:
        return "Nobody else is here now."
    more = len(names) - 20
    return "Here now: " + ", ".join(names[:20]) + (f" and {more} more" if more > 0 else "")


def _came(notice: n.Came, style: Style) -> list[str]:
    who = inert.name(notice.name)
    if notice.state == "offline":
        return [style.paint("bad", f"{who} left the conversation")]
    if notice.state == "lost":
        return [style.paint("bad", f"{who} left the conversation unexpectedly")]
    if notice.state == "away":
        return [style.paint("faint", f"{who} is away: {inert.line(notice.text)}".removesuffix(": "))]
    if notice.before == "away":
        return [style.paint("faint", f"{who} is back")]
    return [style.paint("good", f"{who} joined the conversation")] if notice.before == "offline" else []


_CHANGES: Final = {
    "joined": "{name} joined the group",
    "left": "{name} left the group",
    "kicked": "{name} {was} removed from the group by {by}",
    "invited": "{by} invited {name}",
    "role": "{name} {is_} now {text} of the group",
    "topic": "{by} set the topic: {text}",
    "private": "{by} made the group private",
    "open": "{by} opened the group to everybody",
    "announce": "{by} let only operators write here from now on",
    "talk": "{by} lets everybody write here again",
}


def _changed(notice: n.Changed, style: Style) -> list[str]:
    event = notice.event
    name, by = ("You" if notice.me else inert.name(event.name)), inert.name(event.by or event.name)
    words = _CHANGES.get(event.change, "{by}: {change}")
    told = words.format(
        change=inert.line(event.change),
        name=name,
        by=by,
        text=inert.line(event.text),
        was="were" if notice.me else "was",
        is_="are" if notice.me else "is",
    )
    if event.text and event.change in ("left", "kicked"):
        told += f": {inert.line(event.text)}"
    kind = "bad" if event.change in ("left", "kicked") else "good" if event.change == "joined" else "faint"
    return [style.paint(kind, f"[{_group(event.group)}] {told}")]


def _modes_set(notice: n.ModesSet, style: Style) -> list[str]:
    """Somebody else's change; what is told as a change of the group already is left out."""
    event = notice.event
    news = [change for change in event.changes if change.mode not in modes.TOLD]
    by = "You" if event.by == style.me else inert.name(event.by or "The server")
    return (
        [style.paint("faint", f"[{_group(event.group)}] {by} set {inert.line(modes.sentence(news))}")] if news else []
    )


def _lost(notice: n.Lost, style: Style) -> list[str]:
    if notice.still and not style.verbose:
        return []
    wait = f"Trying again in {max(1, round(notice.retry))} s."
    reason = inert.line(notice.reason)
    stop = "" if reason.endswith((".", "!", "?", ":")) else "."
    return [style.paint("bad", "DISCONNECTED!!"), f"{reason}{stop} {wait}"]


def _ended(notice: n.Ended, style: Style) -> list[str]:
    if notice.code == "left":
        return [style.paint("bad", "DISCONNECTED!!")]
    if notice.code == "unreachable":
        return [style.paint("bad", f"Can't connect to the server: {inert.line(notice.text)}")]
    return [style.paint("bad", part) for part in inert.text(notice.text).split("\n") if part]


def _trust(notice: n.AskTrust, style: Style) -> list[str]:
    return [
        f"The certificate of {inert.line(notice.server)} is not known here, and this system does not vouch for it.",
        f"  SHA-256 {grouped(notice.fingerprint)}",
        "Compare it with the one that whoever runs the server gave you.",
    ]


def _connected(notice: n.Connected, style: Style) -> list[str]:
    if not style.verbose:
        return []
    security = notice.security
    if security.how == "none":
        return ["Connected without TLS."]
    return [f"Connected by {security.version}, certificate {security.how}, SHA-256 {grouped(security.fingerprint)}."]


def _found(notice: n.Found, style: Style) -> list[str]:
    shown = [row for said in notice.messages for row in _said(said, style._replace(times="always"))]
    return shown or ["Nothing found." if notice.text else "Nothing is kept here."]


# ---- answers ----


def _answered(notice: n.Answered, style: Style) -> list[str]:
    show = _ANSWERS.get(type(notice.event))
    return show(notice, notice.event, style) if show else []


def _group_info(notice: n.Answered, event: a.GroupInfo, style: Style) -> list[str]:
    group = _group(event.position.conversation)
    topic = inert.line(event.position.topic)
    if isinstance(notice.intent, i.Topic):
        if notice.intent.topic is not None:
            return [f"The topic of group '{group}' is now: {topic}"]
        return [f"Topic of group '{group}': {topic}" if topic else f"Group '{group}' has no topic."]
    if notice.known:
        return [f"You are already in group '{group}'."]
    told = f"Group '{group}' created successfully." if event.created else f"Joined group '{group}' successfully."
    return [style.paint("good", told), *([f"Topic: {topic}"] if topic else [])]


def _person(member: a.Member) -> str:
    """A name with its role and state, where they are not the usual ones."""
    marks = [mark for mark in (member.role, member.state) if mark not in ("student", "member", "online", "")]
    return inert.name(member.name) + (f" ({', '.join(map(inert.line, marks))})" if marks else "")


def _members(notice: n.Answered, event: a.MemberList, style: Style) -> list[str]:
    people = ", ".join(_person(member) for member in event.members)
    return [f"Members of group '{_group(event.group)}': {people}"]


def _groups(notice: n.Answered, event: a.GroupList, style: Style) -> list[str]:
    shown = []
    for group in event.groups:
        marks = [word for word, on in (("joined", group.joined), ("private", group.private)) if on]
        marks += ["announcements"] if group.announce else []
        tail = f"  {inert.line(group.topic)}" if group.topic else ""
        note = f" ({', '.join(marks)})" if marks else ""
        shown.append(f"{_group(group.group)}: {group.members} member{'' if group.members == 1 else 's'}{note}{tail}")
    return shown or ["There are no groups yet. `/group g` makes one."]


def _who(notice: n.Answered, event: a.WhoList, style: Style) -> list[str]:
    people = ", ".join(sorted(map(_person, event.people), key=str.lower))
    more = event.count - len(event.people)
    return [f"Here now ({event.count}): {people}" + (f" and {more} more" if more > 0 else "")]


def _whois(notice: n.Answered, event: a.Person, style: Style) -> list[str]:
    role = "guest" if event.guest else inert.line(event.role)
    text = f": {inert.line(event.text)}" if event.text else ""
    groups = f"; groups: {', '.join(map(_group, event.groups))}" if event.groups else ""
    return [f"{inert.name(event.name)} ({role}) is {inert.line(event.state)}{text}{groups}"]


def _modes(notice: n.Answered, event: a.GroupModes, style: Style) -> list[str]:
    if not event.changes:
        return [f"Group '{_group(event.group)}' has no modes."]
    shown = [f"Modes of group '{_group(event.group)}': {inert.line(modes.letters(event.changes))}"]
    meant = [(change.mode, modes.meaning(change)) for change in event.changes]
    return shown + [f"  {inert.line(letter)}  {inert.line(words)}" for letter, words in meant if words]


def _modes_changed(notice: n.Answered, event: a.ModesChanged, style: Style) -> list[str]:
    group = _group(event.group)
    return [
        f"[{group}] You set {inert.line(modes.sentence(event.changes))}" if event.changes else "Nothing was changed."
    ]


def _masks(notice: n.Answered, event: a.MaskList, style: Style) -> list[str]:
    title = modes.LISTS.get(event.mode, "Masks of group '{group}'").format(group=_group(event.group))
    if not event.masks:
        return [f"{title}: nobody."]
    rows = [f"  {inert.line(mask.mask)}  by {inert.name(mask.by)}, {clock(mask.at, style.now)}" for mask in event.masks]
    return [f"{title}:", *rows]


def _inbox(notice: n.Answered, event: a.InboxList, style: Style) -> list[str]:
    shown = []
    for position in event.conversations:
        unread = position.head - max(position.cursor, position.floor)
        if unread > 0 and position.conversation != a.LOBBY:
            peer = peer_of(position.conversation, style.me)
            to = inert.name("@" + peer if peer else position.conversation)
            shown.append(f"{to}: {unread} unread")
    return shown or ["Nothing is unread."]


def _devices(notice: n.Answered, event: a.DeviceList, style: Style) -> list[str]:
    return [f"{inert.line(device)}: {count} session{'' if count == 1 else 's'}" for device, count in event.devices]


_FATES: Final = {
    "acknowledged": ("has it", "has had it since {}"), "sent": ("is here, and has not confirmed it",) * 2,
    "behind": ("reads slowly; it is on its way",) * 2, "away": ("is away", "is away, last here {}"),
    "disabled": ("has an account that is disabled",) * 2,
}  # fmt: skip


def _explained(notice: n.Answered, event: a.Explained, style: Style) -> list[str]:
    """What became of a message of one's own."""
    peer = peer_of(event.conversation, style.me)
    to = inert.name("@" + peer if peer else event.conversation)
    accepted = clock(event.at, style.now)
    which = str(event.seq) if event.seq else "(encrypted)"
    shown = [f"{to} {which}: accepted {accepted}" + (", on disk" if event.written else "")]
    for reader in event.readers:
        bare, timed = _FATES.get(reader.state, ("", ""))
        words = timed.format(clock(reader.at, style.now)) if reader.at else bare
        shown.append(f"  {inert.name(reader.name)} {words or inert.line(reader.state)}")
    return shown if event.readers else [*shown, "  there is nobody to read it"]


def _page(notice: n.Answered, event: a.Page, style: Style) -> list[str]:
    peer = notice.intent.to.removeprefix("@") if isinstance(notice.intent, i.ReadHistory) else ""
    always = style._replace(times="always")
    shown = [row for message in event.messages for row in _said(_paged(message, style.me, peer), always)]
    more = ["(there is more before this: /history with a larger number)"] if event.more else []
    return [*more, *shown] or ["There are no messages yet."]


def _paged(message: a.Message, me: str, peer: str) -> n.Said:
    """A message of a page as if it had come."""
    return n.Said.of(message, message.sender == me, True, peer)


_ONLY_OPERATORS: Final = "Only operators write to group '{group}' now."
_EVERYBODY: Final = "Everybody writes to group '{group}' again."
_DONE: Final[dict[type[i.Intent], str]] = {
    i.LeaveGroup: "You left group '{group}'.",
    i.InviteTo: "{name} is invited to group '{group}'.",
    i.KickFrom: "{name} was removed from group '{group}'.",
    i.GiveRole: "{name} is now {role} of group '{group}'.",
    i.ChangePassword: "The password is set.",
    i.ReportOpen: "Staff have your report.",
}


def _done(notice: n.Answered, event: a.Done, style: Style) -> list[str]:
    intent = notice.intent
    if isinstance(intent, i.GoAway):
        return ["You are away. /back ends it." if intent.text else "You are back."]
    if isinstance(intent, i.Announce):
        return [(_ONLY_OPERATORS if intent.on else _EVERYBODY).format(group=_group(intent.group))]
    group, name = _group(getattr(intent, "group", "") or style.focus), inert.name(getattr(intent, "name", ""))
    words = _DONE.get(type(intent))
    return [words.format(group=group, name=name, role=getattr(intent, "role", ""))] if words else []


_ANSWERS: Final[dict[type[Any], Callable[[n.Answered, Any, Style], list[str]]]] = {
    a.GroupInfo: _group_info,
    a.MemberList: _members,
    a.GroupList: _groups,
    a.WhoList: _who,
    a.Person: _whois,
    a.GroupModes: _modes,
    a.ModesChanged: _modes_changed,
    a.MaskList: _masks,
    a.InboxList: _inbox,
    a.DeviceList: _devices,
    a.Page: _page,
    a.Explained: _explained,
    a.Done: _done,
}

_NOTICES: Final[dict[type[n.Notice], Callable[[Any, Style], list[str]]]] = {
    n.Said: _said,
    n.Passing: _passing,
    n.TakenAway: _taken_away,
    n.Outcome: _outcome,
    n.Welcomed: _welcomed,
    n.Came: _came,
    n.Changed: _changed,
    n.ModesSet: _modes_set,
    n.Lost: _lost,
    n.Ended: _ended,
    n.AskTrust: _trust,
    n.Connected: _connected,
    n.Found: _found,
    n.Answered: _answered,
    n.Secure: alerts.shown,
    n.Compare: blocks.compare,
    n.CompareShort: blocks.compare_short,
    n.OwnDevices: blocks.devices,
    n.KeysStatus: blocks.keys,
    n.RecoveryCode: blocks.recovery,
    n.Refused: lambda notice, style: [style.paint("bad", part) for part in failure(notice).split("\n")],
    n.Told: lambda notice, style: [f"Server: {part}" for part in inert.text(notice.text).split("\n")],
    Moving: progress.shown,
    Files: progress.listed,
    n.Local: lambda notice, style: [inert.line(part) for part in notice.lines],
}
