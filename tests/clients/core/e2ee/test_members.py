"""Tests of clients.core.e2ee.members: who may change what, and that nothing else is a change (case A14)."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import members as m
from clients.core.e2ee.devices import Entry, Known, enter
from clients.core.e2ee.keys import Account
from clients.core.e2ee.refusals import Behind, Refused
from clients.core.e2ee.signed import NOTHING, Signed, decode, encode
from tests.clients.core.e2ee.kit import refused

NONCE = b"n" * 16
GID = m.gid_of("alice", NONCE)
ACCOUNTS = {name: Account.make() for name in ("alice", "bob", "carol", "mallory")}
UIKS = {name: name.encode().ljust(32, b".") for name in ACCOUNTS}


def entry_of(user: str) -> Entry:
    """Somebody's only device."""
    return decode(enter(ACCOUNTS[user], user, UIKS[user]).raw, Entry)


def lookup(user: str) -> Known | None:
    """The verified lists."""
    if user not in ACCOUNTS:
        return None
    entry = entry_of(user)
    return Known(user, entry.uik, 1, b"h" * 32, {entry.device: entry})


def signed(user: str, state: m.State | None, op: str, arg: m.Arg | bytes, **lies: Any) -> bytes:
    """An entry, right or wrong."""
    n, prev = (state.n + 1, state.head) if state else (1, NOTHING)
    raw = arg if isinstance(arg, bytes) else encode(arg)
    entry = m.LogEntry(GID, n, prev, user, ACCOUNTS[user].keys.device, op, raw)
    return encode(ACCOUNTS[lies.pop("signer", user)].signed("group", encode(msgspec.structs.replace(entry, **lies))))


def step(state: m.State | None, blob: bytes) -> m.State:
    """The next state."""
    return m.apply(state, blob, GID, lookup)


def do(state: m.State, user: str, op: str, arg: m.Arg) -> m.State:
    """One honest step."""
    return step(state, m.sign_entry(ACCOUNTS[user], user, GID, state, op, arg))


def add(user: str) -> m.Add:
    """The argument that names somebody."""
    return m.Add(user, UIKS[user])


CREATED = step(None, signed("alice", None, "create", m.Create(NONCE, UIKS["alice"])))
WITH_BOB = do(CREATED, "alice", "add", add("bob"))


class LogTests(SynchronousTestCase):
    """The chain."""

    def check(self, state: m.State | None, blob: bytes, code: str, check: str) -> None:
        """It is refused, by this check."""
        found = self.assertRaises(Refused, step, state, blob)
        self.assertEqual((found.code, found.check), (code, check))

    def test_a_life(self) -> None:
        state = WITH_BOB
        self.assertEqual([(one.user, one.admin) for one in state.members.values()], [("alice", True), ("bob", False)])
        state = do(state, "alice", "admin", m.Whom("bob"))
        state = do(state, "bob", "add", add("carol"))
        state = do(state, "bob", "unadmin", m.Whom("alice"))
        self.assertEqual(
            {one.user: one.admin for one in state.members.values()}, {"alice": False, "bob": True, "carol": False}
        )
        state = do(state, "bob", "policy", m.Policy(True))
        state = do(state, "carol", "leave", m.Leave())
        state = do(state, "alice", "add", add("carol"))
        state = do(state, "bob", "remove", m.Whom("alice"))
        state = do(state, "bob", "name", m.Named(m.name_digest("Lab 3", "", b"salt")))
        self.assertEqual(
            (state.n, sorted(state.members), state.name_digest),
            (10, ["bob", "carol"], m.name_digest("Lab 3", "", b"salt")),
        )
        self.assertEqual((len(state.heads), state.head_of(10), state.head_of(11)), (10, state.head, None))
        self.assertTrue(state.has("bob", UIKS["bob"]))
        self.assertFalse(state.has("bob", UIKS["alice"]) or state.has("alice", UIKS["alice"]))

    def test_a14_signatures(self) -> None:
        blob = signed("alice", CREATED, "add", add("mallory"), signer="mallory")
        self.check(CREATED, blob, "GROUP_OP_BAD_SIGNATURE", "op-signature")

    def test_a14_who_may(self) -> None:
        for op, arg in (
            ("add", add("mallory")),
            ("remove", m.Whom("alice")),
            ("admin", m.Whom("bob")),
            ("unadmin", m.Whom("alice")),
            ("name", m.Named(b"d" * 32)),
            ("policy", m.Policy(True)),
        ):
            self.check(WITH_BOB, signed("bob", WITH_BOB, op, arg), "GROUP_OP_FORBIDDEN", "op-admin")
            self.check(WITH_BOB, signed("mallory", WITH_BOB, op, arg), "GROUP_OP_FORBIDDEN", "op-member")
        self.check(WITH_BOB, signed("mallory", WITH_BOB, "leave", m.Leave()), "GROUP_OP_FORBIDDEN", "op-member")

    def test_whom_others_removed_comes_back_by_an_admin_only(self) -> None:
        state = do(do(WITH_BOB, "alice", "policy", m.Policy(True, b"d" * 16)), "bob", "add", add("carol"))
        self.assertEqual((state.door, state.removed), (b"d" * 16, []))
        back = do(do(state, "carol", "leave", m.Leave()), "bob", "add", add("carol"))
        out = do(back, "alice", "remove", m.Whom("carol"))
        self.assertEqual((out.removed, out.may_add("bob"), out.may_add("bob", "carol")), (["carol"], True, False))
        self.check(out, signed("bob", out, "add", add("carol")), "GROUP_OP_FORBIDDEN", "op-removed")
        again = do(out, "alice", "add", add("carol"))
        self.assertEqual((again.removed, "carol" in again.members), ([], True))
        self.assertFalse(do(again, "alice", "policy", m.Policy(False)).door)

    def test_a_door_from_the_beginning(self) -> None:
        create = m.Create(NONCE, UIKS["alice"], True, b"d" * 16)
        state = step(None, signed("alice", None, "create", create))
        self.assertEqual((state.members_add, state.door), (True, b"d" * 16))
        long = m.Create(NONCE, UIKS["alice"], True, b"d" * 17)
        self.assertEqual(refused(lambda: step(None, signed("alice", None, "create", long))), "MALFORMED")

    def test_a_member_is_a_key(self) -> None:
        """Bob under another user key is not the bob who was made an admin."""
        state = do(CREATED, "alice", "add", m.Add("bob", b"other".ljust(32, b".")))
        state = do(state, "alice", "admin", m.Whom("bob"))
        self.check(state, signed("bob", state, "add", add("carol")), "GROUP_OP_FORBIDDEN", "op-member")

    def test_order(self) -> None:
        carol = signed("alice", WITH_BOB, "add", add("carol"))
        self.check(CREATED, carol, "GROUP_OP_CHAIN_BROKEN", "op-number")
        wrong = signed("alice", WITH_BOB, "add", add("carol"), prev=b"x" * 32)
        self.check(WITH_BOB, wrong, "GROUP_OP_CHAIN_BROKEN", "op-prev")
        self.check(WITH_BOB, signed("alice", CREATED, "add", add("carol")), "GROUP_LOG_FORK", "op-fork")
        again = signed("alice", CREATED, "add", add("bob"))
        self.check(WITH_BOB, again, "GROUP_OP_CHAIN_BROKEN", "op-number")

    def test_creation(self) -> None:
        create = m.Create(NONCE, UIKS["alice"])
        self.check(None, signed("alice", None, "add", add("bob")), "GROUP_OP_FORBIDDEN", "op-create")
        self.check(WITH_BOB, signed("alice", WITH_BOB, "create", create), "GROUP_OP_FORBIDDEN", "op-create")
        other = m.Create(b"m" * 16, UIKS["alice"])
        self.check(None, signed("alice", None, "create", other), "GROUP_OP_WRONG_GROUP", "op-creator")
        stranger = m.Create(NONCE, UIKS["bob"])
        self.check(None, signed("alice", None, "create", stranger), "GROUP_OP_WRONG_GROUP", "op-creator")
        self.check(None, signed("mallory", None, "create", create), "GROUP_OP_WRONG_GROUP", "op-creator")
        elsewhere = signed("alice", WITH_BOB, "add", add("carol"), gid=b"x" * 16)
        self.check(WITH_BOB, elsewhere, "GROUP_OP_WRONG_GROUP", "op-group")

    def test_sense(self) -> None:
        for op, arg in (("add", add("bob")), ("remove", m.Whom("carol")), ("admin", m.Whom("carol"))):
            self.check(WITH_BOB, signed("alice", WITH_BOB, op, arg), "GROUP_OP_FORBIDDEN", "op-sense")
        self.check(WITH_BOB, signed("alice", WITH_BOB, "explode", m.Leave()), "GROUP_OP_FORBIDDEN", "op-known")

    def test_an_unknown_device_is_asked_for_and_then_refused(self) -> None:
        blob = signed("alice", WITH_BOB, "add", add("carol"), device="x" * 16)
        found = self.assertRaises(Behind, step, WITH_BOB, blob)
        self.assertEqual((found.user, found.since), ("alice", 1))
        self.assertEqual(refused(lambda: m.apply(WITH_BOB, blob, GID, lookup, fresh=True)), "GROUP_OP_BAD_SIGNATURE")

    @given(st.binary(max_size=300))
    def test_any_bytes(self, raw: bytes) -> None:
        nonsense = encode(ACCOUNTS["alice"].signed("group", raw))
        inside = signed("alice", WITH_BOB, "add", raw)
        for blob in (raw, nonsense, inside):
            self.assertNotEqual(refused(lambda blob=blob: step(WITH_BOB, blob)), "")  # type: ignore[misc]


class SnapshotTests(SynchronousTestCase):
    """What a joiner is shown."""

    STATE = do(WITH_BOB, "alice", "add", add("carol"))

    def introduce(
        self, sender: str = "alice", signer: str = "alice", me: str = "carol", state: m.State | None = None, **lies: Any
    ) -> m.State:
        """Carol is shown the state."""
        shown = msgspec.structs.replace(self.STATE, **lies)
        snapshot = m.sign_snapshot(ACCOUNTS[signer], shown)
        return m.introduced(snapshot, GID, entry_of(sender), entry_of(me), state)

    def check(self, code: str, check: str, **how: Any) -> None:
        """It is refused, by this check."""
        found = self.assertRaises(Refused, self.introduce, **how)
        self.assertEqual((found.code, found.check), (code, check))

    def test_honest(self) -> None:
        state = self.introduce()
        self.assertEqual((state.n, state.head, state.members), (self.STATE.n, self.STATE.head, self.STATE.members))
        after = do(self.STATE, "alice", "remove", m.Whom("bob"))
        blob = signed("alice", self.STATE, "remove", m.Whom("bob"))
        self.assertEqual(step(state, blob).head, after.head)

    def test_lies(self) -> None:
        self.check("GROUP_OP_BAD_SIGNATURE", "snapshot-signature", signer="mallory")
        self.check("GROUP_OP_WRONG_GROUP", "snapshot-group", gid=b"x" * 16)
        self.check("GROUP_OP_FORBIDDEN", "snapshot-sender", sender="bob", signer="bob")
        self.check("GROUP_OP_FORBIDDEN", "snapshot-sender", sender="mallory", signer="mallory")
        self.check("GROUP_OP_FORBIDDEN", "snapshot-me", me="mallory")
        members = {**self.STATE.members, "alice": m.Member("alice", UIKS["bob"], True)}
        self.check("GROUP_OP_FORBIDDEN", "snapshot-sender", members=members)
        members = {**self.STATE.members, "carol": m.Member("carol", UIKS["bob"], False)}
        self.check("GROUP_OP_FORBIDDEN", "snapshot-me", members=members)

    def test_who_has_a_state_follows_only_its_admins_and_only_forward(self) -> None:
        known = self.introduce()
        self.check("GROUP_LOG_FORK", "snapshot-forward", state=known)
        self.assertEqual(self.introduce(state=known, n=9).n, 9)
        promoted = {**self.STATE.members, "bob": m.Member("bob", UIKS["bob"], True)}
        self.check(
            "GROUP_OP_FORBIDDEN", "snapshot-sender", sender="bob", signer="bob", state=known, n=9, members=promoted
        )  # fmt: skip

    def test_a_joiner_knows_the_door_and_who_was_removed(self) -> None:
        removed = do(do(self.STATE, "alice", "policy", m.Policy(True, b"d" * 16)), "alice", "remove", m.Whom("bob"))
        shown = m.sign_snapshot(ACCOUNTS["alice"], removed)
        state = m.introduced(shown, GID, entry_of("alice"), entry_of("carol"), None)
        self.assertEqual((state.door, state.removed, state.members_add), (b"d" * 16, ["bob"], True))
        with self.assertRaises(Refused):
            step(state, signed("carol", state, "add", add("bob")))

    def test_a_snapshot_is_no_entry(self) -> None:
        """Both have the label `group`; neither can be read as the other."""
        snapshot = encode(m.sign_snapshot(ACCOUNTS["alice"], self.STATE))
        self.assertEqual(refused(lambda: step(self.STATE, snapshot)), "MALFORMED")
        entry = decode(signed("alice", self.STATE, "leave", m.Leave()), Signed)
        call = lambda: m.introduced(entry, GID, entry_of("alice"), entry_of("carol"), None)  # noqa: E731
        self.assertEqual(refused(call), "MALFORMED")
