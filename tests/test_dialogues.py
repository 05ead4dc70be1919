"""Scripted conversations: each file of `tests/dialogues` is played over the binary port and every store.

    people alice bob             these have accounts, are in, and have forgotten how they came in
    alice> send @bob hello       somebody does something (the verbs are the methods of Stage)
    bob< message ...             the next thing somebody hears, as `shown` writes it; `...` is all that is left
    * restart                    the house: restart, wait SECONDS, slow, commit

What nobody mentions must not be heard: at the end, and before `*` and `people`, everybody has heard everything. A
person is `alice`, another device of hers `alice/phone`. `#` at the beginning of a line is a remark.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as mod
from chatd import people as p
from chatd.core.turn import Command, Event
from chatd.store.interface import Store
from chatd.store.memory import MemoryStore
from chatd.store.sqlite import SqliteStore
from tests.kit import House, Keys, Peer
from tests.test_scram import Client

FOLDER = Path(__file__).parent / "dialogues"
LINE = re.compile(r"(?P<who>[^\s<>*]+)(?P<does>[<>]) ?(?P<what>.*)")


class Stage:
    """The people of one dialogue; each verb is a method."""

    def __init__(self, test: SynchronousTestCase, store: Store) -> None:
        self.test = test
        self.house = House(store)
        self.peers: dict[str, Peer] = {}
        self.keys: dict[str, Keys] = {}
        self.tokens: dict[str, bytes] = {}
        self.ids: dict[str, bytes] = {}
        self.said: dict[str, bytes] = {}

    # ---- lines ----

    def play(self, text: str) -> None:
        """Every line of a dialogue."""
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self.line(line.rstrip())
            except Exception as error:
                raise AssertionError(f"line {number}: {line}\n{error}") from error
        self.nothing_left()

    def line(self, line: str) -> None:
        """One line."""
        if not line or line.startswith("#"):
            return
        found = LINE.fullmatch(line)
        if found is None:
            self.nothing_left()
            first, *words = line.removeprefix("* ").split()
            getattr(self, first)(*words)
        elif found["does"] == ">":
            verb, _, rest = found["what"].partition(" ")
            getattr(self, "do_" + verb)(found["who"], rest)
        else:
            self.hears(found["who"], found["what"])

    def hears(self, who: str, expected: str) -> None:
        """The next thing somebody hears is this."""
        events = self.peers[who].read()
        if expected == "...":
            events.clear()
            return
        heard = shown(events.pop(0)) if events else "nothing"
        self.test.assertEqual(heard, expected)

    def nothing_left(self) -> None:
        """Everybody has heard everything."""
        left = {who: [shown(event) for event in peer.events] for who, peer in self.peers.items() if peer.read()}
        self.test.assertEqual(left, {})

    # ---- the house ----

    def people(self, *names: str) -> None:
        """They have accounts and are in."""
        for name in names:
            self.do_signup(name, "")
        for peer in self.peers.values():
            peer.take()

    def restart(self) -> None:
        """Kill the server and start it again: every connection breaks."""
        self.house.restart()

    def wait(self, seconds: str) -> None:
        """Time passes."""
        self.house.advance(float(seconds))

    def slow(self) -> None:
        """From here on nothing is on disk before `* commit`."""
        for later in (self.house.writer, self.house.reader, self.house.hasher):
            later.slow = True

    def commit(self) -> None:
        """Everything is on disk."""
        self.house.commit()

    # ---- coming and going ----

    def arrive(self, who: str) -> Peer:
        """A new connection, greeted."""
        self.peers[who] = peer = self.house.greeted()
        peer.take()
        return peer

    def do_signup(self, who: str, rest: str) -> None:
        """signup [NAME]: claim a name, one's own if none is said."""
        peer = self.arrive(who)
        peer.sign_up(rest or who)
        assert peer.keys
        self.keys[who], self.tokens[who] = peer.keys, peer.token

    def do_enter(self, who: str, rest: str) -> None:
        """enter: come in as a guest."""
        self.arrive(who).ask(m.Enter, who)

    def do_login(self, who: str, rest: str) -> None:
        """login: with the device one signed up with."""
        self.arrive(who).login(who.split("/")[0], self.keys[who])

    def do_resume(self, who: str, rest: str) -> None:
        """resume: by the token of the first welcome."""
        self.arrive(who).ask(m.Resume, self.tokens[who])

    def do_link(self, who: str, rest: str) -> None:
        """link PASSWORD: a new device of an account."""
        peer = self.arrive(who)
        peer.link(who.split("/")[0], rest)
        assert peer.keys
        self.keys[who] = peer.keys

    # ---- without a device ----

    def do_connect(self, who: str, rest: str) -> None:
        """connect [CERTIFICATE]: with TLS, and say hello; a certificate is two hexadecimal digits."""
        self.peers[who] = peer = self.house.greeted(binding=b"b" * 32, certificate=rest * 32)
        peer.take()

    def do_plain(self, who: str, rest: str) -> None:
        """plain NAME PASSWORD"""
        self.peers[who].plain(*rest.split())

    def do_scram(self, who: str, rest: str) -> None:
        """scram NAME PASSWORD, as far as it goes"""
        peer, client = self.peers[who], Client(*rest.split())
        peer.ask(p.Prove, "SCRAM-SHA-256", client.first())
        for answer in (client.final, lambda last: b""):
            if peer.read() and isinstance(peer.events[-1], p.Challenge):
                challenge = peer.events.pop()
                assert isinstance(challenge, p.Challenge)
                peer.ask(p.Prove, "", answer(challenge.data))

    def do_external(self, who: str, rest: str) -> None:
        """external [NAME]"""
        self.peers[who].ask(p.Prove, "EXTERNAL", rest.encode())

    def do_come(self, who: str, rest: str) -> None:
        """come [NICK]: in, as whom one has proved to be, or as a guest"""
        self.peers[who].arrive(rest or who)

    def do_break(self, who: str, rest: str) -> None:
        """break: the connection is cut."""
        self.peers[who].lose()

    # ---- everything else ----

    def do_send(self, who: str, rest: str) -> None:
        """send TO TEXT"""
        to, _, text = rest.partition(" ")
        self.ids[who] = self.said[text] = self.house.random(16)
        self.peers[who].send(to, text, self.ids[who])

    def do_again(self, who: str, rest: str) -> None:
        """again TO TEXT: with the id of the last message."""
        to, _, text = rest.partition(" ")
        self.peers[who].send(to, text, self.ids[who])

    def do_ack(self, who: str, rest: str) -> None:
        """ack CONVERSATION SEQ"""
        conversation, seq = rest.split()
        self.peers[who].ack(conversation, int(seq))

    def do_join(self, who: str, rest: str) -> None:
        """join GROUP [private] [key KEY]"""
        group, *more = rest.split()
        self.peers[who].ask(m.Join, group, private="private" in more, key=more[-1] if "key" in more else "")

    def do_leave(self, who: str, rest: str) -> None:
        """leave GROUP [REASON]"""
        self.peers[who].ask(m.Leave, *rest.split(maxsplit=1))

    def do_kick(self, who: str, rest: str) -> None:
        """kick GROUP NAME [REASON]"""
        self.peers[who].ask(m.Kick, *rest.split(maxsplit=2))

    def do_mode(self, who: str, rest: str) -> None:
        """mode GROUP [+LETTER[=ARGUMENT] | -LETTER[=ARGUMENT] ...]: change modes, or ask for them."""
        group, *words = rest.split()
        if not words:
            self.peers[who].ask(mod.AskModes, group)
        else:
            changes = [(word[0] == "+", word[1:].partition("=")) for word in words]
            told = [mod.ModeChange(on, letter, argument) for on, (letter, _, argument) in changes]
            self.peers[who].ask(mod.SetModes, group, told)

    def do_policy(self, who: str, rest: str) -> None:
        """policy GROUP private|open|announce|talk"""
        group, word = rest.split()
        told = {"private": (True, None), "open": (False, None), "announce": (None, True), "talk": (None, False)}[word]
        self.peers[who].ask(m.SetPolicy, group, *told)

    def do_topic(self, who: str, rest: str) -> None:
        """topic GROUP [TEXT]"""
        group, _, topic = rest.partition(" ")
        self.peers[who].ask(m.SetTopic, group, topic or None)

    def do_away(self, who: str, rest: str) -> None:
        """away [TEXT]"""
        self.peers[who].ask(m.Away, rest)

    def do_arrive(self, who: str, rest: str) -> None:
        """arrive [NICK]: come without a device, as by the line port; an account if there is one of one's name."""
        peer = self.arrive(who)
        peer.session.proof.account = self.house.node.hub.users.get(who.split("/")[0])
        peer.ask(p.Arrive, rest or who.split("/")[0], "me", "A Name")

    def do_profile(self, who: str, rest: str) -> None:
        """profile [real NAME | bot | invisible | wallops]: set these; no word: ask."""
        word, _, name = rest.partition(" ")
        told = {"realname": name} if word == "real" else {word: True} if word else {}
        self.peers[who].ask(p.SetProfile, **told)

    def do_monitor(self, who: str, rest: str) -> None:
        """monitor [+NAME | -NAME ...]: watch names, or no longer."""
        words = rest.split()
        self.peers[who].ask(
            p.Monitor, [word[1:] for word in words if word[0] == "+"], [word[1:] for word in words if word[0] == "-"]
        )

    def do_pass(self, who: str, rest: str) -> None:
        """pass TO TEXT"""
        to, _, text = rest.partition(" ")
        self.peers[who].ask(p.Pass, to, self.house.random(16), text)

    def do_typing(self, who: str, rest: str) -> None:
        """typing TO"""
        self.peers[who].ask(p.Pass, rest, self.house.random(16), "", "tags", "+typing=active")

    def do_set(self, who: str, rest: str) -> None:
        """set TO KEY [VALUE]; TO is `me`, a name or a group."""
        to, key, *value = rest.split(maxsplit=2)
        self.peers[who].ask(p.SetMetadata, "" if to == "me" else to, key, *value)

    def do_ask(self, who: str, rest: str) -> None:
        """ask TO [KEY ...]"""
        to, *keys = rest.split()
        self.peers[who].ask(p.AskMetadata, to, keys)

    def do_follow(self, who: str, rest: str) -> None:
        """follow KEY ..."""
        self.peers[who].ask(p.FollowMetadata, rest.split())

    def do_history(self, who: str, rest: str) -> None:
        """history TO [BEFORE LIMIT]"""
        to, *numbers = rest.split()
        self.peers[who].ask(m.History, to, *map(int, numbers))

    def do_browse(self, who: str, rest: str) -> None:
        """browse TO WAY [TEXT [TEXT]] [limit NUMBER] [events]: a place is a text that was sent."""
        to, way, *words = rest.split()
        events = "events" in words
        limit = int(words[words.index("limit") + 1]) if "limit" in words else 100
        texts = [word for word in words if word not in ("events", "limit") and not word.isdecimal()]
        places = [a.Place(self.said.get(text, b"?")) for text in texts] or [a.Place()]
        self.peers[who].ask(a.Browse, to, way, *places, limit=limit, events=events)

    def do_targets(self, who: str, rest: str) -> None:
        """targets"""
        self.peers[who].ask(a.Targets, 0, 2**50)

    def do_mark(self, who: str, rest: str) -> None:
        """mark TO [TIME]"""
        to, *at = rest.split()
        self.peers[who].ask(a.Mark, to, *map(int, at))

    def do_redact(self, who: str, rest: str) -> None:
        """redact TO TEXT [REASON]: the message of this text."""
        to, text, *reason = rest.split(maxsplit=2)
        self.peers[who].ask(mod.Redact, to, self.said[text], *reason)

    def do_password(self, who: str, rest: str) -> None:
        """password NEW [OLD], each one word; `none` is no password."""
        self.peers[who].ask(m.SetPassword, *["" if word == "none" else word for word in rest.split()])


def _plain(kind: Callable[..., Command]) -> Callable[[Stage, str, str], None]:
    """A verb whose words are the command's fields."""

    def do(stage: Stage, who: str, rest: str) -> None:
        stage.peers[who].ask(kind, *rest.split())

    return do


PLAIN: dict[str, Callable[..., Command]] = {
    "invite": m.Invite, "role": m.SetRole, "members": m.Members, "groups": m.Groups, "masks": mod.AskMasks,
    "rename": mod.Rename, "who": m.Who, "whois": m.Whois, "inbox": m.Inbox, "devices": m.Devices, "ping": m.Ping,
    "quit": m.Quit, "register": p.Register, "certificate": p.SetCertificate, "nick": p.SetNick,
    "operator": p.BecomeOperator, "find": p.Find, "past": p.Past, "count": p.Count, "kill": mod.Kill,
    "wallops": mod.Wallops,
}  # fmt: skip
for verb, command in PLAIN.items():
    setattr(Stage, "do_" + verb, _plain(command))


def _listed(things: list[str]) -> str:
    return ", ".join(things) or "none"


def _position(p: m.Position) -> str:
    words = [f"{p.conversation} {p.role} {p.cursor}/{p.head}"]
    words += [word for word, is_so in (("private", p.private), ("announce", p.announce)) if is_so]
    return " ".join(words + ([f"heard {p.heard}"] if p.heard else []) + ([repr(p.topic)] if p.topic else []))


def _welcome(e: m.Welcome) -> str:
    return f"welcome {e.name} ({e.role}), here: {_listed(e.present)}"


def _member(member: m.Member) -> str:
    return f"{member.name} {member.role} {member.state}"


def _group(group: m.GroupSummary) -> str:
    marks = [word for word, is_so in (("in", group.joined), ("private", group.private)) if is_so]
    return " ".join([f"{group.group} ({group.members})", *marks])


def _change(e: m.GroupChange) -> str:
    return " ".join(
        [f"{e.group}: {e.change} {e.name}"] + ([f"by {e.by}"] if e.by else []) + ([e.text] if e.text else [])
    )


def _modes(changes: list[mod.ModeChange]) -> str:
    words = [("+" if c.on else "-") + c.mode + (f"={c.argument}" if c.argument else "") for c in changes]
    return " ".join(words) or "none"


def _changed_modes(e: mod.ModesChanged) -> str:
    return f"modes {e.group}: {_modes(e.changes)}" + (f" by {e.by or 'nobody'}" if not e.ref else "")


def _changed_person(e: p.PersonChanged) -> str:
    return " ".join([f"changed {e.name} {e.change}"] + ([e.group] if e.group else []) + ([e.text] if e.text else []))


def _settings(e: p.ProfileIs) -> str:
    named = (("always_on", e.always_on), ("invisible", e.invisible), ("wallops", e.wallops), ("bot", e.bot))
    return " ".join(["profile", *(word for word, is_so in (*named, ("operator", e.operator)) if is_so)])


def _profiles(people: list[p.Profile]) -> str:
    return _listed([f"{x.nick} {x.modes}".rstrip() for x in people])


def _metadata(e: p.Metadata) -> str:
    values = [f"{key}={value}" if value is not None else f"no {key}" for key, value in e.values]
    return f"metadata {e.to}: {_listed(values)}" + (f" by {e.by}" if e.by else "")


def _pages(e: a.Pages) -> str:
    kinds = {"text": ""}
    both = [(x.at, 1, x.seq, f"{x.seq} {x.sender}{kinds.get(x.kind, ' ' + x.kind)}: {x.text}") for x in e.messages]
    for place, x in enumerate(e.events):
        text = x.text.partition(" ")[2] if x.kind == "redacted" else x.text
        both.append((x.at, 0, place, f"{x.kind} {x.sender} {text}"))
    return f"pages {e.conversation}: {_listed([words.rstrip() for *_, words in sorted(both)])}"


SHOWN: dict[type, Callable[..., str]] = {
    m.Welcome: _welcome,
    m.Failed: lambda e: f"failed {e.code}" + (f", near {_listed(e.near)}" if e.near else ""),
    m.Accepted: lambda e: f"accepted {e.conversation} {e.seq} {e.state}",
    m.Message: lambda e: f"message {e.conversation} {e.seq} {e.sender}: {e.text}",
    m.Delivered: lambda e: f"delivered {e.conversation} {e.seq} to {e.by}",
    m.Presence: lambda e: f"presence {e.name} {e.state}" + (f" {e.text}" if e.text else ""),
    m.GroupInfo: lambda e: f"group {_position(e.position)}, {e.members} members" + (", created" if e.created else ""),
    m.GroupChange: _change,
    m.MemberList: lambda e: f"members {e.group}: {_listed([_member(member) for member in e.members])}",
    m.GroupList: lambda e: f"groups {_listed([_group(group) for group in e.groups])}",
    m.WhoList: lambda e: f"who {e.count}: {_listed([_member(member) for member in e.people])}",
    m.Person: lambda e: f"person {e.name} {e.role} {e.state} in {_listed(e.groups)}" + (f" {e.text}" if e.text else ""),
    m.InboxList: lambda e: f"inbox {_listed([_position(position) for position in e.conversations])}",
    m.DeviceList: lambda e: f"devices {_listed([str(sessions) for _, sessions in e.devices])}",
    m.Page: lambda e: f"page {e.conversation}: {_listed([f'{x.seq} {x.sender}: {x.text}' for x in e.messages])}"
    + (", more" if e.more else ""),
    mod.ModesChanged: _changed_modes,
    mod.ModeRefused: lambda e: f"refused {_modes([e.change])}: {e.code}",
    mod.GroupModes: lambda e: f"modes of {e.group}: {_modes(e.changes)}",
    mod.MaskList: lambda e: f"masks {e.group} {e.mode}: {_listed([f'{x.mask} by {x.by}' for x in e.masks])}",
    mod.Renamed: lambda e: f"renamed {e.group} to {e.name} by {e.by}" + (f" {e.reason}" if e.reason else ""),
    mod.Redacted: lambda e: f"redacted {e.conversation} {e.seq} by {e.by}" + (f": {e.reason}" if e.reason else ""),
    a.Pages: _pages,
    a.TargetList: lambda e: f"targets {_listed([name for name, _ in e.targets])}",
    a.Marked: lambda e: f"marked {e.conversation} {e.at}",
    mod.Walloped: lambda e: f"walloped by {e.by}: {e.text}",
    p.Arrived: lambda e: f"arrived {e.name} as {e.nick} in {e.groups}" + (", a guest" if e.guest else ""),
    p.PersonChanged: _changed_person,
    p.ProfileIs: _settings,
    p.ProfileList: lambda e: f"found {_profiles(e.people)}" + (", more" if e.more else ""),
    p.PastList: lambda e: f"past {e.nick}: {_profiles(e.people)}",
    p.Counts: lambda e: f"count {e.people} people, {e.groups} groups, {e.most} at most",
    p.Monitored: lambda e: f"monitored {_profiles(e.online)}; not here: {_listed(e.offline)}",
    p.Passing: lambda e: f"passing {e.to} {e.sender}: {e.text or e.tags}",
    p.Passed: lambda e: "passed" + (f", away {e.away}" if e.away else ""),
    p.Metadata: _metadata,
    p.Followed: lambda e: f"followed {_listed(e.keys)}",
    p.Proved: lambda e: f"proved {e.name}",
    m.Done: lambda e: "done",
    m.Pong: lambda e: "pong",
    m.Notice: lambda e: f"notice {e.code}: {e.text}",
    m.Bye: lambda e: f"bye {e.code}",
}  # fmt: skip


def shown(event: Event) -> str:
    """An event as one line of a dialogue."""
    return SHOWN[type(event)](event)


class Dialogues:
    """One test a file; the names of the tests are the names of the files."""

    def store(self) -> Store:
        """Where messages are kept."""
        raise NotImplementedError


def _plays(path: Path) -> Callable[[Any], None]:
    return lambda test: Stage(test, test.store()).play(path.read_text("utf-8"))


for file in sorted(FOLDER.glob("*.txt")):
    setattr(Dialogues, "test_" + file.stem, _plays(file))


class InMemory(Dialogues, SynchronousTestCase):
    """Over the store that keeps nothing."""

    def store(self) -> Store:
        return MemoryStore()

    def test_what_is_not_mentioned_is_noticed(self) -> None:
        for text in ("people a1 b2\na1> send @b2 hi\na1< accepted dm:a1:b2 1 sent", "people a1\na1> ping\n* restart"):
            with self.assertRaises(AssertionError):
                Stage(self, self.store()).play(text)

    def test_what_is_not_so_is_noticed(self) -> None:
        for line in ("a1< pong", "a1< nothing", "a1< done x"):
            with self.assertRaises(AssertionError):
                Stage(self, self.store()).play("people a1\na1> away x\n" + line)


class InSqlite(Dialogues, SynchronousTestCase):
    """Over the real one."""

    def store(self) -> Store:
        store = SqliteStore(self.mktemp())
        self.addCleanup(store.close)
        return store
