"""Files: whose and how large; taken away from the disk, too."""

from __future__ import annotations

import os

import msgspec

from chatd import blobs as b
from chatd import messages as m
from chatd.files import Folder
from chatd.operations import files
from chatd.operations.service import Refused
from tests.kit import Peer, state_of
from tests.operations.kit import StaffScene

TEXT = b"what nobody else is to read"


class FileTests(StaffScene):
    """Alice has sent two."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.service.folder.files
        self.house.node.keep_files(Folder(self.folder), self.house.reader)
        self.alice, self.bob = self.house.people("alice", "bob")
        self.alice.ask(m.Join, "hw3")
        self.upload(self.alice, b"a" * 16, TEXT, "@bob")
        self.upload(self.alice, b"b" * 16, TEXT * 2, "#hw3")

    def upload(self, peer: Peer, identity: bytes, text: bytes, to: str) -> None:
        """A whole file."""
        peer.ask(b.CreateBlob, identity, len(text), [to], "secret-name.txt")
        peer.ask(b.PutBlob, identity, 0, text)
        self.house.commit()

    def test_the_largest_first_without_names(self) -> None:
        found, count = files.files(self.service)
        self.assertEqual([(one.owner, one.to, one.bytes) for one in found],
                         [("alice", ["#hw3"], 2 * len(TEXT)), ("alice", ["@bob"], len(TEXT))])  # fmt: skip
        self.assertEqual(
            (count, len(files.files(self.service, "", 1)[0]), files.files(self.service, "bob")[1]), (2, 1, 0)
        )
        self.assertNotIn(b"secret-name", msgspec.json.encode(found))

    def test_quotas(self) -> None:
        (mine,) = files.quotas(self.service, "alice")
        self.assertEqual((mine.files, mine.bytes), (2, 3 * len(TEXT)))
        self.assertEqual([one.name for one in files.quotas(self.service)], ["alice"])

    def test_taken_away_from_the_disk_too(self) -> None:
        before = len(os.listdir(self.folder))
        gone = self.done(files.remove(self.service, (b"a" * 16).hex()[:12]))
        self.assertEqual((gone.bytes, files.files(self.service)[1]), (len(TEXT), 1))
        self.house.commit()
        self.assertLess(self.size(), 3 * len(TEXT))
        self.assertLessEqual(len(os.listdir(self.folder)), before)

    def size(self) -> int:
        """Bytes in the folder."""
        return sum(
            os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(self.folder) for name in names
        )

    def test_what_may_not_be(self) -> None:
        before = state_of(self.house)
        for word in ("", "61", "ffffffffffff", "zz"):
            with self.assertRaises(Refused):
                self.done(files.remove(self.service, word))
        self.assertEqual(state_of(self.house), before)
        self.assertGreaterEqual(self.size(), 3 * len(TEXT))
