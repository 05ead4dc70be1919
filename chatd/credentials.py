"""What proves an account without a device: its password, in both verifiers, and TLS client certificates; and who may
become an operator of the server.

Rule: as in `admission`. A password is hashed off the reactor while its session waits, so what was checked before is
checked again after; it is on disk, both verifiers together, before anybody is told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, succeed

from chatd import auth, encryption, people
from chatd import messages as m
from chatd.core import accounts, identity, invitations
from chatd.core.hub import Hub
from chatd.core.limits import is_loopback
from chatd.core.names import BadName, fold
from chatd.core.turn import Refused, Turn
from chatd.core.users import Session, User
from chatd.entries import CertificateGone, CertificateSet, InvitationSet, VerifierSet

if TYPE_CHECKING:
    from chatd.admission import Admission

FINGERPRINT = re.compile(r"[0-9a-f]{64}")
STAFF = ("staff", "admin")
# What the core says of a name, in the words of registration
NAME_CODES = {"bad-name": "bad-account-name", "name-taken": "account-exists"}


def account(hub: Hub, name: str) -> User | None:
    """The account of this name, in whatever letters; not who is only called so now."""
    user = hub.users.get(name)
    return user if user is not None and not user.guest and same(user, name) else None


def same(user: User, name: str) -> bool:
    """Whether this is the account's name."""
    return key_of(name) == user.key


def key_of(name: str) -> str:
    """One form for a name in whatever letters; what cannot be a name is nobody's key."""
    try:
        return fold(name).key
    except BadName:
        return f" {name}"


def check_private(session: Session) -> None:
    """Nobody shall send a password where others read along. Raises Refused `tls-needed`."""
    host = session.address[0]
    if not (session.secure or is_loopback(host) or host == "local"):
        raise Refused("tls-needed", "This connection is not encrypted: come with TLS, then send your password.")


def keep(user: User, verifiers: auth.Verifiers, turn: Turn) -> None:
    """This is the password from here on."""
    user.verifier, user.scram = verifiers
    turn.keep(VerifierSet(user.id, *verifiers))


# ---- a new account -----------------------------------------------------------------------------------------------


def register(admission: Admission, session: Session, command: people.Register, turn: Turn) -> None:
    """Claim a name by a password. A guest who is in becomes the account of their name."""
    check_private(session)
    _check_new(admission, session, command, turn)
    try:
        admission.passwords.checked(command.password)
    except auth.BadPassword as error:
        raise Refused("weak-password", str(error)) from None
    admission.throttle.newcomer(session, turn.now)
    hashing = admission.passwords.hash(command.password)
    admission.hold(session, command.ref, hashing, _registered, admission, session, command)


def _check_new(
    admission: Admission, session: Session, command: people.Register, turn: Turn
) -> InvitationSet | None:  # fmt: skip
    """Whether this may be registered; returns the invitation that is used by it."""
    guest = session.user
    if command.other:
        _check_other(admission, session, command)
        return None
    if session.proof.account is not None or (guest is not None and not guest.guest):
        raise Refused("already", "You have an account.")
    offer = admission.check_invitation(session, command.invitation, command.name, turn.now)
    admission.hub.check_space()
    if offer is not None and offer.user:
        return offer
    if guest is not None and not same(guest, command.name):
        raise Refused("account-name-must-be-nick", f"You are {guest.name}; register that name, or change it first.")
    _check_name(admission, command.name, guest)
    return offer


def _check_other(admission: Admission, session: Session, command: people.Register) -> None:
    """Whether this may be registered for somebody else."""
    if session.user is None or not session.user.operator:
        raise Refused("not-operator", "Only operators of the server make accounts for others.")
    admission.hub.check_space()
    _check_name(admission, command.name, None)


def _check_name(admission: Admission, name: str, guest: User | None) -> None:
    try:
        admission.hub.users.checked(name, guest)
    except Refused as refusal:
        holder = admission.hub.users.get(name)
        if holder is not None and holder.guest:
            raise
        raise Refused(NAME_CODES.get(refusal.code, refusal.code), refusal.text, refusal.near) from None


def _registered(verifiers: auth.Verifiers, admission: Admission, session: Session, command: people.Register) -> None:
    turn = admission.node.turn()
    if session.over:
        return  # gone while it was hashed
    offer = _check_new(admission, session, command, turn)
    if command.other:
        accounts.register(admission.hub, command.name, *verifiers, turn)
        turn.reply(session, m.Done(command.ref))
        return
    if offer is not None and offer.user:
        user = admission.hub.users.by_id[offer.user]
        if session.user is not None:
            accounts.become(admission.hub, session, user, turn)
        keep(user, verifiers, turn)
    else:
        name = session.user.name if session.user is not None else command.name
        user = accounts.register(admission.hub, name, *verifiers, turn, guest=session)
    if offer is not None:
        invitations.use(admission.hub, offer, user, turn)
    session.proof.account = user
    turn.reply(session, people.Proved(command.ref, user.name))


# ---- the password of somebody who is in --------------------------------------------------------------------------


def set_password(admission: Admission, session: Session, command: m.SetPassword, turn: Turn) -> None:
    """Set, change or remove one's password."""
    user = session.user
    assert user is not None
    if user.guest:
        raise Refused("guest", "Guests have no password.")
    admission.throttle.check(user.name, session, turn.now)
    admission.hub.check_space()
    admission.throttle.guess(user.name, session, turn.now)  # until the old password is known to be right
    verified = admission.passwords.verify(user.verifier, command.old) if user.verifier else succeed(True)
    admission.hold(session, command.ref, verified, _hash_new, admission, session, command, user)


def _hash_new(right: bool, admission: Admission, session: Session, command: m.SetPassword, user: User) -> Any:
    if not right:
        admission.throttle.wrong(session, admission.node.turn().now)
        raise Refused("login-refused", "The old password is wrong.")
    admission.throttle.right(user.name, session)
    hashing: Deferred[auth.Verifiers]
    hashing = admission.passwords.hash(command.new) if command.new else succeed(auth.NO_PASSWORD)
    return hashing.addCallback(_changed, admission, session, command.ref, user)


def _changed(verifiers: auth.Verifiers, admission: Admission, session: Session, ref: int, user: User) -> None:
    turn = admission.node.turn()
    keep(user, verifiers, turn)
    turn.reply(session, m.Done(ref))


def reset_identity(admission: Admission, session: Session, command: encryption.ResetIdentity, turn: Turn) -> None:
    """Begin a new chain of lists, by the password where there is one; or stop what was begun."""
    if not command.blob:
        identity.stop_reset(admission.hub, session, command, turn)
        return
    user = identity.check_reset(admission.hub, session, command.blob, turn.now)
    if user.verifier:
        check_private(session)
    admission.throttle.check(user.name, session, turn.now)
    admission.throttle.guess(user.name, session, turn.now)
    verified = admission.passwords.verify(user.verifier, command.password) if user.verifier else succeed(True)
    admission.hold(session, command.ref, verified, _reset, admission, session, command, user)


def _reset(
    right: bool, admission: Admission, session: Session, command: encryption.ResetIdentity, user: User
) -> None:  # fmt: skip
    turn = admission.node.turn()
    if not right:
        admission.throttle.wrong(session, turn.now)
        raise Refused("login-refused", "The password is wrong.")
    admission.throttle.right(user.name, session)
    if not session.over:  # gone, or its device removed, while it was hashed
        identity.begin_reset(admission.hub, session, command, turn)


# ---- certificates ------------------------------------------------------------------------------------------------


def set_certificate(admission: Admission, session: Session, command: people.SetCertificate, turn: Turn) -> None:
    """Tie this connection's certificate to the account, or untie one. Nobody ties a key that they have not shown."""
    user, users, limits = session.user, admission.hub.users, admission.hub.limits
    assert user is not None
    if user.guest:
        raise Refused("guest", "Guests have nothing that a certificate could prove.")
    fingerprint = command.fingerprint.replace(":", "").lower() or session.certificate
    if not FINGERPRINT.fullmatch(fingerprint):
        raise Refused("no-certificate", "Come with a TLS client certificate, or name one by its SHA-256.")
    holder = users.certificates.get(fingerprint)
    if not command.on:
        if holder is not user:
            raise Refused("no-certificate", "That certificate is not tied to your account.")
        users.untie(fingerprint)
        turn.keep(CertificateGone(fingerprint))
    elif holder is not user:
        if fingerprint != session.certificate:
            raise Refused("no-certificate", "Come with that certificate to show that it is yours; then say this again.")
        if holder is not None:
            raise Refused("certificate-taken", "That certificate proves another account.")
        if len(user.certificates) >= limits.certificates:
            raise Refused("too-many-certificates", f"An account has at most {limits.certificates} certificates.")
        admission.hub.check_space()
        users.tie(user, fingerprint)
        turn.keep(CertificateSet(fingerprint, user.id))
    turn.reply(session, m.Done(command.ref))


# ---- operators ---------------------------------------------------------------------------------------------------


def become_operator(admission: Admission, session: Session, command: people.BecomeOperator, turn: Turn) -> None:
    """By a name and password of the configuration, or as staff by the account's own."""
    user = session.user
    assert user is not None
    check_private(session)
    admission.throttle.check(command.name, session, turn.now)
    verifier = admission.policy.operators.get(command.name, "")
    if not verifier and user.role in STAFF and same(user, command.name):
        verifier = user.verifier
    admission.throttle.guess(command.name, session, turn.now)  # until the password is known to be right
    verified = admission.passwords.verify(verifier, command.password)
    admission.hold(session, command.ref, verified, _operator, admission, session, command, user)


def _operator(right: bool, admission: Admission, session: Session, command: people.BecomeOperator, user: User) -> None:
    turn = admission.node.turn()
    if not right:
        admission.throttle.wrong(session, turn.now)
        raise Refused("login-refused", "There is no such operator, or the password is wrong.")
    admission.throttle.right(command.name, session)
    if session.over:
        return
    user.operator = True
    admission.hub.apply(session, people.SetProfile(command.ref), turn)  # answers how one's settings stand
