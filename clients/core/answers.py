"""The server's values that a face may meet in a notice, under one roof.

Rule: a face imports no `chatd`; what it needs of the vocabulary it finds here.
"""

from __future__ import annotations

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

__all__ = [
    "LOBBY",
    "DeviceList",
    "Done",
    "GroupChange",
    "GroupInfo",
    "GroupList",
    "InboxList",
    "Member",
    "MemberList",
    "Message",
    "Page",
    "Person",
    "Pong",
    "Position",
    "WhoList",
]
