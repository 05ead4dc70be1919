"""Verbs about files."""

from __future__ import annotations

from chatd import blobs as b
from chatd.files import Folder
from tests.console.kit import ConsoleScene


class FileTests(ConsoleScene):
    """Alice has sent one."""

    def test_listed_counted_and_taken_away(self) -> None:
        self.house.node.keep_files(Folder(self.service.folder.files), self.house.reader)
        alice, _ = self.house.people("alice", "bob")
        alice.ask(b.CreateBlob, b"a" * 16, 3, ["@bob"], "secret-name.txt")
        self.house.commit()
        (row,) = self.rows("files list")
        self.assertEqual((row["owner"], row["to"], row["bytes"], row["whole"]), ("alice", "@bob", 3, False))
        self.assertNotIn("secret-name", str(row))
        self.assertEqual(self.rows("files quota @alice")[0]["bytes"], 3)
        self.assertEqual(self.rows(f"files rm {row['id']} --yes")[0]["id"], row["id"])
        self.assertEqual((self.rows("files list"), self.rows("files quota")), ([], []))
        self.assertEqual(self.answer("files rm ffffffffffff --yes").status, 5)
