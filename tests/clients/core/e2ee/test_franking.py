"""Tests of clients.core.e2ee.franking: one commitment, one meaning (case A22, the moderator's half)."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee.franking import Content, Evidence, commit, judge
from clients.core.e2ee.keys import hmac
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import encode

KF, SERVER_KEY = b"k" * 32, b"s" * 32
CONTENT = Content("dm:alice:bob", b"i" * 16, "alice", "device", 5, "msg", b"body")


def tag(commitment: bytes, sender: str, conv: str, at: int) -> bytes:
    """What the server attaches."""
    return hmac(SERVER_KEY, encode([commitment, sender, conv, at]))


def server_says(evidence: Evidence) -> bool:
    """`report.check`."""
    content = evidence.content
    return evidence.tag == tag(evidence.commitment, content.s_user, content.conv, evidence.at)


class FrankingTests(SynchronousTestCase):
    """A report."""

    def setUp(self) -> None:
        commitment = commit(KF, CONTENT)
        self.evidence = Evidence(CONTENT, KF, commitment, tag(commitment, "alice", "dm:alice:bob", 7), 7)

    def accepted(self, evidence: Evidence) -> bool:
        """Both halves of the proof."""
        try:
            judge(evidence)
        except Refused:
            return False
        return server_says(evidence)

    def test_every_field_counts(self) -> None:
        changes = {"conv": "dm:bob:eve", "msg_id": b"j" * 16, "s_user": "eve", "s_device": "other", "sent_at": 6}
        found = {commit(KF, CONTENT), commit(b"x" * 32, CONTENT)}
        for name, value in {**changes, "kind": "sync", "body": b"Body"}.items():
            found.add(commit(KF, msgspec.structs.replace(CONTENT, **{name: value})))
        self.assertEqual((len(found), {len(one) for one in found}), (9, {32}))

    def test_reports(self) -> None:
        self.assertTrue(self.accepted(self.evidence))
        other = msgspec.structs.replace(CONTENT, s_user="eve")
        for lies in (
            {"content": msgspec.structs.replace(CONTENT, body=b"something else")},
            {"content": other},
            {"content": other, "commitment": commit(KF, other)},
            {"kf": b"x" * 32},
            {"at": 8},
            {"tag": b"t" * 32},
        ):
            self.assertFalse(self.accepted(msgspec.structs.replace(self.evidence, **lies)), lies)

    def test_only_keys_of_one_length(self) -> None:
        """HMAC pads a short key with zeros: two keys would mean the same."""
        short = Evidence(CONTENT, b"k", commit(b"k", CONTENT), b"", 7)
        self.assertEqual(commit(b"k", CONTENT), commit(b"k\0", CONTENT))
        self.assertEqual(self.assertRaises(Refused, judge, short).check, "evidence-key")
