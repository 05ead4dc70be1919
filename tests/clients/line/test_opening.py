"""Tests of clients.line.opening: where a passphrase comes from. With a terminal: `tests/process/test_profile.py`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from clients.core.profile import Profile
from clients.core.vault import Opening, ProfileError
from clients.line.opening import can_ask, change, opening
from clients.line.options import parse
from clients.line.plain import Output


class OpeningTests(SynchronousTestCase):
    """Without a terminal."""

    def setUp(self) -> None:
        self.told = io.StringIO()
        self.output = Output(io.StringIO(), self.told)
        self.file = Path(self.mktemp())
        self.patch(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"new words\r\nmore\n")))

    def opening(self, *arguments: str, **environment: str) -> Opening:
        """As from this command line."""
        return opening(parse(arguments, {}), environment, self.output)

    def test_the_first_line_of_the_file(self) -> None:
        for content, passphrase in (
            (b"words\n", "words"), (b"two words\r\nmore", "two words"), (b"", ""), (b"\nmore", ""), (b" w ", " w "),
        ):  # fmt: skip
            self.file.write_bytes(content)
            self.assertEqual(self.opening("--passphrase-file", str(self.file)).passphrase, passphrase)
            self.assertEqual(self.opening(CHAT_PASSPHRASE_FILE=str(self.file)).passphrase, passphrase)
        self.assertEqual(self.opening("--passphrase-file", "/dev/null", CHAT_PASSPHRASE_FILE="x").passphrase, "")
        self.assertIsNone(self.opening().passphrase)

    def test_a_file_that_cannot_be_read(self) -> None:
        self.file.write_bytes(b"\xff\n")
        for path in (str(self.file), "no-such-file", "."):
            refused = self.assertRaises(ProfileError, self.opening, "--passphrase-file", path)
            self.assertIn("passphrase file cannot be read", str(refused))

    def test_nobody_is_asked_and_what_is_told_is_told_apart(self) -> None:
        found = self.opening()
        self.assertFalse(can_ask(parse((), {})))
        self.assertIsNone(found.ask)
        found.tell("A sentence.")
        self.assertEqual(self.told.getvalue(), "chat: A sentence.\n")

    def test_another_passphrase_is_the_first_line_of_standard_input(self) -> None:
        path = Path(self.mktemp())
        with Profile(path) as profile:
            said = change(parse(["passphrase"], {}), profile)
            self.assertEqual(said, "This profile is opened by a passphrase.")
        with Profile(path, Opening("new words")) as profile:
            said = change(parse(["passphrase", "none"], {}), profile)
            self.assertIn("without a passphrase", said)
            self.assertRaises(ProfileError, change, parse(["passphrase", "keyring"], {}), profile)
        Profile(path).close()
