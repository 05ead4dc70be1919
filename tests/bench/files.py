"""Files: how fast they are beside `scp`, and what they do to chat: `python -m tests.bench.files [MIB]`.

Rule: a real server with TLS in a process of its own; alice and bob are two of our clients in this one, over the
loopback. A message's time counts from its saying to its being heard by the other client. `scp` runs against an `sshd`
of this script's own, in the same run; without one its row is left out.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

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


@inlineCallbacks
def measure(server: Server, path: Path, to: str) -> Generator[Deferred[Any], Any, None]:
    """All figures of one file."""
    size = path.stat().st_size
    alice, bob = Person(server, "alice"), Person(server, "bob")
    for person in (alice, bob):
        person.app.start()
        yield person.when(lambda notice: isinstance(notice, n.Welcomed))
        person.app.act(i.JoinGroup("#bench", open=True))
        yield deferLater(reactor, 1.5)
    chatter = Chatter(alice, bob)
    chatter.begin()
    yield deferLater(reactor, IDLE)
    idle = chatter.end()
    rows = [("idle", idle)]
    memory = [resident(server)]

    took: dict[str, float] = {}
    offer: Any = None
    for way, with_chat in (("up", False), ("down", False), ("up", True), ("down", True)):
        if with_chat:
            chatter.begin()
        began, cpu, own = time.monotonic(), server.cpu(), time.process_time()
        if way == "up":
            offered = bob.when(lambda notice: isinstance(notice, n.Said) and notice.file is not None)
            alice.app.act(i.SendFile((to,), str(path)))
            yield alice.ends(o.SENT)
            offer = yield offered
        else:
            bob.app.act(i.GetFile(offer.file.id.hex(), f"{server.folder}/got/"))
            yield bob.ends(o.RECEIVED)
        seconds = time.monotonic() - began
        memory.append(resident(server))
        if with_chat:
            rows.append((way, chatter.end()))
        else:
            took[way] = seconds
            mine, its = time.process_time() - own, server.cpu() - cpu
            print(f"{to} {way}: {size / seconds / 1e6:.0f} MB/s, {seconds:.2f} s; CPU {mine:.2f}, server's {its:.2f} s")
    for what, times in rows:
        print(f"{to} chat, {what}: p50 {share(times, 0.5):.1f}, p99 {share(times, 0.99):.1f} ms, {len(times)} messages")
    print(
        f"{to} server's memory: {min(memory) / MIB:.1f} to {max(memory) / MIB:.1f} MiB; peak {peak(server) / MIB:.1f}"
    )
    print(f"{to} sender to receiver: {size / sum(took.values()) / 1e6:.0f} MB/s")


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


def scp(folder: Path, path: Path) -> None:
    """The same file by `scp`, three times."""
    daemon = shutil.which("sshd") or ("/usr/sbin/sshd" if os.access("/usr/sbin/sshd", os.X_OK) else "")
    if not daemon or not shutil.which("scp"):
        print("scp: not there")
        return
    keys = folder / "ssh"
    keys.mkdir()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [f"AuthorizedKeysFile={keys}/user.pub", f"HostKey={keys}/host", "StrictModes=no", "UsePAM=no",
               f"PidFile={keys}/pid", "ListenAddress=127.0.0.1", "PermitRootLogin=yes"]  # fmt: skip
    running = subprocess.Popen([daemon, "-D", "-p", str(port), *(f"-o{option}" for option in options)])
    try:
        time.sleep(1)
        took = []
        for _ in range(3):
            began = time.monotonic()
            done = subprocess.run(
                ["scp", "-q", "-P", str(port), "-i", str(keys / "user"), "-oStrictHostKeyChecking=no",
                 "-oUserKnownHostsFile=/dev/null", str(path), f"127.0.0.1:{folder}/by-scp"], check=False,
            )  # fmt: skip
            if done.returncode:
                print("scp: does not work here (does /run/sshd exist?)")
                return
            took.append(time.monotonic() - began)
        print(f"scp: {path.stat().st_size / statistics.median(took) / 1e6:.0f} MB/s, {statistics.median(took):.2f} s")
    finally:
        running.terminate()
        running.wait()


def main(arguments: list[str]) -> int:
    """One run."""
    size = int(arguments[0]) if arguments else 200
    server = Server().start()
    code = 1
    try:
        path = server.folder / "file.bin"
        with path.open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(MIB))
        scp(server.folder, path)

        def done(result: Any) -> None:
            nonlocal code
            code = 0
            reactor.stop()

        def failed(failure: Any) -> None:
            failure.printTraceback()
            reactor.stop()

        def begin() -> None:
            to = arguments[1] if len(arguments) > 1 else "#bench"
            measure(server, path, to).addCallbacks(done, failed)

        reactor.callWhenRunning(begin)
        reactor.run()
    finally:
        server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
