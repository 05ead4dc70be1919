"""Encrypted conversations as people have them: a real server, TLS, real clients in terminals, and one at IRC.

Rule: nobody does more than before to be encrypted; what the server has on its disk is searched for every text.
"""

from __future__ import annotations

import re
import socket
import ssl

from tests.process.chat import CHAT, DEADLINE, ChatCase
from tests.process.panes import Pane, Tmux
from tests.process.server import Server

COLUMNS, ROWS = 100, 40
CANARY = "sekrit-marmot"


class IrcPerson:
    """Somebody with an IRC client, over TLS: an account by REGISTER, and what they hear."""

    def __init__(self, server: Server, name: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        raw = socket.create_connection(("127.0.0.1", server.ports["tls"]), DEADLINE)
        self.line = context.wrap_socket(raw)
        self.heard = ""
        self.say("CAP LS 302", f"NICK {name}", "REGISTER * * fence-otter-42", f"USER {name} 0 * :{name}", "CAP END")
        self.wait(f" 001 {name} ")

    def say(self, *lines: str) -> None:
        """Lines to the server."""
        self.line.sendall("".join(line + "\r\n" for line in lines).encode())

    def wait(self, text: str) -> None:
        """Read until this was heard; PINGs are answered."""
        while text not in self.heard:
            data = self.line.recv(65536)
            assert data, f"the line ended; heard:\n{self.heard}"
            self.heard += data.decode("utf-8", "replace")
            for token in re.findall(r"^PING (\S+)\r\n", data.decode("utf-8", "replace"), re.M):
                self.say(f"PONG {token}")

    def close(self) -> None:
        """Go."""
        self.line.close()


class EncryptedCase(ChatCase):
    """A server with TLS, and people in the panes of a tmux."""

    def setUp(self) -> None:
        super().setUp()
        self.tmux = Tmux(self.server.folder)
        self.addCleanup(self.tmux.close)

    def pane(self, title: str, profile: str, *options: str, user: str = "") -> Pane:
        """Somebody's client, line by line, in a pane."""
        command = [*CHAT, "--plain", "--trust-new", "--profile", str(self.server.folder / profile), *options]
        return Pane(self.tmux, title, [*command, self.address(user, tls=True)], COLUMNS, ROWS)

    def newcomer(self, name: str) -> Pane:
        """Somebody's first visit: the name, and nothing else."""
        pane = self.pane(name, name)
        pane.wait("CREATING NEW ID:", "Enter username:")
        pane.enter(name)
        pane.wait("Welcome to chat room. Enter 'tata' anytime to exit", "You:")
        return pane

    def run_chat(self, user: str, *words: str, **env: str) -> tuple[int, str, str]:
        """`chat VERB ...` over TLS."""
        done = self.chat(user, "--trust-new", "--no-input", *words, tls=True, **env)
        return done.status, done.out, done.err

    def on_the_servers_disk(self, text: str) -> list[str]:
        """The files of the server that hold a text."""
        files = [path for path in self.server.folder.joinpath("data").rglob("*") if path.is_file()]
        return [path.name for path in [*files, self.server.log] if text.encode() in path.read_bytes()]


class TalkTests(EncryptedCase):
    """Two people at terminals."""

    def test_two_people_talk_and_verify_and_do_nothing_more_than_before_for_it(self) -> None:
        alice, bob = self.newcomer("alice"), self.newcomer("bob")
        alice.wait("bob joined the conversation")
        alice.enter(f"@bob {CANARY} one")
        alice.wait(f"(Private to bob) You: {CANARY} one")
        bob.wait(f"(Private) alice: {CANARY} one")
        bob.enter(f"@alice {CANARY} two")
        alice.wait(f"(Private) bob: {CANARY} two")
        for pane in (alice, bob):
            self.assertNotIn("[PLAIN]", pane.text(above=True))
        self.assertEqual(self.on_the_servers_disk(CANARY), [])

        alice.enter("/focus @bob")
        alice.wait("[e2e] You [@bob]:")
        numbers = []
        for pane, other in ((alice, "bob"), (bob, "alice")):
            pane.enter(f"/verify @{other}")
            pane.wait(f"[e2e] {other}: first seen, not compared yet.", f"/verify {other} yes")
            numbers.append(re.findall(r"^ {4}((?:\d{5} ?){4})$", pane.text(), re.M))
        self.assertEqual(len(numbers[0]), 3)
        self.assertEqual(numbers[0], numbers[1])
        alice.enter("/verify @bob yes")
        alice.wait("bob is verified", "[e2e+] You [@bob]:")

    def test_the_lobby_is_the_seeds_word_for_word(self) -> None:
        tesla, albert = self.newcomer("tesla"), self.newcomer("albert")
        tesla.wait("albert joined the conversation")
        albert.enter("world")
        tesla.wait("albert: world")
        self.assertIn("albert: world", tesla.lines())
        self.assertIn("You: world", albert.lines())

    def test_who_is_away_finds_it_and_it_is_there_after_a_return(self) -> None:
        alice, bob = self.newcomer("alice"), self.newcomer("bob")
        alice.wait("bob joined the conversation")
        bob.enter("tata")
        bob.ended()
        alice.wait("bob left the conversation")
        alice.enter(f"@bob {CANARY}")
        alice.wait("bob is currently inactive. Message will be delivered when they reconnect.")
        bob.again()
        bob.wait(f"(Private) alice: {CANARY}")
        alice.wait("bob has your message now.")
        bob.enter("/history @alice")
        bob.until(lambda shown: shown.count(f"(Private) alice: {CANARY}") == 2, "the history")
        self.assertEqual(self.on_the_servers_disk(CANARY), [])

    def test_somebody_at_irc_is_written_to_openly_once_that_was_said(self) -> None:
        alice = self.newcomer("alice")
        wanda = IrcPerson(self.server, "wanda")
        self.addCleanup(wanda.close)
        alice.enter(f"@wanda {CANARY}")
        alice.wait("wanda cannot receive encrypted messages right now. Your message was not sent.", "/plain wanda")
        self.assertEqual(self.on_the_servers_disk(CANARY), [])
        alice.enter("/plain @wanda")
        alice.wait("the server and everyone on the network can read", "Talk openly with wanda (yes or no)?")
        alice.enter("yes")
        alice.wait("Your talk with wanda is not encrypted")
        alice.enter("@wanda hello wanda")
        alice.wait("[PLAIN] (Private to wanda) You: hello wanda")
        wanda.wait("PRIVMSG wanda :hello wanda")
        wanda.say("PRIVMSG alice :hello alice")
        alice.wait("[PLAIN] (Private) wanda: hello alice")
        alice.enter("/focus @wanda")
        alice.wait("[PLAIN] You [@wanda]:")
        self.assertNotIn(CANARY, wanda.heard)


class ScriptTests(EncryptedCase):
    """One command at a time."""

    def test_send_receive_verify(self) -> None:
        for name in ("alice", "bob"):
            self.assertEqual(self.run_chat(name, "who")[0], 0)
        self.assertEqual(self.run_chat("alice", "send", "@bob", CANARY), (0, "stored\n", ""))
        status, out, _ = self.run_chat("bob", "recv", "--json")
        self.assertEqual(status, 0)
        self.assertIn('"e2ee":"first-seen"', out)
        self.assertIn(f'"text":"{CANARY}"', out)
        status, shown, _ = self.run_chat("alice", "verify", "@bob")
        self.assertEqual(status, 8)
        self.assertEqual(len(re.findall(r"^ {4}(?:\d{5} ?){4}$", shown, re.M)), 3)
        self.assertEqual(self.run_chat("alice", "verify", "@bob", "--yes")[0], 0)
        self.assertEqual(self.run_chat("alice", "verify", "@bob")[0], 0)
        self.assertIn(CANARY, self.run_chat("bob", "history", "@alice")[1])
        self.assertEqual(self.on_the_servers_disk(CANARY), [])

    def test_devices_and_keys(self) -> None:
        status, out, _ = self.run_chat("alice", "devices")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"(?m)^[a-z2-7]{4} [a-z2-7]{4} [a-z2-7]{4} [a-z2-7]{4}  this device, may add others")
        status, out, _ = self.run_chat("alice", "keys", "recovery")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"(?m)^    [A-Z2-7]{4} [A-Z2-7]{4}")
        self.assertIn('"recovery":true', self.run_chat("alice", "keys", "--json")[1])

    def test_to_who_cannot_encrypt(self) -> None:
        self.run_chat("alice", "who")
        IrcPerson(self.server, "wanda").close()
        status, out, err = self.run_chat("alice", "send", "@wanda", CANARY)
        self.assertEqual((status, out), (7, ""))
        self.assertIn("chat send --open", err)
        self.assertEqual(self.on_the_servers_disk(CANARY), [])
        self.assertEqual(self.run_chat("alice", "send", "--open", "@wanda", "hello"), (0, "stored\n", ""))
