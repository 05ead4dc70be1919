"""The independent reader: compares what is in a server's database file with what its clients wrote down.

Rule: it uses nothing of the server that wrote the file but the layout of its tables and the segment's checksum; it
reads every message in the order of arrival and believes no index.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from chatd.messages import LOBBY
from chatd.store.checksum import is_intact
from tests.process.swarm import Client

CONVERSATIONS = """
SELECT conversation,
    CASE WHEN low IS NULL THEN conversation.name ELSE 'dm:' || min(a.key, b.key) || ':' || max(a.key, b.key) END
FROM conversation LEFT JOIN user AS a ON a.user = low LEFT JOIN user AS b ON b.user = high
UNION ALL SELECT conversation, name FROM closed"""
MEMBERS = """
SELECT conversation, user.name, since FROM member JOIN user USING (user)
UNION ALL SELECT conversation, user.name, 0 FROM conversation JOIN user ON user.user IN (low, high)"""
SEGMENTS = """
SELECT conversation, first, data, checksum FROM segment NOT INDEXED ORDER BY place"""
CURSORS = "SELECT user.name, conversation, seq FROM cursor JOIN device USING (device) JOIN user USING (user)"

Place = tuple[str, int]


class Audit:
    """What was found: a count and one example for each kind of breach."""

    def __init__(self, database: Path, clients: dict[str, Client]) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.clients = clients
        self.log: dict[Place, tuple[str, bytes, str]] = {}  # what is kept: sender, id, text
        self.heads: Counter[str] = Counter()
        reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            self._file(reader)
            self._rows(reader)
            self._cursors(reader)
            self._members(reader)
        finally:
            reader.close()
        self._ledgers()
        self._shown()

    def _found(self, kind: str, example: str) -> None:
        self.counts[kind] += 1
        self.examples.setdefault(kind, example if len(example) < 200 else f"{example[:200]} ...")

    def _file(self, reader: sqlite3.Connection) -> None:
        for check in ("integrity_check", "foreign_key_check"):
            for row in reader.execute(f"PRAGMA {check}"):
                if row != ("ok",):
                    self._found("damaged file", f"{check}: {row}")
        self.names: dict[int, str] = dict(reader.execute(CONVERSATIONS).fetchall())

    def _messages(self, reader: sqlite3.Connection) -> Iterator[tuple[int, int, int, str, bytes, bytes]]:
        for conversation, first, data, checksum in reader.execute(SEGMENTS):
            if not is_intact(conversation, first, data, checksum):
                self._found("damaged segment", f"{self.names[conversation]} from {first}")
            for seq, at, sender, identity, body, *_ in msgspec.msgpack.decode(data):
                yield conversation, seq, at, sender, identity, body

    def _rows(self, reader: sqlite3.Connection) -> None:
        """Every message: whole, without a gap, never twice, and sent by somebody."""
        seen: dict[tuple[str, bytes], Place] = {}
        times: dict[int, int] = {}
        for conversation, seq, at, sender, identity, body in self._messages(reader):
            place = (self.names[conversation], seq)
            if seq != self.heads[place[0]] + 1:
                self._found("gap in a log", f"{place} after {self.heads[place[0]]}")
            if at < times.get(conversation, 0):
                self._found("time went back", str(place))
            if (sender, identity) in seen:
                self._found("stored twice", f"{place} and {seen[sender, identity]}")
            sent = self.clients[sender].ledger.sent.get(identity)
            if sent is None or sent[1] != body.decode():
                self._found("never sent", str(place))
            self.heads[place[0]], times[conversation], seen[sender, identity] = seq, at, place
            self.log[place] = (sender, identity, body.decode())

    def _cursors(self, reader: sqlite3.Connection) -> None:
        for name, conversation, seq in reader.execute(CURSORS):
            cursor = self.clients[name].log(self.names[conversation]).cursor
            if seq > cursor:
                self._found("cursor ahead", f"{name} in {self.names[conversation]}: kept {seq}, has {cursor}")

    def _members(self, reader: sqlite3.Connection) -> None:
        self.since: dict[tuple[str, str], int] = dict.fromkeys(((LOBBY, name) for name in self.clients), 0)
        for conversation, name, since in reader.execute(MEMBERS):
            self.since[self.names[conversation], name] = since

    def _ledgers(self) -> None:
        """What each client was promised is in the log, where it was promised."""
        for name, client in self.clients.items():
            for identity, place in client.ledger.accepted.items():
                kept = self.log.get(place)
                if kept is None or kept[:2] != (name, identity):
                    self._found("accepted and lost", f"{name} {identity.hex()} at {place}: {kept}")
            for breach in client.ledger.breaches:
                self._found("seen by a client", breach)
            for identity in client.outbox:
                self._found("never answered", f"{name} {identity.hex()}")

    def _shown(self) -> None:
        """What is in a log was shown once to every member but its sender, under its place."""
        shown = {name: Counter(client.ledger.shown) for name, client in self.clients.items()}
        for name, places in shown.items():
            ids = Counter(identity for _, _, identity in places.elements())
            for identity, times in ids.items():
                if times > 1:
                    self._found("shown twice", f"{name} saw {identity.hex()} {times} times")
            for conversation, seq, identity in places:
                kept = self.log.get((conversation, seq))
                if kept is None or kept[1] != identity:
                    self._found("shown and lost", f"{name} saw {identity.hex()} at {conversation} {seq}: {kept}")
        for (conversation, name), since in self.since.items():
            if name not in self.clients:
                continue
            for seq in range(since + 1, self.heads[conversation] + 1):
                sender, identity, _ = self.log.get((conversation, seq), (name, b"", ""))
                if sender != name and (conversation, seq, identity) not in shown[name]:
                    self._found("never shown", f"{name} did not see {conversation} {seq} by {sender}")

    @property
    def lost(self) -> int:
        """Promises that were not kept."""
        return sum(self.counts[kind] for kind in ("accepted and lost", "shown and lost", "never shown"))
