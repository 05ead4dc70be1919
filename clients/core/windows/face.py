"""The face of every toolkit with windows: notices become rows, what is typed goes to the App.

Rule: no toolkit here. It keeps the windows, asks the core's questions, and says when there is something to draw;
what draws and what calls is the toolkit's side.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Final, Protocol

from clients.core import alerts, inert, show
from clients.core import intents as i
from clients.core import notices as n
from clients.core.answers import GroupInfo
from clients.core.app import App
from clients.core.commands import parse
from clients.core.editing import typed
from clients.core.moving import MOVING, Moving
from clients.core.questions import Question, Questions
from clients.core.style import Style
from clients.core.view import CONNECTING, Talk, View
from clients.core.windows.ahead import Ahead
from clients.core.windows.completing import Offer, offers
from clients.core.windows.paths import paths
from clients.core.windows.rows import STATES, Placed, place_of, placed, said
from clients.core.windows.typed import Past
from clients.core.windows.windows import MENTION, QUIET, Row, Window, Windows

EXITS: Final = {"left": 0, "unreachable": 3, "untrusted": 4, "refused": 4, "changed": 8, "waiting": 9, "disk": 1}
LET_IN: Final = "GROUP_LET_IN"  # long after one has asked, when one looks at something else
PAGE: Final = 200
PATH: Final = re.compile(r"\s*/file\s+\S+\s+(.*)", re.DOTALL)
PAGE_ROWS: Final = 10  # so many stay in sight at the top
TWICE_SECONDS: Final = 2.0


class Surface(Protocol):
    """What the face needs of the toolkit."""

    def redraw(self) -> None:
        """Something has changed; draw soon."""

    def notify(self, who: str, text: str) -> None:
        """Somebody wants this person: tell them where they do not look."""

    def put(self, text: str) -> None:
        """Have this in the input line."""

    def typed(self) -> str:
        """What stands in the input line."""

    def taken(self, recall: bool) -> None:
        """What stood there was taken: empty it. `recall`: it may be looked for again; it was no answer."""


class WindowsFace:
    """One person with windows. `done` is called once, with the exit status and what to leave on the terminal."""

    def __init__(self, surface: Surface, done: Callable[[int, str], None], wall: Callable[[], int]) -> None:
        self.windows = Windows()
        self.questions = Questions(self._say)
        self.everything = Past()
        self.ahead = Ahead()
        self._unsent: list[str] = []
        self.moving: dict[bytes, Moving] = {}
        self._surface = surface
        self._done = done
        self._wall = wall
        self._app: App | None = None
        self._past: dict[Window, Past] = {}
        self._welcomed = False
        self._interrupted = -TWICE_SECONDS
        self._code: int | None = None
        self._focus = self.windows.current.to

    def begin(self, app: App) -> None:
        """Join the App, and connect."""
        self._app = app
        app.start()

    def view(self) -> View:
        """What may be shown; before there is an App, nothing."""
        if self._app is None:
            return View("", CONNECTING, self.windows.current.to, (), (), 0)
        return self._app.view()

    def offers(self, before: str) -> list[Offer]:
        """What Tab offers behind this text: paths where one is being typed, else what the core knows and one sees."""
        path = PATH.fullmatch(before)
        shown = (row.text for row in islice(reversed(self.windows.current.rows), PAGE))
        return list(paths(path[1])) if path else offers(before, self.view(), shown)

    def talk(self) -> Talk | None:
        """What is known of the conversation one looks at."""
        to = self.windows.current.to.casefold()
        return next((talk for talk in self.view().talks if talk.to.casefold() == to), None)

    @property
    def question(self) -> Question | None:
        """What is asked now."""
        return self.questions.open

    # ---- what is typed ----

    def line(self, text: str) -> None:
        """Enter was pressed. A line that cannot be taken stays in the input."""
        if self._app is None or self._app.ended:
            return
        if self.questions.open is not None:
            self._surface.taken(recall=False)
            self.questions.answer(self._app, text)
            self._surface.redraw()
        elif not text.strip():
            return
        elif not self._welcomed:
            self._say("Not connected yet: what you typed stays in the input.", True)
        else:
            self._take(self._app, text)

    def _take(self, app: App, text: str) -> None:
        """This is what one wants; a line for a group that has not let one in yet waits for that."""
        intent = parse(text)
        waits = self.ahead.waits and isinstance(intent, (i.Say, i.Substitute))
        if waits and not self.ahead.hold(text):
            self._say("That is a lot to say to a group that has not let you in yet: it stays in the input.", True)
            return
        self._surface.taken(recall=True)
        self._unsent = []
        window = self.windows.current
        window.bottom = None
        self.past(window).add(text)
        self.everything.add(text)
        if isinstance(intent, i.JoinGroup):
            self.ahead.asked(intent.group)
        if not waits:
            app.enter(text)
        self._surface.redraw()

    def do(self, line: str) -> None:
        """Something was pressed that stands for this line: what is being typed stays, and no question is answered."""
        if self._app is not None and self._welcomed and not self._app.ended:
            self._app.enter(line)

    def back(self, now: str) -> str | None:
        """What was sent before in this window; from an empty input first the last message, to be edited."""
        window = self.windows.current
        edit = typed(self._app.own(window.to)) if self._app is not None and self._welcomed and not now else ""
        return self.past(window).back(now, edit)

    def past(self, window: Window) -> Past:
        """What was sent in a window."""
        return self._past.setdefault(window, Past())

    def note(self) -> str:
        """What is under way: files, and lines for a group that has not let one in yet."""
        moving = [text for one in self.moving.values() for text in show.lines(one, Style())]
        lines = [f"{len(lines)} to be said in {inert.name(group)}" for group, lines in self.ahead.all()]
        return "; ".join([*lines, *moving])

    def interrupt(self, now: float) -> None:
        """Ctrl-C on an empty line: the second time leaves."""
        if now - self._interrupted < TWICE_SECONDS:
            self._code = 130
            self.leave()
            return
        self._interrupted = now
        self.questions.drop()
        self._say("Ctrl-C again leaves; so do 'tata' and Ctrl-D.", False)

    def stop(self, code: int) -> None:
        """Leave because a signal says so: what was said goes out first."""
        self._code = code
        if self._app is None or not self._welcomed:
            self._end(code, "")
        else:
            self._app.finish(5.0)

    def leave(self) -> None:
        """Leave now."""
        if self._app is not None:
            self._app.act(i.Leave())

    def help(self, keys: tuple[tuple[str, str], ...]) -> None:
        """The keys, where one looks."""
        width = max(len(key) for key, _ in keys) + 2
        for key, what in keys:
            self._say(key.ljust(width) + what, False)

    # ---- where one looks ----

    def look(self, window: Window) -> None:
        """Look at a conversation; what was being typed in the one before stays there."""
        if window is self.windows.current:
            return
        self.ahead.elsewhere()
        self.windows.current.draft = self._surface.typed()
        self._show(window)
        self._surface.put(window.draft)

    def _show(self, window: Window) -> None:
        """Have it in front."""
        self._load(window)
        self.windows.look(window)
        if self._app is not None and self._welcomed:
            self._app.act(i.Focus(window.to))
        self._surface.redraw()

    def scroll(self, lines: int) -> None:
        """So many rows up (negative) or down; at the top what is older is fetched."""
        window = self.windows.current
        bottom = window.newest() if window.bottom is None else window.bottom
        first = window.rows[0].number if window.rows else 0
        if lines < 0 and bottom + 2 * lines < first:
            self._older(window)
            first = window.rows[0].number if window.rows else 0
        window.scroll_to(max(bottom + lines, first + min(abs(lines), PAGE_ROWS)))
        self._surface.redraw()

    def scroll_to(self, number: int | None) -> None:
        """Have a row in sight; None: the newest."""
        window = self.windows.current
        window.scroll_to(window.newest() if number is None else number)
        self._surface.redraw()

    def _load(self, window: Window, coming: bytes = b"") -> None:
        """What this device has seen of a conversation earlier, once; but for the message that is just coming."""
        if window.loaded or self._app is None:
            return
        window.loaded = True
        known = {coming, *(row.id for row in window.rows)}
        kept = [one for one in self._app.recent(window.to, PAGE) if one.id not in known]
        window.add_before([said(one, self.view()) for one in kept])

    def _older(self, window: Window) -> None:
        """More of what this device has kept, above what is there."""
        if self._app is None:
            return
        known = {row.id for row in window.rows if row.id}
        kept = [one for one in self._app.recent(window.to, len(known) + PAGE) if one.id not in known]
        window.add_before([said(one, self.view()) for one in kept])

    # ---- what is shown ----

    def notice(self, notice: n.Notice) -> None:
        """Show this."""
        if self.questions.raised(notice) or (isinstance(notice, Moving) and self._moves(notice)):
            return
        if isinstance(notice, n.Told) and notice.new:
            self.windows.rename(notice.old, notice.new)
        view = self.view()
        for one in self._known(notice) or placed(notice, view, self._wall()):
            self._place(one, notice)
        self._after(notice)

    def _moves(self, notice: Moving) -> bool:
        """A file on its way is no row: how far it is stands beside the conversation. Whether that is all."""
        if notice.state == MOVING:
            self.moving[notice.offer.id] = notice
        else:
            self.moving.pop(notice.offer.id, None)
        self._surface.redraw()
        return notice.state == MOVING

    def flush(self) -> None:
        """Let it be seen."""
        self._surface.redraw()

    def _known(self, notice: n.Notice) -> list[Placed]:
        """News of a message that has its row: the mark at the end of one's own changes, or what it says."""
        if isinstance(notice, n.Said) and notice.edits:
            return self._edited(notice)
        if not isinstance(notice, n.Outcome):
            return []
        window, fresh = self.windows.find(notice.to), placed(notice, self.view(), self._wall())
        if notice.edits and notice.state == "waiting":
            return fresh[1:]  # the row says what others read
        row = None
        if window is not None:
            row = window.find(notice.edits, inert.name(self.view().me)) if notice.edits else window.own(notice.id)
        if window is None or row is None:
            return []
        if notice.edits and fresh:
            self.windows.reword(window, row, fresh[0].row)
        row.state = STATES[notice.state]
        return fresh[1:] or [Placed(notice.to, SAME, QUIET)]

    def _edited(self, notice: n.Said) -> list[Placed]:
        """Somebody says something anew: there where they said it, if that is in the window."""
        to = place_of(notice)
        if self.windows.find(to) is None:
            self._load(self.windows.get(to))
        window = self.windows.get(to)
        row = window.find(notice.edits, inert.name(notice.sender))
        if row is None:
            return []
        self.windows.reword(window, row, said(notice, self.view()))
        return [Placed(to, SAME, QUIET)]

    def _place(self, one: Placed, notice: n.Notice) -> None:
        if one.row is SAME:
            return
        if self.windows.find(one.to) is None:
            self._load(self.windows.get(one.to), one.row.id)
        self.windows.add(one.to, one.row, one.level)
        if one.row.kind == "own" and one.to.casefold() != self.windows.current.to.casefold():
            echo = f"({'Private to ' if one.to.startswith('@') else 'To '}{inert.name(one.to[1:])}) {one.row.text}"
            self.windows.add(self.windows.current.to, Row(one.row.at, one.row.who, echo, "faint"), QUIET)
        stored = isinstance(notice, n.Said) and notice.stored
        if one.level == MENTION and one.row.kind == "said" and not stored:
            self._surface.notify(one.row.who, one.row.text)

    def _after(self, notice: n.Notice) -> None:
        if isinstance(notice, n.Welcomed):
            self._welcomed = True
            for window in self.windows.all:
                self._load(window)
            for talk in self.view().talks:
                self.windows.get(talk.to)
        elif isinstance(notice, n.Answered) and isinstance(notice.event, GroupInfo):
            if isinstance(notice.intent, i.JoinGroup):
                self._joined(notice.intent, self.windows.get(notice.event.position.conversation))
        elif isinstance(notice, n.Answered) and isinstance(notice.intent, i.LeaveGroup):
            self.windows.drop(notice.intent.group)
        elif isinstance(notice, n.Ended):
            told = show.lines(notice, Style()) or [self._last_problem()]
            self._end(EXITS.get(notice.code, 1), "\n".join([*told, *self._unsaid()]))
        elif isinstance(notice, (n.Refused, n.Secure)) and isinstance(notice.intent, i.JoinGroup):
            self._not_joined(notice, notice.intent)
        self._follow()

    def _joined(self, intent: i.JoinGroup, window: Window) -> None:
        """One is in: what was typed meanwhile is said there, and what is being typed is for it."""
        if self.ahead.waits and not window.draft:
            self._show(window)
        else:
            self.look(window)
        for text in self.ahead.answered(intent.group):
            if self._app is not None:
                self._app.enter(text)

    def _not_joined(self, notice: n.Refused | n.Secure, intent: i.JoinGroup) -> None:
        """One is not in, unless that is only asked for so far: what was typed for the group is told, and not sent."""
        if isinstance(notice, n.Secure) and alerts.kind(notice.code) == alerts.NOTE:
            for text in self.ahead.answered(intent.group) if notice.code == LET_IN else ():
                if self._app is not None:
                    self._app.act(i.Tell((notice.to,), text))
            return
        for text in self.ahead.answered(intent.group):
            self._unsent.append(_not_sent(intent.group, text))
            self._say(self._unsent[-1], True)

    def _unsaid(self) -> list[str]:
        """What was typed for a group that has not let one in, and nobody has had the time to read that."""
        waiting = [_not_sent(group, text) for group, lines in self.ahead.all() for text in lines]
        return self._unsent + waiting

    def _last_problem(self) -> str:
        """Why it ended, where the end itself does not say so: what was told last, on a screen that is gone."""
        return next((row.text for row in reversed(self.windows.current.rows) if row.kind == "bad"), "")

    def _follow(self) -> None:
        """Where bare lines go is where one looks, whoever changed it."""
        focus = self.view().focus
        if self._welcomed and focus != self._focus:
            self._focus = focus
            self.look(self.windows.get(focus))

    def _say(self, text: str, problem: bool) -> None:
        row = Row(self._wall(), "", text, "bad" if problem else "event")
        self.windows.add(self.windows.current.to, row, QUIET)
        self._surface.redraw()

    def _end(self, code: int, text: str) -> None:
        self._done(code if self._code is None else self._code, text)


def _not_sent(group: str, text: str) -> str:
    return f"Not sent, since you are not in '{inert.name(group.removeprefix('#'))}': {inert.text(text)}"


SAME: Final = Row(0, "", "")
