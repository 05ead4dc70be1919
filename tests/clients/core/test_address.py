"""Tests of clients.core.address: what people write, and what cannot be meant."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.address import Address, ip


class AddressTests(SynchronousTestCase):
    """Hosts and ports."""

    def test_written_again(self) -> None:
        self.assertEqual([str(Address(text, 1)) for text in ("h", "h:2", "[::1]:2", "::1")],
                         ["h:1", "h:2", "[::1]:2", "[::1]:1"])  # fmt: skip

    def test_nonsense(self) -> None:
        for text in ("", ":1", "h:0", "h:65536", "h:x", "h:²", "[]:1"):
            self.assertRaises(ValueError, Address, text, 1)

    def test_this_machine(self) -> None:
        here = {text: Address(text, 1).loopback for text in ("localhost", "127.9.9.9", "[::1]:2", "192.0.2.1", "h")}
        self.assertEqual([text for text, is_here in here.items() if is_here], ["localhost", "127.9.9.9", "[::1]:2"])

    def test_a_name_is_no_number(self) -> None:
        self.assertIsNone(ip("localhost"))
        self.assertEqual(str(ip("::1")), "::1")
