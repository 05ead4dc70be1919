"""What every store promises of accounts as staff change them, invitations, sanctions, the class's list and reports."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import (
    AccountSet,
    CertificateSet,
    CursorMoved,
    DeviceMade,
    InvitationSet,
    InvitationUsed,
    MarkerMoved,
    MetadataSet,
    NameKept,
    ReportGone,
    ReportSet,
    RosterSet,
    SanctionGone,
    SanctionSet,
    UserGone,
    UserMade,
    UserSet,
)
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from tests.store.contract import ALICE, BOB, TABLET, Contract

BAN = SanctionSet("ban", 1, "", 5000, "spam", "miller", 10)
REPORT = ReportSet(1, "alice", "#class", 7, "bob", "the text", "rude", 100)


class OrderContract(Contract):
    """The promises of `chatd.store.interface.Store`."""

    def test_all_of_it_comes_back(self) -> None:
        self.store.commit([
            BAN, SanctionSet("mute", 0, "192.0.2.0/24", 0, "", "miller", 11), RosterSet(2, "10 12"), REPORT,
            InvitationSet("i1", 3, 9000, 10, 0, "miller", 12), InvitationSet("i2", 1, 9000, 0, 1, "", 13),
            NameKept(1, "Ann", "ann", "ann"),
        ])  # fmt: skip
        found = self.store.load()
        self.assertEqual(found.sanctions, [BAN, SanctionSet("mute", 0, "192.0.2.0/24", 0, "", "miller", 11)])
        self.assertEqual(found.roster, [RosterSet(2, "10 12")])
        self.assertEqual(found.reports, [REPORT])
        self.assertEqual(found.offers, [InvitationSet("i1", 3, 9000, 10, 0, "miller", 12),
                                        InvitationSet("i2", 1, 9000, 0, 1, "", 13)])  # fmt: skip
        self.assertEqual(found.names, [NameKept(1, "Ann", "ann", "ann")])

    def test_it_changes_and_goes(self) -> None:
        network = SanctionSet("ban", 0, "192.0.2.7", 1, "a", "x", 1)
        self.store.commit([BAN, network, REPORT, InvitationSet("i1", 3, 9, 0, 0, "", 1), RosterSet(1, "10")])
        later = msgspec.structs.replace(BAN, until=0, reason="again")
        taken = msgspec.structs.replace(REPORT, state="taken", by="miller", changed=200)
        gone = InvitationSet("i1", 0, 9, 0, 0, "", 1)
        self.store.commit([later, taken, gone, RosterSet(1, ""), SanctionGone("ban", 0, "192.0.2.7")])
        found = self.store.load()
        self.assertEqual((found.sanctions, found.reports), ([later], [taken]))
        self.assertEqual((found.offers, found.roster), ([gone], [RosterSet(1, "")]))
        self.store.commit([SanctionGone("ban", 1, ""), SanctionGone("ban", 1, ""), ReportGone(1), ReportGone(9)])
        self.assertEqual((self.store.load().sanctions, self.store.load().reports), ([], []))

    def test_whom_it_is_about_is_there(self) -> None:
        self.refused(SanctionSet("ban", 9, "", 0, "", "", 1))
        self.refused(SanctionSet("ban", 0, "", 0, "", "", 1))
        self.refused(SanctionSet("ban", 1, "192.0.2.7", 0, "", "", 1))
        self.refused(InvitationSet("i", 1, 1, 0, 9, "", 1))
        self.refused(RosterSet(9, ""))
        self.refused(AccountSet(9, "x", "x", "x", "student"))
        self.refused(NameKept(9, "x", "x", "x"))
        self.refused(UserGone(9))

    def test_an_invitation_is_used_once_by_each(self) -> None:
        self.store.commit([InvitationUsed("i1", 1, 5), InvitationUsed("i1", 2, 6)])
        self.assertEqual(self.store.load().invitations, [InvitationUsed("i1", 1, 5), InvitationUsed("i1", 2, 6)])
        self.refused(InvitationUsed("i1", 1, 7))

    def test_an_account_is_called_otherwise(self) -> None:
        self.store.commit([NameKept(1, "Alice", "alice", "a1ice"), AccountSet(1, "Lisa", "lisa", "1isa", "staff")])
        found = self.store.load()
        changed = msgspec.structs.replace(ALICE, name="Lisa", key="lisa", skeleton="1isa", role="staff")
        self.assertEqual((found.users, found.names), ([changed, BOB], [NameKept(1, "Alice", "alice", "a1ice")]))
        self.refused(AccountSet(2, "lisa", "lisa", "x", "student"))
        self.refused(AccountSet(2, "x", "x", "1isa", "student"))
        self.refused(NameKept(2, "Alice", "alice", "x"))
        self.refused(NameKept(2, "x", "x", "a1ice"))
        self.store.commit([NameKept(1, "Lisa", "lisa", "1isa"), AccountSet(1, "Alice", "alice", "a1ice", "student")])
        found = self.store.load()
        self.assertEqual((found.users, found.names), ([ALICE, BOB], [NameKept(1, "Lisa", "lisa", "1isa")]))
        self.store.commit([UserMade(3, "c", "c", "c", "student", 1)])

    def test_an_account_is_deleted(self) -> None:
        self.store.commit([
            *self.filled()[1:2], CertificateSet("aa", 1), UserSet(1, True, "A"), MetadataSet(1, 0, "k", "v"),
            MetadataSet(2, 0, "k", "v"), MarkerMoved(1, 10, 9), MarkerMoved(2, 10, 9), BAN, RosterSet(1, "10"),
            NameKept(1, "Ann", "ann", "ann"), InvitationSet("i2", 1, 9000, 0, 1, "", 13), CursorMoved("tablet", 10, 2),
        ])  # fmt: skip
        self.store.commit([AccountSet(1, "deleted-1", "deleted-1", "de1eted-1", "student"), UserGone(1)])
        found = self.store.load()
        fields = {"name": "deleted-1", "key": "deleted-1", "skeleton": "de1eted-1", "verifier": "", "scram": ""}
        self.assertEqual(found.users, [msgspec.structs.replace(ALICE, **fields), BOB])
        self.assertEqual((found.devices, found.cursors), ([TABLET], [CursorMoved("tablet", 10, 2)]))
        self.assertEqual((found.metadata, found.markers), ([MetadataSet(2, 0, "k", "v")], [MarkerMoved(2, 10, 9)]))
        self.assertEqual([found.certificates, found.settings, found.sanctions, found.roster, found.names,
                          found.offers], [[]] * 6)  # fmt: skip
        self.store.commit([UserMade(3, "Alice", "alice", "a1ice", "student", 1), DeviceMade("phone", 3, b"", b"", 1)])


class InMemory(OrderContract, SynchronousTestCase):
    """One suite, every back end."""

    def make(self) -> Store:
        return MemoryStore()


class InSqlite(OrderContract, SynchronousTestCase):
    """One suite, every back end."""

    def make(self) -> Store:
        return SqliteStore(self.mktemp())
