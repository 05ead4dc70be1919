"""What is kept: every entry is a value that nobody changes after a turn has it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import entries
from chatd.store.sqlite import SqliteStore


class Entries(SynchronousTestCase):
    """All entries."""

    def kinds(self) -> list[type]:
        """Every kind of entry."""
        return [k for k in vars(entries).values() if isinstance(k, type) and issubclass(k, entries.Entry)]

    def test_nothing_can_be_changed(self) -> None:
        append = entries.Append(1, 2, "alice", b"i" * 16, b"hello")
        with self.assertRaises(AttributeError):
            append.body = b"forged"  # type: ignore[misc]
        self.assertEqual(append, entries.Append(1, 2, "alice", b"i" * 16, b"hello"))

    def test_a_new_store_knows_every_kind(self) -> None:
        """Committing one of each kind, in the order in which they depend on each other, is what a store must do."""
        store = SqliteStore(self.mktemp())
        self.addCleanup(store.close)
        one_of_each: list[entries.Entry] = [
            entries.UserMade(1, "alice", "alice", "alice", "student", 1),
            entries.VerifierSet(1, "v"),
            entries.UserSet(1, True, "Alice"),
            entries.CertificateSet("aa", 1),
            entries.CertificateGone("aa"),
            entries.DeviceMade("d", 1, b"e" * 32, b"c" * 32, 1),
            entries.ConversationMade(1, "#hw", "#hw", None, 1),
            entries.ConversationSet(1, "nt", topic="topic"),
            entries.ConversationRenamed(1, "#homework", "#homework"),
            entries.MaskSet(1, "b", "*!*@*", "alice", 1),
            entries.MaskGone(1, "b", "*!*@*"),
            entries.MemberSet(1, 1, "owner", 0),
            entries.Append(1, 2, "alice", b"i" * 16, b"hello"),
            entries.CursorMoved("d", 1, 1),
            entries.MarkerMoved(1, 1, 2),
            entries.MetadataSet(1, 0, "url", "about:blank"),
            entries.Happened(1, 2, b"j" * 16, "alice", "joined", ""),
            entries.Redaction(1, 1, "alice", "oops"),
            entries.BlobMade(b"b" * 16, 1, 5, 1, "@1"),
            entries.BlobCommitted(b"b" * 16, 2, b"s" * 32),
            entries.BlobReaders(b"b" * 16, "@2"),
            entries.BlobGone(b"b" * 16),
            entries.InvitationUsed("i", 1, 1),
            entries.InvitationSet("i", 2, 9, 1, 0, "alice", 1),
            entries.SanctionSet("mute", 1, "", 9, "loud", "alice", 1),
            entries.SanctionGone("mute", 1, ""),
            entries.RosterSet(1, "1"),
            entries.ReportSet(1, "alice", "#hw", 1, "bob", "text", "why", 1),
            entries.ReportGone(1),
            entries.NameKept(1, "alice", "alice", "alice"),
            entries.AccountSet(1, "lisa", "lisa", "1isa", "staff"),
            entries.MemberGone(1, 1),
            entries.ConversationClosed(1),
            entries.UserGone(1),
        ]
        self.assertEqual({type(one) for one in one_of_each}, set(self.kinds()) - {entries.Entry})
        self.assertEqual(store.commit(one_of_each), [entries.Stored(1, 2)])
