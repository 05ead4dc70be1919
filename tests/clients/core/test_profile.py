"""Tests of clients.core.profile: one folder, one holder, closed to others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from clients.core.history import ProfileError
from clients.core.profile import Profile, folder


class FolderTests(SynchronousTestCase):
    """Which folder."""

    def test_the_option_wins_then_the_environment_then_the_system(self) -> None:
        self.assertEqual(folder("a", {"CHAT_PROFILE": "b"}), Path("a"))
        self.assertEqual(folder(None, {"CHAT_PROFILE": "b"}), Path("b"))
        self.assertEqual(folder(None, {}).name, "chat")


class ProfileTests(SynchronousTestCase):
    """An open profile."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_everything_is_for_the_owner_only(self) -> None:
        with Profile(self.path):
            self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o700)
            for name in ("lock", "key", "chat.db"):
                self.assertEqual(stat.S_IMODE((self.path / name).stat().st_mode), 0o600)

    def test_the_second_one_is_told_who_has_it(self) -> None:
        with Profile(self.path):
            refused = self.assertRaises(ProfileError, Profile, self.path)
            self.assertIn(f"process {os.getpid()}", str(refused))
        Profile(self.path).close()

    def test_keys_stay_the_same(self) -> None:
        with Profile(self.path) as profile:
            first = profile.account("h:1", "alice")[1].keys
            other = profile.account("h:1", "bob")[1].keys
        with Profile(self.path) as profile:
            self.assertEqual(profile.account("h:1", "alice")[1].keys, first)
        self.assertNotEqual(first, other)

    def test_an_unfinished_first_visit_keeps_its_keys(self) -> None:
        with Profile(self.path) as profile:
            first = profile.account("h:1", "")[1].keys
            self.assertEqual(profile.account("h:1", "")[1].keys, first)

    def test_another_key_does_not_open_it(self) -> None:
        with Profile(self.path) as profile:
            profile.account("h:1", "alice")
        (self.path / "key").write_bytes(b"x" * 32)
        with Profile(self.path) as profile:
            self.assertRaises(ProfileError, profile.account, "h:1", "alice")

    def test_a_damaged_key_is_told(self) -> None:
        Profile(self.path).close()
        (self.path / "key").write_bytes(b"short")
        self.assertIn("damaged", str(self.assertRaises(ProfileError, Profile, self.path)))

    def test_a_place_that_cannot_be_is_told(self) -> None:
        self.path.write_text("a file")
        self.assertIn("cannot be used", str(self.assertRaises(ProfileError, Profile, self.path)))
