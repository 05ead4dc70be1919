"""The line port byte by byte: where a session is cut, in what order tags stand, what no client would ever send.

What must hold, for any bytes: the same answers however they are cut; no exception; the session goes on but where the
rules end it; and what goes out is lines: UTF-8 without CR, LF and NUL inside, of bounded length, that can be read back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc.caps import CAPABILITIES
from chatd.ports.lines import Lines
from chatd.wire.irc import LINE_BYTES, TAG_BYTES, BadLine, Line, parse, parse_tags, write_tags
from tests.irc import IrcPeer
from tests.kit import House
from tests.simulation.test_lines import lines

SOURCE_BYTES = 200  # what the longest nick, ident and host come to
RANDOM = re.compile(rb"[0-9a-f]{32}|(?<=[-+=])[0-9a-f]{12}")
TEXT = some.text(some.characters(exclude_categories=["Cs"]), max_size=200)
KEYS = some.from_regex(r"\A\+?[a-z]{1,8}(/[a-z]{1,8})?\Z")
SAYING = (
    "PRIVMSG #one :{}", "NOTICE bob :{}", "PRIVMSG @#one :{}", "TOPIC #one :{}", "AWAY :{}", "SETNAME :{}",
    "PART #one :{}", "KICK #one bob :{}", "METADATA * SET avatar :{}", "MODE #one +k :{}", "MODE #one +b :{}",
    "RENAME #one #two :{}", "JOIN :{}", "NICK :{}", "WHOIS :{}", "PING :{}", "TAGMSG :{}", "INVITE bob :{}", "{}",
)  # fmt: skip

# What is said to several groups at once comes in each group's order only; so it is said to one.
CHANGES = (
    "JOIN {g}", "JOIN {g}", "JOIN {g} key", "PART {g} :bye", "JOIN 0", "PRIVMSG #one :hello", "PRIVMSG #one :again",
    "PRIVMSG {n} :psst", "NOTICE {n} :psst", "@+typing=active TAGMSG {g}", "PRIVMSG @{g} :operators",
    "MODE {g} +{m}", "MODE {g} -{m}", "MODE {g} +{o} {n}", "MODE {g} -{o} {n}", "MODE {g} +b {n}", "MODE {g} -b {n}",
    "MODE {g} +k key", "MODE {g} -k key", "KICK {g} {n} :out", "INVITE {n} {g}", "NS SET always-on on",
    "RENAME {g} {g}", "PING {n}", "ADMIN", "MONITOR - {n}", "CAP LIST", "BATCH +1 draft/multiline #one",
    "@batch=1 PRIVMSG #one :one", "BATCH -1", "NOSUCHCOMMAND", "USER a 0 * :a",
)  # fmt: skip
# What is answered as it is when the answer leaves: behind a change that comes in with it, it tells of that already.
QUESTIONS = (
    "NICK xena", "NAMES {g}", "NAMES", "WHO {g}", "WHO {n} %nafd", "WHOIS {n}", "WHOWAS {n}", "LIST",
    "TOPIC {g}", "MODE {g}", "MODE {g} b", "INVITE", "CHATHISTORY LATEST {g} * 5", "MARKREAD {g}", "METADATA {g} LIST",
    "METADATA {n} GET avatar", "MONITOR S", "MONITOR L", "LUSERS", "USERHOST {n}", "ISON {n}",
)  # fmt: skip

SHOWN = re.compile(  # those questions, which may have a change behind them here, and what changes what they tell
    rb"(@\S* )?\s*(AWAY|SETNAME|NICK|TOPIC|METADATA|MONITOR|MODE|OPER|"
    rb"NAMES|WHO|WHOIS|WHOWAS|LIST|INVITE|CHATHISTORY|MARKREAD|LUSERS|USERHOST|ISON)\b",
    re.IGNORECASE,
)
ANY = some.lists(lines().filter(lambda line: not SHOWN.match(line)), max_size=10)


@some.composite
def sensible(draw: some.DrawFn, forms: Sequence[str]) -> bytes:
    """A line of somebody who means it, about few groups and people, some with a label."""
    words = {
        "g": draw(some.sampled_from(["#one", "#two"])), "n": draw(some.sampled_from(["alice", "bob", "carol", "dora"])),
        "m": draw(some.sampled_from("imnstuCMRU")), "o": draw(some.sampled_from("qaohv")),
    }  # fmt: skip
    line = draw(some.sampled_from(forms)).format(**words)
    labelled = line[0] != "@" and draw(some.booleans())
    return (f"@label={draw(some.integers(1, 9))} {line}" if labelled else line).encode()


RUN = some.tuples(
    some.lists(sensible(CHANGES), min_size=1, max_size=8), some.lists(sensible(QUESTIONS), max_size=1)
).map(lambda both: both[0] + both[1])


class Everybody:
    """Alice, who knows every capability, and bob, who knows none; what they get is kept as bytes."""

    def __init__(self) -> None:
        self.house = House()
        self.alice, self.bob = IrcPeer(self.house), IrcPeer(self.house)
        self.alice.register("alice", *sorted(CAPABILITIES))
        self.bob.register("bob")
        self.bob.says("JOIN #one", "JOIN #lobby")
        self.alice.says("JOIN #one", "JOIN #lobby", "MODE #one +o alice", "MONITOR + bob", "METADATA * SUB avatar")
        self.forget()

    def forget(self) -> None:
        """What has come is not looked at."""
        self.got()

    def slow(self) -> None:
        """From here on nothing is on disk before somebody looks at what has come."""
        for later in (self.house.writer, self.house.reader, self.house.hasher):
            later.slow = True

    def got(self) -> list[bytes]:
        """What alice, then bob, got since the last time."""
        self.house.commit()
        data = [peer.transport.value() for peer in (self.alice, self.bob)]
        for peer in (self.alice, self.bob):
            peer.transport.clear()
        return data

    def says(self, *parts: bytes) -> list[bytes]:
        """Alice sends these, one after the other; what both get."""
        for part in parts:
            self.alice.raw(part)
        return self.got()

    def talk(self, runs: Sequence[Sequence[bytes]]) -> list[bytes]:
        """Alice and bob, in turn, send these parts; what both get."""
        for number, parts in enumerate(runs):
            for part in parts:
                (self.bob if number % 2 else self.alice).raw(part)
        return self.got()


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The pieces of bytes that are cut at these places."""
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[begin:end] for begin, end in zip([0, *ends], [*ends, len(data)], strict=True)]


def same(got: Sequence[bytes]) -> list[bytes]:
    """What does not depend on chance."""
    return [RANDOM.sub(b"*", data) for data in got]


class CutTests(SynchronousTestCase):
    """Where the network cuts a session says nothing."""

    @given(ANY, some.lists(some.integers(0, 5000), max_size=12))
    @example(["PRIVMSG #one :é\U0001f600".encode(), b"PING x"], list(range(40)))
    @example([b"x" * 5000, b"PING x"], [4607, 4608, 4609, 4998])
    def test_cut_anywhere(self, said: list[bytes], places: list[int]) -> None:
        data = b"".join(line + b"\r\n" for line in said)
        whole, pieces = Everybody(), Everybody()
        self.assertEqual(same(pieces.says(*cut(data, places))), same(whole.says(data)))

    @given(some.lists(RUN, min_size=1, max_size=5), some.lists(some.integers(0, 5000), max_size=12))
    def test_a_talk_cut_anywhere(self, runs: list[list[bytes]], places: list[int]) -> None:
        self.check(runs, places, slow=False)

    @given(some.lists(sensible(CHANGES), min_size=1, max_size=12), some.lists(some.integers(0, 1000), max_size=12))
    def test_cut_anywhere_while_the_disk_is_slow(self, run: list[bytes], places: list[int]) -> None:
        self.check([run], places, slow=True)

    def check(self, runs: list[list[bytes]], places: list[int], slow: bool) -> None:
        """What both hear is the same."""
        said = [b"".join(line + b"\r\n" for line in run) for run in runs]
        whole, pieces = Everybody(), Everybody()
        if slow:
            whole.slow()
            pieces.slow()
        cuts = [cut(data, places) for data in said]
        self.assertEqual(same(pieces.talk(cuts)), same(whole.talk([[data] for data in said])))

    def test_behind_a_nick(self) -> None:
        said = b"NICK xena\r\nADMIN\r\nUSERHOST xena\r\n"
        whole, pieces = Everybody(), Everybody()
        got = whole.says(said)
        self.assertIn(b" 256 xena ", got[0])
        self.assertIn(b" 302 xena :xena=+", got[0])
        self.assertEqual(same(got), same(pieces.says(*said.splitlines(keepends=True))))

    @given(ANY)
    @example([b"JOIN #two", b"RENAME #two #new", b"LIST"])
    def test_a_byte_at_a_time(self, said: list[bytes]) -> None:
        data = b"".join(line + b"\n" for line in said)[:3000]
        whole, pieces = Everybody(), Everybody()
        self.assertEqual(same(pieces.says(*(bytes([byte]) for byte in data))), same(whole.says(data)))

    @given(some.lists(some.integers(0, 200), max_size=12), some.sampled_from(["", "CAP REQ :sasl server-time"]))
    def test_coming_in(self, places: list[int], before: str) -> None:
        came = [before, "NICK carol", "USER carol 0 * :Carol é", "CAP END", "PING end"]
        data = "\r\n".join([*came, ""]).encode().lstrip()
        answers = []
        for parts in ([data], cut(data, places)):
            everybody = Everybody()
            carol = IrcPeer(everybody.house)
            for part in parts:
                carol.raw(part)
            answers.append(carol.take())
        self.assertEqual(answers[0], answers[1])
        self.assertIn(" :end", answers[0][-1])


class AnyBytesTests(SynchronousTestCase):
    """What no client would send."""

    @given(some.lists(some.binary(max_size=300), max_size=20))
    @example([b"\xff" * 200, b"\n", b"\0\n", b"\r\r\n", b"\r", b"\n"])
    @example([b"PRIVMSG bob :\xc3", b"\xa9\r\n"])
    def test_the_session_goes_on(self, parts: list[bytes]) -> None:
        everybody = Everybody()
        got = everybody.says(*parts)
        said = b"".join(parts)
        for data in got:
            well_formed(data)
        self.assertEqual(everybody.house.failures, [])
        ended = not everybody.alice.transport.connected
        self.assertEqual(ended, any(_quits(line) for line in said.split(b"\n")[:-1]), got[0])
        if not ended:
            self.assertIn(b":test.example PONG test.example :end\r\n", everybody.says(b"\r\nPING end\r\n")[0])

    @given(some.binary(min_size=1, max_size=400), some.lists(some.integers(0, 400), max_size=5))
    def test_of_a_stranger(self, data: bytes, places: list[int]) -> None:
        everybody = Everybody()
        stranger = IrcPeer(everybody.house)
        for part in cut(data, places):
            stranger.raw(part)
        everybody.house.commit()
        self.assertEqual(everybody.house.failures, [])
        if isinstance(stranger.door._inner, Lines):
            well_formed(stranger.transport.value())
        self.assertIn(b" :still\r\n", everybody.says(b"PING still\r\n")[0])


def _quits(line: bytes) -> bool:
    try:
        parsed = parse(line.rstrip(b"\r").replace(b"\r", b" "))
    except BadLine:
        return False
    return parsed is not None and parsed.command == "QUIT"


class TagTests(SynchronousTestCase):
    """Tags are a set."""

    @given(some.dictionaries(KEYS, TEXT, max_size=8), some.randoms(use_true_random=False))
    def test_in_any_order(self, tags: dict[str, str], chance: object) -> None:
        tags = {**tags, "label": "seven"}
        others = list(tags)
        chance.shuffle(others)  # type: ignore[attr-defined]
        answers = []
        for order in (list(tags), others):
            told = write_tags({key: tags[key] for key in order})
            got = Everybody().says(f"@{told} PRIVMSG #one :hello\r\n".encode())
            answers.append([_read(data) for data in got])
        self.assertEqual(answers[0], answers[1])
        echo = answers[0][0][0].tags
        wanted = {key: value.replace("\0", "") for key, value in tags.items() if key[0] == "+"}
        self.assertEqual({key: value for key, value in echo.items() if key[0] == "+"}, wanted)
        self.assertEqual(echo["label"], "seven")


def _read(data: bytes) -> list[Line]:
    """Lines without their ids; equal tags are equal in any order."""
    found = well_formed(data)
    return [line._replace(tags={key: value for key, value in line.tags.items() if key != "msgid"}) for line in found]


class OutTests(SynchronousTestCase):
    """What goes out is lines, whatever people say."""

    @given(
        some.lists(some.tuples(some.sampled_from(SAYING), TEXT, some.dictionaries(KEYS, TEXT, max_size=4)), max_size=8),
        some.booleans(),
    )
    def test_any_text(self, said: list[tuple[str, str, dict[str, str]]], by_alice: bool) -> None:
        everybody = Everybody()
        for form, text, tags in said:
            told = f"@{write_tags(tags)} " if tags else ""
            who = everybody.alice if by_alice else everybody.bob
            who.raw((told + form.format(text)).encode().replace(b"\n", b" ").replace(b"\r", b" ") + b"\r\n")
        for data in everybody.got():
            well_formed(data)
        self.assertEqual(everybody.house.failures, [])

    @given(some.integers(3900, 4100), some.integers(440, 520), some.sampled_from(["y", "é", "\U0001f600"]))
    def test_the_longest(self, tag: int, text: int, letter: str) -> None:
        everybody = Everybody()
        size = len(letter.encode())
        line = f"@+a={letter * (tag // size)} PRIVMSG #one :{letter * (text // size)}\r\n"
        for data in everybody.says(line.encode()):
            well_formed(data)

    @given(some.lists(TEXT, min_size=1, max_size=20))
    def test_several_lines(self, texts: list[str]) -> None:
        everybody = Everybody()
        inner = [f"@batch=1 PRIVMSG #one :{text}" for text in texts]
        for line in ["BATCH +1 draft/multiline #one", *inner, "BATCH -1"]:
            everybody.alice.raw(line.encode().replace(b"\n", b" ").replace(b"\r", b" ") + b"\r\n")
        for data in everybody.got():
            well_formed(data)


def well_formed(data: bytes) -> list[Line]:
    """The lines of what went out, which are lines indeed."""
    *whole, rest = data.split(b"\r\n")
    assert rest == b"", rest
    found = []
    for line in whole:
        assert not set(line) & set(b"\r\n\0"), line
        tags, _, said = line.partition(b" ") if line[:1] == b"@" else (b"", b"", line)
        assert len(tags) + 1 <= TAG_BYTES, len(tags)
        assert len(said) + 2 <= LINE_BYTES + SOURCE_BYTES, len(said)
        assert len(line) + 2 <= TAG_BYTES + LINE_BYTES, len(line)
        source, _, bare = said[1:].partition(b" ") if said[:1] == b":" else (b"", b"", said)
        parsed = parse(bare)
        assert parsed is not None and re.fullmatch(r"[A-Z]+|[0-9]{3}", parsed.command), line
        found.append(parsed._replace(source=source.decode(), tags=parse_tags(tags[1:].decode())))
    return found
