"""Step 3: who asks to be let into which encrypted group.

An older server cannot read the entries of groups that have a door, nor delete an account that has asked.
"""

from __future__ import annotations

COMPAT = 3
STATEMENTS = (
    """CREATE TABLE knock (
        gid BLOB NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        at INTEGER NOT NULL,
        PRIMARY KEY (gid, user)
    ) WITHOUT ROWID""",
    "CREATE INDEX knock_user ON knock (user)",
)
