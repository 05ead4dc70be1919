"""Modes: who may set them, and what they do."""

from __future__ import annotations

from chatd import messages as m
from chatd import moderation as mod
from chatd import people as p
from chatd.core import modes
from chatd.core.groups import RANKS
from chatd.core.limits import Limits
from tests.core.test_groups import GroupScene, changes
from tests.kit import House, Peer


def spelt(made: list[mod.ModeChange]) -> str:
    """Changes as `+m -k=* +o=bob`."""
    return " ".join(("+" if c.on else "-") + c.mode + (f"={c.argument}" if c.argument else "") for c in made)


class ModeScene(GroupScene):
    """Alice owns #hw3, Bob is a member, Carol is not; Gast is a guest outside."""

    def setUp(self) -> None:
        super().setUp()
        self.guest = self.house.guest("gast")
        for peer in self.house.peers:
            peer.take()

    def mode(self, peer: Peer, words: str, group: str = "hw3") -> tuple[str, list[str]]:
        """Somebody sets modes: what was changed, and the codes of what was not."""
        told = [(word[0] == "+", word[1:].partition("=")) for word in words.split()]
        peer.take()
        ref = peer.ask(mod.SetModes, group, [mod.ModeChange(on, letter, arg) for on, (letter, _, arg) in told])
        events = [event for event in peer.take() if getattr(event, "ref", None) == ref]
        *refused, answer = events
        assert isinstance(answer, mod.ModesChanged), answer
        codes = []
        for event in refused:
            assert isinstance(event, mod.ModeRefused), event
            codes.append(event.code)
        return spelt(answer.changes), codes

    def stand(self, peer: Peer, group: str = "hw3") -> str:
        """What somebody sees of a group's modes."""
        answer = self.granted(peer, mod.AskModes, group)
        assert isinstance(answer, mod.GroupModes)
        return spelt(answer.changes)

    def enters(self, peer: Peer, key: str = "") -> str:
        """Whether somebody gets in: empty, or the code of the refusal."""
        return self.said(peer, peer.ask(m.Join, "hw3", True, False, key))

    def speaks(self, peer: Peer, text: str = "hello", kind: str = "text") -> str:
        """Whether somebody is heard: empty, or the code of the refusal."""
        return self.said(peer, peer.ask(m.Send, "#hw3", self.house.random(16), text, kind))

    def said(self, peer: Peer, ref: int) -> str:
        """The code of the answer, if it was a refusal."""
        (answer,) = (event for event in peer.take() if getattr(event, "ref", None) == ref)
        return answer.code if isinstance(answer, m.Failed) else ""


class Setting(ModeScene):
    """Who may set what, and what comes of it."""

    def test_operators_set_flags_and_everybody_hears(self) -> None:
        self.assertEqual(self.mode(self.bob, "+m"), ("", ["not-operator"]))
        self.assertEqual(self.mode(self.alice, "+m +i -t +u"), ("+m +i -t +u", []))
        (told,) = [event for event in self.bob.take() if isinstance(event, mod.ModesChanged)]
        self.assertEqual((told.ref, told.by, spelt(told.changes)), (0, "alice", "+m +i -t +u"))
        self.assertTrue(told.at and told.id)
        self.assertEqual(self.stand(self.bob), "+i +m +n +u")

    def test_what_is_so_already_is_not_changed(self) -> None:
        self.assertEqual(self.mode(self.alice, "+n -m -k -l -f +q=alice -o=bob -b=x"), ("", []))
        self.assertEqual(self.bob.take(), [])

    def test_only_members_set_modes(self) -> None:
        self.refused("not-a-member", self.carol, mod.SetModes, "hw3", [mod.ModeChange(True, "m")])
        self.refused("no-such-group", self.carol, mod.SetModes, "hw9", [])

    def test_unknown_letters(self) -> None:
        for letter in ("x", "", "nt", "\0", "é"):
            ref = self.alice.ask(mod.SetModes, "hw3", [mod.ModeChange(True, letter)])
            refused, answer = self.alice.take()
            assert isinstance(refused, mod.ModeRefused)
            self.assertEqual((refused.code, answer), ("bad-mode", mod.ModesChanged(ref, "#hw3", "alice", [])))

    def test_so_many_at_a_time(self) -> None:
        self.house = House(limits=Limits(mode_changes=2))
        (alice,) = self.house.people("alice")
        self.granted(alice, m.Join, "hw3")
        change = mod.ModeChange(True, "m")
        self.refused("too-many-targets", alice, mod.SetModes, "hw3", [change] * 3)
        self.granted(alice, mod.SetModes, "hw3", [change] * 2)

    def test_they_outlive_the_server(self) -> None:
        self.mode(self.alice, "+m +k=beer +l=9 +f=60 +b=x +e=y +I=z -t +v=bob +h=bob")
        self.house.restart()
        alice = self.alice.again()
        self.assertEqual(self.stand(alice), "+m +n +k=beer +l=9 +f=60")
        for letter, mask in (("b", "x!*@*"), ("e", "y!*@*"), ("I", "z!*@*")):
            listed = self.granted(alice, mod.AskMasks, "hw3", letter)
            assert isinstance(listed, mod.MaskList)
            self.assertEqual([(entry.mask, entry.by) for entry in listed.masks], [(mask, "alice")])
        self.granted(alice, m.Members, "hw3")
        self.assertEqual([x.modes for x in alice.last(m.MemberList).members], ["q", "hv"])

    def test_nothing_new_on_a_list_when_the_disk_is_full(self) -> None:
        self.house.node.hub.full = True
        self.assertEqual(self.mode(self.alice, "+b=x +m"), ("+m", ["storage-full"]))


class Ranks(ModeScene):
    """One gives and takes the modes of those one is above."""

    def test_who_is_over_whom(self) -> None:
        ranks = ("q", "a", "o", "h", "v", "")
        over = {mine: "".join(one for one in ranks if modes.over(RANKS[mine], RANKS[one])) for mine in ranks}
        self.assertEqual(over, {"q": "qaohv", "a": "ohv", "o": "ohv", "h": "v", "v": "", "": ""})

    def test_everybody_gives_what_they_may(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        for mine, given in (("q", "qaohv"), ("a", "ohv"), ("o", "ohv"), ("h", "v"), ("v", "")):
            self.mode(self.alice, f"+{mine}=bob")
            self.assertEqual(
                self.mode(self.bob, "+q=carol +a=carol +o=carol +h=carol +v=carol"),
                (" ".join(f"+{one}=carol" for one in given), ["not-operator"] * (5 - len(given))),
            )
            taken = " ".join(f"-{one}=carol" for one in given)
            self.assertEqual(self.mode(self.bob, taken), (taken, []))
            self.mode(self.alice, f"-{mine}=bob")

    def test_everybody_steps_down(self) -> None:
        self.mode(self.alice, "+a=bob +v=bob")
        self.assertEqual(self.mode(self.bob, "-a=bob -v=bob +a=bob"), ("-a=bob -v=bob", ["not-operator"]))

    def test_flags_are_for_operators_and_up(self) -> None:
        for letter, allowed in (("a", True), ("o", True), ("h", False), ("v", False)):
            self.mode(self.alice, f"+{letter}=bob")
            self.assertEqual(self.mode(self.bob, "+m -m +b=x -b=x")[1], [] if allowed else ["not-operator"] * 4)
            self.mode(self.alice, f"-{letter}=bob")

    def test_whoever_is_put_out_is_below(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        for mine, theirs, allowed in (
            ("o", "o", True), ("o", "a", False), ("a", "a", False), ("h", "v", True), ("h", "h", False),
            ("v", "", False), ("q", "q", True),
        ):  # fmt: skip
            self.mode(self.alice, f"+{mine}=bob" + (f" +{theirs}=carol" if theirs else ""))
            answer = self.said(self.bob, self.bob.ask(m.Kick, "hw3", "carol"))
            self.assertEqual(answer, "" if allowed else "not-operator", (mine, theirs))
            self.granted(self.carol, m.Join, "hw3")
            self.mode(self.alice, f"-{mine}=bob" + (f" -{theirs}=carol" if theirs else ""))

    def test_several_modes_of_one(self) -> None:
        self.assertEqual(self.mode(self.alice, "+v=bob +o=bob +h=bob")[0], "+v=bob +o=bob +h=bob")
        self.assertEqual(changes(self.bob), [("role", "bob", "alice", "op")])
        (bob,) = (x for x in self.listed() if x.name == "bob")
        self.assertEqual((bob.role, bob.modes), ("op", "ohv"))
        self.mode(self.alice, "-o=bob -v=bob")
        self.assertEqual(changes(self.bob), [("role", "bob", "alice", "halfop")])

    def listed(self) -> list[m.Member]:
        """The members as Alice sees them."""
        answer = self.granted(self.alice, m.Members, "hw3")
        assert isinstance(answer, m.MemberList)
        return answer.members

    def test_a_role_is_the_only_mode(self) -> None:
        self.mode(self.alice, "+v=bob +h=bob")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "admin")
        told = [spelt(event.changes) for event in self.bob.take() if isinstance(event, mod.ModesChanged)]
        self.assertEqual(told[-1], "-h=bob -v=bob +a=bob")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "member")
        self.assertEqual([x.modes for x in self.listed()], ["q", ""])

    def test_whom(self) -> None:
        self.granted(self.alice, m.Invite, "hw3", "carol")
        words = "+o=carol +o=gast +o=nobody +o"
        codes = ["user-not-in-group", "user-not-in-group", "no-such-user", "bad-argument"]
        self.assertEqual(self.mode(self.alice, words), ("", codes))

    def test_the_last_owner_among_accounts_stays(self) -> None:
        self.granted(self.guest, m.Join, "hw3")
        self.assertEqual(self.mode(self.alice, "+q=gast -q=alice"), ("+q=gast", ["not-allowed"]))
        self.assertEqual(self.mode(self.guest, "-q=alice -q=gast"), ("-q=gast", ["not-allowed"]))

    def test_guests_alone_need_no_owner(self) -> None:
        self.granted(self.guest, m.Join, "party")
        self.assertEqual(self.mode(self.guest, "-o=gast +o=gast", "party"), ("-o=gast", ["not-operator"]))

    def test_guests_modes_are_not_kept(self) -> None:
        self.granted(self.guest, m.Join, "hw3")
        self.mode(self.alice, "+o=gast")
        self.assertEqual([member.user for member in self.house.store.load().members], [1, 2])


class Arguments(ModeScene):
    """Key, limit, slow mode, masks."""

    def test_keys(self) -> None:
        self.assertEqual(self.mode(self.alice, "+k=beer")[0], "+k=beer")
        self.assertEqual(self.mode(self.alice, "+k=wine +k=wine")[0], "+k=wine")
        self.assertEqual((self.stand(self.bob), self.stand(self.carol)), ("+n +t +k=wine", "+n +t"))
        self.assertEqual((self.enters(self.carol), self.enters(self.carol, "beer")), ("bad-key", "bad-key"))
        self.assertEqual(self.enters(self.carol, "wine"), "")
        self.assertEqual(self.mode(self.alice, "-k=beer"), ("-k=*", []))
        self.assertEqual(self.enters(self.guest), "")

    def test_what_is_no_key(self) -> None:
        for key in ("", "a b", "a,b", ":a", "a\n", "x" * 51):
            self.alice.ask(mod.SetModes, "hw3", [mod.ModeChange(True, "k", key)])
            self.assertEqual(self.alice.last(mod.ModeRefused).code, "bad-argument", key)
        self.assertEqual(self.mode(self.alice, "+k=" + "x" * 50)[1], [])

    def test_limits(self) -> None:
        for number in ("0", "-1", "two", "", "1.5", "²", "9" * 20, "1000000001"):
            self.assertEqual(self.mode(self.alice, "+l=" + number), ("", ["bad-argument"]), number)
        self.assertEqual(self.mode(self.alice, "+l=02"), ("+l=2", []))
        self.assertEqual(self.enters(self.carol), "group-full")
        self.assertEqual(self.enters(self.bob), "")
        self.assertEqual(self.mode(self.alice, "-l=x"), ("-l", []))
        self.assertEqual(self.enters(self.carol), "")

    def test_slow_mode(self) -> None:
        self.assertEqual(self.mode(self.alice, "+f=21601 +f=x +f"), ("", ["bad-argument"] * 3))
        self.assertEqual(self.mode(self.alice, "+f=10"), ("+f=10", []))
        self.assertEqual([self.speaks(self.bob), self.speaks(self.bob)], ["", "slow-mode"])
        self.bob.send("#hw3", "and now?")
        self.assertEqual(self.bob.last(m.Failed).retry, 10)
        self.house.advance(9.5)
        self.assertEqual(self.speaks(self.bob), "slow-mode")
        self.house.advance(0.5)
        self.assertEqual([self.speaks(self.bob), self.speaks(self.bob)], ["", "slow-mode"])
        self.assertEqual([self.speaks(self.alice), self.speaks(self.alice)], ["", ""])
        self.mode(self.alice, "+f=20")
        self.assertEqual([self.speaks(self.bob), self.speaks(self.bob)], ["", "slow-mode"])
        self.mode(self.alice, "+v=bob")
        self.assertEqual([self.speaks(self.bob), self.speaks(self.bob)], ["", ""])
        self.mode(self.alice, "-f -v=bob")
        self.assertEqual([self.speaks(self.bob), self.speaks(self.bob)], ["", ""])

    def test_who_spoke_long_ago_is_forgotten(self) -> None:
        group = self.house.node.hub.conversations.groups["#hw3"]
        self.mode(self.alice, "+f=10")
        group.spoke.update(dict.fromkeys(range(1000, 2001), 0))
        self.assertEqual(self.speaks(self.bob), "")
        self.assertEqual(list(group.spoke), [2])

    def test_lists_have_one_form_and_a_limit(self) -> None:
        self.house = House(limits=Limits(masks=3, mask_chars=20))
        alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        self.granted(alice, m.Join, "hw3")
        self.assertEqual(self.mode(alice, "+b=BOB +b=bob!*@* +e=c +I=d"), ("+b=bob!*@* +e=c!*@* +I=d!*@*", []))
        self.assertEqual(self.mode(alice, "+b=x +b=" + "x" * 21), ("", ["list-full", "bad-argument"]))
        self.assertEqual(self.mode(alice, "-e=C +b=x"), ("-e=c!*@* +b=x!*@*", []))

    def test_who_sees_lists(self) -> None:
        self.mode(self.alice, "+b=x +h=bob")
        for peer in (self.alice, self.bob, self.carol):
            listed = self.granted(peer, mod.AskMasks, "hw3", "b")
            assert isinstance(listed, mod.MaskList)
            self.assertEqual([entry.mask for entry in listed.masks], ["x!*@*"])
        for mode in "eI":
            self.granted(self.bob, mod.AskMasks, "hw3", mode)
            self.refused("not-operator", self.carol, mod.AskMasks, "hw3", mode)
        self.refused("bad-mode", self.alice, mod.AskMasks, "hw3", "k")
        self.refused("no-such-group", self.alice, mod.AskMasks, "hw9", "b")


class Entering(ModeScene):
    """Who may come in."""

    def test_bans_exceptions_invitations(self) -> None:
        self.mode(self.alice, "+b=carol")
        self.assertEqual(self.enters(self.carol), "banned")
        self.mode(self.alice, "+e=m:carol")
        self.assertEqual(self.enters(self.carol), "banned")
        self.mode(self.alice, "+e=car*")
        self.assertEqual(self.enters(self.carol), "")
        self.mode(self.alice, "-e=car*")
        self.granted(self.alice, m.Kick, "hw3", "carol")
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.assertEqual(self.enters(self.carol), "")
        self.granted(self.alice, m.Kick, "hw3", "carol")
        self.assertEqual(self.enters(self.carol), "banned")

    def test_a_mute_keeps_nobody_out(self) -> None:
        self.mode(self.alice, "+b=m:*")
        self.assertEqual(self.enters(self.carol), "")

    def test_invitation_only(self) -> None:
        self.mode(self.alice, "+i")
        self.assertEqual(self.enters(self.carol), "invite-only")
        self.mode(self.alice, "+I=a:carol")
        self.assertEqual((self.enters(self.carol), self.enters(self.guest)), ("", "invite-only"))

    def test_an_invitation_is_room_and_no_key(self) -> None:
        self.mode(self.alice, "+k=beer +l=2 +i")
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.assertEqual((self.enters(self.carol), self.enters(self.carol, "beer")), ("bad-key", ""))

    def test_accounts_only(self) -> None:
        self.mode(self.alice, "+R")
        self.assertEqual((self.enters(self.guest), self.enters(self.carol)), ("account-needed", ""))

    def test_who_is_in_stays(self) -> None:
        self.granted(self.guest, m.Join, "hw3")
        self.mode(self.alice, "+b=* +i +k=x +l=1 +R")
        self.assertEqual((self.enters(self.guest), self.enters(self.bob)), ("", ""))


class Speaking(ModeScene):
    """Who may say what."""

    def test_from_outside(self) -> None:
        self.assertEqual(self.speaks(self.carol), "no-external")
        self.mode(self.alice, "-n")
        self.assertEqual((self.speaks(self.carol), self.bob.texts()), ("", ["hello"]))
        self.mode(self.alice, "+b=carol")
        self.assertEqual(self.speaks(self.carol), "banned")
        self.mode(self.alice, "-b=carol +m")
        self.assertEqual(self.speaks(self.carol), "moderated")
        self.mode(self.alice, "-m +s")
        self.assertEqual(self.speaks(self.carol), "no-such-group")

    def test_moderated(self) -> None:
        self.mode(self.alice, "+m")
        self.assertEqual((self.speaks(self.alice), self.speaks(self.bob)), ("", "moderated"))
        for letter in "vhoaq":
            self.mode(self.alice, f"+{letter}=bob")
            self.assertEqual(self.speaks(self.bob), "")
            self.mode(self.alice, f"-{letter}=bob")

    def test_bans_silence_and_exceptions_help(self) -> None:
        for ban, code in (("bob", "banned"), ("m:bob", "muted"), ("m:a:bob", "muted"), ("m:carol", "")):
            self.mode(self.alice, "+b=" + ban)
            self.assertEqual(self.speaks(self.bob), code, ban)
            for exception in ("bob", "m:bob", "a:bob"):
                self.mode(self.alice, "+e=" + exception)
                self.assertEqual(self.speaks(self.bob), "")
                self.mode(self.alice, "-e=" + exception)
            self.mode(self.alice, "+v=bob")
            self.assertEqual(self.speaks(self.bob), "")
            self.mode(self.alice, "-v=bob -b=" + ban)

    def test_bans_outlive_the_server(self) -> None:
        self.mode(self.alice, "+b=m:bob")
        self.house.restart()
        self.assertEqual(self.speaks(self.bob.again()), "muted")

    def test_accounts_only(self) -> None:
        self.granted(self.guest, m.Join, "hw3")
        self.mode(self.alice, "+M")
        self.assertEqual((self.speaks(self.guest), self.speaks(self.bob)), ("account-needed", ""))
        self.mode(self.alice, "+v=gast")
        self.assertEqual(self.speaks(self.guest), "")

    def test_no_ctcp(self) -> None:
        self.assertEqual(self.speaks(self.bob, "\1PING 1\1"), "")
        self.mode(self.alice, "+C")
        for peer in (self.alice, self.bob):
            self.assertEqual(self.speaks(peer, "\1PING 1\1"), "no-ctcp")
            self.assertEqual(self.speaks(peer, "\1PING 1\1", "notice"), "no-ctcp")
            self.assertEqual(self.speaks(peer, "\1ACTION waves\1"), "")

    def test_to_operators_only(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.mode(self.alice, "+U")
        ref = self.bob.send("#hw3", "psst", b"1" * 16)
        now = int(self.house.wall() * 1000)
        self.assertEqual(self.bob.last(m.Accepted), m.Accepted(ref, "#hw3", 0, now, "sent"))
        (passing,) = (event for event in self.alice.take() if isinstance(event, p.Passing))
        self.assertEqual(passing, p.Passing("bob", "#hw3", b"1" * 16, now, "psst"))
        self.assertEqual((self.carol.of(p.Passing), self.carol.of(m.Message)), ([], []))
        self.mode(self.alice, "+h=carol +v=bob")
        self.assertEqual((self.speaks(self.bob), self.carol.texts()), ("", ["hello"]))
        self.mode(self.alice, "-v=bob")
        self.speaks(self.bob)
        self.assertEqual(len(self.carol.of(p.Passing)), 1)

    def test_passing_on_is_checked_too(self) -> None:
        self.mode(self.alice, "+m")
        self.refused("moderated", self.bob, p.Pass, "#hw3", b"1" * 16, "", "tags", "+typing=active")
        self.mode(self.alice, "-m +f=10")
        for _ in range(2):
            self.granted(self.bob, p.Pass, "#hw3", b"1" * 16, "", "tags", "+typing=active")
        self.mode(self.alice, "+U")
        self.granted(self.carol, m.Join, "hw3")
        self.granted(self.bob, p.Pass, "#hw3", b"1" * 16, "psst")
        self.assertEqual((len(self.alice.of(p.Passing)), self.carol.of(p.Passing)), (1, []))

    def test_a_word_to_some(self) -> None:
        self.granted(self.carol, m.Join, "hw3")
        self.mode(self.alice, "+v=carol")
        for least, heard in (("v", (1, 1)), ("h", (1, 0)), ("q", (1, 0))):
            self.granted(self.bob, p.Pass, "#hw3", b"1" * 16, "psst", "text", "", least)
            told = [
                [event for event in peer.take() if isinstance(event, p.Passing)] for peer in (self.alice, self.carol)
            ]
            self.assertEqual(tuple(map(len, told)), heard)


class InTheLobby(ModeScene):
    """Staff keep order."""

    def test_some_modes_are_of_use(self) -> None:
        self.house.node.hub.users.find("alice").role = "staff"
        self.assertEqual(self.mode(self.bob, "+m", "lobby"), ("", ["not-operator"]))
        words = "+m -t +b=m:bob +i +s +k=x +l=3 +R +v=bob +I=x"
        self.assertEqual(self.mode(self.alice, words, "lobby"), ("+m -t +b=m:bob!*@*", ["not-allowed"] * 7))
        self.refused("moderated", self.bob, m.Send, "#lobby", b"1" * 16, "may I?")
        self.mode(self.alice, "-m", "lobby")
        self.refused("muted", self.bob, m.Send, "#lobby", b"1" * 16, "may I?")
        self.granted(self.carol, m.Send, "#lobby", b"1" * 16, "I may")
        self.house.restart()
        self.assertEqual(self.stand(self.carol.again(), "lobby"), "+n")

    def test_op_moderated(self) -> None:
        self.house.node.hub.users.find("alice").role = "staff"
        self.mode(self.alice, "+U", "lobby")
        self.granted(self.bob, m.Send, "#lobby", b"1" * 16, "psst")
        self.assertEqual((len(self.alice.of(p.Passing)), self.carol.of(p.Passing)), (1, []))


class Auditorium(ModeScene):
    """Those without a mode are seen by those with one."""

    def seen(self, peer: Peer) -> list[str]:
        """Whom somebody sees in the group."""
        answer = self.granted(peer, m.Members, "hw3")
        assert isinstance(answer, m.MemberList)
        return [member.name for member in answer.members]

    def test_the_hall_is_dark(self) -> None:
        self.mode(self.alice, "+u")
        self.granted(self.carol, m.Join, "hw3")
        self.assertEqual((changes(self.alice), changes(self.bob)), ([("joined", "carol")], []))
        self.assertEqual(self.seen(self.alice), ["alice", "bob", "carol"])
        self.assertEqual((self.seen(self.bob), self.seen(self.carol)), (["alice", "bob"], ["alice", "carol"]))
        self.assertEqual(self.seen(self.guest), ["alice"])
        self.mode(self.alice, "+v=bob")
        self.assertEqual((self.seen(self.bob), self.seen(self.carol)), (["alice", "bob", "carol"], self.seen(self.bob)))

    def test_nobody_finds_them_otherwise(self) -> None:
        self.mode(self.alice, "+u")
        self.granted(self.carol, m.Join, "hw3")
        for asker, shown in ((self.alice, ["#hw3"]), (self.carol, ["#hw3"]), (self.bob, []), (self.guest, [])):
            person = self.granted(asker, m.Whois, "carol")
            assert isinstance(person, m.Person)
            self.assertEqual(person.groups, shown)
        self.granted(self.bob, p.Find, "#hw3")
        self.assertEqual([person.name for person in self.bob.last(p.ProfileList).people], ["alice", "bob"])

    def test_whoever_is_put_out_of_the_dark_hears_it(self) -> None:
        self.mode(self.alice, "+u")
        self.granted(self.carol, m.Join, "hw3")
        self.bob.take()
        self.granted(self.alice, m.Kick, "hw3", "carol", "noise")
        self.assertEqual((changes(self.carol), changes(self.bob)), ([("kicked", "carol", "alice", "noise")], []))

    def test_invited_ones_are_for_members(self) -> None:
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.assertEqual((self.seen(self.bob), self.seen(self.guest)), (["alice", "bob", "carol"], ["alice", "bob"]))


class Roles(GroupScene):
    """Owners, operators, members."""

    def test_only_owners_give_roles(self) -> None:
        self.refused("not-operator", self.bob, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.refused("not-operator", self.bob, m.SetRole, "hw3", "bob", "owner")
        self.refused("not-operator", self.bob, m.SetRole, "hw3", "alice", "op")
        self.refused("not-a-member", self.carol, m.SetRole, "hw3", "carol", "owner")

    def test_a_new_role_is_told_to_everybody(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.assertEqual(changes(self.bob), [("role", "bob", "alice", "op")])
        self.assertEqual(changes(self.alice), [("role", "bob", "alice", "op")])
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "op"})

    def test_roles_are_known_words(self) -> None:
        for role in ("invited", "admins", "", "Owner", "o"):
            self.refused("not-allowed", self.alice, m.SetRole, "hw3", "bob", role)

    def test_only_members_have_roles(self) -> None:
        self.refused("user-not-in-group", self.alice, m.SetRole, "hw3", "carol", "op")
        self.refused("no-such-user", self.alice, m.SetRole, "hw3", "nobody", "op")
        self.granted(self.alice, m.Invite, "hw3", "carol")
        self.refused("user-not-in-group", self.alice, m.SetRole, "hw3", "carol", "op")
        self.granted(self.house.guest("gast"), m.Join, "hw3")
        self.granted(self.alice, m.SetRole, "hw3", "gast", "op")
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "member", "carol": "invited", "gast": "op"})

    def test_the_only_owner_stays_one(self) -> None:
        self.refused("not-allowed", self.alice, m.SetRole, "hw3", "alice", "member")
        self.granted(self.alice, m.SetRole, "hw3", "bob", "owner")
        self.granted(self.alice, m.SetRole, "hw3", "alice", "member")
        self.assertEqual(self.roles(), {"alice": "member", "bob": "owner"})

    def test_the_same_role_again_is_no_loss(self) -> None:
        self.granted(self.alice, m.SetRole, "hw3", "alice", "owner")
        self.assertEqual(self.roles(), {"alice": "owner", "bob": "member"})


class Policies(GroupScene):
    """Announce-only, private, topic."""

    def test_members_do_not_change_policy(self) -> None:
        self.refused("not-operator", self.bob, m.SetPolicy, "hw3", True)
        self.refused("not-a-member", self.carol, m.SetPolicy, "hw3", True)

    def test_each_change_is_told_once(self) -> None:
        for wanted, told in (
            ((True, None), [("private", "alice", "alice")]),
            ((True, True), [("announce", "alice", "alice")]),
            ((False, False), [("open", "alice", "alice"), ("talk", "alice", "alice")]),
            ((None, None), []),
            ((False, False), []),
        ):
            self.granted(self.alice, m.SetPolicy, "hw3", *wanted)
            self.assertEqual(changes(self.bob), told)

    def test_in_an_announce_only_group_members_only_read(self) -> None:
        self.granted(self.alice, m.SetPolicy, "hw3", None, True)
        self.refused("moderated", self.bob, m.Send, "#hw3", b"1" * 16, "may I?")
        self.alice.send("#hw3", "no")
        self.assertEqual(self.bob.texts(), ["no"])
        self.granted(self.alice, m.SetRole, "hw3", "bob", "op")
        self.granted(self.bob, m.Send, "#hw3", b"2" * 16, "now I may")

    def test_made_private_it_disappears(self) -> None:
        self.granted(self.alice, m.SetPolicy, "hw3", True)
        self.assertNotIn("#hw3", self.groups(self.carol))
        self.refused("no-such-group", self.carol, m.Members, "hw3")
