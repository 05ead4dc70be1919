"""WebSockets: the handshake, the two subprotocols, one message a line, and everything that may be wrong with that."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)

from chatd import messages as m
from chatd.core.limits import Limits
from chatd.ports.door import DoorFactory
from chatd.ports.lines import Lines
from chatd.ports.websocket import WebSocket
from tests.irc import IrcPeer
from tests.kit import House, Scene, Transport

AFAR = "198.51.100.7"
TEXT, BINARY = "text.ircv3.net", "binary.ircv3.net"


class Page:
    """A page in a browser."""

    def __init__(self, house: House, host: str = "127.0.0.1") -> None:
        self.house = house
        self.transport = Transport(house.clock)
        self.transport.host = host
        socket = lambda: WebSocket(lambda: Lines(house.codecs, house.limits, house.clock))  # noqa: E731
        limits = house.limits
        self.factory = DoorFactory(socket, socket, house.clock.seconds, limits.waiting, limits.waiting_per_prefix)
        door = self.factory.buildProtocol(self.transport)  # type: ignore[arg-type]
        assert door is not None
        self.transport.protocol = self.door = door
        door.makeConnection(self.transport)
        self.connection = WSConnection(ConnectionType.CLIENT)

    def raw(self, data: bytes) -> None:
        """Send bytes."""
        if self.transport.connected:
            self.transport.deliver(data)
        self.house.commit()

    def send(self, *events: Event) -> list[Any]:
        """Send these and see what comes."""
        self.raw(b"".join(self.connection.send(event) for event in events))
        return self.events()

    def events(self) -> list[Any]:
        """What has come."""
        data = self.transport.value()
        self.transport.clear()
        if data:
            self.connection.receive_data(data)
        return list(self.connection.events())

    def open(self, *subprotocols: str, headers: list[tuple[bytes, bytes]] | None = None) -> Any:
        """Shake hands."""
        request = Request("chat.example", "/", subprotocols=list(subprotocols), extra_headers=headers or [])
        (answer,) = self.send(request)
        return answer

    def says(self, *lines: str) -> list[str]:
        """Send lines as text; the lines that come, whatever kind they are."""
        return [
            event.data if isinstance(event.data, str) else bytes(event.data).decode()
            for event in self.send(*map(TextMessage, lines))
            if isinstance(event, TextMessage | BytesMessage)
        ]


def come(house: House, nick: str, *subprotocols: str, host: str = "127.0.0.1") -> Page:
    """Somebody at a web page who is in."""
    page = Page(house, host)
    page.open(*subprotocols)
    assert any(" 001 " in line for line in page.says(f"NICK {nick}", f"USER {nick} 0 * :{nick}"))
    return page


class HandshakeTests(Scene):
    """Coming in."""

    def test_the_first_subprotocol_that_is_known(self) -> None:
        for offered, chosen in (
            ((TEXT,), TEXT), ((BINARY,), BINARY), ((BINARY, TEXT), BINARY), ((TEXT, BINARY), TEXT),
            (("mqtt", BINARY), BINARY), ((), None), (("mqtt",), None),
        ):  # fmt: skip
            answer = Page(self.house).open(*offered)
            self.assertIsInstance(answer, AcceptConnection)
            self.assertEqual(answer.subprotocol, chosen, offered)
            self.assertEqual(answer.extensions, [])

    def test_any_origin(self) -> None:
        answer = Page(self.house).open(TEXT, headers=[(b"Origin", b"https://elsewhere.example")])
        self.assertIsInstance(answer, AcceptConnection)

    def test_what_is_no_websocket_is_answered_and_closed(self) -> None:
        for data in (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
            b"Sec-WebSocket-Key: a\r\n\r\n", b"NICK alice\r\nUSER a 0 * :a\r\n\r\n", b"\0\0\0\1\0" * 9,
            b"\xff" * 20_000,
            b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9000,
        ):  # fmt: skip
            page = Page(self.house)
            page.raw(data)
            self.assertFalse(page.transport.connected, data[:60])
            answer = page.transport.value()
            self.assertTrue(not answer or answer.startswith(b"HTTP/1.1 4"), answer)

    def test_who_does_not_come_to_the_point_is_closed(self) -> None:
        page = Page(self.house)
        page.raw(b"GET / HTTP/1.1\r\n")
        self.house.clock.advance(21)
        page.factory.sweep(self.house.clock.seconds() - 20)
        self.assertFalse(page.transport.connected)

    def test_byte_by_byte(self) -> None:
        page = Page(self.house)
        for byte in page.connection.send(Request("chat.example", "/", subprotocols=[TEXT])):
            page.raw(bytes([byte]))
        self.assertEqual([type(event) for event in page.events()], [AcceptConnection])
        for byte in page.connection.send(TextMessage("PING x")):
            page.raw(bytes([byte]))
        self.assertEqual([event.data for event in page.events()], [":test.example PONG test.example :x"])

    def test_behind_a_proxy_on_this_machine_people_come_from_where_they_come_from(self) -> None:
        for host, said, comes in (
            ("127.0.0.1", b"203.0.113.9", "203.0.113.9"), ("127.0.0.1", b"1.2.3.4, 203.0.113.9", "203.0.113.9"),
            ("127.0.0.1", b"nonsense", "127.0.0.1"), ("127.0.0.1", b"127.0.0.1", "127.0.0.1"),
            ("127.0.0.1", b"", "127.0.0.1"), (AFAR, b"203.0.113.9", AFAR), ("::1", b"2001:db8::1", "2001:db8::1"),
        ):  # fmt: skip
            page = Page(self.house, host)
            page.open(TEXT, headers=[(b"X-Forwarded-For", said)])
            inner = page.door._inner
            assert isinstance(inner, WebSocket)
            self.assertEqual(inner.session.address[0], comes, said)


class MessageTests(Scene):
    """One message is one line."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = IrcPeer(self.house)
        self.bob.register("bob")
        self.web = come(self.house, "web", TEXT)

    def test_both_ways(self) -> None:
        self.assertEqual(self.web.says("PRIVMSG bob :hällo"), [])
        self.assertTrue(self.bob.take()[0].endswith(" PRIVMSG bob :hällo"))
        self.bob.send("PRIVMSG web :hi", "PRIVMSG web :there")
        self.house.commit()
        events = self.web.events()
        self.assertEqual([type(event) for event in events], [TextMessage, TextMessage])
        self.assertTrue(events[0].data.endswith(" PRIVMSG web :hi"), events[0])

    def test_binary(self) -> None:
        page = come(self.house, "bin", BINARY)
        (event,) = page.send(BytesMessage(b"PING x"))
        self.assertEqual(event, BytesMessage(b":test.example PONG test.example :x"))

    def test_either_kind_is_taken(self) -> None:
        (event,) = self.web.send(BytesMessage(b"PING x"))
        self.assertEqual(event, TextMessage(":test.example PONG test.example :x"))

    def test_an_end_of_line_is_no_harm_and_one_inside_starts_no_other(self) -> None:
        for end in ("\r\n", "\n", ""):
            self.assertEqual(self.web.says("PING x" + end), [":test.example PONG test.example :x"])
        self.assertEqual(self.web.says("PRIVMSG bob :a\r\nQUIT :forged\nx"), [])
        self.assertTrue(self.bob.take()[0].endswith(" :a  QUIT :forged x"))
        self.assertTrue(self.web.transport.connected)

    def test_several_frames_are_one_message(self) -> None:
        events = self.web.send(
            TextMessage("PING ", message_finished=False), TextMessage("on", message_finished=False), TextMessage("e")
        )
        self.assertEqual([event.data for event in events], [":test.example PONG test.example :one"])

    def test_what_is_no_utf8(self) -> None:
        (event,) = self.web.send(BytesMessage(b"PRIVMSG bob :caf\xe9"))
        self.assertTrue(event.data.startswith(":test.example FAIL PRIVMSG INVALID_UTF8 "), event)
        self.web.raw(b"\x81\x82\0\0\0\0\xc3\x28")  # a text frame that is none
        (event,) = self.web.events()
        self.assertEqual((type(event), event.code), (CloseConnection, 1007))
        self.assertFalse(self.web.transport.connected)

    def test_long_ones(self) -> None:
        for size, number in ((510, None), (511, "417"), (4608, "417"), (9000, "417")):
            lines = self.web.says("PRIVMSG bob :" + "x" * (size - 13))
            self.assertEqual([line.split()[1] for line in lines], [number] if number else [], size)
        self.assertEqual(self.web.says("PING x"), [":test.example PONG test.example :x"])

    def test_one_without_end(self) -> None:
        self.web.raw(self.web.connection.send(TextMessage("x" * 20_000, message_finished=False)))
        self.assertFalse(self.web.transport.connected)

    def test_blank_ones(self) -> None:
        self.assertEqual(self.web.says("", "   "), [])

    def test_a_ping_of_websocket_is_answered(self) -> None:
        self.assertEqual(self.web.send(Ping(b"x"), Ping(b"y")), [Pong(b"x"), Pong(b"y")])
        self.assertEqual(self.web.send(Pong(b"x")), [])

    def test_a_goodbye(self) -> None:
        events = self.web.says("QUIT :later")
        self.assertTrue(events[-1].startswith("ERROR "), events)
        self.assertFalse(self.web.transport.connected)

    def test_a_page_that_is_closed_has_left_and_one_that_breaks_was_lost(self) -> None:
        alice = self.house.person("alice")
        other = come(self.house, "other", TEXT)
        alice.take()
        self.assertEqual([type(event) for event in self.web.send(CloseConnection(1001))], [CloseConnection])
        other.transport.loseConnection()
        self.house.settle()
        told = [(event.name, event.state) for event in alice.of(m.Presence)]
        self.assertEqual(told, [("web", "offline"), ("other", "lost")])

    def test_it_is_asked_for_a_sign_of_life(self) -> None:
        self.house.advance(100)
        self.assertIn(TextMessage("PING test.example"), self.web.events())
        self.web.send(Ping(b""))
        self.house.advance(100)
        self.assertTrue(self.web.transport.connected)


class FloodTests(SynchronousTestCase):
    """Too much of anything."""

    def setUp(self) -> None:
        self.house = House(limits=Limits(line_burst=50, line_rate=10.0))
        self.web = come(self.house, "web", TEXT, host=AFAR)

    def test_lines_wait(self) -> None:
        lines = self.web.says(*["PING x"] * 100)
        self.assertLess(len(lines), 51)
        self.assertEqual(self.web.transport.producerState, "paused")
        for _ in range(100):
            self.house.clock.advance(0.1)
        self.assertEqual(len(lines) + len(self.web.says()), 100)

    def test_pings_end_it(self) -> None:
        events = self.web.send(*[Ping(b"")] * 100)
        self.assertEqual((type(events[-1]), events[-1].code), (CloseConnection, 1008))
        self.assertFalse(self.web.transport.connected)

    def test_fragments_end_it(self) -> None:
        events = self.web.send(*[TextMessage("", message_finished=False)] * 100)
        self.assertEqual(events[-1].code, 1008)

    def test_who_does_not_read_gets_no_pongs(self) -> None:
        house = House()
        web = come(house, "web", TEXT)
        web.transport.room = 0
        web.transport.press()
        web.raw(b"".join(web.connection.send(Ping(b"x" * 100)) for _ in range(100)))
        self.assertEqual(len(web.transport.value()), 0)
