"""Step 2: invitations for several people, sanctions, the class's list, reports, files, and encryption.

`offer` has what is known of invitations besides their codes; many have only the code. `former` has names that accounts
had before.

`letter` has encrypted mail, each ciphertext once; `delivery` has each device's mail in its order and points there.
`sent` has what was answered to whom, so that mail sent again is not mail again. `list` and `signed_group` are chains of
what people's devices have signed; `one_time_key` and `key_state` are what others open sessions with; `tag_key` is the
server's own.

While it was written its tables stood in the first step: what such a database has already stays.
"""

from __future__ import annotations

COMPAT = 2
STATEMENTS = (
    "ALTER TABLE invitation RENAME TO invitation_before",
    "CREATE INDEX IF NOT EXISTS cursor_device ON cursor (device)",
    """CREATE TABLE invitation (
        invitation TEXT NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        at INTEGER NOT NULL,
        PRIMARY KEY (invitation, user)
    ) WITHOUT ROWID""",
    "INSERT INTO invitation (invitation, user, at) SELECT invitation, user, at FROM invitation_before",
    "DROP TABLE invitation_before",
    """CREATE TABLE IF NOT EXISTS offer (
        invitation TEXT PRIMARY KEY NOT NULL,
        uses INTEGER NOT NULL,
        until INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        user INTEGER REFERENCES user,
        by TEXT NOT NULL,
        at INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS former (
        key TEXT PRIMARY KEY NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        name TEXT NOT NULL,
        skeleton TEXT NOT NULL UNIQUE
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS sanction (
        kind TEXT NOT NULL,
        user INTEGER REFERENCES user,
        network TEXT,
        until INTEGER NOT NULL,
        reason TEXT NOT NULL,
        by TEXT NOT NULL,
        at INTEGER NOT NULL,
        CHECK ((user IS NULL) <> (network IS NULL)),
        UNIQUE (kind, user),
        UNIQUE (kind, network)
    )""",
    """CREATE TABLE IF NOT EXISTS roster (
        user INTEGER PRIMARY KEY NOT NULL REFERENCES user,
        groups TEXT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS report (
        report INTEGER PRIMARY KEY NOT NULL,
        reporter TEXT NOT NULL,
        conversation TEXT NOT NULL,
        seq INTEGER NOT NULL,
        sender TEXT NOT NULL,
        text TEXT NOT NULL,
        reason TEXT NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL,
        by TEXT NOT NULL,
        note TEXT NOT NULL,
        changed INTEGER NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS blob (
        blob BLOB PRIMARY KEY NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        size INTEGER NOT NULL,
        at INTEGER NOT NULL,
        readers TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        committed INTEGER NOT NULL,
        sha256 BLOB NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS list (
        user INTEGER NOT NULL REFERENCES user,
        chain INTEGER NOT NULL,
        version INTEGER NOT NULL,
        blob BLOB NOT NULL,
        PRIMARY KEY (user, chain, version)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS one_time_key (
        device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
        number INTEGER NOT NULL,
        blob BLOB NOT NULL,
        PRIMARY KEY (device, number)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS key_state (
        device TEXT PRIMARY KEY NOT NULL REFERENCES device ON DELETE CASCADE,
        last INTEGER NOT NULL,
        fallback BLOB NOT NULL,
        used INTEGER NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS mailbox (
        device TEXT PRIMARY KEY NOT NULL REFERENCES device ON DELETE CASCADE,
        acknowledged INTEGER NOT NULL,
        counter INTEGER NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS sent (
        device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
        id BLOB NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (device, id)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS sent_at ON sent (at)",
    """CREATE TABLE IF NOT EXISTS letter (
        letter INTEGER PRIMARY KEY NOT NULL,
        id BLOB NOT NULL,
        sending BLOB NOT NULL,
        sender TEXT NOT NULL,
        device TEXT NOT NULL,
        type TEXT NOT NULL,
        conversation TEXT NOT NULL,
        commitment BLOB NOT NULL,
        ciphertext BLOB NOT NULL,
        sid TEXT NOT NULL,
        at INTEGER NOT NULL,
        tag BLOB NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS delivery (
        device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        letter INTEGER NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (device, seq)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS delivery_letter ON delivery (letter)",
    """CREATE TABLE IF NOT EXISTS correspondent (
        low INTEGER NOT NULL REFERENCES user,
        high INTEGER NOT NULL REFERENCES user,
        PRIMARY KEY (low, high)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS correspondent_high ON correspondent (high)",
    """CREATE TABLE IF NOT EXISTS signed_group (
        gid BLOB NOT NULL,
        n INTEGER NOT NULL,
        blob BLOB NOT NULL,
        PRIMARY KEY (gid, n)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS reset (
        user INTEGER PRIMARY KEY NOT NULL REFERENCES user,
        blob BLOB NOT NULL,
        at INTEGER NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS backup (
        user INTEGER PRIMARY KEY NOT NULL REFERENCES user,
        blob BLOB NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS tag_key (
        number INTEGER PRIMARY KEY NOT NULL,
        key BLOB NOT NULL,
        made INTEGER NOT NULL
    )""",
)
