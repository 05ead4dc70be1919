"""The IRC clients that people use, weechat and irssi, as Debian packs them: logged in by SASL over TLS.

Rule: each has a folder of its own, and the settings it comes with but for what a person has to say: where the server
is, the fingerprint of its certificate, account and password. Besides: times with seconds, so that a test can tell the
time of sending from that of the return, no waiting between lines, and no log of weechat's own, so that what it shows
after a return has come from the server.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
import ssl
import subprocess

from tests.process.panes import DEADLINE, Pane, Tmux
from tests.process.server import Server

PROGRAMS = ("tmux", "weechat", "irssi")
PASSWORD = "fence-otter-42"
WEECHAT = """\
[server]
chatd.addresses = "127.0.0.1/{port}"
chatd.{tls} = on
chatd.{tls}_fingerprint = "{fingerprint}"
chatd.autoconnect = on
chatd.nicks = "{name}"
chatd.username = "{name}"
chatd.realname = "{name} at weechat"
chatd.sasl_mechanism = {mechanism}
chatd.sasl_username = "{name}"
chatd.sasl_password = "{password}"
"""
AT_ONCE = {"ssl": "chatd.anti_flood_prio_high = 0\nchatd.anti_flood_prio_low = 0\n", "tls": "chatd.anti_flood = 0\n"}
LOGGER = """\
[file]
auto_log = off
"""
IRSSI = """\
servers = ({{
  address = "127.0.0.1"; port = "{port}"; chatnet = "chatd"; autoconnect = "yes";
  use_tls = "yes"; tls_verify = "no"; tls_pinned_cert = "{fingerprint}";
}});
chatnets = {{ chatd = {{ type = "IRC"; {sasl}}}; }};
settings = {{
  core = {{
    nick = "{name}"; user_name = "{name}"; real_name = "{name} at irssi"; timestamp_format = "%H:%M:%S";
  }};
  "fe-text" = {{ show_server_time = "yes"; }};
  "irc/core" = {{ cmds_max_at_once = "1000"; }};
}};
"""
SASL = 'sasl_mechanism = "PLAIN"; sasl_username = "{name}"; sasl_password = "{password}"; '


def missing() -> str | None:
    """Which of the programs are not here, as the reason of a skip."""
    gone = [program for program in PROGRAMS if shutil.which(program) is None]
    return f"not installed: {', '.join(gone)}" if gone else None


def tls_word() -> str:
    """What weechat calls TLS: `ssl` up to version 3."""
    told = subprocess.run(["weechat", "--version"], capture_output=True, text=True, check=True)
    return "ssl" if int(told.stdout.partition(".")[0]) < 4 else "tls"


def fingerprint(server: Server) -> str:
    """The SHA-256 of the server's certificate, in hexadecimal digits."""
    pem = (server.data / "tls" / "certificate.pem").read_text()
    end = "-----END CERTIFICATE-----"
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[: pem.index(end)] + end)).hexdigest()


def register(server: Server, name: str) -> None:
    """Make an account as an IRC client does, on the port without TLS."""
    with socket.create_connection(("127.0.0.1", server.ports["plain"]), DEADLINE) as line:
        line.sendall(f"CAP LS 302\r\nNICK {name}\r\nREGISTER * * {PASSWORD}\r\nQUIT\r\n".encode())
        heard = b"".join(iter(lambda: line.recv(4096), b""))
    assert b"REGISTER SUCCESS " + name.encode() in heard, heard


class IrcClient(Pane):
    """One of them, in its pane."""

    def go(self, place: str) -> None:
        """Look at a group, or at a conversation with somebody."""
        self.enter(self.way(place))
        self.until(lambda shown: self.looks_at(shown, place), f"the place {place}")

    def way(self, place: str) -> str:
        """What is typed to go there."""
        raise NotImplementedError

    def looks_at(self, shown: str, place: str) -> bool:
        """Whether this is the place one looks at."""
        raise NotImplementedError


class Weechat(IrcClient):
    """weechat."""

    def __init__(self, tmux: Tmux, server: Server, name: str, mechanism: str = "scram-sha-256", **size: int) -> None:
        home = server.folder / f"weechat-{name}"
        home.mkdir()
        tls = tls_word()
        told = {"port": server.ports["tls"], "fingerprint": fingerprint(server), "password": PASSWORD, "tls": tls}
        (home / "irc.conf").write_text(WEECHAT.format(name=name, mechanism=mechanism, **told) + AT_ONCE[tls])
        (home / "logger.conf").write_text(LOGGER)
        super().__init__(tmux, f"weechat-{name}", ["weechat", "--dir", str(home)], **size)

    def way(self, place: str) -> str:
        return f"/buffer {place}" if place[0] == "#" or place == "chatd" else f"/query {place}"

    def looks_at(self, shown: str, place: str) -> bool:
        return re.search(rf"\[irc/chatd\] \d+:(server\[)?{re.escape(place)}\b", shown) is not None


class Irssi(IrcClient):
    """irssi; a stranger has no account and no password."""

    def __init__(self, tmux: Tmux, server: Server, name: str, stranger: bool = False, **size: int) -> None:
        title = f"irssi-{name}" + ("-stranger" if stranger else "")
        home = server.folder / title
        home.mkdir()
        digits = fingerprint(server).upper()
        pinned = ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
        sasl = "" if stranger else SASL.format(name=name, password=PASSWORD)
        told = {"port": server.ports["tls"], "fingerprint": pinned, "sasl": sasl}
        (home / "config").write_text(IRSSI.format(name=name, **told))
        super().__init__(tmux, title, ["irssi", "--home", str(home)], **size)

    def way(self, place: str) -> str:
        if place == "chatd":
            return "/window 1"
        return f"/window goto {place}" if place[0] == "#" else f"/query {place}"

    def looks_at(self, shown: str, place: str) -> bool:
        return shown.rstrip().splitlines()[-1].startswith("[(status)]" if place == "chatd" else f"[{place}]")
