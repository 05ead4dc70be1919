"""How long somebody waits: from a command to its prompt, and until they are logged in; and for the server.

Rule: real programs over TLS, in a profile that has been there before, with byte code that was made before (as an
installation has it). What is waited for is seen: on the terminal, on the display, in the server's window.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.bench.report import Figure
from tests.bench.servers import SERVER_CPU, on_cpu
from tests.clients.tk.desk import end_display, start_display
from tests.process.server import Server, environment
from tests.process.swarm import Swarm
from tests.process.terminal import Terminal

LONGEST = 20.0
LOOK_SECONDS = 0.025  # oftener the display would be busy with being looked at
COLOURS = 20  # more of them are on a display that shows letters; an empty one has one
CHAT, WINDOWS = ("-m", "clients.chat", "--trust-new"), ("-m", "clients.tk", "--trust-new")


class Starts:
    """A server, and the programs that are started beside it; every figure is in seconds."""

    def __init__(self, place: Path) -> None:
        self.server = Server(str(place / "starts"))
        self.server.folder.mkdir()
        self.env = {"PYTHONPYCACHEPREFIX": str(place / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
        self.server.env = self.env

    @contextmanager
    def running(self) -> Iterator[Starts]:
        """In here the server is there."""
        try:
            with on_cpu(SERVER_CPU):
                self.server.start()
            yield self
        finally:
            self.server.kill()

    def screen(self) -> list[Figure]:
        """The full screen: to its prompt, and logged in; and the processor time until then."""
        return self._terminal("screen")

    def line(self) -> list[Figure]:
        """Line by line: logged in, with the prompt, which comes with it; and the processor time."""
        return self._terminal("line", "--plain")[1:]

    def windows(self) -> list[Figure]:
        """The windows: seen, and logged in; and the processor time. Raises SkipTest where there can be no display."""
        display, xvfb = start_display()
        try:
            return self._windows(display)
        finally:
            end_display(xvfb)

    def errand(self) -> list[Figure]:
        """`chat send`, to its end: the message is on the server's disk."""
        words = ("--server", self._address("errand"), "send", "#lobby", "hello")
        began = time.monotonic()
        subprocess.run(self._command(CHAT, "errand", *words), env=environment(**self.env), check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=LONGEST)  # fmt: skip
        return [Figure(time.monotonic() - began)]

    def service(self) -> list[Figure]:
        """The server: until somebody's message is on its disk."""
        swarm = Swarm()
        try:
            client = swarm.add("early", self.server.ports["plain"])
            swarm.all_in()
            self.server.stop()
            client.send("#lobby", "is anybody there?")
            began = time.monotonic()
            with on_cpu(SERVER_CPU):
                self.server.spawn()
            swarm.until(lambda: not client.outbox, LONGEST)
            return [Figure(time.monotonic() - began)]
        finally:
            swarm.close()

    # ---- inside ----

    def _address(self, user: str) -> str:
        return f"{user}@127.0.0.1:{self.server.ports['tls']}"

    def _command(self, program: tuple[str, ...], user: str, *words: str) -> list[str]:
        return [sys.executable, *program, "--profile", str(self.server.folder / user), *words]

    def _terminal(self, user: str, *flags: str) -> list[Figure]:
        began = time.monotonic()
        window = Terminal(user, self._command(CHAT, user, *flags, self._address(user)), 80, 24, **self.env)
        try:
            window.wait("You:", LONGEST)
            prompt = time.monotonic()
            window.wait("Welcome to chat room.", LONGEST)
            inside, used = time.monotonic(), cpu(window.pid)
            window.enter("tata")
            window.ended(LONGEST)
        finally:
            window.close()
        return [Figure(prompt - began), Figure(inside - began), Figure(used)]

    def _windows(self, display: str) -> list[Figure]:
        from PIL import ImageGrab

        known = self._visits()
        seen = inside = 0.0
        began = time.monotonic()
        with on_cpu(SERVER_CPU):  # the other one looks at the display, again and again
            program = subprocess.Popen(self._command(WINDOWS, "windows", self._address("windows")),
                                       env=environment(DISPLAY=display, **self.env))  # fmt: skip
        try:
            while not (seen and inside):
                if time.monotonic() > began + LONGEST:
                    raise AssertionError("chat-gui shows nothing, or is not logged in")
                if not inside and self._visits() > known:
                    inside = time.monotonic()
                if not seen and ImageGrab.grab(xdisplay=display).getcolors(COLOURS) is None:  # there are more
                    seen = time.monotonic()
                time.sleep(LOOK_SECONDS)
            used = cpu(program.pid)
        finally:
            program.kill()
            program.wait()
        return [Figure(seen - began), Figure(inside - began), Figure(used)]

    def _visits(self) -> int:
        return self.server.printed().count("connected  [ windows ]")


def cpu(pid: int) -> float:
    """Seconds of a processor that a process has used, with all its threads."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


def has_display() -> str:
    """Why the windows cannot be measured; empty: they can."""
    try:
        end_display(start_display()[1])
    except SkipTest as error:
        return str(error)
    return ""
