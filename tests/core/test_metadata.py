"""Metadata: who sets what, what is kept, and who hears of it."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.core.limits import Limits
from tests.kit import House, Peer, Scene

Values = list[tuple[str, str | None]]


class Keys(Scene):
    """Setting and asking."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "#hw3")

    def asked(self, peer: Peer, to: str, *keys: str) -> Values:
        """What is set."""
        answer = self.granted(peer, p.AskMetadata, to, list(keys))
        assert isinstance(answer, p.Metadata)
        return answer.values

    def test_ones_own_is_kept(self) -> None:
        answer = self.granted(self.alice, p.SetMetadata, "", "Display-Name", "Alice A. ♥")
        self.assertEqual(answer, p.Metadata(answer.ref, "alice", [("display-name", "Alice A. ♥")]))
        self.granted(self.alice, p.SetMetadata, "@alice", "avatar", "https://a.example/")
        self.granted(self.alice, p.SetMetadata, "alice", "color", "red")
        self.assertEqual(self.granted(self.alice, p.SetMetadata, "*", "color").values, [("color", None)])
        self.house.restart()
        everything = [("avatar", "https://a.example/"), ("display-name", "Alice A. ♥")]
        bob = self.bob.again()
        self.assertEqual(self.asked(bob, "alice"), everything)
        self.assertEqual(self.asked(bob, "ALICE", "x", "Avatar"), [("x", None), everything[0]])
        self.assertEqual(self.asked(bob, ""), [])

    def test_a_groups_is_its_operators(self) -> None:
        self.granted(self.alice, p.SetMetadata, "#HW3", "url", "https://hw.example/")
        self.refused("no-permission", self.bob, p.SetMetadata, "#hw3", "url", "mine")
        self.refused("no-permission", self.bob, p.SetMetadata, "alice", "url", "mine")
        self.refused("no-permission", self.bob, p.SetMetadata, "#lobby", "url", "mine")
        self.house.restart()
        self.assertEqual(self.asked(self.bob.again(), "#hw3"), [("url", "https://hw.example/")])

    def test_a_group_is_called_as_it_is_known_until_it_is_told_of_another_name(self) -> None:
        self.granted(self.bob, p.FollowMetadata, ["url"], True)
        for peer in (self.alice, self.bob):
            peer.take()
        self.alice.tell(
            p.SetMetadata(70, "#hw3", "url", "x"), p.AskMetadata(71, "#hw3", []), o.Rename(72, "#hw3", "#new", "typo")
        )
        for peer, count in ((self.alice, 2), (self.bob, 1)):
            *told, renamed = [one for one in peer.read() if isinstance(one, p.Metadata | o.Renamed)]
            self.assertEqual([getattr(one, "to", "") for one in told], ["#hw3"] * count)
            self.assertIsInstance(renamed, o.Renamed)

    def test_a_closed_group_has_none(self) -> None:
        self.granted(self.alice, p.SetMetadata, "#hw3", "url", "https://hw.example/")
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Leave, "#hw3")
        self.house.restart()
        self.granted(alice := self.alice.again(), m.Join, "#hw3")
        self.assertEqual(self.asked(alice, "#hw3"), [])

    def test_a_guests_goes_with_the_guest(self) -> None:
        gast = self.house.caller("gast")
        self.granted(gast, p.SetMetadata, "", "color", "red")
        self.assertEqual(self.asked(self.bob, "gast"), [("color", "red")])
        self.assertEqual(self.house.store.load().metadata, [])
        gast.lose()
        self.assertEqual(self.asked(self.house.caller("gast"), ""), [])

    def test_targets_and_keys(self) -> None:
        for to in ("nobody", "@nobody", "#nowhere"):
            self.refused("invalid-target", self.alice, p.AskMetadata, to)
            self.refused("invalid-target", self.alice, p.SetMetadata, to, "x", "y")
        for key in ("", "a b", "$x", "ä", "x" * 65, "*"):
            self.refused("key-invalid", self.alice, p.SetMetadata, "", key, "y")
            self.refused("key-invalid", self.alice, p.AskMetadata, "", [key])
            self.refused("key-invalid", self.alice, p.FollowMetadata, [key])
        self.refused("key-not-set", self.alice, p.SetMetadata, "", "color")
        self.refused("value-invalid", self.alice, p.SetMetadata, "", "color", "♥" * 101)

    def test_only_so_many(self) -> None:
        self.house = House(limits=Limits(metadata_keys=2, metadata_followed=2))
        (alice,) = self.house.people("alice")
        for key in ("one", "two", "one"):
            self.granted(alice, p.SetMetadata, "", key, "x")
        self.refused("limit-reached", alice, p.SetMetadata, "", "three", "x")
        self.granted(alice, p.FollowMetadata, ["one", "two"])
        self.refused("limit-reached", alice, p.FollowMetadata, ["three"])
        self.granted(alice, p.FollowMetadata, ["one"], False)
        self.assertEqual(self.granted(alice, p.FollowMetadata, ["three"]).keys, ["three", "two"])
        self.assertEqual(self.granted(alice, p.FollowMetadata, []).keys, ["three", "two"])

    def test_all_at_once(self) -> None:
        for key in ("one", "two"):
            self.granted(self.alice, p.SetMetadata, "", key, "x")
        self.refused("no-permission", self.bob, p.SetMetadata, "alice", "*")
        answer = self.granted(self.alice, p.SetMetadata, "", "*")
        self.assertEqual(answer.values, [("one", None), ("two", None)])
        self.house.restart()
        self.assertEqual(self.asked(self.alice.again(), ""), [])

    def test_a_full_disk_takes_nothing_more(self) -> None:
        self.granted(self.alice, p.SetMetadata, "", "one", "x")
        self.house.node.hub.full = True
        self.refused("storage-full", self.alice, p.SetMetadata, "", "two", "x")
        self.granted(self.alice, p.SetMetadata, "", "one")


class Following(Scene):
    """Who hears of changes."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.granted(self.bob, p.FollowMetadata, ["color", "url"])

    def heard(self, peer: Peer) -> list[tuple[str, Values]]:
        """The changes that somebody was told."""
        found = [(event.to, event.values) for event in peer.of(p.Metadata) if not event.ref]
        peer.take()
        return found

    def together(self) -> None:
        """Both are in a group."""
        for peer in (self.alice, self.bob):
            self.granted(peer, m.Join, "#hw3")

    def test_those_who_share_a_group(self) -> None:
        self.granted(self.alice, p.SetMetadata, "", "color", "red")
        self.assertEqual(self.heard(self.bob), [])
        self.together()
        self.assertEqual(self.heard(self.bob), [("alice", [("color", "red")])])
        for value, told in (("blue", 1), ("blue", 0), (None, 1)):
            self.granted(self.alice, p.SetMetadata, "", "color", value)
            self.assertEqual(self.heard(self.bob), [("alice", [("color", value)])] * told)
        self.granted(self.alice, p.SetMetadata, "", "other", "x")
        self.granted(self.alice, p.SetMetadata, "#hw3", "url", "u")
        self.assertEqual(self.bob.last(p.Metadata), p.Metadata(0, "#hw3", [("url", "u")], "alice"))
        self.assertEqual(self.alice.of(p.Metadata)[:-1], [])

    def test_who_comes_is_told_and_made_known(self) -> None:
        self.granted(self.alice, m.Join, "#hw3")
        self.granted(self.alice, p.SetMetadata, "#hw3", "url", "u")
        self.granted(self.bob, m.Join, "#hw3")
        self.assertEqual(self.heard(self.bob), [("#hw3", [("url", "u")])])
        gast = self.house.caller("gast")
        self.granted(gast, p.SetMetadata, "", "color", "red")
        self.granted(gast, m.Join, "#hw3")
        self.assertEqual(self.heard(self.bob), [("gast", [("color", "red")])])
        self.granted(self.alice, p.SetMetadata, "", "color", "green")
        self.alice.lose()
        self.heard(self.bob)
        self.alice.again()
        self.assertEqual(self.heard(self.bob), [("alice", [("color", "green")])])

    def test_those_who_monitor(self) -> None:
        self.granted(self.bob, p.Monitor, ["alice"])
        self.granted(self.alice, p.SetMetadata, "", "color", "red")
        self.assertEqual(self.heard(self.bob), [("alice", [("color", "red")])])

    def test_no_longer(self) -> None:
        self.together()
        self.granted(self.bob, p.FollowMetadata, ["color"], False)
        self.granted(self.alice, p.SetMetadata, "", "color", "red")
        self.assertEqual(self.heard(self.bob), [])
