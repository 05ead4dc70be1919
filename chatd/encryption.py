"""The vocabulary of end-to-end encryption: device lists, one-time keys, mail for devices, groups' signed logs.

Rule: as in `messages`. Everything signed or encrypted travels as bytes that the server does not need to read; what it
checks is hygiene, and no client relies on it. A client makes its `Arrived` (`clients/core/e2ee/receiving.py`) of mail.
"""

from __future__ import annotations

import hashlib
import unicodedata

import msgspec

from chatd.messages import Value


def door_of(name: str) -> bytes:
    """Where an encrypted group of this name is found by those who know the name: 16 bytes of its SHA-256.

    With or without `#`, in whatever letters. The server is not told the name, but can try those of a dictionary.
    """
    bare = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name.removeprefix("#")).lower())
    return hashlib.sha256(b"chatd/v1/door\0" + bare.encode(errors="replace")).digest()[:16]


# ---- commands: who somebody's devices are --------------------------------------------------------------------------


class PutList(Value, frozen=True, tag="putlist"):
    """Upload the next signed list of one's devices; `conflict` where it does not follow the newest one."""

    ref: int
    blob: bytes


class AskLists(Value, frozen=True, tag="asklists"):
    """Somebody's signed lists after a version; 0: from the first. After a reset of the identity the whole new chain
    comes, whatever `since` says. `chain`: which one, counted from 1; 0: the newest."""

    ref: int
    name: str
    since: int = 0
    chain: int = 0


class PutKeys(Value, frozen=True, tag="putkeys"):
    """Upload signed one-time keys of this device, and its fallback key where that is new. A repeat changes nothing;
    another key under a known id is `key-changed`, and then nothing is kept."""

    ref: int
    keys: list[bytes]
    fallback: bytes = b""


class AskKeys(Value, frozen=True, tag="askkeys"):
    """How this device's keys stand, and which counter of its mail was the highest."""

    ref: int


class ClaimKeys(Value, frozen=True, tag="claimkeys"):
    """One key of each of these devices (name, device), to open a session with: all of them, or `rate-limited`."""

    ref: int
    devices: list[tuple[str, str]]


class OfferDevice(Value, frozen=True, tag="offerdevice"):
    """This device, signed by itself, wants to be on one's list: one's other devices are told. Empty: no longer.

    It is remembered until the server stops: a device that is not listed offers itself at each login.
    """

    ref: int
    signed: bytes


class AskOffers(Value, frozen=True, tag="askoffers"):
    """Which of one's devices want to be listed."""

    ref: int


class RemoveDevice(Value, frozen=True, tag="removedevice"):
    """Take a device off the account, and end its session. One that is listed comes off the list first (`putlist`),
    which takes its mail and its keys."""

    ref: int
    device: str


class ResetIdentity(Value, frozen=True, tag="resetidentity"):
    """Begin a new chain of lists by the account's password. It takes effect a day later; an empty blob stops it."""

    ref: int
    blob: bytes
    password: str = ""


class PutBackup(Value, frozen=True, tag="putbackup"):
    """Keep this for oneself (the recovery code opens it); empty: no longer. `before`: only if the SHA-256 of what is
    kept now is this, else `conflict`; empty: in any case."""

    ref: int
    blob: bytes
    before: bytes = b""


class AskBackup(Value, frozen=True, tag="askbackup"):
    """What one has kept."""

    ref: int


# ---- commands: mail ------------------------------------------------------------------------------------------------


class Item(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One ciphertext, for these devices (name, device). `type`: olm0, olm1, megolm; `sid`: of the group session."""

    to: list[tuple[str, str]]
    type: str
    conversation: str
    commitment: bytes
    ciphertext: bytes
    sid: str = ""


class PutMail(Value, frozen=True, tag="putmail"):
    """Mail for devices: all of it or nothing, and once for an `id`. `lists`: the version of each person's list it is
    made for; `counter`: of the sending device, so that it can see whether its own disk is an older copy."""

    ref: int
    id: bytes
    counter: int
    lists: dict[str, int]
    items: list[Item]


class AcknowledgeMail(Value, frozen=True, tag="ackmail"):
    """This device has its mail up to `seq` on disk. No reply."""

    seq: int


# ---- commands: groups ----------------------------------------------------------------------------------------------


class AskOwnGroups(Value, frozen=True, tag="askowngroups"):
    """Which encrypted groups one belongs to: a new device of somebody's has no other way to know."""

    ref: int


class AppendGroup(Value, frozen=True, tag="appendgroup"):
    """The next entry of a group's signed log; `conflict` where it does not follow the newest one."""

    ref: int
    group: bytes
    entry: bytes


class AskGroup(Value, frozen=True, tag="askgroup"):
    """Entries of a group's signed log after the first `since`. For members; who was removed, or left, reads up to
    that."""

    ref: int
    group: bytes
    since: int = 0


class AskDoor(Value, frozen=True, tag="askdoor"):
    """Which group is found at a door (`door_of` its name)."""

    ref: int
    door: bytes


class Knock(Value, frozen=True, tag="knock"):
    """Ask to be let into a group that has a door; its members are told, now and when they come. Off: no longer.

    From a member's device that nobody has shown the group to it is kept by nobody: members who are here are told.
    """

    ref: int
    group: bytes
    on: bool = True


class AskKnocks(Value, frozen=True, tag="askknocks"):
    """Who wants to be let into one's groups."""

    ref: int


# ---- commands: reports ---------------------------------------------------------------------------------------------


class AskModerators(Value, frozen=True, tag="askmoderators"):
    """To whom a report goes."""

    ref: int


class CheckReport(Value, frozen=True, tag="checkreport"):
    """Whether this server tagged this commitment (moderators)."""

    ref: int
    commitment: bytes
    tag: bytes
    sender: str
    conversation: str
    at: int


# ---- events --------------------------------------------------------------------------------------------------------


class Lists(Value, frozen=True, tag="lists"):
    """The answer to `asklists`; empty: nothing newer, or (since 0) somebody without keys. A long chain comes in parts:
    ask again after the last one."""

    ref: int
    name: str
    since: int
    chain: list[bytes]


class ListChanged(Value, frozen=True, tag="listchanged"):
    """Somebody whom one writes to, or oneself, has another list. A hint: ask for it."""

    name: str
    version: int


class KeysAre(Value, frozen=True, tag="keysare"):
    """How this device's keys stand: the answer, or (ref 0) a hint that few are left.

    `last`: the highest id given out, -1 for none; `used`: the fallback key was given out; `counter`: the highest of
    its mail, 0 for none.
    """

    ref: int
    count: int
    last: int
    used: bool
    counter: int


class Claimed(Value, frozen=True, tag="claimed"):
    """A signed key for each device that was asked for, in that order; empty: there is none."""

    ref: int
    keys: list[bytes]


class Offers(Value, frozen=True, tag="offers"):
    """One's devices that want to be listed, each signed by itself: the answer, or (ref 0) a change."""

    ref: int
    devices: list[bytes]


class ResetIs(Value, frozen=True, tag="resetis"):
    """A new chain takes effect at this time (0: none will): the answer, or (ref 0) an alarm to all of one's devices."""

    ref: int
    at: int


class Backup(Value, frozen=True, tag="backup"):
    """What one has kept."""

    ref: int
    blob: bytes


class MailTaken(Value, frozen=True, tag="mailtaken"):
    """The mail is on disk. `state`: `sent` (a device of somebody else is on) or `stored`."""

    ref: int
    at: int
    state: str


class Stale(Value, frozen=True, tag="stale"):
    """The mail was not taken: these people have another list than it was made for."""

    ref: int
    names: list[str]


class Mail(Value, frozen=True, tag="mail"):
    """An item for this device. `seq`: of its mail, ascending, with gaps; `id`: of this item; `sending`: of the PutMail.

    `tag`: HMAC-SHA256 by the server over commitment, sender, conversation and time; empty where it keeps out of it.
    """

    seq: int
    id: bytes
    sending: bytes
    sender: str
    device: str
    type: str
    conversation: str
    commitment: bytes
    ciphertext: bytes
    sid: str
    at: int
    tag: bytes


class MailRead(Value, frozen=True, tag="mailread"):
    """Somebody has what this device said to a group (`id` of its PutMail): the first device of somebody else has
    acknowledged it. Told once, to the device that said it if it is here, and not who it was."""

    id: bytes


class GroupLog(Value, frozen=True, tag="grouplog"):
    """The answer to `askgroup`; empty: nothing newer. A long log comes in parts: ask again after the last one."""

    ref: int
    group: bytes
    since: int
    entries: list[bytes]


class OwnGroups(Value, frozen=True, tag="owngroups"):
    """The answer to `askowngroups`."""

    ref: int
    groups: list[bytes]


class GroupGrew(Value, frozen=True, tag="groupgrew"):
    """A group's signed log has `count` entries now. A hint: ask for them."""

    group: bytes
    count: int


class DoorIs(Value, frozen=True, tag="dooris"):
    """The answer to `askdoor`: the encrypted group there, or the open group whose name leads there; or neither."""

    ref: int
    group: bytes = b""
    open: str = ""


class Knocks(Value, frozen=True, tag="knocks"):
    """Who wants to be let in where (group, name): the answer, or (ref 0) somebody who has asked just now."""

    ref: int
    who: list[tuple[bytes, str]]


class Moderators(Value, frozen=True, tag="moderators"):
    """The answer to `askmoderators`."""

    ref: int
    names: list[str]


class ReportChecked(Value, frozen=True, tag="reportchecked"):
    """The answer to `checkreport`."""

    ref: int
    genuine: bool


Command = (
    PutList | AskLists | PutKeys | AskKeys | ClaimKeys | OfferDevice | AskOffers | RemoveDevice | ResetIdentity
    | PutBackup | AskBackup | PutMail | AcknowledgeMail | AskOwnGroups | AppendGroup | AskGroup | AskDoor | Knock
    | AskKnocks | AskModerators | CheckReport
)  # fmt: skip

Event = (
    Lists | ListChanged | KeysAre | Claimed | Offers | ResetIs | Backup | MailTaken | Stale | Mail | MailRead | GroupLog
    | OwnGroups | GroupGrew | DoorIs | Knocks | Moderators | ReportChecked
)  # fmt: skip
