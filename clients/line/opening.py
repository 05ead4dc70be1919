"""How a profile is opened from a command line: by a file, by the keyring, or by what is typed at the terminal.

Rule: nothing is asked where nobody can answer, nothing that is typed is shown, and what a person must know is said on
standard error.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from clients.core.ring import system_ring
from clients.core.vault import LONGEST, NEEDS_IT, Opening, ProfileError, read_passphrase
from clients.line.options import Options
from clients.line.plain import Output, is_terminal


def opening(options: Options, environment: Mapping[str, str], output: Output) -> Opening:
    """What this run knows. Raises ProfileError where the file cannot be read."""

    def tell(text: str) -> None:
        output.line(f"chat: {text}", problem=True)
        output.flush()

    path = options.passphrase_file or environment.get("CHAT_PASSPHRASE_FILE")
    asks = _ask if can_ask(options) else None
    face = asks is not None and not options.verb
    return Opening(read_passphrase(path) if path else None, asks, cache(system_ring), tell, face)


def can_ask(options: Options) -> bool:
    """Whether somebody is there to answer."""
    return is_terminal(sys.stdin) and not options.no_input


def change(options: Options, profile: Any) -> str:
    """`chat passphrase [keyring|none]`: another way to open the profile; what it is now. Raises ProfileError."""
    ways = {"keyring": None, "none": ""}
    word = options.words[0] if options.words else ""
    profile.rewrap(ways[word] if word else _new(options))
    return f"This profile is {profile.vault.status()}"


def _new(options: Options) -> str:
    """Asked for twice, or the first line of standard input."""
    if not is_terminal(sys.stdin):
        return sys.stdin.buffer.read(LONGEST).decode("utf-8", "replace").split("\n")[0].removesuffix("\r")
    if not can_ask(options):
        raise ProfileError("A new passphrase is needed: give it on standard input.", "usage")
    new = _ask("New passphrase (empty for none): ")
    if _ask("Again: ") != new:
        raise ProfileError("These are not the same; the passphrase is as it was.")
    return new


def _ask(question: str) -> str:
    try:
        return getpass.getpass(question)
    except EOFError:
        raise ProfileError(NEEDS_IT, "STORE_LOCKED") from None
