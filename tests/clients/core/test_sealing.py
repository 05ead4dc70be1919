"""Tests of clients.core.sealing: an old profile's texts are closed, all come back, and nothing of them stays behind."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from clients.core import schema
from clients.core.history import FixedKey, History
from clients.core.profile import Profile
from clients.core.vault import EMPTY, Opening, ProfileError
from tests.clients.core.old import MARKER, MARKERS, OUTGOING, TOKEN, old_profile, seen


class SealingTests(SynchronousTestCase):
    """An old profile that is opened."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def test_everything_comes_back_and_nothing_is_seen(self) -> None:
        for version in (1, 2, 3):
            path = self.path.with_suffix(f".{version}")
            device = old_profile(path, version)
            self.assertEqual(seen(path, *MARKERS), list(MARKERS))
            for _ in range(2):
                self.check(path, device.keys, version)
            self.assertEqual(seen(path, *MARKERS), [])
            self.assertFalse((path / "key").exists())

    def check(self, path: Path, keys: object, version: int) -> None:
        """All that was in it is still in it."""
        with Profile(path) as profile:
            account, device = profile.account("h:1", "alice")
            self.assertEqual((device.keys, account.token, account.claimed), (keys, TOKEN, True))
            history = profile.history
            texts = [said.text for said in history.last(1, "#g", 99)]
            self.assertEqual((len(texts), texts[0][: len(MARKER)]), (50, MARKER))
            self.assertEqual(len(history.search(1, "MARKER-of-what-was-said 7 ")), 1)
            self.assertEqual([item.text for item in history.outbox(1)], [OUTGOING])
            self.assertEqual(history.rows(1).read("t", "a"), b"row" if version == 3 else None)
            self.assertEqual(profile.vault.way, EMPTY)

    def test_a_key_that_does_not_fit_changes_nothing(self) -> None:
        old_profile(self.path)
        right = (self.path / "key").read_bytes()
        for wrong in (b"x" * 32, b"short", None):
            (self.path / "key").unlink() if wrong is None else (self.path / "key").write_bytes(wrong)
            self.assertIn("`key`", str(self.assertRaises(ProfileError, Profile, self.path)))
        (self.path / "key").write_bytes(right)
        Profile(self.path).close()
        self.assertEqual(seen(self.path, *MARKERS), [])

    def test_rows_under_another_key_are_refused(self) -> None:
        old_profile(self.path, 3)
        history = History(self.path / "chat.db", FixedKey(b"k" * 32), (self.path / "key").read_bytes())
        history._db.execute(f"PRAGMA user_version = {schema.SEALED - 1}")
        history._db.execute("DROP TABLE store")
        history._db.execute("DROP INDEX message_id")
        history._db.execute("ALTER TABLE message DROP COLUMN edited")
        history._db.execute("DELETE FROM account")
        history._db.execute("DELETE FROM message")
        history._db.execute("DELETE FROM outbox")
        history.close()
        refused = self.assertRaises(ProfileError, Profile, self.path)
        self.assertEqual(refused.code, "STORE_TAMPERED")

    def test_with_the_passphrase_of_the_first_start(self) -> None:
        old_profile(self.path)
        Profile(self.path, Opening("secret words")).close()
        self.assertEqual(self.assertRaises(ProfileError, Profile, self.path).code, "STORE_LOCKED")
        with Profile(self.path, Opening("secret words")) as profile:
            self.assertEqual(profile.account("h:1", "alice")[0].token, TOKEN)

    def test_a_sweep_that_was_cut_off_is_done_at_the_next_start(self) -> None:
        old_profile(self.path)
        key = (self.path / "key").read_bytes()
        with Profile(self.path):
            pass
        (self.path / "key").write_bytes(key)
        history = History(self.path / "chat.db")
        history.close()
        Profile(self.path).close()
        self.assertFalse((self.path / "key").exists())
