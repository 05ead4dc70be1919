"""Everything of the SQLite file but the messages: what each entry writes, and how the directory is read back.

Rule: the tables are small and all in memory of a node; nothing here is on the way of a message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatd.entries import (
    BlobCommitted,
    BlobGone,
    BlobMade,
    BlobReaders,
    CertificateGone,
    CertificateSet,
    ConversationClosed,
    ConversationMade,
    ConversationRenamed,
    ConversationSet,
    CursorMoved,
    DeviceMade,
    Directory,
    Entry,
    Happened,
    InvitationUsed,
    LogState,
    MarkerMoved,
    MaskGone,
    MaskSet,
    MemberGone,
    MemberSet,
    MetadataSet,
    UserMade,
    UserSet,
    VerifierSet,
)
from chatd.store import order

# What each entry does; ?1, ?2 ... are its fields in order (a conversation's `users` are two). A statement that ends in
# RETURNING must find a row.
WRITES: Final[dict[type[Entry], tuple[str, ...]]] = {
    UserMade: (
        """INSERT INTO user (user, name, key, skeleton, role, created, verifier, scram)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)""",
    ),
    VerifierSet: ("UPDATE user SET verifier = ?2, scram = ?3 WHERE user = ?1 RETURNING user",),
    UserSet: (
        """INSERT INTO setting (user, always_on, realname, bot) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (user) DO UPDATE
        SET always_on = excluded.always_on, realname = excluded.realname, bot = excluded.bot""",
    ),
    CertificateSet: (
        """INSERT INTO certificate (fingerprint, user) VALUES (?1, ?2)
        ON CONFLICT (fingerprint) DO UPDATE SET user = user WHERE user = excluded.user RETURNING user""",
    ),
    CertificateGone: ("DELETE FROM certificate WHERE fingerprint = ?1",),
    DeviceMade: ("INSERT INTO device (device, user, ed25519, curve25519, created) VALUES (?1, ?2, ?3, ?4, ?5)",),
    ConversationMade: (
        """INSERT INTO conversation
        (conversation, name, key, low, high, created, modes, password, most, topic, topic_by, topic_at)
        SELECT ?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
        WHERE ?1 NOT IN (SELECT conversation FROM closed) RETURNING conversation""",
    ),
    ConversationSet: (
        """UPDATE conversation SET modes = ?2, password = ?3, most = ?4, topic = ?5, topic_by = ?6, topic_at = ?7
        WHERE conversation = ?1 RETURNING conversation""",
    ),
    ConversationRenamed: (
        """UPDATE conversation SET name = ?2, key = ?3 WHERE conversation = ?1 AND low IS NULL
        RETURNING conversation""",
    ),
    ConversationClosed: (
        """INSERT INTO closed (conversation, name) SELECT conversation, name FROM conversation
        WHERE conversation = ?1 AND (EXISTS (SELECT 1 FROM segment WHERE conversation = ?1)
            OR EXISTS (SELECT 1 FROM happening WHERE conversation = ?1))""",
        "DELETE FROM log WHERE conversation = ?1 AND conversation NOT IN (SELECT conversation FROM closed)",
        "DELETE FROM member WHERE conversation = ?1",
        "DELETE FROM cursor WHERE conversation = ?1",
        "DELETE FROM mask WHERE conversation = ?1",
        "DELETE FROM marker WHERE conversation = ?1",
        "DELETE FROM metadata WHERE conversation = ?1",
        "DELETE FROM conversation WHERE conversation = ?1 AND low IS NULL RETURNING conversation",
    ),
    MaskSet: (
        """INSERT INTO mask (conversation, mode, mask, by, at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (conversation, mode, mask) DO UPDATE SET by = excluded.by, at = excluded.at""",
    ),
    MaskGone: ("DELETE FROM mask WHERE conversation = ?1 AND mode = ?2 AND mask = ?3",),
    MemberSet: (
        """INSERT INTO member (conversation, user, role, since) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (conversation, user) DO UPDATE SET role = excluded.role, since = excluded.since""",
    ),
    MemberGone: (
        "DELETE FROM member WHERE conversation = ?1 AND user = ?2",
        """DELETE FROM cursor WHERE conversation = ?1
        AND device IN (SELECT device FROM device WHERE user = ?2)""",
    ),
    MarkerMoved: (
        """INSERT INTO marker (user, conversation, at) VALUES (?1, ?2, ?3)
        ON CONFLICT (conversation, user) DO UPDATE SET at = excluded.at WHERE excluded.at > marker.at""",
    ),
    MetadataSet: (
        """REPLACE INTO metadata (user, conversation, key, value)
        SELECT nullif(?1, 0), nullif(?2, 0), ?3, ?4 WHERE ?4 <> ''""",
        """DELETE FROM metadata WHERE user IS nullif(?1, 0) AND conversation IS nullif(?2, 0) AND key = ?3
        AND ?4 = ''""",
    ),
    Happened: (
        """INSERT INTO happening (conversation, at, id, sender, kind, text)
        SELECT conversation, ?2, ?3, ?4, ?5, ?6 FROM conversation WHERE conversation = ?1 RETURNING conversation""",
    ),
    BlobMade: (
        """INSERT INTO blob (blob, user, size, at, readers, name, type, committed, sha256)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)""",
    ),
    BlobCommitted: ("UPDATE blob SET committed = ?2, sha256 = ?3 WHERE blob = ?1 RETURNING blob",),
    BlobReaders: ("UPDATE blob SET readers = ?2 WHERE blob = ?1 RETURNING blob",),
    BlobGone: ("DELETE FROM blob WHERE blob = ?1",),
    InvitationUsed: ("INSERT INTO invitation (invitation, user, at) VALUES (?1, ?2, ?3)",),
    **order.WRITES,
}

LOAD_EPOCH: Final = "SELECT value FROM meta WHERE key = 'epoch'"
LOAD_USERS: Final = "SELECT user, name, key, skeleton, role, created, verifier, scram FROM user ORDER BY user"
LOAD_DEVICES: Final = "SELECT device, user, ed25519, curve25519, created FROM device ORDER BY device"
LOAD_CONVERSATIONS: Final = """
SELECT conversation, name, ifnull(key, ''), low, high, created, modes, password, most, topic, topic_by, topic_at
FROM conversation ORDER BY conversation"""
LOAD_MEMBERS: Final = "SELECT conversation, user, role, since FROM member ORDER BY conversation, user"
LOAD_CURSORS: Final = "SELECT device, conversation, seq FROM cursor ORDER BY device, conversation"
LOAD_SETTINGS: Final = "SELECT user, always_on, realname, bot FROM setting ORDER BY user"
LOAD_CERTIFICATES: Final = "SELECT fingerprint, user FROM certificate ORDER BY fingerprint"
LOAD_MASKS: Final = "SELECT conversation, mode, mask, by, at FROM mask ORDER BY conversation, mode, mask"
LOAD_MARKERS: Final = "SELECT user, conversation, at FROM marker ORDER BY user, conversation"
LOAD_METADATA: Final = """
SELECT ifnull(user, 0), ifnull(conversation, 0), key, value FROM metadata ORDER BY 1, 2, 3"""
LOAD_INVITATIONS: Final = "SELECT invitation, user, at FROM invitation ORDER BY invitation, user"
LOAD_BLOBS: Final = "SELECT blob, user, size, at, readers, name, type, committed, sha256 FROM blob ORDER BY blob"
# Two index lookups per conversation, however long its log is. A wholly purged log stands at its floor.
LOAD_LOGS: Final = """
SELECT conversation.conversation, ifnull(newest.last, ifnull(log.floor, 0)), ifnull(newest.at, ifnull(log.at, 0)),
       ifnull(log.floor, 0)
FROM conversation
LEFT JOIN segment AS newest ON newest.conversation = conversation.conversation
    AND newest.first = (SELECT max(first) FROM segment WHERE segment.conversation = conversation.conversation)
LEFT JOIN log ON log.conversation = conversation.conversation
ORDER BY conversation.conversation"""
LOAD_NEWEST: Final = """
SELECT ifnull(max(newest), 0) FROM (
    SELECT max(conversation) AS newest FROM conversation UNION ALL SELECT max(conversation) FROM closed)"""


def fields_of(entry: Entry) -> tuple[Any, ...]:
    """The parameters of an entry's statements."""
    fields: tuple[Any, ...] = msgspec.structs.astuple(entry)
    if type(entry) is ConversationMade:
        return *fields[:3], *(entry.users or (None, None)), *fields[4:]
    return fields


def directory(rows: Callable[[str], list[Any]]) -> Directory:
    """All of it; `rows` runs a statement."""
    return Directory(
        epoch=rows(LOAD_EPOCH)[0][0],
        users=[UserMade(*row) for row in rows(LOAD_USERS)],
        devices=[DeviceMade(*row) for row in rows(LOAD_DEVICES)],
        conversations=[_conversation(*row) for row in rows(LOAD_CONVERSATIONS)],
        members=[MemberSet(*row) for row in rows(LOAD_MEMBERS)],
        logs=[LogState(*row) for row in rows(LOAD_LOGS)],
        cursors=[CursorMoved(*row) for row in rows(LOAD_CURSORS)],
        settings=[UserSet(user, bool(on), realname, bool(bot)) for user, on, realname, bot in rows(LOAD_SETTINGS)],
        certificates=[CertificateSet(*row) for row in rows(LOAD_CERTIFICATES)],
        masks=[MaskSet(*row) for row in rows(LOAD_MASKS)],
        markers=[MarkerMoved(*row) for row in rows(LOAD_MARKERS)],
        metadata=[MetadataSet(*row) for row in rows(LOAD_METADATA)],
        invitations=[InvitationUsed(*row) for row in rows(LOAD_INVITATIONS)],
        blobs=[BlobMade(*row) for row in rows(LOAD_BLOBS)],
        **order.loaded(rows),
        newest=rows(LOAD_NEWEST)[0][0],
    )


def _conversation(
    conversation: int, name: str, key: str, low: int | None, high: int | None, *rest: Any
) -> ConversationMade:
    users = None if low is None or high is None else (low, high)
    return ConversationMade(conversation, name, key, users, *rest)
