"""Encrypted conversations as this device counts and names them: the server knows neither their numbers nor their names.

Rule: a number is given once, in the transaction that keeps the message. What is encrypted is kept apart from what was
said openly with the same person, and shown as one conversation. A group is shown by the name its members gave it; two
of one name are told apart by the first digits of their ids.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from chatd.messages import Position
from clients.core import notices as n
from clients.core import records as r
from clients.core.e2ee import own
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.envelope import group_conv
from clients.core.e2ee.groups import GROUP, GroupRow
from clients.core.offers import Offer
from clients.core.secure.desk import SHOWN, Desk
from clients.core.view import Security, fold

TABLE: Final = "talk"
NUMBERS: Final = "talk-seq"
LABELS: Final = "talk-label"
PREFIX: Final = "dm:e2ee:"
GROUPS: Final = "gid:"
DIGITS: Final = 4
_NOT_IN_NAMES: Final = re.compile(r"[^\w.+-]+")  # a name comes from others
LONGEST: Final = 40
LONGEST_NEW: Final = 32
BAD_NAME: Final = "A group's name has at most 32 characters: letters, digits and any of - _ . + but no - at either end."


class Talk(msgspec.Struct, array_like=True, frozen=True):
    """One conversation: with whom, or (`gid`) in which group; when it began here."""

    user: str = ""
    gid: bytes = b""
    began: int = 0


class Message(msgspec.Struct, frozen=True):
    """Something that was said, as it is kept and shown. `peer`: with whom one talks there;
    `edits`: the message whose new text it is."""

    conversation: str
    seq: int
    at: int
    sender: str
    id: bytes
    text: str
    own: bool
    peer: str = ""
    edits: bytes = b""


class Talks:
    """All of this account's. `labels`: what the groups one belongs to are called, by conversation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        batch = desk.batch()
        self.labels: dict[str, str] = {row: batch.get(LABELS, row, str) or "" for row in batch.rows(LABELS)}

    # ---- messages ----

    def direct(self, user: str) -> str:
        """Where what is said with somebody is kept."""
        return PREFIX + ":".join(sorted((self._desk.me, user)))

    def begin(self, batch: Batch, conversation: str, user: str = "", gid: bytes = b"") -> None:
        """It is there from now on, if it was not."""
        if batch.raw(TABLE, conversation) is None:
            batch.put(TABLE, conversation, Talk(user, gid, self._desk.wall()))

    def number(self, batch: Batch, conversation: str, user: str = "", gid: bytes = b"") -> int:
        """The next number; in this batch it is taken."""
        self.begin(batch, conversation, user, gid)
        seq = (batch.get(NUMBERS, conversation, int) or 0) + 1
        batch.put(NUMBERS, conversation, seq)
        return seq

    def keep(self, message: Message) -> None:
        """With the next records."""
        if message.edits:
            where, edited = message.conversation, message.edits
            self._desk.keep(r.KeepEdit(where, edited, message.sender, message.seq, message.text))
            return
        self._desk.keep(
            r.KeepMessage(
                message.conversation, message.seq, message.at, message.sender, message.id, message.text, message.own,
                message.peer,
            )
        )  # fmt: skip

    def said(self, message: Message, stored: bool, missing: int = 0, file: Offer | None = None) -> n.Said:
        """What a face is told of a message."""
        security = self._desk.trust(message.peer) if message.peer else self._desk.trust(message.sender)
        return n.Said(
            self.shown(message.conversation), message.seq, message.at, message.sender, message.id, message.text,
            message.own, stored, message.peer, security, missing, file,
            message.edits,
        )  # fmt: skip

    # ---- names ----

    def all(self) -> dict[str, Talk]:
        """Those there are."""
        batch = self._desk.batch()
        found = {row: batch.get(TABLE, row, Talk) for row in batch.rows(TABLE)}
        return {row: talk for row, talk in found.items() if talk is not None}

    def shown(self, conversation: str) -> str:
        """How faces know a conversation: one with a person is the same whether it is encrypted or not."""
        if conversation.startswith(GROUPS):
            return self.labels.get(conversation) or self._name(conversation)
        if not conversation.startswith(PREFIX):
            return conversation
        people = conversation.removeprefix(PREFIX).split(":")
        return "dm:" + ":".join(sorted(map(fold, people)))

    def group(self, label: str) -> bytes | None:
        """The group that is called so; None: no encrypted one."""
        folded = fold(label)
        return next((_gid(conv) for conv, known in self.labels.items() if fold(known) == folded), None)

    def row(self, gid: bytes) -> GroupRow | None:
        """What is known of a group."""
        return self._desk.batch().get(GROUP, gid.hex(), GroupRow)

    def is_secret(self, name: str) -> bool:
        """Is a conversation here called so, or kept so, of which the server knows no name?"""
        return is_secret(name) or fold(name) in map(fold, self.labels.values())

    def _name(self, conversation: str) -> str:
        """What its members call it, fit to be shown and typed."""
        row = self.row(_gid(conversation))
        name = row.naming.name or row.wanted.name or row.called if row is not None else ""
        found = _NOT_IN_NAMES.sub("-", name)[:LONGEST].strip("-")
        return "#" + found if found else self.nameless(_gid(conversation))

    def nameless(self, gid: bytes) -> str:
        """How a group is shown of which this device has heard no name."""
        return "#" + gid.hex()[:8]

    # ---- for the view ----

    def refresh(self) -> None:
        """Faces see them among the others, each as it is protected."""
        batch, state = self._desk.batch(), self._desk.host.state
        before, self.labels = self.labels, {}
        mine = own.myself(batch) if batch.raw(own.ME, "") is not None else None
        for conversation, talk in sorted(self.all().items(), key=lambda one: one[1].began):
            if talk.user:
                self._show_person(conversation, talk.user)
            elif mine is not None:
                row = self.row(talk.gid)
                if row is not None and row.state.has(mine.user, mine.uik):
                    self._show_group(conversation, row, before)
        for conversation, label in before.items():
            if conversation not in self.labels and label not in self.labels.values():
                state.leave(label, willingly=False)
                state.security.pop(label, None)
        self._keep_labels(before)

    def _keep_labels(self, before: dict[str, str]) -> None:
        """What a group was called stays its own: another one, open or not, never gets what is said to it."""
        if self.labels == before:
            return
        batch = self._desk.batch()
        for conversation in before.keys() - self.labels.keys():
            batch.drop(LABELS, conversation)
        for conversation, label in self.labels.items():
            if before.get(conversation) != label:
                batch.put(LABELS, conversation, label)
        batch.commit()

    def _show_person(self, conversation: str, user: str) -> None:
        state, name, pin = self._desk.host.state, self.shown(conversation), self._desk.pin(user)
        state.positions.setdefault(name, Position(name, 0, 0))
        state.names[fold(user)] = user
        if pin is not None:
            paused = "IDENTITY_CHANGED" if pin.trust == "changed" else "DEVLIST_FORK" if pin.forked else ""
            paused = paused or ("SERVER_HIDES_DEVLIST" if pin.promised > pin.version else "")
            state.security[name] = Security(SHOWN[pin.trust], True, paused)

    def _show_group(self, conversation: str, row: GroupRow, known: dict[str, str]) -> None:
        state, label, before = self._desk.host.state, self._name(conversation), known.get(conversation, "")
        apart = f"{label}~{row.state.gid.hex()[:DIGITS]}"
        others = (*self.labels.values(), *(name for conv, name in known.items() if conv != conversation))
        taken = {fold(name) for name in (*others, *state.positions) if name != before}
        if before == apart or fold(label) in taken:
            label = apart
        if before and before != label:
            state.rename(before, label)
            state.security.pop(before, None)
        self.labels[conversation] = label
        role = "owner" if row.state.members[self._desk.me].admin else "member"
        state.positions[label] = Position(label, 0, 0, 0, 0, role, row.naming.topic, True)
        paused = "GROUP_LOG_FORK" if row.forked else ""
        paused = paused or ("SERVER_HIDES_GROUP_CHANGE" if row.promised > row.state.n else "")
        state.security[label] = Security("", True, paused)


def is_secret(conversation: str) -> bool:
    """Is it kept under the name of an encrypted one?"""
    return conversation.startswith((PREFIX, GROUPS))


def is_name(name: str) -> bool:
    """May a group be called so? It is what it is shown as, and can be typed."""
    return 0 < len(name) <= LONGEST_NEW and not _NOT_IN_NAMES.search(name) and name.strip("-") == name


def conversation_of(gid: bytes) -> str:
    """Where what is said in a group is kept."""
    return group_conv(gid)


def _gid(conversation: str) -> bytes:
    return bytes.fromhex(conversation.removeprefix(GROUPS))
