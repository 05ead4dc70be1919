"""Accounts made by a password, and guests who become one while they are here."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from tests.kit import Peer, Scene


class Becoming(Scene):
    """A guest is an account from here on."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.watcher = self.house.caller("watcher")
        self.gast = self.house.caller("gast", realname="G. Ast")
        for peer in (self.gast, self.watcher):
            self.granted(peer, m.Join, "#hw3")
        self.forget()

    def forget(self) -> None:
        """They have forgotten what they heard."""
        for peer in self.house.peers:
            peer.take()

    def register(self, name: str = "gast") -> None:
        """The guest makes an account of the name."""
        node = self.house.node
        node.hub.register(name, "verifier", "scram", node.turn(), guest=self.gast.session)
        self.house.settle()

    def become(self, peer: Peer, name: str) -> None:
        """The guest proves to be somebody."""
        node = self.house.node
        node.hub.become(peer.session, node.hub.users.find(name), node.turn())
        self.house.settle()

    def test_a_guest_registers(self) -> None:
        self.granted(self.gast, p.SetMetadata, "", "color", "red")
        self.register()
        self.assertEqual([(x.name, x.change, x.text) for x in self.watcher.of(p.PersonChanged)], [
            ("gast", "account", "gast"), ("gast", "host", "~me@gast.user"),
        ])  # fmt: skip
        self.assertEqual(self.alice.take(), [])
        person = self.granted(self.bob, m.Whois, "gast")
        self.assertEqual(
            (person.guest, person.realname, person.groups, person.modes), (False, "G. Ast", ["#hw3"], ["qo"])
        )
        self.bob.send("@gast", "you have a mailbox")
        self.assertEqual(self.gast.texts(), ["you have a mailbox"])
        self.gast.send("#hw3", "and I a voice")
        self.assertEqual(self.watcher.texts(), ["and I a voice"])
        self.house.restart()
        user = self.house.node.hub.users.find("gast")
        self.assertEqual((user.guest, user.verifier, user.scram), (False, "verifier", "scram"))
        self.assertEqual((sorted(c.name for c in user.conversations.values()), user.metadata), (
            ["#hw3", "dm:bob:gast"], {"color": "red"},
        ))  # fmt: skip
        self.assertEqual(self.house.caller("gast", "gast").texts(), ["you have a mailbox", "and I a voice"])

    def test_a_stranger_registers(self) -> None:
        node, stranger = self.house.node, self.house.greeted()
        user = node.hub.register("carol", "v", "s", node.turn(), guest=stranger.session)
        self.house.settle()
        self.assertEqual((user.name, user.sessions, self.watcher.take()), ("carol", {}, []))
        self.assertEqual(self.house.caller("carol", "carol").last(p.Arrived).guest, False)

    def test_a_guest_is_an_account_that_is_not_here(self) -> None:
        self.granted(self.bob, m.Join, "#other")
        self.bob.lose()
        self.granted(self.watcher, m.Join, "#other")
        self.forget()
        self.become(self.gast, "bob")
        self.assertEqual([(x.name, x.change, x.text, x.group) for x in self.watcher.of(p.PersonChanged)], [
            ("gast", "account", "bob", ""), ("gast", "host", "~me@bob.user", ""), ("bob", "here", "", "#other"),
        ])  # fmt: skip
        self.assertEqual(self.alice.take(), [m.Presence("gast", "offline", "bob"), m.Presence("bob", "online")])
        heard = self.gast.take()
        self.assertEqual([x.position.conversation for x in heard if isinstance(x, m.GroupInfo)], ["#other"])
        person = self.granted(self.alice, m.Whois, "gast")
        self.assertEqual((person.name, person.nick, person.groups), ("bob", "gast", ["#hw3", "#other"]))
        self.assertEqual(self.house.node.source("bob"), "gast!~me@bob.user")
        self.gast.send("#other", "me again")
        self.assertEqual(self.watcher.last(m.Message).sender, "bob")
        self.gast.lose()
        self.house.guest("gast")

    def test_a_guest_is_an_account_that_is_here(self) -> None:
        line = self.house.caller("bob", "bob")
        self.granted(self.bob, m.Join, "#other")
        self.forget()
        self.become(self.gast, "bob")
        heard = self.watcher.read()
        self.assertEqual(heard, [
            p.PersonChanged("gast", "gast", "gone", "Logged in as bob"), m.Presence("gast", "offline", "bob"),
            m.GroupChange("#hw3", "joined", "bob"), m.GroupChange("#hw3", "role", "bob", "", "owner"),
            self.watcher.events[-1],
        ])  # fmt: skip
        self.assertEqual(self.watcher.last(o.ModesChanged).changes, [o.ModeChange(True, "q", "bob")])
        for other in (self.bob, line):
            groups = [x.position.conversation for x in other.of(m.GroupInfo)]
            self.assertEqual(groups, ["#hw3"])
        self.assertEqual(self.gast.of(p.PersonChanged), [p.PersonChanged("gast", "gast", "nick", "bob")])
        self.assertEqual([x.position.conversation for x in self.gast.of(m.GroupInfo)], ["#other"])
        self.alice.send("@bob", "which one?")
        for peer in (self.bob, line, self.gast):
            self.assertEqual(peer.texts(), ["which one?"])
        self.gast.lose()
        self.assertEqual(self.granted(self.alice, m.Whois, "bob").state, "online")

    def test_names_are_free_or_taken_as_always(self) -> None:
        self.register()
        self.refused("name-owned", self.watcher, p.SetNick, "gast")
        self.granted(self.gast, p.SetNick, "else")
        self.refused("name-owned", self.watcher, p.SetNick, "gast")
        self.gast.lose()
        self.granted(self.watcher, p.SetNick, "else")

    def test_monitors_stay(self) -> None:
        self.granted(self.watcher, p.Monitor, ["gast"])
        self.granted(self.gast, p.Monitor, ["carol"])
        self.forget()
        self.house.people("carol")[0].lose()
        self.become(self.gast, "carol")
        self.assertEqual(self.watcher.of(p.Monitored), [])
