"""Files for the App: what comes in and what a person wants goes to `Transfers`, what follows goes back to the App.

Rule: no Twisted and no decisions on the protocol. The disk's jobs begin when what belongs to them is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from chatd.wire.pack import Event
from clients.core import intents as i
from clients.core import notices as n
from clients.core.jobs import Job, Outcome
from clients.core.outbox import message_id
from clients.core.session import Session
from clients.core.transfer import Moves
from clients.core.transfers import Transfers
from clients.core.view import fold

SETTING: Final = ("off", "100K", "1M", "10M", "100M", "1G")  # up to which size files are fetched unasked
UNASKED: Final = dict(zip(SETTING, (-1, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000), strict=True))
Disk = Callable[[Job, Callable[[Outcome], None]], None]
"""Does a job elsewhere, and calls back with what came of it."""


class Carrier(Protocol):
    """The App, as far as files need it."""

    session: Session
    ended: bool

    def now(self) -> float:
        """Seconds that only go forward."""

    def wall(self) -> int:
        """The time in ms."""

    def entropy(self, size: int) -> bytes:
        """Random bytes."""

    def setting(self, key: str) -> str:
        """A setting of this client."""

    def move(self, moves: Moves) -> None:
        """Show, keep, send and begin these."""

    def do(self, work: Callable[[], None]) -> None:
        """Do this now, or after what is being done."""


class Filing:
    """The files of one App. `fetches`: files may be fetched unasked, as the setting says."""

    def __init__(self, files: Transfers, disk: Disk, fetches: bool = False) -> None:
        self.files = files
        self.fetches = fetches
        self._disk = disk

    def takes(self, app: Carrier, event: Event) -> bool:
        """The server said something: whether it belongs here."""
        if not self.files.wants(event):
            return False
        app.session.pulse.heard(app.now())
        app.move(self.files.received(app.now(), event))
        return True

    def told(self, app: Carrier, notice: n.Notice) -> None:
        """What a person is told may be for files: one is in; a message that offers one was accepted, or has come."""
        act = _NOTICES.get(type(notice))
        if act is not None:
            act(self, app, notice)

    def _welcomed(self, app: Carrier, notice: n.Welcomed) -> None:
        app.move(self.files.online(app.now()))

    def _outcome(self, app: Carrier, notice: n.Outcome) -> None:
        if notice.state != "waiting":
            app.move(self.files.accepted(notice.id))

    def _refused(self, app: Carrier, notice: n.Refused) -> None:
        if notice.id and notice.id not in app.session.outbox:
            app.move(self.files.refused(notice.id, notice.code, notice.text))

    def _said(self, app: Carrier, notice: n.Said) -> None:
        file = notice.file
        if file is not None and self.fetches and not notice.own and file.size <= UNASKED[app.setting("files")]:
            app.move(self.files.fetch(app.now(), i.GetFile(file.id.hex())))

    def work(self, app: Carrier, jobs: list[Job]) -> None:
        """Have the disk do these, and go on with what comes of each."""
        for job in jobs:
            self._disk(job, self._done(app, job))

    def _done(self, app: Carrier, job: Job) -> Callable[[Outcome], None]:
        def done(outcome: Outcome) -> None:
            if not app.ended:
                app.do(lambda: app.move(self.files.worked(app.now(), job, outcome)))

        return done

    def act(self, app: Carrier, intent: i.Intent) -> None:
        """What a person wants of files."""
        _INTENTS[type(intent)](self, app, intent)

    def _send(self, app: Carrier, intent: i.SendFile) -> None:
        """What goes to encrypted conversations is encrypted, once for each; the rest goes up once for all."""
        group = next((to for to in intent.to if self._is_group(app, to)), "")
        if group:
            text = f"Nobody is known here as {group[1:]}, but there is a group: /file #{group[1:]} {intent.path}"
            app.move(Moves([n.Refused("usage", text, intent=intent)]))
            return
        secure = app.session.secure
        secret = [to for to in intent.to if secure is not None and secure.takes(to)]
        is_open = tuple(to for to in intent.to if to not in secret)
        for to in (*((to,) for to in secret), *([is_open] if is_open else [])):
            at = app.wall()
            ids = tuple(message_id(at, app.entropy(10)) for _ in to)
            readers = (secure.reader(to[0]),) if secure is not None and to[0] in secret else ()
            me = app.session.state.me
            app.move(self.files.send(app.now(), i.SendFile(to, intent.path), me, at, ids, readers))

    @staticmethod
    def _is_group(app: Carrier, to: str) -> bool:
        """Is this rather one of one's groups, written without its mark?"""
        state, name = app.session.state, to.removeprefix("@")
        people = map(fold, (state.me, *state.present, *state.names))
        groups = map(fold, state.positions)
        return to.startswith("@") and fold("#" + name) in groups and fold(name) not in people


_NOTICES: Final[dict[type[n.Notice], Callable[[Filing, Carrier, Any], None]]] = {
    n.Welcomed: Filing._welcomed,
    n.Outcome: Filing._outcome,
    n.Refused: Filing._refused,
    n.Said: Filing._said,
}
_INTENTS: Final[dict[type[i.Intent], Callable[[Filing, Carrier, Any], None]]] = {
    i.SendFile: Filing._send,
    i.GetFile: lambda self, app, intent: app.move(self.files.fetch(app.now(), intent)),
    i.DeclineFile: lambda self, app, intent: app.move(self.files.decline(app.now(), intent)),
    i.ListFiles: lambda self, app, intent: app.move(self.files.listed()),
}
