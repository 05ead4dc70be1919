"""Does something to a profile again and again, and kills itself with SIGKILL one step later each time.

Rule: a step is a call to SQLite or to the system that changes files. Each try is a process of its own, on a profile of
its own: `FOLDER/1` is what the first one left, and so on; the last one came through. `python -m` this says how many.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from clients.core.profile import Profile
from clients.core.ring import SystemRing
from clients.core.vault import Opening
from tests.clients.core.old import old_profile
from tests.clients.core.rings import FileBackend

STEPS: Final = {"connect", "execute", "close", "unlink", "fsync", "rename", "write_text"}
MOST: Final = 500
PASSPHRASE: Final = "words"


def opening(path: Path, passphrase: str | None = None) -> Opening:
    """Somebody at a terminal, with a keyring that is a file beside the profile."""
    os.environ["RING_FILE"] = str(path.with_suffix(".ring"))
    return Opening(passphrase, lambda question: "", lambda: SystemRing(FileBackend()))


def prepare(action: str, path: Path) -> Profile | None:
    """A profile before it happens."""
    old_profile(path, messages=3)
    if action == "open":
        return None
    if action == "to-passphrase":
        return Profile(path, opening(path))
    return Profile(path, opening(path, ""))


def act(action: str, path: Path, profile: Profile | None) -> None:
    """What is killed."""
    if profile is None:
        Profile(path).close()
    else:
        profile.rewrap(PASSPHRASE if action == "to-passphrase" else None)
        profile.close()


def die_at(step: int) -> Callable[[Any, str, Any], None]:
    """A profile function (sys.setprofile) that counts steps, and does not come to the end of this many."""
    left = [step]

    def watch(frame: Any, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ in STEPS:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return watch


def run(action: str, folder: Path) -> int:
    """Every step; returns how many tries there were."""
    for step in range(1, MOST):
        path = folder / str(step)
        profile = prepare(action, path)
        pid = os.fork()
        if pid == 0:
            sys.setprofile(die_at(step))
            act(action, path, profile)
            os._exit(0)
        if os.waitpid(pid, 0)[1] == 0:
            return step
        if profile is not None:
            profile.close()
    raise SystemExit(f"more than {MOST} steps")


if __name__ == "__main__":
    print(run(sys.argv[1], Path(sys.argv[2])))
