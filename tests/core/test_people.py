"""People: nicks, profiles, being seen always, being away, and who hears of it."""

from __future__ import annotations

from chatd import messages as m
from chatd import people as p
from chatd.core import people
from chatd.core.users import User
from tests.kit import House, Peer, Scene


def changes(peer: Peer) -> list[p.PersonChanged]:
    """What somebody has heard of others' changes since the last time."""
    found = peer.of(p.PersonChanged)
    peer.take()
    return found


def presences(peer: Peer) -> list[m.Presence]:
    """Likewise, of who comes and goes."""
    found = peer.of(m.Presence)
    peer.take()
    return found


class Nicks(Scene):
    """What somebody is called."""

    def setUp(self) -> None:
        super().setUp()
        (self.alice,) = self.house.people("alice")
        self.gast, self.other = self.house.caller("gast"), self.house.caller("other")
        for peer in (self.alice, self.gast):
            self.granted(peer, m.Join, "hw3")
        self.granted(self.other, m.Join, "elsewhere")
        for peer in (self.alice, self.gast, self.other):
            peer.take()

    def test_a_guest_is_the_name(self) -> None:
        self.granted(self.gast, p.SetNick, "Guest")
        self.assertEqual(changes(self.gast), [p.PersonChanged("gast", "gast", "nick", "Guest")])
        heard = self.alice.take()
        self.assertEqual(heard, [
            p.PersonChanged("gast", "gast", "nick", "Guest"), m.Presence("gast", "offline", "Guest"),
            m.Presence("Guest", "online"),
        ])  # fmt: skip
        self.assertEqual(changes(self.other), [])
        self.assertIsNone(self.house.node.hub.users.get("gast"))
        self.gast.send("#hw3", "it is me")
        self.assertEqual(self.alice.last(m.Message).sender, "Guest")
        self.assertEqual(self.granted(self.alice, m.Whois, "guest").name, "Guest")
        self.house.guest("gast")

    def test_another_case_is_another_nick_and_the_same_one_is_none(self) -> None:
        self.granted(self.gast, p.SetNick, "GAST")
        self.assertEqual(changes(self.alice), [p.PersonChanged("gast", "gast", "nick", "GAST")])
        self.granted(self.gast, p.SetNick, "GAST")
        self.assertEqual(self.alice.take(), [])
        for nick, heard in (("ALICE", 1), ("ALICE", 0), ("alice", 1)):
            self.granted(self.alice, p.SetNick, nick)
            self.assertEqual([change.text for change in changes(self.gast)], [nick] * heard)

    def test_what_is_not_free(self) -> None:
        self.refused("name-owned", self.gast, p.SetNick, "Alice")
        self.refused("name-taken", self.gast, p.SetNick, "OTHER")
        self.assertEqual(self.refused("name-taken", self.gast, p.SetNick, "a1ice").near, ["alice"])
        self.refused("bad-name", self.gast, p.SetNick, "no no")
        self.refused("bad-name", self.gast, p.SetNick, "")

    def test_an_account_keeps_its_name_beside(self) -> None:
        line = self.house.caller("alice2", "alice")
        self.assertEqual(line.last(p.Arrived).nick, "alice")  # is here already, and called so
        self.granted(line, p.SetNick, "ali")
        self.assertEqual(changes(self.gast), [p.PersonChanged("alice", "alice", "nick", "ali")])
        self.assertEqual(presences(self.other), [])
        for name in ("ali", "alice"):
            person = self.granted(self.gast, m.Whois, name)
            self.assertEqual((person.name, person.nick), ("alice", "ali"))
        self.refused("name-taken", self.gast, p.SetNick, "ALI")
        self.refused("name-taken", self.gast, p.SetNick, "a1i")
        self.granted(line, p.SetNick, "alice")
        self.granted(self.gast, p.SetNick, "ali")

    def test_an_alias_is_free_when_the_last_session_ends(self) -> None:
        self.granted(self.alice, p.SetNick, "ali")
        self.alice.lose()
        self.assertEqual(self.granted(self.gast, m.Whois, "alice").nick, "alice")
        self.granted(self.gast, p.SetNick, "ali")

    def test_two_names_that_look_the_same_are_one_persons(self) -> None:
        self.granted(self.alice, p.SetNick, "A1ice")
        self.granted(self.alice, p.SetNick, "alice")
        self.refused("name-taken", self.gast, p.SetNick, "a1ice")
        self.assertEqual(self.granted(self.gast, m.Whois, "alice").nick, "alice")

    def test_what_was_said_before_is_shown_as_it_was(self) -> None:
        """A message on its way to the disk is its sender's as they were called; a name that is free has a new owner."""
        self.house = House(slow=True)
        gast, lookup = self.house.caller("gast", host="192.0.2.7"), self.house.node
        before = lookup.source("gast")
        self.assertTrue(before.startswith("gast!~me@") and before.endswith(".guest"), before)
        another = self.house.greeted()
        self.granted(gast, m.Join, "#lobby")
        gast.send("#lobby", "on its way")
        gast.ask(p.SetNick, "new")
        another.ask(m.Enter, "gast")
        self.assertEqual(lookup.source("gast"), before)
        self.assertEqual(lookup.source("new"), before)
        self.house.commit()
        self.assertEqual(lookup.source("new"), before.replace("gast!", "new!"))
        self.assertTrue(lookup.source("gast").startswith("gast!chat@"))
        self.assertEqual(lookup.source("nobody"), "nobody!chat@gone")


class Profiles(Scene):
    """What others see."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "hw3")
        self.line = self.house.caller("line")
        for peer in (self.alice, self.bob, self.line):
            peer.take()

    def test_name_and_bot_are_told_and_kept(self) -> None:
        answer = self.granted(self.alice, p.SetProfile, "Alice A.", True)
        self.assertEqual(answer, p.ProfileIs(3, False, False, False, True, False))
        told = [("realname", "Alice A."), ("bot", "bot")]
        self.assertEqual([(change.change, change.text) for change in changes(self.bob)], told)
        self.assertEqual(self.line.take(), [])
        self.granted(self.alice, p.SetProfile, "Alice A.", False)
        self.assertEqual([(change.change, change.text) for change in changes(self.bob)], [("bot", "")])
        self.house.restart()
        person = self.granted(self.alice.again(), m.Whois, "alice")
        self.assertEqual((person.realname, person.bot), ("Alice A.", False))

    def test_what_is_not_said_stays(self) -> None:
        self.granted(self.alice, p.SetProfile, invisible=True, wallops=True)
        answer = self.granted(self.alice, p.SetProfile)
        assert isinstance(answer, p.ProfileIs)
        self.assertEqual((answer.invisible, answer.wallops, answer.bot), (True, True, False))
        self.assertEqual(self.bob.take(), [])

    def test_bounds(self) -> None:
        self.refused("text-too-long", self.alice, p.SetProfile, "x" * 151)
        self.refused("not-operator", self.alice, p.SetProfile, operator=True)
        self.house.node.hub.users.find("alice").operator = True
        self.granted(self.alice, p.SetProfile, operator=True)
        self.granted(self.alice, p.SetProfile, operator=False)
        self.refused("not-operator", self.alice, p.SetProfile, operator=True)

    def test_private_words_of_accounts_only(self) -> None:
        self.granted(self.alice, p.SetProfile, accounts_only=True)
        gast = self.house.caller("gast")
        for peer in (self.line, gast):
            self.refused("account-needed", peer, p.Pass, "@alice", b"i" * 16, "psst")
        self.granted(self.bob, m.Send, "@alice", b"i" * 16, "we have accounts")
        self.granted(self.alice, p.Trust, "line")
        self.granted(self.alice, p.Pass, "@gast", b"i" * 16, "you may answer")
        for peer in (self.line, gast):
            self.granted(peer, p.Pass, "@alice", b"i" * 16, "thanks")
        self.granted(self.alice, p.Trust, "line", False)
        self.refused("account-needed", self.line, p.Pass, "@alice", b"i" * 16, "again?")
        self.refused("no-such-user", self.alice, p.Trust, "nobody")
        self.granted(self.alice, p.SetProfile, accounts_only=False)
        self.granted(self.line, p.Pass, "@alice", b"i" * 16, "at last")

    def test_no_ctcp_in_private(self) -> None:
        self.granted(self.alice, p.SetProfile, no_ctcp=True)
        self.refused("no-ctcp", self.bob, m.Send, "@alice", b"i" * 16, "\1VERSION\1")
        self.refused("no-ctcp", self.line, p.Pass, "@alice", b"i" * 16, "\1VERSION\1")
        self.granted(self.bob, m.Send, "@alice", b"i" * 16, "\1ACTION waves\1")
        answer = self.granted(self.alice, p.SetProfile)
        self.assertEqual((answer.no_ctcp, answer.accounts_only), (True, False))

    def test_trust_has_an_end(self) -> None:
        users = self.house.node.hub.users
        alice = users.find("alice")
        alice.accounts_only = True
        for _ in range(people.MOST_TRUSTED):
            people.check_private(alice, User(users.reserve("x", "guest", 0, guest=True), guest=True), "hi")
        self.granted(self.alice, p.Trust, "line")
        self.assertEqual(len(alice.trusted), people.MOST_TRUSTED)
        self.granted(self.line, p.Pass, "@alice", b"i" * 16, "hi")

    def test_somebody_who_takes_one_connection_at_a_time(self) -> None:
        first = self.house.caller("alice", "alice")
        self.granted(first, p.SetProfile, alone=True)
        second = self.house.greeted()
        second.session.proof.account = self.house.node.hub.users.find("alice")
        second.ask(p.Arrive, "alice", "me", "")
        self.assertEqual(second.code(), "name-taken")
        self.granted(first, p.SetProfile, alone=False)
        self.house.caller("alice", "alice")

    def test_away_is_for_lines_what_presence_is_for_frames(self) -> None:
        line = self.house.caller("bob", "bob")
        self.granted(self.alice, m.Away, "lunch")
        self.assertEqual(self.bob.take(), [m.Presence("alice", "away", "lunch")])
        self.assertEqual(changes(line), [p.PersonChanged("alice", "alice", "away", "lunch")])
        self.granted(self.alice, m.Away, "")
        self.assertEqual(changes(line), [p.PersonChanged("alice", "alice", "away")])
        self.assertEqual(changes(self.line), [])


class SeenAlways(Scene):
    """Always on, and coming and going as lines see it."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "hw3")
        self.line = self.house.caller("bob", "bob")
        self.line.take()

    def test_the_last_session_goes_and_the_first_comes(self) -> None:
        self.alice.ask(m.Quit, "supper")
        self.assertEqual(changes(self.line), [p.PersonChanged("alice", "alice", "gone", "supper")])
        alice = self.alice.again()
        self.assertEqual(changes(self.line), [p.PersonChanged("alice", "alice", "here", group="#hw3")])
        second = self.house.caller("alice", "alice")
        alice.lose()
        self.assertEqual(changes(self.line), [])
        second.lose()
        self.assertEqual(changes(self.line), [p.PersonChanged("alice", "alice", "gone", "Connection lost")])

    def test_always_on(self) -> None:
        self.assertEqual(self.granted(self.alice, p.SetAlwaysOn), p.ProfileIs(3, False, False, False, False, False))
        self.assertEqual(
            self.granted(self.alice, p.SetAlwaysOn, True), p.ProfileIs(4, True, False, False, False, False)
        )
        self.alice.lose()
        self.assertEqual(changes(self.line), [])
        self.assertEqual(self.seen(), ["alice", "bob"])
        self.house.restart()
        self.line = self.house.caller("bob", "bob")
        self.assertEqual(self.seen(), ["alice", "bob"])
        alice = self.alice.again()
        self.assertEqual(changes(self.line), [])
        self.granted(alice, p.SetAlwaysOn, False)
        alice.lose()
        self.assertEqual(self.seen(), ["bob"])

    def seen(self) -> list[str]:
        """Who is seen in the group."""
        found = self.granted(self.line, p.Find, "#hw3")
        assert isinstance(found, p.ProfileList)
        return sorted(person.name for person in found.people)

    def test_guests_are_here_only_while_they_are_here(self) -> None:
        self.refused("guest", self.house.caller("gast"), p.SetAlwaysOn, True)

    def test_what_one_had_for_a_session_ends_with_it(self) -> None:
        self.granted(self.alice, p.SetProfile, invisible=True, wallops=True, bot=True)
        self.house.node.hub.users.find("alice").operator = True
        self.alice.lose()
        answer = self.granted(self.alice.again(), p.SetProfile)
        self.assertEqual(answer, p.ProfileIs(2, False, False, False, True, False))


class Arriving(Scene):
    """Line sessions, which share a place in the mail."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")

    def test_a_guest_arrives(self) -> None:
        line = self.house.caller("gast", host="2001:db8::1", realname="G. Ast")
        (arrived,) = line.take()[-1:]
        assert isinstance(arrived, p.Arrived)
        self.assertEqual((arrived.name, arrived.nick, arrived.groups, arrived.guest), ("gast", "gast", 0, True))
        looks = arrived.profile
        self.assertEqual((looks.account, looks.ident, looks.realname, looks.state), ("", "~me", "G. Ast", "online"))
        self.assertEqual(looks.host.partition(".")[2], "guest")
        again = self.house.caller("gast2", host="2001:db8::2").last(p.Arrived)
        self.assertEqual(again.profile.host, looks.host)  # one customer
        self.assertNotIn("2001", looks.host)
        self.assertEqual(self.alice.take(), [m.Presence("gast", "online"), m.Presence("gast2", "online")])

    def test_an_account_arrives_in_its_groups(self) -> None:
        self.granted(self.bob, m.Join, "hw3")
        self.bob.lose()
        self.alice.take()
        line = self.house.caller("robert", "bob")
        arrived, group, listed = line.take()[-3:]
        assert isinstance(arrived, p.Arrived) and isinstance(group, m.GroupInfo)
        self.assertEqual(listed, m.MemberList(0, "#hw3", [m.Member("bob", "owner", "online", "q")]))
        self.assertEqual((arrived.name, arrived.nick, arrived.groups, arrived.guest), ("bob", "robert", 1, False))
        self.assertEqual((arrived.profile.account, arrived.profile.host), ("bob", "bob.user"))
        self.assertEqual((group.ref, group.position.conversation, group.members), (0, "#hw3", 1))
        self.assertEqual(self.alice.take(), [m.Presence("bob", "online")])

    def test_a_nick_that_is_not_free(self) -> None:
        for nick, account, code in (
            ("alice", "", "name-owned"),
            ("alice", "bob", "name-owned"),
            ("x y", "", "bad-name"),
        ):
            self.bob.lose()
            line = self.house.greeted()
            if account:
                line.session.proof.account = self.house.node.hub.users.find(account)
            line.ask(p.Arrive, nick, "me", "")
            self.assertEqual(line.code(), code)

    def test_mail_waits_for_all_lines_together(self) -> None:
        self.bob.lose()
        self.alice.send("@bob", "one")
        first, second = self.house.caller("bob", "bob"), self.house.caller("bob", "bob")
        self.assertEqual((first.texts(), second.texts()), (["one"], ["one"]))
        self.assertFalse(first.over)
        self.alice.send("@bob", "two")
        self.assertEqual((first.texts(), second.texts()), (["one", "two"], ["one", "two"]))
        first.ack("dm:alice:bob", 1)
        self.assertEqual(self.alice.last(m.Delivered), m.Delivered("dm:alice:bob", 1, "bob"))
        first.lose()
        second.lose()
        third = self.house.caller("bob", "bob")
        self.assertEqual(third.texts(), ["two"])
        self.house.advance(1)  # cursors wait a moment for a commit to go with
        self.house.restart()
        self.assertEqual(self.house.caller("bob", "bob").texts(), ["two"])

    def test_the_device_of_lines_is_none_of_the_ten(self) -> None:
        self.granted(self.bob, m.SetPassword, "correct horse")
        self.house.caller("bob", "bob")
        devices = self.granted(self.bob, m.Devices)
        assert isinstance(devices, m.DeviceList)
        self.assertEqual([sessions for _, sessions in devices.devices], [1, 1])
        for number in range(self.house.limits.devices):
            peer = self.house.greeted()
            peer.link("bob", "correct horse")
            refused = peer.of(m.Failed)
            self.assertEqual([event.code for event in refused], ["too-many-devices"] if number == 9 else [])
            peer.lose()

    def test_nobody_logs_in_as_that_device(self) -> None:
        self.house.caller("bob", "bob")
        number = self.house.node.hub.users.find("bob").id
        stranger = self.house.greeted()
        stranger.ask(m.Login, "bob", f"irc{number}", b"")
        self.assertEqual(stranger.code(), "login-refused")
