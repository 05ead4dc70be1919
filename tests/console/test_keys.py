"""Who may come: lines of authorized_keys, and the host's key."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from twisted.conch.ssh.keys import Key
from twisted.trial.unittest import SynchronousTestCase

from chatd.console.keys import AuthorizedKeys, BadLine, fingerprint, host_key, read_line, read_lines

KEY = Key(ed25519.Ed25519PrivateKey.generate()).public()
TEXT = KEY.toString("openssh").decode().strip()


class Lines(SynchronousTestCase):
    """One line."""

    def test_a_line_says_who_and_what(self) -> None:
        blob, who = read_line(f'role="staff" {TEXT} miller@laptop')
        self.assertEqual((blob, who.name, who.role), (KEY.blob(), "miller@laptop", "staff"))
        self.assertRegex(who.fingerprint, r"SHA256:[A-Za-z0-9+/]{43}")
        self.assertEqual(who.fingerprint, fingerprint(blob))

    def test_names_are_harmless_and_never_empty(self) -> None:
        self.assertEqual(read_line(f'role="ta" {TEXT} \x1b[31m the  boss ')[1].name, "31m-the-boss")
        self.assertEqual(read_line(f'role="ta" {TEXT}')[1].name, fingerprint(KEY.blob())[7:19])

    def test_what_lets_nobody_in(self) -> None:
        weak = Key(rsa.generate_private_key(65537, 1024)).public().toString("openssh").decode()
        other = TEXT.split()[1]
        for line, words in (
            (TEXT, "does not read"),
            (f'role="root" {TEXT}', "the role is one of"),
            (f"role=staff {TEXT}", "does not read"),
            (f'role="staff",command="x" {TEXT}', "does not read"),
            (f'role="staff" ssh-dss {other}', "keys are one of"),
            (f'role="staff" ssh-rsa {other}', "not of the type"),
            (f'role="staff" ssh-ed25519 {other[:-8]}', "damaged"),
            (f'role="staff" ssh-ed25519 !!!{other}', "damaged"),
            (f'role="staff" {weak}', "at least 2048"),
            ('role="staff" ssh-ed25519 ' + base64.b64encode(b"").decode() + "x", "damaged"),
        ):
            with self.assertRaises(BadLine, msg=line) as caught:
                read_line(line)
            self.assertIn(words, str(caught.exception))

    def test_a_wrong_line_costs_itself_only(self) -> None:
        found, problems = read_lines(["# a comment", "", "nonsense", f'role="ta" {TEXT} x', f'role="admin" {TEXT} y'])
        self.assertEqual([who.role for who in found.values()], ["ta"])
        self.assertEqual([problem[:7] for problem in problems], ["line 3:", "line 5:"])


class Files(SynchronousTestCase):
    """The file, and the key."""

    def setUp(self) -> None:
        self.folder = self.mktemp()
        os.mkdir(self.folder)
        self.keys = AuthorizedKeys(self.folder)
        self.keys.make()

    def write(self, text: str) -> None:
        """What the file says from here on."""
        part = self.keys.path.with_suffix(".new")
        part.write_text(text)
        part.chmod(0o600)
        part.replace(self.keys.path)

    def test_at_first_nobody_may_come(self) -> None:
        self.assertIsNone(self.keys.find(KEY.blob()))
        self.assertIn('role="staff"', self.keys.path.read_text())
        self.assertEqual(self.keys.path.stat().st_mode & 0o777, 0o600)

    def test_it_is_read_again_when_it_has_changed(self) -> None:
        self.write(f'role="staff" {TEXT} miller')
        found = self.keys.find(KEY.blob())
        assert found is not None
        self.assertEqual(found.role, "staff")
        self.write(f'role="ta" {TEXT} miller')
        again = self.keys.find(KEY.blob())
        assert again is not None
        self.assertEqual(again.role, "ta")
        self.keys.path.unlink()
        self.assertIsNone(self.keys.find(KEY.blob()))

    def test_a_file_that_others_may_write_lets_nobody_in(self) -> None:
        self.write(f'role="staff" {TEXT} miller')
        self.keys.path.chmod(0o622)
        os.utime(self.keys.path, (1, 1))
        self.assertIsNone(self.keys.find(KEY.blob()))

    def test_the_hosts_key_is_made_once_and_is_ours_alone(self) -> None:
        first = host_key(self.folder)
        self.assertEqual((first.type(), host_key(self.folder).blob()), ("Ed25519", first.blob()))
        path = Path(self.folder) / "host_key"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        path.write_text("nonsense")
        with self.assertRaises(ValueError) as caught:
            host_key(self.folder)
        self.assertIn("move it away", str(caught.exception))
        self.assertEqual(path.read_text(), "nonsense")
