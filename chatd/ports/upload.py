"""Files from IRC clients and browsers: POST of one to the address that 005 names (`draft/FILEHOST`).

Rule: the account's name and password come with each request (HTTP Basic), as SASL PLAIN has them; no byte of the file
is kept before they are right, and none is read faster than the disk takes them. What is refused is answered at once;
what comes of it all the same is thrown away, and there is an end to that. Who sends a file gets its link, which nobody
else is told: they say it where they want it to be known.
"""

from __future__ import annotations

import base64
import binascii
import re
from email.message import Message
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred

from chatd import messages as m

PATH: Final = b"/files"
MOST_WAITING: Final = 262_144  # bytes that wait for the disk
MOST_THROWN_AWAY: Final = 1 << 20
NAME_BYTES: Final = 200
NO_NAME: Final = "file"
UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,49}/[A-Za-z0-9!#$&^_.+-]{1,49}")
LOGIN: Final = m.Failed(0, "sasl-failed", "Send the name and password of your account (HTTP Basic).")
LENGTH: Final = m.Failed(0, "no-length", "Say how long the file is (Content-Length).")
STATUS: Final = {
    "sasl-failed": 401, "throttled": 429, "busy": 503, "storage-full": 507, "storage-failed": 500, "quota-full": 507,
    "file-too-large": 413, "no-length": 411, "no-such-blob": 410, "not-here": 404,
    "text-too-long": 400, "bad-blob": 400,
}  # fmt: skip
OTHERWISE: Final = 403
CORS: Final = {  # programs in browsers, which have the password, not a cookie of ours
    "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Disposition",
    "Access-Control-Expose-Headers": "Location",
}  # fmt: skip


class Host(Protocol):
    """Who takes files (`chatd.filehost`). Users and what comes of them are opaque here."""

    def enter(self, name: str, password: str, host: str) -> Deferred[Any]:
        """Whose name and password these are, or a Failed."""

    def begin(self, user: Any, size: int, name: str, kind: str) -> Any:
        """A place for a file, or a Failed."""

    def put(self, coming: Any, data: bytes) -> Deferred[Any]:
        """The next bytes are on the disk; or a Failed."""

    def finish(self, coming: Any) -> Deferred[Any]:
        """It is whole and durable: its link; or a Failed."""

    def abandon(self, coming: Any) -> None:
        """It will not be whole."""


class Answering(Protocol):
    """The request, as far as it is needed here."""

    channel: Any
    requestHeaders: Any

    def refuse(self, failed: m.Failed) -> None:
        """Say why it was not taken; `finish` follows when all has come."""

    def taken(self, link: str) -> None:
        """Say where it is, and finish."""

    def finish(self) -> None:
        """There is nothing more to say."""


class Upload:
    """One file on its way in."""

    def __init__(self, request: Answering, host: Host, size: int | None) -> None:
        self._request, self._host, self._size = request, host, size
        self._pieces: list[bytes] = []
        self._waiting = self._thrown_away = 0
        self._coming: Any = None
        self._busy = self._over = self._whole = self._held = self._gone = False

    def begin(self, address: str) -> None:
        """See who it is."""
        header = self._request.requestHeaders.getRawHeaders(b"authorization", [b""])[0]
        login = credentials(header)
        if self._size is None or login is None:
            self._fail(LENGTH if self._size is None else LOGIN)
            return
        self._busy = True
        self._host.enter(*login, address).addCallback(self._entered)

    def _entered(self, user: Any) -> None:
        self._busy = False
        if self._gone or self._over:
            return
        if not isinstance(user, m.Failed):
            headers = self._request.requestHeaders
            name = file_name(headers.getRawHeaders(b"content-disposition", [b""])[0])
            kind = media_type(headers.getRawHeaders(b"content-type", [b""])[0])
            assert self._size is not None
            user = self._coming = self._host.begin(user, self._size, name, kind)
        if isinstance(user, m.Failed):
            self._coming = None
            self._fail(user)
        else:
            self._request.channel.let_in()
            self._next()

    def body(self, data: bytes) -> None:
        """More of the file."""
        if self._over:
            self._thrown_away += len(data)
            if self._thrown_away > MOST_THROWN_AWAY:
                self._request.channel.forceAbortClient()
            return
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting > MOST_WAITING and not self._held:
            self._held = True
            self._request.channel.transport.pauseProducing()
        self._next()

    def whole(self) -> None:
        """All of it has come."""
        self._whole = True
        if self._over:
            self._request.finish()
        else:
            self._next()

    def gone(self) -> None:
        """Nobody is there any more."""
        self._gone = True
        self._next()

    def stop(self, failed: m.Failed) -> None:
        """It is not wanted after all."""
        if not self._over:
            self._fail(failed)

    def _next(self) -> None:
        if self._busy or self._coming is None:
            return
        if self._gone or self._over:
            coming, self._coming = self._coming, None
            self._host.abandon(coming)
        elif self._pieces:
            data = b"".join(self._pieces)
            self._pieces, self._waiting, self._busy = [], 0, True
            self._host.put(self._coming, data).addCallback(self._put)
        elif self._whole:
            self._busy = True
            self._host.finish(self._coming).addCallback(self._finished)
        elif self._held:
            self._held = False
            self._request.channel.transport.resumeProducing()

    def _put(self, failed: m.Failed | None) -> None:
        self._busy = False
        if failed is not None and not self._gone:
            self._fail(failed)
        else:
            self._next()

    def _finished(self, link: str | m.Failed) -> None:
        self._busy = False
        if isinstance(link, m.Failed):
            self._fail(link)
            return
        self._coming = None
        if not self._gone:
            self._over = True
            self._request.taken(link)

    def _fail(self, failed: m.Failed) -> None:
        """Say so now; who goes on sending is heard for a while, so that they read it."""
        self._over = True
        self._pieces.clear()
        self._next()
        if self._gone:
            return
        if self._held:
            self._held = False
            self._request.channel.transport.resumeProducing()
        self._request.refuse(failed)
        if self._whole:
            self._request.finish()


# ---- headers -------------------------------------------------------------------------------------------------------


def credentials(header: bytes) -> tuple[str, str] | None:
    """Name and password of an Authorization header (RFC 7617); None where it has none."""
    scheme, _, rest = header.strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        name, colon, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if name and colon else None


def file_name(header: bytes) -> str:
    """The last part of the name in a Content-Disposition header (RFC 6266), without what cannot be seen."""
    message = Message()
    message["Content-Disposition"] = header.decode("latin-1")
    try:
        found = message.get_filename("")
    except (ValueError, LookupError):
        found = ""
    leaf = UNPRINTABLE.sub("", re.split(r"[/\\]", found)[-1]).strip()
    return leaf.encode("utf-8", "ignore")[:NAME_BYTES].decode("utf-8", "ignore").strip(". ") or NO_NAME


def media_type(header: bytes) -> str:
    """The type of a Content-Type header, without parameters; empty where there is none that could be repeated."""
    found = header.decode("latin-1").partition(";")[0].strip()
    return found if TYPE.fullmatch(found) else ""
