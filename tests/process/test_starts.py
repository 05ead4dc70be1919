"""What a start does not import: a prompt has to be there at once, and what is not imported takes no time anywhere.

Rule: the real programs, in fresh interpreters that write down what they import; no clock. How long it takes is measured
by `make bench` (`tests/bench/starts.py`).
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.clients.tk.desk import end_display, start_display
from tests.process.chat import ChatCase
from tests.process.server import environment

SERVERS = (
    *("chatd.core", "chatd.node", "chatd.store", "chatd.ports", "chatd.tap", "precis_i18n", "confusable_homoglyphs"),
    *("prometheus_client", "wsproto", "twisted.conch", "twisted.web", "twisted.application"),
)
LATER = ("argon2", "keyring", "clients.core.disk", "clients.core.sealing")
SCREENS = ("prompt_toolkit", "clients.screen", "clients.core.windows")
DESKS = ("tkinter", "ttkbootstrap", "PIL", "segno", "clients.tk")
LINES = ("clients.line.face", "clients.line.editor", "clients.line.terminal")
TESTS = ("tests", "pyte", "hypothesis", "apsw", "shtab", "mypy", "websockets")
_IMPORTED = re.compile(r"^import time:[^|]*\|[^|]*\| *([\w.]+)$", re.MULTILINE)


def among(imported: set[str], packages: tuple[str, ...]) -> list[str]:
    """The packages of which something was imported."""
    return [package for package in packages if any(f"{name}.".startswith(f"{package}.") for name in imported)]


class StartTests(ChatCase):
    """Up to the prompt, and what a person sees with it."""

    def listing(self, user: str, program: str, *arguments: str) -> tuple[Path, list[str]]:
        """Where a program writes down what it imports, and the command that has it do so."""
        told = self.server.folder / f"{user}.imports"
        command = [
            sys.executable, "-X", "importtime", "-m", program, "--plaintext", "--profile",
            str(self.server.folder / user), *arguments,
        ]  # fmt: skip
        return told, ["sh", "-c", 'told=$1; shift; exec "$@" 2>"$told"', "sh", str(told), *command]

    def imported(self, told: Path) -> set[str]:
        """What it has imported by now."""
        return set(_IMPORTED.findall(told.read_text()))

    @contextmanager
    def known(self, user: str) -> Iterator[str]:
        """Somebody who has been there before: their address."""
        self.assertEqual(self.chat(user, "send", "#lobby", "hello").status, 0)
        yield self.address(user)

    def at_prompt(self, user: str, *arguments: str) -> set[str]:
        """What somebody's `chat` has imported when they are logged in."""
        with self.known(user) as address:
            told, command = self.listing(user, "clients.chat", *arguments, address)
            window = self.terminal(user, command)
            window.wait("Welcome to chat room.")
            window.wait("You:")
            return self.imported(told)

    def test_the_full_screen(self) -> None:
        imported = self.at_prompt("alice")
        self.assertEqual(among(imported, (*SCREENS, "twisted", "vodozemac")), [*SCREENS, "twisted", "vodozemac"])
        self.assertEqual(among(imported, (*SERVERS, *LATER, *DESKS, *LINES, "clients.line.objects", *TESTS)), [])

    def test_line_by_line(self) -> None:
        imported = self.at_prompt("alice", "--plain")
        self.assertEqual(among(imported, (*LINES, "twisted")), [*LINES, "twisted"])
        self.assertEqual(among(imported, (*SERVERS, *LATER, *DESKS, *SCREENS, *TESTS)), [])

    def test_one_verb(self) -> None:
        with self.known("alice") as address:
            told, command = self.listing("alice", "clients.chat", "--server", address, "send", "#lobby", "hello")
            self.assertEqual(self.run_program(command).status, 0)
        imported = self.imported(told)
        self.assertEqual(among(imported, ("clients.line.oneshot", "twisted")), ["clients.line.oneshot", "twisted"])
        self.assertEqual(among(imported, (*SERVERS, *LATER, *DESKS, *SCREENS, *LINES[1:], *TESTS)), [])

    def test_the_windows(self) -> None:
        display, xvfb = start_display()
        self.addCleanup(end_display, xvfb)
        with self.known("alice") as address:
            before = self.unnumbered().count("Client (127.0.0.1, 0) connected  [ alice ]")
            told, command = self.listing("alice", "clients.tk", address)
            self.terminal("windows", command, DISPLAY=display)
            self.wait(
                lambda: self.unnumbered().count("Client (127.0.0.1, 0) connected  [ alice ]") > before, "logged in"
            )  # fmt: skip
            imported = self.imported(told)
        self.assertEqual(among(imported, ("tkinter", "clients.tk", "twisted")), ["tkinter", "clients.tk", "twisted"])
        self.assertEqual(among(imported, (*SERVERS, *LATER, *SCREENS[:2], "clients.line", "segno", *TESTS)), [])


# The windows in an interpreter that has no Twisted; what is in sight when it is missed.
ALONE = """
import sys
sys.modules["twisted"] = None
from clients.tk.__main__ import main
from tests.process.onlooker import shown
try:
    main()
except ModuleNotFoundError as error:
    import tkinter
    print(error.name, *shown(tkinter._default_root.tk), sep="\\n")
"""


class SeenTests(SynchronousTestCase):
    """The windows are on the screen before what connects them is imported: that is half of a start."""

    def test_the_main_window_and_the_login_section_need_no_network(self) -> None:
        display, xvfb = start_display()
        self.addCleanup(end_display, xvfb)
        folder = self.mktemp()
        for arguments, texts in (
            (("alice@127.0.0.1:7",), ("Conversations", "everybody here and the server read this", "Send")),
            ((), ("Where is your class, and who are you?", "User name", "Connect")),
        ):
            command = [sys.executable, "-c", ALONE, "--profile", folder, *arguments]
            done = subprocess.run(
                command, env=environment(DISPLAY=display), stdin=subprocess.DEVNULL, capture_output=True, text=True
            )  # fmt: skip
            missed, *lines = done.stdout.splitlines() or [done.stderr]
            self.assertEqual(missed.partition(".")[0], "twisted", done.stderr)
            for text in texts:
                self.assertIn(text, lines)


class HalfTests(SynchronousTestCase):
    """Where only the client's or only the server's libraries are installed, the other programs say what to do."""

    def without(self, module: str, program: str, *arguments: str) -> tuple[int, str]:
        """How a program ends in an interpreter that lacks a library, and what it says."""
        code = f"import sys; sys.modules[{module!r}] = None; sys.argv[0] = 'program'; {program}"
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertNotIn("Traceback", done.stderr)
        return done.returncode, done.stderr

    def test_each_program(self) -> None:
        folder = self.mktemp()
        for module, program, arguments, half in (
            ("vodozemac", "from clients.chat import main; sys.exit(main())", ("who",), "client"),
            ("ttkbootstrap", "from clients.tk.__main__ import main; sys.exit(main())", (), "client"),
            ("precis_i18n", "from twisted.scripts.twistd import run; run()", ("-n", "chatd"), "server"),
            (
                "precis_i18n",
                "from chatd.admin import main; sys.exit(main())",
                ("roster", "x", "--data", folder),
                "server",
            ),
        ):
            status, told = self.without(module, program, *arguments)
            self.assertEqual(status, 1, told)
            self.assertIn(module, told)
            self.assertTrue(told.endswith(f"pip install 'chatd[{half}]'\n"), told)

    def test_a_module_of_ours_that_is_missing_is_a_mistake_and_not_hidden(self) -> None:
        program = "from clients.chat import main; sys.exit(main())"
        with self.assertRaises(self.failureException):
            self.without("clients.core.face", program, "who")
