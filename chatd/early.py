"""A file's bytes go to the disk while more of them come: what is synced at the end is then little.

Rule: one sync of a file at a time, on a thread of its own; who writes faster than the disk waits for it here, so that
nobody's database has to wait behind a gigabyte later. What a sync raises is raised by the next call: no other
descriptor would hear of it. Nothing is promised by this: who needs the file on the disk syncs it in the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

EARLY_BYTES: Final = 8 << 20
THREADS: Final = 4
_pool: Final = ThreadPoolExecutor(THREADS, "early")


class Early:
    """One file that is being written. `sync` has what was written through a descriptor on the disk."""

    def __init__(self, sync: Callable[[int], None] = os.fdatasync) -> None:
        self._do = sync
        self._bytes = 0
        self._sync: Future[None] | None = None

    def written(self, descriptor: int, size: int) -> None:
        """So many bytes more were written. Raises OSError where those before did not reach the disk."""
        self._bytes += size
        if self._bytes >= EARLY_BYTES:
            self._bytes = 0
            self.wait()
            self._sync = _pool.submit(_sync, self._do, os.dup(descriptor))

    def wait(self) -> None:
        """Nothing is under way any more. Raises OSError."""
        sync, self._sync = self._sync, None
        if sync is not None:
            sync.result()


def _sync(sync: Callable[[int], None], descriptor: int) -> None:
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
