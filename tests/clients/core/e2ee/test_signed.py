"""Tests of clients.core.e2ee.signed: labels keep meanings apart; what decodes is exactly what was meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee.devices import DeviceList, Entry
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import LABELS, Signed, decode, digest, encode, labelled


class SignedTests(SynchronousTestCase):
    """Bytes and values."""

    def test_no_two_labels_sign_the_same(self) -> None:
        self.assertEqual(len({labelled(label, b"x") for label in LABELS}), len(LABELS))
        self.assertEqual(labelled("device", b"x"), b"chatd/v1/device\0x")
        self.assertRaises(AssertionError, labelled, "other", b"x")

    def test_there_and_back(self) -> None:
        signed = Signed(b"raw", b"s" * 64)
        self.assertEqual(decode(encode(signed), Signed), signed)
        self.assertEqual(len(digest(b"")), 32)

    def test_nothing_more_nothing_less(self) -> None:
        for value in ([b"raw"], [b"raw", b"s" * 64, 1], ["raw", b"s" * 64], [b"raw", b"s" * 63], {"raw": b""}, 1):
            self.assertRaises(Refused, decode, encode(value), Signed)
        self.assertRaises(Refused, decode, encode(Signed(b"", b"s" * 64)) + b"\0", Signed)
        self.assertRaises(Refused, decode, b"\x91" * 100_000, list[list[bytes]])

    @given(st.binary(max_size=500))
    def test_any_bytes(self, raw: bytes) -> None:
        for kind in (Signed, Entry, DeviceList):
            try:
                decode(raw, kind)
            except Refused as refused:
                self.assertEqual(refused.code, "MALFORMED")
