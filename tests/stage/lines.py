"""Somebody at an IRC client: what is done in a dialogue as lines of IRC. What is heard is in `heard.py`.

Rule: everybody is in the lobby, as with our own clients: after coming in they say JOIN #lobby. A message is
acknowledged by the PONG to the PING that comes behind it. Passwords are `secret-of-alice` until another one is set.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from chatd.wire.irc import Line
from tests.irc import IrcPeer
from tests.stage.heard import HEARD
from tests.stage.voice import Voice
from tests.test_scram import Client

CAPS = (
    "account-notify", "away-notify", "chghost", "draft/channel-rename", "draft/message-redaction", "draft/metadata-2",
    "draft/read-marker", "echo-message", "extended-monitor", "invite-notify", "message-tags", "multi-prefix",
    "server-time", "setname",
)  # fmt: skip
PLAYBACK = "draft/event-playback"
ENDED = Line("(closed)", [])


class Lines(Voice):
    """One connection."""

    port = "lines"
    peer: IrcPeer
    nick = ""
    secret = ""
    ended = False

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.lines: list[Line] = []
        self.pings: list[str] = []
        self.renamed: set[tuple[str, str]] = set()  # who was called so is called so now, as far as it has heard
        self.secret = f"secret-of-{self.name.lower()}"

    # ---- hearing ----

    def read(self) -> list[Line]:
        """What has come and nobody has mentioned; the server's questions are kept aside."""
        if not hasattr(self, "peer"):
            return []
        for line in self.peer.parsed():
            if line.command == "PING":
                self.pings.append(line.params[-1])
            else:
                self._noted(line)
                self.lines.append(line)
        if not self.peer.transport.connected and not self.ended:
            self.ended = True
            self.lines.append(ENDED)
        return self.lines

    def _noted(self, line: Line) -> None:
        if line.command in ("PRIVMSG", "NOTICE") and "msgid" in line.tags:
            self.stage.said[line.params[1]] = bytes.fromhex(line.tags["msgid"])
        nick = line.source.partition("!")[0]
        if nick == self.nick and line.command == "NICK":
            self.nick = line.params[0]

    def hears(self, expected: str) -> None:
        self.read()
        before = list(self.lines)
        first, _, rest = expected.partition(" ")
        hears = HEARD.get(first) or HEARD["#" if first[:1] == "#" else "?"]
        try:
            hears(self, expected if first[:1] == "#" else rest)
        except AssertionError as error:
            raise AssertionError(f"{error}\nheard: " + "\n       ".join(map(written, before))) from error

    def next(self, source: str | None, command: str, *params: str | None) -> Line:
        """The next line is this one; None and what comes after the parameters given may be anything."""
        line = self.lines.pop(0) if self.lines else Line("nothing", [])
        told = [line.command, *line.params[: len(params)]]
        wanted = [command, *(have if want is None else want for have, want in zip(told[1:], params, strict=False))]
        if told != wanted or len(line.params) < len(params) or source not in (None, line.source.partition("!")[0]):
            raise AssertionError(f"wanted: {source or ''} {command} {' '.join(map(str, params))}")
        return line

    def ahead(self, command: str) -> Line | None:
        """The next line, if it is one of these."""
        return self.lines[0] if self.lines and self.lines[0].command == command else None

    def fetch(self, source: str, command: str, *params: str) -> Line | None:
        """Have the first line like this be the next one, where other lines may come before it; None: there is none."""
        for line in self.lines:
            if (
                line.command == command
                and line.source.split("!")[0] == source
                and line.params[: len(params)] == [*params]
            ):
                self.lines.remove(line)
                self.lines.insert(0, line)
                return line
        return None

    def forget(self) -> None:
        self.read()
        self.lines.clear()

    def left(self) -> list[str]:
        return [written(line) for line in self.read()]

    def broken(self) -> None:
        if hasattr(self, "peer"):
            self.read()
            self.peer.transport.connected = False
            self.ended = True

    # ---- saying ----

    def say(self, *lines: str) -> None:
        """Send lines."""
        self.peer.send(*lines)
        if not self.house.writer.slow:
            self.house.commit()
        self.read()

    def arrive(self, certificate: str = "", tls: bool = False) -> None:
        """A new connection that has asked for what it knows."""
        self.lines, self.pings, self.ended = [], [], False
        self.renamed.clear()
        self.peer = IrcPeer(self.house, binding=b"b" * 32 if tls else b"", certificate=certificate * 32)
        self.say("CAP LS 302", f"CAP REQ :{' '.join(CAPS)}")
        self.forget()

    def come(self, nick: str) -> None:
        """Be let in, and go into the lobby."""
        self.nick = nick
        self.say(f"NICK {nick}", "USER kit 0 * :" + nick.title(), "CAP END")
        if any(line.command == "001" for line in self.lines):
            self.say("JOIN #lobby")

    def prove(self, mechanism: str, *messages: bytes) -> None:
        """SASL, as far as it goes."""
        self.say("AUTHENTICATE " + mechanism)
        for message in messages:
            if self.ahead("AUTHENTICATE"):
                self.lines.pop(0)
                self.say("AUTHENTICATE " + (base64.b64encode(message).decode() or "+"))

    # ---- coming and going ----

    def do_signup(self, rest: str) -> None:
        self.arrive()
        self.nick = rest or self.name
        self.say(f"NICK {self.nick}")
        self.say(f"REGISTER * * {self.secret}")
        if self.ahead("REGISTER"):
            self.come(self.nick)

    def do_enter(self, rest: str) -> None:
        self.arrive()
        self.come(self.who)

    def do_login(self, rest: str) -> None:
        self.arrive()
        self.do_plain(f"{self.name} {self.secret}")
        self.come(self.name)

    def do_link(self, rest: str) -> None:
        self.arrive()
        self.do_plain(f"{self.name} {rest}")
        if self.ahead("900"):
            self.secret = rest
            self.come(self.name)

    def do_connect(self, rest: str) -> None:
        self.arrive(rest, tls=True)

    def do_plain(self, rest: str) -> None:
        self.prove("PLAIN", b"\0" + rest.replace(" ", "\0").encode())

    def do_scram(self, rest: str) -> None:
        client = Client(*rest.split())
        self.prove("SCRAM-SHA-256", client.first())
        challenge = self.ahead("AUTHENTICATE")
        if challenge is not None:
            self.lines.pop(0)
            last = client.final(base64.b64decode(challenge.params[0]))
            self.say("AUTHENTICATE " + base64.b64encode(last).decode())
            if self.ahead("AUTHENTICATE"):
                self.lines.pop(0)
                self.say("AUTHENTICATE +")

    def do_external(self, rest: str) -> None:
        self.prove("EXTERNAL", rest.encode())

    def do_come(self, rest: str) -> None:
        self.come(rest or self.name)

    def do_break(self, rest: str) -> None:
        self.ended = True
        self.peer.cut()

    def do_quit(self, rest: str) -> None:
        self.say("QUIT")

    def do_register(self, rest: str) -> None:
        name, secret = rest.split()
        self.say(f"REGISTER {name} * {secret}")
        if any(line.params[:1] == ["SUCCESS"] for line in self.lines):
            self.secret = secret

    def do_certificate(self, rest: str) -> None:
        self.say("NS CERT ADD")

    def do_password(self, rest: str) -> None:
        new, *old = rest.split()
        self.say(f"NS PASSWD {old[0] if old else self.secret} {new}")
        self.secret = new

    # ---- saying something ----

    def do_send(self, rest: str) -> None:
        to, _, text = rest.partition(" ")
        self.say(f"PRIVMSG {to.lstrip('@')} :{text}")

    do_pass = do_send

    def do_typing(self, rest: str) -> None:
        self.say(f"@+typing=active TAGMSG {rest.lstrip('@')}")

    def do_ack(self, rest: str) -> None:
        """All that has come has been read; there is no other way to say it."""
        self.house.advance(1.0)
        self.read()
        asked, self.pings = self.pings, []
        self.say(*(f"PONG {token}" for token in asked))

    def do_redact(self, rest: str) -> None:
        to, text, *reason = rest.split(maxsplit=2)
        self.say(f"REDACT {to.lstrip('@')} {self.stage.said[text].hex()} :{''.join(reason)}")

    # ---- groups ----

    def do_join(self, rest: str) -> None:
        group, *more = rest.split()
        self.say(f"JOIN {hashed(group)} {more[-1] if 'key' in more else ''}")
        if "private" in more:
            self.say(f"MODE {hashed(group)} +is")
            self.lines = [line for line in self.lines if line.command != "MODE"]

    def do_leave(self, rest: str) -> None:
        group, _, reason = rest.partition(" ")
        self.say(f"PART {hashed(group)}" + (f" :{reason}" if reason else ""))

    def do_kick(self, rest: str) -> None:
        group, name, *reason = rest.split(maxsplit=2)
        self.say(f"KICK {hashed(group)} {name}" + (f" :{reason[0]}" if reason else ""))

    def do_invite(self, rest: str) -> None:
        group, name = rest.split()
        self.say(f"INVITE {name} {hashed(group)}")

    def do_topic(self, rest: str) -> None:
        group, _, text = rest.partition(" ")
        self.say(f"TOPIC {hashed(group)}" + (f" :{text}" if text else ""))

    def do_mode(self, rest: str) -> None:
        group, *words = rest.split()
        letters = "".join(word[:2] for word in words)
        self.say(" ".join(["MODE", hashed(group), letters, *(word[3:] for word in words if word[2:3] == "=")]).rstrip())

    def do_policy(self, rest: str) -> None:
        group, word = rest.split()
        change = {"private": "+is", "open": "-is", "announce": "+m", "talk": "-m"}[word]
        self.say(f"MODE {hashed(group)} {change}")

    def do_role(self, rest: str) -> None:
        group, name, role = rest.split()
        letters = {"owner": "+q", "op": "+o", "member": "-qaohv"}[role]
        self.say(f"MODE {hashed(group)} {letters}" + f" {name}" * (len(letters) - 1))

    def do_masks(self, rest: str) -> None:
        group, letter = rest.split()
        self.say(f"MODE {hashed(group)} {letter}")

    def do_rename(self, rest: str) -> None:
        old, new, *reason = rest.split(maxsplit=2)
        self.say(f"RENAME {hashed(old)} {hashed(new)} :{''.join(reason)}")

    def do_members(self, rest: str) -> None:
        self.say(f"NAMES {hashed(rest)}")

    def do_groups(self, rest: str) -> None:
        self.say("LIST")

    # ---- people ----

    def do_nick(self, rest: str) -> None:
        self.say(f"NICK {rest}")

    def do_away(self, rest: str) -> None:
        self.say("AWAY" + (f" :{rest}" if rest else ""))

    def do_who(self, rest: str) -> None:
        self.say("WHO *")

    def do_whois(self, rest: str) -> None:
        self.say(f"WHOIS {rest}")

    def do_past(self, rest: str) -> None:
        self.say(f"WHOWAS {rest}")

    def do_monitor(self, rest: str) -> None:
        words = rest.split()
        self.say(*([f"MONITOR {word[0]} {word[1:]}" for word in _together(words)] or ["MONITOR S"]))

    def do_set(self, rest: str) -> None:
        to, key, *value = rest.split(maxsplit=2)
        self.say(f"METADATA {'*' if to == 'me' else to} SET {key}" + (f" :{value[0]}" if value else ""))

    def do_ask(self, rest: str) -> None:
        to, *keys = rest.split()
        self.say(f"METADATA {to} " + (f"GET {' '.join(keys)}" if keys else "LIST"))

    def do_follow(self, rest: str) -> None:
        self.say(f"METADATA * SUB {rest}")

    # ---- the past ----

    def do_history(self, rest: str) -> None:
        self.do_browse(f"{rest.split()[0]} latest")

    def do_browse(self, rest: str) -> None:
        to, way, *words = rest.split()
        self.say(f"CAP REQ :{'' if 'events' in words else '-'}{PLAYBACK}")
        self.lines = [line for line in self.lines if line.command != "CAP"]
        limit = words[words.index("limit") + 1] if "limit" in words else "100"
        texts = [word for word in words if word not in ("events", "limit") and not word.isdecimal()]
        places = [f"msgid={self.stage.said.get(text, bytes(16)).hex()}" for text in texts] or ["*"]
        self.say(" ".join(["CHATHISTORY", way, to.lstrip("@"), *places, limit]))

    def do_targets(self, rest: str) -> None:
        self.say("CHATHISTORY TARGETS timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 100")

    def do_mark(self, rest: str) -> None:
        to, *at = rest.split()
        self.say(
            f"MARKREAD {to.lstrip('@')}" + (f" timestamp=1970-01-01T00:00:{int(at[0]) // 1000:02d}.000Z" if at else "")
        )


def hashed(group: str) -> str:
    """A group's name as IRC has it."""
    return group if group.startswith("#") else "#" + group


def written(line: Line) -> str:
    """A line as one reads it."""
    return " ".join([f":{line.source}", line.command, *line.params])


def _together(words: Iterable[str]) -> Iterator[str]:
    """`+a +b -c` as `+a,b` and `-c`."""
    for sign in "+-":
        names = [word[1:] for word in words if word[0] == sign]
        if names:
            yield sign + ",".join(names)
