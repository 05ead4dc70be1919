"""Somebody on the wire: everything between clients and a server passes through, and is kept.

Rule: it changes nothing. Without TLS it has what the server gets, and of a secret that may be ciphertext only.
"""

from __future__ import annotations

import socket
import threading


class Eavesdropper:
    """Listens on a port of its own and passes everything on to `port`, both ways."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._lock = threading.Lock()
        self._heard = bytearray()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def heard(self) -> bytes:
        """All bytes until now."""
        with self._lock:
            return bytes(self._heard)

    def close(self) -> None:
        """Take nobody in any more."""
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        """Pass on until either side has gone."""
        try:
            while data := one.recv(65536):
                with self._lock:
                    self._heard += data
                other.sendall(data)
        except OSError:
            pass
        finally:
            for end in (one, other):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
