"""Tests of clients.core.profile: one folder, one holder, closed to others."""

from __future__ import annotations

import os
import resource
import shutil
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from clients.core import records as r
from clients.core.e2ee.devices import enter
from clients.core.e2ee.own import Me
from clients.core.e2ee.signed import decode, encode
from clients.core.outbox import Outgoing
from clients.core.profile import Profile, folder
from clients.core.vault import Opening, ProfileError
from tests.clients.core import rings
from tests.clients.core.old import seen


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
            for name in ("lock", "chat.db", "chat.db-wal"):
                self.assertEqual(stat.S_IMODE((self.path / name).stat().st_mode), 0o600)

    def test_the_second_one_is_told_who_has_it(self) -> None:
        with Profile(self.path):
            refused = self.assertRaises(ProfileError, Profile, self.path)
            self.assertIn(f"open in another window (pid {os.getpid()}).", str(refused))
            self.assertEqual(refused.code, "PROFILE_LOCKED")
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

    def test_another_passphrase_and_back_to_none(self) -> None:
        with Profile(self.path) as profile:
            keys = profile.account("h:1", "alice")[1].keys
            profile.rewrap("words")
        self.assertEqual(self.assertRaises(ProfileError, Profile, self.path).code, "STORE_LOCKED")
        with Profile(self.path, Opening("words")) as profile:
            self.assertEqual(profile.account("h:1", "alice")[1].keys, keys)
            profile.rewrap("")
        with Profile(self.path) as profile:
            self.assertEqual(profile.account("h:1", "alice")[1].keys, keys)

    def test_of_the_old_way_nothing_is_left(self) -> None:
        with Profile(self.path) as profile:
            (wrapped,) = profile.history._db.execute("SELECT wrapped FROM store").fetchone()
            self.assertEqual(seen(self.path, wrapped), [wrapped])
            profile.rewrap("words")
            self.assertEqual(seen(self.path, wrapped), [])

    def test_nothing_that_was_said_is_seen_on_the_disk(self) -> None:
        with Profile(self.path) as profile:
            account = profile.account("h:1", "alice")[0].id
            said = r.KeepMessage("#g", 1, 1, "bob", b"i" * 16, "MARKER said", False)
            queued = r.Queue(Outgoing(b"o" * 16, "@bob", "MARKER queued", 1))
            rows = r.KeepRows({("uik", ""): b"MARKER row"})
            profile.history.keep(account, [said, queued, rows, r.Claim("alice", b"MARKER token", True)])
            self.assertEqual(seen(self.path, b"MARKER"), [])
            self.assertEqual(len(profile.history.search(account, "marker")), 1)
        self.assertEqual(seen(self.path, b"MARKER"), [])

    def test_an_older_copy_is_known_by_the_keyring(self) -> None:
        ring = rings.MemoryRing()
        opening = Opening(None, lambda question: "", lambda: ring)

        def counted(number: int) -> tuple[int, int]:
            """What the keyring and the disk know; then this many were sent."""
            with Profile(self.path, opening) as profile:
                account, keys = profile.account("h:1", "alice")
                rows = profile.history.rows(account.id)
                old = decode(rows.read("me", "") or b"", Me).counter if rows.read("me", "") else 0
                highest = profile.highest(account.id)
                rows.write({("me", ""): encode(Me(enter(keys, "alice", b"u" * 32), number))})
            return highest, old

        self.assertEqual(counted(3), (0, 0))
        copy = self.path.with_suffix(".copy")
        shutil.copytree(self.path, copy)
        self.assertEqual([counted(5), counted(5)], [(3, 3), (5, 5)])
        shutil.rmtree(self.path)
        copy.rename(self.path)
        self.assertEqual(counted(6), (5, 3))

    def test_a_core_dump_is_not_made(self) -> None:
        with Profile(self.path):
            self.assertEqual(resource.getrlimit(resource.RLIMIT_CORE), (0, 0))

    def test_a_wrong_passphrase_lets_go_of_it(self) -> None:
        Profile(self.path, Opening("words")).close()
        self.assertRaises(ProfileError, Profile, self.path, Opening("other"))
        Profile(self.path, Opening("words")).close()

    def test_a_place_that_cannot_be_is_told(self) -> None:
        self.path.write_text("a file")
        self.assertIn("cannot be used", str(self.assertRaises(ProfileError, Profile, self.path)))
