"""People: names that belong to one, devices, and presence that is counted from sessions."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.turn import Refused
from chatd.core.users import User, Users
from tests.kit import House, Peer, Scene


class TheDirectory(SynchronousTestCase):
    """Users."""

    def setUp(self) -> None:
        self.users = Users()
        for name in ("Alice", "bob", "Zoë"):
            self.users.add(User(self.users.reserve(name, "student", 5)))

    def test_numbers_go_up(self) -> None:
        self.assertEqual(sorted(self.users.by_id), [1, 2, 3])
        self.assertEqual(self.users.reserve("dave", "student", 5).user, 4)

    def test_found_in_any_letters(self) -> None:
        for name in ("Alice", "alice", "ALICE", " alice ", "ａlice"):
            self.assertEqual(self.users.find(name).name, "Alice", name)
        self.assertEqual(self.users.find("zoe\u0308").name, "Zoë")

    def test_unknown_has_near_ones(self) -> None:
        with self.assertRaises(Refused) as caught:
            self.users.find("alise")
        self.assertEqual((caught.exception.code, caught.exception.near), ("no-such-user", ["Alice"]))
        for name in ("", "\x00", "x" * 5000, "a b"):
            self.assertIsNone(self.users.get(name))

    def test_taken_names_and_look_alikes(self) -> None:
        for name in ("alice", "ALICE ", "bob"):
            with self.assertRaises(Refused) as caught:
                self.users.reserve(name, "student", 0)
            self.assertEqual((caught.exception.code, caught.exception.text), ("name-taken", "Username already taken!"))
        with self.assertRaises(Refused) as caught:
            self.users.reserve("A1ice", "student", 0)
        self.assertEqual((caught.exception.code, caught.exception.near), ("name-taken", ["Alice"]))

    def test_reserving_changes_nothing(self) -> None:
        self.users.reserve("dave", "student", 0)
        self.assertIsNone(self.users.get("dave"))
        self.assertEqual(self.users.next_id, 4)

    def test_guests_have_numbers_below_zero_and_go(self) -> None:
        record = self.users.reserve("gast", "guest", 0, guest=True)
        self.assertEqual(record.user, -1)
        guest = User(record, guest=True)
        self.users.add(guest)
        self.assertEqual(self.users.next_id, 4)
        self.users.remove(guest)
        self.assertIsNone(self.users.get("gast"))
        self.users.reserve("gast", "student", 0)

    def test_a_name_beside_ones_own(self) -> None:
        alice, bob = self.users.find("alice"), self.users.find("bob")
        self.users.call(alice, self.users.checked("ali", alice))
        self.assertIs(self.users.find("ALI"), alice)
        for name, near in (("ali", []), ("a1i", ["ali"])):
            with self.assertRaises(Refused) as caught:
                self.users.checked(name, bob)
            self.assertEqual((caught.exception.code, caught.exception.near), ("name-taken", near))
        self.users.call(alice, self.users.checked("ally", alice))
        self.assertIsNone(self.users.get("ali"))
        self.users.release(alice)
        self.users.release(alice)
        self.assertIsNone(self.users.get("ally"))
        self.assertIs(self.users.find("alice"), alice)

    def test_a_name_that_looks_like_ones_own_takes_nothing_away(self) -> None:
        alice = self.users.find("alice")
        for name in ("A1ice", "ALICE"):
            self.users.call(alice, self.users.checked(name, alice))
            self.users.release(alice)
            self.assertIs(self.users.find("alice"), alice)
            with self.assertRaises(Refused):
                self.users.reserve("a1ice", "student", 0)

    def test_whose_name_it_is(self) -> None:
        guest = User(self.users.reserve("gast", "guest", 0, guest=True), guest=True)
        self.users.add(guest)
        for name, code in (("Alice", "name-owned"), ("gast", "name-taken"), ("a1ice", "name-taken"), ("", "bad-name")):
            with self.assertRaises(Refused) as caught:
                self.users.checked(name, owned=True)
            self.assertEqual(caught.exception.code, code)

    def test_a_guest_is_renamed(self) -> None:
        guest = User(self.users.reserve("gast", "guest", 0, guest=True), guest=True)
        self.users.add(guest)
        self.users.rename(guest, self.users.checked("Guest", guest))
        self.assertEqual((guest.name, guest.key), ("Guest", "guest"))
        self.assertIs(self.users.find("guest"), guest)
        self.users.reserve("gast", "student", 0)
        self.users.remove(guest)
        self.assertIsNone(self.users.get("guest"))

    def test_an_account_takes_over_a_guests_name(self) -> None:
        guest = User(self.users.reserve("gast", "guest", 0, guest=True), guest=True)
        self.users.add(guest)
        account = User(self.users.reserve("gast", "student", 0, but=guest))
        self.users.add(account)
        self.users.remove(guest)
        self.assertIs(self.users.find("gast"), account)

    def test_how_somebody_is_seen(self) -> None:
        alice = self.users.find("alice")
        self.assertEqual((alice.source, alice.seen, alice.state), ("Alice!chat@alice.user", False, "offline"))
        alice.look("ali", "~a")
        self.assertEqual(alice.source, "ali!~a@alice.user")
        alice.look(host="elsewhere")
        self.assertEqual(self.users.source("ALICE"), "ali!~a@elsewhere")
        self.assertEqual(self.users.find("zoë").host, "3.id")
        self.assertEqual(self.users.source("nobody"), "nobody!chat@gone")
        alice.always_on = True
        self.assertTrue(alice.seen)

    def test_certificates_prove_one_account(self) -> None:
        alice = self.users.find("alice")
        self.users.tie(alice, "ab")
        self.assertIs(self.users.certificates["ab"], alice)
        self.users.untie("ab")
        self.assertEqual((self.users.certificates, alice.certificates), ({}, set()))


class Presence(Scene):
    """Who is here, counted."""

    def state(self, asker: Peer, name: str) -> str:
        """What somebody is told of somebody."""
        asker.ask(m.Whois, name)
        state = asker.last(m.Person).state
        asker.take()
        return state

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.granted(self.bob, m.SetPassword, "correct horse")
        self.second = self.house.greeted()
        self.second.link("bob", "correct horse")
        for peer in (self.alice, self.bob, self.second):
            peer.take()

    def test_second_session_is_not_announced_the_last_end_is(self) -> None:
        self.bob.lose()
        self.assertEqual(self.alice.take(), [])
        self.assertEqual(self.state(self.alice, "bob"), "online")
        self.second.lose()
        self.assertEqual(self.alice.take(), [m.Presence("bob", "lost")])
        self.assertEqual(self.state(self.alice, "bob"), "offline")
        self.second.again()
        self.assertEqual(self.alice.take(), [m.Presence("bob", "online")])

    def test_a_goodbye_is_told_apart_from_a_cut(self) -> None:
        self.second.lose()
        ref = self.bob.ask(m.Quit)
        self.assertEqual(self.bob.take(), [m.Bye("goodbye", "Come back soon.")])
        self.assertTrue(self.bob.over and ref)
        self.assertEqual(self.alice.take(), [m.Presence("bob", "offline")])

    def test_who_lists_each_once(self) -> None:
        self.house.guest("gast")
        self.alice.ask(m.Who)
        answer = self.alice.last(m.WhoList)
        people = [(x.name, x.role, x.state) for x in answer.people]
        self.assertEqual(
            people, [("alice", "student", "online"), ("bob", "student", "online"), ("gast", "guest", "online")]
        )
        self.assertEqual(answer.count, 3)

    def test_devices_and_their_sessions(self) -> None:
        assert self.bob.keys and self.second.keys
        self.second.lose()
        self.bob.ask(m.Devices)
        listed = dict(self.bob.last(m.DeviceList).devices)
        self.assertEqual(listed, {self.bob.keys.public.device: 1, self.second.keys.public.device: 0})
        guest = self.house.guest("gast")
        guest.ask(m.Devices)
        self.assertEqual(guest.last(m.DeviceList).devices, [])

    def test_away_is_told_once_and_ends_with_the_last_session(self) -> None:
        for text in ("lunch", "lunch"):
            self.granted(self.bob, m.Away, text)
        self.assertEqual(self.alice.take(), [m.Presence("bob", "away", "lunch")])
        self.assertEqual(self.second.take(), [m.Presence("bob", "away", "lunch")])
        self.alice.ask(m.Whois, "bob")
        self.assertEqual(self.alice.last(m.Person).text, "lunch")
        self.granted(self.bob, m.Away)
        self.assertEqual(self.alice.of(m.Presence), [m.Presence("bob", "online")])
        self.granted(self.bob, m.Away, "out")
        self.bob.lose()
        self.second.lose()
        self.bob.again()
        self.assertEqual(self.state(self.alice, "bob"), "online")

    def test_away_text_has_a_limit(self) -> None:
        self.refused("text-too-long", self.bob, m.Away, "x" * 201)
        self.granted(self.bob, m.Away, "x" * 200)

    def test_whois_unknown(self) -> None:
        self.assertEqual(self.refused("no-such-user", self.alice, m.Whois, "bobb").near, ["bob"])

    def test_whois_guest(self) -> None:
        guest = self.house.guest("gast")
        self.granted(guest, m.Join, "lobby")
        self.alice.ask(m.Whois, "gast")
        person = self.alice.last(m.Person)
        self.assertEqual((person.guest, person.role, person.groups), (True, "guest", []))

    def test_a_session_that_ends_before_it_was_in_leaves_nothing_behind(self) -> None:
        self.house = House(slow=True)
        alice, bob = self.house.person("alice"), self.house.person("bob")
        bob.lose()
        self.house.commit()
        alice.take()
        bob = bob.again()
        bob.lose()
        self.house.commit()
        self.assertEqual(
            [event for event in alice.take() if event != m.Presence("bob", "online")], [m.Presence("bob", "lost")]
        )
        self.assertEqual(self.state_slow(alice), ["alice"])

    def state_slow(self, asker: Peer) -> list[str]:
        """Who is here."""
        asker.ask(m.Who)
        self.house.commit()
        asker.read()
        return [x.name for x in asker.last(m.WhoList).people]
