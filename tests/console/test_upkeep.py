"""Verbs about the server: figures, what happens, the log, the configuration, the certificate, backups."""

from __future__ import annotations

from chatd.config import Settings
from tests.console.kit import ConsoleScene


class UpkeepTests(ConsoleScene):
    """Two people."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")

    def test_figures(self) -> None:
        (row,) = self.rows("stats", "ta")
        self.assertEqual((row["people"], row["accounts"]), (2, 2))
        self.assertEqual(self.rows("slow"), [])
        self.assertEqual(self.rows("stuck"), [])
        self.assertEqual([row["name"] for row in self.rows("top --by groups --count 1")], ["alice"])

    def test_what_happens(self) -> None:
        rows, stop = self.follow("watch --user @bob --for 10m")
        self.alice.send("@bob", "hello")
        self.alice.send("#lobby", "hello")
        stop()
        self.assertEqual([(row["kind"], row["who"], row["bytes"]) for row in rows], [("message", "alice", 5)])
        rows, stop = self.follow("trace alice")
        self.alice.send("#lobby", "hello")
        stop()
        self.assertEqual([row["what"] for row in rows], ["send", "sent"])

    def test_the_log(self) -> None:
        self.assertEqual(self.rows("log level"), [])
        self.assertEqual(self.rows("log level chatd.node warn --for 5m"),
                         [{"namespace": "chatd.node", "level": "warn", "seconds-left": 300}])  # fmt: skip
        self.house.clock.advance(301)
        self.assertEqual(self.rows("log level"), [])
        self.assertEqual(self.answer("log level chatd.node loud").status, 2)

    def test_the_configuration(self) -> None:
        self.assertIn("tcp:6697", [row["value"] for row in self.rows("config show listen")])
        self.assertEqual(self.rows("config diff"), [])
        self.service.filed = lambda: Settings(guests=False)
        self.assertEqual(self.rows("config diff"), [{"key": "guests", "now": "True", "then": "False"}])
        self.assertEqual(self.rows("config reload"), [{"reloaded": True}])
        self.service.reload = lambda: ["kept the old one"]
        found = self.answer("config reload")
        self.assertEqual((found.rows, found.status), ([{"problem": "kept the old one"}], 1))

    def test_the_certificate(self) -> None:
        self.assertEqual(self.rows("cert show")[0], self.rows("cert reload")[0])

    def test_backups(self) -> None:
        self.assertEqual(self.rows("backup list"), [])
        self.assertEqual(self.answer("backup now").status, 7)  # this house has no file to copy
        self.assertNotEqual(self.answer("backup verify nowhere").status, 0)
