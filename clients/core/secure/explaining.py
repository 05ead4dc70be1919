"""What became of something said encrypted: the server's word of which devices have fetched it.

Rule: it is asked for by the id of the sending, which this device remembers; the server knows neither what was said nor,
of a group, where. Only the newest message of one's own can be asked for: it counts no others.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatd import archive as a
from chatd.messages import Failed
from clients.core import intents as i
from clients.core import notices as n
from clients.core.e2ee.envelope import direct_conv, group_conv
from clients.core.e2ee.sending import Sent
from clients.core.secure.desk import Desk
from clients.core.secure.flows import Flow, ServerRefused, expect
from clients.core.secure.talks import Talks

SAID: Final = frozenset({"msg", "gmsg"})
NOTHING: Final = "Of what you said there, encrypted, nothing is remembered."


class Explaining:
    """Of this account's encrypted conversations."""

    def __init__(self, desk: Desk, talks: Talks) -> None:
        self._desk, self._talks = desk, talks

    def takes(self, intent: i.Explain) -> bool:
        """Is it about an encrypted conversation?"""
        return bool(self._place(self._to(intent))[0])

    def explain(self, intent: i.Explain) -> Flow[None]:
        """Raises ServerRefused."""
        conv, reader, shown = self._place(self._to(intent))
        sending = self._newest(conv) if not intent.seq else b""
        if not sending:
            raise ServerRefused(Failed(0, "no-such-message", NOTHING))
        found = expect((yield a.Explain(0, reader, 0, sending)), a.Explained)
        self._desk.show(n.Answered(intent, msgspec.structs.replace(found, conversation=shown, seq=0)))

    def _to(self, intent: i.Explain) -> str:
        return intent.to or self._desk.host.state.focus

    def _place(self, to: str) -> tuple[str, str, str]:
        """What it is called inside ciphertexts, to the server, and to a person; empty for an open one."""
        desk = self._desk
        if to.startswith("@"):
            pin = desk.pin(to[1:])
            if pin is None:
                return "", "", ""
            return direct_conv(desk.me, pin.user), "@" + pin.user, self._talks.shown(self._talks.direct(pin.user))
        gid = self._talks.group(to)
        if gid is None:
            return "", "", ""
        return group_conv(gid), f"!{gid.hex()}", self._talks.shown(group_conv(gid))

    def _newest(self, conv: str) -> bytes:
        """The sending of one's newest message there; empty: there is none."""
        batch = self._desk.batch()
        rows = ((row, batch.get("sent", row, Sent)) for row in batch.rows("sent"))
        found = [
            (sent.sent_at, row) for row, sent in rows if sent is not None and sent.conv == conv and sent.kind in SAID
        ]
        return bytes.fromhex(max(found)[1]) if found else b""
