"""What lies inside every ciphertext, and every comparison that is made before any of it is shown.

Rule: Olm and Megolm take no associated data, and their outer bytes can be changed without being noticed; so all that
is to be believed lies inside, and `check` compares it field by field with what is known: the device whose session
decrypted it, this device, the verified lists, the conversation it came for. Nothing is believed before that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from clients.core.e2ee.bodies import MEGOLM_KINDS, OLM_KINDS, SessionId
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.franking import Content, commit
from clients.core.e2ee.keys import KEY_BYTES, same
from clients.core.e2ee.refusals import Check, Refused, require
from clients.core.e2ee.signed import Bytes16, Bytes32, Name, Number, decode, encode

VERSION: Final = 1
STEP: Final = 256
HIGHEST_INDEX: Final = 200
LONGEST_SESSION: Final = 8 * 86_400_000
ABOUT_GROUPS: Final = frozenset({"group_key", "group_head"})
Conv = Annotated[str, Meta(max_length=300)]


class Place(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A place in a chain: of somebody's lists, or of a group's log."""

    version: Number
    hash: Bytes32


class Inner(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What an Olm ciphertext holds."""

    v: int
    kind: Name
    msg_id: Bytes16
    s_user: Name
    s_device: Name
    s_ed25519: bytes
    s_uik: bytes
    r_user: Name
    r_device: Name
    r_ed25519: bytes
    conv: Conv
    s_list: Place
    r_list: Place
    seq: Number
    sent_at: Number
    kf: bytes
    body: bytes


class GroupInner(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """What a Megolm ciphertext holds."""

    v: int
    kind: Name
    msg_id: Bytes16
    s_user: Name
    s_device: Name
    s_ed25519: bytes
    conv: Conv
    head: Place
    session_id: SessionId
    index: Number
    sent_at: Number
    kf: bytes
    body: bytes


class Opened(NamedTuple):
    """An Olm plaintext beside what is known of it from elsewhere. `s_hash`, `r_hash`: what a version hashes to."""

    inner: Inner
    sender: Entry
    me: Entry
    conv: str
    commitment: bytes
    seen: bool
    s_hash: Callable[[int], bytes | None]
    r_hash: Callable[[int], bytes | None]


class GroupOpened(NamedTuple):
    """The same of Megolm. `bound`: the conversation the session is bound to; `taken`: the id that had this index."""

    inner: GroupInner
    sender: Entry
    conv: str
    commitment: bytes
    bound: str
    session_id: str
    at_index: int
    age: int
    outdated: bool
    member: bool
    seen: bool
    taken: bytes | None
    head: Callable[[int], bytes | None]


def direct_conv(one: str, other: str) -> str:
    """The conversation of two people."""
    return "dm:" + ":".join(sorted((one, other)))


def group_conv(gid: bytes) -> str:
    """The conversation of an encrypted group."""
    return "gid:" + gid.hex()


def content_of(inner: Inner | GroupInner) -> Content:
    """What is committed to."""
    return Content(
        inner.conv, inner.msg_id, inner.s_user, inner.s_device, inner.sent_at, inner.kind, inner.body
    )  # fmt: skip


def _may_write(inner: Inner) -> bool:
    """Between two people all but the group's keys; to one's own devices copies of what one said to others."""
    if inner.kind in ABOUT_GROUPS:
        return inner.conv.startswith("gid:")
    if inner.kind == "sync":
        people = inner.conv.removeprefix("dm:").split(":")
        return inner.s_user == inner.r_user and inner.conv.startswith("dm:") and inner.r_user in people
    return inner.conv == direct_conv(inner.s_user, inner.r_user)


def _agrees(place: Place, hash_of: Callable[[int], bytes | None]) -> bool:
    known = hash_of(place.version)
    return known is None or same(known, place.hash)


CHECKS: Final = (
    Check[Opened]("version", "MALFORMED", lambda it: it.inner.v == VERSION),
    Check[Opened]("kind", "UNKNOWN_KIND", lambda it: it.inner.kind in OLM_KINDS),
    Check[Opened]("s-user", "BINDING_MISMATCH", lambda it: it.inner.s_user == it.sender.user),
    Check[Opened]("s-device", "BINDING_MISMATCH", lambda it: it.inner.s_device == it.sender.device),
    Check[Opened]("s-ed25519", "BINDING_MISMATCH", lambda it: same(it.inner.s_ed25519, it.sender.ed25519)),
    Check[Opened]("s-uik", "BINDING_MISMATCH", lambda it: same(it.inner.s_uik, it.sender.uik)),
    Check[Opened]("r-user", "BINDING_MISMATCH", lambda it: it.inner.r_user == it.me.user),
    Check[Opened]("r-device", "BINDING_MISMATCH", lambda it: it.inner.r_device == it.me.device),
    Check[Opened]("r-ed25519", "BINDING_MISMATCH", lambda it: same(it.inner.r_ed25519, it.me.ed25519)),
    Check[Opened]("conv", "BINDING_MISMATCH", lambda it: it.inner.conv == it.conv),
    Check[Opened]("conv-writer", "BINDING_MISMATCH", lambda it: _may_write(it.inner)),
    Check[Opened]("kf-length", "COMMITMENT_MISMATCH", lambda it: len(it.inner.kf) == KEY_BYTES),
    Check[Opened](
        "commitment", "COMMITMENT_MISMATCH", lambda it: same(commit(it.inner.kf, content_of(it.inner)), it.commitment)
    ),
    Check[Opened]("seen", "DUPLICATE", lambda it: not it.seen),
    Check[Opened]("s-list-fork", "DEVLIST_FORK", lambda it: _agrees(it.inner.s_list, it.s_hash)),
    Check[Opened]("r-list-fork", "DEVLIST_FORK", lambda it: _agrees(it.inner.r_list, it.r_hash)),
)
GROUP_CHECKS: Final = (
    Check[GroupOpened]("g-version", "MALFORMED", lambda it: it.inner.v == VERSION),
    Check[GroupOpened]("g-kind", "UNKNOWN_KIND", lambda it: it.inner.kind in MEGOLM_KINDS),
    Check[GroupOpened]("g-s-user", "BINDING_MISMATCH", lambda it: it.inner.s_user == it.sender.user),
    Check[GroupOpened]("g-s-device", "BINDING_MISMATCH", lambda it: it.inner.s_device == it.sender.device),
    Check[GroupOpened]("g-s-ed25519", "BINDING_MISMATCH", lambda it: same(it.inner.s_ed25519, it.sender.ed25519)),
    Check[GroupOpened]("g-conv", "BINDING_MISMATCH", lambda it: it.inner.conv == it.conv),
    Check[GroupOpened]("g-conv-bound", "BINDING_MISMATCH", lambda it: it.inner.conv == it.bound),
    Check[GroupOpened]("g-session", "BINDING_MISMATCH", lambda it: it.inner.session_id == it.session_id),
    Check[GroupOpened]("g-index", "BINDING_MISMATCH", lambda it: it.inner.index == it.at_index),
    Check[GroupOpened]("g-index-high", "GROUP_KEY_EXPIRED", lambda it: it.at_index <= HIGHEST_INDEX),
    Check[GroupOpened]("g-age", "GROUP_KEY_EXPIRED", lambda it: it.age <= LONGEST_SESSION),
    Check[GroupOpened]("g-outdated", "GROUP_KEY_EXPIRED", lambda it: not it.outdated),
    Check[GroupOpened]("g-member", "NOT_A_MEMBER", lambda it: it.member),
    Check[GroupOpened]("g-kf-length", "COMMITMENT_MISMATCH", lambda it: len(it.inner.kf) == KEY_BYTES),
    Check[GroupOpened](
        "g-commitment",
        "COMMITMENT_MISMATCH",
        lambda it: same(commit(it.inner.kf, content_of(it.inner)), it.commitment),
    ),
    Check[GroupOpened]("g-seen", "DUPLICATE", lambda it: not it.seen),
    Check[GroupOpened]("g-index-once", "GROUP_INDEX_REUSED", lambda it: it.taken is None),
    Check[GroupOpened]("g-head-fork", "GROUP_LOG_FORK", lambda it: _agrees(it.inner.head, it.head)),
)


def check(opened: Opened | GroupOpened) -> None:
    """Every comparison there is, for both channels. Raises Refused; what has passed may be shown."""
    if isinstance(opened, Opened):
        require(CHECKS, opened, opened.sender.user)
    else:
        require(GROUP_CHECKS, opened, opened.sender.user)


def pack(inner: Inner | GroupInner) -> bytes:
    """As it is encrypted: a length, the array, zeros up to a multiple of 256, so that the size says little."""
    raw = encode(inner)
    framed = len(raw).to_bytes(4, "big") + raw
    return framed + bytes(-len(framed) % STEP)


def unpack(plain: bytes) -> bytes:
    """The array again. Raises Refused."""
    length = int.from_bytes(plain[:4], "big")
    end = 4 + length
    if len(plain) % STEP or not 4 <= end <= len(plain) or len(plain) - end >= STEP:
        raise Refused("MALFORMED", "padding-length")
    if any(plain[end:]):
        raise Refused("MALFORMED", "padding")
    return plain[4:end]


def read(plain: bytes) -> Inner:
    """What an Olm plaintext says, still to be checked."""
    return decode(unpack(plain), Inner)


def read_group(plain: bytes) -> GroupInner:
    """What a Megolm plaintext says, still to be checked."""
    return decode(unpack(plain), GroupInner)
