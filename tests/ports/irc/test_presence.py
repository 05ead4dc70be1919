"""What others hear of one: AWAY, SETNAME, NICK, accounts, hosts, MONITOR; and who may write: ACCEPT."""

from __future__ import annotations

import base64

from chatd.core.limits import Limits
from tests.irc import PASSWORD, IrcPeer, IrcScene
from tests.kit import House


class ChangeTests(IrcScene):
    """Changes are told to those who share a group and know the word for it."""

    def told(self, line: str, *caps: str) -> tuple[list[str], list[str]]:
        """What somebody with these capabilities hears when ann says this, and what somebody without."""
        ann, new, old = self.guest("ann"), self.guest("new", *caps), self.guest("old")
        for peer in (ann, new, old):
            peer.says("JOIN #a")
        self.ignores(ann, new, old)
        ann.says(line)
        self.house.commit()
        return new.take(), old.take()

    def test_away(self) -> None:
        new, old = self.told("AWAY :at lunch", "away-notify")
        self.assertRegex(new[0], r"^:ann!\S+ AWAY :at lunch$")
        self.assertEqual(old, [])

    def test_setname(self) -> None:
        new, old = self.told("SETNAME :Ann Other", "setname")
        self.assertRegex(new[0], r"^:ann!\S+ SETNAME :Ann Other$")
        self.assertEqual(old, [])

    def test_nick(self) -> None:
        new, old = self.told("NICK anna")
        self.assertRegex(new[0], r"^:ann!\S+ NICK :?anna$")
        self.assertEqual(new, old)

    def test_an_account_and_its_host(self) -> None:
        new, old = self.told(f"REGISTER * * :{PASSWORD}", "account-notify", "chghost")
        self.assertTrue(any(line.endswith(" ACCOUNT ann") for line in new), new)
        self.assertTrue(any(" CHGHOST ~ann ann.user" in line for line in new), new)
        self.assertFalse([line for line in old if " ACCOUNT " in line or " CHGHOST " in line])

    def test_of_oneself(self) -> None:
        ann = self.guest("ann", "setname")
        self.says(ann, "AWAY :x", ":test.example 306 ann ...")
        self.says(ann, "AWAY", ":test.example 305 ann ...")
        self.says(ann, "SETNAME :Ann O.", ":ann!~ann@* SETNAME :Ann O.")
        self.says(ann, f"SETNAME :{'x' * 400}", ":test.example FAIL SETNAME INVALID_REALNAME ...")

    def test_who_joins_while_away_is_said_to_be(self) -> None:
        ann, bob = self.guest("ann"), self.guest("bob", "away-notify")
        bob.says("JOIN #a")
        ann.says("AWAY :at lunch", "JOIN #a")
        self.hears(bob, ":ann!~ann@* JOIN #a", ":ann!~ann@* AWAY :at lunch")

    def test_an_account_that_goes_and_comes_back_is_seen_again(self) -> None:
        ann, bob = self.account("ann"), self.guest("bob")
        ann.says("JOIN #a")
        bob.says("JOIN #a")
        ann.says("QUIT :home")
        self.hears(bob, ":ann!~ann@ann.user QUIT :Quit: home")
        self.says(bob, "NAMES #a", ":test.example 353 bob = #a :bob", ":test.example 366 ...")
        self.again("ann")
        self.hears(bob, ":ann!~ann@ann.user JOIN #a", ":test.example MODE #a +q ann")

    def test_who_is_seen_always(self) -> None:
        ann, bob = self.account("ann"), self.guest("bob")
        ann.says("JOIN #a", "NS SET always-on true", "AWAY :home")
        bob.says("JOIN #a")
        ann.says("QUIT")
        self.hears(bob)
        self.says(bob, "NAMES #a", ":test.example 353 bob = #a :@ann bob", ":test.example 366 ...")
        blob = base64.b64encode(f"\0ann\0{PASSWORD}".encode()).decode()
        peer = IrcPeer(self.house)
        peer.says("CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {blob}")
        lines = peer.says("NICK ann", "USER a 0 * :A", "CAP END")
        self.assertTrue(any(line.endswith(" JOIN #a") for line in lines))
        self.hears(bob)


class MonitorTests(IrcScene):
    """MONITOR."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.guest("ann", "extended-monitor", "away-notify"), self.guest("bob")

    def test_comings_and_goings(self) -> None:
        self.says(
            self.ann,
            "MONITOR + bob,carl",
            ":test.example 730 ann :bob!~bob@*",
            ":test.example 731 ann :carl",
        )
        carl = self.guest("carl")
        self.hears(self.ann, ":test.example 730 ann :carl!~carl@*")
        carl.says("AWAY :x")
        self.hears(self.ann, ":carl!~carl@* AWAY :x")
        carl.says("QUIT")
        self.hears(self.ann, ":test.example 731 ann :carl")

    def test_the_list(self) -> None:
        self.ann.says("MONITOR + bob,carl")
        self.says(self.ann, "MONITOR L", ":test.example 732 ann :bob,carl", ":test.example 733 ...")
        self.says(self.ann, "MONITOR - bob")
        self.says(self.ann, "MONITOR S", ":test.example 731 ann :carl")
        self.says(self.ann, "MONITOR C")
        self.says(self.ann, "MONITOR L", ":test.example 733 ...")
        self.bob.says("QUIT")
        self.hears(self.ann)

    def test_no_more_than_there_may_be(self) -> None:
        self.house = House(limits=Limits(monitors=1))
        ann = self.guest("ann")
        (line,) = [line for line in ann.says("MONITOR + a,b") if " 734 " in line]
        self.assertIn(" 734 ann ", line)

    def test_long_lists_in_lines_that_fit(self) -> None:
        names = [f"a-rather-long-nick-{number}" for number in range(60)]
        for at in range(0, 60, 20):
            self.ann.says("MONITOR + " + ",".join(names[at : at + 20]))
        lines = self.ann.says("MONITOR L")
        self.assertTrue(all(len(line) <= 510 for line in lines))
        self.assertEqual(sorted(",".join(line.rpartition(":")[2] for line in lines[:-1]).split(",")), sorted(names))


class AcceptTests(IrcScene):
    """Private words of accounts only (R), and whom one takes them of besides."""

    def test_accepted_and_no_longer(self) -> None:
        ann, bob = self.guest("ann"), self.guest("bob")
        self.says(ann, "MODE ann +R", ":ann!~ann@* MODE ann +R")
        self.says(bob, "PRIVMSG ann :x", ":test.example 477 bob ann ...")
        self.says(ann, "ACCEPT bob")
        self.says(ann, "ACCEPT *", ":test.example 281 ann bob", ":test.example 282 ann ...")
        self.says(bob, "PRIVMSG ann :x")
        self.hears(ann, ":bob!~bob@* PRIVMSG ann :x")
        self.says(ann, "ACCEPT -bob,nobody", ":test.example 401 ann nobody ...")
        self.says(bob, "PRIVMSG ann :x", ":test.example 477 bob ann ...")
        ann.says("PRIVMSG bob :answer me")
        self.ignores(bob)
        self.says(bob, "PRIVMSG ann :x")
        self.says(self.account("eva"), "PRIVMSG ann :an account may")
