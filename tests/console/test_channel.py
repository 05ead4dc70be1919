"""`ssh host verb`, and verbs line by line: output, errors, exit statuses, what goes on, slow readers."""

from __future__ import annotations

import json

from chatd.console import channel as c
from tests.console.remote import RemoteScene, Session


class OneVerb(RemoteScene):
    """`ssh host verb`."""

    def test_an_answer_its_error_and_its_status(self) -> None:
        self.house.person("alice")
        client = self.connect("admin")
        for line, status, out, err in (
            ("who", 0, b"alice", b""), ("user show @nobody", 5, b"", b"There is nobody named"),
            ("nonsense", 2, b"", b"no verb"), ("kick alice", 2, b"", b"Say --yes if you are"),
            ("py", 4, b"", b"for the role debug"),
        ):  # fmt: skip
            session = self.run_line(client, line)
            self.assertEqual((session.status, session.gone), (status, True), line)
            self.assertIn(out, session.out)
            self.assertIn(err, session.err)
            self.assertEqual((not out and session.out, not err and session.err), (not out and b"", not err and b""))

    def test_json_is_one_object_a_line_errors_too(self) -> None:
        self.house.people("alice", "bob")
        client = self.connect("admin")
        rows = [json.loads(line) for line in self.run_line(client, "who --json").out.splitlines()]
        self.assertEqual(
            [(row["v"], row["verb"], row["name"]) for row in rows], [(1, "who", "alice"), (1, "who", "bob")]
        )
        failed = self.run_line(client, "user show @nobody --json")
        (row,) = [json.loads(line) for line in failed.out.splitlines()]
        self.assertEqual((row["status"], failed.status), (5, 5))
        self.assertIn("There is nobody", row["error"])

    def test_letters_of_all_kinds(self) -> None:
        self.house.person("zoé")
        self.assertIn("zoé".encode(), self.run_line(self.connect("ta"), "user show @zoé").out)

    def test_with_a_terminal_lines_begin_at_the_left(self) -> None:
        client = self.connect("ta")
        session = self.open(client)
        self.assertTrue(self.pty(session, 40, 10))
        self.assertTrue(self.ask(session, b"exec", b"\0\0\0\x04motd"))
        self.settle()
        self.assertEqual(session.out.count(b"\n"), session.out.count(b"\r\n"))
        self.assertTrue(all(len(line) <= 40 for line in session.out.decode().split("\r\n")), session.out)

    def test_colours_where_they_are_wanted(self) -> None:
        self.house.person("alice")
        client = self.connect("ta")
        self.assertNotIn(b"\x1b", self.run_line(client, "who").out)
        self.assertIn(b"\x1b[32monline", self.run_line(client, "who --color always").out)
        self.assertNotIn(b"\x1b", self.run_line(client, "who --color always --json").out)

    def test_a_second_thing_on_a_channel_is_refused(self) -> None:
        session = self.open(self.connect("ta"))
        self.assertTrue(self.ask(session, b"exec", b"\0\0\0\x03who"))
        self.assertFalse(self.ask(session, b"shell", b""))

    def test_what_is_piped_in_reaches_the_verb(self) -> None:
        client = self.connect("admin")
        text = "name,full_name,section,role\nalice,Alice A,,student\n".encode("utf-8-sig")
        session = self.run_line(client, "roster sync --dry-run --json", text)
        self.assertIn(session.status, (0, 7), session.out)
        self.assertNotIn(b"standard input", session.out + session.err)
        self.patch(c, "MOST_INPUT", 1000)
        large = self.run_line(client, "roster sync --dry-run", b"x" * 1001)
        self.assertEqual(large.status, 2)

    def test_what_is_under_way_ends_with_a_signal_ctrl_c_and_the_channel(self) -> None:
        self.house.reader.slow = True
        client = self.connect("admin")
        for terminal, stop in (
            (False, lambda session: self.ask(session, b"signal", b"\0\0\0\x03INT")),
            (True, lambda session: session.write(b"\x03")),
            (False, lambda session: session.loseConnection()),
        ):
            session = self.open(client)
            if terminal:
                self.pty(session, 80, 24)
            self.ask(session, b"exec", b"\0\0\0\x05stats")
            self.settle()
            stop(session)
            self.settle()
            self.assertEqual(self.audit.entries()[-1].result, "stopped")
        self.assertEqual(len(self.audit.entries()), 3)


class ManyVerbs(RemoteScene):
    """`ssh host < file`."""

    def shell(self, typed: bytes) -> Session:
        """Lines without a terminal."""
        session = self.open(self.connect("admin"))
        assert self.ask(session, b"shell", b"")
        session.write(typed)
        session.conn.sendEOF(session)
        self.settle()
        return session

    def test_one_after_the_other_and_the_first_failure_is_the_status(self) -> None:
        session = self.shell(b"who --json\n# a comment\n\nuser show @nobody\nmotd --json")
        self.assertEqual([json.loads(line)["verb"] for line in session.out.splitlines()][:2], ["who", "motd"])
        self.assertEqual((session.status, session.gone), (5, True))

    def test_too_much_at_once(self) -> None:
        self.assertEqual(self.shell(b"x" * 20_000).status, 2)


class Live(RemoteScene):
    """What goes on."""

    def test_rows_come_until_it_is_stopped(self) -> None:
        client = self.connect("admin")
        session = self.open(client)
        self.ask(session, b"exec", b"\0\0\0\x18watch --for 10m --json  ")
        self.house.person("alice")
        self.settle()
        (row,) = [json.loads(line) for line in session.out.splitlines()]
        self.assertEqual((row["kind"], row["who"]), ("came", "alice"))
        self.assertIsNotNone(self.house.node._observer)
        self.ask(session, b"signal", b"\0\0\0\x03INT")
        self.settle()
        self.assertEqual((session.status, session.gone, self.house.node._observer), (0, True, None))

    def test_it_ends_with_its_time_and_with_its_reader(self) -> None:
        client = self.connect("admin")
        first = self.open(client)
        self.ask(first, b"exec", b"\0\0\0\x0fwatch --for 10s")
        self.house.clock.advance(11)
        self.settle()
        self.assertEqual((first.status, self.house.node._observer), (0, None))
        second = self.open(client)
        self.ask(second, b"exec", b"\0\0\0\x05watch")
        self.assertIsNotNone(self.house.node._observer)
        client.transport.loseConnection()
        self.settle()
        self.assertIsNone(self.house.node._observer)

    def test_an_answer_for_somebody_who_has_gone(self) -> None:
        client = self.connect("admin")
        session = self.open(client)
        self.house.reader.slow = True
        self.ask(session, b"exec", b"\0\0\0\x05stats")
        client.transport.loseConnection()
        self.settle()
        self.house.commit()
        self.settle()
        self.house.commit()
        self.assertEqual((self.flushLoggedErrors(), len(self.factory.here)), ([], 0))

    def test_who_does_not_read_gets_less_and_is_let_go(self) -> None:
        client = self.connect("admin")
        session = self.open(client)
        self.ask(session, b"exec", b"\0\0\0\x05watch")
        (server,) = client.server.service.channels.values()
        server.remoteWindowLeft = 0
        for _ in range(100):
            server.put(b"x" * 10_000)
        self.assertGreater(len(server.buf), c.LIVE_UNSENT)
        before = len(server.buf)
        self.house.person("alice")
        self.settle()
        self.assertEqual(len(server.buf), before)
        server.put(b"x" * c.MOST_UNSENT)
        server.put(b"x")
        self.settle()
        self.assertEqual(len(self.factory.here), 0)


class Windows(RemoteScene):
    """Sizes of terminals."""

    def test_sizes_are_bounded(self) -> None:
        session = self.open(self.connect("ta"))
        self.pty(session, 100_000, 0)
        self.ask(session, b"shell", b"")
        (channel,) = self.terminals
        self.assertEqual((channel.columns, channel.rows, channel.term), (c.LARGEST, 24, "xterm"))
        self.assertEqual(session.status, 1)  # no terminal is to be had here
        again = self.open(self.connect("ta"))
        self.pty(again)
        self.assertTrue(self.resize(again, 120, 50))
        self.assertFalse(self.ask(again, b"window-change", b"\0"))
