"""The system's own place for secrets (Keychain, Credential Locker, Secret Service, KWallet), by two verbs.

Rule: it may ask the person to unlock it, be locked, break or never answer, so every question has a thread of its own
and an end. Places that keep secrets in plain files, or nowhere, are refused: then there is no ring.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

SERVICE: Final = "chatd"
SECONDS: Final = 20.0  # somebody may have to type the keyring's own passphrase
LOOK_SECONDS: Final = 5.0  # whether there is one
REFUSED: Final = ("keyring.backends.null", "keyring.backends.fail", "keyrings.alt")


class RingError(Exception):
    """It is locked, broken or silent; the text says which, for a person."""


class Ring(Protocol):
    """Secrets by name, kept by the system."""

    def read(self, name: str) -> str | None:
        """A secret, or None. Raises RingError."""

    def write(self, name: str, secret: str | None) -> None:
        """Keep a secret; None takes it away. Raises RingError."""


class SystemRing:
    """A backend of the `keyring` library, given at most `seconds` for each answer."""

    def __init__(self, backend: Any, seconds: float = SECONDS) -> None:
        self._backend = backend
        self._seconds = seconds

    def read(self, name: str) -> str | None:
        found = within(self._seconds, lambda: self._backend.get_password(SERVICE, name))
        return None if found is None else str(found)

    def write(self, name: str, secret: str | None) -> None:
        within(self._seconds, lambda: self._write(name, secret))

    def _write(self, name: str, secret: str | None) -> None:
        if secret is not None:
            self._backend.set_password(SERVICE, name, secret)
        elif self._backend.get_password(SERVICE, name) is not None:
            self._backend.delete_password(SERVICE, name)


def system_ring() -> SystemRing | None:
    """The one of this system and session, or None where there is none that keeps secrets secret."""
    try:
        backend = within(LOOK_SECONDS, _chosen)
    except RingError:
        return None
    return None if backend is None else SystemRing(backend)


def good(backend: Any) -> bool:
    """Does this backend keep secrets, and not in plain files?"""
    modules = [kind.__module__ for kind in type(backend).__mro__]
    return not any(module.startswith(REFUSED) for module in modules) and backend.priority > 0


def choose(backend: Any) -> Any:
    """This backend, or the best good one of several that are chained; None where there is none."""
    chained = getattr(backend, "backends", None)
    return next(filter(good, [backend] if chained is None else chained), None)


def within(seconds: float, ask: Callable[[], T]) -> T:
    """What `ask` answers. Raises RingError where it fails or takes longer; its thread is then left to itself."""
    answer: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            answer.append(ask())
        except BaseException as error:  # a library of many systems: whatever it is, it did not answer
            failed.append(error)

    thread = threading.Thread(target=work, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    if answer:
        return answer[0]
    if failed:
        raise RingError(f"The system's keyring cannot be used ({type(failed[0]).__name__}).") from failed[0]
    raise RingError(f"The system's keyring did not answer within {seconds:g} s.")


def _chosen() -> Any:
    """The backend that the `keyring` library finds; it is imported here, because it may talk to the system at once."""
    import keyring

    return choose(keyring.get_keyring())
