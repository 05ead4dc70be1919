"""Puts one client together: profile, account, session, connection, face.

Rule: the only place that knows all parts; what it is given says everything (no environment, no reactor of its own).
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import platformdirs

from clients.core.address import Address
from clients.core.app import App
from clients.core.conversations import Conversations
from clients.core.face import Face
from clients.core.filing import Disk, Filing
from clients.core.jobs import Job, Outcome
from clients.core.login import Entrance, Who
from clients.core.offers import UNDER_WAY, stored
from clients.core.outbox import Outbox
from clients.core.profile import Profile
from clients.core.reading import KEEP, Reading
from clients.core.secure.desk import Strongbox
from clients.core.session import Session
from clients.core.transfer import STEPS
from clients.core.transfers import Transfers

TLS_PORT: Final = 6697
PLAIN_PORT: Final = 6667


class WrongServer(Exception):
    """The server cannot be meant so; the text says why."""


class Settings(msgspec.Struct, frozen=True):
    """What the command line says about the server. `server` is `host:port`, the key of everything kept for it."""

    server: str
    user: str = ""
    plaintext: bool = False
    insecure: bool = False
    trust_new: bool = False
    guest: bool = False
    invitation: str = ""
    password: str | None = None


def settings(target: str, plaintext: bool = False, insecure: bool = False, **others: Any) -> Settings:
    """From `[USER@]HOST[:PORT]`. Raises WrongServer."""
    user, _, host = target.rpartition("@")
    try:
        address = Address(host, PLAIN_PORT if plaintext else TLS_PORT)
    except ValueError as error:
        raise WrongServer(str(error)) from None
    if plaintext and not insecure and not address.loopback:
        raise WrongServer(
            f"{address.host} is not this machine: without TLS everybody on the way can read. (--insecure)"
        )
    return Settings(str(address), user, plaintext, insecure, **others)


def make(
    options: Settings, profile: Profile, face: Face, reactor: Any, receive: str = KEEP, fetches: bool = False
) -> App:  # fmt: skip
    """An App that is ready to start. `fetches`: it may fetch small files unasked, if that is set."""
    from clients.core.connection import Connection  # with Twisted: a window is seen before that is there

    account, device = profile.account(options.server, options.user)
    history = profile.history
    who = Who(
        account.name or options.user, account.claimed, account.tried, account.token, options.guest, options.password,
        options.invitation,
    )  # fmt: skip
    reading = Reading(history.cursors(account.id), history.ahead(account.id))
    known = Conversations(history.created(account.id))
    outbox = Outbox(history.outbox(account.id))
    rows = history.rows(account.id)
    box = Strongbox(rows, device, secrets.token_bytes, _wall, profile.highest(account.id))
    session = Session(Entrance(who, device), outbox, reading, account.epoch, receive, known, box)
    kept, sending = stored(rows), profile.path / "sending" / str(account.id)
    _sweep(sending, {f"{one.row}.{STEPS}" for one in kept if one.state in UNDER_WAY})
    files = Transfers(
        kept, session.next_ref, secrets.token_bytes, platformdirs.user_downloads_dir(), str(sending)
    )  # fmt: skip
    line = Connection(reactor, Address(options.server, 0), tls=not options.plaintext)
    return App(
        face, session, history, account.id, line, reactor, server=options.server,
        trust_new=options.trust_new, entropy=secrets.token_bytes, chance=random.random,
        wall=_wall, filing=Filing(files, _threads(reactor), fetches),
    )  # fmt: skip


def _wall() -> int:
    """The time in ms."""
    return int(time.time() * 1000)


def _sweep(sending: Path, wanted: set[str]) -> None:
    """Take away what is left of files that are sent or were given up, and sealed files of an earlier version."""
    for one in sending.iterdir() if sending.is_dir() else ():
        if one.name not in wanted:
            one.unlink(missing_ok=True)


def _threads(reactor: Any) -> Disk:
    """Jobs of the disk on the reactor's threads; nothing of ours waits for them."""

    def disk(job: Job, done: Callable[[Outcome], None]) -> None:
        from clients.core.disk import carry_out

        reactor.callInThread(lambda: reactor.callFromThread(done, carry_out(job)))

    return disk
