"""An old profile's plain texts become boxes: once, in the transaction that brings its database up to date.

Rule: all of it or nothing. The old pages hold what they held until the file is written anew (`History.sweep`). The old
`key` file goes after that: as long as it is there, that is still to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from clients.core.boxes import Boxes, Place, device_text, owner
from clients.core.device import Device
from clients.core.e2ee.keys import Entropy
from clients.core.e2ee.store import Seal
from clients.core.outbox import Outgoing
from clients.core.vault import ProfileError

Execute = Callable[..., Iterable[tuple[Any, ...]]]

ACCOUNTS = "SELECT id, server, sealed, token FROM account"
MESSAGES = "SELECT account, epoch, conversation, seq, at, sender, id, own, peer, text FROM message"
OUTBOX = "SELECT position, account, id, recipient, at, text FROM outbox"
STATE = "SELECT account, place, name, box FROM state"
CLOSE_ACCOUNT = "UPDATE account SET sealed = ?, token = ? WHERE id = ?"
CLOSE_MESSAGE = "UPDATE message SET text = ? WHERE account = ? AND epoch = ? AND conversation = ? AND seq = ?"
CLOSE_OUTGOING = "UPDATE outbox SET text = ? WHERE position = ?"
CLOSE_ROW = "UPDATE state SET box = ? WHERE account = ? AND place = ? AND name = ?"


def seal_everything(execute: Execute, boxes: Boxes, device_key: bytes | None, entropy: Entropy) -> None:
    """Close whatever lies open. `device_key` opens the old devices, and rows that were closed under it already. Raises
    ProfileError and Refused."""
    for number, server, sealed, token in list(execute(ACCOUNTS)):
        device = boxes.close_device(number, server, device_text(_device(sealed, device_key), entropy))
        execute(CLOSE_ACCOUNT, (device, boxes.close_token(number, token), number))
    for account, epoch, conversation, *place, text in list(execute(MESSAGES)):
        seq = place[0]
        box = boxes.close_message(account, Place(*place), text)
        execute(CLOSE_MESSAGE, (box, account, epoch, conversation, seq))
    for position, account, id, to, at, text in list(execute(OUTBOX)):
        execute(CLOSE_OUTGOING, (boxes.close_outgoing(account, Outgoing(id, to, text, at)), position))
    _close_again(execute, boxes, device_key)


def _close_again(execute: Execute, boxes: Boxes, device_key: bytes | None) -> None:
    """The rows of encryption: without the old key there are none."""
    if device_key is None:
        return
    old = Seal(device_key, "state", lambda size: b"")
    for account, table, row, box in list(execute(STATE)):
        plain = old.open(owner(account) + table, row, box)
        execute(CLOSE_ROW, (boxes.state.close(owner(account) + table, row, plain), account, table, row))


def _device(sealed: str, key: bytes | None) -> Device:
    try:
        if key is not None:
            return Device.unseal(sealed, key)
    except ValueError:
        pass
    raise ProfileError("The keys of this profile do not open: its file `key` is not the one they need.")
