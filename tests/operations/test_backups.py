"""Backups from the console."""

from __future__ import annotations

from pathlib import Path

from chatd import backup
from chatd.operations import backups
from chatd.operations.service import Refused
from chatd.store.sqlite import SqliteStore
from tests.kit import House
from tests.operations.kit import StaffScene, service_of


class BackupTests(StaffScene):
    """A house on a disk."""

    def setUp(self) -> None:
        data = Path(self.mktemp())
        data.mkdir()
        store = SqliteStore(str(data / "chat.db"))
        self.addCleanup(store.close)
        self.house = House(store)
        self.service = service_of(self.house, str(data))

    def test_made_listed_and_looked_at(self) -> None:
        (alice,) = self.house.people("alice")
        alice.send("#lobby", "hi")
        made = self.done(backups.now(self.service))
        self.assertEqual((made.messages, made.gone, backup.last(str(self.service.folder.path))), (1, [], made.made))
        self.assertEqual([path for path, _ in self.done(backups.listed(self.service))], [made.path])
        name = Path(made.path).name
        for what in (name, made.path):
            self.assertEqual(self.done(backups.verify(self.service, what)), [])
        (Path(made.path) / "chat.db").write_bytes(b"")
        self.assertIn("chat.db is not what was written", self.done(backups.verify(self.service, name)))
        for what in ("nothing", "--help", "--data=/"):
            self.assertTrue(self.done(backups.verify(self.service, what)), what)

    def test_the_oldest_go(self) -> None:
        gone = self.done(backups.now(self.service)).path
        Path(gone).rename(Path(gone).with_name("20000101T000000Z"))
        made = self.done(backups.now(self.service, keep=1))
        self.assertEqual([Path(path).name for path in made.gone], ["20000101T000000Z"])
        self.assertEqual([path for path, _ in self.done(backups.listed(self.service))], [made.path])

    def test_where_it_cannot_be(self) -> None:
        (Path(self.service.folder.path) / "backups").write_text("a file")
        with self.assertRaises(Refused):
            self.done(backups.now(self.service))
