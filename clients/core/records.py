"""What the session wants kept on disk: values that `history.py` writes in one transaction.

Rule: values only. The session decides what is kept; the history only how.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from clients.core.e2ee.batch import Place
from clients.core.outbox import Outgoing


class Record(msgspec.Struct, frozen=True):
    """What every record has in common."""


class KeepMessage(Record, frozen=True):
    """A message, with whom one talks there (`peer`, in a direct conversation)."""

    conversation: str
    seq: int
    at: int
    sender: str
    id: bytes
    text: str
    own: bool
    peer: str = ""


class KeepEdit(Record, frozen=True):
    """The message with this id, of this sender, says this from now on; `seq` is that of the message that says so."""

    conversation: str
    id: bytes
    sender: str
    seq: int
    text: str


class TakeAway(Record, frozen=True):
    """The text of a message is no more; this stands for it."""

    conversation: str
    seq: int
    text: str


class KeepCursor(Record, frozen=True):
    """This device has everything of a conversation up to `seq`; 0 forgets the conversation."""

    conversation: str
    seq: int


class KeepCreated(Record, frozen=True):
    """The group that this name means was made at this time."""

    conversation: str
    created: int


class SetApart(Record, frozen=True):
    """The name means another group from now on: what is kept goes under a name of its own, the cursor goes."""

    conversation: str
    apart: str
    created: int


class Rename(Record, frozen=True):
    """A group has another name: what is kept goes with it."""

    old: str
    new: str


class Queue(Record, frozen=True):
    """A message was said: it must survive until it is accepted."""

    item: Outgoing


class Unqueue(Record, frozen=True):
    """A message was accepted, or finally refused."""

    id: bytes


class Epoch(Record, frozen=True):
    """The server's epoch; `changed`: it was another one, so cursors no longer hold."""

    epoch: str
    changed: bool


class Claim(Record, frozen=True):
    """One is logged in under this name; `token` resumes it. `device`: the name belongs to this device's keys."""

    name: str
    token: bytes
    device: bool


class Try(Record, frozen=True):
    """A name is about to be claimed: whatever happens, the keys stay with it."""

    name: str


class KeepRows(Record, frozen=True):
    """Rows of encryption (`e2ee/batch.py`): None takes one away. The values are plain; the history closes them."""

    changes: Mapping[Place, bytes | None]
