"""Files: how fast they are beside `scp`, and what they do to chat: `python -m tests.bench.files [MIB [ROUNDS]]`.

Rule: a real server with TLS in a process of its own; alice and bob are two of our clients in this one, over the
loopback. Each round has `scp` (with an `sshd` of this script's own; without one its figures are left out), a file to an
open group and one to bob, which is encrypted, up and then down; what counts is the median of the rounds' ratios. A
message's time counts from its saying to its being heard by the other client.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater

from clients.core import intents as i
from clients.core import notices as n
from clients.core import offers as o
from clients.core.moving import Moving
from clients.core.profile import Profile
from clients.core.start import make, settings
from clients.core.vault import Opening
from tests.process.server import Server

reactor: Any = _reactor
MIB = 1 << 20
EVERY = 0.02  # seconds between two messages
IDLE = 8.0  # seconds of messages alone
ROUNDS = 3
GROUP, PERSON = "#bench", "@bob"


class Person:
    """A client without a face: notes when it hears what."""

    def __init__(self, server: Server, name: str) -> None:
        target = f"{name}@127.0.0.1:{server.ports['tls']}"
        profile = Profile(server.folder / name, Opening(passphrase=""))
        self.heard: dict[str, float] = {}
        self.waiting: list[tuple[Callable[[n.Notice], bool], Deferred[n.Notice]]] = []
        self.app = make(settings(target, trust_new=True), profile, self, reactor)

    def notice(self, notice: n.Notice) -> None:
        """A face's."""
        if isinstance(notice, n.Said):
            self.heard[notice.text] = time.monotonic()
        for entry in list(self.waiting):
            if entry[0](notice):
                self.waiting.remove(entry)
                entry[1].callback(notice)

    def flush(self) -> None:
        """A face's."""

    def when(self, wanted: Callable[[n.Notice], bool]) -> Deferred[n.Notice]:
        """The next notice of this kind."""
        found: Deferred[n.Notice] = Deferred()
        self.waiting.append((wanted, found))
        return found

    def ends(self, state: str) -> Deferred[n.Notice]:
        """A file that comes to this end; a failed one is an error."""

        def wanted(notice: n.Notice) -> bool:
            if isinstance(notice, Moving) and notice.state == o.FAILED:
                raise RuntimeError(notice.text)
            return isinstance(notice, Moving) and notice.state == state

        return self.when(wanted)


class Chatter:
    """Alice says something every few milliseconds, and bob hears it."""

    def __init__(self, alice: Person, bob: Person) -> None:
        self.alice, self.bob = alice, bob
        self.said: dict[str, float] = {}
        self.count = 0
        self.on = False

    def begin(self) -> None:
        """From here on."""
        self.said, self.bob.heard = {}, {}
        self.on = True
        self._say()

    def _say(self) -> None:
        if self.on:
            self.count += 1
            text = f"message {self.count}"
            self.said[text] = time.monotonic()
            self.alice.app.act(i.Tell(("#bench",), text))
            reactor.callLater(EVERY, self._say)

    def end(self) -> list[float]:
        """Until here: each message's time in ms, sorted."""
        self.on = False
        missing = [text for text in self.said if text not in self.bob.heard]
        took = [(self.bob.heard[text] - at) * 1000 for text, at in self.said.items() if text in self.bob.heard]
        if len(missing) > 30:
            raise RuntimeError(f"{len(missing)} messages were not heard")
        return sorted(took)


def share(values: list[float], part: float) -> float:
    """A percentile."""
    return values[min(len(values) - 1, int(len(values) * part))]


class Leg(NamedTuple):
    """One way of one file: seconds, and seconds of CPU."""

    took: float
    clients: float
    server: float


class Scp:
    """`scp` to an `sshd` of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: subprocess.Popen[bytes] | None = None
        daemon = shutil.which("sshd") or ("/usr/sbin/sshd" if os.access("/usr/sbin/sshd", os.X_OK) else "")
        if not daemon or not shutil.which("scp"):
            print("scp: not there")
            return
        keys = folder / "ssh"
        keys.mkdir()
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        options = [f"AuthorizedKeysFile={keys}/user.pub", f"HostKey={keys}/host", "StrictModes=no", "UsePAM=no",
                   f"PidFile={keys}/pid", "ListenAddress=127.0.0.1", "PermitRootLogin=yes"]  # fmt: skip
        self._running = subprocess.Popen([daemon, "-D", "-p", str(self._port), *(f"-o{one}" for one in options)])
        time.sleep(1)

    def copy(self, path: Path) -> float | None:
        """Copy a file; how many seconds that took. None: it cannot."""
        if self._running is None:
            return None
        keys, began = self._folder / "ssh", time.monotonic()
        done = subprocess.run(
            ["scp", "-q", "-P", str(self._port), "-i", str(keys / "user"), "-oStrictHostKeyChecking=no",
             "-oUserKnownHostsFile=/dev/null", str(path), f"127.0.0.1:{self._folder}/by-scp"], check=False,
        )  # fmt: skip
        if done.returncode:
            print("scp: does not work here (does /run/sshd exist?)")
            self.close()
            return None
        return time.monotonic() - began

    def close(self) -> None:
        """End the daemon."""
        if self._running is not None:
            self._running.terminate()
            self._running.wait()
            self._running = None


class Run:
    """One run of all that is measured."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.path = server, path
        self.alice, self.bob = Person(server, "alice"), Person(server, "bob")
        self.memory: list[int] = []
        self.legs: dict[tuple[str, str], list[Leg]] = {}
        self.scp: list[float | None] = []

    @inlineCallbacks
    def all(self, rounds: int, scp: Scp) -> Generator[Deferred[Any], Any, None]:
        """Everything, and print it."""
        for person in (self.alice, self.bob):
            person.app.start()
            yield person.when(lambda notice: isinstance(notice, n.Welcomed))
            person.app.act(i.JoinGroup(GROUP, open=True))
            yield deferLater(reactor, 1.5)
        self.memory.append(resident(self.server))
        for _ in range(rounds):
            self.scp.append(scp.copy(self.path))
            for to in (GROUP, PERSON):
                yield from self.there_and_back(to)
        self.print(rounds)
        yield from self.chat()

    def there_and_back(self, to: str) -> Generator[Deferred[Any], Any, None]:
        """One file up, and down again."""
        offer: Any = None
        for way in ("up", "down"):
            began, its, mine = time.monotonic(), self.server.cpu(), time.process_time()
            if way == "up":
                offered = self.bob.when(lambda notice: isinstance(notice, n.Said) and notice.file is not None)
                self.alice.app.act(i.SendFile((to,), str(self.path)))
                yield self.alice.ends(o.SENT)
                offer = yield offered
            else:
                self.bob.app.act(i.GetFile(offer.file.id.hex(), f"{self.server.folder}/got/"))
                yield self.bob.ends(o.RECEIVED)
            leg = Leg(time.monotonic() - began, time.process_time() - mine, self.server.cpu() - its)
            self.legs.setdefault((to, way), []).append(leg)
            self.memory.append(resident(self.server))
        self.alice.app.act(i.DeclineFile(offer.file.id.hex()))
        shutil.rmtree(f"{self.server.folder}/got")

    def print(self, rounds: int) -> None:
        """How fast, and for how much CPU."""
        size = self.path.stat().st_size / 1e6
        copies = [took for took in self.scp if took is not None]
        if copies:
            cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
            rates = ", ".join(f"{size / took:.0f}" for took in copies)
            used = f"{(cpu.ru_utime + cpu.ru_stime) / len(copies):.2f}"
            print(f"scp: {size / statistics.median(copies):.0f} MB/s ({rates}); CPU without the daemon's {used} s")
        for to in (GROUP, PERSON):
            both = [self.legs[to, "up"][one].took + self.legs[to, "down"][one].took for one in range(rounds)]
            for way in ("up", "down"):
                took, mine, its = (statistics.median(values) for values in zip(*self.legs[to, way], strict=True))
                print(f"{to} {way}: {size / took:.0f} MB/s; CPU {mine:.2f} s, the server's {its:.2f} s")
            line = f"{to} sender to receiver: {size / statistics.median(both):.0f} MB/s"
            ratios = [scp / ours for scp, ours in zip(self.scp, both, strict=True) if scp is not None]
            if ratios:
                each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
                line += f", {statistics.median(ratios):.2f} of scp ({each})"
            print(line)
        low, high = min(self.memory) / MIB, max(self.memory) / MIB
        print(f"server's memory: {low:.1f} to {high:.1f} MiB; peak {peak(self.server) / MIB:.1f}", flush=True)

    def chat(self) -> Generator[Deferred[Any], Any, None]:
        """What files do to a message of the same session."""
        chatter = Chatter(self.alice, self.bob)
        chatter.begin()
        yield deferLater(reactor, IDLE)
        rows = [("idle", chatter.end())]
        for to in (GROUP, PERSON):
            chatter.begin()
            yield from self.there_and_back(to)
            rows.append((f"beside a file to {to}, up and down", chatter.end()))
        for what, times in rows:
            middle, late = share(times, 0.5), share(times, 0.99)
            print(f"chat, {what}: p50 {middle:.1f}, p99 {late:.1f} ms, {len(times)} messages")


def resident(server: Server) -> int:
    """The server's memory now, in bytes."""
    return _status(server, "VmRSS")


def peak(server: Server) -> int:
    """The most it ever had."""
    return _status(server, "VmHWM")


def _status(server: Server, key: str) -> int:
    assert server.process is not None
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def main(arguments: list[str]) -> int:
    """One run."""
    size, rounds = (*map(int, arguments), *(200, ROUNDS)[len(arguments) :])
    server = Server().start()
    scp = Scp(server.folder)
    code = 1
    try:
        path = server.folder / "file.bin"
        with path.open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(MIB))

        def done(result: Any) -> None:
            nonlocal code
            code = 0
            reactor.stop()

        def failed(failure: Any) -> None:
            failure.printTraceback()
            reactor.stop()

        def begin() -> None:
            Run(server, path).all(rounds, scp).addCallbacks(done, failed)

        reactor.callWhenRunning(begin)
        reactor.run()
    finally:
        scp.close()
        server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
