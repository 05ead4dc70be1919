"""Who may come in: from what a connection proves to the hub's verbs.

Rule: nothing is believed that is not signed over this connection's challenge and channel, or proved by a password
hashed off the reactor; failures are counted by account and address, successes are not, so that a school behind one
address is not punished for its size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd import auth, credentials, encryption, people, sasl
from chatd import messages as m
from chatd.core import invitations, sanctions
from chatd.core.hub import Hub
from chatd.core.limits import DAY, Networks, is_loopback
from chatd.core.turn import Command, Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.entries import InvitationSet
from chatd.throttle import Throttle

if TYPE_CHECKING:
    from chatd.node import Node

log = Logger()
IDENT_CHARS = 10
NOT_IDENT = re.compile(r"[^A-Za-z0-9_.-]+")
# Refusals of a line session that do not count as attempts to get in: programs try nicks and mechanisms by themselves.
FREE = frozenset(("bad-name", "name-taken", "name-owned", "not-logged-in", "sasl-aborted", "sasl-mechanism"))

FINAL = frozenset(("banned", "disabled"))  # there is no other way in, so the connection ends


class Proof:
    """What is known of a connection before somebody is let in."""

    __slots__ = ("account", "binding", "challenge", "failures", "greeted", "sasl", "since")

    def __init__(self, challenge: bytes, binding: bytes, since: float) -> None:
        self.challenge = challenge
        self.binding = binding
        self.since = since
        self.greeted = False
        self.account: User | None = None  # whose it is, proved by SASL or just made
        self.sasl: sasl.Step | None = None  # the next step of an authentication that goes on
        self.failures = 0


class Policy:
    """What the server's settings say of newcomers."""

    def __init__(
        self, server: str, registration: str, guests: bool, trusted: tuple[str, ...] = (),
        operators: Mapping[str, str] | None = None, report_tags: bool = True,
    ) -> None:  # fmt: skip
        self.server = server
        self.registration = registration
        self.guests = guests
        self.trusted = Networks(list(trusted))
        self.operators = operators or {}  # name to verifier
        self.report_tags = report_tags


class Admission:
    """The table of ways in."""

    def __init__(
        self, node: Node, hub: Hub, policy: Policy, secret: bytes, passwords: auth.Passwords,
        random: Callable[[int], bytes],
    ) -> None:  # fmt: skip
        self.policy = policy
        self.node = node
        self.hub = hub
        self.secret = secret
        self.passwords = passwords
        self.random = random
        self.throttle = Throttle(hub.limits, self._is_trusted)

    def _is_trusted(self, host: str) -> bool:
        return is_loopback(host) or host in self.policy.trusted

    def receive(self, session: Session, command: Command, turn: Turn) -> None:
        """Take one command of a connection that has not logged in."""
        ref = getattr(command, "ref", 0)
        try:
            if isinstance(command, m.Hello):
                self._greet(session, command, turn)
                return
            way = WAYS.get(type(command))
            if way is None or not (session.proof.greeted or session.line):
                raise Refused("not-logged-in", "Say hello and log in first.")
            way(self, session, command, turn)
        except Refused as refusal:
            self._refuse(session, ref, refusal, turn)

    def apply(self, session: Session, command: Command, turn: Turn) -> None:
        """Take one command about the credentials of somebody who is in."""
        try:
            INSIDE[type(command)](self, session, command, turn)
        except Refused as refusal:
            self.hub.refuse(session, getattr(command, "ref", 0), refusal, turn)

    def _refuse(self, session: Session, ref: int, refusal: Refused, turn: Turn) -> None:
        self.hub.refuse(session, ref, refusal, turn)
        if session.user is not None or (session.line and refusal.code in FREE):
            return
        if refusal.code in FINAL:
            session.over = True
            self.node.end_later(session, m.Bye(refusal.code, refusal.text))
            return
        session.proof.failures += 1
        if session.proof.failures >= self.hub.limits.login_attempts:
            session.over = True
            self.node.end_later(session, m.Bye("login-refused", "Too many attempts on this connection."))

    def _greet(self, session: Session, hello: m.Hello, turn: Turn) -> None:
        if session.proof.greeted:
            raise Refused("not-logged-in", "You have said hello; log in.")
        if not set(hello.versions) & set(m.PROTOCOL_VERSIONS):
            spoken = ", ".join(str(version) for version in m.PROTOCOL_VERSIONS)
            raise Refused("version", f"This server speaks version {spoken} of the protocol.")
        session.proof.greeted = True
        features = [feature for feature in m.FEATURES if feature in hello.features]
        session.encrypted = "e2ee" in features
        policy, limits = self.policy, self.hub.limits
        turn.reply(session, m.Greeting(
            m.PROTOCOL_VERSIONS[0], self.hub.epoch, features, session.proof.challenge, policy.server, turn.now,
            policy.registration, policy.guests, limits.text_bytes,
        ))  # fmt: skip

    # ---- the ways in ----

    def sign_up(self, session: Session, command: m.SignUp, turn: Turn) -> None:
        """Claim a name for a device's keys, as far as the server's policy lets strangers in."""
        self._check_keys(session, command, m.SIGNUP_LABEL)
        offer = self.check_invitation(session, command.invitation, command.name, turn.now)
        self.throttle.newcomer(session, turn.now)
        if offer is not None and offer.user:
            user = self.hub.users.by_id[offer.user]
            device = self.hub.link(user, command.keys, turn)
            credentials.keep(user, auth.NO_PASSWORD, turn)  # whoever has the code need not know the one before
        else:
            device = self.hub.claim(command.name, command.keys, turn)
        if offer is not None:
            invitations.use(self.hub, offer, device.user, turn)
        self._admit(session, device.user, device, command.ref, False, turn)

    def check_invitation(self, session: Session, code: str, name: str, now: int) -> InvitationSet | None:
        """What the code is good for that a newcomer of this name has given; None where none is needed."""
        registration = self.policy.registration
        if code:
            identity = auth.read_invitation(self.secret, code, now // 1000)
            if identity is None:
                raise Refused("bad-invitation", "That invitation is mistyped, used up or too old.")
            offer = invitations.check(self.hub, identity, now)
            if offer.user and credentials.account(self.hub, name) is not self.hub.users.by_id[offer.user]:
                raise Refused("bad-invitation", "That code is for another name.")
            if offer.user or registration != "closed":
                return offer
        known = credentials.account(self.hub, name)
        if known is not None and invitations.pending(self.hub, known):
            raise Refused("invitation-needed", "That name waits for somebody of the class, who has a code for it.")
        sanctions.check_newcomer(self.hub, session.address[0], now)
        if registration == "closed":
            raise Refused("registration-closed", "This server takes no new accounts. Ask your admin.")
        if registration == "invite":
            raise Refused("invitation-needed", "A new account needs an invitation code. Ask your staff.")
        return None

    def _check_keys(self, session: Session, command: m.SignUp | m.Link, label: bytes) -> None:
        keys, proof = command.keys, session.proof
        right = (
            len(keys.ed25519) == 32
            and len(keys.curve25519) == 32
            and keys.device == auth.device_id(keys.ed25519, keys.curve25519)
            and auth.check_signature(
                label, proof.challenge, proof.binding, keys.ed25519, keys.device, command.name, command.signature
            )
        )
        if not right:
            raise Refused("login-refused", "The signature does not fit the keys and this connection.")

    def login(self, session: Session, command: m.Login, turn: Turn) -> None:
        """Let a device in that signs for itself."""
        user = self.hub.users.get(command.name)
        device = user.devices.get(command.device) if user is not None else None
        proof = session.proof
        self.throttle.check(command.name, session, turn.now)
        if device is None or not auth.check_signature(
            m.LOGIN_LABEL, proof.challenge, proof.binding, device.ed25519, device.id, command.name, command.signature
        ):
            self.throttle.guess(command.name, session, turn.now)
            self.throttle.wrong(session, turn.now)
            raise Refused("login-refused", "There is no such user, or this device is not one of theirs.")
        self._admit(session, device.user, device, command.ref, False, turn)

    def resume(self, session: Session, command: m.Resume, turn: Turn) -> None:
        """Let a device go on with an earlier login."""
        device = self.hub.users.devices.get(auth.read_token(self.secret, command.token, turn.now // 1000) or "")
        if device is None:
            self.throttle.wrong(session, turn.now)
            raise Refused("login-refused", "That session is over; log in.")
        self._admit(session, device.user, device, command.ref, True, turn)

    def enter(self, session: Session, command: m.Enter, turn: Turn) -> None:
        """Let a guest in."""
        if not self.policy.guests:
            raise Refused("guests-refused", "This server takes no guests; make an account.")
        sanctions.check_newcomer(self.hub, session.address[0], turn.now)
        self.throttle.newcomer(session, turn.now)
        self._admit(session, self.hub.guest(command.name, turn), None, command.ref, False, turn)

    def arrive(self, session: Session, command: people.Arrive, turn: Turn) -> None:
        """Let somebody in without a device of their own: as the account that was proved, else as a guest."""
        user = session.proof.account
        if user is None:
            if not self.policy.guests:
                raise Refused("guests-refused", "This server takes no guests; make an account.")
            sanctions.check_newcomer(self.hub, session.address[0], turn.now)
            self.hub.users.checked(command.nick, owned=True)
            self.throttle.newcomer(session, turn.now)
            user = self.hub.guest(command.nick, turn, address=session.address[0])
        session.line, session.lobby = True, False
        ident = "~" + (NOT_IDENT.sub("", command.ident)[:IDENT_CHARS] or "u")
        realname = command.realname[: self.hub.limits.realname_chars]
        self.hub.arrive(session, user, command.ref, turn, command.nick, ident, realname)
        self.node.admitted(session)

    def link(self, session: Session, command: m.Link, turn: Turn) -> None:
        """Add a device to an account whose password is known. Unknown names take as long as wrong passwords."""
        self._check_keys(session, command, m.SIGNUP_LABEL)
        self.throttle.check(command.name, session, turn.now)
        user = self.hub.users.get(command.name)
        self.throttle.guess(command.name, session, turn.now)  # until the password is known to be right
        checked = self.passwords.verify(user.verifier if user is not None else "", command.password)
        self.hold(session, command.ref, checked, self._linked, session, command, user)

    def _linked(self, right: bool, session: Session, command: m.Link, user: User | None) -> None:
        turn = self.node.turn()
        if not right or user is None:
            self.throttle.wrong(session, turn.now)
            raise Refused("login-refused", "Unknown name or wrong password, or the account has none.")
        self.throttle.right(command.name, session)
        if not session.over:  # gone while it was hashed
            self.renew(user, command.password)
            self._admit(session, user, self.hub.link(user, command.keys, turn), command.ref, False, turn)

    # ---- hashes ----

    def hold(
        self, session: Session, ref: int, hashing: Deferred[Any], then: Callable[..., Any], *arguments: Any
    ) -> None:
        """Keep a session waiting for a hash; `then` is given it, and may refuse. Others are not held up."""
        self.node.hold(session)
        hashing.addCallback(then, *arguments)
        hashing.addErrback(self._unhashed, session, ref)
        hashing.addBoth(lambda _: self.node.go_on(session))

    def _unhashed(self, failure: Failure, session: Session, ref: int) -> None:
        turn = self.node.turn()
        if isinstance(failure.value, Refused):
            self._refuse(session, ref, failure.value, turn)
            return
        if failure.check(auth.BadPassword):
            refusal = Refused("not-allowed", failure.getErrorMessage())
        else:
            if not failure.check(auth.Busy):
                log.failure("a password could not be hashed", failure)
            refusal = Refused("busy", "The server has too much to do; try again in a few seconds.", retry=5.0)
        self.hub.refuse(session, ref, refusal, turn)

    def renew(self, user: User, password: str) -> None:
        """Hash a password again that was right, if the costs have been changed since it was set."""
        if self.passwords.needs_rehash(user.verifier, user.scram):
            self.passwords.hash(password).addCallbacks(self._renewed, lambda _: None, (user,))

    def _renewed(self, verifiers: auth.Verifiers, user: User) -> None:
        credentials.keep(user, verifiers, self.node.turn())

    # ---- in ----

    def _admit(self, session: Session, user: User, device: Device | None, ref: int, resume: bool, turn: Turn) -> None:
        token = b""
        if device is not None:
            token = auth.make_token(self.secret, device.id, turn.now // 1000 + self.hub.limits.token_days * DAY)
        older = self.hub.admit(session, user, device, ref, resume, turn, token)
        self.node.admitted(session)
        if older is not None:
            self.hub.depart(older, False, turn)
            self.node.end_later(older, m.Bye("ended-elsewhere", "This device has logged in again."))


WAYS: dict[type, Callable[[Admission, Session, Any, Turn], None]] = {
    m.SignUp: Admission.sign_up,
    m.Login: Admission.login,
    m.Link: Admission.link,
    m.Enter: Admission.enter,
    m.Resume: Admission.resume,
    people.Arrive: Admission.arrive,
    people.Prove: sasl.prove,
    people.Register: credentials.register,
}
# For those who are in.
INSIDE: dict[type, Callable[[Admission, Session, Any, Turn], None]] = {
    m.SetPassword: credentials.set_password,
    people.Prove: sasl.prove,
    people.Register: credentials.register,
    people.BecomeOperator: credentials.become_operator,
    people.SetCertificate: credentials.set_certificate,
    encryption.ResetIdentity: credentials.reset_identity,
}
