"""A stopped server's folder, worked on."""

from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from chatd.core import staff
from chatd.core.limits import Limits
from chatd.core.turn import Refused
from chatd.data import DataFolder, FolderInUse
from chatd.operations import roster
from chatd.operations.offline import Offline
from chatd.store.sqlite import SqliteStore
from tests.kit import FrailStore


class OfflineTests(SynchronousTestCase):
    """Locked, changed, let go."""

    def setUp(self) -> None:
        self.folder = DataFolder(self.mktemp())

    def test_what_is_done_is_on_disk(self) -> None:
        with Offline(self.folder, SqliteStore, Limits()) as offline:
            self.assertRaises(FolderInUse, Offline, DataFolder(str(self.folder.path)), SqliteStore, Limits())
            offline.act(staff.add, "alice", "staff")
            self.assertRaises(Refused, offline.act, staff.add, "alice")
        with Offline(self.folder, SqliteStore, Limits()) as offline:
            self.assertEqual(offline.node.hub.users.find("alice").role, "staff")

    def test_a_disk_that_fails(self) -> None:
        store = FrailStore()
        with Offline(self.folder, lambda path: store, Limits()) as offline:
            store.broken = True
            self.assertRaisesRegex(Exception, "the disk is gone", offline.act, staff.add, "alice")
        self.flushLoggedErrors()
        self.folder.acquire()
        self.folder.release()

    def test_two_hundred_students_in_sqlite(self) -> None:
        """In far less than the ten seconds that they may take."""
        rows = "".join(f"pupil-{number},student,lab{number % 8},Pupil {number}\n" for number in range(200))
        text = "name,role,groups,full_name\nmiller,staff,,\n" + rows
        began = time.monotonic()
        with Offline(self.folder, SqliteStore, Limits()) as offline:
            arguments = ("chatd-admin", b"s" * 32, offline.node.admission.random, False, False)
            made = offline.act(roster.carry_out, text, *arguments)
            again = offline.act(roster.carry_out, text, *arguments)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual((len(made.tickets), len(again.tickets), again.changes), (201, 0, []))
