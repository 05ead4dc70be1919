"""The schema's history: one module per version, each plain SQL; `migrate` brings a database to the newest.

Rule: forward only. A released step is never changed, a new one is added at the end of MIGRATIONS. All missing steps
run in one transaction, so a crash leaves the old schema or the new one; a copy `<path>.before-<version>` is made
first, by SQLite itself (a `cp` of a live database may be torn). A step that older servers cannot work with raises
COMPAT to its own number; what a server cannot work with it refuses. Plain statements and these few lines are all
the server needs: Alembic would put SQLAlchemy into every installation for the same result.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from types import ModuleType

from chatd.store.connection import Connection
from chatd.store.interface import StoreError
from chatd.store.migrations import v0001_first, v0002_sealed, v0003_knocks, v0004_runs

MIGRATIONS: tuple[ModuleType, ...] = (v0001_first, v0002_sealed, v0003_knocks, v0004_runs)

HAS_META = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'meta'"
HAS_ANYTHING = "SELECT count(*) FROM sqlite_schema"
GET_META = "SELECT key, value FROM meta WHERE key IN ('schema_version', 'schema_compat')"
SET_META = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
COPY_INTO = "VACUUM INTO ?"


def schema_of(connection: Connection) -> tuple[int, int]:
    """The schema's version and the oldest server version that can work with it; (0, 0) for an empty database."""
    if not connection.execute(HAS_META).fetchall()[0][0]:
        if connection.execute(HAS_ANYTHING).fetchall()[0][0]:
            raise StoreError("this database was not made by chatd; name another file")
        return 0, 0
    found = dict(connection.execute(GET_META).fetchall())
    try:
        return int(found["schema_version"]), int(found["schema_compat"])
    except (KeyError, ValueError) as error:
        raise StoreError(f"this database does not say which schema it has ({error}); restore a backup") from error


def migrate(connection: Connection, path: str, steps: Sequence[ModuleType] = MIGRATIONS) -> tuple[int, int]:
    """Bring the database at `path` to the newest schema; returns the versions before and after."""
    version, compat = schema_of(connection)
    if compat > len(steps):
        raise StoreError(
            f"{path} has schema {version}, which needs a chatd that knows schema {compat}; this chatd knows schema "
            f"{len(steps)}. Install the newer chatd again, or restore the copy made before the upgrade."
        )
    if version >= len(steps):
        return version, version
    if version:
        copy_before(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version:]:
            _run(connection, step.STATEMENTS)
            compat = max(compat, step.COMPAT)
        connection.execute(SET_META, ("schema_version", str(len(steps))))
        connection.execute(SET_META, ("schema_compat", str(compat)))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return version, len(steps)


def copy_before(connection: Connection, path: str, version: int) -> str:
    """Keep the database as it is beside itself, under its schema's version; returns the copy's name."""
    copy = f"{path}.before-{version}"
    part = copy + ".part"
    if os.path.exists(part):  # a crash left it; VACUUM INTO wants no file there
        os.unlink(part)
    connection.execute(COPY_INTO, (part,))
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    os.replace(part, copy)
    return copy


def _run(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execute(statement)
