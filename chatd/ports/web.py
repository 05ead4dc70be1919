"""Files for who has only a browser: GET of a link that members of an open conversation were given; POST of a file.

Rule: HTTP is Twisted's; this answers `/files/ID/NAME`, leaves what is sent to `/files` to `upload.py`, and answers
nothing else. The id is what makes one welcome: 128 random
bits that only the conversation knows; the name is there for people. What is served was uploaded by somebody: a browser
is told to save it, never to show or run it. What was encrypted has no link. Only over TLS, or within this machine.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from twisted.web import http
from zope.interface import implementer

from chatd import messages as m
from chatd.ports.session import Counter, channel_of
from chatd.ports.upload import CORS, LOGIN, OTHERWISE, STATUS, Host, Upload
from chatd.ports.upload import PATH as UPLOADS
from chatd.wire.offer import in_a_path

PATH: Final = re.compile(rb"/files/([0-9a-f]{32})(?:/[^/]*)?")
TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")
PIECE: Final = 131_072
MOST: Final = 50  # downloads at once
IDLE_SECONDS: Final = 30
NOT_HERE: Final = m.Failed(0, "not-here", "Files are sent to /files, by POST.")
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer", "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin", "Connection": "close",
}  # fmt: skip


class Linked(Protocol):
    """A file that has a link."""

    id: bytes
    name: str
    type: str
    size: int


class Shelf(Protocol):
    """Where files are."""

    def linked(self, identity: bytes) -> Linked | None:
        """The file of this id, if it is whole, was sent in clear, and links are given."""

    def read(self, identity: bytes, offset: int, length: int) -> Deferred[bytes]:
        """Bytes of it."""


@implementer(IPushProducer)
class Sending:
    """One file on its way out: a piece is read when the one before it has been taken."""

    def __init__(self, request: Fetch, shelf: Shelf, file: Linked) -> None:
        self._request, self._shelf, self._file = request, shelf, file
        self._offset = 0
        self._busy = self._over = self._paused = False

    def resumeProducing(self) -> None:
        """There is room."""
        self._paused = False
        self._next()

    def pauseProducing(self) -> None:
        """There is none."""
        self._paused = True

    def stopProducing(self) -> None:
        """Nobody is there."""
        self._over = True

    def _next(self) -> None:
        if self._busy or self._paused or self._over:
            return
        if self._offset == self._file.size:
            self._over = True
            self._request.unregisterProducer()
            self._request.finish()
            return
        self._busy = True
        found = self._shelf.read(self._file.id, self._offset, min(PIECE, self._file.size - self._offset))
        found.addCallbacks(self._read, self._gone)

    def _read(self, data: bytes) -> None:
        self._busy = False
        if self._over:
            return
        if not data:
            self._cut()
            return
        self._offset += len(data)
        self._request.write(data)
        self._next()

    def _gone(self, failure: Failure) -> None:
        self._busy = False
        self._cut()

    def _cut(self) -> None:
        """It cannot be finished: whoever reads sees that it is not whole."""
        if not self._over:
            self._over = True
            self._request.channel.forceAbortClient()


class Fetch(http.Request):
    """One request."""

    channel: Any
    _upload: Upload | None = None

    def gotLength(self, length: int | None) -> None:
        """Who has more to say than which file is sending one."""
        self.content = io.BytesIO()  # nothing is ever put there
        if length == 0:
            return
        if self.channel.host is None or not self.channel.safe() or self.channel.counter.now >= MOST:
            self.channel.forceAbortClient()
        else:
            self._take(length)

    def _take(self, length: int | None) -> None:
        upload = self._upload = Upload(self, self.channel.host, length)
        counter: Counter = self.channel.counter
        counter.add(1)
        self.notifyFinish().addErrback(lambda _: upload.gone()).addBoth(lambda _: counter.add(-1))
        upload.begin(self.channel.host_of_peer())

    def handleContentChunk(self, data: bytes) -> None:
        """More of a file."""
        if self._upload is not None:
            self._upload.body(data)

    def process(self) -> None:
        """Answer it."""
        if self._upload is not None and (self.method, self.path) != (b"POST", UPLOADS):
            self._upload.stop(NOT_HERE)
            self._upload.whole()
        elif self.path == UPLOADS and self.channel.host is not None:
            self._answer_upload()
        else:
            self._answer()

    def _answer_upload(self) -> None:
        if self.method == b"OPTIONS":
            self._head(204, "text/plain", 0, Allow="OPTIONS, POST", **{"Accept-Post": "*/*"}, **CORS)
            self.finish()
        elif self.method != b"POST":
            self._refuse(405, "Files are sent here, by POST.")
        elif not self.channel.safe():
            self._refuse(403, "Files are taken over TLS only.")
        else:
            if self._upload is None:
                self._take(0)
            assert self._upload is not None
            self._upload.whole()

    def refuse(self, failed: m.Failed) -> None:
        """As promised in `upload.py`, like the next one."""
        self.clientproto = b"HTTP/1.1"  # it may not have been read to its end
        more = {"WWW-Authenticate": 'Basic realm="chatd", charset="UTF-8"'} if failed.code == LOGIN.code else {}
        if failed.retry:
            more["Retry-After"] = str(int(failed.retry) + 1)
        body = failed.text.encode() + b"\n"
        self._head(STATUS.get(failed.code, OTHERWISE), "text/plain; charset=utf-8", len(body), **more, **CORS)
        self.write(body)

    def taken(self, link: str) -> None:
        """The file has come: here it is."""
        body = link.encode() + b"\n"
        self._head(201, "text/plain; charset=utf-8", len(body), Location=link, **CORS)
        self.write(body)
        self.finish()

    def _answer(self) -> None:
        found = PATH.fullmatch(self.path)
        shelf: Shelf = self.channel.shelf
        file = shelf.linked(bytes.fromhex(found[1].decode())) if found else None
        if self.method not in (b"GET", b"HEAD"):
            self._refuse(405, "Only GET and HEAD.")
        elif not self.channel.safe():
            self._refuse(403, "Files are given over TLS only.")
        elif file is None:
            self._refuse(404, "There is no such file, or not any more.")
        elif self.channel.counter.now >= MOST:
            self.setHeader("Retry-After", "30")
            self._refuse(503, "Too many downloads; try again in a moment.")
        else:
            self._give(shelf, file)

    def _give(self, shelf: Shelf, file: Linked) -> None:
        self._head(200, file.type if TYPE.fullmatch(file.type) else "application/octet-stream", file.size)
        self.setHeader("Content-Disposition", f"attachment; filename*=UTF-8''{in_a_path(file.name)}")
        if self.method == b"HEAD":
            self.finish()
            return
        counter: Counter = self.channel.counter
        counter.add(1)
        self.notifyFinish().addBoth(lambda _: counter.add(-1))
        self.channel.let_in()
        sending = Sending(self, shelf, file)
        self.registerProducer(sending, True)
        sending.resumeProducing()

    def _refuse(self, code: int, text: str) -> None:
        body = text.encode() + b"\n"
        self._head(code, "text/plain; charset=utf-8", len(body))
        if self.method != b"HEAD":
            self.write(body)
        self.finish()

    def _head(self, code: int, kind: str, size: int, **more: str) -> None:
        self.setResponseCode(code)
        for name, value in {**HEADERS, **more}.items():
            self.setHeader(name, value)
        self.setHeader("Content-Type", kind)
        self.setHeader("Content-Length", str(size))


class Web(http.HTTPChannel):
    """One connection that speaks HTTP."""

    requestFactory = Fetch
    timeOut = IDLE_SECONDS
    session = None  # nobody logs in here

    def __init__(
        self, shelf: Shelf, counter: Counter, later: Callable[..., Any], is_here: Callable[[str], bool],
        host: Host | None = None,
    ) -> None:  # fmt: skip
        """`is_here`: whether an address is this machine's; `host`: who takes files, if anybody does."""
        super().__init__()
        self._is_here = is_here
        self.shelf = shelf
        self.host = host
        self.counter = counter
        self.callLater = later  # type: ignore[method-assign]  # Twisted's own takes the reactor of the process
        self.let_in: Callable[[], None] = lambda: None  # the door may want to know that it is in use

    def safe(self) -> bool:
        """Whether nobody on the way can read what is given."""
        transport: Any = self.transport
        binding, _ = channel_of(transport)
        return bool(binding) or self._is_here(self.host_of_peer())

    def host_of_peer(self) -> str:
        """Where the other end is."""
        transport: Any = self.transport
        return getattr(transport.getPeer(), "host", "")
