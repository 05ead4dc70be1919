"""Tests of clients.core.alerts: each sentence word for word, each code with its class, nothing that acts."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from clients.core import alerts
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.refusals import ASKED, CODES, HAPPENED
from clients.core.style import Style
from clients.core.view import Talk

AT = int(datetime(2026, 11, 23, 14, 2).timestamp() * 1000)
STYLE = Style(now=AT)
DEVICE = "abcdefghijklmnop"

IDENTITY = (
    "bob's encryption key is not the one you know. Either bob started over, or someone is pretending to be bob."
    " Nothing was sent. Compare numbers: /verify bob"
)
NO_KEYS = "bob cannot receive encrypted messages right now. Your message was not sent."
LIST = "The server gave a forged list of bob's devices. Nothing was sent. Tell your instructor (code {})"
KEY = "The server gave a forged key for one of bob's devices. Nothing was sent."
HIDDEN = "The server is hiding a change to bob's devices. Sending to bob is paused."
MEMBERS = "Someone tried to change the members of Lab 3 without permission."
FORKED = "Members of Lab 3 are being shown different member lists. Sending is paused."
UNREADABLE = "A message from bob (14:02) could not be decrypted. Asked bob's device to send it again."
FALSE = "A message claiming to be from bob was refused: it is forged or damaged (code {})."

# Code, class, text (as the design has them) and what the notice says besides the code.
TEXTS = {
    "IDENTITY_CHANGED": ("stop", IDENTITY),
    "NO_E2EE_KEYS": ("stop", NO_KEYS),
    "NO_ONE_TIME_KEY": ("stop", NO_KEYS),
    **{
        code: ("stop", LIST.format(code) + ".")
        for code in (
            "DEVLIST_BAD_SIGNATURE", "DEVLIST_CHAIN_BROKEN", "DEVICE_ID_MISMATCH", "DEVICE_NOT_SELF_SIGNED",
            "DEVICE_DUPLICATE", "DEVLIST_WRONG_USER",
        )
    },
    **dict.fromkeys(("OTK_BAD_SIGNATURE", "OTK_WRONG_DEVICE", "WEAK_KEY"), ("stop", KEY)),
    "FALLBACK_TOO_OLD": (
        "stop",
        "bob has not been online for over a month, so there is no fresh key for bob. Nothing was sent; it will be tried"
        " again.",
    ),
    **dict.fromkeys(("SERVER_HIDES_DEVLIST", "DEVLIST_FORK"), ("stop", HIDDEN)),
    **dict.fromkeys(
        ("GROUP_OP_BAD_SIGNATURE", "GROUP_OP_FORBIDDEN", "GROUP_OP_CHAIN_BROKEN", "GROUP_OP_WRONG_GROUP"),
        ("stop", MEMBERS),
    ),
    **dict.fromkeys(("GROUP_LOG_FORK", "SERVER_HIDES_GROUP_CHANGE"), ("stop", FORKED)),
    "STATE_ROLLED_BACK": (
        "note",
        "This profile was restored from an older copy. New secure sessions were started; messages that arrived"
        " meanwhile may be unreadable.",
    ),
    **dict.fromkeys(("CANNOT_DECRYPT", "NO_GROUP_KEY"), ("refuse", UNREADABLE)),
    **{
        code: ("refuse", FALSE.format(code))
        for code in (
            "BINDING_MISMATCH", "COMMITMENT_MISMATCH", "UNKNOWN_KIND", "UNKNOWN_DEVICE", "NOT_A_MEMBER",
            "GROUP_INDEX_REUSED", "MALFORMED",
        )
    },
    "GROUP_KEY_EXPIRED": ("refuse", "A message from bob used an outdated key and was refused."),
    **dict.fromkeys(("DUPLICATE", "DUPLICATE_OR_TOO_OLD"), ("silent", "")),
    "GAP": ("note", "2 messages from bob are missing."),
    "CONTACT_NEW_DEVICE": ("note", "bob added a device."),
    "PEER_HAS_OLD_LIST": (
        "note", "bob's program does not know yet that you removed a device; telling it now.",
    ),
    "PLAINTEXT_REFUSED": ("refuse", "An unencrypted message, claimed to be from bob, was refused."),
    "STORE_LOCKED": ("stop", "Wrong passphrase."),
    "STORE_TAMPERED": ("stop", "This profile's data was altered outside the program and will not be used."),
}  # fmt: skip
WITH_DETAIL = {
    "OWN_NEW_DEVICE": (
        "alarm", DEVICE,
        "A device was added to YOUR account: abcd efgh ijkl mnop. Not you? /devices revoke abcd efgh ijkl mnop",
    ),
    "PROFILE_LOCKED": ("stop", "pid 4711", "This profile is open in another window (pid 4711)."),
    "FILE_CORRUPT": (
        "refuse", "hw1.pdf", "hw1.pdf is damaged or was tampered with at 65% and was not saved. Retry?",
    ),
    "NO_E2EE_KEYS": ("stop", "pinned", NO_KEYS + " To talk openly instead: /plain bob"),
    "IDENTITY_CHANGED": (
        "stop", "held", IDENTITY.replace("Nothing was sent.", "What comes from bob is held back."),
    ),
}  # fmt: skip


def secure(code: str, **more: object) -> n.Secure:
    """A notice about bob in Lab 3."""
    about = {"user": "bob", "to": "#Lab 3", "number": 2, "at": AT, **more}
    return n.Secure(code, **about)  # type: ignore[arg-type]


class TextTests(SynchronousTestCase):
    """Word for word."""

    def test_the_designs_texts(self) -> None:
        for code, (kind, text) in TEXTS.items():
            with self.subTest(code):
                self.assertEqual((alerts.kind(code), alerts.sentence(secure(code), STYLE)), (kind, text))

    def test_those_that_name_a_thing(self) -> None:
        for code, (kind, detail, text) in WITH_DETAIL.items():
            notice = secure(code, detail=detail, number=65)
            self.assertEqual((alerts.kind(code), alerts.sentence(notice, STYLE)), (kind, text), code)

    def test_every_code_has_a_sentence_that_is_filled_in(self) -> None:
        for code in CODES:
            for notice in (secure(code, detail=DEVICE), n.Secure(code)):
                text = alerts.sentence(notice, STYLE)
                self.assertEqual(text == "", alerts.kind(code) == alerts.SILENT, code)
                self.assertNotRegex(text, r"[{}]|anyway", code)

    def test_no_code_means_two_things(self) -> None:
        self.assertEqual(set(HAPPENED) & set(ASKED), set())

    def test_only_who_never_had_keys_may_be_talked_to_openly(self) -> None:
        for check, way_out in (("chain", True), ("pinned", True), ("none-left", False), ("", False)):
            for code in ("NO_E2EE_KEYS", "NO_ONE_TIME_KEY"):
                text = alerts.sentence(secure(code, detail=check), STYLE)
                self.assertEqual("/plain" in text, way_out, (code, check))

    def test_a_device_is_named_where_it_is_one(self) -> None:
        for detail, shown in (
            (DEVICE, "abcd efgh ijkl mnop"),
            ("listed", "ID (see /devices)"),
            ("\x1b" * 16, "ID (see /devices)"),
        ):
            text = alerts.sentence(secure("DEVICE_NOT_LISTED", detail=detail), STYLE)
            self.assertTrue(text.endswith("/devices add " + shown), text)

    def test_the_device_that_was_asked_for(self) -> None:
        told = n.Secure("NO_SUCH_DEVICE", "alice", detail="account", intent=i.RevokeDevice("abcdabcd"))
        self.assertEqual(alerts.sentence(told, STYLE), "None of your devices is abcd abcd; see /devices.")

    def test_one_and_many(self) -> None:
        self.assertEqual(alerts.sentence(secure("GAP", number=1), STYLE), "1 message from bob is missing.")
        self.assertEqual(alerts.sentence(secure("GAP", number=0), STYLE), "Some messages from bob are missing.")

    def test_without_a_time(self) -> None:
        self.assertIn("from bob could not", alerts.sentence(secure("CANNOT_DECRYPT", at=0), STYLE))

    def test_a_code_from_a_later_version_stops(self) -> None:
        notice = secure("SOMETHING_NEW")
        self.assertEqual(alerts.kind("SOMETHING_NEW"), "stop")
        self.assertEqual(alerts.shown(notice, STYLE), ["Something about encryption went wrong (code SOMETHING_NEW)."])

    @given(some.text(), some.text())
    def test_nothing_acts(self, name: str, detail: str) -> None:
        for code in CODES:
            for row in alerts.shown(secure(code, user=name, to="#" + name, detail=detail), STYLE):
                self.assertTrue(row.isprintable() or not any(ord(char) < 32 for char in row), row)
                self.assertNotIn("\x1b", row)


class ShownTests(SynchronousTestCase):
    """As a line."""

    def test_what_happened_has_its_code_once(self) -> None:
        self.assertEqual(alerts.shown(secure("IDENTITY_CHANGED"), STYLE), [IDENTITY + " (code IDENTITY_CHANGED)"])
        for code in HAPPENED:
            for row in alerts.shown(secure(code, detail="x"), STYLE):
                self.assertEqual(row.count(f"(code {code})"), 1, row)

    def test_what_was_asked_for_has_none(self) -> None:
        for code in ASKED:
            if "{code}" not in CODES[code].text:
                self.assertNotIn("(code", alerts.shown(secure(code, detail="x"), STYLE)[0])

    def test_what_is_only_counted_is_not_shown(self) -> None:
        self.assertEqual(alerts.shown(secure("DUPLICATE"), STYLE), [])

    def test_colour_says_nothing_of_its_own(self) -> None:
        for code in CODES:
            coloured = alerts.shown(secure(code), STYLE._replace(colour=True))
            bare = [row.split("m", 1)[1].removesuffix("\x1b[0m") for row in coloured]
            self.assertEqual(bare, alerts.shown(secure(code), STYLE))


class FieldTests(SynchronousTestCase):
    """For scripts."""

    def test_every_code(self) -> None:
        for code in CODES:
            found = alerts.fields(secure(code, id=b"\1\2"), STYLE)
            self.assertEqual(
                (found["code"], found["class"], found["user"], found["to"], found["number"], found["id"]),
                (code, CODES[code].kind, "bob", "#Lab 3", 2, "0102"),
            )
            self.assertEqual(found["text"], alerts.sentence(secure(code), STYLE))

    def test_exit_status(self) -> None:
        expected = {
            "IDENTITY_CHANGED": 8, "SERVER_HIDES_DEVLIST": 8, "DEVLIST_BAD_SIGNATURE": 8, "WEAK_KEY": 8,
            "NO_E2EE_KEYS": 7, "NO_ONE_TIME_KEY": 7, "FALLBACK_TOO_OLD": 7, "PLAIN_ASK": 7, "PLAIN_NEEDLESS": 7,
            "GAP": 0, "VERIFIED": 0, "DUPLICATE": 0, "CONTACT_NEW_DEVICE": 0, "OWN_NEW_DEVICE": 0,
        }  # fmt: skip
        self.assertEqual({code: alerts.status(code) for code in expected}, expected)


class MarkTests(SynchronousTestCase):
    """The five, and none."""

    def test_marks(self) -> None:
        marks = [alerts.mark(trust) for trust in ("verified", "vouched", "first-seen", "changed", "plain", "")]
        self.assertEqual(marks, ["[e2e+]", "[e2e~]", "[e2e]", "[KEY!]", "[PLAIN]", ""])

    def test_of_a_conversation(self) -> None:
        for talk, mark in (
            (Talk("dm:a:b", "@b", security="changed"), "[KEY!]"),
            (Talk("#g", "#g", encrypted=True), "[e2e]"),
            (Talk("#g", "#g", security="plain"), "[PLAIN]"),
            (Talk("#g", "#g"), ""),
        ):
            self.assertEqual(alerts.mark_of(talk), mark)

    def test_an_id_to_read_out(self) -> None:
        self.assertEqual(alerts.grouped(DEVICE), "abcd efgh ijkl mnop")
