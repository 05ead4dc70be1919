"""The server's window: who comes and goes, in the words of the assignment.

Rule: one line an event, on the process's own standard output (twistd's log goes its own way), nothing but names,
addresses and states; a name has been checked by `core/names.py` and holds nothing that moves a cursor.
"""

from __future__ import annotations

from typing import TextIO


class Window:
    """Prints to a stream; a stream that is gone is no error."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def line(self, text: str) -> None:
        """Print one line."""
        if self._stream is not None:
            try:
                self._stream.write(self._writable(text) + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None

    def _writable(self, text: str) -> str:
        """What the stream's encoding has no letters for is written as its number."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def working(self, listeners: dict[str, list[tuple[str, int]]], fingerprint: str) -> None:
        """The banner, where the server listens, and what a client shows of its certificate at the first visit."""
        self.line("\t\t\t\tSERVER WORKING ")
        for kind, addresses in listeners.items():
            for host, port in addresses:
                if kind == "console":
                    self.line(f"Console on {host} port {port} (SSH, for the keys in console/authorized_keys)")
                    continue
                what = "WebSocket, " if kind.startswith("websocket") else ""
                how = "TLS" if kind.endswith("tls") else "without TLS"
                self.line(f"Listening on {host} port {port} ({what}{how})")
        if "tls" in listeners:
            port = listeners["tls"][0][1]
            self.line(f"Certificate fingerprint: {fingerprint}")
            self.line(f"To join from this machine: chat localhost{'' if port == 6697 else f':{port}'}")

    def arrived(self, name: str, address: tuple[str, int]) -> None:
        """A session is in."""
        self.line(f"Client ({address[0]}, {address[1]}) connected  [ {name} ]")

    def departed(self, name: str, address: tuple[str, int], lost: bool) -> None:
        """A session is out."""
        self.line(f"Client ({address[0]}, {address[1]}) is offline{' (error)' if lost else ''}  [ {name} ]")
