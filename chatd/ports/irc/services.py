"""NickServ: what IRC clients without the newer commands say to a service.

Rule: nothing is done here that another command does not do; every answer is a NOTICE that says what to do next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd import messages as m
from chatd import people
from chatd.ports.irc.accounts import logged_in
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.out import Out
from chatd.wire.irc import Line, Text

SOURCE: Final = "NickServ!NickServ@services"
NAMES: Final = frozenset({"nickserv", "ns"})
HELP: Final = (
    "REGISTER password [invitation]: make your nick an account",
    "IDENTIFY [account] password: log in",
    "PASSWD old new: change the password",
    "SET always-on on|off: be seen in your groups also while you are away",
    "SET multiclient on|off: several clients on one nick",
    "CERT ADD|DEL [fingerprint]: log in by a TLS client certificate",
    "SAREGISTER name password: make an account for somebody else (operators of the server)",
)
ON: Final = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


def known(target: str) -> bool:
    """Whether this is a service."""
    return target.partition("@")[0].lower() in NAMES


def serve(client: Client, target: str, text: str) -> None:
    """Take what was said to a service."""
    words = text.split()
    function = VERBS.get(words[0].upper()) if words else None
    if function is None:
        _say(client, *HELP)
    else:
        function(client, words[1:])


def notice(client: Client, text: str) -> Out:
    """One line of a service."""
    return Out(SOURCE, "NOTICE", (client.nick, Text(text)))


def _say(client: Client, *texts: str) -> None:
    for text in texts:
        client.say(notice(client, text))


def _told(text: str) -> Rendered:
    """Renders success as this text, and a refusal as what it says."""

    def render(client: Client, asked: Asked, event: m.Event) -> list[Out]:
        return [notice(client, event.text if isinstance(event, m.Failed) else text)]

    return render


def _register(client: Client, words: list[str]) -> None:
    if not words:
        _say(client, HELP[0])
        return
    code = words[1] if len(words) > 1 and "@" not in words[1] else ""
    client.ask(people.Register, client.nick, words[0], code, then=_proved)


def _identify(client: Client, words: list[str]) -> None:
    if not words:
        _say(client, HELP[1])
        return
    name = words[0] if len(words) > 1 else client.nick
    blob = b"\0".join((b"", name.encode(), words[-1].encode()))
    client.ask(people.Prove, "PLAIN", blob, then=_proved)


def _proved(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    if isinstance(event, people.Proved):
        return [*logged_in(client, event.name), notice(client, f"You are logged in as {event.name}.")]
    return [notice(client, getattr(event, "text", "That did not work."))]


def _passwd(client: Client, words: list[str]) -> None:
    if not words:
        _say(client, HELP[2])
    else:
        old = words[0] if len(words) > 1 else ""
        client.ask(m.SetPassword, words[-1], old, then=_told("The password is changed."))


def _set(client: Client, words: list[str]) -> None:
    what, on = (words[0].lower(), ON.get(words[1].lower())) if len(words) > 1 else ("", None)
    if on is None or what not in ("always-on", "multiclient"):
        _say(client, *HELP[3:5])
    elif what == "always-on":
        client.ask(people.SetAlwaysOn, on, then=_told(f"always-on is {'on' if on else 'off'}."))
    else:
        fields = (None, None, None, None, None, not on)
        client.ask(people.SetProfile, *fields, then=_told(f"multiclient is {'on' if on else 'off'}."))


def _cert(client: Client, words: list[str]) -> None:
    verb = words[0].upper() if words else ""
    if verb not in ("ADD", "DEL"):
        _say(client, HELP[5])
        return
    fingerprint = words[1].replace(":", "").lower() if len(words) > 1 else ""
    done = "That certificate logs you in from now on." if verb == "ADD" else "That certificate no longer logs you in."
    client.ask(people.SetCertificate, fingerprint, verb == "ADD", then=_told(done))


def _register_other(client: Client, words: list[str]) -> None:
    if len(words) < 2:
        _say(client, HELP[6])
    else:
        done = _told(f"{words[0]} is an account from here on.")
        client.ask(people.Register, words[0], words[1], "", True, then=done)


def command(client: Client, line: Line) -> None:
    """NS, NICKSERV: said to the service without PRIVMSG."""
    serve(client, "NickServ", " ".join(line.params))


VERBS: Final[dict[str, Callable[[Client, list[str]], None]]] = {
    "CERT": _cert,
    "IDENTIFY": _identify,
    "PASSWD": _passwd,
    "REGISTER": _register,
    "SAREGISTER": _register_other,
    "SET": _set,
}
COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {"NICKSERV": (command, 0), "NS": (command, 0)}
REPLIES: dict[type, Rendered] = {}
