"""Files through a real server with the real programs: for who is away, on two devices, cut at random points.

Rule: small enough for every run of the tests; `make cuts N=20` is the long one.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import socket
import ssl
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twisted.trial.unittest import SynchronousTestCase

from tests.process.chat import DEADLINE, ChatCase, Done
from tests.process.files import MIB, Cuts


class CutTests(SynchronousTestCase):
    """The line cut, clients and the server killed, at random points."""

    def cut(self, to: str) -> None:
        run = Cuts(6 * MIB, say=lambda text: print(text))
        self.addCleanup(run.close)
        run.meet()
        run.there_and_back(to, 3)

    def test_in_an_open_group(self) -> None:
        self.cut("#files")

    def test_to_one_person_where_it_is_encrypted(self) -> None:
        self.cut("@bob")


class FileTests(ChatCase):
    """What people do with files."""

    def file(self, size: int, name: str = "essay.pdf") -> Path:
        """A file to be sent."""
        path = self.server.folder / name
        path.write_bytes(os.urandom(size))
        return path

    def objects(self, done: Done) -> list[dict[str, Any]]:
        """What a program said that ended well."""
        self.assertEqual(done.status, 0, done)
        return done.objects()

    def offer(self, user: str) -> dict[str, Any]:
        """The file that somebody finds in their mail."""
        found = [
            one["file"] for one in self.objects(self.chat(user, "--json", "recv", "--wait", "20")) if "file" in one
        ]
        self.assertEqual(len(found), 1)
        offer: dict[str, Any] = found[0]
        return offer

    def test_for_somebody_who_is_away(self) -> None:
        self.chat("bob", "who")
        path = self.file(300_000)
        sent = self.objects(self.chat("alice", "--json", "file", "@bob", str(path)))[-1]
        self.assertEqual((sent["event"], sent["state"], sent["who"]), ("file", "sent", ["@bob"]))
        offer = self.offer("bob")
        expected = hashlib.sha256(path.read_bytes()).hexdigest()
        self.assertEqual((offer["name"], offer["size"], offer["sha256"]), ("essay.pdf", 300_000, expected))
        folder = self.server.folder / "got"
        folder.mkdir()
        got = self.chat("bob", "get", offer["id"][:8], "--output", str(folder))
        self.assertEqual((got.status, got.lines()), (0, [str(folder / "essay.pdf")]))
        self.assertEqual((folder / "essay.pdf").read_bytes(), path.read_bytes())
        again = self.chat("bob", "get", offer["id"], "--output", str(folder))
        self.assertEqual(again.lines(), [str(folder / "essay (2).pdf")])

    def test_on_both_devices(self) -> None:
        """An account with two devices: an encrypted file opens on each."""
        password = self.server.folder / "password"
        password.write_text("correct horse battery\n")
        self.chat("bob", "passwd", "--password-file", str(password))
        other = self.command("other", "--server", self.address("bob"))
        linked = self.run_program([*other, "link", "--password-file", str(password)])
        (device,) = re.findall("/devices add ([a-z0-9 ]+)", linked.out)
        first, second = self.window("bob", user="bob"), self.window("other", user="bob")
        second.wait("This device is not on your list yet")
        first.enter(f"/devices add {device}")
        second.wait("This device is on your list now")
        path = self.file(200_000)
        self.objects(self.chat("alice", "--json", "file", "@bob", str(path)))
        for number, window in enumerate((first, second)):
            window.wait("File: essay.pdf")
            folder = self.server.folder / f"got{number}"
            window.enter(f"/get essay.pdf {folder}/")
            window.wait("essay.pdf: received")
            self.assertEqual((folder / "essay.pdf").read_bytes(), path.read_bytes())

    def test_two_senders_at_once_and_one_name_twice_T30(self) -> None:
        """T30: two people send a file of the same name to a third, at the same time; both arrive, nothing is lost."""
        self.chat("carol", "who")
        texts = {}
        for user in ("alice", "bob"):
            self.chat(user, "who")
            (self.server.folder / f"from-{user}").mkdir()
            texts[user] = self.file(8 * MIB, f"from-{user}/same.bin")
        running = [self.spawn(user, "file", "@carol", str(path)) for user, path in texts.items()]
        for one in running:
            _, error = one.communicate(timeout=DEADLINE)
            self.assertEqual((one.returncode, error), (0, ""))
        told = self.objects(self.chat("carol", "--json", "recv", "--wait", "20"))
        folder = self.server.folder / "got"
        folder.mkdir()
        for message in (one for one in told if "file" in one):
            got = self.objects(self.chat("carol", "--json", "get", message["file"]["id"], "--output", f"{folder}/"))
            self.assertEqual(Path(got[-1]["path"]).read_bytes(), texts[message["from"]].read_bytes())
        self.assertEqual(sorted(os.listdir(folder)), ["same (2).bin", "same.bin"])

    def test_neither_disk_nor_log_of_the_server_knows_what_is_in_it_or_how_it_is_called(self) -> None:
        self.chat("bob", "who")
        path = self.server.folder / "canaryname.txt"
        path.write_bytes(b"canarybytes " * 20_000)
        self.objects(self.chat("alice", "--json", "file", "@bob", str(path)))
        self.server.stop()
        searched = [*self.server.data.rglob("*"), self.server.log]
        found = [one for one in searched if one.is_file() and b"canary" in one.read_bytes()]
        self.assertEqual(found, [])
        self.assertEqual(sum(one.is_file() for one in (self.server.data / "files").iterdir()), 1)

    def test_in_an_encrypted_group(self) -> None:
        for user, line in (
            ("bob", "/who"),
            ("alice", "/join club private"),
            ("alice", "/invite club bob"),
            ("bob", "/who"),
        ):
            self.talk(user, line + "\n")
        path = self.file(300_000)
        self.objects(self.chat("alice", "--json", "file", "#club", str(path)))
        got = self.objects(
            self.chat("bob", "--json", "get", self.offer("bob")["id"], "--output", f"{self.server.folder}/")
        )
        self.assertEqual(Path(got[-1]["path"]).name, "essay (2).pdf")
        self.assertEqual(Path(got[-1]["path"]).read_bytes(), path.read_bytes())
        (blob,) = (self.server.data / "files").iterdir()
        self.assertNotIn(path.read_bytes()[:1000], blob.read_bytes())

    def test_sizes_in_an_open_group(self) -> None:
        for user in ("alice", "bob"):
            self.chat(user, "group", "--open", "files")
        for size in (0, 1, 65_535, 65_536, 65_537):
            path = self.file(size, f"{size}.bin")
            self.objects(self.chat("alice", "--json", "file", "#files", str(path)))
            offer = self.offer("bob")
            got = self.objects(self.chat("bob", "--json", "get", offer["id"], "--output", f"{self.server.folder}/got/"))
            self.assertEqual(Path(got[-1]["path"]).read_bytes(), path.read_bytes())

    def test_what_cannot_be(self) -> None:
        self.chat("alice", "who")
        path = str(self.file(5))
        for status, words in (
            (2, ("file", "@alice", str(self.server.folder / "nothing"))), (2, ("file", "@alice", "/")),
            (5, ("file", "#nothing", path)), (5, ("file", "@nobody", path)), (2, ("file", path)), (2, ("get",)),
            (2, ("get", "abcdef")),
        ):  # fmt: skip
            done = self.chat("alice", *words)
            self.assertEqual((done.status, done.out), (status, ""), (words, done))
            self.assertTrue(done.err, words)

    def test_an_irc_user_gets_a_link(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.ports["plain"]), 30) as irc:
            irc.sendall(b"NICK carol\r\nUSER c 0 * :c\r\nJOIN #lobby\r\n")
            said = irc.makefile("rb")
            while b" 366 " not in said.readline():
                pass
            path = self.file(200_000)
            self.objects(self.chat("alice", "--json", "file", "#lobby", str(path)))
            while b"PRIVMSG #lobby" not in (line := said.readline()):
                self.assertTrue(line)
        link = urlsplit(line.decode().split()[-1])
        self.assertEqual((link.scheme, link.port), ("https", self.server.ports["tls"]))
        unknown = ssl.create_default_context()
        unknown.check_hostname, unknown.verify_mode = False, ssl.CERT_NONE
        browser = http.client.HTTPSConnection("127.0.0.1", link.port, context=unknown, timeout=30)
        self.addCleanup(browser.close)
        browser.request("GET", link.path)
        answer = browser.getresponse()
        self.assertEqual((answer.status, answer.read()), (200, path.read_bytes()))
        self.assertEqual(answer.headers["Content-Disposition"], "attachment; filename*=UTF-8''essay.pdf")

    def test_an_irc_user_sends_one(self) -> None:
        """`draft/FILEHOST`: the address from 005, an upload with the account's password, and the link it gets."""
        upload = ""
        with socket.create_connection(("127.0.0.1", self.server.ports["plain"]), 30) as irc:
            irc.sendall(b"NICK carol\r\nUSER c 0 * :c\r\nPRIVMSG NickServ :REGISTER a-long-secret\r\n")
            said = irc.makefile("rb")
            while b" 900 " not in (line := said.readline()):
                self.assertTrue(line)
                upload = next(
                    (word[15:] for word in line.decode().split() if word.startswith("draft/FILEHOST=")), upload
                )
        address, text = urlsplit(upload), os.urandom(3 * MIB)
        self.assertEqual((address.scheme, address.port, address.path), ("https", self.server.ports["tls"], "/files"))
        unknown = ssl.create_default_context()
        unknown.check_hostname, unknown.verify_mode = False, ssl.CERT_NONE

        def ask(method: str, path: str, password: str = "", body: bytes | None = None) -> http.client.HTTPResponse:
            browser = http.client.HTTPSConnection("127.0.0.1", address.port, context=unknown, timeout=30)
            self.addCleanup(browser.close)
            headers = {"Content-Type": "image/png", "Content-Disposition": 'attachment; filename="a cat.png"'}
            login = b64encode(f"carol:{password}".encode()).decode()
            browser.request(method, path, body, {**headers, "Authorization": f"Basic {login}"})
            return browser.getresponse()

        self.assertEqual(ask("POST", address.path, "wrong", b"abc").status, 401)
        taken = ask("POST", address.path, "a-long-secret", text)
        self.assertEqual(taken.status, 201)
        link = urlsplit(taken.headers["Location"])
        self.assertTrue(link.path.endswith("/a%20cat.png"))
        found = ask("GET", link.path)
        self.assertEqual((found.status, found.headers["Content-Type"], found.read()), (200, "image/png", text))
        self.assertEqual(len(list((self.server.data / "files").iterdir())), 1)

    def test_in_a_conversation(self) -> None:
        """Two windows: one sends, the other is told how to fetch it, and does."""
        alice, bob = self.join("alice"), self.join("bob")
        path = self.file(5, "my essay.pdf")
        alice.enter(f'/file bob "{path}"')
        bob.wait("File: my essay.pdf (5 bytes)  -  /get")
        alice.wait("my essay.pdf: sent to @bob (5 bytes).")
        folder = self.server.folder / "got"
        folder.mkdir()
        identity = next(line for line in bob.lines() if "/get" in line).split("/get ")[1].split()[0]
        bob.enter(f"/get {identity} {folder}")
        bob.wait("my essay.pdf: received (5 bytes)")
        self.assertEqual((folder / "my essay.pdf").read_bytes(), path.read_bytes())
        bob.enter(f'/get "my essay.pdf" {folder}')
        bob.wait("my essay (2).")
        bob.enter("/files")
        bob.wait("from alice, received as")
