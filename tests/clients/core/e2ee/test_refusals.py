"""Tests of clients.core.e2ee.refusals: every code has a sentence, checks are made in order."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import clients.core.e2ee as package
from clients.core.e2ee import devices, envelope, franking, groups, members, prekeys, refusals, sas, sending
from clients.core.e2ee.refusals import CODES, Check, Refused, require, say

FOLDER = Path(package.__file__).parent


class RefusalsTests(SynchronousTestCase):
    """The table, and how it is used."""

    def test_every_code_named_in_the_package_is_in_the_table(self) -> None:
        source = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
        named = set(re.findall(r'(?:Refused|Note)\(\s*"([A-Z0-9_]+)"', source))
        named |= set(re.findall(r'Check\[\w+\]\(\s*"[\w-]+",\s*"(\w+)"', source))
        self.assertGreater(len(named), 20)
        self.assertEqual(named - set(CODES), set())

    def test_sentences(self) -> None:
        for code, entry in CODES.items():
            text = say(code, "bob")
            self.assertEqual(text == "", entry.kind == refusals.SILENT, code)
            self.assertNotIn("{", text)
        self.assertIn("code GROUP_OP_FORBIDDEN", say("GROUP_OP_FORBIDDEN", "Lab 3"))

    def test_names_of_checks_are_their_own(self) -> None:
        tables = [
            *(devices.LIST_CHECKS, devices.DEVICE_CHECKS, prekeys.CLAIM_CHECKS, envelope.CHECKS),
            *(envelope.GROUP_CHECKS, franking.EVIDENCE_CHECKS, sending.RESEND_CHECKS, groups.KEY_CHECKS),
            *(groups.TOLD_CHECKS, members.ENTRY_CHECKS, members.SNAPSHOT_CHECKS, sas.KEY_CHECKS, sas.MAC_CHECKS),
        ]
        names = [check.name for table in tables for check in table]  # type: ignore[attr-defined]
        self.assertEqual(len(names), len(set(names)))

    def test_first_failure_is_the_refusal(self) -> None:
        checks = (
            Check[int]("even", "MALFORMED", lambda it: it % 2 == 0),
            Check[int]("small", "DUPLICATE", lambda it: it < 10),
        )
        require(checks, 4)
        found = self.assertRaises(Refused, require, checks, 13, "bob")
        self.assertEqual((found.code, found.check, found.user, found.kind), ("MALFORMED", "even", "bob", "refuse"))
        self.assertEqual(self.assertRaises(Refused, require, checks, 12).code, "DUPLICATE")
