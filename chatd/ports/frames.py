"""The typed protocol: length-prefixed MessagePack frames (`docs/protocol.md`), commands in, events out.

Rule: it translates and bounds, nothing more: no policy, no state of its own but the bytes of an unfinished frame.
`dataReceived` is overridden because Twisted's is quadratic in the segments of a frame; limit and callbacks stay its.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from twisted.internet.interfaces import IReactorTime
from twisted.protocols.basic import Int32StringReceiver
from twisted.python.failure import Failure

from chatd.messages import Bye
from chatd.ports.session import Bounds, Outlet, Server, channel_of
from chatd.wire.pack import BadFrame, decode_command, encode_frame


class FrameCodec:
    """Events as frames; one object for all binary sessions, so that they share their bytes."""

    encode = staticmethod(encode_frame)


CODEC = FrameCodec()
_length = Struct(">I").unpack_from


class Frames(Int32StringReceiver):
    """One binary connection."""

    def __init__(self, server: Server, bounds: Bounds, clock: IReactorTime) -> None:
        self._server = server
        self._bounds = bounds
        self._clock = clock
        self._rest = bytearray()
        self._malformed = 0
        self._deaf = False
        self.let_in: Callable[[], None] = lambda: None  # the door may want to know that somebody logged in
        self.MAX_LENGTH = bounds.frame_bytes_before_login

    def connectionMade(self) -> None:
        self.outlet = Outlet(self.transport, CODEC, self._clock, self._bounds)
        peer = self.transport.getPeer()  # type: ignore[union-attr]
        address = (getattr(peer, "host", "local"), getattr(peer, "port", 0))
        binding, certificate = channel_of(self.transport)
        self.session = self._server.open(self.outlet, address, binding, certificate=certificate)
        self.outlet.admitted = self.logged_in
        self.outlet.session, self.outlet.server = self.session, self._server

    def dataReceived(self, data: bytes) -> None:
        rest, ending = self._rest, self.outlet.ending
        if self._over():
            return
        if rest:
            rest += data
            if len(rest) >= 4 and len(rest) < 4 + int.from_bytes(rest[:4], "big") <= 4 + self.MAX_LENGTH:
                return
            data = bytes(rest)
            rest.clear()
        start, size, received = 4, len(data), self.stringReceived
        while start <= size:
            (length,) = _length(data, start - 4)
            if length > self.MAX_LENGTH:
                self.lengthLimitExceeded(length)
                return
            end = start + length
            if end > size:
                break
            received(data[start:end])
            if self._deaf or ending():
                return
            start = end + 4
        if start < size + 4:
            rest += data[start - 4 :]

    def _over(self) -> bool:
        return self._deaf or self.outlet.ending()

    def stringReceived(self, string: bytes) -> None:
        try:
            command = decode_command(string)
        except BadFrame as error:
            self._malformed += 1
            self._server.refuse(self.session, error.code, str(error))
            if self._malformed >= self._bounds.malformed_frames:
                self._cut("malformed", "Too many frames that mean nothing.")
            return
        self._server.receive(self.session, command)

    def logged_in(self) -> None:
        """From here on longer frames are welcome."""
        self.MAX_LENGTH = self._bounds.frame_bytes
        self.let_in()

    def lengthLimitExceeded(self, length: int) -> None:
        self._cut("frame-too-long", f"A frame has at most {self.MAX_LENGTH} bytes.")

    def _cut(self, code: str, text: str) -> None:
        """Hear nothing more, and close when what came before has been answered."""
        self._deaf = True
        self._server.end_later(self.session, Bye(code, text))

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.outlet.gone()
        self._server.close(self.session, lost=True)
