"""Of the node: encrypted mail that has to be read (pages for sessions that are behind, and what was taken before), and
what of encryption its time has come for.

Rule: as in `past`: the store is asked off the reactor. A session is sent a page when it has room for it, one at a
time, until it has everything; from then on it hears mail as it comes. Only mail whose counter is not a new one is
looked up before it is taken, and meanwhile only its session waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from chatd import encryption as e
from chatd.core import identity, mail
from chatd.core.limits import DAY
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session
from chatd.journal import Run
from chatd.sealed import MailAcknowledged, MailRow, TagKeyGone, TagKeyMade
from chatd.store.interface import Store

if TYPE_CHECKING:
    from chatd.node import Node

PAGE = 500
PURGE_LETTERS = 500
PURGE_SECONDS = 0.1  # between two purges


class Mailroom:
    """What a node reads of mail."""

    def __init__(
        self, node: Node, store: Store, read: Run, write: Run, clock: IReactorTime,
        failed: Callable[[Failure], Any],
    ) -> None:  # fmt: skip
        self._node = node
        self._store = store
        self._read = read
        self._write = write
        self._clock = clock
        self._failed = failed

    # ---- taking ----

    def put(self, session: Session, command: e.PutMail, turn: Turn) -> None:
        """Somebody sends mail: where it may have been taken before, that is looked up first."""
        try:
            perhaps = mail.ask_repeat(self._node.hub, session, command)
        except Refused as refusal:
            self._node.hub.refuse(session, command.ref, refusal, turn)
            return
        if not perhaps:
            self._node.hub.apply(session, command, turn)
            return
        self._node.hold(session)
        turn.then(self._look_up, session, command)  # what was sent before is on disk then

    def _look_up(self, session: Session, command: e.PutMail) -> None:
        assert session.device is not None
        found = self._read(self._store.sent_mail, session.device.id, command.id)
        found.addCallback(self._looked_up, session, command)
        found.addErrback(self._unreadable, session)
        found.addBoth(lambda _: self._node.go_on(session))

    def _looked_up(self, first: tuple[int, str] | None, session: Session, command: e.PutMail) -> None:
        if session.over:
            return
        turn = self._node.turn()
        if first is not None:
            turn.reply(session, e.MailTaken(command.ref, *first))
        else:
            self._node.hub.apply(session, command, turn)

    def _unreadable(self, failure: Failure, session: Session) -> None:
        self._node.unreadable(failure, session)

    # ---- giving ----

    def pump(self, session: Session) -> None:
        """Read the next page of what a session still has to get, unless it is being read or there is no room."""
        feed, device = session.feed, session.device
        if feed is None or device is None or feed.live or feed.reading or session.over or session.link.paused:
            return
        if feed.sent >= device.box.told:
            feed.live = True
            return
        feed.reading = True
        upto = device.box.told
        page = self._read(self._store.read_mail, device.id, feed.sent, upto, PAGE)
        page.addCallback(self._page, session, upto)
        page.addErrback(self._unreadable, session)

    def _page(self, rows: list[MailRow], session: Session, upto: int) -> None:
        feed = session.feed
        assert feed is not None
        feed.reading = False
        if session.over:
            return
        feed.sent = rows[-1].seq if rows else upto
        if rows:
            session.link.write(b"".join([session.link.encode(mail.event(row)) for row in rows]))
        self.pump(session)

    # ---- what its time has come for ----

    def sweep(self, now: int) -> None:
        """Every few seconds: new user keys take effect."""
        identity.finish_resets(self._node.hub, now, self._node.turn)

    def tidy(self, now: int, key: bytes) -> None:
        """Every hour: old mail goes, and the key of tags where it is due (`key`: random, 32 bytes)."""
        for entry in self.new_keys(now, key):
            self._node.turn().keep(entry)
        self._purge(now - self._node.limits.mail_days * DAY * 1000)

    def new_keys(self, now: int, key: bytes) -> list[TagKeyMade | TagKeyGone]:
        """Which keys of tags come and go now; to be kept, and from here on they are the ones."""
        tags = self._node.hub.sealed.tags
        changes = tags.renewed(now, key)
        tags.change(changes)
        return changes

    def _purge(self, before: int) -> None:
        purged = self._write(self._store.purge_mail, before, PURGE_LETTERS)
        purged.addCallbacks(self._purged, self._failed, (before,))

    def _purged(self, found: tuple[list[MailAcknowledged], bool], before: int) -> None:
        gone, more = found
        for one in gone:
            device = self._node.hub.users.devices.get(one.device)
            if device is not None:
                device.box.drop(one.seq)
        if more and not self._node.stopping:
            self._clock.callLater(PURGE_SECONDS, self._purge, before)
