"""Notices as rows of windows: which conversation a thing belongs to, and how urgent it is.

Rule: pure. What is a message is made here; every other text is the one that all faces show (`core/show.py`).
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from clients.core import alerts, inert, progress, show
from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.refusals import ALARM, STOP
from clients.core.style import Style
from clients.core.view import View
from clients.core.windows.windows import EVENT, MENTION, QUIET, TALK, Row

STATES: Final = {"waiting": "…", "sent": "✓", "stored": "✓", "delivered": "✓✓", "passed": "✓"}
GROUPED: Final = (n.Changed, n.ModesSet)
SILENT: Final = (n.AskName, n.AskPassword, n.Connected)


class Placed(NamedTuple):
    """A row and where it belongs."""

    to: str
    row: Row
    level: int


def placed(notice: n.Notice, view: View, now: int) -> list[Placed]:
    """The rows of a notice; `now` in ms."""
    place = _PLACES.get(type(notice))
    return place(notice, view, now) if place else _told(notice, view, now)


def said(notice: n.Said, view: View) -> Row:
    """A message as a row; what is open where the rest is not says so."""
    me = view.me
    text = progress.offered(notice.file, notice.own) if notice.file is not None else inert.text(notice.text)
    mention = not notice.own and mentions(notice.text, me)
    who = inert.name(notice.sender)
    text += show.EDITED if notice.edits else ""
    if notice.security == alerts.PLAIN and _sealed(place_of(notice), view):
        text = f"{alerts.mark(alerts.PLAIN)} {text}"
    return Row(notice.at, who, text, "own" if notice.own else "said", notice.id, "", mention)


def _sealed(to: str, view: View) -> bool:
    """Whether what one writes there is encrypted, as far as is known."""
    talk = next((talk for talk in view.talks if talk.to.casefold() == to.casefold()), None)
    return talk is not None and (talk.encrypted or talk.security not in ("", alerts.PLAIN))


def mentions(text: str, me: str) -> bool:
    """Whether a text has one's name as a word."""
    return bool(me) and re.search(rf"(?<!\w){re.escape(me)}(?!\w)", text, re.IGNORECASE) is not None


def place_of(notice: n.Said) -> str:
    """How one writes to the conversation of a message."""
    return notice.conversation if notice.conversation.startswith("#") else "@" + notice.peer


def _said(notice: n.Said, view: View, now: int) -> list[Placed]:
    row = said(notice, view)
    direct = not notice.conversation.startswith("#")
    level = QUIET if notice.own else MENTION if direct or row.mention else TALK
    return [Placed(place_of(notice), row, level)]


def _passing(notice: n.Passing, view: View, now: int) -> list[Placed]:
    group = notice.to.startswith("#")
    to = notice.to if group or notice.own else "@" + notice.sender
    mention = not notice.own and mentions(notice.text, view.me)
    text = inert.text(notice.text) + " (not kept)"
    row = Row(notice.at, inert.name(notice.sender), text, "own" if notice.own else "said", notice.id, "", mention)
    return [Placed(to, row, QUIET if notice.own else TALK if group and not mention else MENTION)]


def _outcome(notice: n.Outcome, view: View, now: int) -> list[Placed]:
    """The message itself when it is first heard of; a hint where nobody is there to read it."""
    if notice.before:
        return []
    text = inert.text(notice.text) + (show.EDITED if notice.edits else "")
    own = Row(notice.at or now, inert.name(view.me), text, "own", notice.id, STATES[notice.state])
    plain = msgspec.structs.replace(notice, edits=b"")
    hints = show.lines(plain, Style(now=now, me=view.me, focus=notice.to))
    return [Placed(notice.to, own, QUIET), *(Placed(notice.to, Row(now, "", hint, "faint"), QUIET) for hint in hints)]


def _came(notice: n.Came, view: View, now: int) -> list[Placed]:
    """In the lobby, and where one talks with them."""
    kind = "good" if notice.state == "online" else "faint"
    row = [(kind, text) for text in _texts(notice, view, now)]
    places = [a.LOBBY, *(talk.to for talk in view.talks if talk.to.casefold() == f"@{notice.name}".casefold())]
    return [
        Placed(to, Row(now, "", text, kind), EVENT if to == a.LOBBY else QUIET) for to in places for kind, text in row
    ]


def _changed(notice: n.Changed | n.ModesSet | n.TakenAway, view: View, now: int) -> list[Placed]:
    """What happened to a group; its name need not be said in its own window."""
    group = notice.conversation if isinstance(notice, n.TakenAway) else notice.event.group
    gone = isinstance(notice, n.Changed) and notice.me and notice.event.change in ("left", "kicked")
    to = view.focus if gone and notice.event.change == "left" else group if group.startswith("#") else view.focus  # type: ignore[union-attr]
    prefix = f"[{inert.name(group.removeprefix('#'))}] " if to == group else ""
    texts = [text.removeprefix(prefix) for text in _texts(notice, view, now)]
    return [
        Placed(to, Row(now, "", text, "event"), MENTION if getattr(notice, "me", False) else EVENT) for text in texts
    ]


def _refused(notice: n.Refused, view: View, now: int) -> list[Placed]:
    """Where one wrote it, and where one looks: what was not sent is never told in another window only."""
    places = [view.focus]
    if isinstance(notice.intent, i.Tell) and notice.code not in ("no-such-user", "no-such-group", "not-a-member"):
        there = notice.intent.to[0]
        if there.casefold() != view.focus.casefold():
            places.insert(0, there)
    return [Placed(to, Row(now, "", text, "bad"), QUIET) for to in places for text in _texts(notice, view, now)]


def _answered(notice: n.Answered, view: View, now: int) -> list[Placed]:
    """Where one looks; that one is in a group, in its own window."""
    if isinstance(notice.event, a.Page):
        return _page(notice, notice.event, view, now)
    if not isinstance(notice.event, a.GroupInfo) or isinstance(notice.intent, i.Topic):
        return _told(notice, view, now)
    to = notice.event.position.conversation
    return [Placed(to, one.row, one.level) for one in _told(notice, view, now)]


def _found(notice: n.Found, view: View, now: int) -> list[Placed]:
    """What was said earlier, each at its own time."""
    if not notice.messages:
        return _told(notice, view, now)
    return [_earlier(one, view, now) for one in notice.messages]


def _page(notice: n.Answered, page: a.Page, view: View, now: int) -> list[Placed]:
    """The same, from the server."""
    peer = notice.intent.to.removeprefix("@") if isinstance(notice.intent, i.ReadHistory) else ""
    said = [n.Said.of(one, one.sender == view.me, False, peer) for one in page.messages]
    empty = msgspec.structs.replace(notice, event=msgspec.structs.replace(page, messages=[]))
    more = _told(empty, view, now) if page.more or not said else []
    return more + [_earlier(one, view, now) for one in said]


def _earlier(said: n.Said, view: View, now: int) -> Placed:
    """Where it was said, by whom, and what; its time is the row's."""
    texts = _texts(msgspec.structs.replace(said, stored=False), view, now)
    return Placed(view.focus, Row(said.at, "", "\n".join(texts), "event"), QUIET)


def _secure(notice: n.Secure, view: View, now: int) -> list[Placed]:
    """In its conversation, and where one looks if one asked for it; what stops one from sending is urgent."""
    urgent = alerts.kind(notice.code) in (STOP, ALARM)
    kind, level = ("bad", MENTION) if urgent else ("event", EVENT)
    texts = _texts(notice, view, now)
    placed = [Placed(notice.to or view.focus, Row(now, "", text, kind), level) for text in texts]
    if notice.intent is not None and notice.to and notice.to.casefold() != view.focus.casefold():
        placed += [Placed(view.focus, Row(now, "", text, kind), QUIET) for text in texts]
    return placed


def _from_server(notice: n.Told, view: View, now: int) -> list[Placed]:
    """Where one looks; another name of a group, in its own window."""
    told = _told(notice, view, now)
    return [Placed(notice.new, one.row, EVENT) for one in told] if notice.new else told


def _local(notice: n.Local, view: View, now: int) -> list[Placed]:
    if isinstance(notice.intent, i.Focus):
        return []
    return _told(notice, view, now)


def _told(notice: n.Notice, view: View, now: int) -> list[Placed]:
    """Everything else: where one looks."""
    if isinstance(notice, SILENT):
        return []
    kind = "bad" if isinstance(notice, (n.Lost, n.Ended)) else "event"
    return [Placed(view.focus, Row(now, "", text, kind), QUIET) for text in _texts(notice, view, now)]


def _texts(notice: n.Notice, view: View, now: int) -> list[str]:
    return show.lines(notice, Style(now=now, me=view.me, focus=view.focus))


_PLACES: Final[dict[type[n.Notice], Any]] = {
    n.Said: _said,
    n.Passing: _passing,
    n.Outcome: _outcome,
    n.Came: _came,
    n.Changed: _changed,
    n.ModesSet: _changed,
    n.TakenAway: _changed,
    n.Refused: _refused,
    n.Local: _local,
    n.Answered: _answered,
    n.Found: _found,
    n.Secure: _secure,
    n.Told: _from_server,
}
