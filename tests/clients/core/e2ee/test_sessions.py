"""Tests of clients.core.e2ee.sessions: which session is used, and what a first message may do."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import own, pins, sessions
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.prekeys import OneTimeKey
from clients.core.e2ee.signed import encode
from tests.clients.core.e2ee.kit import Phone, people, refused


class SessionTests(SynchronousTestCase):
    """Alice and bob, below the envelope."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob) = people("alice", "bob")
        self.alice.refresh("bob")
        self.bob.refresh("alice")

    def seal(self, sender: Phone, to: Phone, plain: bytes, anew: bool = False) -> tuple[str, bytes]:
        """Encrypt and commit."""
        batch = sender.batch()
        claims = {to.address: self.server.claim(*to.address)}
        found = sessions.Sealer(batch, self.server.now, claims, sender.random.randbytes).seal(to.me, plain, anew)
        batch.commit()
        return found

    def unseal(self, reader: Phone, sender: Phone, sealed: tuple[str, bytes]) -> bytes:
        """Decrypt and commit; a refusal leaves everything as it was."""
        batch = reader.batch()
        kind = int(sealed[0][-1])
        plain = sessions.unseal(batch, sender.me, kind, sealed[1], reader.random.randbytes)
        batch.commit()
        return plain

    def ids(self, phone: Phone, other: Phone) -> list[str]:
        """The sessions, the one to send on first."""
        return [one.id for one in sessions.load(phone.batch(), other.device)]

    def test_the_first_opens_and_the_answer_is_normal(self) -> None:
        self.assertFalse(sessions.has(self.alice.batch(), self.bob.device))
        first = self.seal(self.alice, self.bob, b"one")
        self.assertEqual((first[0], self.unseal(self.bob, self.alice, first)), ("olm0", b"one"))
        again = self.seal(self.alice, self.bob, b"two")
        self.assertEqual((again[0], self.unseal(self.bob, self.alice, again)), ("olm0", b"two"))
        self.assertEqual(len(self.ids(self.bob, self.alice)), 1)
        answer = self.seal(self.bob, self.alice, b"three")
        self.assertEqual((answer[0], self.unseal(self.alice, self.bob, answer)), ("olm1", b"three"))
        self.assertTrue(sessions.has(self.alice.batch(), self.bob.device))

    def test_both_at_once(self) -> None:
        """V14: two sessions, both decrypt, and the one that did last is the one to send on."""
        from_alice, from_bob = self.seal(self.alice, self.bob, b"a"), self.seal(self.bob, self.alice, b"b")
        self.assertEqual(self.unseal(self.bob, self.alice, from_alice), b"a")
        self.assertEqual(self.unseal(self.alice, self.bob, from_bob), b"b")
        self.assertEqual(len(self.ids(self.alice, self.bob)), 2)
        self.assertEqual(self.ids(self.alice, self.bob), self.ids(self.bob, self.alice)[::-1])
        answer = self.seal(self.alice, self.bob, b"c")
        self.assertEqual(self.unseal(self.bob, self.alice, answer), b"c")
        self.assertEqual(self.ids(self.alice, self.bob), self.ids(self.bob, self.alice))

    def test_five_are_kept(self) -> None:
        for number in range(7):
            sealed = self.seal(self.alice, self.bob, b"x", anew=True)
            self.assertEqual(self.unseal(self.bob, self.alice, sealed), b"x", number)
        self.assertEqual(len(self.ids(self.alice, self.bob)), 5)
        self.assertEqual(self.ids(self.alice, self.bob), self.ids(self.bob, self.alice))

    def test_a_refusal_leaves_account_and_sessions_as_they_were(self) -> None:
        first = self.seal(self.alice, self.bob, b"one")
        before = dict(self.bob.disk.kept)
        forged = (first[0], first[1][:-1] + bytes([first[1][-1] ^ 1]))
        self.assertEqual(refused(lambda: self.unseal(self.bob, self.alice, forged)), "CANNOT_DECRYPT")
        self.assertEqual(self.bob.disk.kept, before)
        self.assertEqual(self.unseal(self.bob, self.alice, first), b"one")
        self.assertEqual(refused(lambda: self.unseal(self.bob, self.alice, first)), "DUPLICATE_OR_TOO_OLD")
        self.assertEqual(refused(lambda: self.unseal(self.bob, self.alice, ("olm1", b""))), "CANNOT_DECRYPT")

    def test_a_used_key_is_gone_from_the_account(self) -> None:
        first = self.seal(self.alice, self.bob, b"one")
        self.unseal(self.bob, self.alice, first)
        batch = Batch(self.bob.storage)
        batch.drop(sessions.TABLE, self.alice.device)
        call = lambda: sessions.unseal(batch, self.alice.me, 0, first[1], self.bob.random.randbytes)  # noqa: E731
        self.assertEqual(refused(call), "CANNOT_DECRYPT")

    def test_worthless_keys(self) -> None:
        """A4: a listed device signs an all-zero key."""
        batch = self.bob.batch()
        keys = own.account(batch)

        zero = OneTimeKey("bob", self.bob.device, 0, bytes(32), False, self.server.now)
        self.server.keys[self.bob.address] = [encode(keys.signed("otk", encode(zero)))]
        self.assertEqual(refused(lambda: self.seal(self.alice, self.bob, b"x")), "WEAK_KEY")
        self.assertEqual(self.ids(self.alice, self.bob), [])
        self.assertEqual(pins.current(self.alice.batch(), "bob").version, 1)
