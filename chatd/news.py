"""Comings and goings, told to everybody without making anybody wait.

Rule: n people who come are n * n events. While few are on, each is told at once, in the release it belongs to. With
more, they are gathered for a moment and told in slices, with a rest behind each in which others are served and the
thread that writes their messages has Python: 300 people who arrive at once over TLS cost others little (docs/
performance.md has the figures). What is gathered first is told first: while something is gathered nothing overtakes it.
"""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IReactorTime

from chatd.core.groups import Audience
from chatd.core.limits import Limits
from chatd.core.users import Codec, Session
from chatd.messages import Presence

REST: Final = 0.001  # seconds behind a slice

Gathered = list[tuple[Presence, Session | None]]


class News:
    """What is still to be told to an audience."""

    def __init__(self, audience: Audience, clock: IReactorTime, limits: Limits) -> None:
        self._audience = audience
        self._clock = clock
        self._limits = limits
        self._gathered: Gathered = []
        self._busy = False

    def gather(self, event: Presence, but: Session | None) -> bool:
        """Tell this soon to everybody `but` one; False: few enough are on, tell it now.

        With more than `presence_audience` sessions it is not told at all: `who` tells.
        """
        here = len(self._audience.sessions) - (but in self._audience.sessions)
        if here > self._limits.presence_audience:
            return True
        if not self._busy and here <= self._limits.presence_at_once:
            return False
        self._gathered.append((event, but))
        if not self._busy:
            self._busy = True
            self._clock.callLater(self._limits.presence_seconds, self._begin)
        return True

    def _begin(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._tell(gathered, {}, list(self._audience.sessions), 0)

    def _tell(self, gathered: Gathered, encoded: dict[Codec, list[bytes]], sessions: list[Session], start: int) -> None:
        """Tell one slice; the next one comes after a rest."""
        end = start + self._limits.presence_slice
        for session in sessions[start:end]:
            if session.over:
                continue
            codec = session.link.codec
            if codec not in encoded:
                encoded[codec] = [codec.encode(event) for event, _ in gathered]
            parts = [part for part, (_, but) in zip(encoded[codec], gathered, strict=True) if but is not session]
            if data := b"".join(parts):
                session.link.write(data)
        if end < len(sessions):
            self._clock.callLater(REST, self._tell, gathered, encoded, sessions, end)
        elif self._gathered:
            self._clock.callLater(self._limits.presence_seconds, self._begin)
        else:
            self._busy = False
