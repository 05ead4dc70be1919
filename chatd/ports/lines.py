"""The line port. For now it only says, in one line, that it speaks frames.

Rule: a stranger with `nc` gets a sentence that says what to do, never silence.
"""

from __future__ import annotations

from twisted.protocols.basic import LineReceiver

ANSWER = b"chatd: this port speaks to the `chat` program for now: chat NAME@HOST\r\n"


class Lines(LineReceiver):
    """One connection that sends lines."""

    MAX_LENGTH = 512
    delimiter = b"\n"  # a person's `nc` sends no CR

    def lineReceived(self, line: bytes) -> None:
        self._answer()

    def lineLengthExceeded(self, line: bytes) -> None:
        self._answer()

    def _answer(self) -> None:
        assert self.transport is not None
        self.setRawMode()
        self.transport.write(ANSWER)
        self.transport.loseConnection()

    def rawDataReceived(self, data: bytes) -> None:
        """Nothing more is read."""
