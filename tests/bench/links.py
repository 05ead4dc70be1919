"""A connection of the load generator, plain or with TLS, as lean as Python allows.

Rule: sockets block, epoll says when they will not. What nobody looks at is not even copied (`skip`).
"""

from __future__ import annotations

import contextlib
import resource
import socket
import ssl
import struct
from collections.abc import Callable

CHUNK = 65_536
BUFFER = bytearray(1 << 20)
PATIENCE = 30  # seconds; then a read gives up, and the run with it


class Link:
    """A plain connection. `send` sends all of some bytes."""

    send: Callable[[bytes], None]

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
        self.fd = self.sock.fileno()
        self.send = self.sock.sendall
        self._recv = self.sock.recv
        self._recv_into = self.sock.recv_into

    def look(self) -> bytes:
        """What is there; may be nothing where it was no whole record. An end is an error."""
        data = self._recv(CHUNK)
        if not data:
            raise ConnectionError("the server closed a connection")
        return data

    def skip(self) -> int:
        """Throw away what is there; returns how much it was."""
        size = self._recv_into(BUFFER, 0, socket.MSG_TRUNC)
        if not size:
            raise ConnectionError("the server closed a connection")
        return size

    def wait(self) -> bytes:
        """What is there, but something."""
        data = b""
        while not data:
            data = self.look()
        return data

    def close(self) -> None:
        """End it."""
        self.sock.close()


class TlsLink(Link):
    """A connection with TLS: one system call, however many records."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = CONTEXT.wrap_bio(self._in, self._out)
        self._send_raw = self.send
        self.send = self._send
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._in.write(super().look())
        self._flush()

    def _flush(self) -> None:
        if self._out.pending:
            self._send_raw(self._out.read())

    def _send(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def look(self) -> bytes:
        """What is there, decrypted."""
        taken, parts = self._in, []
        taken.write(super().look())
        with contextlib.suppress(ssl.SSLWantReadError):
            while taken.pending:
                parts.append(self._tls.read(CHUNK))
        return b"".join(parts)

    def skip(self) -> int:
        """Throw away what is there, after decrypting it."""
        return len(self.look())


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


CONTEXT = _context()
KINDS = {"plain": Link, "tls": TlsLink}


def raise_open_files() -> int:
    """As many open files as this user may have; servers started afterwards may have them too."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
