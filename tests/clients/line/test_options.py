"""Tests of clients.line.options: what the words of a command line mean."""

from __future__ import annotations

import io
import sys
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from clients.line.options import Options, coloured, is_target, parse


class ParseTests(SynchronousTestCase):
    """The command line."""

    def wrong(self, *arguments: str) -> str:
        """What is said about a line that makes no sense; the status is 2."""
        said = io.StringIO()
        self.patch(sys, "stderr", said)
        self.assertEqual(self.assertRaises(SystemExit, parse, arguments, {}).code, 2)
        return said.getvalue()

    def check(self, arguments: str, **expected: Any) -> Options:
        """Parse a line of words."""
        options = parse(arguments.split(), {})
        for key, value in expected.items():
            self.assertEqual(getattr(options, key), value, key)
        return options

    def test_interactive(self) -> None:
        self.check("alice@host:7", server="alice@host:7", verb="", words=[])
        self.check("--plaintext host", server="host", plaintext=True)
        self.check("", server=None)

    def test_verbs(self) -> None:
        self.check("send @bob hello there", verb="send", words=["@bob", "hello there"])
        self.check("--server a@h send @bob hi --wait 3", server="a@h", wait=3.0, words=["@bob", "hi"])
        self.check("send hello", words=["#lobby", "hello"])
        self.check("send #g -- -text", words=["#g", "-text"])
        self.check("send @a,@b hi", words=["@a,@b", "hi"])
        self.check("send @bob", words=["@bob", ""])
        self.check("tail -f #hw3 --json", verb="tail", follow=True, json=True, words=["#hw3"])
        self.check("tail", words=["#lobby"])
        self.check("recv --wait 30 --count 1", verb="recv", wait=30.0, count=1)
        self.check("link a@h", verb="link", server="a@h")
        self.check("doctor a@h", verb="doctor", server="a@h")
        self.check("passphrase --passphrase-file old", verb="passphrase", words=[], passphrase_file="old")
        self.check("passphrase keyring", words=["keyring"])
        self.assertIn("takes no words", self.wrong("passphrase", "hunter2"))

    def test_verbs_about_keys(self) -> None:
        self.check("verify @bob", words=["@bob"])
        self.check("verify @bob --yes", words=["@bob", "yes"])
        self.check("devices", words=[])
        self.check("devices revoke abcd efgh ijkl mnop", words=["revoke", "abcd", "efgh", "ijkl", "mnop"])
        self.check("keys recovery", words=["recovery"])
        self.check("report 0193 insults", words=["0193", "insults"])
        self.check("send --open @bob hi", open=True, words=["@bob", "hi"])
        self.check("group hw3 --open", open=True, words=["hw3"])
        for verb, words in (("verify", ()), ("verify", ("#g",)), ("devices", ("add",)), ("keys", ("export",))):
            self.assertIn(f"usage: chat {verb}", self.wrong(verb, *words))

    def test_the_environment_comes_second(self) -> None:
        environment = {"CHAT_SERVER": "a@h"}
        self.assertEqual(parse(["who"], environment).server, "a@h")
        self.assertEqual(parse(["who", "--server", "b@h"], environment).server, "b@h")

    def test_bytes_that_are_no_text(self) -> None:
        self.assertEqual(parse(["send", "@bob", "a\udcffb"], {}).words[1], "a\ufffdb")

    def test_nonsense_is_2(self) -> None:
        for line in ("host other", "tail one two", "tail bob", "history", "who everybody", "group", "--wait x who",
                     "--wait -1 recv", "--count 0 recv", "--nonsense"):  # fmt: skip
            with self.subTest(line):
                self.assertIn("usage", self.wrong(*line.split()))

    def test_targets(self) -> None:
        for word in ("@bob", "@a,@b", "@a,b", "#g", "@Zoë"):
            self.assertTrue(is_target(word), word)
        for word in ("bob", "@", "#", "@a b", "", "@a,"):
            self.assertFalse(is_target(word), word)


class ColourTests(SynchronousTestCase):
    """When there are colours."""

    def test_where_they_are_wanted(self) -> None:
        terminal = {"TERM": "xterm"}
        auto, always, never = (parse(["--color", when, "h"], {}) for when in ("auto", "always", "never"))
        self.assertTrue(coloured(auto, terminal, True))
        self.assertFalse(coloured(auto, terminal, False))
        self.assertFalse(coloured(auto, {"TERM": "dumb"}, True))
        self.assertFalse(coloured(auto, {}, True))
        self.assertFalse(coloured(auto, {**terminal, "NO_COLOR": "1"}, True))
        self.assertTrue(coloured(always, {"NO_COLOR": "1"}, False))
        self.assertFalse(coloured(never, terminal, True))
