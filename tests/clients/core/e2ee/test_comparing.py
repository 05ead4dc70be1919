"""Tests of clients.core.e2ee.comparing: honest people end verified; out of order, too late or among liars nobody."""

from __future__ import annotations

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import comparing, own, pins, sas
from clients.core.e2ee.bodies import Comparing
from clients.core.e2ee.comparing import EXPECTED, LONGEST, MOST, Ended, Strings, Tell, Wanted
from clients.core.e2ee.keys import LOW_ORDER, Ritual
from clients.core.e2ee.receiving import Delivered
from clients.core.e2ee.sas import Side, Start
from tests.clients.core.e2ee.kit import Phone, people, refused, talked


def trust(phone: Phone, user: str) -> str:
    """How much a phone trusts somebody."""
    pin = pins.find(phone.batch(), user)
    assert pin is not None
    return pin.trust


class Pair(SynchronousTestCase):
    """Alice and bob, who know each other but have not compared."""

    def setUp(self) -> None:
        self.server, (self.alice, self.bob) = people("alice", "bob")
        talked(self.alice, self.bob)

    def settle(self, *phones: Phone) -> None:
        """Mail goes to and fro until there is none."""
        for _ in range(5):
            for phone in phones or (self.alice, self.bob):
                phone.fetch()

    def up_to_strings(self) -> None:
        """Alice asks, bob accepts, both see them."""
        self.alice.verify("bob")
        self.settle()
        self.assertEqual(self.bob.compared, [Wanted("alice")])
        self.bob.verify("alice")
        self.settle()

    def confirm(self, phone: Phone, user: str) -> None:
        """A person says yes."""
        phone.compare(lambda batch: phone.comparisons.confirm(batch, user))

    def trusts(self) -> tuple[str, str]:
        """How much each trusts the other."""
        return trust(self.alice, "bob"), trust(self.bob, "alice")

    def next(self, phone: Phone) -> Delivered:
        """The next message for somebody, before their program has thought about it."""
        item = self.server.mail[phone.address].pop(0)
        outcome = phone.take(item)
        assert isinstance(outcome, Delivered)
        return outcome

    def give(self, phone: Phone, delivered: Delivered, **lies: object) -> list[comparing.Outcome]:
        """Let somebody's program think about a message, changed by its sender."""
        assert isinstance(delivered.body, Comparing)
        kind = str(lies.pop("kind", delivered.kind))
        body = msgspec.structs.replace(delivered.body, **lies)
        changed = msgspec.structs.replace(delivered, body=body, kind=kind)
        return phone.compare(lambda batch: phone.comparisons.arrived(batch, changed, self.server.now))


class HonestTests(Pair):
    """Nobody lies."""

    def test_both_say_yes(self) -> None:
        self.up_to_strings()
        one, other = self.alice.strings(), self.bob.strings()
        self.assertEqual((one.user, other.user, one.short), ("bob", "alice", other.short))
        self.assertEqual((len(one.short.emoji), len(one.short.numbers)), (7, 3))
        self.confirm(self.alice, "bob")
        self.settle()
        self.assertEqual(self.trusts(), ("seen", "seen"))
        self.confirm(self.bob, "alice")
        self.assertEqual(self.trusts(), ("seen", "verified"))
        self.settle()
        self.assertEqual(self.trusts(), ("verified", "verified"))
        self.assertEqual((self.alice.ended(), self.bob.ended()), (["SAS_DONE"], ["SAS_DONE"]))
        self.assertEqual((self.alice.comparisons.until, self.bob.comparisons.until), (None, None))

    def test_bob_begins_and_says_yes_last(self) -> None:
        self.bob.verify("alice")
        self.settle()
        self.alice.verify("bob")
        self.settle()
        self.assertEqual(self.alice.strings().short, self.bob.strings().short)
        self.confirm(self.alice, "bob")
        self.confirm(self.bob, "alice")
        self.settle()
        self.assertEqual(self.trusts(), ("verified", "verified"))

    def test_both_begin_at_once(self) -> None:
        self.alice.verify("bob")
        self.bob.verify("alice")
        self.settle()
        self.assertEqual(self.alice.strings().short, self.bob.strings().short)
        self.assertEqual((self.alice.ended(), self.bob.ended()), ([], []))

    def test_the_device_that_answers_first(self) -> None:
        tablet = Phone(self.server, "bob", self.bob)
        self.alice.refresh("bob")
        self.alice.verify("bob")
        self.settle(self.alice, self.bob, tablet)
        self.assertEqual((self.bob.compared, tablet.compared), ([Wanted("alice")], [Wanted("alice")]))
        tablet.verify("alice")
        self.settle(self.alice, self.bob, tablet)
        self.assertEqual(self.bob.ended(), ["SAS_ELSEWHERE"])
        self.assertEqual(self.alice.strings().short, tablet.strings().short)
        self.assertEqual(self.bob.comparisons.phase("alice"), None)

    def test_both_begin_and_one_has_another_device(self) -> None:
        """Where bob's start does not count, alice's other device hears of it."""
        laptop = Phone(self.server, "alice", self.alice)
        self.bob.refresh("alice")
        self.bob.verify("alice")
        laptop.fetch()
        self.assertEqual(laptop.compared, [Wanted("bob")])
        self.alice.verify("bob")
        self.settle(self.bob, laptop, self.alice)
        self.assertEqual(laptop.ended(), ["SAS_ELSEWHERE"])
        self.assertEqual(self.alice.strings().short, self.bob.strings().short)

    def test_each_time_other_strings(self) -> None:
        self.up_to_strings()
        first = self.alice.strings().short
        self.alice.compare(lambda batch: self.alice.comparisons.cancel(batch, "bob"))
        self.settle()
        self.bob.compared.clear()
        self.up_to_strings()
        self.assertNotEqual(self.alice.strings().short, first)

    def test_asked_for_again(self) -> None:
        """It goes on as it was; what is shown is shown again."""
        self.alice.verify("bob")
        self.assertEqual(self.alice.compare(lambda batch: self.alice.comparisons.start(batch, "bob", 0)), [])
        self.settle()
        self.bob.verify("alice")
        self.settle()
        shown = self.alice.strings()
        self.assertEqual(self.alice.compare(lambda batch: self.alice.comparisons.start(batch, "bob", 0)), [shown])
        self.assertEqual((self.alice.ended(), self.bob.ended()), ([], []))

    def test_over_olm_it_is_two_people_only(self) -> None:
        """The server carries ciphertexts of one size, and nothing else."""
        self.server.carried.clear()
        self.up_to_strings()
        self.assertEqual({item.conv for item in self.server.carried}, {"dm:alice:bob"})


class NoTests(Pair):
    """Somebody says no, or says nothing."""

    def test_denied(self) -> None:
        self.up_to_strings()
        self.bob.compare(lambda batch: self.bob.comparisons.deny(batch, "alice"))
        self.settle()
        self.assertEqual((self.alice.ended(), self.bob.ended()), (["SAS_MISMATCH"], ["SAS_MISMATCH"]))
        self.assertEqual(self.trusts(), ("seen", "seen"))
        self.assertEqual(refused(lambda: self.confirm(self.alice, "bob")), "SAS_NOTHING")

    def test_denied_after_the_other_said_yes(self) -> None:
        self.up_to_strings()
        self.confirm(self.alice, "bob")
        self.bob.compare(lambda batch: self.bob.comparisons.deny(batch, "alice"))
        self.settle()
        self.assertEqual(self.trusts(), ("seen", "seen"))

    def test_declined(self) -> None:
        self.alice.verify("bob")
        self.settle()
        self.bob.compare(lambda batch: self.bob.comparisons.cancel(batch, "alice"))
        self.settle()
        self.assertEqual((self.alice.ended(), self.bob.ended()), (["SAS_CANCELLED"], ["SAS_CANCELLED"]))

    def test_called_off_by_who_asked(self) -> None:
        self.alice.verify("bob")
        self.settle()
        self.alice.compare(lambda batch: self.alice.comparisons.cancel(batch, "bob"))
        self.settle()
        self.assertEqual(self.bob.compared, [Wanted("alice"), Ended("alice", "SAS_CANCELLED")])

    def test_time_out(self) -> None:
        self.alice.verify("bob")
        self.settle()
        self.assertEqual(self.alice.comparisons.until, self.server.now + LONGEST)
        early = self.alice.compare(lambda batch: self.alice.comparisons.expire(batch, self.server.now + LONGEST - 1))
        self.assertEqual((early, self.alice.comparisons.phase("bob")), ([], comparing.STARTED))
        late = self.alice.compare(lambda batch: self.alice.comparisons.expire(batch, self.server.now + LONGEST))
        self.assertEqual([type(one) for one in late], [Tell, Ended])
        self.settle()
        self.assertEqual((self.alice.ended(), self.bob.ended()), (["SAS_TIMED_OUT"], ["SAS_TIMED_OUT"]))
        self.assertEqual(self.alice.comparisons.until, None)

    def test_forgotten_by_a_restart(self) -> None:
        self.up_to_strings()
        self.bob.restart()
        self.confirm(self.alice, "bob")
        self.settle()
        self.assertEqual(self.alice.ended(), ["SAS_CANCELLED"])
        self.assertEqual(self.trusts(), ("seen", "seen"))

    def test_nothing_to_say_yes_to(self) -> None:
        for act in (self.alice.comparisons.confirm, self.alice.comparisons.deny, self.alice.comparisons.cancel):
            self.assertEqual(refused(lambda act=act: act(self.alice.batch(), "bob")), "SAS_NOTHING")  # type: ignore[misc]
        self.assertEqual(refused(lambda: self.alice.verify("alice")), "SAS_NOTHING")
        self.up_to_strings()
        self.confirm(self.alice, "bob")
        self.assertEqual(refused(lambda: self.confirm(self.alice, "bob")), "SAS_NOTHING")

    def test_not_with_a_changed_key(self) -> None:
        """What comes under a new key is held back, so it cannot be compared this way: by numbers only."""
        batch = self.alice.batch()
        pin = pins.find(batch, "bob")
        assert pin is not None
        batch.put(pins.TABLE, "bob", msgspec.structs.replace(pin, trust=pins.CHANGED, offered=b"x" * 32))
        batch.commit()
        self.assertEqual(refused(lambda: self.alice.verify("bob")), "IDENTITY_CHANGED")

    def test_a_key_that_changes_meanwhile(self) -> None:
        self.up_to_strings()
        self.confirm(self.bob, "alice")
        self.settle()
        batch = self.alice.batch()
        batch.put(pins.TABLE, "bob", pins.Pin("bob", b"another key of 32 bytes, accepted"[:32]))
        outcomes = self.alice.comparisons.confirm(batch, "bob")
        self.assertIn(Ended("bob", "SAS_FAILED"), outcomes)
        self.assertNotIn(Ended("bob", "SAS_DONE"), outcomes)


class OrderTests(Pair):
    """Every message in every state: only the one that is due is taken."""

    def reach(self, phase: str) -> tuple[Phone, Delivered]:
        """Who waits there, and some message of the other side to make others of."""
        self.alice.verify("bob")
        delivered = self.next(self.bob)
        if phase == comparing.STARTED:
            return self.alice, msgspec.structs.replace(delivered, sender=self.bob.me)
        self.give(self.bob, delivered)
        if phase == comparing.WANTED:
            return self.bob, delivered
        self.bob.verify("alice")
        if phase == comparing.ACCEPTED:
            return self.bob, delivered
        accept = self.next(self.alice)
        self.give(self.alice, accept)
        if phase == comparing.KEYED:
            return self.alice, accept
        self.settle()
        return self.alice, accept

    def test_wrong_order(self) -> None:
        kinds = ("sas_accept", "sas_key", "sas_mac")
        for phase, kind in itertools.product(EXPECTED, kinds):
            if EXPECTED[phase] == kind:
                continue
            self.setUp()
            phone, delivered = self.reach(phase)
            user = delivered.sender.user
            self.assertEqual(phone.comparisons.phase(user), phase)
            self.give(phone, delivered, kind=kind, device=delivered.sender.device, value=Ritual().public)
            self.assertEqual(phone.ended(), ["SAS_FAILED"], (phase, kind))
            self.settle()
            self.assertEqual(self.trusts(), ("seen", "seen"))

    def test_a_mac_twice(self) -> None:
        self.up_to_strings()
        self.confirm(self.bob, "alice")
        mac = self.next(self.alice)
        self.give(self.alice, mac)
        self.give(self.alice, mac)
        self.assertEqual((self.alice.ended(), self.trusts()[0]), (["SAS_FAILED"], "seen"))

    def test_a_second_start_when_strings_are_shown(self) -> None:
        self.up_to_strings()
        start = self.alice.tell(self.bob, "sas_start", Comparing(b"2" * 16, self.alice.device))
        self.assertTrue(start.items)
        self.settle()
        self.assertEqual((self.bob.comparisons.phase("alice"), self.bob.ended()), (comparing.SHOWN, []))

    def test_another_device_has_no_part_in_it(self) -> None:
        tablet = Phone(self.server, "bob", self.bob)
        self.alice.refresh("bob")
        self.alice.verify("bob")
        self.settle(self.alice, self.bob, tablet)
        self.bob.verify("alice")
        accept = self.next(self.alice)
        self.give(self.alice, accept)
        for kind in ("sas_accept", "sas_key", "sas_mac", "sas_cancel"):
            other = msgspec.structs.replace(accept, sender=tablet.me, kind=kind)
            self.assertEqual(self.give(self.alice, other, device=tablet.device), [])
        self.assertEqual(self.alice.comparisons.phase("bob"), comparing.KEYED)

    def test_another_device_in_the_message(self) -> None:
        self.alice.verify("bob")
        self.settle()
        self.bob.verify("alice")
        self.give(self.alice, self.next(self.alice), device="x" * 16)
        self.assertEqual(self.alice.ended(), ["SAS_FAILED"])
        self.settle()
        self.bob.tell(self.alice, "sas_start", Comparing(b"2" * 16, "x" * 16))
        self.settle()
        self.assertEqual(self.alice.comparisons.phase("bob"), None)

    def test_another_transaction(self) -> None:
        self.alice.verify("bob")
        self.settle()
        self.bob.verify("alice")
        (answer,) = self.give(self.alice, self.next(self.alice), transaction=b"x" * 16)
        assert isinstance(answer, Tell)
        self.assertEqual((answer.kind, answer.body.transaction), ("sas_cancel", b"x" * 16))
        self.assertEqual(self.alice.comparisons.phase("bob"), comparing.STARTED)

    def test_a_cancel_is_not_answered(self) -> None:
        self.bob.tell(self.alice, "sas_cancel", Comparing(b"x" * 16, self.bob.device, b"SAS_MISMATCH"))
        delivered = self.next(self.alice)
        self.assertEqual(self.give(self.alice, delivered), [])

    def test_a_reason_of_their_own(self) -> None:
        for value in (b"SAS_DONE", b"STORE_TAMPERED", b"\xff", b""):
            self.setUp()
            self.alice.verify("bob")
            delivered = msgspec.structs.replace(self.next(self.bob), sender=self.bob.me)
            self.give(self.alice, delivered, kind="sas_cancel", value=value)
            self.assertEqual((self.alice.ended(), self.trusts()[0]), (["SAS_CANCELLED"], "seen"))

    def test_ones_own_devices_have_no_part_in_it(self) -> None:
        tablet = Phone(self.server, "bob", self.bob)
        tablet.tell(self.bob, "sas_start", Comparing(b"x" * 16, tablet.device))
        self.assertEqual(self.give(self.bob, self.next(self.bob)), [])

    def test_many_who_ask(self) -> None:
        others = [Phone(self.server, f"user{number}") for number in range(MOST + 1)]
        for other in others:
            other.verify("alice")
        self.alice.fetch()
        self.assertEqual(self.alice.compared, [Wanted(f"user{number}") for number in range(MOST)])
        others[-1].fetch()
        self.assertEqual(others[-1].ended(), ["SAS_CANCELLED"])

    @settings(max_examples=25)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["sas_start", "sas_accept", "sas_key", "sas_mac", "sas_cancel"]),
                st.sampled_from([b"", b"x" * 32, bytes(32), b"SAS_MISMATCH", b"y" * 500]),
                st.booleans(),
                st.sampled_from(["start", "cancel", "none"]),
            ),
            max_size=8,
        )
    )
    def test_whatever_bob_sends_alice_does_not_verify_him(self, steps: list[tuple[str, bytes, bool, str]]) -> None:
        """Nothing but Refused for what her person does, nothing at all for what he sends; never verified."""
        self.setUp()
        self.alice.verify("bob")
        start = self.next(self.bob)
        delivered = msgspec.structs.replace(start, sender=self.bob.me)
        assert isinstance(start.body, Comparing)
        for kind, value, same, act in steps:
            transaction = start.body.transaction if same else b"t" * 16
            lies = {"kind": kind, "value": value, "transaction": transaction, "device": self.bob.device}
            self.give(self.alice, delivered, **lies)
            if act == "start":
                self.alice.verify("bob")
            elif act == "cancel" and self.alice.comparisons.phase("bob"):
                self.alice.compare(lambda batch: self.alice.comparisons.cancel(batch, "bob"))
            for outcome in [one for one in self.alice.compared if isinstance(one, Strings)]:
                self.assertEqual(outcome.user, "bob")
            if self.alice.comparisons.phase("bob") == comparing.SHOWN:
                self.confirm(self.alice, "bob")
        self.assertEqual(trust(self.alice, "bob"), "seen")


class BetweenTests(Pair):
    """Somebody who stands between them; the envelope is as if they had the device's keys (section 16, to add)."""

    def accepted(self) -> Delivered:
        """Bob's accept, on its way to alice."""
        self.alice.verify("bob")
        self.settle(self.bob)
        self.bob.verify("alice")
        return self.next(self.alice)

    def test_sas_with_a_swapped_ephemeral_of_who_accepts(self) -> None:
        self.give(self.alice, self.accepted())
        self.bob.fetch()
        self.give(self.alice, self.next(self.alice), value=Ritual().public)
        self.assertEqual((self.alice.ended(), self.trusts()), (["SAS_FAILED"], ("seen", "seen")))

    def test_sas_with_a_swapped_ephemeral_of_who_begins(self) -> None:
        """It is not committed to: the strings differ, and should people not look, the MACs do."""
        self.give(self.alice, self.accepted())
        self.give(self.bob, self.next(self.bob), value=Ritual().public)
        self.settle(self.alice, self.bob)
        self.assertNotEqual(self.alice.strings().short, self.bob.strings().short)
        self.confirm(self.alice, "bob")
        self.confirm(self.bob, "alice")
        self.settle()
        self.assertEqual((self.alice.ended(), self.bob.ended()), (["SAS_MISMATCH"], ["SAS_MISMATCH"]))
        self.assertEqual(self.trusts(), ("seen", "seen"))

    def test_sas_without_the_commitment(self) -> None:
        for value in (b"", b"x" * 32, bytes(32)):
            self.setUp()
            self.give(self.alice, self.accepted(), value=value)
            self.settle()
            self.assertEqual((self.alice.ended(), self.alice.compared[:-1]), (["SAS_FAILED"], []), value)

    def test_sas_where_the_liar_looks_for_a_key_that_fits(self) -> None:
        """Six bits of 42 are found in a moment, all of them in an afternoon: the commitment was made before."""
        accept = self.accepted()
        self.give(self.alice, accept)
        start = Start(accept.body.transaction, "alice", self.alice.device)  # type: ignore[attr-defined]
        batch = self.alice.batch()
        alice, bob = pins.current(batch, "alice"), pins.current(batch, "bob")
        ours = Side("alice", self.alice.device, alice.uik, alice.hash)
        theirs = Side("bob", self.bob.device, bob.uik, bob.hash)
        key = self.next(self.bob).body.value  # type: ignore[attr-defined]
        for _ in range(2_000):
            liar = Ritual()
            found, liars_key = sas.info(ours, theirs, key, liar.public, start.transaction), liar.public
            liar.meet(key)
            if sas.short(liar, found).emoji[0] == "Dog":
                break
        else:
            self.fail("none found")
        reply = msgspec.structs.replace(accept, kind="sas_key")
        self.give(self.alice, reply, value=liars_key)
        self.assertEqual(self.alice.ended(), ["SAS_FAILED"])
        self.assertEqual([one for one in self.alice.compared if isinstance(one, Strings)], [])

    def test_a_worthless_key(self) -> None:
        for point in (*LOW_ORDER, b"", b"short"):
            self.setUp()
            self.give(self.alice, self.accepted())
            self.give(self.bob, self.next(self.bob), value=point)
            self.assertEqual(self.bob.ended(), ["SAS_FAILED"], point)

    def test_the_wrong_mac(self) -> None:
        self.up_to_strings()
        self.confirm(self.alice, "bob")
        self.confirm(self.bob, "alice")
        mac = self.next(self.alice)
        self.give(self.alice, mac, value=b"x" * 32)
        self.assertEqual((self.alice.ended(), self.trusts()[0]), (["SAS_MISMATCH"], "seen"))

    def test_ones_own_mac_sent_back(self) -> None:
        self.up_to_strings()
        self.confirm(self.alice, "bob")
        mine = self.next(self.bob).body
        assert isinstance(mine, Comparing)
        self.bob.tell(self.alice, "sas_mac", msgspec.structs.replace(mine, device=self.bob.device))
        self.alice.fetch()
        self.assertEqual((self.alice.ended(), self.trusts()[0]), (["SAS_MISMATCH"], "seen"))

    def test_another_list_on_the_two_sides(self) -> None:
        """The MAC is over the user key and the list: who was shown another list of somebody does not verify it."""
        self.up_to_strings()
        self.confirm(self.bob, "alice")
        batch = self.bob.batch()
        self.assertEqual(own.myself(batch).user, "bob")
        running = self.alice.comparisons._running["bob"]
        assert running.sides is not None
        ours, theirs = running.sides
        running.sides = (ours, msgspec.structs.replace(theirs, list_hash=b"x" * 32))
        self.alice.fetch()
        self.assertEqual((self.alice.ended(), self.trusts()[0]), (["SAS_MISMATCH"], "seen"))
