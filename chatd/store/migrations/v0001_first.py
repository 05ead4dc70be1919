"""Schema 1: the first.

`message` is an append-only table in order of arrival, so a commit writes its rows side by side, and the oldest rows
are those with the smallest rowid. Its unique index leads with the message id: ids that begin with their time land
side by side too (measured at 2 million rows: 50-70 k rows/s; with wholly random ids 23 k).
`log` has a row only for a conversation of which something was purged: `floor` is the last seq that is gone and `at`
its time, so that a log which is wholly purged goes on after its old head.
"""

COMPAT = 1

STATEMENTS = (
    """CREATE TABLE meta (
        key TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE user (
        user INTEGER PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE,
        skeleton TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        created INTEGER NOT NULL,
        verifier TEXT NOT NULL
    )""",
    """CREATE TABLE device (
        device TEXT PRIMARY KEY NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        ed25519 BLOB NOT NULL,
        curve25519 BLOB NOT NULL,
        created INTEGER NOT NULL
    )""",
    "CREATE INDEX device_user ON device (user)",
    """CREATE TABLE conversation (
        conversation INTEGER PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        key TEXT UNIQUE,
        low INTEGER REFERENCES user,
        high INTEGER REFERENCES user,
        created INTEGER NOT NULL,
        private INTEGER NOT NULL,
        announce INTEGER NOT NULL,
        topic TEXT NOT NULL,
        UNIQUE (low, high)
    )""",
    """CREATE TABLE member (
        conversation INTEGER NOT NULL REFERENCES conversation,
        user INTEGER NOT NULL REFERENCES user,
        role TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (conversation, user)
    ) WITHOUT ROWID""",
    """CREATE TABLE message (
        conversation INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        sender TEXT NOT NULL,
        id BLOB NOT NULL,
        content TEXT NOT NULL,
        body BLOB NOT NULL,
        checksum BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX message_seq ON message (conversation, seq)",
    "CREATE UNIQUE INDEX message_id ON message (id, sender)",
    """CREATE TABLE log (
        conversation INTEGER PRIMARY KEY NOT NULL REFERENCES conversation,
        floor INTEGER NOT NULL,
        at INTEGER NOT NULL
    )""",
    """CREATE TABLE cursor (
        device TEXT NOT NULL REFERENCES device,
        conversation INTEGER NOT NULL REFERENCES conversation,
        seq INTEGER NOT NULL,
        PRIMARY KEY (device, conversation)
    ) WITHOUT ROWID""",
    """CREATE TABLE invitation (
        invitation TEXT PRIMARY KEY NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        at INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "INSERT INTO meta (key, value) VALUES ('epoch', lower(hex(randomblob(16))))",
)
