"""Tests of clients.core.secure.explaining: what became of one's newest encrypted message, as the server tells."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from clients.core import answers as a
from clients.core import notices as n
from tests.clients.core.secure.liar import Target, Town


class ExplainingTests(SynchronousTestCase):
    """Alice, bob and carol, and their group."""

    def setUp(self) -> None:
        self.town = Town("alice", "bob", "carol")
        self.alice, self.bob, self.carol = self.town.people
        self.alice.enter("/join lab private", "/invite lab bob", "/invite lab carol")
        self.town.live(3)
        self.alice.face.notices.clear()

    def explained(self, line: str) -> tuple[str, list[tuple[str, str]]]:
        """Where it was, and who has it."""
        self.alice.enter(line)
        (event,) = [one.event for one in self.alice.face.take(n.Answered)]
        assert isinstance(event, a.Explained)
        return event.conversation, [(one.name, one.state) for one in event.readers]

    def test_in_a_group(self) -> None:
        self.town.move_out(self.carol)
        self.alice.enter("/group lab one", "@bob two")
        self.town.live(3)
        for line in ("/explain lab", "/explain #lab"):
            self.assertEqual(self.explained(line), ("#lab", [("bob", "acknowledged"), ("carol", "away")]))

    def test_to_one_person_it_is_the_message_and_not_what_programs_say(self) -> None:
        self.alice.enter("@bob two")
        self.town.live(3)
        self.alice.enter("/group lab three")
        self.assertEqual(self.explained("/explain @bob"), ("dm:alice:bob", [("bob", "acknowledged")]))

    def test_there_is_none_or_it_is_an_earlier_one(self) -> None:
        for line in ("/explain lab", "/explain @bob", "/explain lab 3"):
            self.alice.enter(line)
            self.assertEqual(self.alice.refusals(), ["no-such-message"], line)

    def test_what_is_open_is_asked_as_ever(self) -> None:
        self.alice.enter("/focus lobby", "hello")
        where, readers = self.explained("/explain lobby")
        self.assertEqual((where, [name for name, _ in readers]), ("#lobby", ["bob", "carol"]))


class DeliveredTests(SynchronousTestCase):
    """Two ticks in a group: somebody has it."""

    def setUp(self) -> None:
        self.town = Town("alice", "bob")
        self.alice, self.bob = self.town.people
        self.alice.enter("/join lab private", "/invite lab bob")
        self.town.live(3)
        self.forget()

    def forget(self) -> None:
        """All that was shown."""
        for person in self.town.people:
            person.face.notices.clear()

    def states(self, person: Target) -> list[str]:
        """What became of what was said since."""
        self.town.live(3)
        return person.states()

    def test_told_as_in_an_open_group(self) -> None:
        self.alice.enter("/group lab one")
        self.assertEqual(self.states(self.alice), ["sent", "delivered"])

    def test_not_before_somebody_has_it(self) -> None:
        self.town.move_out(self.bob)
        self.alice.enter("/group lab one")
        self.assertEqual(self.states(self.alice), ["stored"])
        self.town.people.append(self.bob)
        self.bob = self.bob.again().come()
        self.assertEqual(self.states(self.alice), ["delivered"])
        self.assertEqual([text for text, _ in self.bob.texts()], ["one"])

    def test_of_what_one_person_was_told_the_server_says_nothing(self) -> None:
        self.town.move_out(self.bob)
        self.alice.enter("@bob one", "/group lab two")
        self.states(self.alice)
        sent = [command for command in self.alice.wire.sent if isinstance(command, e.PutMail)]
        for command in sent:
            self.alice.push(e.MailRead(command.id))
            self.alice.push(e.MailRead(command.id))
        self.alice.push(e.MailRead(b""), e.MailRead(bytes(16)))
        told = [(one.text, one.state) for one in self.alice.face.take(n.Outcome)]
        self.assertEqual(told, [("two", "delivered")])
