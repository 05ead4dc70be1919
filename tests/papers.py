"""`make papers`: manual pages and completions of shells, from the programs' own parsers.

Rule: nothing of them is written by hand; a test makes them again and compares. A page is plain man(7).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import shtab

from chatd import admin, tap
from clients.line import options
from clients.tk import __main__ as tk
from tests.tidy import ROOT

MANUALS: Final = ROOT / "docs" / "man"
COMPLETIONS: Final = ROOT / "docs" / "completions"
SHELLS: Final = {"bash": "chat.bash", "zsh": "_chat", "fish": "chat.fish"}


class Page(NamedTuple):
    """One manual page."""

    name: str
    section: int
    what: str
    usage: tuple[str, ...]
    about: str
    options: tuple[tuple[str, str], ...]
    see: str


def manual(page: Page) -> str:
    """The page as man(7)."""
    lines = [
        f'.TH "{page.name.upper()}" "{page.section}" "" "chatd"',
        ".SH NAME",
        f"{_roff(page.name)} \\- {page.what}",
    ]
    lines.append(".SH SYNOPSIS")
    for usage in page.usage:
        lines += [f".B {_roff(usage)}", ".br"]
    lines += [".SH DESCRIPTION", ".nf", *map(_roff, page.about.strip().splitlines()), ".fi", ".SH OPTIONS"]
    for option, text in page.options:
        lines += [".TP", f".B {_roff(option)}", _roff(text)]
    lines += [".SH SEE ALSO", page.see]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """A line that means what it says: no escape, no request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in ".'" else text


def of_parser(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Options of an argparse parser: how they are written, and what they do."""
    for action in parser._actions:
        if not action.option_strings or action.help == argparse.SUPPRESS:
            continue
        value = ""
        if action.nargs != 0:
            value = " " + (str(action.metavar) if action.metavar else "|".join(map(str, action.choices or ())))
        text = (action.help or "") % {"default": action.default, "prog": parser.prog}
        yield ", ".join(action.option_strings) + value, text


def of_usage(kind: type[tap.Options]) -> Iterator[tuple[str, str]]:
    """The same of Twisted's options."""
    for name, _, _, text in kind.optParameters:
        yield f"--{name} {str(name).upper()}", str(text)
    for name, _, text in kind.optFlags:
        yield f"--{name}", str(text)
    for name in sorted(name for name in vars(kind) if name.startswith("opt_")):
        yield f"--{name[4:].replace('_', '-')} ENDPOINT", (getattr(kind, name).__doc__ or "").strip()


def pages() -> list[Page]:
    """All of them."""
    chat = options.parser()
    gui = tk.parser()
    verbs = admin.parser()._subparsers
    assert verbs is not None
    (choices,) = [action for action in verbs._actions if isinstance(action, argparse._SubParsersAction)]
    told = [(f"{name} {_words(one)}".strip(), one.description or "") for name, one in choices.choices.items()]
    usage = re.sub(r"^usage: ", "", chat.format_usage()).split("\n")
    return [
        Page("chat", 1, "talk to a class: interactive, or one command at a time",
             tuple(line.strip() for line in usage if line.strip()), chat.epilog or "", tuple(of_parser(chat)),
             "chat-gui(1), chatd(8)"),
        Page("chat-gui", 1, "talk to a class, in windows", ("chat-gui [USER@]HOST[:PORT]",),
             "The same conversations, keys and commands as chat(1), in windows.", tuple(of_parser(gui)), "chat(1)"),
        Page("chatd", 8, "the chat service that a class runs for itself", ("twistd -n chatd [options]",),
             "Each setting may be in a TOML file (--config), in the environment (CHATD_*), or a flag;\n"
             "flags go before the environment, and that before the file. SIGTERM drains and stops; SIGHUP reads\n"
             "settings and certificates anew.", tuple(of_usage(tap.Options)), "chatd-admin(8), chat(1), twistd(1)"),
        Page("chatd-admin", 8, "work on the data folder of a chatd server", ("chatd-admin VERB [options]",),
             "Where the server runs, it does the work itself.", tuple(told), "chatd(8)"),
    ]  # fmt: skip


def _words(parser: argparse.ArgumentParser) -> str:
    """What follows a verb, shortly."""
    given = [str(action.metavar or action.dest) for action in parser._actions if not action.option_strings]
    flags = [f"[{action.option_strings[-1]}]" for action in parser._actions if action.option_strings]
    return " ".join([*given, *(flag for flag in flags if flag != "[--help]")])


def completions() -> dict[str, str]:
    """What each shell is given for `chat`, by the name of its file."""
    parser = options.parser()
    for action in parser._actions:
        if action.dest == "words":
            action.choices = list(options.VERBS)
            action.nargs = "?"
        elif action.metavar in ("FILE", "PATH"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return {name: shtab.complete(parser, shell=shell) for shell, name in SHELLS.items()}


def files() -> Iterable[tuple[Path, str]]:
    """Every file and what it holds."""
    for page in pages():
        yield MANUALS / f"{page.name}.{page.section}", manual(page)
    for name, text in completions().items():
        yield COMPLETIONS / name, text


def main() -> int:
    """Write them."""
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
