"""Tests of clients.core.e2ee.rosters: one comparison each with the instructor, and everybody knows who is who."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import own, pins, rosters
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.bodies import Said, Vouching
from clients.core.e2ee.keys import UserKey
from clients.core.e2ee.pins import CHANGED, SEEN, VERIFIED, VOUCHED, Pin
from clients.core.e2ee.refusals import Note
from clients.core.e2ee.rosters import MOST_ROSTERS, Person, Roster
from clients.core.e2ee.signed import NOTHING, Signed, digest, encode
from tests.clients.core.e2ee.kit import Phone, Server, people, refused
from tests.clients.core.e2ee.test_comparing import trust


class Class(SynchronousTestCase):
    """Dr lee has compared with alice and bob; alice takes lee's word."""

    def setUp(self) -> None:
        self.server, (self.lee, self.alice, self.bob, self.carol) = people("lee", "alice", "bob", "carol")
        self.lee.met(self.alice, self.bob)
        self.alice.refresh("bob")
        self.alice.believe("lee")
        self.lee.publish("cs101", ["alice", "bob"])
        self.alice.fetch()

    def codes(self, phone: Phone) -> list[str]:
        """What somebody was told; forgotten after that."""
        found = [note.code for note in phone.notes]
        phone.notes.clear()
        return found

    def say(self, roster: Roster, signer: Phone | None = None) -> str:
        """Lee (or what signs for lee) tells alice of a roster: the code it is refused with."""
        signer, raw = signer or self.lee, encode(roster)
        signed = own.account(signer.batch()).signed("roster", raw)
        self.lee.tell(self.alice, "roster", Vouching(signed))
        before = len(self.alice.dropped)
        self.alice.fetch()
        return self.alice.dropped[-1].code if len(self.alice.dropped) > before else ""

    def last(self) -> tuple[Roster, bytes]:
        """The newest of lee's, and what the next one must name."""
        kept = self.lee.batch().get(rosters.TABLE, rosters._row("lee", "cs101"), rosters.Kept)
        assert kept is not None
        return kept.roster, digest(kept.signed.raw)


class VouchedTests(Class):
    """What a roster does."""

    def test_vouched(self) -> None:
        self.assertEqual((trust(self.alice, "bob"), trust(self.alice, "lee")), (VOUCHED, VERIFIED))
        self.assertEqual([vouch.by for vouch in pins.vouches(self.alice.batch(), "bob")], ["lee"])
        self.assertEqual(self.alice.notes, [Note("ROSTER_COUNTS", "lee", 2, "cs101")])
        self.bob.say("alice", "hello")
        self.alice.fetch()
        self.assertEqual(self.alice.delivered[-1].trust, VOUCHED)

    def test_not_on_it(self) -> None:
        self.alice.refresh("carol")
        self.assertEqual(trust(self.alice, "carol"), SEEN)

    def test_somebody_whom_one_never_saw(self) -> None:
        self.lee.met(self.carol)
        self.lee.publish("cs101", ["carol"])
        self.alice.fetch()
        self.assertIsNone(pins.find(self.alice.batch(), "carol"))
        self.alice.say("carol", "hello")
        self.assertEqual(trust(self.alice, "carol"), VOUCHED)

    def test_a_false_key_at_first_contact(self) -> None:
        """What nothing but a comparison could find out before: nothing is sent, not even once."""
        self.lee.met(self.carol)
        self.lee.publish("cs101", ["carol"])
        self.alice.fetch()
        elsewhere = Server()
        fake = Phone(elsewhere, "carol")
        self.server.lists["carol"] = elsewhere.lists["carol"]
        self.server.mail[fake.address] = []
        self.assertEqual(refused(lambda: self.alice.say("carol", "secret")), "IDENTITY_CHANGED")
        self.assertEqual(self.server.mail[fake.address], [])
        self.assertNotIn("dm:alice:carol", {item.conv for item in self.server.carried})
        self.assertEqual(trust(self.alice, "carol"), CHANGED)
        self.assertEqual(refused(lambda: pins.accept(self.alice.batch(), "carol")), "IDENTITY_CHANGED")

    def test_a_newer_version(self) -> None:
        self.lee.met(self.carol)
        self.lee.publish("cs101", ["carol"], ["bob"])
        self.alice.fetch()
        self.alice.refresh("carol")
        self.assertEqual((trust(self.alice, "bob"), trust(self.alice, "carol")), (SEEN, VOUCHED))

    def test_a_version_after_some_that_were_missed(self) -> None:
        self.lee.met(self.carol)
        self.lee.publish("cs101", ["carol"])
        self.server.mail[self.alice.address].clear()
        self.lee.publish("cs101", [], ["bob"])
        self.alice.fetch()
        self.alice.refresh("carol")
        self.assertEqual((trust(self.alice, "bob"), trust(self.alice, "carol")), (SEEN, VOUCHED))

    def test_two_rosters(self) -> None:
        self.lee.publish("cs102", ["alice", "bob"])
        self.lee.publish("cs101", [], ["bob"])
        self.alice.fetch()
        self.assertEqual(trust(self.alice, "bob"), VOUCHED)
        self.assertEqual({heard.roster.name: heard.counts for heard in self.alice.rosters.all(self.alice.batch())}, {
            "cs101": True, "cs102": True,
        })  # fmt: skip

    def test_on_ones_own_other_devices(self) -> None:
        tablet = Phone(self.server, "lee", self.lee)
        self.lee.publish("cs101", [])
        tablet.fetch()
        tablet.refresh("bob")
        self.assertEqual((tablet.codes(), trust(tablet, "bob")), ([], VOUCHED))
        self.assertEqual([heard.roster.version for heard in tablet.rosters.all(tablet.batch())], [2])

    def test_people_whom_the_instructor_has_not_compared_with(self) -> None:
        self.lee.refresh("carol")
        for name in ("carol", "nobody"):
            self.assertEqual(
                refused(lambda who=name: self.lee.rosters.sign(self.lee.batch(), "cs101", [who], [])),  # type: ignore[misc]
                "NOT_VERIFIED",
            )

    def test_who_is_told(self) -> None:
        tablet = Phone(self.server, "bob", self.bob)
        self.lee.refresh("bob")
        told = {entry.device for entry in self.lee.rosters.audience(self.lee.batch(), "cs101")}
        self.assertEqual(told, {self.alice.device, self.bob.device, tablet.device})
        self.assertEqual(refused(lambda: self.lee.rosters.audience(self.lee.batch(), "cs999")), "ROSTER_UNKNOWN")

    def test_very_long(self) -> None:
        batch = self.lee.batch()
        names = [f"{number:0>100}" for number in range(400)]
        for name in names:
            batch.put(pins.TABLE, name, Pin(name, b"k" * 32, VERIFIED, VERIFIED))
        self.assertEqual(refused(lambda: self.lee.rosters.sign(batch, "big", names, [])), "ROSTER_TOO_LONG")
        self.lee.rosters.sign(batch, "big", names[:300], [])


class TrustTests(Class):
    """Whose word counts."""

    def test_only_whom_one_has_verified(self) -> None:
        self.assertEqual(refused(lambda: self.alice.believe("bob")), "NOT_VERIFIED")
        self.assertEqual(refused(lambda: self.carol.believe("lee")), "NOT_VERIFIED")

    def test_only_whom_one_takes_for_an_instructor(self) -> None:
        """A student whom one has compared with vouches for nobody, until one says so."""
        self.bob.met(self.alice, self.carol)
        self.bob.publish("friends", ["alice", "carol"])
        self.alice.fetch()
        self.alice.refresh("carol")
        self.assertEqual((trust(self.alice, "carol"), self.codes(self.alice)[-1:]), (SEEN, ["ROSTER_HEARD"]))
        self.alice.believe("bob")
        self.assertEqual(trust(self.alice, "carol"), VOUCHED)

    def test_of_strangers_nothing_is_said(self) -> None:
        self.carol.met(self.bob)
        self.carol.refresh("alice")
        batch = self.carol.batch()
        body = self.carol.rosters.sign(batch, "x", ["bob"], [])
        batch.commit()
        self.codes(self.alice)
        self.carol.tell(self.alice, "roster", body)
        self.alice.fetch()
        self.assertEqual((self.codes(self.alice), trust(self.alice, "bob")), ([], VOUCHED))
        self.assertEqual([heard.counts for heard in self.alice.rosters.all(self.alice.batch())], [False, True])

    def test_no_longer(self) -> None:
        batch = self.alice.batch()
        self.alice.rosters.distrust(batch, "lee")
        batch.commit()
        self.assertEqual((trust(self.alice, "bob"), self.alice.storage.rows(pins.VOUCH)), (SEEN, []))
        self.lee.publish("cs101", [])
        self.alice.fetch()
        self.assertEqual(trust(self.alice, "bob"), SEEN)

    def test_and_again(self) -> None:
        """What was taken off meanwhile is not believed again."""
        batch = self.alice.batch()
        batch.drop(pins.INSTRUCTOR, "lee")  # as if lee's key had changed and been compared again
        batch.commit()
        self.lee.publish("cs101", [], ["bob"])
        self.alice.fetch()
        self.alice.believe("lee")
        self.assertEqual(trust(self.alice, "bob"), SEEN)

    def test_an_instructor_whose_key_changes(self) -> None:
        batch = self.alice.batch()
        pin = pins.find(batch, "lee")
        assert pin is not None
        changed = msgspec.structs.replace(pin, trust=CHANGED, offered=b"o" * 32)
        batch.put(pins.TABLE, "lee", changed)
        self.assertEqual(pins.vouches(batch, "bob"), [])
        pins.compared(batch, "lee", b"o" * 32)
        self.assertEqual(pins.vouches(batch, "bob"), [])

    def test_a_device_that_was_struck_out(self) -> None:
        """What a thief signs, or has signed, ends with the device."""
        tablet = Phone(self.server, "lee", self.lee)
        self.lee.publish("cs101", [])
        self.alice.fetch()
        self.alice.refresh("lee")
        tablet.fetch()
        tablet.refresh("alice")
        tablet.refresh("bob")
        tablet.publish("stolen", [])
        self.assertEqual(trust(self.alice, "bob"), VOUCHED)
        batch = self.alice.batch()
        vouch = pins.Vouch("lee", "stolen", tablet.device, self.bob.me.uik)
        batch.put(pins.VOUCH, "bob", [vouch])
        batch.commit()
        self.assertEqual(trust(self.alice, "bob"), VOUCHED)
        self.lee.revoke(tablet.device)
        self.alice.refresh("lee")
        self.assertEqual(trust(self.alice, "bob"), SEEN)

    def test_the_key_was_taken_and_another_one_is_offered(self) -> None:
        """Who was vouched for is not taken anew by a mere yes."""
        pin = pins.find(self.alice.batch(), "bob")
        assert pin is not None
        batch = self.alice.batch()
        batch.put(pins.TABLE, "bob", msgspec.structs.replace(pin, trust=CHANGED, offered=b"o" * 32))
        self.assertEqual(refused(lambda: pins.accept(batch, "bob")), "IDENTITY_CHANGED")


class ContradictionTests(Class):
    """A roster and a pin do not say the same."""

    def roster(self, *people: Person) -> Roster:
        """The next one, with these besides."""
        roster, prev = self.last()
        return Roster("cs101", roster.version + 1, prev, [*roster.people[:1], *people])

    def test_what_nobody_compared_stops(self) -> None:
        self.codes(self.alice)
        self.assertEqual(self.say(self.roster(Person("bob", b"x" * 32))), "")
        self.assertEqual(self.codes(self.alice), ["ROSTER_COUNTS", "ROSTER_CONTRADICTS"])
        self.assertEqual(refused(lambda: self.alice.say("bob", "x")), "IDENTITY_CHANGED")
        self.assertEqual(trust(self.alice, "bob"), CHANGED)

    def test_what_one_compared_oneself_stays(self) -> None:
        self.alice.met(self.bob)
        self.codes(self.alice)
        self.say(self.roster(Person("bob", b"x" * 32)))
        self.assertEqual(self.codes(self.alice), ["ROSTER_COUNTS", "ROSTER_CONTRADICTS"])
        self.assertEqual(trust(self.alice, "bob"), VERIFIED)
        self.alice.say("bob", "still works")

    def test_a_new_key_is_settled_by_a_new_roster(self) -> None:
        """Bob lost everything and began anew: the instructor compares with him again, and the class goes on."""
        for was in (SEEN, VERIFIED):
            self.setUp()
            new = UserKey(b"n" * 32).public
            batch = self.alice.batch()
            pin = pins.find(batch, "bob")
            assert pin is not None
            batch.put(pins.TABLE, "bob", msgspec.structs.replace(pin, trust=CHANGED, was=was, offered=new))
            batch.commit()
            self.codes(self.alice)
            self.say(self.roster(Person("bob", new)))
            self.assertEqual(self.codes(self.alice), ["ROSTER_COUNTS", "ROSTER_SETTLED"])
            self.assertEqual((trust(self.alice, "bob"), pins.find(self.alice.batch(), "bob").uik), (VOUCHED, new))  # type: ignore[union-attr]

    def test_an_old_entry_settles_nothing(self) -> None:
        """That somebody else came to the class says nothing of bob's new key."""
        false = Person("bob", b"x" * 32)
        self.say(self.roster(false))
        self.assertEqual(trust(self.alice, "bob"), CHANGED)
        signed = own.account(self.lee.batch()).signed("roster", encode(self.roster(false)))
        roster = Roster("cs101", 4, digest(signed.raw), [*self.roster(false).people, Person("dave", b"d" * 32)])
        self.say(roster)
        self.assertEqual(trust(self.alice, "bob"), CHANGED)

    def test_another_key_for_oneself(self) -> None:
        self.codes(self.alice)
        self.say(self.roster(Person("alice", b"x" * 32)))
        self.assertEqual(self.alice.dropped[-1].check, "roster-once")
        roster, prev = self.last()
        self.say(Roster("cs101", 2, prev, [Person("alice", b"x" * 32), roster.people[1]]))
        self.assertEqual(self.alice.notes[-1], Note("ROSTER_CONTRADICTS", "alice", 0, "cs101"))
        self.assertEqual(trust(self.alice, "alice"), VERIFIED)


class ForgedTests(Class):
    """What is refused."""

    def test_somebody_elses_signature(self) -> None:
        roster, prev = self.last()
        self.assertEqual(self.say(Roster("cs101", 2, prev, roster.people), self.bob), "ROSTER_REFUSED")

    def test_another_label(self) -> None:
        roster, prev = self.last()
        raw = encode(Roster("cs101", 2, prev, roster.people))
        self.lee.tell(self.alice, "roster", Vouching(own.account(self.lee.batch()).signed("group", raw)))
        self.alice.fetch()
        self.assertEqual(self.alice.dropped[-1].check, "roster-signature")

    def test_another_of_the_same_version(self) -> None:
        self.say(Roster("cs101", 1, NOTHING, []))
        self.assertEqual((self.alice.dropped[-1].check, trust(self.alice, "bob")), ("roster-fork", VOUCHED))

    def test_an_older_one(self) -> None:
        self.lee.publish("cs101", [], ["bob"])
        self.alice.fetch()
        self.assertEqual(self.say(Roster("cs101", 1, NOTHING, [Person("bob", self.bob.me.uik)])), "DUPLICATE")
        self.assertEqual(trust(self.alice, "bob"), SEEN)

    def test_another_past(self) -> None:
        roster, _ = self.last()
        self.say(Roster("cs101", 2, b"x" * 32, roster.people))
        self.assertEqual(self.alice.dropped[-1].check, "roster-prev")

    def test_more_rosters_than_anybody_teaches(self) -> None:
        codes = [self.say(Roster(f"r{number}", 1, NOTHING, [])) for number in range(MOST_ROSTERS)]
        self.assertEqual(codes, [*[""] * (MOST_ROSTERS - 1), "ROSTER_REFUSED"])

    def test_names_that_look_like_rows(self) -> None:
        self.assertEqual(self.say(Roster("../bob/x", 1, NOTHING, [Person("bob", self.bob.me.uik)])), "")
        found = {(heard.by, heard.roster.name) for heard in self.alice.rosters.all(self.alice.batch())}
        self.assertEqual(found, {("lee", "cs101"), ("lee", "../bob/x")})
        batch = Batch(self.alice.storage)
        batch.put(rosters.TABLE, rosters._row("lee/x", "y"), rosters.Kept(Signed(b"", b"s" * 64), "d"))
        self.assertEqual(len(self.alice.rosters._of(batch, "lee")), 2)

    def test_over_megolm_it_is_nothing(self) -> None:
        gid = self.lee.make_group(self.alice)
        self.alice.fetch()
        roster, prev = self.last()
        signed = own.account(self.lee.batch()).signed("roster", encode(Roster("cs101", 2, prev, roster.people)))
        batch = self.lee.batch()
        claims = self.lee.claims_for(batch, self.lee.groups.unshared(batch, gid, self.server.now))
        sent = self.lee.groups.say(batch, gid, Vouching(signed), self.server.now, claims)
        batch.commit()
        for sending in sent:
            self.lee.post(sending, [])
        self.alice.fetch()
        self.assertEqual(self.alice.codes(), ["MALFORMED"])
        self.assertFalse(isinstance(self.alice.delivered[-1].body, Said))
