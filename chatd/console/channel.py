"""One SSH channel: a terminal, one verb (`ssh host who`), or verbs line by line (`ssh host < file`).

Rule: what the other end may ask for is in the table at the end, and nothing else is answered with yes. Who they are is
looked up for every line, so that a key that is taken away ends what it opened. What waits for a slow reader is bounded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from twisted.conch.ssh.channel import SSHChannel
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.connection import EXTENDED_DATA_STDERR
from twisted.conch.ssh.session import parseRequest_pty_req, parseRequest_window_change
from twisted.internet.defer import Deferred

from chatd.console import shown
from chatd.console.desk import Desk, Outcome, Question
from chatd.console.parser import LONGEST
from chatd.console.ssh import quiet
from chatd.console.verbs import DONE, OTHER, USAGE, Answer, Live, Operator, Row
from chatd.courtesy import resting

MOST_UNSENT: Final = 1 << 20  # bytes that may wait for a slow reader
MOST_INPUT: Final = 2 << 20  # bytes that are piped into one verb
LIVE_UNSENT: Final = 64 * 1024  # from here on rows of what goes on are left out
ENVIRONMENT: Final = (b"NO_COLOR", b"LANG", b"LC_ALL", b"LC_CTYPE", b"COLORTERM")
ROWS: Final = 50  # that are drawn in one go
WIDTH: Final = 200  # of tables, where there is no terminal
LARGEST: Final = 500  # columns and rows of a window
GONE: Final = "Your key has been taken out of authorized_keys. Goodbye."


class Terminal(Protocol):
    """Somebody types at it (`terminal.py`)."""

    def feed(self, data: bytes) -> None:
        """Keys."""

    def resized(self) -> None:
        """The window has another size."""

    def close(self) -> None:
        """The other end has gone."""


Opener = Callable[["Channel"], Deferred[Terminal | None]]


class Channel(SSHChannel):
    """What one `ssh` opens."""

    _log = quiet

    def __init__(self, desk: Desk, open_terminal: Opener, **more: Any) -> None:
        super().__init__(**more)
        self.desk = desk
        self.term = ""
        self.columns, self.rows = 80, 24
        self.environment: dict[bytes, bytes] = {}
        self._open_terminal = open_terminal
        self._taken = False  # it is for one thing
        self._terminal: Terminal | None = None
        self._stop: Callable[[], None] | None = None
        self._lines: list[str] | None = None
        self._partial = b""
        self._busy = self._eof = False
        self._wanted: str | None = None  # a verb that waits for all of its input
        self._early = b""  # keys that came before the terminal was there
        self._status = DONE

    @property
    def operator(self) -> Operator | None:
        """Who it is, if they still may be here."""
        avatar: Any = self.avatar
        found: Operator | None = avatar.operator(self.conn.transport.origin)  # type: ignore[union-attr]
        return found

    # ---- what may be asked for ----

    def requestReceived(self, requestType: bytes, data: bytes) -> int:
        function = REQUESTS.get(requestType)
        try:
            return int(function is not None and function(self, data))
        except (ValueError, IndexError, struct.error, UnicodeDecodeError):
            return 0

    def _pty(self, data: bytes) -> bool:
        term, size, _ = parseRequest_pty_req(data)
        self.term = term.decode("ascii", "replace")[:60] or "dumb"
        self._sized(size)
        return True

    def _sized(self, size: tuple[int, ...]) -> None:
        self.rows = min(max(2, size[0] or 24), LARGEST)
        self.columns = min(max(10, size[1] or 80), LARGEST)

    def _resize(self, data: bytes) -> bool:
        self._sized(parseRequest_window_change(data))
        if self._terminal is not None:
            self._terminal.resized()
        return True

    def _env(self, data: bytes) -> bool:
        name, value, _ = getNS(data, 2)
        if name in ENVIRONMENT:
            self.environment[name] = value[:100]
        return name in ENVIRONMENT

    def _shell(self, data: bytes) -> bool:
        if self._take():
            return False
        if not self.term:
            self._lines = []
            return True
        self._open_terminal(self).addCallback(self._opened)
        return True

    def _opened(self, terminal: Terminal | None) -> None:
        """The terminal is there, or there is no room for it."""
        if terminal is None:
            self.say("There are too many terminals open; try `ssh HOST VERB`.\n")
            self.end(OTHER)
            return
        self._terminal = terminal
        terminal.feed(self._early)
        if self._eof or self.localClosed:
            terminal.close()

    def _exec(self, data: bytes) -> bool:
        if self._take():
            return False
        line = getNS(data)[0].decode("utf-8", "replace")
        if self.desk.reads(line):
            self._wanted = line
        else:
            self.desk.clock.callLater(0, self._run, line)  # the yes to this request goes first
        return True

    def _take(self) -> bool:
        taken, self._taken = self._taken, True
        return taken

    def _signal(self, data: bytes) -> bool:
        self._interrupt()
        return True

    def _interrupt(self) -> bool:
        """Whoever is there wants no more of what is under way; whether something is."""
        if self._stop is None:
            return self.desk.stop(self)
        self._finish()
        return True

    # ---- what comes ----

    def dataReceived(self, data: bytes) -> None:
        if self._terminal is not None:
            self._terminal.feed(data)
        elif b"\x03" in data and self._interrupt():
            pass
        elif self._wanted is not None or self.term:
            self._early += data
            if len(self._early) > MOST_INPUT:
                self._say_wrong(f"That is more than {MOST_INPUT} bytes.")
                self.end(USAGE)
        elif self._lines is not None:
            *whole, self._partial = (self._partial + data).split(b"\n")
            if len(self._partial) > LONGEST or len(self._lines) + len(whole) > LONGEST:
                self._say_wrong("That is too much at once.")
                self.end(USAGE)
                return
            self._lines += [line.decode("utf-8", "replace") for line in whole]
            self._next()

    def extReceived(self, dataType: int, data: bytes) -> None:
        """Nothing comes here."""

    def eofReceived(self) -> None:
        self._eof = True
        if self._terminal is not None:
            self._terminal.close()
        elif self._wanted is not None:
            line, self._wanted = self._wanted, None
            self._run(line, self._early.decode("utf-8-sig", "replace"))
        elif self._lines is not None:
            if self._partial:
                self._lines.append(self._partial.decode("utf-8", "replace"))
                self._partial = b""
            self._next()

    def closed(self) -> None:
        """The channel is no more."""
        if self._terminal is not None:
            self._terminal.close()
        self._stop_live()
        self.desk.stop(self)

    # ---- verbs without a terminal ----

    def _next(self) -> None:
        """The next line that was piped in, one after the other."""
        if self._busy or self._lines is None:
            return
        while self._lines:
            line = self._lines.pop(0).strip()
            if line and not line.startswith("#"):
                self._busy = True
                self._run(line)
                return
        if self._eof:
            self.end(self._status)

    def _run(self, line: str, typed: str | None = None) -> None:
        operator = self.operator
        if operator is None:
            self._say_wrong(GONE)
            self.end(4)
            return
        self.desk.run(operator, line, False, typed, self).addCallback(self._show)

    def _show(self, outcome: Outcome) -> None:
        found = outcome.found
        if isinstance(found, Live):
            self._begin(outcome, found)
            return
        if isinstance(found, Question):
            found = Answer(note=f"{found.text} Say --yes if you are.", status=USAGE)
        self._status = self._status or found.status
        coloured = outcome.coloured(bool(self.term) and self.term != "dumb" and b"NO_COLOR" not in self.environment)
        drawn = self.desk.service.read(rendered, outcome, found, self.columns if self.term else WIDTH, coloured)
        drawn.addCallback(self._drawn, found.status)

    def _drawn(self, texts: tuple[str, str], status: int) -> None:
        out, err = texts
        self.say(out)
        if err:
            self._say_wrong(err)
        if self._lines is None:
            self.end(status)
        else:
            self._busy = False
            self._next()

    def _begin(self, outcome: Outcome, live: Live) -> None:
        """Something that goes on, until its time is over or the other end has gone."""
        left_out = 0

        def put(row: Row) -> None:
            nonlocal left_out
            if len(self.buf) > LIVE_UNSENT:
                left_out += 1
                return
            self.say((shown.as_json(outcome.verb, row) if outcome.json else shown.live(row, 1000)) + "\n")

        stop = live.start(put)
        timer = self.desk.clock.callLater(live.seconds, self._finish)

        def stop_all() -> None:
            stop()
            if timer.active():
                timer.cancel()

        self._stop = stop_all

    def _stop_live(self) -> None:
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()

    def _finish(self) -> None:
        self._stop_live()
        if self._lines is None:
            self.end(DONE)
        else:
            self._busy = False
            self._next()

    # ---- what goes out ----

    def say(self, text: str) -> None:
        """Send a text; a terminal at the other end does not begin a new line by itself."""
        self.put((text.replace("\n", "\r\n") if self.term else text).encode("utf-8", "replace"))

    def put(self, data: bytes) -> None:
        """Send bytes; a reader who takes nothing is let go."""
        if self.localClosed or self.closing or not data:
            return
        if len(self.buf) > MOST_UNSENT:
            self.conn.transport.transport.abortConnection()  # type: ignore[union-attr]
            return
        self.write(data)

    def _say_wrong(self, text: str) -> None:
        if not (self.localClosed or self.closing):
            end = "\r\n" if self.term else "\n"
            line = "".join(part + end for part in shown.answer(Answer(note=text), 200, False))
            self.writeExtended(EXTENDED_DATA_STDERR, line.encode("utf-8", "replace"))

    def end(self, status: int = OTHER) -> None:
        """Say how it went, and close."""
        if self.localClosed or self.closing:
            return
        self.conn.sendRequest(self, b"exit-status", struct.pack(">L", status))  # type: ignore[union-attr]
        self.loseConnection()


def rendered(outcome: Outcome, found: Answer, width: int, coloured: bool) -> tuple[str, str]:
    """What goes out and what goes wrong, of an answer. Ten thousand rows take 60 ms: off the reactor, with rests."""
    if not outcome.json:
        shows = found._replace(note="") if found.status else found
        lines = shown.answer(shows, width, coloured, paced)
        return "".join(line + "\n" for line in lines), found.note if found.status else ""
    rows = [shown.as_json(outcome.verb, row) for row in paced(found.rows)]
    if found.note and (found.status or not found.rows):
        kind = "error" if found.status else "note"
        rows.append(shown.as_json(outcome.verb, {kind: found.note, "status": found.status}))
    return "".join(row + "\n" for row in rows), ""


def paced(rows: Iterable[Any]) -> Iterable[Any]:
    """The same rows, with rests."""
    return resting(rows, ROWS)


REQUESTS: Final[dict[bytes, Callable[[Channel, bytes], bool]]] = {
    b"pty-req": Channel._pty,
    b"window-change": Channel._resize,
    b"env": Channel._env,
    b"shell": Channel._shell,
    b"exec": Channel._exec,
    b"signal": Channel._signal,
}
