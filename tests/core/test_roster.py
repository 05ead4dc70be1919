"""The class's list: what a file says, what it would change, that it is done whole, that a second time nothing is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd import messages as m
from chatd.auth import make_invitation
from chatd.core import roster, staff
from chatd.core.circles import Circle
from chatd.core.turn import Refused
from chatd.encryption import door_of
from tests.kit import SECRET, House, Peer, Scene, state_of

CLASS = """\
name,role,groups,full_name
miller,staff,,Dr. Miller
tina,ta,lab1,Tina Tutor
alice,student,lab1,Alice Ames
bob,,lab1;hw1,"Bates, Bob"
carol,student,lab2 hw1,
"""


class RosterScene(Scene):
    """A house, and the console."""

    def setUp(self) -> None:
        super().setUp()
        self.count = 0

    @property
    def hub(self):
        return self.house.node.hub

    def plan(self, text: str, **more) -> roster.Plan:
        """What a file would change."""
        return roster.plan(self.hub, text, int(self.house.wall() * 1000), **more)

    def identity(self) -> str:
        """Of a new code."""
        self.count += 1
        return (b"%05d" % self.count).hex()

    def sync(self, text: str, **more) -> dict[str, str]:
        """As the console does it; the identities by name."""
        until = int(self.house.wall() + 86400 * 30) * 1000
        planned = self.plan(text, **more)
        codes = roster.carry_out(self.hub, self.house.node.turn(), planned, "miller", until, self.identity)
        self.house.settle()
        return {code.name: code.identity for code in codes}

    def comes(self, name: str, identity: str) -> Peer:
        """Somebody makes their account theirs."""
        code = make_invitation(SECRET, bytes.fromhex(identity), int(self.house.wall()) + 86400)
        peer = self.house.greeted()
        peer.sign_up(name, code)
        return peer

    def modes(self, group: str) -> dict[str, str]:
        """Who is in a group, as what."""
        return {member.user.name: member.modes for member in self.hub.conversations.groups[group].members.values()}

    def words(self, text: str, **more) -> list[tuple[str, str, str]]:
        """The changes a file would make."""
        planned = self.plan(text, **more)
        self.assertEqual(planned.problems, [])
        return [(change.what, change.name, change.words) for change in planned.changes]


class Syncing(RosterScene):
    """From the first list to the end of the term."""

    def test_a_new_class(self) -> None:
        codes = self.sync(CLASS)
        self.assertEqual(sorted(codes), ["alice", "bob", "carol", "miller", "tina"])
        self.assertEqual(self.modes("#lab1"), {"miller": "q", "tina": "o", "alice": "", "bob": ""})
        self.assertEqual(self.modes("#hw1"), {"miller": "q", "bob": "", "carol": ""})
        self.assertEqual(self.hub.users.find("bob").realname, "Bates, Bob")
        self.house.restart()
        bob, alice = self.comes("bob", codes["bob"]), self.comes("alice", codes["alice"])
        positions = {position.conversation for position in bob.last(m.Welcome).conversations}
        self.assertEqual(positions, {"#lobby", "#lab1", "#hw1"})
        bob.send("#lab1", "hello")
        self.assertEqual(alice.texts(), ["hello"])

    def test_a_second_time_nothing_changes(self) -> None:
        self.sync(CLASS)
        before = state_of(self.house)
        self.assertEqual((self.words(CLASS), self.sync(CLASS)), ([], {}))
        self.house.restart()
        self.assertEqual((self.words(CLASS), self.sync(CLASS)), ([], {}))
        self.assertEqual(state_of(self.house), before)

    def test_a_plan_changes_nothing(self) -> None:
        before = state_of(self.house)
        planned = self.plan(CLASS)
        self.assertEqual(planned.groups, ["#hw1", "#lab1", "#lab2"])
        self.assertEqual((planned.changes[0].what, planned.changes[0].words), ("new", "staff, #hw1 #lab1 #lab2"))
        self.assertEqual(state_of(self.house), before)

    def test_somebody_moves(self) -> None:
        codes = self.sync(CLASS)
        alice = self.comes("alice", codes["alice"])
        self.granted(alice, m.Join, "#mine")
        changed = CLASS.replace("alice,student,lab1,Alice Ames", "alice,ta,lab2,Alice Adams")
        self.assertEqual(self.words(changed), [
            ("changed", "alice", "student -> ta, full name Alice Adams, into #lab2, out of #lab1"),
        ])  # fmt: skip
        alice.take()
        self.assertEqual(self.sync(changed), {})
        self.assertEqual([x.change for x in alice.of(m.GroupChange)], ["kicked"])
        self.assertEqual([x.position.conversation for x in alice.of(m.GroupInfo)], ["#lab2"])
        self.assertEqual((self.modes("#lab2")["alice"], self.modes("#mine")), ("o", {"alice": "q"}))
        self.assertEqual(self.words(changed), [])
        self.comes("carol", codes["carol"]).send("#lab2", "hello")
        self.assertEqual(alice.texts(), ["hello"])

    def test_who_leaves_is_put_away_and_may_come_back(self) -> None:
        codes = self.sync(CLASS)
        bob = self.comes("bob", codes["bob"])
        without = "".join(line for line in CLASS.splitlines(True) if not line.startswith("bob"))
        self.assertEqual(self.words(without), [("archived", "bob", "disabled, not deleted")])
        self.sync(without)
        bye = bob.last(m.Bye)
        self.assertEqual((bye.code, bye.text), ("disabled", f"This account is disabled: {roster.GONE}"))
        self.assertEqual((self.words(without), bob.again().code()), ([], "disabled"))
        self.house.restart()
        self.assertEqual(self.words(CLASS), [("back", "bob", "enabled again")])
        self.assertEqual(self.sync(CLASS), {})
        self.assertTrue(bob.again().of(m.Welcome))

    def test_who_left_their_group_is_put_back(self) -> None:
        codes = self.sync(CLASS)
        carol = self.comes("carol", codes["carol"])
        self.granted(carol, m.Leave, "#lab2")
        self.assertEqual(self.words(CLASS), [("changed", "carol", "into #lab2")])
        self.sync(CLASS)
        self.assertIn("carol", self.modes("#lab2"))

    def test_a_code_that_has_ended_is_made_anew(self) -> None:
        codes = self.sync(CLASS)
        self.comes("bob", codes["bob"])
        self.house.seconds += 86400 * 31
        self.assertEqual({(what, name) for what, name, _ in self.words(CLASS)},
                         {("code", name) for name in ("miller", "tina", "alice", "carol")})  # fmt: skip
        again = self.sync(CLASS)
        self.assertEqual(sorted(again), ["alice", "carol", "miller", "tina"])
        self.assertTrue(self.comes("carol", again["carol"]).of(m.Welcome))
        self.assertEqual(self.comes("tina", codes["tina"]).code(), "bad-invitation")

    def test_in_parts(self) -> None:
        """One part after the other comes to what all at once does, and the groups are there from the first one on."""
        self.patch(roster, "PART", 20)
        text = CLASS + "".join(f"p{number:04},,lab{number % 3}\n" for number in range(2 * roster.PART))
        planned = self.plan(text)
        parts = list(planned.parts())
        self.assertEqual([len(part.changes) for part in parts], [roster.PART, roster.PART, 5])
        self.assertEqual([len(part.groups) for part in parts], [len(planned.groups), 0, 0])
        codes = []
        for part in parts:
            codes += roster.carry_out(self.hub, self.house.node.turn(), part, "miller", 1 << 50, self.identity)
            self.house.settle()
        self.assertEqual(len(codes), len(planned.changes))
        self.assertEqual(self.plan(text).changes, [])
        self.assertEqual(self.modes("#lab0")["miller"], self.modes("#lab2")["miller"])
        last = 2 * roster.PART - 1
        self.assertIn(f"p{last:04}", self.modes(f"#lab{last % 3}"))

    def test_others_go_on_between_plan_and_part(self) -> None:
        """Who has come or gone meanwhile: nothing of the part is done, and nothing breaks."""
        self.sync(CLASS)
        come, gone = self.plan(CLASS + "dora,,lab1\nfred,,lab1\n"), self.plan(CLASS.replace("tina,ta", "tina,student"))
        put_away, ended = self.plan(CLASS.replace("tina,ta,lab1,Tina Tutor\n", "")), self.plan(CLASS + "erin,,new\n")
        self.house.person("fred")
        staff.delete(self.hub, self.house.node.turn(), "tina", "miller")
        self.house.settle()
        before = state_of(self.house)
        for planned, name in ((come, "fred"), (gone, "tina"), (put_away, "tina"), (ended._replace(groups=[]), "#new")):
            with self.assertRaises(Refused) as raised:
                roster.carry_out(self.hub, self.house.node.turn(), planned, "miller", 1 << 50, self.identity)
            self.assertIn(f"{name} has ", raised.exception.text)
            self.assertIn(" meanwhile", raised.exception.text)
            self.assertEqual(state_of(self.house), before)

    def test_two_hundred(self) -> None:
        rows = "".join(f"pupil-{number},student,lab{number % 8},Pupil {number}\n" for number in range(200))
        text = "name,role,groups,full_name\nmiller,staff,,\n" + rows
        self.assertEqual(len(self.sync(text)), 201)
        self.assertEqual((self.sync(text), len(self.modes("#lab3"))), ({}, 26))


class Wrong(RosterScene):
    """What is not done, and is said by line."""

    def problems(self, text: str, *expected: str, **more) -> None:
        """Each problem has this in it, in order, and nothing is done."""
        before = state_of(self.house)
        planned = self.plan(text, **more)
        self.assertEqual(len(planned.problems), len(expected), planned.problems)
        for problem, word in zip(planned.problems, expected, strict=True):
            self.assertIn(word, problem)
        with self.assertRaises(Refused):
            roster.carry_out(self.hub, self.house.node.turn(), planned, "miller", 1, self.identity)
        self.assertEqual(state_of(self.house), before)

    def test_the_file(self) -> None:
        self.problems("", "line 1: the first line names the columns")
        self.problems("name,grupe\nbob,x\n", "line 1: there is no column 'grupe'; did you mean 'groups'?")
        self.problems("role\nstaff\n", "line 1: the first line")
        self.problems("name,user\nbob,x\n", "line 1: the first line")
        self.problems("name,role\nbob,king\n\ncarol,,,\nb b,\n,\nx\x1b,\n", "line 2: a role is", "line 4: 4 cells",
                      "line 5: ", "line 7: ")  # fmt: skip
        self.problems('name\n"bob\n', "line ")
        self.problems("name,full_name\nbob,a\tb\n", "line 2: that full name")
        self.problems("name\nbob\ncarol\nBOB\nb0b\n", "line 4: BOB is, or looks like, bob of line 2", "line 5")

    def test_others_go_on_between_rows(self) -> None:
        passed: list[object] = []

        def paced(rows):
            for row in rows:
                passed.append(row)
                yield row

        people, problems = roster.parse("name\nalice\nbob\nalice\n", paced)
        self.assertEqual(passed, [["alice"], ["bob"], ["alice"], *people])
        self.assertEqual(problems, ["line 4: alice is, or looks like, alice of line 2"])

    def test_the_groups(self) -> None:
        self.problems("name,groups\nbob,lab1\n", "nobody of role staff")
        self.problems("name,role,groups\nmiller,staff,\nbob,,lobby\n", "line 3: everybody")
        (alice,) = self.house.people("alice")
        self.granted(alice, m.Join, "#lab1")
        self.problems("name,role,groups\nmiller,staff,\nbob,,1ab1\n", "line 3: #1ab1 looks like #lab1")
        self.hub.sealed.circles.doors[door_of("hw1")] = Circle(b"g" * 16)
        self.problems("name,role,groups\nmiller,staff,\nbob,,HW1\n", "line 3: #HW1 is an encrypted group")

    def test_names_that_somebody_has(self) -> None:
        """Nobody becomes staff by having been quicker than the list."""
        self.house.people("miller", "alice")
        self.problems(CLASS, "line 2: miller has made an account without the list", "line 4: alice")
        self.assertEqual(sorted(self.sync(CLASS, adopt=True)), ["bob", "carol", "tina"])
        self.assertEqual(self.hub.users.find("miller").role, "staff")
        self.assertEqual(self.sync(CLASS), {})
        self.house.guest("gast")
        self.problems(CLASS + "gast,,,\n", "line 7: gast is a guest's name just now")
        self.problems(CLASS + "a1ice,,,\n", "line 7: a1ice is, or looks like, alice of line 4")
        staff.rename(self.hub, self.house.node.turn(), "bob", "robert", "miller")
        self.house.settle()
        self.problems(CLASS, "line 5: bob is called robert now")

    def test_a_list_that_is_cut_short(self) -> None:
        rows = "".join(f"pupil-{number}\n" for number in range(20))
        self.sync("name\n" + rows)
        short = "name\n" + "".join(rows.splitlines(True)[:5])
        self.problems(short, "15 of 20 are no longer on the list; if that is right: --drop")
        self.assertEqual(len(self.words(short, drop=True)), 15)

    def test_those_who_were_never_on_it_are_left_alone(self) -> None:
        self.house.people("visitor")
        self.sync("name\nbob\n")
        self.assertEqual(self.words("name\nbob\n"), [])


PEOPLE = st.dictionaries(
    st.sampled_from(["ann", "bea", "cid", "dora", "eve"]),
    st.tuples(st.sampled_from(["student", "ta", "staff"]), st.sets(st.sampled_from(["lab1", "lab2", "hw"]))),
)


class Whatever(Scene):
    """Any list after any other."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(PEOPLE, max_size=4))
    def test_afterwards_it_is_as_the_list_says(self, lists: list[dict[str, tuple[str, set[str]]]]) -> None:
        scene = RosterScene()
        scene.house, scene.count = House(), 0
        for people in lists:
            rows = [f"{name},{role},{' '.join(sorted(groups))}\n" for name, (role, groups) in people.items()]
            text = "name,role,groups\nmiller,staff,\n" + "".join(rows)
            scene.sync(text, drop=True)
            scene.house.restart()
            self.assertEqual(scene.words(text), [])
            self.assertEqual(scene.sync(text), {})
            for name, (role, groups) in people.items():
                user = scene.hub.users.find(name)
                mine = {group.name[1:] for group in user.conversations.values()}
                self.assertEqual((user.role, user.disabled), (role, None))
                self.assertEqual(mine if role != "staff" else mine & groups, groups)
