"""Is this the server one means? A pure decision on its certificate, made before anything is sent.

Rule: a certificate that the system trusts for this host is taken. Any other one is asked about once and pinned; after
that it must be the same for ever. What the system once vouched for may not come back as something unknown.
"""

from __future__ import annotations

from typing import Final

import msgspec

SYSTEM: Final = "system"


class Decision(msgspec.Struct, frozen=True):
    """What to do: `go` on, `ask` the person, or `refuse`. `pin`: what to remember (None: leave it as it is)."""

    verdict: str
    how: str = ""
    pin: str | None = None
    text: str = ""


def decide(server: str, fingerprint: str, vouched: bool, pin: str, trust_new: bool) -> Decision:
    """Judge a certificate by its SHA-256 `fingerprint`; `vouched`: the system trusts it for this host."""
    if vouched:
        return Decision("go", "system", SYSTEM if pin != SYSTEM else None)
    if pin == SYSTEM:
        return Decision("refuse", text=_DOWNGRADED.format(server=server, new=grouped(fingerprint)))
    if not pin:
        if trust_new:
            return Decision("go", "new", fingerprint)
        return Decision("ask")
    if pin == fingerprint:
        return Decision("go", "pinned")
    return Decision("refuse", text=_CHANGED.format(server=server, old=grouped(pin), new=grouped(fingerprint)))


def grouped(fingerprint: str) -> str:
    """A fingerprint as people compare it: capitals, in pairs."""
    wide = fingerprint.upper()
    return ":".join(wide[at : at + 2] for at in range(0, len(wide), 2))


_ADVICE = (
    " Nothing was sent. Ask whoever runs the server for its fingerprint, by another way than this network. Only if"
    " it is the new one above, forget the old one with `chat unpin {server}` and connect again."
)
_CHANGED = (
    "The certificate of {server} has changed. Somebody may be pretending to be it.\n"
    "  known: SHA-256 {old}\n  now:   SHA-256 {new}\n" + _ADVICE.strip()
)
_DOWNGRADED = (
    "The certificate of {server} used to be one that this system trusts, and no longer is. Somebody may be"
    " pretending to be it.\n  now: SHA-256 {new}\n" + _ADVICE.strip()
)
