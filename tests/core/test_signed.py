"""The forms of what clients sign: the clients' own bytes are read, and nothing else is."""

from __future__ import annotations

import hashlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.auth import verified
from chatd.core import signed as s
from chatd.core.circles import opened_entry
from chatd.core.turn import Refused
from clients.core.e2ee import devices, keys, members, prekeys
from clients.core.e2ee.signed import NOTHING
from tests.kit import Keys
from tests.sealed import Owner, sign


class SignedTests(SynchronousTestCase):
    """The server's forms beside the clients'."""

    def test_the_clients_forms_are_these(self) -> None:
        """Field by field, in this order: what either of them changes alone is noticed."""
        for mine, theirs in (
            (s.ListedDevice, devices.Entry), (s.DeviceList, devices.DeviceList), (s.OneTimeKey, prekeys.OneTimeKey),
            (s.LogEntry, members.LogEntry), *((form, members.ARGS[op]) for op, form in s.ARGS.items()),
        ):  # fmt: skip
            self.assertEqual(mine.__struct_fields__, theirs.__struct_fields__, mine)
        self.assertEqual(set(s.ARGS), set(members.ARGS))
        self.assertEqual((s.NOTHING, s.gid_of("a", b"n" * 16)), (NOTHING, members.gid_of("a", b"n" * 16)))

    def test_what_real_clients_sign_is_read_and_verified(self) -> None:
        account = keys.Account.make()
        user = keys.UserKey(hashlib.sha256(b"seed").digest())
        blob = devices.sign_list(user, "alice", None, [devices.enter(account, "alice", user.public)])
        signed, found = s.opened(blob, s.DeviceList, 10_000)
        s.check(verified, user.public, "devlist", signed)
        entry = s.read(found.devices[0].raw, s.ListedDevice)
        s.check(verified, entry.ed25519, "device", found.devices[0])
        self.assertEqual((found.user, found.version, entry.device), ("alice", 1, account.keys.device))
        create = members.Create(b"n" * 16, user.public)
        blob = members.sign_entry(account, "alice", members.gid_of("alice", b"n" * 16), None, "create", create)
        signed, change, arg = opened_entry(blob, 10_000)
        s.check(verified, account.keys.ed25519, "group", signed)
        self.assertEqual((change.op, arg), ("create", s.Create(b"n" * 16, user.public, False)))

    def test_what_the_tests_sign_is_what_clients_sign(self) -> None:
        owner, mine = Owner("alice"), Keys(b"x")
        signed, found = devices.peek(owner.list(mine))
        self.assertTrue(keys.verified(owner.uik, "devlist", signed))
        devices.verify_list(owner.list(mine), "alice", owner.uik, None)
        self.assertEqual(found.version, 1)

    def test_a_label_is_part_of_what_is_signed(self) -> None:
        owner = Owner("alice")
        signed = s.Signed(*sign(owner.key, "devlist", [1]))
        s.check(verified, owner.uik, "devlist", signed)
        for key, label, other in (
            (owner.uik, "group", signed), (Owner("bob").uik, "devlist", signed), (b"short", "devlist", signed),
            (owner.uik, "devlist", s.Signed(signed.raw + b"x", signed.signature)),
        ):  # fmt: skip
            with self.assertRaises(Refused) as caught:
                s.check(verified, key, label, other)
            self.assertEqual(caught.exception.code, "bad-signature")

    @given(st.binary(max_size=200))
    def test_any_bytes_are_refused_and_nothing_else_happens(self, blob: bytes) -> None:
        wrapped = msgspec.msgpack.encode([blob, bytes(64)])
        for form in (s.DeviceList, s.ListedDevice, s.OneTimeKey, s.LogEntry):
            for told in (blob, wrapped):
                try:
                    s.opened(told, form, 1_000)
                except Refused as refusal:
                    self.assertEqual(refusal.code, "bad-blob")

    def test_deep_nests_and_long_blobs(self) -> None:
        for blob in (b"\x91" * 100_000, b"\x81" * 50_000):
            self.assertRaises(Refused, s.read, blob, s.DeviceList)
        self.assertRaises(Refused, s.opened, Owner("a").list(Keys(b"x")), s.DeviceList, 10)
