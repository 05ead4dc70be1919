"""What every store promises of encrypted mail and of what belongs to it; `contract.py` has the rest.

Rule: as there.
"""

from __future__ import annotations

from chatd.entries import CursorMoved, UserGone
from chatd.sealed import (
    BackupSet,
    Corresponded,
    DeviceEmptied,
    DeviceGone,
    DeviceKeysHeld,
    GroupForgotten,
    GroupSigned,
    KeysGone,
    KeysMade,
    Knocked,
    KnockGone,
    Letter,
    ListMade,
    MailAcknowledged,
    MailHeld,
    MailKept,
    MailRow,
    ResetSet,
    Sealed,
    TagKeyGone,
    TagKeyMade,
)
from chatd.store.interface import PAGE_BYTES
from tests.store.contract import PEOPLE, Contract


def letter(number: int, *to: tuple[str, int], size: int = 10) -> Letter:
    """A ciphertext for some devices; the number is its id."""
    ciphertext = bytes([number % 256]) * size
    return Letter(number.to_bytes(16, "big"), "olm0", "dm:alice:bob", b"c" * 32, ciphertext, "", b"tag", to)


def mail(number: int, *letters: Letter, device: str = "tablet", at: int = 2000) -> MailKept:
    """One command's letters; the number is its id and the device's counter."""
    return MailKept(device, "bob", number.to_bytes(16, "big"), number, at, "sent", letters)


def read(kept: MailKept, one: Letter, seq: int) -> MailRow:
    """The row that a letter becomes."""
    return MailRow(seq, one.id, kept.id, kept.sender, kept.device, one.type, one.conversation, one.commitment,
                   one.ciphertext, one.sid, kept.at, one.tag)  # fmt: skip


class MailContract(Contract):
    """The promises about encryption."""

    def held(self) -> Sealed:
        """What the store has."""
        return self.store.load_sealed()

    def seqs(self, device: str) -> list[int]:
        """What waits for a device."""
        return [row.seq for row in self.store.read_mail(device, 0, 1_000_000, 1000)]

    def test_new_store_has_nothing(self) -> None:
        store = self.make()
        self.addCleanup(store.close)
        self.assertEqual(store.load_sealed(), Sealed())
        self.assertEqual(store.read_mail("phone", 0, 100, 100), [])
        self.assertIsNone(store.sent_mail("phone", b"x"))
        self.assertEqual(store.purge_mail(10**13, 100), ([], False))

    # ---- lists, groups and the rest ----

    def test_chains_come_back_in_order(self) -> None:
        lists = [ListMade(1, 1, 1, b"a"), ListMade(1, 1, 2, b"b"), ListMade(1, 2, 1, b"c"), ListMade(2, 1, 1, b"d")]
        groups = [GroupSigned(b"g" * 16, 1, b"e"), GroupSigned(b"g" * 16, 2, b"f"), GroupSigned(b"h" * 16, 1, b"g")]
        self.store.commit([*reversed(lists), *reversed(groups)])
        self.assertEqual((self.held().lists, self.held().groups), (lists, groups))
        self.store.commit([GroupForgotten(b"g" * 16), GroupForgotten(b"?" * 16)])
        self.assertEqual(self.held().groups, groups[2:])

    def test_a_link_of_a_chain_is_never_replaced(self) -> None:
        self.store.commit([ListMade(1, 1, 1, b"a"), GroupSigned(b"g" * 16, 1, b"e")])
        self.refused(Corresponded(1, 2), ListMade(1, 1, 1, b"b"))
        self.refused(Corresponded(1, 2), GroupSigned(b"g" * 16, 1, b"b"))
        self.refused(Corresponded(1, 2), ListMade(99, 1, 1, b"b"))
        self.assertEqual(self.held().corresponded, [])

    def test_small_things(self) -> None:
        keys = [TagKeyMade(1, b"k", 5), TagKeyMade(2, b"l", 6)]
        self.store.commit([ResetSet(1, b"r", 9), BackupSet(1, b"b"), Corresponded(1, 2), Corresponded(1, 2), *keys])
        self.store.commit([BackupSet(1, b"B"), BackupSet(2, b"x"), ResetSet(1, b"R", 10)])
        found = self.held()
        self.assertEqual(found.resets, [ResetSet(1, b"R", 10)])
        self.assertEqual(found.backups, [BackupSet(1, b"B"), BackupSet(2, b"x")])
        self.assertEqual((found.corresponded, found.tag_keys), ([Corresponded(1, 2)], keys))
        self.store.commit([ResetSet(1, b"", 0), BackupSet(1, b""), TagKeyGone(1)])
        found = self.held()
        self.assertEqual((found.resets, found.backups, found.tag_keys), ([], [BackupSet(2, b"x")], keys[1:]))

    def test_who_asks_to_be_let_in(self) -> None:
        first, second, other = Knocked(b"g" * 16, 1, 5), Knocked(b"g" * 16, 2, 6), Knocked(b"h" * 16, 2, 7)
        self.store.commit([GroupSigned(b"g" * 16, 1, b"e"), second, other, first, Knocked(b"g" * 16, 1, 99)])
        self.assertEqual(self.held().knocks, [first, second, other])
        self.refused(Knocked(b"g" * 16, 99, 5))
        self.store.commit([KnockGone(b"g" * 16, 1), KnockGone(b"?" * 16, 1)])
        self.assertEqual(self.held().knocks, [second, other])
        self.store.commit([GroupForgotten(b"g" * 16)])
        self.assertEqual(self.held().knocks, [other])
        self.store.commit([UserGone(2)])
        self.assertEqual(self.held().knocks, [])

    # ---- keys ----

    def test_keys_are_never_replaced_and_go_in_order(self) -> None:
        self.store.commit([KeysMade("phone", ((256, b"c"), (0, b"a"), (9, b"b")), b"f")])
        self.store.commit([KeysMade("phone", ((0, b"other"), (300, b"d")))])
        keys = ((0, b"a"), (9, b"b"), (256, b"c"), (300, b"d"))
        self.assertEqual(self.held().keys, [DeviceKeysHeld("phone", keys, -1, b"f", False)])
        self.store.commit([KeysGone("phone", 9)])
        self.assertEqual(self.held().keys, [DeviceKeysHeld("phone", keys[2:], 9, b"f", False)])
        self.store.commit([KeysGone("phone", 3, True)])
        self.assertEqual(self.held().keys, [DeviceKeysHeld("phone", keys[2:], 9, b"f", True)])
        self.store.commit([KeysGone("phone", 300), KeysMade("phone", (), b"F")])
        self.assertEqual(self.held().keys, [DeviceKeysHeld("phone", (), 300, b"F", False)])
        self.refused(KeysMade("nobody", ((1, b"x"),)))

    # ---- mail ----

    def test_one_letter_for_many(self) -> None:
        both = letter(1, ("phone", 1), ("laptop", 5))
        one = letter(2, ("phone", 2), size=7)
        kept = mail(7, both, one)
        self.assertEqual(self.store.commit([kept]), [])
        self.assertEqual(self.store.read_mail("phone", 0, 9, 9), [read(kept, both, 1), read(kept, one, 2)])
        self.assertEqual(self.store.read_mail("laptop", 0, 9, 9), [read(kept, both, 5)])
        self.assertEqual(self.store.sent_mail("tablet", kept.id), (2000, "sent"))
        self.assertIsNone(self.store.sent_mail("phone", kept.id))
        self.assertEqual(self.held().mail, [
            MailHeld("laptop", 0, 0, ((5, 10),)), MailHeld("phone", 0, 0, ((1, 10), (2, 7))),
            MailHeld("tablet", 0, 7, ()),
        ])  # fmt: skip

    def test_what_is_acknowledged_goes_for_that_device_only(self) -> None:
        letters = [letter(number, ("phone", number), ("laptop", number)) for number in range(1, 6)]
        self.store.commit([mail(1, *letters)])
        self.store.commit([MailAcknowledged("phone", 3)])
        self.assertEqual((self.seqs("phone"), self.seqs("laptop")), ([4, 5], [1, 2, 3, 4, 5]))
        self.store.commit([MailAcknowledged("phone", 2), MailAcknowledged("laptop", 4)])
        self.assertEqual((self.seqs("phone"), self.seqs("laptop")), ([4, 5], [5]))
        self.assertEqual(self.held().mail[:2], [
            MailHeld("laptop", 4, 0, ((5, 10),)), MailHeld("phone", 3, 0, ((4, 10), (5, 10))),
        ])  # fmt: skip
        self.store.commit([MailAcknowledged("phone", 9)])
        self.assertEqual((self.seqs("phone"), self.seqs("laptop")), ([], [5]))
        self.assertEqual(self.held().mail[1], MailHeld("phone", 9, 0, ()))

    def test_pages(self) -> None:
        big = PAGE_BYTES // 4
        letters = [letter(number, ("phone", number * 3), size=big) for number in range(1, 11)]
        self.store.commit([mail(1, *letters)])
        self.assertEqual([row.seq for row in self.store.read_mail("phone", 0, 99, 99)], [3, 6, 9, 12])
        self.assertEqual([row.seq for row in self.store.read_mail("phone", 12, 99, 2)], [15, 18])
        self.assertEqual([row.seq for row in self.store.read_mail("phone", 4, 10, 99)], [6, 9])
        self.assertEqual(self.store.read_mail("phone", 30, 99, 99), [])
        self.store.commit([mail(2, letter(99, ("phone", 40), size=PAGE_BYTES * 2))])
        self.assertEqual([row.seq for row in self.store.read_mail("phone", 30, 99, 99)], [40])

    def test_the_highest_counter_stays(self) -> None:
        for number in (5, 9, 7):
            self.store.commit([mail(number)])
        self.assertEqual(self.held().mail, [MailHeld("tablet", 0, 9, ())])

    def test_a_commit_that_fails_keeps_no_letter(self) -> None:
        self.store.commit([mail(1, letter(1, ("phone", 1)))])
        before = self.held()
        self.refused(mail(2, letter(2, ("laptop", 1)), letter(3, ("phone", 1))))
        self.refused(mail(3, letter(4, ("nobody", 1))))
        self.assertEqual((self.held(), self.seqs("laptop"), self.seqs("phone")), (before, [], [1]))
        self.assertIsNone(self.store.sent_mail("tablet", (2).to_bytes(16, "big")))

    # ---- devices that go ----

    def test_an_emptied_device_keeps_its_places(self) -> None:
        self.store.commit([
            KeysMade("phone", ((1, b"a"), (2, b"b")), b"f"), KeysGone("phone", 1, True), mail(4, device="phone"),
            mail(1, letter(1, ("phone", 1), ("laptop", 1)), letter(2, ("phone", 2))),
        ])  # fmt: skip
        self.store.commit([DeviceEmptied("phone")])
        self.assertEqual((self.seqs("phone"), self.seqs("laptop")), ([], [1]))
        found = self.held()
        self.assertEqual([one for one in found.keys if one.device == "phone"],
                         [DeviceKeysHeld("phone", (), 1, b"", False)])  # fmt: skip
        self.assertEqual([one for one in found.mail if one.device == "phone"], [MailHeld("phone", 0, 4, ())])

    def test_a_device_that_is_gone_leaves_nothing_but_what_it_sent(self) -> None:
        self.store.commit([
            CursorMoved("tablet", 10, 1), KeysMade("tablet", ((1, b"a"),), b"f"), mail(1, letter(1, ("phone", 1))),
            mail(2, letter(2, ("tablet", 1), ("laptop", 1)), device="phone"),
        ])  # fmt: skip
        self.store.commit([CursorMoved("tablet", 11, 0), DeviceGone("tablet")])
        self.assertNotIn("tablet", [device.device for device in self.store.load().devices])
        self.assertEqual((self.seqs("phone"), self.seqs("laptop"), self.seqs("tablet")), ([1], [1], []))
        found = self.held()
        self.assertEqual((found.keys, [one.device for one in found.mail]), ([], ["laptop", "phone"]))
        self.assertIsNone(self.store.sent_mail("tablet", (1).to_bytes(16, "big")))
        self.store.commit([PEOPLE[4]])  # the same one can come back
        self.assertEqual(self.seqs("tablet"), [])

    def test_an_account_that_is_gone(self) -> None:
        self.store.commit([
            ListMade(1, 1, 1, b"a"), ListMade(2, 1, 1, b"b"), BackupSet(1, b"x"), ResetSet(1, b"r", 1),
            Corresponded(1, 2), KeysMade("phone", ((1, b"a"),)), mail(1, letter(1, ("phone", 1), ("laptop", 1))),
            mail(2, letter(2, ("phone", 2), ("tablet", 1)), device="phone"),
        ])  # fmt: skip
        self.store.commit([UserGone(1)])
        self.assertEqual(self.held(), Sealed(
            lists=[ListMade(2, 1, 1, b"b")], mail=[MailHeld("tablet", 0, 1, ((1, 10),))],
        ))  # fmt: skip
        self.assertEqual(self.seqs("tablet"), [1])

    # ---- purge ----

    def test_what_is_old_goes_read_or_not(self) -> None:
        for number in range(1, 7):
            self.store.commit([mail(number, letter(number, ("phone", number), ("laptop", number + 10)), at=number)])
        self.store.commit([MailAcknowledged("phone", 1)])
        self.assertEqual(self.store.purge_mail(1, 100), ([], False))
        gone, more = self.store.purge_mail(5, 3)
        self.assertEqual((gone, more), ([MailAcknowledged("laptop", 13), MailAcknowledged("phone", 3)], True))
        self.assertEqual((self.seqs("phone"), self.seqs("laptop")), ([4, 5, 6], [14, 15, 16]))
        gone, more = self.store.purge_mail(5, 100)
        self.assertEqual(gone, [MailAcknowledged("laptop", 14), MailAcknowledged("phone", 4)])
        self.assertEqual(self.held().mail[:2], [
            MailHeld("laptop", 14, 0, ((15, 10), (16, 10))), MailHeld("phone", 4, 0, ((5, 10), (6, 10))),
        ])  # fmt: skip
        known = [self.store.sent_mail("tablet", number.to_bytes(16, "big")) for number in range(1, 7)]
        self.assertEqual(known, [None] * 4 + [(5, "sent"), (6, "sent")])
        while self.store.purge_mail(5, 1)[1]:
            pass
        self.assertEqual(self.seqs("phone"), [5, 6])

    def test_answers_are_forgotten_a_few_at_a_time(self) -> None:
        self.store.commit([mail(number, at=number) for number in range(1, 6)])
        self.assertEqual(self.store.purge_mail(5, 3), ([], True))
        left = [n for n in range(1, 6) if self.store.sent_mail("tablet", n.to_bytes(16, "big"))]
        self.assertEqual(left, [4, 5])
        self.assertEqual(self.store.purge_mail(5, 3), ([], False))
        self.assertEqual(self.store.sent_mail("tablet", (5).to_bytes(16, "big")), (5, "sent"))
