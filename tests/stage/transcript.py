"""IRC as it goes over the wire: each file of `tests/dialogues/irc` is what people send, and every line they get.

    ann> JOIN #x                  ann sends this line, on a new connection if she has none
    ann>> PRIVMSG #x :caf\xe9     the same, with Python's escapes for bytes
    ann< :ann!~ann@* JOIN #x      the next line ann gets: `*` is anything without a space, `...` anything;
                                  control characters are shown as Python escapes them
    ann< (welcome)                all that comes when somebody is in: 001 to the message of the day
    ann< (closed)                 her connection has been ended
    * ann is in with batch        a guest with these capabilities, who has forgotten how she came in
    * ann has an account with ... the same, and registers her nick with the password `secret-of-ann`
    * ann logs in with ...        ann, on a new connection, by that password
    * ann/2 ...                   a second connection of hers
    * ann connects from 192.0.2.1 showing 5a     from elsewhere; with TLS and a client certificate
    * server guests=no            settings; before everything else
    * ann sends 100 times PING x
    * ann has keys                  she is also at our own client, and has a list of devices there
    * wait 5, restart, ann is cut off

`{first}` is a word which is whatever it is the first time it is heard and the same from then on, such as a msgid;
`{invitation}` is a code that makes an account.
`{500x}` is 500 times the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from chatd import encryption as e
from chatd import messages as m
from chatd.admission import Policy
from chatd.auth import make_invitation, make_verifier
from chatd.core.limits import Limits
from chatd.ports.irc.client import Facts
from chatd.store.interface import Store
from tests.irc import IrcPeer
from tests.kit import SECRET, House
from tests.sealed import Owner
from tests.stage.passwords import Remembered
from tests.stage.script import Script

INVITED_UNTIL = 1 << 31
MANY = re.compile(r"\{(\d+)(.)\}")
NAMED = re.compile(r"\{([a-z]+)\}")
ABOUT = re.compile(r"(?P<who>\S+) (?P<what>is in|has an account|has keys|logs in|connects|is cut off)(?P<rest> .*)?")
CONTROL = re.compile(r"[\0-\x1f\x7f]")
CLOSED, WELCOME = "(closed)", "(welcome)"
# What a limit is called in the facts that the line port tells of it.
TOLD = {"monitors": "monitored", "metadata_keys": "keys", "metadata_followed": "followed", "history_page": "page"}
TOLD |= {name: name for name in ("groups", "masks", "text_bytes")}


def escaped(line: str) -> str:
    """A line without control characters."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", line)


def welcome(lines: Sequence[str]) -> int:
    """How many lines the welcome has that they begin with."""
    numbers = [line.split(" ")[1] for line in lines]
    ends = [at for at, number in enumerate(numbers, 1) if number in ("376", "422")]
    if numbers[:1] != ["001"] or not ends:
        raise AssertionError("\n".join(lines))
    return ends[0]


class Transcript(Script):
    """The people of one transcript, at their IRC clients."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.peers: dict[str, IrcPeer] = {}
        self.words: dict[str, str] = {"invitation": make_invitation(SECRET, b"class", INVITED_UNTIL)}
        self._house: House | None = None
        self._told_closed: set[str] = set()

    @property
    def house(self) -> House:
        """The server, as the first `* server` has it."""
        if self._house is None:
            self.server([])
        assert self._house is not None
        return self._house

    # ---- lines ----

    def does(self, who: str, what: str) -> None:
        """Send a line."""
        raw = what.startswith(">")
        line = self._filled(what[1:].lstrip() if raw else what)
        data = line.encode("latin-1").decode("unicode_escape").encode("latin-1") if raw else line.encode()
        self.peer(who).raw(data + b"\r\n")
        self.house.commit()

    def hears(self, who: str, what: str) -> None:
        """The next line is this one."""
        lines = self.heard(who)
        if what == "...":
            lines.clear()
            return
        if what == WELCOME:
            del lines[: welcome(lines)]
            return
        line = escaped(lines.pop(0)) if lines else "nothing"
        found = self.pattern(what).fullmatch(line)
        if found is None:
            raise AssertionError(f"heard: {line}")
        self.words.update(found.groupdict())

    def pattern(self, what: str) -> re.Pattern[str]:
        """What a line has to look like."""
        text = re.escape(self._filled(what)).replace(r"\.\.\.", ".*").replace(r"\*", r"[^ ]*")
        return re.compile(re.sub(r"\\\{([a-z]+)\\\}", r"(?P<\1>[^ ;]+)", text))

    def _filled(self, text: str) -> str:
        text = MANY.sub(lambda found: int(found[1]) * found[2], text)
        return NAMED.sub(lambda found: self.words.get(found[1], found[0]), text)

    def heard(self, who: str) -> list[str]:
        """What somebody has got and nobody has mentioned."""
        peer = self.peers[who]
        lines = peer.read()
        if not peer.transport.connected and who not in self._told_closed:
            self._told_closed.add(who)
            lines.append(CLOSED)
        return lines

    def left(self) -> dict[str, list[str]]:
        return {who: [escaped(line) for line in self.heard(who)] for who in self.peers}

    def peer(self, who: str) -> IrcPeer:
        """Somebody's connection, made if there is none."""
        if who not in self.peers or who in self._told_closed:
            self.connect(who)
        return self.peers[who]

    def connect(self, who: str, host: str = "127.0.0.1", certificate: str = "", tls: bool = False) -> IrcPeer:
        """A new connection."""
        self._told_closed.discard(who)
        binding = b"b" * 32 if tls or certificate else b""
        self.peers[who] = peer = IrcPeer(self.house, host, binding, certificate * 32)
        return peer

    # ---- what happens ----

    def happens(self, what: str) -> None:
        """Something about the house, or somebody coming and going in the usual way."""
        first, *words = what.split()
        if first in ("server", "wait", "restart"):
            getattr(self, first)(words)
            return
        found = ABOUT.fullmatch(what)
        if found is None and " sends " in what:
            who, _, times, _, line = what.split(" ", 4)
            self.peer(who).send(*[self._filled(line)] * int(times))
            self.house.commit()
            return
        if found is None:
            raise AssertionError(f"What is {what!r}?")
        who, words = found["who"], (found["rest"] or "").split()
        if found["what"] == "has keys":
            self.keyed(who)
            return
        if found["what"] == "is cut off":
            self.peers.pop(who).cut()
            return
        caps = words[words.index("with") + 1 :] if "with" in words else []
        told = dict(zip(words[::2], words[1::2], strict=False))
        peer = self.connect(who, told.get("from", "127.0.0.1"), told.get("showing", ""), "TLS" in words)
        if found["what"] != "connects":
            self._comes(peer, who.split("/")[0], found["what"], caps)

    def keyed(self, who: str) -> None:
        """Somebody with an account is also at our own client, which makes keys and a list of devices."""
        peer = self.house.greeted(binding=b"b" * 32, encrypted=True)
        peer.link(who, f"secret-of-{who}")
        self.house.commit()
        assert peer.keys is not None
        peer.ask(e.PutList, Owner(who).list(peer.keys))
        self.house.commit()
        assert peer.of(m.Done), peer.events

    def _comes(self, peer: IrcPeer, nick: str, how: str, caps: Iterable[str]) -> None:
        secret = f"secret-of-{nick}"
        if how == "logs in":
            peer.send(f"PASS {nick}:{secret}")
        lines = peer.register(nick, *caps)
        if how == "has an account":
            lines = peer.says(f"REGISTER * * {secret}")
        if not any(word in line for line in lines for word in (" 001 ", " SUCCESS ")):
            raise AssertionError("\n".join(lines))

    def server(self, words: list[str]) -> None:
        """server [NAME=VALUE ...]: settings of the server, `_` for a space; limits by their names."""
        assert self._house is None, "before everything else"
        told = dict(word.split("=", 1) for word in words)
        named = {key: value.replace("_", " ") for key, value in told.items() if key in Facts.__struct_fields__}
        limits = {key: msgspec.convert(value, int, strict=False) for key, value in told.items()
                  if key in Limits.__struct_fields__}  # fmt: skip
        self._house = House(self.store, limits=Limits(**limits), policy=_policy(told), passwords=Remembered)
        facts: dict[str, Any] = {TOLD[key]: value for key, value in limits.items() if key in TOLD}
        facts |= {key: value if key != "motd" else (value,) for key, value in named.items() if key not in limits}
        facts |= {key: int(value) for key, value in facts.items() if key.startswith("sts_")}
        facts |= {"guests": self._house.policy.guests, "early": told.get("early", "yes") == "yes"}
        self._house.facts = msgspec.structs.replace(self._house.facts, **facts)
        self._house.start()

    def wait(self, words: list[str]) -> None:
        """wait SECONDS"""
        self.house.advance(float(words[0]))
        self.house.commit()

    def restart(self, words: list[str]) -> None:
        """restart: the server is killed and comes up again; every connection is gone."""
        for peer in self.peers.values():
            peer.transport.connected = False
        self.peers.clear()
        self.house.restart()


def _policy(told: dict[str, str]) -> Policy:
    operators = {name: make_verifier(word) for name, _, word in [told.get("operator", "").partition(":")] if name}
    guests = told.get("guests", "yes") == "yes"
    return Policy("test.example", told.get("registration", "open"), guests, operators=operators)
