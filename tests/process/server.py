"""A real server in a process of its own, with a data folder of its own.

Rule: it listens on free ports of this machine only, is ended by its id, and what it printed is at hand.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE = 30.0
UNWANTED = ("CHAT", "NO_COLOR", "TWISTED", "PYTHONWARNINGS")  # a user's own settings, and the tests' own strictness


def environment(**more: str) -> dict[str, str]:
    """This process's environment with the checkout on the path and nothing of a user's own chat settings.

    Profiles are opened without a passphrase, as somebody chose who knows what that means, and no keyring is touched.
    """
    mine = {key: value for key, value in os.environ.items() if not key.startswith(UNWANTED)}
    path = os.pathsep.join([str(ROOT), str(ROOT / "twisted_plugins")])
    ours = {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "CHAT_PASSPHRASE_FILE": os.devnull}
    return {**mine, **ours, **more}


class Server:
    """`twistd -n chatd` on free ports."""

    program: tuple[str, ...] = ("-c", "from twisted.scripts.twistd import run; run()")

    def __init__(self, folder: str | None = None, flags: tuple[str, ...] = (), **env: str) -> None:
        self.folder = Path(folder or tempfile.mkdtemp(prefix="chatd-"))
        self.data = self.folder / "data"
        self.flags = flags
        self.env = env
        self.ports = {"tls": 0, "plain": 0}
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        """Start it and wait until it listens; the first ports are kept over restarts."""
        self.spawn()
        deadline = time.monotonic() + DEADLINE
        while not self.listens():
            if time.monotonic() > deadline:
                raise RuntimeError("the server does not listen")
            time.sleep(0.01)
        return self

    def spawn(self) -> None:
        """Start it and do not wait."""
        (self.data / "listening.json").unlink(missing_ok=True)
        command = [
            sys.executable, *self.program, "-n", "--pidfile=", "chatd",
            "--data", str(self.data), "--listen", f"tcp:{self.ports['tls']}:interface=127.0.0.1",
            "--listen-plain", f"tcp:{self.ports['plain']}:interface=127.0.0.1",
            "--console", f"tcp:{self.ports['console']}:interface=127.0.0.1" if "console" in self.ports else "none",
            *self.flags,
        ]  # fmt: skip
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(**self.env),
                cwd=self.folder,
            )  # fmt: skip

    def listens(self) -> bool:
        """Whether it listens by now; where it does is in `ports`. Raises RuntimeError when it has ended."""
        listening = self.data / "listening.json"
        if listening.exists():
            for kind, addresses in json.loads(listening.read_text()).items():
                self.ports[kind] = addresses[0][1]
            return True
        if self.process is None or self.process.poll() is not None:
            status = self.process.returncode if self.process else None
            raise RuntimeError(f"the server ended with {status}:\n{self.printed()[-2000:]}")
        return False

    def printed(self) -> str:
        """Everything its window and log said."""
        return self.log.read_text(errors="replace")

    def window(self) -> list[str]:
        """The lines of the server's window, without the log's."""
        stamp = re.compile(r"\d{4}-\d\d-\d\dT")
        return [line for line in self.printed().splitlines() if line.strip() and not stamp.match(line)]

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """SIGKILL; returns the exit status."""
        return self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process = None

    def cpu(self) -> float:
        """Seconds of CPU it has used."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
