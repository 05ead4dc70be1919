"""Tests of clients.screen.keys: each key of the table, pressed, and what is then on the terminal."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.screen import keys
from tests.clients.house import Visitor
from tests.clients.screen.seat import Seat, seated
from tests.kit import House

ALT = "\x1b"
UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
CTRL_UP, CTRL_DOWN = "\x1b[1;5A", "\x1b[1;5B"
PASTE = "\x1b[200~{}\x1b[201~"


def ctrl(letter: str) -> str:
    """Ctrl and a letter."""
    return chr(ord(letter.upper()) & 31)


class KeysTests(SynchronousTestCase):
    """Alice at the screen; bob at another client."""

    def setUp(self) -> None:
        self.house = House()
        self.bob = Visitor(self.house, "bob").come()

    def test_enter_sends_and_the_line_is_empty(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("hello", "\r")
            self.assertTrue(any(row.endswith("alice │ hello ✓") for row in rows), rows)
            self.assertEqual(alice.input(), "You:")

        seated(story, self.house)

    def test_a_new_line_in_the_message(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("one", ALT + "\r", "two", ctrl("j"), "three")
            self.assertEqual([row.strip() for row in rows[-3:]], ["You: one", "two", "three"])

        seated(story, self.house)

    def test_tab_completes(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/memb", "\t")
            self.assertEqual(alice.input(), "You: /members")
            await alice.press(ctrl("u"), "@b", "\t")
            self.assertEqual(alice.input(), "You: @bob")

        seated(story, self.house)

    def test_tab_goes_through_several_and_back(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("/un", "\t", "\t")
            self.assertEqual(alice.input(), "You: /unban")
            self.assertTrue(any("/unignore" in row for row in rows), rows)
            await alice.press("\t")
            self.assertEqual(alice.input(), "You: /unignore")
            await alice.press("\x1b[Z", "\r")
            self.assertEqual(alice.input(), "You: /unban")

        seated(story, self.house)

    def test_up_and_down_are_what_was_sent_here(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("one", "\r", "/group --open g", "\r", "two", "\r", "begun", UP)
            self.assertEqual(alice.input(), "You [g]: two")
            await alice.press(UP, DOWN)
            self.assertEqual(alice.input(), "You [g]: begun")
            await alice.press(ctrl("u"), CTRL_UP, CTRL_UP, CTRL_UP)
            self.assertEqual(alice.input(), "You [g]: one")
            await alice.press(CTRL_DOWN)
            self.assertEqual(alice.input(), "You [g]: /group --open g")

        seated(story, self.house)

    def test_up_on_an_empty_line_edits_the_last_message(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press(UP)
            self.assertEqual(alice.input(), "You:")
            await alice.press("one", "\r", UP)
            self.assertEqual(alice.input(), "You: /edit one")
            await alice.press("\r")
            self.bob.settle()
            self.assertEqual([one.edits for one in self.bob.history.last(self.bob.account, "#lobby", 9)], [b""])
            await alice.press(UP, UP, UP)
            self.assertEqual(alice.input(), "You: one")
            await alice.press(DOWN, DOWN, DOWN)
            self.assertEqual(alice.input(), "You:")
            rows = await alice.press(UP, " more", "\r")
            self.assertTrue(any(row.endswith("alice │ one more (edited) ✓") for row in rows), rows)
            self.bob.settle()
            self.assertEqual([one.text for one in self.bob.history.last(self.bob.account, "#lobby", 9)], ["one more"])

        seated(story, self.house)

    def test_ctrl_r_searches(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("the first", "\r", "another", "\r", ctrl("r"), "fir", "\r")
            self.assertEqual(alice.input(), "You: the first")

        seated(story, self.house)

    def test_the_line_is_edited_as_in_a_shell(self) -> None:
        async def story(alice: Seat) -> None:
            for pressed, left in (
                (("one two three", ctrl("w")), "one two"),
                ((ctrl("u"), "one two", ctrl("a"), "x"), "xone two"),
                ((ctrl("k"), ctrl("y")), "xone two"),
                ((ctrl("e"), ALT + "b", ALT + "d"), "xone"),
                ((ctrl("_"),), "xone two"),
                ((ctrl("a"), ctrl("f"), ctrl("b"), ALT + "f", "!"), "xone! two"),
                ((ctrl("u"), "", ctrl("k"), "ab", ctrl("t")), "ba"),
            ):
                await alice.press(*filter(None, pressed))
                self.assertEqual(alice.input(), f"You: {left}", pressed)

        seated(story, self.house)

    def test_other_conversations_by_number_and_one_by_one(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/group --open one", "\r", "/group --open two", "\r", ALT + "1", "draft")
            for key, prompt in (
                (ALT + "2", "You [one]:"), (ctrl("n"), "You [two]:"), (ctrl("n"), "You: draft"),
                (ctrl("p"), "You [two]:"), (ALT + LEFT, "You [one]:"),
                (ALT + RIGHT, "You [two]:"),
                (ALT + "9", "You [two]:"),
            ):  # fmt: skip
                await alice.press(key)
                self.assertEqual(alice.input(), prompt, key)

        seated(story, self.house)

    def test_alt_a_goes_where_the_news_are(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/group --open one", "\r", ALT + "1")
            self.bob.enter("/group --open one", "/group one hello")
            await alice.pump()
            self.assertIn("new: 2:#one", alice.rows()[-2])
            rows = await alice.press(ALT + "a")
            self.assertEqual(alice.input(), "You [one]:")
            self.assertTrue(any("── new ─" in row for row in rows), rows)

        seated(story, self.house)

    def test_scrolling(self) -> None:
        async def story(alice: Seat) -> None:
            for number in range(60):
                self.bob.enter(f"line {number}")
            await alice.pump()
            rows = await alice.press("\x1b[5~")
            self.assertTrue(any(row.endswith("│ line 45") for row in rows), rows)
            self.assertIn("more below", rows[-2])
            self.bob.enter("another")
            rows = await alice.press("\x1b[6~", "\x1b[5~", ALT + "\x1b[H")
            self.assertFalse(any("line 59" in row for row in rows), rows)
            rows = await alice.press(ALT + "\x1b[F")
            self.assertTrue(any(row.endswith("│ another") for row in rows), rows)

        seated(story, self.house)

    def test_where_the_unread_begins_and_where_ones_name_is(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("/group --open g", "\r", ALT + "1")
            self.bob.enter("/group --open g", "/group g alice: first")
            for number in range(40):
                self.bob.enter(f"/group g line {number}")
            await alice.pump()
            rows = await alice.press(ALT + "2")
            self.assertFalse(any("first" in row for row in rows), rows)
            rows = await alice.press(ALT + "u")
            self.assertTrue(any("── new" in row for row in rows), rows)
            rows = await alice.press(ALT + "\x1b[F", ALT + "p")
            self.assertTrue(any("» alice: first" in row for row in rows), rows)
            await alice.press(ALT + "n")
            self.assertEqual(alice.rows(), rows)

        seated(story, self.house)

    def test_a_large_paste_is_asked_about(self) -> None:
        async def story(alice: Seat) -> None:
            paste = PASTE.format("a\rb\rc\rd")
            rows = await alice.press(paste)
            self.assertIn("Paste of 4 lines: s sends it as one message", rows[-2])
            await alice.press("x", "c")
            self.assertEqual(alice.input(), "You:")
            rows = await alice.press(paste, "e")
            self.assertEqual([row.strip() for row in rows[-4:]], ["You: a", "b", "c", "d"])
            rows = await alice.press(ctrl("c"), paste, "s")
            self.assertTrue(any(row.endswith("alice │ a") for row in rows), rows)
            self.assertEqual(alice.input(), "You:")
            await alice.press(PASTE.format("short"))
            self.assertEqual(alice.input(), "You: short")

        seated(story, self.house)

    def test_ctrl_c_empties_the_line_and_twice_leaves(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("typed", ctrl("c"))
            self.assertEqual(alice.input(), "You:")
            rows = await alice.press(ctrl("c"))
            self.assertTrue(any("Ctrl-C again leaves" in row for row in rows), rows)
            self.assertIsNone(alice.ended)
            await alice.press(ctrl("c"))

        self.assertEqual(seated(story, self.house).ended, (130, "DISCONNECTED!!"))

    def test_ctrl_d_leaves_on_an_empty_line_only(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("ab", ctrl("a"), ctrl("d"))
            self.assertEqual(alice.input(), "You: b")
            self.assertIsNone(alice.ended)
            await alice.press(ctrl("u"), ctrl("e"), ctrl("u"), ctrl("d"))

        self.assertEqual(seated(story, self.house).ended, (0, "DISCONNECTED!!"))

    def test_tata_leaves(self) -> None:
        async def story(alice: Seat) -> None:
            await alice.press("tata", "\r")

        self.assertEqual(seated(story, self.house).ended, (0, "DISCONNECTED!!"))

    def test_help(self) -> None:
        async def story(alice: Seat) -> None:
            rows = await alice.press("?")
            self.assertTrue(any("PgUp, PgDn" in row for row in rows), rows)
            await alice.press("what?", ctrl("u"), "/help group", "\r")
            rows = await alice.press("\x1bOP")
            self.assertTrue(any("Alt-1 to Alt-9" in row for row in rows), rows)

        seated(story, self.house, columns=120, rows=40)

    def test_ctrl_l_draws_anew(self) -> None:
        async def story(alice: Seat) -> None:
            before = alice.rows()
            alice.terminal.stream.feed("\x1b[5;5Hrubbish")
            self.assertNotEqual(alice.rows(), before)
            await alice.press(ctrl("l"))
            self.assertEqual(alice.rows(), before)

        seated(story, self.house)

    def test_the_table_is_whole(self) -> None:
        self.assertEqual(len({name for name, _ in keys.HELP}), len(keys.HELP))
