"""What a person wants: one value each, the same for every face.

Rule: values only. Where to add one: a value here, a function in `forms.py`, a row in the table of `commands.py`; then
what it means in `requests.py` or `app.py`.
"""

from __future__ import annotations

import msgspec

from chatd.moderation import ModeChange


class Intent(msgspec.Struct, frozen=True):
    """What every intent has in common."""


class Say(Intent, frozen=True):
    """Text for the conversation in focus."""

    text: str


class Edit(Intent, frozen=True):
    """Another text for a message of one's own in the conversation in focus: that whose id begins with `id` (hex), or
    the last one. Without a text: which ones there are."""

    text: str = ""
    id: str = ""


class Substitute(Intent, frozen=True):
    """Other words in one's last message there, where it has the old ones; else this line is said as it is."""

    old: str
    new: str
    line: str


class Tell(Intent, frozen=True):
    """Text for people (`@name`) and groups (`#name`), once for each."""

    to: tuple[str, ...]
    text: str


class JoinGroup(Intent, frozen=True):
    """Join a group, or (`create`) make it: by invitation (`private`), or not encrypted (`open`). `key`: where one is
    needed to come in."""

    group: str
    private: bool = False
    key: str = ""
    open: bool = False
    create: bool = True


class LeaveGroup(Intent, frozen=True):
    """Stop being a member."""

    group: str


class InviteTo(Intent, frozen=True):
    """Invite somebody to a group."""

    group: str
    name: str


class KickFrom(Intent, frozen=True):
    """Remove somebody from a group; empty: the one in focus."""

    group: str
    name: str
    reason: str = ""


class GiveRole(Intent, frozen=True):
    """Make a member owner, op, member or one of the others."""

    group: str
    name: str
    role: str


class Topic(Intent, frozen=True):
    """Ask for a group's topic (None) or set it."""

    group: str
    topic: str | None = None


class Announce(Intent, frozen=True):
    """Let only operators write to a group, or everybody again."""

    group: str
    on: bool


class AskModes(Intent, frozen=True):
    """How a group's modes stand; empty: the one in focus."""

    group: str = ""


class ChangeModes(Intent, frozen=True):
    """Change modes of a group, of its members, its lists of masks; empty: the group in focus."""

    group: str
    changes: tuple[ModeChange, ...]


class ListMasks(Intent, frozen=True):
    """One of a group's lists of masks: `b` bans, `e` exceptions, `I` who needs no invitation."""

    group: str = ""
    letter: str = "b"


class RenameGroup(Intent, frozen=True):
    """Give a group another name."""

    group: str
    name: str
    reason: str = ""


class ListMembers(Intent, frozen=True):
    """Who belongs to a group; empty: the one in focus."""

    group: str = ""


class ListGroups(Intent, frozen=True):
    """Which groups there are."""


class ListPeople(Intent, frozen=True):
    """Who is here."""


class AskAbout(Intent, frozen=True):
    """What may be known about one person."""

    name: str


class SendFile(Intent, frozen=True):
    """Send the file at this path to people (`@name`) and groups (`#name`)."""

    to: tuple[str, ...]
    path: str


class GetFile(Intent, frozen=True):
    """Fetch a file that was offered: by its id, the first digits of it, or its name. `output`: where it shall go."""

    id: str
    output: str = ""


class DeclineFile(Intent, frozen=True):
    """Do not fetch a file, or stop sending or fetching it."""

    id: str


class ListFiles(Intent, frozen=True):
    """Which files were offered, are on their way, or have arrived."""


class ReadHistory(Intent, frozen=True):
    """The last messages of a conversation; empty: the one in focus."""

    to: str = ""
    limit: int = 20
    before: int = 0


class Explain(Intent, frozen=True):
    """What became of a message of one's own: its seq in a conversation (empty: the one in focus), 0: the newest."""

    to: str = ""
    seq: int = 0


class ReadInbox(Intent, frozen=True):
    """What is unread."""


class ListDevices(Intent, frozen=True):
    """The devices of one's account."""


class Verify(Intent, frozen=True):
    """Compare keys with somebody. `answer`: empty shows the number, `yes` says that it is the same on both sides,
    `accept` takes a changed key of somebody never compared, `resume` goes on although the server hides a change."""

    name: str
    answer: str = ""


class CompareNow(Intent, frozen=True):
    """Compare short strings with somebody who is here, too. `answer`: empty starts it or takes part, `yes` says that
    they agree, `no` ends it."""

    name: str
    answer: str = ""


class AddDevice(Intent, frozen=True):
    """Put a device that asks for it on the list of one's devices."""

    device: str


class RevokeDevice(Intent, frozen=True):
    """Take a device off that list, and off the account."""

    device: str


class AskKeys(Intent, frozen=True):
    """How one's own keys and this profile stand."""


class AskPassphrase(Intent, frozen=True):
    """What opens this profile's files, and how to change that."""


class MakeRecovery(Intent, frozen=True):
    """Make a recovery code; it is shown once."""


class Recover(Intent, frozen=True):
    """Get the right to sign one's list of devices back by the recovery code; without it the face asks, hidden."""

    code: str = ""


class ResetKeys(Intent, frozen=True):
    """Begin anew with other keys, by the account's password (asked for, hidden); or `stop` that, within a day."""

    password: str | None = None
    stop: bool = False


class TalkPlain(Intent, frozen=True):
    """Talk openly with somebody who cannot encrypt; `yes`: it was confirmed."""

    name: str
    yes: bool = False


class Report(Intent, frozen=True):
    """Show a message (the first characters of its id) to the moderators; without an id: which ones there are."""

    id: str = ""
    reason: str = ""


class ReportOpen(Intent, frozen=True):
    """Show staff an open message of a conversation: its seq, 0: the newest of somebody else's."""

    to: str
    seq: int = 0
    reason: str = ""


class AskEncryption(Intent, frozen=True):
    """How encryption stands, and what was refused."""


class AskRoster(Intent, frozen=True):
    """Who is on a signed roster; empty: which rosters there are."""

    roster: str = ""


class ChangeRoster(Intent, frozen=True):
    """Sign the next version of a roster, with or without these people, and give it to everybody on it."""

    roster: str
    on: bool
    names: tuple[str, ...]


class TrustRosters(Intent, frozen=True):
    """Take somebody's word for who is who, as their rosters say it; or (`on` false) no longer."""

    name: str
    on: bool


class ChangePassword(Intent, frozen=True):
    """Set the account's password; without a new one the face asks for it, hidden."""

    new: str | None = None
    old: str = ""


class GoAway(Intent, frozen=True):
    """Be away; an empty text ends it."""

    text: str = ""


class Ignore(Intent, frozen=True):
    """Do not show (or, with `on` false, show again) what somebody writes; no name: who is ignored."""

    name: str = ""
    on: bool = True


class Setting(Intent, frozen=True):
    """Change or show a setting of this client."""

    key: str = ""
    value: str | None = None


class Focus(Intent, frozen=True):
    """Let bare lines go to this conversation."""

    to: str


class Search(Intent, frozen=True):
    """Look for text in this device's own history."""

    text: str


class Help(Intent, frozen=True):
    """Say what there is, or how one command is used."""

    command: str = ""


class Measure(Intent, frozen=True):
    """Ask the server for a sign of life, and for its clock."""


class Leave(Intent, frozen=True):
    """Go."""


class Problem(Intent, frozen=True):
    """A line that means nothing: `usage` or `unknown-command`. It is never sent."""

    code: str
    text: str
    near: tuple[str, ...] = ()
