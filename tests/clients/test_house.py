"""Our own client and a whole server: stories in which each relies on what the other keeps."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import notices as n
from clients.core.show import Style, lines
from tests.clients.house import Visitor
from tests.kit import House


class HouseCase(SynchronousTestCase):
    """A house, and alice and bob in it."""

    def setUp(self) -> None:
        self.house = House()
        self.alice, self.bob = (Visitor(self.house, name).come() for name in ("alice", "bob"))

    def texts(self, visitor: Visitor) -> list[str]:
        """What others said, as it was shown."""
        return [f"{said.conversation} {said.sender}: {said.text}" for said in visitor.take(n.Said) if not said.own]

    def found(self, visitor: Visitor, to: str) -> list[str]:
        """What a device has of a group."""
        return [said.text for said in visitor.history.last(visitor.account, to, 99)]


class AnewTests(HouseCase):
    """A group ends with its last member, and its name is given again."""

    def first_group(self) -> None:
        """Both have talked in #hw3, up to seq 4, and it is no more."""
        self.alice.enter("/group hw3", "/group hw3 one")
        self.bob.enter("/group hw3", "/group hw3 two", "/group hw3 three")
        self.alice.enter("/group hw3 four")
        self.assertEqual(self.texts(self.bob), ["#hw3 alice: four"])
        self.assertEqual(self.texts(self.alice), ["#hw3 bob: two", "#hw3 bob: three"])
        self.house.advance(2)
        for visitor in (self.alice, self.bob):
            visitor.enter("/part hw3")
        self.house.seconds += 86_400

    def test_who_comes_to_the_new_group_sees_its_first_messages_and_keeps_the_old_ones(self) -> None:
        self.first_group()
        self.alice.enter("/group hw3")
        self.bob.enter("/group hw3")
        self.alice.enter("/group hw3 first", "/group hw3 second")
        self.assertEqual(self.texts(self.bob), ["#hw3 alice: first", "#hw3 alice: second"])
        self.assertEqual(self.found(self.bob, "#hw3"), ["two", "three", "four", "first", "second"])
        (told,) = self.bob.take(n.Local)
        self.assertIn("/history #hw3 (until 2027-01-1", told.lines[0])
        self.bob.enter(told.lines[0].rpartition(": ")[2])
        (found,) = self.bob.take(n.Found)
        self.assertEqual([said.text for said in found.messages], ["two", "three", "four"])

    def test_also_who_was_away_while_all_that_happened(self) -> None:
        self.alice.enter("/group hw3")
        self.bob.enter("/group hw3")
        self.alice.enter(*(f"/group hw3 {number}" for number in range(5)))
        self.assertEqual(len(self.texts(self.bob)), 5)
        self.house.advance(2)
        self.bob.leave()
        self.alice.enter("/kick hw3 bob", "/part hw3")
        self.house.seconds += 60
        self.alice.enter("/group hw3", "/group hw3 anew")
        self.bob = self.bob.again()
        self.bob.enter("/group hw3")
        self.alice.enter("/group hw3 hello")
        self.assertEqual(self.texts(self.bob), ["#hw3 alice: hello"])
        self.assertEqual(self.found(self.bob, "#hw3"), [*"01234", "hello"])
        self.assertEqual(self.texts(self.bob.again()), [])

    def test_another_name_keeps_the_place_and_what_was_said(self) -> None:
        self.alice.enter("/group hw3")
        self.bob.enter("/group hw3")
        self.alice.enter("/group hw3 one")
        self.bob.take(n.Said)
        self.alice.enter("/rename #hw3 #hw4", "/group hw4 two")
        self.assertEqual(self.texts(self.bob), ["#hw4 alice: two"])
        self.bob.leave()
        self.alice.enter("/rename #hw4 #hw5", "/group hw5 three")
        self.bob = self.bob.again()
        self.assertEqual(self.texts(self.bob), ["#hw5 alice: three"])
        self.assertEqual(self.found(self.bob, "#hw5"), ["one", "two", "three"])
        self.assertEqual(self.found(self.bob, "#hw3") + self.found(self.bob, "#hw4"), [])

    def test_a_restart_of_the_server_changes_nothing_of_that(self) -> None:
        self.alice.enter("/group hw3", "hello", "@bob hi", "/group hw3 one")
        self.bob.enter("/group hw3")
        known = self.alice.history.created(self.alice.account)
        self.assertEqual(set(known), {"#lobby", "#hw3"})
        self.house.restart()
        self.house.seconds += 86_400
        for visitor in (self.alice.again(), self.bob.again()):
            self.assertEqual(visitor.take(n.Local), [])
        self.assertEqual(self.alice.history.created(self.alice.account), known)


class PassingTests(HouseCase):
    """What is kept nowhere."""

    def test_a_guest_and_a_member_talk_in_private(self) -> None:
        guest = Visitor(self.house, "gast", guest=True).come()
        self.alice.enter("@gast hello")
        self.assertEqual([(told.state, told.to) for told in self.alice.take(n.Outcome)], [("passed", "@gast")])
        (heard,) = guest.take(n.Passing)
        self.assertEqual((heard.sender, heard.to, heard.text, heard.own), ("alice", "@gast", "hello", False))
        guest.enter("@alice hi", "@bob psst")
        self.assertEqual([told.state for told in guest.take(n.Outcome)], ["passed", "passed"])
        self.assertEqual([(told.sender, told.text) for told in self.alice.take(n.Passing)], [("gast", "hi")])
        self.assertEqual([told.text for told in self.bob.take(n.Passing)], ["psst"])
        for visitor in (self.alice, guest):
            self.assertEqual(visitor.history.search(visitor.account, "h"), [])
        guest.leave()
        self.alice.enter("@gast still there?")
        self.assertEqual([told.code for told in self.alice.take(n.Refused)], ["no-such-user"])

    def test_words_to_operators_only(self) -> None:
        carol = Visitor(self.house, "carol").come()
        self.alice.enter("/group g", "/mode g +U")
        for visitor in (self.bob, carol):
            visitor.enter("/group g")
        self.bob.enter("/group g help")
        self.assertEqual([told.state for told in self.bob.take(n.Outcome)], ["passed"])
        self.assertEqual([(told.to, told.text) for told in self.alice.take(n.Passing)], [("#g", "help")])
        self.assertEqual(carol.take(n.Passing), [])


class OrderTests(HouseCase):
    """Who runs a group, and what the others see of it."""

    def setUp(self) -> None:
        super().setUp()
        self.alice.enter("/group g", "/focus g")
        self.bob.enter("/group g", "/focus g")
        for visitor in (self.alice, self.bob):
            visitor.settle()
            visitor.face.notices.clear()

    def refusals(self, visitor: Visitor) -> list[str]:
        """The server's sentences."""
        return [told.text for told in visitor.take(n.Refused)]

    def shown(self, visitor: Visitor) -> list[str]:
        """What a person sees."""
        visitor.settle()
        notices, visitor.face.notices = visitor.face.notices, []
        return [row for notice in notices for row in lines(notice, Style(me=visitor.name, focus="#g"))]

    def test_each_command_does_what_it_says(self) -> None:
        for typed, mine, theirs in (
            ("/slow 30", "[g] You set +f 30 (30 seconds between two messages)", "[g] alice set +f 30 (30 seconds"),
            ("/slow off", "[g] You set -f (no waiting between messages)", "[g] alice set -f"),
            ("/key word", "[g] You set +k word (a key is needed)", "[g] alice set +k word"),
            ("/key g off", "[g] You set -k (no key is needed)", "[g] alice set -k"),
            ("/voice bob", "[g] You set +v bob (bob is voice)", "[g] You are now voice"),
            ("/devoice bob", "[g] You set -v bob (no longer: bob is voice)", "[g] You are now member"),
            ("/op bob", "[g] You set +o bob (bob is op)", "[g] You are now op"),
            ("/deop bob", "[g] You set -o bob (no longer: bob is op)", "[g] You are now member"),
            ("/mode +m", "[g] You set +m (only those with a voice speak)", "[g] alice let only operators"),
            ("/mode -m", "[g] You set -m (no longer: only those", "[g] alice lets everybody"),
            ("/ban zoe", "[g] You set +bb a:zoe zoe!*@* (a:zoe is banned; zoe!*@* is banned)", "[g] alice set +bb"),
            ("/unban zoe", "[g] You set -bb a:zoe zoe!*@* (no longer:", "[g] alice set -bb"),
            ("/unban zoe", "Nothing was changed.", ""),
        ):
            self.alice.enter(typed)
            for shown, line in ((self.shown(self.alice), mine), (self.shown(self.bob), theirs)):
                self.assertEqual(len(shown), 1 if line else 0, (typed, shown))
                self.assertTrue(not line or shown[0].startswith(line), (typed, shown, line))

    def test_asking(self) -> None:
        self.alice.enter("/mode +s", "/ban m:bob")
        self.shown(self.alice)
        self.alice.enter("/mode")
        self.assertEqual(self.shown(self.alice), [
            "Modes of group 'g': +nst", "  n  nobody speaks from outside", "  s  strangers do not see it",
            "  t  only operators set the topic",
        ])  # fmt: skip
        self.alice.enter("/bans")
        title, row = self.shown(self.alice)
        self.assertEqual((title, row[:27]), ("Who is banned from group 'g':", "  m:bob!*@*  by alice, 2027"))
        self.bob.enter("me too?")
        self.assertEqual(self.refusals(self.bob), ["You are muted in #g."])

    def test_who_may_not_is_told_why_in_the_servers_words(self) -> None:
        for typed in ("/slow 3", "/key x", "/op bob", "/kick alice", "/ban alice", "/rename g h"):
            self.bob.enter(typed)
            told = self.refusals(self.bob)
            self.assertTrue(told and all("#g" in text or "owner" in text for text in told), (typed, told))
        self.alice.enter("/op zoe", "/mode +z")
        self.assertEqual(len(self.refusals(self.alice)), 2)

    def test_put_out_with_a_reason_and_in_again_with_a_key(self) -> None:
        self.alice.enter("/key word", "/kick g bob too loud")
        self.assertIn("[g] You were removed from the group by alice: too loud", self.shown(self.bob))
        self.bob.enter("/join g", "/join g word")
        self.assertEqual(self.shown(self.bob), ["#g has a key, and that is not it.", "Joined group 'g' successfully."])
        self.alice.enter("/kick bob")
        self.assertIn("[g] You were removed from the group by alice", self.shown(self.bob))


class EditTests(HouseCase):
    """What was said is said anew, and who reads it how."""

    def test_in_an_open_group_the_log_has_both_and_people_read_one(self) -> None:
        for visitor in (self.alice, self.bob):
            visitor.enter("/group --open hw3", "/focus hw3")
        self.alice.enter("due Monday", "another", "/edit another one")
        self.alice.enter("s/one/two/")
        (first,) = [one for one in self.bob.take(n.Said) if one.text == "due Monday"]
        self.alice.enter(f"/edit {first.id.hex()} due Friday")
        self.bob.settle()
        for visitor in (self.alice, self.bob):
            self.assertEqual(self.found(visitor, "#hw3"), ["due Friday", "another two"])
            visitor.take(n.Answered)
            visitor.enter("/history hw3")
            shown = [line for one in visitor.take(n.Answered) for line in lines(one, Style(me="bob"))]
            self.assertEqual([line.partition("[hw3] ")[2] for line in shown if "(edited)" in line], [
                "alice (edited): due Friday", "alice (edited): another two",
            ])  # fmt: skip
            self.assertEqual(self.found(visitor.again(), "#hw3"), ["due Friday", "another two"])

    def test_nobody_edits_what_somebody_else_said(self) -> None:
        self.bob.enter("mine")
        (said,) = self.alice.take(n.Said)
        self.alice.enter(f"/edit {said.id.hex()} forged")
        (refused,) = self.alice.take(n.Refused)
        self.assertEqual(refused.code, "nothing-to-edit")
        # a client that does as it likes:
        self.alice.app.then(lambda: self.alice.app._send(("#lobby",), "forged", said.id))
        self.alice.settle()
        (forged,) = [one for one in self.bob.take(n.Said) if one.text == "forged"]
        self.assertEqual(forged.edits, b"")
        self.assertEqual(self.found(self.bob, "#lobby"), ["mine", "forged"])

    def test_who_was_away_reads_the_last_text(self) -> None:
        self.alice.enter("one", "/edit two")
        self.assertEqual([(said.text, said.edits != b"") for said in self.bob.take(n.Said)],
                         [("one", False), ("two", True)])  # fmt: skip
        self.bob.leave()
        self.alice.enter("@bob three", "/focus @bob", "/edit four")
        bob = self.bob.again()
        self.assertEqual([(said.text, said.edits != b"") for said in bob.take(n.Said)],
                         [("three", False), ("four", True)])  # fmt: skip
        self.assertEqual(self.found(bob, "@alice"), ["four"])
