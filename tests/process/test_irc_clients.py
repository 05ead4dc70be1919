"""weechat and irssi, the real programs, against a real server, together with the chat client.

Rule: what is asserted is what a person sees on the screen. What is waited for is waited for as such, never for a time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tests.process.chat import ChatCase
from tests.process.irc_clients import IrcClient, Irssi, Weechat, fingerprint, missing, register, tls_word
from tests.process.panes import Pane, Tmux
from tests.process.server import ROOT

GROUP = "#class"


class PanesCase(ChatCase):
    """A server, and a tmux for clients."""

    skip = missing()

    def setUp(self) -> None:
        super().setUp()
        self.tmux = Tmux(self.server.folder)
        self.addCleanup(self.tmux.close)


class IrcClientsCase(PanesCase):
    """Wanda at weechat and irma at irssi, both in a group."""

    def setUp(self) -> None:
        super().setUp()
        for name in ("wanda", "irma"):
            register(self.server, name)
        self.wanda, self.irma = Weechat(self.tmux, self.server, "wanda"), Irssi(self.tmux, self.server, "irma")
        self.wanda.wait("SASL authentication successful", "Welcome to chatd, wanda")
        self.irma.wait("SASL authentication succeeded", "Mode change")
        self.wanda.enter(f"/join {GROUP}")
        self.wanda.wait("Channel #class: 1 nick")
        self.irma.enter(f"/join {GROUP}")
        self.irma.wait("[~wanda] [ irma]")

    def say(self, to: str, text: str, outcome: str) -> None:
        """Bob says something by `chat send`, which says what came of it."""
        done = self.chat("bob", "send", "--open", to, text)
        self.assertEqual((done.status, done.out.strip()), (0, outcome), done.err)

    def at(self, to: str, text: str) -> str:
        """When bob said this, as the server has it."""
        told = self.chat("bob", "history", to, "--json").objects()[-1]
        self.assertEqual(told["text"], text)
        return datetime.fromisoformat(told["at"]).astimezone(UTC).strftime("%H:%M:%S")

    def said(self, pane: IrcClient, at: str, who: str, text: str, times: int = 1) -> None:
        """Wait until the screen shows this said by somebody at a time, and that it does so once."""
        line = re.compile(rf"{at} +(<[ ~]?{who}>|[ ~]?{who} \|) {re.escape(text)}\s", re.MULTILINE)
        pane.until(lambda shown: line.search(shown) is not None, f"{who} saying {text!r} at {at}")
        self.assertEqual(len(re.findall(re.escape(text), pane.text())), times)


class TalkingTests(IrcClientsCase):
    """Everybody hears everybody."""

    def test_in_the_group_and_in_private(self) -> None:
        bob = self.join("bob")
        bob.enter("/group class")
        bob.wait("Joined group 'class' successfully.")
        for pane in (self.wanda, self.irma):
            pane.wait("bob [", "has joined")
        bob.enter("/group class Grüße von bob 🦉")
        self.wanda.wait("bob | Grüße von bob 🦉")
        self.irma.wait("< bob> Grüße von bob 🦉")
        self.wanda.enter("schöne Grüße 🎈 zurück")
        self.irma.wait("<~wanda> schöne Grüße 🎈 zurück")
        bob.wait("[class] wanda: schöne Grüße 🎈 zurück")
        self.irma.enter("auch von mir, äöüß")
        self.wanda.wait("irma | auch von mir, äöüß")
        bob.wait("[class] irma: auch von mir, äöüß")

        for name in ("wanda", "irma"):
            bob.enter(f"/plain {name} yes")
        bob.enter("@wanda nur für dich 🌱")
        self.wanda.go("bob")
        self.wanda.wait("bob | nur für dich 🌱")
        self.wanda.enter("danke 🌳")
        bob.wait("(Private) wanda: danke 🌳")
        self.irma.enter("/query bob")
        self.irma.enter("irma hier, ß")
        bob.wait("(Private) irma: irma hier, ß")
        bob.enter("@irma hallo irma")
        self.irma.wait("<bob> hallo irma")
        self.irma.go("wanda")
        self.irma.enter("unter uns")
        self.wanda.go("irma")
        self.wanda.wait("irma | unter uns")
        self.wanda.enter("ja 🤫")
        self.irma.wait("<wanda> ja 🤫")
        for pane in (self.wanda, self.irma):
            pane.go(GROUP)
            for private in ("nur für dich", "irma hier", "unter uns"):
                self.assertNotIn(private, pane.text())

    def test_several_lines_and_several_clients_of_one_account(self) -> None:
        phone = Irssi(self.tmux, self.server, "wanda")
        phone.wait("SASL authentication succeeded", "[Act: 2]")
        phone.go(GROUP)
        phone.wait("[~wanda] [ irma]")
        self.chat("bob", "group", GROUP)
        text = "erstens\nzweitens\n\n  drittens 🐿"
        self.say(GROUP, text, "delivered")
        at = self.at(GROUP, text)
        for pane in (self.wanda, self.irma, phone):
            for line in ("erstens", "zweitens", "  drittens 🐿"):
                self.said(pane, at, "bob", line)
        self.wanda.enter("vom Schreibtisch")
        phone.wait("<~wanda> vom Schreibtisch")
        phone.enter("vom Telefon")
        self.wanda.wait("wanda | vom Telefon")
        self.irma.wait("<~wanda> vom Telefon")
        phone.enter("/quit")
        phone.ended()
        self.irma.enter("noch da?")
        self.wanda.wait("irma | noch da?")
        self.assertNotIn("has quit", self.wanda.text().replace("bob (chat@bob.user) has quit", ""))


class ReturningTests(IrcClientsCase):
    """Who was away finds what was said, when it was said, and once."""

    def both(self) -> tuple[IrcClient, IrcClient]:
        """The two clients."""
        return self.wanda, self.irma

    def go(self, place: str) -> None:
        """Both look there."""
        for pane in self.both():
            pane.go(place)

    def kill(self) -> None:
        """Both programs are killed (`kill -9`), and the server knows."""
        for pane in self.both():
            pane.kill()
        for name in ("wanda", "irma"):
            self.in_server_window(f"Client (127.0.0.1, 0) is offline (error)  [ {name} ]")

    def back(self, *times: str) -> None:
        """Both come back, at another second than these."""
        self.wait(lambda: datetime.now(UTC).strftime("%H:%M:%S") > max(times, default=""), "the next second")
        for pane in self.both():
            pane.again()
        self.wanda.wait("Channel #class: ")
        self.irma.wait("Mode change", "[Act: 2")

    def test_killed_and_back(self) -> None:
        self.chat("bob", "group", GROUP)
        self.say(GROUP, "solange ihr da wart", "delivered")
        for name in ("wanda", "irma"):  # when it is delivered, what was before it is, too
            self.say(f"@{name}", "gelesen", "delivered")
        self.kill()
        lost, dear = "während ihr weg wart 🌙", [f"liebe {name}, ä" for name in ("wanda", "irma")]
        self.say(GROUP, lost, "stored")
        for name, text in zip(("wanda", "irma"), dear, strict=True):
            self.say(f"@{name}", text, "stored")
        times = [self.at(GROUP, lost), self.at("@wanda", dear[0]), self.at("@irma", dear[1])]
        self.back(*times)
        self.go(GROUP)
        for pane in self.both():
            self.said(pane, times[0], "bob", lost)
            self.assertNotIn("solange ihr da wart", pane.text())
        self.go("bob")
        for pane, text, at in zip(self.both(), dear, times[1:], strict=True):
            self.said(pane, at, "bob", text)
            self.assertNotIn("gelesen", pane.text())

        for name, pane in zip(("wanda", "irma"), self.both(), strict=True):
            self.say(f"@{name}", "gute Nacht", "delivered")
            pane.wait("gute Nacht")
            pane.enter("/quit bis morgen")
            pane.ended()
        self.back()
        self.say(GROUP, "ganz neu", "delivered")
        self.go(GROUP)
        for pane in self.both():
            pane.wait("ganz neu")
            self.assertNotIn(lost, pane.text())
        self.go("bob")
        for name, pane in zip(("wanda", "irma"), self.both(), strict=True):
            self.say(f"@{name}", "auch neu", "delivered")
            pane.wait("auch neu")
            self.assertNotIn("liebe", pane.text())
            self.assertNotIn("gute Nacht", pane.text())

    def test_killed_before_it_could_read(self) -> None:
        self.chat("bob", "group", GROUP)
        with self.tmux.deaf(*self.both()):
            self.say(GROUP, "noch im Kabel", "stored")
            self.say("@wanda", "auch noch", "stored")
        at = self.at(GROUP, "noch im Kabel")
        self.back(at)
        self.go(GROUP)
        for pane in self.both():
            self.said(pane, at, "bob", "noch im Kabel")
        self.wanda.go("bob")
        self.wanda.wait("bob | auch noch")


class LookingTests(IrcClientsCase):
    """What people look up, and what is refused."""

    def test_topic_names_list_and_whois(self) -> None:
        self.wanda.enter("/topic Heute: Bäume 🌳")
        for pane in (self.wanda, self.irma):
            pane.wait("Heute: Bäume 🌳")
        self.irma.enter("/topic")
        self.irma.wait("Topic for #class: Heute: Bäume 🌳", "Topic set by wanda")
        self.irma.enter("/names")
        self.irma.until(lambda shown: shown.count("[~wanda] [ irma]") == 2, "the names again")
        self.irma.enter("/whois wanda")
        self.irma.go("chatd")
        self.irma.wait(
            "wanda [~wanda@wanda.user]", "ircname  : wanda at weechat", "channels : ~#class", "account  : wanda",
            "is using a secure connection", "End of WHOIS",
        )  # fmt: skip
        self.irma.enter("/list -yes")
        self.irma.wait("#class 2 Heute: Bäume 🌳", "End of LIST")
        self.wanda.enter("/names")
        self.wanda.wait("Nicks #class: [~wanda irma]")
        self.wanda.go("chatd")
        self.wanda.enter("/whois irma")
        self.wanda.wait("[irma] (~irma@irma.user): irma at irssi", "[irma] #class", "[irma] is logged in as irma")
        self.wanda.enter("/list")
        self.wanda.wait("#class(2): Heute: Bäume 🌳", "End of LIST")

    def test_away_and_a_name_that_is_somebodys(self) -> None:
        self.wanda.enter("/away angeln 🎣")
        self.wanda.wait("(angeln 🎣)")
        self.irma.go("wanda")
        self.irma.enter("bist du da?")
        self.irma.wait("wanda is away: angeln 🎣")
        self.wanda.enter("/away")
        self.wanda.until(lambda shown: "(angeln" not in shown, "no word of being away")
        self.irma.enter("/away beim Essen")
        self.irma.wait("(zZzZ)")
        self.wanda.go("irma")
        self.wanda.wait("irma | bist du da?")
        self.wanda.enter("ja, du?")
        self.wanda.wait("[irma] is away: beim Essen")

        self.irma.go("chatd")
        self.irma.enter("/nick wanda")
        self.irma.wait("Nick wanda is already in use")
        self.wanda.kill()
        self.in_server_window("Client (127.0.0.1, 0) is offline (error)  [ wanda ]")
        stranger = Irssi(self.tmux, self.server, "wanda", stranger=True)
        stranger.wait("Welcome to chatd, wanda_", "Mode change")
        stranger.enter("/nick wanda")
        stranger.wait("Nick wanda is already in use")


class NewcomerTests(PanesCase):
    """docs/irc.md, typed word for word into clients without any settings."""

    def typed(self, program: str) -> list[str]:
        """The lines that it tells to type, for this server."""
        text = (ROOT / "docs" / "irc.md").read_text("utf-8")
        told = text[text.index(f"**{program}**") :]
        block = re.search(r"\n\n((?:    /.*\n)+)", told)
        assert block is not None
        port, digits = str(self.server.ports["tls"]), fingerprint(self.server).upper()
        shown = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
        self.assertIn(shown, self.server.printed())
        digits = shown.replace(":", "") if "without its colons" in told[: block.start()] else shown
        lines = block[1].replace("HOST", "127.0.0.1").replace("6697", port).replace("FINGERPRINT", digits)
        lines = lines.replace("ssl", tls_word())
        return [line.strip() for line in lines.splitlines()]

    def test_as_the_documentation_says(self) -> None:
        guest = Irssi(self.tmux, self.server, "alice", stranger=True)
        guest.wait("Everybody meets in #lobby", "Mode change")
        guest.enter("/msg NickServ REGISTER secret-word")
        guest.go("NickServ")
        guest.wait("You are logged in as alice.")
        guest.enter("/quit")
        guest.ended()
        for program, dir_option in (("weechat", "--dir"), ("irssi", "--home")):
            home = self.server.folder / program
            home.mkdir()
            pane = Pane(self.tmux, program, [program, dir_option, str(home)])
            pane.wait("1")
            for line in self.typed(program):
                pane.enter(line)
            pane.wait("SASL authentication succ", "You are now logged in as alice", "Welcome to chatd, alice")
