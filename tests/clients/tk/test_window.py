"""Tests of clients.tk.window: keys and buttons do what the same do in the full screen."""

from __future__ import annotations

from clients.core import notices as n
from clients.core.windows.windows import LOBBY
from tests.clients.house import Visitor
from tests.clients.tk.desk import DeskCase, Sitter
from tests.kit import House


class WindowTests(DeskCase):
    """Alice at the windows; bob at another client."""

    def setUp(self) -> None:
        super().setUp()
        self.house = House()
        self.bob = Visitor(self.house, "bob").come()
        self.alice = Sitter(self.house, "alice", self.root).sit()

    def test_what_one_types_is_said(self) -> None:
        self.alice.write("hello")
        self.assertIn("alice  hello  ✓", self.alice.shown())
        self.assertEqual(self.alice.main.typed(), "")
        self.alice.main.put("by the button")
        self.alice.main.send.invoke()
        self.alice.draw()
        self.assertIn("by the button", self.alice.shown())

    def test_shift_enter_is_a_new_line_and_the_input_grows(self) -> None:
        self.alice.main.put("one")
        self.alice.press("<Shift-Return>")
        self.assertEqual(self.alice.main.typed(), "one\n")
        self.alice.main._fit()
        self.assertEqual(int(self.alice.main.input.cget("height")), 2)

    def test_a_long_line_is_seen_whole(self) -> None:
        self.alice.main.put("word " * 60)
        self.alice.draw()
        self.alice.main._fit()
        self.alice.draw()
        self.assertGreater(int(self.alice.main.input.cget("height")), 1)
        self.assertEqual(self.alice.main.input.index("@0,0"), "1.0")

    def test_tab_completes_and_goes_on(self) -> None:
        self.alice.main.put("/memb")
        self.alice.press("<Tab>")
        self.assertEqual(self.alice.main.typed(), "/members ")
        self.alice.main.put("/un")
        self.alice.press("<Tab>", "<Tab>")
        self.assertEqual(self.alice.main.typed(), "/unignore ")

    def test_up_and_down(self) -> None:
        self.alice.write("one")
        self.alice.main.put("begun")
        self.alice.press("<Up>")
        self.assertEqual(self.alice.main.typed(), "one")
        self.alice.press("<Down>")
        self.assertEqual(self.alice.main.typed(), "begun")

    def test_up_on_an_empty_line_edits_the_last_message(self) -> None:
        self.alice.write("one")
        self.alice.press("<Up>")
        self.assertEqual(self.alice.main.typed(), "/edit one")
        self.alice.press("<Up>", "<Down>", "<Down>")
        self.assertEqual(self.alice.main.typed(), "")
        self.alice.write("/edit two")
        self.assertIn("alice  two (edited)", self.alice.main.display.text.get("1.0", "end"))

    def test_conversations_by_keys_and_by_the_mouse(self) -> None:
        self.alice.write("/group --open hw3")
        self.assertEqual(self.alice.main.name.cget("text"), "#hw3")
        self.alice.press("<Alt-Key-1>")
        self.assertEqual(self.alice.main.name.cget("text"), LOBBY)
        self.alice.press("<Control-n>")
        self.assertEqual(self.alice.main.name.cget("text"), "#hw3")
        self.alice.press("<Alt-Left>", "<Alt-Right>", "<Control-p>")
        self.assertEqual(self.alice.main.name.cget("text"), LOBBY)
        self.alice.main.list.selection_set("#hw3")
        self.alice.draw()
        self.assertEqual(self.alice.main.name.cget("text"), "#hw3")

    def test_news_are_marked_in_the_list(self) -> None:
        self.alice.write("/group --open hw3")
        self.alice.press("<Alt-Key-1>")
        self.bob.enter("/group --open hw3", "/group hw3 alice: look")
        self.alice.draw()
        self.assertEqual(self.alice.main.list.item("#hw3", "text").split(), ["2!", "#hw3", "(1)"])
        self.alice.press("<Alt-a>")
        self.assertIn("» alice: look", self.alice.shown())

    def test_what_one_types_is_not_disturbed(self) -> None:
        self.alice.main.put("half a sen")
        for number in range(500):
            self.bob.enter(f"line {number}")
        self.alice.draw()
        self.assertEqual(self.alice.main.typed(), "half a sen")
        self.assertIn("line 499", self.alice.shown())

    def test_a_draft_stays_with_its_conversation(self) -> None:
        self.alice.write("/group --open hw3")
        self.alice.main.put("draft")
        self.alice.press("<Alt-Key-1>")
        self.assertEqual(self.alice.main.typed(), "")
        self.alice.press("<Alt-Key-2>")
        self.assertEqual(self.alice.main.typed(), "draft")

    def test_a_password_is_hidden(self) -> None:
        self.alice.write("/passwd")
        self.alice.draw()
        self.assertEqual(self.alice.main.prompt.cget("text"), "New password: ")
        self.assertEqual(self.alice.main.hidden.cget("show"), "•")
        self.assertTrue(self.alice.main.hidden.winfo_ismapped())
        self.alice.main.hidden.insert(0, "long secret words")
        self.alice.main.send.invoke()
        self.alice.main.hidden.insert(0, "others")
        self.alice.main.send.invoke()
        self.alice.draw()
        self.assertIn("These are not the same", self.alice.shown())
        self.assertFalse(self.alice.main.hidden.winfo_ismapped())

    def test_a_file_by_the_button(self) -> None:
        self.alice.main._choose = lambda **how: "/somewhere/my notes.pdf"
        typed: list[str] = []
        self.patch(self.alice.app, "enter", typed.append)
        self.alice.write("@bob hello")
        self.alice.main.file.invoke()
        self.assertEqual(typed, ["@bob hello", "/file #lobby /somewhere/my notes.pdf"])
        self.alice.main._choose = lambda **how: ""
        self.alice.main.file.invoke()
        self.assertEqual(len(typed), 2)

    def test_who_can_read_it_is_said(self) -> None:
        self.assertEqual(self.alice.main.security.cget("text"), "everybody here and the server read this")

    def test_a_number_to_compare_has_a_window(self) -> None:
        self.alice.screen.notice(n.Compare("bob", " ".join(["12345"] * 12), "first-seen"))
        assert self.alice.main.comparing is not None
        self.assertTrue(self.alice.main.comparing.window.winfo_exists())

    def test_members_by_the_button(self) -> None:
        self.alice.write("/group --open hw3")
        self.alice.main.members.invoke()
        self.alice.draw()
        self.assertIn("Members of group 'hw3': alice", self.alice.shown())

    def test_dark_and_light(self) -> None:
        from clients.core.windows import palette

        for theme in ("light", "dark"):
            self.alice.write(f"/set theme {theme}")
            self.assertEqual(self.alice.main.display.text.cget("background"), palette.BACKGROUNDS[theme])

    def test_help_and_leaving(self) -> None:
        self.alice.press("<F1>")
        self.assertIn("another conversation", self.alice.shown())
        self.alice.press("<Control-q>")
        self.assertEqual(self.alice.ended, (0, "DISCONNECTED!!"))
