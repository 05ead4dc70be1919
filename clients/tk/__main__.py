"""`chat-gui [USER@]HOST[:PORT]`: the windows, from a login section to a conversation. The only file with the reactor.

Rule: it wires and decides nothing. Tk is updated by the reactor (`tksupport`); a window that is closed leaves cleanly.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any, Final

from clients.core import collecting

STOP_SECONDS: Final = 4.0


class Program:
    """One run: the root window, the login section, and then the main window."""

    def __init__(self, options: argparse.Namespace, reactor: Any, root: Any, profile: Any) -> None:
        from clients.tk import theme
        from clients.tk.login import Login

        self._options, self._reactor, self._root, self._profile = options, reactor, root, profile
        self._app: Any = None
        self._main: Any = None
        self.code = 0
        theme.use(self._setting("theme"))
        self.login = Login(root, self._go)
        self.login.frame.pack(expand=True)
        server = options.server or profile.history.last_server()
        user, _, host = server.rpartition("@")
        self.login.fill(host, user, options.plaintext)
        root.protocol("WM_DELETE_WINDOW", self.close)
        if options.server:
            root.after(0, self.login.button.invoke)

    def _go(self, wanted: Any) -> None:
        """Connect as it was filled in."""
        from clients.core.start import WrongServer, make, settings
        from clients.core.vault import ProfileError
        from clients.tk.face import TkFace
        from clients.tk.window import MainWindow

        target = f"{wanted.name}@{wanted.server}" if wanted.name else wanted.server
        try:
            made = settings(target, wanted.plaintext, trust_new=self._options.trust_new, guest=wanted.guest)
            self._main = MainWindow(self._root, made.server, self._setting)
            face = TkFace(self._main, self._main.compare, self._done, lambda: int(time.time() * 1000))
            self._main.face = face
            self._app = make(made, self._profile, face, self._reactor)
        except (WrongServer, ProfileError) as error:
            self.login.say(str(error))
            return
        self.login.frame.pack_forget()
        self._main.frame.pack(fill="both", expand=True)
        self._main.input.focus_set()
        face.begin(self._app)
        self._main.redraw()

    def _setting(self, key: str) -> str:
        """One of the client's settings, also before there is a client."""
        from clients.core.app import SETTINGS

        return str(self._profile.history.settings().get(key, SETTINGS[key][0]))

    def _done(self, code: int, text: str) -> None:
        """The conversation is over: back to the login section where somebody may want to know why."""
        self.code = code
        if code == 0 or code == 130 or self._main is None:
            self.stop()
            return
        self._main.face = None
        self._main.frame.pack_forget()
        self._main, self._app = None, None
        self.login.frame.pack(expand=True)
        self.login.say(text)

    def close(self) -> None:
        """The window was closed: say goodbye first."""
        if self._main is None or self._main.face is None:
            self.stop()
            return
        self._reactor.callLater(STOP_SECONDS, self.stop)
        self._main.face.leave()

    def stop(self) -> None:
        """The end."""
        if self._reactor.running:
            self._reactor.stop()


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options. Exits with 2 where they make no sense."""
    return parser().parse_args(arguments)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(prog="chat-gui", description="Talk to a class, in windows.", allow_abbrev=False)
    whole.add_argument("server", nargs="?", default="", metavar="[USER@]HOST[:PORT]", help="where to, and as whom")
    whole.add_argument("--profile", metavar="DIR", help="keys, history, pins, outbox (CHAT_PROFILE)")
    whole.add_argument("--plaintext", action="store_true", help="connect without TLS: this machine only")
    whole.add_argument(
        "--passphrase-file", metavar="FILE", help="opens the profile: its first line (CHAT_PASSPHRASE_FILE)"
    )
    whole.add_argument("--trust-new", action="store_true", help="pin an unknown certificate without asking")
    return whole


def main() -> int:
    """The console script."""
    options = parse(sys.argv[1:])
    collecting.off()
    try:
        import tkinter

        import ttkbootstrap as tb
    except ImportError as error:
        ours = error.name == "ttkbootstrap"
        cure = "pip install 'chatd[client]'" if ours else "on Debian and Ubuntu: apt install python3-tk"
        sys.stderr.write(f"chat-gui: {error}; {cure}\n")
        return 1
    from twisted.internet import reactor, tksupport

    from clients.core.profile import Profile, folder
    from clients.core.vault import ProfileError
    from clients.tk.asking import opening

    timed: Any = reactor
    timed.seconds = time.monotonic
    try:
        root = tb.Window(title="chat", themename="bootstrap-light", size=(1000, 700), minsize=(760, 420))
    except tkinter.TclError as error:
        sys.stderr.write(f"chat-gui: no window can be opened: {error}. In a terminal: chat\n")
        return 1
    try:
        told: list[str] = []
        path = options.passphrase_file or os.environ.get("CHAT_PASSPHRASE_FILE", "")
        with Profile(folder(options.profile, dict(os.environ)), opening(root, told.append, path)) as profile:
            program = Program(options, timed, root, profile)
            program.login.say(" ".join(told), problem=False)
            tksupport.install(root)
            timed.callWhenRunning(collecting.settled)
            timed.run()
            return program.code
    except ProfileError as error:
        sys.stderr.write(f"chat-gui: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
