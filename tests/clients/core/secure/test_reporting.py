"""Tests of clients.core.secure.reporting: what one was sent, shown to a moderator, who asks the server."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import notices as n
from clients.core.secure.reporting import TABLE, YEAR
from tests.clients.core.secure.kit import Phone, Post, PostLine, meet, pass_time


class Line(PostLine):
    """A server that has a moderator, and knows its own tags."""

    def _askmoderators(self, command: e.AskModerators) -> None:
        self.tell(e.Moderators(command.ref, ["mod", "ghost"]))

    def _checkreport(self, command: e.CheckReport) -> None:
        self.tell(e.ReportChecked(command.ref, command.tag == b"t" * 32 and command.sender == "mallory"))


class ReportingTests(SynchronousTestCase):
    """Mallory writes to bob."""

    post: Post
    bob: Phone
    mallory: Phone
    mod: Phone

    def setUp(self) -> None:
        self.post, self.bob, self.mallory, self.mod = meet("bob", "mallory", "mod")
        for phone in (self.bob, self.mod):
            phone.line.__class__ = Line
        self.mallory.enter("@bob something ugly")
        self.all()
        self.bob.codes()

    def all(self) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.bob, self.mallory, self.mod)

    def listed(self) -> str:
        """The id of the only message that may be reported."""
        self.bob.enter("/report")
        (notice,) = self.bob.face.take(n.Secure)
        self.assertEqual((notice.code, notice.user), ("REPORTABLE", "mallory"))
        self.assertIn("something ugly", notice.detail)
        return str(notice.detail).split()[0]

    def test_reported(self) -> None:
        self.bob.enter(f"/report {self.listed()} he is rude")
        self.all()
        (sent,) = self.bob.face.take(n.Secure)
        self.assertEqual((sent.code, sent.detail, sent.user), ("REPORT_SENT", "mod", "mallory"))
        (received,) = [one for one in self.mod.face.take(n.Secure) if one.code.startswith("REPORT")]
        self.assertEqual((received.code, received.user), ("REPORT_RECEIVED", "bob"))
        self.assertEqual(received.detail, "mallory said: 'something ugly'. Why: he is rude")
        ((_, asked),) = self.post.sent(e.CheckReport)
        self.assertNotIn(b"ugly", asked.commitment + asked.tag)
        mails = [mail for box in self.post.mail.values() for mail in box]
        self.assertNotIn(b"ugly", b"".join(mail.ciphertext for mail in mails))

    def test_what_was_edited_is_reported_as_it_was_shown_each_time(self) -> None:
        self.mallory.enter("/focus @bob", "/edit something nice")
        self.all()
        ids = {said.text: said.id.hex() for said in self.bob.face.take(n.Said)}
        self.assertEqual(self.bob.kept("@mallory"), [("mallory", "something nice")])
        for text in ("something ugly", "something nice"):
            self.bob.enter(f"/report {ids[text]} look")
            self.all()
        told = [one.detail for one in self.mod.face.take(n.Secure) if one.code == "REPORT_RECEIVED"]
        self.assertEqual(told, [f"mallory said: 'something {word}'. Why: look" for word in ("ugly", "nice")])

    def test_what_the_server_did_not_tag_is_not_shown(self) -> None:
        self.post.refuse[e.CheckReport] = m.Failed(0, "not-allowed", "You are no moderator.")
        self.bob.enter(f"/report {self.listed()} he is rude")
        self.all()
        self.assertEqual([code for code in self.mod.codes() if code.startswith("REPORT")], [])
        del self.post.refuse[e.CheckReport]
        self.bob.codes()
        self.mod.line.__class__ = Liar
        self.bob.enter(f"/report {self.listed()} again")
        self.all()
        self.assertEqual([code for code in self.mod.codes() if code.startswith("REPORT")], ["REPORT_FALSE"])

    def test_no_such_message(self) -> None:
        for words in ("0000000 why", "0 why"):
            self.bob.enter(f"/report {words}")
        self.assertEqual(self.bob.codes(), ["NO_SUCH_MESSAGE", "NO_SUCH_MESSAGE"])
        self.mallory.codes()
        self.mallory.enter("/report")
        self.assertEqual(self.mallory.codes(), ["NOTHING_TO_REPORT"])

    def test_no_moderators(self) -> None:
        listed = self.listed()
        self.bob.line.__class__ = Empty
        self.bob.enter(f"/report {listed} why")
        self.assertEqual(self.bob.codes(), ["NO_MODERATORS"])

    def test_forgotten_with_the_servers_key(self) -> None:
        desk = self.bob.session.secure._desk  # type: ignore[union-attr]
        self.assertEqual(len(list(desk.batch().rows(TABLE))), 1)
        self.bob.kill().come()
        self.assertEqual(len(list(desk.batch().rows(TABLE))), 1)
        self.post.clock.advance(YEAR / 1000 + 1)
        again = self.bob.kill().come()
        self.assertEqual(list(again.session.secure._desk.batch().rows(TABLE)), [])  # type: ignore[union-attr]

    def test_what_this_device_is_not_to_keep_is_not_kept_as_a_proof(self) -> None:
        """Nor is one's own, to be said again."""
        desks = [phone.session.secure._desk for phone in (self.bob, self.mallory)]  # type: ignore[union-attr]
        tables = (TABLE, "sent")
        self.assertEqual(
            [len(list(desk.batch().rows(table))) for desk, table in zip(desks, tables, strict=True)], [1, 1]
        )
        for phone in (self.bob, self.mallory):
            phone.enter("/set keep 7d")
        self.assertEqual(
            [len(list(desk.batch().rows(table))) for desk, table in zip(desks, tables, strict=True)], [1, 1]
        )
        self.post.clock.advance(8 * 86_400)
        for phone in (self.bob, self.mallory):
            phone.kill().come()
        self.assertEqual(len(list(desks[0].batch().rows(TABLE))), 0)
        kept = [row for row in desks[1].batch().rows("sent") if row is not None]
        self.assertEqual(kept, [])


class Liar(Line):
    """It tagged nothing of this."""

    def _checkreport(self, command: e.CheckReport) -> None:
        self.tell(e.ReportChecked(command.ref, False))


class Empty(Line):
    """Without moderators."""

    def _askmoderators(self, command: e.AskModerators) -> None:
        self.tell(e.Moderators(command.ref, []))
