"""Reports of encrypted messages: to whom they go, and whether the server has tagged what they say was sent.

Rule: a report is mail, encrypted to those who moderate; the server reads nothing. They ask it one question, whose
answer tells nothing about any text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatd import encryption as e
from chatd.core.lists import account
from chatd.core.mail import CONVERSATION_CHARS, HASH_BYTES
from chatd.core.sanctions import STAFF
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session

if TYPE_CHECKING:
    from chatd.core.hub import Hub

TAG_BYTES: Final = 64
LATEST: Final = 2**53


def ask_moderators(hub: Hub, session: Session, command: e.AskModerators, turn: Turn) -> None:
    """Who of those with a list of devices moderates."""
    account(session)
    names = [user.name for user in hub.users.by_id.values() if user.role in STAFF and user.chains]
    turn.reply(session, e.Moderators(command.ref, sorted(names)[: hub.limits.list_length]))


def check_report(hub: Hub, session: Session, command: e.CheckReport, turn: Turn) -> None:
    """Is this tag the server's?"""
    user, _ = account(session)
    if user.role not in STAFF:
        raise Refused("not-allowed", "Only those who moderate may ask that.")
    if len(command.commitment) != HASH_BYTES or len(command.tag) > TAG_BYTES or not 0 <= command.at < LATEST:
        raise Refused("bad-blob", "That is no commitment, no tag or no time.")
    if len(command.conversation) > CONVERSATION_CHARS or len(command.sender) > CONVERSATION_CHARS:
        raise Refused("bad-argument", "That is no conversation, or nobody's name.")
    hub.sealed.spend("ask", user, turn.now)
    genuine = hub.sealed.tags.genuine(
        command.tag, command.commitment, command.sender, command.conversation, command.at
    )  # fmt: skip
    turn.reply(session, e.ReportChecked(command.ref, genuine))
