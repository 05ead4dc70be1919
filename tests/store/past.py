"""What every store promises of what is closed, redacted or past: the other half of `contract.py`.

Rule: as there.
"""

from __future__ import annotations

import msgspec

from chatd.entries import (
    Append,
    ConversationClosed,
    ConversationMade,
    ConversationRenamed,
    ConversationSet,
    CursorMoved,
    Entry,
    Happened,
    LogState,
    MarkerMoved,
    MaskSet,
    MemberSet,
    MetadataSet,
    Redaction,
    Row,
    Stored,
)
from tests.store.contract import PAIR, STAFF, Contract, happened, message, row


class PastContract(Contract):
    """The promises of `chatd.store.interface.Store`."""

    # ---- what is closed ----

    def test_a_closed_group_is_gone(self) -> None:
        self.store.commit([*self.filled(), message(1, at=100), happened(2, at=101), message(3, 12)])
        self.store.commit([message(4, at=102), ConversationClosed(10)])
        found = self.store.load()
        self.assertEqual(found.conversations, [PAIR, STAFF])
        self.assertEqual([log.conversation for log in found.logs], [11, 12])
        self.assertEqual(found.members, [MemberSet(12, 1, "op", 0)])
        self.assertEqual(found.cursors, [CursorMoved("phone", 12, 1)])
        self.assertEqual((found.masks, found.markers), ([], [MarkerMoved(1, 12, 9)]))
        self.assertEqual(found.metadata, [MetadataSet(1, 0, "k", "v")])

    def test_nothing_comes_to_a_closed_group(self) -> None:
        self.store.commit([message(1), ConversationClosed(10)])
        late: list[Entry] = [
            message(2), message(1), happened(1), MemberSet(10, 1, "op", 0), CursorMoved("phone", 10, 1),
            MarkerMoved(1, 10, 1), MaskSet(10, "b", "*", "", 1), MetadataSet(0, 10, "k", "v"), ConversationSet(10, ""),
            ConversationRenamed(10, "#x", "#x"), ConversationClosed(10), ConversationMade(10, "#x", "#x", None, 1),
        ]  # fmt: skip
        for entry in late:
            self.refused(entry)
            self.refused(message(9, 12), ConversationClosed(12), msgspec.structs.replace(entry, conversation=12))

    def test_the_name_of_a_closed_group_is_free(self) -> None:
        self.store.commit([message(1), message(2)])
        self.store.commit([ConversationClosed(10), ConversationMade(13, "#class", "#class", None, 1), message(3, 13)])
        self.assertEqual(self.store.commit([message(4, 13)]), [Stored(2, 2000)])
        self.assertEqual(self.store.load().logs[-1], LogState(13, 2, 2000, 0))
        self.assertEqual(self.store.find(13, message(3).id), [1])

    def test_only_groups_are_closed(self) -> None:
        self.refused(ConversationClosed(11))

    def test_a_number_is_not_given_again(self) -> None:
        """Not while something of the closed group is left."""
        self.assertEqual(self.store.load().newest, 12)
        self.store.commit([message(1, 12), ConversationClosed(12)])
        self.assertEqual(self.store.load().newest, 12)
        self.assertEqual([log.conversation for log in self.store.purge(9999, 9)], [12])
        self.assertEqual(self.store.load().newest, 11)

    def test_a_closed_group_with_nothing_in_it(self) -> None:
        self.store.commit([message(1, 12, at=1)])
        self.store.purge(9, 9)
        self.store.commit([ConversationClosed(12), ConversationMade(12, "#other", "#other", None, 1), message(2, 12)])
        self.assertEqual(self.store.commit([message(3, 12)]), [Stored(2, 2000)])
        self.store.commit([happened(1, 10, at=50), ConversationClosed(10)])
        self.refused(ConversationMade(10, "#x", "#x", None, 1))
        self.assertEqual(self.store.purge(51, 9), [LogState(10, 0, 0, 0)])
        self.store.commit([ConversationMade(10, "#x", "#x", None, 1)])

    def test_the_log_of_a_closed_group_goes_by_age(self) -> None:
        for at in (100, 200):
            self.store.commit([message(at, 12, at=at), message(1000 + at, at=at)])
        self.store.commit([happened(1, 12, at=300), ConversationClosed(12)])
        self.assertEqual(self.store.purge(101, 9), [LogState(10, 2, 200, 1), LogState(12, 2, 200, 1)])
        self.assertEqual(self.store.purge(201, 9), [LogState(10, 2, 200, 2), LogState(12, 2, 200, 2)])
        self.refused(ConversationMade(12, "#x", "#x", None, 1))
        self.assertEqual(self.store.purge(301, 9), [LogState(12, 2, 200, 2)])
        self.assertEqual(self.store.purge(301, 9), [])
        self.store.commit([ConversationMade(12, "#x", "#x", None, 1)])
        self.assertEqual(self.store.commit([message(1, 12)]), [Stored(1, 2000)])

    # ---- redaction ----

    def test_a_redacted_message(self) -> None:
        tagged = Append(10, 2000, "alice", b"i", b"body", "text", "+tag")
        self.store.commit([message(1), tagged, message(3)])
        self.store.commit([Redaction(10, 2, "bob", "räson")])
        redacted = Row(2, 2000, "alice", b"i", "räson".encode(), "redacted")
        expected = [row(1, message(1)), redacted, row(3, message(3))]
        self.assertEqual(self.store.read(10, 0, 9, 9), expected)
        self.assertEqual(self.store.read_before(10, 3, 9), expected[:2])
        self.assertEqual(self.store.commit([tagged, message(4)]), [Stored(2, 2000, True), Stored(4, 2000)])
        self.assertEqual(self.store.find(10, b"i"), [2])
        self.store.commit([Redaction(10, 2, "bob", "")])
        self.assertEqual(self.store.read(10, 1, 2, 9), [Row(2, 2000, "alice", b"i", b"", "redacted")])

    def test_a_redaction_of_nothing(self) -> None:
        """It may have been purged a moment ago."""
        self.store.commit([message(1, at=1), message(2, 11)])
        self.store.purge(2, 9)
        self.store.commit([Redaction(10, 1, "", "x"), Redaction(10, 2, "", "x"), Redaction(99, 1, "", "x")])
        self.store.commit([Redaction(10, 2, "", "early"), message(3)])
        self.assertEqual(self.store.read(10, 0, 9, 9), [row(2, message(3))])

    def test_a_redaction_sees_what_came_before_it(self) -> None:
        stored = self.store.commit([message(1), Redaction(10, 1, "", "x"), message(1), message(2), message(3, 11)])
        expected = [Stored(1, 2000), Stored(1, 2000, True), Stored(2, 2000), Stored(1, 2000)]
        self.assertEqual(stored, expected)
        self.assertEqual([one.content for one in self.store.read(10, 0, 9, 9)], ["redacted", "text"])
        self.store.commit([Redaction(11, 1, "", "y"), CursorMoved("phone", 11, 1), Redaction(10, 2, "", "z")])
        self.assertEqual([one.body for one in self.store.read(10, 0, 9, 9)], [b"x", b"z"])

    def test_redacted_messages_are_purged(self) -> None:
        self.store.commit([message(1, at=1), message(2, at=2)])
        self.store.commit([Redaction(10, 1, "", "x" * 9000)])
        self.assertEqual(self.store.purge(3, 9), [LogState(10, 2, 2, 2)])
        self.assertEqual(self.store.commit([message(1)]), [Stored(3, 2000)])

    # ---- where is it ----

    def test_find(self) -> None:
        self.store.commit([message(1), message(2), message(3, 11)])
        self.store.commit([message(4)])
        found = [self.store.find(10, message(number).id) for number in (1, 2, 3, 4, 5)]
        self.assertEqual(found, [[1], [2], [], [3], []])
        self.assertEqual([self.store.find(11, message(number).id) for number in (1, 3)], [[], [1]])
        self.assertEqual(self.store.find(99, message(1).id), [])

    def test_find_what_several_have_sent(self) -> None:
        self.store.commit([message(1), message(2, sender="carol"), message(2)])
        self.store.commit([message(2, 11, sender="dora"), message(3), message(2, sender="bob")])
        self.assertEqual(self.store.find(10, message(2).id), [2, 3, 5])

    def test_find_what_was_purged(self) -> None:
        self.store.commit([message(1, at=1)])
        self.store.commit([message(2)])
        self.store.purge(2, 9)
        self.assertEqual([self.store.find(10, message(number).id) for number in (1, 2)], [[], [2]])

    def test_seq_at(self) -> None:
        times = [10, 10, 20, 20, 20, 30, 45]
        for begin, end in ((0, 1), (1, 4), (4, 5), (5, 7)):
            self.store.commit([message(place, at=at) for place, at in enumerate(times[begin:end], begin)])
            self.store.commit([message(9999 + begin, 11, at=end)])
        found = [self.store.seq_at(10, at) for at in (0, 10, 11, 20, 21, 30, 31, 45, 46, 99)]
        self.assertEqual(found, [0, 0, 2, 2, 5, 5, 6, 6, 7, 7])
        self.assertEqual((self.store.seq_at(12, 99), self.store.seq_at(99, 99)), (0, 0))
        self.store.purge(11, 1)
        self.assertEqual([self.store.seq_at(10, at) for at in (0, 11, 20, 21)], [1, 2, 2, 5])
        self.store.purge(99, 99)
        self.assertEqual([self.store.seq_at(10, at) for at in (0, 99)], [7, 7])

    def test_seq_at_in_long_logs(self) -> None:
        """Commits of every size: the answer does not depend on how the messages lie."""
        number = 0
        for size in (1, 1, 5, 700, 1, 2, 2, 2, 30, 1):
            self.store.commit([message(number + one, at=(number + one) // 3) for one in range(size)])
            number += size
        for at in (*range(20), 100, 200, 230, 234, 235, 236, 237, 240, 245, 248, 249, 999):
            self.assertEqual(self.store.seq_at(10, at), min(max(3 * at, 0), number))

    # ---- what else happened ----

    def test_happenings(self) -> None:
        sent = [happened(1, at=10), happened(2, at=20), happened(1, at=20), happened(3, at=30), happened(4, at=15)]
        self.store.commit([*sent[:3], happened(9, 11, at=20)])
        self.store.commit([message(1), *sent[3:]])
        in_order = [sent[0], sent[4], sent[1], sent[2], sent[3]]
        for newest in (False, True):
            self.assertEqual(self.store.happenings(10, 0, 99, 9, newest), in_order)
            self.assertEqual(self.store.happenings(10, 10, 30, 9, newest), in_order[1:4])
            self.assertEqual(self.store.happenings(10, 30, 99, 9, newest), [])
            self.assertEqual(self.store.happenings(10, 0, 99, 0, newest), [])
            self.assertEqual(self.store.happenings(12, 0, 99, 9, newest), [])
        self.assertEqual(self.store.happenings(10, 0, 99, 3, False), in_order[:3])
        self.assertEqual(self.store.happenings(10, 0, 99, 3, True), in_order[2:])

    def test_happenings_come_back_whole(self) -> None:
        sent = Happened(10, 2**41, b"\0\xff'", "Zoë \"q' \\ \U0001f600", "topic", "ä\n\0\u2028")
        self.store.commit([sent])
        self.assertEqual(self.store.happenings(10, 0, 2**42, 9, True), [sent])

    def test_happenings_go_by_age(self) -> None:
        self.store.commit([happened(at, at=at) for at in (10, 20, 99, 30)])
        self.store.commit([happened(1, 11, at=40), message(1, 12, at=50)])
        self.assertEqual(self.store.purge(10, 9), [])
        self.assertEqual(self.store.purge(100, 0), [])
        self.assertEqual(self.store.purge(60, 9), [LogState(10, 0, 0, 0), LogState(12, 1, 50, 1)])
        left = [happened(30, at=30), happened(99, at=99)]
        self.assertEqual(self.store.happenings(10, 0, 999, 9, False), left)
        self.assertEqual(self.store.purge(60, 9), [])
        self.assertEqual(self.store.purge(100, 1), [LogState(10, 0, 0, 0)])
        self.assertEqual(self.store.purge(100, 9), [LogState(10, 0, 0, 0), LogState(11, 0, 0, 0)])
        self.assertEqual(self.store.happenings(10, 0, 999, 9, False), [])
