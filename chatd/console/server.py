"""The console as one thing that the tap starts and stops: keys, audit log, desk, terminals, SSH.

Rule: it makes its parts and joins them, nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.logger import Logger

from chatd.console.audit import Audit
from chatd.console.channel import Channel
from chatd.console.commands import TABLE
from chatd.console.desk import Desk, Run
from chatd.console.keys import AuthorizedKeys, fingerprint, host_key
from chatd.console.shell import Shells
from chatd.console.ssh import ConsoleFactory
from chatd.console.terminal import Loop
from chatd.operations.service import Service

log = Logger()


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
        shells = Shells(self.desk, self._loop)

        def channel(**more: Any) -> Channel:
            return Channel(self.desk, shells.open, **more)

        self.factory = ConsoleFactory(key, keys, channel, reactor)

    def close(self) -> None:
        """End every session, and the terminals' thread."""
        self.factory.close()
        self._loop.stop()

    def let_go(self) -> None:
        """Close the audit log, when nobody writes into it any more."""
        self.audit.close()
