"""Tests of clients.core.blocks: what is compared, listed and written down, each with what to do next."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from clients.core import blocks
from clients.core import notices as n
from clients.core.e2ee.numbers import safety_number
from clients.core.show import lines
from clients.core.style import Style

NOW = int(datetime(2026, 11, 23, 14, 2).timestamp() * 1000)
STYLE = Style(now=NOW)
NUMBER = safety_number(("alice", b"a" * 32), ("bob", b"b" * 32))
MINE, PHONE, NEW = "abcdefghijklmnop", "qrstuvwxyz234567", "2222333344445555"


class CompareTests(SynchronousTestCase):
    """The safety number."""

    def test_twelve_groups_of_five_four_to_a_row(self) -> None:
        shown = blocks.compare(n.Compare("bob", NUMBER, "first-seen"), STYLE)
        rows = [row for row in shown if row.startswith(blocks.INDENT)]
        self.assertEqual([len(row.split()) for row in rows], [4, 4, 4])
        self.assertEqual(" ".join(" ".join(rows).split()), NUMBER)
        self.assertTrue(all(len(group) == 5 and group.isdigit() for row in rows for group in row.split()))

    def test_says_how_things_stand_and_what_to_do(self) -> None:
        shown = blocks.compare(n.Compare("bob", NUMBER, "first-seen"), STYLE)
        self.assertEqual(shown[0], "[e2e] bob: first seen, not compared yet.")
        self.assertEqual(shown[-2:], [
            "The same:      /verify bob yes",
            "Not the same:  somebody may be between you; write nothing secret, and tell your instructor.",
        ])  # fmt: skip

    def test_a_changed_key_says_whose_number_it_is(self) -> None:
        shown = blocks.compare(n.Compare("bob", NUMBER, "changed", changed=True), STYLE)
        self.assertTrue(shown[0].startswith("[KEY!] bob: KEY CHANGED"))
        self.assertEqual(shown[1], "The number of bob's NEW key, which is not accepted yet:")

    def test_pictures_by_name_and_numbers(self) -> None:
        shown = blocks.compare_short(n.CompareShort("bob", "compare", ("Dog", "Cat"), (1234, 5678, 9012)), STYLE)
        self.assertEqual([row for row in shown if row.startswith(" ")], ["    Dog - Cat", "    1234 5678 9012"])
        self.assertEqual(shown[-1], "If so: /compare bob yes   If not: /compare bob no")

    def test_each_step_says_something(self) -> None:
        for state in ("asked", "waiting", "done", "cancelled", "failed", "another"):
            (row,) = blocks.compare_short(n.CompareShort("bob", state), STYLE)
            self.assertIn("bob", row)
        self.assertIn("FAILED", blocks.compare_short(n.CompareShort("bob", "failed"), STYLE)[0])


class DeviceTests(SynchronousTestCase):
    """The table."""

    def test_which_is_this_one_and_since_when(self) -> None:
        listed = (
            n.OwnDevice(MINE, this=True, listed=True, primary=True, sessions=1, since=NOW - 60_000),
            n.OwnDevice(PHONE, listed=True),
            n.OwnDevice(NEW, waiting=True, sessions=2),
        )
        self.assertEqual(blocks.devices(n.OwnDevices(listed, "1234567890"), STYLE), [
            "device               state                        first seen  connections",
            "abcd efgh ijkl mnop  this device, may add others  14:01       1",
            "qrst uvwx yz23 4567  listed                       -           0",
            "2222 3333 4444 5555  waits to be added            -           2",
            "One waits to be added. Yours? /devices add 2222 3333 4444 5555   Not yours? /devices revoke 2222 3333 4444"
            " 5555",
            "The number of your key, the same on each device of yours: 12345 67890",
        ])  # fmt: skip

    def test_this_device_waits_and_cannot_add_itself(self) -> None:
        shown = blocks.devices(n.OwnDevices((n.OwnDevice(MINE, this=True, waiting=True),)), STYLE)
        self.assertIn("this device, waits to be added", shown[1])
        self.assertEqual(len(shown), 2)

    def test_one_that_reads_nothing(self) -> None:
        shown = blocks.devices(n.OwnDevices((n.OwnDevice(MINE),)), STYLE)
        self.assertIn("not listed: reads nothing encrypted", shown[1])


class KeyTests(SynchronousTestCase):
    """The state of keys."""

    def test_a_first_device(self) -> None:
        people = (("bob", "verified"), ("zoe", "changed"), ("al", "verified"))
        counts = (("DUPLICATE", 3),)
        status = n.KeysStatus(MINE, True, True, 50, "12345", people, counts, profile="opened by a passphrase.")
        self.assertEqual(blocks.keys(status, STYLE), [
            "this device         abcd efgh ijkl mnop",
            "on your list        yes",
            "may add devices     yes",
            "recovery code       not made yet: /keys recovery",
            "one-time keys left  50",
            "this profile        opened by a passphrase.",
            "number of your key  12345",
            "[KEY!] changed      zoe",
            "[e2e+] verified     al, bob",
            "refused             DUPLICATE, 3 times",
        ])  # fmt: skip

    def test_another_device(self) -> None:
        shown = "\n".join(blocks.keys(n.KeysStatus(MINE, False, False, 0), STYLE))
        self.assertIn("no: on a device that is, /devices add this one", shown)
        self.assertIn("no (your first device may, or one with the recovery code)", shown)

    def test_the_recovery_code_is_whole_and_comes_with_a_warning(self) -> None:
        code = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 2
        for given_ in (code, "-".join(code[at : at + 8] for at in range(0, 64, 8))):
            shown = blocks.recovery(n.RecoveryCode(given_), STYLE)
            rows = [row for row in shown if row.startswith(blocks.INDENT)]
            self.assertEqual("".join("".join(rows).split()), code)
            self.assertTrue(all(len(group) == 4 for row in rows for group in row.split()))
            self.assertIn("shown this once", shown[0])
            self.assertIn("show it to nobody", shown[-1])


class InertTests(SynchronousTestCase):
    """Nothing from the network acts."""

    @given(some.text())
    def test_whatever_comes(self, text: str) -> None:
        for notice in (
            n.Compare(text, text, text), n.CompareShort(text, "compare", (text,), (1,)), n.CompareShort(text, text),
            n.OwnDevices((n.OwnDevice(text, waiting=True),), text), n.RecoveryCode(text),
            n.KeysStatus(text, True, True, 1, text, ((text, text),), ((text, 1),)),
        ):  # fmt: skip
            for row in lines(notice, STYLE):
                self.assertFalse(any(ord(char) < 32 or ord(char) in (0x7F, 0x9B) for char in row), row)
