"""vodozemac and `cryptography` behind bytes: the only file here that knows them.

Rule: bytes in, bytes out, and no error but Refused. No key of a sender is ever taken from a message, only from a
verified list. Not used, because they protect too little: vodozemac's public-key encryption, libolm's pickles, and
exported group keys but for one thing, ratcheting our own copy forward. Python cannot wipe a key from memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac as _hmac
from collections.abc import Callable, Iterable
from typing import Any, Final

import vodozemac as v
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clients.core.device import Device, device_id
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import Signed, labelled

__all__ = ["Account", "GroupReader", "GroupSender", "OlmSession", "Ritual", "UserKey", "device_id"]

Entropy = Callable[[int], bytes]

PRE_KEY: Final = 0
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
# The points of Curve25519 whose product with every secret is the same: 0, 1, two of order 8, and -1.
LOW_ORDER: Final = tuple(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ec" + "ff" * 30 + "7f",
    )
)
_GONE = "can't be created"  # vodozemac's words for a message key that was used, or is too old; a test pins them
_OLD_INDEX = "unknown message index"


# ---- signatures --------------------------------------------------------------------------------------------------


class UserKey:
    """The one key of a person: it signs lists of devices, and nothing that is said."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, label: str, raw: bytes) -> Signed:
        """With a signature under this label."""
        return Signed(raw, self._key.sign(labelled(label, raw)))


def verified(key: bytes, label: str, signed: Signed) -> bool:
    """Did this key sign these bytes under this label? By vodozemac's strict rule: no low-order keys, one form only."""
    if (len(key), len(signed.signature)) != (KEY_BYTES, 2 * KEY_BYTES):
        return False  # 33 bytes would make vodozemac 0.10 panic, which is no ValueError
    try:
        public = v.Ed25519PublicKey.from_base64(_unpadded(key))
        signature = v.Ed25519Signature.from_base64(_unpadded(signed.signature))
        public.verify_signature(labelled(label, signed.raw), signature)
    except ValueError:
        return False
    return True


# ---- this device -------------------------------------------------------------------------------------------------


class Account(Device):
    """This device with all its keys: the `Device` that logs in, which can also sign and open sessions."""

    def signed(self, label: str, raw: bytes) -> Signed:
        """With this device's signature under this label."""
        return Signed(raw, _raw(self._account.sign(labelled(label, raw)).to_base64()))

    def make_one_time_keys(self, count: int) -> None:
        """More keys; ids go on from the last one."""
        self._account.generate_one_time_keys(count)

    def make_fallback_key(self) -> None:
        """A new one; the private half of the one before the last is gone with it."""
        self._any.generate_fallback_key()

    def one_time_keys(self) -> dict[int, bytes]:
        """Those that are not published yet, by id."""
        return {_number(name): key.to_bytes() for name, key in self._account.one_time_keys.items()}

    def fallback_key(self) -> dict[int, bytes]:
        """The same of the fallback key; its ids are counted apart."""
        return {_number(name): key.to_bytes() for name, key in self._any.fallback_key.items()}

    def published(self) -> None:
        """The server has them all."""
        self._account.mark_keys_as_published()

    def open_outbound(self, identity: bytes, one_time_key: bytes) -> OlmSession:
        """A session to a device with a key of it that was claimed. Raises Refused for worthless keys."""
        try:
            return OlmSession(self._account.create_outbound_session(_curve(identity), _curve(one_time_key)))
        except ValueError as error:
            raise Refused("WEAK_KEY", "outbound") from error

    def open_inbound(self, identity: bytes, ciphertext: bytes) -> tuple[OlmSession, bytes]:
        """The session that a first message opens, and what it says; `identity` is from the verified list."""
        try:
            session, plain = self._account.create_inbound_session(_curve(identity), _pre_key(ciphertext))
        except ValueError as error:
            raise Refused("CANNOT_DECRYPT", "inbound") from error
        return OlmSession(session), plain

    @property
    def _any(self) -> Any:
        return self._account  # vodozemac's stubs do not know the fallback key


# ---- Olm ---------------------------------------------------------------------------------------------------------


class OlmSession:
    """One ratchet between two devices."""

    def __init__(self, session: v.Session) -> None:
        self._session = session
        self.id = session.session_id

    @classmethod
    def unseal(cls, sealed: str, key: bytes) -> OlmSession:
        """The session that `seal` wrote."""
        return cls(_unpickled(v.Session.from_pickle, sealed, key))

    def seal(self, key: bytes) -> str:
        """Everything, under 32 fresh bytes: vodozemac makes the IV of the key, so one key never serves twice."""
        return self._session.pickle(key)

    def encrypt(self, plain: bytes) -> tuple[int, bytes]:
        """The type of the message (0: a first one) and its bytes."""
        return self._session.encrypt(plain).to_parts()

    def matches(self, ciphertext: bytes) -> bool:
        """Does this first message belong to this session?"""
        try:
            return self._session.session_matches(_pre_key(ciphertext))
        except ValueError:
            return False

    def decrypt(self, kind: int, ciphertext: bytes) -> bytes:
        """What it says. Raises Refused; then nothing has changed."""
        try:
            return self._session.decrypt(v.AnyOlmMessage.from_parts(kind, ciphertext))
        except ValueError as error:
            code = "DUPLICATE_OR_TOO_OLD" if _GONE in str(error) else "CANNOT_DECRYPT"
            raise Refused(code, "olm") from error


# ---- Megolm ------------------------------------------------------------------------------------------------------


class GroupSender:
    """The half of a group session that encrypts: one for each group and device."""

    def __init__(self, session: v.GroupSession | None = None) -> None:
        self._session = session or v.GroupSession()
        self.id = self._session.session_id

    @classmethod
    def unseal(cls, sealed: str, key: bytes) -> GroupSender:
        """The session that `seal` wrote."""
        return cls(_unpickled(v.GroupSession.from_pickle, sealed, key))

    def seal(self, key: bytes) -> str:
        """As for Olm."""
        return self._session.pickle(key)

    @property
    def index(self) -> int:
        """That of the next message."""
        return self._session.message_index

    @property
    def key(self) -> bytes:
        """What the members are given: it reads from `index` on."""
        return _raw(self._session.session_key.to_base64())

    def encrypt(self, plain: bytes) -> bytes:
        """The next message."""
        return self._session.encrypt(plain).to_bytes()


class GroupReader:
    """The half that decrypts, from some index on."""

    def __init__(self, session: v.InboundGroupSession) -> None:
        self._session = session
        self.id = session.session_id
        self.first = session.first_known_index

    @classmethod
    def of_key(cls, key: bytes) -> GroupReader:
        """Of what a member sent. Raises Refused."""
        try:
            return cls(v.InboundGroupSession(v.SessionKey(_unpadded(key))))
        except ValueError as error:
            raise Refused("MALFORMED", "group-key") from error

    @classmethod
    def unseal(cls, sealed: str, key: bytes) -> GroupReader:
        """The session that `seal` wrote."""
        return cls(_unpickled(v.InboundGroupSession.from_pickle, sealed, key))

    def seal(self, key: bytes) -> str:
        """As for Olm."""
        return self._session.pickle(key)

    def decrypt(self, ciphertext: bytes) -> tuple[bytes, int]:
        """What it says, and its index. Raises Refused. The same message decrypts again and again: see `forward`."""
        try:
            message = self._session.decrypt(v.MegolmMessage.from_bytes(ciphertext))
        except ValueError as error:
            code = "DUPLICATE_OR_TOO_OLD" if _OLD_INDEX in str(error) else "CANNOT_DECRYPT"
            raise Refused(code, "megolm") from error
        return message.plaintext, message.message_index

    def forward(self, index: int) -> GroupReader:
        """The same session without what lies before an index: what was read cannot be read again from this disk."""
        exported = self._session.export_at(index)
        return GroupReader(v.InboundGroupSession.import_session(exported)) if exported else self


# ---- short authentication strings --------------------------------------------------------------------------------


class Ritual:
    """One side of a comparison of short strings: the key that is shown once, and what both then share."""

    def __init__(self) -> None:
        self._sas = v.Sas()
        self.public = self._sas.public_key.to_bytes()
        self._shared: Any = None

    def meet(self, other: bytes) -> None:
        """Take the other side's key; good once. Raises Refused for a worthless one."""
        try:
            self._shared = self._sas.diffie_hellman(_curve(other))
        except ValueError as error:
            raise Refused("WEAK_KEY", "sas") from error

    def short(self, info: str) -> tuple[list[int], tuple[int, int, int]]:
        """Seven numbers of emoji, and three numbers of four digits."""
        found = self._shared.bytes(info)
        return list(found.emoji_indices), found.decimals

    def tag(self, text: str, info: str) -> bytes:
        """That this side saw this text."""
        return _raw(self._shared.calculate_mac(text, info))

    def holds(self, tag: bytes, text: str, info: str) -> bool:
        """Did the other side see the same text?"""
        return _hmac.compare_digest(self.tag(text, info), tag)


# ---- symmetric ---------------------------------------------------------------------------------------------------


def hmac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256."""
    return _hmac.new(key, message, hashlib.sha256).digest()


def same(one: bytes, other: bytes) -> bool:
    """Equal, in a time that does not tell where they differ."""
    return _hmac.compare_digest(one, other)


def derive(key: bytes, info: str, salt: bytes = b"") -> bytes:
    """32 bytes for one purpose, by HKDF-SHA256."""
    return HKDF(SHA256(), KEY_BYTES, salt or None, b"chatd/v1/" + info.encode()).derive(key)


def encrypt(key: bytes, nonce: bytes, plain: bytes | memoryview, about: bytes) -> bytes:
    """AES-256-GCM. A nonce never serves a key twice: that is the caller's to see to."""
    return AESGCM(key).encrypt(nonce, plain, about)


def decrypt(key: bytes, nonce: bytes, sealed: bytes | memoryview, about: bytes) -> bytes | None:
    """What `encrypt` closed over the same key, nonce and description; None: it is something else."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, about)
    except (InvalidTag, ValueError):
        return None


class BoxKey:
    """AES-256-GCM under a key that is set up once, for many boxes: that takes longer than a box."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, nonce: bytes, plain: bytes, about: bytes) -> bytes:
        """A box; the nonce goes in front."""
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def open(self, box: bytes, about: bytes) -> bytes:
        """What `seal` closed over the same description. Raises Refused."""
        try:
            return self._cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], about)
        except (InvalidTag, ValueError) as error:
            raise Refused("STORE_TAMPERED", "box") from error


def seal_box(key: bytes, nonce: bytes, plain: bytes, about: bytes) -> bytes:
    """One box under a key of its own."""
    return BoxKey(key).seal(nonce, plain, about)


def open_box(key: bytes, box: bytes, about: bytes) -> bytes:
    """What `seal_box` closed over the same key and description. Raises Refused."""
    return BoxKey(key).open(box, about)


# ---- start -------------------------------------------------------------------------------------------------------


def check_library(points: Iterable[bytes] = LOW_ORDER) -> None:
    """Feed the library keys that are worth nothing, as a device's and as a one-time key. Raises Refused if it bites."""
    mine, other = Account.make(), Account.make()
    for point in points:
        attempts = ((point, other.keys.curve25519), (other.keys.curve25519, point))
        if any(_opens(mine, identity, key) for identity, key in attempts) or _meets(point):
            raise Refused("LIBRARY_UNSAFE", "low-order")


def _opens(account: Account, identity: bytes, key: bytes) -> bool:
    try:
        account.open_outbound(identity, key)
    except Refused:
        return False
    return True


def _meets(point: bytes) -> bool:
    try:
        Ritual().meet(point)
    except Refused:
        return False
    return True


# ---- forms -------------------------------------------------------------------------------------------------------


def _unpickled(read: Callable[[str, bytes], Any], sealed: str, key: bytes) -> Any:
    try:
        return read(sealed, key)
    except ValueError as error:
        raise Refused("STORE_TAMPERED", "pickle") from error


def _curve(key: bytes) -> v.Curve25519PublicKey:
    return v.Curve25519PublicKey.from_bytes(key)


def _pre_key(ciphertext: bytes) -> v.PreKeyMessage:
    message = v.AnyOlmMessage.from_parts(PRE_KEY, ciphertext).to_pre_key()
    if message is None:
        raise ValueError("not a first message")
    return message


def _number(name: str) -> int:
    return int.from_bytes(_raw(name), "big")


def _unpadded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")


def _raw(unpadded: str) -> bytes:
    return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4))
