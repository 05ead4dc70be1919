"""Tests of clients.core.e2ee.bodies: every kind goes there and back, and nothing else does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import bodies
from clients.core.e2ee.bodies import MEGOLM_KINDS, OLM_KINDS, Body, Manifest, Said, read_body
from clients.core.e2ee.franking import Content, Evidence
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import Signed, encode
from tests.clients.core.e2ee.kit import refused

FILE = Manifest(b"f" * 16, b"k" * 32, 5, 65_536, "hw1.pdf", "application/pdf", b"p" * 32, b"c" * 32)
EXAMPLES: dict[str, Body] = {
    "msg": Said("hello", files=[FILE], answers=b"a" * 16),
    "receipt": bodies.Receipt([b"i" * 16]),
    "devlist": bodies.Lists([b"blob"]),
    "session_reset": bodies.Reset(),
    "resend": bodies.Resend([b"i" * 16]),
    "group_key": bodies.GroupKey(b"g" * 16, "session", b"key", 0, 1, b"h" * 32),
    "group_head": bodies.GroupHead(b"g" * 16, 1, b"h" * 32, Signed(b"raw", b"s" * 64), "Lab 3", "topic", b"salt"),
    "roster": bodies.Vouching(Signed(b"raw", b"s" * 64)),
    "uik_rotate": bodies.Rotating(b"raw", b"o" * 64, b"n" * 64),
    "report": bodies.Reported(
        Evidence(Content("dm:a:b", b"i" * 16, "a", "device", 1, "msg", b"body"), b"k" * 32, b"c" * 32, b"tag", 1), "why"
    ),
    "sas_start": bodies.Comparing(b"t" * 16, "device", b"value"),
}


class BodyTests(SynchronousTestCase):
    """What is said."""

    def test_there_and_back(self) -> None:
        for kind, body in EXAMPLES.items():
            self.assertEqual(read_body(OLM_KINDS, kind, encode(body)), body)

    def test_kinds_of_a_channel(self) -> None:
        self.assertEqual(set(MEGOLM_KINDS), {"gmsg"})
        self.assertEqual(
            refused(lambda: read_body(MEGOLM_KINDS, "devlist", encode(EXAMPLES["devlist"]))), "UNKNOWN_KIND"
        )
        self.assertEqual(refused(lambda: read_body(OLM_KINDS, "gmsg", encode(Said("x")))), "UNKNOWN_KIND")

    def test_strict(self) -> None:
        for raw in (encode(["text", "text", [], b"", 1]), encode([1]), encode(Said("é" * 2_049)), b""):
            self.assertEqual(refused(lambda raw=raw: read_body(OLM_KINDS, "msg", raw)), "MALFORMED")  # type: ignore[misc]
        read_body(OLM_KINDS, "msg", encode(Said("é" * 2_048)))

    @given(st.sampled_from(sorted(OLM_KINDS)), st.binary(max_size=500))
    def test_any_bytes(self, kind: str, raw: bytes) -> None:
        try:
            read_body(OLM_KINDS, kind, raw)
        except Refused as found:
            self.assertEqual(found.code, "MALFORMED")
