"""A house with somebody who runs it: the Service over a node in memory.

Rule: as in `tests/kit.py`; what waits for a disk waits until `house.commit()`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from chatd.config import Settings
from chatd.courtesy import REST
from chatd.data import DataFolder
from chatd.operations.apart import PROGRAM
from chatd.operations.service import Service
from chatd.tls import Certificates
from tests.kit import House

MOST_RESTS: Final = 200


def service_of(house: House, path: str) -> Service:
    """The house as operations see it, with a data folder at this path."""
    folder = DataFolder(path)
    for part in (folder.files, folder.tls, folder.console):
        os.makedirs(part, mode=0o700, exist_ok=True)
    return Service(
        house.node, house.store, folder, Certificates(folder.tls), house.clock, house.reader,
        at_once, settings=Settings, filed=Settings, reload=list, wall=house.wall,
    )  # fmt: skip


def at_once(words: Sequence[str]) -> Deferred[tuple[bytes, bytes]]:
    """`chatd-admin` in a process of its own, for which everybody waits."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return succeed((done.stdout, done.stderr))


class StaffScene(SynchronousTestCase):
    """A test with a house and its service."""

    def setUp(self) -> None:
        self.house = House()
        self.service = service_of(self.house, self.mktemp())

    def done(self, waiting: Deferred[Any]) -> Any:
        """What an operation that has to wait for the disk comes to. Raises what it fails with."""
        self.house.commit()
        found: list[Any] = []
        waiting.addBoth(found.append)
        for _ in range(MOST_RESTS):
            if found:
                break
            self.house.clock.advance(REST)
            self.house.commit()
        assert found, "it still waits"
        if isinstance(found[0], Failure):
            found[0].raiseException()
        return found[0]
