"""Prosody as a peer: it keeps what is said in SQLite, too (an archive of messages, and mail for who is away).

Rule: its database is as Prosody makes it, or changed to a write-ahead log, which is chatd's way; nothing else is tuned.
Accounts are files, written before it starts. XMPP has no `accepted`: a message counts when its reader has it.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html import escape
from pathlib import Path

from tests.bench.arriving import until
from tests.bench.floods import PAIRS
from tests.bench.irc import listening
from tests.bench.links import Link
from tests.bench.load import Ear, Loop, Spent, clock
from tests.bench.people import SAID, Person, Same, Side, names
from tests.bench.report import Figure
from tests.bench.servers import Target

STORED = 1000  # for one reader; Prosody keeps some hundreds a second
DONE = b"</message>"
CONFIG = """
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ error = "{folder}/prosody.log" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{}}
modules_enabled = {{ "saslauth", "roster", "mam", "offline" }}
modules_disabled = {{ "s2s", "tls" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = {{ archive = "sql", offline = "sql", archive_store = "sql" }}
sql = {{ driver = "SQLite3", database = "kept.sqlite" }}
archive_expires_after = "never"
max_archive_query_results = 50
VirtualHost "localhost"
"""


@contextmanager
def prosody(place: Path, wal: bool) -> Iterator[Target]:
    """A server with an account for each of the names."""
    folder = place / f"prosody{len(list(place.iterdir()))}"
    accounts = folder / "data" / "localhost" / "accounts"
    accounts.mkdir(parents=True)
    for name in names(2 * PAIRS):
        (accounts / f"{name}.dat").write_text('return { ["password"] = "pw"; };\n')
    if wal:
        with closing(sqlite3.connect(folder / "data" / "kept.sqlite")) as database:
            database.execute("PRAGMA journal_mode=WAL")
    with listening(folder, "prosody", CONFIG.replace("{folder}", str(folder)), "-F", "--config") as target:
        yield target


class XmppSide(Side):
    """One Prosody, with a hundred people on it, where a bench's pairs are looked for."""

    message_mark = DONE
    answer_mark = b""

    def __init__(self, target: Target, name: str) -> None:
        super().__init__(target)
        self.name = name

    def connect(self, kind: str) -> None:
        """Everybody comes in."""
        people = [Person(name) for name in names(2 * PAIRS)]
        for person in people:
            enter(person, self.target.ports[kind])
        self.crowd = [*people, *people]  # a bench's pairs are from the second hundred of a crowd

    def supply(self, to: str) -> Same:
        """The same message again and again."""
        return Same(message(to.removeprefix("@")))

    def close(self) -> None:
        """Everybody leaves."""
        for person in self.crowd[: 2 * PAIRS]:
            person.link.close()


def message(to: str) -> bytes:
    """One message."""
    return f"<message to='{to}@localhost' type='chat' id='m'><body>{escape(SAID)}</body></message>".encode()


def enter(person: Person, port: int, available: bool = True) -> None:
    """Log in with the password, and be there."""
    person.link = Link(port)
    stream = b"<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' \
version='1.0'>"
    secret = base64.b64encode(f"\0{person.name}\0pw".encode()).decode()
    auth = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>"
    bind = b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>x</resource></bind></iq>"
    features = b"</stream:features>"
    for said, answer in ((stream, features), (auth.encode(), b"<success"), (stream, features), (bind, b"</iq>")):
        person.link.send(said)
        until(person.link, answer)
    if available:
        person.link.send(b"<presence/>")
        until(person.link, b"<presence")


def drain(target: Target) -> list[Figure]:
    """Mail for somebody who is away, who then comes: messages a second, ms to the first."""
    writer, reader = (Person(name) for name in names(2))
    enter(writer, target.ports["plain"])
    for number in range(STORED):
        writer.link.send(message(reader.name))
        if number % 100 == 99 or number == STORED - 1:
            writer.link.send(b"<iq type='get' id='p%d'><query xmlns='jabber:iq:roster'/></iq>" % number)
            until(writer.link, b"p%d" % number)
    enter(reader, target.ports["plain"], available=False)
    ear = Ear(reader.link, (DONE, None))
    with closing(Loop([ear])) as loop, Spent(target.cpu) as spent:
        start = clock()
        reader.link.send(b"<presence/>")
        loop.until(lambda: ear.heard > 0)
        first = clock() - start
        loop.until(lambda: ear.heard == STORED)
    for person in (writer, reader):
        person.link.close()
    return [Figure(STORED / spent.seconds, spent.busy), Figure(first * 1000)]
