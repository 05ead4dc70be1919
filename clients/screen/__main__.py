"""`chat` at a terminal: from options and a profile to a full screen. The only file of this face that has the reactor.

Rule: it wires and decides nothing. The reactor is asyncio's, in whose loop the toolkit runs too. Whatever happens, the
terminal is given back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import traceback
from typing import Any

from clients.core import collecting

STOP_SECONDS = 8.0
STOPPED = {signal.SIGTERM: 143, signal.SIGHUP: 129}


class Screen:
    """One run of the full screen."""

    def __init__(self, reactor: Any, loop: asyncio.AbstractEventLoop, colour: bool, verbose: bool = False) -> None:
        self._reactor = reactor
        self._loop = loop
        self._colour = colour
        self._verbose = verbose
        self._app: Any = None
        self._application: Any = None
        self._face: Any = None
        self._left = ""
        self._over = False
        self._shown: Any = None
        self.code = 0

    def run(self, settings: Any, profile: Any) -> int:
        """Everything; returns the exit status."""
        from twisted.logger import globalLogBeginner

        from clients.core.start import make
        from clients.core.windows.face import WindowsFace
        from clients.screen.surface import Toolkit

        toolkit = Toolkit(settings.server, os.environ, self._setting, self._colour)
        self._face = face = WindowsFace(toolkit, self._done, lambda: int(time.time() * 1000))
        self._app = make(settings, profile, face, self._reactor)
        self._application = toolkit.build(face)
        observer: Any = self._broken
        globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)
        self._reactor.callWhenRunning(collecting.settled)
        self._reactor.callWhenRunning(self._begin)
        self._reactor.run(installSignalHandlers=False)
        if self._left:
            sys.stdout.write(self._left + "\n")
        return self.code

    def _setting(self, key: str) -> str:
        return str(self._app.setting(key)) if self._app is not None else ""

    def _begin(self) -> None:
        for number, code in STOPPED.items():
            self._loop.add_signal_handler(number, self._stopped, code)
        self._loop.set_exception_handler(self._failed)
        self._shown = self._loop.create_task(self._show())
        self._face.begin(self._app)

    async def _show(self) -> None:
        """The terminal is ours until this ends."""
        try:
            await self._application.run_async(set_exception_handler=False, handle_sigint=False)
        except EOFError:
            self.code = 129  # the terminal is gone
        except Exception as error:
            self.code, self._left = 1, self._mistake(type(error).__name__, str(error), traceback.format_exc())
        finally:
            self._reactor.stop()

    def _done(self, code: int, text: str) -> None:
        """The face is done; whatever else may end on the way out, the first status counts."""
        if self._over:
            return
        self.code, self._left, self._over = code, text, True
        if self._application.is_running:
            self._application.exit()
        else:
            self._reactor.callLater(0, self._end)

    def _end(self) -> None:
        """It ended before there was anything to see, or just while it began."""
        if self._application.is_running:
            self._application.exit()
        elif self._reactor.running:
            self._reactor.stop()

    def _stopped(self, code: int) -> None:
        """Told to end: what was said goes out first, but nothing holds us for long."""
        self._reactor.callLater(STOP_SECONDS, self._done, code, "")
        self._face.stop(code)

    def _broken(self, event: Any) -> None:
        """Twisted caught a mistake of ours: say so and end, rather than go on with who knows what."""
        failure = event.get("log_failure") or event.get("failure")
        if failure is None:
            return
        self._done(1, self._mistake(failure.type.__name__, failure.getErrorMessage(), failure.getTraceback()))

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A key or a timer of the toolkit's met a mistake of ours."""
        error = context.get("exception") or RuntimeError(context.get("message", ""))
        trace = "".join(traceback.format_exception(error))
        self._done(1, self._mistake(type(error).__name__, str(error), trace))

    def _mistake(self, kind: str, text: str, trace: str) -> str:
        return f"chat: {kind}: {text} (a mistake in this program)" + (f"\n{trace}" if self._verbose else "")


def install() -> tuple[Any, asyncio.AbstractEventLoop]:
    """The reactor of this face, and its loop; it must be the first that is named in the process."""
    from twisted.internet import asyncioreactor

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor

    return reactor, loop
