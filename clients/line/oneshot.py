"""One-shot verbs: send, receive, ask.

Rule: one errand a verb. What all have in common is in `errand.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from clients.core import alerts
from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core import trusting as t
from clients.core.forms import group_name
from clients.core.reading import KEEP, WATCH
from clients.core.show import failure, lines
from clients.core.view import fold
from clients.line import objects
from clients.line.errand import MOMENT
from clients.line.errand import Context as Context
from clients.line.errand import Errand as Errand
from clients.line.errand import exit_code as exit_code

SOON: Final = 2.5  # somebody who is there acknowledges within a second
ASKED: Final = ("GROUP_ASKED", "GROUP_ASKED_BACK")
LET_IN: Final = "GROUP_LET_IN"


class Sending(Errand):
    """`send`: every target's message is accepted, and where it waits for that, delivered.

    `is_open`: who cannot encrypt is written to openly; who can gets it encrypted all the same.
    """

    def __init__(self, context: Context, to: tuple[str, ...], text: str, is_open: bool = False) -> None:
        super().__init__(context)
        self._to, self._text, self._is_open = to, text, is_open
        self._last: dict[bytes, n.Outcome] = {}
        self._open = set(to)
        self._status = 0

    def ready(self, notice: n.Welcomed) -> None:
        """In: send, to people perhaps only when it is settled how."""
        ask = [to for to in self._to if self._is_open and to.startswith("@")]
        for to in ask:
            self.act(i.TalkPlain(to[1:], yes=True))
        now = tuple(to for to in self._to if to not in ask)
        if now:
            self.act(i.Tell(now, self._text))

    def told(self, notice: n.Notice) -> None:
        """How it fares."""
        if not isinstance(notice, n.Outcome) or notice.to not in self._open:
            return
        self._last[notice.id] = notice
        if notice.state in ("delivered", "passed") or (notice.state == "stored" and self.context.wait is None):
            self._settle(notice, notice.state)
        elif notice.state == "sent" and self.context.wait is None:
            self.later(SOON, lambda: self._settle(self._last[notice.id], "stored"))

    def refused(self, notice: n.Refused) -> None:
        """One of them was refused; the others go on."""
        if not isinstance(notice.intent, i.Tell) or notice.intent.to[0] not in self._open:
            super().refused(notice)
            return
        self.failed(failure(notice), objects.refusal(notice))
        self._close(notice.intent.to[0], exit_code(notice.code))

    def secured(self, notice: n.Secure) -> None:
        """It is settled how it goes to somebody; or it does not go."""
        asked = notice.intent
        if isinstance(asked, i.TalkPlain):
            self.act(i.Tell(("@" + asked.name,), self._text))
        elif isinstance(asked, i.Tell) and alerts.status(notice.code):
            text = alerts.sentence(notice, self.context.style())
            if notice.code == "NO_E2EE_KEYS" and notice.detail in alerts.NEVER:
                text += ", or chat send --open"
            self.failed(text, self.secure_row(notice))
            self._close(asked.to[0], alerts.status(notice.code))

    def concerns(self, notice: n.Secure) -> bool:
        """One of the messages was not sent, or it is settled how it goes."""
        asked = notice.intent
        return super().concerns(notice) or (isinstance(asked, i.Tell) and asked.to[0] in self._open)

    def late(self) -> None:
        """What is accepted by now is stored; what is not stays in the outbox."""
        for notice in list(self._last.values()):
            if notice.to in self._open and notice.state in ("sent", "stored"):
                self._settle(notice, "stored", 6)
        for to in sorted(self._open):
            text = f"The message to {to} is not accepted yet; it stays in the outbox and goes out next time."
            if self.context.json:
                self.data(objects.line("sent", to=to, state="queued"))
            self.say(text)
            self._close(to, 9)

    def _settle(self, notice: n.Outcome, state: str, status: int = 0) -> None:
        if notice.to not in self._open:
            return
        if self.context.json:
            self.data(objects.line("sent", **{**objects.outcome(notice), "state": state}))
        elif not self.context.quiet:
            self.data(state if len(self._to) == 1 else f"{notice.to} {state}")
        self._close(notice.to, status)

    def _close(self, to: str, status: int) -> None:
        self._open.discard(to)
        self._status = self._status or status
        if not self._open:
            self.finish(self._status)


class Receiving(Errand):
    """`recv`: print what is unread; it is acknowledged when it has been printed and flushed."""

    receive = KEEP

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._printed = 0
        self._heard = 0
        self._looking = False

    def ready(self, notice: n.Welcomed) -> None:
        """In: the stored messages come by themselves; look whether that was all."""
        self._look()

    def told(self, notice: n.Notice) -> None:
        """A message, or the sign that everything before it has come."""
        if isinstance(notice, n.Said | n.Passing):
            self._heard += 1
            self._print(notice)
        elif isinstance(notice, n.Answered) and isinstance(notice.intent, i.Measure):
            self._looking = False
            self._looked()

    def late(self) -> None:
        """Nothing came, or something did and the end is near anyway."""
        if self._printed:
            self.finish(0)
        else:
            self.fail(9, "timed-out", "No message came in time.")

    def _limited(self) -> bool:
        return self.context.wait is not None

    def _print(self, notice: n.Said | n.Passing) -> None:
        assert self.app is not None
        style = self.context.style()._replace(times="always")
        for text in [_message(notice, self.app.view().me)] if self.context.json else lines(notice, style):
            self.data(text)
        self._printed += 1
        if self._printed == self.context.most:
            self.app.stop_receiving()
            self.finish(0)
        elif not self._looking:
            self._look()

    def _look(self) -> None:
        self._looking = True
        self.act(i.Measure())

    def _looked(self) -> None:
        """Everything that was on its way has come; is anything stored still to come?"""
        assert self.app is not None
        if self.app.session.behind():
            heard = self._heard
            self.later(MOMENT, lambda: self.finish(0) if heard == self._heard and self._enough() else self._look())
        elif self._enough():
            self.finish(0)

    def _enough(self) -> bool:
        return self._printed > 0 or self.context.wait is None


class Tailing(Errand):
    """`tail`: the last messages of one conversation, and with `-f` what comes. Nothing is acknowledged."""

    receive = WATCH

    def __init__(self, context: Context, to: str) -> None:
        super().__init__(context)
        self._to = to
        self._seen: int | None = None
        self._ids: set[bytes] = set()
        self._early: list[n.Said | n.Passing] = []

    def ready(self, notice: n.Welcomed) -> None:
        """In: the last ones first."""
        self.act(i.ReadHistory(self._to, min(self.context.most or 10, 500)))

    def told(self, notice: n.Notice) -> None:
        """The page, then what comes after it."""
        if isinstance(notice, n.Answered) and isinstance(notice.event, a.Page):
            assert self.app is not None
            me = self.app.view().me
            self._page([objects.paged(one, me) for one in notice.event.messages])
        elif isinstance(notice, n.Found):
            self._page(list(notice.messages))
        elif isinstance(notice, n.Said | n.Passing) and self._is_here(notice):
            self._early.append(notice)
            if self._seen is not None:
                self._catch_up()

    def _limited(self) -> bool:
        return not self.context.follow

    def _page(self, messages: list[n.Said]) -> None:
        self._seen = max((said.seq for said in messages), default=0)
        self._ids = {said.id for said in messages}
        for said in messages:
            self._print(said)
        if self.context.follow:
            self._catch_up()
        else:
            self.finish(0)

    def _catch_up(self) -> None:
        early, self._early = self._early, []
        for said in early:
            if isinstance(said, n.Passing):
                if said.id not in self._ids:  # what guests say can be read back for a while
                    self._print(said)
            elif said.seq > (self._seen or 0):
                self._seen = said.seq
                self._print(said)
        self.flush()

    def _is_here(self, said: n.Said | n.Passing) -> bool:
        if isinstance(said, n.Passing):
            private = not said.to.startswith("#")
            return fold("@" + said.sender if private and not said.own else said.to) == fold(self._to)
        if self._to.startswith("#"):
            return fold(said.conversation) == fold(self._to)
        return not said.conversation.startswith("#") and fold(said.peer) == fold(self._to[1:])

    def _print(self, said: n.Said | n.Passing) -> None:
        assert self.app is not None
        style = self.context.style()._replace(times="always", me=self.app.view().me)
        for text in [_message(said, style.me)] if self.context.json else lines(said, style):
            self.data(text)


class Asking(Errand):
    """One question, one answer: `who`, `groups`, `group`, `history`, `inbox`, `devices`, `keys`, `report`."""

    def __init__(self, context: Context, intent: i.Intent) -> None:
        super().__init__(context)
        self._intent = intent
        if isinstance(intent, i.ReadInbox):
            self.receive = WATCH  # only this device can tell what of its mail is a message, and from whom

    def ready(self, notice: n.Welcomed) -> None:
        """In: ask."""
        self.act(self._intent)

    def told(self, notice: n.Notice) -> None:
        """The answer."""
        if isinstance(notice, ANSWERS) or (isinstance(notice, n.Local) and notice.intent == self._intent):
            self.print(notice)
            self.finish(self.status(notice))

    def known(self, notice: n.Secure) -> bool:
        """A device that waits is in the table, or is the one that is dealt with; so is a new beginning."""
        return notice.code in _KNOWN.get(type(self._intent), ())

    def print(self, notice: n.Notice) -> None:
        """An answer as the result."""
        assert self.app is not None
        me = self.app.view().me
        style = self.context.style()._replace(me=me)
        for text in objects.lines(notice, me) if self.context.json else lines(notice, style):
            self.data(text)

    def status(self, notice: n.Notice) -> int:
        """The exit status of an answer."""
        return 0


class Joining(Asking):
    """`group`: 0 when one is in, or has asked; with `--wait` 6 as long as nobody has let one in."""

    def __init__(self, context: Context, intent: i.JoinGroup) -> None:
        super().__init__(context, intent)
        self._waits: n.Secure | None = None

    def concerns(self, notice: n.Secure) -> bool:
        """Also that one is in, long after one has asked."""
        return super().concerns(notice) or notice.code == LET_IN

    def secured(self, notice: n.Secure) -> None:
        """One has asked: a member's program lets one in, in a moment or another day."""
        if notice.code in ASKED:
            self._waits = notice
            if self.context.wait is None:
                self.later(SOON, self.late)
        else:
            super().secured(notice)

    def late(self) -> None:
        """Nobody was there who lets one in."""
        if self._waits is None:
            super().late()
            return
        if self.context.json:
            self.data(objects.line("group", state="asked", conversation=self._waits.detail))
        else:
            self.data(alerts.sentence(self._waits, self.context.style()))
        self.finish(0 if self.context.wait is None else 6)


class Verifying(Asking):
    """`verify`: 0 for somebody whose key was compared (or vouched for by who was), 8 for anybody else."""

    def status(self, notice: n.Notice) -> int:
        """Whether one may be sure."""
        sure = isinstance(notice, n.Compare) and notice.trust in (alerts.VERIFIED, alerts.VOUCHED)
        return 0 if sure else 8


class Password(Asking):
    """`passwd`: `old` is asked for only where the server wants it."""

    def __init__(self, context: Context, new: str, old: Callable[[], str | None]) -> None:
        super().__init__(context, i.ChangePassword(new))
        self._new, self._old = new, old

    def refused(self, notice: n.Refused) -> None:
        """There is a password already, and it is needed."""
        asked = notice.intent
        old = self._old() if isinstance(asked, i.ChangePassword) and not asked.old else None
        if notice.code == "login-refused" and old:
            self.act(i.ChangePassword(self._new, old))
        else:
            super().refused(notice)


class Linking(Errand):
    """`link`: being in is all there is to do; a device that lists others is then told to list this one, too."""

    def ready(self, notice: n.Welcomed) -> None:
        """In."""
        if self.context.json:
            self.data(objects.line("linked", name=notice.name))
        else:
            self.data(f"This device belongs to {notice.name} now.")
        self.later(SOON, self.finish)

    def concerns(self, notice: n.Secure) -> bool:
        """Whether it is listed, and what to do for that."""
        return notice.code in ("DEVICE_NOT_LISTED", "DEVICE_LISTED")

    def secured(self, notice: n.Secure) -> None:
        """The last thing to know."""
        row = self.secure_row(notice)
        self.data(row if self.context.json else alerts.sentence(notice, self.context.style()))
        self.finish(0)


def _message(said: n.Said | n.Passing, me: str) -> str:
    if isinstance(said, n.Passing):
        return objects.line("passing", **objects.passing(said, me))
    return objects.line("message", **objects.message(said, me))


_KNOWN: Final[dict[type[i.Intent], tuple[str, ...]]] = {
    **dict.fromkeys((i.ListDevices, i.AddDevice, i.RevokeDevice, i.Recover), ("DEVICE_OFFERED",)),
    i.ResetKeys: ("RESET_BEGUN", "RESET_STOPPED"),
}
ANSWERS: Final = (n.Answered, n.Found, n.Compare, n.OwnDevices, n.KeysStatus, n.RecoveryCode)

SIMPLE: Final[dict[str, Callable[[list[str], int | None], i.Intent | None]]] = {
    "who": lambda words, count: i.ListPeople(),
    "groups": lambda words, count: i.ListGroups(),
    "inbox": lambda words, count: i.ReadInbox(),
    "devices": lambda words, count: t.devices(" ".join(words)),
    "keys": lambda words, count: t.keys(" ".join(words)),
    "verify": lambda words, count: t.verify(" ".join(words)),
    "report": lambda words, count: t.report(" ".join(words)),
    "history": lambda words, count: i.ReadHistory(words[0], min(count or 50, 500)),
}


def intent(verb: str, words: list[str], count: int | None = None) -> i.Intent | None:
    """What a verb asks for, if its words fit."""
    return SIMPLE[verb](words, count)


def errand(verb: str, words: list[str], context: Context, **more: Any) -> Errand:
    """The errand of a verb. `more`: what it was given besides, see `__main__.py`."""
    is_open = more.get("open", False)
    if verb == "send":
        to = tuple("@" + name.lstrip("@") for name in words[0].split(",")) if words[0][0] == "@" else (words[0],)
        return Sending(context, tuple(dict.fromkeys(to)), words[1], is_open)
    if verb == "recv":
        return Receiving(context)
    if verb == "tail":
        return Tailing(context, words[0])
    if verb == "passwd":
        return Password(context, more["new"], more["old"])
    if verb == "link":
        return Linking(context)
    if verb == "group":
        return Joining(context, i.JoinGroup(group_name(words[0]), open=is_open))
    asked = intent(verb, words, context.most)
    assert asked is not None, "the options have looked"
    if isinstance(asked, i.Recover | i.ResetKeys) and "secret" in more:
        secret = more["secret"]
        asked = i.ResetKeys(secret) if isinstance(asked, i.ResetKeys) else i.Recover(t.code(secret))
    return Verifying(context, asked) if isinstance(asked, i.Verify) and not asked.answer else Asking(context, asked)
