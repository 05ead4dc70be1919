"""Tests of clients.core.e2ee.devices: a list is its owner's, whole, and the next one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import devices
from clients.core.e2ee.devices import DeviceList, Entry, Known, difference, enter, sign_list, verify_list
from clients.core.e2ee.keys import Account, UserKey, device_id
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import NOTHING, Signed, decode, digest, encode
from tests.clients.core.e2ee.kit import refused

BOB = UserKey(b"b" * 32)
PHONE, LAPTOP, EVIL = Account.make(), Account.make(), Account.make()


def entered(account: Account, user: str = "bob", key: UserKey = BOB) -> Signed:
    """A device that signed itself in."""
    return enter(account, user, key.public)


def listed(*signed: Signed, version: int = 1, prev: bytes = NOTHING, user: str = "bob", key: UserKey = BOB) -> bytes:
    """A list as its owner might sign it, right or wrong."""
    return encode(key.sign("devlist", encode(DeviceList(user, key.public, version, prev, list(signed)))))


def verify(blob: bytes, uik: bytes | None = BOB.public, before: Known | None = None) -> Known:
    """A list of bob's."""
    return verify_list(blob, "bob", uik, before)


class ListTests(SynchronousTestCase):
    """Chains."""

    def setUp(self) -> None:
        self.first = verify(sign_list(BOB, "bob", None, [entered(PHONE)]), None)

    def check(self, blob: bytes, code: str, check: str, before: Known | None = None) -> None:
        """It is refused, by this check."""
        found = self.assertRaises(Refused, verify, blob, BOB.public, before)
        self.assertEqual((found.code, found.check), (code, check))

    def test_a_chain(self) -> None:
        self.assertEqual((self.first.version, list(self.first.devices)), (1, [PHONE.keys.device]))
        blob = sign_list(BOB, "bob", self.first, [entered(PHONE), entered(LAPTOP)])
        second = verify(blob, BOB.public, self.first)
        self.assertEqual((second.version, second.hash), (2, digest(decode(blob, Signed).raw)))
        self.assertEqual(difference(self.first, second), ([LAPTOP.keys.device], []))
        self.assertEqual(difference(second, self.first), ([], [LAPTOP.keys.device]))
        self.assertEqual(devices.require_entry(second, LAPTOP.keys.device).ed25519, LAPTOP.keys.ed25519)
        self.assertEqual(refused(lambda: devices.require_entry(self.first, LAPTOP.keys.device)), "UNKNOWN_DEVICE")

    def test_signature(self) -> None:
        signed = decode(listed(entered(PHONE)), Signed)
        forged = UserKey(b"m" * 32).sign("devlist", signed.raw)
        self.check(encode(forged), "DEVLIST_BAD_SIGNATURE", "list-signature")
        other = BOB.sign("roster", signed.raw)
        self.check(encode(other), "DEVLIST_BAD_SIGNATURE", "list-signature")

    def test_a_key_swapped_in_the_list(self) -> None:
        signed = decode(listed(entered(PHONE)), Signed)
        swapped = signed.raw.replace(PHONE.keys.curve25519, EVIL.keys.curve25519)
        self.check(encode(Signed(swapped, signed.signature)), "DEVLIST_BAD_SIGNATURE", "list-signature")

    def test_another_user_key(self) -> None:
        evil = UserKey(b"m" * 32)
        self.check(listed(entered(EVIL, key=evil), key=evil), "IDENTITY_CHANGED", "list-key")

    def test_somebody_elses_list(self) -> None:
        self.check(listed(entered(PHONE, "carol"), user="carol"), "DEVLIST_WRONG_USER", "list-user")

    def test_order(self) -> None:
        phone = entered(PHONE)
        self.check(listed(phone, version=2), "DEVLIST_CHAIN_BROKEN", "list-version")
        self.check(listed(phone, version=3, prev=self.first.hash), "DEVLIST_CHAIN_BROKEN", "list-version", self.first)
        self.check(listed(phone, prev=b"x" * 32), "DEVLIST_CHAIN_BROKEN", "list-prev")
        self.check(listed(phone, version=2), "DEVLIST_CHAIN_BROKEN", "list-prev", self.first)
        self.check(listed(entered(LAPTOP)), "DEVLIST_FORK", "list-fork", self.first)

    def test_at_most_ten(self) -> None:
        many = [entered(Account.make()) for _ in range(11)]
        self.assertEqual(refused(lambda: verify(listed(*many))), "MALFORMED")
        self.assertEqual(len(verify(listed(*many[:10])).devices), 10)


class DeviceTests(SynchronousTestCase):
    """The devices in it."""

    def check(self, signed: list[Signed], code: str, check: str) -> None:
        """A list with these is refused, by this check."""
        found = self.assertRaises(Refused, verify, listed(*signed))
        self.assertEqual((found.code, found.check), (code, check))

    def test_somebody_elses_device(self) -> None:
        self.check([entered(PHONE, "carol")], "DEVICE_NOT_SELF_SIGNED", "device-owner")
        self.check([entered(PHONE, key=UserKey(b"c" * 32))], "DEVICE_NOT_SELF_SIGNED", "device-owner")
        claimed = Entry("bob", BOB.public, PHONE.keys.device, PHONE.keys.ed25519, PHONE.keys.curve25519)
        self.check([EVIL.signed("device", encode(claimed))], "DEVICE_NOT_SELF_SIGNED", "device-signature")

    def test_an_id_that_is_not_the_keys(self) -> None:
        keys = EVIL.keys
        entry = Entry("bob", BOB.public, PHONE.keys.device, keys.ed25519, keys.curve25519)
        self.check([EVIL.signed("device", encode(entry))], "DEVICE_ID_MISMATCH", "device-id")

    def test_twice(self) -> None:
        self.check([entered(PHONE), entered(PHONE)], "DEVICE_DUPLICATE", "device-once")

    def test_a_key_of_another_device_beside_ones_own(self) -> None:
        """That passes here; the envelope is what stops it (case A11)."""
        device = device_id(EVIL.keys.ed25519, PHONE.keys.curve25519)
        entry = Entry("bob", BOB.public, device, EVIL.keys.ed25519, PHONE.keys.curve25519)
        self.assertEqual(list(verify(listed(EVIL.signed("device", encode(entry)))).devices), [device])

    def test_a_device_that_asks(self) -> None:
        signed = entered(LAPTOP)
        self.assertEqual(devices.verify_device(signed, "bob", BOB.public).device, LAPTOP.keys.device)
        self.assertEqual(refused(lambda: devices.verify_device(signed, "carol", BOB.public)), "DEVICE_NOT_SELF_SIGNED")


class BytesTests(SynchronousTestCase):
    """Whatever comes."""

    BLOB = listed(entered(PHONE), entered(LAPTOP))

    @given(st.binary(max_size=500))
    def test_any_bytes(self, raw: bytes) -> None:
        self.assertNotEqual(refused(lambda: verify(raw)), "")

    @given(st.integers(0, 10_000), st.integers(1, 255))
    def test_a_byte_changed(self, at: int, flip: int) -> None:
        changed = bytearray(self.BLOB)
        changed[at % len(changed)] ^= flip
        self.assertNotEqual(refused(lambda: verify(bytes(changed), None)), "")

    @given(st.binary(max_size=300))
    def test_signed_nonsense(self, raw: bytes) -> None:
        self.assertNotEqual(refused(lambda: verify(encode(BOB.sign("devlist", raw)))), "")
        self.assertNotEqual(refused(lambda: verify(listed(PHONE.signed("device", raw)))), "")
