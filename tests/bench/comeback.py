"""The row of everybody coming back: the server is killed, started again, and all connect at once.

Rule: they come as fast as one process can make them come, which is faster than programs do that wait a random while;
how late the server's reactor is meanwhile, it says itself (`--metrics`: ten looks a second, of the last minute).
"""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

from tests.bench.load import clock
from tests.bench.people import Account, enter, names
from tests.bench.report import Figure
from tests.bench.servers import LOCAL, SERVER_CPU, on_cpu
from tests.process.server import Server

DELAY = re.compile(r'chatd_reactor_delay_seconds\{quantile="0.99"\} (\S+)')


def comeback(place: Path, count: int, kind: str) -> list[Figure]:
    """Seconds until all are in again, ms that the reactor was late (p99)."""
    folder = place / f"comeback-{kind}"
    folder.mkdir()
    server = Server(
        str(folder), ("--certificate", str(place / "certificate.pem"), "--key", str(place / "key.pem"),
                      "--metrics", f"tcp:0:{LOCAL}"),
    )  # fmt: skip
    people = [Account(name) for name in names(count)]
    try:
        with on_cpu(SERVER_CPU):
            server.start()
        enter(people, "plain", server.ports["plain"], Account.sign_up)
        server.kill()
        for person in people:
            person.link.close()
        with on_cpu(SERVER_CPU):
            server.start()
        start = clock()
        enter(people, kind, server.ports[kind], Account.resume)
        took = clock() - start
        with urllib.request.urlopen(f"http://127.0.0.1:{server.ports['metrics']}/metrics") as page:
            late = DELAY.search(page.read().decode())
        assert late is not None
        for person in people:
            person.link.close()
        return [Figure(took), Figure(float(late[1]) * 1000)]
    finally:
        server.stop()
