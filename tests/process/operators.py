"""Operators at the staff console, with the real `ssh` of OpenSSH.

Rule: keys and known hosts are in the server's folder, nothing of a user's own configuration is read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.process.panes import Pane, Tmux
from tests.process.server import DEADLINE, Server, environment

PROGRAMS = ("ssh", "ssh-keygen", "tmux", "jq")


def missing(*programs: str) -> str | None:
    """Which of the programs are not here, as the reason of a skip."""
    gone = [program for program in programs or PROGRAMS if shutil.which(program) is None]
    return f"{', '.join(gone)} not installed" if gone else None


class Operator:
    """Somebody with a key; `let_in` puts it into the server's file."""

    def __init__(self, server: Server, name: str, kind: str = "ed25519") -> None:
        self.server = server
        self.name = name
        self.key = server.folder / f"{name}.key"
        made = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", name, "-f", str(self.key)]
        subprocess.run(made, check=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
        server.ports.setdefault("console", 0)

    def line(self, role: str) -> str:
        """What lets them in."""
        return f'role="{role}" {Path(f"{self.key}.pub").read_text()}'

    def let_in(self, role: str) -> Operator:
        """Add the line, as somebody with an editor would."""
        path = self.server.data / "console" / "authorized_keys"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".new")
        part.write_text((path.read_text() if path.exists() else "") + self.line(role))
        part.chmod(0o600)
        os.replace(part, path)
        return self

    def command(self, *words: str, terminal: bool = False) -> list[str]:
        """The `ssh` that comes to the console."""
        known = self.server.folder / "known_hosts"
        settings = ("IdentitiesOnly=yes", "StrictHostKeyChecking=accept-new", f"UserKnownHostsFile={known}",
                    "LogLevel=ERROR", "ConnectTimeout=20", "BatchMode=yes")  # fmt: skip
        options = [part for setting in settings for part in ("-o", setting)]
        return [
            "ssh", "-F", "none", *(["-tt"] if terminal else []), "-i", str(self.key), *options,
            "-p", str(self.server.ports["console"]), "staff@127.0.0.1", *words,
        ]  # fmt: skip

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One verb, to its end."""
        return subprocess.run(
            self.command(*words), input=stdin, capture_output=True, text=True, timeout=DEADLINE, env=environment()
        )

    def pane(self, tmux: Tmux, columns: int = 100, rows: int = 30) -> Pane:
        """The console in a window, at its prompt."""
        pane = Pane(tmux, self.name, self.command(), columns, rows)
        pane.wait("chatd>")
        return pane
