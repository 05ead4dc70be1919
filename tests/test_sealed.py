"""What is kept of encryption: values that nobody changes after a turn has them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import sealed
from chatd.entries import Entry


class SealedEntries(SynchronousTestCase):
    """All of them."""

    def test_nothing_can_be_changed(self) -> None:
        kinds = [kind for kind in vars(sealed).values() if isinstance(kind, type) and issubclass(kind, Entry)]
        self.assertGreater(len(kinds), 10)
        for kind in kinds:
            self.assertTrue(kind.__struct_config__.frozen, kind)
        acknowledged = sealed.MailAcknowledged("phone", 1)
        with self.assertRaises(AttributeError):
            acknowledged.seq = 2  # type: ignore[misc]
