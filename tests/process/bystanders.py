"""Two people who notice everything: one writes to the other two hundred times a second and takes the time.

Rule: a process of its own, so that what a load's own clients do is not measured; messages go out by the clock
whether or not the last one has arrived (a pause of the server is felt by all that fell into it); each line on
standard input is answered with the milliseconds of every message since the line before.
"""

from __future__ import annotations

import gc
import json
import select
import subprocess
import sys
import time

from chatd.messages import Message
from chatd.wire.pack import Event
from tests.process.server import environment
from tests.process.swarm import Client, Swarm

PER_SECOND = 200
DEADLINE = 120.0


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


class Watch:
    """The two of them, in their own process."""

    def __init__(self, port: int) -> None:
        self.swarm = Swarm()
        self.writer = self.swarm.add("bystander-one", port)
        self.reader = self.swarm.add("bystander-two", port)
        self.reader.heard = self.heard
        self.due: dict[bytes, float] = {}
        self.taken: list[float] = []
        self.swarm.all_in()

    def heard(self, client: Client, event: Event) -> None:
        """A message has come."""
        if type(event) is Message and event.id in self.due:
            self.taken.append((time.monotonic() - self.due.pop(event.id)) * 1000)

    def run(self) -> None:
        """Until nobody asks any more."""
        following = time.monotonic()
        while True:
            now = time.monotonic()
            while following <= now:
                self.due[self.writer.send("@bystander-two", "are you there?")] = following
                following += 1 / PER_SECOND
            self.swarm.step(max(0.0, following - time.monotonic()))
            if select.select([sys.stdin], [], [], 0)[0]:
                if not sys.stdin.readline():
                    return
                self.tell()

    def tell(self) -> None:
        """Everything since the last time; what is still on its way counts with its age."""
        now = time.monotonic()
        late = [(now - due) * 1000 for due in self.due.values() if now - due > 1]
        print(json.dumps([round(taken, 3) for taken in self.taken + late]), flush=True)
        self.taken.clear()


if __name__ == "__main__":
    watch = Watch(int(sys.argv[1]))
    gc.disable()
    watch.run()
