"""Coming in and going: NICK, USER, PASS, AUTHENTICATE until the core lets somebody in, then the welcome; PING, QUIT.

Rule: the port only gathers what was said; who may come in as whom is admission's. The welcome is what a client waits
for: 001 to 005, LUSERS, MOTD, then the groups one is in already.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Final

from chatd import messages as m
from chatd import people
from chatd.ports.irc import isupport, metadata
from chatd.ports.irc.accounts import logged_in
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text

CHUNK: Final = 400  # of base64 in one AUTHENTICATE (IRCv3 sasl-3.1)
SASL_BYTES: Final = 8192
MECHANISMS: Final = ("PLAIN", "EXTERNAL", "SCRAM-SHA-256")
REFUSED_NICKS: Final = {
    "bad-name": n.ERR_ERRONEUSNICKNAME,
    "name-taken": n.ERR_NICKNAMEINUSE,
    "name-owned": n.ERR_NICKNAMEINUSE,
}


# ---- who one is --------------------------------------------------------------------------------------------------


def nick(client: Client, line: Line) -> None:
    """NICK: the name one wants, or from now on has."""
    if not line.params or not line.params[0]:
        client.reply(n.ERR_NONICKNAMEGIVEN)
        return
    wanted = line.params[0]
    if client.inside or client.arriving:
        client.ask(people.SetNick, wanted, about=wanted, then=_renamed)
        return
    code = client.lookup.check_nick(client.session, wanted)
    proving = client.negotiating or "password" in client.wanted  # it may yet turn out to be theirs
    if code in REFUSED_NICKS and (code == "bad-name" or not proving):
        client.reply(REFUSED_NICKS[code], wanted if code != "bad-name" else wanted[:64] or "*")
        if code != "bad-name":
            client.refused_nick = wanted
        return
    client.wanted["nick"] = wanted
    client.when_logged_in = None
    arrive(client)


def _renamed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        numeric = REFUSED_NICKS.get(event.code)
        return [client.numeric(numeric, asked.about[:64])] if numeric is not None else None
    return []


def user(client: Client, line: Line) -> None:
    """USER: ident and real name."""
    if client.inside or client.arriving:
        client.reply(n.ERR_ALREADYREGISTERED)
        return
    if not line.params[0] or not line.params[3]:
        client.reply(n.ERR_NEEDMOREPARAMS, "USER")
        return
    client.wanted["ident"], client.wanted["realname"] = line.params[0], line.params[3]
    arrive(client)


def password(client: Client, line: Line) -> None:
    """PASS: `account:password`, for clients without SASL; or the account is the nick."""
    if client.inside or client.arriving:
        client.reply(n.ERR_ALREADYREGISTERED)
        return
    client.wanted["password"] = line.params[-1]


def arrive(client: Client) -> None:
    """Ask the core to let this in, when everything is there."""
    wanted = client.wanted
    if client.inside or client.arriving or client.negotiating or "nick" not in wanted or "ident" not in wanted:
        return
    if client.when_logged_in is not None and not client.account:
        return
    client.arriving = True
    secret = wanted.pop("password", "")
    if secret and not client.account:
        name, colon, rest = secret.partition(":")
        who, word = (name, rest) if colon else (wanted["nick"], secret)
        blob = b"\0".join((b"", who.encode(), word.encode()))
        client.ask(people.Prove, "PLAIN", blob, about="PASS", then=_passed)
    client.ask(people.Arrive, wanted["nick"], wanted["ident"], wanted["realname"], then=_arrived)
    metadata.arrive(client)


def _passed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return [client.numeric(n.ERR_PASSWDMISMATCH, text=event.text)]
    return None


def _arrived(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    client.arriving = False
    if isinstance(event, people.Arrived):
        client.inside = True
        client.account = "" if event.guest else event.name
        client.early_metadata, client.early_following = {}, []
        return welcome(client, event)
    if isinstance(event, m.Failed) and event.code == "guests-refused":
        client.when_logged_in = lambda: _again(client, asked.line)
        return [client.failure("*", "ACCOUNT_REQUIRED", text=event.text)]
    if isinstance(event, m.Failed):
        wanted = client.wanted.pop("nick", "*")
        numeric = REFUSED_NICKS.get(event.code)
        if numeric is not None:
            return [client.numeric(numeric, wanted[:64])]
        if event.code in ("banned", "disabled"):
            return [client.numeric(n.ERR_YOUREBANNEDCREEP, text=event.text)]
        return [client.failure("*", "REFUSED", text=event.text)]
    return None


def _again(client: Client, line: Line) -> None:
    """Who could not come in as a guest has an account now."""
    client.when_logged_in = None
    client.begin(line)
    arrive(client)


def welcome(client: Client, event: people.Arrived) -> list[Out]:
    """What a client waits for when it has registered."""
    facts = client.facts
    yourhost = n.RPL_YOURHOST.text.format(facts.name, facts.version)
    return [
        client.numeric(n.RPL_WELCOME, text=n.RPL_WELCOME.text.format(facts.network, client.nick)),
        client.numeric(n.RPL_YOURHOST, text=yourhost),
        client.numeric(n.RPL_CREATED, text=n.RPL_CREATED.text.format(facts.created)),
        client.numeric(n.RPL_MYINFO, facts.name, facts.version, isupport.USER_MODES, *isupport.MYINFO),
        *isupport.lines(client),
        *lusers(client, client.lookup.counts()),
        *motd_lines(client),
    ]


def lusers(client: Client, counts: people.Counts) -> list[Out]:
    """LUSERS, as it is told at the beginning too."""
    here = counts.people
    outs = [
        client.numeric(
            n.RPL_LUSERCLIENT, text=n.RPL_LUSERCLIENT.text.format(here - counts.invisible, counts.invisible)
        ),
        client.numeric(n.RPL_LUSEROP, str(counts.operators)),
        client.numeric(n.RPL_LUSERUNKNOWN, str(counts.strangers)),
        client.numeric(n.RPL_LUSERCHANNELS, str(counts.groups)),
        client.numeric(n.RPL_LUSERME, text=n.RPL_LUSERME.text.format(here)),
    ]
    for numeric in (n.RPL_LOCALUSERS, n.RPL_GLOBALUSERS):
        text = numeric.text.format(here, counts.most)
        outs.append(client.numeric(numeric, str(here), str(counts.most), text=text))
    return outs


def motd_lines(client: Client) -> list[Out]:
    """The message of the day."""
    facts = client.facts
    if not facts.motd:
        return [client.numeric(n.ERR_NOMOTD)]
    return [
        client.numeric(n.RPL_MOTDSTART, text=n.RPL_MOTDSTART.text.format(facts.name)),
        *(client.numeric(n.RPL_MOTD, text=f"- {line}") for line in facts.motd),
        client.numeric(n.RPL_ENDOFMOTD),
    ]


# ---- SASL --------------------------------------------------------------------------------------------------------


class Exchange:
    """Where an authentication stands: the mechanism, and the chunks of a message so far."""

    def __init__(self, mechanism: str) -> None:
        self.mechanism = mechanism
        self.first = True
        self.chunks = ""


def authenticate(client: Client, line: Line) -> None:
    """AUTHENTICATE: a mechanism, then its messages in chunks of base64."""
    data = line.params[0]
    exchange = client.sasl
    if client.account and client.inside:
        client.reply(n.ERR_SASLALREADY)
    elif data == "*":
        client.sasl = None
        if exchange is None or exchange.first:
            client.reply(n.ERR_SASLABORTED)
        else:
            client.ask(people.Prove, "", b"*", then=_answered)
    elif exchange is None:
        mechanism = data.upper()
        if mechanism not in MECHANISMS:
            client.reply(n.RPL_SASLMECHS, ",".join(MECHANISMS))
            client.reply(n.ERR_SASLFAIL)
            return
        client.sasl = Exchange(mechanism)
        client.say(Out("", "AUTHENTICATE", ("+",)))
    else:
        _chunk(client, exchange, data)


def _chunk(client: Client, exchange: Exchange, data: str) -> None:
    if len(data) > CHUNK or len(exchange.chunks) + len(data) > SASL_BYTES:
        client.sasl = None
        client.reply(n.ERR_SASLTOOLONG)
        if not exchange.first:
            client.ask(people.Prove, "", b"*", then=_silent)
        return
    exchange.chunks += "" if data == "+" else data
    if len(data) == CHUNK:
        return
    try:
        message = base64.b64decode(exchange.chunks, validate=True)
    except (binascii.Error, ValueError):
        client.sasl = None
        client.reply(n.ERR_SASLFAIL)
        return
    exchange.chunks = ""
    client.ask(people.Prove, exchange.mechanism if exchange.first else "", message, then=_answered)
    exchange.first = False


def _silent(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    return []


def challenge(client: Client, asked: Asked | None, event: people.Challenge) -> list[Out]:
    """The server's message, in chunks."""
    text = base64.b64encode(event.data).decode()
    parts = [text[at : at + CHUNK] for at in range(0, len(text), CHUNK)]
    if len(text) % CHUNK == 0:
        parts.append("+")
    return [Out("", "AUTHENTICATE", (part,)) for part in parts]


def proved(client: Client, asked: Asked | None, event: people.Proved) -> list[Out]:
    """One is whom one says."""
    client.sasl = None
    done = logged_in(client, event.name)
    if asked is not None and asked.about != "PASS":
        done.append(client.numeric(n.RPL_SASLSUCCESS))
    return done


def _answered(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    """What did not work has a number; nothing of what the client said is repeated."""
    if not isinstance(event, m.Failed):
        return None
    client.sasl = None
    if event.code == "sasl-aborted":
        return [client.numeric(n.ERR_SASLABORTED)]
    if event.code == "already":
        return [client.numeric(n.ERR_SASLALREADY)]
    return [client.numeric(n.ERR_SASLFAIL, text=f"{n.ERR_SASLFAIL.text}: {event.text}")]


# ---- alive, and goodbye --------------------------------------------------------------------------------------------


def ping(client: Client, line: Line) -> None:
    """PING: everything before it has been answered when the PONG comes."""
    if not line.params or not line.params[0]:
        client.reply(n.ERR_NEEDMOREPARAMS, "PING")
        return
    client.say(Out(client.facts.name, "PONG", (client.facts.name, Text(line.params[0]))))


def pong(client: Client, line: Line) -> None:
    """PONG: the client has read everything before our PING."""
    if line.params:
        client.ponged(line.params[-1])


def quit_(client: Client, line: Line) -> None:
    """QUIT."""
    client.closing = True
    reason = f"Quit: {line.params[0]}" if line.params and line.params[0] else "Quit"
    if client.inside:
        client.say(Out(client.me(), "QUIT", (Text(reason),)))
    client.finish()
    client.node.receive(client.session, m.Quit(0, reason))


def bye(client: Client, asked: Asked | None, event: m.Bye) -> list[Out]:
    """The last line of a connection."""
    return [Out("", "ERROR", (f"Closing Link: {event.text}",))]


COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int, bool]] = {  # all of them before one is in, too
    "AUTHENTICATE": (authenticate, 1, True),
    "NICK": (nick, 0, True),
    "PASS": (password, 1, True),
    "PING": (ping, 0, True),
    "PONG": (pong, 0, True),
    "QUIT": (quit_, 0, True),
    "USER": (user, 4, True),
}
REPLIES: dict[type, Rendered] = {
    people.Challenge: challenge,
    people.Proved: proved,
    m.Bye: bye,
}
