"""What people at our own clients do about encryption, and how it reads; ciphertexts are the texts themselves.

Rule: as in `frames`. The devices that a verb names are voices: `alice`, `alice/phone`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from chatd import encryption as e
from tests.sealed import Log, Owner, encode, item, one_time
from tests.stage.voice import Voice

if TYPE_CHECKING:
    from tests.kit import Keys, Peer
    from tests.stage.stage import Stage


class Sealing(Voice):
    """The verbs."""

    peer: Peer
    keys: Keys
    stage: Stage
    counter = 0

    def owner(self, name: str = "") -> Owner:
        """Somebody's user key."""
        return self.stage.owners.setdefault(name or self.name, Owner(name or self.name))

    def others(self, words: str) -> list[Peer]:
        """The connections of these voices, as they are or were."""
        found = [self.stage.voice(who) for who in words.split()]
        return [voice.peer for voice in found if isinstance(voice, Sealing)]

    def do_list(self, rest: str) -> None:
        """list [WHO ...]: the devices of one's next list; this one if none is named."""
        peers = self.others(rest) or [self.peer]
        blob = self.owner().list(*[peer.keys for peer in peers if peer.keys is not None])
        self.peer.ask(e.PutList, blob)
        if self.house.node.hub.users.find(self.name).chains[-1].blobs[-1] == blob:
            self.owner().took(blob)

    def do_lists(self, rest: str) -> None:
        """lists NAME [SINCE]"""
        name, *since = rest.split()
        self.peer.ask(e.AskLists, name, *map(int, since))

    def do_keys(self, rest: str) -> None:
        """keys [NUMBER ...] [fallback NUMBER]"""
        words, _, last = rest.partition("fallback")
        keys = [one_time(self.peer, int(word)) for word in words.split()]
        self.peer.ask(e.PutKeys, keys, one_time(self.peer, int(last), fallback=True) if last else b"")

    def do_claim(self, rest: str) -> None:
        """claim WHO ..."""
        devices = [(peer.name, peer.keys.public.device) for peer in self.others(rest) if peer.keys is not None]
        self.peer.ask(e.ClaimKeys, devices)

    def do_mail(self, rest: str) -> None:
        """mail TEXT WHO ...: one ciphertext for these devices."""
        text, _, to = rest.partition(" ")
        peers = self.others(to)
        self.counter += 1
        lists = {peer.name: self.owner(peer.name).version for peer in peers}
        identity = self.stage.said[text] = self.stage.said.get(text) or self.house.random(16)
        self.peer.ask(e.PutMail, identity, self.counter, lists, [item(*peers, ciphertext=text.encode())])

    def do_remail(self, rest: str) -> None:
        """remail TEXT WHO ...: the same bytes again, as after a lost answer."""
        self.counter -= 1
        self.do_mail(rest)

    def do_ackmail(self, rest: str) -> None:
        """ackmail SEQ"""
        self.peer.tell(e.AcknowledgeMail(int(rest)))

    def do_circle(self, rest: str) -> None:
        """circle OP [NAME]: the next entry of the one encrypted group there is. The NAME of `create` is its door."""
        op, _, name = rest.partition(" ")
        log = self.stage.log = self.stage.log or Log(self.name)
        door = e.door_of(name) if name else b""
        arg = {"create": [log.nonce, self.owner().uik, bool(name), door], "policy": [True], "leave": [],
               "add": [name, self.owner(name).uik]}.get(op, [name])  # fmt: skip
        blob = log.entry(self.peer, op, arg)
        self.peer.ask(e.AppendGroup, log.gid, blob)
        circle = self.house.node.hub.sealed.circles.by_gid.get(log.gid)
        if circle is not None and circle.entries[-1] == blob:
            log.took(blob)

    def do_log(self, rest: str) -> None:
        """log [SINCE]: the entries of the one encrypted group."""
        assert self.stage.log is not None
        self.peer.ask(e.AskGroup, self.stage.log.gid, int(rest or 0))

    def do_door(self, rest: str) -> None:
        """door NAME: what is found there?"""
        self.peer.ask(e.AskDoor, e.door_of(rest))

    def do_knock(self, rest: str) -> None:
        """knock: ask to be let into the one encrypted group."""
        assert self.stage.log is not None
        self.peer.ask(e.Knock, self.stage.log.gid)

    def do_knocks(self, rest: str) -> None:
        """knocks: who asks?"""
        self.peer.ask(e.AskKnocks)

    def do_offer(self, rest: str) -> None:
        """offer: this device wants to be listed."""
        self.peer.ask(e.OfferDevice, encode(self.owner().entry(self.keys)))

    def do_remove(self, rest: str) -> None:
        """remove WHO: take that device off the account."""
        (other,) = self.others(rest)
        assert other.keys is not None
        self.peer.ask(e.RemoveDevice, other.keys.public.device)

    def do_reset(self, rest: str) -> None:
        """reset [PASSWORD]: begin anew with this device; `stop` instead of a password: do not."""
        owner = self.stage.owners["new " + self.name] = Owner(self.name, b"new")
        self.peer.ask(e.ResetIdentity, *(b"",) if rest == "stop" else (owner.list(self.keys), rest))

    def do_backup(self, rest: str) -> None:
        """backup [TEXT]: keep it; without a text ask for it."""
        if rest:
            self.peer.ask(e.PutBackup, rest.encode())
        else:
            self.peer.ask(e.AskBackup)


def _number(blob: bytes) -> str:
    return str(msgspec.msgpack.decode(msgspec.msgpack.decode(blob)[0])[2]) if blob else "none"


SHOWN: dict[type, Callable[..., str]] = {
    e.Lists: lambda it: f"lists {it.name} {len(it.chain)}",
    e.ListChanged: lambda it: f"listchanged {it.name} {it.version}",
    e.KeysAre: lambda it: f"keys {it.count}, last {it.last}" + (", fallback used" if it.used else ""),
    e.Claimed: lambda it: f"claimed {', '.join(_number(key) for key in it.keys)}",
    e.MailTaken: lambda it: f"mailtaken {it.state}",
    e.Stale: lambda it: f"stale {', '.join(it.names)}",
    e.Mail: lambda it: f"mail {it.seq} {it.sender}: {it.ciphertext.decode()}",
    e.GroupGrew: lambda it: f"groupgrew {it.count}",
    e.GroupLog: lambda it: f"grouplog {len(it.entries)}",
    e.DoorIs: lambda it: f"door: {it.open or ('encrypted' if it.group else 'nothing')}",
    e.Knocks: lambda it: f"knocks {', '.join(name for _, name in it.who) or 'none'}",
    e.Offers: lambda it: f"offers {len(it.devices)}",
    e.ResetIs: lambda it: "reset is on its way" if it.at else "no reset",
    e.Backup: lambda it: f"backup {it.blob.decode() or 'none'}",
}
