"""People: what they are called, what others may know of them, who is told, and what is said without being kept.

Rule: a name is claimed at once, what others see changes when the turn leaves. Who hears of a change are the sessions
of everybody who shares a group with the person, and the person's own.
"""

from __future__ import annotations

from chatd.core.users import User
from chatd.people import Profile


def profile(user: User, now: int) -> Profile:
    """What may be seen of somebody in a list."""
    return Profile(
        user.name, user.nick, "" if user.guest else user.name, user.ident, user.host, user.realname, user.state,
        user.operator, user.bot, idle=max(0, now - user.active) // 1000 if user.active else 0, since=user.since,
    )  # fmt: skip
