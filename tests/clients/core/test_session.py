"""Tests of clients.core.session: what follows from each event and each wish, one Step at a time."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd import moderation as o
from chatd import people as p
from clients.core import edits
from clients.core import intents as i
from clients.core import notices as n
from clients.core import records as r
from clients.core.conversations import Conversations
from clients.core.login import Entrance, Who
from clients.core.outbox import Outbox, Outgoing
from clients.core.pulse import DEAD, QUIET, SILENT
from clients.core.reading import KEEP, SKIP, WATCH, Reading
from clients.core.session import LONGEST_TEXT, WAITED, Session
from tests.clients.kit import DEVICE, greeting, message, position, welcome

ID = b"i" * 16


def session(*positions: m.Position, receive: str = "keep", cursors: dict[str, int] | None = None) -> Session:
    """Alice, logged in at second 0."""
    made = Session(Entrance(Who("alice", True), DEVICE), Outbox(), Reading(cursors or {}), "", receive)
    made.connected(0.0, b"")
    made.received(0.0, greeting())
    made.received(0.0, welcome(*positions))
    return made


def item(to: str = "#lobby", text: str = "hi", message_id: bytes = ID) -> Outgoing:
    """A message of alice's."""
    return Outgoing(message_id, to, text, 0)


class LoginTests(SynchronousTestCase):
    """From the open line to the welcome."""

    def setUp(self) -> None:
        self.session = Session(Entrance(Who("alice", False), DEVICE), Outbox([item()]), Reading(), "")

    def test_the_client_speaks_first(self) -> None:
        step = self.session.connected(0.0, b"bind")
        self.assertEqual(step.commands, [m.Hello([1], ["resume", "receipts"], "chat/0.1")])

    def test_the_epoch_and_the_try_are_kept_before_the_claim_goes_out(self) -> None:
        self.session.connected(0.0, b"bind")
        step = self.session.received(0.0, greeting())
        self.assertEqual(step.records, [r.Epoch("one", False), r.Try("alice")])
        self.assertIsInstance(step.commands[0], m.SignUp)

    def test_the_welcome_sends_what_waits(self) -> None:
        self.session.connected(0.0, b"")
        self.session.received(0.0, greeting())
        step = self.session.received(0.0, welcome(position("#g", 5, 3), position("dm:alice:bob", 4, 2, floor=3)))
        told = step.notices[0]
        assert isinstance(told, n.Welcomed)
        self.assertEqual(told.unread, (("#g", 2), ("@bob", 1)))
        self.assertEqual((told.name, told.present, told.waiting, told.again), ("alice", ("bob",), 1, False))
        self.assertIn(r.Claim("alice", b"token", True), step.records)
        self.assertIn(r.KeepCursor("#g", 3), step.records)
        sends = [(c.to, c.id, c.text) for c in step.commands if isinstance(c, m.Send)]
        self.assertEqual(sends, [("#lobby", ID, "hi")])

    def test_another_epoch_forgets_the_cursors(self) -> None:
        made = Session(Entrance(Who("alice", True), DEVICE), Outbox(), Reading({"#g": 9}), "one")
        made.connected(0.0, b"")
        step = made.received(0.0, greeting("two"))
        self.assertEqual(step.records, [r.Epoch("two", True)])
        made.received(0.0, welcome(position("#g", 3, 1)))
        self.assertEqual(len(made.received(0.0, message("#g", 2)).notices), 1)

    def test_no_way_in_stops(self) -> None:
        self.session.connected(0.0, b"")
        self.session.received(0.0, greeting())
        step = self.session.received(0.0, m.Failed(2, "bad-invitation", "no"))
        self.assertEqual((step.stop, step.again), ("no", False))
        self.assertEqual(step.notices, [n.Refused("bad-invitation", "no")])

    def test_throttled_comes_again_when_told(self) -> None:
        self.session.connected(0.0, b"")
        self.session.received(0.0, greeting())
        step = self.session.received(0.0, m.Failed(2, "throttled", "wait", [], 7.0))
        self.assertEqual((step.stop, step.again, step.retry), ("wait", True, 7.0))

    def test_a_silent_server_is_given_up(self) -> None:
        self.session.connected(0.0, b"")
        self.assertEqual(self.session.deadline(), QUIET)
        self.assertTrue(self.session.tick(QUIET).stop)


class SayingTests(SynchronousTestCase):
    """A message's way to accepted and delivered."""

    def test_kept_first_then_sent(self) -> None:
        step = session().say(1.0, [item()])
        self.assertEqual(step.records, [r.Queue(item())])
        self.assertEqual([c.id for c in step.commands if isinstance(c, m.Send)], [ID])

    def test_without_a_line_it_waits_and_says_so(self) -> None:
        alice = session()
        alice.lost(1.0)
        step = alice.say(2.0, [item()])
        self.assertEqual(step.notices, [n.Outcome(ID, "#lobby", "hi", "waiting")])
        self.assertEqual((step.records, step.commands), ([r.Queue(item())], []))

    def test_resent_in_order_with_the_same_ids_until_accepted(self) -> None:
        alice = session()
        items = [item(text=str(number), message_id=bytes([number]) * 16) for number in range(5)]
        first = alice.say(1.0, items).commands
        alice.received(1.0, m.Accepted(first[0].ref, "#lobby", 1, 0, "sent"))  # type: ignore[union-attr]
        alice.lost(2.0)
        alice.connected(3.0, b"")
        alice.received(3.0, greeting())
        again = alice.received(3.0, welcome()).commands
        self.assertEqual([(c.id, c.text) for c in again if isinstance(c, m.Send)], [(i.id, i.text) for i in items[1:]])

    def test_accepted_leaves_the_outbox_and_is_in_the_history(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item("@bob")]).commands
        step = alice.received(1.0, m.Accepted(send.ref, "dm:alice:bob", 1, 99, "stored"))  # type: ignore[union-attr]
        self.assertEqual(step.notices, [n.Outcome(ID, "@bob", "hi", "stored", "dm:alice:bob", 1, 99)])
        kept = r.KeepMessage("dm:alice:bob", 1, 99, "alice", ID, "hi", True, "bob")
        self.assertEqual(step.records, [r.Unqueue(ID), kept, r.KeepCursor("dm:alice:bob", 1)])
        self.assertTrue(alice.idle())

    def test_what_goes_to_operators_only_is_in_no_history(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item("#g")]).commands
        step = alice.received(1.0, m.Accepted(send.ref, "#g", 0, 99, "sent"))  # type: ignore[union-attr]
        [told] = step.notices
        assert isinstance(told, n.Outcome)
        self.assertEqual((told.state, step.records, alice.idle()), ("passed", [r.Unqueue(ID)], True))

    def test_delivered_is_told_once_with_what_it_was_before(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item("@bob")]).commands
        alice.received(1.0, m.Accepted(send.ref, "dm:alice:bob", 1, 99, "stored"))  # type: ignore[union-attr]
        [told] = alice.received(2.0, m.Delivered("dm:alice:bob", 1, "bob")).notices
        assert isinstance(told, n.Outcome)
        self.assertEqual((told.state, told.before), ("delivered", "stored"))
        self.assertEqual(alice.received(3.0, m.Delivered("dm:alice:bob", 1, "bob")).notices, [])

    def test_T24_a_final_refusal_is_told_and_forgotten(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item("@zoe")]).commands
        failed = m.Failed(send.ref, "no-such-user", "no", ["zed"])  # type: ignore[union-attr]
        step = alice.received(1.0, failed)
        self.assertEqual(step.records, [r.Unqueue(ID)])
        [told] = step.notices
        assert isinstance(told, n.Refused)
        self.assertEqual((told.code, told.near, told.intent), ("no-such-user", ("zed",), i.Tell(("@zoe",), "hi")))

    def test_a_passing_refusal_is_tried_again(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item()]).commands
        step = alice.received(1.0, m.Failed(send.ref, "busy", "later", [], 5.0))  # type: ignore[union-attr]
        self.assertEqual((step.notices, step.records), ([], []))
        self.assertEqual(alice.deadline(), 6.0)
        self.assertEqual([c.id for c in alice.tick(6.0).commands if isinstance(c, m.Send)], [ID])

    def test_T05_a_text_no_frame_can_carry_is_refused_here(self) -> None:
        step = session().say(1.0, [item(text="x" * (LONGEST_TEXT + 1))])
        [told] = step.notices
        assert isinstance(told, n.Refused)
        self.assertEqual((told.code, step.records, step.commands), ("text-too-long", [], []))


class PassingTests(SynchronousTestCase):
    """What is kept nowhere: what guests say and are told, words to operators."""

    def refused(self, alice: Session, send: Any) -> Any:
        """The server says that one of the two is a guest."""
        return alice.received(1.0, m.Failed(send.ref, "guest", "Guests cannot."))

    def test_to_a_guest_it_is_passed_on_with_the_same_id(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item("@gast")]).commands
        step = self.refused(alice, send)
        [passing] = step.commands
        assert isinstance(passing, p.Pass)
        self.assertEqual((passing.to, passing.id, passing.text), ("@gast", ID, "hi"))
        self.assertEqual((step.notices, step.records, alice.idle()), ([], [], False))
        step = alice.received(1.0, p.Passed(passing.ref, 99))
        self.assertEqual(step.notices, [n.Outcome(ID, "@gast", "hi", "passed", at=99)])
        self.assertEqual((step.records, alice.idle()), ([r.Unqueue(ID)], True))
        self.assertEqual(alice.received(1.0, p.Passed(passing.ref, 99)).notices, [])

    def test_a_guest_who_has_gone_or_takes_nothing_is_a_refusal(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item("@gast")]).commands
        [passing] = self.refused(alice, send).commands
        step = alice.received(1.0, m.Failed(passing.ref, "not-here", "gast is not here."))
        [told] = step.notices
        assert isinstance(told, n.Refused)
        self.assertEqual((told.code, told.intent), ("not-here", i.Tell(("@gast",), "hi")))
        self.assertEqual((step.records, alice.idle()), ([r.Unqueue(ID)], True))

    def test_what_waited_for_the_connection_is_not_for_another_guest_of_that_name(self) -> None:
        alice = session()
        [send] = alice.say(1.0, [item("@gast")]).commands
        self.refused(alice, send)
        alice.lost(2.0)
        alice.connected(3.0, b"")
        alice.received(3.0, greeting())
        [send] = alice.received(3.0, welcome()).commands
        assert isinstance(send, m.Send)
        step = self.refused(alice, send)
        [told] = step.notices
        assert isinstance(told, n.Refused)
        self.assertEqual((told.code, told.text, step.commands), ("guest", WAITED, []))
        self.assertEqual(step.records, [r.Unqueue(ID)])

    def test_what_comes(self) -> None:
        alice = session()
        for event, told in (
            (p.Passing("gast", "alice", ID, 9, "hi"), n.Passing("gast", "@alice", ID, 9, "hi")),
            (p.Passing("alice", "gast", ID, 9, "hi"), n.Passing("alice", "@gast", ID, 9, "hi", True)),
            (p.Passing("bob", "#g", ID, 9, "hi", least="h"), n.Passing("bob", "#g", ID, 9, "hi", False, "h")),
            (p.Passing("bob", "#g", ID, 9, "beep", "notice"), n.Passing("bob", "#g", ID, 9, "beep")),
        ):
            step = alice.received(1.0, event)
            self.assertEqual((step.notices, step.records, step.commands), ([told], [], []))

    def test_typing_the_ignored_and_what_nobody_reads_are_not_told(self) -> None:
        alice = session()
        self.assertEqual(
            alice.received(1.0, p.Passing("bob", "alice", ID, 9, "", "tags", "+typing=active")).notices, []
        )
        alice.ignored.add("bob")
        self.assertEqual(alice.received(1.0, p.Passing("bob", "alice", ID, 9, "hi")).notices, [])
        self.assertEqual(session(receive=SKIP).received(1.0, p.Passing("bob", "alice", ID, 9, "hi")).notices, [])
        self.assertEqual(len(session(receive=WATCH).received(1.0, p.Passing("bob", "alice", ID, 9, "hi")).notices), 1)


class ReadingTests(SynchronousTestCase):
    """Messages that come."""

    def test_shown_and_kept_with_the_cursor_in_one_step(self) -> None:
        step = session(position("#g", 3, 3)).received(1.0, message("#g", 4))
        self.assertEqual(step.notices, [n.Said("#g", 4, 4000, "bob", (4).to_bytes(16, "big"), "hi")])
        kept = r.KeepMessage("#g", 4, 4000, "bob", (4).to_bytes(16, "big"), "hi", False)
        self.assertEqual(step.records, [kept, r.KeepCursor("#g", 4)])

    def edit(self, sender: str, known: tuple[str, bytes, str]) -> Any:
        """Somebody's message of another one's id comes; known is what this device has."""
        alice = session(position("#g", 3, 3))
        alice.wrote = lambda *asked: asked == known
        return alice.received(1.0, msgspec.structs.replace(message("#g", 4, sender), tags=edits.tags(ID)))

    def test_only_who_said_something_says_it_anew(self) -> None:
        step = self.edit("bob", ("#g", ID, "bob"))
        self.assertEqual([said.edits for said in step.notices], [ID])
        self.assertEqual(step.records, [r.KeepEdit("#g", ID, "bob", 4, "hi"), r.KeepCursor("#g", 4)])
        for sender, known in (("mallory", ("#g", ID, "bob")), ("bob", ("#h", ID, "bob")), ("bob", ("#g", b"", "bob"))):
            step = self.edit(sender, known)
            self.assertEqual([said.edits for said in step.notices], [b""])
            self.assertIsInstance(step.records[0], r.KeepMessage)

    def test_an_edit_of_ones_own(self) -> None:
        for known in (True, False):
            alice = session(position("#g", 3, 3))
            alice.wrote = lambda *asked, known=known: known and asked == ("#g", ID, "alice")
            step = alice.say(1.0, [Outgoing(b"e" * 16, "#g", "anew", 0, ID)])
            (send,) = step.commands
            assert isinstance(send, m.Send)
            self.assertEqual(send.tags, edits.tags(ID))
            step = alice.received(1.0, m.Accepted(send.ref, "#g", 4, 99, "sent"))
            (told,) = step.notices
            assert isinstance(told, n.Outcome)
            self.assertEqual(told.edits, ID if known else b"")
            edit = r.KeepEdit("#g", ID, "alice", 4, "anew")
            kept = r.KeepMessage("#g", 4, 99, "alice", b"e" * 16, "anew", True)
            self.assertEqual(step.records[1], edit if known else kept)

    def test_what_is_taken_away_is_so_here_too(self) -> None:
        step = session(position("#g", 3, 3)).received(1.0, o.Redacted("#g", 2, ID, "bob", "typo"))
        self.assertEqual(step.notices, [n.TakenAway("#g", 2, "bob", "typo")])
        self.assertEqual(step.records, [r.TakeAway("#g", 2, "(taken away: typo)")])

    def test_a_repeat_is_dropped(self) -> None:
        alice = session(position("#g", 3, 3))
        alice.received(1.0, message("#g", 4))
        step = alice.received(1.0, message("#g", 4))
        self.assertEqual((step.notices, step.records), ([], []))

    def test_T25_what_was_sent_before_the_login_is_marked(self) -> None:
        alice = session(position("#g", 3, 2))
        stored, live = (alice.received(1.0, message("#g", seq)).notices[0] for seq in (3, 4))
        assert isinstance(stored, n.Said) and isinstance(live, n.Said)
        self.assertEqual((stored.stored, live.stored), (True, False))

    def test_acknowledged_at_once_then_once_a_second(self) -> None:
        alice = session(position("#g", 3, 3))
        alice.received(1.0, message("#g", 4))
        self.assertEqual(alice.settle(1.0).commands, [m.Acknowledge("#g", 4)])
        alice.received(1.1, message("#g", 5))
        self.assertEqual((alice.settle(1.1).commands, alice.deadline()), ([], 2.0))
        self.assertEqual(alice.tick(2.0).commands, [m.Acknowledge("#g", 5)])

    def test_own_from_another_session_is_shown_as_own(self) -> None:
        [said] = session().received(1.0, message("dm:alice:bob", 1, "alice")).notices
        assert isinstance(said, n.Said)
        self.assertEqual((said.own, said.peer), (True, "bob"))

    def test_own_whose_acceptance_was_lost_is_not_shown(self) -> None:
        alice = session()
        alice.say(1.0, [item()])
        alice.lost(2.0)
        alice.connected(3.0, b"")
        alice.received(3.0, greeting())
        alice.received(3.0, welcome())
        step = alice.received(3.0, message("#lobby", 1, "alice", "hi", ID))
        self.assertEqual(step.notices, [])
        self.assertIn(r.KeepCursor("#lobby", 1), step.records)

    def test_watching_shows_and_keeps_nothing(self) -> None:
        alice = session(position("#g", 3, 3), receive=WATCH)
        step = alice.received(1.0, message("#g", 4))
        self.assertEqual((len(step.notices), step.records), (1, []))
        self.assertEqual(alice.received(1.0, message("#g", 4)).notices, [])
        self.assertEqual(alice.tick(3.0).commands, [])

    def test_skipping_does_nothing(self) -> None:
        alice = session(position("#g", 3, 3), receive=SKIP)
        step = alice.received(1.0, message("#g", 4))
        self.assertEqual((step.notices, step.records), ([], []))

    def test_the_ignored_are_kept_and_not_shown(self) -> None:
        alice = session(position("#g", 3, 3))
        alice.ignored.add("bob")
        step = alice.received(1.0, message("#g", 4))
        self.assertEqual((step.notices, len(step.records)), ([], 2))

    def test_behind_until_everything_stored_has_come(self) -> None:
        alice = session(position("#g", 3, 1))
        self.assertTrue(alice.behind())
        alice.received(1.0, message("#g", 2))
        alice.received(1.0, message("#g", 3))
        self.assertFalse(alice.behind())

    def test_a_group_one_was_put_out_of_is_forgotten(self) -> None:
        step = session(position("#g", 3, 3)).received(1.0, m.GroupChange("#g", "kicked", "alice", "bob"))
        self.assertEqual(step.records, [r.KeepCursor("#g", 0)])

    def test_a_group_with_another_name_goes_on_where_it_was(self) -> None:
        alice = session(position("#g", 3, 3))
        alice.state.look_at("#g")
        step = alice.received(1.0, o.Renamed("#g", "#h", "bob", "better"))
        self.assertEqual(step.notices, [n.Told("renamed", "bob has renamed #g to #h (better).", "#g", "#h")])
        self.assertEqual(step.records, [r.Rename("#g", "#h")])
        self.assertEqual((alice.state.focus, list(alice.state.positions)), ("#h", ["#lobby", "#h"]))
        self.assertEqual(alice.received(1.0, message("#h", 3)).notices, [])
        self.assertEqual(len(alice.received(1.0, message("#h", 4)).notices), 1)
        self.assertEqual(alice.received(1.0, o.Renamed("#x", "#y", "bob")).records, [r.Rename("#x", "#y")])

    def test_what_is_new_to_it_is_no_harm(self) -> None:
        alice = session()
        for event in (o.ModesChanged(0, "#g", "bob", []), p.PersonChanged("bob", "bob", "nick", "rob")):
            self.assertEqual(alice.received(1.0, event).notices, [])

    def test_another_client_of_ones_own_joins(self) -> None:
        alice = session()
        step = alice.received(1.0, m.GroupInfo(0, position("#g", 3, 3), 2))
        self.assertEqual((step.notices, step.records), ([], [r.KeepCursor("#g", 3)]))
        self.assertIn("#g", alice.state.positions)
        self.assertEqual(alice.received(1.0, m.GroupInfo(0, position("#g", 3, 3), 2)).records, [])
        invited = m.GroupChange("#h", "invited", "alice", "bob")
        self.assertEqual(alice.received(1.0, invited).notices, [])


class AnewTests(SynchronousTestCase):
    """A group has ended, and another one has its name; or a group has another name."""

    MADE = 1_795_341_600_000
    APART = "#g (until 2026-11-22)"

    def session(self, *positions: m.Position, created: dict[str, int] | None = None, **more: Any) -> Session:
        """Alice, who has read #g up to 9 when it was made at 5."""
        known = Conversations({"#g": 5} if created is None else created)
        reading = Reading({"#g": 9}, {"#g": [11]})
        made = Session(Entrance(Who("alice", True), DEVICE), Outbox(), reading, "one", KEEP, known)
        made.connected(0.0, b"")
        made.received(0.0, greeting())
        self.step = made.received(0.0, welcome(*positions))
        return made

    def kept(self) -> list[r.Record]:
        """What the welcome lets keep, but for the login."""
        return [
            record for record in self.step.records if not isinstance(record, r.Claim) and "#lobby" not in repr(record)
        ]

    def test_when_a_group_was_made_is_kept_once(self) -> None:
        alice = self.session(position("#g", 9, 9, created=5), position("#h", 3, 3, created=6))
        self.assertEqual(self.kept(), [r.KeepCreated("#h", 6), r.KeepCursor("#h", 3)])
        alice.connected(1.0, b"")
        alice.received(1.0, greeting())
        self.step = alice.received(1.0, welcome(position("#g", 9, 9, created=5), position("#h", 3, 3, created=6)))
        self.assertEqual(self.kept(), [])

    def test_another_group_begins_anew_and_the_earlier_one_is_set_apart(self) -> None:
        alice = self.session(position("#g", 2, 0, created=self.MADE))
        self.assertEqual(
            self.kept(), [r.SetApart("#g", self.APART, 5), r.KeepCreated("#g", self.MADE), r.KeepCursor("#g", 0)]
        )
        [welcomed, told] = self.step.notices
        assert isinstance(welcomed, n.Welcomed) and isinstance(told, n.Local)
        self.assertEqual((welcomed.unread, self.APART in told.lines[0]), ((("#g", 2),), True))
        self.assertEqual([len(alice.received(1.0, message("#g", seq)).notices) for seq in (1, 2, 11)], [1, 1, 1])

    def test_an_older_profile_takes_the_servers_word(self) -> None:
        self.session(position("#g", 9, 9, created=self.MADE), created={})
        self.assertEqual(self.kept(), [r.KeepCreated("#g", self.MADE)])

    def test_an_older_server_says_nothing_of_it(self) -> None:
        self.session(position("#g", 9, 9))
        self.assertEqual(self.kept(), [])

    def test_joining_it_oneself_or_from_elsewhere(self) -> None:
        for ref in (0, 1):
            alice = self.session()
            alice.received(1.0, m.GroupChange("#g", "left", "alice"))
            [join] = alice.ask(1.0, i.JoinGroup("#g")).commands if ref else [m.Ping(0)]
            info = m.GroupInfo(join.ref, position("#g", 0, 0, created=self.MADE), 1)  # type: ignore[union-attr]
            step = alice.received(1.0, info)
            self.assertEqual(step.records[:2], [r.SetApart("#g", self.APART, 5), r.KeepCreated("#g", self.MADE)])
            self.assertEqual(len(alice.received(2.0, message("#g", 1)).notices), 1)

    def test_the_same_group_goes_on(self) -> None:
        alice = self.session()
        [join] = alice.ask(1.0, i.JoinGroup("#g")).commands
        info = m.GroupInfo(join.ref, position("#g", 12, 12, created=5), 2)  # type: ignore[union-attr]
        self.assertEqual(alice.received(1.0, info).records, [r.KeepCursor("#g", 12)])

    def test_what_was_delivered_in_the_earlier_one_is_not_told_of_the_later(self) -> None:
        alice = self.session(position("#g", 9, 9, created=5))
        [send] = alice.say(1.0, [item("#g")]).commands
        alice.received(1.0, m.Accepted(send.ref, "#g", 10, 99, "sent"))  # type: ignore[union-attr]
        alice.received(1.0, m.GroupChange("#g", "left", "alice"))
        alice.received(1.0, m.GroupInfo(0, position("#g", 0, 0, created=self.MADE), 1))
        self.assertEqual(alice.received(2.0, m.Delivered("#g", 10, "bob")).notices, [])

    def test_watching_begins_anew_too(self) -> None:
        alice = self.session(position("#g", 9, 9, created=5))
        alice.receive = WATCH
        alice.received(1.0, m.GroupChange("#g", "left", "alice"))
        alice.received(1.0, m.GroupInfo(0, position("#g", 0, 0, created=self.MADE), 1))
        self.assertEqual(len(alice.received(2.0, message("#g", 1)).notices), 1)

    def test_a_new_name_is_found_out_at_the_next_login(self) -> None:
        alice = self.session(position("#h", 11, 9, created=5))
        self.assertEqual(self.kept(), [r.Rename("#g", "#h")])
        self.assertEqual(self.step.notices[1], n.Local(("#g is called #h now.",)))
        self.assertEqual([len(alice.received(1.0, message("#h", seq)).notices) for seq in (9, 10, 11)], [0, 1, 0])

    def test_the_focus_goes_along(self) -> None:
        alice = self.session(position("#g", 9, 9, created=5))
        alice.state.look_at("#g")
        alice.lost(1.0)
        alice.connected(2.0, b"")
        alice.received(2.0, greeting())
        alice.received(2.0, welcome(position("#h", 9, 9, created=5)))
        self.assertEqual(alice.state.focus, "#h")

    def test_a_name_that_an_earlier_group_had_here(self) -> None:
        alice = self.session(position("#g", 9, 9, created=5), created={"#g": 5, "#h": 4})
        step = alice.received(1.0, o.Renamed("#g", "#h", "bob", at=self.MADE))
        apart = "#h (until 2026-11-22)"
        self.assertEqual(step.records, [r.SetApart("#h", apart, 4), r.Rename("#g", "#h")])
        self.assertEqual(alice.conversations.created, {"#h": 5, apart: 4})
        self.assertEqual(len(alice.received(1.0, message("#h", 10)).notices), 1)


class AskingTests(SynchronousTestCase):
    """Questions and answers."""

    def test_an_answer_belongs_to_its_intent(self) -> None:
        alice = session()
        [who] = alice.ask(1.0, i.ListPeople()).commands
        [told] = alice.received(1.5, m.WhoList(who.ref, [], 0)).notices  # type: ignore[union-attr]
        self.assertEqual(told, n.Answered(i.ListPeople(), m.WhoList(who.ref, [], 0), False, 0.5))  # type: ignore[union-attr]
        self.assertTrue(alice.idle())

    def test_a_join_knows_whether_one_was_in(self) -> None:
        alice = session(position("#g", 3, 3))
        for group, known in (("#g", True), ("#h", False), ("#h", True)):
            [join] = alice.ask(1.0, i.JoinGroup(group)).commands
            info = m.GroupInfo(join.ref, position(group, 7, 7), 2)  # type: ignore[union-attr]
            [told] = alice.received(1.0, info).notices
            assert isinstance(told, n.Answered)
            self.assertEqual(told.known, known)

    def test_after_a_join_one_reads_from_there(self) -> None:
        alice = session()
        [join] = alice.ask(1.0, i.JoinGroup("#h")).commands
        step = alice.received(1.0, m.GroupInfo(join.ref, position("#h", 7, 7), 2))  # type: ignore[union-attr]
        self.assertEqual(step.records, [r.KeepCursor("#h", 7)])
        self.assertEqual(alice.received(1.0, message("#h", 7)).notices, [])

    def test_each_change_that_may_not_be_is_told_before_the_answer(self) -> None:
        alice = session()
        wish = i.ChangeModes("#g", (o.ModeChange(True, "m"), o.ModeChange(True, "z")))
        [asked] = alice.ask(1.0, wish).commands
        assert isinstance(asked, o.SetModes)
        refused = o.ModeRefused(asked.ref, "#g", asked.changes[1], "bad-mode", "'z' is no mode of a group.")
        self.assertEqual(
            alice.received(1.0, refused).notices, [n.Refused("bad-mode", "'z' is no mode of a group.", intent=wish)]
        )
        self.assertFalse(alice.idle())
        self.assertEqual(alice.received(1.0, m.GroupChange("#g", "announce", "alice", "alice")).notices, [])
        self.assertEqual(len(alice.received(1.0, m.GroupChange("#g", "kicked", "bob", "alice")).notices), 1)
        answer = o.ModesChanged(asked.ref, "#g", "alice", asked.changes[:1])
        self.assertEqual(alice.received(1.0, answer).notices, [n.Answered(wish, answer)])
        self.assertTrue(alice.idle())
        self.assertEqual(alice.received(1.0, refused).notices, [])
        self.assertEqual(len(alice.received(1.0, m.GroupChange("#g", "talk", "alice", "alice")).notices), 1)

    def test_changes_that_others_make_are_told(self) -> None:
        event = o.ModesChanged(0, "#g", "bob", [o.ModeChange(True, "f", "30")])
        self.assertEqual(session().received(1.0, event).notices, [n.ModesSet(event)])

    def test_without_a_line_nothing_is_asked(self) -> None:
        alice = session()
        alice.lost(1.0)
        [told] = alice.ask(2.0, i.ListPeople()).notices
        assert isinstance(told, n.Refused)
        self.assertEqual(told.code, "not-connected")

    def test_a_question_the_line_broke_over_is_told(self) -> None:
        alice = session()
        alice.ask(1.0, i.ListPeople())
        [told] = alice.lost(2.0).notices
        assert isinstance(told, n.Refused)
        self.assertEqual((told.code, told.intent), ("not-connected", i.ListPeople()))

    def test_goodbye_acknowledges_first(self) -> None:
        alice = session(position("#g", 3, 3))
        alice.received(1.0, message("#g", 4))
        step = alice.ask(1.1, i.Leave())
        self.assertEqual([type(c) for c in step.commands], [m.Acknowledge, m.Quit])


class LifeTests(SynchronousTestCase):
    """Presence, pings, the end."""

    def test_presence(self) -> None:
        alice = session()
        self.assertEqual(alice.received(1.0, m.Presence("zoe", "online")).notices, [n.Came("zoe", "online")])
        self.assertEqual(alice.received(1.0, m.Presence("zoe", "online")).notices, [])
        self.assertEqual(alice.received(1.0, m.Presence("zoe", "lost")).notices, [n.Came("zoe", "lost", "", "online")])
        self.assertEqual(alice.received(1.0, m.Presence("alice", "away")).notices, [])

    def test_a_quiet_line_is_asked_and_a_dead_one_given_up(self) -> None:
        alice = session()
        self.assertEqual(alice.deadline(), QUIET)
        self.assertIsInstance(alice.tick(QUIET).commands[0], m.Ping)
        self.assertEqual(alice.deadline(), QUIET + DEAD)
        self.assertTrue(alice.tick(QUIET + DEAD).stop)

    def test_a_pong_is_a_sign_of_life(self) -> None:
        alice = session()
        [ping] = alice.tick(QUIET).commands
        step = alice.received(QUIET + 1, m.Pong(ping.ref, 0))  # type: ignore[union-attr]
        self.assertEqual((step.notices, alice.deadline()), ([], 2 * QUIET + 1))

    def test_who_only_listens_pings_too(self) -> None:
        alice = session()
        for second in range(1, int(SILENT), 10):
            alice.received(float(second), m.Presence("zoe", "online" if second % 20 else "offline"))
        self.assertIsInstance(alice.tick(SILENT).commands[0], m.Ping)

    def test_byes(self) -> None:
        alice = session()
        self.assertEqual(alice.received(1.0, m.Bye("stopping", "back soon")).again, True)
        self.assertEqual(alice.received(1.0, m.Bye("goodbye", "bye")).again, False)
        step = alice.received(1.0, m.Bye("ended-elsewhere", "you"))
        self.assertEqual((step.again, step.notices), (False, [n.Refused("ended-elsewhere", "you")]))

    def test_the_servers_words(self) -> None:
        told = session().received(1.0, m.Notice("slow-down", "slower")).notices
        self.assertEqual(told, [n.Told("slow-down", "slower")])
