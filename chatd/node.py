"""The one place where the core meets the reactor: input, turn, journal, release, timer.

Rule: everything that one pass of the reactor reads goes into one turn; a turn is submitted when the pass is over.
What has to wait (a password's hash, a page of old messages) holds only its own session. Nothing is written to a
session but from a release, a page, or its end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, get_args

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd import archive, blobs, encryption, moderation, people
from chatd import messages as m
from chatd.admission import INSIDE, Admission, Policy, Proof
from chatd.auth import Passwords, verified
from chatd.core import sanctions
from chatd.core.groups import Audience, Conversation
from chatd.core.hub import Hub
from chatd.core.limits import Buckets, Limits, is_loopback
from chatd.core.people import profile
from chatd.core.turn import Command, Event, Post, Refused, Turn
from chatd.core.users import Link, Session
from chatd.entries import LogState, Row, Stored
from chatd.files import Folder
from chatd.journal import Journal, Run
from chatd.leaving import Leaving
from chatd.mailroom import Mailroom
from chatd.news import News
from chatd.past import Past
from chatd.release import Release
from chatd.store.interface import Store, StoreError
from chatd.transfers import Transfers

PAGE = 500
SWEEP_SECONDS = 5.0
PURGE_ROWS = 1000
GOODBYE_SECONDS = 3.0
log = Logger()


class Told:
    """What a port wants said behind commands that wait."""

    __slots__ = ("event",)

    def __init__(self, event: Any) -> None:
        self.event = event


class Watcher(Protocol):
    """Somebody who wants to know who comes and goes: the server's window, a console."""

    def arrived(self, name: str, address: tuple[str, int]) -> None:
        """A session is in."""

    def departed(self, name: str, address: tuple[str, int], lost: bool) -> None:
        """A session is out; `lost`: without a goodbye."""


class Observer(Protocol):
    """Somebody who wants to know what is asked and said, in numbers."""

    def received(self, session: Session, command: Command) -> None:
        """Somebody who is in asks for something."""

    def posted(self, post: Post, said: m.Send, stored: Stored, state: str) -> None:
        """A message is on disk and leaves."""


class Node:
    """One running chat service."""

    def __init__(
        self, store: Store, limits: Limits, policy: Policy, secret: bytes, passwords: Passwords, *,
        clock: IReactorTime, wall: Callable[[], float], write: Run, read: Run,
        random: Callable[[int], bytes] = os.urandom, failed: Callable[[Failure], None],
    ) -> None:  # fmt: skip
        self.limits = limits
        self.watchers: list[Watcher] = []
        self.sessions: dict[Session, None] = {}
        self.stopping = False
        self._store = store
        self._clock = clock
        self._wall = wall
        self._read = read
        self._random = random
        self._report = failed
        directory = store.load()
        first = Hub.first_entries(directory, int(wall() * 1000))
        if first:
            store.commit(first)
            directory = store.load()
        try:
            self.hub = Hub(directory, limits, self, secret, store.load_sealed(), verified)
        except Refused as refusal:  # what was signed is looked into again
            raise StoreError(f"signed lists or groups are damaged ({refusal}); run `chatd-admin verify`") from None
        self.hub.sealed.tags.on = policy.report_tags
        self.admission = Admission(self, self.hub, policy, secret, passwords, random)
        self._journal = Journal(store, write, self._let_go, self._broken, clock)
        self._release = Release()
        self.past = Past(self, store, read)
        self.mailroom = Mailroom(self, store, read, self._journal.run, clock, self._broken)
        store.commit(self.mailroom.new_keys(int(wall() * 1000), random(32)))
        self.transfers: Transfers | None = None
        self._news = News(self.hub.everyone, clock, limits)
        self._leaving = Leaving(self._depart, clock)
        self._releasing = False
        self._observer: Observer | None = None
        self._turn: Turn | None = None
        self._now = clock.seconds()
        self._after: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._strangers: dict[Session, None] = {}
        self._busy: dict[Session, None] = {}
        self._rates = Buckets(limits.message_rate, limits.message_burst)
        self._lines = Buckets(limits.line_rate, limits.line_burst)
        self._lists = Buckets(limits.lists_per_second, limits.lists_burst)
        self._next_purge = clock.seconds()

    def configure(self, limits: Limits, policy: Policy) -> None:
        """Take other limits and another policy from here on; rates stay until the next start."""
        self.limits = self.hub.limits = limits
        self.admission.policy = policy
        self.hub.sealed.tags.on = policy.report_tags

    def keep_files(self, folder: Folder, run: Run) -> None:
        """Take files from here on, and keep them in this folder; `run` runs what waits for its disk."""
        self.transfers = Transfers(self, folder, run)
        self.transfers.collect()

    @property
    def journal(self) -> Journal:
        """Group commit: its figures may be read."""
        return self._journal

    @property
    def load(self) -> int:
        """How many entries wait for the disk."""
        return self._journal.load

    def observe(self, observer: Observer | None) -> None:
        """Tell this one from here on what is asked and said, or nobody."""
        self._observer = observer
        self._release.posted = observer.posted if observer is not None else None

    # ---- the ports' side ----

    def open(
        self, link: Link, address: tuple[str, int], binding: bytes, line: bool = False, certificate: str = "",
        patience: float = 0.0,
    ) -> Session:  # fmt: skip
        """A connection is there; `line`: without a device of its own; `certificate`: of the TLS client.

        `patience`: how many seconds more than others it may take to come in.
        """
        session = Session(link, address)
        session.line, session.lobby = line, not line
        session.secure, session.certificate = bool(binding), certificate
        session.proof = Proof(self._random(32), binding, self._clock.seconds() + patience)
        session.metered = not is_loopback(address[0])
        self._strangers[session] = None
        return session

    def receive(self, session: Session, command: Command) -> None:
        """A command came in."""
        if session.over:
            return
        if session.held is not None:
            session.held.append(command)
            return
        turn = self._turn or self.turn()
        session.heard = self._now
        if self._observer is not None:
            self._observer.received(session, command)
        kind = type(command)
        if session.user is None and kind is not m.Quit:
            self.admission.receive(session, command, turn)
            return
        if session.metered:  # who is muted is, too
            if kind in TOLD:
                self._meter(session, turn)
                if self._is_muted(session, command, turn):
                    return
            elif kind in LISTS and not self._may_list(session, command, turn):
                return
        special = SPECIAL.get(kind)
        if special is not None:
            special(self, session, command, turn)
        else:
            self.hub.apply(session, command, turn)
        self._look_at_load(session)

    def receive_all(self, session: Session, commands: Sequence[Command]) -> None:
        """Commands came in together; those that are common and need no look at rates are dealt with in one go."""
        plain = len(commands) > 1 and not (session.metered or session.over or self._observer)
        if plain and session.user is not None and session.held is None and PLAIN.issuperset(map(type, commands)):
            turn = self._turn or self.turn()
            session.heard = self._now
            self.hub.apply_all(session, commands, turn)
            self._look_at_load(session)
        else:
            for command in commands:
                self.receive(session, command)

    def _look_at_load(self, session: Session) -> None:
        """Read no more from a session for now, where more waits for the disk than may."""
        if self._journal.load > self.limits.waiting_entries:
            self._busy[session] = None
            session.link.hold("busy")

    def heard(self, session: Session) -> None:
        """The other end has said something, if no command."""
        session.heard = self._clock.seconds()

    def may(self, session: Session, lines: int = 1) -> int:
        """How many of so many lines of a line session may be dealt with now; from afar one by one, counted."""
        if not session.metered:
            return lines
        who = str(session.user.id) if session.user is not None else "{}|{}".format(*session.address)
        return 0 if self._lines.take(who, self._clock.seconds()) else 1

    def refuse(self, session: Session, code: str, text: str) -> None:
        """What came in was no command."""
        turn = self._turn or self.turn()
        turn.reply(session, m.Failed(0, code, text))

    def tell(self, session: Session, event: Any) -> None:
        """Tell a session something of its port's own, behind the answers to what came before."""
        if session.held is not None:
            session.held.append(Told(event))
        elif not session.over:
            (self._turn or self.turn()).reply(session, event)

    def strangers(self) -> int:
        """How many connections are there on which nobody is in."""
        return len(self._strangers)

    def newcomers(self) -> list[Session]:
        """Those connections."""
        return list(self._strangers)

    def person(self, name: str) -> people.Profile | None:
        """What may be seen of whom an event means by this name."""
        user = self.hub.users.known(name)
        return profile(user, int(self._wall() * 1000)) if user is not None else None

    def source(self, name: str) -> str:
        """`nick!ident@host` of whom an event means by this name."""
        return self.hub.users.source(name)

    def close(self, session: Session, lost: bool) -> None:
        """The connection is gone."""
        self._strangers.pop(session, None)
        self.sessions.pop(session, None)
        self._busy.pop(session, None)
        if self.transfers is not None:
            self.transfers.forget(session)
        if session.user is not None and not session.over:
            session.over = True
            self._leaving.add(session, lost)
        session.over = True

    def _depart(self, session: Session, lost: bool) -> None:
        self.hub.depart(session, lost and not self.stopping, self.turn())

    def lagging(self, session: Session) -> None:
        """A session's unsent bytes are over the limit: feed it from the store from now on.

        A line session is ended: IRC has no way to say how things stand that were missed (who came, who left, which
        modes), and its mail stays.
        """
        if session.line:
            self._cut(session, "lagging", "Send queue exceeded", "; what is kept for you comes when you are back.")
            return
        if session.user is not None and (session.live or (session.feed is not None and session.feed.live)):
            log.info("session of {user} reads slowly: fed from the store", user=session.user.id)
            self.hub.lag(session)

    def room(self, session: Session) -> None:
        """Everything sent to a session has been taken."""
        if session.behind:
            self._pump(session)
        self.mailroom.pump(session)
        if self.transfers is not None:
            self.transfers.room(session)

    # ---- turns ----

    def turn(self) -> Turn:
        """The turn of this pass of the reactor."""
        if self._turn is None:
            self._turn = Turn(int(self._wall() * 1000))
            self._now = self._clock.seconds()
            self._clock.callLater(0, self._submit)
        return self._turn

    def _submit(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None and (turn.items or turn.entries):
            self._journal.submit(turn)

    def _let_go(self, turns: Sequence[Turn], stored: Iterator[Stored]) -> None:
        self._releasing = True
        try:
            self._release.turns(turns, stored)
            self._release.write()
            if turns:
                self.hub.trail.commits.append((turns[0].now, turns[-1].now, int(self._wall() * 1000)))
        finally:
            self._releasing = False
        after, self._after = self._after, []
        for function, arguments in after:
            function(*arguments)
        if self._busy and self._journal.load < self.limits.waiting_entries // 2:
            busy, self._busy = self._busy, {}
            for session in busy:
                session.link.release("busy")

    def _broken(self, failure: Failure) -> None:
        log.failure("the store failed; stopping, so that nothing is promised that is not kept", failure)
        for session in list(self.sessions) + list(self._strangers):
            session.link.abort()
        self._report(failure)

    # ---- what the hub asks when a turn leaves ----

    def say(self, session: Session, event: Event) -> None:
        """Tell a session, in the order of the release if there is one."""
        self._release.say(session, event)
        if not self._releasing:
            self._release.write()

    def cast(self, to: Audience | Iterable[Session], event: Event, but: Session | None = None) -> None:
        """Tell an audience or some sessions, in the order of the release."""
        self._release.cast(to, event, but)

    def arrived(self, session: Session) -> None:
        """A session is in."""
        assert session.user is not None
        session.link.admitted()
        for watcher in self.watchers:
            watcher.arrived(session.user.name, session.address)

    def departed(self, session: Session, lost: bool) -> None:
        """A session is out."""
        assert session.user is not None
        for watcher in self.watchers:
            watcher.departed(session.user.name, session.address, lost)

    def hungry(self, session: Session) -> None:
        """There are stored messages, or mail, for a session: send them when what leaves now has left."""
        self._after.append((self._pump, (session,)))
        self._after.append((self.mailroom.pump, (session,)))

    def announce(self, event: m.Presence, but: Session | None) -> None:
        """Somebody came or went."""
        if not self._news.gather(event, but):
            self._release.cast(self.hub.everyone, event, but)

    def end_later(self, session: Session, event: m.Bye) -> None:
        """End a session when what this turn says to it has been said."""
        self.turn().then(self.end, session, event)

    def end(self, session: Session, event: m.Bye) -> None:
        """End a session when what leaves now has left."""
        self._after.append((session.link.end, (event,)))

    # ---- stored messages ----

    def _pump(self, session: Session) -> None:
        """Read the next page of what a session still has to get, unless it is being read or there is no room."""
        while session.behind and not session.pumping and not session.over and not session.link.paused:
            conversation, after = next(iter(session.behind.items()))
            if after >= conversation.head:
                self.hub.caught_up(session, conversation)
                continue
            session.pumping = True
            head = conversation.head
            page = self._read(self._store.read, conversation.id, after, head, PAGE)
            page.addCallbacks(self._page, self.unreadable, (session, conversation, head), {}, (session,))

    def _page(self, rows: list[Row], session: Session, conversation: Conversation, head: int) -> None:
        session.pumping = False
        if session.over or conversation not in session.behind:
            return
        session.behind[conversation] = rows[-1].seq if rows else head
        if rows:
            data = session.link.page(conversation.name, [self.past.message(conversation, row) for row in rows])
            if data:
                session.link.write(data)
        self._pump(session)

    def unreadable(self, failure: Failure, session: Session) -> None:
        """The store cannot give what a session wants: end it."""
        session.pumping = False
        session.behind.clear()
        log.failure("stored messages cannot be read; run chatd-admin verify", failure)
        session.link.abort()

    # ---- commands that wait, and the end ----

    def hold(self, session: Session) -> None:
        """Keep a session's further commands until `go_on`."""
        session.held = []
        session.link.hold("answer")

    def go_on(self, session: Session) -> None:
        """Take up the commands that came in meanwhile, until one of them waits again."""
        held, session.held = session.held or [], None
        session.link.release("answer")
        for command in held:  # both keep it again, if one before it has to wait
            if type(command) is Told:
                self.tell(session, command.event)
            else:
                self.receive(session, command)

    def admitted(self, session: Session) -> None:
        """A stranger has become a session."""
        self._strangers.pop(session, None)
        self.sessions[session] = None

    def _quit(self, session: Session, command: m.Quit, turn: Turn) -> None:
        self.hub.depart(session, False, turn, command.reason)
        session.over = True
        self.end_later(session, m.Bye("goodbye", "Come back soon."))

    def _file(self, session: Session, command: Any, turn: Turn) -> None:
        if self.transfers is None:
            self.hub.refuse(session, command.ref, Refused("no-files", "This server takes no files."), turn)
        else:
            self.transfers.ask(session, command, turn)

    def _mail(self, session: Session, command: Any, turn: Turn) -> None:
        self.mailroom.put(session, command, turn)

    def _past(self, session: Session, command: Command, turn: Turn) -> None:
        self.past.ask(session, command, turn)

    def _credentials(self, session: Session, command: Command, turn: Turn) -> None:
        self.admission.apply(session, command, turn)

    def _meter(self, session: Session, turn: Turn) -> None:
        """Slow a session down that sends too fast: it is read later, nothing is lost."""
        assert session.user is not None
        wait = self._rates.spend(str(session.user.id), self._now)
        if wait and not session.slowed:
            session.slowed = True
            turn.reply(session, m.Notice("slow-down", f"You send too fast; going on in {wait:.0f} s.", wait))
            session.link.hold("rate")
            self._clock.callLater(wait, self._speed_up, session)

    def _is_muted(self, session: Session, command: Any, turn: Turn) -> bool:
        if session.user is None or session.user.muted is None:
            return False
        try:
            sanctions.check_speech(self.hub, session, command, turn.now)
        except Refused as refusal:
            self.hub.trail.refuse(session.user, command, refusal.code, turn.now)
            self.hub.refuse(session, command.ref, refusal, turn)
            return True
        return False

    def _may_list(self, session: Session, command: Any, turn: Turn) -> bool:
        """Lists cost more to answer than to ask for: who asks too often is refused."""
        assert session.user is not None
        wait = self._lists.take(str(session.user.id), self._now)
        if wait:
            self.hub.refuse(session, command.ref, Refused("rate-limited", "Too many questions.", retry=wait), turn)
        return not wait

    def _speed_up(self, session: Session) -> None:
        session.slowed = False
        session.link.release("rate")

    # ---- timer and stop ----

    def sweep(self) -> None:
        """Every few seconds: end who is late to log in and who has gone silent, forget what is too old."""
        now = self._clock.seconds()
        for session in list(self._strangers):
            if now - session.proof.since >= self.limits.login_seconds:
                session.over = True
                session.link.end(m.Bye("timeout", f"No login within {self.limits.login_seconds:.0f} seconds."))
        for session in list(self.sessions):
            silent = now - session.heard
            if silent > self.limits.silent_seconds / 2:
                self._ask_for_life(session, now, silent > self.limits.silent_seconds)
        if self.hub.sanctions.over(int(self._wall() * 1000)):
            sanctions.expire(self.hub, self.turn())
        self.mailroom.sweep(int(self._wall() * 1000))
        if now >= self._next_purge and not self.stopping:
            self._next_purge = now + 3600
            self._purge()
            self.mailroom.tidy(int(self._wall() * 1000), self._random(32))
            if self.transfers is not None:
                self.transfers.sweep(int(self._wall() * 1000))

    def _ask_for_life(self, session: Session, now: float, late: bool) -> None:
        if session.link.nudge():
            session.heard = now
        elif late and session.line and not session.over:
            self._cut(session, "timeout", "Ping timeout")
        elif late:
            session.link.abort()

    def _cut(self, session: Session, code: str, reason: str, more: str = "") -> None:
        """End a session that is in, and say why to others and (with `more`) to it."""
        if session.over or session.user is None:
            return
        self.hub.depart(session, True, self.turn(), reason)
        session.link.end(m.Bye(code, reason + more))

    def _purge(self) -> None:
        before = int((self._wall() - self.limits.retention_days * 86400) * 1000)
        self._journal.run(self._store.purge, before, PURGE_ROWS).addCallbacks(self._purged, self._broken)

    def _purged(self, changed: list[LogState]) -> None:
        for state in changed:
            conversation = self.hub.conversations.by_id.get(state.conversation)
            if conversation is not None:
                conversation.floor = state.floor
        if changed and not self.stopping:
            self._clock.callLater(0.1, self._purge)

    def stop(self) -> Deferred[None]:
        """Answer everything that was taken, say goodbye; fires when everybody has gone or had the time to."""
        self.stopping = True
        for session in self._here():
            session.link.hold("stopping")  # or somebody who goes on sending would keep the journal busy for ever
        self._submit()
        return self._journal.drained().addCallback(lambda _: self._say_goodbye())

    def _say_goodbye(self) -> Deferred[None]:
        for session in self._here():
            session.link.release("stopping")
            session.link.end(m.Bye("stopping", "The server is stopping; your program will come back by itself."))
        self._clock.callLater(GOODBYE_SECONDS, self._cut_the_rest)
        self._everybody_gone: Deferred[None] = Deferred()
        self._see_them_off()
        return self._everybody_gone.addCallback(lambda _: self._journal.drained())

    def _here(self) -> list[Session]:
        return list(self.sessions) + list(self._strangers)

    def _see_them_off(self) -> None:
        """Fire when nobody is left and their leaving has been noted."""
        if not (self._here() or self._leaving) and self._turn is None:
            self._everybody_gone.callback(None)
        else:
            self._clock.callLater(0.01, self._see_them_off)

    def _cut_the_rest(self) -> None:
        for session in self._here():
            session.link.abort()


# none of these ends a session, or makes it wait
PLAIN = frozenset((m.Send, m.Acknowledge, m.Ping))
# others hear of these
TOLD = frozenset((
    m.Send, m.Away, m.SetTopic, m.SetPolicy, m.SetRole, m.Leave, m.Kick, people.SetNick, people.SetProfile, people.Pass,
    people.LeaveAll, people.SetMetadata, moderation.SetModes, moderation.Rename, moderation.Wallops, moderation.Redact,
    archive.Mark, encryption.PutMail, blobs.CreateBlob, blobs.DeleteBlob,
))  # fmt: skip
# the answers cost more than the questions
LISTS = frozenset((
    m.Who, m.Whois, m.Members, m.Groups, m.Inbox, m.History, m.Devices, people.Find, people.Past, people.Count,
    people.Monitor, people.AskMetadata, moderation.AskModes, moderation.AskMasks, encryption.AskModerators,
    archive.Browse, archive.Targets, archive.Explain,
))  # fmt: skip
SPECIAL: dict[type, Callable[[Node, Session, Any, Turn], None]] = {
    m.History: Node._past,
    archive.Browse: Node._past,
    archive.Explain: Node._past,
    moderation.Report: Node._past,
    moderation.Redact: Node._past,
    m.Quit: Node._quit,
    encryption.PutMail: Node._mail,
    **dict.fromkeys(get_args(blobs.Command), Node._file),
    **dict.fromkeys(INSIDE, Node._credentials),
}
