"""A machine that looks for what groups, modes and bans do otherwise than they should.

Four people, one of them a guest, do anything to one group, in any order; the node is killed in between. A model that
shares nothing with the core but the letters says beforehand what is refused with which code, who hears what is said,
and how the group stands then.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd import moderation as mod
from chatd import people as p
from chatd.core.limits import Limits
from tests.kit import House, Peer

EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
GROUP: Final = "#hw3"
ACCOUNTS: Final = ("alice", "bob", "carol")
PEOPLE: Final = (*ACCOUNTS, "gast")
LETTERS: Final = "qaohv"
ABOVE: Final = {"q": "qaohv-", "a": "ohv-", "o": "ohv-", "h": "v-", "v": "", "-": ""}
WORDS: Final = {"owner": "q", "admin": "a", "op": "o", "halfop": "h", "voice": "v", "member": ""}
MASKS: Final = {
    "alice": "alice!*@*", "B?B": "b?b!*@*", "*@*ARO*": "*!*@*aro*", "*!*@*.guest": "*!*@*.guest", "*": "*!*@*",
    "a:carol": "a:carol", "m:bob": "m:bob!*@*", "~m:a:alice": "m:a:alice", "two words": "", "": "",
}  # fmt: skip
MOST_MASKS: Final = 4

someone = st.sampled_from(PEOPLE)
often, rarely = st.sampled_from([True, True, False]), st.sampled_from([False, False, True])
modes = st.one_of(
    st.tuples(st.booleans(), st.sampled_from("CMRUimnstux"), st.just("")),
    st.tuples(st.booleans(), st.sampled_from("beI"), st.sampled_from(list(MASKS))),
    st.tuples(st.booleans(), st.sampled_from("qaohv"), st.sampled_from([*PEOPLE, "nobody", ""])),
    st.tuples(st.booleans(), st.sampled_from("klf"), st.sampled_from(["1", "3", "9", "0", "none", ""])),
)


def top(letters: set[str]) -> str:
    """The highest of somebody's modes; `-` is none."""
    return next((letter for letter in LETTERS if letter in letters), "-")


def means(mask: str, name: str) -> bool:
    """Whether a mask means one of the four."""
    mask = mask.removeprefix("m:")
    if mask.startswith("a:"):
        return name in ACCOUNTS and name == mask[2:]
    host = f"{name}.user" if name in ACCOUNTS else "somewhere.guest"
    return fnmatchcase(f"{name}!chat@{host}", mask)


class Model:
    """The one group, where it is; every method returns the code of the refusal, or nothing."""

    def __init__(self) -> None:
        self.now = 0.0
        self.end()

    def end(self) -> None:
        """There is no group."""
        self.there = False
        self.flags = set("nt")
        self.key, self.limit, self.slow, self.head = "", 0, 0, 0
        self.lists: dict[str, set[str]] = {"b": set(), "e": set(), "I": set()}
        self.members: dict[str, set[str]] = {}
        self.since: dict[str, int] = {}
        self.invited: set[str] = set()
        self.spoke: dict[str, float] = {}

    # ---- in and out ----

    def join(self, name: str, key: str) -> str:
        if name in self.members:
            return ""
        if not self.there:
            self.there = True
            self.members[name], self.since[name] = {"q" if name in ACCOUNTS else "o"}, 0
            return ""
        code = self.kept_out(name, key)
        if not code:
            first = name in ACCOUNTS and not self.run_by(PEOPLE)
            self.members[name], self.since[name] = {"q"} if first else set(), self.head
            self.invited.discard(name)
        return code

    def kept_out(self, name: str, key: str) -> str:
        out = any(means(mask, name) and mask[:2] != "m:" for mask in self.lists["b"])
        excepted = any(means(mask, name) and mask[:2] != "m:" for mask in self.lists["e"])
        if name not in self.invited:
            if out and not excepted:
                return "banned"
            if "i" in self.flags and not any(means(mask, name) for mask in self.lists["I"]):
                return "invite-only"
        if self.key not in ("", key):
            return "bad-key"
        if 0 < self.limit <= len(self.members) and name not in self.invited:
            return "group-full"
        return "account-needed" if "R" in self.flags and name not in ACCOUNTS else ""

    def inside(self, name: str, least: str) -> str:
        """Why somebody may not do what takes one of these modes; `-`: any."""
        if not self.there or ("s" in self.flags and name not in self.members and name not in self.invited):
            return "no-such-group"
        if name not in self.members:
            return "not-a-member"
        return "" if top(self.members[name]) in least else "not-operator"

    def leave(self, name: str) -> str:
        code = self.inside(name, "qaohv-")
        if not code:
            self.gone(name)
        return code

    def gone(self, name: str) -> None:
        owned = name in ACCOUNTS and "q" in self.members.pop(name, set())
        self.members.pop(name, None)
        accounts = [one for one in self.members if one in ACCOUNTS]
        guests = [one for one in PEOPLE if one not in ACCOUNTS]
        wanting = owned or not self.run_by(guests)
        if accounts and wanting and not any("q" in self.members[one] for one in accounts):
            self.members[min(accounts, key=lambda one: "qaohv-".index(top(self.members[one])))].add("q")
        if not self.members:
            self.end()

    def run_by(self, people: Iterable[str]) -> bool:
        """Whether one of these is an operator, or more."""
        return any(top(self.members[one]) in "qao" for one in people if one in self.members)

    def invite(self, name: str, other: str) -> str:
        code = self.inside(name, "qao" if "i" in self.flags else "qaohv-")
        if not code and other in self.members:
            code = "already-in-group"
        if not code:
            self.invited.add(other)
        return code

    def kick(self, name: str, other: str) -> str:
        code = self.inside(name, "qaoh")
        if code:
            return code
        if other not in self.members and other not in self.invited:
            return "user-not-in-group"
        if name == other:
            return "not-allowed"
        if top(self.members.get(other, set())) not in ABOVE[top(self.members[name])]:
            return "not-operator"
        if other in self.invited:
            self.invited.discard(other)
        else:
            self.gone(other)
        return ""

    # ---- modes ----

    def change(self, name: str, on: bool, letter: str, argument: str) -> str:
        """One change of a member's."""
        if letter not in "CMRUimnstubeIqaohvklf":
            return "bad-mode"
        if letter in LETTERS:
            if not argument:
                return "bad-argument"
            code = self.may_turn(name, on, letter, argument)
            if not code:
                self.turn(on, letter, argument)
            return code
        if top(self.members[name]) not in "qao":
            return "not-operator"
        if letter in "klf":
            return self.set_argument(on, letter, argument)
        if letter in "beI":
            return self.set_mask(on, letter, MASKS[argument])
        self.flags = self.flags | {letter} if on else self.flags - {letter}
        return ""

    def may_turn(self, name: str, on: bool, letter: str, other: str) -> str:
        if other not in PEOPLE:
            return "no-such-user"
        if other not in self.members:
            return "user-not-in-group"
        if letter not in ABOVE[top(self.members[name])] and (on or name != other):
            return "not-operator"
        owners = [one for one in ACCOUNTS if "q" in self.members.get(one, ())]
        accounts = set(ACCOUNTS) & set(self.members)
        last = accounts and not [one for one in owners if one != other]
        return "not-allowed" if not on and letter == "q" and "q" in self.members[other] and last else ""

    def turn(self, on: bool, letter: str, other: str) -> None:
        self.members[other] = self.members[other] | {letter} if on else self.members[other] - {letter}

    def set_argument(self, on: bool, letter: str, argument: str) -> str:
        number = int(argument) if argument.isdigit() else 0
        if on and not (argument if letter == "k" else number):
            return "bad-argument"
        if letter == "k":
            self.key = argument if on else ""
        elif letter == "l":
            self.limit = number if on else 0
        elif self.slow != (number if on else 0):
            self.slow, self.spoke = number if on else 0, {}
        return ""

    def set_mask(self, on: bool, letter: str, mask: str) -> str:
        if not mask:
            return "bad-argument"
        if on and mask not in self.lists[letter] and sum(map(len, self.lists.values())) >= MOST_MASKS:
            return "list-full"
        self.lists[letter] = self.lists[letter] | {mask} if on else self.lists[letter] - {mask}
        return ""

    def role(self, name: str, other: str, word: str) -> str:
        code = self.inside(name, "qaoh")
        if code:
            return code
        if other not in self.members:
            return "user-not-in-group"
        letter, has = WORDS[word], self.members[other]
        wanted = [(False, one) for one in LETTERS if one in has and one != letter]
        wanted += [(True, letter)] if letter and letter not in has else []
        codes = [self.may_turn(name, on, one, other) for on, one in wanted or [(True, letter or "v")]]
        if not any(codes):
            for on, one in wanted:
                self.turn(on, one, other)
        return next(filter(None, codes), "")

    def policy(self, name: str, private: bool | None, announce: bool | None) -> str:
        code = self.inside(name, "qao")
        for wanted, letters in ((private, "is"), (announce, "m")):
            if not code and wanted is not None:
                self.flags = self.flags | set(letters) if wanted else self.flags - set(letters)
        return code

    # ---- talk ----

    def say(self, name: str, ctcp: bool) -> str:
        code = self.inside(name, "qaohv-")
        if code == "no-such-group" or (code and "n" in self.flags):
            return code if code == "no-such-group" else "no-external"
        if ctcp and "C" in self.flags:
            return "no-ctcp"
        if self.members.get(name):
            self.head += 1
            return ""
        against = [mask for mask in self.lists["b"] if means(mask, name)]
        if "m" in self.flags:
            return "moderated"
        if "M" in self.flags and name not in ACCOUNTS:
            return "account-needed"
        if against and not any(means(mask, name) for mask in self.lists["e"]):
            return "muted" if all(mask.startswith("m:") for mask in against) else "banned"
        if self.slow and self.now < self.spoke.get(name, -1e9) + self.slow:
            return "slow-mode"
        if self.slow:
            self.spoke[name] = self.now
        self.head += "U" not in self.flags
        return ""

    def hearers(self, name: str) -> set[str]:
        """Who hears what somebody says."""
        if "U" in self.flags and not self.members.get(name):
            return {one for one, letters in self.members.items() if top(letters) in "qaoh"} - {name}
        return set(self.members) - {name}

    def restart(self) -> None:
        """The server is killed: guests are nowhere, and what they alone owned is the highest member's."""
        self.spoke = {}
        self.invited.discard("gast")
        self.members.pop("gast", None)
        if not self.members:
            self.end()
        order = sorted(self.members, key=lambda one: (self.since[one], one))
        self.members = {one: self.members[one] for one in order}
        if order:
            self.members[min(order, key=lambda one: f"{LETTERS}-".index(top(self.members[one])))].add("q")


class ModesMachine(RuleBasedStateMachine):
    """The rules are what people may do."""

    @initialize(inside=st.integers(0, 4))
    def begin(self, inside: int) -> None:
        """They are here, and some are in the group."""
        self.house = House(limits=Limits(masks=MOST_MASKS))
        self.model = Model()
        self.peers = {name: self.house.person(name) for name in ACCOUNTS}
        self.peers["gast"] = self.house.guest("gast")
        for name in PEOPLE[:inside]:
            self.join(name, "")

    def boss(self, name: str, boss: bool) -> str:
        """Somebody, or whoever may do most."""
        members = self.model.members
        return min(members, key=lambda one: "qaohv-".index(top(members[one]))) if boss and members else name

    def ask(self, code: str, name: str, kind: type, *arguments: object) -> None:
        """Somebody asks for something, and is answered as the model says."""
        for peer in self.peers.values():
            peer.take()
        ref = self.peers[name].ask(kind, *arguments)
        answer = next(event for event in reversed(self.peers[name].read()) if getattr(event, "ref", None) == ref)
        got = answer.code if isinstance(answer, m.Failed) else ""
        assert got == code, (name, kind, arguments, answer, code)

    @rule(name=someone, key=st.sampled_from(["", "1", "9"]))
    def join(self, name: str, key: str) -> None:
        """Somebody wants to come in."""
        self.ask(self.model.join(name, key), name, m.Join, GROUP, True, False, key)

    @rule(name=someone, last=rarely)
    def leave(self, name: str, last: bool) -> None:
        """Somebody leaves; seldom the last one."""
        if len(self.model.members) < 2 and not last:
            name = "gast"
        self.ask(self.model.leave(name), name, m.Leave, GROUP)

    @rule(name=someone, boss=often, other=someone)
    def invite(self, name: str, boss: bool, other: str) -> None:
        """Somebody is invited."""
        name = self.boss(name, boss)
        self.ask(self.model.invite(name, other), name, m.Invite, GROUP, other)

    @rule(name=someone, boss=st.booleans(), other=someone)
    def kick(self, name: str, boss: bool, other: str) -> None:
        """Somebody is put out."""
        name = self.boss(name, boss)
        self.ask(self.model.kick(name, other), name, m.Kick, GROUP, other)

    @rule(flags=st.text("CMRUimnsu", min_size=1, max_size=2), on=often)
    def flag(self, flags: str, on: bool) -> None:
        """Something is set that matters, and everybody says something."""
        self.mode("alice", True, [(on, letter, "") for letter in flags])
        self.everybody_speaks(False)

    @rule(letter=st.sampled_from("bbeI"), mask=st.sampled_from(list(MASKS)), on=often)
    def mask(self, letter: str, mask: str, on: bool) -> None:
        """A list is changed, and everybody says something."""
        self.mode("alice", True, [(on, letter, mask)])
        self.everybody_speaks(False)

    @rule(change=st.tuples(often, st.sampled_from("qaohv"), someone))
    def turn(self, change: tuple[bool, str, str]) -> None:
        """Somebody becomes something, and everybody says something."""
        self.mode("alice", True, [change])
        self.everybody_speaks(False)

    @rule(name=someone, boss=often, changes=st.lists(modes, min_size=1, max_size=4))
    def mode(self, name: str, boss: bool, changes: list[tuple[bool, str, str]]) -> None:
        """Somebody changes modes; all others who are in hear what was changed."""
        name = self.boss(name, boss)
        code = self.model.inside(name, "qaohv-")
        codes = [] if code else [self.model.change(name, *change) for change in changes]
        self.ask(code, name, mod.SetModes, GROUP, [mod.ModeChange(*change) for change in changes])
        if code:
            return
        refused = [event.code for event in self.peers[name].of(mod.ModeRefused)]
        assert refused == [code for code in codes if code], (name, changes, refused, codes)
        made = self.peers[name].last(mod.ModesChanged).changes
        for other, peer in self.peers.items():
            told = [event.changes for event in peer.of(mod.ModesChanged) if not event.ref]
            assert told == ([made] if made and other in self.model.members and other != name else []), (other, told)

    @rule(name=someone, other=someone, word=st.sampled_from(list(WORDS)))
    def role(self, name: str, other: str, word: str) -> None:
        """Somebody gives somebody a role."""
        self.ask(self.model.role(name, other, word), name, m.SetRole, GROUP, other, word)

    @rule(name=someone, private=st.sampled_from([None, True, False]), announce=st.sampled_from([None, True, False]))
    def policy(self, name: str, private: bool | None, announce: bool | None) -> None:
        """Somebody closes or opens the group."""
        self.ask(self.model.policy(name, private, announce), name, m.SetPolicy, GROUP, private, announce)

    @rule(name=someone, ctcp=st.booleans())
    def say(self, name: str, ctcp: bool) -> None:
        """Somebody says something."""
        code = self.model.say(name, ctcp)
        self.ask(code, name, m.Send, GROUP, self.house.random(16), "\1VERSION\1" if ctcp else "hello")
        said = (m.Message, p.Passing)
        heard = {name for name, peer in self.peers.items() if any(isinstance(event, said) for event in peer.read())}
        assert heard == (set() if code else self.model.hearers(name)), (name, heard)

    @rule(ctcp=rarely)
    def everybody_speaks(self, ctcp: bool) -> None:
        """All at once."""
        for name in PEOPLE:
            self.say(name, ctcp)

    @rule()
    def everybody_knocks(self) -> None:
        """All want to come in."""
        for name in PEOPLE:
            self.join(name, "")

    @rule(seconds=st.sampled_from([1, 3]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.model.now += seconds
        self.house.advance(seconds)

    @rule()
    def guest_goes(self) -> None:
        """The guest goes and comes back as somebody else of the same name."""
        self.peers["gast"].lose()
        self.model.invited.discard("gast")
        self.model.spoke.pop("gast", None)
        if "gast" in self.model.members:
            self.model.gone("gast")
        self.peers["gast"] = self.house.guest("gast")

    @rule()
    def restart(self) -> None:
        """The node is killed and starts again."""
        self.model.restart()
        self.house.restart()
        self.peers = {name: self.again(self.peers[name]) for name in ACCOUNTS}
        self.peers["gast"] = self.house.guest("gast")

    def again(self, peer: Peer) -> Peer:
        """The same person, having read everything."""
        peer = peer.again()
        self.house.settle()
        return peer

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        """The group is as the model says."""
        model, group = self.model, self.house.node.hub.conversations.groups.get(GROUP)
        assert (group is not None) == model.there, (group, model.members)
        if group is None:
            return
        members = {x.user.name: x.modes for x in group.members.values() if not x.invited}
        expected = {name: "".join(one for one in LETTERS if one in has) for name, has in model.members.items()}
        assert list(members.items()) == list(expected.items()), (members, expected)
        assert {x.user.name for x in group.members.values() if x.invited} == model.invited
        stands = (set(group.modes), group.password, group.limit, group.slow, group.head)
        assert stands == (model.flags, model.key, model.limit, model.slow, model.head), stands
        assert {mode: set(masks) for mode, masks in group.masks.items()} == model.lists, group.masks
        assert not self.house.failures


class Simulation(SynchronousTestCase):
    """The machine, run."""

    def test_groups_modes_and_bans_are_as_the_model_says(self) -> None:
        run_state_machine_as_test(
            ModesMachine, settings=settings(max_examples=EXAMPLES, stateful_step_count=50, deadline=None)
        )
