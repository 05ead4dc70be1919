"""Monitors: who comes, goes and is called otherwise, told to those who asked."""

from __future__ import annotations

from chatd import messages as m
from chatd import people as p
from chatd.core.limits import Limits
from tests.kit import House, Peer, Scene


class Monitoring(Scene):
    """Monitor."""

    def setUp(self) -> None:
        super().setUp()
        (self.alice,) = self.house.people("alice")
        self.line = self.house.caller("line")
        self.line.take()

    def heard(self, peer: Peer) -> list[tuple[list[str], list[str]]]:
        """Who came and who went, since the last time."""
        found = [([x.nick for x in event.online], event.offline) for event in peer.of(p.Monitored) if not event.ref]
        peer.take()
        return found

    def watch(self, peer: Peer, *names: str, **more: object) -> tuple[list[str], list[str]]:
        """Watch these, and say what the answer says."""
        answer = self.granted(peer, p.Monitor, list(names), **more)
        assert isinstance(answer, p.Monitored)
        return [x.nick for x in answer.online], answer.offline

    def test_comes_and_goes(self) -> None:
        self.assertEqual(self.watch(self.line, "gast", "ALICE", "x y"), (["alice"], ["gast", "x y"]))
        gast = self.house.caller("gast")
        self.assertEqual(self.heard(self.line), [(["gast"], [])])
        gast.lose()
        self.assertEqual(self.heard(self.line), [([], ["gast"])])
        self.alice.lose()
        self.assertEqual(self.heard(self.line), [([], ["alice"])])
        self.alice.again()
        self.assertEqual(self.heard(self.line), [(["alice"], [])])

    def test_a_second_session_is_no_news(self) -> None:
        self.watch(self.line, "alice")
        second = self.house.caller("alice", "alice")
        second.lose()
        self.assertEqual(self.heard(self.line), [])

    def test_called_otherwise(self) -> None:
        self.watch(self.line, "new")
        self.watch(self.alice, "new")
        gast = self.house.caller("gast")
        for nick, heard in (("new", [(["new"], [])]), ("NEW", []), ("other", [([], ["NEW"])])):
            self.granted(gast, p.SetNick, nick)
            self.assertEqual(self.heard(self.line), heard, nick)
            self.assertEqual(self.heard(self.alice), heard, nick)

    def test_lines_watch_nicks_and_frames_watch_names(self) -> None:
        (bob,) = self.house.people("bob")
        self.watch(self.line, "alice", "ali")
        self.watch(bob, "alice", "ali")
        self.granted(self.alice, p.SetNick, "ali")
        self.assertEqual(self.heard(self.line), [([], ["alice"]), (["ali"], [])])
        self.assertEqual(self.heard(bob), [])
        self.alice.lose()
        self.assertEqual(self.heard(self.line), [([], ["ali"])])
        self.assertEqual(self.heard(bob), [([], ["alice"])])

    def test_no_longer(self) -> None:
        self.watch(self.line, "one", "two", "three")
        self.assertEqual(self.watch(self.line, remove=["ONE", "nobody"]), ([], []))
        self.assertEqual(self.watch(self.line), ([], ["two", "three"]))
        self.house.caller("one")
        self.assertEqual(self.heard(self.line), [])
        self.assertEqual(self.watch(self.line, clear=True), ([], []))
        self.assertEqual(self.watch(self.line), ([], []))
        self.house.caller("two")
        self.assertEqual(self.heard(self.line), [])

    def test_who_has_gone_watches_nobody(self) -> None:
        self.watch(self.line, "gast")
        self.line.lose()
        self.house.caller("gast")
        self.assertEqual(self.house.node.hub.monitors._watchers, {})

    def test_only_so_many(self) -> None:
        self.house = House(limits=Limits(monitors=2))
        line = self.house.caller("line")
        line.take()
        self.refused("list-full", line, p.Monitor, ["one", "two", "three"])
        self.watch(line, "one", "two")
        self.watch(line, "ONE")
        self.refused("list-full", line, p.Monitor, ["three"])
        self.watch(line, "three", remove=["one"])
        self.watch(line, "four", "five", clear=True)

    def test_changes_of_those_who_are_not_near(self) -> None:
        self.watch(self.line, "alice")
        self.granted(self.alice, m.Away, "lunch")
        self.granted(self.alice, p.SetProfile, "Alice")
        self.assertEqual(self.line.of(p.PersonChanged), [
            p.PersonChanged("alice", "alice", "away", "lunch", "*"),
            p.PersonChanged("alice", "alice", "realname", "Alice", "*"),
        ])  # fmt: skip
        self.line.take()
        for peer in (self.line, self.alice):
            self.granted(peer, m.Join, "#hw3")
        self.line.take()
        self.granted(self.alice, m.Away, "")
        self.assertEqual(self.line.of(p.PersonChanged), [p.PersonChanged("alice", "alice", "away", "")])

    def test_always_on_is_here(self) -> None:
        self.granted(self.alice, p.SetAlwaysOn, True)
        self.watch(self.line, "alice")
        self.alice.lose()
        self.alice.again()
        self.assertEqual(self.heard(self.line), [])
