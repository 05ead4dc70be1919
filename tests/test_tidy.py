"""The tree keeps its own rules, and each rule is shown to bite on a planted breach."""

from __future__ import annotations

import ast
import re

from twisted.trial.unittest import SynchronousTestCase

from tests import tidy

DOC = '"""What it is."""\n'
LONG_DOCSTRING = '    """' + "x\n" * 70 + '    """\n'

# rule, path, source that breaks it, source that does not
PLANTED = [
    ("layers", "chatd/core/hub.py", "import time", "from chatd.core import turn"),
    ("layers", "chatd/core/hub.py", "from twisted.internet import defer", "import msgspec"),
    ("layers", "chatd/core/hub.py", "from chatd.store.interface import Store", "from . import turn"),
    ("layers", "chatd/core/hub.py", "from ..store import sqlite", "from ..core import turn"),
    ("layers", "chatd/messages.py", "from chatd.wire import pack", "import msgspec"),
    ("layers", "chatd/wire/pack.py", "import twisted", "from chatd.messages import Send"),
    ("layers", "chatd/store/sqlite.py", "import chatd.bus.local", "import sqlite3"),
    ("layers", "chatd/bus/local.py", "from chatd.store import interface", "from chatd.bus import interface"),
    ("layers", "chatd/journal.py", "from chatd.core.hub import Hub", "from chatd.core.turn import Turn"),
    ("layers", "chatd/ports/lines.py", "from chatd.node import Node", "from chatd.wire import irc"),
    ("layers", "chatd/node.py", "from chatd.store.sqlite import Sqlite", "from chatd.store.interface import Store"),
    ("layers", "chatd/auth.py", "from chatd.core.hub import Hub", "import argon2"),
    ("layers", "chatd/admin.py", "from chatd.tap import Options", "from chatd.store import sqlite"),
    ("layers", "chatd/nowhere.py", "", None),
    ("layers", "chatd/tap.py", "import requests", "from chatd.store import sqlite"),
    ("layers", "clients/core/session.py", "from chatd.core.turn import Turn", "from chatd.messages import Send"),
    ("layers", "clients/core/session.py", "import sqlite3", "from clients.core import view"),
    ("layers", "clients/core/app.py", "from twisted.internet import defer", "import dataclasses"),
    ("layers", "clients/core/view.py", "from clients.line import lines", "from clients.core.face import Face"),
    ("layers", "clients/line/lines.py", "from chatd.messages import Send", "from clients.core.app import App"),
    ("layers", "clients/line/lines.py", "from clients.screen import draw", "from clients.line import verbs"),
    ("layers", "twisted_plugins/twisted/plugins/chatd_plugin.py", "import chatd.tap", "import twisted"),
    ("reactor", "chatd/node.py", "from twisted.internet import reactor", "from twisted.internet import defer"),
    ("reactor", "clients/line/lines.py", "import twisted.internet.reactor", None),
    ("reactor", "tests/test_node.py", "from twisted.internet import reactor", "from twisted.internet import task"),
    ("pickle", "tests/kit.py", "import pickle", "import json"),
    ("mock", "tests/kit.py", "from unittest.mock import patch", "from unittest import TestCase"),
    ("mock", "tests/kit.py", "from unittest import mock", None),
    ("long function", "tests/kit.py", "def f():\n" + "    g()\n" * 60, "def f():\n" + "    g()\n" * 59),
    ("long function", "tests/kit.py", "async def f():\n" + "    g()\n" * 60, "def f():\n" + LONG_DOCSTRING),
    ("long file", "tests/kit.py", "x = 1\n" * 601, "x = 1\n" * 599),
    ("names", "chatd/tap.py", "class SessionManager:\n" + LONG_DOCSTRING, "class Session:\n" + LONG_DOCSTRING),
    ("names", "chatd/tap.py", "def _handlers(): ...", "def _handled(): ..."),
    ("names", "tests/utils.py", "", None),
    ("names", "tests/common/kit.py", "", "x = 1"),
    ("docstring", "chatd/tap.py", "def run(): ...", "def _run(): ..."),
    ("docstring", "chatd/tap.py", "class Thing: ...", "class _Thing:\n    def run(self): ..."),
    ("docstring", "chatd/tap.py", "class _A: ...\nasync def run(): ...", "def makeService(): ..."),
    ("docstring", "clients/core/app.py", f"class A:\n    {DOC}    def run(self): ...", f"class A:\n    {DOC}"),
    ("log", "chatd/tap.py", 'log.info(f"got {x}")', 'log.info("got {x}", x=x)'),
    ("log", "chatd/tap.py", 'self._log.warn("got %s" % x)', 'view.error("got %s" % x)'),
    ("log", "chatd/tap.py", 'log.info("{x}", x="{}".format(y))', 'log.info("{size}", size=len(text))'),
    ("log", "chatd/tap.py", 'log.info("{text}", text=text)', None),
]  # fmt: skip


class PlantedTests(SynchronousTestCase):
    """Each rule fails on what it forbids, and only there."""

    def test_each_rule_bites(self) -> None:
        for rule, path, bad, _ in PLANTED:
            found = {breach.rule for breach in tidy.check_python(path, DOC + bad)}
            self.assertEqual(found, {rule}, (path, bad))

    def test_each_rule_lets_the_good_pass(self) -> None:
        for _, path, _, good in PLANTED:
            if good is not None and "common" not in path:
                self.assertEqual(tidy.check_python(path, DOC + good), [], (path, good))

    def test_a_file_says_what_it_is(self) -> None:
        self.assertEqual([breach.rule for breach in tidy.check_python("tests/kit.py", "x = 1\n")], ["docstring"])
        self.assertEqual(tidy.check_python("tests/__init__.py", ""), [])

    def test_a_promise_is_explained_once(self) -> None:
        promise = DOC + "class Store(Protocol):\n    def load(self):\n        " + DOC + "    def close(self): ...\n"
        keeper = DOC + f"class Memory:\n    {DOC}    def load(self): ...\n    def close(self): ...\n"
        promised = tidy.promises(ast.parse(promise))
        found = tidy.check_python("chatd/store/memory.py", keeper, promised)
        self.assertEqual([breach.text for breach in found], ["close has none"])

    def test_no_folder_of_a_machine(self) -> None:
        for folder in ("home/alice/chatd", "root/chatd", "opt/chatd", "Users/alice"):
            self.assertEqual(len(tidy.check_text("README.md", f"see /{folder}")), 1, folder)
        for text in ("see ~/chatd", "https://chatd.example/home/x", "/usr/bin/env", "DATA/opt/x"):
            self.assertEqual(tidy.check_text("README.md", text), [])

    def test_top_level_is_fixed(self) -> None:
        found = tidy.check_tree(["server.py", "extra/a.py", ".ci/run", "docs/changes.md", "Makefile"], [])
        self.assertEqual([(breach.path, breach.rule) for breach in found], [
            ("extra/a.py", "top level"), ("server.py", "top level"),
        ])  # fmt: skip

    def test_every_source_has_its_test(self) -> None:
        sources = ["chatd/tap.py", "chatd/core/hub.py", "clients/core/app.py", "clients/line/__main__.py"]
        packages = ["chatd", "chatd.core", "clients.core", "clients.line"]
        found = tidy.check_tree(sources, packages)
        expected = ["tests/core/test_hub.py", "tests/test_tap.py", "tests/clients/core/test_app.py"]
        self.assertEqual([breach.text for breach in found], [f"{path} is missing" for path in expected])
        self.assertEqual(tidy.check_tree([*sources, *expected], packages), [])
        self.assertEqual(tidy.its_test("chatd/store/migrations/v0001_first.py"), "tests/store/test_migrations.py")

    def test_packages_are_listed(self) -> None:
        tests = ["tests/test_tap.py"]
        self.assertEqual(len(tidy.check_tree(["chatd/tap.py", *tests], [])), 1)
        self.assertEqual(len(tidy.check_tree(["chatd/tap.py", *tests], ["chatd", "chatd.bus"])), 1)
        self.assertEqual(tidy.check_tree(["chatd/tap.py", *tests], ["chatd", "twisted.plugins"]), [])


class TreeTests(SynchronousTestCase):
    """The tree as it is."""

    def test_the_tree_keeps_the_rules(self) -> None:
        if found := tidy.breaches():
            self.fail("\n" + "\n".join(map(str, found)))

    def test_the_tree_was_seen(self) -> None:
        self.assertIn("chatd/messages.py", tidy.tree_files())
        self.assertIn("setup.cfg", tidy.tree_files())

    def test_readme_has_the_headings_and_its_links_lead_somewhere(self) -> None:
        text = (tidy.ROOT / "README.md").read_text("utf-8")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        self.assertEqual(headings, [
            "Table of Contents", "Features", "Technologies Used", "Setup", "Usage", "Architecture",
            "Detailed Explanation of Each Component", "Bonus Features", "Contributing", "License",
        ])  # fmt: skip
        anchors = {heading.lower().replace(" ", "-") for heading in headings}
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith("#"):
                self.assertIn(target[1:], anchors)
            elif "://" not in target:
                self.assertTrue((tidy.ROOT / target).exists(), target)

    def test_readme_tells_make_verbs_that_exist(self) -> None:
        readme = (tidy.ROOT / "README.md").read_text("utf-8")
        makefile = (tidy.ROOT / "Makefile").read_text("utf-8")
        verbs = set(re.findall(r"^(\w+):.*##", makefile, re.MULTILINE))
        for verb in re.findall(r"`make ([a-z]+)", readme):
            self.assertIn(verb, verbs)
