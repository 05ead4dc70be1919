"""Tests of clients.core.trusting: what is typed about keys, devices and trust."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from clients.core import intents as i
from clients.core import trusting as t

ID = "abcdefghijklmnop"


class FormTests(SynchronousTestCase):
    """Each form by itself."""

    def test_verify(self) -> None:
        for words in ("@bob", "bob", " @bob "):
            self.assertEqual(t.verify(words), i.Verify("bob"))
        for answer in ("yes", "accept", "resume"):
            self.assertEqual(t.verify("@bob " + answer), i.Verify("bob", answer))
        self.assertEqual(t.verify("bob YES"), i.Verify("bob", "yes"))
        for words in ("", "@", "#g", "@bob maybe", "@bob yes yes"):
            self.assertIsNone(t.verify(words), words)

    def test_compare(self) -> None:
        self.assertEqual(t.compare("@bob"), i.CompareNow("bob"))
        self.assertEqual(
            [t.compare("bob yes"), t.compare("bob no")], [i.CompareNow("bob", "yes"), i.CompareNow("bob", "no")]
        )
        self.assertIsNone(t.compare("@bob accept"))

    def test_devices(self) -> None:
        self.assertEqual(t.devices(""), i.ListDevices())
        for shown in (ID, "abcd efgh ijkl mnop", "ABCD-EFGH-IJKL-MNOP"):
            self.assertEqual(t.devices("add " + shown), i.AddDevice(ID))
            self.assertEqual(t.devices("revoke " + shown), i.RevokeDevice(ID))
        for words in ("add", "revoke", "add -", "abcd", "remove abcd"):
            self.assertIsNone(t.devices(words), words)

    def test_keys(self) -> None:
        self.assertEqual(t.keys(""), i.AskKeys())
        self.assertEqual(t.keys("recovery"), i.MakeRecovery())
        self.assertEqual(t.keys("recover"), i.Recover())
        self.assertEqual(t.keys("recover abcd-efgh ijkl"), i.Recover("ABCDEFGHIJKL"))
        self.assertEqual(t.keys("Reset"), i.ResetKeys())
        self.assertEqual(t.keys("reset stop"), i.ResetKeys(stop=True))
        for words in ("recovery now", "reset secret", "export"):
            self.assertIsNone(t.keys(words), words)

    def test_a_password_is_never_typed_in_the_open(self) -> None:
        self.assertIsNone(t.keys("reset tr0ub4dor"))

    def test_plain(self) -> None:
        self.assertEqual(t.plain("@bob"), i.TalkPlain("bob"))
        self.assertEqual(t.plain("bob Yes"), i.TalkPlain("bob", True))
        for words in ("", "@", "#g", "@bob no", "@bob hello there"):
            self.assertIsNone(t.plain(words), words)

    def test_report(self) -> None:
        self.assertEqual(t.report(""), i.Report())
        self.assertEqual(t.report("0193F2  he  insults me"), i.Report("0193f2", "he  insults me"))
        self.assertIsNone(t.report("0193f2"))
        self.assertEqual(t.report("@bob"), i.ReportOpen("@bob"))
        self.assertEqual(t.report("#hw3 17 he  insults me"), i.ReportOpen("#hw3", 17, "he  insults me"))
        self.assertEqual(t.report("@bob 17"), i.ReportOpen("@bob", 17))
        self.assertIsNone(t.report("@"))

    def test_roster(self) -> None:
        self.assertEqual(t.roster(""), i.AskRoster())
        self.assertEqual(t.roster("cs101"), i.AskRoster("cs101"))
        self.assertEqual(t.roster("cs101 add @a,b @c @a"), i.ChangeRoster("cs101", True, ("a", "b", "c")))
        self.assertEqual(t.roster("cs101 remove a"), i.ChangeRoster("cs101", False, ("a",)))
        self.assertEqual(t.roster("@lee trust"), i.TrustRosters("lee", True))
        self.assertEqual(t.roster("@lee Distrust"), i.TrustRosters("lee", False))
        self.assertIsNone(t.roster("lee trust"))
        for words in ("cs101 add", "cs101 add @", "cs101 bob", "cs101 drop @a"):
            self.assertIsNone(t.roster(words), words)

    @given(some.text())
    def test_whatever_is_typed(self, words: str) -> None:
        for form in (t.verify, t.compare, t.devices, t.keys, t.plain, t.report, t.roster):
            made = form(words)
            self.assertTrue(made is None or isinstance(made, i.Intent))
