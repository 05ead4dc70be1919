"""Tests of clients.core.start: what the command line may mean, and a client put together."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from clients.core.offers import SENDING, UP, Kept, Offer
from clients.core.profile import Profile
from clients.core.start import WrongServer, make, settings
from clients.core.transfer import keep
from tests.clients.kit import RecordingFace


class SettingsTests(SynchronousTestCase):
    """`[USER@]HOST[:PORT]`."""

    def test_forms(self) -> None:
        for text, user, server in (
            ("host", "", "host:6697"),
            ("alice@host", "alice", "host:6697"),
            ("alice@host:7000", "alice", "host:7000"),
            ("Zoë@[::1]:7000", "Zoë", "[::1]:7000"),
            ("::1", "", "[::1]:6697"),
        ):
            made = settings(text)
            self.assertEqual((made.user, made.server), (user, server))

    def test_without_tls_another_port(self) -> None:
        self.assertEqual(settings("localhost", plaintext=True).server, "localhost:6667")

    def test_without_tls_this_machine_only(self) -> None:
        for host in ("localhost", "127.0.0.1", "127.9.9.9", "[::1]:6667"):
            settings(host, plaintext=True)
        for host in ("chat.example.edu", "192.0.2.1", "localhost.example.edu"):
            self.assertRaises(WrongServer, settings, host, plaintext=True)
            settings(host, plaintext=True, insecure=True)

    def test_nonsense(self) -> None:
        for text in ("", "alice@", "host:x", "host:0", "host:70000"):
            self.assertRaises(WrongServer, settings, text)


class MakeTests(SynchronousTestCase):
    """A whole client."""

    def test_what_was_made_for_sending_and_never_noted_goes(self) -> None:
        with Profile(Path(self.mktemp())) as profile:
            app = make(settings("alice@localhost:1"), profile, RecordingFace(), Clock())
            other = make(settings("bob@localhost:1"), profile, RecordingFace(), Clock())
            offer = Offer(b"i" * 16, "a", 5, bytes(32))
            kept = Kept(offer, UP, SENDING, ("@bob",), "alice", 1, manifest=b"m")
            profile.history.keep(app.account, [keep(kept)])
            folders = [profile.path / "sending" / str(one.account) for one in (app, other)]
            for folder in folders:
                folder.mkdir(parents=True)
                for name in (f"{kept.row}.steps", kept.row, "f" * 32):
                    (folder / name).write_bytes(b"x")
            make(settings("alice@localhost:1"), profile, RecordingFace(), Clock())
            self.assertEqual([one.name for one in folders[0].iterdir()], [f"{kept.row}.steps"])
            self.assertEqual(len(list(folders[1].iterdir())), 3)  # another account's

    def test_knows_who_it_was(self) -> None:
        with Profile(Path(self.mktemp())) as profile:
            app = make(settings("alice@localhost:1"), profile, RecordingFace(), Clock())
            self.assertEqual(app.view().me, "alice")
            self.assertFalse(app.session.entrance.who.claimed)
