"""`chat`: from the command line to a face, an App and the reactor. The only file of this face that has the reactor.

Rule: it wires and decides nothing. Whatever happens, the terminal is given back and the exit status is the face's.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients.core import collecting
from clients.core.face import Gone
from clients.line.opening import can_ask
from clients.line.options import Options, coloured, parse
from clients.line.plain import Input, Output, PlainScreen, is_terminal, standard

STOP_SECONDS = 8.0
LOCKED = {"STORE_LOCKED": 4, "usage": 2}
STOPPED = {signal.SIGTERM: 143, signal.SIGHUP: 129}


class UsageError(Exception):
    """Something about the call is wrong; the exit status is `code`."""

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code


class Main:
    """One run of the program. `full`: shows a conversation in a face of its own instead of ours."""

    def __init__(self, options: Options, reactor: Any, full: Callable[[Any, Any], int] | None = None) -> None:
        self.options = options
        self.reactor = reactor
        self._full = full
        self.output: Output = standard()
        self.code = 0
        self._over = False
        self.terminal: Any = None
        self.app: Any = None

    def run(self) -> int:
        """Everything; returns the exit status."""
        from clients.core.profile import Profile, folder
        from clients.core.start import WrongServer
        from clients.core.vault import ProfileError
        from clients.line.opening import opening

        options = self.options
        try:
            how = opening(options, os.environ, self.output)
            with Profile(folder(options.profile, dict(os.environ)), how) as profile:
                self._begin(profile)
        except ProfileError as error:
            self._say(error.code, str(error))
            self.code = LOCKED.get(error.code, 1)
        except WrongServer as error:
            self._say("usage", str(error))
            self.code = 2
        except UsageError as error:
            self._say("usage" if error.code == 2 else "error", str(error))
            self.code = error.code
        finally:
            if self.terminal is not None:
                self.terminal.stop()
            with contextlib.suppress(Gone):
                self.output.flush()
        return self.code

    def done(self, code: int) -> None:
        """The face is done; whatever else may end on the way out, the first status counts."""
        from twisted.internet.error import ReactorNotRunning

        if self._over:
            return
        self.code, self._over = code, True
        if self.reactor.running:
            with contextlib.suppress(ReactorNotRunning):
                self.reactor.stop()
        else:
            self.reactor.callWhenRunning(self.reactor.stop)

    def _begin(self, profile: Any) -> None:
        from clients.core.start import settings
        from clients.line.opening import change

        options = self.options
        if options.verb == "passphrase":
            self.output.line(change(options, profile))
            return
        target = options.server or profile.history.last_server() or self._ask_host()
        made = settings(
            target, options.plaintext, options.insecure, trust_new=options.trust_new, guest=options.guest,
            invitation=options.invitation, password=self._password() if options.verb == "link" else None,
        )  # fmt: skip
        if options.verb == "unpin":
            profile.history.set_pin(made.server, "")
            self.output.line(f"The certificate of {made.server} is forgotten.")
            return
        if options.verb == "link" and not made.user:
            raise UsageError("usage: chat link USER@HOST[:PORT]")
        if self._full is not None and not options.verb:
            self.code = self._full(made, profile)
            return
        face = self._errand(profile, made) if options.verb else self._face()
        self._go(face, profile, made)

    def _go(self, face: Any, profile: Any, made: Any) -> None:
        from twisted.logger import globalLogBeginner

        from clients.core.reading import KEEP
        from clients.core.start import make

        self.app = make(made, profile, face, self.reactor, getattr(face, "receive", KEEP), not self.options.verb)
        self._signals(face)
        observer: Any = self.broken
        globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)
        self.reactor.callWhenRunning(collecting.settled)
        self.reactor.callWhenRunning(face.begin, self.app)
        if self.terminal is not None:
            self.terminal.start()
        self.reactor.run(installSignalHandlers=False)

    def _say(self, code: str, text: str) -> None:
        if self.options.json:
            from clients.line import objects

            self.output.line(objects.error(code, text))
        else:
            self.output.line(f"chat: {text}", problem=True)

    # ---- the two kinds of face ----

    def _face(self) -> Any:
        """The interactive one: with an editor at a real terminal, else lines as they come."""
        from clients.line.face import LineFace
        from clients.line.terminal import Terminal

        options = self.options
        seen = is_terminal(sys.stdout)
        typed = is_terminal(sys.stdin)
        edits = fine(options)
        face: Any = None
        if edits:
            self.terminal = Terminal(self.reactor, sys.stdin.fileno(), lambda key: self._pressed(face, key))
            screen: Any = self.terminal
        else:
            screen = PlainScreen(self.output, shows=seen and typed)
        face = LineFace(
            screen, self._style, self.done, asks=typed or not options.no_input, json=options.json, quiet=options.quiet,
            trusts=typed and not options.no_input,
        )  # fmt: skip
        if not edits:
            self._input(face, screen)
        return face

    def _input(self, face: Any, screen: PlainScreen) -> None:
        """Standard input as it comes; it waits where more lines would only pile up."""

        def line(text: str) -> None:
            screen.typed()
            face.line(text)

        source = Input(self.reactor, sys.stdin.fileno(), line, face.end, lambda: bool(face.full))
        self.reactor.callWhenRunning(source.start)

    def _pressed(self, face: Any, key: Any) -> None:
        """What a key of the editor means."""
        if key.kind == "line":
            self.terminal.typed(key.text)
            face.line(key.text)
        elif key.kind == "interrupt":
            face.interrupt(time.monotonic())
        elif key.kind == "end":
            face.leave()
        elif key.kind == "suspend":
            self.terminal.suspend()
        elif key.kind == "clear":
            self.terminal.clear()

    def _errand(self, profile: Any, made: Any) -> Any:
        from clients.line.doctor import Doctor
        from clients.line.oneshot import Context, errand

        options = self.options
        context = Context(
            self.output, self.reactor, self._style, self.done, self._asker(), options.json, options.quiet,
            options.verbose, options.wait, options.count, options.follow,
        )  # fmt: skip
        if options.verb in ("file", "get"):
            return self._file(context)
        if options.verb == "doctor":
            return Doctor(context, made.server, str(profile.path), profile.vault.status(), made.user)
        if options.verb == "send" and options.words[1] in ("", "-"):
            options.words[1] = self._standard_input()
        more: dict[str, Any] = {"open": options.open}
        if options.verb == "passwd":
            more |= {"new": self._password(twice=True), "old": self._old_password}
        if options.verb == "keys" and options.words in (["recover"], ["reset"]):
            more["secret"] = self._password(asks="Recovery code: " if options.words == ["recover"] else "Password: ")
        return errand(options.verb, options.words, context, **more)

    def _file(self, context: Any) -> Any:
        """A file, up or down; how far it is, is told where somebody looks."""
        from clients.core.fileforms import readers
        from clients.line.files import GettingFile, SendingFile

        words, seen = self.options.words, is_terminal(sys.stderr)
        if self.options.verb == "get":
            return GettingFile(context, words[0], self.options.output, seen)
        return SendingFile(context, readers(words[0]), words[1], seen)

    def _standard_input(self) -> str:
        """All of standard input as one message."""
        if is_terminal(sys.stdin) and self.options.no_input:
            raise UsageError("usage: chat send TO TEXT")
        text = sys.stdin.buffer.read().decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")
        if not text.strip():
            raise UsageError("There is nothing to send.")
        return text

    # ---- questions ----

    def _can_ask(self) -> bool:
        return can_ask(self.options)

    def _asker(self) -> Callable[[str], bool] | None:
        return self._ask_yes if self._can_ask() else None

    def _ask_yes(self, question: str) -> bool:
        self.output.write(question, problem=True)
        return sys.stdin.readline().strip().lower() == "yes"

    def _ask_host(self) -> str:
        """The seed's question, where there is somebody to ask."""
        if self.options.verb or self.options.no_input:
            raise UsageError("Which server? Give --server [USER@]HOST[:PORT] or set CHAT_SERVER.")
        self.output.write("Enter host ip address: ")
        self.output.flush()
        if not is_terminal(sys.stdin):
            self.output.line("")
        host = _one_line(sys.stdin.fileno()).strip()
        if not host:
            raise UsageError("Which server? Give [USER@]HOST[:PORT].")
        return host

    def _password(self, twice: bool = False, asks: str = "Password: ") -> str:
        """A password from a file's first line, or asked for without being shown."""
        if self.options.password_file:
            try:
                return Path(self.options.password_file).read_text("utf-8").split("\n")[0].removesuffix("\r")
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"The password file cannot be read: {error}.", 1) from None
        if not self._can_ask():
            raise UsageError("A password is needed: give --password-file FILE.", 4)
        password = getpass.getpass("New password: " if twice else asks)
        if twice and getpass.getpass("Again: ") != password:
            raise UsageError("These are not the same; the password is as it was.", 1)
        return password

    def _old_password(self) -> str | None:
        if self.options.password_file:
            lines = Path(self.options.password_file).read_text("utf-8").splitlines()
            return lines[1] if len(lines) > 1 else None
        return getpass.getpass("Current password: ") if self._can_ask() else None

    # ---- the surroundings ----

    def broken(self, event: Any) -> None:
        """Twisted caught a mistake of ours: say so and end, rather than go on with who knows what."""
        failure = event.get("log_failure") or event.get("failure")  # the second is Twisted's older way
        if failure is None:
            return
        if self.terminal is not None:
            self.terminal.stop()
        self._say("internal", f"{failure.type.__name__}: {failure.getErrorMessage()} (a mistake in this program)")
        if self.options.verbose:
            self.output.line(failure.getTraceback(), problem=True)
        self.done(1)

    def _style(self) -> Any:
        from clients.core.show import Style

        options = self.options
        times = self.app.setting("times") if self.app is not None else "stored"
        view = self.app.view() if self.app is not None else None
        me, focus = (view.me, view.focus) if view is not None else ("", "#lobby")
        colour = coloured(options, os.environ, is_terminal(sys.stdout))
        return Style(colour, times, int(time.time() * 1000), options.verbose, me, focus)

    def _signals(self, face: Any) -> None:
        """Signals as calls in the reactor's thread; none of them ends us half-way."""

        def later(call: Callable[..., None], *args: Any) -> Callable[[int, Any], None]:
            return lambda number, frame: self.reactor.callFromThread(call, *args)

        def interrupt() -> None:
            if self.options.verb:
                face.interrupt()
            else:
                face.stop(130)

        signal.signal(signal.SIGINT, later(interrupt))
        for number, code in STOPPED.items():
            signal.signal(number, later(self._stopped, face, code))
        if self.terminal is not None:
            signal.signal(signal.SIGWINCH, later(self.terminal.redraw))
            signal.signal(signal.SIGCONT, later(self.terminal.resume))

    def _stopped(self, face: Any, code: int) -> None:
        """Told to end: what was said goes out first, but nothing holds us for long."""
        self.reactor.callLater(STOP_SECONDS, self.done, code)
        if self.options.verb:
            face.finish(code)
        else:
            face.stop(code)


def _one_line(descriptor: int) -> str:
    """One line and not a byte more: the rest is for whoever reads next."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            break
        line += byte
    return line.decode("utf-8", "replace")


def main() -> int:
    """This face, whatever the terminal."""
    return play(parse(sys.argv[1:], os.environ))


def play(options: Options, full: Callable[[Any, Any], int] | None = None) -> int:
    """One run; returns the exit status. The reactor is the one that is installed, if one is."""
    from twisted.internet import reactor

    # Twisted's timers follow the wall clock, which people and networks set; this one only goes forward.
    timed: Any = reactor
    timed.seconds = time.monotonic
    try:
        return Main(options, timed, full).run()
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            sys.stderr.write("\n")
        return 130


def fine(options: Options) -> bool:
    """Whether there is a person at a terminal that can do more than print lines."""
    seen = is_terminal(sys.stdout) and is_terminal(sys.stdin)
    return seen and os.environ.get("TERM", "dumb") not in ("", "dumb") and not options.json


if __name__ == "__main__":
    sys.exit(main())
