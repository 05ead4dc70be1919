"""Files for the App: the setting, what is encrypted for whom, what waits for what."""

from __future__ import annotations

import os

from clients.core import intents as i
from clients.core import notices as n
from clients.core.filing import SETTING, UNASKED
from clients.core.jobs import Prepare
from tests.clients.core.test_transfers import FilesCase


class FilingTests(FilesCase):
    """One App's."""

    def test_the_setting(self) -> None:
        self.assertEqual(set(SETTING), set(UNASKED))
        self.assertEqual(self.alice.app.setting("files"), "off")
        self.alice.app.act(i.Setting("files", "2M"))
        self.assertIn("files (off or 100K", self.alice.take(n.Refused)[-1].text)

    def test_what_it_says_when_it_is_off(self) -> None:
        self.bob.app._filing.fetches = True  # type: ignore[union-attr]
        self.send(self.file(1))
        self.bob.settle()
        self.assertFalse(os.path.exists(f"{self.root}/bob/downloads"))

    def test_a_job_begins_when_what_belongs_to_it_is_kept(self) -> None:
        kept: list[int] = []
        keep = self.bob.history.keep

        def watched(account: int, records: list[object]) -> None:
            kept.append(len(self.bob.disk.waiting))
            keep(account, records)  # type: ignore[arg-type]

        self.send(self.file(5))
        offer = self.offer(self.bob)
        self.bob.history.keep = watched  # type: ignore[assignment,method-assign]
        self.bob.disk.slow = True
        self.bob.app.act(i.GetFile(offer.id.hex()))
        self.assertEqual((kept, len(self.bob.disk.waiting)), ([0], 1))

    def test_over_means_over(self) -> None:
        self.alice.disk.slow = True
        self.send(self.file(5))
        ((job, done),) = self.alice.disk.waiting
        self.assertIsInstance(job, Prepare)
        self.alice.leave()
        self.alice.disk.run()
        self.assertEqual(os.listdir(f"{self.root}/server"), [])
        del done

    def test_a_group_without_its_mark_is_asked_about(self) -> None:
        self.alice.enter("/group --open lab")
        path = self.file(5)
        for who, asked in (("lab", True), ("LAB", True), ("#lab", False), ("bob", False), ("nobody", False)):
            self.alice.enter(f"/file {who} {path}")
            codes = [(told.code, f"/file #{who} {path}" in told.text) for told in self.alice.take(n.Refused)]
            self.assertEqual(("usage", True) in codes, asked, (who, codes))
