"""What the core asks a person and how the answers go back: a name, whether a certificate is right, a secret.

Rule: one question at a time; it is a value that a face shows, and the next line that is typed is its answer. What is
typed while there is none means something to the conversation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from clients.core import inert
from clients.core import intents as i
from clients.core import notices as n
from clients.core.app import App
from clients.core.trusting import code


class Question(msgspec.Struct, frozen=True):
    """What is asked. `kind`: name, trust, password, again, old, secret, plain; `hidden`: the answer is not shown."""

    kind: str
    prompt: str
    hidden: bool = False


class Questions:
    """The question that is open, if one is. `say`: shows a line about an answer (`problem`: it was no good)."""

    def __init__(self, say: Callable[[str, bool], None]) -> None:
        self.open: Question | None = None
        self._say = say
        self._first_name = True
        self._password = ""
        self._intent: i.Intent | None = None

    def raised(self, notice: n.Notice) -> bool:
        """Whether this notice opens a question; then nothing else need be shown of it but what `say` was told."""
        if isinstance(notice, n.AskName):
            self._wants_name(notice)
        elif isinstance(notice, n.AskTrust):
            self.open = Question("trust", "Is it the same (yes or no)? ")
            return False
        elif isinstance(notice, n.AskPassword):
            self.open = Question("password", "New password: ", hidden=True)
        elif isinstance(notice, n.AskSecret):
            self._intent = notice.intent
            self.open = Question("secret", SECRETS[type(notice.intent)], hidden=True)
        elif isinstance(notice, n.Secure):
            self._wants_consent(notice)
            return False
        elif isinstance(notice, n.Refused):
            return self._wants_old(notice)
        else:
            return False
        return True

    def answer(self, app: App, text: str) -> None:
        """The answer to the open question."""
        assert self.open is not None
        _ANSWERS[self.open.kind](self, app, text)

    def drop(self) -> None:
        """Nobody wants to answer it any more."""
        if self.open is not None and self.open.kind not in ("name", "trust"):
            self.open, self._password, self._intent = None, "", None

    def _wants_name(self, notice: n.AskName) -> None:
        if notice.code == "name-taken":
            self._say("Username already taken!", True)
        elif notice.code:
            self._say(notice.text, True)
        elif self._first_name:
            self._say("CREATING NEW ID:", False)
        self._first_name = False
        self.open = Question("name", "Enter username: ")

    def _wants_old(self, notice: n.Refused) -> bool:
        """A password that needs the one before it."""
        asked = notice.intent
        if not isinstance(asked, i.ChangePassword) or notice.code != "login-refused" or asked.old:
            return False
        self._password = asked.new or ""
        self.open = Question("old", "Current password: ", hidden=True)
        return True

    def _wants_consent(self, notice: n.Secure) -> None:
        """Somebody cannot encrypt: the text says what that means, and once it is a question."""
        if notice.code == "PLAIN_ASK":
            self._intent = i.TalkPlain(notice.user, True)
            self.open = Question("plain", f"Talk openly with {inert.name(notice.user)} (yes or no)? ")

    def _named(self, app: App, text: str) -> None:
        name = text.strip()
        if not name:
            self._say("A username is needed.", True)
            return
        self.open = None
        app.name(name)

    def _trusted(self, app: App, text: str) -> None:
        answer = text.strip().lower()
        if answer not in ("yes", "no", "n"):
            self.open = Question("trust", "Type yes or no: ")
            return
        self.open = None
        app.trust(answer == "yes")

    def _new_password(self, app: App, text: str) -> None:
        self._password = text
        self.open = Question("again", "Again: ", hidden=True)

    def _again(self, app: App, text: str) -> None:
        password, self._password, self.open = self._password, "", None
        if text != password:
            self._say("These are not the same; the password is as it was.", True)
            return
        app.act(i.ChangePassword(password))

    def _secret(self, app: App, text: str) -> None:
        intent, self._intent, self.open = self._intent, None, None
        if not text.strip():
            self._say("Nothing was given, and nothing was done.", True)
        elif isinstance(intent, i.ResetKeys):
            app.act(msgspec.structs.replace(intent, password=text))
        elif isinstance(intent, i.Recover):
            app.act(i.Recover(code(text)))

    def _consented(self, app: App, text: str) -> None:
        answer = text.strip().lower()
        if answer not in ("yes", "no", "n"):
            self.open = Question("plain", "Type yes or no: ")
            return
        intent, self._intent, self.open = self._intent, None, None
        if answer == "yes" and intent is not None:
            app.act(intent)
        else:
            self._say("Nothing was sent.", False)

    def _old(self, app: App, text: str) -> None:
        new, self._password, self.open = self._password, "", None
        app.act(i.ChangePassword(new, text))


SECRETS: Final[dict[type[i.Intent], str]] = {
    i.ResetKeys: "The account's password: ",
    i.Recover: "Recovery code: ",
}

_ANSWERS: Final[dict[str, Callable[[Questions, App, str], Any]]] = {
    "name": Questions._named,
    "trust": Questions._trusted,
    "password": Questions._new_password,
    "again": Questions._again,
    "old": Questions._old,
    "secret": Questions._secret,
    "plain": Questions._consented,
}
