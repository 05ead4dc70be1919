"""Who may come in: from what a connection proves to the hub's verbs.

Rule: nothing is believed that is not signed over this connection's challenge and channel, or proved by a password
hashed off the reactor; failures are counted by account and address, successes are not, so that a school behind one
address is not punished for its size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd import auth
from chatd import messages as m
from chatd.core.hub import Hub
from chatd.core.limits import DAY, Buckets, Networks, is_loopback, prefix
from chatd.core.names import BadName, fold
from chatd.core.turn import Command, Refused, Turn
from chatd.core.users import Device, Session, User
from chatd.entries import InvitationUsed, VerifierSet

if TYPE_CHECKING:
    from chatd.node import Node

log = Logger()


class Proof:
    """What is known of a connection before somebody is let in."""

    __slots__ = ("binding", "challenge", "failures", "greeted", "since")

    def __init__(self, challenge: bytes, binding: bytes, since: float) -> None:
        self.challenge = challenge
        self.binding = binding
        self.since = since
        self.greeted = False
        self.failures = 0


class Policy:
    """What the server's settings say of newcomers."""

    def __init__(self, server: str, registration: str, guests: bool, trusted: tuple[str, ...] = ()) -> None:
        self.server = server
        self.registration = registration
        self.guests = guests
        self.trusted = Networks(list(trusted))


class Admission:
    """The table of ways in."""

    def __init__(self, node: Node, hub: Hub, policy: Policy, secret: bytes, passwords: auth.Passwords) -> None:
        self.policy = policy
        self._node = node
        self._hub = hub
        self._secret = secret
        self._passwords = passwords
        limits = hub.limits
        self._signups = Buckets(limits.signups_per_minute / 60, limits.signups_burst)
        per_account, per_prefix = limits.login_failures_per_account_and_prefix, limits.login_failures_per_prefix
        self._by_account = Buckets(per_account / 60, per_account)
        self._by_prefix = Buckets(per_prefix / 60, per_prefix)

    def receive(self, session: Session, command: Command, turn: Turn) -> None:
        """Take one command of a connection that has not logged in."""
        ref = getattr(command, "ref", 0)
        try:
            if isinstance(command, m.Hello):
                self._greet(session, command, turn)
                return
            way = WAYS.get(type(command))
            if way is None or not session.proof.greeted:
                raise Refused("not-logged-in", "Say hello and log in first.")
            way(self, session, command, turn)
        except Refused as refusal:
            self._refuse(session, ref, refusal, turn)

    def _refuse(self, session: Session, ref: int, refusal: Refused, turn: Turn) -> None:
        self._hub.refuse(session, ref, refusal, turn)
        session.proof.failures += 1
        if session.proof.failures >= self._hub.limits.login_attempts:
            session.over = True
            self._node.end_later(session, m.Bye("login-refused", "Too many attempts on this connection."))

    def _greet(self, session: Session, hello: m.Hello, turn: Turn) -> None:
        if session.proof.greeted:
            raise Refused("not-logged-in", "You have said hello; log in.")
        if not set(hello.versions) & set(m.PROTOCOL_VERSIONS):
            spoken = ", ".join(str(version) for version in m.PROTOCOL_VERSIONS)
            raise Refused("version", f"This server speaks version {spoken} of the protocol.")
        session.proof.greeted = True
        features = [feature for feature in m.FEATURES if feature in hello.features]
        policy, limits = self.policy, self._hub.limits
        turn.reply(session, m.Greeting(
            m.PROTOCOL_VERSIONS[0], self._hub.epoch, features, session.proof.challenge, policy.server, turn.now,
            policy.registration, policy.guests, limits.text_bytes,
        ))  # fmt: skip

    # ---- the ways in ----

    def sign_up(self, session: Session, command: m.SignUp, turn: Turn) -> None:
        """Claim a name for a device's keys, as far as the server's policy lets strangers in."""
        self._check_keys(session, command, m.SIGNUP_LABEL)
        invitation = self._check_invitation(command.invitation, turn.now)
        self._check_newcomer(session, turn.now)
        device = self._hub.claim(command.name, command.keys, turn)
        if invitation:
            self._hub.invitations.add(invitation)
            turn.keep(InvitationUsed(invitation, device.user.id, turn.now))
        self._admit(session, device.user, device, command.ref, False, turn)

    def _check_newcomer(self, session: Session, now: int) -> None:
        """Accounts and guests have a rate of their own each; so there are only so many new ones from one address."""
        if not self._is_trusted(session):
            self._wait(self._signups.take(prefix(session.address[0]), now / 1000))

    def _check_invitation(self, code: str, now: int) -> str:
        """The invitation that is used up by this, or nothing where none is needed."""
        registration = self.policy.registration
        if registration == "closed":
            raise Refused("registration-closed", "This server takes no new accounts. Ask your admin.")
        if registration == "open":
            return ""
        if not code:
            raise Refused("invitation-needed", "A new account needs an invitation code. Ask your staff.")
        invitation = auth.read_invitation(self._secret, code, now // 1000)
        if invitation is None or invitation in self._hub.invitations:
            raise Refused("bad-invitation", "That invitation is mistyped, used up or too old.")
        return invitation

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
        user = self._hub.users.get(command.name)
        device = user.devices.get(command.device) if user is not None else None
        proof = session.proof
        self._check_throttle(command.name, session, turn.now)
        if device is None or not auth.check_signature(
            m.LOGIN_LABEL, proof.challenge, proof.binding, device.ed25519, device.id, command.name, command.signature
        ):
            self._failed(command.name, session, turn.now)
            raise Refused("login-refused", "There is no such user, or this device is not one of theirs.")
        self._admit(session, device.user, device, command.ref, False, turn)

    def resume(self, session: Session, command: m.Resume, turn: Turn) -> None:
        """Let a device go on with an earlier login."""
        device = self._hub.users.devices.get(auth.read_token(self._secret, command.token, turn.now // 1000) or "")
        if device is None:
            self._failed("", session, turn.now)
            raise Refused("login-refused", "That session is over; log in.")
        self._admit(session, device.user, device, command.ref, True, turn)

    def enter(self, session: Session, command: m.Enter, turn: Turn) -> None:
        """Let a guest in."""
        if not self.policy.guests:
            raise Refused("guests-refused", "This server takes no guests; make an account.")
        self._check_newcomer(session, turn.now)
        self._admit(session, self._hub.guest(command.name, turn), None, command.ref, False, turn)

    def link(self, session: Session, command: m.Link, turn: Turn) -> None:
        """Add a device to an account whose password is known. Unknown names take as long as wrong passwords."""
        self._check_keys(session, command, m.SIGNUP_LABEL)
        self._check_throttle(command.name, session, turn.now)
        user = self._hub.users.get(command.name)
        verifier = user.verifier if user is not None else ""
        self._guessed(command.name, session, turn.now)  # until the password is known to be right
        self._node.hold(session)
        checked = self._passwords.verify(verifier, command.password)
        checked.addCallback(self._linked, session, command, user)
        checked.addErrback(self._hash_failed, session, command.ref)
        checked.addBoth(lambda _: self._node.go_on(session))

    def _linked(self, right: bool, session: Session, command: m.Link, user: User | None) -> None:
        turn = self._node.turn()
        try:
            if not right or user is None:
                self._by_prefix.take(prefix(session.address[0]), turn.now / 1000)
                raise Refused("login-refused", "Unknown name or wrong password, or the account has none.")
            self._by_account.forget(self._account(command.name, session))
            if session.over:
                return  # gone while it was hashed
            if self._passwords.needs_rehash(user.verifier):
                self._passwords.hash(command.password).addCallbacks(self._renew, lambda _: None, (user,))
            self._admit(session, user, self._hub.link(user, command.keys, turn), command.ref, False, turn)
        except Refused as refusal:
            self._refuse(session, command.ref, refusal, turn)

    def _renew(self, verifier: str, user: User) -> None:
        """The costs of a hash have been changed since this password was set."""
        user.verifier = verifier
        self._node.turn().keep(VerifierSet(user.id, verifier))

    def _hash_failed(self, failure: Failure, session: Session, ref: int) -> None:
        if failure.check(auth.BadPassword):
            refusal = Refused("not-allowed", failure.getErrorMessage())
        else:
            if not failure.check(auth.Busy):
                log.failure("a password could not be hashed", failure)
            refusal = Refused("busy", "The server has too much to do; try again in a few seconds.", retry=5.0)
        self._hub.refuse(session, ref, refusal, self._node.turn())

    # ---- the password of somebody who is in ----

    def set_password(self, session: Session, command: m.SetPassword, turn: Turn) -> None:
        """Set, change or remove one's password."""
        user = session.user
        assert user is not None
        try:
            if user.guest:
                raise Refused("guest", "Guests have no password.")
            self._check_throttle(user.name, session, turn.now)
            self._hub.check_space()
        except Refused as refusal:
            self._hub.refuse(session, command.ref, refusal, turn)
            return
        self._guessed(user.name, session, turn.now)  # until the old password is known to be right
        self._node.hold(session)
        done = self._verified(user, command.old)
        done.addCallback(self._hash_new, session, command, user)
        done.addErrback(self._hash_failed, session, command.ref)
        done.addBoth(lambda _: self._node.go_on(session))

    def _verified(self, user: User, old: str) -> Deferred[bool]:
        if user.verifier:
            return self._passwords.verify(user.verifier, old)
        first: Deferred[bool] = Deferred()
        first.callback(True)
        return first

    def _hash_new(self, right: bool, session: Session, command: m.SetPassword, user: User) -> Any:
        if not right:
            refusal = Refused("login-refused", "The old password is wrong.")
            turn = self._node.turn()
            self._by_prefix.take(prefix(session.address[0]), turn.now / 1000)
            self._hub.refuse(session, command.ref, refusal, turn)
            return None
        self._by_account.forget(self._account(user.name, session))
        if not command.new:
            return self._keep_verifier("", session, command.ref, user)
        return self._passwords.hash(command.new).addCallback(self._keep_verifier, session, command.ref, user)

    def _keep_verifier(self, verifier: str, session: Session, ref: int, user: User) -> None:
        turn = self._node.turn()
        user.verifier = verifier
        turn.keep(VerifierSet(user.id, verifier))
        turn.reply(session, m.Done(ref))

    # ---- counting failures ----

    def _check_throttle(self, name: str, session: Session, now: int) -> None:
        self._wait(self._by_account.wait(self._account(name, session), now / 1000))
        if not self._is_trusted(session):
            self._wait(self._by_prefix.wait(prefix(session.address[0]), now / 1000))

    def _is_trusted(self, session: Session) -> bool:
        return is_loopback(session.address[0]) or session.address[0] in self.policy.trusted

    def _failed(self, name: str, session: Session, now: int) -> None:
        if name:
            self._guessed(name, session, now)
        self._by_prefix.take(prefix(session.address[0]), now / 1000)

    def _guessed(self, name: str, session: Session, now: int) -> None:
        """Count against the account only: a school whose passwords are right is not throttled as a whole."""
        self._by_account.take(self._account(name, session), now / 1000)

    def _account(self, name: str, session: Session) -> str:
        """What failures are counted by: the name in whatever letters, from one address."""
        try:
            key = fold(name).key
        except BadName:
            key = "?"
        return f"{key}|{prefix(session.address[0])}"

    @staticmethod
    def _wait(seconds: float) -> None:
        if seconds:
            raise Refused("throttled", f"Too many attempts; try again in {seconds:.0f} s.", retry=seconds)

    # ---- in ----

    def _admit(self, session: Session, user: User, device: Device | None, ref: int, resume: bool, turn: Turn) -> None:
        token = b""
        if device is not None:
            token = auth.make_token(self._secret, device.id, turn.now // 1000 + self._hub.limits.token_days * DAY)
        older = self._hub.admit(session, user, device, ref, resume, turn, token)
        self._node.admitted(session)
        if older is not None:
            self._hub.depart(older, False, turn)
            self._node.end_later(older, m.Bye("ended-elsewhere", "This device has logged in again."))


WAYS: dict[type, Callable[[Admission, Session, Any, Turn], None]] = {
    m.SignUp: Admission.sign_up,
    m.Login: Admission.login,
    m.Link: Admission.link,
    m.Enter: Admission.enter,
    m.Resume: Admission.resume,
}
