"""Many people come back after the server was killed: `python -m tests.bench.returning [--people N] [--tls]`.

Rule: a real server and a swarm that keeps tokens and cursors, as clients do; but nobody waits for long or by chance, so
that it is the worst that can come. Goals of performance.md: all are back in 60 s, the reactor is late by at most 250 ms
at the 99th percentile, and a session that does nothing takes at most 6 KiB (36 with TLS) beyond the kernel's.
The exit status is 1 if one is missed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.links import raise_open_files
from tests.process.server import Server
from tests.process.swarm import Swarm

BACK: Final = 60.0  # seconds
LATE: Final = 0.25
PLAIN, TLS = 6.0, 36.0  # KiB
BATCH: Final = 500  # who sign up at once, before anything is measured
QUIET: Final = 10.0
DELAY: Final = re.compile(r'chatd_reactor_delay_seconds\{quantile="([\d.]+)"\} ([\d.e-]+)')


class Returning:
    """A server and its people."""

    def __init__(self, people: int, tls: bool) -> None:
        self.server = Server(flags=("--metrics", "tcp:0:interface=127.0.0.1")).start()
        self.swarm = Swarm()
        port = self.server.ports["tls" if tls else "plain"]
        for first in range(0, people, BATCH):
            numbers = range(first, min(people, first + BATCH))
            self.swarm.all_in([self.swarm.add(f"p{number:05}", port, tls=tls) for number in numbers])

    def close(self) -> None:
        """End everything."""
        self.swarm.close()
        self.server.kill()
        shutil.rmtree(self.server.folder, ignore_errors=True)

    def memory(self) -> float:
        """Of the server, in KiB."""
        assert self.server.process is not None
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        return float(status.split("VmRSS:")[1].split()[0])

    def delays(self) -> dict[str, float]:
        """How late the server's reactor came, in seconds: by quantile, of its last minute."""
        where = f"http://127.0.0.1:{self.server.ports['metrics']}/metrics"
        with urllib.request.urlopen(where, timeout=30) as found:
            return {part: float(value) for part, value in DELAY.findall(found.read().decode())}

    def kill(self) -> float:
        """Kill the server and start it again; seconds until it listens, in which nobody comes back."""
        began = time.monotonic()
        self.server.kill()
        self.server.start()
        return time.monotonic() - began

    def back(self) -> float:
        """Let all come back; seconds until the last one is in."""
        began = time.monotonic()
        people = list(self.swarm.clients.values())
        self.swarm.until(lambda: not any(person.inside for person in people), BACK, "all see that it was killed")
        self.swarm.all_in(people, 10 * BACK)
        return time.monotonic() - began

    def idle(self) -> float:
        """Seconds of CPU that the server uses in `QUIET` seconds in which nobody does anything."""
        self.swarm.run(3)
        before = self.server.cpu()
        self.swarm.run(QUIET)
        return self.server.cpu() - before


def measure(people: int, tls: bool) -> bool:
    """All of it; whether every goal was reached."""
    returning = Returning(people, tls)
    try:
        down = returning.kill()
        before = returning.memory()
        took = returning.back() + down
        late = returning.delays()
        used = returning.idle()
        each = (returning.memory() - before) / people
    finally:
        returning.close()
    name = f"{people:,} sessions, {'TLS' if tls else 'plain'}"
    print(f"{name}: all back {took:.1f} s after the kill ({down:.1f} s of them without a server); goal {BACK:.0f} s")
    told = ", ".join(f"{float(part):.0%} {1000 * value:.0f} ms" for part, value in late.items())
    print(f"{name}: the reactor was late meanwhile by {told}; goal {1000 * LATE:.0f} ms at 99%")
    print(f"{name}: {each:.1f} KiB each; goal {TLS if tls else PLAIN:.0f} KiB")
    print(f"{name}: {used:.2f} s of CPU in {QUIET:.0f} s in which nobody does anything", flush=True)
    return took <= BACK and late["0.99"] <= LATE and each <= (TLS if tls else PLAIN)


def main(arguments: Sequence[str] | None = None) -> int:
    """Plain, or with TLS."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.returning", description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=10_000, metavar="N", help="how many sessions (10,000)")
    parser.add_argument("--tls", action="store_true", help="with TLS")
    options = parser.parse_args(arguments)
    people = min(options.people, raise_open_files() - 200)
    if people < options.people:
        print(f"only {people}: `ulimit -n` allows no more")
    return 0 if measure(people, options.tls) else 1


if __name__ == "__main__":
    sys.exit(main())
