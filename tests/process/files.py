"""Cut a transfer at random points and see that it goes on where it was: `python -m tests.process.files N [MIB]`.

Rule: a real server, the real `chat file` and `chat get`, and between them a relay that can cut the line. At each point
one of three things happens: the line is cut, the client is killed, the server is killed (and started again). In the
end the file must be the same, and no more than one window may have gone over the line again for each cut.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.process.server import Server, environment

CHAT = (sys.executable, "-m", "clients.line")
MIB = 1 << 20
WINDOW = 1_048_576
DEADLINE = 300.0


class Relay:
    """Bytes from a port of its own to the server's, until it is told to cut; `up` and `down` count them."""

    def __init__(self, port: Callable[[], int]) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.up = self.down = 0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            try:
                outer = socket.create_connection(("127.0.0.1", self._port()))
            except OSError:
                inner.close()
                continue
            self._pairs.append((inner, outer))
            threading.Thread(target=self._carry, args=(inner, outer, "up"), daemon=True).start()
            threading.Thread(target=self._carry, args=(outer, inner, "down"), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, way: str) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data)
                setattr(self, way, getattr(self, way) + len(data))
        except OSError:
            pass
        _end(source, target)

    def cut(self) -> None:
        """Cut everything that is open now, at once."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _end(*pair)

    def close(self) -> None:
        """No more."""
        self._listener.close()
        self.cut()


def _end(*sockets: socket.socket) -> None:
    """End them, also under a thread that waits in one of them."""
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class Cuts:
    """One run. `to`: whom the file is for; `size` in bytes."""

    def __init__(self, size: int, seed: int | None = None, say: Callable[[str], None] = print) -> None:
        self.size, self.say = size, say
        self.seed = random.randrange(1 << 32) if seed is None else seed
        self.random = random.Random(self.seed)
        self.server = Server().start()
        self.folder = self.server.folder
        self.relay = Relay(lambda: self.server.ports["plain"])
        self.path = self.folder / "sent.bin"
        with self.path.open("wb") as file:
            for _ in range(0, size, MIB):
                file.write(self.random.randbytes(min(MIB, size)))
            file.truncate(size)
        self.kinds: list[str] = []

    def close(self) -> None:
        """Nothing is left."""
        self.relay.close()
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- programs ----

    def command(self, user: str, *words: str) -> list[str]:
        """A client that goes through the relay."""
        server = f"{user}@127.0.0.1:{self.relay.port}"
        return [*CHAT, "--plaintext", "--json", "--profile", str(self.folder / user), "--server", server, *words]

    def run(self, user: str, *words: str) -> list[dict[str, Any]]:
        """A client to its end, which must be a good one; what it printed."""
        done = subprocess.run(
            self.command(user, *words), capture_output=True, timeout=DEADLINE, env=environment(), text=True
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{words} ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def meet(self) -> None:
        """Alice and bob come for the first time, and make an open group."""
        for user in ("alice", "bob"):
            self.run(user, "group", "--open", "files")

    # ---- transfers ----

    def cut_short(self, user: str, words: tuple[str, ...], cuts: int) -> list[dict[str, Any]]:
        """A transfer that is cut so many times; what the last program printed. Raises where it does not go on."""
        way = "up" if words[0] == "file" else "down"
        points = sorted(self.random.randrange(self.size) for _ in range(cuts))
        kinds = [self.random.choice(("line", "client", "server")) for _ in points]
        self.kinds += kinds
        running = self._begin(user, words)
        before = getattr(self.relay, way)
        deadline = time.monotonic() + DEADLINE
        for point, kind in zip(points, kinds, strict=True):
            while getattr(self.relay, way) - before < point and running.poll() is None:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{words}: stuck at {getattr(self.relay, way) - before} of {self.size}")
                time.sleep(0.001)
            if running.poll() is not None:
                break
            running = self._hurt(kind, user, words, running)
        out, err = running.communicate(timeout=DEADLINE)
        if running.returncode:
            raise RuntimeError(f"{words} ended with {running.returncode} (seed {self.seed}): {out[-500:]}{err[-1000:]}")
        again = getattr(self.relay, way) - before - self.size
        most = cuts * WINDOW + self.size // 50 + MIB  # what frames and everything else need besides
        if again > most:
            raise RuntimeError(f"{again} bytes went over the line again, at most {most} may (seed {self.seed})")
        self.say(f"{words[0]}: {cuts} cuts ({', '.join(kinds)}), {again / MIB:.1f} MiB more than the file")
        return [json.loads(line) for line in out.splitlines()]

    def _begin(self, user: str, words: tuple[str, ...]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(user, *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(), text=True,
        )  # fmt: skip

    def _hurt(self, kind: str, user: str, words: tuple[str, ...], running: subprocess.Popen[str]) -> Any:
        """What happens at one point."""
        if kind == "line":
            self.relay.cut()
        elif kind == "server":
            self.server.kill()
            self.relay.cut()
            self.server.start()
        else:
            running.kill()
            running.communicate()
            return self._begin(user, words)
        return running

    def there_and_back(self, to: str, cuts: int) -> None:
        """Send a file, fetch it, and compare; both are cut so many times."""
        self.cut_short("alice", ("file", to, str(self.path)), cuts)
        (offer,) = [one["file"] for one in self.run("bob", "recv", "--wait", "20") if "file" in one]
        target = self.folder / "got"
        got = self.cut_short("bob", ("get", offer["id"], "--output", f"{target}/"), cuts)[-1]
        if digest(Path(got["path"])) != digest(self.path) or offer["sha256"] != digest(self.path):
            raise RuntimeError(f"it is not the same file (seed {self.seed})")
        os.unlink(got["path"])
        if os.listdir(target):
            raise RuntimeError(f"something is left: {os.listdir(target)}")


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: list[str]) -> int:
    """`N` cuts each way of a file of `MIB`, in an open group and to one person, where it is encrypted."""
    cuts = int(arguments[0]) if arguments else 20
    size = int(arguments[1]) * MIB if len(arguments) > 1 else 200 * MIB
    for to in ("#files", "@bob"):
        run = Cuts(size)
        try:
            print(f"{to}: {size // MIB} MiB, seed {run.seed}")
            run.meet()
            began = time.monotonic()
            run.there_and_back(to, cuts)
            print(f"{to}: the same file after {2 * cuts} cuts, {time.monotonic() - began:.0f} s")
        finally:
            run.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
