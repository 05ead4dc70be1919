"""CHATHISTORY and MARKREAD."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd.archive import Place
from chatd.ports.irc.history import milliseconds, place
from tests.irc import IrcPeer, IrcScene

CAPS = ("batch", "server-time", "message-tags", "draft/chathistory")
FAIL = ":test.example FAIL CHATHISTORY "


class PlaceTests(SynchronousTestCase):
    """What names a place in a conversation."""

    def test_times_and_ids(self) -> None:
        self.assertEqual(place("timestamp=2027-01-15T08:00:00.007Z"), Place(at=1_800_000_000_007))
        self.assertEqual(place("msgid=" + "0f" * 16), Place(id=b"\x0f" * 16))
        for text in ("", "*", "msgid=1", "msgid=" + "xx" * 16, "timestamp=", "timestamp=now", "at=1", "timestamp=2027"):
            self.assertIsNone(place(text), text)

    def test_a_time_before_all_times_is_the_first(self) -> None:
        self.assertEqual(milliseconds("1960-01-01T00:00:00.000Z"), 0)
        self.assertIsNone(milliseconds("2027-13-01T00:00:00.000Z"))


class PageTests(IrcScene):
    """Pages of a group and of a private conversation."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.account("ann", *CAPS), self.account("bob", *CAPS)
        for peer in (self.ann, self.bob):
            peer.says("JOIN #a")
        for number in range(1, 7):
            self.house.clock.advance(1)
            self.ann.says(f"PRIVMSG #a :{number}")
        self.ignores(self.ann, self.bob)

    def page(self, request: str, peer: IrcPeer | None = None) -> list[str]:
        """The texts of a page."""
        first, *lines, last = (peer or self.bob).says(f"CHATHISTORY {request}")
        target = request.split(" ")[1]
        self.assertRegex(first, rf"^:test\.example BATCH \+b\d+ chathistory {target}$")
        self.assertRegex(last, r"^:test\.example BATCH -b\d+$")
        return [line.rpartition(":")[2] for line in lines]

    def id_of(self, text: str) -> str:
        """The id of what was said."""
        (line,) = [line for line in self.bob.says("CHATHISTORY LATEST #a * 100") if line.endswith(f" :{text}")]
        return "msgid=" + line.partition("msgid=")[2][:32]

    def time_of(self, text: str) -> str:
        """The time when it was said."""
        (line,) = [line for line in self.bob.says("CHATHISTORY LATEST #a * 100") if line.endswith(f" :{text}")]
        return "timestamp=" + line.partition("time=")[2][:24]

    def test_every_way(self) -> None:
        for name in (self.id_of, self.time_of):
            two, five = name("2"), name("5")
            self.assertEqual(self.page("LATEST #a * 2"), ["5", "6"])
            self.assertEqual(self.page(f"LATEST #a {two} 10"), ["3", "4", "5", "6"])
            self.assertEqual(self.page(f"BEFORE #a {five} 2"), ["3", "4"])
            self.assertEqual(self.page(f"AFTER #a {two} 2"), ["3", "4"])
            self.assertEqual(self.page(f"AROUND #a {five} 3"), ["4", "5", "6"])
            self.assertEqual(self.page(f"BETWEEN #a {two} {five} 10"), ["3", "4"])
            self.assertEqual(self.page(f"BETWEEN #a {five} {two} 1"), ["4"])

    def test_private_words_from_both_ends(self) -> None:
        self.ann.says("PRIVMSG bob :hello")
        self.bob.says("PRIVMSG ann :hi")
        self.ignores(self.ann, self.bob)
        self.assertEqual(self.page("LATEST ann * 10"), ["hello", "hi"])
        self.assertEqual(self.page("LATEST bob * 10", self.ann), ["hello", "hi"])

    def test_what_else_happened_for_who_asked(self) -> None:
        eva = self.account("eva", *CAPS, "draft/event-playback")
        eva.says("JOIN #a", "PART #a :bye", "JOIN #a")
        lines = eva.says("CHATHISTORY LATEST #a * 3")
        self.assertEqual([line.split(" ")[2] for line in lines[1:-1]], ["JOIN", "PART", "JOIN"])
        self.ignores(self.bob)
        self.assertEqual(self.page("LATEST #a * 3"), ["4", "5", "6"])

    def test_without_batches_lines_alone(self) -> None:
        fay = self.account("fay", "draft/chathistory")
        fay.says("JOIN #a")
        self.says(fay, "CHATHISTORY LATEST #a * 1", ":ann!~ann@ann.user PRIVMSG #a :6")

    def test_mistakes(self) -> None:
        for line, code in (
            ("WHAT #a * 1", "INVALID_PARAMS WHAT"),
            ("LATEST #a *", "INVALID_PARAMS LATEST"),
            ("BETWEEN #a * 1", "INVALID_PARAMS BETWEEN"),
            ("LATEST #a x 1", "INVALID_PARAMS LATEST x"),
            ("BEFORE #a * 1", "INVALID_PARAMS BEFORE *"),
            ("LATEST #a * many", "INVALID_PARAMS LATEST *"),
            ("LATEST #none * 1", "INVALID_TARGET LATEST #none"),
            ("LATEST nobody * 1", "INVALID_TARGET LATEST nobody"),
            (f"BEFORE #a msgid={'0' * 32} 1", "INVALID_PARAMS BEFORE #a"),
            ("TARGETS * * 1", "INVALID_PARAMS TARGETS"),
        ):
            self.says(self.bob, f"CHATHISTORY {line}", f"{FAIL}{code} :...")

    def test_targets(self) -> None:
        self.ann.says("PRIVMSG bob :hello")
        self.ignores(self.ann, self.bob)
        span = "timestamp=2027-01-01T00:00:00.000Z timestamp=2028-01-01T00:00:00.000Z"
        self.says(
            self.bob,
            f"CHATHISTORY TARGETS {span} 10",
            ":test.example BATCH +b1 draft/chathistory-targets",
            "@batch=b1 :test.example CHATHISTORY TARGETS #a *",
            "@batch=b1 :test.example CHATHISTORY TARGETS ann *",
            ":test.example BATCH -b1",
        )


class MarkerTests(IrcScene):
    """draft/read-marker."""

    def test_kept_shared_and_only_forwards(self) -> None:
        ann = self.account("ann", "draft/read-marker")
        self.says(
            ann,
            "JOIN #a",
            ":ann!~ann@ann.user JOIN #a",
            ":test.example MARKREAD #a *",
            ":test.example 353 ann = #a :@ann",
            ":test.example 366 ...",
        )
        phone, old = self.again("ann", "draft/read-marker"), self.again("ann")
        self.ignores(ann, phone, old)
        late, early = "timestamp=2027-01-15T07:00:00.000Z", "timestamp=2027-01-01T07:00:00.000Z"
        self.says(ann, "MARKREAD #a", ":test.example MARKREAD #a *")
        self.says(ann, f"MARKREAD #a {late}", f":test.example MARKREAD #a {late}")
        self.hears(phone, f":test.example MARKREAD #a {late}")
        self.hears(old)
        self.says(phone, f"MARKREAD #a {early}", f":test.example MARKREAD #a {late}")
        self.says(ann, f"MARKREAD bob {late}", f":test.example MARKREAD bob {late}")

    def test_mistakes(self) -> None:
        ann = self.account("ann", "draft/read-marker")
        self.says(ann, "MARKREAD", ":test.example FAIL MARKREAD NEED_MORE_PARAMS ...")
        self.says(ann, "MARKREAD #a when", ":test.example FAIL MARKREAD INVALID_PARAMS #a ...")
        self.says(ann, "MARKREAD #a timestamp=x", ":test.example FAIL MARKREAD INVALID_PARAMS #a ...")
        self.says(ann, "MARKREAD a*b", ":test.example FAIL MARKREAD INVALID_PARAMS a*b ...")
