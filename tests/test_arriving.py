"""Coming in without a device of one's own: as an account that was proved, as a guest, under which nick."""

from __future__ import annotations

import hashlib

from chatd import messages as m
from chatd import people
from chatd.admission import Policy
from chatd.core.limits import Limits
from tests.kit import House, Peer, Scene, state_of

AFAR = "198.51.100.7"
BINDING = hashlib.sha256(b"this channel").digest()
PASSWORD = "correct horse"


class Arriving(Scene):
    """Alice has a password; the connections have TLS."""

    def setUp(self) -> None:
        super().setUp()
        peer = self.stranger()
        peer.ask(people.Register, "alice", PASSWORD)
        peer.lose()

    def stranger(self, host: str = AFAR) -> Peer:
        """Somebody who has said hello."""
        peer = self.house.greeted(host, BINDING)
        peer.take()
        return peer

    def proved(self) -> Peer:
        """Somebody who has proved to be Alice."""
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        self.assertTrue(peer.of(people.Proved))
        peer.take()
        return peer

    def turned_away(self, code: str, peer: Peer) -> None:
        """The only answer is this refusal."""
        (answer,) = peer.take()
        assert isinstance(answer, m.Failed), answer
        self.assertEqual((answer.code, answer.ref), (code, peer.ref), answer.text)

    def test_guest(self) -> None:
        peer = self.stranger()
        peer.arrive("Gast")
        (arrived,) = peer.take()
        assert isinstance(arrived, people.Arrived)
        told = (arrived.ref, arrived.name, arrived.nick, arrived.guest, arrived.groups, arrived.profile.account)
        self.assertEqual(told, (peer.ref, "Gast", "Gast", True, 0, ""))
        profile = arrived.profile
        self.assertEqual((profile.ident, profile.realname, profile.state), ("~kit", "Gast", "online"))
        self.assertNotIn(AFAR, profile.host)

    def test_account_with_its_groups(self) -> None:
        peer = self.proved()
        peer.arrive("alice")
        peer.ask(m.Join, "#hw1")
        peer.ask(m.Join, "#hw2")
        peer.lose()
        self.house.restart()
        peer = self.proved()
        peer.arrive("alice")
        arrived, *groups = peer.take()
        assert isinstance(arrived, people.Arrived)
        self.assertEqual((arrived.name, arrived.guest, arrived.groups), ("alice", False, 2))
        self.assertEqual(
            [(event.ref, event.position.conversation) for event in groups if isinstance(event, m.GroupInfo)],
            [(0, "#hw1"), (0, "#hw2")],
        )
        self.assertEqual(
            [(event.ref, event.group) for event in groups if isinstance(event, m.MemberList)],
            [(0, "#hw1"), (0, "#hw2")],
        )

    def test_account_under_another_nick(self) -> None:
        peer = self.proved()
        peer.arrive("allegra")
        arrived = peer.last(people.Arrived)
        self.assertEqual((arrived.name, arrived.nick, arrived.profile.account), ("alice", "allegra", "alice"))

    def test_the_second_one_is_called_as_the_first(self) -> None:
        first, second = self.proved(), self.proved()
        first.arrive("allegra")
        second.arrive("alice")
        self.assertEqual(second.last(people.Arrived).nick, "allegra")
        self.assertFalse(first.over)

    def test_names_that_cannot_be_had(self) -> None:
        self.house.guest("carol")
        for make in (self.stranger, self.proved):
            for nick, code in (("carol", "name-taken"), ("caro1", "name-taken"), ("two words", "bad-name")):
                peer = make()
                before = state_of(self.house)
                peer.arrive(nick)
                self.turned_away(code, peer)
                self.assertEqual(state_of(self.house), before)
                peer.arrive("another")
                self.assertTrue(peer.of(people.Arrived))
                peer.lose()
        peer = self.stranger()
        peer.arrive("alice")
        self.turned_away("name-owned", peer)

    def test_programs_try_nick_after_nick(self) -> None:
        """On the line port that is no attempt to get in."""
        peer = self.stranger()
        peer.door._inner.session.line = True  # type: ignore[union-attr]
        for _ in range(20):
            peer.arrive("alice")
            self.turned_away("name-owned", peer)
        self.assertFalse(peer.over)

    def test_no_guests(self) -> None:
        self.house.node.configure(self.house.limits, Policy("s", "open", False))
        peer = self.stranger()
        peer.arrive("gast")
        self.turned_away("guests-refused", peer)
        peer = self.proved()
        peer.arrive("alice")
        self.assertTrue(peer.of(people.Arrived))

    def test_guests_of_one_address_have_an_end_and_accounts_have_none(self) -> None:
        self.house = House(limits=Limits(signups_burst=3))
        for name in ("one", "two"):
            peer = self.stranger()
            peer.arrive("bad name")  # does not count
            peer.take()
            peer.arrive(name)
            self.assertTrue(peer.of(people.Arrived))
        peer = self.stranger()
        peer.ask(people.Register, "alice", PASSWORD)
        peer.lose()
        peer = self.stranger()
        peer.arrive("three")
        self.turned_away("throttled", peer)
        for _ in range(4):
            peer = self.proved()
            peer.arrive("alice")
            self.assertTrue(peer.of(people.Arrived))

    def test_what_one_says_of_oneself_is_bounded(self) -> None:
        for ident, shown in (
            ("", "~u"),
            ("~bob", "~bob"),
            ("a b@c!d", "~abcd"),
            ("x" * 99, "~" + "x" * 10),
            ("\x01", "~u"),
        ):
            peer = self.stranger()
            peer.ask(people.Arrive, "gast", ident, "r" * 1_000)
            profile = peer.last(people.Arrived).profile
            self.assertEqual((profile.ident, len(profile.realname)), (shown, self.house.limits.realname_chars))
            peer.lose()

    def test_once(self) -> None:
        peer = self.stranger()
        peer.arrive("gast")
        self.refused("already-logged-in", peer, people.Arrive, "gast", "x", "x")

    def test_not_before_hello(self) -> None:
        peer = self.house.peer(AFAR, BINDING)
        peer.arrive("gast")
        self.turned_away("not-logged-in", peer)
