"""From the greeting to the welcome: which proof to offer next, and what a refusal means.

Rule: pure. One way after the other is tried on one connection: resume, then link, log in, enter or sign up. A name is
asked for only where there is none, or where it is taken.
"""

from __future__ import annotations

from typing import Final

import msgspec

from chatd.messages import (
    LOGIN_LABEL,
    PROTOCOL_VERSIONS,
    SIGNUP_LABEL,
    Command,
    Enter,
    Failed,
    Greeting,
    Link,
    Login,
    Resume,
    SignUp,
    Welcome,
)
from clients.core.device import Device
from clients.core.notices import AskName
from clients.core.view import fold

_ASK_AGAIN: Final = frozenset({"name-taken", "bad-name"})
_LATER: Final = frozenset({"throttled", "busy"})
_FINAL: Final = frozenset({"banned", "disabled"})  # however one proves it
_NOT_THIS_DEVICE = "This name belongs to another device. `chat link` adds this one, with the account's password."


class Who(msgspec.Struct):
    """Who one is on a server, as far as that is known. `claimed`: the name belongs to this device's keys.

    `unsure`: an earlier try to claim it had no answer. `password`: link this device to an existing account.
    """

    name: str = ""
    claimed: bool = False
    unsure: bool = False
    token: bytes = b""
    guest: bool = False
    password: str | None = None
    invitation: str = ""


class Failure(msgspec.Struct, frozen=True):
    """There is no way in. `retry`: the server lets one try again in so many seconds."""

    code: str
    text: str
    retry: float = 0.0


Move = Command | AskName | Failure


class Entrance:
    """The state of one login. Every method answers with what to do next."""

    def __init__(self, who: Who, device: Device) -> None:
        self.who = who
        self._device = device
        self._greeting: Greeting | None = None
        self._binding = b""
        self._way = ""
        self._restored = False
        self._refused: set[str] = set()

    def greeted(self, greeting: Greeting, binding: bytes, restored: bool, ref: int) -> Move:
        """The server said hello. `restored`: its epoch is not the one known."""
        self._greeting, self._binding, self._restored = greeting, binding, restored
        self._refused.clear()
        if greeting.version not in PROTOCOL_VERSIONS:
            return Failure("version", f"The server speaks version {greeting.version}, which this client does not.")
        return self._next(ref)

    def named(self, name: str, ref: int) -> Move | None:
        """The person gave a name; None when there is no greeting to answer."""
        self.who.name, self.who.claimed, self.who.unsure, self.who.token = name, False, False, b""
        self._refused.clear()
        return self._next(ref) if self._greeting is not None else None

    def cut(self) -> None:
        """The connection is gone; a claim under way may or may not have been carried out."""
        if self._way == "signup":
            self.who.unsure = True
        self._greeting, self._way = None, ""

    def is_for(self, welcome: Welcome) -> bool:
        """Is it the answer to what was asked, and to who asked? A server that calls an account a guest would hear
        openly what its person says in secret."""
        if not self._way or fold(welcome.name) != fold(self.who.name):
            return False
        return not welcome.guest or self._way == "enter" or (self._way == "resume" and self.who.guest)

    def welcomed(self, welcome: Welcome) -> None:
        """The login is done."""
        self.who.name, self.who.token = welcome.name, welcome.token
        self.who.guest, self.who.unsure, self.who.password = welcome.guest, False, None
        self.who.claimed = not welcome.guest
        self._way = ""

    def refused(self, failed: Failed, ref: int) -> Move:
        """A proof was not taken."""
        way, self._way = self._way, ""
        self._refused.add(way)
        if failed.code in _LATER:
            return Failure(failed.code, failed.text, max(failed.retry, 1.0))
        if failed.code in _FINAL:
            return Failure(failed.code, failed.text)
        if way == "resume":
            self.who.token = b""
            return self._next(ref)
        if way == "signup":
            return self._no_signup(failed, ref)
        if way == "login":
            return self._no_login(failed, ref)
        if way == "enter" and failed.code in _ASK_AGAIN:
            return AskName(failed.code, failed.text)
        return Failure(failed.code, failed.text)

    def _no_signup(self, failed: Failed, ref: int) -> Move:
        greeting = self._greeting
        if failed.code == "name-taken" and self.who.unsure and "login" not in self._refused:
            return self._log_in(ref)
        if failed.code in _ASK_AGAIN:
            self.who.unsure = False
            return AskName(failed.code, failed.text)
        if failed.code == "registration-closed" and greeting is not None and greeting.guests:
            return self._enter(ref)
        if failed.code == "invitation-needed":
            return Failure(failed.code, failed.text + " Give it with --invitation.")
        return Failure(failed.code, failed.text)

    def _no_login(self, failed: Failed, ref: int) -> Move:
        if failed.code != "login-refused":
            return Failure(failed.code, failed.text)
        if not self.who.claimed:
            self.who.unsure = False
            return AskName("name-taken", "Username already taken!")
        if self._restored and "signup" not in self._refused:
            return self._sign_up(ref)  # the backup is older than the account
        return Failure(failed.code, _NOT_THIS_DEVICE)

    def _next(self, ref: int) -> Move:
        """The first way that is open and has not been refused on this connection."""
        greeting, who = self._greeting, self.who
        assert greeting is not None
        if who.password is not None:
            return self._link(ref)
        if who.token and "resume" in greeting.features and "resume" not in self._refused:
            self._way = "resume"
            return Resume(ref, who.token)
        if not who.name:
            return AskName()
        if who.claimed:
            return self._log_in(ref)
        return self._enter(ref) if who.guest else self._sign_up(ref)

    def _sign(self, label: bytes) -> bytes:
        assert self._greeting is not None
        return self._device.sign(label, self._greeting.challenge, self._binding, self.who.name)

    def _link(self, ref: int) -> Command:
        self._way = "link"
        return Link(ref, self.who.name, self.who.password or "", self._device.keys, self._sign(SIGNUP_LABEL))

    def _log_in(self, ref: int) -> Command:
        self._way = "login"
        return Login(ref, self.who.name, self._device.keys.device, self._sign(LOGIN_LABEL))

    def _sign_up(self, ref: int) -> Command:
        self._way = "signup"
        return SignUp(ref, self.who.name, self._device.keys, self._sign(SIGNUP_LABEL), self.who.invitation)

    def _enter(self, ref: int) -> Command:
        self._way = "enter"
        return Enter(ref, self.who.name)
