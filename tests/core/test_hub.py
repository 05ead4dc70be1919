"""The hub: coming and going, every command has its place, and a refused one changes nothing, whatever came before."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as mod
from chatd import people as p
from chatd.core.archive import WAYS
from chatd.core.hub import COMMANDS, Hub
from chatd.core.limits import Limits
from chatd.core.passing import PERSIST
from chatd.core.search import counts
from chatd.core.turn import Command
from chatd.entries import ConversationMade, Directory
from chatd.node import SPECIAL
from tests.kit import House, Keys, Peer, Scene, state_of

LOGINS = {m.Hello, m.SignUp, m.Login, m.Link, m.Enter, m.Resume, p.Arrive}
KEYS = Keys(b"x").public


class EveryCommand(Scene):
    """The table, and commands at the wrong time."""

    def test_every_command_has_a_place(self) -> None:
        self.assertEqual(set(COMMANDS) | LOGINS | set(SPECIAL), set(get_args(Command)))
        self.assertEqual(set(COMMANDS) & LOGINS, set())

    def test_logged_in_twice(self) -> None:
        alice, _ = self.house.people("alice", "bob")
        for kind, *more in (
            (m.SignUp, "carol", KEYS, b"s" * 64), (m.Login, "bob", "device", b""), (m.Link, "bob", "pw", KEYS, b""),
            (m.Enter, "gast"), (m.Resume, b"token"),
        ):  # fmt: skip
            self.refused("already-logged-in", alice, kind, *more)
        alice.tell(m.Hello([1]))
        self.assertEqual((alice.code(), alice.last(m.Failed).ref), ("already-logged-in", 0))

    def test_ping_is_answered_with_the_time(self) -> None:
        (alice,) = self.house.people("alice")
        ref = alice.ask(m.Ping)
        self.assertEqual(alice.take(), [m.Pong(ref, int(self.house.wall() * 1000))])


class Cloaks(Scene):
    """The hosts by which people are known."""

    def test_one_address_is_one_host_and_says_nothing(self) -> None:
        hub = self.house.node.hub
        one = hub.cloak("192.0.2.7")
        self.assertRegex(one, r"\A[0-9a-f]{10}\.guest\Z")
        self.assertEqual(hub.cloak("::ffff:192.0.2.7"), one)
        self.assertEqual(hub.cloak("2001:db8::1"), hub.cloak("2001:db8::2"))
        self.assertNotEqual(hub.cloak("192.0.2.8"), one)
        self.assertNotEqual(House(secret=b"another").node.hub.cloak("192.0.2.7"), one)
        self.house.restart()
        self.assertEqual(self.house.node.hub.cloak("192.0.2.7"), one)


class ComingAndGoing(Scene):
    """Sessions."""

    def test_welcome_says_where_one_stands(self) -> None:
        self.house.person("alice")
        guest = self.house.guest("gast")
        bob = self.house.person("bob")
        welcome = bob.last(m.Welcome)
        self.assertEqual((welcome.name, welcome.role, welcome.guest), ("bob", "student", False))
        self.assertEqual((welcome.present, welcome.present_count), (["alice", "gast"], 2))
        created = int(self.house.wall() * 1000)
        self.assertEqual(welcome.conversations, [m.Position("#lobby", 0, 0, created=created)])
        self.assertEqual(guest.of(m.Presence), [m.Presence("bob", "online")])
        self.assertEqual(bob.of(m.Presence), [])

    def test_ended_elsewhere(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        new = alice.again()
        self.assertTrue(new.of(m.Welcome))
        (bye,) = alice.take()
        assert isinstance(bye, m.Bye)
        self.assertEqual((bye.code, alice.over, new.over), ("ended-elsewhere", True, False))
        self.assertEqual(bob.take(), [])
        bob.send("@alice", "hi")
        self.assertEqual(new.texts(), ["hi"])
        third = new.resume()
        self.assertEqual(new.last(m.Bye).code, "ended-elsewhere")
        third.ask(m.Who)
        self.assertEqual(third.last(m.WhoList).count, 2)

    def test_sessions_of_one_account_are_limited(self) -> None:
        self.house = House(limits=Limits(sessions=2))
        (alice,) = self.house.people("alice")
        alice.ask(m.SetPassword, "correct horse")
        second = self.house.greeted()
        second.link("alice", "correct horse")
        self.assertTrue(second.of(m.Welcome))
        third = self.house.greeted()
        before = state_of(self.house)
        third.link("alice", "correct horse")
        self.assertEqual(third.code(), "too-many-sessions")
        self.assertEqual(state_of(self.house), before)
        self.assertTrue(alice.again().of(m.Welcome))
        second.lose()
        third.link("alice", "correct horse", third.keys)
        self.assertTrue(third.of(m.Welcome))

    def test_devices_of_one_account_are_limited(self) -> None:
        self.house = House(limits=Limits(devices=2))
        (alice,) = self.house.people("alice")
        alice.ask(m.SetPassword, "correct horse")
        for number, expected in ((1, None), (2, "too-many-devices")):
            other = self.house.greeted()
            other.link("alice", "correct horse", Keys(b"%d" % number))
            self.assertEqual(other.code() if expected else None, expected)

    def test_presence_is_not_pushed_to_a_crowd(self) -> None:
        self.house = House(limits=Limits(presence_audience=3))
        alice, bob, carol = self.house.people("alice", "bob", "carol")
        dave = self.house.person("dave")
        self.assertEqual(alice.of(m.Presence), [m.Presence("dave", "online")])
        alice.take()
        eve = self.house.person("eve")
        self.assertEqual((alice.take(), dave.of(m.Presence)), ([], []))
        welcome = eve.last(m.Welcome)
        self.assertEqual((len(welcome.present), welcome.present_count), (3, 4))
        for peer in (bob, carol):
            peer.ask(m.Quit)
        dave.take()
        dave.lose()
        self.assertEqual(
            [x for x in alice.take() if isinstance(x, m.Presence) and x.name == "dave"], [m.Presence("dave", "lost")]
        )

    def test_a_guests_name_is_free_again_and_nobody_elses_meanwhile(self) -> None:
        guest = self.house.guest("gast")
        other = self.house.greeted()
        other.ask(m.Enter, "GAST")
        self.assertEqual(other.code(), "name-taken")
        other.sign_up("gast")
        self.assertEqual(other.code(), "name-taken")
        guest.lose()
        other.sign_up("gast")
        self.assertTrue(other.of(m.Welcome))

    def test_a_new_store_has_the_lobby(self) -> None:
        self.assertEqual(Hub.first_entries(Directory("e"), 7), [ConversationMade(1, "#lobby", "#lobby", None, 7, "nt")])
        self.assertEqual(Hub.first_entries(self.house.store.load(), 7), [])


NAMES = ("alice", "bob", "carol", "dave", "gast", "nobody", "BOB", "")
GROUPS = ("#lobby", "hw3", "#staff", "new", "n3w", "no such", "#HW3")
names, groups = st.sampled_from(NAMES), st.sampled_from(GROUPS)
targets = st.one_of(names.map(lambda name: "@" + name), groups)
texts = st.sampled_from(["hi", "", "  ", "é" * 8_193, "x\0y"])
ids = st.sampled_from([b"0" * 16, b"1" * 16, b"2" * 16, b"short"])
flags = st.sampled_from([None, True, False])
keys = st.sampled_from(["color", "url", "Color", "no key", "*"])
roles = st.sampled_from(["owner", "op", "member", "invited", "boss"])
arguments = st.sampled_from(["", "3", "none", "al*", "m:a:bob", "two words", *NAMES])
changes = st.builds(mod.ModeChange, st.booleans(), st.sampled_from("imnstuCMRUklfbeIqaohvx"), arguments)
ways = st.sampled_from([*WAYS, "sideways"])
places = st.one_of(st.builds(a.Place, ids), st.builds(a.Place, at=st.integers(-1, 2**54)))
COMMAND = st.one_of(
    st.tuples(st.just(m.Send), targets, ids, texts),
    st.tuples(st.just(m.Join), groups, st.booleans(), st.booleans()),
    st.tuples(st.just(m.Leave), groups),
    st.tuples(st.just(m.Invite), groups, names),
    st.tuples(st.just(m.Kick), groups, names),
    st.tuples(st.just(m.SetRole), groups, names, roles),
    st.tuples(st.just(m.SetPolicy), groups, flags, flags),
    st.tuples(st.just(mod.SetModes), groups, st.lists(changes, max_size=3)),
    st.tuples(st.just(mod.AskMasks), groups, st.sampled_from("beIx")),
    st.tuples(st.just(mod.Rename), groups, groups),
    st.tuples(st.sampled_from([mod.AskModes]), groups),
    st.tuples(st.just(p.LeaveAll)),
    st.tuples(st.just(m.SetTopic), groups, st.sampled_from([None, "", "due", "x" * 391])),
    st.tuples(st.just(m.Members), groups),
    st.tuples(st.just(m.History), targets, st.integers(-1, 5), st.integers(-1, 5)),
    st.tuples(st.just(a.Browse), targets, ways, places, places, st.integers(-1, 5), st.booleans()),
    st.tuples(st.just(a.Targets), st.integers(-1, 9), st.sampled_from([0, 2**50])),
    st.tuples(st.just(a.Mark), targets, st.sampled_from([-1, 0, 5, 7, 2**50])),
    st.tuples(st.just(mod.Redact), targets, ids, st.sampled_from(["", "x" * 391])),
    st.tuples(st.just(p.Pass), targets, ids, texts, st.sampled_from(["text", "tags"]), st.sampled_from(["", PERSIST])),
    st.tuples(st.just(m.Whois), names),
    st.tuples(st.just(m.Away), st.sampled_from(["", "lunch", "x" * 201])),
    st.tuples(st.sampled_from([m.Groups, m.Who, m.Inbox, m.Devices, m.Ping])),
    st.tuples(st.just(p.SetNick), st.sampled_from(["Alice", "ali", "a1i", "GAST", "guest", *NAMES])),
    st.tuples(st.just(p.SetProfile), st.sampled_from([None, "", "A Name", "x" * 151]), *[flags] * 7),
    st.tuples(st.just(p.SetAlwaysOn), flags),
    st.tuples(st.just(p.Trust), names, st.booleans()),
    st.tuples(st.just(p.Find), st.sampled_from(["*", "a*", "#hw3", "#staff", "#lobby", *NAMES]), st.booleans()),
    st.tuples(st.just(p.Past), names),
    st.tuples(st.just(p.Monitor), st.lists(names, max_size=3), st.lists(names, max_size=2), st.booleans()),
    st.tuples(st.just(p.Pass), targets, ids, texts, st.sampled_from(["text", "notice", "tags", "song"])),
    st.tuples(st.just(p.SetMetadata), st.one_of(names, groups), keys, st.sampled_from([None, "x", "", "é" * 151])),
    st.tuples(st.just(p.AskMetadata), st.one_of(names, groups), st.lists(keys, max_size=2)),
    st.tuples(st.just(p.FollowMetadata), st.lists(keys, max_size=3), st.booleans()),
    st.tuples(st.sampled_from([mod.Kill, mod.Wallops]), names),
    st.tuples(st.just(m.Enter), names),
    st.tuples(st.just(m.Login), names, st.just("device"), st.just(b"")),
)
ACK = st.tuples(
    st.just(m.Acknowledge), st.sampled_from(["#lobby", "#hw3", "dm:alice:bob", "#staff"]), st.integers(-1, 9)
)
LATE = (
    m.Accepted | m.GroupInfo | m.GroupList | m.InboxList | a.TargetList | m.Person | p.ProfileList | p.Monitored
)  # these say how things stand when they leave
STEPS = st.lists(st.tuples(st.integers(0, 4), COMMAND | ACK), max_size=30)


class Anything(Scene):
    """Random commands of five people: three have accounts, one comes by the line port, one is a guest."""

    def five(self) -> list[Peer]:
        """They, and a group of each kind."""
        self.house = House(
            limits=Limits(groups=3, mailbox_messages=3, groups_made_burst=2, joins_burst=4, invitations_burst=2)
        )
        people = [*self.house.people("alice", "bob", "carol"), self.house.caller("dave"), self.house.guest("gast")]
        people[0].ask(m.Join, "hw3")
        people[1].ask(m.Join, "hw3")
        people[0].ask(m.Join, "staff", private=True)
        return people

    def check(self, peer: Peer, kind: Any, arguments: tuple[Any, ...]) -> None:
        """One command has one answer; a refusal has changed nothing and told nobody."""
        for other in self.house.peers:
            other.take()
        before = state_of(self.house)
        if kind is m.Acknowledge:
            peer.tell(m.Acknowledge(*arguments))
            self.assertEqual([event for event in peer.take() if not isinstance(event, m.Delivered)], [])
            return
        ref = peer.ask(kind, *arguments)
        answers = [
            event for event in peer.read() if getattr(event, "ref", None) == ref and type(event) is not mod.ModeRefused
        ]
        self.assertEqual(len(answers), 1, peer.events)
        if isinstance(answers[0], m.Failed):
            self.assertEqual(state_of(self.house), before)
            self.assertEqual([other.events for other in self.house.peers if other is not peer and other.read()], [])

    @given(STEPS)
    def test_a_refused_command_changes_nothing(self, steps: list[tuple[int, tuple[Any, ...]]]) -> None:
        people = self.five()
        for who, (kind, *arguments) in steps:
            self.check(people[who], kind, tuple(arguments))
        self.check_names()

    def check_names(self) -> None:
        """Every name there is belongs to somebody, and everybody has the names that are theirs."""
        hub = self.house.node.hub
        users = list(hub.users.by_id.values())
        whole = [(user.name, user.key, user.skeleton, user) for user in users]
        whole += [(user.alias.display, user.alias.key, user.alias.skeleton, user) for user in users if user.alias]
        self.assertEqual(hub.users.by_name, {name: user for name, _, _, user in whole})
        self.assertEqual(hub.users.by_key, {key: user for _, key, _, user in whole})
        self.assertEqual(hub.users.by_skeleton, {skeleton: user for _, _, skeleton, user in whole})
        self.assertEqual(hub.users.shown, {user.name: user for user in users if user.guest})
        for user in users:
            called = user.alias.display if user.alias else user.name
            self.assertEqual(user.nick, called)
            self.assertTrue(user.source.startswith(called + "!"))
        here = hub.everyone.users
        found, groups = counts(hub, 0, 0), hub.conversations.groups.values()
        self.assertEqual(found.invisible, sum(user.invisible for user in here))
        self.assertEqual(found.operators, sum(user.operator for user in here))
        self.assertEqual(found.groups, sum(group.size() > 0 for group in groups))
        self.assertLessEqual(set(hub.users.marked), set(users))
        watched = {key for session in hub.everyone.sessions for key in session.watching}
        self.assertEqual(set(hub.monitors._watchers), watched)

    @given(STEPS)
    def test_a_restart_changes_nothing_but_who_is_here(self, steps: list[tuple[int, tuple[Any, ...]]]) -> None:
        people = self.five()
        for who, (kind, *arguments) in steps:
            self.check(people[who], kind, tuple(arguments))
        for peer in people:
            peer.lose()
        before = state_of(self.house)
        self.house.restart()
        after = state_of(self.house)
        for state in (before, after):
            for user in state["users"].values():
                user["said"] = user["said"][:3]  # away and waiting are of this run
            for conversation in state["conversations"].values():
                conversation["pending"] = conversation["spoke"] = None
                name, head, _, *rest = conversation["said"]  # a repeat may have moved the time
                conversation["said"] = name, head, *rest
                conversation["members"] = {name: told[:3] for name, told in conversation["members"].items()}
            state["names"][1] = state["conversations"][1]["said"] = None  # the lobby's time
        self.assertEqual(after, before)

    def test_a_list_of_groups_says_how_things_stand_when_it_leaves(self) -> None:
        """It is of one moment: what the same segment brings behind the question is in it."""
        alice, *_ = self.five()
        alice.take()
        alice.tell(m.Groups(1), m.Leave(2, "#hw3"))
        listed = {group.group: group.joined for group in alice.last(m.GroupList).groups}
        self.assertEqual((listed["#lobby"], listed["#hw3"]), (True, False))

    @settings(max_examples=30)
    @given(STEPS)
    def test_it_is_the_same_in_one_segment(self, steps: list[tuple[int, tuple[Any, ...]]]) -> None:
        """One person's commands one by one, and all at once: the same answers in the same order."""
        heard = []
        for together in (False, True):
            alice, *_ = self.five()
            alice.take()
            self.house.random(16)
            commands = [
                kind(*arguments) if kind is m.Acknowledge else kind(number + 10, *arguments)
                for number, (_, (kind, *arguments)) in enumerate(steps)
            ]
            if together:
                alice.tell(*commands)
            else:
                for command in commands:
                    alice.tell(command)
            answers = [event for event in alice.take() if getattr(event, "ref", 0)]
            heard.append([(event.ref,) if isinstance(event, LATE) else event for event in answers])
        self.assertEqual(heard[0], heard[1])
