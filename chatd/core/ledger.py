"""What became of a message: accepted, written, sent to which device, acknowledged, or why not.

Rule: the store knows what is lasting (the log, the cursors); when things happened is remembered for a while in a
trail of bounded length, so an old message has fewer times than a new one. Nothing here has a text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from chatd import archive as a
from chatd.core import sanctions
from chatd.core.archive import View, view
from chatd.core.groups import Conversation
from chatd.core.turn import Command, Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.entries import Row

if TYPE_CHECKING:
    from chatd.core.hub import Hub

ACKNOWLEDGEMENTS: Final = 20_000
COMMITS: Final = 10_000
REFUSALS: Final = 2_000
MAIL: Final = 5_000
VISITS: Final = 4  # of one device
SHOWN: Final = 200  # devices in one answer
PART: Final = 200  # devices that are looked at in one go while a server runs

MAILBOX: Final = 0  # stands for a device's encrypted mail where others have a conversation
ACKNOWLEDGED, SENT, BEHIND, AWAY = "acknowledged", "sent", "behind", "away"
ORDER: Final = (ACKNOWLEDGED, SENT, BEHIND, AWAY, "disabled")


class Trail:
    """When what happened, lately; all times in ms."""

    def __init__(self) -> None:
        self.acknowledged: deque[tuple[int, str, int, int]] = deque(maxlen=ACKNOWLEDGEMENTS)
        self.commits: deque[tuple[int, int, int]] = deque(maxlen=COMMITS)
        self.refused: deque[tuple[int, int, bytes, str]] = deque(maxlen=REFUSALS)
        self.mail: deque[tuple[int, str, bytes, tuple[tuple[str, int], ...]]] = deque(maxlen=MAIL)
        self._visits: dict[str, tuple[tuple[int, int], ...]] = {}  # from when to when (0: is in), the newest last

    def came(self, device: str, now: int) -> None:
        """A device is in from here on."""
        self._visits[device] = (*self._visits.get(device, ())[1 - VISITS :], (now, 0))

    def went(self, device: str, now: int) -> None:
        """It is out."""
        visits = self._visits.get(device)
        if visits:
            self._visits[device] = (*visits[:-1], (visits[-1][0], now))

    def refuse(self, user: User | None, command: Command, code: str, now: int) -> None:
        """Something was not done; of messages it is remembered."""
        identity = getattr(command, "id", b"")
        if user is not None and isinstance(identity, bytes) and len(identity) <= 16:
            self.refused.append((now, user.id, identity, code))

    def mailed(self, at: int, sender: str, sending: bytes, to: Iterable[tuple[str, int]]) -> None:
        """Encrypted mail is on disk for these devices, with its place in the mail of each."""
        self.mail.append((at, sender, sending, tuple(islice(to, SHOWN))))

    def sending(self, sender: str, sending: bytes, to: Container[str]) -> tuple[int, bytes, dict[str, int]]:
        """Somebody's sending of this id, or (without one) the newest to one of these devices; at 0: none is known."""
        for at, who, identity, places in reversed(self.mail):
            if who == sender and (identity == sending or not (sending or all(one not in to for one, _ in places))):
                return at, identity, dict(places)
        return 0, b"", {}

    def why_not(self, user: User, identity: bytes) -> str:
        """The code by which a message of somebody was refused last; empty: none is remembered."""
        return next((code for _, who, what, code in reversed(self.refused) if (who, what) == (user.id, identity)), "")

    def written(self, at: int) -> int:
        """When what was accepted then was on disk, at the latest; 0: no longer known."""
        return next((done for first, last, done in self.commits if first <= at <= last), 0)

    def first_acknowledged(self, conversation: int, seq: int) -> dict[str, int]:
        """When each device said that it has a message, of those that are still remembered."""
        found: dict[str, int] = {}
        for at, device, where, upto in self.acknowledged:
            if where == conversation and upto >= seq:
                found.setdefault(device, at)
        return found

    def acknowledged_mail(self, places: Mapping[str, int]) -> dict[str, int]:
        """The same of encrypted mail, by each device's own place."""
        found: dict[str, int] = {}
        for at, device, where, upto in self.acknowledged:
            if where == MAILBOX and upto >= places.get(device, upto + 1):
                found.setdefault(device, at)
        return found

    def here_after(self, device: str, at: int) -> int:
        """When a device was in first, at this time or after it; 0: not, or no longer known."""
        for came, went in self._visits.get(device, ()):
            if not went or went >= at:
                return max(came, at)
        return 0

    def last_seen(self, device: str) -> int:
        """When a device was in last; 0: not since the start."""
        visits = self._visits.get(device)
        return visits[-1][1] or visits[-1][0] if visits else 0


class Fate(msgspec.Struct, frozen=True, gc=False):
    """How a message fared with one device. `state`: acknowledged, sent (written to its connection), behind (it reads
    slowly, and is fed from the disk), away, disabled; `at`: since when, 0 where that is no longer known."""

    name: str
    device: str
    state: str
    at: int


class Life(msgspec.Struct, frozen=True):
    """What became of a message. `written`: on disk at the latest then, 0: no longer known."""

    conversation: str
    seq: int
    id: bytes
    sender: str
    kind: str
    size: int
    accepted: int
    written: int
    counts: dict[str, int]
    fates: list[Fate]


def life(hub: Hub, conversation: Conversation, row: Row, now: int) -> Life:
    """All that is known of a message."""
    return next(found for found in living(hub, conversation, row, now) if found is not None)


def living(hub: Hub, conversation: Conversation, row: Row, now: int) -> Iterator[Life | None]:
    """The same in steps between which others go on, for it may have ten thousand readers; the last one gives it."""
    written = hub.trail.written(row.at)
    told = hub.trail.first_acknowledged(conversation.id, row.seq)
    yield None
    names: dict[str, list[str]] = {state: [] for state in ORDER}
    devices: dict[str, list[Device | None]] = {state: [] for state in ORDER}
    for number, (user, device) in enumerate(_readers(hub, conversation, row), 1):
        state = _state(hub, conversation, row, user, device, now)
        names[state].append(user.name)
        devices[state].append(device)
        if not number % PART:
            yield None
    yield None
    fates: list[Fate] = []
    for state in ORDER:
        for at in sorted(range(len(names[state])), key=names[state].__getitem__)[: SHOWN - len(fates)]:
            device = devices[state][at]
            since = _since(hub, state, device, written or row.at, told)
            fates.append(Fate(names[state][at], device.id if device is not None else "", state, since))
    yield Life(
        conversation.name, row.seq, row.id, row.sender, row.content, len(row.body), row.at, written,
        {state: len(names[state]) for state in ORDER if names[state]}, fates,
    )  # fmt: skip


def _readers(hub: Hub, conversation: Conversation, row: Row) -> Iterator[tuple[User, Device | None]]:
    """Everybody it is for, with each of their devices (None: they have none yet)."""
    sender = hub.users.get(row.sender)
    lobby = conversation is hub.lobby  # which keeps no mail
    users = [*hub.lobby.audience.users] if lobby else [member.user for member in conversation.members.values()]
    for user in users:
        member = conversation.members.get(user.id)
        meant = not user.guest if lobby else member is not None and not member.invited and member.since < row.seq
        if meant and user is not sender:
            for device in user.devices.values() or (None,):
                yield user, device


def _state(hub: Hub, conversation: Conversation, row: Row, user: User, device: Device | None, now: int) -> str:
    if device is not None:
        cursor = device.cursors.get(conversation.id)
        if cursor is None:
            cursor = conversation.members[user.id].since if conversation is not hub.lobby else 0
        if cursor >= row.seq:
            return ACKNOWLEDGED
        sessions = [session for session in user.sessions if session.device is device] if user.sessions else ()
        if sessions and any(session.behind.get(conversation, row.seq) < row.seq for session in sessions):
            return BEHIND
        if sessions and any(conversation in session.live or conversation in session.behind for session in sessions):
            return SENT
    return "disabled" if sanctions.holds(user.disabled, now) else AWAY


def _since(hub: Hub, state: str, device: Device | None, written: int, told: dict[str, int]) -> int:
    if device is None or state in (BEHIND, "disabled"):
        return 0
    if state == ACKNOWLEDGED:
        return told.get(device.id, 0)
    return hub.trail.here_after(device.id, written) if state == SENT else hub.trail.last_seen(device.id)


# ---- the sender's own question -----------------------------------------------------------------------------------


def explain(hub: Hub, session: Session, command: a.Explain, turn: Turn) -> View | None:
    """Which conversation to look into. Raises Refused."""
    user = session.user
    assert user is not None
    why = hub.trail.why_not(user, command.id) if command.id else ""
    if why:
        raise Refused("no-such-message", f"It was refused: {why}. Nothing of it was kept.")
    if command.to.startswith("@") and not command.seq and _explain_mail(hub, session, user, command, turn):
        return None
    if command.to.startswith("!"):
        _explain_circle(hub, session, user, command, turn)
        return None
    seen = view(hub, session, command.to)
    if seen is None or not isinstance(seen.conversation, Conversation):
        raise Refused("no-such-message", "Nothing was kept of what was said there.")
    return seen


def _explain_mail(hub: Hub, session: Session, user: User, command: a.Explain, turn: Turn) -> bool:
    """What was said encrypted is in no log; of what went to whom lately the trail knows. Whether it knows this one."""
    peer = hub.users.find(command.to[1:])
    if not (user.chains and peer.chains):
        return False
    at, identity, places = hub.trail.sending(user.name, command.id, peer.devices)
    told = hub.trail.acknowledged_mail(places)
    fates = [
        _mail_fate(hub, peer.devices[device], at, seq, told.get(device, 0))
        for device, seq in places.items() if device in peer.devices
    ]  # fmt: skip
    if not fates:
        return False
    best = min(fates, key=lambda fate: ORDER.index(fate.state))
    reader = a.ReaderIs(peer.name, best.state, best.at)
    name = "dm:" + ":".join(sorted((user.key, peer.key)))
    turn.reply(session, a.Explained(command.ref, name, 0, identity, at, at, [reader], [(best.state, 1)]))
    return True


def _explain_circle(hub: Hub, session: Session, user: User, command: a.Explain, turn: Turn) -> None:
    """The same of what was said in an encrypted group: one's own sending of this id. Raises Refused."""
    at, identity, places = hub.trail.sending(user.name, command.id, ()) if command.id else (0, b"", {})
    told = hub.trail.acknowledged_mail(places)
    best: dict[str, Fate] = {}
    for name, seq in places.items():
        device = hub.users.devices.get(name)
        if device is not None and device.user is not user:
            fate = _mail_fate(hub, device, at, seq, told.get(name, 0))
            best[fate.name] = min(best.get(fate.name, fate), fate, key=lambda one: ORDER.index(one.state))
    if not best:
        raise Refused("no-such-message", "Nothing is remembered of a message of yours there.")
    readers = [a.ReaderIs(fate.name, fate.state, fate.at) for _, fate in sorted(best.items())]
    counts = [(state, sum(reader.state == state for reader in readers)) for state in ORDER]
    found = a.Explained(command.ref, command.to, 0, identity, at, at, readers, [one for one in counts if one[1]])
    turn.reply(session, found)


def _mail_fate(hub: Hub, device: Device, at: int, seq: int, told: int) -> Fate:
    if device.box.acknowledged >= seq:
        return Fate(device.user.name, device.id, ACKNOWLEDGED, told)
    session = device.session
    if session is None or session.feed is None:
        return Fate(device.user.name, device.id, AWAY, hub.trail.last_seen(device.id))
    if session.feed.sent < seq:
        return Fate(device.user.name, device.id, BEHIND, 0)
    return Fate(device.user.name, device.id, SENT, hub.trail.here_after(device.id, at))


def tell(hub: Hub, session: Session, command: a.Explain, seen: View, rows: list[Row], turn: Turn) -> None:
    """The answer: of each reader how it stands with the device that is furthest. Raises Refused."""
    user, conversation = session.user, seen.conversation
    assert user is not None and isinstance(conversation, Conversation)
    mine = next((row for row in reversed(rows) if hub.users.get(row.sender) is user), None)
    if mine is None and rows and (command.seq or command.id):
        raise Refused("not-allowed", "That is somebody else's message.")
    if mine is None:
        text = "The log has no such message of yours, or no longer. (What is encrypted from end to end is not in it.)"
        raise Refused("no-such-message", text)
    found = life(hub, conversation, mine, turn.now)
    best: dict[str, a.ReaderIs] = {}
    for fate in found.fates:
        best.setdefault(fate.name, a.ReaderIs(fate.name, fate.state, fate.at))
    counts = {state: sum(reader.state == state for reader in best.values()) for state in ORDER}
    turn.reply(session, a.Explained(
        command.ref, found.conversation, found.seq, found.id, found.accepted, found.written,
        list(best.values()), [(state, count) for state, count in counts.items() if count],
    ))  # fmt: skip
