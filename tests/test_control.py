"""What `chatd-admin` asks the running server, line by line. (`process/test_upkeep.py` has the real socket.)"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from twisted.internet.testing import MemoryReactorClock, StringTransport

from chatd import control
from chatd.operations.drain import Drain
from tests.kit import state_of
from tests.operations.kit import StaffScene


class ControlTests(StaffScene):
    """One request a connection."""

    def setUp(self) -> None:
        super().setUp()
        self.service.drain = Drain(self.house.node, self.house.clock)

    def says(self, data: bytes) -> list[dict[str, Any]]:
        """What comes back on a connection of its own, and that it ends."""
        protocol = control.ControlFactory(self.service).buildProtocol(None)
        transport = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(data)
        self.house.commit()
        if b"\n" in data:
            self.assertTrue(transport.disconnecting)
        return [json.loads(line) for line in transport.value().splitlines()]

    def asks(self, verb: str, **values: Any) -> dict[str, Any]:
        """The one answer."""
        (answer,) = self.says(json.dumps({"verb": verb, **values}).encode() + b"\n")
        return answer

    def test_roster(self) -> None:
        text = "name,role\nmiller,staff\n"
        dry = self.asks("roster", text=text, by="root", dry_run=True)
        self.assertEqual((dry["ok"], dry["changes"], dry["dry"]), (True, [["new", "miller", "staff, no group"]], True))
        real = self.asks("roster", text=text, by="root")
        self.assertEqual(real["tickets"][0]["name"], "miller")
        self.assertEqual(self.asks("sheet")["tickets"], real["tickets"])
        wrong = self.asks("roster", text="name\nb b\n", by="root")
        self.assertEqual((wrong["ok"], wrong["problems"][1][:7]), (False, "line 2:"))

    def test_drain(self) -> None:
        self.house.people("alice")
        self.assertEqual(self.asks("drain", seconds=60, say="Soon."), {"ok": True, "told": 1})
        self.assertFalse(self.asks("drain")["ok"])
        self.assertEqual(self.asks("undrain"), {"ok": True, "was": "announced"})

    def test_write(self) -> None:
        """What a reader has acknowledged is on disk when the answer comes, though its moment is not over."""
        alice, bob = self.house.people("alice", "bob")
        alice.send("@bob", "hello")
        bob.ack("dm:alice:bob", 1)
        assert bob.keys is not None
        device = bob.keys.public.device

        def kept() -> bool:
            return any((one.device, one.seq) == (device, 1) for one in self.house.store.load().cursors)

        self.assertFalse(kept())
        self.assertEqual(self.asks("write"), {"ok": True})
        self.assertTrue(kept())

    def test_what_is_no_request(self) -> None:
        before = state_of(self.house)
        for line in (b"", b"hello", b"[]", b"{}", b'{"verb": "dance"}', b'{"verb": ["drain"]}', b"\xff\xff", b"1",
                     b'{"verb": "drain", "seconds": "soon"}', b'{"verb": "roster"}', b'{"verb": "undrain", "x": 1}',
                     b'{"verb": "drain", "seconds": NaN}', b"[" * 100_000):  # fmt: skip
            (answer,) = self.says(line + b"\n")
            self.assertEqual((answer["ok"], len(answer["problems"])), (False, 1), line[:40])
        self.assertEqual(self.says(b'{"verb": "sheet"}'), [])  # not yet said
        self.assertEqual(len(self.says(b'{"verb": "sheet"}\n' * 3)), 1)
        self.assertEqual(state_of(self.house), before)

    def test_what_goes_wrong_is_in_the_log_only(self) -> None:
        self.service.drain.begin = None  # type: ignore[assignment]
        self.assertEqual(self.asks("drain")["problems"], ["The server could not do it; its log says why."])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)

    def test_where_it_listens(self) -> None:
        path = Path(self.service.folder.path) / control.NAME
        path.write_text("of a server that was killed")
        reactor = MemoryReactorClock()
        self.assertEqual(len(control.listen(self.service, reactor)), 1)
        address, _, _, mode, _ = reactor.unixServers[0]
        self.assertEqual((os.path.abspath(address), mode, path.exists()), (str(path.absolute()), 0o600, False))

    def test_nobody_listens(self) -> None:
        self.assertRaises(control.NoServer, control.ask, str(self.service.folder.path), "sheet")
