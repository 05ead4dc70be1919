"""What every store promises, as one suite: a back end's test is a subclass that says how to make one.

Rule: `make()` gives an empty store. Nothing here knows how a store keeps things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.entries import (
    Append,
    BlobCommitted,
    BlobGone,
    BlobMade,
    BlobReaders,
    CertificateGone,
    CertificateSet,
    ConversationClosed,
    ConversationMade,
    ConversationRenamed,
    ConversationSet,
    CursorMoved,
    DeviceMade,
    Directory,
    Entry,
    Happened,
    InvitationUsed,
    LogState,
    MarkerMoved,
    MaskGone,
    MaskSet,
    MemberGone,
    MemberSet,
    MetadataSet,
    Redaction,
    Row,
    Stored,
    UserMade,
    UserSet,
    VerifierSet,
)
from chatd.store.interface import PAGE_BYTES, Store, StoreError

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase as Base
else:
    Base = object

ALICE = UserMade(1, "Alice", "alice", "a1ice", "student", 1000, "$argon2id$a", "scram a")
BOB = UserMade(2, "Bob", "bob", "b0b", "teacher", 1001)
PHONE = DeviceMade("phone", 1, b"e" * 32, b"c" * 32, 1002)
LAPTOP = DeviceMade("laptop", 1, b"E" * 32, b"C" * 32, 1003)
TABLET = DeviceMade("tablet", 2, b"f" * 32, b"d" * 32, 1004)
CLASS = ConversationMade(10, "#Class", "#class", None, 1005, topic="hello")
PAIR = ConversationMade(11, "", "", (1, 2), 1006)
STAFF = ConversationMade(12, "#staff", "#staff", None, 1007, "ikls", "secret", 30, "staff only", "Bob", 1008)
PEOPLE = (ALICE, BOB, PHONE, LAPTOP, TABLET, CLASS, PAIR, STAFF)


def message(number: int, conversation: int = 10, at: int = 2000, sender: str = "alice") -> Append:
    """A message; the number is its id."""
    return Append(conversation, at, sender, number.to_bytes(16, "big"), b"body %d" % number)


def row(seq: int, entry: Append) -> Row:
    """The row that a message becomes."""
    return Row(seq, entry.at, entry.sender, entry.id, entry.body, entry.content, entry.tags)


def happened(number: int, conversation: int = 10, at: int = 2000) -> Happened:
    """Something besides messages; the number is its id."""
    return Happened(conversation, at, number.to_bytes(16, "big"), "alice", "joined", f"text {number}")


class Contract(Base):
    """A store with the people in it."""

    store: Store

    def make(self) -> Store:
        """An empty store."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.store = self.make()
        self.addCleanup(self.store.close)
        self.store.load()
        self.store.commit(PEOPLE)

    def refused(self, *entries: Entry) -> None:
        """A commit that must fail, and change nothing."""
        before = self.store.load()
        self.assertRaises(StoreError, self.store.commit, entries)
        self.assertEqual(self.store.load(), before)

    def filled(self) -> list[Entry]:
        """Something of everything in the class."""
        return [
            MemberSet(10, 1, "op", 0), CursorMoved("phone", 10, 1), MaskSet(10, "b", "*", "bob", 1),
            MarkerMoved(1, 10, 9), MetadataSet(0, 10, "k", "v"), MetadataSet(1, 0, "k", "v"),
            MemberSet(12, 1, "op", 0), CursorMoved("phone", 12, 1), MarkerMoved(1, 12, 9),
        ]  # fmt: skip


class StoreContract(Contract):
    """The promises of `chatd.store.interface.Store`; those about what is closed, redacted or past are in `past.py`."""

    # ---- the directory ----

    def test_new_store_is_empty(self) -> None:
        store = self.make()
        self.addCleanup(store.close)
        found = store.load()
        self.assertRegex(found.epoch, "^[0-9a-f]{32}$")
        self.assertNotEqual(found.epoch, self.store.load().epoch)
        self.assertEqual(found, Directory(found.epoch))

    def test_directory_comes_back(self) -> None:
        member = MemberSet(10, 1, "owner", 0)
        used = InvitationUsed("i1", 1, 5)
        self.assertEqual(self.store.commit([member, CursorMoved("phone", 10, 3), used]), [])
        found = self.store.load()
        self.assertEqual(found.users, [ALICE, BOB])
        self.assertEqual(found.devices, [LAPTOP, PHONE, TABLET])
        self.assertEqual(found.conversations, [CLASS, PAIR, STAFF])
        self.assertEqual(found.members, [member])
        self.assertEqual(found.cursors, [CursorMoved("phone", 10, 3)])
        self.assertEqual(found.invitations, [used])
        self.assertEqual(found.logs, [LogState(10, 0, 0, 0), LogState(11, 0, 0, 0), LogState(12, 0, 0, 0)])

    def test_types_come_back(self) -> None:
        found = self.store.load()
        self.assertIsInstance(found.devices[0].ed25519, bytes)
        self.assertIsInstance(found.conversations[1].users, tuple)

    def test_things_change(self) -> None:
        policy = ConversationSet(10, "mnt", "pass", 7, "t", "bob", 9)
        self.store.commit([VerifierSet(1, "new", "newer"), policy, MemberSet(10, 1, "op", 3)])
        self.store.commit([MemberSet(10, 1, "op+voice", 4), VerifierSet(1, "")])
        found = self.store.load()
        self.assertEqual(found.users[0], UserMade(1, "Alice", "alice", "a1ice", "student", 1000))
        expected = ConversationMade(10, "#Class", "#class", None, 1005, "mnt", "pass", 7, "t", "bob", 9)
        self.assertEqual(found.conversations, [expected, PAIR, STAFF])
        self.assertEqual(found.members, [MemberSet(10, 1, "op+voice", 4)])

    def test_settings_of_accounts(self) -> None:
        self.store.commit([UserSet(2, True, "Bob \U0001f600"), UserSet(1, True, "x")])
        self.store.commit([UserSet(1, False, "", True)])
        found = self.store.load().settings
        self.assertEqual(found, [UserSet(1, False, "", True), UserSet(2, True, "Bob \U0001f600")])
        self.assertIs(found[0].bot, True)
        self.assertIs(found[0].always_on, False)

    def test_certificates(self) -> None:
        self.store.commit([CertificateSet("bb", 1), CertificateSet("aa", 1), CertificateSet("cc", 2)])
        self.store.commit([CertificateSet("aa", 1), CertificateGone("cc"), CertificateGone("dd")])
        self.assertEqual(self.store.load().certificates, [CertificateSet("aa", 1), CertificateSet("bb", 1)])
        self.refused(CertificateSet("aa", 2))
        self.store.commit([CertificateGone("aa"), CertificateSet("aa", 2)])
        self.assertEqual(self.store.load().certificates, [CertificateSet("aa", 2), CertificateSet("bb", 1)])

    def test_masks(self) -> None:
        masks = [MaskSet(10, "b", "*!*@b", "bob", 1), MaskSet(10, "b", "*!*@a", "bob", 2), MaskSet(10, "I", "x", "", 3)]
        self.store.commit([*masks, MaskSet(12, "b", "*!*@b", "bob", 4)])
        self.store.commit([MaskSet(10, "b", "*!*@b", "alice", 5), MaskGone(12, "b", "*!*@b"), MaskGone(10, "e", "x")])
        changed = MaskSet(10, "b", "*!*@b", "alice", 5)
        self.assertEqual(self.store.load().masks, [masks[2], masks[1], changed])

    def test_markers_never_go_back(self) -> None:
        self.store.commit([MarkerMoved(1, 10, 500), MarkerMoved(1, 11, 0), MarkerMoved(2, 10, 3)])
        self.store.commit([MarkerMoved(1, 10, 400), MarkerMoved(2, 10, 4), MarkerMoved(2, 10, 3)])
        self.store.commit([MemberGone(10, 1)])
        self.assertEqual(self.store.load().markers, [MarkerMoved(1, 10, 500), MarkerMoved(1, 11, 0),
                                                     MarkerMoved(2, 10, 4)])  # fmt: skip

    def test_metadata(self) -> None:
        self.store.commit([
            MetadataSet(1, 0, "url", "a"), MetadataSet(0, 10, "url", "b"), MetadataSet(2, 0, "url", "c"),
            MetadataSet(0, 12, "url", "d"), MetadataSet(1, 0, "avatar", "e"), MetadataSet(0, 10, "avatar", "f"),
        ])  # fmt: skip
        self.store.commit([MetadataSet(1, 0, "url", "new"), MetadataSet(0, 10, "url", ""), MetadataSet(9, 9, "x", "")])
        self.assertEqual(self.store.load().metadata, [
            MetadataSet(0, 10, "avatar", "f"), MetadataSet(0, 12, "url", "d"), MetadataSet(1, 0, "avatar", "e"),
            MetadataSet(1, 0, "url", "new"), MetadataSet(2, 0, "url", "c"),
        ])  # fmt: skip
        self.refused(MetadataSet(1, 10, "x", "y"))
        self.refused(MetadataSet(0, 0, "x", "y"))

    def test_blobs(self) -> None:
        made = BlobMade(b"b" * 16, 1, 1 << 40, 5, "@2 #10", "a.pdf", "application/pdf")
        other = BlobMade(b"a" * 16, 2, 0, 6, "")
        self.store.commit([made, other, BlobMade(b"c" * 16, 1, 7, 7, "@1")])
        self.refused(made)
        self.store.commit([BlobCommitted(b"b" * 16, 9, b"s" * 32), BlobGone(b"c" * 16), BlobGone(b"d" * 16)])
        whole = BlobMade(b"b" * 16, 1, 1 << 40, 5, "@2 #10", "a.pdf", "application/pdf", 9, b"s" * 32)
        self.assertEqual(self.store.load().blobs, [other, whole])
        self.store.commit([BlobReaders(b"b" * 16, "#10")])
        self.assertEqual(self.store.load().blobs[1].readers, "#10")
        self.refused(BlobReaders(b"c" * 16, "#10"))
        self.refused(BlobCommitted(b"c" * 16, 9, b"s" * 32))
        self.refused(BlobMade(b"e" * 16, 9, 1, 1, ""))

    def test_a_group_is_renamed(self) -> None:
        self.store.commit([MemberSet(10, 1, "owner", 0), message(1)])
        self.store.commit([ConversationRenamed(10, "#New", "#new"), ConversationMade(13, "#Class", "#class", None, 1)])
        found = self.store.load()
        self.assertEqual(found.conversations[0], ConversationMade(10, "#New", "#new", None, 1005, topic="hello"))
        self.assertEqual((found.members, found.logs[0].head), ([MemberSet(10, 1, "owner", 0)], 1))
        self.refused(ConversationRenamed(10, "#STAFF", "#staff"))
        self.refused(ConversationRenamed(11, "#pair", "#pair"))
        self.store.commit([ConversationRenamed(10, "#NEW", "#new")])  # only what it looks like
        self.assertEqual(self.store.load().conversations[0].name, "#NEW")

    def test_nothing_is_nothing(self) -> None:
        before = self.store.load()
        self.assertEqual(self.store.commit([]), [])
        self.assertEqual(self.store.load(), before)

    def test_taken(self) -> None:
        self.refused(UserMade(3, "x", "alice", "x", "student", 1))
        self.refused(UserMade(3, "x", "x", "a1ice", "student", 1))
        self.refused(UserMade(1, "x", "x", "x", "student", 1))
        self.refused(DeviceMade("phone", 2, b"", b"", 1))
        self.refused(ConversationMade(13, "#CLASS", "#class", None, 1))
        self.refused(ConversationMade(10, "#other", "#other", None, 1))
        self.refused(ConversationMade(13, "", "", (1, 2), 1))
        self.store.commit([InvitationUsed("i1", 1, 1)])
        self.refused(InvitationUsed("i1", 1, 2))

    def test_unknown(self) -> None:
        self.refused(VerifierSet(9, "v"))
        self.refused(DeviceMade("new", 9, b"", b"", 1))
        self.refused(ConversationMade(13, "", "", (1, 9), 1))
        self.refused(ConversationSet(99, "nt"))
        self.refused(ConversationRenamed(99, "#x", "#x"))
        self.refused(ConversationClosed(99))
        self.refused(UserSet(9, True, ""))
        self.refused(CertificateSet("aa", 9))
        self.refused(MaskSet(99, "b", "*", "bob", 1))
        self.refused(MarkerMoved(9, 10, 1))
        self.refused(MarkerMoved(1, 99, 1))
        self.refused(MetadataSet(9, 0, "k", "v"))
        self.refused(MetadataSet(0, 99, "k", "v"))
        self.refused(happened(1, 99))
        self.refused(MemberSet(99, 1, "member", 0))
        self.refused(MemberSet(10, 9, "member", 0))
        self.refused(CursorMoved("new", 10, 1))
        self.refused(CursorMoved("phone", 99, 1))
        self.refused(InvitationUsed("i", 9, 1))
        self.refused(message(1, 99))

    def test_all_or_none(self) -> None:
        self.store.commit([message(1), CursorMoved("phone", 10, 1), MemberSet(10, 1, "op", 0)])
        self.refused(
            UserMade(3, "c", "c", "c", "student", 1), message(2), CursorMoved("phone", 10, 2), MemberGone(10, 1),
            VerifierSet(1, "x"), ConversationMade(13, "#n", "#n", None, 1), message(3, 13), UserSet(1, True, "x"),
            CertificateSet("aa", 1), ConversationSet(10, "m"), ConversationRenamed(12, "#x", "#x"), happened(1, 13),
            MaskSet(10, "b", "*", "bob", 1), MarkerMoved(1, 10, 1), MetadataSet(1, 0, "k", "v"),
            Redaction(10, 1, "", "x"), ConversationClosed(13), ConversationClosed(10), CursorMoved("phone", 99, 1),
        )  # fmt: skip
        self.assertEqual(self.store.happenings(10, 0, 9999, 9, False), [])
        self.assertEqual(self.store.read(10, 0, 99, 99), [row(1, message(1))])
        self.assertEqual(self.store.commit([message(4)]), [Stored(2, 2000)])

    def test_later_entries_see_the_earlier_ones(self) -> None:
        stored = self.store.commit([
            UserMade(3, "c", "c", "c", "student", 1), DeviceMade("d", 3, b"", b"", 1),
            ConversationMade(13, "#n", "#n", None, 1), MemberSet(13, 3, "owner", 0), message(1, 13), message(2, 13),
            CursorMoved("d", 13, 2), ConversationSet(13, "is"), ConversationRenamed(13, "#m", "#m"),
            ConversationMade(14, "#n", "#n", None, 1), MaskSet(13, "b", "x", "", 1), MaskGone(13, "b", "x"),
        ])  # fmt: skip
        self.assertEqual(stored, [Stored(1, 2000), Stored(2, 2000)])
        found = self.store.load()
        self.assertEqual(found.cursors, [CursorMoved("d", 13, 2)])
        self.assertEqual(found.conversations[-2], ConversationMade(13, "#m", "#m", None, 1, "is"))
        self.assertEqual(found.masks, [])
        self.assertEqual(found.logs[-2], LogState(13, 2, 2000, 0))

    # ---- messages ----

    def test_seqs_have_no_gaps(self) -> None:
        self.assertEqual(self.store.commit([message(1), message(2, 11), message(3)]), [
            Stored(1, 2000), Stored(1, 2000), Stored(2, 2000),
        ])  # fmt: skip
        self.assertEqual(self.store.commit([message(4, at=2001), message(5, 11)]), [Stored(3, 2001), Stored(2, 2000)])
        self.assertEqual(self.store.load().logs, [
            LogState(10, 3, 2001, 0), LogState(11, 2, 2000, 0), LogState(12, 0, 0, 0),
        ])  # fmt: skip

    def test_repeat_gets_the_first_answer(self) -> None:
        self.store.commit([message(1), message(2, at=2002)])
        again = [message(2, at=3000), message(3), message(1, at=3000), message(3, at=3001), message(4, 11)]
        self.assertEqual(self.store.commit(again), [
            Stored(2, 2002, True), Stored(3, 2000), Stored(1, 2000, True), Stored(3, 2000, True), Stored(1, 2000),
        ])  # fmt: skip
        self.assertEqual(self.store.commit([message(4, 11), message(5)]), [Stored(1, 2000, True), Stored(4, 2000)])
        self.assertEqual([found.id[-1] for found in self.store.read(10, 0, 99, 99)], [1, 2, 3, 5])

    def test_repeat_beside_other_entries(self) -> None:
        self.store.commit([message(1)])
        entries = [MemberSet(10, 1, "op", 0), message(1), message(2), CursorMoved("phone", 10, 1), message(2)]
        expected = [Stored(1, 2000, True), Stored(2, 2000), Stored(2, 2000, True)]
        self.assertEqual(self.store.commit(entries), expected)
        found = self.store.load()
        self.assertEqual((found.members, found.cursors), ([entries[0]], [entries[3]]))

    def test_repeat_in_another_conversation(self) -> None:
        self.store.commit([message(1)])
        self.assertEqual(self.store.commit([message(1, 11)]), [Stored(1, 2000, True)])
        self.assertEqual(self.store.read(11, 0, 99, 99), [])

    def test_found_by_the_beginning_of_an_id(self) -> None:
        ids = [b"aa" + bytes(14), b"ab" + bytes(14), b"ab" + b"\xff" * 14, b"b" + bytes(15), b"\xff" * 16]
        self.store.commit([Append(10 + number % 2, 1, "alice", id, b"") for number, id in enumerate(ids)])
        self.store.commit([Append(11, 1, "bob", ids[0], b"")])
        for beginning, limit, expected in (
            (ids[0], 9, [(10, 1), (11, 3)]), (b"ab", 9, [(11, 1), (10, 2)]), (b"ab", 1, [(11, 1)]),
            (b"\xff", 9, [(10, 3)]), (b"c", 9, []), (b"a", 0, []),
        ):  # fmt: skip
            self.assertEqual(self.store.locate(beginning, limit), expected, beginning)

    def test_only_sender_and_id_together_are_a_repeat(self) -> None:
        self.store.commit([message(1)])
        self.assertEqual(self.store.commit([message(1, sender="bob")]), [Stored(2, 2000)])

    def test_messages_come_back_whole(self) -> None:
        texts = [b"", b"\0\xff'\"\\", "ä\n\U0001f600".encode(), bytes(range(256)) * 300]
        sent = [
            Append(
                10,
                2**41 + place,
                "Zoë \"q' \\ \U0001f600",
                bytes([place, 0, 255]),
                text,
                "key\u2028é",
                "+a;b=\\s" * place,
            )
            for place, text in enumerate(texts)
        ]
        self.store.commit(sent)
        expected = [row(seq, entry) for seq, entry in enumerate(sent, 1)]
        self.assertEqual(self.store.read(10, 0, 99, 99), expected)
        self.assertEqual(self.store.read_before(10, 99, 99), expected)

    def test_ids_of_any_length(self) -> None:
        sent = [Append(10 + place % 2, 5, "alice", b"i" * place, b"x") for place in (1, 2, 2, 3, 16, 1, 40, 39)]
        found = [(one.seq, one.repeat) for one in self.store.commit(sent)]
        self.assertEqual(found, [(1, False), (1, False), (1, True), (2, False), (2, False), (1, True), (3, False),
                                 (3, False)])  # fmt: skip
        self.assertEqual([len(one.id) for one in self.store.read(10, 0, 9, 9)], [2, 16, 40])
        self.assertTrue(all(one.repeat for one in self.store.commit(sent)))

    def test_pages(self) -> None:
        self.store.commit([message(number) for number in range(1, 11)])
        self.store.commit([message(99, 11)])

        def seqs(rows: list[Row]) -> list[int]:
            return [found.seq for found in rows]

        self.assertEqual(seqs(self.store.read(10, 0, 10, 3)), [1, 2, 3])
        self.assertEqual(seqs(self.store.read(10, 3, 5, 9)), [4, 5])
        self.assertEqual(seqs(self.store.read(10, 10, 99, 9)), [])
        self.assertEqual(seqs(self.store.read(10, 5, 5, 9)), [])
        self.assertEqual(seqs(self.store.read_before(10, 99, 3)), [8, 9, 10])
        self.assertEqual(seqs(self.store.read_before(10, 4, 9)), [1, 2, 3])
        self.assertEqual(seqs(self.store.read_before(10, 1, 9)), [])
        self.assertEqual(seqs(self.store.read(12, 0, 9, 9)) + seqs(self.store.read_before(99, 9, 9)), [])

    def test_pages_of_many_commits(self) -> None:
        """Wherever a page begins and ends: between two commits, or within one."""
        number = 0
        for size in (1, 2, 5, 1, 9, 3):
            self.store.commit([message(number + one) for one in range(size)] + [message(100 + number, 11)])
            number += size
        for begin in range(number + 2):
            for end in range(begin, number + 2):
                for limit in (1, 4, 99):
                    wanted = list(range(begin + 1, min(end, number) + 1))
                    found = [one.seq for one in self.store.read(10, begin, end, limit)]
                    self.assertEqual(found, wanted[:limit])
                    found = [one.seq for one in self.store.read_before(10, begin, limit)]
                    self.assertEqual(found, list(range(1, begin))[-limit:] if begin <= number else found)

    def test_a_page_is_cut_by_its_bytes(self) -> None:
        """It costs little memory, loses nothing, and is never empty."""
        bodies = [b"x" * 60_000] * 9 + [b"y" * 700_000] * 2 + [b"z"] * 3
        sent = [Append(10, 2000, "alice", bytes([place]), body) for place, body in enumerate(bodies)]
        self.store.commit(sent[:4])
        self.store.commit(sent[4:])
        expected = [row(seq, entry) for seq, entry in enumerate(sent, 1)]
        forward: list[Row] = []
        while rows := self.store.read(10, len(forward), 99, 99):
            self.assertTrue(len(rows) == 1 or sum(len(one.body) for one in rows[:-1]) < PAGE_BYTES)
            forward += rows
        backward: list[Row] = []
        while rows := self.store.read_before(10, len(sent) + 1 - len(backward), 99):
            self.assertTrue(len(rows) == 1 or sum(len(one.body) for one in rows[1:]) < PAGE_BYTES)
            backward = rows + backward
        self.assertEqual((forward, backward), (expected, expected))

    def test_many_messages(self) -> None:
        sent = [message(number, 10 + number % 3) for number in range(3000)]
        stored = self.store.commit(sent[:2500]) + self.store.commit(sent[2400:])
        self.assertEqual(sum(found.repeat for found in stored), 100)
        for conversation in (10, 11, 12):
            found: list[Row] = []
            while rows := self.store.read(conversation, len(found), 9999, 9999):
                found += rows
            self.assertEqual([one.seq for one in found], list(range(1, 1001)))
            self.assertEqual([one.id for one in found], [one.id for one in sent if one.conversation == conversation])

    # ---- cursors ----

    def test_cursors_never_go_back(self) -> None:
        self.store.commit([CursorMoved("phone", 10, 5)])
        self.store.commit([CursorMoved("phone", 10, 3)])
        self.store.commit([CursorMoved("phone", 11, 2), CursorMoved("phone", 11, 9), CursorMoved("phone", 11, 4)])
        self.store.commit([CursorMoved("laptop", 10, 0)])
        self.assertEqual(self.store.load().cursors, [
            CursorMoved("laptop", 10, 0), CursorMoved("phone", 10, 5), CursorMoved("phone", 11, 9),
        ])  # fmt: skip

    def test_cursors_go_with_the_member(self) -> None:
        cursors = [CursorMoved(device, conversation, 1) for device in ("phone", "laptop", "tablet")
                   for conversation in (10, 12)]  # fmt: skip
        self.store.commit([MemberSet(10, 1, "op", 0), MemberSet(10, 2, "op", 0), *cursors])
        self.store.commit([CursorMoved("phone", 10, 7), MemberGone(10, 1)])
        found = self.store.load()
        self.assertEqual(found.members, [MemberSet(10, 2, "op", 0)])
        self.assertEqual([(one.device, one.conversation) for one in found.cursors], [
            ("laptop", 12), ("phone", 12), ("tablet", 10), ("tablet", 12),
        ])  # fmt: skip

    def test_cursor_of_one_who_comes_back(self) -> None:
        self.store.commit([MemberSet(10, 1, "op", 0), CursorMoved("phone", 10, 7)])
        self.store.commit([MemberGone(10, 1), MemberSet(10, 1, "member", 9), CursorMoved("phone", 10, 2)])
        self.assertEqual(self.store.load().cursors, [CursorMoved("phone", 10, 2)])

    def test_gone_without_having_been_there(self) -> None:
        before = self.store.load()
        self.store.commit([MemberGone(10, 1), MemberGone(99, 99)])
        self.assertEqual(self.store.load(), before)

    # ---- purge ----

    def test_purge_takes_the_oldest(self) -> None:
        for sent in (message(1, at=100), message(2, 11, at=200), message(3, at=300), message(4, at=400)):
            self.store.commit([sent])
        self.assertEqual(self.store.purge(100, 10), [])
        self.assertEqual(self.store.purge(301, 2), [LogState(10, 3, 400, 1), LogState(11, 1, 200, 1)])
        self.assertEqual(self.store.purge(301, 2), [LogState(10, 3, 400, 2)])
        self.assertEqual(self.store.purge(301, 2), [])
        self.assertEqual(self.store.read(10, 0, 99, 99), [row(3, message(4, at=400))])
        self.assertEqual(self.store.read_before(10, 3, 99), [])
        self.assertEqual(self.store.read(11, 0, 99, 99), [])
        self.assertEqual(self.store.load().logs, [
            LogState(10, 3, 400, 2), LogState(11, 1, 200, 1), LogState(12, 0, 0, 0),
        ])  # fmt: skip

    def test_seqs_go_on_after_a_purge(self) -> None:
        self.store.commit([message(1, at=100), message(2, at=200)])
        self.store.purge(1000, 10)
        self.assertEqual(self.store.commit([message(3, at=2000)]), [Stored(3, 2000)])
        self.assertEqual(self.store.load().logs[0], LogState(10, 3, 2000, 2))

    def test_purge_stops_at_the_first_young_message(self) -> None:
        for sent in (message(1, at=100), message(2, at=900), message(3, at=200)):
            self.store.commit([sent])
        self.assertEqual(self.store.purge(500, 10), [LogState(10, 3, 200, 1)])
        self.assertEqual(self.store.purge(500, 10), [])
        self.assertEqual(self.store.purge(1000, 10), [LogState(10, 3, 200, 3)])

    def test_what_came_together_goes_together(self) -> None:
        self.store.commit([message(1, at=100), message(2, 11, at=200), message(3, at=300)])
        self.store.commit([message(4, at=301), message(5, at=302)])
        self.assertEqual(self.store.purge(9999, 0), [])
        self.assertEqual(self.store.purge(300, 10), [])  # the newest of the first group is not old enough
        self.assertEqual(self.store.purge(301, 1), [LogState(10, 4, 302, 2)])
        self.assertEqual(self.store.purge(302, 9), [LogState(11, 1, 200, 1)])
        self.assertEqual(self.store.read(10, 0, 99, 99), [row(3, message(4, at=301)), row(4, message(5, at=302))])
        self.assertEqual(self.store.commit([message(4), message(3)]), [Stored(3, 301, True), Stored(5, 2000)])

    def test_a_purge_takes_at_most_what_it_may(self) -> None:
        for number in range(4):
            self.store.commit([message(2 * number), message(2 * number + 1)])
        self.assertEqual(self.store.purge(9999, 5), [LogState(10, 8, 2000, 4)])
        self.assertEqual(self.store.purge(9999, 5), [LogState(10, 8, 2000, 8)])

    def test_a_purged_message_may_come_again(self) -> None:
        self.store.commit([message(1, at=100)])
        self.store.purge(1000, 10)
        self.assertEqual(self.store.commit([message(1, at=2000)]), [Stored(2, 2000)])


class LastingContract(StoreContract):
    """The promises of a store that outlives its process: all of it is there when it is opened again."""

    def reopen(self) -> Store:
        """What was kept, opened anew."""
        raise NotImplementedError

    def test_everything_is_there_again(self) -> None:
        for number in range(10):
            self.store.commit([message(number, 10 + number % 2, at=100 + number)])
        self.store.commit([*self.filled(), UserSet(1, True, "A"), CertificateSet("aa", 1), happened(1)])
        self.store.commit([ConversationMade(13, "#n", "#n", None, 1), message(99, 13), Redaction(10, 5, "", "x")])
        self.store.commit([ConversationClosed(13), CursorMoved("phone", 10, 4)])
        self.store.purge(105, 100)
        before = self.store.load()
        self.store.close()
        self.store = self.reopen()
        self.assertEqual(self.store.load(), before)
        self.assertEqual([found.content for found in self.store.read(10, 0, 99, 99)], ["text", "redacted"])
        self.assertEqual(self.store.happenings(10, 0, 9999, 9, False), [happened(1)])
        self.refused(ConversationMade(13, "#n", "#n", None, 1))

    def test_seqs_go_on_when_opened_again(self) -> None:
        self.store.commit([message(1), message(2)])
        self.store.purge(9999, 99)
        self.store.close()
        self.store = self.reopen()
        self.assertEqual(self.store.commit([message(3)]), [Stored(3, 2000)])

    def test_repeats_are_known_when_opened_again(self) -> None:
        self.store.commit([message(1), message(2)])
        self.store.close()
        self.store = self.reopen()
        self.store.load()
        self.assertEqual(self.store.commit([message(2), message(3)]), [Stored(2, 2000, True), Stored(3, 2000)])
