"""A new user key between whole clients: promised, begun a day later, and what others see of it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from clients.core import intents as i
from clients.core.e2ee.devices import peek
from tests.clients.core.secure.kit import Phone, Post, PostLine, meet, pass_time, settle


class Line(PostLine):
    """A server that begins a new chain when a test says so."""

    blob = b""

    def _resetidentity(self, command: e.ResetIdentity) -> None:
        self.blob = command.blob
        self.tell(e.ResetIs(command.ref, self.post.now() + 86_400_000 if command.blob else 0))

    def begin(self) -> None:
        """The day is over."""
        self.post.lists[self.name] = [self.blob]
        self.post.reset.add(self.name)
        self.post.hint(self.name)


class BeginningTests(SynchronousTestCase):
    """Bob begins anew; alice has not compared with him, carol has."""

    post: Post
    alice: Phone
    bob: Phone
    carol: Phone

    def setUp(self) -> None:
        self.post, self.alice, self.bob, self.carol = meet("alice", "bob", "carol")
        self.bob.line.__class__ = Line
        self.carol.enter("/verify bob", "/verify bob yes")
        for phone in (self.alice, self.carol):
            phone.enter("@bob hello")
        self.all()
        for phone in (self.alice, self.bob, self.carol):
            phone.face.notices.clear()

    def all(self) -> None:
        """Until nothing moves, and a little time."""
        pass_time(self.post, 3.0, self.alice, self.bob, self.carol)

    def test_it_goes_on_for_who_had_not_compared(self) -> None:
        old = peek(self.post.lists["bob"][0])[1].uik
        self.bob.app.act(i.ResetKeys("secret"))
        self.all()
        self.assertEqual(self.bob.codes(), ["RESET_BEGUN"])
        self.assertEqual((self.alice.codes(), self.carol.codes()), (["KEY_ROTATES"], ["KEY_ROTATES"]))
        self.bob.enter("@alice still the old one")
        self.all()
        line = self.bob.line
        assert isinstance(line, Line)
        line.begin()
        settle(self.bob, self.alice, self.carol)
        self.all()
        self.assertNotEqual(peek(self.post.lists["bob"][0])[1].uik, old)
        self.assertEqual(self.bob.codes(), ["KEY_IS_NEW"])
        self.assertEqual((self.alice.codes(), self.carol.codes()), (["KEY_ROTATED"], ["IDENTITY_CHANGED"]))
        self.alice.enter("@bob and on")
        self.bob.enter("@alice indeed")
        self.all()
        self.assertEqual([text for _, text, _ in self.alice.texts()], ["still the old one", "indeed"])
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["and on"])
        self.carol.enter("@bob and I?")
        self.all()
        self.assertEqual((self.carol.codes(), self.bob.texts()), (["IDENTITY_CHANGED"], []))
        self.carol.enter("/verify bob", "/verify bob yes", "@bob and now?")
        self.all()
        self.assertEqual([text for _, text, _ in self.bob.texts()], ["and now?"])

    def test_killed_in_between(self) -> None:
        """What was prepared is on the disk, and is known again when it begins."""
        self.bob.app.act(i.ResetKeys("secret"))
        self.all()
        line = self.bob.line
        assert isinstance(line, Line)
        again = self.bob.kill()
        line.begin()
        again.come()
        pass_time(self.post, 3.0, again, self.alice)
        self.assertIn("KEY_IS_NEW", again.codes())
        again.enter("@alice back")
        pass_time(self.post, 3.0, again, self.alice)
        self.assertEqual([text for _, text, _ in self.alice.texts()], ["back"])
