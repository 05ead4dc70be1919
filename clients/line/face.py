"""The interactive face: what is typed goes to the App, what the App tells is shown as lines.

Rule: one line asked for at a time. What is typed before the login is done waits; what a line means depends on what was
asked last: a name, whether a certificate is right, a password, or nothing special.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.app import App
from clients.core.face import Gone
from clients.core.inert import name as inert_name
from clients.core.show import Style, lines
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

    def prompt(self, text: str, hidden: bool = False) -> None:
        """What is asked from here on; empty: nothing."""

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
        self._mode = "wait"
        self._held: deque[str] = deque()
        self._over = False
        self._code: int | None = None
        self._first_name = True
        self._focus = a.LOBBY
        self._password = ""
        self._interrupted = -TWICE_SECONDS
        self._told: list[str] = []

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
        if self._mode in ("password", "again", "old"):
            self._chat()
        self._print(["Ctrl-C again leaves; so do 'tata' and Ctrl-D."])
        self._screen.flush()

    def stop(self, code: int) -> None:
        """Leave because a signal says so: what was said goes out first."""
        self._code = code
        if self._mode == "wait" or self._app is None:
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
        while self._held and self._mode != "wait":
            if self._mode == "chat":
                room = MOST_UNACCEPTED - len(app.session.outbox)
                if room <= 0:
                    return
                app.enter(*(self._held.popleft() for _ in range(min(room, len(self._held)))))
                break
            _MODES[self._mode](self, self._held.popleft())
        self._pump_end()

    def _pump_end(self) -> None:
        app = self._app
        if not self._over or self._held or app is None or app.ended:
            return
        if self._mode == "chat":
            self._over = False
            app.finish(SETTLE_SECONDS)
        elif self._mode != "wait":
            self._print(["The input ended before that was answered."], problem=True)
            self._code = 4
            self.leave()

    def _named(self, text: str) -> None:
        name = text.strip()
        if not name:
            self._print(["A username is needed."], problem=True)
            self._ask_name()
            return
        self._ask("wait", "")
        if self._app is not None:
            self._app.name(name)

    def _trusted(self, text: str) -> None:
        answer = text.strip().lower()
        if answer not in ("yes", "no", "n"):
            self._ask("trust", "Type yes or no: ")
            return
        self._ask("wait", "")
        if self._app is not None:
            self._app.trust(answer == "yes")

    def _new_password(self, text: str) -> None:
        self._password = text
        self._ask("again", "Again: ", hidden=True)

    def _password_again(self, text: str) -> None:
        if text != self._password:
            self._print(["These are not the same; the password is as it was."], problem=True)
            self._password = ""
            self._chat()
            return
        self._chat()
        if self._app is not None:
            self._app.act(i.ChangePassword(self._password))

    def _old_password(self, text: str) -> None:
        new, self._password = self._password, ""
        self._chat()
        if self._app is not None:
            self._app.act(i.ChangePassword(new, text))

    # ---- what is shown ----

    def notice(self, notice: n.Notice) -> None:
        """Show this."""
        act = _ACTS.get(type(notice))
        if act is not None and act(self, notice):
            return
        if self._json:
            rows = objects.lines(notice, self._app.view().me if self._app else "")
            self._print(rows)
        elif not (self._quiet and isinstance(notice, (n.Came, n.Changed, n.Welcomed))):
            problem = isinstance(notice, ON_STDERR) and getattr(notice, "code", "") != "left"
            self._print(self._once(notice, lines(notice, self._style())), problem)
        self._after(notice)

    def _once(self, notice: n.Notice, rows: list[str]) -> list[str]:
        """Somebody who comes back has all that waited for them: that is told once, not once a message."""
        if not rows:
            return rows
        before, self._told = self._told, rows if isinstance(notice, n.Outcome) and notice.before else []
        return [] if rows == before else rows

    def flush(self) -> None:
        """Let it be out; then there may be room for more lines."""
        self._screen.flush()

    def _after(self, notice: n.Notice) -> None:
        if isinstance(notice, n.Welcomed):
            if not notice.again or self._mode == "wait":
                self._chat()
            self._pump()
        elif isinstance(notice, n.Ended):
            self._finish(EXITS.get(notice.code, 1))
        elif isinstance(notice, (n.Outcome, n.Refused)) and self._held:
            self._pump()
        if self._mode == "chat" and self._where() != self._focus:
            self._chat()

    def _wants_name(self, notice: n.AskName) -> bool:
        if not self._asks:
            self._print([objects.error("login-refused", "no username")] if self._json else [_NO_NAME], True)
            self._code = 4
            self.leave()
            return True
        if notice.code == "name-taken":
            self._print([self._style().paint("bad", "Username already taken!")])
        elif notice.code:
            self._print([notice.text], problem=True)
        elif self._first_name:
            self._first_name = False
            self._print([self._style().paint("prompt", "CREATING NEW ID:")])
        self._ask_name()
        return True

    def _ask_name(self) -> None:
        self._ask("name", "Enter username: ")
        self._pump()

    def _wants_trust(self, notice: n.AskTrust) -> bool:
        if not self._json:
            self._print(lines(notice, self._style()), problem=True)
        if not self._trusts:
            self._print([_NO_TRUST], problem=True)
            self._code = 4
            if self._app is not None:
                self._app.trust(False)
            return True
        self._ask("trust", "Is it the same (yes or no)? ")
        return True

    def _wants_password(self, notice: n.AskPassword) -> bool:
        if not self._asks or self._json:
            self._print(
                ["A password is asked for at a terminal only; see `chat passwd --password-file`."], problem=True
            )
        else:
            self._ask("password", "New password: ", hidden=True)
        return True

    def _was_refused(self, notice: n.Refused) -> bool:
        """A password that needs the one before it."""
        asked = notice.intent
        if not isinstance(asked, i.ChangePassword) or notice.code != "login-refused" or asked.old:
            return False
        self._password = asked.new or ""
        self._ask("old", "Current password: ", hidden=True)
        return True

    def _chat(self) -> None:
        focus = self._focus = self._where()
        where = "" if focus == a.LOBBY else f" [{inert_name(focus.removeprefix('#'))}]"
        self._ask("chat", self._style().paint("you", f"You{where}:") + " ")

    def _where(self) -> str:
        """Where bare lines go."""
        return self._app.session.state.focus if self._app is not None else a.LOBBY

    def _ask(self, mode: str, prompt: str, hidden: bool = False) -> None:
        self._mode = mode
        self._screen.prompt(prompt, hidden)

    def _print(self, rows: list[str], problem: bool = False) -> None:
        if rows:
            self._screen.print(rows, problem and not self._json)

    def _finish(self, code: int) -> None:
        self._screen.prompt("")
        with suppress(Gone):
            self._screen.flush()
        self._done(code if self._code is None else self._code)


_NO_NAME = "A username is needed: chat USER@HOST."
_NO_TRUST = "Not connected, nothing was sent. If this is the right fingerprint, give --trust-new once."

_MODES: Final[dict[str, Callable[[LineFace, str], None]]] = {
    "name": LineFace._named,
    "trust": LineFace._trusted,
    "password": LineFace._new_password,
    "again": LineFace._password_again,
    "old": LineFace._old_password,
}

_ACTS: Final[dict[type[n.Notice], Callable[[LineFace, Any], bool]]] = {
    n.AskName: LineFace._wants_name,
    n.AskTrust: LineFace._wants_trust,
    n.AskPassword: LineFace._wants_password,
    n.Refused: LineFace._was_refused,
}
