"""Blobs: who may upload how much, who may fetch what, and when it goes."""

from __future__ import annotations

import hashlib
import os

from chatd import blobs as b
from chatd import messages as m
from chatd.core import blobs
from chatd.core.limits import Limits
from tests.kit import House, Peer, Scene

NOTHING = hashlib.sha256(b"").digest()


class Files(Scene):
    """A house that keeps files; every blob here is empty unless its size matters."""

    def setUp(self) -> None:
        self.make()

    def make(self, **limits: int) -> None:
        """A house with these limits, alice, bob and carol."""
        folder = self.mktemp()
        os.mkdir(folder)
        self.house = House(files=folder, limits=Limits(**limits))
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")

    def sent(self, *to: str, by: Peer | None = None) -> bytes:
        """An empty file that is whole."""
        identity = self.house.random(16)
        by = by or self.alice
        self.granted(by, b.CreateBlob, identity, 0, list(to))
        self.granted(by, b.CommitBlob, identity, NOTHING)
        return identity

    def gets(self, peer: Peer, identity: bytes) -> bool:
        """Whether somebody may fetch it; who may not hears what they would hear of a blob that is not there."""
        peer.take()
        peer.ask(b.GetBlob, identity, 0, 1)
        (answer,) = peer.take()
        if isinstance(answer, m.Failed):
            other = self.refused("no-such-blob", peer, b.GetBlob, self.house.random(16), 0, 1)
            self.assertEqual((answer.code, answer.text), (other.code, other.text))
            return False
        return True


class WhoMay(Files):
    """Who may upload and fetch."""

    def test_those_it_is_for(self) -> None:
        identity = self.sent("@bob")
        self.assertTrue(self.gets(self.alice, identity))
        self.assertTrue(self.gets(self.bob, identity))
        self.assertFalse(self.gets(self.carol, identity))
        self.assertFalse(self.gets(self.house.guest("dora"), identity))

    def test_members_are_looked_at_when_they_fetch(self) -> None:
        self.granted(self.alice, m.Join, "#hw")
        identity = self.sent("#hw")
        self.assertFalse(self.gets(self.bob, identity))
        self.granted(self.bob, m.Join, "#hw")
        self.assertTrue(self.gets(self.bob, identity))
        self.granted(self.bob, m.Leave, "#hw")
        self.assertFalse(self.gets(self.bob, identity))

    def test_a_group_is_meant_and_not_its_name(self) -> None:
        self.granted(self.alice, m.Join, "#hw")
        identity = self.sent("#hw")
        self.granted(self.alice, m.Leave, "#hw")
        self.granted(self.bob, m.Join, "#hw")
        self.assertFalse(self.gets(self.bob, identity))

    def test_somebody_invited_is_not_in(self) -> None:
        self.granted(self.alice, m.Join, "#hw", private=True)
        identity = self.sent("#hw")
        self.granted(self.alice, m.Invite, "#hw", "bob")
        self.assertFalse(self.gets(self.bob, identity))

    def test_the_lobby_is_for_everybody_who_is_here(self) -> None:
        identity = self.sent("#lobby")
        self.assertTrue(self.gets(self.carol, identity))
        self.assertTrue(self.gets(self.house.guest("dora"), identity))

    def test_not_before_it_is_whole(self) -> None:
        identity = self.house.random(16)
        self.granted(self.alice, b.CreateBlob, identity, 0, ["@bob"])
        self.assertFalse(self.gets(self.bob, identity))
        self.assertFalse(self.gets(self.alice, identity))

    def test_only_the_owner_changes_it(self) -> None:
        identity = self.house.random(16)
        self.granted(self.alice, b.CreateBlob, identity, 3, ["@bob"])
        self.refused("bad-blob", self.bob, b.CreateBlob, identity, 3, ["@bob"])
        self.refused("bad-blob", self.alice, b.CreateBlob, identity, 4, ["@bob"])
        self.refused("no-such-blob", self.bob, b.PutBlob, identity, 0, b"abc")
        self.refused("no-such-blob", self.bob, b.CommitBlob, identity, NOTHING)
        self.refused("no-such-blob", self.bob, b.DeleteBlob, identity)

    def test_to_whom_one_cannot_send(self) -> None:
        self.house.guest("dora")
        self.granted(self.bob, m.Join, "#his")
        self.granted(self.bob, m.Join, "#secret", private=True)
        for code, to in (
            ("no-such-user", "@nobody"), ("no-such-group", "#nothing"), ("no-such-group", "bob"), ("guest", "@dora"),
            ("not-a-member", "#his"), ("no-such-group", "#secret"), ("no-such-group", "!00"), ("no-such-group", ""),
        ):  # fmt: skip
            self.refused(code, self.alice, b.CreateBlob, b"i" * 16, 1, ["@bob", to])
        self.refused("bad-argument", self.alice, b.CreateBlob, b"i" * 16, 1, [])
        self.refused("bad-argument", self.alice, b.CreateBlob, b"i" * 16, 1, ["@bob"] * 21)

    def test_where_one_may_not_speak(self) -> None:
        self.granted(self.bob, m.Join, "#hw")
        self.granted(self.alice, m.Join, "#hw")
        self.granted(self.bob, m.SetPolicy, "#hw", announce=True)
        self.refused("moderated", self.alice, b.CreateBlob, b"i" * 16, 1, ["#hw"])

    def test_guests_cannot(self) -> None:
        dora = self.house.guest("dora")
        dora.take()
        dora.ask(b.CreateBlob, b"i" * 16, 1, ["#lobby"])
        self.assertEqual(dora.code(), "guest")

    def test_what_makes_no_sense(self) -> None:
        self.refused("bad-blob", self.alice, b.CreateBlob, b"short", 1, ["@bob"])
        self.refused("bad-blob", self.alice, b.CreateBlob, b"i" * 16, -1, ["@bob"])
        self.refused("text-too-long", self.alice, b.CreateBlob, b"i" * 16, 1, ["@bob"], "n" * 256)
        self.refused("text-too-long", self.alice, b.CreateBlob, b"i" * 16, 1, ["@bob"], "n", "t" * 101)
        identity = self.house.random(16)
        self.granted(self.alice, b.CreateBlob, identity, 3, ["@bob"])
        for offset, data in ((0, b""), (-1, b"a"), (0, b"abcd"), (3, b"a"), (1 << 60, b"a")):
            self.refused("bad-blob", self.alice, b.PutBlob, identity, offset, data)
        self.refused("bad-blob", self.alice, b.CommitBlob, identity, b"short")
        whole = self.sent("@bob")
        self.refused("bad-blob", self.bob, b.GetBlob, whole, -1, 1)
        self.refused("bad-blob", self.bob, b.GetBlob, whole, 0, -1)
        self.refused("bad-blob", self.alice, b.PutBlob, whole, 0, b"a")
        self.refused("bad-blob", self.alice, b.CommitBlob, whole, b"x" * 32)

    def test_without_a_folder(self) -> None:
        self.house = House()
        alice, _ = self.house.people("alice", "bob")
        self.refused("no-files", alice, b.CreateBlob, b"i" * 16, 1, ["@bob"])
        self.refused("no-files", alice, b.GetBlob, b"i" * 16, 0, 1)


class HowMuch(Files):
    """Quotas and room."""

    def create(self, size: int) -> bytes:
        """Begin an upload."""
        identity = self.house.random(16)
        self.granted(self.alice, b.CreateBlob, identity, size, ["@bob"])
        return identity

    def test_one_file(self) -> None:
        self.make(file_bytes=100)
        self.create(100)
        self.refused("file-too-large", self.alice, b.CreateBlob, b"i" * 16, 101, ["@bob"])

    def test_all_files_of_an_account(self) -> None:
        self.make(files_bytes=100)
        first = self.create(60)
        self.create(40)
        self.refused("quota-full", self.alice, b.CreateBlob, b"i" * 16, 1, ["@bob"])
        self.granted(self.bob, b.CreateBlob, b"i" * 16, 100, ["@alice"])  # who has a quota of their own
        self.granted(self.alice, b.DeleteBlob, first)
        self.create(60)

    def test_how_many(self) -> None:
        self.make(files=3, uploads=2)
        first = self.create(0)
        self.create(0)
        self.refused("quota-full", self.alice, b.CreateBlob, b"i" * 16, 0, ["@bob"])
        self.granted(self.alice, b.CommitBlob, first, NOTHING)
        self.create(0)
        self.refused("quota-full", self.alice, b.CreateBlob, b"i" * 16, 0, ["@bob"])

    def test_a_repeat_counts_once(self) -> None:
        self.make(files=1, files_bytes=10)
        identity = self.create(10)
        self.granted(self.alice, b.CreateBlob, identity, 10, ["@bob"])
        self.assertEqual(len(self.house.store.load().blobs), 1)

    def test_the_disk(self) -> None:
        hub = self.house.node.hub
        hub.blobs.room = 100
        identity = self.create(60)
        self.refused("storage-full", self.alice, b.CreateBlob, b"i" * 16, 41, ["@bob"])
        self.granted(self.alice, b.PutBlob, identity, 0, b"a" * 60)  # which the next look at the disk will show
        self.create(100)
        hub.full = True
        self.refused("storage-full", self.alice, b.CreateBlob, b"i" * 16, 0, ["@bob"])
        self.refused("storage-full", self.bob, b.CreateBlob, b"i" * 16, 0, ["@alice"])

    def test_the_quota_is_known_after_a_restart(self) -> None:
        self.make(files_bytes=100)
        self.create(60)
        self.house.restart()
        self.alice = self.alice.again()
        self.refused("quota-full", self.alice, b.CreateBlob, b"i" * 16, 41, ["@bob"])


class WhenItGoes(Files):
    """Age, and nobody left."""

    def there(self) -> list[bytes]:
        """The blobs that are kept, as the store has them; the hub agrees."""
        kept = [blob.blob for blob in self.house.store.load().blobs]
        self.assertEqual(sorted(self.house.node.hub.blobs.by_id), kept)
        return kept

    def test_by_age(self) -> None:
        self.make(file_days=2, upload_days=1)
        whole = self.sent("@bob")
        self.granted(self.alice, b.CreateBlob, b"i" * 16, 9, ["@bob"])
        self.assertEqual(len(self.there()), 2)
        start = int(self.house.wall() * 1000)
        hub = self.house.node.hub
        self.assertEqual(blobs.outdated(hub, start + blobs.DAY - 1), [])
        self.assertEqual([blob.id for blob in blobs.outdated(hub, start + blobs.DAY)], [b"i" * 16])
        self.assertEqual(len(blobs.outdated(hub, start + 2 * blobs.DAY)), 2)
        self.house.seconds += 86_400
        self.house.advance(3600.0)
        self.assertEqual(self.there(), [whole])
        self.house.seconds += 86_400
        self.house.advance(3600.0)
        self.assertEqual(self.there(), [])

    def test_until(self) -> None:
        begun = self.granted(self.alice, b.CreateBlob, b"i" * 16, 0, ["@bob"])
        now = int(self.house.wall() * 1000)
        self.assertEqual(begun.until, now + 2 * blobs.DAY)
        whole = self.granted(self.alice, b.CommitBlob, b"i" * 16, NOTHING)
        self.assertEqual((whole.until, whole.committed), (now + 30 * blobs.DAY, True))

    def test_nobody_is_left(self) -> None:
        self.granted(self.alice, m.Join, "#hw")
        both, one = self.sent("#hw", "@bob"), self.sent("#hw")
        self.granted(self.alice, m.Leave, "#hw")
        self.house.advance(3600.0)
        self.assertEqual(self.there(), [both])
        self.assertNotEqual(both, one)

    def test_deleted(self) -> None:
        identity = self.sent("@bob")
        self.assertEqual(type(self.granted(self.alice, b.DeleteBlob, identity)), m.Done)
        self.assertFalse(self.gets(self.bob, identity))
        self.assertEqual(self.there(), [])
        self.refused("no-such-blob", self.alice, b.DeleteBlob, identity)
