"""Tests of clients.core.windows.face: questions, windows that open and close, what was there before, what rings."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Join
from clients.core.moving import MOVING, Moving
from clients.core.notices import Ended, Outcome, Refused, Said
from clients.core.offers import Offer
from clients.core.windows.windows import EVENT, Window
from tests.clients.house import Visitor
from tests.clients.screen.seat import Seat, seated
from tests.kit import House

NOT_SENT = "Not sent, since you are not in 'hw3': one"


def texts(window: Window | None) -> list[str]:
    """What stands in a window."""
    assert window is not None
    return [f"{row.who}: {row.text}" if row.who else row.text for row in window.rows]


class FaceTests(SynchronousTestCase):
    """Alice at the screen; bob at another client."""

    def setUp(self) -> None:
        self.house = House()
        self.bob = Visitor(self.house, "bob").come()

    def test_a_first_visit(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("bob", "\r")
            self.assertTrue(any("CREATING NEW ID:" in row for row in rows), rows)
            self.assertTrue(any("Username already taken!" in row for row in rows), rows)
            self.assertEqual(alice.input(), "Enter username: ".rstrip())
            rows = await alice.press("\r", "alice", "\r")
            self.assertTrue(any("Welcome to chat room. Enter 'tata' anytime to exit" in row for row in rows), rows)
            self.assertIn("alice@test:1", rows[-2])

        seated(story, self.house, name="", columns=100)

    def test_who_may_not_come_in_is_told_why_when_the_screen_is_gone(self) -> None:
        async def story(alice: Seat) -> None:
            alice.screen.notice(Refused("wrong-device", "This name belongs to another device."))
            alice.screen.notice(Ended("refused", ""))

        seat = seated(story, self.house)
        self.assertEqual(seat.ended, (4, "This name belongs to another device."))

    def test_what_is_typed_before_the_login_stays(self) -> None:
        async def story(alice: Seat) -> None:
            alice.screen._welcomed = False
            await alice.press("hello", "\r")
            self.assertEqual(alice.input(), "You: hello")

        seated(story, self.house)

    def test_a_password_is_not_shown(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("/passwd", "\r", "longsecret1")
            self.assertEqual(alice.input(), "New password: ***********")
            rows = await alice.press("\r", "othersecret", "\r")
            self.assertTrue(any("These are not the same" in row for row in rows), rows)
            await alice.press("/passwd", "\r", "longsecret1", "\r", "longsecret1", "\r")
            self.house.settle()
            await alice.press("/passwd", "\r", "longsecret2", "\r", "longsecret2", "\r")
            self.assertEqual(alice.input(), "Current password:", alice.rows())
            rows = await alice.press("longsecret1", "\r")
            self.assertEqual(alice.input(), "You:")
            await alice.press("\x12", "secret", "\r")
            self.assertEqual(alice.input(), "You:")
            self.assertNotIn("longsecret", alice.terminal.raw)
            for line in (*alice.toolkit.buffer.history.get_strings(), *alice.screen.everything.lines):
                self.assertNotIn("secret", line)

        seated(story, self.house)

    def test_private_words_open_a_window_and_ring(self) -> None:
        async def story(alice: Seat) -> None:
            self.bob.enter("@alice psst", "alice: look")
            await alice.pump()
            self.assertEqual(texts(alice.screen.windows.find("@bob")), ["bob: psst"])
            self.assertEqual(alice.terminal.raw.count("\a"), 2)
            await alice.press("/set notify desktop", "\r")
            self.bob.enter("@alice again")
            await alice.pump()
            self.assertIn("\x1b]9;bob: again\x1b\\", alice.terminal.raw)
            await alice.press("/set notify off", "\r")
            self.bob.enter("@alice more")
            await alice.pump()
            self.assertEqual(alice.terminal.raw.count("\a"), 2)

        seated(story, self.house)

    def test_a_message_is_edited_where_it_stands(self) -> None:
        async def story(alice: Seat) -> None:
            self.bob.enter("teh cat")
            await alice.press("teh dog", "\r", "another", "\r")
            self.bob.enter("s/teh/the/")
            await alice.press("s/another/more/", "\r", "\x1b[A", "!", "\r")
            self.assertEqual(texts(alice.screen.windows.current)[-3:],
                             ["bob: the cat (edited)", "alice: teh dog", "alice: more! (edited)"])  # fmt: skip
            await alice.press("/group --open g", "\r")
            self.bob.enter("/edit the cow")
            await alice.pump()
            lobby = alice.screen.windows.all[0]
            self.assertIn("bob: the cow (edited)", texts(lobby))
            self.assertEqual((lobby.unread, lobby.level), (0, EVENT))

        seated(story, self.house)

    def test_what_is_not_in_the_window_is_a_row_of_its_own(self) -> None:
        async def story(alice: Seat) -> None:
            self.bob.enter("long ago")
            await alice.pump()
            window = alice.screen.windows.current
            window.rows.clear()
            self.bob.enter("/edit just now")
            await alice.pump()
            self.assertEqual(texts(window), ["bob: just now (edited)"])

        seated(story, self.house)

    def test_what_one_says_elsewhere_is_seen_here_too(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("@bob hello", "\r")
            here, there = alice.screen.windows.all[0], alice.screen.windows.find("@bob")
            self.assertIn("alice: (Private to bob) hello", texts(here))
            self.assertEqual(texts(there), ["alice: hello"])
            self.assertEqual(alice.input(), "You:")

        seated(story, self.house)

    def test_a_message_is_marked_as_it_fares(self) -> None:
        async def story(alice: Seat) -> None:
            self.bob.leave()
            await alice.press("@bob hello", "\r")
            window = alice.screen.windows.find("@bob")
            self.assertEqual([row.state for row in window.rows], ["✓", ""])
            self.assertIn("bob is currently inactive", window.rows[1].text)
            self.bob.again()
            self.house.advance(3)
            await alice.pump()
            self.assertEqual(window.rows[0].state, "✓✓")

        seated(story, self.house)

    def test_a_group_opens_and_closes_its_window(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/group --open hw3", "\r")
            self.assertEqual(alice.input(), "You [hw3]:")
            self.assertIn("Group 'hw3' created successfully.", texts(alice.screen.windows.find("#hw3")))
            await alice.press("/part hw3", "\r")
            self.assertIsNone(alice.screen.windows.find("#hw3"))
            self.assertEqual(alice.input(), "You:")

        seated(story, self.house)

    def test_a_group_with_another_name_keeps_its_window(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/group --open hw3", "\r", "hello", "\r", "/rename hw3 hw4", "\r")
            self.assertEqual([window.to for window in alice.screen.windows.all], ["#lobby", "#hw4"])
            self.assertEqual(alice.input(), "You [hw4]:")
            self.assertIn("alice: hello", texts(alice.screen.windows.find("#hw4")))

        seated(story, self.house)

    def test_asking_for_a_topic_does_not_change_where_one_looks(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/group --open hw3", "\r", "\x1b1", "/topic hw3 due Friday", "\r")
            self.assertEqual(alice.input(), "You:")
            self.assertIn("The topic of group 'hw3' is now: due Friday", texts(alice.screen.windows.current))

        seated(story, self.house)

    def test_what_was_said_earlier_is_there_again(self) -> None:
        history = None

        async def first(alice: Seat) -> None:
            await alice.press("/group --open hw3", "\r", "one", "\r", "two", "\r")

        async def second(alice: Seat) -> None:
            await alice.press("\x1b2", "three", "\r")
            said = [text for text in texts(alice.screen.windows.find("#hw3")) if ": " in text]
            self.assertEqual(said, ["alice: one", "alice: two", "alice: three"])

        seat = seated(first, self.house)
        history = seat.history
        seat.leave()
        seated(second, self.house, history=history, device=seat.device)

    def test_what_is_kept_before_it_is_shown_is_shown_once(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("@bob hello", "\r")
            window = alice.screen.windows.find("@bob")
            kept = alice.app.recent("@bob", 10)
            self.assertEqual([one.text for one in kept], ["hello"])
            alice.screen.windows.drop("@bob")
            alice.screen.notice(Outcome(kept[0].id, "@bob", "hello", "delivered", "dm:alice:bob"))
            window = alice.screen.windows.find("@bob")
            self.assertEqual(texts(window), ["alice: hello"])
            self.assertEqual([row.state for row in window.rows], ["✓✓"])

        seated(story, self.house)

    def test_a_file_on_its_way_is_no_row(self) -> None:
        offer = Offer(b"f" * 16, "notes.pdf", 1000, b"h" * 32)

        async def story(alice: Seat) -> None:
            rows = len(alice.screen.windows.current.rows)
            for done in (100, 450):
                alice.screen.notice(Moving(offer, "up", MOVING, ("@bob",), done))
            await alice.pump()
            self.assertIn("(45 %) sent", alice.rows()[-2])
            self.assertEqual(len(alice.screen.windows.current.rows), rows)
            alice.screen.notice(Moving(offer, "up", "sent", ("@bob",), 1000))
            await alice.pump()
            self.assertNotIn("45 %", alice.rows()[-2])
            self.assertIn("notes.pdf: sent to @bob (1.0 KB).", texts(alice.screen.windows.current)[-1])

        seated(story, self.house, columns=120)

    def test_a_refusal_is_told_where_one_wrote(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("@zoe hello", "\r")
            self.assertTrue(any("Requested user <<zoe>> not found!" in row for row in rows), rows)
            self.assertIsNone(alice.screen.windows.find("@zoe"))

        seated(story, self.house, columns=120)

    def test_the_line_is_gone_and_comes_back(self) -> None:
        async def story(alice: Seat) -> None:
            alice.line.close()
            alice.settle()
            await alice.pump()
            self.assertIn("offline", alice.rows()[-2])
            rows = await alice.press("meanwhile", "\r")
            self.assertTrue(any("meanwhile …" in row for row in rows), rows)
            self.assertIn("1 to be sent", rows[-2])
            for _ in range(100):
                self.house.advance(0.1)
                alice.settle()
            await alice.pump()
            self.assertTrue(any("meanwhile ✓" in row for row in alice.rows()), alice.rows())

        seated(story, self.house, columns=100)

    def test_nothing_from_the_network_acts_on_the_terminal(self) -> None:
        async def story(alice: Seat) -> None:
            self.bob.enter("@alice \x1b]0;pwned\a\x1b[2J", "\x9b31mred \u202eevil")
            await alice.pump()
            rows = await alice.press("\x1b2")
            self.assertTrue(any("\\x1b]0;pwned\\x07\\x1b[2J" in row for row in rows), rows)
            self.assertNotIn("\x1b]0;", alice.terminal.raw)
            self.assertNotIn("\x9b", alice.terminal.raw)
            self.assertNotIn("\u202e", alice.terminal.raw)

        seated(story, self.house, columns=120)

    def test_what_tab_offers(self) -> None:
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        (folder / "my essay.pdf").touch()

        async def story(alice: Seat) -> None:
            self.bob.enter("notes.pdf  -  /get 3fa9c2d1")
            await alice.pump()
            self.assertEqual([one.text for one in alice.screen.offers(f"/file @bob {folder}/my e")], ["my essay.pdf"])
            self.assertEqual([one.text for one in alice.screen.offers("/get ")], ["3fa9c2d1 "])
            self.assertEqual([one.text for one in alice.screen.offers("hi @b")], ["bob "])

        seated(story, self.house)


class AheadTests(SynchronousTestCase):
    """What is typed before a group has let one in."""

    def setUp(self) -> None:
        self.house = House()
        self.bob = Visitor(self.house, "bob").come()
        self.bob.enter("/group --open hw3", "/mode hw3 +k sesame")
        self.bob.face.notices.clear()

    def heard(self) -> list[tuple[str, str]]:
        """What bob has heard of alice, and where."""
        return [(said.conversation, said.text) for said in self.bob.take(Said)]

    def type(self, alice: Seat, *lines: str) -> None:
        """Lines, faster than any answer."""
        for line in lines:
            alice.screen.line(line)

    def test_it_is_said_in_the_group(self) -> None:
        async def story(alice: Seat) -> None:
            self.type(alice, "/join hw3 sesame", "one", "two")
            alice.toolkit.put("half a sen")
            self.assertEqual(alice.screen.note(), "2 to be said in #hw3")
            await alice.pump()
            self.assertEqual(alice.input(), "You [hw3]: half a sen")
            self.assertEqual(alice.screen.note(), "")
            await alice.press("\x1b1")
            self.assertEqual(alice.input(), "You:")
            self.assertEqual(self.heard(), [("#hw3", "one"), ("#hw3", "two")])

        seated(story, self.house)

    def test_whoever_may_not_come_in_is_told_what_was_not_sent(self) -> None:
        async def story(alice: Seat) -> None:
            self.type(alice, "/join hw3", "one")
            await alice.pump()
            self.assertIn(NOT_SENT, texts(alice.screen.windows.current))
            await alice.press("\x1b[A")
            self.assertEqual(alice.input(), "You: one")
            self.assertEqual(self.heard(), [])

        seated(story, self.house)

    def test_the_line_breaks_before_the_answer(self) -> None:
        async def story(alice: Seat) -> None:
            alice.line.loses = (Join,)
            self.type(alice, "/join hw3 sesame", "one")
            alice.line.close()
            await alice.pump()
            self.assertIn(NOT_SENT, texts(alice.screen.windows.current))

        seated(story, self.house)

    def test_commands_and_private_words_do_not_wait(self) -> None:
        async def story(alice: Seat) -> None:
            self.type(alice, "/join hw3 sesame", "@bob psst", "/group nosuch hello", "one")
            await alice.pump()
            self.assertEqual([text for _, text in self.heard()], ["psst", "one"])

        seated(story, self.house)

    def test_whoever_looks_elsewhere_means_that(self) -> None:
        async def story(alice: Seat) -> None:
            self.bob.enter("@alice hello")
            await alice.pump()
            self.type(alice, "/join hw3 sesame", "one")
            alice.screen.look(alice.screen.windows.find("@bob"))
            self.type(alice, "two")
            alice.toolkit.put("half a sen")
            await alice.pump()
            self.assertEqual(sorted(text for _, text in self.heard()), ["one", "two"])
            self.assertEqual(alice.input(), "You [hw3]:")
            await alice.press("\x1b1", "\x1b3")
            self.assertEqual(alice.input(), "You [@bob]: half a sen")

        seated(story, self.house)

    def test_whoever_leaves_before_the_answer_is_told_what_was_not_sent(self) -> None:
        async def story(alice: Seat) -> None:
            alice.line.loses = (Join,)
            self.type(alice, "/join hw3 sesame", "one", "tata")
            await alice.pump()

        self.assertEqual(seated(story, self.house).ended, (0, f"DISCONNECTED!!\n{NOT_SENT}"))

    def test_too_many_stay_in_the_input(self) -> None:
        async def story(alice: Seat) -> None:
            self.type(alice, "/join hw3 sesame", *(f"line {number}" for number in range(50)))
            alice.toolkit.put("the last")
            self.type(alice, "the last")
            self.assertEqual(alice.toolkit.typed(), "the last")

        seated(story, self.house)

    def test_a_command_leaves_nothing_behind_where_one_looked(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/join hw3 sesame", "\r", "a draft", "\x1b1", "/focus hw3", "\r")
            self.assertEqual(alice.input(), "You [hw3]: a draft")
            await alice.press("\x1b1")
            self.assertEqual(alice.input(), "You:")

        seated(story, self.house)
