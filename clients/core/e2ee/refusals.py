"""What can go wrong, each with its code, and the tables of checks that say so.

Rule: a person reads the text of the code, never the words of a library; there is no "do it anyway".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

T = TypeVar("T")

# What a code does: nothing is sent until the person decides; the item is not shown; it is counted only; it works,
# with a remark; it works, and everybody at the account must look.
STOP: Final = "stop"
REFUSE: Final = "refuse"
SILENT: Final = "silent"
NOTE: Final = "note"
ALARM: Final = "alarm"


class Code(NamedTuple):
    """One line of the table: what it does, and what a person reads."""

    kind: str
    text: str


_FORGED_LIST = "The server gave a forged list of {who}'s devices. Nothing was sent. Tell your instructor (code {code})."
_FORGED_KEY = "The server gave a forged key for one of {who}'s devices. Nothing was sent."
_NO_KEY = "{who} cannot receive encrypted messages right now. Your message was not sent."
_HIDDEN = "The server is hiding a change to {who}'s devices. Sending to {who} is paused."
_MEMBERS = "Someone tried to change the members of {who} without permission (code {code})."
_FORKED = "Members of {who} are being shown different member lists. Sending is paused."
_UNREADABLE = "A message from {who} could not be decrypted. Asked {who}'s device to send it again."
_FALSE = "A message claiming to be from {who} was refused: it is forged or damaged (code {code})."

CODES: Final[dict[str, Code]] = {
    "IDENTITY_CHANGED": Code(
        STOP,
        "{who}'s encryption key is not the one you know. Either {who} started over, or someone is pretending to be"
        " {who}. Nothing was sent. Compare numbers: /verify {who}",
    ),
    "NO_E2EE_KEYS": Code(STOP, _NO_KEY),
    "NO_ONE_TIME_KEY": Code(STOP, _NO_KEY),
    "DEVLIST_BAD_SIGNATURE": Code(STOP, _FORGED_LIST),
    "DEVLIST_CHAIN_BROKEN": Code(STOP, _FORGED_LIST),
    "DEVLIST_WRONG_USER": Code(STOP, _FORGED_LIST),
    "DEVICE_ID_MISMATCH": Code(STOP, _FORGED_LIST),
    "DEVICE_NOT_SELF_SIGNED": Code(STOP, _FORGED_LIST),
    "DEVICE_DUPLICATE": Code(STOP, _FORGED_LIST),
    "OTK_BAD_SIGNATURE": Code(STOP, _FORGED_KEY),
    "OTK_WRONG_DEVICE": Code(STOP, _FORGED_KEY),
    "WEAK_KEY": Code(STOP, _FORGED_KEY),
    "FALLBACK_TOO_OLD": Code(
        STOP,
        "{who} has not been online for over a month, so there is no fresh key for {who}. Nothing was sent; it will be"
        " tried again.",
    ),
    "SERVER_HIDES_DEVLIST": Code(STOP, _HIDDEN),
    "DEVLIST_FORK": Code(STOP, _HIDDEN),
    "GROUP_OP_BAD_SIGNATURE": Code(STOP, _MEMBERS),
    "GROUP_OP_FORBIDDEN": Code(STOP, _MEMBERS),
    "GROUP_OP_CHAIN_BROKEN": Code(STOP, _MEMBERS),
    "GROUP_OP_WRONG_GROUP": Code(STOP, _MEMBERS),
    "GROUP_LOG_FORK": Code(STOP, _FORKED),
    "SERVER_HIDES_GROUP_CHANGE": Code(STOP, _FORKED),
    "GROUP_UNKNOWN": Code(STOP, "{who} is not a group that you belong to."),
    "STATE_ROLLED_BACK": Code(
        NOTE,
        "This profile was restored from an older copy. New secure sessions were started; messages that arrived"
        " meanwhile may be unreadable.",
    ),
    "PROFILE_LOCKED": Code(STOP, "This profile is open in another window ({who})."),
    "CANNOT_DECRYPT": Code(REFUSE, _UNREADABLE),
    "NO_GROUP_KEY": Code(REFUSE, _UNREADABLE),
    "BINDING_MISMATCH": Code(REFUSE, _FALSE),
    "COMMITMENT_MISMATCH": Code(REFUSE, _FALSE),
    "UNKNOWN_KIND": Code(REFUSE, _FALSE),
    "UNKNOWN_DEVICE": Code(REFUSE, _FALSE),
    "NOT_A_MEMBER": Code(REFUSE, _FALSE),
    "GROUP_INDEX_REUSED": Code(REFUSE, _FALSE),
    "MALFORMED": Code(REFUSE, _FALSE),
    "GROUP_KEY_EXPIRED": Code(REFUSE, "A message from {who} used an outdated key and was refused."),
    "DUPLICATE": Code(SILENT, ""),
    "DUPLICATE_OR_TOO_OLD": Code(SILENT, ""),
    "GAP": Code(NOTE, "Messages from {who} are missing."),
    "CONTACT_NEW_DEVICE": Code(NOTE, "{who} added a device."),
    "CONTACT_LOST_DEVICE": Code(NOTE, "{who} removed a device."),
    "OWN_NEW_DEVICE": Code(ALARM, "A device was added to YOUR account. Not you? /devices revoke"),
    "OWN_LOST_DEVICE": Code(NOTE, "A device was removed from your account."),
    "PEER_HAS_OLD_LIST": Code(NOTE, "{who}'s program does not know yet that your devices changed; telling it now."),
    "SENDER_MUTED": Code(NOTE, "Too many messages from {who} could not be read; no more is said of them for an hour."),
    "FILE_CORRUPT": Code(REFUSE, "A file from {who} is damaged or was tampered with, and was not saved."),
    "FILE_INCOMPLETE": Code(NOTE, "A file from {who} is not complete. It resumes automatically."),
    "PLAINTEXT_REFUSED": Code(REFUSE, "An unencrypted message, claimed to be from {who}, was refused."),
    "STORE_LOCKED": Code(STOP, "Wrong passphrase."),
    "STORE_TAMPERED": Code(STOP, "This profile's data was altered outside the program and will not be used."),
    "LIBRARY_UNSAFE": Code(STOP, "The encryption library on this machine accepts worthless keys and is not used."),
}


class Refused(Exception):
    """Something did not pass. `code` is a key of CODES, `check` the check it failed, `user` whom it is about."""

    def __init__(self, code: str, check: str = "", user: str = "") -> None:
        super().__init__(f"{code} ({check})" if check else code)
        self.code = code
        self.check = check
        self.user = user

    @property
    def kind(self) -> str:
        """What the code does."""
        return CODES[self.code].kind


class Behind(Exception):
    """Somebody knows a newer list of this user, or log of this group. Ask the server since `since`, then come again.

    Nothing was changed and nothing may be acknowledged. Coming again with `fresh` says that the server was asked.
    """

    def __init__(self, user: str = "", group: bytes = b"", since: int = 0) -> None:
        super().__init__(user or group.hex())
        self.user = user
        self.group = group
        self.since = since


class Note(msgspec.Struct, frozen=True):
    """Something a person is told while all goes on. `number`: how many, or since which version."""

    code: str
    user: str = ""
    number: int = 0


class Check(NamedTuple, Generic[T]):
    """One thing that must hold, by a name of its own, and the code where it does not."""

    name: str
    code: str
    holds: Callable[[T], bool]


def require(checks: Iterable[Check[T]], subject: T, user: str = "") -> None:
    """Every check, in order; the first that fails is the refusal."""
    for check in checks:
        if not check.holds(subject):
            raise Refused(check.code, check.name, user)


def say(code: str, who: str = "") -> str:
    """The sentence of a code."""
    return CODES[code].text.format(who=who, code=code)
