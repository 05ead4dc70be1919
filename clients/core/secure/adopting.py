"""Encrypted groups that one belongs to and that this device knows nothing of: it was linked, or recovered, after that.

Rule: the server says which they are, and is believed in nothing: the log is read from its first entry on and checked.
A group that cannot be checked waits, and its mail with it, until an owner or a device of one's own introduces it. Its
name comes from one's own other devices, from the backup, or from another member.
"""

from __future__ import annotations

from typing import Final

from chatd import encryption as e
from clients.core import notices as n
from clients.core.e2ee import book, replaying
from clients.core.e2ee.envelope import group_conv
from clients.core.e2ee.groups import GROUP, GroupRow, Naming
from clients.core.e2ee.members import Add, LogEntry
from clients.core.e2ee.refusals import Behind, Refused
from clients.core.e2ee.signed import Signed, decode
from clients.core.secure.arriving import Arriving
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, ServerRefused, expect
from clients.core.secure.talks import Talks

MOST_BYTES: Final = 2 * 2**20  # of one log; an honest server's has a quarter
MOST_GROUPS: Final = 1_000
GID_BYTES: Final = 16


class Adopting:
    """All such groups of this account."""

    def __init__(self, desk: Desk, talks: Talks, arriving: Arriving) -> None:
        self._desk, self._talks, self._arriving = desk, talks, arriving
        self._tried: set[bytes] = set()
        replaying.install(desk.incoming)

    def ask(self) -> Flow[None]:
        """At the login: which groups are there? They are read when all mail that waited has been looked at."""
        self._tried.clear()
        try:
            found = expect((yield e.AskOwnGroups(0)), e.OwnGroups).groups
        except ServerRefused:
            return  # it does not know, or does not say: those that are known here go on
        self._arriving.afterwards(lambda: self._begin(found[:MOST_GROUPS]))

    def unknown(self, gid: bytes) -> None:
        """Something came, or was said by one's own other device, of a group that is not known here."""
        if gid not in self._tried and len(gid) == GID_BYTES and self._talks.row(gid) is None:
            self._tried.add(gid)
            self._desk.flows.start(group_conv(gid), self._adopt(gid))

    def _begin(self, gids: list[bytes]) -> None:
        for gid in gids:
            self.unknown(gid)
        self.name_known()

    def name_known(self) -> None:
        """Groups that are here already and get their names from pages that are."""
        batch = self._desk.batch()
        for name in list(batch.rows(book.PAGES)):
            row = batch.get(GROUP, name, GroupRow)
            if row is not None:
                batch.put(GROUP, name, replaying.named(row, book.page(batch, row.state.gid)))
                book.forget(batch, row.state.gid)
        batch.commit()

    def _adopt(self, gid: bytes) -> Flow[None]:
        """Read the log, and what was held back for want of it."""
        desk, conversation = self._desk, group_conv(gid)
        if self._talks.row(gid) is not None:
            return
        try:
            chain, row = yield from self.read(gid)
        except ServerRefused:
            return  # no member, or no more
        except Refused as refused:
            if refused.code != "NOT_A_MEMBER":
                desk.show(n.Secure("GROUP_WAITS", detail=gid.hex()[:8]))
            return
        label, by = self._talks.shown(conversation), _added_by(chain, desk.me)
        desk.show(n.Secure("GROUP_HERE", by, label))
        if row.naming == Naming():
            desk.show(n.Secure("GROUP_NAMELESS", to=label))

    def read(self, gid: bytes) -> Flow[tuple[list[bytes], GroupRow]]:
        """A group that one is in is known from here on, and what was held back for want of it is read.

        Raises Refused where it cannot be checked or one is no member, and ServerRefused.
        """
        chain = yield from self._log(gid)
        row = yield from self._checked(gid, chain)
        self._talks.refresh()
        self._arriving.again(self._desk.incoming.held(self._desk.batch(), group_conv(gid)))
        return chain, row

    def _log(self, gid: bytes) -> Flow[list[bytes]]:
        """All of it, as the server shows it: it comes in parts. Raises ServerRefused."""
        chain: list[bytes] = []
        while sum(map(len, chain)) <= MOST_BYTES:
            part = expect((yield e.AskGroup(0, gid, len(chain))), e.GroupLog).entries
            if not part:
                break
            chain += part
        return chain

    def _checked(self, gid: bytes, chain: list[bytes]) -> Flow[GroupRow]:
        """With the lists of everybody who made an entry. Raises Refused and ServerRefused."""
        desk, asked = self._desk, set[str]()
        while True:
            batch, known = desk.batch(), self._talks.row(gid)
            if known is not None:
                return known  # another flow was quicker, or somebody has introduced this device
            try:
                row = replaying.adopt(batch, gid, chain, frozenset(asked))
            except Behind as behind:
                if behind.user in asked:
                    raise Refused("GROUP_OP_BAD_SIGNATURE", "replay-asked", behind.user) from behind
                asked.add(behind.user)
                yield from desk.learn(behind.user)
            else:
                self._talks.begin(batch, group_conv(gid), gid=gid)
                batch.commit()
                return row


def _added_by(chain: list[bytes], me: str) -> str:
    """Who has taken one in last; oneself, where one has made the group."""
    by = me
    for blob in chain:
        entry = decode(decode(blob, Signed).raw, LogEntry)
        if entry.op == "add" and decode(entry.arg, Add).user == me:
            by = entry.user
    return by
