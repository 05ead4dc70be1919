"""SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side: what is kept of a password, and the exchange.

Rule: pure; nonce and salt come from outside. Whoever is wrong, unknown or sends junk is told one thing by `Failed`.
Written here because it is shorter than what a library brings along (scramp 1.5: 1,400 lines and an X.509 parser, for
channel bindings that nobody asks us for), and because a stranger's bytes go straight into it. Without channel binding:
`SCRAM-SHA-256-PLUS` is not offered, so who says that they could (`y`) is right that we cannot.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import stringprep
import unicodedata
from base64 import b64decode, b64encode
from typing import Final, NamedTuple

MECHANISM: Final = "SCRAM-SHA-256"
ITERATIONS: Final = 131_072
"""26 ms where Argon2id takes 20, on the server once a password and on a client at each login: so that to set a password
costs twice what it did, and a slow telephone has an answer long before the deadline. OWASP would have 600,000; who has
stolen the database finds this the weaker of the two verifiers, by a factor of five."""
MESSAGE_BYTES: Final = 2_048
"""The longest message of a client: two names, a nonce."""

_FIRST: Final = re.compile(
    r"(?P<header>[ny],(?:a=(?P<authzid>[^,]+))?,)(?P<bare>n=(?P<name>[^,]+),r=(?P<nonce>[^,]+).*)"
)
_FINAL: Final = re.compile(r"(?P<unproved>c=(?P<binding>[^,]+),r=(?P<nonce>[^,]+)(?:,.*)?),p=(?P<proof>[^,]+)")
_ESCAPED: Final = re.compile(r"=(2C|3D|.{0,2})")
_NONCE: Final = re.compile(r"[!-+\--~]+")


class Failed(Exception):
    """This exchange has come to nothing."""


class Verifier(NamedTuple):
    """What is kept of a password: enough to check a proof, not enough to make one."""

    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes

    def text(self) -> str:
        """The form it is kept in, which is PostgreSQL's."""
        salt, stored, server = (b64encode(part).decode() for part in self[1:])
        return f"{MECHANISM}${self.iterations}:{salt}${stored}:{server}"


def derive(password: bytes, salt: bytes, iterations: int = ITERATIONS) -> Verifier:
    """The verifier of a prepared password. Takes its time."""
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    return Verifier(iterations, salt, stored, _hmac(salted, b"Server Key"))


def read(text: str) -> Verifier | None:
    """A verifier from the form it is kept in; None for what is none."""
    try:
        mechanism, costs, keys = text.split("$")
        iterations, salt = costs.split(":")
        parts = [b64decode(part, validate=True) for part in (salt, *keys.split(":"))]
        verifier = Verifier(int(iterations), *parts)
    except (ValueError, TypeError):  # a binascii.Error is a ValueError
        return None
    right = mechanism == MECHANISM and len(verifier.stored_key) == len(verifier.server_key) == 32
    return verifier if right and verifier.iterations > 0 else None


def prepare(password: str) -> bytes:
    """What a client makes of a password (SASLprep, RFC 4013); what may not be in one has been refused before."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in password if not stringprep.in_table_b1(char)
    )
    return unicodedata.normalize("NFKC", mapped).encode()


class Exchange:
    """One login, from the client's first message to our last; `nonce` is our half of it."""

    def __init__(self, nonce: str) -> None:
        self.name = ""
        self.authzid = ""
        self._nonce = nonce
        self._header = ""
        self._said: list[str] = []  # what the proofs are about
        self._verifier: Verifier | None = None

    def begin(self, message: bytes) -> None:
        """Take the client's first message; `name` and `authzid` are who it is from. Raises Failed."""
        found = _FIRST.fullmatch(_text(message))
        if found is None or not _NONCE.fullmatch(found["nonce"]):
            raise Failed("That is no first message.")
        self.name, self.authzid = _name(found["name"]), _name(found["authzid"] or "")
        self._nonce = found["nonce"] + self._nonce
        self._header = found["header"]
        self._said = [found["bare"]]

    def challenge(self, verifier: Verifier) -> bytes:
        """Our first message, for the account with this verifier (or for nobody, with one that nothing fits)."""
        self._verifier = verifier
        self._said.append(f"r={self._nonce},s={b64encode(verifier.salt).decode()},i={verifier.iterations}")
        return self._said[-1].encode()

    def finish(self, message: bytes) -> bytes:
        """Take the client's proof; our own is returned. Raises Failed."""
        found = _FINAL.fullmatch(_text(message))
        verifier, self._verifier = self._verifier, None
        if found is None or verifier is None:
            raise Failed("That is no last message.")
        if found["nonce"] != self._nonce or _decoded(found["binding"]) != self._header.encode():
            raise Failed("That answers another exchange.")
        about = ",".join([*self._said, found["unproved"]]).encode()
        signature, proof = _hmac(verifier.stored_key, about), _decoded(found["proof"])
        if len(proof) != len(signature):
            raise Failed("That is no proof.")
        key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        if not hmac.compare_digest(hashlib.sha256(key).digest(), verifier.stored_key):
            raise Failed("That proof does not fit.")
        return b"v=" + b64encode(_hmac(verifier.server_key, about))


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _text(message: bytes) -> str:
    if len(message) > MESSAGE_BYTES:
        raise Failed("That is too long.")
    try:
        text = message.decode()
    except UnicodeDecodeError:
        raise Failed("That is no UTF-8.") from None
    if "\0" in text:
        raise Failed("That has a NUL in it.")
    return text


def _name(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        if found[1] not in ("2C", "3D"):
            raise Failed("That is no name.")
        return "," if found[1] == "2C" else "="

    return _ESCAPED.sub(plain, text)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Failed("That is no base64.") from None
