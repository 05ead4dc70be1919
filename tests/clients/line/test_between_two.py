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
