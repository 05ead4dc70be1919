"""People who encrypt: their user keys, signed lists, one-time keys and mail, made of nothing but signatures.

Rule: the forms are those of the clients (`clients/core/e2ee`), written down a second time; ciphertexts are any bytes.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chatd import encryption as e
from chatd import messages as m
from tests.kit import House, Keys, Peer, Scene

NOTHING = bytes(32)
encode = msgspec.msgpack.encode


def sign(key: Ed25519PrivateKey, label: str, value: Any) -> list[bytes]:
    """A value and its signature, as clients write them."""
    raw = encode(value)
    return [raw, key.sign(b"chatd/v1/" + label.encode() + b"\0" + raw)]


class Owner:
    """Somebody with a user key, and their chain of lists."""

    def __init__(self, name: str, seed: bytes = b"") -> None:
        self.name = name
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"uik" + name.encode() + seed).digest())
        self.uik = self.key.public_key().public_bytes_raw()
        self.version = 0
        self.hash = NOTHING

    def entry(self, keys: Keys, **wrong: Any) -> list[bytes]:
        """A device says whose it is."""
        told = {"user": self.name, "uik": self.uik, "device": keys.public.device, "ed25519": keys.public.ed25519,
                "curve25519": keys.public.curve25519} | wrong  # fmt: skip
        return sign(keys.private, "device", list(told.values()))

    def list(self, *devices: Keys | list[bytes], key: Ed25519PrivateKey | None = None, **wrong: Any) -> bytes:
        """The list that follows; nothing is remembered of it before `took`."""
        entries = [one if isinstance(one, list) else self.entry(one) for one in devices]
        told = {"user": self.name, "uik": self.uik, "version": self.version + 1, "prev": self.hash, "devices": entries}
        return encode(sign(key or self.key, "devlist", list((told | wrong).values())))

    def took(self, blob: bytes) -> bytes:
        """This list is the newest one now."""
        self.version += 1
        self.hash = hashlib.sha256(msgspec.msgpack.decode(blob)[0]).digest()
        return blob


def one_time(peer: Peer, number: int, key: bytes = b"", fallback: bool = False, made: int = 1, **wrong: Any) -> bytes:
    """A signed key of a device."""
    assert peer.keys is not None
    told = {"user": peer.name, "device": peer.keys.public.device, "key_id": number,
            "key": key or hashlib.sha256(b"%d" % number).digest(), "is_fallback": fallback,
            "made_at": made}  # fmt: skip
    return encode(sign(peer.keys.private, "otk", list((told | wrong).values())))


def device(peer: Peer) -> str:
    """The id of somebody's device."""
    assert peer.keys is not None
    return peer.keys.public.device


def item(*to: Peer, ciphertext: bytes = b"secret", conversation: str = "dm:alice:bob", **other: Any) -> e.Item:
    """One ciphertext for some devices."""
    told = {"type": "olm0", "commitment": hashlib.sha256(ciphertext).digest(), "sid": ""} | other
    names = [(peer.name, device(peer)) for peer in to]
    return e.Item(names, told["type"], conversation, told["commitment"], ciphertext, told["sid"])


class Log:
    """A group's log, as its members' clients have it."""

    def __init__(self, creator: str, nonce: bytes = b"n" * 16) -> None:
        self.nonce = nonce
        self.gid = hashlib.sha256(encode([creator, nonce])).digest()[:16]
        self.n = 0
        self.head = NOTHING

    def entry(self, peer: Peer, op: str, arg: Any, **wrong: Any) -> bytes:
        """The next entry; nothing is remembered of it before `took`."""
        assert peer.keys is not None
        told = {"gid": self.gid, "n": self.n + 1, "prev": self.head, "user": peer.name,
                "device": peer.keys.public.device, "op": op, "arg": encode(arg)} | wrong  # fmt: skip
        return encode(sign(peer.keys.private, "group", list(told.values())))

    def took(self, blob: bytes) -> bytes:
        """This entry is the newest one now."""
        self.n += 1
        self.head = hashlib.sha256(msgspec.msgpack.decode(blob)[0]).digest()
        return blob


class SealedScene(Scene):
    """Alice, Bob and Carol, each with a list of one device."""

    def setUp(self) -> None:
        super().setUp()
        self.owners: dict[str, Owner] = {}
        self.counters: dict[str, int] = {}
        self.alice, self.bob, self.carol = (self.comes(name) for name in ("alice", "bob", "carol"))
        self.forget()

    def comes(self, name: str, house: House | None = None, host: str = "127.0.0.1") -> Peer:
        """Somebody makes an account and a list."""
        peer = (house or self.house).greeted(host, encrypted=True)
        peer.sign_up(name)
        self.owners[name] = Owner(name)
        self.puts_list(peer, peer)
        return peer

    def puts_list(self, peer: Peer, *peers: Peer) -> bytes:
        """Somebody puts these devices on their list."""
        owner = self.owners[peer.name]
        blob = owner.list(*[other.keys for other in peers if other.keys is not None])
        self.granted(peer, e.PutList, blob)
        return owner.took(blob)

    def forget(self) -> None:
        """What everybody has heard so far is not of interest."""
        for peer in self.house.peers:
            peer.take()

    def second(self, peer: Peer, on_list: bool = True) -> Peer:
        """A second device of somebody's account."""
        self.granted(peer, m.SetPassword, "correct horse")
        other = self.house.greeted(encrypted=True)
        other.link(peer.name, "correct horse")
        assert other.of(m.Welcome), other.events
        if on_list:
            self.puts_list(peer, peer, other)
        self.forget()
        return other

    def letter(self, peer: Peer, *items: e.Item, identity: bytes = b"", counter: int = 0, **versions: int) -> e.PutMail:
        """Mail as somebody's device would send it next."""
        if not counter:
            counter = self.counters[device(peer)] = self.counters.get(device(peer), 0) + 1
        names = {name for one in items for name, _ in one.to}
        lists = {name: self.owners[name].version for name in sorted(names)} | versions
        return e.PutMail(0, identity or self.house.random(16), counter, lists, list(items))

    def sends(self, peer: Peer, *items: e.Item, **more: Any) -> Any:
        """Somebody sends mail; the answer."""
        return self.granted(peer, *as_question(self.letter(peer, *items, **more)))


def as_question(command: Any) -> tuple[Any, ...]:
    """A command's kind and fields but its ref, as `Peer.ask` wants them."""
    return type(command), *[getattr(command, name) for name in command.__struct_fields__[1:]]
