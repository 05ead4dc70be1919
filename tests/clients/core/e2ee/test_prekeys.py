"""Tests of clients.core.e2ee.prekeys: a claimed key is the device's own, and not too old."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee.devices import Entry, enter
from clients.core.e2ee.keys import Account
from clients.core.e2ee.prekeys import DAY, OneTimeKey, sign_keys, verify_claim
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import decode, encode
from tests.clients.core.e2ee.kit import refused

NOW = 100 * DAY


class ClaimTests(SynchronousTestCase):
    """What the server hands out."""

    def setUp(self) -> None:
        self.account = Account.make()
        self.account.make_one_time_keys(3)
        self.account.make_fallback_key()
        self.entry = decode(enter(self.account, "bob", b"u" * 32).raw, Entry)

    def check(self, blob: bytes, code: str, check: str, now: int = NOW) -> None:
        """It is refused, by this check."""
        found = self.assertRaises(Refused, verify_claim, blob, self.entry, now)
        self.assertEqual((found.code, found.check, found.user), (code, check, "bob"))

    def test_good_ones(self) -> None:
        keys, fallback = sign_keys(self.account, "bob", NOW)
        found = [verify_claim(blob, self.entry, NOW) for blob in keys]
        self.assertEqual([key.key_id for key in found], [0, 1, 2])
        self.assertEqual([key.key for key in found], [key for _, key in sorted(self.account.one_time_keys().items())])
        assert fallback is not None
        self.assertTrue(verify_claim(fallback, self.entry, NOW).is_fallback)
        self.assertEqual(len(sign_keys(self.account, "bob", NOW, after=1)[0]), 1)
        self.account.published()
        self.assertEqual(sign_keys(self.account, "bob", NOW), ([], None))

    def test_none(self) -> None:
        self.assertEqual(refused(lambda: verify_claim(None, self.entry, NOW)), "NO_ONE_TIME_KEY")

    def test_signed_by_another(self) -> None:
        evil = Account.make()
        value = OneTimeKey("bob", self.entry.device, 0, evil.keys.curve25519, False, NOW)
        self.check(encode(evil.signed("otk", encode(value))), "OTK_BAD_SIGNATURE", "otk-signature")

    def test_of_another(self) -> None:
        for user, device, check in (("carol", self.entry.device, "otk-user"), ("bob", "x" * 16, "otk-device")):
            value = OneTimeKey(user, device, 0, b"k" * 32, False, NOW)
            self.check(encode(self.account.signed("otk", encode(value))), "OTK_WRONG_DEVICE", check)

    def test_age(self) -> None:
        keys, fallback = sign_keys(self.account, "bob", NOW)
        assert fallback is not None
        verify_claim(fallback, self.entry, NOW + 35 * DAY)
        self.check(fallback, "FALLBACK_TOO_OLD", "otk-age", NOW + 35 * DAY + 1)
        verify_claim(keys[0], self.entry, NOW + 400 * DAY)

    @given(st.binary(max_size=300))
    def test_any_bytes(self, raw: bytes) -> None:
        self.setUp()
        for blob in (raw, encode(self.account.signed("otk", raw))):
            self.assertNotEqual(refused(lambda blob=blob: verify_claim(blob, self.entry, NOW)), "")  # type: ignore[misc]
