"""The console as one thing that the tap starts and stops: keys, audit log, desk, terminals, SSH.

Rule: it makes its parts and joins them, nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from chatd.console.audit import Audit
from chatd.console.channel import Channel, Terminal
from chatd.console.commands import TABLE
from chatd.console.desk import Desk, Run
from chatd.console.keys import AuthorizedKeys, fingerprint, host_key
from chatd.console.loop import Loop
from chatd.console.ssh import ConsoleFactory
from chatd.operations.service import Service

log = Logger()


def _load() -> Any:
    """What a terminal needs: 0.2 s and 8 MB that most servers' days go by without."""
    from chatd.console.shell import Shells

    return Shells


class Console:
    """The staff console of one server. `run` runs a function on the audit log's own thread.

    Raises OSError, ValueError or AuditError where its files cannot be used.
    """

    def __init__(self, service: Service, reactor: Any, run: Run, secret: bytes) -> None:
        folder = service.folder.console
        keys = AuthorizedKeys(folder)
        keys.make()
        key = host_key(folder)
        self.fingerprint = fingerprint(key.public().blob())
        self.audit = Audit(Path(folder) / "audit.jsonl", service.folder.path / "audit.head", secret)
        problem = self.audit.open(service.now())
        if problem:
            log.error("console: {problem}; see `audit verify`", problem=problem)
        self.desk = Desk(service, TABLE, self.audit, reactor, run, lambda: service.settings().console_python)
        self._loop = Loop(reactor)
        self._service = service
        self._shells: Any = None

        def channel(**more: Any) -> Channel:
            return Channel(self.desk, self._open, **more)

        self.factory = ConsoleFactory(key, keys, channel, reactor)

    def _open(self, channel: Channel) -> Deferred[Terminal | None]:
        """A terminal for this channel."""
        ready = self._service.read(_load) if self._shells is None else succeed(None)
        return ready.addCallback(self._loaded, channel)

    def _loaded(self, shells: Any, channel: Channel) -> Terminal | None:
        if self._shells is None:
            self._shells = shells(self.desk, self._loop)
        found: Terminal | None = self._shells.open(channel)
        return found

    def close(self) -> None:
        """End every session, and the terminals' thread."""
        self.factory.close()
        self._loop.stop()

    def let_go(self) -> None:
        """Close the audit log, when nobody writes into it any more."""
        self.audit.close()
