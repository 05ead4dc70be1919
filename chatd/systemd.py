"""What a supervisor such as systemd is told: that the server is ready, lives, and stops (sd_notify(3)).

Rule: a datagram to the socket that the environment names, and nothing where it names none; what goes wrong with that
never harms the service.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

log = Logger()


class Supervisor:
    """The supervisor, if there is one. `lives` says whether the server still does its work."""

    def __init__(
        self, environment: Mapping[str, str], pid: int, lives: Callable[[], bool], clock: IReactorTime
    ) -> None:
        self._path = environment.get("NOTIFY_SOCKET", "")
        self._lives = lives
        wanted = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        self.seconds = int(wanted) / 1e6 / 2 if wanted.isascii() and wanted.isdecimal() and mine else 0.0
        self._pulse = LoopingCall(self._alive)
        self._pulse.clock = clock

    def ready(self, status: str) -> None:
        """It serves from here on, and says from time to time that it does."""
        self.tell("READY=1", f"STATUS={status}")
        if self.seconds and not self._pulse.running:
            self._pulse.start(self.seconds)

    def stopping(self) -> None:
        """It is about to end."""
        self.tell("STOPPING=1")

    def stop(self) -> None:
        """Say nothing more."""
        if self._pulse.running:
            self._pulse.stop()

    def _alive(self) -> None:
        if self._lives():
            self.tell("WATCHDOG=1")

    def tell(self, *lines: str) -> bool:
        """Send these lines; whether they went out."""
        if self._path[:1] not in ("/", "@"):
            return False
        address = self._path if self._path[0] == "/" else "\0" + self._path[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.warn("the supervisor does not listen: {error}", error=str(error))
            return False
        return True
