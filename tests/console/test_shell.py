"""What an operator sees and types: completion, history, search, letters of all kinds, sizes, pages, questions, what
goes on."""

from __future__ import annotations

from chatd.console.shell import MOST_TERMINALS
from tests.console.kit import operator
from tests.console.terminals import TerminalScene


class Typing(TerminalScene):
    """At the prompt."""

    def test_a_greeting_a_prompt_an_answer(self) -> None:
        self.shows("chatd console: the-admin, admin.", "chatd>")
        self.house.person("alice")
        self.enter("who")
        self.shows("name", "alice", "One here.")
        self.enter("nonsense")
        self.shows("There is no verb 'nonsense'")

    def test_tab_completes_verbs_names_and_options(self) -> None:
        self.house.people("alice", "zoé")
        self.type("sess\t")
        self.type(" @zo\t")
        self.shows("chatd> sessions @zoé")
        self.type("\x15who --v\t")
        self.shows("chatd> who --verbose")
        self.type("\x15group \t")
        self.shows("list", "show", "remove", "groups, by name")

    def test_letters_of_all_kinds(self) -> None:
        alice = self.house.person("alice")
        self.enter("announce é ü 日本 🦉")
        self.assertIn("é ü 日本 🦉", [getattr(event, "text", "") for event in alice.read()])
        self.type("kick é\x7f\x7falice")
        self.shows("chatd> kickalice")

    def test_history_and_search(self) -> None:
        for line in ("motd", "group list"):
            self.enter(line)
        self.type("\x1b[A")
        self.shows("chatd> group list")
        self.type("\x03")
        self.type("\x12mot")
        self.shows("(reverse-i-search)`mot': motd")
        self.type("\x07")
        self.type("\x03")
        self.enter("!1")
        self.assertEqual(self.window.all().count("\nmotd\n"), 1)
        _, again = self.terminal()
        self.assertEqual(again._lines, ["motd", "group list", "motd"])

    def test_another_operator_has_another_history(self) -> None:
        self.enter("motd")
        _, shell = self.terminal("ta")
        self.assertEqual(shell._lines, [])

    def test_words_of_leaving(self) -> None:
        for last in ("exit\r", "tata\r", "\x04"):
            window, shell = self.terminal()
            shell.feed(last.encode())
            self.turn()
            self.assertEqual(window.status, 0, last)
        self.assertEqual((len(self.shells.open_now), len(self.desk.operators())), (1, 1))

    def test_who_goes_away_leaves_nothing(self) -> None:
        self.shell.close()
        self.turn()
        self.assertEqual((len(self.shells.open_now), self.window.status), (0, 0))

    def test_only_so_many(self) -> None:
        for _ in range(MOST_TERMINALS - 1):
            self.terminal()
        self.assertIsNone(self.shells.open(self.window))  # type: ignore[arg-type]

    def test_a_key_that_is_taken_away(self) -> None:
        self.window.operator = None
        self.enter("who")
        self.assertEqual(self.window.status, 4)
        self.assertIn("taken out of authorized_keys", self.window.all())

    def test_colours_are_off_where_nobody_wants_them(self) -> None:
        self.house.person("alice")
        self.enter("who")
        self.assertIn(b"\x1b[32monline", self.window.raw)
        self.enter("who --color never")
        self.window.raw = b""
        self.enter("who --color=never")
        self.assertNotIn(b"\x1b[32m", self.window.raw)
        self.enter("color off")
        self.window.raw = b""
        self.enter("who")
        self.assertNotIn(b"\x1b[32m", self.window.raw)
        _, shell = self.terminal()
        self.assertTrue(shell.coloured)


class Screens(TerminalScene):
    """Sizes and pages."""

    def test_tables_fit_the_window_whatever_its_size(self) -> None:
        self.house.person("alice")
        for columns in (50, 120, 30):
            self.resize(columns, 24)
            self.enter("user list")
            self.assertTrue(all(len(line) <= columns for line in self.window.lines()))
            self.at_prompt()

    def test_a_resize_while_typing_keeps_the_line(self) -> None:
        self.type("announce something long")
        self.resize(40, 10)
        self.assertIn("chatd> announce something long", self.window.lines())
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_what_is_long_comes_in_pages(self) -> None:
        self.resize(100, 12)
        self.enter("help")
        self.shows("more lines: space, Enter, q")
        first = self.window.lines()[-2]
        self.type("\r")
        self.assertNotEqual(self.window.lines()[-2], first)
        self.type(" ")
        self.assertIn("more lines", self.window.lines()[-1])
        self.type("q")
        self.at_prompt()
        self.assertNotIn("help VERB shows an example", self.window.all())


class Deeds(TerminalScene):
    """What is done."""

    def test_what_destroys_asks(self) -> None:
        alice = self.house.person("alice")
        self.enter("kick @alice enough")
        self.shows("kick alice enough: are you sure? [y/N]")
        self.enter("n")
        self.shows("Nothing was done.")
        self.assertFalse(alice.over)
        self.enter("kick @alice enough")
        self.enter("y")
        self.assertTrue(alice.over)
        self.shows("alice is out")

    def test_what_goes_on_until_q(self) -> None:
        self.enter("watch")
        self.shows("(Ctrl-C or q stops)")
        self.house.person("alice")
        self.turn()
        self.shows("came  alice")
        self.type("q")
        self.at_prompt()
        self.assertIsNone(self.house.node._observer)

    def test_what_goes_on_ends_with_ctrl_c_and_with_the_connection(self) -> None:
        self.enter("watch")
        self.type("\x03")
        self.at_prompt()
        self.enter("trace @nobody")
        self.shows("There is nobody named")
        self.enter("watch")
        self.shell.close()
        self.turn()
        self.assertEqual((self.window.status, self.house.node._observer), (0, None))

    def test_ctrl_c_stops_what_is_under_way(self) -> None:
        self.house.reader.slow = True
        self.shell.feed(b"stats\r")
        self.loop.turn(0.02)
        self.shell.feed(b"\x03")
        self.loop.turn(0.02)
        self.shows("stats was stopped.")
        self.assertEqual(self.audit.entries()[-1].result, "stopped")
        self.enter("motd")
        self.shows("`config reload` reads it")

    def test_json_here_too(self) -> None:
        self.house.person("alice")
        self.enter("who --json")
        self.assertIn('{"v":1,"verb":"who","name":"alice"', self.window.all().replace("\n", ""))

    def test_names_of_people_cannot_draw(self) -> None:
        alice = self.house.person("alice")
        from chatd import messages as m

        alice.ask(m.Away, "\x1b[2Jgone")
        self.enter("user show @alice")
        self.shows("\\x1b[2Jgone")
        self.assertEqual(operator().role, "admin")
