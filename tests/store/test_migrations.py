"""The schema moves forward only, whole or not at all, after a copy; what is too new is refused."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from types import ModuleType
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd.entries import Append
from chatd.store.checksum import former_checksum
from chatd.store.connection import Connection, open_connection
from chatd.store.interface import StoreError
from chatd.store.migrations import MIGRATIONS, migrate, schema_of
from chatd.store.sqlite import SqliteStore
from chatd.store.verify import verify
from tests.store.contract import PEOPLE, message
from tests.store.test_repeats import id_at

# A step that was released is never changed: who edits one sees this fail, and adds a new one instead.
RELEASED = {1: "87009dd29c8ff867", 2: "1de1417b0f85bd0c", 3: "28ff6d5fc18b89a4", 4: "3411df52f53a5e93"}


def step(compat: int, *statements: str) -> ModuleType:
    """A migration that is not in the tree."""
    made = ModuleType("planted")
    made.__dict__.update(COMPAT=compat, STATEMENTS=statements)
    return made


PLANTED = step(
    1,
    "ALTER TABLE user ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'",
    "CREATE TABLE planted (a INTEGER PRIMARY KEY NOT NULL)",
    "INSERT INTO planted SELECT user FROM user",
)
SECOND = step(len(MIGRATIONS) + 2, "CREATE INDEX planted_colour ON user (colour)")
LATER = (*MIGRATIONS, PLANTED, SECOND)


class Watched:
    """A connection that does something before each statement."""

    def __init__(self, real: Connection, before: Any) -> None:
        self._real = real
        self._before = before

    @property
    def in_transaction(self) -> bool:
        """As the real one."""
        return self._real.in_transaction

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        """As the real one."""
        self._before(sql)
        return self._real.execute(sql, parameters)

    def close(self) -> None:
        """As the real one."""
        self._real.close()


class MigrationTests(SynchronousTestCase):
    """From every version to the newest."""

    def setUp(self) -> None:
        self.folder = self.mktemp()
        os.makedirs(self.folder)
        self.path = os.path.join(self.folder, "chat.db")

    def opened(self, path: str) -> Connection:
        """A connection to a database."""
        connection = open_connection(path)
        self.addCleanup(connection.close)
        return connection

    def dump(self, path: str) -> tuple[list[Any], list[Any]]:
        """The schema, and what it says about itself."""
        connection = self.opened(path)
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
        about = connection.execute("SELECT key, value FROM meta WHERE key <> 'epoch' ORDER BY key").fetchall()
        return schema, about

    def filled(self) -> None:
        """A database of the newest released schema with something in it."""
        store = SqliteStore(self.path)
        store.commit([*PEOPLE, *(message(number) for number in range(20))])
        store.close()

    def test_fresh_and_upgraded_are_the_same(self) -> None:
        fresh = os.path.join(self.folder, "fresh.db")
        migrate(self.opened(fresh), fresh, LATER)
        for version in range(1, len(LATER)):
            path = os.path.join(self.folder, f"from-{version}.db")
            self.assertEqual(migrate(self.opened(path), path, LATER[:version]), (0, version))
            self.assertEqual(migrate(self.opened(path), path, LATER), (version, len(LATER)))
            self.assertEqual(self.dump(path), self.dump(fresh))

    def test_the_store_makes_the_newest(self) -> None:
        self.filled()
        fresh = os.path.join(self.folder, "fresh.db")
        migrate(self.opened(fresh), fresh)
        self.assertEqual(self.dump(self.path), self.dump(fresh))
        self.assertEqual(schema_of(self.opened(self.path))[0], len(MIGRATIONS))

    def test_released_steps_do_not_change(self) -> None:
        found = {
            number: hashlib.blake2b("\n".join(one.STATEMENTS).encode(), digest_size=8).hexdigest()
            for number, one in enumerate(MIGRATIONS, 1)
        }
        self.assertEqual(found, RELEASED)

    def test_content_stays_and_a_copy_is_made(self) -> None:
        self.filled()
        connection = self.opened(self.path)
        migrate(connection, self.path, LATER)
        self.assertEqual(connection.execute("SELECT a FROM planted").fetchall(), [(1,), (2,)])
        self.assertEqual(connection.execute("SELECT count(*) FROM message").fetchall(), [(20,)])
        copy = f"{self.path}.before-{len(MIGRATIONS)}"
        self.assertEqual(
            sorted(os.listdir(self.folder)), ["chat.db", "chat.db-shm", "chat.db-wal", os.path.basename(copy)]
        )
        store = SqliteStore(copy)
        self.addCleanup(store.close)
        self.assertEqual(len(store.load().users), 2)
        self.assertEqual(len(store.read(10, 0, 99, 99)), 20)

    def test_codes_that_were_used_stay_used(self) -> None:
        connection = self.opened(self.path)
        migrate(connection, self.path, MIGRATIONS[:1])
        connection.execute("INSERT INTO user VALUES (1, 'a', 'a', 'a', 'student', 1, '', '')")
        connection.execute("INSERT INTO invitation (invitation, user, at) VALUES ('code', 1, 9)")
        connection.close()
        store = SqliteStore(self.path)
        store.close()
        self.assertEqual(self.opened(self.path).execute("SELECT * FROM invitation").fetchall(), [("code", 1, 9)])

    def test_what_had_the_tables_of_the_second_step_already_keeps_them(self) -> None:
        self.filled()
        before = self.dump(self.path)
        connection = self.opened(self.path)
        for table in ("knock", "run", "ahead"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE meta SET value = '1' WHERE key IN ('schema_version', 'schema_compat')")
        connection.close()
        SqliteStore(self.path).close()
        self.assertEqual(self.dump(self.path), before)
        self.assertEqual(len(self.opened(self.path).execute("SELECT * FROM user").fetchall()), 2)

    def test_messages_from_before_the_fourth_step_are_not_kept_twice(self) -> None:
        """Each has a row, and the former checksum; one is from the future, one had a longer id."""
        connection = self.opened(self.path)
        migrate(connection, self.path, MIGRATIONS[:3])
        connection.execute("INSERT INTO conversation VALUES (10, '#a', '#a', NULL, NULL, 1, '', '', 0, '', '', 0)")
        now = int(time.time() * 1000)
        ids = [id_at(now - 99_000, 1), id_at(now - 50_000, 2), id_at(now + 3_600_000, 3), id_at(now - 40_000, 4) + b"x"]
        for seq, id in enumerate(ids, 1):
            data = msgspec.msgpack.encode([[seq, now - 9000, f"s{seq}", id, b"body", "text", ""]])
            checksum = former_checksum(10, seq, data)
            connection.execute(
                "INSERT INTO segment VALUES (?, 10, ?, ?, ?, ?, ?)", (seq, seq, seq, now - 9000, checksum, data)
            )
            connection.execute("INSERT INTO message (id, sender, place) VALUES (?, ?, ?)", (id, f"s{seq}", seq))
        connection.close()
        again = [Append(10, now + 7_200_000, f"s{seq}", id, b"body") for seq, id in enumerate(ids, 1)]
        for restart in range(2):
            store = SqliteStore(self.path)
            self.addCleanup(store.close)
            self.assertEqual([one.seq for one in store.read(10, 0, 9, 9)], list(range(1, 5 + restart)))
            late = [*again[2 * restart :], Append(10, now + 7_200_000, "s3", id_at(now + 3_600_000, 9), b"")]
            self.assertEqual([one.repeat for one in store.commit(late)], [True] * len(late[:-1]) + [bool(restart)])
            self.assertEqual([one.repeat for one in store.commit(again)], [True] * 4)
        self.assertEqual(verify(self.path).problems, [])

    def test_nothing_to_do_makes_no_copy(self) -> None:
        self.filled()
        self.filled_before = os.listdir(self.folder)
        SqliteStore(self.path).close()
        self.assertEqual(os.listdir(self.folder), self.filled_before)

    def test_failing_step_leaves_the_old_schema(self) -> None:
        self.filled()
        before = self.dump(self.path)
        bad = step(1, "INSERT INTO planted VALUES (77)", "INSERT INTO nowhere VALUES (1)")
        self.assertRaises(sqlite3.Error, migrate, self.opened(self.path), self.path, (*MIGRATIONS, PLANTED, bad))
        self.assertEqual(self.dump(self.path), before)
        migrate(self.opened(self.path), self.path, LATER)  # the copy of the first try is no hindrance

    def test_killed_at_any_statement_it_is_old_or_new(self) -> None:
        self.filled()
        old = self.dump(self.path)
        left: list[str] = []

        def killed_here(_: str) -> None:
            left.append(os.path.join(self.folder, f"left-{len(left)}"))
            shutil.copytree(
                self.folder, left[-1], ignore=lambda _, names: [name for name in names if name[:5] == "left-"]
            )

        migrate(Watched(self.opened(self.path), killed_here), self.path, LATER)
        killed_here("at the end")
        new = self.dump(self.path)
        seen = []
        for folder in left:
            path = os.path.join(folder, "chat.db")
            found = self.dump(path)
            self.assertIn(found, (old, new))
            seen.append(found == new)
            migrate(self.opened(path), path, LATER)
            self.assertEqual(self.dump(path), new)
            self.assertEqual(self.opened(path).execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(seen, [False] * (len(seen) - 1) + [True])
        self.assertGreater(len(seen), 8)

    def test_newer_schema_is_refused_with_both_numbers(self) -> None:
        self.filled()
        migrate(self.opened(self.path), self.path, LATER)
        before = self.dump(self.path)
        error = self.assertRaises(StoreError, SqliteStore, self.path)
        self.assertIn(f"has schema {len(LATER)}", str(error))
        self.assertIn(f"knows schema {len(MIGRATIONS)}", str(error))
        self.assertEqual(self.dump(self.path), before)

    def test_newer_schema_that_we_can_work_with(self) -> None:
        self.filled()
        migrate(self.opened(self.path), self.path, (*MIGRATIONS, PLANTED))
        store = SqliteStore(self.path)
        self.addCleanup(store.close)
        self.assertEqual(store.load().users[0], PEOPLE[0])
        self.assertEqual(schema_of(self.opened(self.path)), (len(MIGRATIONS) + 1, MIGRATIONS[-1].COMPAT))
