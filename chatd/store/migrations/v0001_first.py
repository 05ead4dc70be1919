"""Schema 1: the first.

`segment` is an append-only table: a row holds what one commit brought to one conversation, in order of arrival, so a
commit writes its rows side by side, and the oldest are those with the smallest `place`. A place is the number of the
segment's first message, counted over all conversations; the next segment's place follows its last message's number.
`message` keeps (id, sender) unique and knows each message's number. It leads with the id: ids that begin with their
time land side by side.
`log` has a row only for a conversation of which something was purged: `floor` is the last seq that is gone and `at`
its time, so that a log which is wholly purged goes on after its old head.
`closed` has the groups that are no more while something of their logs is left. They are in no other table but
`segment`, `message`, `log` and `happening`, which therefore name no parent: nothing can come to belong to one again.
`happening` lies in order of arrival, as `segment` does.
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
        verifier TEXT NOT NULL,
        scram TEXT NOT NULL
    )""",
    """CREATE TABLE setting (
        user INTEGER PRIMARY KEY NOT NULL REFERENCES user,
        always_on INTEGER NOT NULL,
        realname TEXT NOT NULL,
        bot INTEGER NOT NULL
    )""",
    """CREATE TABLE certificate (
        fingerprint TEXT PRIMARY KEY NOT NULL,
        user INTEGER NOT NULL REFERENCES user
    ) WITHOUT ROWID""",
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
        modes TEXT NOT NULL,
        password TEXT NOT NULL,
        most INTEGER NOT NULL,
        topic TEXT NOT NULL,
        topic_by TEXT NOT NULL,
        topic_at INTEGER NOT NULL,
        UNIQUE (low, high)
    )""",
    """CREATE TABLE closed (
        conversation INTEGER PRIMARY KEY NOT NULL,
        name TEXT NOT NULL
    )""",
    """CREATE TABLE mask (
        conversation INTEGER NOT NULL REFERENCES conversation,
        mode TEXT NOT NULL,
        mask TEXT NOT NULL,
        by TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (conversation, mode, mask)
    ) WITHOUT ROWID""",
    """CREATE TABLE member (
        conversation INTEGER NOT NULL REFERENCES conversation,
        user INTEGER NOT NULL REFERENCES user,
        role TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (conversation, user)
    ) WITHOUT ROWID""",
    """CREATE TABLE segment (
        place INTEGER PRIMARY KEY NOT NULL,
        conversation INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        at INTEGER NOT NULL,
        checksum BLOB NOT NULL,
        data BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX segment_first ON segment (conversation, first)",
    """CREATE TABLE message (
        id BLOB NOT NULL,
        sender TEXT NOT NULL,
        place INTEGER NOT NULL,
        PRIMARY KEY (id, sender)
    ) WITHOUT ROWID""",
    """CREATE TABLE log (
        conversation INTEGER PRIMARY KEY NOT NULL,
        floor INTEGER NOT NULL,
        at INTEGER NOT NULL
    )""",
    """CREATE TABLE happening (
        number INTEGER PRIMARY KEY NOT NULL,
        conversation INTEGER NOT NULL,
        at INTEGER NOT NULL,
        id BLOB NOT NULL,
        sender TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL
    )""",
    "CREATE INDEX happening_at ON happening (conversation, at)",
    """CREATE TABLE cursor (
        device TEXT NOT NULL REFERENCES device,
        conversation INTEGER NOT NULL REFERENCES conversation,
        seq INTEGER NOT NULL,
        PRIMARY KEY (conversation, device)
    ) WITHOUT ROWID""",
    """CREATE TABLE marker (
        user INTEGER NOT NULL REFERENCES user,
        conversation INTEGER NOT NULL REFERENCES conversation,
        at INTEGER NOT NULL,
        PRIMARY KEY (conversation, user)
    ) WITHOUT ROWID""",
    """CREATE TABLE metadata (
        user INTEGER REFERENCES user,
        conversation INTEGER REFERENCES conversation,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        CHECK ((user IS NULL) <> (conversation IS NULL)),
        UNIQUE (user, key),
        UNIQUE (conversation, key)
    )""",
    """CREATE TABLE invitation (
        invitation TEXT PRIMARY KEY NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        at INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "INSERT INTO meta (key, value) VALUES ('epoch', lower(hex(randomblob(16))))",
)
