"""Sanctions: who is banned stays out, who is muted says nothing; until its time, told why, also after a restart."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd import encryption as e
from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.core import sanctions
from chatd.core.turn import Refused
from chatd.entries import SanctionSet
from tests.kit import House, Peer, Scene

AFAR = "198.51.100.7"
NEAR_AFAR = "198.51.100.8"
ID = b"0123456789abcdef"


class Sanctioned(Scene):
    """A house whose staff are at the console."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.hub.users.find("alice").role = "staff"

    @property
    def hub(self):
        return self.house.node.hub

    def impose(self, kind: str, whom: str, seconds: float = 0, reason: str = "why") -> SanctionSet:
        """As the console does it."""
        found = sanctions.impose(self.hub, self.house.node.turn(), kind, whom, "miller", seconds, reason)
        self.house.settle()
        return found

    def lift(self, kind: str, whom: str) -> None:
        """As the console does it."""
        sanctions.lift(self.hub, self.house.node.turn(), kind, whom)
        self.house.settle()

    def out(self, peer: Peer, code: str) -> m.Bye:
        """It was ended, and told why."""
        bye = peer.last(m.Bye)
        self.assertEqual((bye.code, peer.over), (code, True))
        return bye


class Bans(Sanctioned):
    """Out, and not in again."""

    def test_out_and_told_why_and_until_when(self) -> None:
        line = self.house.caller("bob", "bob")
        self.impose("ban", "@bob", 600, "spam")
        until = sanctions.moment(int(self.house.wall() * 1000) + 600_000)
        for peer in (self.bob, line):
            self.assertEqual(self.out(peer, "banned").text, f"You are banned until {until}: spam")
        self.assertEqual(self.alice.of(m.Presence)[-1].state, "offline")

    def test_no_way_in_by_any_proof_and_the_connection_ends(self) -> None:
        token, keys = self.bob.token, self.bob.keys
        self.impose("ban", "bob", 600)
        self.house.restart()
        again = self.house.greeted()
        again.name, again.keys, again.token = "bob", keys, token
        again.ask(m.Resume, token)
        failed = again.last(m.Failed)
        self.assertEqual(failed.code, "banned")
        self.assertApproximates(failed.retry, 600, 1)
        self.out(again, "banned")
        again = self.house.greeted()
        assert keys is not None
        again.login("bob", keys)
        self.out(again, "banned")
        line = self.house.greeted()
        line.session.proof.account = self.hub.users.find("bob")
        line.arrive("bob")
        self.out(line, "banned")

    def test_it_ends_by_itself(self) -> None:
        self.impose("ban", "bob", 600)
        self.house.advance(599)
        self.assertFalse(self.bob.again().of(m.Welcome))
        self.house.advance(10)
        self.assertTrue(self.bob.again().of(m.Welcome))
        self.assertEqual((self.hub.sanctions.by_key, self.house.store.load().sanctions), ({}, []))

    def test_lifted(self) -> None:
        self.impose("ban", "bob")
        self.assertFalse(self.bob.again().of(m.Welcome))
        self.lift("ban", "bob")
        self.assertTrue(self.bob.again().of(m.Welcome))
        with self.assertRaises(Refused):
            self.lift("ban", "bob")

    def test_guests_of_a_network_and_nobody_else(self) -> None:
        carol = self.house.person("carol", AFAR)
        guest, other = self.house.guest("guest", AFAR), self.house.guest("other", NEAR_AFAR)
        found = self.impose("ban", "@guest", 60, "loud")
        self.assertEqual((found.user, found.network), (0, AFAR + "/32"))
        self.out(guest, "banned")
        self.assertFalse(other.over or carol.over)
        peer = self.house.greeted(AFAR)
        peer.ask(m.Enter, "another")
        self.out(peer, "banned")
        line = self.house.greeted(AFAR)
        line.arrive("another")
        self.out(line, "banned")
        newcomer = self.house.greeted(AFAR)
        newcomer.sign_up("newcomer")
        self.out(newcomer, "banned")
        self.assertTrue(carol.again().of(m.Welcome))
        self.impose("ban", "198.51.100.0/24")
        self.out(other, "banned")

    def test_who_arrives_by_a_password_while_banned(self) -> None:
        self.granted(self.bob, m.SetPassword, "correct horse")
        self.impose("ban", "bob")
        line = self.house.greeted()
        line.plain("bob", "correct horse")
        self.assertEqual(line.last(m.Failed).code, "banned")
        link = self.house.greeted()
        devices = dict(self.hub.users.find("bob").devices)
        link.link("bob", "correct horse")
        self.out(link, "banned")
        self.assertEqual(self.hub.users.find("bob").devices, devices)

    def test_what_cannot_be(self) -> None:
        for kind, whom, seconds, reason, code in (
            ("ban", "nobody", 0, "", "no-such-user"), ("dance", "bob", 0, "", "bad-argument"),
            ("ban", "bob", -1, "", "bad-argument"), ("ban", "bob", 0, "x" * 1000, "text-too-long"),
            ("disabled", AFAR, 0, "", "bad-argument"), ("ban", "192.0.2.0/33", 0, "", "no-such-user"),
        ):  # fmt: skip
            with self.assertRaises(Refused) as raised:
                self.impose(kind, whom, seconds, reason)
            self.assertEqual(raised.exception.code, code)
        self.assertEqual(self.hub.sanctions.by_key, {})


class Mutes(Sanctioned):
    """Here, and silent."""

    def test_says_nothing_and_knows_why(self) -> None:
        self.granted(self.bob, m.Join, "#hw3")
        self.impose("mute", "bob", 600, "loud")
        notice = self.bob.last(m.Notice)
        self.assertEqual(notice.code, "muted")
        self.assertIn(": loud", notice.text)
        for kind, arguments in (
            (m.Send, ("#lobby", ID, "hi")), (m.Send, ("#hw3", ID, "hi")), (p.Pass, ("#hw3", ID, "hi")),
            (m.SetTopic, ("#hw3", "hi")), (m.Away, ("hi",)), (p.SetNick, ("loud",)), (p.SetProfile, ("loud",)),
        ):  # fmt: skip
            failed = self.refused("muted", self.bob, kind, *arguments)
            self.assertApproximates(failed.retry, 600, 1)
        self.granted(self.bob, m.Who)
        self.granted(self.bob, m.Away, "")
        self.granted(self.bob, m.Leave, "#hw3")
        self.granted(self.bob, m.Send, "@alice", ID, "may I?")
        self.house.people("carol")
        self.refused("muted", self.bob, m.Send, "@carol", b"c" * 16, "hi")

    def test_encrypted_mail(self) -> None:
        self.house.people("carol")
        self.impose("mute", "bob")

        def code(*names: str) -> str:
            """By which mail for these is refused: none of them has such a device."""
            item = e.Item([(name, "device") for name in names], "olm1", "", b"", b"x")
            self.bob.ask(e.PutMail, ID, 1, {}, [item])
            return self.bob.code()

        self.assertEqual([code("carol"), code("alice", "carol"), code("nobody")], ["muted"] * 3)
        for names in (("alice",), ("alice", "bob")):
            self.assertNotEqual(code(*names), "muted")

    def test_also_on_the_next_connection_and_after_a_restart(self) -> None:
        self.impose("mute", "bob", 100)
        self.house.restart()
        bob = self.bob.again()
        self.refused("muted", bob, m.Send, "#lobby", ID, "hi")
        self.house.advance(105)
        self.assertEqual(bob.last(m.Notice).code, "unmuted")
        self.granted(bob, m.Send, "#lobby", ID, "hi")

    def test_a_second_before_the_sweep(self) -> None:
        self.impose("mute", "bob", 2)
        self.house.clock.advance(2)
        self.granted(self.bob, m.Send, "#lobby", ID, "hi")

    def test_lifted(self) -> None:
        self.impose("mute", "bob")
        self.lift("mute", "bob")
        self.assertEqual(self.bob.last(m.Notice).code, "unmuted")
        self.granted(self.bob, m.Send, "#lobby", ID, "hi")
        self.assertFalse(self.bob.session.metered)

    def test_guests(self) -> None:
        guest = self.house.guest("guest", AFAR)
        self.impose("mute", "guest")
        self.refused("muted", guest, m.Send, "#lobby", ID, "hi")
        guest.lose()
        self.refused("muted", self.house.guest("another", AFAR), m.Send, "#lobby", ID, "hi")
        self.granted(self.house.guest("third", NEAR_AFAR), m.Send, "#lobby", ID, "hi")
        self.lift("mute", AFAR)
        self.granted(self.house.guest("fourth", AFAR), m.Send, "#lobby", b"x" * 16, "hi")


class Disabled(Sanctioned):
    """An account that is put away."""

    def test_out_and_nobody_writes_to_it(self) -> None:
        for identity in (b"1" * 16, b"2" * 16):
            self.granted(self.alice, m.Send, "@bob", identity, "hi")
        self.impose("disabled", "bob", reason="no longer on the list")
        self.out(self.bob, "disabled")
        self.assertFalse(self.bob.again().of(m.Welcome))
        self.refused("disabled", self.alice, m.Send, "@bob", b"x" * 16, "hi")
        self.lift("disabled", "bob")
        self.assertEqual(self.bob.again().texts(), ["hi", "hi"])
        self.granted(self.alice, m.Send, "@bob", b"x" * 16, "hi")


class Kicks(Sanctioned):
    """Out, and in again."""

    def test_put_off(self) -> None:
        count = sanctions.kick(self.hub, self.house.node.turn(), "@bob", "miller", "enough")
        self.house.settle()
        self.assertEqual((count, self.out(self.bob, "killed").text), (1, "Killed (miller (enough))"))
        self.assertTrue(self.bob.again().of(m.Welcome))
        with self.assertRaises(Refused):
            sanctions.kick(self.hub, self.house.node.turn(), "@nobody", "miller")


class Operators(Sanctioned):
    """The same by commands."""

    def test_commands(self) -> None:
        self.hub.users.find("alice").operator = True
        self.granted(self.alice, o.Sanction, "mute", "bob", 60, "loud")
        listed = self.granted(self.alice, o.AskSanctions).sanctions
        self.assertEqual([(one.kind, one.name, one.reason, one.by) for one in listed],
                         [("mute", "bob", "loud", "alice")])  # fmt: skip
        self.granted(self.alice, o.Lift, "mute", "bob")
        self.assertEqual(self.granted(self.alice, o.AskSanctions).sanctions, [])
        self.refused("not-sanctioned", self.alice, o.Lift, "mute", "bob")
        self.refused("not-allowed", self.alice, o.Sanction, "disabled", "bob")
        self.refused("not-allowed", self.alice, o.Lift, "disabled", "bob")
        for kind, arguments in ((o.Sanction, ("ban", "alice")), (o.Lift, ("ban", "alice")), (o.AskSanctions, ())):
            self.refused("not-operator", self.bob, kind, *arguments)


class Ends(Scene):
    """Whatever is imposed when, it holds until its end and not a moment longer."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(["ban", "mute", "lift ban", "lift mute", "wait", "restart"]),
                              st.integers(0, 30)), max_size=12))  # fmt: skip
    def test_as_a_model_says(self, steps: list[tuple[str, int]]) -> None:
        self.house = House()
        bob = self.house.person("bob")
        ends: dict[str, float] = {}
        for what, seconds in steps:
            hub, turn, now = self.house.node.hub, self.house.node.turn(), self.house.clock.seconds()
            if what in ("ban", "mute"):
                sanctions.impose(hub, turn, what, "bob", "miller", seconds)
                ends[what] = now + seconds if seconds else float("inf")
            elif what.startswith("lift"):
                if what[5:] in {key[0] for key in hub.sanctions.by_key}:
                    sanctions.lift(hub, turn, what[5:], "bob")
                ends.pop(what[5:], None)
            elif what == "wait":
                self.house.clock.advance(seconds)
                if seconds % 2:
                    self.house.node.sweep()
            else:
                self.house.settle()
                self.house.restart()
            self.house.settle()
            now = self.house.clock.seconds()
            bob = bob.again()
            self.assertEqual(bool(bob.of(m.Welcome)), now >= ends.get("ban", 0))
            if bob.of(m.Welcome):
                bob.take()
                bob.send("#lobby", "hi")
                self.assertEqual(bool(bob.of(m.Accepted)), now >= ends.get("mute", 0))
