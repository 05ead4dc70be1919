"""A person at `nc`: asked for a name, then in the lobby, with the commands of the seed; no program is needed.

Rule: a person is a guest, and what is typed becomes a command of the core like everything else; `shown.py` says how
things look. A line that looks like a command is never taken for something to say.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from twisted.internet.interfaces import IReactorTime

from chatd import messages as m
from chatd import people as p
from chatd.ports import shown
from chatd.ports.door import Asking
from chatd.ports.irc.table import COMMANDS as IRC
from chatd.ports.lines import HTTP
from chatd.ports.session import Bounds
from chatd.ports.shown import PROMPT, PersonCodec, written
from chatd.ports.typed import Typed, TypedLink
from chatd.wire.inert import name as inert_name
from chatd.wire.irc import BadLine, parse

LONGEST: Final = 16_384  # of one line; the core says how long a message may be
LEAVING: Final = ("tata", "/quit", "/exit", "/logout")
FOREIGN: Final = frozenset(
    ("STARTTLS", "WEBIRC", "PROTOCTL", "SERVER", "SERVICE", "PROXY")
)  # not ours; programs say them
REFS: Final = 1 << 31
Answer = Callable[[Any], list[str]]


def is_program(line: bytes, asked: bool) -> bool:
    """Whether a first line is a program's. `asked`: a name has been asked for, so that one word is that name."""
    if HTTP.match(line):
        return True
    try:
        parsed = parse(line.rstrip(b"\r"))
    except BadLine as error:
        return error.code != "not-utf8"
    if parsed is None:
        return False
    command = IRC.get(parsed.command)
    if command is None:
        return parsed.command in FOREIGN
    return not asked or (command.before and bool(parsed.params))


class Lookup(shown.People, Protocol):
    """What a person's port may look up (`chatd.lookup`)."""

    def name(self, session: Any) -> str:
        """The name of this session's user; empty for strangers."""

    def id(self) -> bytes:
        """A new message id: a UUIDv7 (RFC 9562)."""


class Persons:
    """What all people share."""

    def __init__(self, node: Any, lookup: Lookup, guests: Callable[[], bool]) -> None:
        self.node = node
        self.lookup = lookup
        self.guests = guests
        self.codec = PersonCodec(lookup)

    def prompt(self) -> bytes:
        """What is said to somebody who says nothing."""
        return PROMPT.encode() if self.guests() else written([shown.NO_GUESTS])


class Manners(Bounds, Protocol):
    """How patient one is with people (`chatd.core.limits.Limits`)."""

    @property
    def prompt_seconds(self) -> float:
        """Who is silent so long is asked."""

    @property
    def prompt_crowd(self) -> int:
        """But not among so many."""

    @property
    def person_seconds(self) -> float:
        """How much longer than a program they may take to say a name."""


def asking(persons: Persons, manners: Manners, clock: IReactorTime) -> Asking:
    """How the door asks people."""
    return Asking(
        lambda asked: Person(persons, manners, clock, asked, manners.person_seconds), is_program, persons.prompt,
        clock.callLater, manners.prompt_seconds, manners.prompt_crowd, manners.person_seconds,
    )  # fmt: skip


class PersonLink(TypedLink):
    """The way out to one person."""

    person: Person

    def render(self, event: Any) -> bytes:
        """The lines of an event for this person alone; bytes are lines already."""
        return event if type(event) is bytes else self.person.answer(event)

    def nudge(self) -> bool:
        """A person may be silent as long as they like: TCP says whether they are there."""
        return True


class Person(Typed):
    """One person."""

    MAX_LENGTH = LONGEST
    MOST_SKIPPED = 1 << 20

    def __init__(
        self, persons: Persons, bounds: Bounds, clock: IReactorTime, asked: bool = True, patience: float = 0.0
    ) -> None:
        """`asked`: the prompt is on the screen."""
        super().__init__(persons.node, bounds, clock)
        self.lookup = persons.lookup
        self.persons = persons
        self.inside = False
        self._asked = asked
        self._patience = patience
        self._arriving = False
        self._questions: dict[int, tuple[str, Answer | None]] = {}  # ref to whom it was for, and how to show the answer
        self._ref = 0

    def connectionMade(self) -> None:
        outlet = PersonLink(self.transport, self.persons.codec, self.clock, self.bounds)
        outlet.person = self
        self.open(outlet, self._patience)
        if not self.persons.guests():
            self.deaf = True
            self.node.end_later(self.session, m.Bye("guests-refused", "" if self._asked else shown.NO_GUESTS))
        elif not self._asked:
            self._prompt()

    # ---- in ----

    def lineReceived(self, line: bytes) -> None:
        if len(line) > LONGEST:
            self.lineLengthExceeded(line)
            return
        try:
            text = line.decode().strip("\r\0 \t")
        except UnicodeDecodeError:
            self.show(["Your line was not UTF-8 and was not taken; set your terminal to UTF-8."])
            return
        if text in LEAVING:
            self.deaf = True
            if self.inside:
                self.node.receive(self.session, m.Quit(0))
            else:
                self.node.end_later(self.session, m.Bye("goodbye", ""))
        elif not self.inside:
            self._arrive(text)
        elif text:
            self._typed(text)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.show([f"A line has at most {LONGEST} bytes; this one was not taken."])

    def busy(self, most: int) -> bool:
        """Whether the next line has to wait: also until it is clear whether it is another name."""
        return self._arriving or super().busy(most)

    def unanswered(self) -> int:
        """How many questions the core has not answered yet."""
        return len(self._questions)

    def show(self, lines: Sequence[str]) -> None:
        """Show lines, behind the answers to what was typed before."""
        self.node.tell(self.session, written(lines))

    def ask(self, make: Callable[..., Any], *fields: Any, to: str = "", then: Answer | None = None) -> None:
        """Give the core a command made of a ref and these fields; `then` shows the answer, if it is no refusal."""
        self._ref = ref = self._ref % REFS + 1
        self._questions[ref] = (to, then)
        self.node.receive(self.session, make(ref, *fields))

    def answer(self, event: Any) -> bytes:
        """The lines of an event that is for this person alone."""
        question = self._questions.pop(getattr(event, "ref", 0), None)
        if question is None:
            if type(event) is m.GroupChange and event.change == "invited":
                group, by = shown.group_name(event.group), inert_name(event.by)
                return written([f"{by} invited you to group '{group}'. `/group {group}` to join."])
            return self.outlet.codec.encode(event)
        to, then = question
        if then is not None:
            return written(then(event) if not isinstance(event, m.Failed) else shown.refused(event, to))
        return self._arrived(event)

    # ---- coming in ----

    def _prompt(self) -> None:
        self.node.tell(self.session, PROMPT.encode())

    def _arrive(self, name: str) -> None:
        if not name:
            self._prompt()
            return
        self._arriving = True
        self.ask(p.Arrive, name, "nc", "")

    def _arrived(self, event: Any) -> bytes:
        self._arriving = False
        if not isinstance(event, p.Arrived):
            taken = event.code in ("name-taken", "name-owned")
            text = "Username already taken!" if taken else event.text
            return written(shown.refused(m.Failed(0, event.code, text, event.near))) + PROMPT.encode()
        self.inside = True
        self.ask(m.Join, m.LOBBY, then=lambda event: [])
        self.ask(m.Who, then=lambda event: [shown.here(event, self.lookup.name(self.session))])
        return written([shown.WELCOME])

    # ---- what is typed ----

    def _typed(self, text: str) -> None:
        if text.startswith("//"):
            self.tell(m.LOBBY, text[1:])
        elif text.startswith("/"):
            self._command(text)
        elif text.startswith("@"):
            names, _, words = text.partition(" ")
            self.tell_people(names, words.strip())
        else:
            self.tell(m.LOBBY, text)

    def _command(self, text: str) -> None:
        word, _, rest = text[1:].partition(" ")
        row = COMMANDS.get(word.lower())
        if row is None:
            close = difflib.get_close_matches(word.lower(), COMMANDS, 2)
            more = f" Did you mean {' or '.join('/' + one for one in close)}?" if close else " /help shows all."
            self.show([f"There is no command /{inert_name(word)}; nothing was sent.{more}"])
            return
        words = rest.split(None, row.words - 1) if row.words else []
        if len(words) < row.least or (rest.strip() and not row.words):
            self.show([f"Usage: {row.usage}"])
        else:
            row.function(self, words)

    def tell(self, to: str, text: str) -> None:
        """Say something to a group."""
        group = shown.group_name(to)
        shows = [] if to == m.LOBBY else shown.said(f"[{group}] ", "You", text)

        def then(event: Any) -> list[str]:
            if to != m.LOBBY and getattr(event, "state", "") == "stored":
                told = f"Nobody else of group '{group}' is here."
                return [*shows, f"{told} Message will be delivered when they reconnect."]
            return shows

        self.ask(m.Send, to, self.lookup.id(), text, to=to, then=then)

    def tell_people(self, names: str, text: str) -> None:
        """`@name text` and `@a,@b text`: to who is here, kept nowhere."""
        people = dict.fromkeys(name.strip("@ ") for name in names.split(","))
        people.pop("", None)
        if not people or not text:
            self.show(["Usage: @name text"])
        for name in people if text else ():
            self._tell_one("@" + name, text)

    def _tell_one(self, to: str, text: str) -> None:
        shows = shown.said(f"(Private to {inert_name(to[1:])}) ", "You", text)
        self.ask(p.Pass, to, self.lookup.id(), text, to=to, then=lambda event: shows)


# ---- commands ----------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """A command: what to call with its words (at least `least`, the last of at most `words` has the rest)."""

    function: Callable[[Person, list[str]], None]
    usage: str
    what: str
    words: int = 0
    least: int = 0


def _hash(name: str) -> str:
    return name if name.startswith("#") else "#" + name


def _group(person: Person, words: list[str]) -> None:
    if len(words) > 1:
        person.tell(_hash(words[0]), words[1])
    else:
        person.ask(m.Join, _hash(words[0]), then=shown.joined)


def _msg(person: Person, words: list[str]) -> None:
    if words[0].startswith("#"):
        person.tell(words[0], words[1])
    else:
        person.tell_people(words[0], words[1])


def _part(person: Person, words: list[str]) -> None:
    group = shown.group_name(words[0])
    person.ask(m.Leave, _hash(words[0]), then=lambda event: [f"You left group '{group}'."])


def _members(person: Person, words: list[str]) -> None:
    person.ask(m.Members, _hash(words[0]) if words else m.LOBBY, then=shown.members)


def _topic(person: Person, words: list[str]) -> None:
    text = words[1].strip() if len(words) > 1 else None
    person.ask(m.SetTopic, _hash(words[0]), text, then=lambda event: shown.topic(event, text is not None))


def _invite(person: Person, words: list[str]) -> None:
    group, name = words[0], words[1].lstrip("@")
    told = f"{inert_name(name)} is invited to group '{shown.group_name(group)}'."
    person.ask(m.Invite, _hash(group), name, to="@" + name, then=lambda event: [told])


def _kick(person: Person, words: list[str]) -> None:
    group, name = words[0], words[1].lstrip("@")
    told = f"{inert_name(name)} was removed from group '{shown.group_name(group)}'."
    person.ask(m.Kick, _hash(group), name, to="@" + name, then=lambda event: [told])


def _whois(person: Person, words: list[str]) -> None:
    name = words[0].lstrip("@")
    person.ask(m.Whois, name, to="@" + name, then=shown.person)


def _nick(person: Person, words: list[str]) -> None:
    told = f"You are now called {inert_name(words[0])}."
    person.ask(p.SetNick, words[0], then=lambda event: [told])


def _away(person: Person, words: list[str]) -> None:
    text = words[0] if words else "away"
    person.ask(m.Away, text, then=lambda event: ["You are away. /back ends it."])


def _help(person: Person, words: list[str]) -> None:
    rows = [*FORMS, *((row.usage, row.what) for name, row in COMMANDS.items() if name not in ALIASES)]
    width = max(len(usage) for usage, _ in rows)
    person.show([f"{usage:<{width}}  {what}" for usage, what in rows])


FORMS: Final = (
    ("text", "goes to everybody in the lobby"),
    ("@name text", "a private message, to who is here; @a,@b text to several"),
    ("tata", "leave"),
)
_GROUP: Final = Row(_group, "/group g [text]", "join or make a group; with text, write to it", 2, 1)
COMMANDS: Final[dict[str, Row]] = {
    "group": _GROUP,
    "msg": Row(_msg, "/msg name text", "say something to one person", 2, 2),
    "join": Row(lambda person, words: _group(person, words[:1]), "/join g", "join a group or make it", 1, 1),
    "part": Row(_part, "/part g", "leave a group", 1, 1),
    "groups": Row(lambda person, words: person.ask(m.Groups, then=shown.groups), "/groups", "which groups there are"),
    "members": Row(_members, "/members [g]", "who belongs to a group", 1),
    "who": Row(lambda person, words: person.ask(m.Who, then=lambda e: [shown.here(e)]), "/who", "who is here"),
    "whois": Row(_whois, "/whois name", "what may be known about somebody", 1, 1),
    "invite": Row(_invite, "/invite g name", "invite somebody to a group", 2, 2),
    "kick": Row(_kick, "/kick g name", "remove somebody from a group", 2, 2),
    "topic": Row(_topic, "/topic g [text]", "show or set a group's topic", 2, 1),
    "nick": Row(_nick, "/nick name", "be called otherwise", 1, 1),
    "away": Row(_away, "/away [text]", "say that you are away", 1),
    "back": Row(
        lambda person, words: person.ask(m.Away, "", then=lambda e: ["You are back."]), "/back", "you are back"
    ),
    "help": Row(_help, "/help", "this", 1),
    "create_group": _GROUP,
    "join_group": _GROUP,
    "group_msg": _GROUP._replace(usage="/group_msg g text", least=2),
    **{word.removeprefix("/"): Row(lambda person, words: None, word, "leave") for word in LEAVING[1:]},
}
ALIASES: Final = frozenset({"create_group", "join_group", "group_msg", "exit", "logout"})
