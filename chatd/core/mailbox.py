"""Messages: sending, acknowledging, and what waits for whom.

Rule: one log a conversation, one cursor a device and log; the mailbox is everything after the cursor. A message is
told to its readers and its sender only when the store has given it its seq (`standing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from chatd import messages as m
from chatd.core import archive, modes, people, sanctions
from chatd.core.groups import Conversation
from chatd.core.turn import Command, Post, Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import Append, ConversationMade, CursorMoved, Stored

if TYPE_CHECKING:
    from chatd.core.hub import Hub

ID_BYTES = 16
KINDS = ("text", "notice")
MANY = 1 << 30


def send(hub: Hub, session: Session, command: m.Send, turn: Turn) -> None:
    """Keep a message and let its readers know."""
    user = session.user
    assert user is not None
    text, limits = command.text, hub.limits
    body = text.encode()
    if len(body) > limits.text_bytes or len(command.id) != ID_BYTES or command.tags:
        check_parts(hub, text, command.id, command.tags)
    if not text or text.isspace():
        raise Refused("empty-text", "There is nothing to send.")
    if command.kind not in KINDS:
        raise Refused("bad-argument", f"A kind is one of {', '.join(KINDS)}.")
    conversation = session.known.get(command.to)
    if conversation is None or conversation.closed:
        conversation = _find(hub, session, command.to, turn.now)
    if hub.full:
        hub.check_space()
    if conversation.direct:
        peer = conversation.others[user.id]
        other = peer.user
        if user.chains and other.chains:
            raise encrypted_only(other)
        if other.no_ctcp or user.accounts_only:
            people.check_private(user, other, text)
        if other.waiting >= limits.mailbox_messages:
            raise Refused("mailbox-full", f"{other.name} has {other.waiting} unread messages; try again later.")
        peer.waiting += 1
        other.waiting += 1
        if conversation.id not in hub.conversations.by_id:
            begin(hub, conversation, turn)
    else:
        member = conversation.members.get(user.id)
        if member is None or member.invited or conversation.guarded:
            modes.check_talk(conversation, user, text, turn.now)
            if modes.for_operators(conversation, user):
                modes.to_operators(session, conversation, command, turn)
                return
    at = user.active = turn.now
    if at < conversation.at or at < conversation.noted:
        at = max(conversation.at, conversation.noted)
    conversation.at = at
    append = Append(conversation.id, at, user.name, command.id, body, command.kind, command.tags)
    turn.post(conversation, (append,), session, (command,))


def send_all(hub: Hub, session: Session, commands: Sequence[Command], start: int, turn: Turn) -> int:
    """`send` for those that go to one place in a row from `start` on; returns where the first begins that is not taken.

    What they share is looked at once; where more than each by itself would have to be looked at, none is taken.
    """
    first, user = commands[start], session.user
    assert type(first) is m.Send and user is not None
    to, most = first.to, hub.limits.text_bytes
    conversation = session.known.get(to)
    if conversation is None:
        return start
    at, number, name = max(turn.now, conversation.at, conversation.noted), conversation.id, user.name
    appends: list[Append] = []
    for command in commands[start : start + _room(hub, user, conversation)]:
        if type(command) is not m.Send or command.to != to:
            break
        text, id, kind = command.text, command.id, command.kind
        body = text.encode()
        if len(body) > most or len(id) != ID_BYTES or command.tags or kind not in KINDS or not text or text.isspace():
            break
        appends.append(Append(number, at, name, id, body, kind))
    if not appends:
        return start
    end = start + len(appends)
    user.active, conversation.at = turn.now, at
    if conversation.direct:
        peer = conversation.others[user.id]
        peer.waiting += len(appends)
        peer.user.waiting += len(appends)
    turn.post(conversation, appends, session, cast(Sequence[m.Send], commands[start:end]))
    return end


def _room(hub: Hub, user: User, conversation: Conversation) -> int:
    """How many messages this user may send there with no more than each by itself to be looked at."""
    if conversation.closed or hub.full or conversation.id not in hub.conversations.by_id:
        return 0
    if not conversation.direct:
        member = conversation.members.get(user.id)
        return 0 if member is None or member.invited or conversation.guarded else MANY
    other = conversation.others[user.id].user
    if (user.chains and other.chains) or other.no_ctcp or user.accounts_only:
        return 0
    return max(0, hub.limits.mailbox_messages - other.waiting)


def encrypted_only(peer: User) -> Refused:
    """What is said to one of two people who both have keys, and who would say it for everybody to read."""
    return Refused(
        "encrypted-only",
        f"You and {peer.name} both have keys: what you write to {peer.name} in private is encrypted. Write it in chat, "
        "or another program that can; nothing was sent.",
        near=[peer.name],
    )


def check_parts(hub: Hub, text: str, identity: bytes, tags: str) -> bytes:
    """The text's bytes. Raises Refused for what no message may be."""
    body = text.encode()
    if len(body) > hub.limits.text_bytes:
        most = hub.limits.text_bytes
        raise Refused("text-too-long", f"A message has at most {most} bytes; this one has {len(body)}.")
    if len(identity) != ID_BYTES:
        raise Refused("bad-id", f"A message id has {ID_BYTES} bytes.")
    if tags and len(tags.encode()) > hub.limits.tags_bytes:
        raise Refused("text-too-long", f"Tags have at most {hub.limits.tags_bytes} bytes.")
    return body


def _find(hub: Hub, session: Session, to: str, now: int) -> Conversation:
    """What `@name` or `#group` means to this session; a new direct conversation is not yet in the directory."""
    user = session.user
    assert user is not None
    if not to.startswith("@"):
        group = hub.conversations.group(to, user)
        _remember(session, to, group)
        return group
    peer = hub.users.find(to[1:])
    if user.guest or peer.guest:
        raise Refused("guest", "Guests talk in the lobby and in open groups; private messages need an account.")
    if peer is user:
        raise Refused("not-allowed", "That is you.")
    if peer.disabled is not None:
        sanctions.check_peer(peer, now)
    conversation = direct(hub, user, peer)
    if conversation.id in hub.conversations.by_id:
        _remember(session, to, conversation)
    return conversation


def direct(hub: Hub, user: User, peer: User) -> Conversation:
    """Two accounts' conversation; a new one is not in the directory before `begin`."""
    first, second = sorted((user, peer), key=lambda u: u.id)
    conversation = hub.conversations.direct.get((first.id, second.id))
    if conversation is None:
        record = ConversationMade(hub.conversations.next_id, "", "", (first.id, second.id), 0)
        conversation = hub.conversations.planned(record, (first, second))
    return conversation


def _remember(session: Session, to: str, conversation: Conversation) -> None:
    if len(session.known) < 1000:
        session.known[to] = conversation


def begin(hub: Hub, conversation: Conversation, turn: Turn) -> None:
    """Two people's first message: the conversation comes into being with it."""
    users = [member.user for member in conversation.members.values()]
    hub.conversations.begin(conversation, (users[0], users[1]))
    turn.keep(ConversationMade(conversation.id, "", "", (users[0].id, users[1].id), turn.now))
    for user in users:
        archive.remember(conversation, user, turn)
        turn.then(hub.subscribe_user, user, conversation)


def standing(conversation: Conversation, sender: User) -> str:
    """How a message that is durable now stands with its readers."""
    if conversation.direct:
        return "sent" if conversation.peer(sender).user.sessions else "stored"
    readers = conversation.audience.users
    return "sent" if len(readers) > (sender in readers) else "stored"


def repeated(post: Post, stored: Stored) -> str:
    """The same of a message that was kept before: it waits for nobody a second time."""
    conversation, sender = post.conversation, post.session.user
    if sender is None or not conversation.direct:
        return "stored"
    peer = conversation.peer(sender)
    peer.waiting -= 1
    peer.user.waiting -= 1
    return "delivered" if peer.acked >= stored.seq else standing(conversation, sender)


def acknowledge(hub: Hub, session: Session, command: m.Acknowledge, turn: Turn) -> None:
    """Move a device's cursor, and tell senders what has been read."""
    user, device = session.user, session.device
    if user is None or device is None:
        return
    conversation = session.known.get(command.conversation)
    if conversation is hub.lobby and session.line:
        return  # which hears it from when it comes in, and keeps no place
    if conversation is None:
        conversation = next((c for c in session.live if c.name == command.conversation), None) or next(
            (c for c in session.behind if c.name == command.conversation), None
        )
        if conversation is None:
            return
        _remember(session, command.conversation, conversation)
    if conversation.id not in user.conversations and conversation is not hub.lobby:
        return  # no longer a member
    seq = min(command.seq, conversation.head)
    member = conversation.members.get(user.id)
    if seq <= device.cursors.get(conversation.id, member.since if member is not None else 0):
        return  # also what is older than their membership: a cursor there would let them read it
    device.cursors[conversation.id] = seq
    turn.keep(CursorMoved(device.id, conversation.id, seq))
    hub.trail.acknowledged.append((turn.now, device.id, conversation.id, seq))
    if member is not None:
        if seq <= member.acked:
            return
        member.acked = seq
        if member.waiting:
            left = min(member.waiting, conversation.head - seq)
            user.waiting -= member.waiting - left
            member.waiting = left
    if conversation.pending:
        _tell_senders(conversation, user, seq, turn)


def _tell_senders(conversation: Conversation, reader: User, seq: int, turn: Turn) -> None:
    """A reader has everything up to `seq`: each sender whose message was still waiting hears of the newest one."""
    pending = conversation.pending
    heard: dict[User, int] = {}
    keep = []
    while pending and pending[0][0] <= seq:
        first, last, sender = pending.popleft()
        if sender is reader:
            keep.append((first, last, sender))
            continue
        heard[sender] = min(last, seq)
        if last > seq:
            keep.append((seq + 1, last, sender))
    pending.extendleft(reversed(keep))
    for sender, number in heard.items():
        event = m.Delivered(conversation.name, number, reader.name)
        for session in sender.sessions:
            turn.reply(session, event)


def inbox(hub: Hub, session: Session, command: m.Inbox, turn: Turn) -> None:
    """Where each conversation stands when the answer leaves."""
    turn.then(_tell_inbox, hub, session, command.ref)


def _tell_inbox(hub: Hub, session: Session, ref: int) -> None:
    user = session.user
    assert user is not None
    positions = [conversation.position(session) for conversation in user.conversations.values()]
    hub.say(session, m.InboxList(ref, positions))
