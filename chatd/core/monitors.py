"""Who wants to hear when somebody comes, goes or is called otherwise.

Rule: names, not masks; a session has only so many. Line sessions watch nicks, the frames watch names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd import people as p
from chatd.core import people
from chatd.core.names import BadName, fold
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User

if TYPE_CHECKING:
    from chatd.core.hub import Hub

LONGEST_NAME = 64


class Monitors:
    """The watchers of each name."""

    def __init__(self) -> None:
        self._watchers: dict[str, dict[Session, None]] = {}

    def add(self, session: Session, name: str) -> None:
        """From here on this session watches a name."""
        key = folded(name)
        session.watching[key] = name[:LONGEST_NAME]
        self._watchers.setdefault(key, {})[session] = None

    def remove(self, session: Session, key: str) -> None:
        """From here on it does not."""
        if session.watching.pop(key, None) is not None:
            watchers = self._watchers[key]
            del watchers[session]
            if not watchers:
                del self._watchers[key]

    def clear(self, session: Session) -> None:
        """It watches nobody."""
        for key in list(session.watching):
            self.remove(session, key)

    def of(self, user: User) -> list[Session]:
        """Who watches somebody, as that person is called now."""
        return [*self._by_nick(user, user.nick), *self._by_name(user)]

    def _by_nick(self, user: User, nick: str) -> list[Session]:
        key = folded(nick)
        return [session for session in self._watchers.get(key, ()) if session.line or user.guest or key == user.key]

    def _by_name(self, user: User) -> list[Session]:
        """The frames watch an account's name also where its nick is another one."""
        if user.guest or folded(user.nick) == user.key:
            return []
        return [session for session in self._watchers.get(user.key, ()) if not session.line]

    def tell(self, hub: Hub, user: User, online: bool) -> None:
        """Somebody came or went."""
        _tell(hub, self._by_nick(user, user.nick), user, user.nick if not online else "")
        _tell(hub, self._by_name(user), user, user.name if not online else "")

    def tell_renamed(self, hub: Hub, user: User, old: str) -> None:
        """Somebody who was called otherwise is called so now."""
        if folded(old) != folded(user.nick):
            _tell(hub, [session for session in self._by_nick(user, old) if session.line or user.guest], user, old)
            _tell(hub, [session for session in self._by_nick(user, user.nick) if session.line or user.guest], user, "")


def _tell(hub: Hub, watchers: list[Session], user: User, gone: str) -> None:
    if watchers:
        online = [] if gone else [people.profile(user, user.active)]
        for session in watchers:
            hub.say(session, p.Monitored(0, online, [gone] if gone else []))


def folded(name: str) -> str:
    """The form by which names are watched; what cannot be a name is never here."""
    try:
        return fold(name).key
    except BadName:
        return name[:LONGEST_NAME].casefold()


def monitor(hub: Hub, session: Session, command: p.Monitor, turn: Turn) -> None:
    """Watch names, or no longer; the answer says of those added (of all, where nothing is changed) who is here."""
    gone = {folded(name) for name in command.remove}
    kept = {} if command.clear else {key: name for key, name in session.watching.items() if key not in gone}
    added = {folded(name): name for name in command.add}
    if len(kept.keys() | added.keys()) > hub.limits.monitors and added:
        raise Refused("list-full", f"You can monitor at most {hub.limits.monitors} names.")
    if command.clear:
        hub.monitors.clear(session)
    for key in gone:
        hub.monitors.remove(session, key)
    for name in added.values():
        hub.monitors.add(session, name)
    asked = added if command.add or command.remove or command.clear else session.watching
    turn.then(_tell_asked, hub, session, command.ref, list(asked.items()), turn.now)


def _tell_asked(hub: Hub, session: Session, ref: int, asked: list[tuple[str, str]], now: int) -> None:
    online, offline = [], []
    for key, name in asked:
        user = hub.users.by_key.get(key)
        if user is not None and user.seen:
            online.append(people.profile(user, now))
        else:
            offline.append(name)
    hub.say(session, p.Monitored(ref, online, offline))
