"""The store's key: how it is made, how it lies on the disk, and who opens it.

Rule: the key itself is never on the disk. It lies there wrapped, under a key that comes from the system's keyring, from
a passphrase (Argon2id), or, where a person wants neither, from nothing that is secret; that is then said, once and in
the status. Another passphrase wraps the same key anew, so what was sealed stays as it is.
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from clients.core.e2ee import store
from clients.core.e2ee.keys import KEY_BYTES, NONCE_BYTES, Entropy, derive
from clients.core.e2ee.refusals import CODES, Refused
from clients.core.e2ee.signed import Bytes16, decode, encode
from clients.core.ring import Ring, RingError, within
from clients.core.sentinel import Sentinel

TRIES: Final = 3
FIRST_SECONDS: Final = 8.0  # nobody asked for the keyring yet, so a newcomer does not wait for it long
ID_BYTES: Final = 16


class Costs(NamedTuple):
    """What trying one passphrase costs, by Argon2id."""

    memory: int  # KiB
    passes: int
    lanes: int


# RFC 9106, section 4, the second recommended choice; about 160 ms.
COSTS: Final = Costs(65_536, 3, 4)

EMPTY: Final = "empty"
PASSPHRASE: Final = "passphrase"  # noqa: S105 (the name of a way, not one)
KEYRING: Final = "keyring"
OPEN_TO_ALL: Final = "Whoever gets at these files can read what you have read."
UNPROTECTED: Final = f"This profile has no passphrase. {OPEN_TO_ALL} To set one: chat passphrase"
STATUS: Final = {
    EMPTY: f"opened without a passphrase. {OPEN_TO_ALL} To set one: chat passphrase",
    PASSPHRASE: "opened by a passphrase.",
    KEYRING: "opened by this system's keyring.",
}
WRONG: Final = CODES["STORE_LOCKED"].text
LONGEST: Final = 4_096  # bytes of a passphrase file that are looked at
NEEDS_IT: Final = "This profile needs its passphrase: give --passphrase-file FILE, or set CHAT_PASSPHRASE_FILE."
NOT_IN_RING: Final = "This system's keyring has no key for this profile; it may be from another system or user."
NO_RING: Final = "This profile is opened by the system's keyring, and there is none in this session."


class ProfileError(Exception):
    """The profile cannot be used; the text says why, the code what kind of reason that is."""

    def __init__(self, text: str, code: str = "profile") -> None:
        super().__init__(text)
        self.code = code


class Wrapped(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """The store's key as it lies on the disk. `id` is what the keyring calls it, anew with each wrapping; `ring`: a
    keyring was there. The costs stand beside the box, so that they can grow; they are bounded, whoever wrote them."""

    way: str
    id: Bytes16
    box: Annotated[bytes, Meta(max_length=256)]
    ring: bool
    memory: Annotated[int, Meta(ge=8, le=4 << 20)]
    passes: Annotated[int, Meta(ge=1, le=64)]
    lanes: Annotated[int, Meta(ge=1, le=64)]


class Opening(msgspec.Struct, frozen=True):
    """How this run may open a profile. `passphrase`: of a file (empty: a choice to have none); `ask`: at a terminal,
    without showing it; `tell`: one sentence to the person, now; `face`: a face follows, and shows what can wait."""

    passphrase: str | None = None
    ask: Callable[[str], str] | None = None
    ring: Callable[[], Ring | None] = lambda: None
    tell: Callable[[str], None] = lambda text: None
    face: bool = False


def read_passphrase(path: str) -> str:
    """The first line of a file. Raises ProfileError where it cannot be read."""
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(LONGEST).decode("utf-8").split("\n")[0].removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"The passphrase file cannot be read: {error}.") from None


class Vault:
    """The store's key of one profile, once it is made or opened."""

    def __init__(self, opening: Opening, entropy: Entropy, costs: Costs = COSTS) -> None:
        self._opening = opening
        self._costs = costs
        self._entropy = entropy
        self._key = b""
        self._wrapped: Wrapped | None = None

    # ---- what the history asks ----

    def make(self) -> tuple[bytes, bytes]:
        """A new key, and it wrapped in the way that this run says, or that asks nothing of a newcomer."""
        self._key = self._entropy(KEY_BYTES)
        self._wrapped = self._first()
        return self._key, encode(self._wrapped)

    def open(self, wrapped: bytes) -> bytes:
        """The key. Raises ProfileError."""
        try:
            self._wrapped = decode(wrapped, Wrapped)
        except Refused:
            raise tampered() from None
        ways = {EMPTY: self._open_empty, PASSPHRASE: self._open_passphrase, KEYRING: self._open_keyring}
        if self._wrapped.way not in ways:
            raise tampered()
        self._key = ways[self._wrapped.way](self._wrapped)
        return self._key

    def status(self) -> str:
        """Who can open it, in a few words."""
        return STATUS[self.way]

    def remark(self) -> str:
        """What somebody at a face should have read once; empty where they chose it, or there is nothing to say."""
        wanted = self._opening.face and self._opening.passphrase is None and self.way == EMPTY
        return UNPROTECTED if wanted else ""

    # ---- what the profile asks ----

    @property
    def way(self) -> str:
        """How it is opened: one of the three."""
        assert self._wrapped is not None, "make or open comes first"
        return self._wrapped.way

    def sentinel(self) -> Sentinel:
        """What the keyring remembers beside the key, where there was a keyring when the key was wrapped."""
        assert self._wrapped is not None, "make or open comes first"
        ring = self._opening.ring() if self._wrapped.ring else None
        return Sentinel(ring, derive(self._key, "store/sentinel")[:ID_BYTES].hex())

    def rewrap(self, passphrase: str | None, keep: Callable[[bytes], None]) -> None:
        """Another passphrase (empty: none; None: the keyring). `keep` has it on disk when it returns; until then the
        old way opens it, from then on only the new one does. Raises ProfileError."""
        before = self._wrapped
        ring = self._opening.ring()
        if passphrase is not None:
            fresh = self._by_passphrase(passphrase, ring is not None)
        elif ring is not None:
            fresh = self._by_keyring(ring)
        else:
            raise ProfileError("There is no keyring in this session that keeps secrets; give a passphrase.")
        keep(encode(fresh))
        self._wrapped = fresh
        if before is not None and before.way == KEYRING and ring is not None:
            _forget(ring, before)

    # ---- inside ----

    def _first(self) -> Wrapped:
        """The first wrapping. Without a terminal the keyring is not used: there may be none next time."""
        opening = self._opening
        if opening.passphrase is not None:
            return self._by_passphrase(opening.passphrase, False)
        ring = opening.ring() if opening.ask is not None else None
        if ring is not None:
            try:
                return self._by_keyring_soon(ring)
            except ProfileError as error:
                opening.tell(str(error))
        if not opening.face:
            opening.tell(UNPROTECTED)
        return self._by_passphrase("", False)

    def _by_passphrase(self, passphrase: str, ring: bool) -> Wrapped:
        way = PASSPHRASE if passphrase else EMPTY
        made = Wrapped(way, self._entropy(ID_BYTES), b"", ring, *self._costs)
        return self._boxed(made, stretched(passphrase, made) if passphrase else _of_nothing(made))

    def _by_keyring_soon(self, ring: Ring) -> Wrapped:
        try:
            return within(FIRST_SECONDS, lambda: self._by_keyring(ring))
        except RingError as error:
            raise ProfileError(str(error.__cause__ or error)) from None

    def _by_keyring(self, ring: Ring) -> Wrapped:
        made = Wrapped(KEYRING, self._entropy(ID_BYTES), b"", True, *self._costs)
        wrapping = self._entropy(KEY_BYTES)
        secret = base64.b64encode(wrapping).decode()
        try:
            ring.write(made.id.hex(), secret)
            if ring.read(made.id.hex()) != secret:
                raise RingError("The system's keyring does not keep what it is given.")
        except RingError as error:
            raise ProfileError(str(error)) from None
        return self._boxed(made, wrapping)

    def _boxed(self, made: Wrapped, wrapping: bytes) -> Wrapped:
        return msgspec.structs.replace(made, box=store.wrap(self._key, wrapping, self._entropy(NONCE_BYTES)))

    def _open_empty(self, wrapped: Wrapped) -> bytes:
        if self._opening.passphrase:
            self._opening.tell(f"This profile has no passphrase, and none was needed. {OPEN_TO_ALL}")
        key = _unwrapped(wrapped, _of_nothing(wrapped))
        if key is None:
            raise tampered()
        return key

    def _open_passphrase(self, wrapped: Wrapped) -> bytes:
        given, ask = self._opening.passphrase, self._opening.ask
        if given is None and ask is None:
            raise ProfileError(NEEDS_IT, "STORE_LOCKED")
        for left in reversed(range(TRIES if given is None else 1)):
            passphrase = ask("Passphrase: ") if given is None and ask is not None else given or ""
            key = _unwrapped(wrapped, stretched(passphrase, wrapped))
            if key is not None:
                return key
            if left:
                self._opening.tell(WRONG)
        raise ProfileError(WRONG, "STORE_LOCKED")

    def _open_keyring(self, wrapped: Wrapped) -> bytes:
        ring = self._opening.ring()
        if ring is None:
            raise ProfileError(NO_RING, "STORE_LOCKED")
        try:
            secret = ring.read(wrapped.id.hex())
        except RingError as error:
            raise ProfileError(str(error), "STORE_LOCKED") from None
        key = _unwrapped(wrapped, _bytes(secret)) if secret is not None else None
        if key is None:
            raise ProfileError(NOT_IN_RING, "STORE_LOCKED")
        return key


def tampered() -> ProfileError:
    """The profile was changed by somebody else; nothing of it is used."""
    return ProfileError(CODES["STORE_TAMPERED"].text, "STORE_TAMPERED")


def stretched(passphrase: str, wrapped: Wrapped) -> bytes:
    """The key that a passphrase gives, by Argon2id over the wrapping's own salt and costs. Raises ProfileError."""
    from argon2.exceptions import Argon2Error
    from argon2.low_level import Type, hash_secret_raw

    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    try:
        return hash_secret_raw(
            secret, wrapped.id, wrapped.passes, wrapped.memory, wrapped.lanes, KEY_BYTES, Type.ID
        )  # fmt: skip
    except (Argon2Error, MemoryError) as error:
        raise ProfileError(f"The passphrase cannot be tried: {error}.") from None


def _of_nothing(wrapped: Wrapped) -> bytes:
    """The key of the empty passphrase: everybody who has the file can make it."""
    return derive(wrapped.id, "store/empty")


def _unwrapped(wrapped: Wrapped, wrapping: bytes) -> bytes | None:
    try:
        return store.unwrap(wrapped.box, wrapping)
    except Refused:
        return None


def _bytes(secret: str) -> bytes:
    """32 bytes of what the keyring gave; wrong ones where it gave something else."""
    try:
        raw = base64.b64decode(secret, validate=True)
    except ValueError:
        raw = b""
    return raw if len(raw) == KEY_BYTES else bytes(KEY_BYTES)


def _forget(ring: Ring, wrapped: Wrapped) -> None:
    """The keyring need not keep what opens nothing any more; where it cannot forget, that does no harm."""
    try:
        ring.write(wrapped.id.hex(), None)
    except RingError:
        return
