"""Two people who notice everything: one writes to the other five hundred times a second and takes the time.

Rule: what is measured is the server's alone: from the moment at which the writer gives a message to the kernel to that
at which the kernel has it for the reader (`SO_TIMESTAMPING`); what this process needs to wake up, and to read what
else it is told (a thousand goings), is not in it. It is a process of its own, so that what a load's own clients do is
not measured either. Messages go out by the clock whether or not the last one has arrived: a pause of the server is felt
by all that fell into it. Each line on standard input is answered with the milliseconds of every message since the
line before.
"""

from __future__ import annotations

import contextlib
import gc
import json
import select
import socket
import struct
import subprocess
import sys
import time
from typing import Final

from chatd.messages import Message
from chatd.wire.pack import Event
from tests.process.server import environment
from tests.process.swarm import Client, Swarm
from tests.process.wires import Plain

PER_SECOND = 500
DEADLINE = 120.0
SO_TIMESTAMPING: Final = 37  # Linux; Python has no name for it, nor for these: <linux/net_tstamp.h>
RX_SOFTWARE, SOFTWARE = 1 << 3, 1 << 4
STAMP = struct.Struct("qqqqqq")


class Bystanders:
    """The other process, as seen from a load."""

    def __init__(self, port: int) -> None:
        command = [sys.executable, "-m", "tests.process.bystanders", str(port)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )
        self.take()

    def take(self) -> list[float]:
        """The milliseconds of every message since the last time."""
        self.ask()
        return self.answer()

    def ask(self) -> None:
        """Say that an answer is wanted."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def answer(self) -> list[float]:
        """Wait for it."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], DEADLINE)[0]:
            raise AssertionError("the bystanders are stuck")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the bystanders have gone")
        return list(json.loads(line))

    def close(self) -> None:
        """Send them home."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


class Stamped(Plain):
    """A socket that knows when the kernel had what was read last; where it does not say so, when it was read."""

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain)
        with contextlib.suppress(OSError):
            plain.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, RX_SOFTWARE | SOFTWARE)
        self.at = 0.0

    def recv(self, size: int) -> bytes:
        """What has come; nothing: the end."""
        data, more, _, _ = self.socket.recvmsg(size, socket.CMSG_SPACE(STAMP.size))
        self.at = time.time()
        for _, kind, value in more:
            if kind == SO_TIMESTAMPING:
                seconds, nanoseconds, *_ = STAMP.unpack(value)
                self.at = seconds + nanoseconds / 1e9
        return data


class Watch:
    """The two of them, in their own process."""

    def __init__(self, port: int) -> None:
        self.swarm = Swarm()
        self.writer = self.swarm.add("bystander-one", port)
        self.reader = self.swarm.add("bystander-two", port)
        self.reader.heard = self.heard
        self.sent: dict[bytes, float] = {}  # by the wall's clock, which is the kernel's stamps'
        self.taken: list[float] = []
        self.swarm.all_in()
        assert self.reader.wire is not None
        self.wire = self.reader.wire = Stamped(self.reader.wire.socket)

    def heard(self, client: Client, event: Event) -> None:
        """A message has come."""
        if type(event) is Message and event.id in self.sent:
            self.taken.append((self.wire.at - self.sent.pop(event.id)) * 1000)

    def send(self) -> None:
        """One more goes out."""
        now = time.time()
        self.sent[self.writer.send("@bystander-two", "are you there?")] = now

    def run(self) -> None:
        """Until nobody asks any more."""
        following = time.monotonic()
        while True:
            now = time.monotonic()
            while following <= now:
                self.send()
                following += 1 / PER_SECOND
            self.swarm.step(max(0.0, following - time.monotonic()))
            if select.select([sys.stdin], [], [], 0)[0]:
                if not sys.stdin.readline():
                    return
                self.tell()

    def tell(self) -> None:
        """Everything since the last time; what is still on its way counts with its age."""
        now = time.time()
        late = [(now - sent) * 1000 for sent in self.sent.values() if now - sent > 1]
        print(json.dumps([round(taken, 3) for taken in self.taken + late]), flush=True)
        self.taken.clear()


if __name__ == "__main__":
    watch = Watch(int(sys.argv[1]))
    gc.disable()
    watch.run()
