"""Tests of clients.core.e2ee.envelope: every field is compared, one at a time."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import envelope as e
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.franking import commit
from clients.core.e2ee.refusals import Refused
from tests.clients.core.e2ee.kit import refused

ALICE = Entry("alice", b"A" * 32, "a" * 16, b"1" * 32, b"2" * 32)
BOB = Entry("bob", b"B" * 32, "b" * 16, b"3" * 32, b"4" * 32)
HASH = b"h" * 32
GID = b"g" * 16
KF = b"k" * 32

INNER = e.Inner(
    1, "msg", b"i" * 16, "alice", ALICE.device, ALICE.ed25519, ALICE.uik, "bob", BOB.device, BOB.ed25519,
    "dm:alice:bob", e.Place(1, HASH), e.Place(1, HASH), 1, 5, KF, b"body",
)  # fmt: skip
GROUP_INNER = e.GroupInner(
    1, "gmsg", b"i" * 16, "alice", ALICE.device, ALICE.ed25519, e.group_conv(GID), e.Place(1, HASH), "sid", 3, 5, KF,
    b"body",
)  # fmt: skip


def first_only(version: int) -> bytes | None:
    """The hash of version 1; no other version is known."""
    return HASH if version == 1 else None


def opened(inner: e.Inner, **known: Any) -> e.Opened:
    """Beside what is true of INNER, but for what is given; the commitment is to what is inside."""
    rest: dict[str, Any] = {"conv": "dm:alice:bob", "commitment": commit(inner.kf, e.content_of(inner)), "seen": False}
    rest |= {"s_hash": first_only, "r_hash": first_only, **known}
    return e.Opened(inner, ALICE, BOB, **rest)


def group_opened(inner: e.GroupInner, **known: Any) -> e.GroupOpened:
    """The same of a group."""
    rest: dict[str, Any] = {
        "conv": e.group_conv(GID), "commitment": commit(inner.kf, e.content_of(inner)), "bound": e.group_conv(GID),
        "session_id": "sid", "at_index": 3, "age": 0, "outdated": False, "member": True, "seen": False,
        "taken": None, "head": first_only,
    }  # fmt: skip
    return e.GroupOpened(inner, ALICE, **{**rest, **known})


class CheckTests(SynchronousTestCase):
    """One lie at a time."""

    def check(self, subject: e.Opened | e.GroupOpened, code: str, name: str) -> None:
        """It is refused, by this check."""
        found = self.assertRaises(Refused, e.check, subject)
        self.assertEqual((found.code, found.check, found.user), (code, name, "alice"))

    def test_honest(self) -> None:
        e.check(opened(INNER))
        e.check(group_opened(GROUP_INNER))
        e.check(opened(msgspec.structs.replace(INNER, s_list=e.Place(2, b"x" * 32))))

    def test_every_field_of_olm(self) -> None:
        other = e.Place(1, b"x" * 32)
        lies: list[tuple[dict[str, Any], str, str]] = [
            ({"v": 2}, "MALFORMED", "version"),
            ({"kind": "gmsg"}, "UNKNOWN_KIND", "kind"),
            ({"kind": "other"}, "UNKNOWN_KIND", "kind"),
            ({"s_user": "carol"}, "BINDING_MISMATCH", "s-user"),
            ({"s_device": "c" * 16}, "BINDING_MISMATCH", "s-device"),
            ({"s_ed25519": b"c" * 32}, "BINDING_MISMATCH", "s-ed25519"),
            ({"s_uik": b"c" * 32}, "BINDING_MISMATCH", "s-uik"),
            ({"r_user": "carol"}, "BINDING_MISMATCH", "r-user"),
            ({"r_device": "c" * 16}, "BINDING_MISMATCH", "r-device"),
            ({"r_ed25519": b"c" * 32}, "BINDING_MISMATCH", "r-ed25519"),
            ({"conv": "dm:alice:carol"}, "BINDING_MISMATCH", "conv"),
            ({"kind": "sync"}, "BINDING_MISMATCH", "conv-writer"),
            ({"kind": "group_key"}, "BINDING_MISMATCH", "conv-writer"),
            ({"kf": b"k"}, "COMMITMENT_MISMATCH", "kf-length"),
            ({"s_list": other}, "DEVLIST_FORK", "s-list-fork"),
            ({"r_list": other}, "DEVLIST_FORK", "r-list-fork"),
        ]
        for lie, code, name in lies:
            self.check(opened(msgspec.structs.replace(INNER, **lie)), code, name)

    def test_everything_beside_olm(self) -> None:
        self.check(opened(INNER, conv="dm:bob:carol"), "BINDING_MISMATCH", "conv")
        self.check(opened(INNER, commitment=HASH), "COMMITMENT_MISMATCH", "commitment")
        self.check(opened(INNER, seen=True), "DUPLICATE", "seen")
        elsewhere = msgspec.structs.replace(INNER, conv="dm:alice:carol")
        self.check(opened(elsewhere, conv="dm:alice:carol"), "BINDING_MISMATCH", "conv-writer")
        group = msgspec.structs.replace(INNER, conv=e.group_conv(GID))
        self.check(opened(group, conv=group.conv), "BINDING_MISMATCH", "conv-writer")
        e.check(opened(msgspec.structs.replace(group, kind="group_key"), conv=group.conv))

    def test_copies_are_from_oneself_and_of_ones_own_conversations(self) -> None:
        laptop = Entry("bob", BOB.uik, "l" * 16, b"5" * 32, b"6" * 32)
        mine = msgspec.structs.replace(
            INNER, kind="sync", s_user="bob", s_device=laptop.device, s_ed25519=laptop.ed25519, s_uik=BOB.uik
        )
        for conv, fine in (("dm:alice:bob", True), ("dm:alice:carol", False), ("gid:bob", False)):
            subject = opened(msgspec.structs.replace(mine, conv=conv), conv=conv)._replace(sender=laptop)
            self.assertEqual(refused(lambda subject=subject: e.check(subject)) == "", fine)  # type: ignore[misc]

    def test_every_field_of_megolm(self) -> None:
        lies: list[tuple[dict[str, Any], str, str]] = [
            ({"v": 2}, "MALFORMED", "g-version"),
            ({"kind": "devlist"}, "UNKNOWN_KIND", "g-kind"),
            ({"s_user": "carol"}, "BINDING_MISMATCH", "g-s-user"),
            ({"s_device": "c" * 16}, "BINDING_MISMATCH", "g-s-device"),
            ({"s_ed25519": b"c" * 32}, "BINDING_MISMATCH", "g-s-ed25519"),
            ({"conv": "dm:alice:bob"}, "BINDING_MISMATCH", "g-conv"),
            ({"session_id": "other"}, "BINDING_MISMATCH", "g-session"),
            ({"index": 4}, "BINDING_MISMATCH", "g-index"),
            ({"kf": b"k"}, "COMMITMENT_MISMATCH", "g-kf-length"),
            ({"head": e.Place(1, b"x" * 32)}, "GROUP_LOG_FORK", "g-head-fork"),
        ]
        for lie, code, name in lies:
            self.check(group_opened(msgspec.structs.replace(GROUP_INNER, **lie)), code, name)

    def test_everything_beside_megolm(self) -> None:
        other = e.group_conv(b"o" * 16)
        moved = msgspec.structs.replace(GROUP_INNER, conv=other)
        high = msgspec.structs.replace(GROUP_INNER, index=201)
        for subject, code, name in (
            (group_opened(GROUP_INNER, conv=other), "BINDING_MISMATCH", "g-conv"),
            (group_opened(moved, conv=other), "BINDING_MISMATCH", "g-conv-bound"),
            (group_opened(high, at_index=201), "GROUP_KEY_EXPIRED", "g-index-high"),
            (group_opened(GROUP_INNER, age=8 * 86_400_000 + 1), "GROUP_KEY_EXPIRED", "g-age"),
            (group_opened(GROUP_INNER, outdated=True), "GROUP_KEY_EXPIRED", "g-outdated"),
            (group_opened(GROUP_INNER, member=False), "NOT_A_MEMBER", "g-member"),
            (group_opened(GROUP_INNER, commitment=HASH), "COMMITMENT_MISMATCH", "g-commitment"),
            (group_opened(GROUP_INNER, seen=True), "DUPLICATE", "g-seen"),
            (group_opened(GROUP_INNER, taken=b"j" * 16), "GROUP_INDEX_REUSED", "g-index-once"),
        ):
            self.check(subject, code, name)


class PaddingTests(SynchronousTestCase):
    """The outside of the inside."""

    def test_there_and_back(self) -> None:
        self.assertEqual(e.read(e.pack(INNER)), INNER)
        self.assertEqual(e.read_group(e.pack(GROUP_INNER)), GROUP_INNER)
        self.assertEqual(len(e.pack(INNER)) % 256, 0)

    def test_padding_is_zeros_and_no_more_than_needed(self) -> None:
        plain = e.pack(INNER)
        for bad, check in (
            (plain[:-1] + b"\1", "padding"),
            (plain + bytes(256), "padding-length"),
            (plain[:-1], "padding-length"),
            (b"\xff" * 256, "padding-length"),
            (b"", "padding-length"),
        ):
            found = self.assertRaises(Refused, e.unpack, bad)
            self.assertEqual((found.code, found.check), ("MALFORMED", check))

    @given(st.binary(max_size=600))
    def test_any_bytes(self, raw: bytes) -> None:
        framed = len(raw).to_bytes(4, "big") + raw
        for plain in (raw, framed + bytes(-len(framed) % 256)):
            for read in (e.read, e.read_group):
                self.assertEqual(refused(lambda read=read, plain=plain: read(plain)), "MALFORMED")  # type: ignore[misc]
