"""`chatd-admin`, called as from the shell."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import stat
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher
from twisted.trial.unittest import SynchronousTestCase

from chatd.admin import main
from chatd.auth import read_invitation
from chatd.config import read
from chatd.core.limits import Limits
from chatd.data import DataFolder
from chatd.entries import (
    CertificateSet,
    ConversationClosed,
    MarkerMoved,
    MaskSet,
    MetadataSet,
    Redaction,
    Stored,
    UserSet,
)
from chatd.operations.offline import Offline
from chatd.store.sqlite import SqliteStore
from tests.store.contract import PEOPLE, happened, message


class AdminTests(SynchronousTestCase):
    """One folder with a little in it."""

    def setUp(self) -> None:
        self.data = os.path.join(self.mktemp(), "data")
        self.folder = DataFolder(self.data)
        self.folder.acquire()
        self.addCleanup(self.folder.release)
        self.store = SqliteStore(self.folder.database)
        self.addCleanup(self.store.close)
        self.store.commit([*PEOPLE, *(message(number) for number in range(1, 21))])

    def stop(self) -> None:
        """The server stops."""
        self.store.close()
        self.folder.release()

    def call(self, verb: str, *arguments: str, data: str = "") -> tuple[int, str, str]:
        """Exit code, and what was printed to the one and to the other."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main([verb, "--data", data or self.data, *arguments])
            except SystemExit as ended:
                code = int(ended.code or 0)
        return code, out.getvalue(), err.getvalue()

    def values(self, verb: str, *arguments: str, data: str = "", code: int = 0) -> dict[str, Any]:
        """The same with --json."""
        found, out, err = self.call(verb, "--json", *arguments, data=data)
        self.assertEqual((found, err), (code, ""))
        values = json.loads(out)
        self.assertEqual((values["verb"], values["ok"]), (verb, code == 0))
        return dict(values)

    def damage(self, path: str = "") -> None:
        """Change a message behind everybody's back."""
        with contextlib.closing(sqlite3.connect(path or self.folder.database, isolation_level=None)) as connection:
            connection.execute("UPDATE segment SET data = x'00' WHERE first <= 7 AND last >= 7")

    # ---- verify ----

    def test_verify(self) -> None:
        code, out, err = self.call("verify")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("all is well (schema 4; 2 users, 3 devices", out)
        self.assertNotRegex(out, r"[^aeiou]ys\b")
        found = self.values("verify")
        self.assertEqual(found["problems"], [])
        self.assertEqual(found["counts"]["message"], 20)
        self.assertEqual(found["epoch"], self.store.load().epoch)

    def test_verify_damage(self) -> None:
        self.damage()
        code, out, err = self.call("verify")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("messages 1 to 20 of conversation 10 are damaged", err)
        self.assertIn("restore", err)
        self.assertEqual(self.values("verify", code=1)["problems"], ["messages 1 to 20 of conversation 10 are damaged"])

    def test_verify_nothing(self) -> None:
        code, _, err = self.call("verify", data=self.mktemp())
        self.assertEqual(code, 1)
        self.assertIn("no such file", err)

    # ---- backup and restore ----

    def test_backup_beside_the_server_and_restore(self) -> None:
        backup = self.mktemp()
        self.store.commit([
            UserSet(1, True, "A"), CertificateSet("aa", 1), MaskSet(10, "b", "*", "", 1), MarkerMoved(1, 10, 1),
            MetadataSet(0, 10, "k", "v"), happened(1), Redaction(10, 20, "", "x"), ConversationClosed(12),
        ])  # fmt: skip
        code, out, err = self.call("backup", backup)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("20 messages", out)
        self.assertIn("1 happenings, 1 settings, 1 metadata keys, 0 closed conversations", out)
        for path, mode in ((backup, 0o700), (os.path.join(backup, "chat.db"), 0o600)):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)
        self.store.commit([message(99)])  # the server goes on
        before = self.store.load()
        self.stop()
        data = self.mktemp()
        self.assertEqual(self.call("restore", backup, data=data)[0], 0)
        store = SqliteStore(DataFolder(data).database)
        self.addCleanup(store.close)
        found = store.load()
        self.assertEqual(found.logs[0].head, 20)
        self.assertNotEqual(found.epoch, before.epoch)
        self.assertEqual(msgspec.structs.replace(found, epoch="", logs=[]),
                         msgspec.structs.replace(before, epoch="", logs=[]))  # fmt: skip
        self.assertEqual(store.happenings(10, 0, 9999, 9, False), [happened(1)])
        self.assertEqual(store.read(10, 19, 20, 9)[0].content, "redacted")
        self.assertEqual(store.commit([message(20), message(99)]), [Stored(20, 2000, True), Stored(21, 2000)])
        self.assertEqual(self.call("verify", data=data)[0], 0)

    def test_backup_leaves_the_log_to_the_server(self) -> None:
        wal = self.folder.database + "-wal"
        size = os.path.getsize(wal)
        self.assertGreater(size, 0)
        self.assertEqual(self.call("backup", self.mktemp())[0], 0)
        self.assertEqual(os.path.getsize(wal), size)

    def test_backup_of_a_killed_server(self) -> None:
        """Its write-ahead log is still there, and belongs to the data."""
        killed = self.mktemp()
        os.makedirs(killed)
        for name in ("chat.db", "chat.db-wal"):
            with open(os.path.join(self.data, name), "rb") as old, open(os.path.join(killed, name), "wb") as new:
                new.write(old.read())
        backup = self.mktemp()
        self.assertEqual(self.values("backup", backup, data=killed)["counts"]["message"], 20)
        self.assertTrue(os.path.getsize(os.path.join(killed, "chat.db-wal")))

    def test_backups_under_load_have_what_was_accepted_before(self) -> None:
        accepted, stop = [20], threading.Event()

        def load() -> None:
            while not stop.is_set():
                stored = self.store.commit([message(accepted[0] + 1 + one) for one in range(20)])
                accepted[0] = stored[-1].seq

        thread = threading.Thread(target=load)
        thread.start()
        try:
            for _ in range(10):
                before = accepted[0]
                counts = self.values("backup", self.mktemp())["counts"]  # each is verified
                self.assertGreaterEqual(counts["message"], before)
        finally:
            stop.set()
            thread.join()
        self.assertGreater(accepted[0], 20)

    def test_backup_does_not_write_over(self) -> None:
        backup = self.mktemp()
        self.assertEqual(self.call("backup", backup)[0], 0)
        code, _, err = self.call("backup", backup)
        self.assertEqual(code, 1)
        self.assertIn("there already", err)

    def test_damaged_backup(self) -> None:
        backup = self.mktemp()
        self.assertEqual(self.call("backup", backup)[0], 0)
        self.damage(os.path.join(backup, "chat.db"))
        data = self.mktemp()
        code, _, err = self.call("restore", backup, data=data)
        self.assertEqual(code, 1)
        self.assertIn("chat.db is not what was written", err)
        self.assertIn("are damaged", err)
        self.assertEqual(self.call("verify", backup)[1:], ("", err))
        self.assertFalse(os.path.exists(data))

    def test_backup_of_damage_gets_no_good_name(self) -> None:
        self.damage()
        backup = self.mktemp()
        (problem,) = self.values("backup", backup, code=1)["problems"]
        self.assertIn("messages 1 to 20 of conversation 10 are damaged", problem)
        self.assertFalse(os.path.exists(backup))

    def test_backup_of_nothing(self) -> None:
        code, _, err = self.call("backup", self.mktemp(), data=self.mktemp())
        self.assertEqual(code, 1)
        self.assertIn("there is no database", err)

    def test_restore_wants_an_empty_folder(self) -> None:
        backup = self.mktemp()
        self.assertEqual(self.call("backup", backup)[0], 0)
        self.stop()
        before = self.values("verify")
        code, _, err = self.call("restore", backup)
        self.assertEqual(code, 1)
        self.assertIn("not empty", err)
        self.assertEqual(self.values("verify"), before)

    # ---- migrate ----

    def test_migrate_wants_a_stopped_server(self) -> None:
        code, _, err = self.call("migrate")
        self.assertEqual(code, 1)
        self.assertIn(f"process {os.getpid()};", err)
        self.stop()
        self.assertEqual(self.values("migrate"), {"verb": "migrate", "ok": True, "before": 4, "after": 4})
        self.folder.acquire()

    def test_migrate_nothing(self) -> None:
        self.assertEqual(self.call("migrate", data=self.mktemp())[0], 1)

    def test_migrate_a_newer_schema(self) -> None:
        self.stop()
        with contextlib.closing(sqlite3.connect(self.folder.database, isolation_level=None)) as connection:
            connection.execute("UPDATE meta SET value = '77' WHERE key IN ('schema_version', 'schema_compat')")
        code, _, err = self.call("migrate")
        self.assertEqual(code, 1)
        self.assertIn("schema 77", err)

    # ---- invite ----

    def test_invite(self) -> None:
        now = int(time.time())
        code, out, err = self.call("invite", "--count", "3", "--days", "2")
        self.assertEqual((code, err), (0, ""))
        codes = out.split()
        self.assertEqual(len(set(codes)), 3)
        secret = self.folder.secret()
        identities = {read_invitation(secret, one, now) for one in codes}
        self.assertEqual(len(identities - {None}), 3)
        self.assertIsNone(read_invitation(secret, codes[0], now + 3 * 86400))
        self.assertEqual(len(self.values("invite")["invitations"]), 1)

    def test_invite_from_nowhere(self) -> None:
        self.assertEqual(self.call("invite", data=self.mktemp())[0], 1)

    # ---- roster ----

    def roster(self, text: str) -> str:
        """A file with the class's list."""
        path: str = self.mktemp()
        Path(path).write_text(text)
        return path

    def fresh(self) -> str:
        """The folder of a server that ran once."""
        self.stop()
        self.data = self.mktemp()
        with Offline(DataFolder(self.data), SqliteStore, Limits()):
            return self.data

    def test_roster_of_a_stopped_server(self) -> None:
        code, _, err = self.call("roster", self.roster("name\ncarol\n"))
        self.assertEqual(code, 1)
        self.assertIn("in use by", err)  # the folder is locked, and nobody answers in it
        self.fresh()
        path = self.roster("name,role,groups,full_name\nmiller,staff,,\ncarol,,lab1,Carol Case\n")
        before = self.values("verify")
        code, out, err = self.call("roster", path, "--dry-run")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out.splitlines(), [
            "+ group #lab1", "+ miller: staff, #lab1", "+ carol: student, #lab1",
            "2 people, 3 changes: nothing was changed: this was a dry run",
        ])  # fmt: skip
        self.assertEqual(self.values("verify"), before)
        tickets = self.values("roster", "sync", path)["tickets"]
        self.assertEqual([ticket["name"] for ticket in tickets], ["miller", "carol"])
        self.assertEqual(self.call("roster", path)[1], "2 people: nothing to change\n")
        sheet = self.call("roster", "--sheet", "--host", "chat.example")[1]
        self.assertIn(f"chat --invitation {tickets[1]['code']} carol@chat.example", sheet)
        self.assertEqual(self.call("verify")[0], 0)

    def test_roster_with_mistakes(self) -> None:
        self.fresh()
        before = self.values("verify")
        code, out, err = self.call("roster", self.roster("name,role\ncarol,queen\ndan,\ndan,\n"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("line 2: a role is one of", err)
        self.assertIn("Nothing was changed", err)
        self.assertEqual(self.values("verify"), before)
        code, _, err = self.call("roster", "nowhere.csv")
        self.assertEqual((code, err), (1, "chatd-admin: nowhere.csv cannot be read: No such file or directory\n"))
        path = self.roster("name\ncarol\n")
        Path(path).write_bytes(b"name\ncar\xffol\n")
        code, _, err = self.call("roster", path)
        self.assertEqual((code, "no text in UTF-8" in err), (1, True), err)
        self.assertEqual(self.call("roster", "a.csv", "--sheet")[0], 2)
        self.assertEqual(self.call("roster", path := self.roster("name\ncarol\n"), data=self.mktemp())[0], 1, path)

    def test_nobody_to_ask(self) -> None:
        self.stop()
        for verb in ("drain", "undrain"):
            code, _, err = self.call(verb)
            self.assertEqual(code, 1)
            self.assertIn("no server runs", err)
        self.assertEqual(self.call("drain", "--in", "soon")[0], 2)

    # ---- password ----

    def typed(self, text: str) -> None:
        """What comes on standard input from here on."""
        self.patch(sys, "stdin", io.StringIO(text))

    def test_password(self) -> None:
        out = ""
        for text in ("correct horse\n", "correct horse\r\n", "correct horse"):
            self.typed(text)
            code, out, err = self.call("password")
            self.assertEqual((code, err), (0, ""))
            self.assertTrue(PasswordHasher().verify(out.strip(), "correct horse"))
        settings = Path(self.mktemp())
        settings.write_text(f"[operators]\nstaff = {json.dumps(out.strip())}\n")
        self.assertEqual(read({"config": str(settings)}, {}).operators, {"staff": out.strip()})
        self.typed("correct horse\n")
        self.assertTrue(self.values("password")["verifier"].startswith("$argon2id$"))

    def test_password_that_is_none(self) -> None:
        for text in ("", "short\n", "x" * 2_000):
            self.typed(text)
            code, out, err = self.call("password")
            self.assertEqual((code, out), (1, ""))
            self.assertIn("too", err)

    # ---- calling it wrongly ----

    def test_called_wrongly(self) -> None:
        for arguments in (("invite", "--count", "0"), ("backup",), ("dance",), ("verify", "more", "and more")):
            code, out, err = self.call(*arguments)
            self.assertEqual((code, out), (2, ""), arguments)
            self.assertIn("usage:", err)

    def test_not_there_yet(self) -> None:
        code, out, err = self.call("port-db", "postgresql:")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("not there yet", err)
        self.assertEqual(len(self.values("port-db", code=2)["problems"]), 1)
