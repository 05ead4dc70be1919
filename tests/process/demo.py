"""`make demo`: a real server and real clients play what chatd does, and each window is shown.

Rule: nothing is staged; every step waits for what a person would see, and a step that fails is told as failed.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
import traceback
from collections.abc import Callable

from tests.process.irc_clients import register
from tests.process.operators import Operator, missing
from tests.process.server import DEADLINE, Server
from tests.process.terminal import Terminal

NUMBERS = re.compile(r" {4}(\d{5} ?){4}")
COLUMNS = 76  # of each window: with its frame it fits a terminal
SAID = ("world", "meet me at five")  # in the lobby, and in private


class Demo:
    """The play: its server, its windows, and how its steps went."""

    def __init__(self) -> None:
        self.server = Server()
        self.server.ports["console"] = 0
        self.windows: list[Terminal] = []
        self.passed = 0
        self.failed = 0

    def say(self, text: str) -> None:
        """Print a line at once."""
        print(text, flush=True)

    def join(self, title: str, user: str = "") -> Terminal:
        """A client in a window of its own, with a profile of its own, over TLS."""
        address = f"{user}@127.0.0.1" if user else "127.0.0.1"
        command = [
            sys.executable, "-m", "clients.line", "--plain", "--trust-new", "--profile",
            str(self.server.folder / title), f"{address}:{self.server.ports['tls']}",
        ]  # fmt: skip
        window = Terminal(title, command, COLUMNS)
        self.windows.append(window)
        return window

    def step(self, text: str, play: Callable[[], None]) -> None:
        """Play one step and say how it went."""
        try:
            play()
        except Exception as error:  # a failed step is told, and the others still play
            self.failed += 1
            self.say(f"  FAILED  {text}\n{error if isinstance(error, AssertionError) else traceback.format_exc()}")
        else:
            self.passed += 1
            self.say(f"  ok      {text}")

    def show(self) -> None:
        """Print what each window shows."""
        for window in self.windows:
            window.read()
            self.frame(f"{window.title}'s window", window.lines())
        self.frame("the server's window", self.server.window())

    def frame(self, title: str, lines: list[str]) -> None:
        """Print lines in a box that fits a terminal; what is longer goes on below."""
        self.say(f"\n+-- {title} {'-' * max(0, COLUMNS - 2 - len(title))}+")
        for line in (line.expandtabs(4) for line in lines):
            for part in range(0, max(1, len(line)), COLUMNS):
                self.say(f"| {line[part : part + COLUMNS]:<{COLUMNS}} |")
        self.say(f"+{'-' * (COLUMNS + 2)}+")

    def run(self) -> int:
        """Play everything; returns the exit status."""
        self.say("A class, its server and its students: every window below is a real program.\n")
        try:
            self.play()
            self.show()
        finally:
            for window in self.windows:
                window.close()
            self.server.stop()
            shutil.rmtree(self.server.folder, ignore_errors=True)
        self.say(f"\ndemo: {self.passed} steps passed, {self.failed} failed")
        return 1 if self.failed else 0

    def play(self) -> None:
        """The play, in the order of the assignment: client and server, many clients, client to client, and the rest."""
        self.step("the server starts and says so", self.start)
        self.step("tesla and albert make their names and meet", self.meet)
        self.step("what one types, everybody in the lobby reads", self.broadcast)
        self.step("a name that is taken is refused, and asked for again", self.duplicate)
        self.step("a private message reaches one person only", self.private)
        self.step("a name that nobody has is refused, and nothing is kept", self.unknown)
        self.step("a mistyped command is never sent", self.mistyped)
        self.step("a group is made, joined and talked in", self.group)
        self.step("a file goes to one person, encrypted, and is the same when it arrives", self.file)
        self.step("carol leaves; what is written to her waits", self.away)
        self.step("the server restarts, and everybody comes back by themselves", self.restart)
        self.step("carol returns and finds her mail, private and group, in order", self.mail)
        self.step("private words were encrypted: the server's files hold the lobby's, not these", self.encrypted)
        self.step("they compare a number, which is the same on both sides: verified", self.compare)
        self.step("somebody at IRC cannot encrypt: nothing is sent until that was agreed to", self.openly)
        if gone := missing("ssh", "ssh-keygen"):
            self.say(f"  (the staff console is not shown: {gone})")
        else:
            self.step("staff look after the class from their console, over ssh", self.console)
        self.step("tata says goodbye", self.goodbye)

    def start(self) -> None:
        """The server."""
        self.server.start()
        end = time.monotonic() + DEADLINE
        while not any("SERVER WORKING" in line for line in self.server.window()):
            assert time.monotonic() < end, self.server.printed()
            time.sleep(0.01)

    def new(self, name: str) -> Terminal:
        """Somebody's first visit."""
        window = self.join(name)
        window.wait("CREATING NEW ID:")
        window.wait("Enter username:")
        window.enter(name)
        window.wait("Welcome to chat room. Enter 'tata' anytime to exit")
        return window

    def meet(self) -> None:
        """Two first visits."""
        self.tesla = self.new("tesla")
        self.albert = self.new("albert")
        self.tesla.wait("albert joined the conversation")

    def broadcast(self) -> None:
        """Bare lines."""
        self.tesla.enter("Hello")
        self.albert.wait("tesla: Hello")
        self.albert.enter("world")
        self.tesla.wait("albert: world")

    def duplicate(self) -> None:
        """A third visitor who wants a name that is taken."""
        self.carol = self.join("carol")
        self.carol.wait("Enter username:")
        self.carol.enter("Tesla")
        self.carol.wait("Username already taken!")
        self.carol.enter("carol")
        self.carol.wait("Welcome to chat room.")

    def private(self) -> None:
        """A direct message."""
        self.tesla.enter("@albert meet me at five")
        self.albert.wait("(Private) tesla: meet me at five")
        self.tesla.wait("(Private to albert) You: meet me at five")
        self.carol.read(0.2)
        assert not any("meet me" in line for line in self.carol.lines()), self.carol.lines()

    def encrypted(self) -> None:
        """What the server has on its disk, besides everything that was printed."""
        files = [path for path in [*self.server.data.rglob("*"), self.server.log] if path.is_file()]
        held = {text: [path.name for path in files if text.encode() in path.read_bytes()] for text in SAID}
        assert held["world"] and not held["meet me at five"], held
        assert not any("[PLAIN]" in line for window in self.windows for line in window.lines())

    def compare(self) -> None:
        """The safety number, as two people would."""
        shown = []
        for window, other in ((self.tesla, "albert"), (self.albert, "tesla")):
            window.enter(f"/verify @{other}")
            window.wait(f"/verify {other} yes")
            shown.append([line for line in window.lines() if NUMBERS.fullmatch(line)])
        assert shown[0] == shown[1] and len(shown[0]) == 3, shown
        self.tesla.enter("/verify @albert yes")
        self.tesla.wait("albert is verified")

    def openly(self) -> None:
        """An account without keys."""
        register(self.server, "irma")
        self.tesla.enter("@irma meet me at six")
        self.tesla.wait("irma cannot receive encrypted messages right now.")
        self.tesla.enter("/plain @irma")
        self.tesla.wait("Talk openly with irma (yes or no)?")
        self.tesla.enter("yes")
        self.tesla.wait("Your talk with irma is not encrypted")
        self.tesla.enter("@irma see you in class")
        self.tesla.wait("[PLAIN] (Private to irma) You: see you in class")
        self.tesla.wait("irma is currently inactive.")

    def unknown(self) -> None:
        """Nobody there."""
        self.tesla.enter("@albrt are you there?")
        self.tesla.wait("Requested user <<albrt>> not found!")

    def group(self) -> None:
        """A group of three."""
        self.tesla.enter("/group hw3")
        self.tesla.wait("Group 'hw3' created successfully.")
        for window in (self.albert, self.carol):
            window.enter("/group hw3")
            window.wait("Joined group 'hw3' successfully.")
        self.albert.enter("/group hw3 who has question two?")
        self.tesla.wait("[hw3] albert: who has question two?")
        self.carol.wait("[hw3] albert: who has question two?")

    def file(self) -> None:
        """Sent by one, fetched by the other; the server has something else than what is in it."""
        path, folder = self.server.folder / "essay.txt", self.server.folder / "albert's"
        path.write_text("On the alternating current. " * 10_000)
        folder.mkdir()
        self.tesla.enter(f"/file albert {path}")
        self.tesla.wait("essay.txt: sent to @albert (280 KB).")
        self.albert.wait("(Private) tesla: File: essay.txt (280 KB)")
        offer = next(line for line in reversed(self.albert.lines()) if "/get " in line)
        self.albert.enter(f"/get {offer.split('/get ')[1].split()[0]} {folder}")
        self.albert.wait("essay.txt: received (280 KB)")
        assert (folder / "essay.txt").read_text() == path.read_text()
        held = [one.read_bytes() for one in (self.server.data / "files").iterdir()]
        assert held and not any(b"alternating" in data for data in held)

    def mistyped(self) -> None:
        """An unknown command."""
        self.tesla.enter("/gruop hw3 my secret")
        self.tesla.wait("/group")
        self.albert.read(0.2)
        assert not any("my secret" in line for line in self.albert.lines()), self.albert.lines()

    def away(self) -> None:
        """Mail for somebody who is not there."""
        self.carol.enter("tata")
        self.carol.wait("DISCONNECTED!!")
        assert self.carol.ended() == 0
        self.tesla.wait("carol left the conversation")
        self.tesla.enter("@carol see you tomorrow")
        self.tesla.wait("carol is currently inactive. Message will be delivered when they reconnect.")
        self.albert.enter("/group hw3 I have it now")
        self.tesla.wait("[hw3] albert: I have it now")

    def restart(self) -> None:
        """Stop and start."""
        assert self.server.stop() in (0, -15)  # twistd ends by the signal it got
        self.tesla.wait("DISCONNECTED!!")
        self.server.start()
        self.tesla.enter("@albert are you back?")
        self.albert.wait("(Private) tesla: are you back?", 60)

    def mail(self) -> None:
        """The stored messages."""
        self.carol_again = self.join("carol", "carol")
        self.carol_again.title = "carol (again)"
        self.carol_again.wait("(Private) tesla: see you tomorrow")
        self.carol_again.wait("[hw3] albert: I have it now")

    def console(self) -> None:
        """Somebody with a key: who is here, a word to all, one verb for a script, and what was noted of it."""
        miller = Operator(self.server, "miller").let_in("staff")
        window = Terminal("miller, at the staff console", miller.command(), COLUMNS)
        self.windows.append(window)
        window.wait("chatd>")
        window.enter("who")
        window.wait("3 here.")
        window.enter("announce the room is A12 today")
        window.wait("Said to 3 who are here.")
        self.albert.wait("the room is A12 today")
        listed = miller.run("mailbox list --json")
        assert listed.returncode == 0, listed.stderr
        assert miller.run("config show").returncode == 4, "that is for admins"
        assert SAID[1] not in (self.server.data / "console" / "audit.jsonl").read_text()
        window.enter("exit")
        assert window.ended() == 0

    def goodbye(self) -> None:
        """The end."""
        for window in (self.carol_again, self.albert, self.tesla):
            window.enter("tata")
            window.wait("DISCONNECTED!!")
            assert window.ended() == 0


if __name__ == "__main__":
    sys.exit(Demo().run())
