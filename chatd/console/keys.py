"""Who may come to the console: the host's key, and the keys of operators with their roles.

Rule: `authorized_keys` is in OpenSSH's form, each line opening with `role="..."`; a line that is not understood lets
nobody in and is told once, with its number. The file is read again when it has changed. The host's key is made at the
first start and for nobody else's eyes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from twisted.conch.ssh.keys import BadKeyError, Key
from twisted.logger import Logger

from chatd.console.verbs import ROLES

log = Logger()
HOST_KEY: Final = "host_key"
AUTHORIZED: Final = "authorized_keys"
LARGEST: Final = 1 << 20
MOST_KEYS: Final = 1000
SHORTEST_RSA: Final = 2048
LINE: Final = re.compile(r'role="([^"]*)"\s+(\S+)\s+(\S+)\s*(.*)')
TYPES: Final = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"}
NAME: Final = re.compile(r"[^\w.@+-]+")
EXAMPLE: Final = """\
# Who may come to the console, one line each, in OpenSSH's form, opening with a role: ta, staff, admin or debug.
# role="staff" ssh-ed25519 AAAA... miller
"""


class Authorized(NamedTuple):
    """Whose a key is. `name` is the line's comment."""

    name: str
    role: str
    fingerprint: str


class BadLine(ValueError):
    """A line of `authorized_keys` that lets nobody in; the text says why."""


def fingerprint(blob: bytes) -> str:
    """As `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()


def read_line(line: str) -> tuple[bytes, Authorized]:
    """One line: a key's blob, and whose it is. Raises BadLine."""
    found = LINE.fullmatch(line.strip())
    if found is None:
        raise BadLine('it does not read role="ta|staff|admin|debug" TYPE KEY NAME; there are no other options')
    role, kind, text, comment = found.groups()
    if role not in ROLES:
        raise BadLine(f"the role is one of {', '.join(ROLES)}")
    if kind not in TYPES:
        raise BadLine(f"keys are one of {', '.join(sorted(TYPES))}")
    try:
        blob = base64.b64decode(text, validate=True)
        key = Key.fromString(blob)
    except (BadKeyError, binascii.Error, ValueError):
        raise BadLine("its key is damaged") from None
    if not key.isPublic() or key.sshType() != kind.encode():
        raise BadLine("its key is not of the type it says")
    if kind == "ssh-rsa" and key.size() < SHORTEST_RSA:
        raise BadLine(f"an RSA key has at least {SHORTEST_RSA} bits")
    known = fingerprint(blob)
    name = NAME.sub("-", comment.strip()).strip("-")[:60] or known[7:19]
    return blob, Authorized(name, role, known)


def read_lines(lines: Iterable[str]) -> tuple[dict[bytes, Authorized], list[str]]:
    """All lines: who may come, by the blob of the key, and what is wrong."""
    found: dict[bytes, Authorized] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            blob, who = read_line(line)
            if blob in found:
                raise BadLine("the key has a line already")
            if len(found) >= MOST_KEYS:
                raise BadLine(f"there are at most {MOST_KEYS} keys")
            found[blob] = who
        except BadLine as error:
            problems.append(f"line {number}: {error}")
    return found, problems


class AuthorizedKeys:
    """The file, read again when it has changed. Who can write into it rules: it has to be the server's own."""

    def __init__(self, folder: str) -> None:
        self.path = Path(folder) / AUTHORIZED
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[bytes, Authorized] = {}

    def make(self) -> None:
        """Make the file where it is missing, with nobody in it."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(EXAMPLE)

    def find(self, blob: bytes) -> Authorized | None:
        """Whose this key is now."""
        self._look()
        return self._keys.get(blob)

    def _look(self) -> None:
        try:
            state = self.path.stat()
        except OSError:
            state = None
        stamp = (state.st_mtime_ns, state.st_size, state.st_ino) if state is not None else None
        if stamp != self._stamp:
            self._stamp = stamp
            self._keys, problems = self._read(state)
            for problem in problems:
                log.error("{path}: {problem}", path=str(self.path), problem=problem)

    def _read(self, state: os.stat_result | None) -> tuple[dict[bytes, Authorized], list[str]]:
        if state is None:
            return {}, []
        if state.st_mode & 0o022:
            return {}, ["others may write it: nobody is let in until `chmod go-w` has been done"]
        if state.st_size > LARGEST:
            return {}, [f"it has more than {LARGEST} bytes: nobody is let in"]
        try:
            return read_lines(self.path.read_text("utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            return {}, [f"it cannot be read: {error}"]


def host_key(folder: str) -> Key:
    """The server's own key (Ed25519), made where there is none. Raises OSError or ValueError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = Path(folder) / HOST_KEY
    try:
        found: Key = Key.fromString(path.read_bytes())
        return found
    except FileNotFoundError:
        pass
    except (BadKeyError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged ({error}); move it away and a new one is made at the next start") from None
    made = Key(Ed25519PrivateKey.generate())
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(made.toString("openssh"))
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    path.with_suffix(".pub").write_bytes(made.public().toString("openssh", comment=b"chatd console") + b"\n")
    return made
