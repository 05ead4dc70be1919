"""The statements of the local database: how its tables came to be, step by step, and what is written and read.

Rule: text only. A step that was released is never changed: an older profile takes those that it does not have yet.
What a person wrote or received, tokens and keys are boxes (`e2ee/store.py`); ids, times and names are plain.
"""

from __future__ import annotations

from typing import Final

_FIRST: Final = (
    """CREATE TABLE account (
    id INTEGER PRIMARY KEY, server TEXT NOT NULL, name TEXT NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,
    tried INTEGER NOT NULL DEFAULT 0, sealed TEXT NOT NULL, token BLOB NOT NULL DEFAULT x'',
    epoch TEXT NOT NULL DEFAULT '', used INTEGER NOT NULL DEFAULT 0, UNIQUE (server, name))""",
    """CREATE TABLE message (
    account INTEGER NOT NULL, epoch TEXT NOT NULL, conversation TEXT NOT NULL, seq INTEGER NOT NULL,
    at INTEGER NOT NULL, sender TEXT NOT NULL, id BLOB NOT NULL, text TEXT NOT NULL, own INTEGER NOT NULL,
    peer TEXT NOT NULL, PRIMARY KEY (account, conversation, epoch, seq)) WITHOUT ROWID""",
    """CREATE TABLE cursor (
    account INTEGER NOT NULL, conversation TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (account, conversation)) WITHOUT ROWID""",
    """CREATE TABLE outbox (
    position INTEGER PRIMARY KEY, account INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, recipient TEXT NOT NULL,
    text TEXT NOT NULL, at INTEGER NOT NULL)""",
    "CREATE TABLE pin (server TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
_CREATED: Final = (
    """CREATE TABLE created (
    account INTEGER NOT NULL, conversation TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (account, conversation)) WITHOUT ROWID""",
)
# Boxes of some KiB: a table with row ids and an index of the names, which is all that a look for a prefix reads.
_STATE: Final = (
    """CREATE TABLE state (
    account INTEGER NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, box BLOB NOT NULL,
    UNIQUE (account, place, name))""",
    "CREATE INDEX message_at ON message (account, at, seq, conversation DESC)",
)
# The store's key, wrapped; from here on what people wrote, tokens and keys are boxes (`sealing.py`).
_STORE: Final = ("CREATE TABLE store (id INTEGER PRIMARY KEY CHECK (id = 1), wrapped BLOB NOT NULL)",)
# `edited`: the seq of the message that gave a message its text; 0: it is the first one; -1: it was taken away.
_EDITED: Final = (
    "ALTER TABLE message ADD COLUMN edited INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX message_id ON message (account, id)",
)
STEPS: Final = (_FIRST, _CREATED, _STATE, _STORE, _EDITED)
SEALED: Final = 4
VERSION: Final = len(STEPS)

KEEP_KEY: Final = "INSERT OR REPLACE INTO store VALUES (1, ?)"
READ_KEY: Final = "SELECT wrapped FROM store"

KEEP_MESSAGE: Final = """INSERT INTO message
    VALUES (?, (SELECT epoch FROM account WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING"""
FIND_MESSAGE: Final = """SELECT seq, at, sender, id, own, peer FROM message WHERE account = ? AND conversation = ?
    AND seq = ? AND epoch = (SELECT epoch FROM account WHERE id = ?)"""
FIND_EDITED: Final = FIND_MESSAGE.replace("AND seq = ?", "AND edited = ?")
FIND_SAID: Final = """SELECT seq, at, sender, id, own, peer FROM message WHERE account = ? AND conversation = ?
    AND id = ? AND sender = ? AND edited >= 0 AND epoch = (SELECT epoch FROM account WHERE id = ?)"""
EDIT: Final = """UPDATE message SET text = ?, edited = ? WHERE account = ? AND conversation = ? AND seq = ?
    AND epoch = (SELECT epoch FROM account WHERE id = ?) AND edited < ?"""
TAKE_AWAY: Final = """UPDATE message SET text = ?, edited = -1 WHERE account = ? AND conversation = ? AND seq = ?
    AND epoch = (SELECT epoch FROM account WHERE id = ?)"""
KEEP_CURSOR: Final = """INSERT INTO cursor VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)"""
FORGET_CURSOR: Final = "DELETE FROM cursor WHERE account = ? AND conversation = ?"
FORGET_CURSORS: Final = "DELETE FROM cursor WHERE account = ?"
KEEP_CREATED: Final = "INSERT OR REPLACE INTO created VALUES (?, ?, ?)"
FORGET_CREATED: Final = "DELETE FROM created WHERE account = ? AND conversation = ?"
MOVE: Final = "UPDATE OR IGNORE {} SET conversation = ? WHERE account = ? AND conversation = ?"
QUEUE: Final = "INSERT INTO outbox (account, id, recipient, text, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
UNQUEUE: Final = "DELETE FROM outbox WHERE id = ?"
EPOCH: Final = "UPDATE account SET epoch = ? WHERE id = ?"
ORPHANS: Final = "DELETE FROM state WHERE account NOT IN (SELECT id FROM account)"
RIVAL: Final = "DELETE FROM account WHERE id != ? AND name = ? AND server = (SELECT server FROM account WHERE id = ?)"
CLAIM: Final = """UPDATE account SET name = ?, token = ?, claimed = ?, tried = 0,
    used = (SELECT max(used) + 1 FROM account) WHERE id = ?"""
TRY: Final = "UPDATE OR IGNORE account SET name = ?, tried = 1 WHERE id = ?"
KEEP_ROW: Final = """INSERT INTO state VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET box = excluded.box"""
DROP_ROW: Final = "DELETE FROM state WHERE account = ? AND place = ? AND name = ?"

ADD_ACCOUNT: Final = "INSERT INTO account (id, server, name, sealed) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
NEXT_ACCOUNT: Final = "SELECT ifnull(max(id), 0) + 1 FROM account"
FORGET_BEFORE: Final = "DELETE FROM message WHERE at < ?"

ACCOUNT: Final = "SELECT id, server, name, claimed, tried, sealed, token, epoch FROM account"
_AHEAD: Final = """SELECT m.conversation, m.{0} FROM message m JOIN account a ON a.id = m.account AND a.epoch = m.epoch
    LEFT JOIN cursor c ON c.account = m.account AND c.conversation = m.conversation
    WHERE m.account = ? AND m.own AND m.{0} > ifnull(c.seq, 0) AND instr(m.conversation, ' (until ') = 0"""
AHEAD: Final = _AHEAD.format("seq") + " UNION " + _AHEAD.format("edited")
OUTBOX: Final = "SELECT id, recipient, text, at FROM outbox WHERE account = ? ORDER BY position"
READ_ROW: Final = "SELECT box FROM state WHERE account = ? AND place = ? AND name = ?"
NAMES: Final = "SELECT name FROM state WHERE account = ? AND place = ? AND name >= ? {} ORDER BY name"
_MESSAGES: Final = "SELECT conversation, seq, at, sender, id, text, own, peer, edited FROM message WHERE account = ?"
NEWEST: Final = _MESSAGES + " ORDER BY at DESC, seq DESC, conversation"
_THERE: Final = """ AND (conversation = ? OR instr(conversation, ? || ' (until ') = 1
    OR (lower(peer) = lower(?) AND conversation LIKE 'dm:%')) ORDER BY at DESC, seq DESC, conversation LIMIT ?"""
LAST: Final = _MESSAGES + _THERE
OWN: Final = _MESSAGES + " AND own AND edited >= 0" + _THERE
