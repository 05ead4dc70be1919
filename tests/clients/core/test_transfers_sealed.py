"""Files that go to encrypted conversations, with a whole server in memory."""

from __future__ import annotations

import hashlib
import os

import msgspec

from chatd import blobs as b
from clients.core import intents as i
from clients.core import offers as o
from clients.core.e2ee.bodies import Manifest
from clients.core.e2ee.signed import decode
from clients.core.outbox import message_id
from clients.core.steps import STEP
from clients.core.transfers import spoken_of
from clients.core.window import MOST
from tests.clients.core.test_transfers import FilesCase


class Sealed(FilesCase):
    """What goes to an encrypted conversation. Its manifest is carried over by hand: how messages are encrypted is
    tested elsewhere."""

    def seal(self, path: str) -> Manifest:
        """Alice sends a file, encrypted; what its message would speak of."""
        self.begin(path)
        return self.manifest(path)

    def begin(self, path: str) -> None:
        """She begins to."""
        filing = self.alice.app._filing
        assert filing is not None
        files, alice = filing.files, self.alice.app
        ids = (message_id(1, self.house.random(10)),)
        alice.do(lambda: alice.move(files.send(0.0, i.SendFile(("#lobby",), path), "alice", 1, ids, ("#lobby",))))
        self.settle()

    def manifest(self, path: str) -> Manifest:
        """Of what she has sent."""
        files = self.alice.session.files
        assert files is not None
        (kept,) = (kept for kept in files.kept.values() if kept.output == path)
        self.assertEqual(kept.state, o.SENT)
        return decode(kept.manifest, Manifest)

    def take(self, manifest: Manifest) -> o.Offer:
        """Bob reads of it."""
        files = self.bob.session.files
        assert files is not None
        self.bob.history.keep(self.bob.account, files.arrived(manifest, "dm:alice:bob", "alice", 1))
        return spoken_of(manifest)

    def test_sizes(self) -> None:
        for size in (0, 1, 65_535, 65_536, 65_537, 1_500_000):
            path = self.file(size, f"{size}.bin")
            manifest = self.seal(path)
            self.assertTrue(self.same(self.get(self.bob, self.take(manifest)), path))
            blob = f"{self.root}/server/{manifest.fid.hex()}"
            self.assertGreaterEqual(os.path.getsize(blob), size + 16)
            self.assertEqual(hashlib.sha256(self.bytes_of(blob)).digest(), manifest.cipher_hash)

    def test_the_server_knows_neither_bytes_nor_name(self) -> None:
        path = self.file(0, "canary-name.txt")
        with open(path, "wb") as file:
            file.write(b"canary-text " * 10_000)
        manifest = self.seal(path)
        blob = self.bytes_of(f"{self.root}/server/{manifest.fid.hex()}")
        self.assertNotIn(b"canary", blob)
        (record,) = self.house.store.load().blobs
        self.assertEqual((record.name, record.type), ("", ""))
        self.assertEqual(os.listdir(f"{self.root}/alice/sending"), [])  # nor is anything left here

    def test_cut_and_killed(self) -> None:
        path = self.file(4_000_000)
        manifest = self.seal(path)
        offer = self.take(manifest)
        self.bob.disk.slow = True
        self.bob.app.act(i.GetFile(offer.id.hex()))
        for turns in (2, 3, 4, 5):
            for _ in range(turns):
                self.settle()
                self.bob.disk.run(1)
            assert self.bob.line.peer is not None
            self.bob.line.peer.lose()
            self.bob.line.listener = None
            self.house.settle()
            self.bob = self.bob.again()
            self.bob.disk.slow = True
        self.bob.disk.slow = False
        self.bob.disk.run()
        self.settle()
        self.assertTrue(self.same(f"{self.root}/bob/downloads/a.bin", path))

    def test_cut_and_killed_on_its_way_up(self) -> None:
        """It goes on where the server is, and every byte is the one that was sent there before."""
        size = 20_000_000
        path = self.file(size)
        self.alice.disk.slow = True
        self.watch(self.alice)
        self.begin(path)
        for turn in range(200):
            self.alice.disk.run(1)
            self.settle()
            if turn in (3, 6):
                self.cut(self.alice)
            elif turn in (8, 9, 11):
                self.alice = self.killed(self.alice, slow=True)
                self.watch(self.alice, self.seen)
        line = bytearray()
        for put in (c for c in self.seen if isinstance(c, b.PutBlob)):
            again = line[put.offset : put.offset + len(put.data)]
            self.assertEqual(put.data[: len(again)], again)
            line += put.data[len(again) :]
        manifest = self.manifest(path)
        self.assertTrue(self.same(self.get(self.bob, self.take(manifest)), path))
        self.assertEqual(os.listdir(f"{self.root}/alice/sending"), [])
        self.assertLess(self.put(self.alice), size * 1.01 + 5 * MOST)

    def test_it_changes_between_two_attempts(self) -> None:
        """No byte of it is sealed with the key that served the other one."""
        path = self.file(3 * STEP)
        self.alice.disk.slow = True
        self.begin(path)
        for _ in range(3):
            self.alice.disk.run(1)
            self.settle()
        with open(path, "r+b") as file:
            file.write(b"other")
        self.alice = self.killed(self.alice)
        self.watch(self.alice)
        self.settle()
        failed = self.state(self.alice)
        self.assertEqual((failed.state, failed.code), (o.FAILED, "changed"))
        self.assertEqual((self.put(self.alice), os.listdir(f"{self.root}/server")), (0, []))

    def test_damaged_on_the_server(self) -> None:
        """Refused at that chunk; nothing is saved."""
        path = self.file(400_000)
        manifest = self.seal(path)
        blob = f"{self.root}/server/{manifest.fid.hex()}"
        good = self.bytes_of(blob)
        chunks = [good[at : at + 65_552] for at in range(0, len(good), 65_552)]
        for damage in (
            good[:200_000] + bytes([good[200_000] ^ 1]) + good[200_001:],
            b"".join([chunks[1], chunks[0], *chunks[2:]]),
            b"".join(chunks[:-1]),
            good[:-1],
        ):
            with open(blob, "wb") as file:
                file.write(damage)
            files = self.bob.session.files
            assert files is not None
            files.kept.clear()
            offer = self.take(manifest)
            self.bob.app.act(i.GetFile(offer.id.hex()))
            self.settle()
            failed = self.state(self.bob)
            self.assertEqual((failed.state, failed.code), (o.FAILED, "FILE_CORRUPT"))
            self.assertEqual(os.listdir(f"{self.root}/bob/downloads"), [])

    def test_a_manifest_that_no_file_can_have(self) -> None:
        manifest = self.seal(self.file(5))
        files = self.bob.session.files
        assert files is not None
        wrong = msgspec.structs.replace(manifest, chunk=1024)
        self.assertEqual(files.arrived(wrong, "dm:alice:bob", "alice", 1), [])
