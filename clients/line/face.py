"""The interactive face: what is typed goes to the App, what the App tells is shown as lines.

Rule: one line asked for at a time. What is typed before the login is done waits; what a line means depends on what was
asked last (`clients/core/questions.py`), and is said where nothing was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from clients.core import alerts
from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.app import App
from clients.core.face import Gone
from clients.core.inert import name as inert_name
from clients.core.moving import MOVING, Moving
from clients.core.progress import Every
from clients.core.questions import Questions
from clients.core.show import Style, lines
from clients.core.view import fold
from clients.line import objects

EXITS: Final = {"left": 0, "unreachable": 3, "untrusted": 4, "refused": 4, "changed": 8, "waiting": 9, "disk": 1}
ON_STDERR: Final = (n.Refused, n.Ended, n.AskTrust)
SETTLE_SECONDS: Final = 30.0
MOST_UNACCEPTED: Final = 500
TWICE_SECONDS: Final = 2.0


class Screen(Protocol):
    """Where lines go and questions are asked. `hides`: it can ask without showing what is typed."""

    hides: bool

    def print(self, lines: list[str], problem: bool = False) -> None:
        """Lines; `problem`: they are not part of the conversation."""

    def prompt(self, text: str, hidden: bool = False, talks: bool = False) -> None:
        """What is asked from here on; empty: nothing. `talks`: it is no question, what is typed is said."""

    def flush(self) -> None:
        """Let it be out."""


class LineFace:
    """One person (or pipe) at a line-by-line client. `done` is called once, with the exit status.

    `asks`: questions may be asked; `trusts`: also whether a certificate is right, which no pipe can say.
    """

    def __init__(
        self, screen: Screen, style: Callable[[], Style], done: Callable[[int], None], *, asks: bool, json: bool,
        quiet: bool, trusts: bool,
    ) -> None:  # fmt: skip
        self._screen = screen
        self._style = style
        self._done = done
        self._asks = asks
        self._trusts = trusts
        self._json = json
        self._quiet = quiet
        self._app: App | None = None
        self._questions = Questions(self._about_an_answer)
        self._in = False
        self._held: deque[str] = deque()
        self._over = False
        self._code: int | None = None
        self._prompt: str | None = None
        self._interrupted = -TWICE_SECONDS
        self._told: list[str] = []
        self._every = Every()

    def begin(self, app: App) -> None:
        """Join the App, and connect."""
        self._app = app
        app.start()

    # ---- what is typed ----

    def line(self, text: str) -> None:
        """A line was typed."""
        self._told = []
        self._held.append(text)
        self._pump()

    def end(self) -> None:
        """There will be no more lines: finish what was said, then go."""
        self._over = True
        if self._app is not None:
            self._app.give_up_after(SETTLE_SECONDS)
        self._pump()

    def interrupt(self, now: float) -> None:
        """Ctrl-C on an empty line: the second time leaves."""
        if now - self._interrupted < TWICE_SECONDS:
            self._code = 130
            self.leave()
            return
        self._interrupted = now
        self._questions.drop()
        self._ask()
        self._print(["Ctrl-C again leaves; so do 'tata' and Ctrl-D."])
        self._screen.flush()

    def stop(self, code: int) -> None:
        """Leave because a signal says so: what was said goes out first."""
        self._code = code
        if self._app is None or not (self._in or self._questions.open):
            self._finish(code)
        else:
            self._app.finish(5.0)

    def leave(self) -> None:
        """Leave now."""
        if self._app is not None:
            self._app.act(i.Leave())

    @property
    def full(self) -> bool:
        """Whether more lines should wait where they come from."""
        return len(self._held) > 2 * MOST_UNACCEPTED

    def _pump(self) -> None:
        """Let waiting lines mean something, as far as they can now."""
        app = self._app
        if app is None or app.ended:
            return
        while self._held and self._questions.open is not None:
            self._prompt = None
            self._questions.answer(app, self._held.popleft())
            self._ask()
        if not self._held or not self._in:
            self._pump_end()
            return
        room = MOST_UNACCEPTED - app.view().waiting
        if room > 0:
            app.enter(*self._portion(room))
            app.then(self._pump)

    def _portion(self, room: int) -> list[str]:
        """Lines that mean something at once: up to a command, which may raise a question that the next one answers."""
        taken: list[str] = []
        while self._held and len(taken) < room:
            taken.append(self._held.popleft())
            if taken[-1].lstrip().startswith("/"):
                break
        return taken

    def _pump_end(self) -> None:
        app = self._app
        if not self._over or self._held or app is None or app.ended:
            return
        if self._questions.open is not None:
            self._print(["The input ended before that was answered."], problem=True)
            self._code = 4
            self.leave()
        elif self._in:
            self._over = False
            app.finish(SETTLE_SECONDS)

    # ---- what is shown ----

    def notice(self, notice: n.Notice) -> None:
        """Show this."""
        act = _ACTS.get(type(notice))
        if act is not None and act(self, notice):
            return
        if self._questions.raised(notice):
            self._ask()
            self._pump()
            return
        if self._json:
            rows = objects.lines(notice, self._app.view().me if self._app else "")
            self._print(rows)
        elif not (self._quiet and isinstance(notice, (n.Came, n.Changed, n.Welcomed))):
            rows = [*lines(notice, self._style()), *self._elsewhere(notice)]
            self._print(self._once(notice, rows), _is_problem(notice))
        self._after(notice)

    def _once(self, notice: n.Notice, rows: list[str]) -> list[str]:
        """Somebody who comes back has all that waited for them: that is told once, not once a message."""
        if not rows:
            return rows
        before, self._told = self._told, rows if isinstance(notice, n.Outcome) and notice.before else []
        return [] if rows == before else rows

    def _elsewhere(self, notice: n.Notice) -> list[str]:
        """Who asks for a group wants to write there: bare lines still go where they went."""
        if self._app is None or not self._screen.hides or not isinstance(notice, n.Answered):
            return []
        if not isinstance(notice.intent, i.JoinGroup) or not isinstance(notice.event, a.GroupInfo):
            return []
        group, focus = notice.event.position.conversation, self._app.session.state.focus
        if fold(group) == fold(focus):
            return []
        name, here = inert_name(group.removeprefix("#")), inert_name(focus.removeprefix("#"))
        return [f"What you type goes to '{here}' still: /focus {name} has it go to '{name}'."]

    def flush(self) -> None:
        """Let it be out; then there may be room for more lines."""
        self._screen.flush()

    def _after(self, notice: n.Notice) -> None:
        if isinstance(notice, n.Welcomed):
            self._in = True
        elif isinstance(notice, n.Ended):
            self._finish(EXITS.get(notice.code, 1))
            return
        self._ask()
        if isinstance(notice, (n.Welcomed, n.Outcome, n.Refused, n.Secure)):
            self._pump()

    def _wants_name(self, notice: n.AskName) -> bool:
        """Where nobody can be asked, that is the end."""
        if self._asks:
            return False
        self._print([objects.error("login-refused", "no username")] if self._json else [_NO_NAME], True)
        self._code = 4
        self.leave()
        return True

    def _wants_trust(self, notice: n.AskTrust) -> bool:
        if self._trusts:
            return False
        if not self._json:
            self._print(lines(notice, self._style()), problem=True)
        self._print([_NO_TRUST], problem=True)
        self._code = 4
        if self._app is not None:
            self._app.trust(False)
        return True

    def _wants_secret(self, notice: n.AskPassword | n.AskSecret) -> bool:
        if self._asks and not self._json:
            return False
        self._print([_NO_SECRET], problem=True)
        return True

    def _wants_consent(self, notice: n.Secure) -> bool:
        """A script is told what to type; only a person is asked."""
        if notice.code != "PLAIN_ASK" or (self._trusts and not self._json):
            return False
        self._print(objects.lines(notice, "") if self._json else lines(notice, self._style()), True)
        return True

    def _moves(self, notice: Moving) -> bool:
        """How far a file is, is told now and then, and to nobody where no terminal is."""
        if notice.state != MOVING or self._json:
            return False
        shown = (self._screen.hides or self._style().verbose) and not self._quiet
        return not (shown and self._every.due(notice))

    def _about_an_answer(self, text: str, problem: bool) -> None:
        """What the questions say of an answer; the seed's words belong to the conversation."""
        kind = _SEED.get(text)
        self._print([self._style().paint(kind, text) if kind else text], problem and not kind)

    def _ask(self) -> None:
        """The question that is open, or where one talks."""
        question = self._questions.open
        if question is not None:
            self._show_prompt(question.prompt, question.hidden)
        elif self._in:
            self._show_prompt(self._chat(), talks=True)
        else:
            self._show_prompt("")

    def _show_prompt(self, text: str, hidden: bool = False, talks: bool = False) -> None:
        if text != self._prompt:
            self._prompt = text
            self._screen.prompt(text, hidden, talks)

    def _chat(self) -> str:
        """The prompt: how what is said here is protected, and where. In the lobby it is the seed's, word for word."""
        focus = self._app.session.state.focus if self._app is not None else a.LOBBY
        style = self._style()
        if self._app is None or focus == a.LOBBY:
            return style.paint("you", "You:") + " "
        talk = next((talk for talk in self._app.view().talks if fold(talk.to) == fold(focus)), None)
        mark = alerts.mark_of(talk) if talk is not None and style.marks else ""
        kind = "bad" if mark in (alerts.mark(alerts.PLAIN), alerts.mark(alerts.CHANGED)) else "good"
        where = f"You [{inert_name(focus.removeprefix('#'))}]:"
        return (style.paint(kind, mark) + " " if mark else "") + style.paint("you", where) + " "

    def _print(self, rows: list[str], problem: bool = False) -> None:
        if rows:
            self._screen.print(rows, problem and not self._json)

    def _finish(self, code: int) -> None:
        self._screen.prompt("")
        with suppress(Gone):
            self._screen.flush()
        self._done(code if self._code is None else self._code)


def _is_problem(notice: n.Notice) -> bool:
    """Whether a notice is no part of the conversation."""
    if isinstance(notice, n.Secure):
        return alerts.kind(notice.code) != alerts.NOTE
    return isinstance(notice, ON_STDERR) and getattr(notice, "code", "") != "left"


_NO_NAME = "A username is needed: chat USER@HOST."
_NO_TRUST = "Not connected, nothing was sent. If this is the right fingerprint, give --trust-new once."
_NO_SECRET = "A password is asked for at a terminal only; see `chat passwd --password-file`."  # noqa: S105
_SEED: Final = {"CREATING NEW ID:": "prompt", "Username already taken!": "bad"}

_ACTS: Final[dict[type[n.Notice], Callable[[LineFace, Any], bool]]] = {
    n.AskName: LineFace._wants_name,
    n.AskTrust: LineFace._wants_trust,
    n.AskPassword: LineFace._wants_secret,
    n.AskSecret: LineFace._wants_secret,
    n.Secure: LineFace._wants_consent,
    Moving: LineFace._moves,
}
