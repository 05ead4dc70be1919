"""What answers what: of everything that a server may say to a question, only this is taken for an answer.

Rule: pure. Another event in its place is told as what it is, nonsense, and nobody waits for ever; a time that one is
asked to wait is a number, and not too long.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as o
from chatd.wire.pack import Event
from clients.core import intents as i

PATIENCE: Final = 120.0  # seconds until a question that is not answered is given up
MOST_WAIT: Final = 900.0  # seconds; who comes too early is told again
LATE: Final = 300.0  # seconds until something said is sent once more: it may still be on its way
AGAIN: Final = 5.0  # seconds until what was answered with nonsense is tried once more
NONSENSE: Final = "The server gave an answer that means nothing here."
SILENT: Final = "The server did not answer this."

ANSWERS: Final[dict[type[i.Intent], type[Any]]] = {
    i.JoinGroup: m.GroupInfo,
    **dict.fromkeys(
        (
            i.LeaveGroup, i.InviteTo, i.KickFrom, i.GiveRole, i.Announce, i.RenameGroup, i.ReportOpen, i.ChangePassword,
            i.GoAway,
        ),
        m.Done,
    ),
    i.Topic: m.GroupInfo,
    i.AskModes: o.GroupModes,
    i.ChangeModes: o.ModesChanged,
    i.ListMasks: o.MaskList,
    i.ListMembers: m.MemberList,
    i.ListGroups: m.GroupList,
    i.ListPeople: m.WhoList,
    i.AskAbout: m.Person,
    i.ReadHistory: m.Page,
    i.Explain: a.Explained,
    i.ReadInbox: m.InboxList,
    i.ListDevices: m.DeviceList,
    i.Measure: m.Pong,
    i.Leave: m.Bye,
}  # fmt: skip


def is_answer(intent: i.Intent, event: Event) -> bool:
    """Is this what a server says to such a question, if it does what was asked?"""
    return isinstance(event, ANSWERS.get(type(intent), object))


def sane(event: Event) -> Event:
    """The same, with a time to wait that is one."""
    if not isinstance(event, m.Failed) or 0 <= event.retry <= MOST_WAIT:
        return event
    retry = 0.0 if math.isnan(event.retry) else min(max(0.0, event.retry), MOST_WAIT)
    return msgspec.structs.replace(event, retry=retry)
