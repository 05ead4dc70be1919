"""What is shown in blocks of lines: the number to compare, pictures, devices, the state of keys, the recovery code.

Rule: pure. Each block says in one sentence what to do next. What comes from the network is made inert here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from clients.core import alerts, inert
from clients.core import notices as n
from clients.core.style import Style, clock

INDENT: Final = "    "
TRUSTS: Final = ("changed", "verified", "vouched", "first-seen", "plain")


def compare(notice: n.Compare, style: Style) -> list[str]:
    """The safety number, twelve groups of five, four to a row."""
    who = inert.name(notice.user)
    whose = f"{who}'s NEW key, which is not accepted yet" if notice.changed else f"{who}'s key and yours"
    mark = alerts.mark(notice.trust)
    return [
        f"{mark} {who}: {alerts.WORDS.get(notice.trust, 'not known')}.".strip(),
        f"The number of {whose}:",
        "",
        *(style.paint("you", INDENT + row) for row in _rows(inert.line(notice.number).split(), 4)),
        "",
        f"Compare it with what {who} sees, side by side or by voice, not through this chat.",
        f"The same:      /verify {who} yes",
        "Not the same:  somebody may be between you; write nothing secret, and tell your instructor.",
    ]


def compare_short(notice: n.CompareShort, style: Style) -> list[str]:
    """A comparison of pictures and numbers, step by step."""
    who = inert.name(notice.user)
    if notice.state == "compare":
        pictures = " - ".join(inert.name(name) for name in notice.emoji)
        numbers = " ".join(map(str, notice.numbers))
        return [
            f"Does {who} see the same, in the same order?",
            "",
            *(style.paint("you", INDENT + row) for row in (pictures, numbers) if row),
            "",
            f"If so: /compare {who} yes   If not: /compare {who} no",
        ]
    return [_SHORT.get(notice.state, "The comparison with {who} ended.").format(who=who)]


def devices(notice: n.OwnDevices, style: Style) -> list[str]:
    """The devices of one's account as a table; this one is marked by words."""
    rows = [("device", "state", "first seen", "connections"), *(_device(one, style) for one in notice.devices)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    shown = ["  ".join([*(row[at].ljust(widths[at]) for at in range(3)), row[3]]).rstrip() for row in rows]
    waiting = [one for one in notice.devices if one.waiting]
    if waiting and not any(one.this for one in waiting):
        id_ = alerts.grouped(inert.name(waiting[0].device))
        shown.append(f"One waits to be added. Yours? /devices add {id_}   Not yours? /devices revoke {id_}")
    if notice.code:
        shown.append(f"The number of your key, the same on each device of yours: {_fives(notice.code)}")
    return shown


def keys(notice: n.KeysStatus, style: Style) -> list[str]:
    """How keys stand on this device, whom one trusts how far, and what was refused without a word."""
    may = "yes" if notice.primary else "no (your first device may, or one with the recovery code)"
    made = "made" if notice.recovery else "not made yet: /keys recovery"
    rows = [
        ("this device", alerts.grouped(inert.name(notice.device))),
        ("on your list", "yes" if notice.listed else "no: on a device that is, /devices add this one"),
        ("may add devices", may),
        ("recovery code", made if notice.primary or notice.recovery else "made on a device that may add others"),
        ("one-time keys left", str(notice.left)),
        *([("this profile", notice.profile)] if notice.profile else []),
        *([("number of your key", _fives(notice.code))] if notice.code else []),
        *_people(notice.people),
        *(("refused", f"{inert.name(code)}, {count} times") for code, count in notice.counts),
    ]
    width = max(len(name) for name, _ in rows) + 2
    return [name.ljust(width) + value for name, value in rows]


def recovery(notice: n.RecoveryCode, style: Style) -> list[str]:
    """The recovery code, once."""
    code = "".join(notice.code.replace("-", " ").split())
    groups = [code[at : at + 4] for at in range(0, len(code), 4)]
    return [
        "Your recovery code. It is shown this once and kept nowhere: write it down on paper now.",
        "",
        *(style.paint("you", INDENT + row) for row in _rows([inert.name(group) for group in groups], 5)),
        "",
        "It gives a new device of yours the right to be you: /keys recover, there.",
        "Whoever else has it can add devices to your account, so show it to nobody.",
    ]


_SHORT: Final = {
    "asked": "{who} wants to compare keys with you, now. /compare {who} takes part, /compare {who} no does not.",
    "waiting": "Waiting for {who}: it is {who}'s turn now, by /compare and your name.",
    "done": "The same on both sides: {who} is verified.",
    "cancelled": "The comparison with {who} was called off.",
    "failed": "The comparison with {who} FAILED: somebody may be between you. Nothing was verified; write nothing"
    " secret and tell your instructor.",
}


def _fives(number: str) -> str:
    """A number in groups of five, as it is read out."""
    digits = "".join(inert.line(number).split())
    return " ".join(digits[at : at + 5] for at in range(0, len(digits), 5))


def _rows(groups: Sequence[str], width: int) -> list[str]:
    return [" ".join(groups[at : at + width]) for at in range(0, len(groups), width)]


def _device(one: n.OwnDevice, style: Style) -> tuple[str, str, str, str]:
    states = [
        word
        for word, holds in (
            ("this device", one.this),
            ("may add others", one.primary),
            ("waits to be added", one.waiting),
            ("not listed: reads nothing encrypted", not one.listed and not one.waiting),
        )
        if holds
    ]
    since = clock(one.since, style.now) if one.since else "-"
    return alerts.grouped(inert.name(one.device)), ", ".join(states) or "listed", since, str(one.sessions)


def _people(people: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Who is trusted how far, the worst first."""
    order = [*TRUSTS, *sorted({trust for _, trust in people} - set(TRUSTS))]
    rows = []
    for trust in order:
        names = sorted(inert.name(name) for name, found in people if found == trust)
        if names:
            rows.append((f"{alerts.mark(trust)} {inert.name(trust)}".strip(), ", ".join(names)))
    return rows
