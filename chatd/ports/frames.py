"""The typed protocol: length-prefixed MessagePack frames (`docs/protocol.md`), commands in, events out.

Rule: it translates and bounds, nothing more: no policy, no state of its own but the bytes of an unfinished frame.
`dataReceived` is overridden because Twisted's is quadratic in the segments of a frame, and calls back for each one;
here what came together goes on together. Limit and callbacks stay its: `stringReceived` gets what is no command.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime
from twisted.protocols.basic import Int32StringReceiver
from twisted.python.failure import Failure

from chatd.messages import Bye
from chatd.ports.session import Bounds, Outlet, Server, channel_of
from chatd.wire.pack import BadFrame, decode_command, encode_frame, encode_frames, whole_commands


class FrameCodec:
    """Events as frames; one object for all binary sessions, so that they share their bytes."""

    encode = staticmethod(encode_frame)
    encode_all = staticmethod(encode_frames)


CODEC = FrameCodec()


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
        rest = self._rest
        if self._over():
            return
        if rest:
            rest += data
            if len(rest) >= 4 and len(rest) < 4 + int.from_bytes(rest[:4], "big") <= 4 + self.MAX_LENGTH:
                return
            data = bytes(rest)
            rest.clear()
        start = 0
        while True:
            commands, start = whole_commands(data, start, self.MAX_LENGTH)
            if commands:
                self._server.receive_all(self.session, commands)
            if start == len(data):
                return
            opening, first = data[start : start + 4], start + 4
            end = first + int.from_bytes(opening, "big")
            if len(opening) == 4 and end - first > self.MAX_LENGTH:
                self.lengthLimitExceeded(end - first)
                return
            if len(opening) < 4 or end > len(data):
                break
            self.stringReceived(data[first:end])
            if self._over():
                return
            start = end
        rest += data[start:]

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
