"""The vocabulary of order: what operators of groups and of the server may do, and what everybody hears of it.

Rule: as in `messages`. A mode is one letter of IRC's (modern.ircdocs.horse, Modes); what each one means for a group is
in `core/modes.py`. Members' modes are `q a o h v` (owner, admin, op, halfop, voice), of which one may have several.
"""

from __future__ import annotations

import msgspec

from chatd.messages import Value


class ModeChange(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One mode that is set (or taken away), with its argument: a name, a mask, a key, a number."""

    on: bool
    mode: str
    argument: str = ""


class Mask(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of a list of masks: who put it there, and when."""

    mask: str
    by: str
    at: int


class SanctionIs(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One sanction: of an account by its name, or (`name` empty) of guests from a network. `until` 0: for ever."""

    kind: str
    name: str
    network: str
    until: int
    reason: str
    by: str
    at: int


# ---- commands --------------------------------------------------------------------------------------------------


class SetModes(Value, frozen=True, tag="modes"):
    """Change modes of a group. What may be is done; each change that may not be gets a `moderefused` before the answer.

    The answer is one `modeschanged`, without changes where none was made, or `failed` where nothing could be tried.
    """

    ref: int
    group: str
    changes: list[ModeChange]


class AskModes(Value, frozen=True, tag="askmodes"):
    """How a group's modes stand."""

    ref: int
    group: str


class AskMasks(Value, frozen=True, tag="askmasks"):
    """One of a group's lists of masks: `b` bans, `e` exceptions from them, `I` who needs no invitation."""

    ref: int
    group: str
    mode: str


class Rename(Value, frozen=True, tag="rename"):
    """Give a group another name; its members, its log and its cursors stay."""

    ref: int
    group: str
    name: str
    reason: str = ""


class Redact(Value, frozen=True, tag="redact"):
    """Take a message's text away for ever: the sender, or an operator of the group."""

    ref: int
    to: str
    id: bytes
    reason: str = ""


class Kill(Value, frozen=True, tag="kill"):
    """End all sessions of somebody (operators of the server)."""

    ref: int
    name: str
    reason: str = ""


class Sanction(Value, frozen=True, tag="sanction"):
    """Ban or mute somebody (operators of the server): `@name` of an account or a guest, or an address or network
    (CIDR) for the guests from there. `kind`: ban, mute; `seconds` 0: for ever."""

    ref: int
    kind: str
    whom: str
    seconds: int = 0
    reason: str = ""


class Lift(Value, frozen=True, tag="lift"):
    """End a ban or a mute (operators of the server)."""

    ref: int
    kind: str
    whom: str


class AskSanctions(Value, frozen=True, tag="asksanctions"):
    """Which sanctions there are (operators of the server)."""

    ref: int


class Report(Value, frozen=True, tag="report"):
    """Show staff a message that one may read, and say why. `seq` 0: the newest of somebody else's.

    `sender` and `text`: as one has it; empty: as the server has it.
    """

    ref: int
    to: str
    seq: int = 0
    sender: str = ""
    text: str = ""
    reason: str = ""


class Wallops(Value, frozen=True, tag="wallops"):
    """Say something to everybody who listens to the operators of the server (operators of the server)."""

    ref: int
    text: str


# ---- events ----------------------------------------------------------------------------------------------------


class ModesChanged(Value, frozen=True, tag="modeschanged"):
    """Somebody changed modes of a group (`by` empty: the server); with a ref, the answer to one's own change."""

    ref: int
    group: str
    by: str
    changes: list[ModeChange]
    at: int = 0
    id: bytes = b""


class ModeRefused(Value, frozen=True, tag="moderefused"):
    """One change was not made, and why; the answer to the command follows."""

    ref: int
    group: str
    change: ModeChange
    code: str
    text: str


class GroupModes(Value, frozen=True, tag="groupmodes"):
    """The answer to `askmodes`: letters and arguments in one order; a key is shown to members only."""

    ref: int
    group: str
    changes: list[ModeChange]
    created: int


class MaskList(Value, frozen=True, tag="masklist"):
    """The answer to `askmasks`."""

    ref: int
    group: str
    mode: str
    masks: list[Mask]


class Renamed(Value, frozen=True, tag="renamed"):
    """A group has another name."""

    group: str
    name: str
    by: str
    reason: str = ""
    at: int = 0
    id: bytes = b""


class Redacted(Value, frozen=True, tag="redacted"):
    """A message's text is no more; with a ref, the answer to one's own `redact`."""

    conversation: str
    seq: int
    id: bytes
    by: str
    reason: str = ""
    ref: int = 0
    at: int = 0
    noted: bytes = b""  # the id of what happened (`archive.Happening`); the other one is the message's


class Walloped(Value, frozen=True, tag="walloped"):
    """An operator of the server says something."""

    by: str
    text: str


class SanctionList(Value, frozen=True, tag="sanctionlist"):
    """The answer to `asksanctions`, the newest first."""

    ref: int
    sanctions: list[SanctionIs]


Command = SetModes | AskModes | AskMasks | Rename | Redact | Kill | Wallops | Sanction | Lift | AskSanctions | Report
Event = ModesChanged | ModeRefused | GroupModes | MaskList | Renamed | Redacted | Walloped | SanctionList
