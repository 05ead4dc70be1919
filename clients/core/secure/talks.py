"""Encrypted conversations as this device counts and names them: the server knows neither their numbers nor their names.

Rule: a number is given once, in the transaction that keeps the message. What is encrypted is kept apart from what was
said openly with the same person, and shown as one conversation.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatd.messages import Position
from clients.core import notices as n
from clients.core import records as r
from clients.core.e2ee.batch import Batch
from clients.core.offers import Offer
from clients.core.secure.desk import SHOWN, Desk
from clients.core.view import Security, fold

TABLE: Final = "talk"
NUMBERS: Final = "talk-seq"
PREFIX: Final = "dm:e2ee:"


class Talk(msgspec.Struct, array_like=True, frozen=True):
    """One conversation: with whom, or (`gid`) in which group; when it began here."""

    user: str = ""
    gid: bytes = b""
    began: int = 0


class Message(msgspec.Struct, frozen=True):
    """Something that was said, as it is kept and shown. `peer`: with whom one talks there."""

    conversation: str
    seq: int
    at: int
    sender: str
    id: bytes
    text: str
    own: bool
    peer: str = ""


class Talks:
    """All of this account's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def direct(self, user: str) -> str:
        """Where what is said with somebody is kept."""
        return PREFIX + ":".join(sorted((self._desk.me, user)))

    def number(self, batch: Batch, conversation: str, user: str = "", gid: bytes = b"") -> int:
        """The next number; in this batch it is taken."""
        if batch.raw(TABLE, conversation) is None:
            batch.put(TABLE, conversation, Talk(user, gid, self._desk.wall()))
        seq = (batch.get(NUMBERS, conversation, int) or 0) + 1
        batch.put(NUMBERS, conversation, seq)
        return seq

    def all(self) -> dict[str, Talk]:
        """Those there are."""
        batch = self._desk.batch()
        found = {row: batch.get(TABLE, row, Talk) for row in batch.rows(TABLE)}
        return {row: talk for row, talk in found.items() if talk is not None}

    def keep(self, message: Message) -> None:
        """With the next records."""
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
            shown(message.conversation), message.seq, message.at, message.sender, message.id, message.text,
            message.own, stored, message.peer, security, missing, file,
        )  # fmt: skip

    def introduce(self) -> None:
        """After the welcome, and where one begins: faces see them among the others."""
        state = self._desk.host.state
        for conversation, talk in self.all().items():
            if talk.user:
                name = shown(conversation)
                state.positions.setdefault(name, Position(name, 0, 0))
                state.names[fold(talk.user)] = talk.user

    def refresh(self) -> None:
        """How every conversation with a person is protected, for the view."""
        state = self._desk.host.state
        for conversation, talk in self.all().items():
            pin = self._desk.pin(talk.user) if talk.user else None
            if pin is not None:
                paused = "IDENTITY_CHANGED" if pin.trust == "changed" else "DEVLIST_FORK" if pin.forked else ""
                paused = paused or ("SERVER_HIDES_DEVLIST" if pin.promised > pin.version else "")
                state.security[shown(conversation)] = Security(SHOWN[pin.trust], True, paused)


def shown(conversation: str) -> str:
    """How faces know a conversation: one with a person is the same whether it is encrypted or not."""
    if not conversation.startswith(PREFIX):
        return conversation
    people = conversation.removeprefix(PREFIX).split(":")
    return "dm:" + ":".join(sorted(map(fold, people)))
