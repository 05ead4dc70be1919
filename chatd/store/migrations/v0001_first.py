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
`offer` has what is known of invitations besides their codes; many have only the code. `former` has names that accounts
had before.
`happening` lies in order of arrival, as `segment` does.
`letter` has encrypted mail, each ciphertext once; `delivery` has each device's mail in its order and points there.
`sent` has what was answered to whom, so that mail sent again is not mail again. `list` and `signed_group` are chains of
what people's devices have signed; `one_time_key` and `key_state` are what others open sessions with; `tag_key` is the
server's own.
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
    "CREATE INDEX cursor_device ON cursor (device)",
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
        invitation TEXT NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        at INTEGER NOT NULL,
        PRIMARY KEY (invitation, user)
    ) WITHOUT ROWID""",
    """CREATE TABLE offer (
        invitation TEXT PRIMARY KEY NOT NULL,
        uses INTEGER NOT NULL,
        until INTEGER NOT NULL,
        conversation INTEGER NOT NULL,
        user INTEGER REFERENCES user,
        by TEXT NOT NULL,
        at INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE former (
        key TEXT PRIMARY KEY NOT NULL,
        user INTEGER NOT NULL REFERENCES user,
        name TEXT NOT NULL,
        skeleton TEXT NOT NULL UNIQUE
    ) WITHOUT ROWID""",
    """CREATE TABLE sanction (
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
    """CREATE TABLE roster (
        user INTEGER PRIMARY KEY NOT NULL REFERENCES user,
        groups TEXT NOT NULL
    )""",
    """CREATE TABLE report (
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
    """CREATE TABLE blob (
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
    """CREATE TABLE list (
        user INTEGER NOT NULL REFERENCES user,
        chain INTEGER NOT NULL,
        version INTEGER NOT NULL,
        blob BLOB NOT NULL,
        PRIMARY KEY (user, chain, version)
    ) WITHOUT ROWID""",
    """CREATE TABLE one_time_key (
        device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
        number INTEGER NOT NULL,
        blob BLOB NOT NULL,
        PRIMARY KEY (device, number)
    ) WITHOUT ROWID""",
    """CREATE TABLE key_state (
        device TEXT PRIMARY KEY NOT NULL REFERENCES device ON DELETE CASCADE,
        last INTEGER NOT NULL,
        fallback BLOB NOT NULL,
        used INTEGER NOT NULL
    )""",
    """CREATE TABLE mailbox (
        device TEXT PRIMARY KEY NOT NULL REFERENCES device ON DELETE CASCADE,
        acknowledged INTEGER NOT NULL,
        counter INTEGER NOT NULL
    )""",
    """CREATE TABLE sent (
        device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
        id BLOB NOT NULL,
        at INTEGER NOT NULL,
        state TEXT NOT NULL,
        PRIMARY KEY (device, id)
    ) WITHOUT ROWID""",
    "CREATE INDEX sent_at ON sent (at)",
    """CREATE TABLE letter (
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
    """CREATE TABLE delivery (
        device TEXT NOT NULL REFERENCES device ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        letter INTEGER NOT NULL,
        size INTEGER NOT NULL,
        PRIMARY KEY (device, seq)
    ) WITHOUT ROWID""",
    "CREATE INDEX delivery_letter ON delivery (letter)",
    """CREATE TABLE correspondent (
        low INTEGER NOT NULL REFERENCES user,
        high INTEGER NOT NULL REFERENCES user,
        PRIMARY KEY (low, high)
    ) WITHOUT ROWID""",
    "CREATE INDEX correspondent_high ON correspondent (high)",
    """CREATE TABLE signed_group (
        gid BLOB NOT NULL,
        n INTEGER NOT NULL,
        blob BLOB NOT NULL,
        PRIMARY KEY (gid, n)
    ) WITHOUT ROWID""",
    """CREATE TABLE reset (
        user INTEGER PRIMARY KEY NOT NULL REFERENCES user,
        blob BLOB NOT NULL,
        at INTEGER NOT NULL
    )""",
    """CREATE TABLE backup (
        user INTEGER PRIMARY KEY NOT NULL REFERENCES user,
        blob BLOB NOT NULL
    )""",
    """CREATE TABLE tag_key (
        number INTEGER PRIMARY KEY NOT NULL,
        key BLOB NOT NULL,
        made INTEGER NOT NULL
    )""",
    "INSERT INTO meta (key, value) VALUES ('epoch', lower(hex(randomblob(16))))",
)
