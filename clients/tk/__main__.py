"""`chat-gui [USER@]HOST[:PORT]`: the windows, from a login section to a conversation. The only file with the reactor.

Rule: it wires and decides nothing. The window is on the screen before what connects is imported: that is half of a
start. Tk is updated by the reactor (`tksupport`); a window that is closed leaves cleanly.
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
    """One run: the root window, with the main window in it where a server was named, else the login section.

    `told`: what a person must know of their profile.
    """

    def __init__(self, options: argparse.Namespace, root: Any, profile: Any, told: str = "") -> None:
        from clients.tk import theme
        from clients.tk.icon import icon
        from clients.tk.placing import size

        self._options, self._root, self._profile, self._told = options, root, profile, told
        self._icon = icon(root)
        self._user, _, self._host = (options.server or profile.history.last_server()).rpartition("@")
        self._reactor: Any = None
        self._made: Any = None  # where to and as whom, from when that is known
        self._app: Any = None
        self._main: Any = None
        self._over = False
        self.login: Any = None  # made when somebody has to be asked
        self.code = 0
        theme.use(self._setting("theme"))
        root.iconphoto(True, self._icon)
        size(root)
        root.protocol("WM_DELETE_WINDOW", self.close)
        if options.server:
            self._go(self._host, self._user, options.plaintext)
        else:
            self._ask(told, problem=False)

    def run(self, reactor: Any) -> int:
        """Connect, if it is known where to, and go on until it is over; returns the exit status."""
        if not self._over:
            self._reactor = reactor
            self._connect()
            reactor.run()
        return self.code

    def _go(self, server: str, name: str, plaintext: bool, guest: bool = False) -> None:
        """The main window, for what was filled in or stands on the command line."""
        from clients.core.start import WrongServer, settings
        from clients.tk.face import TkFace
        from clients.tk.window import MainWindow

        target = f"{name}@{server}" if name else server
        try:
            self._made = settings(target, plaintext, trust_new=self._options.trust_new, guest=guest)
        except WrongServer as error:
            self._ask(str(error))
            return
        self._main = main = MainWindow(self._root, self._made.server, self._setting)
        main.face = TkFace(main, main.compare, self._done, lambda: int(time.time() * 1000))
        if self.login is not None:
            self.login.frame.pack_forget()
        main.frame.pack(fill="both", expand=True)
        main.input.focus_set()
        main.draw()
        self._connect()

    def _connect(self) -> None:
        """Once there are both somewhere to go and a reactor."""
        from clients.core import notices as n
        from clients.core.start import make
        from clients.core.vault import ProfileError

        if self._reactor is None or self._main is None:
            return
        face = self._main.face
        try:
            self._app = make(self._made, self._profile, face, self._reactor)
        except ProfileError as error:
            self._back(str(error))
            return
        face.begin(self._app)
        if self._told:
            face.notice(n.Local((self._told,)))
            self._told = ""
        self._main.redraw()

    def _setting(self, key: str) -> str:
        """One of the client's settings, also before there is a client."""
        from clients.core.app import SETTINGS

        return str(self._profile.history.settings().get(key, SETTINGS[key][0]))

    def _ask(self, text: str, problem: bool = True) -> None:
        """The login section, and why it is there."""
        from clients.tk.login import Login

        if self.login is None:
            self.login = Login(self._root, lambda wanted: self._go(*wanted))
            self.login.fill(self._host, self._user, self._options.plaintext)
        self.login.frame.pack(expand=True)
        self.login.say(text, problem)

    def _back(self, text: str) -> None:
        """To the login section, where somebody may want to know why."""
        self._main.face = None
        self._main.frame.pack_forget()
        self._main, self._app = None, None
        self._ask(text)

    def _done(self, code: int, text: str) -> None:
        """The conversation is over."""
        self.code = code
        if code == 0 or code == 130 or self._main is None:
            self.stop()
        else:
            self._back(text)

    def close(self) -> None:
        """The window was closed: say goodbye first."""
        if self._app is None:
            self.stop()
            return
        self._reactor.callLater(STOP_SECONDS, self.stop)
        self._main.face.leave()

    def stop(self) -> None:
        """The end."""
        self._over = True
        if self._reactor is not None and self._reactor.running:
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
    from clients.core.profile import Profile, folder
    from clients.core.vault import ProfileError
    from clients.tk.asking import opening
    from clients.tk.theme import FIRST

    try:
        root = tb.Window(title="chat", themename=FIRST, iconphoto=None)
    except tkinter.TclError as error:
        sys.stderr.write(f"chat-gui: no window can be opened: {error}. In a terminal: chat\n")
        return 1
    try:
        told: list[str] = []
        path = options.passphrase_file or os.environ.get("CHAT_PASSPHRASE_FILE", "")
        with Profile(folder(options.profile, dict(os.environ)), opening(root, told.append, path)) as profile:
            program = Program(options, root, profile, " ".join(told))
            root.update()
            from twisted.internet import reactor, tksupport

            timed: Any = reactor
            timed.seconds = time.monotonic
            tksupport.install(root)
            timed.callWhenRunning(collecting.settled)
            return program.run(timed)
    except ProfileError as error:
        sys.stderr.write(f"chat-gui: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
