"""Somebody who speaks frames, as our own clients do."""

from __future__ import annotations

from collections.abc import Callable

from chatd import archive as a
from chatd import messages as m
from chatd import moderation as mod
from chatd import people as p
from chatd.core.turn import Command
from tests.kit import Keys, Peer
from tests.stage.sealing import Sealing
from tests.stage.shown import shown
from tests.test_scram import Client


class Frames(Sealing):
    """One connection, and the device it is from."""

    port = "frames"
    peer: Peer
    keys: Keys
    token = b""
    id = b""

    def hears(self, expected: str) -> None:
        events = self.peer.read()
        heard = shown(events.pop(0)) if events else "nothing"
        if heard != expected:
            raise AssertionError(f"heard: {heard}")

    def forget(self) -> None:
        self.peer.take()

    def left(self) -> list[str]:
        return [shown(event) for event in self.peer.read()]

    # ---- coming and going ----

    def arrive(self) -> Peer:
        """A new connection, greeted."""
        self.peer = peer = self.house.greeted(encrypted=self.stage.sealed)
        peer.take()
        return peer

    def do_signup(self, rest: str) -> None:
        """signup [NAME]: claim a name, one's own if none is said."""
        peer = self.arrive()
        peer.sign_up(rest or self.name)
        assert peer.keys
        self.keys, self.token = peer.keys, peer.token

    def do_enter(self, rest: str) -> None:
        """enter: come in as a guest."""
        self.arrive().ask(m.Enter, self.who)

    def do_login(self, rest: str) -> None:
        """login: with the device one signed up with."""
        self.arrive().login(self.name, self.keys)

    def do_resume(self, rest: str) -> None:
        """resume: by the token of the first welcome."""
        self.arrive().ask(m.Resume, self.token)

    def do_link(self, rest: str) -> None:
        """link PASSWORD: a new device of an account."""
        peer = self.arrive()
        peer.link(self.name, rest)
        assert peer.keys
        self.keys = peer.keys

    # ---- without a device ----

    def do_connect(self, rest: str) -> None:
        """connect [CERTIFICATE]: with TLS, and say hello; a certificate is two hexadecimal digits."""
        self.peer = peer = self.house.greeted(binding=b"b" * 32, certificate=rest * 32)
        peer.take()

    def do_plain(self, rest: str) -> None:
        """plain NAME PASSWORD"""
        self.peer.plain(*rest.split())

    def do_scram(self, rest: str) -> None:
        """scram NAME PASSWORD, as far as it goes"""
        peer, client = self.peer, Client(*rest.split())
        peer.ask(p.Prove, "SCRAM-SHA-256", client.first())
        for answer in (client.final, lambda last: b""):
            if peer.read() and isinstance(peer.events[-1], p.Challenge):
                challenge = peer.events.pop()
                assert isinstance(challenge, p.Challenge)
                peer.ask(p.Prove, "", answer(challenge.data))

    def do_external(self, rest: str) -> None:
        """external [NAME]"""
        self.peer.ask(p.Prove, "EXTERNAL", rest.encode())

    def do_come(self, rest: str) -> None:
        """come [NICK]: in, as whom one has proved to be, or as a guest"""
        self.peer.arrive(rest or self.name)

    def do_break(self, rest: str) -> None:
        """break: the connection is cut."""
        self.peer.lose()

    # ---- everything else ----

    def do_send(self, rest: str) -> None:
        """send TO TEXT"""
        to, _, text = rest.partition(" ")
        self.id = self.stage.said[text] = self.house.random(16)
        self.peer.send(to, text, self.id)

    def do_again(self, rest: str) -> None:
        """again TO TEXT: with the id of the last message."""
        to, _, text = rest.partition(" ")
        self.peer.send(to, text, self.id)

    def do_ack(self, rest: str) -> None:
        """ack CONVERSATION SEQ"""
        conversation, seq = rest.split()
        self.peer.ack(conversation, int(seq))

    def do_join(self, rest: str) -> None:
        """join GROUP [private] [key KEY]"""
        group, *more = rest.split()
        self.peer.ask(m.Join, group, private="private" in more, key=more[-1] if "key" in more else "")

    def do_leave(self, rest: str) -> None:
        """leave GROUP [REASON]"""
        self.peer.ask(m.Leave, *rest.split(maxsplit=1))

    def do_kick(self, rest: str) -> None:
        """kick GROUP NAME [REASON]"""
        self.peer.ask(m.Kick, *rest.split(maxsplit=2))

    def do_mode(self, rest: str) -> None:
        """mode GROUP [+LETTER[=ARGUMENT] | -LETTER[=ARGUMENT] ...]: change modes, or ask for them."""
        group, *words = rest.split()
        if not words:
            self.peer.ask(mod.AskModes, group)
        else:
            changes = [(word[0] == "+", word[1:].partition("=")) for word in words]
            told = [mod.ModeChange(on, letter, argument) for on, (letter, _, argument) in changes]
            self.peer.ask(mod.SetModes, group, told)

    def do_policy(self, rest: str) -> None:
        """policy GROUP private|open|announce|talk"""
        group, word = rest.split()
        told = {"private": (True, None), "open": (False, None), "announce": (None, True), "talk": (None, False)}[word]
        self.peer.ask(m.SetPolicy, group, *told)

    def do_topic(self, rest: str) -> None:
        """topic GROUP [TEXT]"""
        group, _, topic = rest.partition(" ")
        self.peer.ask(m.SetTopic, group, topic or None)

    def do_away(self, rest: str) -> None:
        """away [TEXT]"""
        self.peer.ask(m.Away, rest)

    def do_arrive(self, rest: str) -> None:
        """arrive [NICK]: come without a device, as by the line port; an account if there is one of one's name."""
        peer = self.arrive()
        peer.session.proof.account = self.house.node.hub.users.get(self.name)
        peer.ask(p.Arrive, rest or self.name, "me", "A Name")

    def do_profile(self, rest: str) -> None:
        """profile [real NAME | bot | invisible | wallops]: set these; no word: ask."""
        word, _, name = rest.partition(" ")
        told = {"realname": name} if word == "real" else {word: True} if word else {}
        self.peer.ask(p.SetProfile, **told)

    def do_monitor(self, rest: str) -> None:
        """monitor [+NAME | -NAME ...]: watch names, or no longer."""
        words = rest.split()
        self.peer.ask(
            p.Monitor, [word[1:] for word in words if word[0] == "+"], [word[1:] for word in words if word[0] == "-"]
        )

    def do_pass(self, rest: str) -> None:
        """pass TO TEXT"""
        to, _, text = rest.partition(" ")
        self.peer.ask(p.Pass, to, self.house.random(16), text)

    def do_typing(self, rest: str) -> None:
        """typing TO"""
        self.peer.ask(p.Pass, rest, self.house.random(16), "", "tags", "+typing=active")

    def do_set(self, rest: str) -> None:
        """set TO KEY [VALUE]; TO is `me`, a name or a group."""
        to, key, *value = rest.split(maxsplit=2)
        self.peer.ask(p.SetMetadata, "" if to == "me" else to, key, *value)

    def do_ask(self, rest: str) -> None:
        """ask TO [KEY ...]"""
        to, *keys = rest.split()
        self.peer.ask(p.AskMetadata, to, keys)

    def do_follow(self, rest: str) -> None:
        """follow KEY ..."""
        self.peer.ask(p.FollowMetadata, rest.split())

    def do_history(self, rest: str) -> None:
        """history TO [BEFORE LIMIT]"""
        to, *numbers = rest.split()
        self.peer.ask(m.History, to, *map(int, numbers))

    def do_browse(self, rest: str) -> None:
        """browse TO WAY [TEXT [TEXT]] [limit NUMBER] [events]: a place is a text that was sent."""
        to, way, *words = rest.split()
        events = "events" in words
        limit = int(words[words.index("limit") + 1]) if "limit" in words else 100
        texts = [word for word in words if word not in ("events", "limit") and not word.isdecimal()]
        places = [a.Place(self.stage.said.get(text, b"?")) for text in texts] or [a.Place()]
        self.peer.ask(a.Browse, to, way, *places, limit=limit, events=events)

    def do_targets(self, rest: str) -> None:
        """targets"""
        self.peer.ask(a.Targets, 0, 2**50)

    def do_mark(self, rest: str) -> None:
        """mark TO [TIME]"""
        to, *at = rest.split()
        self.peer.ask(a.Mark, to, *map(int, at))

    def do_redact(self, rest: str) -> None:
        """redact TO TEXT [REASON]: the message of this text."""
        to, text, *reason = rest.split(maxsplit=2)
        self.peer.ask(mod.Redact, to, self.stage.said[text], *reason)

    def do_password(self, rest: str) -> None:
        """password NEW [OLD], each one word; `none` is no password."""
        self.peer.ask(m.SetPassword, *["" if word == "none" else word for word in rest.split()])


def _plain(kind: Callable[..., Command]) -> Callable[[Frames, str], None]:
    """A verb whose words are the command's fields."""

    def do(voice: Frames, rest: str) -> None:
        voice.peer.ask(kind, *rest.split())

    return do


PLAIN: dict[str, Callable[..., Command]] = {
    "invite": m.Invite, "role": m.SetRole, "members": m.Members, "groups": m.Groups, "masks": mod.AskMasks,
    "rename": mod.Rename, "who": m.Who, "whois": m.Whois, "inbox": m.Inbox, "devices": m.Devices, "ping": m.Ping,
    "quit": m.Quit, "register": p.Register, "certificate": p.SetCertificate, "nick": p.SetNick,
    "operator": p.BecomeOperator, "find": p.Find, "past": p.Past, "count": p.Count, "kill": mod.Kill,
    "wallops": mod.Wallops,
}  # fmt: skip
for verb, command in PLAIN.items():
    setattr(Frames, "do_" + verb, _plain(command))
