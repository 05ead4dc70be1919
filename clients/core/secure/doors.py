"""Encrypted groups that are found by their names: coming into them, asking to be let in, and letting others in.

Rule: the server is told where a name leads (`door_of`), never the name. It says who asks; it lets nobody in: a member's
device does, by a signed entry, where the signed log says that there is a door, and not whom others have removed, whom
its person ignores, or whose keys are not in order. Who is let in reads the log and sees that its door is the one that
was asked for.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from chatd import encryption as e
from chatd import messages as m
from chatd.encryption import door_of
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee import own, pins
from clients.core.e2ee.envelope import group_conv
from clients.core.e2ee.groups import GROUP
from clients.core.e2ee.refusals import Refused
from clients.core.secure.adopting import Adopting
from clients.core.secure.circles import QUICKER, Circles
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, Pause, ServerRefused, done, expect
from clients.core.secure.identity import Identity
from clients.core.secure.talks import Talks
from clients.core.view import fold

KNOCKS: Final = "knock"  # where one asks to be let in: by group
LINE: Final = "doors"
MOST_TRIES: Final = 5
MOMENT: Final = 1.0  # seconds
MOST_KNOCKS: Final = 300  # that are dealt with on one connection; the others with the next
PATIENCE: Final = 20.0  # seconds that what one says waits, after one has asked
SHORTLY: Final = 60.0  # seconds; who is let in later is told, and not taken there


class Asked(msgspec.Struct, array_like=True, frozen=True):
    """Where one asks to be let in: under which name, and since when."""

    name: str
    at: int


class Doors:
    """This account's."""

    def __init__(
        self, desk: Desk, talks: Talks, circles: Circles, adopting: Adopting, identity: Identity
    ) -> None:  # fmt: skip
        self._desk, self._talks, self._circles = desk, talks, circles
        self._adopting, self._identity = adopting, identity
        self._handed_back: list[i.JoinGroup] = []
        self._wishes: dict[bytes, tuple[float, i.JoinGroup]] = {}
        self._queue: deque[tuple[bytes, str]] = deque()
        self._seen: set[tuple[bytes, str]] = set()
        self._told: set[tuple[bytes, str]] = set()
        self._late: set[tuple[bytes, str]] = set()
        self._held: set[bytes] = set()
        self._coming: list[str] = []
        self._untold: dict[bytes, tuple[float, n.Secure]] = {}
        circles.entered = self._entered
        circles.enter = self._try

    # ---- coming in ----

    def begins(self, intent: i.JoinGroup) -> None:
        """A wish is under way: what is said there waits for what comes of it."""
        self._coming.append(fold(intent.group))

    def ends(self, intent: i.JoinGroup) -> None:
        """It is known what comes of it; whether an open group lets one in the session knows."""
        if not any(fold(other.group) == fold(intent.group) for other in self._handed_back):
            self._coming.remove(fold(intent.group))

    def openly(self) -> list[i.JoinGroup]:
        """Wishes that turned out to be for open groups: the session's. They are told once."""
        found, self._handed_back = self._handed_back, []
        for intent in found:
            self._coming.remove(fold(intent.group))
        return found

    def enter(self, intent: i.JoinGroup) -> Flow[None]:
        """Into the group of this name: the encrypted one, or the open one, or a new one that is encrypted."""
        name = intent.group.removeprefix("#")
        for _ in range(MOST_TRIES):
            found = expect((yield e.AskDoor(0, door_of(name))), e.DoorIs)
            if found.group:
                yield from self._ready()
                yield from self._enter(found.group, name, intent)
                return
            self._beware(name, bool(found.open))
            if found.open or intent.key:
                self._openly(intent, found.open)
                return
            yield from self._ready()
            try:
                yield from self._circles.make(intent, door_of(name))
                return
            except ServerRefused as refused:
                if refused.failed.code != "group-exists":
                    raise
        raise ServerRefused(m.Failed(0, "busy", "Somebody is always quicker; try again."))

    def _ready(self) -> Flow[None]:
        if not self._identity.decided:
            yield Pause.READY
        self._identity.require_ready()

    def _openly(self, intent: i.JoinGroup, name: str) -> None:
        """It is an open group: the session asks for it, by the name that the server has told."""
        if not name:
            text = f"Group '{intent.group.removeprefix('#')}' does not exist. `/group name` makes one, without a key."
            raise ServerRefused(m.Failed(0, "no-such-group", text))
        self._handed_back.append(msgspec.structs.replace(intent, create=False))

    def _beware(self, name: str, is_open: bool) -> None:
        """Nobody is led from an encrypted group that they know into another one of its name. Raises Refused."""
        for talk in self._talks.all().values():
            row = self._talks.row(talk.gid) if talk.gid else None
            if row is not None and fold(row.naming.name or row.called) == fold(name):
                if self._desk.me in row.state.removed:
                    raise Refused("GROUP_PUT_OUT", "#" + name)
                if is_open:
                    raise Refused("GROUP_WAS_SECRET", "#" + name)

    def _enter(self, gid: bytes, name: str, intent: i.JoinGroup) -> Flow[None]:
        """A device of a member reads the log; everybody else asks to be let in."""
        batch = self._desk.batch()
        batch.put(KNOCKS, gid.hex(), Asked(name, self._desk.wall()))
        batch.commit()
        self._wishes[gid] = self._desk.now, intent
        try:
            inside = yield from self._read(gid)
            if not inside:
                done((yield e.Knock(0, gid)))
        except (Refused, ServerRefused):
            self._forget(gid)
            raise
        if not inside and self._asked(gid) is not None:
            row = self._talks.row(gid)
            back = row is not None and self._desk.me in row.state.removed
            asked = n.Secure("GROUP_ASKED_BACK" if back else "GROUP_ASKED", detail="#" + name, intent=intent)
            self._untold[gid] = self._desk.now + (0.0 if back else MOMENT), asked
            self.tick()

    def _read(self, gid: bytes) -> Flow[bool]:
        """Is one in it? Then its log is read, and one is."""
        row = self._talks.row(gid)
        try:
            if row is not None:
                yield from self._circles.follow(gid)
            else:
                yield from self._adopting.read(gid)
        except ServerRefused as refused:
            if refused.failed.code != "no-such-group":
                raise
        except Refused as refused:
            if refused.code != "NOT_A_MEMBER":
                return False  # a member who can be sure of it introduces this device
        row = self._talks.row(gid)
        if row is None or not row.state.has(*self._myself()):
            return False
        self._entered(gid)
        return True

    def _myself(self) -> tuple[str, bytes]:
        mine = own.myself(self._desk.batch())
        return mine.user, mine.uik

    def cut(self) -> None:
        """The connection is gone, and all wishes with it."""
        for known in (self._seen, self._told, self._late, self._held):
            known.clear()
        for waiting in (self._coming, self._handed_back, self._queue):
            waiting.clear()
        self._wishes.clear()

    # ---- asking ----

    def _asked(self, gid: bytes) -> Asked | None:
        return self._desk.batch().get(KNOCKS, gid.hex(), Asked)

    def _forget(self, gid: bytes) -> None:
        batch = self._desk.batch()
        batch.drop(KNOCKS, gid.hex())
        batch.commit()
        self._wishes.pop(gid, None)
        self._untold.pop(gid, None)

    def waits(self, group: str) -> bytes | None:
        """The group of this name that one asks to be let into."""
        batch, name = self._desk.batch(), fold(group.removeprefix("#"))
        found = ((row, batch.get(KNOCKS, row, Asked)) for row in batch.rows(KNOCKS))
        return next((bytes.fromhex(row) for row, one in found if one is not None and fold(one.name) == name), None)

    def _try(self, group: str) -> Flow[bytes | None]:
        """Something is said there: perhaps one is in by now, or in a moment. Raises Refused: not yet."""
        while fold(group) in self._coming:
            yield Pause.READY
        gid = self.waits(group)
        if gid is None:
            return self._talks.group(group)
        if (yield from self._read(gid)):
            return gid
        while gid in self._wishes and self._desk.now < self._wishes[gid][0] + PATIENCE:
            self._held.add(gid)
            yield Pause.READY  # until something comes from the server, or the time is over
        self._held.discard(gid)
        if self._asked(gid) is not None:
            raise Refused("GROUP_WAITING", "group-waits")
        return self._talks.group(group)

    def deadline(self) -> float | None:
        """When one is told that one has asked; when what is said to a group has waited long enough to be let in."""
        return min((*(when for when, _ in self._untold.values()), *self._patience()), default=None)

    def _patience(self) -> list[float]:
        return [self._wishes[gid][0] + PATIENCE for gid in self._held if gid in self._wishes]

    def tick(self) -> None:
        """Time has passed. Who is let in at once hears of nothing else."""
        now = self._desk.now
        for gid in [gid for gid, (when, _) in self._untold.items() if when <= now]:
            self._desk.show(self._untold.pop(gid)[1])
        if any(when <= now for when in self._patience()):
            self._desk.flows.release()

    def withdraw(self, intent: i.LeaveGroup) -> Flow[None]:
        """One wants to be let in no longer."""
        gid = self.waits(intent.group)
        if gid is not None:
            done((yield e.Knock(0, gid, False)))
            self._forget(gid)
        self._desk.show(n.Secure("GROUP_WITHDRAWN", detail=intent.group, intent=intent))

    def grew(self, event: e.GroupGrew) -> bool:
        """The log of a group where one asks has grown: one is in, perhaps. Whether this is such a group."""
        return self._look(event.group)

    def unknown(self, gid: bytes) -> None:
        """Something came from a group that is not known here."""
        if not self._look(gid):
            self._adopting.unknown(gid)

    def _look(self, gid: bytes) -> bool:
        if self._asked(gid) is None:
            return False
        self._desk.flows.once_more(group_conv(gid), self._looked(gid))
        return True

    def _looked(self, gid: bytes) -> Flow[None]:
        if self._asked(gid) is not None:
            yield from self._read(gid)

    def _entered(self, gid: bytes) -> bool:
        """One is in; whether one had asked for it. A door that was not asked for is shut at once."""
        asked, row = self._asked(gid), self._talks.row(gid)
        if asked is None or row is None:
            return False
        wish = self._wishes.get(gid)
        self._forget(gid)
        if row.state.door != door_of(asked.name):
            self._desk.show(n.Secure("GROUP_OTHER", detail="#" + asked.name))
            self._desk.flows.start(group_conv(gid), self._circles.go(gid))
            return True
        batch = self._desk.batch()
        self._talks.begin(batch, group_conv(gid), gid=gid)
        batch.put(GROUP, gid.hex(), msgspec.structs.replace(row, called=asked.name))
        batch.commit()
        self._talks.refresh()
        if wish is not None and self._desk.now - wish[0] < SHORTLY:
            self._desk.show(n.Answered(wish[1], self._circles.info(gid)))
        else:
            label = self._talks.shown(group_conv(gid))
            self._desk.show(n.Secure("GROUP_LET_IN", to=label, intent=wish[1] if wish is not None else None))
        return True

    # ---- at the login ----

    def ask(self) -> Flow[None]:
        """Where one asks, and who asks at the doors of one's own groups."""
        asked = [name for name in self._desk.batch().rows(KNOCKS) if bytes.fromhex(name) not in self._wishes]
        for name in asked:
            try:
                yield from self._again(bytes.fromhex(name))
            except (Refused, ServerRefused):
                continue  # it is asked again at the next login
        self.tick()
        rows = [self._talks.row(bytes.fromhex(conv.removeprefix("gid:"))) for conv in self._talks.labels]
        if any(row is not None and row.state.door for row in rows):
            self.knocked(expect((yield e.AskKnocks(0)), e.Knocks))

    def _again(self, gid: bytes) -> Flow[None]:
        asked = self._asked(gid)
        if asked is None or (yield from self._read(gid)):
            return
        found = expect((yield e.AskDoor(0, door_of(asked.name))), e.DoorIs)
        if found.group != gid:
            self._forget(gid)
            self._desk.show(n.Secure("GROUP_GONE", detail="#" + asked.name))
        else:
            done((yield e.Knock(0, gid)))

    # ---- letting in ----

    def knocked(self, event: e.Knocks) -> None:
        """The server says who asks."""
        for gid, name in event.who:
            row = self._talks.row(gid)
            if row is None or not row.state.door or len(self._seen) >= MOST_KNOCKS:
                continue
            if event.ref and (gid, name) in self._seen:
                continue
            self._seen.add((gid, name))
            if (gid, name) not in self._queue:
                self._queue.append((gid, name))
        if self._queue and not self._desk.flows.busy(LINE):
            self._desk.flows.start(LINE, self._let_in())

    def _let_in(self) -> Flow[None]:
        while self._queue:
            gid, name = self._queue.popleft()
            if name in self._desk.host.ignored:
                continue
            try:
                yield from self._consider(gid, name)
            except Refused as refused:
                if refused.check != QUICKER:
                    self._desk.stopped(refused)
            except ServerRefused as refused:
                if refused.failed.code == "conflict" and (gid, name) not in self._late:
                    self._late.add((gid, name))  # others let in at the same time: once more, after them
                    self._queue.append((gid, name))

    def _consider(self, gid: bytes, name: str) -> Flow[None]:
        """Somebody asks: their keys are looked at, and what the log says of them by now."""
        desk = self._desk
        user = yield from desk.learn(name)
        yield from self._circles.catch_up(gid)
        row = self._talks.row(gid)
        if row is None or not row.state.may_add(desk.me):
            return
        if user in row.state.members:
            yield from self._circles.show_to(gid, user)
        elif user not in row.state.removed:
            pins.usable(desk.batch(), user)
            yield from self._circles.add(gid, user)
        elif row.state.members[desk.me].admin and (gid, user) not in self._told:
            self._told.add((gid, user))
            desk.show(n.Secure("KNOCK_REMOVED", user, self._talks.shown(group_conv(gid))))
