"""Where a person's keys, history, pins and outbox live: one folder, of which one process has hold at a time.

Rule: the folder is 0700 and everything in it 0600, and what is in it is sealed (`vault.py`, `boxes.py`). Which folder:
`--profile`, else CHAT_PROFILE, else by XDG.
"""

from __future__ import annotations

import fcntl
import os
import resource
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import platformdirs

from clients.core.boxes import device_of, device_text
from clients.core.device import Device
from clients.core.e2ee import keys, own
from clients.core.e2ee.refusals import CODES
from clients.core.e2ee.signed import decode
from clients.core.history import Account, History, untampered
from clients.core.vault import Opening, ProfileError, Vault


def folder(option: str | None, environment: dict[str, str]) -> Path:
    """The profile's folder."""
    chosen = option or environment.get("CHAT_PROFILE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("chat", appauthor=False))


class Profile:
    """An open profile: locked, with its database and the vault that has its key."""

    def __init__(self, path: Path, opening: Opening | None = None) -> None:
        """Raises ProfileError. `opening`: without it, as for a script that says nothing."""
        self.path = path
        no_core_dump()
        try:
            path.mkdir(parents=True, mode=0o700, exist_ok=True)
            path.chmod(0o700)
            self._lock = _locked(path / "lock")
            old = _old_key(path / "key")
        except OSError as error:
            raise ProfileError(f"The profile {path} cannot be used: {error.strerror or error}.") from None
        self._opened: set[int] = set()
        self.vault = Vault(opening or Opening(), secrets.token_bytes)
        try:
            self.history = History(path / "chat.db", self.vault, old)
            if old is not None:
                self.history.sweep()
                _unlink(path / "key")
            self._sentinel = self.vault.sentinel()
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Profile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        with suppress(ProfileError):
            self._note()
        self.history.close()
        os.close(self._lock)

    def account(self, server: str, name: str) -> tuple[Account, keys.Account]:
        """The account of this name on a server (without a name the last one there), made where there is none."""
        found = self.history.account(server, name)
        if found is None:
            found = self.history.add_account(server, name, device_text(Device.make(), secrets.token_bytes))
        self._opened.add(found.id)
        with untampered():
            return found, device_of(found.sealed)

    def highest(self, account: int) -> int:
        """How far this device had counted its mail, as the system's keyring knows it: 0 where it knows nothing. More
        than the disk says means that the disk is an older copy."""
        highest = self._sentinel.highest(account)
        self._note()
        return highest

    def _note(self) -> None:
        """The keyring remembers how far each account has counted by now."""
        for account in self._opened:
            row = self.history.rows(account).read(own.ME, "")
            with untampered():
                self._sentinel.note(account, decode(row, own.Me).counter if row is not None else 0)

    def rewrap(self, passphrase: str | None) -> None:
        """Another passphrase opens it from here on (empty: none does; None: the keyring). Raises ProfileError."""
        self.vault.rewrap(passphrase, self.history.rewrap)


def no_core_dump() -> None:
    """A crash leaves no image of our memory on the disk: keys and texts are in it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _locked(path: Path) -> int:
    """An open, locked file that names our process; it unlocks itself when we end, however that is."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        text = CODES["PROFILE_LOCKED"].text.format(detail=f"pid {holder}") + " Give another one with --profile DIR."
        raise ProfileError(text, "PROFILE_LOCKED") from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _old_key(path: Path) -> bytes | None:
    """What sealed the devices of a profile of an earlier version; None where there is no such file any more."""
    return path.read_bytes() if path.exists() else None


def _unlink(path: Path) -> None:
    """Take a file away, for good: also when the power goes right after."""
    path.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
