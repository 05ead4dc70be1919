"""People: what they are called, what others see of them, and who hears when that changes, or when they come and go.

Rule: a name is claimed at once, what others see changes when the turn leaves. Who hears of a change are the sessions
of everybody who shares a group with the person, and the person's own; the lobby counts for line sessions only, because
the frames have `presence`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from chatd import messages as m
from chatd import people as p
from chatd.core import archive, membership, metadata, modes
from chatd.core.groups import Audience, Conversation, tell_group
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import Directory, UserSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

MOST_TRUSTED = 100


def load(hub: Hub, directory: Directory) -> None:
    """What accounts have chosen."""
    for setting in directory.settings:
        user = hub.users.by_id[setting.user]
        user.realname, user.bot = setting.realname, setting.bot
        _last(hub, user, setting.always_on)
    for certificate in directory.certificates:
        hub.users.tie(hub.users.by_id[certificate.user], certificate.fingerprint)


def _last(hub: Hub, user: User, on: bool) -> None:
    user.always_on = on
    if on:
        hub.users.lasting[user] = None
    else:
        hub.users.lasting.pop(user, None)


def _keep(user: User, turn: Turn) -> None:
    if not user.guest:
        turn.keep(UserSet(user.id, user.always_on, user.realname, user.bot))


def profile(user: User, now: int) -> p.Profile:
    """What may be seen of somebody in a list."""
    return p.Profile(
        called(user), user.nick, "" if user.guest else user.name, user.ident, user.host, user.realname, user.state,
        user.operator, user.bot, idle=idle(user, now), since=user.since, away=user.away,
    )  # fmt: skip


def called(user: User) -> str:
    """The name by which events mean somebody when they leave: a guest's may be another one by then."""
    return user.nick if user.guest else user.name


def claimed(user: User) -> str:
    """What somebody is called from here on, though it may not have been told yet."""
    return user.alias.display if user.alias is not None else user.name


def _remember(hub: Hub, user: User, now: int) -> None:
    """Somebody goes, or is called otherwise from here on."""
    was = msgspec.structs.replace(profile(user, now), name=user.name, nick=claimed(user))
    hub.past.add(was, now)


def idle(user: User, now: int) -> int:
    """For how many seconds somebody has said nothing."""
    return max(0, now - user.active) // 1000 if user.active else 0


def groups_of(user: User) -> list[Conversation]:
    """The groups somebody belongs to, but for the lobby."""
    return [conversation for conversation in user.conversations.values() if not conversation.direct]


# ---- telling, when a turn leaves ---------------------------------------------------------------------------------


def tell(hub: Hub, user: User, shared: Iterable[Conversation], change: str, text: str = "",
         but: Session | None = None) -> None:  # fmt: skip
    """Let everybody who shares a group with somebody (and who monitors them) know of a change."""
    event = p.PersonChanged(called(user), user.nick, change, text)
    near = hub.neighbours(user, shared)
    if change in ("away", "gone"):
        near = {session: None for session in near if session.line}
    hub.outside.cast(near, event, but)
    if change not in ("nick", "gone"):
        far = [session for session in hub.monitors.of(user) if session not in near and session is not but]
        if far:
            hub.outside.cast(far, p.PersonChanged(called(user), user.nick, change, text, "*"))


def dress(user: User, nick: str, ident: str = "", realname: str = "") -> None:
    """From here on somebody is seen like this."""
    user.look(nick, ident)
    user.realname = realname or user.realname


def call_out(hub: Hub, user: User, nick: str, session: Session | None = None) -> None:
    """Who is seen in groups without being here, is called otherwise from here on."""
    if user.always_on and nick != user.nick:
        tell(hub, user, groups_of(user), "nick", nick, session)


def tell_arrived(hub: Hub, session: Session, ref: int, known: list[Conversation]) -> None:
    """Answer a line session that it is in, as whom, and how each group stands in which it was when it came."""
    user = session.user
    if user is None or session.over:
        return
    shared = [group for group in known if group.member(user) is not None]
    looks = profile(user, user.since)
    hub.say(session, p.Arrived(ref, called(user), user.nick, looks, len(shared), user.guest))
    for group in shared:
        tell_group(hub, session, group)


# ---- coming and going --------------------------------------------------------------------------------------------


def come(hub: Hub, session: Session, user: User, turn: Turn) -> None:
    """Somebody's first session."""
    turn.then(hub.outside.announce, m.Presence(user.name, "online"), session)
    turn.then(_tell_come, hub, user, groups_of(user))


def _tell_come(hub: Hub, user: User, shared: list[Conversation]) -> None:
    if not user.always_on:
        tell_here(hub, user, shared)
        hub.monitors.tell(hub, user, True)
    for group in shared:
        metadata.introduce(hub, user, group)


def tell_here(hub: Hub, user: User, shared: list[Conversation]) -> None:
    """Somebody is seen in these groups again."""
    for group in shared:
        there = [session for session in group.onlookers(user) if session.line and session.user is not user]
        if there:
            hub.outside.cast(there, p.PersonChanged(called(user), user.nick, "here", group=group.name))


def go(hub: Hub, session: Session, user: User, lost: bool, reason: str, turn: Turn) -> None:
    """Somebody's last session has ended."""
    turn.then(hub.outside.announce, m.Presence(user.name, "lost" if lost else "offline"), None)
    shared = groups_of(user)
    _remember(hub, user, turn.now)
    turn.then(_tell_gone, hub, user, [g.witnesses(g.members[user.id]) for g in shared], session.lobby, reason)
    user.operator = user.wallops = user.invisible = user.accounts_only = user.no_ctcp = False
    user.trusted.clear()
    hub.users.marked.pop(user, None)
    if user.guest:
        membership.forget_guest(hub, user, turn, reason)
        hub.users.remove(user)
    else:
        hub.users.release(user)


def _tell_gone(hub: Hub, user: User, seen_by: list[Audience], lobby: bool, reason: str) -> None:
    if not user.always_on:
        near = {session: None for audience in seen_by for session in audience.sessions if session.line}
        if lobby:
            near.update(hub.parlour.sessions)
        hub.outside.cast(near, p.PersonChanged(called(user), user.nick, "gone", reason))
        hub.monitors.tell(hub, user, False)
    elif lobby:
        hub.outside.cast(hub.parlour, m.GroupChange(hub.lobby.name, "left", user.name, text=reason))
    if not user.guest:
        call_out(hub, user, user.name)
        user.look(user.name)
    elif hub.users.shown.get(user.nick) is user:
        del hub.users.shown[user.nick]


# ---- commands ----------------------------------------------------------------------------------------------------


def set_nick(hub: Hub, session: Session, command: p.SetNick, turn: Turn) -> None:
    """Be called otherwise. A guest is the name; an account keeps its own beside."""
    user = session.user
    assert user is not None
    name = hub.users.checked(command.nick, user, owned=True)
    if name.display != claimed(user):
        shared = groups_of(user)
        _remember(hub, user, turn.now)
        if user.guest:
            for group in shared:
                archive.note(hub, group, turn, "nick", user.name, name.display)
            turn.then(_show_renamed, hub, user, user.name, name.display, shared, session)
            hub.users.rename(user, name)
        else:
            hub.users.call(user, name)
            turn.then(_show_called, hub, user, name.display, shared)
    turn.reply(session, m.Done(command.ref))


def _show_called(hub: Hub, user: User, nick: str, shared: list[Conversation]) -> None:
    tell(hub, user, shared, "nick", nick)
    old = user.nick
    user.look(nick)
    hub.monitors.tell_renamed(hub, user, old)


def _show_renamed(hub: Hub, user: User, old: str, new: str, shared: list[Conversation], session: Session) -> None:
    """A guest has another name: for programs that know no renaming, one goes and one comes."""
    hub.outside.cast(hub.neighbours(user, shared), p.PersonChanged(old, user.nick, "nick", new))
    user.look(new)
    if hub.users.shown.get(old) is user:
        del hub.users.shown[old]
        hub.users.shown[new] = user
    hub.monitors.tell_renamed(hub, user, old)
    hub.outside.announce(m.Presence(old, "offline", new), session)
    hub.outside.announce(m.Presence(new, user.state, user.away), session)


def set_profile(hub: Hub, session: Session, command: p.SetProfile, turn: Turn) -> None:
    """Change what others see of one."""
    user = session.user
    assert user is not None
    if command.realname is not None and len(command.realname) > hub.limits.realname_chars:
        raise Refused("text-too-long", f"That name has at most {hub.limits.realname_chars} characters.")
    if command.operator and not user.operator:
        raise Refused("not-operator", "Nobody makes themselves an operator.")
    realname, bot = command.realname, command.bot
    if realname is not None and realname != user.realname:
        user.realname = realname
        turn.then(tell, hub, user, groups_of(user), "realname", realname)
    if bot is not None and bot != user.bot:
        user.bot = bot
        turn.then(tell, hub, user, groups_of(user), "bot", "bot" if bot else "")
    if realname is not None or bot is not None:
        _keep(user, turn)
    for field in ("invisible", "wallops", "operator", "alone", "accounts_only", "no_ctcp"):
        wanted = getattr(command, field)
        if wanted is not None:
            setattr(user, field, wanted)
    if user.invisible or user.operator:
        hub.users.marked[user] = None
    _answer(session, command.ref, turn)


def set_always_on(hub: Hub, session: Session, command: p.SetAlwaysOn, turn: Turn) -> None:
    """Be seen in one's groups also without a session, or no longer."""
    user = session.user
    assert user is not None
    if command.on is not None:
        if user.guest:
            raise Refused("guest", "Guests are here only while they are here; make an account.")
        if command.on != user.always_on:
            hub.check_space()
            _last(hub, user, command.on)
            _keep(user, turn)
    _answer(session, command.ref, turn)


def _answer(session: Session, ref: int, turn: Turn) -> None:
    user = session.user
    assert user is not None
    settings = (user.always_on, user.invisible, user.wallops, user.bot, user.operator, user.alone)
    turn.reply(session, p.ProfileIs(ref, *settings, user.accounts_only, user.no_ctcp))


def check_private(user: User, peer: User, text: str) -> None:
    """Raises Refused where somebody takes no private words from this person, or none of this kind."""
    if peer.accounts_only and user.guest and user not in peer.trusted:
        raise Refused("account-needed", f"{peer.nick} takes private messages from accounts only.")
    if peer.no_ctcp and modes.is_ctcp(text):
        raise Refused("no-ctcp", f"{peer.nick} takes no CTCP.")
    if user.accounts_only:
        _trust(user, peer)  # who is written to may answer


def _trust(user: User, other: User) -> None:
    user.trusted[other] = None
    if len(user.trusted) > MOST_TRUSTED:
        del user.trusted[next(iter(user.trusted))]


def trust(hub: Hub, session: Session, command: p.Trust, turn: Turn) -> None:
    """Take private words of somebody, or no longer."""
    user, other = session.user, hub.users.find(command.name)
    assert user is not None
    if command.on:
        _trust(user, other)
    else:
        user.trusted.pop(other, None)
    turn.reply(session, m.Done(command.ref))


def away(hub: Hub, session: Session, command: m.Away, turn: Turn) -> None:
    """Say that one is away; an empty text ends it."""
    user = session.user
    assert user is not None
    if len(command.text) > hub.limits.away_chars:
        raise Refused("text-too-long", f"That text has at most {hub.limits.away_chars} characters.")
    if user.away != command.text:
        user.away = command.text
        state = "away" if user.away else "online"
        turn.then(hub.outside.announce, m.Presence(user.name, state, user.away), session)
        turn.then(tell, hub, user, groups_of(user), "away", user.away, session)
    turn.reply(session, m.Done(command.ref))
