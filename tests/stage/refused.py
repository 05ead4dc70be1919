"""Refusals: which number or standard reply stands for a code at an IRC client, after which command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.stage.lines import Lines

NUMBERS: Final = {
    "account-needed": "477", "already-in-group": "443", "bad-argument": "696", "bad-key": "475", "bad-mode": "472",
    "bad-name": "432", "banned": "474", "group-full": "471", "invite-only": "473", "list-full": "478",
    "name-owned": "433", "name-taken": "433", "no-such-group": "403", "no-such-user": "401", "not-a-member": "442",
    "not-allowed": "482", "not-operator": "482", "sasl-failed": "904", "too-many-groups": "405",
    "user-not-in-group": "441",
}  # fmt: skip
FAILS: Final = {
    "register": {"account-exists": "ACCOUNT_EXISTS", "weak-password": "WEAK_PASSWORD",
                 "already": "ALREADY_AUTHENTICATED", "account-name-must-be-nick": "ACCOUNT_NAME_MUST_BE_NICK"},
    "rename": {"name-taken": "CHANNEL_NAME_IN_USE"},
    "redact": {"not-allowed": "REDACT_FORBIDDEN", "no-such-message": "UNKNOWN_MSGID"},
    "set": {"no-permission": "KEY_NO_PERMISSION"},
    "browse": {"no-such-message": "INVALID_PARAMS", "bad-argument": "INVALID_PARAMS", "bad-place": "INVALID_PARAMS",
               "not-a-member": "INVALID_TARGET", "no-such-group": "INVALID_TARGET"},
}  # fmt: skip
FAILS["signup"] = {"name-taken": "ACCOUNT_EXISTS"}
FAILS["history"] = FAILS["browse"]
SERVER: Final = "test.example"


def refused(voice: Lines, words: str) -> None:
    """failed CODE[, near NAMES], or refused CHANGE: CODE"""
    code = re.split(", near|: ", words)[0 if ", near" in words or ": " not in words else 1]
    verb, to = voice.verb, voice.rest.split(" ")[0]
    if code in FAILS.get(verb, {}):
        line = voice.next(SERVER, "FAIL", None, FAILS[verb][code])
        assert line.params[0] in (verb.upper(), "CHATHISTORY", "METADATA", "REGISTER"), line
    elif verb in ("send", "pass", "typing"):
        numbers = {"no-such-group": "403", "no-such-user": "401", "not-here": "401", "encrypted-only": "531"}
        voice.next(SERVER, numbers.get(code, "404" if to[0] == "#" else "401"), voice.nick, to.lstrip("@"))
    elif verb in ("password", "certificate"):
        voice.next("NickServ", "NOTICE", voice.nick)
    elif verb in ("login", "link"):
        voice.next(SERVER, "904")
    elif verb == "mode" and words.startswith("+k"):
        voice.next(SERVER, "525", voice.nick)
    else:
        voice.next(SERVER, NUMBERS[code])
        if verb == "whois":
            voice.next(SERVER, "318")
