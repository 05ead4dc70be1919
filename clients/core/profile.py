"""Where a person's keys, history, pins and outbox live: one folder, of which one process has hold at a time.

Rule: the folder is 0700 and everything in it 0600. Which folder: `--profile`, else CHAT_PROFILE, else by XDG.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from types import TracebackType

import platformdirs

from clients.core.device import KEY_BYTES, Device
from clients.core.history import Account, History, ProfileError


def folder(option: str | None, environment: dict[str, str]) -> Path:
    """The profile's folder."""
    chosen = option or environment.get("CHAT_PROFILE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("chat", appauthor=False))


class Profile:
    """An open profile: locked, with its database and the key that seals the devices."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, mode=0o700, exist_ok=True)
            path.chmod(0o700)
            self._lock = _locked(path / "lock")
            self._key = _key(path / "key")
        except OSError as error:
            raise ProfileError(f"The profile {path} cannot be used: {error.strerror or error}.") from None
        self.history = History(path / "chat.db", self._key)

    def __enter__(self) -> Profile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self.history.close()
        os.close(self._lock)

    def account(self, server: str, name: str) -> tuple[Account, Device]:
        """The account of this name on a server (without a name the last one there), made where there is none."""
        found = self.history.account(server, name)
        if found is None:
            found = self.history.add_account(server, name, Device.make().seal(self._key))
        try:
            return found, Device.unseal(found.sealed, self._key)
        except ValueError:
            text = f"The keys in {self.path} do not open: its file `key` is not the one they need."
            raise ProfileError(text) from None


def _locked(path: Path) -> int:
    """An open, locked file that names our process; it unlocks itself when we end, however that is."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        text = f"The profile {path.parent} is in use by process {holder}. Give another one with --profile DIR."
        raise ProfileError(text) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _key(path: Path) -> bytes:
    """The random key that seals the devices, made at first use and never half."""
    if not path.exists():
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ProfileError(f"{path} is damaged: it has {len(key)} bytes instead of {KEY_BYTES}.")
    return key
