"""Tests of clients.core.requests: each intent asks for the right thing."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as o
from clients.core import intents as i
from clients.core.requests import command

ASKED = {
    i.JoinGroup("#g"): m.Join(7, "#g", True, False),
    i.JoinGroup("#g", private=True): m.Join(7, "#g", True, True),
    i.LeaveGroup("#g"): m.Leave(7, "#g"),
    i.InviteTo("#g", "bob"): m.Invite(7, "#g", "bob"),
    i.JoinGroup("#g", key="word"): m.Join(7, "#g", True, False, "word"),
    i.KickFrom("#g", "bob"): m.Kick(7, "#g", "bob"),
    i.KickFrom("", "bob", "loud"): m.Kick(7, "#lobby", "bob", "loud"),
    i.AskModes(): o.AskModes(7, "#lobby"),
    i.AskModes("#g"): o.AskModes(7, "#g"),
    i.ChangeModes("", (o.ModeChange(True, "m"),)): o.SetModes(7, "#lobby", [o.ModeChange(True, "m")]),
    i.ChangeModes("#g", ()): o.SetModes(7, "#g", []),
    i.ListMasks(): o.AskMasks(7, "#lobby", "b"),
    i.ListMasks("#g", "e"): o.AskMasks(7, "#g", "e"),
    i.RenameGroup("#g", "#h", "why"): o.Rename(7, "#g", "#h", "why"),
    i.GiveRole("#g", "bob", "op"): m.SetRole(7, "#g", "bob", "op"),
    i.Topic("#g"): m.SetTopic(7, "#g", None),
    i.Topic("#g", "t"): m.SetTopic(7, "#g", "t"),
    i.Announce("#g", True): m.SetPolicy(7, "#g", None, True),
    i.ReportOpen("@bob", 3, "why"): o.Report(7, "@bob", 3, reason="why"),
    i.ListMembers(): m.Members(7, "#lobby"),
    i.ListMembers("#g"): m.Members(7, "#g"),
    i.ListGroups(): m.Groups(7),
    i.ListPeople(): m.Who(7),
    i.AskAbout("bob"): m.Whois(7, "bob"),
    i.ReadHistory(): m.History(7, "#lobby", 0, 20),
    i.ReadHistory("@bob", 5, 9): m.History(7, "@bob", 9, 5),
    i.Explain(): a.Explain(7, "#lobby"),
    i.Explain("@bob", 3): a.Explain(7, "@bob", 3),
    i.ReadInbox(): m.Inbox(7),
    i.ListDevices(): m.Devices(7),
    i.ChangePassword("new", "old"): m.SetPassword(7, "new", "old"),
    i.GoAway("lunch"): m.Away(7, "lunch"),
    i.GoAway(): m.Away(7, ""),
    i.Measure(): m.Ping(7),
    i.Leave(): m.Quit(7),
}


class CommandTests(SynchronousTestCase):
    """The table."""

    def test_each(self) -> None:
        for intent, asked in ASKED.items():
            with self.subTest(intent):
                self.assertEqual(command(intent, 7, "#lobby"), asked)

    def test_what_is_not_for_the_server(self) -> None:
        for intent in (i.Say("x"), i.Tell(("@b",), "x"), i.Help(), i.Problem("usage", "x")):
            self.assertIsNone(command(intent, 7, "#lobby"))
