"""How `chatd-admin` asks the running server for what only it can do: lines of JSON over a socket in the data folder.

Rule: whoever may open the socket may read the folder anyway: both are for the server's own user only. One request a
connection: `{"verb": ..., ...}`, and one answer: `{"ok": true, ...}` or `{"ok": false, "problems": [...]}`.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IReactorUNIX
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from chatd.core.turn import Refused
from chatd.operations import roster
from chatd.operations.service import Service

log = Logger()
MOST_BYTES: Final = 16 << 20
SECONDS: Final = 300.0
NAME: Final = "control"


class NoServer(Exception):
    """Nobody listens there."""


class _Roster(Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    by: str
    dry_run: bool = False
    adopt: bool = False
    drop: bool = False


class _Drain(Struct, frozen=True, forbid_unknown_fields=True):
    seconds: float = 0.0
    say: str = ""
    stop: bool = False


class _Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    pass


def _drain(service: Service, asked: _Drain) -> Any:
    return {"told": service.drain.begin(asked.seconds, asked.say, asked.stop)}


VERBS: Final[dict[str, tuple[type[Any], Callable[[Service, Any], Any]]]] = {
    "roster": (
        _Roster, lambda service, a: roster.sync(service, a.text, a.by, a.dry_run, a.adopt, a.drop),
    ),
    "sheet": (_Nothing, lambda service, _: {"tickets": roster.sheet(service)}),
    "drain": (_Drain, _drain),
    "write": (_Nothing, lambda service, _: service.node.journal.written().addCallback(lambda _: {})),
    "undrain": (_Nothing, lambda service, _: {"was": service.drain.undo()}),
}  # fmt: skip


class Control(LineOnlyReceiver):
    """One request."""

    delimiter = b"\n"
    MAX_LENGTH = MOST_BYTES

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asked = False

    def lineReceived(self, line: bytes) -> None:
        assert self.transport is not None
        if self._asked:
            self.transport.loseConnection()
            return
        self._asked = True
        done = maybeDeferred(self._do, line)
        done.addCallback(lambda found: {"ok": True, **(asdict(found) if isinstance(found, Struct) else found)})
        done.addErrback(self._failed).addCallback(self._answer)

    def _do(self, line: bytes) -> Any:
        try:
            request = json.loads(line)
            kind, function = VERBS[request.pop("verb")]
            asked = msgspec.convert(request, kind)
        except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
            raise Refused("bad-argument", f"That is no request: {error}") from None
        return function(self._service, asked)

    def _failed(self, failure: Failure) -> dict[str, Any]:
        if failure.check(Refused):
            refusal = failure.value
            assert isinstance(refusal, Refused)
            return {"ok": False, "problems": [refusal.text, *refusal.near]}
        log.failure("what chatd-admin asked for went wrong", failure)
        return {"ok": False, "problems": ["The server could not do it; its log says why."]}

    def _answer(self, answer: dict[str, Any]) -> None:
        assert self.transport is not None
        self.transport.write(msgspec.json.encode(answer) + b"\n")  # of ten thousand changes, too, in a millisecond
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing hangs on it."""


class ControlFactory(Factory):
    """Listens for requests."""

    noisy = False

    def __init__(self, service: Service) -> None:
        self._service = service

    def buildProtocol(self, addr: IAddress | None) -> Control:
        return Control(self._service)


def listen(service: Service, reactor: IReactorUNIX) -> list[Any]:
    """Listen in the service's data folder; the port, or nothing where that cannot be: the server does without."""
    path = service.folder.path / NAME
    path.unlink(missing_ok=True)  # of a server that was killed; the folder is ours
    mask = os.umask(0o177)
    try:
        return [reactor.listenUNIX(_short(path), ControlFactory(service), mode=0o600)]
    except (OSError, CannotListenError) as error:
        log.warn("chatd-admin cannot ask this server for anything: {error}", error=str(error))
        return []
    finally:
        os.umask(mask)


def ask(data: str, verb: str, **values: Any) -> dict[str, Any]:
    """Ask the server that runs on a data folder; blocks. Raises NoServer where none does."""
    line = json.dumps({"verb": verb, **values}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(SECONDS)
        try:
            channel.connect(_short(Path(data) / NAME))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NoServer(f"no server runs on {data}") from None
        channel.sendall(line)
        parts = []
        while part := channel.recv(65_536):
            parts.append(part)
    answer: dict[str, Any] = json.loads(b"".join(parts) or b"{}")
    if not answer:
        raise NoServer("the server went away before it answered")
    return answer


def _short(path: Path) -> str:
    """A Unix socket's path has at most 107 bytes; seen from here it may be shorter."""
    return min(str(path.absolute()), os.path.relpath(path), key=len)
