"""The two kinds of connection a test client has: a plain socket, and TLS over one.

Rule: both never block; `recv` and `send` raise BlockingIOError where a socket would, and OSError when it is over.
pyOpenSSL, because Python's own `ssl` cannot export the channel binding (RFC 9266).
"""

from __future__ import annotations

import socket

from OpenSSL import SSL

from chatd.messages import EXPORTER_LABEL


class Plain:
    """A socket as it is."""

    def __init__(self, plain: socket.socket) -> None:
        self.socket = plain
        self.waits = False  # for the other side, before more can be sent

    def recv(self, size: int) -> bytes:
        """What has come; nothing: the end."""
        return self.socket.recv(size)

    def send(self, data: bytes) -> int:
        """Send; returns how much was taken."""
        return self.socket.send(data)

    def binding(self) -> bytes:
        """A connection without TLS is bound to nothing."""
        return b""


class Tls:
    """TLS over a socket; whom it talks to is not looked at, because tests of that are elsewhere."""

    _context: SSL.Context | None = None

    def __init__(self, plain: socket.socket) -> None:
        if Tls._context is None:
            Tls._context = SSL.Context(SSL.TLS_METHOD)
        self.socket = plain
        self.waits = False
        self.tls = SSL.Connection(Tls._context, plain)
        self.tls.set_connect_state()

    def recv(self, size: int) -> bytes:
        """What has come, all of it: what TLS holds back no selector would tell."""
        parts: list[bytes] = []
        try:
            while True:
                parts.append(self.tls.recv(size))
        except SSL.WantReadError:
            if not parts:
                raise BlockingIOError from None
        except SSL.ZeroReturnError:
            pass
        except SSL.Error as error:
            if not parts:
                raise ConnectionResetError(str(error)) from None
        return b"".join(parts)

    def send(self, data: bytes) -> int:
        """Send; returns how much was taken."""
        self.waits = False
        try:
            return self.tls.send(data)
        except SSL.WantReadError:
            self.waits = True
            raise BlockingIOError from None
        except SSL.WantWriteError:
            raise BlockingIOError from None
        except SSL.Error as error:
            raise ConnectionResetError(str(error)) from None

    def binding(self) -> bytes:
        """What a signature on this connection is bound to."""
        return self.tls.export_keying_material(EXPORTER_LABEL, 32, b"")
