"""The command line and the environment as one value.

Rule: pure. Flags win over the environment. A first word that is a verb makes it a one-shot; else it is the server.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

VERBS: Final = (
    "send", "recv", "tail", "inbox", "who", "groups", "group", "history", "passwd", "link", "devices", "doctor",
    "unpin", "file", "get", "verify", "keys", "report", "passphrase",
)  # fmt: skip

_ABOUT = """\
examples:
  chat chat.example.edu                     talk; the first time it asks for a name
  chat alice@localhost                      talk as alice
  chat --server alice@localhost send @bob "See you at five"
  make test 2>&1 | chat send '#hw3'
  chat recv --wait 30 --json
  chat tail -f '#hw3'
  chat verify @bob                          the number to compare with bob; --yes: it is the same
  chat keys recovery                        make the recovery code, on paper, before it is needed

one-shot verbs (TO is @name, #group, or nothing for the lobby):
  send TO [TEXT]     send a message; without TEXT what standard input holds
  recv               print what is unread, and acknowledge it
  tail [TO]          the last messages (-f: and what comes)
  history TO         the last messages (--count N)
  inbox  who  groups
  file TO PATH       send a file; the same again goes on with what was cut off
  get ID             fetch a file that was offered (--output: where it goes)
  group NAME         join a group, or make it (--open: not encrypted); --wait: until a member has let you in
  verify @NAME       show the number to compare; status 8 as long as it was not (--yes: it is the same)
  devices            the devices of the account (add ID, revoke ID)
  keys               how your keys stand (recovery: make a recovery code; recover, reset: with --password-file)
  report [ID WHY]    which messages there are to report; show one to the moderators
  passwd             set the account's password
  link               add this device to an account, by its password
  doctor             look at name, address, TLS, clock, login, round trip
  passphrase         set what opens this profile's files (or: keyring, none)
  unpin              forget the server's certificate after it was changed on purpose

exit status: 0 done; 1 other; 2 usage; 3 cannot connect; 4 not logged in, refused, or a wrong passphrase;
  5 no such user or group; 6 stored and not yet delivered, or asked and not yet let in (with --wait); 7 refused by
  policy, or who it is for cannot encrypt; 8 certificate or somebody's key changed, or not verified; 9 timed out;
  130 Ctrl-C
"""


class Options(argparse.Namespace):
    """What was asked for. `verb` is empty for an interactive client; `words` are the rest."""

    server: str | None
    profile: str | None
    verb: str
    words: list[str]
    plaintext: bool
    insecure: bool
    trust_new: bool
    open: bool
    yes: bool
    guest: bool
    invitation: str
    json: bool
    no_input: bool
    wait: float | None
    count: int | None
    output: str
    follow: bool
    password_file: str | None
    passphrase_file: str | None
    plain: bool
    color: str
    quiet: bool
    verbose: bool


def version() -> str:
    """The version of the package; `dev` in a bare checkout."""
    from importlib import metadata  # only here: it takes as long to load as all of this program's own files

    try:
        return metadata.version("chatd")
    except metadata.PackageNotFoundError:
        return "dev"


def parse(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """The options. Exits with 2 and a usage line on standard error where they make no sense."""
    whole = parser()
    options = whole.parse_intermixed_args([_clean(argument) for argument in arguments], Options())
    words, options.verb = options.words, ""
    if words and words[0] in VERBS:
        options.verb, options.words = words[0], words[1:]
    elif len(words) > 1:
        whole.error(f"{words[0]!r} is neither a verb nor the only word; see chat --help")
    elif words:
        options.server, options.words = words[0], []
    options.server = options.server or environment.get("CHAT_SERVER") or None
    options.words = _words(whole, options)
    if options.wait is not None and not 0 <= options.wait < 1e9:
        whole.error("--wait takes seconds")
    if options.count is not None and not 0 < options.count <= 1_000_000:
        whole.error("--count takes a number from 1")
    return options


def coloured(options: Options, environment: Mapping[str, str], terminal: bool) -> bool:
    """Whether to show colours."""
    if options.color != "auto":
        return options.color == "always"
    return terminal and not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"


def is_target(word: str) -> bool:
    """Whether a word is a TO: `@name`, `@a,@b` or `#group`."""
    return re.fullmatch(r"#\S+|@[^\s,]+(?:,@?[^\s,]+)*", word) is not None


def _words(parser: argparse.ArgumentParser, options: Options) -> list[str]:
    """The words of a verb, checked: `[TO, TEXT]` for send, `[TO]` for tail and history, `[NAME]` for group."""
    verb, words = options.verb, list(options.words)
    if verb == "send":
        if not words or not is_target(words[0]):
            words.insert(0, "#lobby")
        return [words[0], " ".join(words[1:])]
    if verb in ("tail", "history"):
        if len(words) > 1 or (words and not is_target(words[0])) or (verb == "history" and not words):
            parser.error(f"usage: chat {verb} TO, where TO is @name or #group")
        return words or ["#lobby"]
    if verb == "group" and len(words) != 1:
        parser.error("usage: chat group NAME")
    if verb in _USAGES:
        return _trusting(parser, options)
    if verb == "passphrase" and words in ([], ["keyring"], ["none"]):
        return words
    if verb in ("link", "unpin", "doctor") and len(words) == 1:
        options.server = words[0]
    elif verb in ("file", "get"):
        if len(words) != (2 if verb == "file" else 1) or (verb == "file" and not is_target(words[0])):
            parser.error("usage: chat file TO PATH, chat get ID")
    elif verb != "group" and words:
        parser.error(f"chat {verb} takes no words")
    return words


def _trusting(parser: argparse.ArgumentParser, options: Options) -> list[str]:
    """The words of a verb about keys: what would follow the command in a conversation."""
    from clients.core import trusting  # a prompt has to be there at once, and needs none of this

    words = [*options.words, *(["yes"] if options.yes else [])]
    if getattr(trusting, options.verb)(" ".join(words)) is None:
        parser.error(f"usage: chat {_USAGES[options.verb]}")
    return words


_USAGES: Final = {
    "verify": "verify @NAME [--yes]",
    "devices": "devices [add ID | revoke ID]",
    "keys": "keys [recovery | recover | reset]",
    "report": "report [ID WHY]",
}


def _clean(argument: str) -> str:
    """An argument as text, whatever bytes it had."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        parser.exit(0, f"chat {version()}\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(
        prog="chat", description="Talk to a class: interactive, or one command at a time.", epilog=_ABOUT,
        usage="chat [options] [USER@]HOST[:PORT]\n       chat [options] VERB ...", allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    flag: dict[str, Any] = {"action": "store_true"}
    add = whole.add_argument
    add("words", nargs="*", metavar="[USER@]HOST[:PORT] | VERB ...", help="the server, or what to do at once")
    add("--server", metavar="[USER@]HOST[:PORT]", help="which server, and as whom (CHAT_SERVER)")
    add("--profile", metavar="DIR", help="keys, history, pins, outbox (CHAT_PROFILE)")
    add("--plaintext", **flag, help="connect without TLS: this machine only, unless --insecure")
    add("--insecure", **flag, help="allow --plaintext to other machines")
    add("--trust-new", **flag, help="pin an unknown certificate without asking")
    add("--open", **flag, help="send: openly to who cannot encrypt; group: make one that is not encrypted")
    add("--yes", **flag, help="verify: the number is the same on both sides")
    add("--guest", **flag, help="come in as a guest, without an account")
    add("--invitation", metavar="CODE", default="", help="for a server that asks for one")
    add("--json", **flag, help="one object a line on standard output, errors too")
    add("--no-input", **flag, help="fail rather than ask")
    add("--wait", type=float, metavar="SECONDS", help="wait for the outcome (send, group) or for a message (recv)")
    add("--count", type=int, metavar="N", help="recv: at most N messages; tail, history: the last N")
    add("-f", "--follow", **flag, help="tail: go on with what comes")
    add("--output", metavar="PATH", default="", help="get: the folder or the name; nothing is overwritten")
    add("--password-file", metavar="FILE", help="passwd, link, keys: the password (or recovery code) is its first line")
    add("--passphrase-file", metavar="FILE", help="opens the profile: its first line (CHAT_PASSPHRASE_FILE)")
    add("--plain", **flag, help="line by line, also at a terminal")
    add("--color", choices=("auto", "always", "never"), default="auto", help="colours (NO_COLOR is honoured)")
    add("--quiet", **flag, help="less"), add("--verbose", **flag, help="more")
    add("--version", action=_Version, nargs=0, help="which version this is")
    return whole
