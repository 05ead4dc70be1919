"""Tests of clients.core.boxes: what is closed opens in its own place only."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from clients.core.boxes import Boxes, Place, device_of, device_text
from clients.core.device import Device
from clients.core.outbox import Outgoing
from tests.clients.core.e2ee.kit import refused

ENTROPY = random.Random(1).randbytes
BOXES = Boxes(b"k" * 32, ENTROPY)
PLACE = Place(3, 30, "bob", b"i" * 16, 0, "bob")
ITEM = Outgoing(b"o" * 16, "@bob", "CANARY", 7)


class BoxesTests(SynchronousTestCase):
    """Each kind."""

    def test_a_message(self) -> None:
        box = BOXES.close_message(1, PLACE, "CANARY")
        self.assertNotIn(b"CANARY", box)
        self.assertEqual(BOXES.open_message(1, PLACE, box), "CANARY")
        others: dict[str, Any] = {"seq": 4, "at": 31, "sender": "eve", "id": b"j" * 16, "own": 1, "peer": "eve"}
        for field, value in others.items():
            moved = PLACE._replace(**{field: value})
            self.assertEqual(refused(lambda place=moved: BOXES.open_message(1, place, box)), "STORE_TAMPERED", field)  # type: ignore[misc]
        self.assertEqual(refused(lambda: BOXES.open_message(2, PLACE, box)), "STORE_TAMPERED")
        self.assertEqual(refused(lambda: Boxes(b"x" * 32, ENTROPY).open_message(1, PLACE, box)), "STORE_TAMPERED")

    def test_a_message_on_its_way(self) -> None:
        box = BOXES.close_outgoing(1, ITEM)
        self.assertNotIn(b"CANARY", box)
        self.assertEqual(BOXES.open_outgoing(1, ITEM.id, ITEM.to, box, ITEM.at), ITEM)
        for place in ((2, ITEM.id, ITEM.to, ITEM.at), (1, b"p" * 16, ITEM.to, ITEM.at), (1, ITEM.id, "@eve", ITEM.at)):
            account, id, to, at = place
            elsewhere = (account, id, to, box, at)
            self.assertEqual(refused(lambda at=elsewhere: BOXES.open_outgoing(*at)), "STORE_TAMPERED")  # type: ignore[misc]

    def test_a_token(self) -> None:
        box = BOXES.close_token(1, b"CANARY")
        self.assertNotIn(b"CANARY", box)
        self.assertEqual(
            (BOXES.open_token(1, box), BOXES.close_token(1, b""), BOXES.open_token(1, b"")), (b"CANARY", b"", b"")
        )
        self.assertEqual(refused(lambda: BOXES.open_token(2, box)), "STORE_TAMPERED")

    def test_a_device(self) -> None:
        device = Device.make()
        box = BOXES.close_device(1, "h:1", device_text(device, ENTROPY))
        self.assertEqual(device_of(BOXES.open_device(1, "h:1", box)).keys, device.keys)
        self.assertEqual(refused(lambda: BOXES.open_device(1, "h:2", box)), "STORE_TAMPERED")
        self.assertNotEqual(device_text(device, ENTROPY), device_text(device, ENTROPY))
        for text in ("", "{}", '["",""]', '["' + "A" * 43 + '=",""]'):
            self.assertEqual(refused(lambda wrong=text: device_of(wrong)), "STORE_TAMPERED")  # type: ignore[misc]
