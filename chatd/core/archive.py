"""The past: who may read what of a conversation, what happened in it besides messages, how far one has read it, and
whose text may be taken away.

Rule: pure, as all of the core. What has to look into the log (`browse`, `redact`, `history`) is checked here and then
read off the reactor by `chatd.past`.

What happened is kept by `note`, one entry a change, with a time that lies where it happened: later than what was said
before it, and not later than what is said next (so at equal times what happened comes first). Its id begins with that
time, and so it can serve as a place. What its `text` says, by kind (`sender` is who did it):

    joined, left, quit   nothing; the reason; the reason (of a guest whose last session ended)
    kicked               the name of who was, a space, the reason
    topic                the topic
    modes                as IRC writes them: `+o-v alice bob`; a key is `*` (`mode_words`)
    renamed              the new name, a space, the reason
    nick                 the new name (of a guest)
    redacted             the message's id in hexadecimal digits, a space, the reason
    passed               tags as IRCv3 writes them; its id is the sender's choice
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as o
from chatd.core.names import BadName, fold, fold_group
from chatd.core.talks import Talk, is_kept
from chatd.core.turn import Refused, Turn
from chatd.entries import Directory, Happened, MarkerMoved, Redaction, Row

if TYPE_CHECKING:
    from chatd.core.groups import Conversation
    from chatd.core.hub import Hub
    from chatd.core.users import Session, User

WAYS: Final = ("latest", "before", "after", "around", "between")
LATEST: Final = 2**53  # ms; nothing is so late
COMINGS: Final = ("joined", "left", "quit", "kicked", "nick")
ORDERLIES: Final = frozenset("qao")  # the members who may take away what others said


class View(NamedTuple):
    """What somebody may read of a conversation: what is after `after`, and, if `name` is set, their own coming."""

    conversation: Conversation | Talk
    after: int
    name: str = ""


class Wanted(NamedTuple):
    """A page that may be read."""

    view: View
    way: str
    one: a.Place
    two: a.Place
    limit: int
    events: bool


def view(hub: Hub, session: Session, to: str) -> View | None:
    """What this session may read of `@name` or `#group`; None where two people have not talked yet. Raises Refused.

    Private groups from one's joining on; guests, who are nobody that could be asked, open groups likewise.
    """
    user = session.user
    assert user is not None
    if to.startswith("@"):
        said = _said_to(hub, user, hub.users.find(to[1:]))
        return View(said, 0) if said is not None else None
    group = hub.conversations.group(to, user)
    member = group.member(user)
    if member is None or (group is hub.lobby and not session.lobby):
        raise Refused("not-a-member", f"You are not a member of group {group.name[1:]!r}.")
    if _from_joining_on(hub, group, user):
        return View(group, member.since, user.name)
    return View(group, 0)


def _from_joining_on(hub: Hub, group: Conversation, user: User) -> bool:
    return group.private or (user.guest and group is not hub.lobby)


def _said_to(hub: Hub, user: User, other: User) -> Conversation | Talk | None:
    if not is_kept(user, other):
        return hub.talks.get(user, other)
    low, high = sorted((user.id, other.id))
    return hub.conversations.direct.get((low, high))


# ---- pages -------------------------------------------------------------------------------------------------------


def history(hub: Hub, session: Session, command: m.History, turn: Turn) -> View | None:
    """What a page may be read of. Where the end is shows when everything before the command has left."""
    seen = view(hub, session, command.to)
    if seen is None:
        turn.reply(session, m.Page(command.ref, command.to, [], False))
    return seen


def browse(hub: Hub, session: Session, command: a.Browse, turn: Turn) -> Wanted | None:
    """Which page to read."""
    if command.way not in WAYS:
        raise Refused("bad-argument", f"A way is one of {', '.join(WAYS)}.")
    for place in (command.one, command.two):
        if not 0 <= place.at < LATEST:
            raise Refused("bad-place", "A place is the id of a message, or a time in milliseconds since 1970.")
    if command.way in ("after", "around") and not (command.one.id or command.one.at):
        raise Refused("bad-place", f"A page {command.way} what? Say a place.")
    seen = view(hub, session, command.to)
    if seen is None:
        turn.reply(session, a.Pages(command.ref, command.to, []))
        return None
    limit = max(1, min(command.limit, hub.limits.history_page))
    return Wanted(seen, command.way, command.one, command.two, limit, command.events)


def targets(hub: Hub, session: Session, command: a.Targets, turn: Turn) -> None:
    """Own conversations with their newest message between two times, as it is when the answer leaves."""
    turn.then(_tell_targets, hub, session, command)


def _tell_targets(hub: Hub, session: Session, command: a.Targets) -> None:
    """Where `after` is the later one, it is the newest ones that are told if there are too many."""
    user = session.user
    assert user is not None
    early, late = sorted((command.after, command.before))
    own = [hub.lobby] if session.lobby else []
    listed = []
    for conversation in (*own, *user.conversations.values()):
        member = conversation.member(user)
        hidden = member.since if member is not None and _from_joining_on(hub, conversation, user) else 0
        if early < conversation.at < late and conversation.head > max(hidden, conversation.floor):
            listed.append((conversation.at, conversation.name))
    listed.sort()
    limit = max(1, min(command.limit, hub.limits.list_length))
    chosen = listed[:limit] if command.after <= command.before else listed[-limit:]
    hub.say(session, a.TargetList(command.ref, [(name, at) for at, name in chosen]))


# ---- what else happened ------------------------------------------------------------------------------------------


def note(
    hub: Hub, conversation: Conversation, turn: Turn, kind: str, sender: str, text: str = "", id: bytes = b""
) -> tuple[int, bytes]:
    """Keep what happened; returns the time and the id that the event about it should have.

    To be called before the group is closed, for what is said of a closed one cannot be kept. Nobody reads back who came
    to the lobby and left it, nor into a group that does not show its members; a full disk is for messages.
    """
    at = max(turn.now, conversation.at + 1, conversation.noted)
    conversation.notes += 1
    if id:
        at = max(at, conversation.noted + 1)  # alone at its time, for its id says nothing about the order
        conversation.noted = at + 1
    else:
        conversation.noted = at
        number = conversation.id % 2**32
        id = at.to_bytes(6, "big") + number.to_bytes(4, "big") + (conversation.notes % 2**48).to_bytes(6, "big")
    hidden = conversation is hub.lobby or "u" in conversation.modes
    if not (hub.full or (hidden and kind in COMINGS)):
        turn.keep(Happened(conversation.id, at, id, sender, kind, text))
    return at, id


def mode_words(changes: Iterable[o.ModeChange]) -> str:
    """Changes of modes as IRC writes them, without a key that was set."""
    letters, arguments, sign = "", [], ""
    for change in changes:
        wanted = "+" if change.on else "-"
        letters += (wanted if wanted != sign else "") + change.mode
        sign = wanted
        if change.argument:
            arguments.append("*" if change.mode == "k" else change.argument)
    return " ".join([letters, *arguments])


# ---- how far one has read ----------------------------------------------------------------------------------------


def load(hub: Hub, directory: Directory) -> None:
    """What the store knows about it; after users and conversations."""
    for marker in directory.markers:
        conversation = hub.conversations.by_id[marker.conversation]
        hub.users.by_id[marker.user].markers[conversation.marked] = marker.at


def remember(conversation: Conversation, user: User, turn: Turn) -> None:
    """An account belongs to it from here on: a marker from before can be kept now."""
    at = user.markers.get(conversation.marked, 0)
    if at and not user.guest:
        turn.keep(MarkerMoved(user.id, conversation.id, at))


def renamed(hub: Hub, group: Conversation, key: str) -> None:
    """A group was found by this key until now: markers go with it."""
    for member in group.members.values():
        at = member.user.markers.pop(key, 0)
        if at:
            member.user.markers[group.key] = at


def mark(hub: Hub, session: Session, command: a.Mark, turn: Turn) -> None:
    """Note up to when one has read a conversation, or say it; one's other sessions hear of it.

    Also for whom or what one has no conversation with (yet), but that is not kept beyond the process.
    """
    user = session.user
    assert user is not None
    if not 0 <= command.at < LATEST:
        raise Refused("bad-place", "A time is in milliseconds since 1970.")
    conversation, key, name = _to_mark(hub, user, command.to)
    kept = conversation is not None and not user.guest and conversation.member(user) is not None
    at = user.markers.get(key, 0)
    newest = max(turn.now, conversation.at) if conversation is not None else turn.now
    wanted = min(command.at, newest)  # a client whose clock is fast would take the marker from all the others
    if wanted > at:
        if not (kept or at) and len(user.markers) >= len(user.conversations) + hub.limits.markers:
            raise Refused("list-full", f"You have {len(user.markers)} markers; that is enough.")
        at = user.markers[key] = wanted
        if kept and conversation is not None:
            turn.keep(MarkerMoved(user.id, conversation.id, at))
        for other in user.sessions:
            if other is not session:
                turn.reply(other, a.Marked(0, name, at))
    turn.reply(session, a.Marked(command.ref, name, at))


def hand_over(hub: Hub, guest: User, account: User, turn: Turn) -> None:
    """A guest is an account from here on, and has read what the guest had."""
    for found, at in guest.markers.items():
        if at > account.markers.get(found, 0):
            account.markers[found] = at
            group = hub.conversations.groups.get(found)
            if group is not None and group.member(account) is not None:
                remember(group, account, turn)


def _to_mark(hub: Hub, user: User, to: str) -> tuple[Conversation | None, str, str]:
    """The conversation, if there is one that they may know of, what its marker is found by, and its name."""
    try:
        if to.startswith("@"):
            other = hub.users.get(to[1:])
            name = "dm:" + ":".join(sorted((user.key, other.key if other is not None else fold(to[1:]).key)))
            low, high = sorted((user.id, other.id if other is not None else 0))
            return hub.conversations.direct.get((low, high)), name, name
        folded = fold_group(to)
    except BadName as error:
        raise Refused("bad-name", str(error)) from None
    group = hub.conversations.groups.get(folded.key)
    if group is None or (group.hidden(user)):
        return None, folded.key, folded.display
    return group, group.key, group.name


# ---- taking a message away ---------------------------------------------------------------------------------------


def redact(hub: Hub, session: Session, command: o.Redact, turn: Turn) -> View:
    """In which conversation to look for the message."""
    if len(command.reason) > hub.limits.topic_chars:
        raise Refused("text-too-long", f"A reason has at most {hub.limits.topic_chars} characters.")
    return _view_of_orderly(hub, session, command.to)


def _view_of_orderly(hub: Hub, session: Session, to: str) -> View:
    """As `view`; operators of the server keep order in every group that they may know of."""
    assert session.user is not None
    try:
        seen = view(hub, session, to)
    except Refused as refusal:
        if refusal.code != "not-a-member" or not session.user.operator:
            raise
        seen = View(hub.conversations.group(to, session.user), 0)
    if seen is None or isinstance(seen.conversation, Talk):
        raise _no_such_message()
    return seen


def take_away(hub: Hub, session: Session, command: o.Redact, found: View, rows: list[Row], turn: Turn) -> int:
    """Take the text away of one of these messages, which have the id; returns its seq. Raises Refused.

    One's own before another's. What `redact` found may be otherwise by now.
    """
    user = session.user
    assert user is not None
    seen = _view_of_orderly(hub, session, command.to)
    conversation = seen.conversation
    if isinstance(conversation, Talk) or conversation is not found.conversation:
        raise _no_such_message()
    rows = [row for row in rows if row.seq > max(seen.after, conversation.floor) and row.content != "redacted"]
    if not rows:
        raise _no_such_message()
    # a guest may have the name of one who left
    own = [row for row in rows if row.sender == user.name and (not user.guest or row.at >= user.since)]
    member = conversation.member(user)
    orderly = not conversation.direct and (user.operator or (member and ORDERLIES & set(member.modes)))
    if not (own or orderly):
        raise Refused("not-allowed", "Only who said it, and the group's operators, may take it away.")
    row = (own or rows)[0]
    turn.keep(Redaction(conversation.id, row.seq, user.name, command.reason))
    noted = note(hub, conversation, turn, "redacted", user.name, f"{row.id.hex()} {command.reason}".rstrip())
    told = o.Redacted(conversation.name, row.seq, row.id, user.name, command.reason, 0, *noted)
    turn.then(_tell_redacted, hub, conversation, told, session)
    turn.reply(session, msgspec.structs.replace(told, ref=command.ref))
    return row.seq


def _tell_redacted(hub: Hub, conversation: Conversation, event: o.Redacted, but: Session) -> None:
    """Also to who is fed from the store, and may have been sent the message."""
    hub.outside.cast(conversation.audience, event, but)
    hub.outside.cast([s for s in hub.everyone.sessions if conversation in s.behind], event, but)


def _no_such_message() -> Refused:
    return Refused("no-such-message", "There is no message with this id, or not any more.")
