"""What one knows of one's own groups and the server does not: their names, and where their logs stood.

Rule: a page comes from one's own other devices or from the backup, which only the user key opens. It adds nobody to a
group: it says what a log must contain, and what it is called where the log has the digest of just that name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from clients.core.e2ee import own
from clients.core.e2ee.batch import Batch
from clients.core.e2ee.groups import GROUP, GroupRow, Naming
from clients.core.e2ee.keys import NONCE_BYTES, Entropy, derive, open_box, seal_box
from clients.core.e2ee.signed import Bytes16, Bytes32, Number, decode, encode

PAGES: Final = "group-page"
MOST_BYTES: Final = 60_000  # of a sealed book: a server keeps some more
MOST_PAGES: Final = 1_000
_ABOUT: Final = b"chatd/v1/book"


class Page(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """One group: entry `n` of its log has the hash `head`; what it is called."""

    gid: Bytes16
    n: Number
    head: Bytes32
    name: Annotated[str, Meta(max_length=128)] = ""
    topic: Annotated[str, Meta(max_length=512)] = ""
    salt: Annotated[bytes, Meta(max_length=16)] = b""

    @property
    def naming(self) -> Naming:
        """What it is called."""
        return Naming(self.name, self.topic, self.salt)


class Book(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """All pages."""

    pages: Annotated[list[Page], Meta(max_length=MOST_PAGES)]


def page(batch: Batch, gid: bytes) -> Page | None:
    """What was said of a group that this device has no log of."""
    return batch.get(PAGES, gid.hex(), Page)


def note(batch: Batch, found: Page) -> None:
    """One's own other device says this, or the backup; the further one counts."""
    known = page(batch, found.gid)
    if known is None or found.n >= known.n:
        batch.put(PAGES, found.gid.hex(), found)


def forget(batch: Batch, gid: bytes) -> None:
    """The log is here."""
    if batch.raw(PAGES, gid.hex()) is not None:
        batch.drop(PAGES, gid.hex())


def written(batch: Batch) -> bytes:
    """Of all groups that one belongs to, as far as there is room: what `seal` closes. It changes only when they do."""
    mine = own.myself(batch)
    rows = [batch.get(GROUP, name, GroupRow) for name in batch.rows(GROUP)]
    found = [_page(row) for row in rows if row is not None and row.state.has(mine.user, mine.uik)][:MOST_PAGES]
    while len(raw := encode(Book(found))) > MOST_BYTES:
        del found[len(found) * 9 // 10 :]
    return raw


def _page(row: GroupRow) -> Page:
    state, naming = row.state, row.naming
    return Page(state.gid, state.n, state.head, naming.name, naming.topic, naming.salt)


def seal(seed: bytes, raw: bytes, entropy: Entropy) -> bytes:
    """A book that only the user key with this seed opens."""
    return seal_box(derive(seed, "book"), entropy(NONCE_BYTES), raw, _ABOUT)


def opened(seed: bytes, box: bytes) -> Iterable[Page]:
    """The pages of a sealed book. Raises Refused."""
    return decode(open_box(derive(seed, "book"), box, _ABOUT), Book).pages
