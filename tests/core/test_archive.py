"""The past: who may read what, what is noted, markers, and whose text may be taken away."""

from __future__ import annotations

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.core.archive import mode_words
from chatd.core.limits import Limits
from tests.kit import House, Keys, Peer, Scene

ONE, TWO, THREE = b"1" * 16, b"2" * 16, b"3" * 16
END = a.Place()


class ArchiveScene(Scene):
    """Alice and Bob are in #hw1; Carol is not."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        self.granted(self.alice, m.Join, "hw1")
        self.granted(self.bob, m.Join, "hw1")
        self.forget()

    def forget(self) -> None:
        """What has come is of no interest."""
        for peer in self.house.peers:
            peer.take()

    def page(self, peer: Peer, to: str, way: str = "latest", *places: a.Place, limit: int = 100) -> a.Pages:
        """A page with everything."""
        page = self.granted(peer, a.Browse, to, way, *(places or (END,)), limit=limit, events=True)
        assert isinstance(page, a.Pages)
        return page

    def texts(self, peer: Peer, to: str) -> list[str]:
        """What somebody may read."""
        return [x.text for x in self.page(peer, to).messages]

    def kinds(self, peer: Peer, to: str) -> list[tuple[str, str, str]]:
        """What somebody may know to have happened."""
        return [(x.kind, x.sender, x.text) for x in self.page(peer, to).events]

    def phone(self, name: str) -> Peer:
        """Another device."""
        other = self.house.greeted()
        other.link(name, "correct horse", Keys(name.encode()))
        other.take()
        return other


class Reading(ArchiveScene):
    """Who may read what."""

    def test_refusals(self) -> None:
        for kind, more in ((m.History, ()), (a.Browse, ("latest", END))):
            self.refused("not-a-member", self.carol, kind, "#hw1", *more)
            self.refused("no-such-group", self.carol, kind, "#nowhere", *more)
            self.refused("no-such-user", self.carol, kind, "@nobody", *more)
        self.refused("bad-argument", self.alice, a.Browse, "#hw1", "sideways", END)
        for place in (a.Place(at=-1), a.Place(at=2**53), a.Place(at=2**63)):
            self.refused("bad-place", self.alice, a.Browse, "#hw1", "before", place)
            self.refused("bad-place", self.alice, a.Browse, "#hw1", "between", a.Place(at=1), place)
        for way in ("after", "around"):
            self.refused("bad-place", self.alice, a.Browse, "#hw1", way, END)

    def test_open_groups_show_what_was_before(self) -> None:
        self.alice.send("#hw1", "early")
        self.granted(self.carol, m.Join, "hw1")
        self.assertEqual(self.texts(self.carol, "#hw1"), ["early"])
        self.assertEqual(self.kinds(self.carol, "#hw1"), [("joined", name, "") for name in ("alice", "bob", "carol")])

    def test_private_groups_from_ones_joining_on(self) -> None:
        self.granted(self.alice, m.Join, "staff", private=True)
        self.alice.send("#staff", "early")
        self.granted(self.alice, m.SetTopic, "#staff", "secret")
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.granted(self.alice, m.SetTopic, "#staff", "known")
        self.alice.send("#staff", "late")
        self.assertEqual(self.texts(self.bob, "#staff"), ["late"])
        self.assertEqual(self.kinds(self.bob, "#staff"), [("joined", "bob", ""), ("topic", "alice", "known")])
        self.assertEqual(self.texts(self.alice, "#staff"), ["early", "late"])
        self.granted(self.bob, m.History, "#staff")
        self.assertEqual([x.text for x in self.bob.last(m.Page).messages], ["late"])

    def test_guests_read_open_groups_from_their_joining_on(self) -> None:
        self.alice.send("#hw1", "early")
        gast = self.house.guest("gast")
        self.refused("not-a-member", gast, a.Browse, "#hw1", "latest", END)
        self.granted(gast, m.Join, "hw1")
        self.alice.send("#hw1", "late")
        self.assertEqual(self.texts(gast, "#hw1"), ["late"])
        self.assertEqual(self.kinds(gast, "#hw1"), [("joined", "gast", "")])

    def test_the_lobby_is_everybodys(self) -> None:
        self.alice.send("#lobby", "early")
        gast = self.house.guest("gast")
        self.assertEqual(self.texts(gast, "#lobby"), ["early"])
        self.assertEqual(self.kinds(gast, "#lobby"), [])
        self.refused("not-a-member", self.house.caller("lina"), a.Browse, "#lobby", "latest", END)

    def test_direct_conversations(self) -> None:
        self.assertEqual(self.page(self.alice, "@bob"), a.Pages(self.alice.ref, "@bob", []))
        self.alice.send("@bob", "hello", ONE)
        self.bob.send("@alice", "hello yourself", TWO)
        page = self.page(self.alice, "@BOB")
        self.assertEqual(
            (page.conversation, [x.text for x in page.messages]), ("dm:alice:bob", ["hello", "hello yourself"])
        )
        self.assertEqual(self.page(self.carol, "@bob").messages, [])
        self.assertEqual(
            [x.text for x in self.page(self.bob, "@alice", "after", a.Place(ONE)).messages], ["hello yourself"]
        )

    def test_limits(self) -> None:
        for number in range(5):
            self.alice.send("#hw1", str(number))
        self.granted(self.alice, a.Browse, "#hw1", "latest", END, limit=0)
        self.assertEqual([x.text for x in self.alice.last(a.Pages).messages], ["4"])
        self.house.node.hub.limits = Limits(history_page=3)
        self.granted(self.alice, a.Browse, "#hw1", "latest", END, limit=10**9)
        self.assertEqual([x.text for x in self.alice.last(a.Pages).messages], ["2", "3", "4"])

    def test_talks_with_guests_are_read_while_they_are_here(self) -> None:
        gast = self.house.guest("gast")
        self.assertEqual(self.page(gast, "@alice").messages, [])
        self.granted(gast, p.Pass, "@alice", ONE, "one")
        self.granted(self.alice, p.Pass, "@gast", TWO, "two")
        for peer, to in ((gast, "@alice"), (self.alice, "@gast")):
            page = self.page(peer, to)
            self.assertEqual((page.conversation, [x.text for x in page.messages]), ("dm:alice:gast", ["one", "two"]))
            self.assertEqual([x.text for x in self.page(peer, to, "before", a.Place(TWO)).messages], ["one"])
            self.granted(peer, m.History, to, 2)
            self.assertEqual([x.text for x in peer.last(m.Page).messages], ["one"])
        self.refused("no-such-message", gast, o.Redact, "@alice", ONE)
        self.refused("no-such-message", gast, a.Browse, "@alice", "before", a.Place(THREE))
        gast.lose()
        self.assertEqual(self.page(self.house.guest("gast"), "@alice").messages, [])

    def test_talks_with_oneself(self) -> None:
        self.granted(self.alice, p.Pass, "@alice", ONE, "remember the milk")
        self.assertEqual(self.texts(self.alice, "@alice"), ["remember the milk"])

    def test_tags_that_persist(self) -> None:
        made = int(self.house.wall() * 1000).to_bytes(6, "big") + bytes(10)  # as a UUIDv7 begins
        for to in ("@bob", "#hw1"):
            self.granted(self.alice, p.Pass, to, ONE, "", "tags", "+typing=active")
            self.granted(self.alice, p.Pass, to, made, "", "tags", "+react=x;+draft/persist")
            (event,) = [x for x in self.page(self.alice, to).events if x.kind == "passed"]
            self.assertEqual((event.id, event.sender, event.text), (made, "alice", "+react=x;+draft/persist"))
            self.assertEqual(self.bob.last(p.Passing).at, event.at)
            self.alice.send(to, "and then")
            self.assertEqual([x.text for x in self.page(self.alice, to, "after", a.Place(made)).messages], ["and then"])
        self.assertEqual([x.kind for x in self.page(self.bob, "@alice").events], ["passed"])
        self.granted(self.alice, p.Pass, "#hw1", TWO, "", "tags", "+draft/persist", "v")  # for some of them only
        self.assertEqual([x.kind for x in self.page(self.bob, "#hw1").events][-1], "passed")
        self.assertEqual(len(self.page(self.bob, "#hw1").events), 3)


class Conversations(ArchiveScene):
    """Targets."""

    def targets(self, peer: Peer, after: int = 0, before: int = 2**50, limit: int = 100) -> list[str]:
        """Where something was said between two times."""
        listed = self.granted(peer, a.Targets, after, before, limit)
        assert isinstance(listed, a.TargetList)
        self.assertEqual([at for _, at in listed.targets], sorted(at for _, at in listed.targets))
        return [name for name, _ in listed.targets]

    def now(self) -> int:
        """The time in ms."""
        return int(self.house.wall() * 1000)

    def test_between_two_times(self) -> None:
        self.assertEqual(self.targets(self.alice), [])
        times = []
        for to in ("#hw1", "@bob", "#lobby", "#hw1"):
            times.append(self.now())
            self.alice.send(to, "x")
            self.house.advance(1)
        self.assertEqual(self.targets(self.alice), ["dm:alice:bob", "#lobby", "#hw1"])
        self.assertEqual(self.targets(self.alice, times[1], times[3]), ["#lobby"])
        self.assertEqual(self.targets(self.alice, times[3], times[1]), ["#lobby"])
        self.assertEqual(self.targets(self.alice, limit=2), ["dm:alice:bob", "#lobby"])
        self.assertEqual(self.targets(self.alice, 2**50, 0, limit=2), ["#lobby", "#hw1"])
        self.assertEqual(self.targets(self.carol), ["#lobby"])
        self.assertEqual(self.targets(self.house.caller("lina")), [])
        self.house.restart()
        self.assertEqual(self.targets(self.alice.again()), ["dm:alice:bob", "#lobby", "#hw1"])

    def test_what_one_may_not_read_is_none(self) -> None:
        self.granted(self.alice, m.Join, "staff", private=True)
        self.alice.send("#staff", "early")
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.assertEqual(self.targets(self.bob), [])
        self.granted(self.bob, m.Join, "staff")
        self.assertEqual(self.targets(self.bob), [])
        self.alice.send("#staff", "late")
        self.assertEqual(self.targets(self.bob), ["#staff"])
        gast = self.house.guest("gast")
        self.alice.send("#hw1", "early")
        self.granted(gast, m.Join, "hw1")
        self.assertEqual(self.targets(gast), [])

    def test_what_is_not_durable_yet_is_not_told(self) -> None:
        self.house.writer.slow = True
        self.alice.tell(m.Send(7, "#hw1", ONE, "x"), a.Targets(8, 0, 2**50))
        self.assertEqual(self.alice.of(a.TargetList), [])
        self.house.commit()
        self.alice.read()
        self.assertEqual([name for name, _ in self.alice.last(a.TargetList).targets], ["#hw1"])


class Notes(ArchiveScene):
    """What else happened."""

    def test_what_happens_to_a_group(self) -> None:
        for kind, *arguments in (
            (m.SetTopic, "#hw1", "due friday"), (m.SetRole, "hw1", "bob", "op"), (m.Kick, "hw1", "bob", "go home"),
            (o.SetModes, "#hw1", [o.ModeChange(True, "k", "sesame"), o.ModeChange(True, "m")]),
            (o.Rename, "#hw1", "hw2", "typo"),
        ):  # fmt: skip
            self.granted(self.alice, kind, *arguments)
        self.granted(self.carol, m.Join, "hw2", key="sesame")
        self.granted(self.carol, m.Leave, "hw2", "bye")
        expected = [
            ("joined", "alice", ""), ("joined", "bob", ""), ("topic", "alice", "due friday"),
            ("modes", "alice", "+o bob"), ("kicked", "alice", "bob go home"), ("modes", "alice", "+km *"),
            ("renamed", "alice", "#hw2 typo"), ("joined", "carol", ""), ("left", "carol", "bye"),
        ]  # fmt: skip
        self.assertEqual(self.kinds(self.alice, "#hw2"), expected)
        self.house.restart()
        self.assertEqual(self.kinds(self.alice.again(), "#hw2"), expected)

    def test_everybody_is_told_the_time_and_the_id(self) -> None:
        self.granted(self.carol, m.Join, "hw1")
        mine, heard = self.carol.last(m.GroupInfo), self.bob.last(m.GroupChange)
        event = self.page(self.bob, "#hw1").events[-1]
        self.assertEqual({(x.at, x.id) for x in (mine, heard, event)}, {(event.at, event.id)})
        topic = self.granted(self.alice, m.SetTopic, "#hw1", "due")
        event = self.page(self.bob, "#hw1").events[-1]
        assert isinstance(topic, m.GroupInfo)
        self.assertEqual((topic.at, topic.id), (event.at, event.id))
        changed = self.granted(self.alice, o.SetModes, "#hw1", [o.ModeChange(True, "m")])
        event = self.page(self.bob, "#hw1").events[-1]
        assert isinstance(changed, o.ModesChanged)
        self.assertEqual((changed.at, changed.id), (event.at, event.id))

    def test_guests_have_other_names_and_quit(self) -> None:
        gast = self.house.guest("gast")
        self.granted(gast, m.Join, "hw1")
        self.granted(gast, p.SetNick, "lina")
        gast.tell(m.Quit(1, "so long"))
        expected = [("joined", "gast", ""), ("nick", "gast", "lina"), ("quit", "lina", "so long")]
        self.assertEqual(self.kinds(self.alice, "#hw1")[-3:], expected)

    def test_an_auditorium_tells_nobody_who_comes(self) -> None:
        self.granted(self.alice, o.SetModes, "#hw1", [o.ModeChange(True, "u")])
        self.granted(self.carol, m.Join, "hw1")
        self.granted(self.carol, m.Leave, "hw1")
        self.assertEqual(self.kinds(self.alice, "#hw1")[-1], ("modes", "alice", "+u"))

    def test_a_full_disk_is_for_messages(self) -> None:
        self.house.node.hub.full = True
        self.granted(self.alice, m.Leave, "hw1")
        self.assertEqual([kind for kind, *_ in self.kinds(self.bob, "#hw1")], ["joined", "joined"])

    def test_modes_in_words(self) -> None:
        changes = [o.ModeChange(*x) for x in ((True, "o", "a"), (True, "n"), (False, "k", "x"), (True, "b", "*!*@h"))]
        self.assertEqual(mode_words(changes), "+on-k+b a * *!*@h")
        self.assertEqual(mode_words([]), "")


class Markers(ArchiveScene):
    """Mark."""

    def mark(self, peer: Peer, to: str, at: int = 0) -> int:
        """Set or ask; the answer."""
        answer = self.granted(peer, a.Mark, to, at)
        assert isinstance(answer, a.Marked)
        return answer.at

    def test_it_never_goes_back(self) -> None:
        for to in ("#hw1", "@bob", "#lobby", "#nowhere", "@nobody"):
            self.assertEqual(self.mark(self.alice, to), 0)
            self.assertEqual(self.mark(self.alice, to, 2000), 2000)
            self.assertEqual(self.mark(self.alice, to, 1000), 2000)
            self.assertEqual(self.mark(self.alice, to), 2000)
            self.assertEqual(self.mark(self.bob, to) if to != "@bob" else 0, 0)
        for at in (-1, 2**53, 2**60):
            self.refused("bad-place", self.alice, a.Mark, "#hw1", at)
        for to in ("#", "@", "@a b"):
            self.refused("bad-name", self.alice, a.Mark, to, 5)

    def test_no_later_than_now(self) -> None:
        now = int(self.house.wall() * 1000)
        self.assertEqual(self.mark(self.alice, "#hw1", now + 10**9), now)

    def test_other_sessions_hear_of_it(self) -> None:
        self.granted(self.alice, m.SetPassword, "correct horse")
        phone = self.phone("alice")
        self.bob.take()
        for to, name in (("#hw1", "#hw1"), ("#HW1", ""), ("@bob", "dm:alice:bob"), ("@Nobody", "dm:alice:nobody")):
            self.mark(self.alice, to, 2000)
            self.assertEqual(phone.take(), [a.Marked(0, name, 2000)] if name else [])
        self.assertEqual(self.bob.take(), [])
        phone.ask(m.Inbox)
        self.assertEqual([x.marker for x in phone.last(m.InboxList).conversations], [2000])

    def test_it_is_kept(self) -> None:
        self.alice.send("@bob", "x")
        for to in ("#hw1", "@bob", "#lobby"):
            self.mark(self.alice, to, 2000)
        self.mark(self.alice, "#nowhere", 2000)
        self.house.restart()
        alice = self.alice.again()
        marked = [x.marker for x in alice.last(m.Welcome).conversations]
        self.assertEqual(marked, [2000, 2000, 2000])
        self.assertEqual([self.mark(alice, to) for to in ("#hw1", "@bob", "#lobby", "#nowhere")], [2000] * 3 + [0])

    def test_it_outlives_the_group(self) -> None:
        self.granted(self.alice, m.Join, "mine")
        self.mark(self.alice, "#mine", 2000)
        self.granted(self.alice, m.Leave, "mine")
        self.granted(self.alice, m.Join, "mine")
        self.assertEqual(self.alice.last(m.GroupInfo).position.marker, 2000)
        self.mark(self.alice, "#mine", 3000)
        self.house.restart()
        self.assertEqual(self.mark(self.alice.again(), "#mine"), 3000)

    def test_it_goes_with_the_groups_name(self) -> None:
        self.mark(self.bob, "#hw1", 2000)
        self.granted(self.alice, o.Rename, "#hw1", "hw2")
        self.assertEqual((self.mark(self.bob, "#hw2"), self.mark(self.bob, "#hw1")), (2000, 0))
        self.house.restart()
        self.assertEqual(self.mark(self.bob.again(), "#hw2"), 2000)

    def test_it_tells_nobody_what_there_is(self) -> None:
        self.granted(self.alice, m.Join, "Staff", private=True)
        answer = self.granted(self.carol, a.Mark, "#STAFF", 2000)
        self.assertEqual(answer, a.Marked(self.carol.ref, "#STAFF", 2000))
        self.assertEqual(self.house.store.load().markers, [])

    def test_guests(self) -> None:
        gast = self.house.guest("gast")
        self.granted(gast, m.Join, "hw1")
        self.assertEqual(self.mark(gast, "#hw1", 2000), 2000)
        self.assertEqual(self.mark(gast, "@alice", 2000), 2000)
        self.assertEqual(self.house.store.load().markers, [])

    def test_there_is_an_end_of_those_that_are_for_nothing(self) -> None:
        self.house.node.hub.limits = Limits(markers=2)
        for name in ("#one", "#two", "#three"):
            self.mark(self.alice, name, 2000)
        self.refused("list-full", self.alice, a.Mark, "#four", 2000)
        self.assertEqual(self.mark(self.alice, "#three", 3000), 3000)
        self.assertEqual(self.mark(self.alice, "#hw1", 3000), 3000)


class Redacting(ArchiveScene):
    """Redact."""

    def setUp(self) -> None:
        super().setUp()
        self.granted(self.carol, m.Join, "hw1")
        self.bob.send("#hw1", "bob's", ONE)
        self.alice.send("#hw1", "alice's", TWO)
        self.forget()

    def test_who_said_it(self) -> None:
        answer = self.granted(self.bob, o.Redact, "#hw1", ONE, "typo")
        noted = answer.at, answer.noted
        self.assertEqual(answer, o.Redacted("#hw1", 1, ONE, "bob", "typo", self.bob.ref, *noted))
        for peer in (self.alice, self.carol):
            self.assertEqual(peer.take(), [o.Redacted("#hw1", 1, ONE, "bob", "typo", 0, *noted)])
        event = self.page(self.alice, "#hw1").events[-1]
        self.assertEqual((event.at, event.id), noted)
        message = self.page(self.carol, "#hw1").messages[0]
        self.assertEqual((message.sender, message.id, message.kind, message.text), ("bob", ONE, "redacted", "typo"))

    def test_operators_of_the_group(self) -> None:
        self.refused("not-allowed", self.carol, o.Redact, "#hw1", ONE)
        self.refused("not-allowed", self.bob, o.Redact, "#hw1", TWO)
        for letter, may in (("v", False), ("h", False), ("o", True), ("a", True)):
            identity = letter.encode() * 16
            self.bob.send("#hw1", "x", identity)
            self.granted(self.alice, o.SetModes, "#hw1", [o.ModeChange(True, letter, "carol")])
            if may:
                self.granted(self.carol, o.Redact, "#hw1", identity)
            else:
                self.refused("not-allowed", self.carol, o.Redact, "#hw1", identity)
            self.granted(self.alice, o.SetModes, "#hw1", [o.ModeChange(False, letter, "carol")])
        self.granted(self.alice, o.Redact, "#hw1", ONE)

    def test_an_operator_of_one_group_is_none_of_another(self) -> None:
        self.granted(self.carol, m.Join, "mine")
        self.refused("not-allowed", self.carol, o.Redact, "#hw1", ONE)
        self.refused("no-such-message", self.carol, o.Redact, "#mine", ONE)

    def test_operators_of_the_server(self) -> None:
        dave = self.house.person("dave")
        dave.take()
        self.refused("not-a-member", dave, o.Redact, "#hw1", ONE)
        self.house.node.hub.users.find("dave").operator = True
        self.assertIsInstance(self.granted(dave, o.Redact, "#hw1", ONE, "spam"), o.Redacted)
        self.assertEqual([event.by for event in self.bob.of(o.Redacted)], ["dave"])
        self.refused("no-such-group", dave, o.Redact, "#nowhere", ONE)

    def test_refusals(self) -> None:
        self.refused("no-such-message", self.alice, o.Redact, "#hw1", THREE)
        self.refused("no-such-message", self.alice, o.Redact, "#hw1", b"")
        self.refused("no-such-message", self.alice, o.Redact, "@bob", ONE)
        self.refused("no-such-group", self.alice, o.Redact, "#nowhere", ONE)
        self.refused("text-too-long", self.alice, o.Redact, "#hw1", ONE, "x" * 391)
        self.granted(self.alice, o.Redact, "#hw1", ONE)
        self.refused("no-such-message", self.alice, o.Redact, "#hw1", ONE)

    def test_direct_messages_are_their_senders(self) -> None:
        self.bob.send("@alice", "psst", THREE)
        self.forget()
        self.refused("not-allowed", self.alice, o.Redact, "@bob", THREE)
        self.granted(self.bob, o.Redact, "@alice", THREE)
        (told,) = self.alice.of(o.Redacted)
        self.assertEqual(told, o.Redacted("dm:alice:bob", 1, THREE, "bob", "", 0, told.at, told.noted))

    def test_one_id_of_two_senders(self) -> None:
        self.alice.send("#hw1", "another", ONE)  # ids are the senders' choice
        self.granted(self.bob, o.Redact, "#hw1", ONE)
        self.assertEqual(self.texts(self.carol, "#hw1"), ["", "alice's", "another"])
        self.granted(self.alice, o.Redact, "#hw1", ONE)
        self.assertEqual(self.texts(self.carol, "#hw1"), ["", "alice's", ""])

    def test_what_one_may_not_read(self) -> None:
        self.granted(self.alice, m.Join, "staff", private=True)
        self.alice.send("#staff", "early", THREE)
        self.granted(self.alice, m.Invite, "staff", "bob")
        self.granted(self.bob, m.Join, "staff")
        self.granted(self.alice, m.SetRole, "staff", "bob", "op")
        self.refused("no-such-message", self.bob, o.Redact, "#staff", THREE)

    def test_a_guests_name_is_not_the_guest(self) -> None:
        gast = self.house.guest("gast")
        gast.send("#lobby", "mine", THREE)
        gast.lose()
        self.house.advance(1)
        gast = self.house.guest("gast")
        self.refused("not-allowed", gast, o.Redact, "#lobby", THREE)
        gast.send("#lobby", "also mine", b"4" * 16)
        self.granted(gast, o.Redact, "#lobby", b"4" * 16)

    def test_a_repeat_is_still_known(self) -> None:
        self.granted(self.bob, o.Redact, "#hw1", ONE)
        self.bob.send("#hw1", "bob's", ONE)
        self.assertEqual(self.bob.last(m.Accepted).seq, 1)
        self.assertEqual(self.texts(self.carol, "#hw1"), ["", "alice's"])


class Becoming(ArchiveScene):
    """A guest who becomes an account."""

    def test_markers_go_along(self) -> None:
        self.house = House()
        (alice,) = self.house.people("alice")
        self.granted(alice, m.Join, "hw1")
        gast = self.house.caller("gast")
        self.granted(gast, m.Join, "hw1")
        self.granted(gast, a.Mark, "#hw1", 2000)
        self.granted(gast, a.Mark, "#nowhere", 2000)
        self.granted(gast, p.Register, "gast", "correct horse")
        self.assertEqual([x.at for x in self.house.store.load().markers], [2000])
        self.house.restart()
        gast = self.house.caller("gast", "gast")
        self.assertEqual(gast.last(m.GroupInfo).position.marker, 2000)
