"""Mail that comes: in order, one item after the other; the server is asked where somebody knows more than this device.

Rule: an item is acknowledged when what it changed is kept (and what it says was shown), and not before. What a program
answers by itself (receipts, lists, new sessions) is said after that.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from chatd import encryption as e
from chatd.wire.pack import Command
from clients.core import notices as n
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import Body, Receipt, Resend, Said
from clients.core.e2ee.devices import Entry
from clients.core.e2ee.envelope import direct_conv
from clients.core.e2ee.receiving import Arrived, Delivered, Dropped, Incoming
from clients.core.e2ee.refusals import Behind, Note, Refused
from clients.core.e2ee.sending import HOUR, Sending, Trouble
from clients.core.e2ee.signed import decode, encode
from clients.core.offers import Offer
from clients.core.reading import ACK_COUNT, ACK_DELAY, KEEP, SKIP, WATCH
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, Pause, ServerRefused
from clients.core.secure.posting import Posted, Posting
from clients.core.secure.talks import Message, Talks
from clients.core.transfers import spoken_of

LINE: Final = "mail"
MOST_IDS: Final = 256
MOST_WAITING: Final = 20_000  # as many, and as large, as a mailbox of an honest server
MOST_BYTES: Final = 64 * 2**20
_GROUP: Final = re.compile("gid:[0-9a-f]{32}")
React = Callable[[Delivered], None]


class Arriving:
    """What comes for this device. `reacts`: who else wants to know of a kind of message, after it is kept."""

    def __init__(self, desk: Desk, talks: Talks, posting: Posting) -> None:
        self._desk, self._talks, self._posting = desk, talks, posting
        self.reacts: dict[str, React] = {"receipt": self._was_read, "resend": self._resend}
        self.follow: Callable[[bytes, int], Flow[None]] = _no_group
        self.unknown: Callable[[bytes], None] = lambda group: None  # something came for a group that is not known
        self._queue: deque[e.Mail | Arrived] = deque()
        self._done = self._told = self._passed = self.newest = 0
        self._then: list[Callable[[], None]] = []
        self._first: float | None = None
        self._last = -ACK_DELAY
        self._count = 0
        self._unread: dict[str, tuple[Entry, list[bytes]]] = {}
        self._login = 0
        self._waited: Counter[str] = Counter()  # of what was there at the login, by how one writes there
        self._current: Message | None = None
        self._size, self._full = 0, False
        self._watching: Incoming | None = None
        self._taking = False
        self.heard: set[str] = set()  # conversations that something came for, as faces know them

    # ---- the connection ----

    def welcomed(self, acknowledged: int, newest: int, at: int) -> None:
        """Where the server says this device is, and its time."""
        self._done = self._told = self._passed = acknowledged
        self.newest, self._login = newest, at
        self._waited = Counter()
        if newest > acknowledged:
            self.afterwards(self._tell_waited)

    def _tell_waited(self) -> None:
        """What the welcome could not count, as nobody had opened it yet."""
        if self._waited:
            found = ", ".join(f"{to} {number}" for to, number in self._waited.items())
            self._desk.show(n.Local((f"Unread, encrypted: {found}",)))

    def cut(self) -> None:
        """The connection is gone: what was not acknowledged comes again."""
        self._queue.clear()
        self._then.clear()
        self._unread.clear()
        self._first, self._count, self._taking = None, 0, False
        self._size, self._full = 0, False

    def came(self, mail: e.Mail) -> None:
        """One item of the server's. More than a mailbox holds is not taken: it comes again with the next connection,
        as nothing after it is acknowledged in this one."""
        size = self._size + len(mail.ciphertext)
        self._full = self._full or len(self._queue) >= MOST_WAITING or size > MOST_BYTES
        if self._full:
            return
        self._size = size
        self._queue.append(mail)
        self._begin()

    def again(self, items: list[Arrived]) -> None:
        """What was held back, and may be read now."""
        self._queue.extend(items)
        self._begin()

    def behind(self) -> bool:
        """Is something still to come that was there at the login?"""
        return self._done < self.newest

    def afterwards(self, then: Callable[[], None]) -> None:
        """Do this when everything has been looked at that was there at the login."""
        self._then.append(then)
        self._look_back()

    def _look_back(self) -> None:
        if self._passed >= self.newest and not self._taking:
            then, self._then = self._then, []
            for call in then:
                call()

    # ---- acknowledging ----

    def deadline(self) -> float | None:
        """When the next acknowledgement is due: at once after a pause, else once a second."""
        return None if self._first is None else max(self._first, self._last + ACK_DELAY)

    def acknowledge(self, all_of_them: bool = False) -> list[Command]:
        """What is due to be said of what came: to the server, and to the devices of those who wrote."""
        when = self.deadline()
        if when is None or not (all_of_them or self._desk.now >= when or self._count >= ACK_COUNT):
            return []
        self._last, self._first, self._count = self._desk.now, None, 0
        self._receipts()
        if self._done <= self._told:
            return []
        self._told = self._done
        return [e.AcknowledgeMail(self._done)]

    def _note(self) -> None:
        self._count += 1
        if self._first is None:
            self._first = self._desk.now

    # ---- one after the other ----

    def _begin(self) -> None:
        if not self._taking:
            self._taking = True
            self._desk.flows.start(LINE, self._take())

    def _take(self) -> Flow[None]:
        while self._queue:
            mail, receive = self._queue.popleft(), self._desk.host.receive
            if isinstance(mail, e.Mail):
                self._passed, self._size = mail.seq, self._size - len(mail.ciphertext)
            if receive == SKIP and (isinstance(mail, Arrived) or mail.at < self._login):
                continue
            yield from self._one(mail if isinstance(mail, Arrived) else _arrived(mail))
            if receive == KEEP:
                self._done = mail.seq if isinstance(mail, e.Mail) else self._done
                self._note()
            if self._queue:
                yield Pause.SHOWN  # one after the other: whoever is shown a message may want no more
        self._taking = False
        self._look_back()

    def _one(self, item: Arrived) -> Flow[None]:
        if not _fits(item):
            self._desk.show(n.Secure("MALFORMED", item.user, detail="item"))
            return
        outcome = yield from self._open(item)
        if isinstance(outcome, Dropped):
            self._dropped(outcome)
            if outcome.code == "GROUP_UNKNOWN" and self._desk.host.receive == KEEP:
                gid = bytes.fromhex(item.conv.removeprefix("gid:"))
                self.afterwards(lambda: self.unknown(gid))
        else:
            self._delivered(item, outcome)

    def _open(self, item: Arrived) -> Flow[Delivered | Dropped]:
        """Opened; the server is asked first for everything that the sender knows and this device does not."""
        desk, asked = self._desk, set[str]()
        while True:
            try:
                return self._receive(item, fresh=False)
            except Behind as behind:
                if behind.user + behind.group.hex() in asked:
                    break
                asked.add(behind.user + behind.group.hex())
                yield from self._catch_up(behind.user, behind.group, behind.until)
        for user in dict.fromkeys((item.user, desk.me)):
            if user not in asked:
                yield from self._catch_up(user, b"")
        if item.conv.startswith("gid:") and item.conv.removeprefix("gid:") not in asked:
            yield from self._catch_up("", bytes.fromhex(item.conv.removeprefix("gid:")))
        return self._receive(item, fresh=True)

    def _catch_up(self, user: str, group: bytes, until: int = 0) -> Flow[None]:
        """Ask; whatever the server says, the item is judged after that: what is said in a group by its log as it was
        then, for who has left since then was a member."""
        try:
            if group:
                yield from self.follow(group, until)
            else:
                yield from self._desk.learn(user)
        except Refused as refused:
            if refused.code != "NO_E2EE_KEYS":
                self._desk.stopped(refused)
        except ServerRefused:
            pass  # it does not tell: the item is refused for that, if it must be

    def _receive(self, item: Arrived, fresh: bool) -> Delivered | Dropped:
        self._current = None
        incoming = self._desk.incoming if self._desk.host.receive == KEEP else self._watcher()
        return incoming.receive(item, self._desk.wall(), fresh=fresh, keep=self._keep)

    def _watcher(self) -> Incoming:
        """Who only watches, or waits for a receipt, keeps nothing of what is opened: it comes again to who does."""
        if self._watching is None:
            self._watching = self._desk.watching()
        return self._watching

    def _keep(self, batch: Batch, delivered: Delivered) -> None:
        """The number of a message, in the transaction that opens it."""
        if not isinstance(delivered.body, Said):
            return
        talks, me = self._talks, self._desk.me
        own = delivered.sender.user == me
        peer, gid = _place(delivered.conv, me)
        conversation = delivered.conv if gid else talks.direct(peer)
        seq = talks.number(batch, conversation, peer, gid)
        at, text, who = delivered.sent_at, delivered.body.text, delivered.sender.user
        edited = delivered.body.edits
        edited = edited if self._desk.wrote(conversation, edited, who) else b""  # only who said it says it anew
        self._current = Message(
            conversation, seq, at, who, delivered.msg_id, text, own, peer, edited
        )  # fmt: skip

    # ---- what follows ----

    def _delivered(self, item: Arrived, delivered: Delivered) -> None:
        desk, sender, receive = self._desk, delivered.sender, self._desk.host.receive
        message = self._current
        if receive == SKIP:
            self._was_read(delivered)
            return
        if message is not None:
            if receive == KEEP:
                self._talks.keep(message)
            if not message.own and (message.peer or message.conversation in self._talks.labels):
                self.heard.add(self._talks.shown(message.conversation))  # what comes late to who was put out is no talk
                desk.host.state.heard(self._talks.shown(message.conversation), message.sender)
                if item.at < self._login:
                    to = f"@{message.peer}" if message.peer else self._talks.shown(message.conversation)
                    self._waited[to] += 1
            file = self._file(message, delivered)
            if message.sender not in desk.host.ignored:
                desk.show(self._talks.said(message, item.at < self._login, delivered.missing, file))
        if receive != KEEP:
            return
        desk.notes(delivered.notes)
        if delivered.receipt or delivered.kind == "msg":
            self._unread.setdefault(sender.device, (sender, []))[1].append(delivered.msg_id)
        for note in delivered.notes:
            if note.code == "PEER_HAS_OLD_LIST":
                desk.flows.start("lists:" + sender.device, self._tell_list(sender, note))
        react = self.reacts.get(delivered.kind)
        if react is not None:
            react(delivered)

    def _dropped(self, dropped: Dropped) -> None:
        desk = self._desk
        if desk.host.receive == SKIP:
            return
        if dropped.told:
            detail = "held" if dropped.held else dropped.check
            desk.show(n.Secure(dropped.code, dropped.user, desk.to(dropped.user), detail=detail))
        desk.notes(dropped.notes)
        if dropped.reset and desk.host.receive != WATCH:
            desk.flows.start("reset:" + dropped.user, self._reset(dropped.user))

    def _receipts(self) -> None:
        """Tell the devices of those who wrote that it is read; there is a session, or it would not be."""
        unread, self._unread = self._unread, {}
        for entry, ids in unread.values():
            for first in range(0, len(ids), MOST_IDS):
                body = Receipt(ids[first : first + MOST_IDS])
                self._desk.flows.start("receipt:" + entry.device, self._tell(entry, "receipt", body))

    def _tell(self, entry: Entry, kind: str, body: Body) -> Flow[None]:
        claims = yield from self._desk.claim(lambda batch: [entry])
        batch = self._desk.batch()
        self._send(batch, [self._desk.outgoing.tell(batch, entry, kind, body, self._desk.wall(), claims)])

    def _tell_list(self, entry: Entry, note: Note) -> Flow[None]:
        claims = yield from self._desk.claim(lambda batch: [entry])
        batch = self._desk.batch()
        self._send(batch, [self._desk.outgoing.tell_list(batch, entry, note.number, self._desk.wall(), claims)])

    def _file(self, message: Message, delivered: Delivered) -> Offer | None:
        """The file that a message speaks of; who keeps the message keeps what it takes to fetch it."""
        files, body = self._desk.host.files, delivered.body
        if files is None or not isinstance(body, Said) or not body.files:
            return None
        if self._desk.host.receive == KEEP:
            for manifest in body.files:
                where = self._talks.shown(message.conversation)
                self._desk.keep(*files.arrived(manifest, where, message.sender, message.at))
        return spoken_of(body.files[0])

    def _was_read(self, delivered: Delivered) -> None:
        if isinstance(delivered.body, Receipt) and delivered.conv == direct_conv(self._desk.me, delivered.sender.user):
            self._posting.read(delivered.body.ids)

    def _resend(self, delivered: Delivered) -> None:
        if isinstance(delivered.body, Resend):
            ids, entry = delivered.body.send_ids, delivered.sender
            self._desk.flows.start("resend:" + entry.device, self._say_again(entry, ids))

    def _say_again(self, entry: Entry, ids: list[bytes]) -> Flow[None]:
        desk = self._desk
        claims = yield from desk.claim(lambda batch: [entry])
        batch, at = desk.batch(), desk.wall()
        again = desk.outgoing.resend(batch, entry, ids, at, claims)
        again += desk.groups.resend(batch, entry, ids, at, claims)
        self._send(batch, again)

    def _reset(self, user: str) -> Flow[None]:
        """New sessions to those devices of somebody that could not be understood."""
        desk = self._desk
        pin = desk.pin(user)
        known = pin.known() if pin is not None else None
        for entry in known.devices.values() if known else ():
            trouble = desk.batch().get("trouble", entry.device, Trouble)
            if trouble is None or not trouble.unread or desk.wall() - (trouble.reset_at or 0) < HOUR:
                continue
            answer = yield e.ClaimKeys(0, [(entry.user, entry.device)])
            key = answer.keys[0] if isinstance(answer, e.Claimed) and answer.keys else b""
            batch = desk.batch()
            claims = {(entry.user, entry.device): key or None}
            self._send(batch, desk.outgoing.reset(batch, entry, desk.wall(), claims))

    def _send(self, batch: Batch, sendings: list[Sending]) -> None:
        for sending in sendings:
            self._posting.note(batch, sending, Posted())
        batch.commit()
        for sending in sendings:
            self._posting.post(sending)


def _arrived(mail: e.Mail) -> Arrived:
    return Arrived(
        mail.id, mail.sending, mail.sender, mail.device, mail.type, mail.conversation, mail.commitment,
        mail.ciphertext, mail.sid, mail.at, mail.tag,
    )  # fmt: skip


def _fits(item: Arrived) -> bool:
    """Is every field what it should be? What is kept of it must be read again."""
    try:
        decode(encode(item), Arrived)
    except Refused:
        return False
    return not item.conv.startswith("gid:") or _GROUP.fullmatch(item.conv) is not None


def _place(conv: str, me: str) -> tuple[str, bytes]:
    """With whom, or in which group."""
    if conv.startswith("gid:"):
        return "", bytes.fromhex(conv.removeprefix("gid:"))
    people = conv.removeprefix("dm:").split(":")
    return next((user for user in people if user != me), me), b""


def _no_group(group: bytes, until: int) -> Flow[None]:
    yield from ()
