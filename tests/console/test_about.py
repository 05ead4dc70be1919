"""Help, the history, the audit log, Python's switch."""

from __future__ import annotations

from chatd.console.commands import TABLE
from chatd.console.history import History
from tests.console.kit import ConsoleScene, operator


class AboutTests(ConsoleScene):
    """One desk."""

    def test_help_lists_what_one_may(self) -> None:
        for role in ("ta", "debug"):
            listed = [row["role"] for row in self.rows("help", role)]
            self.assertEqual(len(listed), sum(operator(role).may(verb.role) for verb in TABLE.values()))

    def test_help_of_one_verb_has_an_example(self) -> None:
        (row,) = self.rows("kick?", "ta")
        self.assertEqual((row["example"], row["role"]), (TABLE["kick"].example, "staff and above"))
        self.assertEqual(len(self.rows("help group")), 5)
        self.assertEqual(self.answer("help nonsense").status, 2)

    def test_the_audit_log(self) -> None:
        self.outcome("motd", "ta")
        self.house.clock.advance(7200)
        self.outcome("who", "staff")
        self.assertEqual([row["verb"] for row in self.rows("audit")], ["motd", "who"])
        self.assertEqual([row["verb"] for row in self.rows("audit --by the-staff")], ["who"])
        self.assertEqual([row["verb"] for row in self.rows("audit --since 1h --count 1")], ["audit"])
        self.assertEqual(self.rows("audit verify"), [{"audit": "ok"}])
        text = self.audit.path.read_text()
        self.audit.path.write_text(text.replace('"who":"the-ta"', '"who":"the-tb"'))
        found = self.answer("audit verify")
        self.assertEqual((found.status, len(found.rows)), (1, 1))

    def test_the_history(self) -> None:
        self.assertEqual(self.rows("history"), [])
        History(self.service.folder.console, operator("admin")).append("who")
        self.assertEqual(self.rows("history"), [{"n": 1, "line": "who"}])
        self.assertEqual(self.rows("history", "ta"), [])

    def test_pythons_switch(self) -> None:
        self.assertEqual(self.answer("py", "debug").status, 7)
        self.python_allowed = True
        self.assertEqual(self.answer("py", "debug").status, 0)
        self.assertEqual(self.answer("py", "admin").status, 4)
