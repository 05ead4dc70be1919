"""Mail on its way: what is encrypted and kept goes out, the same bytes again after a break, until the server has it.

Rule: nothing is encrypted here but what the server calls stale, because somebody's list has moved. A message that can
go to nobody any more is taken back, and its writer is told.
"""

from __future__ import annotations

from itertools import islice
from typing import Final, NamedTuple

import msgspec

from chatd import encryption as e
from chatd.messages import Failed
from chatd.wire.pack import Event
from clients.core import notices as n
from clients.core import records as r
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import EDIT, OLM_KINDS, Said, read_body
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.sending import Item, Sending, Sent
from clients.core.intents import Tell
from clients.core.outbox import LEAST_WAIT, PASSING, Outgoing
from clients.core.replies import AGAIN, LATE
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, ServerRefused
from clients.core.secure.talks import Talks

TABLE: Final = "post"
MOST_TRIES: Final = 4
MOST_TOLD: Final = 1_000
KNOWN: Final = frozenset({"sent", "stored"})
NOT_SENT: Final = "(not sent) "
WAITS: Final = frozenset({"FALLBACK_TOO_OLD"})  # it stays in the outbox for another day


class Posted(msgspec.Struct, array_like=True, frozen=True):
    """One sending, for this device: for whom (`users`), in which line of flows, and of a message how it is called
    (`to`), and its place in the local history."""

    users: list[str] = []
    line: str = ""
    to: str = ""
    conversation: str = ""
    seq: int = 0
    tries: int = 0


class Tried(NamedTuple):
    """A try that is under way, and when it is made once more: the server knows mail again that it has."""

    send_id: bytes
    late: float


class Posting:
    """Everything that is under way."""

    def __init__(self, desk: Desk, talks: Talks) -> None:
        self._desk, self._talks = desk, talks
        self._refs: dict[int, Tried] = {}
        self._later: dict[bytes, float] = {}
        self._told: dict[bytes, n.Outcome] = {}
        self._groups: dict[bytes, bytes] = {}  # of what was said in groups: the message by its sending
        self._under_way: set[bytes] = set()
        self._waiting: int | None = None

    def __len__(self) -> int:
        return len(self._refs) + len(self._later)

    def waiting(self) -> int:
        """How many messages of a person's are not accepted yet."""
        if self._desk.rows.touched(TABLE) or self._waiting is None:  # faces ask often
            batch = self._desk.batch()
            posts = (batch.get(TABLE, row, Posted) for row in batch.rows(TABLE))
            self._waiting = sum(1 for post in posts if post is not None and post.to)
        return self._waiting

    # ---- from the outbox ----

    def begins(self, item: Outgoing) -> bool:
        """A message of the outbox is dealt with from here on; false: it is already."""
        fresh = item.id not in self._under_way
        self._under_way.add(item.id)
        return fresh

    def lays_down(self, item: Outgoing) -> None:
        """It is not dealt with any more, and is where it was."""
        self._under_way.discard(item.id)

    def encrypted(self, item: Outgoing) -> None:
        """It leaves the outbox, in the transaction that has its ciphertext."""
        self.lays_down(item)
        self._desk.host.outbox.drop(item.id)
        self._desk.keep(r.Unqueue(item.id))

    def refuse(self, item: Outgoing, refused: Refused | ServerRefused) -> None:
        """It is not sent, and its writer is told why."""
        self._desk.show(refusal(refused, Tell((item.to,), item.text), item.id))
        if not isinstance(refused, Refused) or refused.code not in WAITS:  # those are not touched until the next login
            self.encrypted(item)

    def said(self, item: Outgoing, conversation: str) -> Said:
        """What it says there, with the files that it offers; or as the new text of what one has said there before."""
        if self._desk.wrote(conversation, item.edits, self._desk.me):
            return Said(item.text, EDIT, answers=item.edits)
        files = self._desk.host.files
        return Said(item.text, files=files.enclosed(item.id) if files is not None else [])

    # ---- to the server ----

    def note(self, batch: Batch, sending: Sending, post: Posted) -> None:
        """In the batch that has the sending; then `post` may send it."""
        batch.put(TABLE, sending.send_id.hex(), post)

    def post(self, sending: Sending) -> None:
        """To the server, when it is kept. Nothing to nobody is accepted at once."""
        if not sending.items:
            self._accepted(sending.send_id)
            return
        ref = self._desk.host.next_ref()
        self._refs[ref] = Tried(sending.send_id, self._desk.now + LATE)
        self._desk.send(e.PutMail(ref, sending.send_id, sending.counter, sending.lists, merged(sending.items)))

    def again(self) -> None:
        """After a break: everything that was not accepted."""
        for sending in self._desk.outgoing.unsent(self._desk.batch()):
            self.post(sending)

    def cut(self) -> None:
        """The connection is gone."""
        self._refs.clear()
        self._later.clear()
        self._under_way.clear()

    def answered(self, event: Event) -> bool:
        """The server said something: whether it was about mail."""
        ref = getattr(event, "ref", 0)
        if ref not in self._refs:
            return False
        send_id = self._refs.pop(ref).send_id
        if not isinstance(event, (e.MailTaken, e.Stale, Failed)):
            self._later[send_id] = self._desk.now + AGAIN  # the same bytes, until there is an answer
        elif isinstance(event, e.MailTaken):
            self._accepted(send_id, event)
        elif isinstance(event, e.Stale):
            line = self._posted(send_id).line or "post:" + send_id.hex()
            self._desk.flows.start(line, self._renew(send_id, event.names), first=True)
        elif event.code in PASSING:
            self._later[send_id] = self._desk.now + max(event.retry, LEAST_WAIT)
        else:
            self._taken_back(send_id, ServerRefused(event))
        return True

    def deadline(self) -> float | None:
        """When something is tried again."""
        first = [tried.late for tried in islice(self._refs.values(), 1)]  # they are in order
        return min((*self._later.values(), *first), default=None)

    def tick(self, now: float) -> None:
        """Try again what the server had no time for, or says nothing of."""
        for ref in [ref for ref, tried in self._refs.items() if tried.late <= now]:
            self._later[self._refs.pop(ref).send_id] = now
        due = [send_id for send_id, when in self._later.items() if when <= now]
        for sending in self._desk.outgoing.unsent(self._desk.batch()) if due else []:
            if sending.send_id in due:
                del self._later[sending.send_id]
                self.post(sending)

    def read(self, ids: list[bytes]) -> None:
        """Somebody's device has these messages."""
        for message_id in ids:
            told = self._told.pop(message_id, None)
            if told is not None:
                self._desk.show(msgspec.structs.replace(told, state="delivered", before=told.state))

    def fetched(self, event: e.MailRead) -> None:
        """The server says that somebody has what was said in a group; of what one person was told only they can."""
        message_id = self._groups.pop(event.id, None)
        if message_id is not None:
            self.read([message_id])

    # ---- inside ----

    def _posted(self, send_id: bytes) -> Posted:
        return self._desk.batch().get(TABLE, send_id.hex(), Posted) or Posted()

    def _accepted(self, send_id: bytes, taken: e.MailTaken | None = None) -> None:
        batch = self._desk.batch()
        post, sent = self._posted(send_id), batch.get("sent", send_id.hex(), Sent)
        self._desk.outgoing.accepted(batch, send_id)
        batch.drop(TABLE, send_id.hex())
        batch.commit()
        if not post.to or sent is None:
            return
        state, at = (taken.state, taken.at) if taken is not None else ("sent", sent.sent_at)
        state = state if state in KNOWN else "stored"  # that somebody has it only they can say
        security = self._desk.trust(post.users[0]) if post.users else "encrypted"
        where = self._talks.shown(post.conversation)
        said = said_in(sent)
        told = n.Outcome(
            sent.msg_id, post.to, said.text, state, where, post.seq, at, security=security, edits=said.edits
        )  # fmt: skip
        self._desk.show(told)
        self._told[sent.msg_id] = told
        if not post.users:
            self._groups[send_id] = sent.msg_id
        for waiting in (self._told, self._groups):
            if len(waiting) > MOST_TOLD:
                del waiting[next(iter(waiting))]

    def _renew(self, send_id: bytes, names: list[str]) -> Flow[None]:
        """Somebody's list has moved: the same message for the devices that are listed now."""
        post, sent = self._posted(send_id), self._desk.batch().get("outbox", send_id.hex(), Sending)
        moved = [name for name in (sent.lists if sent is not None else ()) if name in names]
        try:
            if not moved or post.tries >= MOST_TRIES:
                raise Refused("SERVER_HIDES_DEVLIST", "stale", moved[0] if moved else "")
            for name in moved:  # of nobody else the server has anything to say here
                yield from self._desk.learn(name)
            yield from self._encrypt_anew(send_id, msgspec.structs.replace(post, tries=post.tries + 1))
        except (Refused, ServerRefused) as refused:
            self._taken_back(send_id, refused)

    def _encrypt_anew(self, send_id: bytes, post: Posted) -> Flow[None]:
        desk = self._desk
        said = desk.batch().get("sent", send_id.hex(), Sent)
        if said is None:
            return
        gid = bytes.fromhex(said.conv.removeprefix("gid:")) if said.kind == "gmsg" else b""

        def targets(batch: Batch) -> list[Entry]:
            if gid:
                return desk.groups.unshared(batch, gid, desk.wall())
            return desk.outgoing.targets(batch, post.users) if post.users else []

        claims = yield from desk.claim(targets)
        batch = desk.batch()
        if gid:
            renewed = desk.groups.renew(batch, send_id, desk.wall(), claims)
            batch.drop(TABLE, send_id.hex())
        else:
            renewed = [desk.outgoing.renew(batch, send_id, post.users, desk.wall(), claims)]
        for sending in renewed:
            last = sending is renewed[-1]
            self.note(batch, sending, post if last else Posted(line=post.line))
        batch.commit()
        for sending in renewed:
            self.post(sending)

    def _taken_back(self, send_id: bytes, refused: Refused | ServerRefused) -> None:
        """It goes to nobody."""
        desk, batch = self._desk, self._desk.batch()
        post, sent = self._posted(send_id), batch.get("sent", send_id.hex(), Sent)
        for table in ("outbox", TABLE, "sent"):
            batch.drop(table, send_id.hex())
        batch.commit()
        if not post.to or sent is None:
            if isinstance(refused, Refused):
                desk.stopped(refused)
            return
        text = said_in(sent).text
        desk.keep(r.TakeAway(post.conversation, post.seq, NOT_SENT + text))
        desk.show(refusal(refused, Tell((post.to,), text), sent.msg_id))


def refusal(refused: Refused | ServerRefused, intent: Tell, message_id: bytes) -> n.Notice:
    """A message was not sent."""
    to = intent.to[0]
    if isinstance(refused, ServerRefused):
        failed = refused.failed
        return n.Refused(failed.code, failed.text, tuple(failed.near), failed.retry, intent, message_id)
    user = refused.user or (to[1:] if to.startswith("@") else "")
    return n.Secure(refused.code, user, to, detail=refused.check, id=message_id, intent=intent)


def said_in(sent: Sent) -> Said:
    """What a message said."""
    body = read_body(OLM_KINDS | {"gmsg": Said}, sent.kind, sent.body)
    return body if isinstance(body, Said) else Said("")


def merged(items: list[Item]) -> list[e.Item]:
    """As it travels: what is the same for several devices only once."""
    found: dict[tuple[str, str, bytes, bytes, str], list[tuple[str, str]]] = {}
    for item in items:
        same = (item.type, item.conv, item.commitment, item.ciphertext, item.sid)
        found.setdefault(same, []).append((item.to_user, item.to_device))
    return [e.Item(to, *same) for same, to in found.items()]
