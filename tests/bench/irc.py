"""Fan-out of the line port beside other IRC servers, which store nothing: the same clients, lines and groups for all.

Rule: a peer that is not installed is left out, by name. Everybody is a guest. No IRC server answers a message, so a
sender's window is moved by one listener who hears whose message it was. Peers are told not to slow anybody down.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.counting import NEWLINE
from tests.bench.floods import group_flood
from tests.bench.links import KINDS
from tests.bench.load import Ear, Loop, Lost, Mouth, Spent, flood
from tests.bench.people import CROWD, GROUPS, SAID, Person, Same, Side, names
from tests.bench.report import Figure
from tests.bench.servers import SERVER_CPU, Target, on_cpu

SENDERS = 10
WINDOW = 10
PATIENCE = 20.0

NGIRCD = """[Global]
Name = irc.bench.test
Info = bench
Listen = 127.0.0.1
Ports = {port}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 20
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
"""
INSPIRCD = """<server name="irc.bench.test" description="bench" network="bench" id="001">
<admin name="bench" nick="bench" email="bench@bench.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="all" allow="*" timeout="60" resolvehostnames="no" useident="no" fakelag="no" commandrate="1000000000"
 threshold="1000000" recvq="1048576" softsendq="104857600" hardsendq="104857600" localmax="100000" globalmax="100000"
 maxchans="100" pingfreq="600" maxconnwarn="no" useconnectban="no" usednsbl="no">
<performance softlimit="12800" somaxconn="4096" quietbursts="yes">
<options casemapping="ascii" defaultmodes="nt">
"""


@contextmanager
def ngircd(place: Path) -> Iterator[Target]:
    """ngIRCd, without its penalties."""
    with listening(place, "ngircd", NGIRCD, "-n", "-f") as target:
        yield target


@contextmanager
def inspircd(place: Path) -> Iterator[Target]:
    """InspIRCd, without its fake lag."""
    with listening(place, "inspircd", INSPIRCD, "--nofork", "--nopid", "--nolog", "--runasroot", "--config") as target:
        yield target


PEERS = {"inspircd": inspircd, "ngircd": ngircd}


def installed() -> list[str]:
    """The peers there are on this machine."""
    return [name for name in PEERS if program(name)]


def program(name: str) -> str | None:
    """Where a server is, if it is installed."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@contextmanager
def listening(place: Path, name: str, config: str, *flags: str) -> Iterator[Target]:
    """A peer with this configuration, which is the file that stands behind its flags."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = place / f"{name}.cfg.lua"  # Prosody reads no other; the rest do not care
    file.write_text(config.format(port=port))
    path = program(name)
    assert path is not None
    with on_cpu(SERVER_CPU), (place / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([path, *flags, str(file)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_for(port, process, place / f"{name}.log")
        yield Target(process.pid, port, 0)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    late = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > late:
                raise RuntimeError(f"a peer did not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.02)  # the port is not there yet: nothing tells when it will be
        else:
            return


class IrcSide(Side):
    """One IRC server, with a crowd of guests in its groups."""

    message_mark = b"PRIVMSG"
    answer_mark = b""

    def __init__(self, target: Target, name: str) -> None:
        super().__init__(target)
        self.name = name

    def connect(self, kind: str) -> None:
        """Everybody comes in and joins; over when all have been told of all."""
        self.crowd = [Person(name) for name in names(CROWD)]
        for person in self.crowd:  # all at once, for InspIRCd lets people in once a second
            person.link = KINDS[kind](self.target.ports[kind])
            person.link.send(f"NICK {person.name}\r\nUSER {person.name} 0 * :bench\r\n".encode())
            if kind == "tls":  # only ours; handshakes take time, and who waits too long unheard is closed
                self._until(person, b" 001 ")
        for person in self.crowd if kind != "tls" else ():
            self._until(person, b" 001 ")
        for number, person in enumerate(self.crowd):
            groups = ",".join(group for size, group in GROUPS.items() if number < size)
            person.link.send(f"JOIN {groups}\r\n".encode())
            self._until(person, b" 366 ", groups.count(",") + 1)
        self.calm()

    def calm(self) -> None:
        """Everybody has read everything: a PING each, and its PONG. Twice, for what the first caused."""
        for turn in range(2):
            for person in self.crowd:
                person.link.send(f"PING calm{turn}\r\n".encode())
            for person in self.crowd:
                self._until(person, f"calm{turn}".encode())

    def _until(self, person: Person, mark: bytes, count: int = 1) -> None:
        """Read until a mark has come so often; a PING on the way is answered."""
        seen, found = b"", 0
        while found < count:
            data = person.link.wait()
            for line in (seen + data).split(NEWLINE)[:-1]:
                if line.startswith(b"PING"):
                    person.link.send(b"PONG" + line[4:] + b"\n")
                found += mark in line
            seen = (seen + data).split(NEWLINE)[-1]

    def supply(self, to: str) -> Same:
        """The same line again and again."""
        return Same(f"PRIVMSG {to.removeprefix('@')} :{SAID}\r\n".encode())


class IrcFlood:
    """Some members talk; one listener tells each of them what it has heard; the others only count bytes."""

    def __init__(self, side: IrcSide, size: int, senders: int, window: int) -> None:
        self.side = side
        self.window = window
        members = side.crowd[:size]
        supply = side.supply(GROUPS[size])
        self.mouths = [Mouth(member.link, supply) for member in members[:senders]]
        marks = [
            (b":%s!" % member.name.encode(), mouth.answer)
            for member, mouth in zip(members[:senders], self.mouths, strict=True)
        ]
        self.listener = Ear(members[senders].link, *marks) if size > senders else Ear(members[0].link, *marks[1:])
        self.others = [Ear(member.link, (side.message_mark, None)) for member in members[:senders]]
        self.silent = [Ear(member.link) for member in members[senders + 1 :]]

    def finished(self) -> bool:
        """Every message has been heard by the listener and the senders, the same bytes by all others."""
        sent = sum(mouth.sent for mouth in self.mouths)
        heard = all(mouth.answered == mouth.sent for mouth in self.mouths)
        mine = all(ear.heard == sent - mouth.sent for ear, mouth in zip(self.others, self.mouths, strict=True))
        return heard and mine and all(ear.got == self.listener.got for ear in self.silent)

    def run(self, seconds: float) -> Spent:
        """Talk for so long, then wait for the rest."""
        ears = [self.listener, *self.others, *self.silent]
        with closing(Loop(ears)) as loop, Spent(self.side.target.cpu) as spent:
            flood(loop, self.mouths, self.window, seconds, lambda: None)
            try:
                loop.until(self.finished)
            except Lost as lost:
                raise Lost(f"{self.side.name}: {lost}") from None
        return spent


def irc_flood(
    side: Side, seconds: float, size: int, senders: int = SENDERS, window: int = WINDOW
) -> list[Figure]:  # fmt: skip
    """Deliveries a second, and the server's CPU (us) a delivery; a sender gets no copy of its own."""
    if not isinstance(side, IrcSide):  # the bare server has words of its own
        return group_flood(side, seconds, size, senders, window)
    talk = IrcFlood(side, size, senders, window)
    spent = talk.run(seconds)
    count = sum(mouth.sent for mouth in talk.mouths) * (size - 1)
    side.calm()
    return [Figure(count / spent.seconds, spent.busy), Figure(spent.server / count * 1e6)]


def without(peers: Sequence[str]) -> str:
    """What to say of peers that are not there."""
    missing = [name for name in PEERS if name not in peers]
    return f"not installed, so not measured: {', '.join(missing)}" if missing else ""
