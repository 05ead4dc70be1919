"""`py`: for the role debug where it is allowed, audited, with letters, sizes, completion, and no floods."""

from __future__ import annotations

import threading

from tests.console.terminals import TerminalScene


class ManholeTests(TerminalScene):
    """One terminal of the role debug."""

    role = "debug"

    def setUp(self) -> None:
        super().setUp()
        self.python_allowed = True

    def wait(self, text: str) -> None:
        """Until it is on the screen: lines run on threads of their own."""
        self.until(lambda: text in self.window.all(), text)

    def begin(self) -> None:
        """At the prompt."""
        self.enter("py")
        self.wait(">>>")

    def python(self, line: str, shows: str) -> None:
        """A line, and what it shows."""
        self.enter(line)
        self.wait(shows)

    def test_values_letters_and_the_way_back(self) -> None:
        self.begin()
        self.python("x = 'é'; len(x), hub.lobby.name", "(1, '#lobby')")
        self.python("run(len, 'four')", "4")
        self.type("\x04")
        self.at_prompt()
        self.enter("motd")
        self.shows("config reload")

    def test_every_line_is_in_the_audit_log_before_it_runs(self) -> None:
        self.begin()
        self.python("1/0", "ZeroDivisionError")
        entries = [(entry.verb, entry.result, entry.said.get("line")) for entry in self.audit.entries()]
        wanted = [("py", "done", None), ("py", "begins", "1/0"), ("py", "done", None)]
        self.assertEqual(entries, [("(terminal)", "opened", None), *wanted])

    def test_blocks_of_several_lines(self) -> None:
        self.begin()
        for line in ("for n in (1, 2):", "    print('n is', n)", ""):
            self.enter(line)
        self.wait("n is 2")

    def test_tab_completes(self) -> None:
        self.begin()
        self.type("hub.conver\t")
        self.wait("hub.conversations")

    def test_a_resize_and_control_characters(self) -> None:
        self.begin()
        self.resize(50, 10)
        self.python("print('\\x1b[2J', 'still here')", "\\x1b[2J still here")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_a_flood_is_cut(self) -> None:
        self.begin()
        self.window.raw = b""
        self.python("list(range(10**6))", "...")
        self.assertLess(len(self.window.raw), 30_000)

    def test_ctrl_c_ends_a_line_that_does_not(self) -> None:
        begun = threading.Event()
        self.service.begun = begun  # type: ignore[attr-defined]
        self.begin()
        self.enter("service.begun.set()")
        self.wait(">>>")
        self.shell.feed(b"while True: pass\r\r")
        self.turn()
        self.type("\x03")
        self.wait("KeyboardInterrupt")
        self.assertTrue(begun.is_set())
        self.python("'and on'", "'and on'")

    def test_where_it_is_switched_off(self) -> None:
        self.python_allowed = False
        self.enter("py")
        self.shows("Python is switched off: set `console_python = true`")

    def test_it_ends_when_it_is_switched_off(self) -> None:
        self.begin()
        self.python_allowed = False
        self.python("1 + 1", "You may not do that any more.")
        self.at_prompt()

    def test_other_roles(self) -> None:
        for role in ("ta", "staff", "admin"):
            self.window, self.shell = self.terminal(role)
            self.enter("py")
            self.shows("py is for the role debug")
