"""Looking people up: masks, groups, nicks, who had a nick, and what is not shown to whom."""

from __future__ import annotations

from chatd import messages as m
from chatd import people as p
from chatd.core.limits import Limits
from chatd.core.search import PastPeople
from tests.kit import House, Peer, Scene


class Finding(Scene):
    """Find."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.gast = self.house.caller("gast", realname="Uncle [Bob]")
        for peer in (self.alice, self.gast):
            self.granted(peer, m.Join, "#hw3")

    def found(self, asker: Peer, mask: str, operators: bool = False) -> list[str]:
        """Who fits."""
        answer = self.granted(asker, p.Find, mask, operators)
        assert isinstance(answer, p.ProfileList)
        self.assertEqual((answer.mask, answer.more), (mask, False))
        return sorted(person.nick for person in answer.people)

    def test_masks(self) -> None:
        for mask, names in (
            ("*", ["alice", "bob", "gast"]), ("0", ["alice", "bob", "gast"]), ("", ["alice", "bob", "gast"]),
            ("AL*", ["alice"]), ("?ob", ["bob"]), ("*.user", ["alice", "bob"]), ("~m?", ["gast"]),
            ("*[bob]*", ["gast"]), ("gast!*@*.guest", ["gast"]), ("*s*s*", ["gast"]), ("b", []), ("?", []),
        ):  # fmt: skip
            self.assertEqual(self.found(self.bob, mask), names, mask)

    def test_a_mask_takes_no_long_time(self) -> None:
        self.granted(self.alice, p.SetProfile, "a" * 150)
        self.assertEqual(self.found(self.bob, "*a" * 90 + "b"), [])

    def test_nicks(self) -> None:
        self.granted(self.gast, p.SetNick, "Guest")
        self.assertEqual(self.found(self.bob, "guest"), ["Guest"])
        self.assertEqual(self.found(self.bob, "gast"), [])
        self.alice.lose()
        self.assertEqual(self.found(self.bob, "alice"), [])

    def test_a_group_with_modes(self) -> None:
        answer = self.granted(self.bob, p.Find, "hw3")
        assert isinstance(answer, p.ProfileList)
        self.assertEqual(answer.people, [])  # a mask, and nobody is called so
        answer = self.granted(self.bob, p.Find, "#HW3")
        assert isinstance(answer, p.ProfileList)
        shown = sorted((person.nick, person.group, person.modes) for person in answer.people)
        self.assertEqual(shown, [("alice", "#hw3", "q"), ("gast", "#hw3", "")])
        self.assertEqual(self.found(self.bob, "#nowhere"), [])

    def test_the_invisible(self) -> None:
        self.granted(self.gast, p.SetProfile, invisible=True)
        stranger = self.house.caller("stranger")
        self.assertEqual(self.found(stranger, "g*"), [])
        self.assertEqual(self.found(stranger, "#hw3"), ["alice"])
        self.assertEqual(self.found(stranger, "gast"), ["gast"])
        self.assertEqual(self.found(self.alice, "g*"), ["gast"])
        self.assertEqual(self.found(self.gast, "g*"), ["gast"])
        self.assertEqual(self.granted(stranger, m.Whois, "gast").groups, [])
        self.assertEqual(self.granted(self.alice, m.Whois, "gast").groups, ["#hw3"])
        for asker, shown in (
            (self.bob, ["alice", "bob", "stranger"]),
            (self.alice, ["alice", "bob", "gast", "stranger"]),
        ):
            who = self.granted(asker, m.Who)
            self.assertEqual(([x.name for x in who.people], who.count), (shown, len(shown)))
        self.house.node.hub.users.find("stranger").operator = True
        self.assertEqual(self.found(stranger, "g*"), ["gast"])

    def test_two_who_are_in_the_lobby_share_it(self) -> None:
        stranger = self.house.caller("stranger")
        self.granted(self.gast, p.SetProfile, invisible=True)
        for peer in (self.gast, stranger):
            self.granted(peer, m.Join, "#lobby")
        self.assertEqual(self.found(stranger, "g*"), ["gast"])

    def test_secret_groups(self) -> None:
        self.granted(self.alice, m.Join, "#staff", private=True)
        self.assertEqual(self.found(self.alice, "#staff"), ["alice"])
        self.assertEqual(self.found(self.bob, "#staff"), [])
        self.assertEqual(self.granted(self.bob, m.Whois, "alice").groups, ["#hw3"])

    def test_operators(self) -> None:
        self.assertEqual(self.found(self.alice, "*", True), [])
        self.house.node.hub.users.find("bob").operator = True
        self.assertEqual(self.found(self.alice, "*", True), ["bob"])

    def test_there_is_more(self) -> None:
        self.house = House(limits=Limits(list_length=2))
        alice, *_ = self.house.people("alice", "bob", "carol")
        answer = self.granted(alice, p.Find, "*")
        assert isinstance(answer, p.ProfileList)
        self.assertEqual((len(answer.people), answer.more), (2, True))

    def test_count(self) -> None:
        self.granted(self.gast, p.SetProfile, invisible=True)
        self.house.node.hub.users.find("bob").operator = True
        self.granted(self.bob, p.SetProfile)
        self.house.greeted()
        self.alice.lose()
        answer = self.granted(self.bob, p.Count)
        assert isinstance(answer, p.Counts)
        self.assertEqual(answer, p.Counts(answer.ref, 2, 1, 1, 1, 2, 3))


class OnePerson(Scene):
    """Whois."""

    def test_what_is_known(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        gast = self.house.caller("gast", host="192.0.2.7", realname="G. Ast")
        gast.session.secure, gast.session.certificate = True, "ab" * 32
        came = int(self.house.wall() * 1000)
        self.granted(gast, m.Join, "#hw3")
        self.house.advance(60)
        for asker, near in ((alice, False), (gast, True)):
            person = self.granted(asker, m.Whois, "gast")
            assert isinstance(person, m.Person)
            self.assertEqual((person.nick, person.ident, person.realname), ("gast", "~me", "G. Ast"))
            self.assertEqual((person.groups, person.modes), (["#hw3"], ["o"]))
            self.assertEqual((person.idle, person.since, person.secure), (60, came, True))
            self.assertEqual(bool(person.address), near)
            self.assertEqual(bool(person.certificate), near)
        gast.send("#hw3", "not idle")
        self.assertEqual(self.granted(alice, m.Whois, "gast").idle, 0)
        self.house.node.hub.users.find("bob").operator = True
        person = self.granted(bob, m.Whois, "gast")
        self.assertEqual((person.address, person.certificate), ("192.0.2.7", "ab" * 32))
        self.assertTrue(self.granted(alice, m.Whois, "bob").operator)

    def test_somebody_who_is_not_here(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        bob.lose()
        person = self.granted(alice, m.Whois, "bob")
        self.assertEqual((person.state, person.since, person.secure), ("offline", 0, False))


class ThePast(Scene):
    """Past."""

    def past(self, nick: str, limit: int = 0) -> list[str]:
        """Who had this nick."""
        answer = self.granted(self.alice, p.Past, nick, limit)
        assert isinstance(answer, p.PastList)
        self.assertEqual(answer.nick, nick)
        return [f"{person.nick} {person.realname}" for person in answer.people]

    def setUp(self) -> None:
        super().setUp()
        (self.alice,) = self.house.people("alice")
        for number in range(3):
            self.house.caller("gast", realname=str(number)).lose()

    def test_newest_first(self) -> None:
        self.assertEqual(self.past("GAST"), ["gast 2", "gast 1", "gast 0"])
        self.assertEqual(self.past("gast", 2), ["gast 2", "gast 1"])
        self.assertEqual(self.past("gast", -1), ["gast 2", "gast 1", "gast 0"])
        self.assertEqual(self.past("nobody"), [])
        self.assertEqual(self.past("?as*", 1), ["gast 2"])

    def test_who_is_called_otherwise_had_the_nick(self) -> None:
        gast = self.house.caller("one", realname="x")
        self.granted(gast, p.SetNick, "two")
        self.assertEqual((self.past("one"), self.past("two")), (["one x"], []))

    def test_when(self) -> None:
        self.house.advance(5)
        line = self.house.caller("late")
        self.house.advance(5)
        line.lose()
        (person,) = self.granted(self.alice, p.Past, "late").people
        self.assertEqual((person.since, person.idle), (int(self.house.wall() * 1000), 0))

    def test_only_so_many(self) -> None:
        past = PastPeople(2)
        for number in range(3):
            past.add(p.Profile(f"p{number}", f"p{number}", "", "i", "h", "r", "online"), number)
        self.assertEqual([person.nick for person in past.find("*", 0)], ["p2", "p1"])
