"""Every setting, typed, with its default and one line of why.

Rule: complete by default; a TOML file lies over the defaults, `CHATD_*` in the environment over the file, flags over
all. An unknown key is an error that names the nearest one. Nothing is read from here but by `tap`.
"""

from __future__ import annotations

import difflib
import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chatd.core.limits import Limits, Networks, is_loopback

TRUTHS = ("guests", "insecure", "register_before_connect", "report_tags", "console_anywhere", "console_python")
TABLES = ("limits", "operators")  # in the file only
VERIFIER = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}")
MOTD_CHARS = 200  # of a line: fits IRC's, whatever the letters
WELCOME = (  # what an IRC client does not show by itself
    "Everybody meets in #lobby: /join #lobby. The groups are in /list; /join #name makes one that is not there.",
    "What is said to somebody who has an account, or in their groups, waits for them when they are away.",
    "A nick is an account when it has a password: /msg NickServ REGISTER password",
)


class BadConfig(Exception):
    """A setting that cannot be; the text says which and what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin may choose."""

    data: str = "chatd-data"  # everything the server keeps
    listen: tuple[str, ...] = ("tcp:6697",)  # TLS, for everybody
    listen_plain: tuple[str, ...] = ("tcp:6667:interface=127.0.0.1",)  # no TLS: this machine only
    websocket: tuple[str, ...] = ()  # IRC for browsers; with TLS, but where only this machine reaches it (a proxy does)
    console: tuple[str, ...] = ("tcp:6622:interface=127.0.0.1",)  # SSH for those who run it: this machine only
    console_anywhere: bool = False  # allow the console on other addresses than this machine's
    console_python: bool = False  # allow the role debug a Python prompt in the running server
    insecure: bool = False  # allow listen_plain, and websocket without TLS, on other addresses than this machine's
    links: str = ""  # the address before /files/... by which browsers reach this server; `none`: files have no links
    uploads: bool = True  # may IRC users send files by HTTPS (draft/FILEHOST); only where there are links
    server_name: str = ""  # how the server calls itself; the host's name where empty
    registration: str = "open"  # open, invite or closed: may a stranger claim a name
    guests: bool = True  # may a name without an account come in
    register_before_connect: bool = True  # may an IRC client claim a name before it is in
    certificate: str = ""  # PEM file with the chain; one is made where empty
    key: str = ""  # PEM file with the certificate's key
    trusted_networks: tuple[str, ...] = ()  # a school's networks (CIDR): no limits per address for them
    network: str = "chatd"  # how IRC clients call the network
    description: str = "chatd, stored before it is heard"  # of the server, for IRC clients
    motd: str = ""  # file with what everybody on IRC is shown on arrival
    admin: str = ""  # whom to ask: a name, an address
    operators: dict[str, str] = {}  # who may become an operator: name to verifier (chatd-admin password)
    sts_port: int = 0  # where IRC clients without TLS are told to come instead (STS); 0: nowhere
    sts_seconds: int = 30 * 86_400  # how long they shall remember it
    report_tags: bool = True  # tag encrypted mail, so that a report of it can be proved; no text is read for it
    metrics: str = ""  # where Prometheus and health checks ask; without an interface: this machine only
    log_json: str = ""  # file for one JSON object a line beside the usual log
    limits: dict[str, Any] = {}  # see chatd/core/limits.py; only what differs

    def checked_limits(self) -> Limits:
        """The limits with the configured ones put in. Raises BadConfig."""
        unknown = set(self.limits) - set(Limits.__struct_fields__)
        if unknown:
            raise BadConfig(_unknown(f"limits.{unknown.pop()}", [f"limits.{f}" for f in Limits.__struct_fields__]))
        try:
            return msgspec.convert(self.limits, Limits, strict=False)
        except msgspec.ValidationError as error:
            raise BadConfig(f"limits: {error}") from None

    def message_of_the_day(self) -> tuple[str, ...]:
        """The lines of the file `motd`. Raises BadConfig."""
        if not self.motd:
            return WELCOME
        try:
            lines = Path(self.motd).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(f"motd: {self.motd}: {error}") from None
        shown = ("".join(char if char.isprintable() else " " for char in line.expandtabs()) for line in lines)
        return tuple(line[:MOTD_CHARS].rstrip() for line in shown)


def read(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """The settings of flags over environment over file over defaults. Raises BadConfig."""
    values: dict[str, Any] = {}
    path = flags.get("config") or environment.get("CHATD_CONFIG")
    if path:
        values.update(_file(Path(path)))
    values.update(_environment(environment))
    for key, value in flags.items():
        if key in Settings.__struct_fields__ and value:
            values[key] = _truth(value) if key in TRUTHS else value
    for key in TRUTHS:
        if not isinstance(values.get(key, True), (bool, int)):
            raise BadConfig(f"{key} is yes or no, not {values[key]!r}")
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise BadConfig(str(error)) from None
    return _check(settings)


def _file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{path}: {error}") from None
    for key in values:
        if key not in Settings.__struct_fields__:
            raise BadConfig(f"{path}: {_unknown(key, Settings.__struct_fields__)}")
    return values


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith("CHATD_") or name == "CHATD_CONFIG":
            continue
        key = name[6:].lower()
        if key not in Settings.__struct_fields__ or key in TABLES:
            raise BadConfig(_unknown(name, [f"CHATD_{f.upper()}" for f in Settings.__struct_fields__]))
        is_list = key in ("listen", "listen_plain", "websocket", "console", "trusted_networks")
        values[key] = text.split() if is_list else _truth(text) if key in TRUTHS else text
    return values


def _truth(value: Any) -> Any:
    """`yes` and `no` in any of their usual forms; anything else as it is, to be refused with its name."""
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    return words.get(str(value).lower(), value)


def _unknown(key: str, known: Any) -> str:
    near = difflib.get_close_matches(key, known, 1)
    return f"there is no setting {key!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _check(settings: Settings) -> Settings:
    if settings.registration not in ("open", "invite", "closed"):
        raise BadConfig(f"registration is open, invite or closed, not {settings.registration!r}")
    if bool(settings.certificate) != bool(settings.key):
        raise BadConfig("certificate and key are given together or not at all")
    for endpoint in settings.listen_plain:
        if endpoint != "none" and not settings.insecure and not is_local(endpoint):
            raise BadConfig(
                f"{endpoint!r} would be open to other machines without TLS; add :interface=127.0.0.1, or --insecure"
            )
    for endpoint in settings.console:
        if endpoint != "none" and not settings.console_anywhere and not is_local(endpoint):
            raise BadConfig(
                f"the console on {endpoint!r} would be open to other machines; add :interface=127.0.0.1, or set "
                "console_anywhere"
            )
    try:
        Networks(list(settings.trusted_networks))
    except ValueError as error:
        raise BadConfig(f"trusted_networks: {error}") from None
    for name, verifier in settings.operators.items():
        if not VERIFIER.fullmatch(verifier):
            raise BadConfig(f"operators: what {name!r} has is no verifier; make one with `chatd-admin password`")
    if settings.links not in ("", "none") and not re.fullmatch(r"https://[^\s/?#]+", settings.links):
        raise BadConfig(f"links is https://HOST[:PORT], or none, not {settings.links!r}")
    if re.search(r"[\s:!@]", settings.server_name):
        raise BadConfig(f"server_name is a host's name, not {settings.server_name!r}")
    if not re.fullmatch(r"[\w.-]{1,64}", settings.network):
        raise BadConfig(f"network is one word of letters, digits, dots and hyphens, not {settings.network!r}")
    if not settings.description.isprintable() or len(settings.description) > MOTD_CHARS:
        raise BadConfig(f"description is one line of at most {MOTD_CHARS} characters")
    settings.checked_limits()
    settings.message_of_the_day()
    return msgspec.structs.replace(settings, server_name=settings.server_name or socket.gethostname())


def is_local(endpoint: str) -> bool:
    """Whether a Twisted endpoint string is one that only this machine reaches."""
    if endpoint.startswith("unix:"):
        return True
    found = re.findall(r":interface=((?:\\.|[^:\\])*)", endpoint)
    hosts = [re.sub(r"\\(.)", r"\1", host) for host in found]
    return bool(hosts) and all(host == "localhost" or is_loopback(host) for host in hosts)
