"""Tests of clients.core.secure.backup: what is kept at the server for one follows one's groups, and one's last code."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import notices as n
from clients.core import recovery
from clients.core.e2ee import book
from clients.core.secure.backup import BOX_BYTES
from tests.clients.core.secure.liar import Target, Town, answered


class BackupTests(SynchronousTestCase):
    """Alice, on a real node."""

    def setUp(self) -> None:
        self.town = Town("alice")
        (self.alice,) = self.town.people

    def code(self, phone: Target | None = None) -> str:
        """A new one."""
        phone = phone or self.alice
        phone.enter("/keys recovery")
        (told,) = phone.face.take(n.RecoveryCode)
        return told.code

    def kept(self) -> bytes:
        """What the server has."""
        return next(iter(self.town.house.node.hub.sealed.backups.values()), b"")

    def names(self, code: str) -> list[str]:
        """What the code gives back of it."""
        seed = recovery.open(code, self.kept()[:BOX_BYTES])
        return sorted(page.name for page in book.opened(seed, self.kept()[BOX_BYTES:]))

    def puts(self) -> int:
        """How often something was kept."""
        return sum(isinstance(command, e.PutBackup) for command in self.alice.wire.sent)

    def test_nothing_without_a_code(self) -> None:
        self.alice.enter("/join lab private")
        self.assertEqual((self.kept(), self.puts()), (b"", 0))

    def test_it_follows_what_groups_there_are(self) -> None:
        code = self.code()
        self.assertEqual(self.names(code), [])
        self.alice.enter("/join lab private", "/join diary private")
        self.assertEqual(self.names(code), ["diary", "lab"])
        self.alice.enter("/rename lab yard", "/part diary")
        self.assertEqual(self.names(code), ["yard"])
        self.assertNotIn(b"yard", self.kept())

    def test_nothing_is_said_where_nothing_changed(self) -> None:
        self.code()
        before = self.puts()
        self.alice.wire.cut()
        self.town.live(20)
        self.alice.enter("@alice hi", "/keys")
        self.assertEqual(self.puts(), before)

    def test_what_could_not_be_kept_is_kept_at_the_next_login(self) -> None:
        code = self.code()
        self.alice.wire.answers[e.PutBackup] = answered(m.Failed, "storage-full", "No room.")
        self.alice.enter("/join lab private")
        self.alice.wire.cut()
        self.alice.wire.honest()
        self.town.live(20)
        self.assertEqual(self.names(code), ["lab"])

    def test_a_profile_that_only_knows_that_there_is_a_code(self) -> None:
        code = self.code()
        assert self.alice.session.secure is not None
        batch = self.alice.session.secure._desk.batch()
        batch.drop("backup", "")
        batch.commit()
        self.alice.enter("/join lab private")
        self.assertEqual(self.names(code), ["lab"])

    def test_a_server_that_always_says_conflict(self) -> None:
        self.code()
        self.alice.wire.answers[e.PutBackup] = answered(m.Failed, "conflict", "Somebody was quicker.")
        before = len(self.alice.wire.sent)
        self.alice.enter("/join lab private")
        self.town.live(60)
        self.assertLess(len([one for one in self.alice.wire.sent[before:] if isinstance(one, e.PutBackup)]), 20)
        self.assertEqual(self.alice.refusals(), [])
