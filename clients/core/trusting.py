"""The forms of encryption: from the words behind a command to what a person wants with keys, devices and trust.

Rule: as in `forms.py`. Ids and codes may be typed as they are shown, in groups and in whatever case.
"""

from __future__ import annotations

from typing import Final

from clients.core import intents as i
from clients.core.intents import Intent


def verify(rest: str) -> Intent | None:
    """`/verify @name`, and with `yes`, `accept` or `resume`."""
    both = _name_and_answer(rest, ("", "yes", "accept", "resume"))
    return i.Verify(*both) if both else None


def compare(rest: str) -> Intent | None:
    """`/compare @name`, and with `yes` or `no`."""
    both = _name_and_answer(rest, ("", "yes", "no"))
    return i.CompareNow(*both) if both else None


def devices(rest: str) -> Intent | None:
    """`/devices`, `/devices add ID`, `/devices revoke ID`."""
    verb, *words = rest.split() or [""]
    device = _joined(words).lower()
    if not verb:
        return i.ListDevices()
    if not device or verb.lower() not in ("add", "revoke"):
        return None
    return i.AddDevice(device) if verb.lower() == "add" else i.RevokeDevice(device)


def keys(rest: str) -> Intent | None:
    """`/keys`, `/keys passphrase`, `/keys recovery`, `/keys recover [CODE]`, `/keys reset [stop]`."""
    verb, *words = rest.split() or [""]
    verb = verb.lower()
    if verb == "recover":
        return i.Recover(code(" ".join(words)))
    if verb == "reset" and [word.lower() for word in words] == ["stop"]:
        return i.ResetKeys(stop=True)
    return _KEYS.get(verb) if not words else None


def plain(rest: str) -> Intent | None:
    """`/plain @name`, `/plain @name yes`."""
    both = _name_and_answer(rest, ("", "yes"))
    return i.TalkPlain(both[0], both[1] == "yes") if both else None


def report(rest: str) -> Intent | None:
    """`/report`, `/report ID why` (of what is encrypted); `/report @bob why`, `/report #g 17 why` (of what is open)."""
    words = rest.split(None, 1)
    if words and words[0][:1] in "@#":
        more = words[1].split(None, 1) if len(words) > 1 else []
        seq = int(more.pop(0)) if more and more[0].isascii() and more[0].isdigit() and len(more[0]) < 16 else 0
        return i.ReportOpen(words[0], seq, " ".join(more).strip()) if len(words[0]) > 1 else None
    if len(words) == 1:
        return None
    return i.Report(words[0].lower(), words[1].strip()) if words else i.Report()


def roster(rest: str) -> Intent | None:
    """`/roster`, `/roster r`, `/roster r add @a,@b`, `/roster r remove @a`, `/roster @lee trust`, `... distrust`."""
    words = rest.split()
    if len(words) == 2 and words[0].startswith("@") and words[0] != "@" and words[1].lower() in ("trust", "distrust"):
        return i.TrustRosters(words[0].lstrip("@"), words[1].lower() == "trust")
    if len(words) < 2:
        return i.AskRoster("".join(words))
    names = tuple(dict.fromkeys(name.lstrip("@") for word in words[2:] for name in word.split(",") if name.strip("@")))
    verb = words[1].lower()
    return i.ChangeRoster(words[0], verb == "add", names) if names and verb in ("add", "remove") else None


def code(text: str) -> str:
    """A recovery code, however it was written down."""
    return _joined(text.split()).upper()


def _name_and_answer(rest: str, answers: tuple[str, ...]) -> tuple[str, str] | None:
    """A person, and one of these words."""
    words = rest.split()
    name = words[0].lstrip("@") if words else ""
    answer = " ".join(words[1:]).lower()
    return (name, answer) if name and not name.startswith("#") and answer in answers else None


def _joined(words: list[str]) -> str:
    """What was typed in groups, as one word."""
    return "".join(words).replace("-", "")


_KEYS: Final[dict[str, Intent]] = {
    "": i.AskKeys(),
    "passphrase": i.AskPassphrase(),
    "recovery": i.MakeRecovery(),
    "reset": i.ResetKeys(),
}
