"""What encryption has to say: the mark of a conversation, the sentence of a code, and the same as fields for a script.

Rule: pure. The texts are those of `e2ee/refusals.py`; what is filled in is made inert first. Nothing is said by colour
alone, and no sentence offers to read or to send something all the same.
"""

from __future__ import annotations

import re
from typing import Any, Final

from clients.core import inert
from clients.core import notices as n
from clients.core.e2ee.refusals import ALARM, ASKED, CODES, HAPPENED, NOTE, REFUSE, SILENT, STOP, Code
from clients.core.style import Style, clock
from clients.core.view import Talk

VERIFIED, VOUCHED, FIRST_SEEN, CHANGED, PLAIN = "verified", "vouched", "first-seen", "changed", "plain"
ENCRYPTED: Final = "encrypted"  # to a group: to people of whom each may be trusted more or less
MARKS: Final = {
    VERIFIED: "[e2e+]", VOUCHED: "[e2e~]", FIRST_SEEN: "[e2e]", ENCRYPTED: "[e2e]", CHANGED: "[KEY!]", PLAIN: "[PLAIN]",
}  # fmt: skip
WORDS: Final = {
    VERIFIED: "verified, you compared",
    VOUCHED: "vouched for by an instructor whom you verified",
    FIRST_SEEN: "first seen, not compared yet",
    CHANGED: "KEY CHANGED, nothing is sent until you compare",
    PLAIN: "not encrypted",
}
NEVER: Final = frozenset({"chain", "pinned"})  # the check that NO_E2EE_KEYS failed, of who never had keys
HELD: Final = "held"  # the `detail` of what came and waits until one has compared
_HELD: Final = (
    "{who}'s encryption key is not the one you know. Either {who} started over, or someone is pretending to be {who}."
    " What comes from {who} is held back. Compare numbers: /verify {who}"
)
_ID: Final = re.compile("[a-z2-7]{16}")
_UNKNOWN: Final = Code(STOP, "Something about encryption went wrong (code {code}).")
_EXITS: Final = {"NO_E2EE_KEYS": 7, "NO_ONE_TIME_KEY": 7, "FALLBACK_TOO_OLD": 7, "LIBRARY_UNSAFE": 1}


def mark(security: str) -> str:
    """The mark of a trust state; empty for one that is not known yet."""
    return MARKS.get(security, "")


def mark_of(talk: Talk) -> str:
    """The mark of a conversation: of a person's trust, or whether a group is encrypted."""
    return mark(talk.security or (ENCRYPTED if talk.encrypted else ""))


def kind(code: str) -> str:
    """What a code does; one that this program does not know stops."""
    return CODES.get(code, _UNKNOWN).kind


def sentence(notice: n.Secure, style: Style) -> str:
    """What a person reads; empty for what is only counted."""
    held = notice.code == "IDENTITY_CHANGED" and notice.detail == HELD
    text = _HELD if held else CODES.get(notice.code, _UNKNOWN).text
    return text.format(**_about(notice, style))


def shown(notice: n.Secure, style: Style) -> list[str]:
    """The line of a notice: with its code, where somebody may have to be told of it."""
    text = sentence(notice, style)
    if not text:
        return []
    found = CODES.get(notice.code, _UNKNOWN)
    tail = f" (code {notice.code})" if notice.code in HAPPENED and "{code}" not in found.text else ""
    return [style.paint("faint" if found.kind == NOTE else "bad", text + tail)]


def fields(notice: n.Secure, style: Style) -> dict[str, Any]:
    """The notice for a script, after `v` and `event`."""
    return {
        "code": notice.code, "class": kind(notice.code), "text": sentence(notice, style), "user": notice.user,
        "to": notice.to, "number": notice.number, "detail": notice.detail, "id": notice.id.hex(),
    }  # fmt: skip


def matters(code: str) -> bool:
    """Whether somebody should know of it who asked for something else."""
    return kind(code) != SILENT and not (code in ASKED and kind(code) == NOTE)


def status(code: str) -> int:
    """The exit status of a one-shot that came to this: 8 for keys that are not the right ones, 7 for a refusal."""
    if kind(code) not in (STOP, REFUSE):
        return 0
    return _EXITS.get(code, 7 if code in ASKED else 8)


def grouped(device: str) -> str:
    """An id of a device as one reads it out."""
    return " ".join(device[at : at + 4] for at in range(0, len(device), 4))


def _device(notice: n.Secure) -> str:
    """The device that is meant: the one that was found, or the one that was asked for."""
    asked = getattr(notice.intent, "device", "")
    if _ID.fullmatch(notice.detail):
        return grouped(notice.detail)
    return grouped(inert.name(asked)) if asked else "ID (see /devices)"


def _about(notice: n.Secure, style: Style) -> dict[str, str]:
    """What may stand in a text, inert."""
    who = inert.name(notice.user.removeprefix("@")) or "somebody"
    never = f" To talk openly instead: /plain {who}" if notice.detail in NEVER else ""
    return {
        "who": who,
        "where": inert.name((notice.to or notice.detail).removeprefix("#")),
        "number": str(notice.number),
        "messages": "1 message" if notice.number == 1 else f"{notice.number or 'Some'} messages",
        "are": "is" if notice.number == 1 else "are",
        "at": f" ({clock(notice.at, style.now)})" if notice.at else "",
        "date": f"on {clock(notice.at, style.now)}" if notice.at else "soon",
        "device": _device(notice),
        "detail": inert.line(notice.detail),
        "code": inert.name(notice.code),
        "plain": never,
    }


__all__ = [
    "ALARM", "CHANGED", "ENCRYPTED", "FIRST_SEEN", "HELD", "MARKS", "NEVER", "NOTE", "PLAIN", "REFUSE", "SILENT",
    "STOP", "VERIFIED", "VOUCHED", "WORDS", "fields", "grouped", "kind", "mark", "mark_of", "matters", "sentence",
    "shown", "status",
]  # fmt: skip
