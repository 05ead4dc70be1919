"""What clients sign, as far as the server looks into it: bounded forms, and the checks that are hygiene.

Rule: the forms are those of `docs/security.md`, and no client relies on what is checked here. What is signed is
verified as it came and decoded after that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from chatd.core.turn import Refused

T = TypeVar("T")
Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether a key has signed a text: `verify(ed25519, text, signature)`; the hub is given it, for it knows no keys."""

NOTHING: Final = bytes(32)  # where a chain begins
GID_BYTES: Final = 16
Bytes16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64 = Annotated[bytes, Meta(min_length=64, max_length=64)]
Door = Annotated[bytes, Meta(max_length=16)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
DeviceId = Annotated[str, Meta(min_length=16, max_length=16)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Form(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """Arrays in fixed order, nothing unknown."""


class Signed(Form, frozen=True):
    """Bytes and the signature over their label and them."""

    raw: Annotated[bytes, Meta(max_length=65_536)]
    signature: Bytes64


class ListedDevice(Form, frozen=True):
    """A device as it says itself whose it is (label `device`)."""

    user: Name
    uik: Bytes32
    device: DeviceId
    ed25519: Bytes32
    curve25519: Bytes32


class DeviceList(Form, frozen=True):
    """All devices of a person (label `devlist`); each as it signed itself."""

    user: Name
    uik: Bytes32
    version: Number
    prev: Bytes32
    devices: Annotated[list[Signed], Meta(max_length=100)]


class OneTimeKey(Form, frozen=True):
    """A key to open one session with, or a fallback key (label `otk`)."""

    user: Name
    device: DeviceId
    key_id: Number
    key: Bytes32
    is_fallback: bool
    made_at: Number


class LogEntry(Form, frozen=True):
    """One change of a group (label `group`)."""

    gid: Bytes16
    n: Number
    prev: Bytes32
    user: Name
    device: DeviceId
    op: Name
    arg: Annotated[bytes, Meta(max_length=1_024)]


class Create(Form, frozen=True):
    """`create`: the nonce makes the group's id, with the creator; `door`: where it is found, empty for nowhere."""

    nonce: Bytes16
    uik: Bytes32
    members_add: bool = False
    door: Door = b""


class Add(Form, frozen=True):
    """`add`: a person, by the user key."""

    user: Name
    uik: Bytes32


class Whom(Form, frozen=True):
    """`remove`, `admin`, `unadmin`."""

    user: Name


class Leave(Form, frozen=True):
    """`leave`: oneself."""


class Named(Form, frozen=True):
    """`name`: a digest."""

    digest: Bytes32


class Policy(Form, frozen=True):
    """`policy`: may members add others, and where is it found?"""

    members_add: bool
    door: Door = b""


Arg = Create | Add | Whom | Leave | Named | Policy
ARGS: Final[dict[str, type[Arg]]] = {
    "create": Create, "add": Add, "remove": Whom, "leave": Leave, "admin": Whom, "unadmin": Whom, "name": Named,
    "policy": Policy,
}  # fmt: skip


def read(blob: bytes, form: type[T]) -> T:
    """What these bytes say. Raises Refused `bad-blob`."""
    try:
        return msgspec.msgpack.decode(blob, type=form)
    except (ValueError, RecursionError):  # msgspec's own are ValueErrors, and so is a UnicodeDecodeError
        raise Refused("bad-blob", f"These bytes are no {form.__name__}.") from None


def opened(blob: bytes, form: type[T], most: int) -> tuple[Signed, T]:
    """Signed bytes and what they say; nothing is verified. Raises Refused `bad-blob`."""
    if len(blob) > most:
        raise Refused("bad-blob", f"That has {len(blob)} bytes; at most {most} are kept.")
    signed = read(blob, Signed)
    return signed, read(signed.raw, form)


def check(verify: Verify, key: bytes, label: str, signed: Signed) -> None:
    """Raises Refused `bad-signature`."""
    if not verify(key, b"chatd/v1/" + label.encode() + b"\0" + signed.raw, signed.signature):
        raise Refused("bad-signature", "That is not signed by the key it names.")


def digest(raw: bytes) -> bytes:
    """SHA-256: what the next link of a chain names."""
    return hashlib.sha256(raw).digest()


def gid_of(creator: str, nonce: bytes) -> bytes:
    """The id of a group: it cannot belong to another one."""
    return digest(msgspec.msgpack.encode([creator, nonce]))[:GID_BYTES]
