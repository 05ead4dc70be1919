"""Tests of clients.core.e2ee.reports: case A22 whole, with the real server's tags."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import reports
from clients.core.e2ee.bodies import Manifest, Receipt, Reported, Said
from clients.core.e2ee.franking import Evidence, commit
from clients.core.e2ee.refusals import Note
from clients.core.e2ee.reports import GENUINE, MOST_FILED
from clients.core.e2ee.signed import encode
from tests.clients.core.e2ee.kit import Phone, people, refused, talked

REASON = "this is not how one talks"


class Reporting(SynchronousTestCase):
    """Mallory says something to bob, who shows it to the moderator."""

    def setUp(self) -> None:
        self.server, (self.bob, self.mallory, self.mod, self.eve) = people("bob", "mallory", "mod", "eve")
        talked(self.bob, self.mallory, self.mod)
        self.evidence = self.said("something ugly")

    def said(self, text: str, body: Said | None = None) -> Evidence:
        """What bob's program keeps of a message."""
        self.mallory.say("bob", text, body=body)
        self.bob.fetch()
        self.server.now += 1
        return self.bob.delivered[-1].evidence

    def send(self, body: Reported, reporter: Phone | None = None) -> str:
        """To the moderator's device: the code it is refused with there."""
        before = len(self.mod.dropped)
        (reporter or self.bob).tell(self.mod, "report", body)
        self.mod.fetch()
        return self.mod.dropped[-1].code if len(self.mod.dropped) > before else ""

    def judged(self, evidence: Evidence, reporter: Phone | None = None) -> bool:
        """Is it believed in the end? The reporter may be a liar whose program checks nothing."""
        code = self.send(Reported(evidence, REASON), reporter)
        believed = False
        batch = self.mod.batch()
        for report_id, question in self.mod.reports.unchecked(batch):
            notes = self.mod.reports.checked(batch, report_id, self.server.answers(question))
            believed = believed or [note.code for note in notes] == ["REPORT_RECEIVED"]
        batch.commit()
        self.assertFalse(believed and code)
        return believed


class TrueTests(Reporting):
    """A22: the true one."""

    def test_a22_accepted(self) -> None:
        self.assertEqual(self.send(reports.report(self.evidence, REASON)), "")
        batch = self.mod.batch()
        ((report_id, question),) = self.mod.reports.unchecked(batch)
        self.assertNotIn(b"ugly", encode(list(question)))
        self.assertTrue(self.server.answers(question))
        notes = self.mod.reports.checked(batch, report_id, True)
        self.assertEqual(notes, [Note("REPORT_RECEIVED", "bob", 0, REASON)])
        (filed,) = self.mod.reports.filed(batch)
        self.assertEqual((filed.said.text, filed.state, filed.by), ("something ugly", GENUINE, "bob"))
        self.assertEqual(self.mod.reports.unchecked(batch), [])
        self.mod.reports.close(batch, report_id)
        self.assertEqual(self.mod.reports.filed(batch), [])

    def test_a22_a_year_later(self) -> None:
        self.server.tags.change(self.server.tags.renewed(self.server.now + 366 * 86_400_000, b"k" * 32))
        self.assertTrue(self.judged(self.evidence))

    def test_a22_in_a_group(self) -> None:
        gid = self.mallory.make_group(self.bob)
        self.bob.fetch()
        self.mallory.say_in(gid, "ugly in a group")
        self.bob.fetch()
        self.assertTrue(self.judged(self.bob.delivered[-1].evidence))

    def test_a22_a_file(self) -> None:
        """Its manifest: the keys to look at it, and the hashes that say which one it was."""
        manifest = Manifest(b"f" * 16, b"k" * 32, 5, 65_536, "ugly.png", "image/png", b"p" * 32, b"c" * 32)
        evidence = self.said("", Said("", files=[manifest]))
        self.assertTrue(self.judged(evidence))
        (filed,) = self.mod.reports.filed(self.mod.batch())
        self.assertEqual(filed.said.files, [manifest])
        other = msgspec.structs.replace(manifest, plain_hash=b"x" * 32)
        content = msgspec.structs.replace(evidence.content, body=encode(Said("", files=[other])))
        self.assertFalse(self.judged(msgspec.structs.replace(evidence, content=content)))

    def test_the_same_twice_is_one(self) -> None:
        self.assertTrue(self.judged(self.evidence))
        self.send(Reported(self.evidence, REASON))
        self.assertEqual(len(self.mod.reports.filed(self.mod.batch())), 1)

    def test_only_the_moderators_read_it(self) -> None:
        self.server.carried.clear()
        self.bob.refresh("mod")
        entries = reports.audience(self.bob.batch(), ["mod", "bob", "nobody"])
        self.assertEqual([entry.device for entry in entries], [self.mod.device])
        self.send(reports.report(self.evidence, REASON))
        self.assertEqual({item.type for item in self.server.carried if item.user == "bob"}, {"olm1"})
        self.assertNotIn(b"ugly", b"".join(item.ciphertext for item in self.server.carried))
        self.assertEqual(refused(lambda: reports.audience(self.bob.batch(), ["nobody"])), "NO_MODERATORS")

    def test_a_long_reason(self) -> None:
        body = reports.report(self.evidence, "é" * 1_000)
        self.assertEqual(body.reason, "é" * 250)
        self.assertEqual(self.send(body), "")


class FalseTests(Reporting):
    """A22: all others, by a reporter whose program was made for it."""

    def changed(self, **lies: object) -> Evidence:
        """The same evidence but for this in its content, committed to again."""
        content = msgspec.structs.replace(self.evidence.content, **lies)
        return msgspec.structs.replace(
            self.evidence, content=content, commitment=commit(self.evidence.kf, content)
        )  # fmt: skip

    def test_a22_rejected(self) -> None:
        other = Said("worse")
        body = msgspec.structs.replace(self.evidence.content, body=encode(other))
        lies = {
            "other body": msgspec.structs.replace(self.evidence, content=body),
            "other body, committed to": self.changed(body=encode(other)),
            "other key": msgspec.structs.replace(self.evidence, kf=b"x" * 32),
            "other time": msgspec.structs.replace(self.evidence, at=self.evidence.at + 1),
            "other time inside": self.changed(sent_at=1),
            "other sender": self.changed(s_user="eve", s_device=self.eve.device),
            "other sender, not committed to": msgspec.structs.replace(
                self.evidence, content=msgspec.structs.replace(self.evidence.content, s_user="eve")
            ),
            "invented tag": msgspec.structs.replace(self.evidence, tag=b"\1" + b"t" * 32),
            "no tag": msgspec.structs.replace(self.evidence, tag=b""),
            "other conversation": self.changed(conv="dm:bob:eve"),
        }
        for name, evidence in lies.items():
            self.assertFalse(self.judged(evidence), name)
            self.assertEqual(self.mod.reports.filed(self.mod.batch()), [], name)
        self.assertTrue(self.judged(self.evidence))

    def test_a_tag_of_something_else(self) -> None:
        """What bob said himself has a tag, too: it does not make it mallory's."""
        sent = self.bob.say("mallory", "I was it")
        self.mallory.fetch()
        own = self.mallory.delivered[-1].evidence
        self.assertEqual(own.commitment, sent.items[0].commitment)
        content = msgspec.structs.replace(own.content, s_user="mallory", s_device=self.mallory.device)
        framed = Evidence(content, own.kf, commit(own.kf, content), own.tag, own.at)
        self.assertFalse(self.judged(framed))

    def test_somebody_who_was_not_there(self) -> None:
        self.eve.refresh("mod")
        self.assertEqual(self.send(Reported(self.evidence, REASON), self.eve), "REPORT_FALSE")
        self.assertEqual(self.mod.dropped[-1].check, "report-party")

    def test_what_a_program_said(self) -> None:
        self.mallory.tell(self.bob, "receipt", Receipt([b"i" * 16]))
        self.bob.fetch()
        self.assertEqual(self.send(Reported(self.bob.delivered[-1].evidence, REASON)), "REPORT_FALSE")
        self.assertEqual(self.mod.dropped[-1].check, "report-kind")

    def test_what_nobody_can_read(self) -> None:
        content = msgspec.structs.replace(self.evidence.content, body=b"\xff")
        evidence = Evidence(content, b"k" * 32, commit(b"k" * 32, content), b"", 0)
        self.assertEqual(self.send(Reported(evidence, REASON)), "REPORT_FALSE")

    def test_very_many(self) -> None:
        for number in range(MOST_FILED + 1):
            content = msgspec.structs.replace(self.evidence.content, msg_id=number.to_bytes(16, "big"))
            evidence = Evidence(content, b"k" * 32, commit(b"k" * 32, content), b"t", 0)
            self.bob.tell(self.mod, "report", Reported(evidence, REASON))
        self.mod.fetch()
        self.assertEqual(len(self.mod.reports.filed(self.mod.batch())), MOST_FILED)
        self.assertEqual([drop.check for drop in self.mod.dropped], ["report-many"])

    def test_an_honest_program_sends_no_false_one(self) -> None:
        false = msgspec.structs.replace(self.evidence, kf=b"x" * 32)
        self.assertEqual(refused(lambda: reports.report(false, REASON)), "COMMITMENT_MISMATCH")
        untagged = msgspec.structs.replace(self.evidence, tag=b"")
        self.assertEqual(refused(lambda: reports.report(untagged, REASON)), "REPORT_UNPROVABLE")

    def test_an_answer_to_nothing(self) -> None:
        self.assertEqual(self.mod.reports.checked(self.mod.batch(), "x", True), [])
