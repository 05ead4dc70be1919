"""Syncs beside the writing: how often, one at a time, and what they raise."""

from __future__ import annotations

import errno
import os
import threading

from twisted.trial.unittest import SynchronousTestCase

from chatd.early import EARLY_BYTES, Early


class EarlyTests(SynchronousTestCase):
    """One file."""

    def setUp(self) -> None:
        self.synced: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.error: OSError | None = None
        self.descriptor = os.open(self.mktemp(), os.O_CREAT | os.O_WRONLY)
        self.addCleanup(os.close, self.descriptor)

    def sync(self, descriptor: int) -> None:
        """The disk."""
        self.go_on.wait()
        self.synced.append(descriptor)
        if self.error is not None:
            raise self.error

    def test_after_so_many_bytes(self) -> None:
        early = Early(self.sync)
        for _ in range(20):
            early.written(self.descriptor, EARLY_BYTES // 4)
        early.wait()
        self.assertEqual(len(self.synced), 5)
        for descriptor in self.synced:  # each had its own, and closed it
            self.assertNotEqual(descriptor, self.descriptor)
            self.assertRaises(OSError, os.fstat, descriptor)

    def test_who_writes_does_not_wait_for_the_first_but_for_the_one_before(self) -> None:
        early = Early(self.sync)
        self.go_on.clear()
        early.written(self.descriptor, EARLY_BYTES)
        early.written(self.descriptor, EARLY_BYTES - 1)
        self.assertEqual(self.synced, [])
        second = threading.Thread(target=early.written, args=(self.descriptor, 1))
        second.start()
        second.join(0.05)
        self.assertTrue(second.is_alive())
        self.go_on.set()
        second.join()
        early.wait()
        self.assertEqual(len(self.synced), 2)

    def test_what_goes_wrong_is_heard_once(self) -> None:
        for heard in (lambda early: early.wait(), lambda early: early.written(self.descriptor, EARLY_BYTES)):
            self.error = OSError(errno.EIO, "broken")
            early = Early(self.sync)
            early.written(self.descriptor, EARLY_BYTES)
            self.assertRaises(OSError, heard, early)
            self.error = None
            early.wait()
