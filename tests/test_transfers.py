"""Uploads and downloads through a node: what waits, what is bounded, what is answered when."""

from __future__ import annotations

import hashlib
import os

from chatd import blobs as b
from chatd import messages as m
from chatd import moderation as o
from chatd.core import blobs
from chatd.core.limits import KIB, Limits
from chatd.wire.offer import Offer, tags
from tests.kit import House, Peer, Scene

CHUNK = 64 * KIB


class Transferring(Scene):
    """A house that keeps files."""

    def setUp(self) -> None:
        self.make()

    def make(self, slow: bool = False, **limits: int) -> None:
        """A house with these limits."""
        self.folder = self.mktemp()
        os.mkdir(self.folder)
        self.house = House(files=self.folder, limits=Limits(**limits), slow=slow)
        self.alice, self.bob = self.house.people("alice", "bob")

    def upload(self, peer: Peer, text: bytes, *to: str) -> bytes:
        """A whole file."""
        identity = self.house.random(16)
        peer.ask(b.CreateBlob, identity, len(text), list(to))
        for offset in range(0, len(text), CHUNK):
            peer.ask(b.PutBlob, identity, offset, text[offset : offset + CHUNK])
        peer.ask(b.CommitBlob, identity, hashlib.sha256(text).digest())
        self.house.commit()
        self.assertTrue(peer.last(b.BlobIs).committed, peer.events)
        peer.take()
        return identity

    def download(self, peer: Peer, identity: bytes) -> bytes:
        """All of it."""
        found, offset = b"", 0
        while True:
            peer.ask(b.GetBlob, identity, offset, CHUNK)
            self.house.commit()
            data = peer.last(b.BlobData)
            self.assertEqual((data.id, data.offset), (identity, offset))
            if not data.data:
                return found
            found += data.data
            offset += len(data.data)


class ThereAndBack(Transferring):
    """Whole files."""

    def test_sizes(self) -> None:
        for size in (0, 1, 65_535, 65_536, 65_537, 300_000):
            text = os.urandom(size)
            identity = self.upload(self.alice, text, "@bob")
            self.assertEqual(self.download(self.bob, identity), text)

    def test_two_senders_at_once(self) -> None:
        """T30: their pieces come in turn."""
        texts = {self.alice: os.urandom(200_000), self.bob: os.urandom(200_000)}
        ids = {peer: self.house.random(16) for peer in texts}
        for peer, text in texts.items():
            peer.ask(b.CreateBlob, ids[peer], len(text), ["#lobby"])
        for offset in range(0, 200_000, 10_000):
            for peer, text in texts.items():
                peer.ask(b.PutBlob, ids[peer], offset, text[offset : offset + 10_000])
        for peer, text in texts.items():
            peer.ask(b.CommitBlob, ids[peer], hashlib.sha256(text).digest())
        self.assertEqual(self.download(self.bob, ids[self.alice]), texts[self.alice])
        self.assertEqual(self.download(self.alice, ids[self.bob]), texts[self.bob])

    def test_for_who_is_away(self) -> None:
        self.bob.lose()
        identity = self.upload(self.alice, b"for later", "@bob")
        self.alice.lose()
        self.house.restart()
        self.assertEqual(self.download(self.bob.again(), identity), b"for later")

    def test_what_came_is_not_what_was_sent(self) -> None:
        identity = self.house.random(16)
        self.alice.ask(b.CreateBlob, identity, 3, ["@bob"])
        self.alice.ask(b.PutBlob, identity, 0, b"abd")
        self.alice.ask(b.CommitBlob, identity, hashlib.sha256(b"abc").digest())
        self.assertEqual(self.alice.code(), "blob-damaged")
        self.bob.ask(b.GetBlob, identity, 0, 9)
        self.assertEqual(self.bob.code(), "no-such-blob")
        self.alice.take()
        self.alice.ask(b.CreateBlob, identity, 3, ["@bob"])
        self.assertEqual(self.alice.last(b.BlobIs).written, 0)

    def test_one_answer_has_so_much(self) -> None:
        self.make(file_chunk_bytes=100_000)
        identity = self.upload(self.alice, b"x" * 250_000, "@bob")
        self.bob.ask(b.GetBlob, identity, 0, 1 << 40)
        self.assertEqual(len(self.bob.last(b.BlobData).data), 100_000)
        self.alice.ask(b.CreateBlob, b"i" * 16, 200_000, ["@bob"])
        self.alice.ask(b.PutBlob, b"i" * 16, 0, b"x" * 100_001)
        self.assertEqual(self.alice.code(), "bad-blob")

    def test_deleted_before_it_was_begun(self) -> None:
        self.make(slow=True)
        self.alice.tell(b.CreateBlob(1, b"i" * 16, 3, ["@bob"]), b.PutBlob(2, b"i" * 16, 0, b"abc"),
                        b.DeleteBlob(3, b"i" * 16))  # fmt: skip
        self.house.commit()
        self.assertEqual([event.ref for event in self.alice.of(m.Done)], [3])
        self.assertEqual(os.listdir(self.folder), [])

    def test_deleted_and_gone(self) -> None:
        identity = self.upload(self.alice, b"abc", "@bob")
        for later in (self.house.filer, self.house.writer):
            later.slow = True
        self.alice.ask(b.DeleteBlob, identity)
        self.alice.lose()
        self.house.commit()
        self.assertEqual(os.listdir(self.folder), [])


class Crashes(Transferring):
    """What is there after the node was killed."""

    def test_goes_on_where_it_was(self) -> None:
        identity = self.house.random(16)
        self.alice.ask(b.CreateBlob, identity, 6, ["@bob"])
        self.alice.ask(b.PutBlob, identity, 0, b"abcd")
        self.house.restart()
        alice = self.alice.again()
        alice.ask(b.CreateBlob, identity, 6, ["@bob"])
        self.assertEqual((alice.last(b.BlobIs).written, alice.last(b.BlobIs).committed), (4, False))
        alice.ask(b.PutBlob, identity, 4, b"ef")
        alice.ask(b.CommitBlob, identity, hashlib.sha256(b"abcdef").digest())
        self.assertEqual(self.download(self.bob.again(), identity), b"abcdef")

    def test_killed_between_the_name_and_its_row(self) -> None:
        self.make(slow=True)
        identity = self.house.random(16)
        self.alice.ask(b.CreateBlob, identity, 3, ["@bob"])
        self.alice.ask(b.PutBlob, identity, 0, b"abc")
        self.house.commit()
        self.alice.take()
        self.alice.ask(b.CommitBlob, identity, hashlib.sha256(b"abc").digest())
        self.house.settle()
        self.house.filer.run()
        self.house.settle()
        self.assertEqual(self.alice.take(), [])  # nothing is said that is not kept
        self.assertEqual(os.listdir(self.folder), [identity.hex()])
        self.house.restart()
        for later in (self.house.writer, self.house.reader, self.house.hasher, self.house.filer):
            later.slow = False
        alice, bob = self.alice.again(), self.bob.again()
        bob.ask(b.GetBlob, identity, 0, 9)
        self.assertEqual(bob.code(), "no-such-blob")
        alice.ask(b.CreateBlob, identity, 3, ["@bob"])
        self.assertEqual((alice.last(b.BlobIs).written, alice.last(b.BlobIs).committed), (3, False))
        alice.ask(b.CommitBlob, identity, hashlib.sha256(b"abc").digest())
        self.assertTrue(alice.last(b.BlobIs).committed)
        self.assertEqual(self.download(bob, identity), b"abc")

    def test_a_commit_is_answered_when_it_is_durable(self) -> None:
        self.make(slow=True)
        identity = self.house.random(16)
        self.alice.ask(b.CreateBlob, identity, 0, ["@bob"])
        self.house.commit()
        self.alice.read()
        self.alice.take()
        self.alice.ask(b.CommitBlob, identity, hashlib.sha256(b"").digest())
        self.house.settle()
        self.house.filer.run()
        self.house.settle()
        self.assertEqual(self.alice.take(), [])
        self.house.commit()
        self.assertTrue(self.alice.last(b.BlobIs).committed)
        self.assertEqual([blob.committed > 0 for blob in self.house.store.load().blobs], [True])

    def test_what_nobody_knows_of_is_taken_away_at_start(self) -> None:
        identity = self.upload(self.alice, b"abc", "@bob")
        for name in ("0" * 32, "0" * 32 + ".part", identity.hex() + ".part"):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(b"left over")
        self.house.restart()
        self.assertEqual(os.listdir(self.folder), [identity.hex()])

    def test_the_row_goes_before_the_bytes(self) -> None:
        identity = self.upload(self.alice, b"abc", "@bob")
        self.house.writer.slow = True
        self.alice.ask(b.DeleteBlob, identity)
        self.house.settle()
        self.assertEqual(os.listdir(self.folder), [identity.hex()])
        self.house.commit()
        self.assertEqual(os.listdir(self.folder), [])

    def test_the_bytes_are_missing(self) -> None:
        identity = self.upload(self.alice, b"abc", "@bob")
        os.unlink(os.path.join(self.folder, identity.hex()))
        self.bob.ask(b.GetBlob, identity, 0, 9)
        self.assertEqual(self.bob.code(), "no-such-blob")

    def test_a_disk_that_fails(self) -> None:
        identity = self.upload(self.alice, b"abc", "@bob")
        path = os.path.join(self.folder, identity.hex())
        os.unlink(path)
        os.mkdir(path)
        self.bob.ask(b.GetBlob, identity, 0, 9)
        self.assertEqual(self.bob.code(), "storage-failed")
        self.bob.ask(m.Ping)
        self.bob.last(m.Pong)


class Bounds(Transferring):
    """What one session may have waiting, and who waits for it."""

    def test_chat_does_not_wait_for_the_disk(self) -> None:
        self.make()
        self.house.filer.slow = True
        identity = self.house.random(16)
        self.alice.tell(
            b.CreateBlob(1, identity, CHUNK, ["@bob"]), b.PutBlob(2, identity, 0, b"x" * CHUNK),
            m.Send(3, "@bob", self.house.random(16), "hello"),
        )  # fmt: skip
        self.assertEqual([event.ref for event in self.alice.of(m.Accepted)], [3])
        self.assertEqual(self.alice.of(b.BlobIs), [])
        self.assertEqual(self.bob.texts(), ["hello"])

    def test_who_sends_too_much_is_not_read_from(self) -> None:
        self.make(file_window_bytes=4 * CHUNK)
        self.house.filer.slow = True
        identity = self.house.random(16)
        self.alice.ask(b.CreateBlob, identity, 100 * CHUNK, ["@bob"])
        self.house.commit()
        for number in range(20):
            self.alice.ask(b.PutBlob, identity, number * CHUNK, b"x" * CHUNK)
        self.assertEqual(self.alice.transport.producerState, "paused")
        self.assertLess(len(self.alice.transport.inbound), 20 * (CHUNK + 100))
        self.assertGreater(len(self.alice.transport.inbound), 14 * CHUNK)
        while self.alice.transport.inbound:
            self.house.commit()
        self.house.commit()
        self.assertEqual(self.alice.transport.producerState, "producing")
        self.assertEqual(self.alice.last(b.BlobIs).written, 20 * CHUNK)

    def test_who_does_not_read_gets_no_more(self) -> None:
        identity = self.upload(self.alice, os.urandom(40 * CHUNK), "@bob")
        self.bob.stick()
        for number in range(30):
            self.bob.ask(b.GetBlob, identity, number * CHUNK, CHUNK)
        self.house.commit()
        self.assertLess(len(self.bob.transport.value()), 6 * CHUNK)
        self.bob.unstick()
        self.house.commit()
        self.assertEqual([data.offset for data in self.bob.of(b.BlobData)], [n * CHUNK for n in range(30)])
        self.assertFalse(self.bob.over)

    def test_others_go_on_meanwhile(self) -> None:
        identity = self.upload(self.alice, os.urandom(4 * CHUNK), "@bob")
        self.bob.stick()
        self.bob.ask(b.GetBlob, identity, 0, CHUNK)
        self.bob.ask(b.GetBlob, identity, 0, CHUNK)
        self.assertEqual(len(self.download(self.alice, identity)), 4 * CHUNK)

    def test_gone_in_the_middle(self) -> None:
        identity = self.upload(self.alice, os.urandom(4 * CHUNK), "@bob")
        self.house.filer.slow = True
        self.bob.ask(b.GetBlob, identity, 0, CHUNK)
        self.bob.ask(b.GetBlob, identity, 0, CHUNK)
        self.house.settle()
        self.bob.lose()
        self.house.commit()
        self.assertEqual(self.house.failures, [])
        assert self.house.node.transfers is not None
        self.assertEqual(list(self.house.node.transfers._lanes), [self.alice.session])


class TakenBack(Transferring):
    """A message that offers a file is taken back."""

    def offered(self, *to: str, by: Peer | None = None) -> tuple[bytes, bytes]:
        """A file of alice's, and the first message (of somebody's) that offers it; the next ones' ids end otherwise."""
        text = os.urandom(3 * CHUNK)
        identity, said = self.upload(self.alice, text, *to), self.house.random(15)
        offer = Offer(identity, "a.pdf", len(text), hashlib.sha256(text).digest())
        for number, one in enumerate(to):
            self.granted(by or self.alice, m.Send, one, said + bytes([number]), "File: a.pdf", "text", tags(offer))
            self.house.commit()
        return identity, said + b"\0"

    def take_back(self, to: str, said: bytes, by: Peer | None = None) -> None:
        """Take it back."""
        self.granted(by or self.alice, o.Redact, to, said)
        self.house.commit()

    def there(self, identity: bytes) -> bool:
        """Whether its bytes are on the disk."""
        return identity.hex() in os.listdir(self.folder)

    def gets(self, peer: Peer, identity: bytes, offset: int = 0) -> bool:
        """Whether somebody gets bytes of it."""
        peer.take()
        peer.ask(b.GetBlob, identity, offset, CHUNK)
        self.house.commit()
        return bool(peer.of(b.BlobData))

    def test_its_file_goes_at_once_and_for_good(self) -> None:
        identity, said = self.offered("@bob")
        self.take_back("@bob", said)
        self.assertFalse(self.there(identity) or self.gets(self.alice, identity) or self.gets(self.bob, identity))
        self.assertEqual(self.house.node.hub.blobs.used(self.house.node.hub.users.find("alice")), 0)
        self.house.restart()
        self.assertEqual(self.house.node.hub.blobs.by_id, {})

    def test_in_a_group(self) -> None:
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "#hw1")
        identity, said = self.offered("#hw1")
        self.take_back("#hw1", said)
        self.assertFalse(self.there(identity))

    def test_others_whom_it_was_sent_to_keep_it(self) -> None:
        (carol,) = self.house.people("carol")
        identity, said = self.offered("@bob", "@carol")
        self.take_back("@bob", said)
        self.house.restart()
        alice, bob, carol = self.alice.again(), self.bob.again(), carol.again()
        self.assertTrue(self.gets(carol, identity))
        self.assertFalse(self.gets(bob, identity))
        self.take_back("@carol", said[:15] + b"\1", by=alice)
        self.house.advance(blobs.FETCHING / 1000 + 3600)
        self.assertFalse(self.there(identity))

    def test_who_is_fetching_it_may_finish_and_nobody_else_begin(self) -> None:
        (carol,) = self.house.people("carol")
        self.house.people("dave")
        identity, said = self.offered("#lobby")
        self.assertTrue(self.gets(self.bob, identity))
        self.take_back("#lobby", said)
        self.assertTrue(self.there(identity))
        self.assertFalse(self.gets(carol, identity))
        for piece in (1, 2):
            self.assertTrue(self.gets(self.bob, identity, piece * CHUNK))
        self.assertFalse(self.there(identity) or self.gets(self.bob, identity))

    def test_who_stops_fetching_does_not_keep_it(self) -> None:
        identity, said = self.offered("@bob")
        self.assertTrue(self.gets(self.bob, identity))
        self.take_back("@bob", said)
        self.assertTrue(self.there(identity))
        self.house.advance(2 * 3600)
        self.assertFalse(self.there(identity))
        self.assertEqual(self.house.node.hub.blobs.leaving, {})

    def test_a_crash_takes_it_away_too(self) -> None:
        identity, said = self.offered("@bob")
        self.assertTrue(self.gets(self.bob, identity))
        self.take_back("@bob", said)
        self.house.restart()
        self.assertFalse(self.there(identity))

    def test_a_message_of_somebody_else_that_speaks_of_it_means_nothing(self) -> None:
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "#hw1")
        identity, said = self.offered("#hw1", by=self.bob)
        self.take_back("#hw1", said, by=self.bob)
        self.assertTrue(self.there(identity) and self.gets(self.bob, identity))
