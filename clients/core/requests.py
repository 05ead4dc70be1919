"""From what a person wants to what the server is asked: a table from intent to command.

Rule: pure. Sending is not here (the outbox does it), nor what a client answers by itself (see `app.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as o
from chatd.wire.pack import Command
from clients.core import intents as i


def command(intent: i.Intent, ref: int, focus: str) -> Command | None:
    """The command for an intent; None where the server is not asked. `focus` stands in for what was left out."""
    build = _TABLE.get(type(intent))
    return build(intent, ref, focus) if build else None


_TABLE: Final[dict[type[i.Intent], Callable[[Any, int, str], Command]]] = {
    i.JoinGroup: lambda intent, ref, focus: m.Join(ref, intent.group, intent.create, intent.private, intent.key),
    i.LeaveGroup: lambda intent, ref, focus: m.Leave(ref, intent.group),
    i.InviteTo: lambda intent, ref, focus: m.Invite(ref, intent.group, intent.name),
    i.KickFrom: lambda intent, ref, focus: m.Kick(ref, intent.group or focus, intent.name, intent.reason),
    i.GiveRole: lambda intent, ref, focus: m.SetRole(ref, intent.group, intent.name, intent.role),
    i.Topic: lambda intent, ref, focus: m.SetTopic(ref, intent.group, intent.topic),
    i.Announce: lambda intent, ref, focus: m.SetPolicy(ref, intent.group, None, intent.on),
    i.AskModes: lambda intent, ref, focus: o.AskModes(ref, intent.group or focus),
    i.ChangeModes: lambda intent, ref, focus: o.SetModes(ref, intent.group or focus, list(intent.changes)),
    i.ListMasks: lambda intent, ref, focus: o.AskMasks(ref, intent.group or focus, intent.letter),
    i.RenameGroup: lambda intent, ref, focus: o.Rename(ref, intent.group, intent.name, intent.reason),
    i.ReportOpen: lambda intent, ref, focus: o.Report(ref, intent.to, intent.seq, reason=intent.reason),
    i.ListMembers: lambda intent, ref, focus: m.Members(ref, intent.group or focus),
    i.ListGroups: lambda intent, ref, focus: m.Groups(ref),
    i.ListPeople: lambda intent, ref, focus: m.Who(ref),
    i.AskAbout: lambda intent, ref, focus: m.Whois(ref, intent.name),
    i.ReadHistory: lambda intent, ref, focus: m.History(ref, intent.to or focus, intent.before, intent.limit),
    i.Explain: lambda intent, ref, focus: a.Explain(ref, intent.to or focus, intent.seq),
    i.ReadInbox: lambda intent, ref, focus: m.Inbox(ref),
    i.ListDevices: lambda intent, ref, focus: m.Devices(ref),
    i.ChangePassword: lambda intent, ref, focus: m.SetPassword(ref, intent.new or "", intent.old),
    i.GoAway: lambda intent, ref, focus: m.Away(ref, intent.text),
    i.Measure: lambda intent, ref, focus: m.Ping(ref),
    i.Leave: lambda intent, ref, focus: m.Quit(ref),
}
