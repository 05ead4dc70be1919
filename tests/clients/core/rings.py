"""Places for secrets that behave, and some that do not: backends as the `keyring` library knows them."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryRing:
    """A Ring that keeps nothing longer than it lives."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        return self.kept.get(name)

    def write(self, name: str, secret: str | None) -> None:
        if secret is None:
            self.kept.pop(name, None)
        else:
            self.kept[name] = secret


class FileBackend(KeyringBackend):
    """A backend for processes of a test: secrets in the file that RING_FILE names."""

    priority: ClassVar[float] = 5

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(os.environ.get("RING_FILE", os.devnull))

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.path.write_text(json.dumps({**self._all(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = self._all()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("no such password")
        self.path.write_text(json.dumps(kept))

    def _all(self) -> dict[str, str]:
        text = self.path.read_text() if self.path.exists() else ""
        found: dict[str, str] = json.loads(text or "{}")
        return found


class SilentBackend(FileBackend):
    """Never answers."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        threading.Event().wait()


class LockedBackend(FileBackend):
    """Says that it is locked."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("locked")


class ForgetfulBackend(FileBackend):
    """Keeps nothing, and says nothing of it."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return
