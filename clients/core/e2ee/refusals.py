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
    """One line of the table: what it does, and what a person reads; `clients/core/alerts.py` fills the text in.

    What may stand in it: {who} (a person), {where} (a group), {number}, {messages} (so many), {are}, {at} (a time, in
    brackets), {date}, {device} (an id in groups), {detail}, {code}; {plain}: the way out for who never had keys.
    """

    kind: str
    text: str


_FORGED_LIST = "The server gave a forged list of {who}'s devices. Nothing was sent. Tell your instructor (code {code})."
_FORGED_KEY = "The server gave a forged key for one of {who}'s devices. Nothing was sent."
_NO_KEY = "{who} cannot receive encrypted messages right now. Your message was not sent.{plain}"
_HIDDEN = "The server is hiding a change to {who}'s devices. Sending to {who} is paused."
_MEMBERS = "Someone tried to change the members of {where} without permission."
_FORKED = "Members of {where} are being shown different member lists. Sending is paused."
_UNREADABLE = "A message from {who}{at} could not be decrypted. Asked {who}'s device to send it again."
_FALSE = "A message claiming to be from {who} was refused: it is forged or damaged (code {code})."

HAPPENED: Final[dict[str, Code]] = {
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
    "GROUP_UNKNOWN": Code(STOP, "{where} is not a group that you belong to."),
    "STATE_ROLLED_BACK": Code(
        NOTE,
        "This profile was restored from an older copy. New secure sessions were started; messages that arrived"
        " meanwhile may be unreadable.",
    ),
    "PROFILE_LOCKED": Code(STOP, "This profile is open in another window ({detail})."),
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
    "GAP": Code(NOTE, "{messages} from {who} {are} missing."),
    "CONTACT_NEW_DEVICE": Code(NOTE, "{who} added a device."),
    "CONTACT_LOST_DEVICE": Code(NOTE, "{who} removed a device."),
    "OWN_NEW_DEVICE": Code(ALARM, "A device was added to YOUR account: {device}. Not you? /devices revoke {device}"),
    "OWN_LOST_DEVICE": Code(NOTE, "A device was removed from your account: {device}."),
    "PEER_HAS_OLD_LIST": Code(NOTE, "{who}'s program does not know yet that you removed a device; telling it now."),
    "SENDER_MUTED": Code(NOTE, "Too many messages from {who} could not be read; no more is said of them for an hour."),
    "FILE_CORRUPT": Code(REFUSE, "{detail} is damaged or was tampered with at {number}% and was not saved. Retry?"),
    "PLAINTEXT_REFUSED": Code(REFUSE, "An unencrypted message, claimed to be from {who}, was refused."),
    "OWN_KEY_CHANGED": Code(
        ALARM,
        "YOUR key is another one now. Did you begin anew on another device (/keys reset)? Then link this one again, in"
        " a new profile: chat --profile DIR link. Was it not you? /passwd, and tell your instructor.",
    ),
    "KEY_IS_NEW": Code(NOTE, "Your new key has begun. Who had compared with you has to compare again: /verify"),
    "KEY_ROTATES": Code(NOTE, "{who} is about to have a new key, and has signed it with the old one."),
    "KEY_ROTATED": Code(NOTE, "{who} has a new key, signed with the old one. Compare when you can: /verify {who}"),
    "OWN_KEY_ROTATES": Code(
        ALARM,
        "Another of your devices gives YOU a new key. Not you? /keys reset stop, then /passwd and /devices revoke",
    ),
    "SAS_DONE": Code(NOTE, "You and {who} have compared, and the key is {who}'s: verified."),
    "SAS_CANCELLED": Code(NOTE, "The comparison with {who} was called off."),
    "SAS_ELSEWHERE": Code(NOTE, "You go on comparing with {who} on another device."),
    "SAS_TIMED_OUT": Code(NOTE, "The comparison with {who} took too long. Try again: /compare {who}"),
    "SAS_FAILED": Code(NOTE, "The comparison with {who} went wrong. Nothing is verified; try again: /compare {who}"),
    "SAS_MISMATCH": Code(
        ALARM,
        "What you and {who} see is NOT the same: somebody may be between you. Nothing is verified; say nothing secret"
        " to {who}, and tell your instructor.",
    ),
    "SAS_NOTHING": Code(REFUSE, "There is nothing to compare with {who} now. Begin: /compare {who}"),
    "STORE_LOCKED": Code(STOP, "Wrong passphrase."),
    "STORE_TAMPERED": Code(STOP, "This profile's data was altered outside the program and will not be used."),
    "LIBRARY_UNSAFE": Code(STOP, "The encryption library on this machine accepts worthless keys and is not used."),
}

# What follows from what a person asked for: nothing to tell an instructor, so the code is not shown.
ASKED: Final[dict[str, Code]] = {
    "VERIFIED": Code(NOTE, "{who} is verified: your messages can be read by {who} and by nobody else."),
    "VERIFY_SELF": Code(STOP, "That is you. /devices has the number of your own key, the same on all of your devices."),
    "KEY_ACCEPTED": Code(NOTE, "{who}'s new key was taken without comparing. Compare when you can: /verify {who}"),
    "KEY_NOT_CHANGED": Code(STOP, "{who}'s key is the one you know; there is nothing to accept."),
    "COMPARE_AGAIN": Code(
        STOP,
        "You were sure of {who}'s key before, so another one is taken only by comparing: /verify {who}, and if the"
        " numbers are the same, /verify {who} yes",
    ),
    "RESUMED": Code(NOTE, "Sending to {who} goes on, with the devices that are known of {who}."),
    "NOTHING_PAUSED": Code(STOP, "Sending to {who} is not paused."),
    "PLAIN_ASK": Code(
        STOP,
        "{who} cannot encrypt: the server and everyone on the network can read what you two write. If that is all"
        " right: /plain {who} yes",
    ),
    "PLAIN_TALK": Code(
        NOTE, "Your talk with {who} is not encrypted: the server and everyone on the network can read it."
    ),
    "GUEST_OPEN": Code(
        NOTE, "A guest has no keys: the server and everyone on the network can read what you write and what you get."
    ),
    "PLAIN_NEEDLESS": Code(STOP, "{who} can encrypt, so nothing is sent to {who} openly."),
    "GROUP_MADE": Code(NOTE, "Group '{where}' is encrypted, and by invitation: /invite {where} name"),
    "GROUP_NAMED": Code(
        NOTE,
        "Group '{where}' is encrypted. Who knows its name asks to come in, and the program of any member lets them in;"
        " by invitation only: /mode {where} +i",
    ),
    "GROUP_ASKED": Code(
        NOTE,
        "Group '{where}' is there, encrypted. You have asked to be let in; the program of any member does that, as soon"
        " as one is here.",
    ),
    "GROUP_ASKED_BACK": Code(
        NOTE,
        "Group '{where}' is there, and somebody has removed you from it. Those who run it are asked to let you in.",
    ),
    "GROUP_LET_IN": Code(NOTE, "You are in the encrypted group '{where}' now."),
    "GROUP_WAITING": Code(
        STOP,
        "You are not in group '{where}' yet: you have asked, and nobody who lets you in has been here. Nothing was"
        " sent.",
    ),
    "GROUP_GONE": Code(NOTE, "Group '{where}' is no longer there, so you no longer ask to be let in: /group {where}"),
    "GROUP_WITHDRAWN": Code(NOTE, "You do not ask to be let into group '{where}' any more."),
    "GROUP_OTHER": Code(
        STOP,
        "The server has led you to another group than '{where}'. You have left it again; tell your instructor.",
    ),
    "GROUP_WAS_SECRET": Code(
        STOP,
        "The group '{where}' that you know is encrypted, and now the server has an open one of this name. If that is"
        " the one you want: /group --open {where}",
    ),
    "GROUP_PUT_OUT": Code(
        STOP,
        "Somebody has removed you from the encrypted group '{where}', and it is by invitation: ask those who run it."
        " Another one of this name: /group --private {where}",
    ),
    "GROUP_NOT_OPEN": Code(
        STOP,
        "This server knows no encryption, so you are in no group '{where}'. For an open one: /group --open {where}",
    ),
    "KNOCK_REMOVED": Code(
        NOTE, "{who}, whom somebody has removed from group '{where}', asks to come back: /invite {where} {who}"
    ),
    "GROUP_ADDED": Code(NOTE, "{who} has taken you into the encrypted group '{where}'."),
    "GROUP_HERE": Code(
        NOTE,
        "You are in the encrypted group '{where}', and this device reads it from now on. What was said there before"
        " this device came cannot be read here.",
    ),
    "GROUP_NAMELESS": Code(
        NOTE,
        "The server does not know what it is called, so it is called '{where}' until another member or a device of"
        " yours says the name; an owner may name it anew: /rename {where} name",
    ),
    "GROUP_WAITS": Code(
        NOTE,
        "You are in an encrypted group ({detail}) whose members cannot be checked from this device. It waits until an"
        " owner, or another device of yours, is here and takes this one in.",
    ),
    "NOT_READY": Code(STOP, "Encryption is not ready yet on this device; try again in a moment."),
    "DEVICE_NOT_LISTED": Code(
        STOP,
        "This device is not on your list yet, so it neither sends nor reads what is encrypted. On a device that is:"
        " /devices add {device}",
    ),
    "DEVICE_LISTED": Code(
        NOTE,
        "This device is on your list now: it sends and reads what is encrypted. The device where you said /devices add"
        " says so, too. If it does not: the server lies; write nothing here, and tell your instructor.",
    ),
    "TEXT_TOO_LONG": Code(STOP, "This text is too long to be encrypted in one piece; send it as a file."),
    "SERVER_WITHOUT_E2EE": Code(
        STOP, "This server knows no encryption, so nothing is sent to {who}. To talk openly instead: /plain {who}"
    ),
    "DEVICE_OFFERED": Code(ALARM, "A device wants to be added to YOUR account: {device}. Yours? /devices add {device}"),
    "DEVICE_ADDED": Code(NOTE, "Device {device} is on your list: it reads what is written to you from now on."),
    "LINK_OTHER_KEY": Code(
        ALARM,
        "The server has told your new device that another key is YOURS. It was not added. Write nothing on it, and tell"
        " your instructor; or did you begin anew since then (/keys reset)? Then link it again, in a new profile.",
    ),
    "DEVICE_REVOKED": Code(NOTE, "Device {device} is off your account: nothing new reaches it."),
    "NO_SUCH_DEVICE": Code(STOP, "None of your devices is {device}; see /devices."),
    "NOT_PRIMARY": Code(
        STOP, "Only your first device has the key to do this, or one where you gave the recovery code: /keys recover"
    ),
    "RECOVERED": Code(
        NOTE,
        "This device has your user key again: it may add devices and revoke them, and your encrypted groups come back."
        " What was said before cannot come back: it was readable only on your other devices.",
    ),
    "BAD_RECOVERY_CODE": Code(STOP, "{detail} Nothing was changed."),
    "RECOVERY_OUTDATED": Code(
        STOP,
        "This code is for another key than the server says is yours. Either your keys began anew after it, or the"
        " server lies: then write nothing on this device, and tell your instructor.",
    ),
    "NO_RECOVERY": Code(STOP, "No recovery code was made for this account."),
    "RESET_BEGUN": Code(
        ALARM,
        "YOUR keys begin anew {date}; then everybody has to compare numbers with you again. Not you? /keys reset stop",
    ),
    "RESET_STOPPED": Code(NOTE, "Your keys stay as they are."),
    "REPORT_SENT": Code(NOTE, "The message was shown to the moderators ({detail}) and to nobody else."),
    "REPORT_RECEIVED": Code(ALARM, "{who} reports a message: {detail}"),
    "REPORT_FALSE": Code(REFUSE, "A report from {who} was refused: this was never sent, or not by whom it says."),
    "REPORT_UNPROVABLE": Code(STOP, "This message of {who} cannot be reported: the server has not marked it."),
    "NO_SUCH_MESSAGE": Code(STOP, "There is no message {detail} here that can be reported; see /report."),
    "NO_MODERATORS": Code(STOP, "Nobody is there to report to: this server has no moderators."),
    "ROSTER_SIGNED": Code(NOTE, "Roster {detail} is signed and given to everybody on it: {number} people."),
    "ROSTER_HEARD": Code(
        NOTE, "{who} vouches for {number} people (roster {detail}). To take {who}'s word: /roster @{who} trust"
    ),
    "ROSTER_PEOPLE": Code(NOTE, "{who} vouches for: {detail}"),
    "ROSTER_NONE": Code(STOP, "There are no rosters here. An instructor makes one: /roster cs101 add @alice"),
    "REPORTABLE": Code(NOTE, "/report {detail}   ({who}{at})"),
    "NOTHING_TO_REPORT": Code(STOP, "There is no message here that can be reported."),
    "ROSTER_COUNTS": Code(NOTE, "{who} vouches for {number} people (roster {detail})."),
    "ROSTER_UNKNOWN": Code(STOP, "There is no roster {detail} here."),
    "ROSTER_TOO_LONG": Code(STOP, "A roster has at most a thousand people; make a second one."),
    "ROSTER_TRUSTED": Code(NOTE, "You take {who}'s word for who is who, from now on."),
    "ROSTER_DISTRUSTED": Code(NOTE, "You no longer take {who}'s word for who is who."),
    "ROSTER_SETTLED": Code(NOTE, "{who}'s new key stands on the roster {detail}, and is taken."),
    "ROSTER_CONTRADICTS": Code(
        ALARM,
        "Roster {detail} has another key for {who} than the one known here. One of the two is false: /verify {who}, and"
        " tell your instructor.",
    ),
    "ROSTER_REFUSED": Code(REFUSE, "A roster claiming to be from {who} was refused (code {code})."),
    "NOT_VERIFIED": Code(STOP, "You have not verified {who} yourself, and that comes first: /verify {who}"),
}

CODES: Final = {**HAPPENED, **ASKED}


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
    """Somebody knows a newer list of this user, or log of this group, which has `until` entries at least. Ask the
    server since `since`, then come again.

    Nothing was changed and nothing may be acknowledged. Coming again with `fresh` says that the server was asked.
    """

    def __init__(self, user: str = "", group: bytes = b"", since: int = 0, until: int = 0) -> None:
        super().__init__(user or group.hex())
        self.user = user
        self.group = group
        self.since = since
        self.until = until


class Note(msgspec.Struct, frozen=True):
    """Something a person is told while all goes on. `number`: how many, or since which version; `detail`: a device, or
    a roster."""

    code: str
    user: str = ""
    number: int = 0
    detail: str = ""


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


def say(code: str) -> str:
    """The sentence of a code that names nothing; `clients/core/alerts.py` has those of the others."""
    return CODES[code].text
