"""Files for browsers: who gets what, with which headers, and what is no request."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from chatd import blobs as b
from chatd import messages as m
from chatd import moderation as o
from chatd.ports.door import DoorFactory
from chatd.ports.session import Counter
from chatd.ports.web import MOST, Web
from chatd.wire.offer import Offer, tags
from tests.kit import House, Peer, Scene

TEXT = os.urandom(300_000)


class WebCase(Scene):
    """A house with a file of alice's, and browsers at its door."""

    def setUp(self) -> None:
        folder = self.mktemp()
        os.mkdir(folder)
        self.house = House(files=folder)
        self.counter = Counter()
        transfers = self.house.node.transfers
        assert transfers is not None
        self.alice, self.bob = self.house.people("alice", "bob")
        self.file_id = self.upload(TEXT, "my file; é.pdf", "application/pdf")
        self.is_here = True
        self.house.door.web = lambda: Web(
            transfers, self.counter, self.house.clock.callLater, lambda host: self.is_here
        )

    def upload(self, text: bytes, name: str, kind: str = "") -> bytes:
        """A whole file for bob."""
        identity = self.house.random(16)
        self.alice.ask(b.CreateBlob, identity, len(text), ["@bob"], name, kind)
        for offset in range(0, len(text), 100_000):
            self.alice.ask(b.PutBlob, identity, offset, text[offset : offset + 100_000])
        self.alice.ask(b.CommitBlob, identity, hashlib.sha256(text).digest())
        assert self.alice.last(b.BlobIs).committed
        return identity

    def browser(self, request: bytes, cut: int = 0, binding: bytes = b"") -> Peer:
        """Somebody who says this; `cut`: in two pieces."""
        peer = self.house.peer(binding=binding)
        for part in (request[:cut], request[cut:]) if cut else (request,):
            peer.transport.deliver(part)
            self.house.settle()
        return peer

    def get(self, path: str, method: str = "GET", **more: object) -> tuple[int, dict[str, str], bytes]:
        """A request, and what comes of it."""
        request = f"{method} {path} HTTP/1.1\r\nHost: chat.example\r\n\r\n".encode()
        return self.answer(self.browser(request, **more))  # type: ignore[arg-type]

    def answer(self, peer: Peer) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        head, _, body = peer.transport.value().partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(status.split()[1]), {key.lower(): value for key, value in headers.items()}, body

    def path(self, name: str = "x") -> str:
        """Where the file is."""
        return f"/files/{self.file_id.hex()}/{name}"


class WebTests(WebCase):
    """One request each."""

    def test_the_file(self) -> None:
        status, headers, body = self.get(self.path())
        self.assertEqual((status, body), (200, TEXT))
        self.assertEqual((headers["content-type"], headers["content-length"]), ("application/pdf", "300000"))

    def test_a_browser_saves_it_and_does_nothing_else_with_it(self) -> None:
        _, headers, _ = self.get(self.path())
        self.assertEqual(headers["content-disposition"], "attachment; filename*=UTF-8''my%20file%3B%20%C3%A9.pdf")
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        self.assertEqual(headers["content-security-policy"], "default-src 'none'; sandbox")
        self.assertEqual((headers["referrer-policy"], headers["cache-control"]), ("no-referrer", "private, no-store"))

    def test_a_type_that_is_none(self) -> None:
        for kind in ("", "text/html\r\nX: y", "x", "a/b/c", "text/html; charset=utf-8"):
            self.file_id = self.upload(b"x", "a", kind[:100])
            self.assertEqual(self.get(self.path())[1]["content-type"], "application/octet-stream", kind)

    def test_a_name_that_would_be_a_header_or_a_path(self) -> None:
        self.file_id = self.upload(b"x", 'a"\r\nSet-Cookie: x/../\u202e"')
        _, headers, _ = self.get(self.path())
        self.assertEqual(
            headers["content-disposition"], "attachment; filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20x_.._%E2%80%AE%22"
        )
        self.assertNotIn("set-cookie", headers)

    def test_only_its_head(self) -> None:
        status, headers, body = self.get(self.path(), "HEAD")
        self.assertEqual((status, headers["content-length"], body), (200, "300000", b""))

    def test_whatever_its_name(self) -> None:
        for path in (f"/files/{self.file_id.hex()}", self.path(""), self.path("%2e%2e")):
            self.assertEqual(self.get(path)[0], 200, path)

    def test_there_is_nothing_else(self) -> None:
        hexed = self.file_id.hex()
        for path in (
            "/", "/files/", f"/files/{hexed[:-1]}", f"/files/{hexed}/a/b", f"/x/{hexed}", f"/files/{'0' * 32}/a",
            f"/files/../files/{hexed}", f"/files/{hexed}%00", f"/files/{hexed}0",
        ):  # fmt: skip
            self.assertEqual(self.get(path)[0], 404, path)

    def test_what_was_encrypted_and_what_is_not_whole_has_no_link(self) -> None:
        self.file_id = self.upload(b"x", "")
        self.assertEqual(self.get(self.path())[0], 404)
        self.file_id = self.house.random(16)
        self.alice.ask(b.CreateBlob, self.file_id, 0, ["@bob"], "a")
        self.assertEqual(self.get(self.path())[0], 404)

    def test_deleted(self) -> None:
        self.alice.ask(b.DeleteBlob, self.file_id)
        self.assertEqual(self.get(self.path())[0], 404)

    def test_only_over_tls_or_within_this_machine(self) -> None:
        self.is_here = False
        self.assertEqual(self.get(self.path())[0], 403)
        self.assertEqual(self.get(self.path(), binding=b"b" * 32)[0], 200)

    def test_nothing_is_taken(self) -> None:
        self.assertEqual(self.get(self.path(), "HEAD")[0], 200)
        peer = self.browser(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
        self.assertTrue(peer.transport.aborted)

    def test_so_many_at_once(self) -> None:
        self.counter.now = MOST
        status, headers, _ = self.get(self.path())
        self.assertEqual((status, headers["retry-after"]), (503, "30"))
        self.counter.now = 0
        self.get(self.path())
        self.assertEqual(self.counter.now, 0)

    def test_who_does_not_read_gets_no_more(self) -> None:
        peer = self.house.peer()
        peer.stick()
        peer.transport.deliver(f"GET {self.path()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.house.settle()
        self.assertLess(len(peer.transport.value()), 140_000)
        self.assertEqual(self.counter.now, 1)
        peer.transport.room = None
        peer.transport.full = False
        assert peer.transport.producer is not None
        peer.transport.producer.resumeProducing()
        self.house.settle()
        self.assertEqual(self.answer(peer)[2], TEXT)

    def test_who_goes_in_the_middle_is_forgotten(self) -> None:
        peer = self.house.peer()
        peer.stick()
        peer.transport.deliver(f"GET {self.path()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.house.settle()
        peer.lose()
        self.assertEqual((self.counter.now, self.house.door.waiting), (0, {}))

    def test_what_is_taken_back_while_a_browser_fetches_it(self) -> None:
        said, text = self.house.random(16), "File: x"
        offer = tags(Offer(self.file_id, "x", len(TEXT), bytes(32)))
        self.granted(self.alice, m.Send, "@bob", said, text, "text", offer)
        peer = self.house.peer()
        peer.stick()
        peer.transport.deliver(f"GET {self.path()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.house.settle()
        self.granted(self.alice, o.Redact, "@bob", said)
        self.assertEqual(self.get(self.path())[0], 404)
        peer.transport.room, peer.transport.full = None, False
        assert peer.transport.producer is not None
        peer.transport.producer.resumeProducing()
        self.house.settle()
        self.assertEqual(self.answer(peer)[2], TEXT)
        self.house.advance(7200)
        self.assertEqual(os.listdir(self.house.files), [])

    def test_the_bytes_are_gone(self) -> None:
        os.unlink(os.path.join(self.house.files, self.file_id.hex()))
        peer = self.browser(f"GET {self.path()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertTrue(peer.over)
        self.assertNotIn(TEXT[:10], peer.transport.value())


class DoorTests(WebCase):
    """At the door."""

    def test_however_it_is_cut(self) -> None:
        request = f"GET {self.path()} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        for cut in (1, 2, 4, 5, 9, len(request) - 1):
            self.assertEqual(self.answer(self.browser(request, cut))[0], 200, cut)

    def test_lines_that_begin_so_are_lines(self) -> None:
        self.house.door.asking = None
        for number, line in enumerate((b"GETX\r\n", b"HELP\r\n", b"G\r\n")):
            peer = self.browser(line + b"NICK g%d\r\nUSER g 0 * :g\r\n" % number, 1)
            self.assertIn(b" 001 g%d " % number, peer.transport.value(), line)

    def test_where_there_are_no_links_there_is_no_web(self) -> None:
        self.house.door.web = None
        peer = self.browser(f"GET {self.path()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.assertNotIn(b"200", peer.transport.value())
        self.assertIsInstance(self.house.door, DoorFactory)


class LinkTests(WebCase):
    """What IRC users are shown."""

    callers = 0

    @property
    def lookup(self) -> Any:
        """What the line port looks things up in."""
        return self.house.codecs.lookup

    def shown(self, links: str, name: str = "my file; é.pdf") -> str:
        """The line that somebody at IRC gets when alice offers the file."""
        self.lookup.links = links
        self.callers += 1
        caller = self.browser(b"NICK carol%d\r\nUSER c 0 * :c\r\nJOIN #lobby\r\n" % self.callers)
        caller.transport.clear()
        offer = Offer(self.file_id, name, 5, bytes(32))
        self.alice.ask(m.Send, "#lobby", self.house.random(16), "File: a (5 bytes)", tags=tags(offer))
        lines = caller.transport.value().decode().splitlines()
        return str(next(line for line in lines if "PRIVMSG" in line))

    def test_a_link(self) -> None:
        line = self.shown("https://chat.example:6697")
        url = f"https://chat.example:6697/files/{self.file_id.hex()}/my%20file%3B%20%C3%A9.pdf"
        self.assertTrue(line.endswith(f"PRIVMSG #lobby :File: a (5 bytes) {url}"), line)
        self.assertEqual(self.get(url.removeprefix("https://chat.example:6697"))[0], 200)

    def test_none(self) -> None:
        self.assertTrue(self.shown("").endswith(":File: a (5 bytes)"))
        self.file_id = self.upload(b"x", "")
        self.assertTrue(self.shown("https://chat.example").endswith(":File: a (5 bytes)"))
        self.file_id = bytes(16)
        self.assertTrue(self.shown("https://chat.example").endswith(":File: a (5 bytes)"))

    def test_the_name_is_the_uploaders(self) -> None:
        """Whatever the tag says: nobody gives another's file another name."""
        self.assertIn("my%20file", self.shown("https://chat.example", "evil.exe"))
