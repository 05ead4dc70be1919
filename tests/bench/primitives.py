"""RSA, as the assignment names it, beside the keys that are used: X25519, Ed25519 and Olm. One thread, nothing kept.

Rule: both sides do the same work with the same text: a session key is made and carried to the other one's public key
(RSA: OAEP with SHA-256 around an AES-256-GCM key), and what is signed is one hash long (RSA: PSS). The RSA way has no
forward secrecy at all: who gets the private key later reads every message that was ever sent to it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PSS
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from clients.core.e2ee.keys import Account, UserKey, verified
from clients.core.e2ee.signed import digest

SIZES: Final = (2048, 3072)
TEXT: Final = b"x" * 200
HASH: Final = digest(TEXT)
OAEP_SHA256: Final = OAEP(MGF1(SHA256()), SHA256(), None)
PSS_SHA256: Final = PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH)


class Work(NamedTuple):
    """One thing to do, ours and RSA's; or, of what is not done but is that long (`unit` is bytes), how long."""

    what: str
    unit: str
    ours: Callable[[], object]
    rsa: Callable[[], object]
    slow: bool = False


class Olm:
    """Two devices that have talked: alice sends, bob has answered."""

    def __init__(self) -> None:
        alice, bob = Account.make(), Account.make()
        bob.make_one_time_keys(1)
        (key,) = bob.one_time_keys().values()
        self.alice = alice.open_outbound(bob.keys.curve25519, key)
        self.bob, _ = bob.open_inbound(alice.keys.curve25519, self.alice.encrypt(TEXT)[1])
        self.alice.decrypt(*self.bob.encrypt(TEXT))
        self.waiting: list[tuple[int, bytes]] = []

    def encrypt(self) -> bytes:
        """A message; each under a key of its own."""
        return self.alice.encrypt(TEXT)[1]

    def decrypt(self) -> bytes:
        """The next message; now and then many are encrypted first, which a median does not see."""
        if not self.waiting:
            self.waiting = [self.alice.encrypt(TEXT) for _ in range(100)]
        return self.bob.decrypt(*self.waiting.pop(0))

    def turn(self) -> bytes:
        """A message and an answer: both sides make new keys."""
        self.bob.decrypt(*self.alice.encrypt(TEXT))
        return self.alice.decrypt(*self.bob.encrypt(TEXT))


def works(size: int) -> Iterator[Work]:
    """Everything that is compared with RSA keys of this many bits."""
    sender, receiver, both, user, private = (
        Olm(),
        Olm(),
        Olm(),
        UserKey(os.urandom(32)),
        rsa.generate_private_key(65_537, size),
    )
    public = private.public_key()

    def seal() -> bytes:
        key, nonce = os.urandom(32), os.urandom(12)
        return public.encrypt(key, OAEP_SHA256) + nonce + AESGCM(key).encrypt(nonce, TEXT, None)

    def unseal() -> bytes:
        at = size // 8
        return AESGCM(private.decrypt(box[:at], OAEP_SHA256)).decrypt(box[at : at + 12], box[at + 12 :], None)

    box, mine = seal(), user.sign("device", HASH)
    signature = private.sign(HASH, PSS_SHA256, SHA256())
    name = f"RSA-{size}"
    yield Work(f"make a device's keys, {name}", "ms", Account.make, lambda: _generate(size), slow=True)
    yield Work(
        f"sign, {name} PSS", "us", lambda: user.sign("device", HASH), lambda: private.sign(HASH, PSS_SHA256, SHA256())
    )
    yield Work(
        f"verify, {name} PSS", "us", lambda: verified(user.public, "device", mine),
        lambda: public.verify(signature, HASH, PSS_SHA256, SHA256()),
    )  # fmt: skip
    yield Work(f"encrypt 200 B to a device, {name} OAEP", "us", sender.encrypt, seal)
    yield Work(f"decrypt it, {name} OAEP", "us", receiver.decrypt, unseal)
    yield Work(f"a message and its answer, {name} OAEP", "us", both.turn, lambda: [seal(), unseal(), seal(), unseal()])
    yield Work(f"its ciphertext, {name} OAEP", "bytes", sender.encrypt, seal)
    yield Work(
        f"a public key, {name}", "bytes", lambda: user.public, lambda: public.public_numbers().n.to_bytes(size // 8)
    )


def _generate(size: int) -> object:
    return rsa.generate_private_key(65_537, size)


def measured(work: Work, seconds: float) -> tuple[float, float]:
    """Ours and RSA's: the median of what one takes, or how long it is."""
    if work.unit == "bytes":
        return tuple(float(len(call())) for call in (work.ours, work.rsa))  # type: ignore[return-value, arg-type]
    scale = 1e3 if work.unit == "ms" else 1e6
    found = []
    for call in (work.ours, work.rsa):
        spent, until = list[float](), time.perf_counter() + seconds
        while time.perf_counter() < until or len(spent) < (3 if work.slow else 20):
            started = time.thread_time()
            call()
            spent.append(time.thread_time() - started)
        found.append(scale * median(spent))
    return found[0], found[1]
