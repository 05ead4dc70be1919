"""The data folder: who may have it, and what is in it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from chatd.data import BadFolder, DataFolder, FolderInUse, network_type

MOUNTS = """/dev/sda / ext4 rw 0 0
server:/home /net/home nfs4 rw 0 0
/dev/sdb /net/home/local ext4 rw 0 0
//server/b /net/with\\040space cifs rw 0 0
"""
HOLD = """
import sys
from chatd.data import DataFolder
folder = DataFolder(sys.argv[1])
folder.acquire()
print("locked", flush=True)
sys.stdin.read()
"""


class DataFolderTests(SynchronousTestCase):
    """One server, one folder."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "deep", "data")
        self.folder = DataFolder(self.path)
        self.addCleanup(self.folder.release)

    def mode(self, name: str = "") -> int:
        """The permissions of a file of the folder."""
        return stat.S_IMODE(os.stat(os.path.join(self.path, name)).st_mode)

    def test_made_for_nobody_else(self) -> None:
        self.folder.acquire()
        self.folder.secret()
        self.assertEqual(self.mode(), 0o700)
        self.assertEqual([self.mode(name) for name in ("files", "tls", "console")], [0o700] * 3)
        self.assertEqual([self.mode(name) for name in ("lock", "secret")], [0o600] * 2)

    def test_second_server_is_told_the_process(self) -> None:
        child = subprocess.Popen(
            [sys.executable, "-c", HOLD, os.path.abspath(self.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert child.stdout is not None
        self.addCleanup(child.stdout.close)
        self.assertEqual(child.stdout.readline(), b"locked\n")
        error = self.assertRaises(FolderInUse, self.folder.acquire)
        self.assertEqual(error.pid, child.pid)
        self.assertIn(f"process {child.pid};", str(error))
        child.kill()  # the lock goes with the process, however it ends
        child.communicate()
        self.folder.acquire()

    def test_free_again_after_release(self) -> None:
        self.folder.acquire()
        second = DataFolder(self.path)
        self.assertRaises(FolderInUse, second.acquire)
        self.folder.release()
        second.acquire()
        self.assertRaises(FolderInUse, self.folder.acquire)
        second.release()

    def test_secret_stays_the_same(self) -> None:
        self.folder.acquire()
        secret = self.folder.secret()
        self.assertEqual(len(secret), 32)
        self.assertEqual(DataFolder(self.path).secret(), secret)

    def test_damaged_secret_is_not_replaced(self) -> None:
        self.folder.acquire()
        self.folder.secret()
        with open(os.path.join(self.path, "secret"), "wb") as file:
            file.write(b"short")
        error = self.assertRaises(BadFolder, self.folder.secret)
        self.assertIn("5 bytes", str(error))

    def test_listening_is_there_while_it_listens(self) -> None:
        listening = os.path.join(self.path, "listening.json")
        self.folder.acquire()
        self.assertFalse(os.path.exists(listening))
        self.folder.publish({"tls": [("0.0.0.0", 6697)]})
        with open(listening) as file:
            self.assertEqual(json.load(file), {"tls": [["0.0.0.0", 6697]]})
        self.assertEqual([name for name in os.listdir(self.path) if name.endswith(".part")], [])
        self.folder.release()
        self.assertFalse(os.path.exists(listening))

    def test_listening_of_a_killed_server_goes(self) -> None:
        self.folder.acquire()
        self.folder.release()
        with open(os.path.join(self.path, "listening.json"), "w") as file:
            file.write("{}")
        self.folder.acquire()
        self.assertFalse(os.path.exists(os.path.join(self.path, "listening.json")))

    def test_a_file_in_its_place(self) -> None:
        os.makedirs(os.path.dirname(self.path))
        with open(self.path, "w"):
            pass
        self.assertRaises(OSError, self.folder.acquire)

    def test_network_file_systems(self) -> None:
        for path, kind in (
            ("/chat", ""), ("/net/home", "nfs4"), ("/net/home/a", "nfs4"), ("/net/homes", ""),
            ("/net/home/local/a", ""), ("/net/with space/a", "cifs"),
        ):  # fmt: skip
            self.assertEqual(network_type(path, MOUNTS), kind, path)
        self.assertEqual(network_type(self.path), "")
