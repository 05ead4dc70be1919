"""The line port: what a line may be, how floods are slowed down, signs of life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.journal import CURSOR_SECONDS
from chatd.ports.irc.codec import LineCodec
from chatd.ports.lines import ACK_SECONDS, LineLink
from chatd.ports.session import Outlet
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from tests.irc import IrcPeer
from tests.kit import House, Peer, Scene
from tests.test_straight import MUCH, Way

if TYPE_CHECKING:
    Base = SynchronousTestCase
else:
    Base = object  # so that only the subclasses are tests

AFAR = "198.51.100.7"


class FramingTests(Scene):
    """Bytes to lines: each does what it should, and the session goes on."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = IrcPeer(self.house), IrcPeer(self.house)
        self.alice.register("alice")
        self.bob.register("bob")

    def heard(self, *parts: bytes) -> list[str]:
        """What bob hears when alice sends this, and that she is still there."""
        for part in parts:
            self.alice.raw(part)
        self.house.commit()
        self.assertIn(":test.example PONG test.example :still", self.alice.says("PING still"))
        return [line.split(" :", 1)[1] for line in self.bob.take()]

    def test_lf_and_cr_lf(self) -> None:
        self.assertEqual(self.heard(b"PRIVMSG bob :one\nPRIVMSG bob :two\r\n"), ["one", "two"])

    def test_byte_at_a_time(self) -> None:
        line = "PRIVMSG bob :größe\r\n".encode()
        self.assertEqual(self.heard(*(bytes([byte]) for byte in line)), ["größe"])

    def test_every_split(self) -> None:
        line = "PRIVMSG bob :é\r\n".encode()
        for at in range(len(line)):
            self.assertEqual(self.heard(line[:at], line[at:]), ["é"], at)

    def test_blank_lines_mean_nothing(self) -> None:
        self.assertEqual(self.heard(b"\r\n\n   \r\nPRIVMSG bob :x\r\n"), ["x"])

    def test_a_lone_cr_is_a_space(self) -> None:
        self.assertEqual(self.heard(b"PRIVMSG bob :one\r two\r\n"), ["one  two"])
        self.assertEqual(self.heard(b"PRIVMSG bob :x\rQUIT :forged\r\n"), ["x QUIT :forged"])
        self.assertTrue(self.alice.transport.connected)

    def test_512_bytes_are_a_line_and_513_are_not(self) -> None:
        begin = b"PRIVMSG bob :"
        fits = begin + b"x" * (510 - len(begin)) + b"\r\n"
        self.assertEqual(len(fits), 512)
        self.assertEqual("".join(self.heard(fits)), "x" * (510 - len(begin)))
        self.alice.raw(begin + b"x" * (511 - len(begin)) + b"\r\n")
        self.assertEqual(self.alice.take()[0].split()[1], "417")
        self.assertEqual(self.heard(b""), [])

    def test_tags_have_4096_bytes_of_their_own(self) -> None:
        alice = IrcPeer(self.house)
        alice.register("carol", "message-tags")
        tags = b"@+x=" + b"y" * (4096 - len("@+x= ")) + b" "
        self.assertEqual(len(tags), 4096)
        begin = b"PRIVMSG bob :"
        alice.raw(tags + begin + b"x" * (510 - len(begin)) + b"\r\n")
        self.house.commit()
        self.assertEqual(alice.take(), [])
        self.assertTrue(self.bob.take())
        alice.raw(b"@+x=" + b"y" * 4092 + b" PRIVMSG bob :long\r\n")
        self.assertEqual([line.split()[1] for line in alice.take()], ["417"])
        self.assertEqual(self.bob.take(), [])

    def test_what_is_no_utf8_is_refused_and_the_session_goes_on(self) -> None:
        self.alice.raw(b"PRIVMSG bob :caf\xe9\r\n")
        self.assertTrue(self.alice.take()[0].startswith(":test.example FAIL PRIVMSG INVALID_UTF8 :"))
        self.alice.raw(b":caf\xe9\r\n")
        self.assertTrue(self.alice.take()[0].startswith(":test.example FAIL * INVALID_UTF8 :"))
        self.assertEqual(self.heard(b""), [])

    def test_nul_is_refused_and_the_session_goes_on(self) -> None:
        self.alice.raw(b"PRIVMSG bob :a\0b\r\n")
        self.assertTrue(self.alice.take()[0].startswith(":test.example FAIL * INVALID_MESSAGE :"))
        self.assertEqual(self.heard(b""), [])

    def test_a_line_without_end_is_not_kept(self) -> None:
        self.alice.raw(b"x" * 5000)
        self.assertEqual(self.alice.take()[0].split()[1], "417")
        self.assertEqual(self.heard(b"x" * 1000 + b"\n"), [])
        for _ in range(20):
            self.alice.raw(b"x" * 1000)
        self.assertFalse(self.alice.transport.connected)

    def test_a_web_page_is_no_client(self) -> None:
        peer = IrcPeer(self.house)
        peer.raw(
            b"POST / HTTP/1.1\r\nHost: localhost:6667\r\n\r\nNICK mallory\r\nUSER m 0 * :M\r\nPRIVMSG alice :hi\r\n"
        )
        self.assertFalse(peer.transport.connected)
        self.assertEqual(self.alice.take(), [])

    def test_10_000_joins_in_one_burst(self) -> None:
        self.alice.raw(b"".join(b"JOIN #g%d\r\n" % (number % 400) for number in range(10_000)))
        self.house.commit()
        lines = self.alice.says("PING end")
        self.assertEqual(sum(" JOIN " in line for line in lines), 400)
        self.assertIn(":test.example PONG test.example :end", lines)


class FloodTests(Scene):
    """Whoever is too fast is slowed down, and loses nothing."""

    def test_from_elsewhere_lines_have_a_rate(self) -> None:
        alice, bob = IrcPeer(self.house, AFAR), IrcPeer(self.house)
        alice.register("alice")
        bob.register("bob")
        bob.take()
        burst = self.house.limits.line_burst + 100
        alice.raw(b"".join(b"PING %d\r\n" % number for number in range(burst)))
        some = len(alice.take())
        self.assertLess(some, burst)
        self.assertEqual(alice.transport.producerState, "paused")
        self.assertTrue(bob.says("PING quick"))
        for _ in range(20):
            self.house.clock.advance(0.1)
        self.assertEqual(some + len(alice.take()), burst)
        self.assertEqual(alice.transport.producerState, "producing")

    def test_who_says_too_much_is_told(self) -> None:
        alice, bob = IrcPeer(self.house, AFAR), IrcPeer(self.house)
        alice.register("alice")
        bob.register("bob")
        bob.take()
        most = self.house.limits.message_burst
        alice.raw(b"".join(b"PRIVMSG bob :%d\r\n" % number for number in range(most + 100)))
        self.house.commit()
        (line,) = [line for line in alice.take() if "NOTICE" in line]
        self.assertTrue(line.startswith(":test.example NOTICE alice :You send too fast"), line)
        for _ in range(200):
            self.house.clock.advance(0.1)
            self.house.commit()
        self.assertEqual([line.split(":")[-1] for line in bob.take()], [str(number) for number in range(most + 100)])

    def test_on_this_machine_they_have_none(self) -> None:
        alice = IrcPeer(self.house)
        alice.register("alice")
        burst = self.house.limits.line_burst * 3
        alice.raw(b"".join(b"PING %d\r\n" % number for number in range(burst)))
        self.assertEqual(len(alice.take()), burst)


class AliveTests(Scene):
    """Signs of life."""

    def test_who_is_silent_is_asked_once_and_then_ended(self) -> None:
        alice, bob = IrcPeer(self.house), IrcPeer(self.house)
        alice.register("alice")
        bob.register("bob")
        alice.says("JOIN #g")
        bob.says("JOIN #g")
        alice.take()
        for _ in range(3):
            self.house.advance(60)
            bob.pong()
            bob.says("PING here")
        self.assertEqual(alice.take(), ["PING test.example"])
        self.house.advance(10)
        self.assertEqual(alice.take(), ["ERROR :Closing Link: Ping timeout"])
        self.assertFalse(alice.transport.connected)
        self.assertTrue(bob.transport.connected)
        (line,) = [line for line in bob.take() if "alice" in line]
        self.assertTrue(line.startswith(":alice!") and line.endswith(" QUIT :Ping timeout"), line)

    def test_any_line_is_a_sign_of_life(self) -> None:
        alice = IrcPeer(self.house)
        alice.register("alice")
        for _ in range(6):
            self.house.advance(60)
            alice.raw(b"\r\n")
        self.assertTrue(alice.transport.connected)
        for _ in range(6):
            self.house.advance(60)
            alice.pong()
        self.assertTrue(alice.transport.connected)

    def test_a_stranger_is_told_that_it_took_too_long(self) -> None:
        peer = IrcPeer(self.house, AFAR)
        peer.send("NICK alice")
        self.house.advance(30)
        self.assertEqual(peer.take(), ["ERROR :Closing Link: No login within 20 seconds."])


def texts(lines: list[str]) -> list[str]:
    """What was said in these lines."""
    return [line.split(" :", 1)[1] for line in lines if " PRIVMSG " in line]


class Noted:
    """A connection that counts what it was told to look at."""

    def __init__(self) -> None:
        self.count = 0

    def wrote(self) -> None:
        """Counted."""
        self.count += 1


class LinkTests(SynchronousTestCase):
    """The way out over a real connection's transport."""

    def test_what_is_to_be_noted_does_not_go_the_shortest_way(self) -> None:
        way, noted = Way(True, MUCH), Noted()
        anybody: Any = None
        link = LineLink(way.transport, LineCodec(anybody, "chat.test", frozenset()), Clock(), Limits())
        link.lines = noted  # type: ignore[assignment]
        for count in (1, 1, 1):
            LineLink.write_all([link], b"PRIVMSG\r\n")
            self.assertEqual(noted.count, count)
        self.assertIsNot(link.direct, None)
        link.note()
        Outlet.write(link, b"PING\r\n")
        self.assertEqual((noted.count, link.direct), (1, None))
        LineLink.write_all([link], b"PRIVMSG\r\n")
        self.assertEqual((noted.count, way.socket.taken), (2, b"PRIVMSG\r\n" * 3 + b"PING\r\nPRIVMSG\r\n"))


class Mail(Base):
    """What was delivered is read when the PONG says so, not before; over a store."""

    house: House
    alice: Peer
    secret = "correct horse"

    def store(self) -> Store:
        """A new store."""
        raise NotImplementedError

    def begin(self, limits: Limits | None = None) -> None:
        """Alice is in by frames; bob has an account with a password, and is away."""
        self.house = House(self.store(), limits=limits)
        self.alice = self.house.person("alice")
        bob = self.house.person("bob")
        bob.ask(m.SetPassword, self.secret)
        bob.ask(m.Join, "#g")
        self.alice.ask(m.Join, "#g")
        bob.lose()

    def bob(self, *caps: str) -> IrcPeer:
        """Bob comes by IRC."""
        peer = IrcPeer(self.house)
        peer.lines = peer.login("bob", self.secret, *caps)
        self.house.commit()
        return peer

    def probe(self, peer: IrcPeer) -> str:
        """The PING that comes behind what was delivered; empty: none."""
        self.house.clock.advance(ACK_SECONDS)
        self.house.commit()
        pings = [line for line in peer.read() if line.startswith("PING ")]
        return pings[-1] if pings else ""


class MailTests(Mail):
    """The same for every store."""

    def test_what_was_not_acknowledged_comes_again(self) -> None:
        self.begin()
        for number in range(3):
            self.alice.send("@bob", f"p{number}")
            self.alice.send("#g", f"g{number}")
        wanted = ["g0", "g1", "g2", "p0", "p1", "p2"]
        for _ in range(3):
            peer = self.bob()
            self.assertEqual(sorted(texts(peer.read())), wanted)
            self.assertTrue(self.probe(peer))
            peer.cut()  # between delivery and PONG
        self.assertEqual(self.alice.of(m.Delivered), [])
        peer = self.bob()
        self.probe(peer)
        peer.pong()
        self.house.commit()
        self.assertEqual({event.conversation for event in self.alice.of(m.Delivered)}, {"#g", "dm:alice:bob"})
        peer.cut()
        self.assertEqual(texts(self.bob().read()), [])

    def test_it_survives_the_server(self) -> None:
        self.begin()
        self.alice.send("@bob", "one")
        self.alice.send("@bob", "two")
        peer = self.bob()
        self.probe(peer)
        self.house.restart()
        peer = self.bob()
        self.assertEqual(texts(peer.read()), ["one", "two"])
        self.probe(peer)
        peer.pong()
        self.house.clock.advance(CURSOR_SECONDS)
        self.house.commit()
        self.house.restart()
        self.assertEqual(texts(self.bob().read()), [])

    def test_a_pong_says_what_came_before_its_ping_and_no_more(self) -> None:
        self.begin()
        peer = self.bob()
        self.alice.send("@bob", "one")
        self.house.commit()
        self.assertTrue(self.probe(peer))
        self.alice.send("@bob", "two")  # behind the PING
        peer.pong()
        peer.cut()
        self.assertEqual(texts(self.bob().read()), ["two"])

    def test_several_sessions_share_a_place(self) -> None:
        self.begin()
        one, two = self.bob(), self.bob()
        self.alice.send("@bob", "hi")
        self.house.commit()
        self.assertEqual((texts(one.read()), texts(two.read())), (["hi"], ["hi"]))
        self.probe(two)
        two.pong()
        self.house.commit()
        one.cut()
        two.cut()
        self.assertEqual(texts(self.bob().read()), [])

    def test_nothing_is_asked_when_nothing_came(self) -> None:
        self.begin()
        self.alice.send("#g", "hi")
        self.alice.ask(m.Join, "#old")
        self.alice.send("#old", "before bob was in")
        peer = self.bob()
        self.probe(peer)
        peer.pong()
        peer.says("JOIN #old", "JOIN #other", "JOIN #lobby", "PRIVMSG #other :alone")
        self.probe(peer)
        peer.pong()
        for _ in range(5):
            self.assertEqual(self.probe(peer), "")

    def test_mail_has_its_time_and_comes_as_a_batch_where_that_is_known(self) -> None:
        self.begin()
        self.alice.send("@bob", "one")
        self.alice.send("@bob", "two\nlines")
        self.alice.send("#g", "three")
        lines = [line for line in self.bob("server-time").read() if " PRIVMSG " in line]
        self.assertEqual(len(lines), 4)
        self.assertTrue(all(line.startswith("@time=2027-01-15T08:16:40.") for line in lines), lines)
        caps = ("server-time", "batch", "draft/chathistory", "message-tags")
        lines = [line for line in self.bob(*caps).read() if " BATCH " in line or " PRIVMSG " in line]
        opened = [line.split()[2:] for line in lines if " BATCH +" in line]
        self.assertEqual(sorted(words[1:] for words in opened), [["chathistory", "#g"], ["chathistory", "alice"]])
        for name, _, target in opened:
            inside = [line for line in lines if f"batch={name[1:]}" in line]
            self.assertEqual(len(inside), 3 if target == "alice" else 1, lines)
            self.assertIn(f":test.example BATCH -{name[1:]}", lines)

    def test_who_does_not_read_is_ended_with_a_reason_and_finds_the_rest(self) -> None:
        self.begin(Limits(unsent_bytes=5_000))
        peer = self.bob()
        peer.says("JOIN #h")
        carol = IrcPeer(self.house)
        carol.register("carol")
        carol.says("JOIN #h")
        peer.take()
        peer.transport.room = 1
        peer.transport.press()
        for number in range(100):
            self.alice.send("#g", f"{number} " + "x" * 100)
            self.house.commit()
        (line,) = [line for line in carol.take() if "QUIT" in line]
        self.assertIn(" QUIT :Send queue exceeded", line)
        transport, told = peer.transport, b""
        while transport.connected:
            told += transport.value()
            transport.clear()
            transport.full = False
            assert transport.producer is not None
            transport.producer.resumeProducing()
        told += transport.value()
        self.assertIn(b"ERROR :Closing Link: Send queue exceeded", told)
        self.house.settle()
        again = self.bob()
        self.assertEqual([text.split()[0] for text in texts(again.read())], [str(number) for number in range(100)])


class MemoryMailTests(MailTests, SynchronousTestCase):
    """Over the store in memory."""

    def store(self) -> Store:
        """A new store."""
        return MemoryStore()


class SqliteMailTests(MailTests, SynchronousTestCase):
    """Over the store on disk."""

    def store(self) -> Store:
        """A new store."""
        store = SqliteStore(self.mktemp())
        self.addCleanup(store.close)
        return store
