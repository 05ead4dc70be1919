"""The commitment to a message, outside its ciphertext, and what a report of it reveals.

Rule: one key and one commitment have one meaning. It is a 256-bit HMAC over everything that matters of a message,
under a key of exactly 32 bytes that travels inside; it is checked before anything is shown, and a moderator can check
it again.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from clients.core.e2ee.keys import KEY_BYTES, hmac, same
from clients.core.e2ee.refusals import Check, require
from clients.core.e2ee.signed import Bytes16, Bytes32, Name, Number, encode, labelled


class Content(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What is committed to."""

    conv: Annotated[str, Meta(max_length=300)]
    msg_id: Bytes16
    s_user: Name
    s_device: Name
    sent_at: Number
    kind: Name
    body: bytes


class Evidence(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What a reporter shows a moderator: the message, its key and commitment, and the server's tag and time.

    Whether the tag is right only the server can say (`report.check`), and it learns no text from being asked.
    """

    content: Content
    kf: bytes
    commitment: Bytes32
    tag: bytes
    at: int


EVIDENCE_CHECKS: Final = (
    Check[Evidence]("evidence-key", "COMMITMENT_MISMATCH", lambda it: len(it.kf) == KEY_BYTES),
    Check[Evidence]("evidence", "COMMITMENT_MISMATCH", lambda it: same(commit(it.kf, it.content), it.commitment)),
)


def commit(kf: bytes, content: Content) -> bytes:
    """The commitment to a content under a key that is used for this message only."""
    return hmac(kf, labelled("franking", encode(content)))


def judge(evidence: Evidence) -> None:
    """A moderator's half of the proof that this was said. Raises Refused."""
    require(EVIDENCE_CHECKS, evidence, evidence.content.s_user)
