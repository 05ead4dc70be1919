"""Tests of clients.line.face: whole visits, typed on one side and played by a server on the other."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core import intents as i
from clients.core import notices as n
from clients.core.style import Style
from clients.line.face import LineFace
from tests.clients.kit import Client, message, position, welcome


class RecordingScreen:
    """Notes lines and prompts."""

    hides = True

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.hidden = False

    def print(self, lines: list[str], problem: bool = False) -> None:
        (self.problems if problem else self.lines).extend(lines)

    def prompt(self, text: str, hidden: bool = False, talks: bool = False) -> None:
        self.asked.append(text)
        self.hidden = hidden

    def flush(self) -> None:
        pass


class FaceCase(SynchronousTestCase):
    """A face, its screen, its client."""

    def visit(self, name: str = "", claimed: bool = False, **options: Any) -> None:
        """Somebody comes; nothing is connected yet."""
        self.screen = RecordingScreen()
        self.codes: list[int] = []
        settings = {"asks": True, "json": False, "quiet": False, "trusts": True, **options}
        self.face = LineFace(self.screen, lambda: Style(me="alice"), self.codes.append, **settings)
        self.client = Client(self.face, name=name, claimed=claimed)
        self.line = self.client.line
        self.face.begin(self.client.app)

    def arrive(self, *positions: m.Position, **options: Any) -> None:
        """Alice is in."""
        self.visit("alice", True, **options)
        self.client.log_in(*positions)
        self.screen.lines.clear()

    def type(self, *lines: str) -> None:
        """Type lines."""
        for line in lines:
            self.face.line(line)


class FirstVisitTests(FaceCase):
    """The seed's dialogue."""

    def test_word_for_word(self) -> None:
        self.visit()
        self.client.greet()
        self.assertEqual((self.screen.lines, self.screen.asked[-1]), (["CREATING NEW ID:"], "Enter username: "))
        self.type("tesla")
        [signup] = self.client.sent(m.SignUp)
        self.line.tell(welcome(name="tesla", ref=signup.ref))
        self.assertEqual(self.screen.lines[1], "Welcome to chat room. Enter 'tata' anytime to exit")
        self.assertEqual(self.screen.asked[-1], "You: ")
        self.type("Hello")
        self.assertEqual(self.client.sent(m.Send)[0].text, "Hello")
        self.line.tell(m.Presence("albert", "online"), message("#lobby", 1, "albert", "world"))
        self.line.tell(m.Presence("albert", "offline"))
        self.assertEqual(self.screen.lines[-3:], ["albert joined the conversation", "albert: world",
                                                  "albert left the conversation"])  # fmt: skip
        self.type("tata")
        self.line.tell(m.Bye("goodbye", "bye"))
        self.assertEqual((self.screen.lines[-1], self.codes), ("DISCONNECTED!!", [0]))

    def test_T07_a_taken_name_is_asked_for_again(self) -> None:
        self.visit()
        self.client.greet()
        self.type("tesla")
        self.line.tell(m.Failed(1, "name-taken", "Username already taken!"))
        self.assertEqual(self.screen.lines[-1], "Username already taken!")
        self.assertEqual(self.screen.asked[-1], "Enter username: ")
        self.type("nikola")
        self.assertEqual([signup.name for signup in self.client.sent(m.SignUp)], ["tesla", "nikola"])

    def test_T11_an_empty_name_tells_the_right_reason(self) -> None:
        self.visit()
        self.client.greet()
        self.type("  ")
        self.assertEqual(self.screen.problems, ["A username is needed."])
        self.assertEqual(self.client.sent(m.SignUp), [])

    def test_T12_name_and_first_lines_in_one_piece(self) -> None:
        self.visit()
        self.type("tesla", "hello there", "@bob hi")
        self.client.greet()
        [signup] = self.client.sent(m.SignUp)
        self.assertEqual((signup.name, self.client.sent(m.Send)), ("tesla", []))
        self.line.tell(welcome(name="tesla", ref=signup.ref))
        self.assertEqual([send.text for send in self.client.sent(m.Send)], ["hello there", "hi"])

    def test_T17_no_server(self) -> None:
        self.visit()
        self.line.refuse("Connection refused.")
        self.assertEqual(self.screen.problems, ["Can't connect to the server: Connection refused."])
        self.assertEqual(self.codes, [3])

    def test_nobody_may_be_asked(self) -> None:
        self.visit(asks=False)
        self.client.greet()
        self.assertEqual(self.codes, [4])


class PipeTests(FaceCase):
    """Standard input that ends."""

    def test_T16_sends_all_waits_for_the_acceptances_and_goes(self) -> None:
        self.visit("alice", True)
        self.type("a", "b")
        self.face.end()
        self.client.log_in()
        self.assertEqual(self.codes, [])
        self.client.accept_sends("#lobby", 1)
        self.line.tell(m.Bye("goodbye", "bye"))
        self.assertEqual(self.codes, [0])

    def test_the_end_before_the_name(self) -> None:
        self.visit()
        self.face.end()
        self.client.greet()
        self.assertEqual(self.codes, [4])

    def test_many_lines_go_in_portions(self) -> None:
        self.arrive()
        self.type(*map(str, range(1200)))
        self.assertTrue(len(self.client.session.outbox) <= 500)
        self.face.end()
        seen: list[str] = []
        while len(self.client.session.outbox):
            for send in self.client.sent(m.Send):
                seen.append(send.text)
                self.line.tell(m.Accepted(send.ref, "#lobby", len(seen), 0, "sent"))
        self.assertEqual(seen, [str(number) for number in range(1200)])
        self.line.tell(m.Bye("goodbye", "bye"))
        self.assertEqual(self.codes, [0])


class TalkTests(FaceCase):
    """In the conversation."""

    def test_a_private_line_to_two(self) -> None:
        self.arrive()
        self.type("@bob,@zoe hi")
        one, two = self.client.sent(m.Send)
        self.line.tell(m.Accepted(one.ref, "dm:alice:bob", 1, 0, "sent"))
        self.line.tell(m.Failed(two.ref, "no-such-user", "nobody"))
        self.assertEqual(self.screen.lines, ["[PLAIN] (Private to bob) You: hi"])
        self.assertEqual(self.screen.problems, ["Requested user <<zoe>> not found! Please choose another."])

    def test_T26_group_mail_shows_its_group(self) -> None:
        self.arrive(position("#g1", 2, 1))
        self.line.tell(message("#g1", 2, "bob", "hi"))
        self.assertTrue(self.screen.lines[-1].endswith(" [PLAIN] [g1] bob: hi"))

    def test_a_group_and_the_focus(self) -> None:
        self.arrive()
        self.type("/group g1")
        [join] = self.client.sent(m.Join)
        self.line.tell(m.GroupInfo(join.ref, position("#g1"), 1, True))
        hint = "What you type goes to 'lobby' still: /focus g1 has it go to 'g1'."
        self.assertEqual(self.screen.lines, ["Group 'g1' created successfully.", hint])
        self.type("/join g1")
        self.line.tell(m.GroupInfo(self.client.sent(m.Join)[-1].ref, position("#g1"), 1))
        self.assertEqual(self.screen.lines[2:], ["You are already in group 'g1'.", hint])
        self.type("/focus g1")
        self.assertEqual(self.screen.asked[-1], "[PLAIN] You [g1]: ")
        self.type("/join g1")
        self.line.tell(m.GroupInfo(self.client.sent(m.Join)[-1].ref, position("#g1"), 1))
        self.assertEqual(self.screen.lines[-1], "You are already in group 'g1'.")
        self.type("/part g1")
        self.line.tell(m.Done(self.client.sent(m.Leave)[0].ref))
        self.assertEqual(self.screen.asked[-1], "You: ")

    def test_a_loss_and_a_line_typed_meanwhile(self) -> None:
        self.arrive()
        self.line.drop()
        self.assertEqual(self.screen.lines[0], "DISCONNECTED!!")
        self.type("still here")
        self.assertIn("Not connected", self.screen.lines[-1])
        self.client.clock.advance(1)
        self.client.log_in()
        self.assertEqual([send.text for send in self.client.sent(m.Send)], ["still here"])
        self.assertIn("Connected again.", self.screen.lines)

    def test_T23_a_mistyped_command(self) -> None:
        self.arrive()
        self.type("/gruop g1 my secret")
        self.assertEqual(self.client.sent(m.Send), [])
        self.assertIn("Did you mean /group", self.screen.problems[0])

    def test_ctrl_c_twice(self) -> None:
        self.arrive()
        self.face.interrupt(10.0)
        self.face.interrupt(20.0)
        self.assertEqual(self.client.sent(m.Quit), [])
        self.face.interrupt(21.0)
        self.line.tell(m.Bye("goodbye", "bye"))
        self.assertEqual(self.codes, [130])

    def test_told_to_stop_sends_what_is_queued(self) -> None:
        self.arrive()
        self.type("last words")
        self.face.stop(143)
        self.client.accept_sends("#lobby", 1)
        self.line.tell(m.Bye("goodbye", "bye"))
        self.assertEqual(self.codes, [143])

    def test_quiet(self) -> None:
        self.arrive(quiet=True)
        self.line.tell(m.Presence("zoe", "online"), message("#lobby", 1))
        self.assertEqual(self.screen.lines, ["bob: hi"])

    def test_json(self) -> None:
        self.arrive(json=True)
        self.line.tell(message("#lobby", 1))
        self.type("/nonsense")
        rows = [json.loads(line) for line in self.screen.lines]
        self.assertEqual(
            [(row["event"], row.get("code")) for row in rows], [("message", None), ("error", "unknown-command")]
        )


class PasswordTests(FaceCase):
    """`/passwd`: hidden, twice, and the old one only where it is needed."""

    def test_first_password(self) -> None:
        self.arrive()
        self.type("/passwd")
        self.assertEqual((self.screen.asked[-1], self.screen.hidden), ("New password: ", True))
        self.type("secret", "secret")
        [asked] = self.client.sent(m.SetPassword)
        self.assertEqual((asked.new, asked.old, self.screen.hidden), ("secret", "", False))
        self.line.tell(m.Done(asked.ref))
        self.assertEqual(self.screen.lines[-1], "The password is set.")

    def test_the_old_one_is_asked_for(self) -> None:
        self.arrive()
        self.type("/passwd", "new", "new")
        [asked] = self.client.sent(m.SetPassword)
        self.line.tell(m.Failed(asked.ref, "login-refused", "wrong"))
        self.assertEqual((self.screen.asked[-1], self.screen.hidden), ("Current password: ", True))
        self.type("old")
        [asked] = self.client.sent(m.SetPassword)
        self.assertEqual((asked.new, asked.old), ("new", "old"))
        self.line.tell(m.Failed(asked.ref, "login-refused", "That is not it."))
        self.assertEqual(self.screen.problems, ["That is not it."])

    def test_two_different_ones(self) -> None:
        self.arrive()
        self.type("/passwd", "one", "two")
        self.assertEqual(self.client.sent(m.SetPassword), [])
        self.type("hello")
        self.assertEqual(self.client.sent(m.Send)[0].text, "hello")


class TrustTests(FaceCase):
    """A certificate that is not known."""

    def ask(self, **options: Any) -> None:
        """The line shows a certificate."""
        self.visit("alice", True, **options)
        self.assertEqual(self.client.app.judge("aabb", False), "ask")

    def test_yes(self) -> None:
        self.ask()
        self.assertIn("  SHA-256 AA:BB", self.screen.problems)
        self.type("perhaps", "yes")
        self.assertTrue(self.line.proceeded)

    def test_no(self) -> None:
        self.ask()
        self.type("no")
        self.assertEqual(self.codes, [4])

    def test_a_pipe_cannot_say(self) -> None:
        self.ask(trusts=False)
        self.assertEqual(self.codes, [4])
        self.assertIn("--trust-new", self.screen.problems[-2])

    def test_changed(self) -> None:
        self.visit("alice", True)
        self.client.history.set_pin("localhost:6697", "aa")
        self.client.app.judge("bb", False)
        self.assertEqual(self.codes, [8])


class UnusedTests(FaceCase):
    """Before there is anything."""

    def test_nothing_joined_yet(self) -> None:
        screen = RecordingScreen()
        face = LineFace(screen, Style, list[int]().append, asks=True, json=False, quiet=False, trusts=True)
        face.line("early")
        face.notice(n.Local(("x",), i.Help()))
        self.assertEqual(screen.lines, ["x"])
