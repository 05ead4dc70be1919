"""A real WebSocket client of somebody else's making and a real server."""

from __future__ import annotations

import shutil
import threading

from twisted.trial.unittest import SynchronousTestCase
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.process.server import DEADLINE, Server

TEXT, BINARY = Subprotocol("text.ircv3.net"), Subprotocol("binary.ircv3.net")


class Page:
    """Somebody at a web page."""

    def __init__(self, server: Server, nick: str, subprotocol: Subprotocol) -> None:
        url = f"ws://127.0.0.1:{server.ports['websocket']}/"
        opened = connect(url, subprotocols=[subprotocol], open_timeout=DEADLINE, max_queue=None)
        self.socket: ClientConnection = opened.__enter__()  # newer ones open only so
        self.binary = subprotocol == BINARY
        self.say(f"NICK {nick}")
        self.say(f"USER {nick} 0 * :{nick}")
        self.until(" 001 ")

    def say(self, line: str) -> None:
        """Send a line."""
        self.socket.send(line.encode() if self.binary else line)

    def until(self, wanted: str) -> str:
        """The next line that has this in it; every message is of the kind that was agreed."""
        while True:
            message = self.socket.recv(timeout=DEADLINE)
            assert isinstance(message, bytes) is self.binary, message
            line = message.decode() if isinstance(message, bytes) else message
            assert "\n" not in line and "\r" not in line, line
            if wanted in line:
                return line


class WebSocketTests(SynchronousTestCase):
    """Two pages talk."""

    def setUp(self) -> None:
        self.server = Server(flags=("--websocket", "tcp:0:interface=127.0.0.1"))
        self.addCleanup(shutil.rmtree, self.server.folder, ignore_errors=True)
        self.addCleanup(self.server.kill)
        self.server.start()

    def test_text_and_binary_talk(self) -> None:
        alice, bob = Page(self.server, "alice", TEXT), Page(self.server, "bob", BINARY)
        self.assertEqual((alice.socket.subprotocol, bob.socket.subprotocol), (TEXT, BINARY))
        for page in (alice, bob):
            page.say("JOIN #web")
            page.until(" 366 ")
        alice.say("PRIVMSG #web :größe \N{SMILING FACE WITH OPEN MOUTH}")
        self.assertTrue(bob.until("PRIVMSG").endswith(" PRIVMSG #web :größe \N{SMILING FACE WITH OPEN MOUTH}"))
        bob.say("PRIVMSG #web :" + "x" * 400)
        self.assertTrue(alice.until("PRIVMSG").endswith("x" * 400))
        self.assertTrue(alice.socket.ping().wait(DEADLINE))
        alice.socket.close()
        self.assertIn(":alice!", bob.until("QUIT"))
        bob.say("QUIT :bye")
        bob.until("ERROR")
        with self.assertRaises(ConnectionClosedOK):
            bob.socket.recv(timeout=DEADLINE)

    def test_many_at_once(self) -> None:
        pages: list[Page] = []

        def come(number: int) -> None:
            pages.append(Page(self.server, f"page{number}", TEXT))

        threads = [threading.Thread(target=come, args=(number,)) for number in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        self.assertEqual(len(pages), 30)
        for page in pages:
            page.say("JOIN #many")
            page.until(" 366 ")
        pages[0].say("PRIVMSG #many :hello")
        for page in pages[1:]:
            page.until("PRIVMSG #many :hello")
        for page in pages:
            page.socket.close()
