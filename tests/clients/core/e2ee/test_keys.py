"""Tests of clients.core.e2ee.keys: bytes in and out, one kind of error, and none of what is forbidden."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import clients
from clients.core.e2ee import keys
from clients.core.e2ee.keys import Account, GroupReader, GroupSender, OlmSession, Ritual, UserKey, verified
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import Signed, labelled
from tests.clients.core.e2ee.kit import refused

KEY = b"k" * 32


def pair() -> tuple[OlmSession, OlmSession, Account, Account, bytes]:
    """Two ends of a session, and the first message."""
    alice, bob = Account.make(), Account.make()
    bob.make_one_time_keys(1)
    one = alice.open_outbound(bob.keys.curve25519, bob.one_time_keys()[0])
    kind, ciphertext = one.encrypt(b"first")
    assert kind == keys.PRE_KEY
    other, plain = bob.open_inbound(alice.keys.curve25519, ciphertext)
    assert plain == b"first"
    return one, other, alice, bob, ciphertext


class SignatureTests(SynchronousTestCase):
    """Ed25519, from both libraries."""

    def test_user_key_and_device_sign_under_a_label(self) -> None:
        user, device = UserKey(b"s" * 32), Account.make()
        for public, signed in (
            (user.public, user.sign("devlist", b"raw")),
            (device.keys.ed25519, device.signed("devlist", b"raw")),
        ):
            self.assertTrue(verified(public, "devlist", signed))
            self.assertFalse(verified(public, "device", signed))
            self.assertFalse(verified(public, "devlist", Signed(b"Raw", signed.signature)))
            self.assertFalse(verified(KEY, "devlist", signed))
            Ed25519PublicKey.from_public_bytes(public).verify(signed.signature, labelled("devlist", b"raw"))
        self.assertEqual(UserKey(b"s" * 32).public, user.public)

    def test_keys_of_low_order_sign_nothing(self) -> None:
        one = (1).to_bytes(32, "little")  # with it R = 1 and s = 0 would be a signature of everything
        self.assertFalse(verified(one, "devlist", Signed(b"anything", one + bytes(32))))
        for wrong in (b"", b"short", b"x" * 31, b"x" * 33, b"x" * 64):
            self.assertFalse(verified(wrong, "devlist", Signed(b"", bytes(64))))


class OlmTests(SynchronousTestCase):
    """Sessions between devices."""

    def test_both_ways(self) -> None:
        one, other, _, _, first = pair()
        self.assertEqual(one.id, other.id)
        self.assertTrue(other.matches(first))
        kind, ciphertext = other.encrypt(b"answer")
        self.assertEqual((kind, one.decrypt(kind, ciphertext)), (1, b"answer"))

    def test_sealed(self) -> None:
        one, other, alice, _, _ = pair()
        again = OlmSession.unseal(one.seal(KEY), KEY)
        kind, ciphertext = again.encrypt(b"more")
        self.assertEqual(other.decrypt(kind, ciphertext), b"more")
        self.assertRaises(Refused, OlmSession.unseal, one.seal(KEY), b"x" * 32)
        self.assertEqual(Account.unseal(alice.seal(KEY), KEY).keys, alice.keys)

    def test_the_librarys_words_for_a_used_key(self) -> None:
        one, other, _, _, first = pair()
        self.assertEqual(refused(lambda: other.decrypt(0, first)), "DUPLICATE_OR_TOO_OLD")
        kind, ciphertext = one.encrypt(b"more")
        forged = ciphertext[:-1] + bytes([ciphertext[-1] ^ 1])
        self.assertEqual(refused(lambda: other.decrypt(kind, forged)), "CANNOT_DECRYPT")
        self.assertEqual(other.decrypt(kind, ciphertext), b"more")

    def test_wrong_identity_and_unknown_key(self) -> None:
        alice, bob, eve = Account.make(), Account.make(), Account.make()
        bob.make_one_time_keys(1)
        session = alice.open_outbound(bob.keys.curve25519, bob.one_time_keys()[0])
        _, ciphertext = session.encrypt(b"first")
        self.assertEqual(refused(lambda: bob.open_inbound(eve.keys.curve25519, ciphertext)), "CANNOT_DECRYPT")
        self.assertEqual(refused(lambda: eve.open_inbound(alice.keys.curve25519, ciphertext)), "CANNOT_DECRYPT")
        self.assertEqual(bob.open_inbound(alice.keys.curve25519, ciphertext)[1], b"first")

    def test_ids_are_numbers(self) -> None:
        account = Account.make()
        account.make_one_time_keys(3)
        account.make_fallback_key()
        self.assertEqual(sorted(account.one_time_keys()), [0, 1, 2])
        self.assertEqual(list(account.fallback_key()), [0])
        account.published()
        account.make_one_time_keys(1)
        self.assertEqual((list(account.one_time_keys()), account.fallback_key()), ([3], {}))

    @given(st.binary(max_size=300), st.integers(0, 3))
    def test_any_bytes(self, raw: bytes, kind: int) -> None:
        _, other, alice, bob, _ = self.PAIR
        self.assertNotEqual(refused(lambda: other.decrypt(kind, raw)), "")
        self.assertNotEqual(refused(lambda: bob.open_inbound(alice.keys.curve25519, raw)), "")
        self.assertFalse(other.matches(raw))

    @given(st.integers(0, 10_000), st.integers(1, 255))
    def test_first_messages_with_a_byte_changed(self, at: int, flip: int) -> None:
        _, other, alice, bob, first = self.PAIR
        changed = bytearray(first)
        changed[at % len(first)] ^= flip
        other.matches(bytes(changed))
        self.assertNotEqual(refused(lambda: other.decrypt(0, bytes(changed))), "")
        self.assertNotEqual(refused(lambda: bob.open_inbound(alice.keys.curve25519, bytes(changed))), "")

    PAIR = pair()


class GroupTests(SynchronousTestCase):
    """Megolm."""

    def test_from_its_index_on_and_forward(self) -> None:
        sender = GroupSender()
        first = sender.encrypt(b"zero")
        reader = GroupReader.of_key(sender.key)
        self.assertEqual((reader.id, reader.first, sender.index), (sender.id, 1, 1))
        self.assertEqual(refused(lambda: reader.decrypt(first)), "DUPLICATE_OR_TOO_OLD")
        second = sender.encrypt(b"one")
        self.assertEqual(reader.decrypt(second), (b"one", 1))
        self.assertEqual(reader.decrypt(second), (b"one", 1))
        ahead = reader.forward(2)
        self.assertEqual((ahead.id, refused(lambda: ahead.decrypt(second))), (reader.id, "DUPLICATE_OR_TOO_OLD"))
        again = GroupReader.unseal(ahead.seal(KEY), KEY)
        restored = GroupSender.unseal(sender.seal(KEY), KEY)
        self.assertEqual(again.decrypt(restored.encrypt(b"two")), (b"two", 2))

    @given(st.binary(max_size=400))
    def test_any_bytes(self, raw: bytes) -> None:
        self.assertEqual(refused(lambda: self.READER.decrypt(raw)), "CANNOT_DECRYPT")
        self.assertEqual(refused(lambda: GroupReader.of_key(raw)), "MALFORMED")

    READER = GroupReader.of_key(GroupSender().key)


class RitualTests(SynchronousTestCase):
    """Short strings."""

    def test_same_on_both_sides(self) -> None:
        one, other = Ritual(), Ritual()
        one.meet(other.public)
        other.meet(one.public)
        self.assertEqual(one.short("info"), other.short("info"))
        self.assertNotEqual(one.short("info"), other.short("other"))
        self.assertTrue(other.holds(one.tag("text", "info"), "text", "info"))
        for tag, text, info in ((b"", "text", "info"), (one.tag("text", "info"), "Text", "info")):
            self.assertFalse(other.holds(tag, text, info))


class SymmetricTests(SynchronousTestCase):
    """Boxes and derived keys."""

    def test_box(self) -> None:
        box = keys.seal_box(KEY, b"n" * 12, b"plain", b"about")
        self.assertEqual(keys.open_box(KEY, box, b"about"), b"plain")
        for key, bytes_, about in (
            (b"x" * 32, box, b"about"),
            (KEY, box[:-1], b"about"),
            (KEY, box, b"other"),
            (KEY, b"", b"about"),
        ):
            self.assertEqual(
                refused(lambda key=key, bytes_=bytes_, about=about: keys.open_box(key, bytes_, about)),  # type: ignore[misc]
                "STORE_TAMPERED",
            )

    def test_derived(self) -> None:
        found = {keys.derive(KEY, "a"), keys.derive(KEY, "b"), keys.derive(KEY, "a", b"salt"), keys.derive(b"x", "a")}
        self.assertEqual((len(found), {len(one) for one in found}), (4, {32}))
        self.assertTrue(keys.same(keys.hmac(KEY, b"m"), keys.hmac(KEY, b"m")))


class LibraryTests(SynchronousTestCase):
    """What the library must refuse, and what of it is not used."""

    def test_low_order_points_open_nothing(self) -> None:
        keys.check_library()
        self.assertEqual(len(set(keys.LOW_ORDER)), 5)

    def test_the_test_notices(self) -> None:
        good = Account.make().keys.curve25519
        self.assertEqual(refused(lambda: keys.check_library((good,))), "LIBRARY_UNSAFE")
        mine = Account.make()
        for point, worth in ((good, True), *((point, False) for point in keys.LOW_ORDER)):
            found = (keys._opens(mine, point, good), keys._opens(mine, good, point), keys._meets(point))
            self.assertEqual(found, (worth, worth, worth))

    def test_a_client_of_0_9_is_refused(self) -> None:
        """vodozemac before 0.10 opens sessions with worthless keys: it is not installed, and a program that finds it
        on its machine (`check_library`) does not use it."""
        root = Path(clients.__file__).parents[1]
        self.assertIn("vodozemac >= 0.10.0", (root / "setup.cfg").read_text("utf-8"))
        (locked,) = re.findall(
            r"^vodozemac==(\d+)\.(\d+)\.", (root / ".lock/requirements.txt").read_text("utf-8"), re.M
        )
        self.assertGreaterEqual((int(locked[0]), int(locked[1])), (0, 10))

    def test_names_that_are_not_used(self) -> None:
        banned = re.compile(r"\bPk(En|De)cryption\b|\bExportedSessionKey\b|\bfrom_libolm_pickle\b|_invalid_base64\b")
        exports = re.compile(r"\bimport_session\b|\bexport_at\b")
        for path in Path(clients.__file__).parent.rglob("*.py"):
            source = path.read_text("utf-8")
            self.assertIsNone(banned.search(source), path)
            self.assertEqual(len(exports.findall(source)), 2 if path == Path(keys.__file__) else 0, path)
