"""Somebody at an IRC client, connected to a `tests.kit.House` without sockets.

Rule: what is heard is kept as lines of text until it is taken; a PING of the server is answered only by `pong`.
"""

from __future__ import annotations

import base64
import re

from chatd.ports.door import Door
from chatd.wire.irc import Line, parse
from tests.kit import House, Scene, Transport

PASSWORD = "correct horse battery"


class IrcPeer:
    """One connection that speaks IRC."""

    def __init__(
        self, house: House, host: str = "127.0.0.1", binding: bytes = b"", certificate: str = ""
    ) -> None:  # fmt: skip
        self.house = house
        self.lines: list[str] = []
        self.transport = Transport(house.clock)
        self.transport.host, self.transport.port, self.transport.binding = host, 50000, binding
        self.transport.certificate = certificate
        door = house.door.buildProtocol(self.transport)  # type: ignore[arg-type]
        assert door is not None
        self.door: Door = door
        self.transport.protocol = door
        self._rest = b""
        door.makeConnection(self.transport)

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.transport.connected:
            self.transport.deliver(data)
            self.house.settle()

    def send(self, *lines: str) -> None:
        """Send lines, all at once."""
        self.raw("".join(line + "\r\n" for line in lines).encode())

    def read(self) -> list[str]:
        """What has come and was not taken."""
        data = self._rest + self.transport.value()
        self.transport.clear()
        *whole, self._rest = data.split(b"\r\n")
        self.lines += [line.decode() for line in whole]
        return self.lines

    def take(self) -> list[str]:
        """What has come; from here on it is forgotten."""
        lines = list(self.read())
        self.lines.clear()
        return lines

    def parsed(self) -> list[Line]:
        """What has come, read as lines; from here on it is forgotten."""
        found = [parse(line.encode()) for line in self.take()]
        return [line for line in found if line is not None]

    def says(self, *lines: str) -> list[str]:
        """Send lines and take what is answered."""
        self.send(*lines)
        self.house.commit()
        return self.take()

    def register(self, nick: str, *caps: str) -> list[str]:
        """Come in as a guest."""
        begin = ["CAP LS 302", f"CAP REQ :{' '.join(caps)}"] if caps else []
        self.send(*begin, f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}", *(["CAP END"] if caps else []))
        self.house.commit()
        return self.take()

    def login(self, name: str, password: str, *caps: str) -> list[str]:
        """Come in as an account, by SASL PLAIN."""
        blob = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self.says("CAP LS 302", f"CAP REQ :{' '.join(('sasl', *caps))}", f"NICK {name}", f"USER {name} 0 * :{name}")
        self.says("AUTHENTICATE PLAIN")
        assert any(" 903 " in line for line in self.says(f"AUTHENTICATE {blob}"))
        return self.says("CAP END")

    def pong(self) -> None:
        """Answer every PING that has come."""
        for line in list(self.read()):
            if line.startswith("PING "):
                self.lines.remove(line)
                self.send("PONG " + line.removeprefix("PING "))

    def cut(self) -> None:
        """The connection breaks."""
        self.transport.loseConnection()
        self.house.settle()


class IrcScene(Scene):
    """A test with a house and people at their IRC clients.

    In a pattern of a line `*` is anything without a space, `...` at the end anything; of its tags the time is left out.
    """

    def guest(self, nick: str, *caps: str, host: str = "127.0.0.1") -> IrcPeer:
        """Somebody who is in and has forgotten how they came in."""
        peer = IrcPeer(self.house, host)
        peer.register(nick, *caps)
        return peer

    def account(self, nick: str, *caps: str) -> IrcPeer:
        """The same, with an account that has `PASSWORD`."""
        peer = self.guest(nick, *caps)
        lines = peer.says(f"REGISTER * * :{PASSWORD}")
        assert " SUCCESS " in lines[0], lines
        return peer

    def again(self, name: str, *caps: str) -> IrcPeer:
        """One more connection of an account, which has forgotten how it came in."""
        peer = IrcPeer(self.house)
        peer.login(name, PASSWORD, *caps)
        return peer

    def says(self, peer: IrcPeer, line: str, *patterns: str) -> None:
        """Somebody sends a line, and this and nothing else is what they hear."""
        peer.send(line)
        self.hears(peer, *patterns)

    def hears(self, peer: IrcPeer, *patterns: str) -> None:
        """This is what somebody has heard, in this order, and nothing else."""
        self.house.commit()
        lines = [without_time(line) for line in peer.take()]
        fit = len(lines) == len(patterns) and all(map(fits, lines, patterns))
        shown = "\n".join(["heard:", *lines, "wanted:", *patterns])
        self.assertTrue(fit, shown)

    def ignores(self, *peers: IrcPeer) -> None:
        """They forget what they have heard."""
        self.house.commit()
        for peer in peers:
            peer.take()


def fits(line: str, pattern: str) -> bool:
    """Whether a line fits a pattern."""
    text = re.escape(pattern).replace(r"\*", "[^ ]*")
    if text.endswith(re.escape("...")):
        text = text.removesuffix(re.escape("...")) + ".*"
    return re.fullmatch(text, line) is not None


def without_time(line: str) -> str:
    """A line without its time tag."""
    if line[:1] != "@":
        return line
    tags, _, rest = line[1:].partition(" ")
    kept = [tag for tag in tags.split(";") if not tag.startswith("time=")]
    return f"@{';'.join(kept)} {rest}" if kept else rest
