"""The Olm sessions with one other device, as they lie in a batch.

Rule: up to five, the one that last decrypted in front: it is the one to send on, whoever opened it. A session is asked
whether a first message is its own before that message may open another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clients.core.e2ee import own
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.keys import PRE_KEY, Account, Entropy, OlmSession
from clients.core.e2ee.prekeys import verify_claim
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.store import Pickled, pickled, unpickled

TABLE: Final = "olm"
MOST: Final = 5
Claims = Mapping[tuple[str, str], bytes | None]


def load(batch: Batch, device: str) -> list[OlmSession]:
    """Those there are, the one to send on first."""
    return [unpickled(OlmSession.unseal, row) for row in batch.get(TABLE, device, list[Pickled]) or []]


def has(batch: Batch, device: str) -> bool:
    """Is there a session already?"""
    return batch.raw(TABLE, device) is not None


def save(batch: Batch, device: str, sessions: list[OlmSession], entropy: Entropy) -> None:
    """In this order; the sixth is forgotten."""
    batch.put(TABLE, device, [pickled(session, entropy) for session in sessions[:MOST]])


class Sealer:
    """Encrypts for devices within one batch; the account is read once, and only where a session must be opened."""

    def __init__(self, batch: Batch, now: int, claims: Claims, entropy: Entropy) -> None:
        self._batch = batch
        self._now = now
        self._claims = claims
        self._entropy = entropy
        self._account: Account | None = None

    def seal(self, entry: Entry, plain: bytes, anew: bool = False) -> tuple[str, bytes]:
        """For one device, on the session in front; `anew`: on one that is opened for it. Raises Refused."""
        sessions = load(self._batch, entry.device)
        if anew or not sessions:
            sessions.insert(0, self._open(entry))
        kind, ciphertext = sessions[0].encrypt(plain)
        save(self._batch, entry.device, sessions, self._entropy)
        return f"olm{kind}", ciphertext

    def _open(self, entry: Entry) -> OlmSession:
        claimed = verify_claim(self._claims.get((entry.user, entry.device)), entry, self._now)
        self._account = self._account or own.account(self._batch)
        try:
            return self._account.open_outbound(entry.curve25519, claimed.key)
        except Refused as refused:
            raise Refused(refused.code, refused.check, entry.user) from refused


def unseal(batch: Batch, entry: Entry, kind: int, ciphertext: bytes, entropy: Entropy) -> bytes:
    """What a device's ciphertext says. Raises Refused; then the batch must be dropped."""
    sessions = load(batch, entry.device)
    if kind == PRE_KEY:
        session = next((one for one in sessions if one.matches(ciphertext)), None)
        if session is None:
            keys = own.account(batch)
            session, plain = keys.open_inbound(entry.curve25519, ciphertext)
            own.keep_account(batch, keys, entropy)
        else:
            plain = session.decrypt(kind, ciphertext)
    else:
        session, plain = _tried(sessions, kind, ciphertext)
    save(batch, entry.device, [session, *(one for one in sessions if one is not session)], entropy)
    return plain


def _tried(sessions: list[OlmSession], kind: int, ciphertext: bytes) -> tuple[OlmSession, bytes]:
    code = "CANNOT_DECRYPT"
    for session in sessions:
        try:
            return session, session.decrypt(kind, ciphertext)
        except Refused as refused:
            code = refused.code if refused.code != "CANNOT_DECRYPT" else code
    raise Refused(code, "sessions")
