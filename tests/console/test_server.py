"""The console as one thing: its files, what a damaged one does, its end."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import maybeDeferred

from chatd.console.audit import AuditError
from chatd.console.server import Console
from tests.operations.kit import StaffScene


class ServerTests(StaffScene):
    """One server."""

    def console(self) -> Console:
        """Its console."""
        return Console(self.service, self.house.clock, maybeDeferred, b"s" * 32)

    def test_its_files_are_made_and_found_again(self) -> None:
        first = self.console()
        first.close()
        first.let_go()
        again = self.console()
        self.assertEqual(first.fingerprint, again.fingerprint)
        self.assertIsNone(again._shells)
        again.let_go()

    def test_a_damaged_file_is_told(self) -> None:
        folder = Path(self.service.folder.console)
        (folder / "audit.jsonl").write_bytes(b"nonsense\n")
        with self.assertRaises(AuditError) as caught:
            self.console()
        self.assertIn("move it away", str(caught.exception))
        (folder / "audit.jsonl").unlink()
        (folder / "host_key").write_bytes(b"nonsense")
        self.assertRaises(ValueError, self.console)
