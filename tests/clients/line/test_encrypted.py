"""Encryption at the line face: what a person is told and asked, and what a pipe is; the marks of the prompt."""

from __future__ import annotations

import json
from typing import Any

from chatd import messages as m
from clients.core import intents as i
from clients.core import notices as n
from clients.core.show import Style
from clients.core.view import Security
from clients.line.face import LineFace
from tests.clients.kit import Client, position
from tests.clients.line.test_face import FaceCase, RecordingScreen

ASK = n.Secure("PLAIN_ASK", "wanda", "@wanda")


class EncryptedCase(FaceCase):
    """Alice at a terminal, with marks."""

    def arrive(self, *positions: m.Position, **options: Any) -> None:
        self.screen, self.codes = RecordingScreen(), []
        settings = {"asks": True, "json": False, "quiet": False, "trusts": True, **options}
        style = Style(me="alice")
        self.face = LineFace(self.screen, lambda: style, self.codes.append, **settings)
        self.client = Client(self.face, name="alice")
        self.line = self.client.line
        self.face.begin(self.client.app)
        self.client.log_in(*positions)
        self.screen.lines.clear()

    def watch(self) -> list[i.Intent]:
        """What the face acts on from here."""
        found: list[i.Intent] = []
        self.client.app.act = lambda *intents: found.extend(intents)  # type: ignore[method-assign]
        return found


class PromptTests(EncryptedCase):
    """How what is said here is protected stands where one types."""

    def prompt(self, to: str, security: Security) -> str:
        """The prompt of somebody who looks there."""
        place = to if to.startswith("#") else f"dm:alice:{to[1:]}"
        self.arrive(position(place))
        self.client.session.state.security[place] = security
        self.type(f"/focus {to}")
        return self.screen.asked[-1]

    def test_marks(self) -> None:
        for to, security, prompt in (
            ("@bob", Security("first-seen", True), "[e2e] You [@bob]: "),
            ("@bob", Security("verified", True), "[e2e+] You [@bob]: "),
            ("@bob", Security("vouched", True), "[e2e~] You [@bob]: "),
            ("@bob", Security("changed", True, "IDENTITY_CHANGED"), "[KEY!] You [@bob]: "),
            ("@bob", Security("plain"), "[PLAIN] You [@bob]: "),
            ("@bob", Security(), "You [@bob]: "),
            ("#g", Security("", True), "[e2e] You [g]: "),
            ("#g", Security("plain"), "[PLAIN] You [g]: "),
        ):
            self.assertEqual(self.prompt(to, security), prompt)

    def test_the_lobby_is_the_seeds(self) -> None:
        self.arrive()
        self.client.session.state.security["#lobby"] = Security("plain")
        self.type("/focus")
        self.assertEqual(self.screen.asked[-1], "You: ")

    def test_a_change_while_one_looks_is_seen_at_once(self) -> None:
        self.assertEqual(self.prompt("@bob", Security("verified", True)), "[e2e+] You [@bob]: ")
        self.client.session.state.security["dm:alice:bob"] = Security("changed", True)
        self.face.notice(n.Secure("IDENTITY_CHANGED", "bob", "@bob"))
        self.assertEqual(self.screen.asked[-1], "[KEY!] You [@bob]: ")


class ToldTests(EncryptedCase):
    """What goes where."""

    def test_what_stops_is_a_problem_and_a_note_is_not(self) -> None:
        self.arrive()
        for code in ("IDENTITY_CHANGED", "MALFORMED", "OWN_NEW_DEVICE"):
            self.face.notice(n.Secure(code, "bob", detail="abcd"))
            self.assertIn(f"(code {code})", self.screen.problems[-1])
        self.face.notice(n.Secure("CONTACT_NEW_DEVICE", "bob"))
        self.face.notice(n.Secure("DUPLICATE", "bob"))
        self.assertEqual(self.screen.lines, ["bob added a device. (code CONTACT_NEW_DEVICE)"])

    def test_json(self) -> None:
        self.arrive(json=True)
        self.face.notice(n.Secure("IDENTITY_CHANGED", "bob", "@bob"))
        (row,) = [json.loads(line) for line in self.screen.lines]
        self.assertEqual((row["v"], row["event"], row["code"]), (1, "e2ee", "IDENTITY_CHANGED"))


class ConsentTests(EncryptedCase):
    """Talking openly is asked for once, of a person."""

    def test_yes(self) -> None:
        self.arrive()
        self.face.notice(ASK)
        self.assertIn("everyone on the network can read", self.screen.problems[0])
        self.assertEqual(self.screen.asked[-1], "Talk openly with wanda (yes or no)? ")
        acted = self.watch()
        self.type("perhaps")
        self.assertEqual((self.screen.asked[-1], acted), ("Type yes or no: ", []))
        self.type("yes")
        self.assertEqual(acted, [i.TalkPlain("wanda", True)])
        self.assertEqual(self.screen.asked[-1], "You: ")

    def test_no(self) -> None:
        self.arrive()
        self.face.notice(ASK)
        acted = self.watch()
        self.type("no")
        self.assertEqual((acted, self.screen.lines[-1], self.screen.asked[-1]), ([], "Nothing was sent.", "You: "))

    def test_ctrl_c_is_no(self) -> None:
        self.arrive()
        self.face.notice(ASK)
        self.face.interrupt(1.0)
        self.type("yes")
        self.assertEqual([send.text for send in self.client.sent(m.Send)], ["yes"])

    def test_a_pipe_is_told_what_to_type_and_its_next_line_is_no_answer(self) -> None:
        for options in ({"trusts": False}, {"json": True}):
            self.arrive(**options)
            self.face.notice(ASK)
            shown = [*self.screen.problems, *self.screen.lines]
            self.assertIn("/plain wanda yes", shown[-1])
            self.type("yes")
            self.assertEqual([send.text for send in self.client.sent(m.Send)], ["yes"])


class SecretTests(EncryptedCase):
    """Passwords and the recovery code are typed unseen."""

    def test_the_accounts_password(self) -> None:
        self.arrive()
        self.face.notice(n.AskSecret(i.ResetKeys()))
        self.assertEqual((self.screen.asked[-1], self.screen.hidden), ("The account's password: ", True))
        acted = self.watch()
        self.type("tr0ub4dor &3")
        self.assertEqual((acted, self.screen.hidden), ([i.ResetKeys("tr0ub4dor &3")], False))

    def test_the_recovery_code_as_it_is_written_down(self) -> None:
        self.arrive()
        self.face.notice(n.AskSecret(i.Recover()))
        self.assertEqual((self.screen.asked[-1], self.screen.hidden), ("Recovery code: ", True))
        acted = self.watch()
        self.type("abcd-EFGH  ijkl")
        self.assertEqual(acted, [i.Recover("ABCDEFGHIJKL")])

    def test_nothing_is_given(self) -> None:
        self.arrive()
        self.face.notice(n.AskSecret(i.ResetKeys()))
        acted = self.watch()
        self.type(" ")
        self.assertEqual((acted, self.screen.problems), ([], ["Nothing was given, and nothing was done."]))

    def test_a_line_behind_a_question_is_its_answer_also_when_both_come_at_once(self) -> None:
        self.visit("alice", True)
        self.type("/passwd", "secret", "secret", "hello")
        self.client.log_in()
        self.assertEqual([asked.new for asked in self.client.sent(m.SetPassword)], ["secret"])
        self.assertEqual([send.text for send in self.client.sent(m.Send)], ["hello"])

    def test_a_script_is_not_asked(self) -> None:
        self.arrive(json=True)
        self.face.notice(n.AskSecret(i.ResetKeys()))
        self.assertIn("--password-file", self.screen.lines[-1])
        self.assertEqual(self.screen.asked[-1], "You: ")
