"""What the words of a dialogue look like to somebody at an IRC client: each expectation as the lines that have to come.

Rule: nothing may come that is not taken here, so that what must not be heard is looked for, too. What IRC does not show
(`delivered`, a role's word beside its mode) is nothing here. Presence is the lobby's: JOIN and QUIT.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tests.stage.refused import refused

if TYPE_CHECKING:
    from tests.stage.lines import Lines

SIGNS: Final = {"owner": "~", "admin": "&", "op": "@", "halfop": "%", "voice": "+", "member": ""}
SERVER: Final = "test.example"
NAMES: Final = ("353", "366")
QUOTED: Final = re.compile(r" '(.*)',| \"(.*)\",")
LISTED: Final = {"b": ("367", "368"), "e": ("348", "349"), "I": ("346", "347")}
COMMANDS: Final = {"joined": "JOIN", "left": "PART", "topic": "TOPIC", "modes": "MODE", "redacted": "REDACT",
                   "kicked": "KICK", "renamed": "RENAME"}  # fmt: skip


def items(words: str) -> list[str]:
    """`a, b, c`, or `none`."""
    return [] if words == "none" else words.split(", ")


def nick(voice: Lines, name: str) -> str:
    """What somebody is called."""
    user = voice.house.node.hub.users.known(name)
    return user.nick if user is not None else name


def other(voice: Lines, conversation: str, sender: str) -> str:
    """Whom a message is addressed to, as IRC shows it: the group, or the other one of two."""
    if conversation[0] == "#":
        return conversation
    _, first, second = conversation.split(":")
    return nick(voice, second if sender == first else first)


# ---- what is said --------------------------------------------------------------------------------------------------


def accepted(voice: Lines, words: str) -> None:
    """accepted CONVERSATION SEQ STATE: the echo, and why nobody will read it now."""
    to, _, text = voice.rest.partition(" ")
    to = to.lstrip("@")
    voice.next(voice.nick, "PRIVMSG", to, text)
    if to[0] != "#" and (words.endswith("stored") or voice.house.node.hub.users.find(to).away):
        voice.next(SERVER, "301", voice.nick, nick(voice, to))


def message(voice: Lines, words: str) -> None:
    """message CONVERSATION SEQ SENDER: TEXT"""
    conversation, _, sender, text = words.split(" ", 3)
    sender = sender.removesuffix(":")
    voice.next(nick(voice, sender), "PRIVMSG", other(voice, conversation, sender), text)


def passed(voice: Lines, words: str) -> None:
    """passed [, away TEXT]"""
    to, _, text = voice.rest.partition(" ")
    if voice.verb == "typing":
        voice.next(voice.nick, "TAGMSG", to.lstrip("@"))
        return
    voice.next(voice.nick, "PRIVMSG", to.lstrip("@"), text)
    if words:
        voice.next(SERVER, "301", voice.nick, to.lstrip("@"), words.removeprefix("away "))


def passing(voice: Lines, words: str) -> None:
    """passing TO SENDER: TEXT, or the tags"""
    to, sender, text = words.split(" ", 2)
    sender = nick(voice, sender.removesuffix(":"))
    if text.startswith("+"):
        line = voice.next(sender, "TAGMSG", to.lstrip("@"))
        assert text.split("=")[0] in line.tags, line
    else:
        voice.next(sender, "PRIVMSG", to.lstrip("@"), text)


def redacted(voice: Lines, words: str) -> None:
    """redacted CONVERSATION SEQ by WHO[: REASON]"""
    conversation, _, _, who = words.split(" ", 3)
    who, colon, reason = who.partition(": ")
    to = other(voice, conversation, who)
    voice.next(nick(voice, who), "REDACT", to, None, *([reason] if colon else []))


def page(voice: Lines, words: str) -> None:
    """page, pages CONVERSATION: MESSAGES AND EVENTS"""
    conversation, told = words.split(" ", 1)
    conversation = conversation.removesuffix(":").removeprefix("@")
    for item in items(told.removesuffix(", more")):
        said = re.fullmatch(r"\d+ (\S+?)( redacted)?: (.*)", item)
        if said is None:
            kind, who, *text = item.split(" ", 2)
            more: list[str | None] = [conversation] if kind == "joined" else [conversation, *text]
            if kind == "redacted":
                more = [conversation, None, *text]
            voice.next(nick(voice, who), COMMANDS[kind], *more)
        elif not said[2]:
            voice.next(nick(voice, said[1]), "PRIVMSG", None, said[3])


def targets(voice: Lines, words: str) -> None:
    """targets CONVERSATION, ..."""
    for conversation in items(words):
        voice.next(SERVER, "CHATHISTORY", "TARGETS", other(voice, conversation, voice.name))


def marked(voice: Lines, words: str) -> None:
    """marked CONVERSATION AT"""
    conversation, at = words.split()
    told = f"timestamp=1970-01-01T00:00:{int(at) // 1000:02d}.000Z" if at != "0" else "*"
    voice.next(SERVER, "MARKREAD", other(voice, conversation, voice.name), told)


# ---- groups ----------------------------------------------------------------------------------------------------------


def group_info(voice: Lines, words: str) -> None:
    """group #NAME ROLE CURSOR/HEAD ... ['TOPIC'], MEMBERS ...: one has come in, or set or asked for its topic."""
    group = words.split(" ", 1)[0]
    topic = QUOTED.search(words)
    text = (topic[1] or topic[2]) if topic else ""
    if voice.verb == "topic":
        if " " in voice.rest:
            voice.next(voice.nick, "TOPIC", group, text)
        else:
            voice.next(SERVER, "332", voice.nick, group, text)
            voice.next(SERVER, "333", voice.nick, group)
    elif voice.fetch(voice.nick, "JOIN", group) or voice.verb not in ("join", "come"):
        inside(voice, group, text)  # or it was said with the welcome, or one was in already


def inside(voice: Lines, group: str, topic: str = "") -> str:
    """One has come into a group; who is there."""
    voice.next(voice.nick, "JOIN", group)
    if topic:
        voice.next(SERVER, "332", voice.nick, group, topic)
        voice.next(SERVER, "333", voice.nick, group)
    if voice.ahead("MARKREAD"):
        voice.next(SERVER, "MARKREAD", group)
    rest, voice.lines = voice.lines, [line for line in voice.lines if group in line.params and line.command in NAMES]
    told = names(voice, group)
    voice.lines = [line for line in rest if group not in line.params or line.command not in NAMES]
    return told


def names(voice: Lines, group: str) -> str:
    """353 and 366."""
    found = []
    while voice.ahead("353"):
        found.append(voice.next(SERVER, "353", voice.nick, None, group).params[3])
    voice.next(SERVER, "366", voice.nick, group)
    return " ".join(found)


def group_change(voice: Lines, words: str) -> None:
    """#NAME: CHANGE WHO [by WHO] [TEXT]"""
    group, change, who, *rest = words.split(" ", 3)
    group, text = group.removesuffix(":"), rest[0] if rest else ""
    found = re.match(r"by (\S+) ?", text)
    by, text = (found[1], text[found.end() :]) if found else ("", text)
    reason = [text] if text else []
    if change == "joined":
        voice.next(nick(voice, who), "JOIN", group)
    elif change == "left":
        voice.next(nick(voice, who), "PART", group, *reason)
    elif change == "kicked":
        voice.next(nick(voice, by), "KICK", group, nick(voice, who), *reason)
    elif change == "topic":
        voice.next(nick(voice, by), "TOPIC", group, text)
    elif change == "invited":
        voice.next(nick(voice, by), "INVITE", nick(voice, who), group)


def modes(voice: Lines, words: str) -> None:
    """modes #NAME: CHANGES [by WHO]; modes of #NAME: CHANGES"""
    asked = words.startswith("of ")
    group, told = words.removeprefix("of ").split(": ", 1)
    told, _, by = told.partition(" by ")
    letters, arguments, sign = "", [], ""
    for word in [] if told == "none" else told.split():
        letters += word[:2] if word[0] != sign else word[1]
        sign = word[0]
        if word[2:]:
            arguments.append(nick(voice, word[3:]) if word[1] in "qaohv" else word[3:])
    if asked:
        voice.next(SERVER, "324", voice.nick, group, letters, *arguments)
        voice.next(SERVER, "329", voice.nick, group)
    elif letters:
        source = SERVER if by == "nobody" else nick(voice, by) if by else voice.nick
        voice.next(source, "MODE", group, letters, *arguments)


def masks(voice: Lines, words: str) -> None:
    """masks #NAME LETTER: MASK by WHO, ..."""
    group, letter, told = words.split(" ", 2)
    one, end = LISTED[letter.removesuffix(":")]
    for item in items(told):
        mask, by = item.split(" by ")
        line = voice.next(SERVER, one, voice.nick, group, mask)
        assert line.params[3].split("!")[0] == nick(voice, by), line
    voice.next(SERVER, end, voice.nick, group)


def members(voice: Lines, words: str) -> None:
    """members #NAME: WHO ROLE STATE, ...: of those who are here"""
    group, told = words.split(": ", 1)
    here = [item.split(" ") for item in items(told) if not item.endswith(" offline")]
    shown = [re.sub(r"^([~&@%+])[~&@%+]+", r"\1", word) for word in names(voice, group).split(" ")]
    assert shown == [SIGNS[role] + nick(voice, name) for name, role, _ in here], shown


def groups(voice: Lines, words: str) -> None:
    """groups #NAME (NUMBER) ..., ...: but for the lobby, which is not in the list of those who are there"""
    told = {item.split(" ")[0] for item in items(words)}
    voice.next(SERVER, "321")
    shown = set()
    while voice.ahead("322"):
        shown.add(voice.next(SERVER, "322").params[1])
    voice.next(SERVER, "323")
    assert shown == told, (shown, told)


def renamed(voice: Lines, words: str) -> None:
    """renamed #OLD to #NEW by WHO [REASON]"""
    old, _, new, _, by, *reason = words.split(" ", 5)
    voice.next(nick(voice, by), "RENAME", old, new, "".join(reason))


# ---- people ------------------------------------------------------------------------------------------------------


def welcomed(voice: Lines, words: str = "") -> None:
    """welcome ...: everything up to being in the lobby, and in it those who are here; mail is looked at later"""
    mail = [line for line in voice.lines if line.command in ("PRIVMSG", "NOTICE")]
    voice.lines = [line for line in voice.lines if line not in mail]
    if voice.ahead("REGISTER"):
        voice.next(SERVER, "REGISTER", "SUCCESS", voice.nick)
    for number in ("900", "903"):
        if voice.ahead(number):
            voice.next(SERVER, number)
    voice.next(SERVER, "001", voice.nick)
    while voice.ahead("422") is None:
        assert voice.next(SERVER, voice.lines[0].command, voice.nick).command.isdigit()
    voice.next(SERVER, "422")
    there = ""
    while there == "":
        line = voice.ahead("JOIN")
        assert line is not None, "the lobby"
        shown = inside(voice, line.params[0], _topic(voice))
        there = shown if line.params[0] == "#lobby" else ""
    here = re.search(r"here: (.*)", words)
    if here is not None:
        wanted = sorted([voice.nick, *(nick(voice, name) for name in items(here[1]))])
        assert sorted(there.split(" ")) == wanted, (there, wanted)
    voice.lines = [*mail, *voice.lines]


def _topic(voice: Lines) -> str:
    following = voice.lines[1]
    return following.params[2] if following.command == "332" else ""


def arrived(voice: Lines, words: str) -> None:
    """arrived NAME as NICK in GROUPS [, a guest]; the groups are among it"""
    voice.nick = words.split(" ")[2]
    welcomed(voice)


def presence(voice: Lines, words: str) -> None:
    """presence WHO STATE [TEXT]: the lobby's, and one's groups'"""
    who, state, *text = words.split(" ", 2)
    if state in ("lost", "offline"):
        if not text:
            voice.next(who if voice.ahead("QUIT") is None else None, "QUIT")
        else:
            if (who, text[0]) not in voice.renamed:
                voice.next(who, "NICK", *text)
            voice.renamed.add((who, text[0]))
    elif state == "away":
        voice.next(nick(voice, who), "AWAY", *text)
    elif voice.ahead("AWAY"):
        voice.next(nick(voice, who), "AWAY")
    elif any(new == who for _, new in voice.renamed):
        voice.renamed = {(old, new) for old, new in voice.renamed if new != who}
    else:
        comes(voice, who)


def comes(voice: Lines, who: str) -> None:
    """Somebody is seen again in each group in common, and in the lobby."""
    called = nick(voice, who)
    theirs = voice.stage.voices.get(who)
    if theirs is not None and theirs.port == "frames" and theirs.verb == "come":
        return  # this is how line sessions come, which are in the lobby only if they say so
    while voice.fetch(called, "JOIN"):
        group = voice.next(called, "JOIN").params[0]
        if group == "#lobby":
            return
        if voice.ahead("MODE") and voice.lines[0].params[0] == group:
            voice.next(SERVER, "MODE", group)
    raise AssertionError(f"{called} did not come into the lobby")


def changed(voice: Lines, words: str) -> None:
    """changed WHO CHANGE [GROUP] [TEXT]; being away, here and gone are presence"""
    who, change, *text = words.split(" ", 2)
    if change == "nick":
        voice.next(None, "NICK", text[0])
        voice.renamed.add((who, text[0]))
    elif change == "account":
        voice.next(nick(voice, who), "ACCOUNT", text[0])
    elif change == "host":
        voice.next(None, "CHGHOST", *text[0].split("@"))


def done(voice: Lines, words: str) -> None:
    """done: what IRC says depends on what was done"""
    rest = voice.rest.split(" ", 1)
    if voice.verb == "leave":
        voice.next(voice.nick, "PART", "#" + rest[0].lstrip("#"), *rest[1:])
    elif voice.verb == "invite":
        voice.next(SERVER, "341", voice.nick, nick(voice, rest[1]), "#" + rest[0].lstrip("#"))
    elif voice.verb == "away":
        voice.next(SERVER, "306" if voice.rest else "305", voice.nick)
    elif voice.verb in ("password", "certificate"):
        voice.next("NickServ", "NOTICE", voice.nick)


def bye(voice: Lines, words: str) -> None:
    """bye CODE"""
    if voice.verb == "quit":
        voice.next(voice.nick, "QUIT")
    voice.next("", "ERROR")
    voice.next("", "(closed)")


def proved(voice: Lines, words: str) -> None:
    """proved NAME"""
    if voice.verb == "register":
        voice.next(SERVER, "REGISTER", "SUCCESS", words)
    voice.next(SERVER, "900")
    if voice.verb != "register":
        voice.next(SERVER, "903")


def who(voice: Lines, words: str) -> None:
    """who NUMBER: NAME ROLE STATE, ..."""
    told = {item.split(" ")[0]: item.split(" ")[2] for item in items(words.split(": ", 1)[1])}
    shown = {}
    while voice.ahead("352"):
        line = voice.next(SERVER, "352")
        shown[line.params[5]] = "away" if line.params[6][0] == "G" else "online"
    voice.next(SERVER, "315")
    assert shown == told, shown


def person(voice: Lines, words: str) -> None:
    """person NAME ROLE STATE in GROUPS [AWAY]"""
    found = re.fullmatch(r"(\S+) \S+ (\S+) in ((?:#\S+, )*(?:#\S+|none))(?: (.*))?", words)
    assert found is not None
    called = nick(voice, found[1])
    seen = {}
    while voice.ahead("318") is None:
        line = voice.next(SERVER, voice.lines[0].command if voice.lines else "318", voice.nick, called)
        seen[line.command] = line.params[-1]
    voice.next(SERVER, "318", voice.nick, called)
    shown = [re.sub(r"^[~&@%+]+", "", group) for group in seen.get("319", "").split()]
    assert shown == items(found[3]), seen
    assert "311" in seen, seen
    assert seen.get("301", "") == (found[4] or "") or found[2] == "offline", seen


def past(voice: Lines, words: str) -> None:
    """past NICK: WHO, ..."""
    for item in items(words.split(": ", 1)[1]):
        voice.next(SERVER, "314", voice.nick, item.split(" ")[0])
        voice.next(SERVER, "312")
    voice.next(SERVER, "369")


def monitored(voice: Lines, words: str) -> None:
    """monitored WHO, ...; not here: WHO, ..."""
    online, offline = words.split("; not here: ")
    if online != "none":
        shown = voice.next(SERVER, "730", voice.nick).params[1].split(",")
        assert [source.split("!")[0] for source in shown] == items(online), shown
    if offline != "none":
        assert voice.next(SERVER, "731", voice.nick).params[1].split(",") == items(offline)


def metadata(voice: Lines, words: str) -> None:
    """metadata WHOSE: KEY=VALUE, no KEY, ... [by WHO]"""
    to, told = words.split(": ", 1)
    pushed = voice.ahead("METADATA")
    for item in items(told.partition(" by ")[0]):
        key, equals, value = item.partition("=")
        if pushed is not None:
            voice.next(None, "METADATA", nick(voice, to), key.removeprefix("no "), None, *([value] if equals else []))
        elif equals:
            voice.next(SERVER, "761", voice.nick, nick(voice, to), key, None, value)
        else:
            voice.next(SERVER, "766", voice.nick, nick(voice, to), item.removeprefix("no "))


def followed(voice: Lines, words: str) -> None:
    """followed KEY, ..."""
    voice.next(SERVER, "770", voice.nick, *items(words))


def nothing(voice: Lines, words: str) -> None:
    """IRC does not show it."""


HEARD: Final[dict[str, Callable[[Lines, str], None]]] = {
    "#": group_change, "accepted": accepted, "arrived": arrived, "bye": bye, "changed": changed, "delivered": nothing,
    "done": done, "failed": refused, "followed": followed, "group": group_info, "groups": groups, "marked": marked,
    "masks": masks, "members": members, "message": message, "metadata": metadata, "modes": modes,
    "monitored": monitored, "notice": nothing, "page": page, "pages": page, "passed": passed, "passed,": passed,
    "passing": passing, "past": past, "person": person, "presence": presence, "proved": proved, "redacted": redacted,
    "refused": refused, "renamed": renamed, "targets": targets, "welcome": welcomed, "who": who,
}  # fmt: skip
