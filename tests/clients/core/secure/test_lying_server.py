"""A malicious server between real clients: whatever it says, nothing said in secret leaves openly, nothing false is
shown, the person is told, and the next honest message arrives.

Rule: every test ends with `holds`: the server is honest again, and all goes on as if nothing had been.
"""

from __future__ import annotations

import random
from typing import Any, TypeVar

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from chatd.wire.pack import Event
from clients.core import notices as n
from clients.core.e2ee.signed import Signed, decode, encode
from clients.core.secure.arriving import MOST_WAITING
from tests.clients.core.secure.liar import Lie, Target, Town, answered, changed

T = TypeVar("T")
SECRET = "the canary sings at dawn"
LOG_CODES = {"MALFORMED", "GROUP_OP_BAD_SIGNATURE", "GROUP_OP_CHAIN_BROKEN", "GROUP_OP_WRONG_GROUP"}
HUGE = (2**48 + 1, 2**63 - 1, 2**64 - 1)


class LyingTests(SynchronousTestCase):
    """Alice and bob, who have talked, and their encrypted group; the server lies to alice."""

    def setUp(self) -> None:
        self.town = Town("alice", "bob")
        self.alice, self.bob = self.town.people
        self.wire = self.alice.wire
        self.alice.enter("@bob hello", "/join lab private", "/invite lab bob")
        self.bob.enter("@alice hi")
        self.town.live(3)
        self.alice.enter("/group lab one")
        self.bob.enter("/group lab two")
        self.town.live(3)
        self.forget()

    def forget(self) -> None:
        """All that was shown."""
        for person in self.town.people:
            person.face.notices.clear()

    def conversation(self) -> str:
        """The group's."""
        assert self.alice.session.secure is not None
        (found,) = self.alice.session.secure._talks.labels
        return found

    def heard(self, kind: type[T]) -> list[T]:
        """What of a kind the server has said to alice."""
        return [event for event in self.wire.heard if isinstance(event, kind)]

    def asked(self, kind: type[T], since: int = 0) -> list[T]:
        """What of a kind alice has asked for."""
        return [command for command in self.wire.sent[since:] if isinstance(command, kind)]

    def again(self) -> None:
        """Alice's connection breaks, and she is back."""
        self.wire.cut()
        self.town.live(20)

    def holds(self, anew: bool = False) -> None:
        """Nothing has leaked; with an honest server what is said arrives, once each. `anew`: on a new connection."""
        self.wire.honest()
        if anew:
            self.again()
        self.forget()
        self.alice.enter("@bob dear bob", "/group lab dear all")
        self.bob.enter("@alice dear alice", "/group lab dear friends")
        self.town.live(4)
        self.assertEqual([text for text, _ in self.bob.texts()], ["dear bob", "dear all"])
        self.assertEqual([text for text, _ in self.alice.texts()], ["dear alice", "dear friends"])
        for person in self.town.people:
            self.assertEqual(person.wire.leaks(SECRET), [])


class WelcomeTests(LyingTests):
    """The server says who one is."""

    def test_an_account_is_no_guest(self) -> None:
        self.wire.cut()
        self.alice.enter(f"@bob {SECRET}")
        self.wire.lies[m.Welcome] = changed(guest=True)
        self.town.live(10)
        self.alice.enter(f"@bob {SECRET}", f"/group lab {SECRET}")
        self.assertNotEqual(self.alice.session.state.status, "online")
        self.assertIn("unexpected", self.alice.refusals())
        self.assertEqual(self.wire.leaks(SECRET), [])
        self.wire.honest()
        self.town.live(40)
        self.assertEqual([text for text, _ in self.bob.texts()], [SECRET] * 3)
        self.holds()

    def test_one_is_nobody_else(self) -> None:
        self.wire.lies[m.Welcome] = changed(name="mallory")
        self.again()
        self.assertIn("unexpected", self.alice.refusals())
        self.wire.honest()
        self.town.live(40)
        self.holds()

    def test_one_is_welcomed_once(self) -> None:
        (welcome, *_) = self.heard(m.Welcome)
        self.alice.push(welcome)
        self.assertEqual(self.alice.refusals(), ["unexpected"])
        self.town.live(20)
        self.alice.push(msgspec.structs.replace(welcome, guest=True))
        self.alice.enter(f"@bob {SECRET}")
        self.town.live(20)
        self.assertEqual([text for text, _ in self.bob.texts()], [SECRET])
        self.holds()

    def test_a_wrong_place_in_the_mail(self) -> None:
        for place in ((2**63 - 1, 2**63 - 1), (0, 2**63 - 1), (5, 0), (-1, -1)):
            self.wire.lies[m.Welcome] = changed(mail=place)
            self.again()
            self.bob.enter("@alice news")
            self.town.live(3)
            self.assertEqual([text for text, _ in self.alice.texts()], ["news"])
            self.holds(anew=True)

    def test_another_epoch(self) -> None:
        self.wire.lies[m.Greeting] = changed(epoch="another")
        self.again()
        self.holds(anew=True)

    def test_no_encryption(self) -> None:
        self.wire.lies[m.Greeting] = lambda greeting: [msgspec.structs.replace(greeting, features=["resume"])]
        self.again()
        self.forget()
        self.alice.enter(f"@bob {SECRET}", f"/group lab {SECRET}")
        self.assertEqual(self.alice.codes(), ["SERVER_WITHOUT_E2EE"] * 2)
        self.holds(anew=True)

    def test_hints_to_a_guest_and_before_the_login(self) -> None:
        hints = [e.ResetIs(0, 2**63), e.ListChanged("alice", 9), e.GroupGrew(bytes(16), 9), e.KeysAre(0, 0, 9, True, 9)]
        for guest, where in ((True, m.Welcome), (True, m.Greeting), (False, m.Greeting)):
            town = Town()
            gwen = Target(town, "gwen", guest=guest)
            town.people.append(gwen)
            gwen.wire.lies[where] = lambda event: [event, *hints]
            gwen.come()
            self.assertEqual([code for code in gwen.codes() if code != "GUEST_OPEN"], [])
            self.assertEqual([one for one in gwen.wire.sent if isinstance(one, e.AskLists)], [])


class NameTests(LyingTests):
    """The server speaks of what is encrypted as if it were its own."""

    def test_what_is_said_openly_is_in_no_encrypted_conversation(self) -> None:
        conversation = self.conversation()
        places = [
            "dm:alice:bob", "dm:ALICE:BOB", "dm:e2ee:alice:bob", conversation, "#lab", "#LAB", "dm:bob", "@bob", "bob",
            "lab", "dm:x:bob", "dm:alice:bob:", "DM:alice:bob", "dm:alice:carol",
        ]  # fmt: skip
        for number, place in enumerate(places):
            self.alice.push(m.Message(place, 100 + number, 5, "bob", number.to_bytes(16, "big"), "forged"))
            self.assertEqual((place, self.alice.texts(), self.alice.codes()), (place, [], ["PLAINTEXT_REFUSED"]))
        for to in ("alice", "#lab"):
            self.alice.push(p.Passing("bob", to, bytes(16), 5, "forged"))
            self.assertEqual((self.alice.face.take(n.Passing), self.alice.codes()), ([], ["PLAINTEXT_REFUSED"]))
        self.alice.enter("/search forged")
        self.assertEqual([found.messages for found in self.alice.face.take(n.Found)], [()])
        self.assertEqual((self.alice.kept("@bob"), self.alice.kept(conversation)), (["hello", "hi"], ["one", "two"]))
        self.holds()

    def test_a_group_is_not_renamed_to_one_that_the_server_reads(self) -> None:
        self.alice.enter("/join open")
        self.alice.session.state.look_at("#lab")
        for old, new in (("#lab", "#open"), ("#open", "#lab"), ("#lab", "#another"), ("#LAB", "#x")):
            self.alice.push(o.Renamed(old, new, "oper", "", 5))
        self.alice.push(
            m.GroupChange("#lab", "left", "alice", "alice"), m.GroupChange("#lab", "kicked", "alice", "bob")
        )
        self.alice.enter(SECRET)
        self.town.live(2)
        self.assertEqual([text for text, _ in self.bob.texts()], [SECRET])
        self.assertEqual(self.alice.face.take(n.Changed) + self.alice.face.take(n.Told), [])
        self.holds()

    def test_the_history_is_not_the_servers(self) -> None:
        conversation = self.conversation()
        for place in (conversation, "dm:e2ee:alice:bob", "dm:alice:bob", "#lab"):
            self.alice.push(o.Redacted(place, 1, bytes(16), "oper", "why not"))
            self.alice.push(o.Renamed(place, "#mine", "oper", "", 5), o.Renamed("#lobby", place, "oper", "", 5))
            self.alice.push(m.Delivered(place, 99, "bob"))
        self.assertEqual(self.alice.face.take(n.TakenAway), [])
        self.assertEqual((self.alice.kept("@bob"), self.alice.kept(conversation)), (["hello", "hi"], ["one", "two"]))
        self.holds()

    def test_an_open_group_of_the_same_name_gets_nothing(self) -> None:
        """Before the welcome, with the welcome, and at the next start of the program."""
        place = m.Position("#lab", 0, 0, created=7)
        self.wire.lies[m.Welcome] = _with(place)
        self.again()
        self.alice.enter(f"/group lab {SECRET}")
        self.alice = self.alice.again()
        self.wire = self.alice.wire
        self.wire.lies[m.Welcome] = _with(place)
        self.alice.come()
        self.alice.enter(f"/group lab {SECRET}")
        self.town.live(2)
        self.assertEqual([text for text, _ in self.bob.texts()], [SECRET] * 2)
        renamed = msgspec.structs.replace(place, conversation="#bal")
        self.wire.lies[m.Welcome] = _with(renamed)
        self.alice.session.state.look_at("#lab")
        self.again()
        self.alice.enter(SECRET)
        self.town.live(2)
        self.assertEqual([text for text, _ in self.bob.texts()], [SECRET])
        self.holds()


class AnswerTests(LyingTests):
    """The server answers what it likes, or nothing."""

    def test_a_counter_that_leaves_no_numbers(self) -> None:
        told = []
        for counter in HUGE:
            self.wire.lies[e.KeysAre] = changed(counter=counter)
            self.again()
            told.append("STATE_ROLLED_BACK" in self.alice.codes())
            self.holds(anew=True)
        self.assertEqual(told, [True, False, False])  # not at every login: it is counted
        self.wire.lies[e.KeysAre] = changed(counter=HUGE[0])
        self.town.house.clock.advance(86_400)
        self.again()
        self.assertIn("STATE_ROLLED_BACK", self.alice.codes())
        self.holds(anew=True)

    def test_keys_without_end(self) -> None:
        for last in (*HUGE, -1, -(2**63)):
            lie = {"last": last, "count": -5, "used": True}
            self.wire.lies[e.KeysAre] = changed(**lie)
            self.again()
            self.holds(anew=True)

    def test_stale_for_ever(self) -> None:
        crowd = [f"nobody{number}" for number in range(1_000)]
        for names in (["bob"], [], ["alice"], ["bob"] * 500, crowd, [*crowd, "bob"]):
            before = len(self.wire.sent)
            self.wire.answers[e.PutMail] = answered(e.Stale, names)
            self.alice.enter(f"@bob {SECRET}", f"/group lab {SECRET}")
            self.town.live(3)
            self.assertEqual(self.alice.codes(), ["SERVER_HIDES_DEVLIST"] * 2)
            self.assertLess(len(self.wire.sent) - before, 30)
            self.assertEqual({one.name for one in self.asked(e.AskLists, before)} - {"alice", "bob"}, set())
            self.holds()

    def test_what_only_a_reader_can_say(self) -> None:
        for state in ("delivered", "read", "\x1b[2J", ""):
            self.wire.answers[e.PutMail] = answered(e.MailTaken, 2**63, state)
            self.alice.enter(f"@bob {SECRET}")
            self.assertEqual(self.alice.states(), ["stored"])
        self.wire.answers[m.Send] = lambda command: [m.Accepted(command.ref, "#lobby", 1, 5, "eaten")]
        self.alice.enter("/group lobby hello")
        self.assertEqual(self.alice.states(), ["stored"])
        self.holds()

    def test_no_answer_and_one_that_is_none(self) -> None:
        """To every question there is, at the login and later; what was said is said when the server serves again."""
        asking = (e.AskLists, e.ClaimKeys, e.PutMail, e.AskGroup, e.AskKeys, e.PutKeys, e.AskOffers)
        kinds = (_nothing, _pong, _another_ref, _empty_lists, _rubbish)
        for number, (kind, answer) in enumerate((kind, answer) for kind in asking for answer in kinds):
            with self.subTest(kind=kind.__name__, answer=answer.__name__):
                self.wire.answers[kind] = answer
                self.again()
                text = f"{SECRET} {number}"
                self.alice.enter(f"@bob {text}", "/verify bob", "/devices", "/e2ee", "/members lab")
                self.town.live(5)
                self.wire.honest()
                self.again()
                told = [text] if text in [one.text for one in self.bob.face.take(n.Said)] else []
                refused = [one for one in self.alice.face.take(n.Secure) if one.id]
                self.assertEqual(len(told) + len(refused), 1, (told, refused))
                self.holds()

    def test_refused_for_ever(self) -> None:
        """It stays, and goes when the server has time; a time that is none does not wait for ever."""
        for retry in (0.0, -5.0, float("nan"), float("inf"), 1e300):
            self.wire.answers[e.PutMail] = answered(m.Failed, "busy", "Later.", retry=retry)
            before = len(self.wire.sent)
            self.alice.enter(f"@bob {SECRET}")
            self.town.live(10)
            self.assertLess(len(self.wire.sent) - before, 20)
            self.wire.honest()
            self.again()
            self.assertEqual([text for text, _ in self.bob.texts()], [SECRET])
        self.holds()

    def test_encrypted_only_without_lists(self) -> None:
        self.town.move_in("carol")
        self.wire.answers[m.Send] = lambda command: [m.Failed(command.ref, "encrypted-only", "Both have keys.")]
        self.wire.answers[e.AskLists] = lambda command: [e.Lists(command.ref, command.name, 0, [])]
        before = len(self.wire.sent)
        self.alice.enter("/plain carol yes", "@carol hello", "@carol hello", "/group lobby hello")
        self.town.live(5)
        self.assertEqual([code for code in self.alice.codes() if code[:5] != "PLAIN"][:2], ["NO_E2EE_KEYS"] * 2)
        self.assertLess(len(self.wire.sent) - before, 20)
        self.holds(anew=True)


def _with(place: m.Position) -> Lie:
    return lambda welcome: [msgspec.structs.replace(welcome, conversations=[*welcome.conversations, place])]


def _nothing(command: Any) -> list[Event]:
    return []


def _pong(command: Any) -> list[Event]:
    return [m.Pong(command.ref, 5)]


def _another_ref(command: Any) -> list[Event]:
    return [e.Claimed(command.ref + 1_000, []), m.Done(0), e.MailTaken(-1, 5, "sent")]


def _empty_lists(command: Any) -> list[Event]:
    return [e.Lists(command.ref, "bob", 0, [])]


def _rubbish(command: Any) -> list[Event]:
    return [e.Lists(command.ref, "bob", 0, [b"", b"x", bytes(400)])]


class QueueTests(LyingTests):
    """The server says more than anybody can listen to."""

    def test_hints_do_not_pile_up(self) -> None:
        assert self.alice.session.secure is not None
        lines = self.alice.session.secure._desk.flows._lines
        self.wire.answers = dict.fromkeys((e.AskLists, e.AskGroup, e.AskKeys, e.PutKeys), _nothing)
        group = bytes.fromhex(self.conversation().removeprefix("gid:"))
        for number in range(200):
            self.alice.push(
                e.ListChanged("bob", number), e.ListChanged("BOB", number), e.ListChanged("alice", number),
                e.ListChanged(f"somebody{number}", number), e.GroupGrew(group, 99 + number),
                e.KeysAre(0, 0, 9, True, 9),
            )  # fmt: skip
        self.assertLess(sum(map(len, lines.values())), 10)
        self.holds(anew=True)

    def test_more_mail_than_a_mailbox_holds_comes_again(self) -> None:
        (mail, *_) = self.heard(e.Mail)
        self.wire.answers[e.AskLists] = _nothing
        strange = msgspec.structs.replace(mail, sender="bob", device="A" * 16)
        for number in range(MOST_WAITING + 10):
            one = msgspec.structs.replace(strange, seq=10_000 + number, id=number.to_bytes(16, "big"))
            self.wire.pushed.append(one)
        self.town.settle()
        assert self.alice.session.secure is not None
        self.assertLess(len(self.alice.session.secure._arriving._queue), MOST_WAITING + 1)
        self.bob.enter("@alice while she was deaf")
        self.town.live(3)
        self.wire.honest()
        self.again()
        self.assertEqual([text for text, _ in self.alice.texts()], ["while she was deaf"])
        self.holds()


class ListTests(LyingTests):
    """The server lies about people's devices and keys."""

    def chain(self, town: Town, name: str) -> list[bytes]:
        """Somebody's lists as their own server has them."""
        asker = town.move_in("asker")
        asker.enter(f"/verify {name}")
        return next(event.chain for event in asker.wire.heard if isinstance(event, e.Lists) and event.name == name)

    def test_the_lists_of_another_person_or_of_nobody(self) -> None:
        self.town.move_in("carol")
        others = self.chain(Town("mallory"), "mallory")
        for chain, code in (([], "NO_E2EE_KEYS"), (others, "DEVLIST_WRONG_USER"), ([b"x"], "MALFORMED")):
            self.wire.answers[e.AskLists] = answered(e.Lists, "carol", 0, chain)
            self.alice.enter(f"@carol {SECRET}")
            self.assertEqual(self.alice.codes(), [code])
            self.alice.push(e.ListChanged("bob", 9))
            self.alice.enter(f"@bob {SECRET}")  # it is known who he is
            self.assertEqual([text for text, _ in self.bob.texts()], [SECRET])
            self.holds()

    def test_another_key_for_somebody_known(self) -> None:
        forged = self.chain(Town("bob"), "bob")
        self.wire.answers[e.AskLists] = answered(e.Lists, "bob", 0, forged)
        self.alice.push(e.ListChanged("bob", 9))
        self.assertEqual(self.alice.codes(), ["IDENTITY_CHANGED"])
        self.alice.enter(f"@bob {SECRET}", "/plain bob yes", f"@bob {SECRET}")
        self.assertEqual(self.alice.codes(), ["IDENTITY_CHANGED", "PLAIN_NEEDLESS", "IDENTITY_CHANGED"])
        self.assertEqual((self.bob.texts(), self.asked(m.Send)), ([], []))
        self.wire.honest()
        self.alice.enter("/verify bob", "/verify bob accept")
        self.assertEqual(self.wire.leaks(SECRET), [])

    def test_a_device_more(self) -> None:
        (blob,) = self.chain(self.town, "bob")
        signed = decode(blob, Signed)
        for at in range(0, len(signed.raw), 7):
            raw = signed.raw[:at] + bytes([signed.raw[at] ^ 1]) + signed.raw[at + 1 :]
            self.wire.answers[e.AskLists] = answered(e.Lists, "bob", 0, [blob, encode(Signed(raw, signed.signature))])
            self.alice.push(e.ListChanged("bob", 2))
            self.assertEqual(len(self.alice.codes()), 1)
        self.holds()

    def test_one_time_keys_that_are_none(self) -> None:
        carol = self.town.move_in("carol")
        (other,) = [key for command in self.bob.wire.sent if isinstance(command, e.PutKeys) for key in command.keys[:1]]
        own = next(command for command in carol.wire.sent if isinstance(command, e.PutKeys)).keys[0]
        signed = decode(own, Signed)
        weak = encode(Signed(signed.raw[:-60] + bytes(60), signed.signature))
        cases = {
            b"": "NO_ONE_TIME_KEY", other: "OTK_BAD_SIGNATURE", weak: "", b"rubbish": "MALFORMED",
            own[:-1] + bytes([own[-1] ^ 1]): "OTK_BAD_SIGNATURE",
        }  # fmt: skip
        for key, code in cases.items():
            for keys in ([key], [key] * 3, [] if not key else [key]):
                self.wire.answers[e.ClaimKeys] = answered(e.Claimed, keys)
                self.alice.enter(f"@carol {SECRET}")
                (told,) = self.alice.codes()
                self.assertIn(told, ((code,) if code else ("MALFORMED", "OTK_BAD_SIGNATURE")), key)
        self.assertEqual(carol.texts(), [])
        self.wire.honest()
        self.alice.enter("@carol at last")
        self.assertEqual([text for text, _ in carol.texts()], ["at last"])
        self.holds()


class MailTests(LyingTests):
    """The server does to mail what it likes."""

    def test_again_and_again(self) -> None:
        self.wire.lies[e.Mail] = lambda mail: [
            mail, mail, msgspec.structs.replace(mail, id=bytes(16)), msgspec.structs.replace(mail, seq=1),
            msgspec.structs.replace(mail, id=bytes([1] * 16), seq=mail.seq + 1_000),
        ]  # fmt: skip
        for number in range(5):
            self.bob.enter(f"@alice {number}", f"/group lab {number}!")
        self.town.live(3)
        expected = [text for number in range(5) for text in (f"{number}", f"{number}!")]
        self.assertEqual([text for text, _ in self.alice.texts()], expected)
        self.holds(anew=True)

    def test_everything_once_more_after_everything(self) -> None:
        for mail in self.heard(e.Mail):
            for number in range(3):
                identity = (1_000 * mail.seq + number).to_bytes(16, "big")
                self.alice.push(msgspec.structs.replace(mail, id=identity, seq=mail.seq + 1_000))
        self.assertEqual((self.alice.texts(), self.alice.codes()), ([], []))
        self.holds(anew=True)

    def test_backwards_and_with_gaps(self) -> None:
        waiting: list[Event] = []
        self.wire.lies[e.Mail] = lambda mail: waiting.append(mail) or []  # type: ignore[func-returns-value, redundant-expr]
        for number in range(10):
            self.bob.enter(f"@alice {number}")
        self.wire.lies.clear()
        del waiting[4]
        self.alice.push(*reversed(waiting))
        self.assertEqual(sorted(text for text, _ in self.alice.texts()), [str(it) for it in range(10) if it != 4])
        self.assertIn("GAP", self.alice.codes())
        self.again()  # what was never said to her comes from the mailbox, if it was not acknowledged
        self.holds()

    def test_under_another_name(self) -> None:
        self.town.move_in("carol").enter("@alice I am carol")
        (carol,) = (mail for mail in self.heard(e.Mail) if mail.sender == "carol")
        conversation = self.conversation()
        others: tuple[dict[str, Any], ...] = (
            {"sender": "carol", "device": carol.device}, {"sender": "alice"}, {"sender": "nobody"},
            {"conversation": "dm:alice:carol"}, {"conversation": conversation}, {"conversation": "#lobby"},
            {"conversation": "gid:" + "0" * 32}, {"type": "megolm", "sid": "x"}, {"type": "olm0"}, {"type": "sealed"},
        )  # fmt: skip
        self.forget()
        for number, other in enumerate(others):
            self.wire.lies[e.Mail] = lambda mail, other=other, number=number: [  # type: ignore[misc]
                msgspec.structs.replace(mail, id=bytes([number + 1] * 16), **other), mail,
            ]  # fmt: skip
            self.bob.enter(f"@alice {number}")
            self.town.live(1)
            self.assertEqual(
                [(said.sender, said.text) for said in self.alice.face.take(n.Said)], [("bob", str(number))]
            )
        self.holds()

    def test_flipped_bits(self) -> None:
        self.wire.lies[e.Mail] = _flipped
        for number in range(8):
            self.bob.enter(f"@alice {number}", f"/group lab {number}!")
            self.town.live(1)
        said = [text for text, _ in self.alice.texts()]
        self.assertEqual(said, [text for number in range(8) for text in (f"{number}", f"{number}!")])
        self.holds()


def _flipped(mail: e.Mail) -> list[Event]:
    """The mail after several that are a bit different."""
    found: list[Event] = []
    for at in range(0, len(mail.ciphertext), 90):
        bad = mail.ciphertext[:at] + bytes([mail.ciphertext[at] ^ 4]) + mail.ciphertext[at + 1 :]
        found.append(msgspec.structs.replace(mail, id=(at + 1).to_bytes(16, "big"), ciphertext=bad))
    return [*found, mail]


class GroupTests(LyingTests):
    """The server lies about who belongs to a group."""

    def test_logs_that_are_none(self) -> None:
        carol = self.town.move_in("carol")
        carol.enter("/join other private")
        gid = bytes.fromhex(self.conversation().removeprefix("gid:"))
        other = [command.entry for command in carol.wire.sent if isinstance(command, e.AppendGroup)]
        own = [command.entry for command in self.wire.sent if isinstance(command, e.AppendGroup)]
        signed = decode(own[-1], Signed)
        forged = encode(Signed(signed.raw, bytes(64)))
        self.forget()
        for entries in (other, own, own[::-1], [forged], [b"x"], [bytes(500)] * 9, [*own, forged]):
            self.wire.answers[e.AskGroup] = answered(e.GroupLog, gid, 0, entries)
            self.alice.push(e.GroupGrew(gid, 2**40))
            self.alice.enter("/members lab")
            (members,) = (it.event for it in self.alice.face.take(n.Answered) if isinstance(it.event, m.MemberList))
            self.assertEqual([member.name for member in members.members], ["alice", "bob"])
        self.assertEqual(set(self.alice.codes()), LOG_CODES)
        self.assertEqual(self.alice.face.take(n.Changed), [])

    def test_a_hidden_change_stops_what_is_said(self) -> None:
        """Bob is removed on alice's other side: here alice removes carol, and the server hides it from bob."""
        carol = self.town.move_in("carol")
        self.alice.enter("/invite lab carol")
        self.town.live(3)
        gid = bytes.fromhex(self.conversation().removeprefix("gid:"))
        self.bob.wire.answers[e.AskGroup] = answered(e.GroupLog, gid, 0, [])
        self.bob.wire.lies[e.GroupGrew] = lambda event: []
        self.forget()
        self.alice.enter("/kick lab carol")
        self.town.live(3)
        self.bob.enter(f"/group lab {SECRET}")
        self.town.live(3)
        self.assertIn("SERVER_HIDES_GROUP_CHANGE", self.bob.codes())
        self.assertEqual((carol.texts(), self.alice.texts()), ([], []))
        self.bob.wire.honest()
        self.bob.wire.cut()
        self.town.live(20)
        self.holds()


class RubbishTests(LyingTests):
    """Five hundred kinds of bytes in every field that has bytes: refused in our own words, and nothing breaks."""

    def test_in_every_field(self) -> None:
        chance = random.Random(11)
        carol = self.town.move_in("carol")
        (mail, *_) = self.heard(e.Mail)
        gid = bytes.fromhex(self.conversation().removeprefix("gid:"))
        (key, *_) = next(command for command in carol.wire.sent if isinstance(command, e.PutKeys)).keys
        entry = self.asked(e.AppendGroup)[0].entry
        blob = self.heard(e.Lists)[-1].chain or [b"list"]
        for number in range(500):
            field = chance.choice(("ciphertext", "commitment", "id", "sending", "tag"))
            one = msgspec.structs.replace(mail, id=chance.randbytes(16))
            self.wire.pushed.append(msgspec.structs.replace(one, **{field: _spoiled(getattr(one, field), chance)}))
            self.wire.answers[e.AskLists] = answered(e.Lists, "bob", 0, [_spoiled(blob[0], chance)])
            self.wire.answers[e.ClaimKeys] = answered(e.Claimed, [_spoiled(key, chance)])
            self.wire.answers[e.AskGroup] = answered(e.GroupLog, gid, 0, [_spoiled(entry, chance)])
            self.wire.answers[e.AskBackup] = answered(e.Backup, _spoiled(bytes(80), chance))
            self.alice.push(e.ListChanged("bob", 9), e.GroupGrew(gid, 99), e.Offers(0, [_spoiled(entry, chance)]))
            if not number % 10:
                self.alice.enter(f"@carol {SECRET}", "/verify bob")
        self.assertEqual((self.alice.texts(), self.alice.face.take(n.Changed), carol.texts()), ([], [], []))
        self.holds(anew=True)


def _spoiled(blob: bytes, chance: random.Random) -> bytes:
    """Another one, that somebody might think of."""
    at = chance.randrange(len(blob) + 1)
    kinds = (
        lambda: b"", lambda: chance.randbytes(chance.randrange(600)), lambda: blob[:at], lambda: blob + blob,
        lambda: bytes(len(blob)), lambda: blob[:at] + chance.randbytes(3) + blob[at + 3 :], lambda: b"\xc1" + blob,
        lambda: b"\x91" * 5_000, lambda: encode([None, {}, [], 5, "x" * at, -1][: chance.randrange(7)]),
        lambda: encode(Signed(chance.randbytes(90), bytes(64))), lambda: encode(Signed(blob, chance.randbytes(64))),
    )  # fmt: skip
    return chance.choice(kinds)()
