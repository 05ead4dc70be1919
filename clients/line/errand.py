"""What every one-shot verb has in common: get in, do one thing, print what came of it, go with an exit status.

Rule: standard output is data only. An errand is a face: it asks nothing it cannot be answered, does not care about
standard input, and ends by itself. The way out is always `finish`, which says goodbye first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from clients.core import alerts
from clients.core import intents as i
from clients.core import notices as n
from clients.core.app import App, Clock
from clients.core.face import Gone
from clients.core.reading import SKIP
from clients.core.show import failure, lines
from clients.core.style import Style
from clients.line import objects
from clients.line.face import EXITS
from clients.line.plain import Output

LIMIT: Final = 30.0
MOMENT: Final = 1.0
SETTLE: Final = 5.0
NO_SUCH: Final = frozenset({"no-such-user", "no-such-group"})
NO_ENTRY: Final = frozenset({
    "not-logged-in", "login-refused", "name-taken", "bad-name", "registration-closed", "invitation-needed",
    "bad-invitation", "guests-refused", "throttled", "version", "ended-elsewhere", "too-many-sessions",
    "too-many-devices", "banned", "disabled",
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
        self._asked: list[i.Intent] = []

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
        elif isinstance(notice, n.Secure):
            self._secure(notice)
        elif isinstance(notice, n.AskSecret):
            self.fail(4, "usage", "A password or code is needed: give --password-file FILE.")
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
        self._asked.append(intent)
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
        """Go, with this exit status; what encryption has begun is done first, such as putting up keys after a first
        visit, without which nobody could write to one."""
        if self._code is not None:
            return
        self._code = code
        secure = self.app.session.secure if self.app is not None else None
        if self.app is not None and secure is not None and not secure.idle():
            self.app.finish(SETTLE)
        else:
            self.act(i.Leave())

    def fail(self, status: int, code: str, text: str, row: str = "") -> None:
        """Say why not, and go."""
        self.failed(text, row or objects.error(code, text))
        self._refused = True
        self.finish(status)

    def failed(self, text: str, row: str) -> None:
        """Say why not."""
        if self.context.json:
            self.data(row)
        else:
            self.say(text)

    def refused(self, notice: n.Refused) -> None:
        """The server will not."""
        self.fail(exit_code(notice.code), notice.code, failure(notice), objects.refusal(notice))

    def secured(self, notice: n.Secure) -> None:
        """What encryption says to what was asked: that is the result."""
        row, text = self.secure_row(notice), alerts.sentence(notice, self.context.style())
        status = alerts.status(notice.code)
        if status:
            self.fail(status, notice.code, text, row)
            return
        self.data(row if self.context.json else text)
        self.finish(0)

    def concerns(self, notice: n.Secure) -> bool:
        """Whether that is about what was asked."""
        return notice.intent is not None and notice.intent in self._asked

    def known(self, notice: n.Secure) -> bool:
        """Whether that is only what was asked about, said by the server, too."""
        return False

    def secure_row(self, notice: n.Secure) -> str:
        """It as an object."""
        return objects.line("e2ee", **objects.secure(notice))

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.finish(130)

    def _secure(self, notice: n.Secure) -> None:
        """What was not asked for stands beside the result, where somebody should know of it."""
        if self.concerns(notice):
            self.secured(notice)
        elif alerts.matters(notice.code) and not self.known(notice):
            if self.context.json:
                self.data(self.secure_row(notice))
            elif not self.context.quiet:
                self.say(*alerts.shown(notice, self.context.style()))

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
