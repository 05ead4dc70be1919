"""Files that come by HTTP: whose they are, what is refused, what is left of what was not finished."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import Any

from chatd import blobs as b
from chatd import people
from chatd.core import sanctions
from chatd.core.limits import Limits
from chatd.filehost import FileHost
from chatd.files import Folder
from chatd.ports.session import Counter
from chatd.ports.upload import MOST_THROWN_AWAY, MOST_WAITING
from chatd.ports.web import MOST, Web
from tests.kit import House, Peer, Scene

PASSWORD = "correct horse"
LINKS = "https://chat.example"
TEXT = os.urandom(300_000)


class HostCase(Scene):
    """A house that takes files by HTTP, and alice, who has a password."""

    def setUp(self) -> None:
        self.make()

    def make(self, **limits: Any) -> None:
        """A house with these limits."""
        self.folder = self.mktemp()
        os.mkdir(self.folder)
        self.house = House(files=self.folder, limits=Limits(**limits))
        self.counter = Counter()
        self.is_here = True
        transfers = self.house.node.transfers
        assert transfers is not None
        self.host: FileHost | None = FileHost(
            self.house.node, Folder(self.folder), self.house.filer, self.house.random, LINKS
        )
        self.house.door.web = lambda: Web(
            transfers, self.counter, self.house.clock.callLater, lambda host: self.is_here, self.host
        )
        peer = self.house.greeted()
        peer.ask(people.Register, "alice", PASSWORD)
        self.house.commit()
        self.alice = self.house.node.hub.users.find("alice")
        peer.lose()

    def head(self, size: int | str = len(TEXT), password: str = PASSWORD, path: str = "/files", **more: str) -> bytes:
        """The beginning of a request."""
        login = b64encode(f"alice:{password}".encode()).decode()
        headers = {"Host": "x", "Content-Length": str(size), "Authorization": f"Basic {login}", **more}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value)]
        return "\r\n".join([*lines, "", ""]).encode()

    def say(self, *parts: bytes, binding: bytes = b"") -> Peer:
        """Somebody who says this."""
        peer = self.house.peer(binding=binding)
        for part in parts:
            peer.transport.deliver(part)
            self.house.commit()
        return peer

    def answer(self, peer: Peer) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        head, _, body = peer.transport.value().partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(status.split()[1]), {key.lower(): value for key, value in headers.items()}, body

    def post(self, text: bytes = TEXT, **more: str) -> tuple[int, dict[str, str], bytes]:
        """A whole file, and what comes of it."""
        pieces = [text[start : start + 70_000] for start in range(0, len(text), 70_000)]
        return self.answer(self.say(self.head(len(text), **more), *pieces))

    def declined(self, status: int, *parts: bytes, **more: Any) -> dict[str, str]:
        """This is refused, and nothing of it is kept."""
        peer = self.say(*parts, **more)
        found, headers, body = self.answer(peer)
        peer.lose()
        self.house.commit()
        self.assertEqual(found, status, body)
        self.assertEqual(int(headers["content-length"]), len(body))
        self.assertEqual((os.listdir(self.folder), self.house.node.hub.blobs.by_id, self.counter.now), ([], {}, 0))
        return headers


class Taken(HostCase):
    """What works."""

    def test_a_file_gets_a_link_and_is_there(self) -> None:
        about = {"Content-Type": "application/pdf", "Content-Disposition": 'attachment; filename="my essay.pdf"'}
        status, headers, _ = self.post(TEXT, **about)
        self.assertEqual(status, 201)
        link = headers["location"]
        self.assertRegex(link, rf"^{LINKS}/files/[0-9a-f]{{32}}/my%20essay\.pdf$")
        peer = self.say(f"GET {link.removeprefix(LINKS)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        status, headers, body = self.answer(peer)
        self.assertEqual((status, headers["content-type"], body), (200, "application/pdf", TEXT))
        self.assertEqual(headers["content-disposition"], "attachment; filename*=UTF-8''my%20essay.pdf")
        self.assertEqual(self.counter.now, 0)

    def test_sizes(self) -> None:
        for size in (0, 1, 65_536, MOST_WAITING + 1):
            status, headers, _ = self.post(TEXT[:size])
            self.assertEqual(status, 201, size)
            peer = self.say(f"GET {headers['location'].removeprefix(LINKS)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertEqual(self.answer(peer)[2], TEXT[:size])

    def test_it_is_answered_when_it_is_durable_and_outlives_a_crash(self) -> None:
        self.house.writer.slow = True
        peer = self.house.peer()
        for part in (self.head(3), b"abc"):
            peer.transport.deliver(part)
            self.house.settle()
        self.assertEqual(peer.transport.value(), b"")
        self.house.commit()
        self.assertEqual(self.answer(peer)[0], 201)
        self.house.restart()
        (blob,) = self.house.node.hub.blobs.by_id.values()
        self.assertEqual((blob.size, bool(blob.committed), blob.owner.name), (3, True, "alice"))

    def test_nobody_else_is_told_and_nobody_fetches_it_by_frames(self) -> None:
        self.post()
        (blob,) = self.house.node.hub.blobs.by_id.values()
        self.make_bob().ask(b.GetBlob, blob.id, 0, 10)
        self.assertEqual(self.bob.code(), "no-such-blob")

    def make_bob(self) -> Peer:
        """Somebody else."""
        (self.bob,) = self.house.people("bob")
        return self.bob

    def test_programs_in_browsers_may_ask_first(self) -> None:
        peer = self.say(b"OPTIONS /files HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, _ = self.answer(peer)
        self.assertEqual((status, headers["allow"], headers["accept-post"]), (204, "OPTIONS, POST", "*/*"))
        self.assertEqual(headers["access-control-allow-origin"], "*")
        self.assertIn("Authorization", headers["access-control-allow-headers"])

    def test_a_slow_disk_is_not_overrun(self) -> None:
        peer = self.say(self.head(3_000_000))
        self.house.filer.slow = True
        for _ in range(30):
            peer.transport.deliver(bytes(100_000))
            self.house.settle()
        self.assertEqual(peer.transport.producerState, "paused")
        self.assertGreater(len(peer.transport.inbound), 2_000_000)
        self.house.commit()
        self.assertEqual(self.answer(peer)[0], 201)


class NotTaken(HostCase):
    """What does not."""

    def test_who_is_not_proved(self) -> None:
        for more in ({"password": "wrong"}, {"Authorization": ""}, {"Authorization": "Bearer x"},
                     {"Authorization": "Basic " + b64encode(b"nobody:" + PASSWORD.encode()).decode()}):  # fmt: skip
            for parts in ((self.head(3, **more), b"abc"), (self.head(**more),), (self.head(0, **more),)):
                headers = self.declined(401, *parts)
                self.assertTrue(headers["www-authenticate"].startswith("Basic "))

    def test_who_tries_too_often(self) -> None:
        self.is_here = False
        for _ in range(self.house.limits.login_failures_per_account_and_prefix):
            self.say(self.head(3, "wrong"), b"abc", binding=b"b" * 32)
        headers = self.declined(429, self.head(3), b"abc", binding=b"b" * 32)
        self.assertTrue(int(headers["retry-after"]) > 0)

    def test_who_may_not(self) -> None:
        for kind in ("mute", "ban"):
            self.make()
            sanctions.impose(self.house.node.hub, self.house.node.turn(), kind, "alice", "staff")
            self.house.commit()
            self.declined(403, self.head(3), b"abc")

    def test_too_much(self) -> None:
        self.make(file_bytes=100_000)
        self.declined(413, self.head(100_001))
        self.make(files_bytes=100_000)
        self.declined(507, self.head(100_001))
        self.make()
        self.house.node.hub.blobs.room = 10
        self.declined(507, self.head(11))

    def test_what_is_no_upload(self) -> None:
        self.declined(411, self.head("", **{"Transfer-Encoding": "chunked"}))
        self.declined(404, self.head(3, path="/x"), b"abc")
        self.declined(405, b"GET /files HTTP/1.1\r\nHost: x\r\n\r\n")

    def test_only_over_tls_or_within_this_machine(self) -> None:
        self.is_here = False
        self.assertTrue(self.say(self.head(3), b"abc").transport.aborted)
        self.declined(403, self.head(0))
        self.assertEqual(self.answer(self.say(self.head(3), b"abc", binding=b"b" * 32))[0], 201)

    def test_where_nobody_takes_files(self) -> None:
        self.host = None
        self.assertTrue(self.say(self.head(3), b"abc").transport.aborted)

    def test_too_many_at_once(self) -> None:
        self.counter.now = MOST
        self.assertTrue(self.say(self.head(3), b"abc").transport.aborted)

    def test_who_goes_on_though_refused_is_cut_off(self) -> None:
        peer = self.say(self.head(1 << 30, "wrong"))
        self.assertEqual(self.answer(peer)[0], 401)
        for _ in range(MOST_THROWN_AWAY // 100_000):
            peer.transport.deliver(bytes(100_000))
        self.assertFalse(peer.transport.aborted)
        peer.transport.deliver(bytes(100_000))
        self.assertTrue(peer.transport.aborted)

    def test_who_goes_in_the_middle_leaves_nothing(self) -> None:
        for slow in (False, True):
            peer = self.say(self.head(), TEXT[:100_000])
            self.assertEqual((len(os.listdir(self.folder)), self.counter.now), (1, 1))
            self.house.filer.slow = slow
            peer.transport.deliver(TEXT[:100_000])
            self.house.settle()
            peer.lose()
            self.house.commit()
            self.assertEqual((os.listdir(self.folder), self.house.node.hub.blobs.by_id, self.counter.now), ([], {}, 0))
            self.house.filer.slow = False

    def test_who_goes_while_the_password_is_looked_at(self) -> None:
        self.house.hasher.slow = True
        peer = self.house.peer()
        peer.transport.deliver(self.head(3) + b"abc")
        self.house.settle()
        peer.lose()
        self.house.commit()
        self.assertEqual((os.listdir(self.folder), self.counter.now), ([], 0))

    def test_taken_away_while_it_came(self) -> None:
        peer = self.say(self.head(), TEXT[:100_000])
        (blob,) = self.house.node.hub.blobs.by_id.values()
        assert self.house.node.transfers is not None
        self.house.node.transfers.let_go(blob, self.house.node.turn())
        self.house.commit()
        peer.transport.deliver(TEXT[100_000:])
        self.house.commit()
        self.assertEqual((self.answer(peer)[0], os.listdir(self.folder)), (410, []))

    def test_the_disk_fails(self) -> None:
        peer = self.say(self.head())
        os.rmdir(self.folder)
        peer.transport.deliver(TEXT)
        self.house.commit()
        self.assertEqual(self.answer(peer)[0], 500)
        self.assertEqual(self.house.node.hub.blobs.by_id, {})
        self.flushLoggedErrors()
