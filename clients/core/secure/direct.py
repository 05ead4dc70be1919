"""What is said to one person: whose lists and keys are asked for first, and when it goes, if it goes.

Rule: what was said stays in the outbox until one transaction takes it from there, advances the ratchets, and keeps the
ciphertext and the message. It is never sent openly to somebody who ever had keys, whatever the server says of them.
"""

from __future__ import annotations

from typing import Final

from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import MOST_TEXT
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.envelope import direct_conv
from clients.core.e2ee.refusals import Refused
from clients.core.outbox import Outgoing
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, Pause, ServerRefused
from clients.core.secure.identity import Identity
from clients.core.secure.posting import Posted, Posting
from clients.core.secure.talks import Message, Talks
from clients.core.view import fold

PLAIN: Final = "plain"


class Direct:
    """Messages to people."""

    def __init__(self, desk: Desk, talks: Talks, posting: Posting, identity: Identity) -> None:
        self._desk, self._talks, self._posting, self._identity = desk, talks, posting, identity
        self._decided = False

    def is_plain(self, name: str) -> bool:
        """Did the person decide to talk openly with somebody, who never had keys?"""
        return self._desk.batch().raw(PLAIN, fold(name)) is not None and self._desk.pin(name) is None

    def no_longer_plain(self, name: str) -> None:
        """They have keys now."""
        batch = self._desk.batch()
        batch.drop(PLAIN, fold(name))
        batch.commit()

    def reconsiders(self) -> bool:
        """Did it change what goes openly? It is told once."""
        decided, self._decided = self._decided, False
        return decided

    def say(self, item: Outgoing) -> None:
        """One message; what comes before it to the same person goes first."""
        if self._posting.begins(item):
            self._desk.flows.start(line(item.to[1:]), self._say(item))

    def talk_plain(self, intent: i.TalkPlain, asking: bool) -> Flow[None]:
        """Let one talk openly with somebody who cannot encrypt. `asking`: the server knows about keys."""
        desk, name = self._desk, intent.name
        if not self._identity.decided:
            yield Pause.READY  # what was said before it comes before it
        pin = desk.pin(name)
        if pin is None and asking and (yield from self._has_keys(name)):
            pin = desk.pin(name)
        if pin is not None:
            desk.show(n.Secure("PLAIN_NEEDLESS", pin.user, "@" + pin.user, intent=intent))
            return
        if intent.yes:
            batch = desk.batch()
            batch.put(PLAIN, fold(name), True)
            batch.commit()
            self._decided = True
        desk.show(n.Secure("PLAIN_TALK" if intent.yes else "PLAIN_ASK", name, "@" + name, intent=intent))

    def _has_keys(self, name: str) -> Flow[bool]:
        try:
            yield from self._desk.learn(name)
        except Refused as refused:
            if refused.code != "NO_E2EE_KEYS":
                raise
            return False
        return True

    def _say(self, item: Outgoing) -> Flow[None]:
        if not self._identity.decided:
            yield Pause.READY
        if self.is_plain(item.to[1:]):  # decided while it waited
            self._posting.lays_down(item)
            self._decided = True
            return
        try:
            self._identity.require_ready()
            if len(item.text.encode()) > MOST_TEXT:
                raise Refused("TEXT_TOO_LONG", "text-length")
            yield from self._encrypt(item)
        except (Refused, ServerRefused) as refused:
            self._posting.refuse(item, refused)

    def _encrypt(self, item: Outgoing) -> Flow[None]:
        desk, name = self._desk, item.to[1:]
        pin = desk.pin(name)
        user = pin.user if pin is not None and pin.chain else (yield from desk.learn(name))

        def targets(batch: Batch) -> list[Entry]:
            return desk.outgoing.targets(batch, [user])

        claims = yield from desk.claim(targets)
        batch, at = desk.batch(), desk.wall()
        conv = direct_conv(desk.me, user)
        conversation = self._talks.direct(user)
        said = self._posting.said(item, conversation)
        sending = desk.outgoing.send(batch, [user], conv, "msg", said, at, claims, item.id)
        seq = self._talks.number(batch, conversation, user)
        self._posting.note(batch, sending, Posted([user], line(user), item.to, conversation, seq))
        batch.commit()
        self._posting.encrypted(item)
        self._talks.keep(Message(conversation, seq, at, desk.me, item.id, item.text, True, user, said.edits))
        self._posting.post(sending)


def line(name: str) -> str:
    """The line of flows that belongs to somebody."""
    return "to:" + fold(name)
