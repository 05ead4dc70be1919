"""Tests of `chatd.ports.irc.presence`: away, names, monitors, coming and going."""

from __future__ import annotations

from tests.irc import IrcScene

KNOWING = ("away-notify", "setname", "account-notify", "chghost", "extended-join", "invite-notify", "extended-monitor")


class PresenceTests(IrcScene):
    """What others hear."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob, self.old = self.guest("ann"), self.guest("bob", *KNOWING), self.guest("old")
        for peer in (self.ann, self.bob, self.old):
            peer.says("JOIN #x")
        self.ignores(self.ann, self.bob, self.old)

    def test_away(self) -> None:
        self.says(self.ann, "AWAY :lunch", ":test.example 306 ann :You have been marked as being away")
        self.hears(self.bob, ":ann!~ann@* AWAY :lunch")
        self.says(self.ann, "AWAY", ":test.example 305 ann :You are no longer marked as being away")
        self.hears(self.bob, ":ann!~ann@* AWAY")
        self.hears(self.old)

    def test_who_comes_away_is_away(self) -> None:
        self.ann.says("PART #x", "AWAY :lunch")
        self.ignores(self.bob)
        self.ann.says("JOIN #x")
        self.hears(self.bob, ":ann!~ann@* JOIN #x * :Ann", ":ann!~ann@* AWAY :lunch")

    def test_real_names(self) -> None:
        self.ann.says("SETNAME :Ann A.")
        self.hears(self.bob, ":ann!~ann@* SETNAME :Ann A.")
        self.hears(self.old)

    def test_an_account(self) -> None:
        self.ann.says("REGISTER * * :correct horse")
        self.hears(
            self.bob, ":ann!~ann@* ACCOUNT ann", ":ann!~ann@* CHGHOST ~ann ann.user", ":test.example MODE #x +q ann"
        )

    def test_nicks_and_goodbyes(self) -> None:
        self.ann.says("NICK anna")
        self.hears(self.old, ":ann!~ann@* NICK :anna")
        self.ann.says("QUIT :supper")
        self.hears(self.old, ":anna!~ann@* QUIT :Quit: supper")
        self.bob.take()

    def test_monitors(self) -> None:
        self.says(self.bob, "MONITOR + carol,ann", ":test.example 730 bob :ann!~ann@*", ":test.example 731 bob :carol")
        carol = self.guest("carol")
        self.hears(self.bob, ":test.example 730 bob :carol!~carol@*")
        carol.says("AWAY :tea")
        self.hears(self.bob, ":carol!~carol@* AWAY :tea")
        carol.says("QUIT")
        self.hears(self.bob, ":test.example 731 bob :carol")
        self.says(
            self.bob, "MONITOR L", ":test.example 732 bob :carol,ann", ":test.example 733 bob :End of MONITOR list"
        )
        self.says(self.bob, "MONITOR - carol")
        self.says(self.bob, "MONITOR S", ":test.example 730 bob :ann!~ann@*")
        self.says(self.bob, "MONITOR C")
        self.says(self.bob, "MONITOR L", ":test.example 733 bob :End of MONITOR list")
