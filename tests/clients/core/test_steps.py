"""What is written down of the steps of a file; `test_disk.py` has whole files."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee.stream import Stream
from clients.core.jobs import Running
from clients.core.steps import HASH, STEP, Changed, Steps


class StepsTests(SynchronousTestCase):
    """A file of two steps and a bit."""

    def setUp(self) -> None:
        self.path = self.mktemp()
        self.noted = os.open(self.path, os.O_RDWR | os.O_CREAT)
        self.addCleanup(os.close, self.noted)
        self.steps = Steps(Stream(bytes(16), bytes(32), 2 * STEP + 5), self.noted)

    def seal(self, *plain: bytes) -> list[bytes | None]:
        """These, one after another."""
        running = Running()
        return [self.steps.seal(data, running, 0) for data in plain]

    def test_room_is_made_once(self) -> None:
        self.assertTrue(self.steps.make_room())
        self.assertEqual(os.path.getsize(self.path), 3 * HASH)
        self.seal(bytes(STEP))
        self.assertFalse(self.steps.make_room())
        self.assertTrue(any(os.pread(self.noted, HASH, 0)))
        self.assertFalse(any(os.pread(self.noted, 2 * HASH, HASH)))

    def test_the_steps(self) -> None:
        self.assertEqual([self.steps.length(number) for number in range(self.steps.count)], [STEP, STEP, 5])

    def test_the_same_again_and_nothing_else(self) -> None:
        plain = bytes(STEP), b"a" * STEP, b"bcdef"
        self.assertEqual(self.seal(*plain), self.seal(*plain))
        for number, other in enumerate((b"x" * STEP, b"x" * STEP, b"xxxxx")):
            self.assertRaises(Changed, self.seal, *plain[:number], other)

    def test_a_hash_is_of_all_that_came_before_too(self) -> None:
        """One that was lost is not made anew behind another beginning."""
        plain = bytes(STEP), b"a" * STEP
        self.seal(*plain)
        os.pwrite(self.noted, bytes(HASH), 0)
        self.assertRaises(Changed, self.seal, b"x" * STEP, plain[1])

    def test_what_was_sent_is_not_written_down_later(self) -> None:
        self.assertRaises(Changed, self.steps.seal, bytes(STEP), Running(), 1)
        self.assertEqual(os.path.getsize(self.path), 0)
