"""What the letters of the modes mean: who may set them, who may come in, who may speak.

Rule: one table from letter to what it takes; every check of a mode is here. Letters are IRC's.

    flags        i by invitation, m moderated, n nothing from outside, s secret, t topic by operators, u auditorium,
                 C no CTCP, M accounts speak, R accounts join, U what those without a mode say goes to operators
    an argument  k key, l limit, f slow mode's seconds
    lists        b bans, e exceptions from them, I who needs no invitation (see `masks`)
    of members   q owner, a admin, o op, h halfop, v voice

Operators (o and up) set them; members' modes are given and taken by whoever is above them (`over`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from chatd import messages as m
from chatd import moderation as mod
from chatd import people as p
from chatd.core import archive, masks
from chatd.core.groups import (
    HALFOP,
    LETTERS,
    OP,
    OWNER,
    RANKS,
    ROLES,
    VOICE,
    Conversation,
    Member,
    not_the_lobby,
    other_member,
    own_group,
)
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import MaskGone, MaskSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

FLAGS: Final = "CMRUimnstu"
USUAL: Final = "nt"
PRIVATE: Final = "inst"
IN_THE_LOBBY: Final = "CMUmntfbe"
"""What is of use where everybody is."""


def over(mine: int, theirs: int) -> bool:
    """Whether somebody of one rank may give, take and put out what is of another: operators also each other."""
    if mine in (OWNER, HALFOP):
        return mine == OWNER or theirs <= VOICE
    return mine >= OP >= theirs


# ---- coming in and speaking ------------------------------------------------------------------------------------


def check_join(group: Conversation, user: User, key: str) -> None:
    """Raises Refused where this user may not come in. An invitation opens what is closed or full and lifts a ban."""
    invited = user.id in group.members
    if not invited:
        if _banned(group, user):
            raise Refused("banned", f"You are banned from {group.name}.")
        if "i" in group.modes and not masks.any_means(group.masks["I"], user):
            raise Refused("invite-only", f"One comes into {group.name} by invitation only.")
    if group.password and key != group.password:
        raise Refused("bad-key", f"{group.name} has a key, and that is not it.")
    if group.limit and not invited and group.size() >= group.limit:
        raise Refused("group-full", f"{group.name} is full.")
    if "R" in group.modes and user.guest:
        raise Refused("account-needed", f"One needs an account to come into {group.name}.")


def _banned(group: Conversation, user: User) -> bool:
    kept_out = (mask for mask in group.masks["b"] if not masks.mutes(mask))
    if not masks.any_means(kept_out, user):
        return False
    return not masks.any_means((mask for mask in group.masks["e"] if not masks.mutes(mask)), user)


def is_ctcp(text: str) -> bool:
    """Whether a program is to answer this; an action is what a person does."""
    return text.startswith("\1") and not text.startswith("\1ACTION")


def check_talk(group: Conversation, user: User, text: str, now: int) -> None:
    """Raises Refused where this user may not say this here. In slow mode it is counted as said, unless `now` is 0."""
    member = group.member(user)
    if group.hidden(user):  # it was not when this session looked it up
        raise Refused("no-such-group", f"Group {group.name[1:]!r} does not exist.")
    if member is None and "n" in group.modes:
        raise Refused("no-external", f"You are not a member of group {group.name[1:]!r}.")
    if "C" in group.modes and is_ctcp(text):
        raise Refused("no-ctcp", f"{group.name} takes no CTCP.")
    if member is not None and member.modes:
        return
    if "m" in group.modes:
        raise Refused("moderated", f"Only those with a voice may write to {group.name}.")
    if "M" in group.modes and user.guest:
        raise Refused("account-needed", f"One needs an account to write to {group.name}.")
    against = [mask for mask in group.masks["b"] if masks.means(mask, user)]
    if against and not masks.any_means(group.masks["e"], user):
        if all(map(masks.mutes, against)):
            raise Refused("muted", f"You are muted in {group.name}.")
        raise Refused("banned", f"You are banned from {group.name}.")
    if group.slow and now:
        _slow_down(group, user, now)


def _slow_down(group: Conversation, user: User, now: int) -> None:
    """One message in so many seconds."""
    span = group.slow * 1000
    wait = group.spoke.get(user.id, -span) + span - now
    if wait > 0:
        raise Refused("slow-mode", f"{group.name} is slow: wait {-(-wait // 1000)} s.", retry=wait / 1000)
    if len(group.spoke) > 1000:
        group.spoke = {one: at for one, at in group.spoke.items() if at + span > now}
    group.spoke[user.id] = now


def for_operators(group: Conversation, user: User) -> bool:
    """Whether what this user says here goes to operators only (U). It is then not in the log."""
    member = group.member(user)
    return "U" in group.modes and (member is None or not member.modes)


def to_operators(session: Session, group: Conversation, command: m.Send, turn: Turn) -> None:
    """Tell operators, and the sender's other sessions. The answer has no seq, for there is none."""
    user = session.user
    assert user is not None
    said = p.Passing(user.name, group.name, command.id, turn.now, command.text, command.kind, command.tags)
    turn.cast(group.part(HALFOP, user), said, session)
    turn.reply(session, m.Accepted(command.ref, group.name, 0, turn.now, "sent"))


# ---- changing --------------------------------------------------------------------------------------------------


class Changes:
    """What one command changes of one group; told at the end, in all its forms."""

    def __init__(self, hub: Hub, group: Conversation, mine: Member, turn: Turn) -> None:
        self.hub = hub
        self.group = group
        self.mine = mine
        self.turn = turn
        self.made: list[mod.ModeChange] = []
        self._before = group.record()
        self._was = group.private, group.announce
        self._roles: dict[Member, str] = {}

    # ---- one change ----

    def change(self, change: mod.ModeChange) -> None:
        """Make one change. Raises Refused; what is so already is not changed."""
        take = _TAKES.get(change.mode)
        if take is None:
            raise Refused("bad-mode", f"{change.mode[:1]!r} is no mode of a group.")
        if change.mode not in ROLES and self.mine.rank < OP:
            raise Refused("not-operator", f"Only operators of {self.group.name} may change that.")
        if self.group is self.hub.lobby and change.mode not in IN_THE_LOBBY:
            raise Refused("not-allowed", "The lobby is everybody's.")
        take(self, change.on, change.mode, change.argument)

    def flag(self, on: bool, letter: str, argument: str = "") -> None:
        """A letter that is there or not."""
        had = self.group.modes
        if on != (letter in had):
            self.group.modes = "".join(sorted({*had, letter} if on else {*had} - {letter}))
            self.made.append(mod.ModeChange(on, letter))

    def key(self, on: bool, letter: str, argument: str) -> None:
        """The key that one needs to come in. It is taken away whatever is said to be the old one."""
        most = self.hub.limits.key_chars
        typed = argument.isprintable() and not argument.startswith(":") and set(argument).isdisjoint(" ,")
        good = typed and 0 < len(argument) <= most
        if on and not good:
            raise Refused("bad-argument", f"A key has 1 to {most} characters, and no spaces and commas.")
        new = argument if on else ""
        if new != self.group.password:
            self.group.password = new
            self.made.append(mod.ModeChange(on, letter, new or "*"))

    def limit(self, on: bool, letter: str, argument: str) -> None:
        """How many may be in it."""
        new = _number(argument, 10**9) if on else 0
        if new != self.group.limit:
            self.group.limit = new
            self.made.append(mod.ModeChange(on, letter, str(new) if on else ""))

    def slow(self, on: bool, letter: str, argument: str) -> None:
        """How many seconds those without a voice wait between two messages."""
        new = _number(argument, self.hub.limits.slow_seconds) if on else 0
        if new != self.group.slow:
            self.group.slow = new
            self.group.spoke.clear()
            self.made.append(mod.ModeChange(on, letter, str(new) if on else ""))

    def mask(self, on: bool, letter: str, argument: str) -> None:
        """An entry of a list."""
        limits, listed = self.hub.limits, self.group.masks[letter]
        try:
            mask = masks.normal(argument, limits.mask_chars)
        except masks.BadMask as error:
            raise Refused("bad-argument", str(error)) from None
        if on == (mask in listed):
            return
        if on:
            if sum(map(len, self.group.masks.values())) >= limits.masks:
                raise Refused("list-full", f"The lists of {self.group.name} are full.")
            self.hub.check_space()
            listed[mask] = MaskSet(self.group.id, letter, mask, self.mine.user.name, self.turn.now)
            self.turn.keep(listed[mask])
        else:
            del listed[mask]
            self.turn.keep(MaskGone(self.group.id, letter, mask))
        self.made.append(mod.ModeChange(on, letter, mask))

    def member(self, on: bool, letter: str, argument: str) -> None:
        """A mode of a member."""
        if not argument:
            raise Refused("bad-argument", f"Whose mode {letter} is it to be?")
        other = self.checked(on, letter, argument)
        if on != (letter in other.modes):
            self.turn_over(other, on, letter)

    def checked(self, on: bool, letter: str, name: str) -> Member:
        """The member of whom this may be changed. Raises Refused."""
        other = other_member(self.hub, self.group, name)
        if other.invited:
            raise Refused("user-not-in-group", f"{other.user.name} is not a member of {self.group.name} yet.")
        may = over(self.mine.rank, RANKS[letter]) or (other is self.mine and not on)
        if not may:
            raise Refused("not-operator", f"You may not change the mode {letter} of members of {self.group.name}.")
        if not on and letter == "q" and "q" in other.modes and not self._owned_without(other):
            text = f"{other.user.name} is the only owner of {self.group.name}; make another one first."
            raise Refused("not-allowed", text)
        return other

    def _owned_without(self, owner: Member) -> bool:
        """Whether another account owns the group; of guests alone nobody needs to."""
        accounts = [member for member in self.group.members.values() if not member.user.guest and not member.invited]
        return not accounts or any(member.rank == OWNER and member is not owner for member in accounts)

    def turn_over(self, other: Member, on: bool, letter: str) -> None:
        """Change a member's mode."""
        self._roles.setdefault(other, other.role)
        letters = {*other.modes, letter} if on else {*other.modes} - {letter}
        other.modes = "".join(one for one in ROLES if one in letters)
        self.made.append(mod.ModeChange(on, letter, other.user.name))

    # ---- and the end ----

    def finish(self, by: str, but: Session | None = None) -> tuple[int, bytes]:
        """Keep what has changed, and tell everybody, but for one session of the letters; when, and its id."""
        group, turn = self.group, self.turn
        group.guard()
        if group.record() != self._before:
            turn.keep(group.record())
        for member, role in self._roles.items():
            if not member.user.guest:
                turn.keep(member.record(group.id))
            if member.role != role:
                turn.cast(group.audience, m.GroupChange(group.name, "role", member.user.name, by, member.role))
        for had, has, words in zip(
            self._was, (group.private, group.announce), (("open", "private"), ("talk", "announce")), strict=True
        ):
            if had != has:
                turn.cast(group.audience, m.GroupChange(group.name, words[has], by, by))
        if not self.made:
            return 0, b""
        noted = archive.note(self.hub, group, turn, "modes", by, archive.mode_words(self.made))
        turn.cast(group.audience, mod.ModesChanged(0, group.name, by, self.made, *noted), but)
        return noted


_TAKES: Final[dict[str, Callable[[Changes, bool, str, str], None]]] = {
    **dict.fromkeys(FLAGS, Changes.flag),
    **dict.fromkeys("beI", Changes.mask),
    **dict.fromkeys(ROLES, Changes.member),
    "k": Changes.key,
    "l": Changes.limit,
    "f": Changes.slow,
}


def _number(text: str, most: int) -> int:
    """A number above zero. Raises Refused."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
    if not 0 < number <= most:
        raise Refused("bad-argument", f"That takes a number from 1 to {most}.")
    return number


def set_modes(hub: Hub, session: Session, command: mod.SetModes, turn: Turn) -> None:
    """Change modes: each change by itself, what may not be is said."""
    group, mine = own_group(hub, session, command.group)
    if len(command.changes) > hub.limits.mode_changes:
        raise Refused("too-many-targets", f"At most {hub.limits.mode_changes} changes at a time.")
    changes = Changes(hub, group, mine, turn)
    for change in command.changes:
        try:
            changes.change(change)
        except Refused as refusal:
            turn.reply(session, mod.ModeRefused(command.ref, group.name, change, refusal.code, refusal.text))
    noted = changes.finish(mine.user.name, session)
    turn.reply(session, mod.ModesChanged(command.ref, group.name, mine.user.name, changes.made, *noted))


def set_role(hub: Hub, session: Session, command: m.SetRole, turn: Turn) -> None:
    """Make somebody just this: of all modes of members this one, or none."""
    group, mine = own_group(hub, session, command.group)
    not_the_lobby(hub, group)
    if command.role != "member" and command.role not in LETTERS:
        raise Refused("not-allowed", f"A role is one of {', '.join(ROLES.values())}, member.")
    if mine.rank < HALFOP:
        raise Refused("not-operator", f"Only operators of {group.name} may do that.")
    changes, letter = Changes(hub, group, mine, turn), LETTERS.get(command.role, "")
    other = other_member(hub, group, command.name)
    wanted = [(False, one) for one in other.modes if one != letter]
    wanted += [(True, letter)] if letter not in other.modes else []
    for on, one in wanted or [(True, letter or "v")]:
        changes.checked(on, one, command.name)
    for on, one in wanted:
        changes.turn_over(other, on, one)
    changes.finish(mine.user.name)
    turn.reply(session, m.Done(command.ref))


def set_policy(hub: Hub, session: Session, command: m.SetPolicy, turn: Turn) -> None:
    """Make a group private or open, announce-only or for everybody's talk."""
    group, mine = own_group(hub, session, command.group, OP)
    if command.private is not None:
        not_the_lobby(hub, group)
    changes = Changes(hub, group, mine, turn)
    for wanted, letters in ((command.private, "is"), (command.announce, "m")):
        for letter in letters if wanted is not None else "":
            changes.flag(bool(wanted), letter)
    changes.finish(mine.user.name)
    turn.reply(session, m.Done(command.ref))


def promote(hub: Hub, group: Conversation, member: Member, turn: Turn) -> None:
    """Make somebody the owner of a group that has none; nobody did it."""
    changes = Changes(hub, group, member, turn)
    changes.turn_over(member, True, "q")
    changes.finish("")


# ---- asking ----------------------------------------------------------------------------------------------------


def ask_modes(hub: Hub, session: Session, command: mod.AskModes, turn: Turn) -> None:
    """How a group's modes stand; its key is for members."""
    user = session.user
    assert user is not None
    group = hub.conversations.group(command.group, user)
    changes = [mod.ModeChange(True, letter) for letter in group.modes]
    key = group.password if group.member(user) is not None else ""
    for letter, argument in (("k", key), ("l", group.limit), ("f", group.slow)):
        if argument:
            changes.append(mod.ModeChange(True, letter, str(argument)))
    turn.reply(session, mod.GroupModes(command.ref, group.name, changes, group.created))


def ask_masks(hub: Hub, session: Session, command: mod.AskMasks, turn: Turn) -> None:
    """One of a group's lists; but for the bans they are for operators."""
    user = session.user
    assert user is not None
    group = hub.conversations.group(command.group, user)
    listed = group.masks.get(command.mode)
    if listed is None:
        raise Refused("bad-mode", f"A group has no list {command.mode[:1]!r}.")
    member = group.member(user)
    if command.mode != "b" and (member is None or member.rank < HALFOP):
        raise Refused("not-operator", f"Only operators of {group.name} may see that.")
    told = [mod.Mask(entry.mask, entry.by, entry.at) for entry in listed.values()]
    turn.reply(session, mod.MaskList(command.ref, group.name, command.mode, told))
