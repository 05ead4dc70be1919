"""Tests of clients.tk.display: what is new is added, marks change in place, what is older comes at the top."""

from __future__ import annotations

from clients.core.windows.windows import Row, Window
from tests.clients.tk.desk import DeskCase


class DisplayTests(DeskCase):
    """One conversation after the other."""

    def setUp(self) -> None:
        super().setUp()
        from clients.tk.display import Display

        self.asked = 0
        self.said: list[str] = []
        self.display = Display(self.root, self.older, self.said.append)
        self.display.dress("light")
        self.display.frame.pack(fill="both", expand=True)
        self.window = Window("#g")
        self.root.update()

    def older(self) -> None:
        """Somebody is at the top."""
        self.asked += 1

    def fill(self, count: int) -> None:
        """So many rows more."""
        for _ in range(count):
            self.window.add(Row(0, "bob", f"line {self.window.made + 1}", "said"))

    def show(self) -> list[str]:
        """Be up to date; the lines."""
        self.display.show(self.window)
        self.root.update()
        return [line for line in self.display.text.get("1.0", "end").split("\n") if line]

    def test_what_is_new_is_added_and_nothing_twice(self) -> None:
        self.fill(2)
        self.assertEqual([line.split("  ")[-1] for line in self.show()[1:]], ["line 1", "line 2"])
        self.fill(1)
        self.assertEqual(len(self.show()), 4)
        self.assertEqual(len(self.show()), 4)

    def test_another_conversation(self) -> None:
        self.fill(2)
        self.show()
        self.window = Window("#h")
        self.window.add(Row(0, "", "nothing yet", "event"))
        self.assertTrue(self.show()[-1].endswith("nothing yet"))
        self.assertEqual(len(self.show()), 2)

    def test_what_is_said_anew_changes_in_place(self) -> None:
        row = Row(0, "alice", "hello", "own", b"1", "✓")
        self.window.add(row)
        self.fill(1)
        self.show()
        for text in ("hello\nyou (edited)", "bye (edited)"):
            row.text, row.state = text, "✓✓"
            shown = "\n".join(self.show())
            self.assertIn(f"alice  {text}  ✓✓\n", shown)
            self.assertEqual("hello" in shown, "hello" in text)
            self.assertTrue(shown.endswith("line 2"), shown)

    def test_the_mark_of_ones_own_changes_in_place(self) -> None:
        row = Row(0, "alice", "hello", "own", b"1", "✓")
        self.window.add(row)
        self.fill(1)
        self.assertTrue(self.show()[1].endswith("hello  ✓"))
        row.state = "✓✓"
        self.assertTrue(self.show()[1].endswith("hello  ✓✓"), self.show())
        row.state = "✓"
        self.assertTrue(self.show()[1].endswith("hello  ✓"))

    def test_a_long_conversation_shows_its_end_and_more_at_its_top(self) -> None:
        from clients.tk.display import MOST

        self.fill(3 * MOST)
        self.assertEqual(len(self.show()), MOST + 1)
        self.display.text.yview_moveto(0)
        self.display.text.event_generate("<Button-4>")
        self.root.update()
        self.assertEqual(len(self.show()), 2 * MOST + 1)
        self.assertEqual(self.asked, 0)
        for _ in range(2):
            self.display.text.yview_moveto(0)
            self.display._up()
        self.assertEqual((len(self.show()), self.asked), (3 * MOST + 1, 1))

    def test_at_the_very_top_one_stays_there(self) -> None:
        self.fill(100)
        self.show()
        for _ in range(10):
            self.display.scroll(-1)
        self.assertEqual(self.display.text.yview()[0], 0.0)

    def test_who_reads_further_up_stays_there(self) -> None:
        self.fill(300)
        self.show()
        self.display.text.yview_moveto(0.2)
        place = self.display.text.yview()[0]
        top = self.display.text.index("@0,0")
        self.fill(3)
        self.show()
        self.assertEqual(self.display.text.index("@0,0"), top, place)
        self.display.text.see("end")
        self.fill(1)
        self.show()
        self.assertGreater(self.display.text.yview()[1], 0.999)

    def test_the_unread_and_days_are_marked(self) -> None:
        self.window.add(Row(0, "bob", "one"))
        self.window.add(Row(86_400_000 * 2, "bob", "two"))
        self.window.line = 2
        self.assertEqual([line[:8] for line in self.show()][2:4], ["Saturday", "── new ─"])

    def test_a_name_is_marked_not_only_by_colour(self) -> None:
        self.window.add(Row(0, "bob", "alice?", "said", mention=True))
        self.assertIn("» alice?", self.show()[-1])

    def test_nobody_types_into_it(self) -> None:
        self.fill(1)
        before = self.show()
        self.display.text.focus_force()
        self.display.text.event_generate("x")
        self.assertEqual(self.show(), before)

    def test_a_file_is_fetched_by_pressing_its_command(self) -> None:
        self.window.add(Row(0, "bob", "File: essay.pdf (1.0 KB)  -  /get 3fa9c2d1", "said"))
        self.assertTrue(self.show()[-1].endswith("bob  File: essay.pdf (1.0 KB)  -  /get 3fa9c2d1"))
        found = self.display.text.tag_ranges("link")
        left, top, _, _ = self.display.text.bbox(found[0]) or (0, 0, 0, 0)
        self.display.text.event_generate("<Motion>", x=left + 2, y=top + 2)
        self.display.text.event_generate("<Button-1>", x=left + 2, y=top + 2)
        self.root.update()
        self.assertEqual(self.said, ["/get 3fa9c2d1"])

    def test_columns_stay_columns_and_go_on_below_themselves(self) -> None:
        for text in ("/who  who is here", "one sentence"):
            self.window.add(Row(0, "", text, "event"))
        self.window.add(Row(0, "bob", "two  blanks", "said"))
        self.show()
        tags = [self.display.text.tag_names(f"{line}.8") for line in (2, 3, 4)]
        self.assertEqual(["table" in names for names in tags], [True, False, False])
        wide = self.display._indent + 6 * self.display._column
        self.assertEqual(int(self.display.text.tag_cget("hang6", "lmargin2")), wide)
