"""Passwords whose verifiers are made once for all tests: hashing well takes longer than all else in a dialogue."""

from __future__ import annotations

from typing import ClassVar

from chatd.auth import Passwords, Verifiers


class Remembered(Passwords):
    """A verifier that was made for a password once is as good as a new one."""

    _known: ClassVar[dict[str, Verifiers]] = {}

    def _hashed(self, text: str) -> Verifiers:
        if text not in self._known:
            self._known[text] = super()._hashed(text)
        return self._known[text]

    def _fits(self, verifier: str, text: str) -> bool:
        known = self._known.get(text)
        return (known is not None and known.argon2 == verifier) or super()._fits(verifier, text)
