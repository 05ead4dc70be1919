"""Verbs about groups, announcements and mail.

Rule: as of `verbs`. Of mail there are senders, times and sizes; texts are not to be had here.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.defer import Deferred

from chatd.console.people import FILTER, MOST, SHOW, USER, more
from chatd.console.shown import moment
from chatd.console.verbs import Answer, Argument, Call, Value, Verb
from chatd.operations import groups, mail, notices


def _row(one: groups.GroupIs) -> dict[str, Value]:
    return {
        "name": one.name, "members": one.members, "present": one.present, "messages": one.messages,
        "last": moment(one.last), "private": one.private, "announce": one.announce, "modes": one.modes,
        "slow": one.slow, "created": moment(one.created),
    }  # fmt: skip


def group_list(call: Call) -> Answer:
    """All groups, or some."""
    found, count = groups.groups(call.service, call["filter"] or "", call["most"] or MOST)
    rows = [_row(one) for one in found]
    for row in rows:
        del row["created"], row["slow"], row["announce"]
    return Answer(rows, more(count, len(rows), f"{count} groups."))


def group_show(call: Call) -> Answer:
    """One group with its members."""
    group, members = groups.group(call.service, call["group"], call["most"] or MOST)
    if call["members"]:
        rows: list[dict[str, Value]] = [
            {"name": one.name, "role": one.role, "state": one.state, "unread": one.unread} for one in members
        ]
        return Answer(rows, more(group.members, len(rows), f"{group.members} members."))
    leaders = [f"{one.name} ({one.role})" for one in members if one.role != "member"]
    return Answer([{**_row(group), "topic": group.topic, "who": ", ".join(leaders[:20])}], details=True)


def _done(done: Deferred[Any], text: str, **row: Value) -> Deferred[Answer]:
    return done.addCallback(lambda _: Answer([row], text))


def group_add(call: Call) -> Deferred[Answer]:
    """Put somebody into a group."""
    done = groups.add(call.service, call["group"], call["user"])
    return _done(done, f"{call['user']} is in {call['group']}.", group=call["group"], added=call["user"])


def group_remove(call: Call) -> Deferred[Answer]:
    """Take somebody out of one."""
    done = groups.remove(call.service, call["group"], call["user"], call.operator.name, call["why"] or "")
    return _done(done, f"{call['user']} is out of {call['group']}.", group=call["group"], removed=call["user"])


def group_role(call: Call) -> Deferred[Answer]:
    """Make a member something."""
    done = groups.set_role(call.service, call["group"], call["user"], call["role"], call.operator.name)
    text = f"{call['user']} is {call['role']} of {call['group']}."
    return _done(done, text, group=call["group"], user=call["user"], role=call["role"])


def announce(call: Call) -> Deferred[Answer]:
    """Say something to everybody."""
    done = notices.announce(call.service, call["text"], call["group"] or "")
    return done.addCallback(lambda count: Answer([{"heard-by": count}], f"Said to {count} who are here."))


def motd(call: Call) -> Answer:
    """The message of the day."""
    lines = notices.message_of_the_day(call.service)
    return Answer(
        [{"line": line} for line in lines], "It is the file `motd` of the configuration; `config reload` reads it."
    )


def mailbox_list(call: Call) -> Answer:
    """Whose mail waits."""
    rows: list[dict[str, Value]] = [
        {"name": one.name, "state": one.state, "unread": one.unread, "conversations": one.conversations}
        for one in mail.boxes(call.service, call["top"] or 20)
    ]
    return Answer(rows, "" if rows else "Nobody's mail waits.")


def mailbox_show(call: Call) -> Deferred[Answer]:
    """What waits for somebody: from whom, since when, how large."""
    return mail.box(call.service, call["user"]).addCallback(_letters, call)


def _letters(letters: list[mail.Letter], call: Call) -> Answer:
    rows: list[dict[str, Value]] = [
        {"from": one.sender, "at": moment(one.at), "bytes": one.bytes, "kind": one.kind, "seq": one.seq}
        for one in letters
    ]
    size = sum(one.bytes for one in letters)
    return Answer(rows, f"{len(rows)} messages, {size} bytes." if rows else f"Nothing waits for {call['user']}.")


GROUP: Final = Argument("group", "group", "of which group")
WHY: Final = Argument("why", "text", "what they are told", False)
VERBS: Final = (
    Verb("group list", "ta", group_list, "groups, by name", "group list hw", (FILTER, SHOW)),
    Verb("group show", "ta", group_show, "one group, and who runs it", "group show #hw3 --members",
         (GROUP, Argument("--members", "flag", "everybody in it, and what they have not read", False), SHOW)),
    Verb("group add", "staff", group_add, "put somebody into a group; they are told", "group add #hw3 @alice",
         (GROUP, USER), changes=True),
    Verb("group remove", "staff", group_remove, "take somebody out of a group; it is told",
         "group remove #hw3 @alice wrong section", (GROUP, USER, WHY), changes=True, destructive=True),
    Verb("group role", "staff", group_role, "make a member owner, op, voice ...", "group role #hw3 @alice op",
         (GROUP, USER, Argument("role", "word", "what they are to be", choices=groups.WORDS)), changes=True),
    Verb("announce", "staff", announce, "say something to everybody who is here, or in a group",
         "announce --group #hw3 the room is A12 today",
         (Argument("text", "text", "what is said"), Argument("--group", "group", "only there", False)), changes=True),
    Verb("motd", "ta", motd, "what those who come by IRC are shown", "motd"),
    Verb("mailbox list", "staff", mailbox_list, "the fullest mailboxes", "mailbox list --top 10",
         (Argument("--top", "number", "how many (20)", False),)),
    Verb("mailbox show", "staff", mailbox_show, "what waits for somebody: from whom, when, how large; no text",
         "mailbox show @alice", (USER,)),
)  # fmt: skip
