"""Encryption between people at line clients: two real clients, a real server, all in memory; what each window shows.

Rule: what is asserted are whole lines, and that the server has nothing of what was said.
"""

from __future__ import annotations

import re

from tests.kit import state_of
from tests.test_seeds import Classroom as _Classroom
from tests.windows import Window

CANARY = "sekrit-marmot"
NO_KEYS = (
    "wanda cannot receive encrypted messages right now. Your message was not sent. To talk openly instead: /plain wanda"
    " (code NO_E2EE_KEYS)"
)
ASK = (
    "wanda cannot encrypt: the server and everyone on the network can read what you two write. If that is all right:"
    " /plain wanda yes"
)
PLAIN = "Your talk with wanda is not encrypted: the server and everyone on the network can read it."


class TalkTests(_Classroom):
    """What two people see, and what a server has."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.window("alice"), self.window("bob")

    def look(self, window: Window, to: str) -> str:
        """The prompt of somebody who looks at a conversation."""
        window.type(f"/focus {to}")
        return window.asked

    def numbers(self, shown: list[str]) -> list[str]:
        """The groups of a number that is shown."""
        return [group for row in shown for group in re.findall(r"\b\d{5}\b", row) if row.startswith("    ")]

    def test_the_first_word_is_encrypted_and_looks_as_it_always_did(self) -> None:
        self.assertEqual(self.alice.type(f"@bob {CANARY}"), [f"(Private to bob) You: {CANARY}"])
        self.assertEqual(self.bob.take(), [f"(Private) alice: {CANARY}"])
        self.assertEqual(self.bob.type(f"@alice {CANARY} too"), [f"(Private to alice) You: {CANARY} too"])
        self.assertEqual(self.alice.take()[-1], f"(Private) bob: {CANARY} too")
        self.assertEqual([self.look(self.alice, "@bob"), self.look(self.bob, "@alice")],
                         ["[e2e] You [@bob]: ", "[e2e] You [@alice]: "])  # fmt: skip
        self.assertNotIn(CANARY, repr(state_of(self.house)))

    def test_the_lobby_is_not_and_that_is_no_secret_of_the_store(self) -> None:
        self.alice.type(f"{CANARY} for all")
        self.assertEqual(self.bob.take(), [f"alice: {CANARY} for all"])
        self.assertIn(CANARY, repr(state_of(self.house)))
        self.assertEqual(self.look(self.alice, "#lobby"), "You: ")

    def test_what_was_said_is_read_back_from_this_device(self) -> None:
        self.alice.type(f"@bob {CANARY}")
        (row,) = self.alice.type("/history @bob")
        self.assertRegex(row, rf"^[\d: -]+ \(Private to bob\) You: {CANARY}$")

    def test_who_has_no_keys_is_written_to_openly_only_after_a_yes(self) -> None:
        wanda = self.house.person("wanda")
        self.alice.take()
        self.assertEqual(self.alice.type(f"@wanda {CANARY}"), [NO_KEYS])
        self.assertEqual((self.alice.type("/plain @wanda"), self.alice.asked),
                         ([ASK], "Talk openly with wanda (yes or no)? "))  # fmt: skip
        self.assertEqual((self.alice.type("no"), self.alice.asked), (["Nothing was sent."], "You: "))
        self.assertEqual(self.alice.type(f"@wanda {CANARY}"), [NO_KEYS])
        self.alice.type("/plain @wanda")
        self.assertEqual((self.alice.type("yes"), self.alice.asked), ([PLAIN], "You: "))
        self.assertEqual(self.alice.type("@wanda hello"), ["[PLAIN] (Private to wanda) You: hello"])
        self.assertEqual(wanda.texts(), ["hello"])
        wanda.send("@alice", "hi")
        self.assertEqual(self.alice.take()[-1], "[PLAIN] (Private) wanda: hi")
        self.assertEqual(self.look(self.alice, "@wanda"), "[PLAIN] You [@wanda]: ")
        self.assertNotIn(CANARY, repr(state_of(self.house)))

    def test_nobody_who_encrypts_is_written_to_openly(self) -> None:
        (told,) = self.alice.type("/plain @bob yes")
        self.assertEqual(told, "bob can encrypt, so nothing is sent to bob openly.")
        self.alice.type(f"@bob {CANARY}")
        self.assertNotIn(CANARY, repr(state_of(self.house)))

    def test_two_compare_and_the_prompt_says_so(self) -> None:
        self.alice.type("@bob hi")
        ours, theirs = self.alice.type("/verify @bob"), self.bob.type("/verify @alice")
        self.assertEqual(ours[0], "[e2e] bob: first seen, not compared yet.")
        self.assertEqual(len(self.numbers(ours)), 12)
        self.assertEqual(self.numbers(ours), self.numbers(theirs))
        self.assertEqual(self.look(self.alice, "@bob"), "[e2e] You [@bob]: ")
        self.assertEqual((self.alice.type("/verify @bob yes"), self.alice.asked), (
            ["bob is verified: your messages can be read by bob and by nobody else."], "[e2e+] You [@bob]: ",
        ))  # fmt: skip

    def test_two_compare_pictures(self) -> None:
        self.alice.type("@bob hi", "/compare @bob")
        self.assertIn("alice wants to compare keys with you, now.", self.bob.take()[-1])
        theirs = self.bob.type("/compare @alice")
        ours = self.alice.take()
        pictures = [[row for row in shown if row.startswith("    ")] for shown in (ours, theirs)]
        self.assertEqual((len(pictures[0]), pictures[0]), (2, pictures[1]))
        self.alice.type("/compare @bob yes")
        self.assertIn("The same on both sides: alice is verified.", self.bob.type("/compare @alice yes"))
        self.assertIn("The same on both sides: bob is verified.", self.alice.take())
        self.assertEqual(self.look(self.bob, "@alice"), "[e2e+] You [@alice]: ")

    def test_who_knows_the_name_of_a_group_comes_into_it(self) -> None:
        hint = "What you type goes to 'lobby' still: /focus lab has it go to 'lab'."
        self.assertEqual(self.alice.type("/group lab"), [
            "Group 'lab' created successfully.", hint,
            "Group 'lab' is encrypted. Who knows its name asks to come in, and the program of any member lets them in;"
            " by invitation only: /mode lab +i",
        ])  # fmt: skip
        self.assertEqual(self.bob.type("/group lab"), ["Joined group 'lab' successfully.", hint])
        self.assertEqual(self.alice.take()[-1:], ["[lab] bob joined the group"])
        self.assertEqual(self.look(self.bob, "lab"), "[e2e] You [lab]: ")
        self.bob.type("heard")
        self.assertEqual(self.alice.take(), ["[lab] bob: heard"])

    def test_a_private_group_is_encrypted_and_by_invitation(self) -> None:
        told = self.alice.type("/group --private lab")
        self.assertEqual(told, [
            "Group 'lab' created successfully.", "What you type goes to 'lobby' still: /focus lab has it go to 'lab'.",
            "Group 'lab' is encrypted, and by invitation: /invite lab name",
        ])  # fmt: skip
        self.alice.type("/invite lab bob")
        self.assertEqual(self.bob.take(), ["alice has taken you into the encrypted group 'lab'."])
        self.assertEqual(self.alice.type(f"/group lab {CANARY}"), [f"[lab] You: {CANARY}"])
        self.assertEqual(self.bob.take(), [f"[lab] alice: {CANARY}"])
        self.assertEqual(self.look(self.bob, "lab"), "[e2e] You [lab]: ")
        self.bob.type("heard")
        self.assertEqual(self.alice.take()[-1], "[lab] bob: heard")
        self.assertNotIn(CANARY, repr(state_of(self.house)))

    def test_who_was_removed_hears_no_more_and_the_last_one_can_leave(self) -> None:
        for line in ("/group --private lab", "/invite lab bob", "/kick lab bob"):
            self.alice.type(line)
        self.assertIn("[lab] You were removed from the group by alice", self.bob.take())
        self.alice.type("/group lab among us")
        self.assertEqual(self.bob.take(), [])
        self.assertEqual(self.alice.type("/part lab"), ["You left group 'lab'."])
        self.assertEqual(self.alice.type("/groups"), ["lobby: 2 members (joined)"])

    def test_an_open_group_says_so_on_each_line(self) -> None:
        self.alice.type("/group --open g"), self.bob.type("/group g")
        self.assertEqual(self.alice.type("/group g hello"), ["[PLAIN] [g] You: hello"])
        self.assertEqual(self.bob.take()[-1], "[PLAIN] [g] alice: hello")
        self.assertEqual(self.look(self.bob, "g"), "[PLAIN] You [g]: ")

    def test_devices_and_keys(self) -> None:
        (_, row, code) = self.alice.type("/devices")
        self.assertRegex(row, r"^([a-z2-7]{4} ){4} this device, may add others  ")
        self.assertRegex(code, r": (\d{5} ){5}\d{5}$")
        shown = self.alice.type("/keys recovery")
        letters = "".join("".join(row.split()) for row in shown if row.startswith("    "))
        self.assertRegex(letters, r"^[A-Z2-7]{56}$")
        self.assertNotIn(letters, repr(state_of(self.house)))
        self.assertIn("recovery code       made", self.alice.type("/keys"))
