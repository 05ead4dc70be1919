"""What many hear: one codec for all who can the same, and its lines."""

from __future__ import annotations

from chatd import messages as m
from chatd.ports.irc.codec import CUTS, LineCodec
from tests.irc import IrcScene, fits
from tests.kit import House

ID = bytes(range(16))
MULTI = frozenset({"draft/multiline", "batch", "message-tags", "server-time", "account-tag"})


class Said(IrcScene):
    """A message as lines."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.account("ann")

    def codec(self, *caps: str) -> LineCodec:
        """The codec for these."""
        return self.house.codecs.get(frozenset(caps))

    def lines(self, text: str, *caps: str, tags: str = "", kind: str = "text", to: str = "#a") -> list[str]:
        """What a message of ann's looks like."""
        data = self.codec(*caps).encode(m.Message(to, 1, 1_800_000_000_001, "ann", ID, text, kind, tags))
        lines = data.decode().split("\r\n")
        self.assertEqual(lines.pop(), "")
        return lines

    def test_plain(self) -> None:
        self.assertEqual(self.lines("hello"), [":ann!~ann@ann.user PRIVMSG #a :hello"])
        self.assertEqual(self.lines("", kind="notice"), [":ann!~ann@ann.user NOTICE #a :"])
        self.assertEqual(self.lines("x", kind="redacted"), [])

    def test_tags(self) -> None:
        (line,) = self.lines("hello", *MULTI, tags="+typing=active;chatd/cuts")
        tags = line.split(" ")[0][1:].split(";")
        self.assertEqual(
            sorted(tags),
            ["+typing=active", "account=ann", f"msgid={ID.hex()}", "time=2027-01-15T08:00:00.001Z"],
        )

    def test_a_direct_message_names_the_other_one(self) -> None:
        self.account("bob")
        self.assertEqual(self.lines("x", to="dm:ann:bob"), [":ann!~ann@ann.user PRIVMSG bob :x"])

    def test_a_whole_line_of_a_clients_stays_one(self) -> None:
        self.assertEqual(len(self.lines("x" * 497)), 1)
        self.assertEqual(len(self.lines("é" * 248)), 1)

    def test_longer_ones_are_cut_at_words_and_the_id_is_the_firsts(self) -> None:
        lines = self.lines("word " * 200, "message-tags")
        self.assertEqual([f"msgid={ID.hex()}" in line for line in lines], [True, False])
        self.assertEqual(" ".join(line.rpartition(" :")[2] for line in lines).split(), ["word"] * 200)

    def test_lines_are_messages_without_the_blank_ones(self) -> None:
        lines = self.lines("one\n\ntwo\r\nthree")
        self.assertEqual([line.rpartition(":")[2] for line in lines], ["one", "two", "three"])

    def test_lines_are_a_batch_for_who_knows_it(self) -> None:
        patterns = [
            "@* :ann!~ann@ann.user BATCH +0a0b0c0d0e0f draft/multiline #a",
            "@batch=0a0b0c0d0e0f :ann!~ann@ann.user PRIVMSG #a :one",
            "@batch=0a0b0c0d0e0f :ann!~ann@ann.user PRIVMSG #a :",
            "@batch=0a0b0c0d0e0f :ann!~ann@ann.user PRIVMSG #a :two ",
            "@batch=0a0b0c0d0e0f;draft/multiline-concat :ann!~ann@ann.user PRIVMSG #a :goes on",
            ":test.example BATCH -0a0b0c0d0e0f",
        ]
        lines = self.lines("one\n\ntwo goes on", *MULTI, tags=f"{CUTS}=9")
        self.assertTrue(len(lines) == len(patterns) and all(map(fits, lines, patterns)), lines)

    def test_a_long_line_is_whole_again_for_who_knows_concat(self) -> None:
        text = "word " * 200
        lines = self.lines(text, *MULTI)[1:-1]
        self.assertEqual("".join(line.partition(" :")[2].partition(" :")[2] for line in lines), text)
        self.assertEqual(["concat" in line for line in lines], [False, True, True])

    def test_where_it_was_typed_in_pieces_old_clients_get_the_pieces(self) -> None:
        self.assertEqual(
            [line.rpartition(" :")[2] for line in self.lines("how is everyone?", tags=f"{CUTS}=7")],
            ["how is ", "everyone?"],
        )


class Shared(IrcScene):
    """Bytes are made once."""

    def test_one_codec_for_one_set(self) -> None:
        house = House()
        one, two = house.codecs.get(frozenset({"batch"})), house.codecs.get(frozenset({"batch"}))
        self.assertIs(one, two)
        self.assertIsNot(one, house.codecs.get(frozenset()))

    def test_what_it_does_not_know_is_nothing(self) -> None:
        self.assertEqual(self.house.codecs.get(frozenset()).encode(m.Delivered("#a", 1, "ann")), b"")

    def test_what_people_do_has_time_and_account(self) -> None:
        ann = self.account("ann")
        bob = self.guest("bob", "account-tag", "message-tags")
        ann.says("JOIN #x")
        bob.says("JOIN #x")
        self.ignores(ann, bob)
        ann.says("TOPIC #x :t")
        (line,) = bob.take()
        self.assertRegex(line, r"^@msgid=[0-9a-f]{32};account=ann :ann!~ann@ann\.user TOPIC #x :t$")
