"""Tests of clients.line.errand: what is told beside the result. What each verb prints is in test_oneshot."""

from __future__ import annotations

from typing import Any

from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.refusals import CODES
from tests.clients.line.test_oneshot import ErrandCase


class AsideTests(ErrandCase):
    """What encryption says while something else was asked for."""

    def hear(self, code: str, **options: Any) -> tuple[str, str]:
        """A verb is at work, and this happens."""
        self.run_verb("who", **options)
        self.arrive()
        self.errand.notice(n.Secure(code, "alice", detail="abcdefghijklmnop"))
        self.assertEqual(self.codes, [])
        return self.out.getvalue(), self.err.getvalue()

    def test_what_one_should_know_goes_beside(self) -> None:
        out, err = self.hear("OWN_NEW_DEVICE")
        self.assertEqual(out, "")
        self.assertIn("A device was added to YOUR account: abcd efgh ijkl mnop.", err)

    def test_json_has_it_too(self) -> None:
        for code in ("OWN_NEW_DEVICE", "GAP", "CANNOT_DECRYPT", "DEVICE_NOT_LISTED"):
            self.hear(code, json=True)
            self.assertEqual([(row["event"], row["code"]) for row in self.rows()], [("e2ee", code)])

    def test_what_came_of_another_question_and_what_is_only_counted_does_not(self) -> None:
        for code in ("PLAIN_TALK", "VERIFIED", "GUEST_OPEN", "DUPLICATE"):
            self.assertEqual(self.hear(code), ("", ""))
            self.assertEqual(self.hear(code, json=True), ("", ""))

    def test_quiet(self) -> None:
        self.assertEqual(self.hear("GAP", quiet=True), ("", ""))

    def test_no_code_ends_what_it_does_not_concern(self) -> None:
        for code in CODES:
            self.hear(code)

    def test_a_secret_cannot_be_asked_for_here(self) -> None:
        self.run_verb("keys", "recover", json=True)
        self.arrive()
        self.errand.notice(n.AskSecret(i.Recover()))
        self.bye()
        self.assertEqual((self.rows()[0]["code"], self.codes), ("usage", [4]))
