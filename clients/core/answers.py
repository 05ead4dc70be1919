"""The server's values that a face may meet in a notice, under one roof.

Rule: a face imports no `chatd`; what it needs of the vocabulary it finds here.
"""

from __future__ import annotations

from chatd.archive import Explained
from chatd.messages import (
    LOBBY,
    DeviceList,
    Done,
    GroupChange,
    GroupInfo,
    GroupList,
    InboxList,
    Member,
    MemberList,
    Message,
    Page,
    Person,
    Pong,
    Position,
    WhoList,
)
from chatd.moderation import GroupModes, Mask, MaskList, ModeChange, ModesChanged

__all__ = [
    "LOBBY",
    "DeviceList",
    "Done",
    "Explained",
    "GroupChange",
    "GroupInfo",
    "GroupList",
    "GroupModes",
    "InboxList",
    "Mask",
    "MaskList",
    "Member",
    "MemberList",
    "Message",
    "ModeChange",
    "ModesChanged",
    "Page",
    "Person",
    "Pong",
    "Position",
    "WhoList",
]
