"""SASL (RFC 4422): PLAIN, SCRAM-SHA-256 and EXTERNAL, for those who come without a device of ours.

Rule: as in `admission`. What is wrong in whatever way, and who is not there, is one answer, `sasl-failed`; unknown
names take as long as wrong passwords and get a challenge that looks like any other. One exchange at a time goes on in a
connection, and its state is the function that takes the next message.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from chatd import auth, people, scram
from chatd.core import accounts, sanctions
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.credentials import account, check_private, key_of, same

if TYPE_CHECKING:
    from chatd.admission import Admission

Step = Callable[["Admission", Session, people.Prove, Turn], None]
NONCE_BYTES: Final = 18


def prove(admission: Admission, session: Session, command: people.Prove, turn: Turn) -> None:
    """Take one message: the first one of a mechanism, or the next one of what goes on."""
    proof = session.proof
    step, proof.sasl = proof.sasl, None
    if command.mechanism:
        step = MECHANISMS.get(command.mechanism.upper())
        if step is None:
            raise Refused("sasl-mechanism", f"There are {', '.join(MECHANISMS)}.")
    elif command.data == b"*":
        raise Refused("sasl-aborted", "You have ended it.")
    elif step is None:
        raise _failed("Begin with a mechanism.")
    step(admission, session, command, turn)


def _failed(text: str = "Unknown name or wrong password, or the account has none.") -> Refused:
    return Refused("sasl-failed", text)


def _proved(admission: Admission, session: Session, user: User, ref: int, turn: Turn) -> None:
    sanctions.check_in(user, turn.now)
    if session.user is not None and session.user is not user:
        if not session.user.guest:
            raise Refused("already", f"You are {session.user.name}, and stay that until you leave.")
        accounts.become(admission.hub, session, user, turn)
    session.proof.account = user
    turn.reply(session, people.Proved(ref, user.name))


# ---- PLAIN (RFC 4616) --------------------------------------------------------------------------------------------


def _plain(admission: Admission, session: Session, command: people.Prove, turn: Turn) -> None:
    check_private(session)
    try:
        authzid, name, password = command.data.decode().split("\0")
    except ValueError:  # a UnicodeDecodeError is one
        raise _failed("That is no PLAIN message.") from None
    admission.throttle.check(name, session, turn.now)
    user = account(admission.hub, name)
    fits = user.verifier if user is not None and same(user, authzid or name) else ""
    admission.throttle.guess(name, session, turn.now)  # until the password is known to be right
    checked = admission.passwords.verify(fits, password)
    admission.hold(session, command.ref, checked, _checked, admission, session, command.ref, user, name, password)


def _checked(
    right: bool, admission: Admission, session: Session, ref: int, user: User | None, name: str, password: str
) -> None:
    turn = admission.node.turn()
    if not right or user is None:
        admission.throttle.wrong(session, turn.now)
        raise _failed()
    admission.throttle.right(name, session)
    if not session.over:  # gone while it was hashed
        admission.renew(user, password)
        _proved(admission, session, user, ref, turn)


# ---- SCRAM-SHA-256 -----------------------------------------------------------------------------------------------


def _scram(admission: Admission, session: Session, command: people.Prove, turn: Turn) -> None:
    exchange = scram.Exchange(b64encode(admission.random(NONCE_BYTES)).decode())
    try:
        exchange.begin(command.data)
    except scram.Failed as error:
        raise _failed(str(error)) from None
    admission.throttle.check(exchange.name, session, turn.now)
    user = account(admission.hub, exchange.name)
    nobody = auth.scram_of_nobody(admission.secret, key_of(exchange.name))
    kept = scram.read(user.scram) if user is not None and same(user, exchange.authzid or exchange.name) else None
    session.proof.sasl = partial(_scram_proof, exchange, user if kept is not None else None)
    turn.reply(session, people.Challenge(command.ref, exchange.challenge(kept or nobody)))


def _scram_proof(
    exchange: scram.Exchange, user: User | None, admission: Admission, session: Session, command: people.Prove,
    turn: Turn,
) -> None:  # fmt: skip
    throttle = admission.throttle
    throttle.check(exchange.name, session, turn.now)
    try:
        last = exchange.finish(command.data)
    except scram.Failed:
        last = b""
    if user is None or not last:
        throttle.guess(exchange.name, session, turn.now)
        throttle.wrong(session, turn.now)
        raise _failed()
    throttle.right(exchange.name, session)
    session.proof.sasl = partial(_scram_end, user)
    turn.reply(session, people.Challenge(command.ref, last))


def _scram_end(user: User, admission: Admission, session: Session, command: people.Prove, turn: Turn) -> None:
    """The client has seen that we know the password, too; it has nothing more to say."""
    if command.data:
        raise _failed("That is one message too many.")
    _proved(admission, session, user, command.ref, turn)


# ---- EXTERNAL (RFC 4422, appendix A) -----------------------------------------------------------------------------


def _external(admission: Admission, session: Session, command: people.Prove, turn: Turn) -> None:
    user = admission.hub.users.certificates.get(session.certificate) if session.certificate else None
    if user is None:
        raise _failed("This connection has no client certificate that is tied to an account.")
    if command.data and not same(user, command.data.decode("utf-8", "replace")):
        raise _failed("That certificate is tied to another account.")
    _proved(admission, session, user, command.ref, turn)


MECHANISMS: Final[dict[str, Step]] = {"PLAIN": _plain, "SCRAM-SHA-256": _scram, "EXTERNAL": _external}
