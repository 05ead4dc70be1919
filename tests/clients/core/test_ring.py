"""Tests of clients.core.ring: only places that keep secrets secret, and never a wait without an end."""

from __future__ import annotations

import os
import threading

from keyring.backends import chainer, fail, null
from twisted.trial.unittest import SynchronousTestCase

from clients.core.ring import RingError, SystemRing, choose, good, system_ring, within
from tests.clients.core import rings

PLAIN = type("PlaintextKeyring", (rings.FileBackend,), {"__module__": "keyrings.alt.file"})
OF_PLAIN = type("Mine", (PLAIN,), {"__module__": "mine"})
IDLE = type("Idle", (rings.FileBackend,), {"priority": 0})


class Chain:
    """What the library gives where it found several."""

    def __init__(self, *backends: object) -> None:
        self.backends = backends


class GoodTests(SynchronousTestCase):
    """Which of the backends are used."""

    def test_null_fail_and_plain_files_are_not(self) -> None:
        for backend in (null.Keyring(), fail.Keyring(), PLAIN(), OF_PLAIN(), IDLE()):
            self.assertFalse(good(backend))
            self.assertIsNone(choose(backend))
        self.assertTrue(good(rings.FileBackend()))

    def test_the_first_good_one_of_a_chain(self) -> None:
        right = rings.FileBackend()
        self.assertIs(choose(Chain(PLAIN(), right)), right)
        self.assertIsNone(choose(Chain(PLAIN())))
        self.assertTrue(hasattr(chainer.ChainerBackend, "backends"))


class SystemRingTests(SynchronousTestCase):
    """A backend behind the two verbs."""

    def setUp(self) -> None:
        backend = rings.FileBackend()
        self.addCleanup(os.environ.pop, "RING_FILE", None)
        os.environ["RING_FILE"] = self.mktemp()
        backend = rings.FileBackend()
        self.ring = SystemRing(backend)

    def test_kept_and_taken_away(self) -> None:
        self.assertIsNone(self.ring.read("a"))
        self.ring.write("a", "secret")
        self.assertEqual((self.ring.read("a"), self.ring.read("b")), ("secret", None))
        for _ in range(2):
            self.ring.write("a", None)
            self.assertIsNone(self.ring.read("a"))

    def test_what_breaks_is_told_without_its_words(self) -> None:
        ring = SystemRing(rings.LockedBackend())
        for ask in (lambda: ring.read("a"), lambda: ring.write("a", "b")):
            self.assertIn("(KeyringLocked)", str(self.assertRaises(RingError, ask)))

    def test_what_never_answers_is_not_waited_for(self) -> None:
        ring = SystemRing(rings.SilentBackend(), 0.01)
        self.assertIn("did not answer", str(self.assertRaises(RingError, ring.read, "a")))

    def test_the_thread_that_waits_holds_nobody(self) -> None:
        waiting = threading.Event()
        self.addCleanup(waiting.set)
        self.assertRaises(RingError, within, 0.01, waiting.wait)
        (left,) = [thread for thread in threading.enumerate() if thread.name == "keyring" and not waiting.is_set()][-1:]
        self.assertTrue(left.daemon)

    def test_a_system_without_one(self) -> None:
        """Whatever this machine has: it is good or it is none."""
        found = system_ring()
        self.assertTrue(found is None or good(found._backend))
