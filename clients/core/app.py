"""Joins session, history and connection for one face.

Rule: no Twisted and no decisions on the protocol: whatever comes in is given to the session, and its Step is carried
out in this order: the face shows, the history keeps, the line carries. What a face does while it is shown something
waits until that Step is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from chatd.wire.pack import Command, Event
from clients.core import backoff, retention
from clients.core import intents as i
from clients.core import notices as n
from clients.core import records as r
from clients.core.commands import help_lines, parse
from clients.core.conversations import is_apart
from clients.core.editing import MOST, Mine, change, mine, replaced
from clients.core.edits import among
from clients.core.face import Face, Gone
from clients.core.filing import SETTING, Filing
from clients.core.history import History
from clients.core.jobs import Job
from clients.core.outbox import Outgoing, message_id
from clients.core.reading import SKIP
from clients.core.replies import sane
from clients.core.secure.talks import is_secret
from clients.core.session import Session
from clients.core.step import Step
from clients.core.transfer import Moves
from clients.core.trust import decide
from clients.core.vault import ProfileError
from clients.core.view import ONLINE, View

GOODBYE: Final = 3.0
SETTINGS: Final = {
    "times": ("stored", "always"),
    "theme": ("dark", "light", "plain"),
    "notify": ("bell", "desktop", "off"),
    "files": SETTING,
    "keep": retention.CHOICES,
}


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> None:
        """Let it not happen."""

    def active(self) -> bool:
        """Whether it still will."""


class Clock(Protocol):
    """Seconds that only go forward, and calls later."""

    def seconds(self) -> float:
        """Now."""

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object) -> Timer:
        """Call it after so many seconds."""


class Line(Protocol):
    """A connection to the server, made anew at every `open`; it tells its listener (the App) what happens."""

    def open(self, listener: Listener) -> None:
        """Connect."""

    def proceed(self) -> None:
        """The certificate is in order after all."""

    def write(self, commands: list[Command]) -> None:
        """Send these, in one go."""

    def close(self) -> None:
        """Close it; `lost` follows."""


class Listener(Protocol):
    """What a Line tells."""

    def judge(self, fingerprint: str, vouched: bool) -> str:
        """The server showed a certificate: `go`, `ask` (then `proceed` or `close` follows) or `refuse`."""

    def connected(self, binding: bytes, security: n.Security) -> None:
        """The line is open."""

    def received(self, events: list[Event]) -> None:
        """The server said these."""

    def lost(self, reason: str, opened: bool) -> None:
        """The line is gone, or (`opened` false) never came about."""


class App:
    """One client at work. `entropy` gives random bytes, `chance` a number from 0 to 1, `wall` the time in ms."""

    def __init__(
        self, face: Face, session: Session, history: History, account: int, line: Line, clock: Clock, *, server: str,
        trust_new: bool, entropy: Callable[[int], bytes], chance: Callable[[], float], wall: Callable[[], int],
        filing: Filing | None = None,
    ) -> None:  # fmt: skip
        self.face = face
        self.session = session
        self.history = history
        self.account = account
        self._line, self._clock = line, clock
        self._server, self._trust_new = server, trust_new
        self._entropy, self._chance, self._wall = entropy, chance, wall
        self._waiting: deque[Callable[[], None]] = deque()
        self._records: list[r.Record] = []
        self._commands: list[Command] = []
        self._jobs: list[Job] = []
        self._filing = filing
        session.files = filing.files if filing is not None else None
        session.wrote = self._wrote
        self._busy = False
        self._open = False
        self._timer: Timer | None = None
        self._attempt = 0
        self._ever = False
        self._question = ""
        self._asking = False
        self._leaving = False
        self._finishing = self._parting = False
        self.ended = False
        self._last = Step()
        self.how = ""
        session.ignored.update(key.partition(":")[2] for key in history.settings("ignore:"))

    # ---- what a face may do ----

    def start(self) -> None:
        """Connect, and stay connected."""
        with suppress(ProfileError):  # a disk that cannot be written is told when something must be kept
            self._forget()
        self._line.open(self)

    def enter(self, *lines: str) -> None:
        """These lines were typed."""
        self.act(*(intent for intent in map(parse, lines) if intent is not None))

    def act(self, *intents: i.Intent) -> None:
        """Do what a person wants."""
        self._do(*(partial(self._act, intent) for intent in intents))

    def then(self, call: Callable[[], None]) -> None:
        """Call this when what was entered so far is carried out."""
        self._do(call)

    def name(self, name: str) -> None:
        """The answer to AskName."""
        self._asking = False
        if not self._open:
            self.session.named(self._clock.seconds(), name)
            self._line.open(self)
        else:
            self._do(lambda: self._carry_out(self.session.named(self._clock.seconds(), name)))

    def trust(self, yes: bool) -> None:
        """The answer to AskTrust."""
        fingerprint, self._question = self._question, ""
        if not yes:
            self._end("untrusted", "The server's certificate was not accepted; nothing was sent.")
            return
        self.history.set_pin(self._server, fingerprint)
        self.how = "new"
        if self._open:
            self._line.proceed()
        else:
            self._line.open(self)

    def view(self) -> View:
        """What may be shown."""
        return self.session.view()

    def setting(self, key: str) -> str:
        """A setting of this client, or its default."""
        return self.history.settings().get(key, SETTINGS[key][0])

    def recent(self, to: str, limit: int) -> tuple[n.Said, ...]:
        """The newest messages of a conversation that this device has kept, oldest first."""
        return tuple(self.history.last(self.account, to, limit))

    def own(self, to: str) -> list[Mine]:
        """What one has said in a conversation and may say anew, as it is now, oldest first."""
        secure = self.session.secure
        kept = secure.kept_as(to) if secure is not None else ""
        said = self.history.own(self.account, kept or to, MOST)
        there = [one for one in said if is_secret(one.conversation) == bool(kept) and not is_apart(one.conversation)]
        return mine(there, self.session.outbox.all(), to)

    def stop_receiving(self) -> None:
        """From here on messages are neither shown nor acknowledged."""
        self.session.receive = SKIP

    def finish(self, limit: float) -> None:
        """Leave when everything said is accepted and everything asked is answered, or `limit` after the last sign."""
        self._finishing = True
        self._clock.callLater(limit, self._give_up, limit)
        self._do(lambda: None)

    def give_up_after(self, limit: float) -> None:
        """Leave, whatever is open, when the server has given no sign for `limit`."""
        self._clock.callLater(limit, self._give_up, limit)

    # ---- what the line tells ----

    def judge(self, fingerprint: str, vouched: bool) -> str:
        """Decide on the server's certificate; ask the face where it is unknown."""
        server = self._server
        decision = decide(server, fingerprint, vouched, self.history.pin(server), self._trust_new)
        self.how = decision.how
        if decision.pin is not None:
            self.history.set_pin(server, decision.pin)
        if decision.verdict == "ask":
            self._open = True
            self._question = fingerprint
            self.face.notice(n.AskTrust(server, fingerprint))
            with suppress(Gone):
                self.face.flush()
        if decision.verdict == "refuse":
            self._end("changed", decision.text)
        return decision.verdict

    def connected(self, binding: bytes, security: n.Security) -> None:
        """The line is open and trusted."""
        self._open = True
        self._last = Step()
        self.face.notice(n.Connected(security))
        self._do(lambda: self._carry_out(self.session.connected(self._clock.seconds(), binding)))

    def received(self, events: list[Event]) -> None:
        """The server said these: show all, keep all, then answer."""
        self._do(lambda: self._receive([sane(event) for event in events]))

    def lost(self, reason: str, opened: bool) -> None:
        """The line is gone."""
        was = self.session.state.status
        self._open = False
        self._do(lambda: self._carry_out(self.session.lost(self._clock.seconds())))
        if self._filing is not None:
            files = self._filing.files
            self._do(lambda: self.move(files.lost(self.now())))
        self._ever = self._ever or opened
        if self.ended or self._asking or self._question:
            return
        if self._leaving:
            self._end("left")
        elif not self._last.again:
            self._end("refused")
        elif not self._ever:
            self._end("unreachable", reason)
        else:
            self._come_back(self._last.stop or reason, still=was != ONLINE and self._attempt > 0)

    # ---- inside ----

    def _do(self, *work: Callable[[], None]) -> None:
        """Do this now, or after what is being done; keep and send once for all of it."""
        self._waiting.extend(work)
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting and not self.ended:
                while self._waiting and not self.ended:
                    self._waiting.popleft()()
                self._settle()
        except ProfileError as error:
            self._end("disk", str(error))
        except Gone:
            self._end("gone")
        finally:
            self._busy = False
        self._set_timer()
        if self._finishing and self.session.state.status == ONLINE and self._idle():
            self._finishing = False
            self._do(self._leave)
        elif self._leaving and not self._parting and not self.ended and not self.session.unfinished():
            self._do(self._part)

    def _idle(self) -> bool:
        return self.session.idle() and (self._filing is None or self._filing.files.idle())

    def _receive(self, events: list[Event]) -> None:
        now = self._clock.seconds()
        for event in events:
            if self._filing is not None and self._filing.takes(self, event):
                continue
            step = self.session.received(now, event)
            self._carry_out(step)
            if step.stop:
                break
        self._carry_out(self.session.settle(now))

    def _carry_out(self, step: Step) -> None:
        """Show, and whatever waits for that to be shown; the rest is for `_settle`."""
        following: Step | None = step
        while following is not None:
            for notice in following.notices:
                self._show(notice)
            self._records += following.records
            self._commands += following.commands
            if following.stop:
                self._last = following
                return
            following = self.session.resume(self._clock.seconds())

    def _settle(self) -> None:
        """Let the face be out, then keep, then send."""
        self.face.flush()
        records, self._records = self._records, []
        commands, self._commands = self._commands, []
        jobs, self._jobs = self._jobs, []
        if records:
            self.history.keep(self.account, records)
            self.session.kept()
        if commands and self._open:
            self._line.write(commands)
        if jobs and self._filing is not None:
            self._filing.work(self, jobs)
        if self._last.stop and self._open:
            self._line.close()

    def _show(self, notice: n.Notice) -> None:
        if isinstance(notice, n.AskName):
            self._asking = True
        if isinstance(notice, n.Welcomed):
            self._attempt = 0
        if isinstance(notice, n.KeysStatus):
            notice = msgspec.structs.replace(notice, profile=self.history.status())
        self.face.notice(notice)
        remark = self.history.remark() if isinstance(notice, n.Welcomed) else ""
        if remark:
            self._tell(remark)
        if self._filing is not None:
            self._filing.told(self, notice)

    # ---- what files need of it ----

    def now(self) -> float:
        """Seconds that only go forward."""
        return self._clock.seconds()

    def wall(self) -> int:
        """The time in ms."""
        return self._wall()

    def entropy(self, size: int) -> bytes:
        """Random bytes."""
        return self._entropy(size)

    def do(self, work: Callable[[], None]) -> None:
        """Do this now, or after what is being done."""
        self._do(work)

    def move(self, moves: Moves) -> None:
        """Show; the rest is for `_settle`. Messages that offer a file go the way of all messages."""
        for notice in moves.notices:
            self._show(notice)
        self._records += moves.records
        self._commands += moves.commands
        self._jobs += moves.jobs
        if moves.says:
            self._carry_out(self.session.say(self.now(), moves.says))

    def _file(self, intent: i.Intent) -> None:
        if self._filing is not None:
            self._filing.act(self, intent)

    def _come_back(self, reason: str, still: bool) -> None:
        self._attempt += 1
        wait = max(backoff.delay(self._attempt, self._chance()), self._last.retry)
        self.face.notice(n.Lost(reason, wait, still))
        self._do()
        if self.ended or self._leaving:
            return
        self._last = Step()
        self._clock.callLater(wait, self._reopen)

    def _reopen(self) -> None:
        if not self.ended and not self._open:
            self._line.open(self)

    def _set_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        times = [self.session.deadline(), self._filing.files.deadline() if self._filing is not None else None]
        when = min((one for one in times if one is not None), default=None)
        if when is not None and self._open and not self.ended:
            self._timer = self._clock.callLater(max(0.0, when - self._clock.seconds()), self._tick)

    def _tick(self) -> None:
        self._do(lambda: self._carry_out(self.session.tick(self._clock.seconds())))
        if self._filing is not None:
            files = self._filing.files
            self._do(lambda: self.move(files.tick(self.now())))

    def _give_up(self, limit: float) -> None:
        if self.ended or self._leaving:
            return
        left = self.session.pulse.heard_at + limit - self._clock.seconds()
        if left > 0 and self._open:
            self._clock.callLater(left, self._give_up, limit)
            return
        waiting = len(self.session.outbox)
        self._end("waiting", f"{waiting} message(s) not yet accepted; they wait here and go out next time.")

    def _end(self, code: str, text: str = "") -> None:
        if self.ended:
            return
        self.ended = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._waiting.clear()
        self._line.close()
        self.face.notice(n.Ended(code, text))
        with suppress(Gone):
            self.face.flush()

    def _leave(self) -> None:
        """Say goodbye, and go when the server has heard it or after a moment. The token goes too: next time is new."""
        if self._leaving:
            return
        self._leaving = True
        if self.session.state.status != ONLINE:
            self._end("left")
        elif not self.session.unfinished():
            self._part()
        else:
            self._clock.callLater(GOODBYE, self._part)

    def _part(self) -> None:
        """What was to be done before leaving is done, or takes too long."""
        if self._parting or self.ended:
            return
        self._parting = True
        who = self.session.entrance.who
        step = self.session.ask(self._clock.seconds(), i.Leave())
        step.records.append(r.Claim(who.name, b"", who.claimed))
        self._carry_out(step)
        self._clock.callLater(GOODBYE, self._end, "left")

    def _act(self, intent: i.Intent) -> None:
        local = _LOCAL.get(type(intent))
        if local is not None:
            local(self, intent)
        else:
            self._carry_out(self.session.ask(self._clock.seconds(), intent))

    def _send(self, to: tuple[str, ...], text: str, edits: bytes = b"") -> None:
        at = self._wall()
        text = text.encode("utf-8", "replace").decode()
        items = [Outgoing(message_id(at, self._entropy(10)), one, text, at, edits) for one in to]
        self._carry_out(self.session.say(self._clock.seconds(), items))

    def _edit(self, intent: i.Edit | i.Substitute) -> None:
        """Another text for what one has said; other words that are not in it are something to say."""
        to = self.session.state.focus
        own = self.own(to)
        meant = change(intent, own) if isinstance(intent, i.Edit) else replaced(intent, own)
        if isinstance(meant, n.Notice):
            self.face.notice(meant)
        elif meant is not None:
            self._send((to,), meant.text, meant.id)
        elif isinstance(intent, i.Substitute):
            self._send((to,), intent.line)

    def _wrote(self, conversation: str, id: bytes, sender: str) -> bool:
        """Did they say this there? What is about to be kept counts."""
        return among(self._records, conversation, id, sender) or self.history.wrote(
            self.account, conversation, id, sender
        )

    def _tell(self, *lines: str, intent: i.Intent | None = None) -> None:
        self.face.notice(n.Local(lines, intent))

    def _problem(self, intent: i.Problem) -> None:
        self.face.notice(n.Refused(intent.code, intent.text, intent.near, intent=intent))

    def _ignore(self, intent: i.Ignore) -> None:
        ignored = self.session.ignored
        if not intent.name:
            self._tell("Ignored: " + (", ".join(sorted(ignored)) or "nobody"), intent=intent)
            return
        self.history.set(f"ignore:{intent.name}", "yes" if intent.on else "")
        (ignored.add if intent.on else ignored.discard)(intent.name)
        self._tell(f"{intent.name} is {'ignored from now on' if intent.on else 'shown again'}.", intent=intent)

    def _set(self, intent: i.Setting) -> None:
        if not intent.key:
            self._tell(*(f"{key} = {self.setting(key)}" for key in SETTINGS), intent=intent)
        elif intent.key not in SETTINGS or (intent.value and intent.value not in SETTINGS[intent.key]):
            known = "; ".join(f"{key} ({' or '.join(values)})" for key, values in SETTINGS.items())
            self.face.notice(n.Refused("usage", f"Settings are: {known}.", intent=intent))
        else:
            if intent.value is not None:
                self.history.set(intent.key, intent.value)
            gone = self._forget() if intent.key == "keep" else 0
            deleted = (f"Deleted here: {gone} older message{'s' * (gone != 1)}.",) if gone else ()
            self._tell(f"{intent.key} = {self.setting(intent.key)}", *deleted, intent=intent)

    def _forget(self) -> int:
        """Delete what is older than this device is to keep; how many messages."""
        before = retention.oldest(self.setting("keep"), self._wall())
        if before is None:
            return 0
        if self.session.secure is not None:
            self.session.secure.forget(before)
        return self.history.forget_before(before)

    def _focus(self, intent: i.Focus) -> None:
        self.session.state.look_at(intent.to)
        self._tell(f"Bare lines go to {intent.to} now.", intent=intent)

    def _passphrase(self, intent: i.AskPassphrase) -> None:
        """Nobody changes it while the profile is in use, so that a typo cannot lock them out unseen."""
        how = "To change it, leave and say: chat passphrase (or chat passphrase keyring, or none)."
        self._tell(f"This profile is {self.history.status()}", how, intent=intent)

    def _search(self, intent: i.Search) -> None:
        self._found(intent.text, self.history.search(self.account, intent.text))

    def _history(self, intent: i.ReadHistory) -> None:
        """The server's log where there is a line, else what this device has seen; of what was set apart only that."""
        to, secure = intent.to or self.session.state.focus, self.session.secure
        kept = secure.kept_as(to) if secure is not None else ""
        if self.session.state.status == ONLINE and not kept and not is_apart(intent.to):
            self._carry_out(self.session.ask(self._clock.seconds(), intent))
            return
        self._found("", self.history.last(self.account, kept or to, intent.limit))

    def _found(self, text: str, messages: list[n.Said]) -> None:
        """What this device has of the past, as faces know it."""
        secure = self.session.secure
        shown = [secure.as_shown(said) for said in messages] if secure is not None else messages
        self.face.notice(n.Found(text, tuple(shown)))

    def _password(self, intent: i.ChangePassword) -> None:
        if intent.new is None:
            self.face.notice(n.AskPassword())
        else:
            self._carry_out(self.session.ask(self._clock.seconds(), intent))

    def _secret(self, intent: i.ResetKeys | i.Recover) -> None:
        """What needs a secret asks for it, where it was not given."""
        missing = intent.password is None and not intent.stop if isinstance(intent, i.ResetKeys) else not intent.code
        if missing:
            self.face.notice(n.AskSecret(intent))
        else:
            self._carry_out(self.session.ask(self._clock.seconds(), intent))


_LOCAL: Final[dict[type[i.Intent], Callable[[App, Any], None]]] = {
    i.Say: lambda app, intent: app._send((app.session.state.focus,), intent.text),
    i.Tell: lambda app, intent: app._send(intent.to, intent.text),
    i.Edit: App._edit,
    i.Substitute: App._edit,
    i.Problem: App._problem,
    i.Help: lambda app, intent: app._tell(*help_lines(intent.command), intent=intent),
    i.Ignore: App._ignore,
    i.Setting: App._set,
    i.Focus: App._focus,
    i.Search: App._search,
    i.ReadHistory: App._history,
    i.ChangePassword: App._password,
    i.AskPassphrase: App._passphrase,
    i.ResetKeys: App._secret,
    i.Recover: App._secret,
    i.SendFile: App._file,
    i.GetFile: App._file,
    i.DeclineFile: App._file,
    i.ListFiles: App._file,
    i.Leave: lambda app, intent: app._leave(),
}
