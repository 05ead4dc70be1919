"""Files as fields."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import offers as o
from clients.core.moving import MOVING, Moving
from clients.core.offers import Kept, Offer
from clients.line import fileobjects

OFFER = Offer(bytes(range(16)), "../a.pdf", 5, b"h" * 32)


class FieldTests(SynchronousTestCase):
    """As in the interface."""

    def test_about(self) -> None:
        fields = {"id": bytes(range(16)).hex(), "name": "../a.pdf", "size": 5, "sha256": (b"h" * 32).hex()}
        self.assertEqual(fileobjects.about(OFFER), fields)

    def test_moving(self) -> None:
        up = fileobjects.moving(Moving(OFFER, o.UP, MOVING, ("@bob",), 2, 1.6, -1.0, "/spool"))
        self.assertEqual((up["done"], up["rate"], up["left"], up["who"]), (2, 2, None, ["@bob"]))
        self.assertNotIn("path", up)
        down = fileobjects.moving(Moving(OFFER, o.DOWN, o.FAILED, ("bob",), path="/x", code="disk", text="why"))
        self.assertEqual((down["path"], down["code"], down["text"]), ("/x", "disk", "why"))

    def test_kept(self) -> None:
        kept = fileobjects.kept(Kept(OFFER, o.DOWN, o.RECEIVED, ("#a",), "eve", 1, path="/x"))
        self.assertEqual((kept["from"], kept["who"], kept["state"], kept["path"]), ("eve", ["#a"], "received", "/x"))
