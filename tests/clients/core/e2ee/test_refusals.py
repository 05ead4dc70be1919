"""Tests of clients.core.e2ee.refusals: every code has a sentence, checks are made in order."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import clients.core.e2ee as package
from clients.core.e2ee import refusals
from clients.core.e2ee.refusals import CODES, Check, Refused, require

FOLDER = Path(package.__file__).parent
MODULES = [importlib.import_module(f"{package.__name__}.{path.stem}") for path in sorted(FOLDER.glob("[!_]*.py"))]
TABLES = [
    table
    for module, path in zip(MODULES, sorted(FOLDER.glob("[!_]*.py")), strict=True)
    for name, table in vars(module).items()
    if name.endswith("CHECKS") and f"{name}: Final" in path.read_text("utf-8")
]


class RefusalsTests(SynchronousTestCase):
    """The table, and how it is used."""

    def test_every_code_named_in_the_package_is_in_the_table(self) -> None:
        source = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
        named = set(re.findall(r'(?:Refused|Note)\(\s*"([A-Z0-9_]+)"', source))
        named |= set(re.findall(r'Check\[\w+\]\(\s*"[\w-]+",\s*"(\w+)"', source))
        self.assertGreater(len(named), 20)
        self.assertEqual(named - set(CODES), set())

    def test_only_what_is_silent_has_no_text(self) -> None:
        for code, entry in CODES.items():
            self.assertEqual(entry.text == "", entry.kind == refusals.SILENT, code)

    def test_names_of_checks_are_their_own(self) -> None:
        names = [check.name for table in TABLES for check in table]
        self.assertGreater(len(names), 70)
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
