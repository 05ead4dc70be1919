"""One-shot verbs: connect, do one thing, print what came of it, go with an exit status.

Rule: standard output is data only. An errand is a face: it asks nothing it cannot be answered, does not care about
standard input, and ends by itself. The way out is always `finish`, which says goodbye first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.app import App, Clock
from clients.core.face import Gone
from clients.core.forms import group_name
from clients.core.reading import KEEP, SKIP, WATCH
from clients.core.show import Style, failure, lines
from clients.core.view import fold
from clients.line import objects
from clients.line.face import EXITS
from clients.line.plain import Output

LIMIT: Final = 30.0
MOMENT: Final = 1.0
SOON: Final = 2.5  # somebody who is there acknowledges within a second
NO_SUCH: Final = frozenset({"no-such-user", "no-such-group"})
NO_ENTRY: Final = frozenset({
    "not-logged-in", "login-refused", "name-taken", "bad-name", "registration-closed", "invitation-needed",
    "bad-invitation", "guests-refused", "throttled", "version", "ended-elsewhere", "too-many-sessions",
    "too-many-devices",
})  # fmt: skip
OTHER: Final = frozenset({"busy", "malformed", "unknown-command", "not-connected", "bad-id"})


def exit_code(code: str) -> int:
    """The exit status for a refusal."""
    if code in NO_SUCH:
        return 5
    if code in NO_ENTRY:
        return 4
    return 1 if code in OTHER else 7


class Context(NamedTuple):
    """What an errand works with. `done` takes the exit status; `ask` asks yes or no (None: nobody can be asked)."""

    output: Output
    clock: Clock
    style: Callable[[], Style]
    done: Callable[[int], None]
    ask: Callable[[str], bool] | None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    wait: float | None = None
    most: int | None = None
    follow: bool = False


class Errand:
    """What every verb does: get in, and get out."""

    receive = SKIP

    def __init__(self, context: Context) -> None:
        self.context = context
        self.app: App | None = None
        self._code: int | None = None
        self._refused = False
        self._in = False

    def begin(self, app: App) -> None:
        """Join the App, and connect."""
        self.app = app
        limit = LIMIT if self.context.wait is None else max(self.context.wait, MOMENT)
        self.context.clock.callLater(limit, self._late)
        app.start()

    def ready(self, notice: n.Welcomed) -> None:
        """The login is done."""

    def told(self, notice: n.Notice) -> None:
        """Anything else that is told after the login."""

    def over(self) -> None:
        """The last chance to print."""

    def late(self) -> None:
        """The time is over."""
        self.fail(9, "timed-out", "There was no answer in time.")

    def _late(self) -> None:
        if self._code is not None or (self._in and not self._limited()):
            return
        if self._in:
            self.late()
        else:
            self.fail(9, "timed-out", "The server did not let us in in time.")

    def _limited(self) -> bool:
        """Whether the time limit holds after the login too."""
        return True

    # ---- a face ----

    def notice(self, notice: n.Notice) -> None:
        """Hear what happens."""
        if isinstance(notice, n.Ended):
            self._ended(notice)
        elif self._code is not None:
            return
        elif isinstance(notice, n.Welcomed):
            if not self._in:
                self._in = True
                self.ready(notice)
        elif isinstance(notice, n.Refused):
            self.refused(notice)
        elif isinstance(notice, n.AskName):
            text = notice.text or "A username is needed: --server USER@HOST."
            self.fail(4, notice.code or "login-refused", text)
        elif isinstance(notice, n.AskTrust):
            self._wants_trust(notice)
        elif isinstance(notice, n.Connected):
            if self.context.verbose:
                self.say(*lines(notice, self.context.style()._replace(verbose=True)))
        elif self._in:
            self.told(notice)

    def flush(self) -> None:
        """Everything is out."""
        self.context.output.flush()

    # ---- what verbs use ----

    def act(self, intent: i.Intent) -> None:
        """Ask for something."""
        if self.app is not None:
            self.app.act(intent)

    def data(self, text: str) -> None:
        """A line of the result."""
        self.context.output.line(text)

    def say(self, *texts: str) -> None:
        """Lines that are not the result."""
        for text in texts:
            self.context.output.line(text, problem=True)

    def later(self, delay: float, call: Callable[[], None]) -> None:
        """Call after so many seconds, unless it is over by then."""
        self.context.clock.callLater(delay, lambda: None if self._code is not None else call())

    def finish(self, code: int = 0) -> None:
        """Go, with this exit status."""
        if self._code is None:
            self._code = code
            self.act(i.Leave())

    def fail(self, status: int, code: str, text: str, row: str = "") -> None:
        """Say why not, and go."""
        if self.context.json:
            self.data(row or objects.error(code, text))
        else:
            self.say(text)
        self._refused = True
        self.finish(status)

    def refused(self, notice: n.Refused) -> None:
        """The server will not."""
        self.fail(exit_code(notice.code), notice.code, failure(notice), objects.refusal(notice))

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.finish(130)

    def _wants_trust(self, notice: n.AskTrust) -> None:
        ask = self.context.ask
        self.say(*lines(notice, self.context.style()))
        if ask is not None and self.app is not None:
            self.app.trust(ask("Is it the same (yes or no)? "))
            return
        text = "Nothing was sent. If this is the right fingerprint, give --trust-new once."
        row = objects.error("untrusted", text, server=notice.server, fingerprint=notice.fingerprint)
        self.fail(4, "untrusted", text, row)

    def _ended(self, notice: n.Ended) -> None:
        if self._code is None and not self._refused and notice.text:
            status = EXITS.get(notice.code, 1)
            text = "\n".join(lines(notice, self.context.style()))
            self.fail(status, notice.code, text, objects.error(notice.code, notice.text))
        self.over()
        with suppress(Gone):
            self.flush()
        self.context.done(EXITS.get(notice.code, 1) if self._code is None else self._code)


class Sending(Errand):
    """`send`: every target's message is accepted, and where it waits for that, delivered."""

    def __init__(self, context: Context, to: tuple[str, ...], text: str) -> None:
        super().__init__(context)
        self._to, self._text = to, text
        self._last: dict[bytes, n.Outcome] = {}
        self._open = set(to)
        self._status = 0

    def ready(self, notice: n.Welcomed) -> None:
        """In: send."""
        self.act(i.Tell(self._to, self._text))

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
        if self.context.json:
            self.data(objects.refusal(notice))
        else:
            self.say(failure(notice))
        self._close(notice.intent.to[0], exit_code(notice.code))

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
    """One question, one answer: `who`, `groups`, `group`, `history`, `inbox`, `devices`."""

    def __init__(self, context: Context, intent: i.Intent) -> None:
        super().__init__(context)
        self._intent = intent

    def ready(self, notice: n.Welcomed) -> None:
        """In: ask."""
        self.act(self._intent)

    def told(self, notice: n.Notice) -> None:
        """The answer."""
        if not isinstance(notice, n.Answered):
            return
        assert self.app is not None
        me = self.app.view().me
        style = self.context.style()._replace(me=me)
        for text in objects.lines(notice, me) if self.context.json else lines(notice, style):
            self.data(text)
        self.finish(0)


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
    """`link`: being in is all there is to do."""

    def ready(self, notice: n.Welcomed) -> None:
        """In."""
        if self.context.json:
            self.data(objects.line("linked", name=notice.name))
        else:
            self.data(f"This device belongs to {notice.name} now.")
        self.finish(0)


def _message(said: n.Said | n.Passing, me: str) -> str:
    if isinstance(said, n.Passing):
        return objects.line("passing", **objects.passing(said, me))
    return objects.line("message", **objects.message(said, me))


SIMPLE: Final[dict[str, Callable[[list[str], int | None], i.Intent]]] = {
    "who": lambda words, count: i.ListPeople(),
    "groups": lambda words, count: i.ListGroups(),
    "inbox": lambda words, count: i.ReadInbox(),
    "devices": lambda words, count: i.ListDevices(),
    "group": lambda words, count: i.JoinGroup(group_name(words[0])),
    "history": lambda words, count: i.ReadHistory(words[0], min(count or 50, 500)),
}


def errand(verb: str, words: list[str], context: Context, **more: Any) -> Errand:
    """The errand of a verb."""
    if verb == "send":
        to = tuple("@" + name.lstrip("@") for name in words[0].split(",")) if words[0][0] == "@" else (words[0],)
        return Sending(context, tuple(dict.fromkeys(to)), words[1])
    if verb == "recv":
        return Receiving(context)
    if verb == "tail":
        return Tailing(context, words[0])
    if verb == "passwd":
        return Password(context, more["new"], more["old"])
    if verb == "link":
        return Linking(context)
    return Asking(context, SIMPLE[verb](words, context.most))
