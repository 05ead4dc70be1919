"""`chat` at a terminal: from options and a profile to a full screen. The only file of this face that has the reactor.

Rule: it wires and decides nothing. The reactor is asyncio's, in whose loop the toolkit runs too. Whatever happens, the
terminal is given back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from typing import Any

STOP_SECONDS = 8.0
STOPPED = {signal.SIGTERM: 143, signal.SIGHUP: 129}


class Screen:
    """One run of the full screen."""

    def __init__(self, reactor: Any, colour: bool, verbose: bool = False) -> None:
        self._reactor = reactor
        self._colour = colour
        self._verbose = verbose
        self._app: Any = None
        self._application: Any = None
        self._face: Any = None
        self._left = ""
        self._shown: Any = None
        self.code = 0

    def run(self, settings: Any, profile: Any) -> int:
        """Everything; returns the exit status."""
        from twisted.logger import globalLogBeginner

        from clients.core.start import make
        from clients.screen.face import ScreenFace
        from clients.screen.surface import Toolkit

        toolkit = Toolkit(settings.server, os.environ, self._setting, self._colour)
        self._face = face = ScreenFace(toolkit, self._done, lambda: int(time.time() * 1000))
        self._app = make(settings, profile, face, self._reactor)
        self._application = toolkit.build(face)
        observer: Any = self._broken
        globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)
        self._reactor.callWhenRunning(self._begin)
        self._reactor.run(installSignalHandlers=False)
        if self._left:
            sys.stdout.write(self._left + "\n")
        return self.code

    def _setting(self, key: str) -> str:
        return str(self._app.setting(key)) if self._app is not None else ""

    def _begin(self) -> None:
        loop = asyncio.get_event_loop()
        for number, code in STOPPED.items():
            loop.add_signal_handler(number, self._stopped, code)
        self._shown = loop.create_task(self._show())
        self._face.begin(self._app)

    async def _show(self) -> None:
        """The terminal is ours until this ends."""
        try:
            await self._application.run_async(set_exception_handler=False, handle_sigint=False)
        except EOFError:
            self.code = 129  # the terminal is gone
        finally:
            self._reactor.stop()

    def _done(self, code: int, text: str) -> None:
        """The face is done; whatever else may end on the way out, the first status counts."""
        if self._application.is_running:
            self.code, self._left = code, text
            self._application.exit()
        elif not self._left:
            self.code, self._left = code, text
            self._reactor.callLater(0, self._application.exit)

    def _stopped(self, code: int) -> None:
        """Told to end: what was said goes out first, but nothing holds us for long."""
        self._reactor.callLater(STOP_SECONDS, self._done, code, "")
        self._face.stop(code)

    def _broken(self, event: Any) -> None:
        """Twisted caught a mistake of ours: say so and end, rather than go on with who knows what."""
        failure = event.get("log_failure") or event.get("failure")
        if failure is None:
            return
        text = f"chat: {failure.type.__name__}: {failure.getErrorMessage()} (a mistake in this program)"
        self._done(1, text + ("\n" + failure.getTraceback() if self._verbose else ""))


def install() -> Any:
    """The reactor of this face; it must be the first that is named in the process."""
    with contextlib.suppress(Exception):
        from twisted.internet import asyncioreactor

        asyncioreactor.install()
    from twisted.internet import reactor

    timed: Any = reactor
    timed.seconds = time.monotonic
    return timed
