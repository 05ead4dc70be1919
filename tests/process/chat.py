"""A real server and the real `chat` program: in a terminal, with pipes, and one command at a time.

Rule: every client has a profile of its own below the server's folder; nobody is waited for without a deadline.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import Message
from chatd.wire.pack import Event
from tests.process.server import Server, environment
from tests.process.swarm import Client, Swarm
from tests.process.terminal import Terminal

DEADLINE = 30.0
CHAT = (sys.executable, "-m", "clients.line")
STATE = """
import fcntl, os, termios
flags = termios.tcgetattr(0)
cooked = all(flags[3] & bit for bit in (termios.ICANON, termios.ECHO, termios.ISIG)) and flags[0] & termios.ICRNL
blocking = not any(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK for fd in range(3))
print("cooked" if cooked else "raw", "blocking" if blocking else "non-blocking")
"""


class Done(NamedTuple):
    """How a program that ran to its end went."""

    status: int
    out: str
    err: str

    def lines(self) -> list[str]:
        """What it printed."""
        return self.out.splitlines()

    def objects(self) -> list[dict[str, Any]]:
        """What it printed with --json."""
        return [json.loads(line) for line in self.lines()]


class ChatCase(SynchronousTestCase):
    """One server, and people with clients."""

    flags: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.server = Server(flags=self.flags)
        self.addCleanup(shutil.rmtree, self.server.folder, ignore_errors=True)
        self.addCleanup(self.server.kill)
        self.server.start()

    def command(self, profile: str, *arguments: str, tls: bool = False) -> list[str]:
        """The client's command line, up to what is said about the server."""
        how = () if tls else ("--plaintext",)
        return [*CHAT, *how, "--profile", str(self.server.folder / profile), *arguments]

    def address(self, user: str = "", tls: bool = False) -> str:
        """Where the server is, and as whom one goes there."""
        at = f"127.0.0.1:{self.server.ports['tls' if tls else 'plain']}"
        return f"{user}@{at}" if user else at

    # ---- in a terminal ----

    def terminal(self, title: str, command: list[str], **env: str) -> Terminal:
        """A program in a window that is closed in the end."""
        window = Terminal(title, command, 80, 24, **env)
        self.addCleanup(window.close)
        return window

    def window(self, profile: str, *arguments: str, user: str = "", tls: bool = False, **env: str) -> Terminal:
        """The interactive client."""
        return self.terminal(profile, [*self.command(profile, *arguments, tls=tls), self.address(user, tls)], **env)

    def shell(self, command: list[str]) -> Terminal:
        """A shell in a terminal that runs a client, and then says how it left the terminal."""
        script = '"$@"; echo "status $?"; exec "$0" -c "$STATE"'
        return self.terminal("shell", ["sh", "-c", script, sys.executable, *command], STATE=STATE)

    def at_rest(self, window: Terminal, pid: int) -> None:
        """Wait until a client does nothing at all for four seconds."""
        status = Path(f"/proc/{pid}/status")

        def switches() -> int:
            return sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", status.read_text())))

        before, since = switches(), time.monotonic()
        end = since + 30
        while time.monotonic() < since + 4:
            self.assertLess(time.monotonic(), end, "it is never at rest")
            window.read(0.1)
            if switches() != before:
                before, since = switches(), time.monotonic()

    def pid(self, profile: str) -> int:
        """The process that has hold of a profile."""
        return int((self.server.folder / profile / "lock").read_text())

    def join(self, name: str, *arguments: str, tls: bool = False) -> Terminal:
        """The interactive client of somebody whose first visit this is."""
        window = self.window(name, *arguments, tls=tls)
        window.wait("Enter username:")
        window.enter(name)
        window.wait("Welcome to chat room.")
        return window

    def shows(self, window: Terminal, expected: list[str], start: int = 0) -> None:
        """Wait until a window's lines, from one on, are these and no others."""
        end = time.monotonic() + DEADLINE
        while window.lines()[start:] != expected and time.monotonic() < end and window.read(0.05):
            pass
        self.assertEqual(window.lines()[start:], expected)

    # ---- one command at a time ----

    def run_program(self, command: list[str], stdin: str | bytes = b"", **env: str) -> Done:
        """A program to its end."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(command, input=data, capture_output=True, timeout=DEADLINE, env=environment(**env))
        self.assertNotIn(b"Traceback", done.stderr)
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def chat(self, user: str, *words: str, stdin: str | bytes = b"", tls: bool = False, **env: str) -> Done:
        """`chat VERB ...` as somebody whose profile has the same name."""
        return self.run_program(
            [*self.command(user, "--server", self.address(user, tls), *words, tls=tls)], stdin, **env
        )

    def talk(self, user: str, stdin: str | bytes, *arguments: str, **env: str) -> Done:
        """The interactive client with pipes."""
        return self.run_program([*self.command(user, *arguments), self.address(user)], stdin, **env)

    def spawn(self, user: str, *words: str) -> subprocess.Popen[str]:
        """`chat VERB ...`, running."""
        running = subprocess.Popen(
            self.command(user, "--server", self.address(user), *words), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip
        for pipe in (running.stdout, running.stderr):
            assert pipe is not None
            self.addCleanup(pipe.close)
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        return running

    # ---- others ----

    def swarm(self, *names: str, tls: bool = False) -> tuple[Swarm, list[Client]]:
        """People who are in, by a client of the tests' own."""
        swarm = Swarm()
        self.addCleanup(swarm.close)
        clients = [swarm.add(name, self.server.ports["tls" if tls else "plain"], tls=tls) for name in names]
        swarm.all_in(clients)
        return swarm, clients

    def hear(self, client: Client) -> list[str]:
        """What others say to a client from here on, as the list grows; what it has already does not count again."""
        heard: list[str] = []
        places: set[tuple[str, int]] = set()

        def told(client: Client, event: Event) -> None:
            if not isinstance(event, Message) or event.sender == client.name:
                return
            place = (event.conversation, event.seq)
            if place not in places:
                places.add(place)
                heard.append(f"{event.sender}: {event.text}")

        client.heard = told
        return heard

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        end = time.monotonic() + DEADLINE
        while not done():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)

    def in_server_window(self, pattern: str) -> None:
        """Wait until a line of the server's window is so."""
        self.wait(lambda: any(line == pattern for line in self.unnumbered()), pattern)

    def unnumbered(self) -> list[str]:
        """The server's window with every port as 0."""
        return [re.sub(r"\(127\.0\.0\.1, \d+\)", "(127.0.0.1, 0)", line) for line in self.server.window()]
