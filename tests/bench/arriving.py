"""The rows of people who come and stay: sign-ups a second, and the memory of a session that does nothing.

Rule: each run has a server of its own, so that memory left over from something else is not counted for free.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench import servers
from tests.bench.links import Link
from tests.bench.load import Spent
from tests.bench.people import Account, enter, names, overlapping
from tests.bench.report import Figure
from tests.bench.servers import Target

KIB = 1024
REST = 0.5  # seconds until everything is quiet


def _figures(target: Target, before: int, count: int, spent: Spent) -> list[Figure]:
    time.sleep(REST)
    memory = (target.memory() - before) / count / KIB
    return [Figure(count / spent.seconds, spent.busy), Figure(spent.server / count * 1e6), Figure(memory)]


def chatd_sessions(place: Path, accounts: list[Account], run: int) -> list[Figure]:
    """Connect, greeting, sign-up, welcome. Sign-ups a second, server CPU (us) each, KiB a session."""
    with servers.chatd(place, f"sessions{run}") as target:
        before = target.memory()
        with Spent(target.cpu) as spent:
            overlapping(
                len(accounts),
                lambda number: accounts[number].connect("plain", target.ports["plain"]),
                lambda number: accounts[number].sign_up(),
                lambda number: accounts[number].welcomed(),
            )
        figures = _figures(target, before, len(accounts), spent)
        for account in accounts:
            account.link.close()
    return figures


def tls_sessions(place: Path, accounts: list[Account], run: int) -> list[Figure]:
    """KiB of a session with TLS, its account included: signed up plain, come back by the token."""
    with servers.chatd(place, f"tls{run}") as target:
        before = target.memory()
        enter(accounts, "plain", target.ports["plain"], Account.sign_up)
        for account in accounts:
            account.link.close()
        enter(accounts, "tls", target.ports["tls"], Account.resume)
        time.sleep(REST)
        memory = (target.memory() - before) / len(accounts) / KIB
        for account in accounts:
            account.link.close()
    return [Figure(memory)]


def guests(place: Path, count: int, run: int) -> list[Figure]:
    """Connect, NICK and USER, the welcome, by IRC without a password. Guests a second, server CPU (us) each."""
    links: list[Link] = []
    with servers.chatd(place, f"guests{run}") as target:
        called = names(count)
        with Spent(target.cpu) as spent:
            overlapping(
                count,
                lambda _: links.append(Link(target.ports["plain"])),
                lambda number: links[number].send(f"NICK {called[number]}\r\nUSER x 0 * :bench\r\n".encode()),
                lambda number: until(links[number], b" 001 "),
            )
        for link in links:
            link.close()
    return [Figure(count / spent.seconds, spent.busy), Figure(spent.server / count * 1e6)]


def until(link: Link, mark: bytes) -> None:
    """Read up to this."""
    seen = b""
    while mark not in seen:
        seen = seen[-100:] + link.wait()


def bare_sessions(place: Path, count: int) -> list[Figure]:
    """Connect, JOIN, OK."""
    links: list[Link] = []
    with servers.bare(place) as target:
        before, called = target.memory(), names(count)
        with Spent(target.cpu) as spent:
            overlapping(
                count,
                lambda _: links.append(Link(target.ports["plain"])),
                lambda number: links[number].send(f"JOIN {called[number]}\n".encode()),
                lambda number: links[number].wait(),
            )
        figures = _figures(target, before, count, spent)
        for link in links:
            link.close()
    return figures
