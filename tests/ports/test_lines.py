"""The line port: what a line may be, how floods are slowed down, signs of life."""

from __future__ import annotations

from tests.irc import IrcPeer
from tests.kit import Scene

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
        for _ in range(200):
            self.house.clock.advance(0.01)
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
