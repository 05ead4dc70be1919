"""The staff console with the real `ssh`, in a tmux and from scripts, against a real server.

Rule: as in `test_irc_clients`: what is asserted is what an operator sees.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time

from twisted.trial.unittest import SynchronousTestCase

from chatd.console.commands import TABLE
from tests.process.chat import ChatCase
from tests.process.operators import Operator, missing
from tests.process.panes import Pane, Tmux
from tests.process.picture import said
from tests.process.screenshots import FOLDER
from tests.process.server import DEADLINE, Server, environment


class ConsoleCase(ChatCase):
    """A server with a console, and an admin and a helper."""

    skip = missing()

    def setUp(self) -> None:
        self.server = Server(CHATD_CONSOLE_PYTHON="yes")
        self.addCleanup(shutil.rmtree, self.server.folder, ignore_errors=True)
        self.addCleanup(self.server.kill)
        self.miller = Operator(self.server, "miller").let_in("debug")
        self.helper = Operator(self.server, "helper").let_in("ta")
        self.server.start()

    def key(self, pane: Pane, *names: str) -> None:
        """Keys by their names."""
        pane.tmux("send-keys", "-t", pane.title, *names)

    def letters(self, pane: Pane, text: str) -> None:
        """Letters, without Enter."""
        pane.tmux("send-keys", "-t", pane.title, "-l", "--", text)

    def resize(self, pane: Pane, columns: int, rows: int) -> None:
        """The window has another size."""
        pane.tmux("resize-window", "-t", pane.title, "-x", str(columns), "-y", str(rows))


class Typed(ConsoleCase):
    """At the prompt."""

    def setUp(self) -> None:
        super().setUp()
        self.tmux = Tmux(self.server.folder)
        self.addCleanup(self.tmux.close)
        self.pane = self.miller.pane(self.tmux)

    def test_an_afternoon_at_the_console(self) -> None:
        alice = self.join("alice")
        self.letters(self.pane, "wh")
        self.key(self.pane, "Tab")
        self.pane.wait("chatd> who")
        self.key(self.pane, "Enter")
        self.pane.wait("alice", "One here.")
        self.letters(self.pane, "announce é ü 🦉 ")
        self.pane.wait("announce é ü 🦉")
        self.key(self.pane, "Enter")
        self.pane.wait("Said to 1")
        alice.wait("é ü 🦉")
        self.resize(self.pane, 70, 20)
        self.pane.enter("help")
        self.pane.wait("more lines: space, Enter, q")
        self.assertTrue(all(len(line) <= 70 for line in self.pane.lines()))
        self.key(self.pane, "q")
        self.pane.until(lambda shown: shown.rstrip().endswith("chatd>"), "the prompt")
        self.key(self.pane, "C-r")
        self.letters(self.pane, "who")
        self.pane.wait("(reverse-i-search)`who'")
        self.key(self.pane, "C-c")
        self.watch_and_kick(alice)
        self.assertNotIn("Traceback", self.server.printed())

    def watch_and_kick(self, alice: object) -> None:
        """What goes on, a mute, and the end of a visit."""
        self.pane.enter("watch")
        self.pane.wait("(Ctrl-C or q stops)")
        self.assertEqual(self.chat("bob", "send", "@alice", "nobody else's business").status, 0)
        self.pane.until(lambda shown: "message  bob" in shown or "sealed  bob" in shown, "what bob has sent")
        self.assertNotIn("business", self.pane.text(above=True))
        self.key(self.pane, "q")
        self.pane.until(lambda shown: shown.rstrip().endswith("chatd>"), "the prompt")
        self.pane.enter('mute @alice 10m "one at a time"')
        self.pane.wait("is muted")
        alice.wait("one at a time")  # type: ignore[attr-defined]
        self.pane.enter("kick @alice enough")
        self.pane.wait("are you sure? [y/N]")
        self.letters(self.pane, "y")
        self.key(self.pane, "Enter")
        self.pane.wait("alice is out")
        alice.wait("enough")  # type: ignore[attr-defined]

    def test_python_holds_up_nobody(self) -> None:
        """W7: while it sleeps, and while it loops, people go on talking."""
        self.chat("bob", "send", "#lobby", "first")
        self.pane.enter("py")
        self.pane.wait(">>>")
        self.letters(self.pane, "x = 'é'; len(x)")
        self.key(self.pane, "Enter")
        self.pane.wait("1")
        for line in ("import time; time.sleep(30)", "while True: pass"):
            self.letters(self.pane, line)
            self.key(self.pane, "Enter", "Enter")
            before = time.monotonic()
            self.assertEqual(self.chat("bob", "send", "#lobby", "and on").status, 0)
            self.assertLess(time.monotonic() - before, 15)
            self.key(self.pane, "C-c")
            self.pane.until(lambda shown: shown.rstrip().endswith(">>>"), "the prompt")
        self.key(self.pane, "C-d")
        self.pane.until(lambda shown: shown.rstrip().endswith("chatd>"), "the prompt")

    def test_leaving_and_the_server_stopping(self) -> None:
        self.key(self.pane, "C-d")
        self.pane.ended()
        self.pane.again()
        self.pane.wait("chatd>")
        self.assertEqual(self.server.stop(), 0)
        self.pane.ended()


class Scripts(ConsoleCase):
    """`ssh host verb`."""

    def test_json_pipes_and_exit_statuses(self) -> None:
        self.assertEqual(self.chat("alice", "send", "#lobby", "hello").status, 0)
        line = " ".join([*self.miller.command("user list --json"), "| jq -r .name"])
        piped = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=DEADLINE, env=environment())
        self.assertEqual((piped.stdout, piped.returncode), ("alice\n", 0))
        for words, status in (
            ("user show @alice", 0), ("user show @nobody", 5), ("usr show", 2), ("kick @alice", 2), ("motd", 0),
        ):  # fmt: skip
            done = self.miller.run(words)
            self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        self.assertEqual(self.helper.run("config show").returncode, 4)

    def test_keys_of_every_kind_and_no_others(self) -> None:
        for kind in ("rsa", "ecdsa"):
            some = Operator(self.server, kind, kind)
            self.assertEqual(some.run("motd").returncode, 255)
            self.assertEqual(some.let_in("ta").run("motd").returncode, 0, kind)
        refused = subprocess.run(
            [*self.miller.command(), "-o", "Ciphers=aes128-cbc"], capture_output=True, timeout=DEADLINE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.assertEqual(refused.returncode, 255)
        forward = self.miller.command("motd")
        forward[1:1] = ["-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1"]
        self.assertEqual(subprocess.run(forward, capture_output=True, timeout=DEADLINE).returncode, 255)
        sftp = [*self.miller.command()[:-1], "-s", "staff@127.0.0.1", "sftp"]
        self.assertNotEqual(subprocess.run(sftp, capture_output=True, timeout=DEADLINE).returncode, 0)
        self.assertNotIn("Traceback", self.server.printed())

    def test_verbs_line_by_line_and_what_goes_on(self) -> None:
        done = self.miller.run(stdin="motd --json\nwho --json\n")
        self.assertEqual({json.loads(line)["verb"] for line in done.stdout.splitlines()}, {"motd", "who"})
        watching = subprocess.Popen(self.miller.command("watch --for 60s --json"), stdout=subprocess.PIPE, text=True,
                                    stdin=subprocess.DEVNULL, env=environment())  # fmt: skip
        assert watching.stdout is not None
        self.addCleanup(watching.stdout.close)
        self.addCleanup(watching.wait)
        self.addCleanup(watching.kill)
        end = time.monotonic() + DEADLINE
        while not any(entry.get("verb") == "watch" for entry in self.audit()):
            self.assertLess(time.monotonic(), end)
        self.chat("alice", "send", "#lobby", "hello")
        self.assertEqual(json.loads(watching.stdout.readline())["who"], "alice")

    def audit(self) -> list[dict[str, object]]:
        """The log's lines."""
        text = (self.server.data / "console" / "audit.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def test_killed_in_the_middle_of_verbs(self) -> None:
        """Whatever moment it is: the log verifies, and what it says was done is done."""
        for turn in range(5):
            names = [f"group add #class @alice{number}" for number in range(3)]
            running = subprocess.Popen(self.miller.command(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, text=True, env=environment())  # fmt: skip
            assert running.stdin is not None
            running.stdin.write("\n".join([f"announce turn {turn}", *names] * 200))
            running.stdin.flush()
            before = len(self.audit())
            end = time.monotonic() + DEADLINE
            while len(self.audit()) < before + 3 + 7 * turn and time.monotonic() < end:
                pass
            self.server.kill()
            running.stdin.close()
            running.wait(DEADLINE)
            self.server.start()
            done = self.miller.run("audit verify")
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_a_backup_ends_with_who_asked_for_it(self) -> None:
        with open(self.server.data / "files" / "large", "wb") as file:
            file.truncate(512 << 20)  # twenty seconds, at its pace
        backups = self.server.data / "backups"
        asked = subprocess.Popen(
            self.miller.command("backup now"), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
        )
        self.addCleanup(asked.kill)
        self.wait(lambda: bool(list(backups.glob("*.part/files"))), "it is in the middle")
        asked.send_signal(signal.SIGINT)
        asked.wait(DEADLINE)
        self.wait(lambda: not list(backups.glob("*")), "nothing is left of it")
        self.wait(lambda: self.audit()[-1]["result"] == "stopped", "the log says so")

    def test_every_verb_answers(self) -> None:
        """None fails on the server's side, whatever it says."""
        self.chat("alice", "send", "#lobby", "hello")
        for name, verb in TABLE.items():
            if not verb.changes and name not in ("watch", "trace", "log tail"):
                given = {"user": "@alice", "group": "#lobby", "message": "#lobby:1", "report": "1", "backup": "none"}
                plain = [one for one in verb.arguments if not one.name.startswith("--") and one.required]
                done = self.miller.run(" ".join([name, *(given[one.name] for one in plain), "--json"]))
                self.assertNotIn("its log says more", done.stdout, name)
                self.assertIn(done.returncode, (0, 1, 5, 7), (name, done.stdout))
        self.assertNotIn("Traceback", self.server.printed())


class Pictures(SynchronousTestCase):
    """What `make screenshots` has made of it."""

    def test_the_pictures_that_are_kept(self) -> None:
        for name, texts in (
            ("console", ("tesla is out", "are you sure?", "no coils in here")),
            ("console-completion", ("message", "groups, by name")),
        ):
            for text in texts:
                self.assertIn(text, said(FOLDER / f"{name}.png"))
