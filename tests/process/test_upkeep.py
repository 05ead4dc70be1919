"""What an admin does with a real server: backup and restore, the class's list, emptying it, metrics, a supervisor."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.process.chat import ChatCase
from tests.process.server import ROOT, Server, environment

UNITS = ROOT / "docs" / "systemd"


class Upkeep(ChatCase):
    """A server with an admin."""

    def admin(self, *words: str, data: Path | None = None, code: int = 0) -> dict[str, Any]:
        """`chatd-admin ... --json`."""
        program = [sys.executable, "-c", "import sys; from chatd.admin import main; sys.exit(main())"]
        done = self.run_program([*program, *words, "--json", "--data", str(data or self.server.data)])
        self.assertEqual(done.status, code, done.err + done.out)
        found: dict[str, Any] = json.loads(done.out)
        return found

    def heard_by(self, user: str, *words: str) -> list[str]:
        """What `chat recv` prints for somebody now, as texts."""
        done = self.chat(user, "recv", "--json", "--wait", "10", *words)
        self.assertEqual(done.status, 0, done.err)
        return [row["text"] for row in done.objects() if row["event"] == "message"]

    def says(self, user: str, text: str) -> None:
        """A message to the class."""
        self.assertEqual(self.chat(user, "send", "#class", text).status, 0)


class Restoring(Upkeep):
    """A backup is good for a new start, and real clients miss nothing afterwards."""

    def test_clients_resynchronise(self) -> None:
        """The log goes back to 2, a client has been at 4: what is said then is 3, and would be hidden by a cursor."""
        for user in ("alice", "bob"):
            self.assertEqual(self.chat(user, "group", "class", "--open").status, 0)
        self.says("alice", "one")
        self.says("alice", "two")
        self.assertEqual(self.heard_by("bob", "--count", "2"), ["one", "two"])
        copy = self.server.folder / "copy"
        self.assertEqual(self.admin("backup", str(copy))["problems"], [])
        self.says("alice", "three")
        self.says("alice", "four")
        self.assertEqual(self.heard_by("bob", "--count", "2"), ["three", "four"])
        self.join("carol")  # whom the copy does not know
        self.server.kill()
        old = self.server.data.rename(self.server.folder / "old")
        before = self.admin("verify", data=old)["epoch"]
        restored = self.admin("restore", str(copy))
        self.assertNotEqual(restored["epoch"], before)
        self.server.start()
        self.says("alice", "five")
        self.assertEqual(self.heard_by("bob", "--count", "1"), ["five"])
        self.assertEqual(self.admin("verify")["problems"], [])
        came = "Client (127.0.0.1, 0) connected  [ carol ]"
        self.wait(lambda: self.unnumbered().count(came) == 2, "carol is back, by herself")
        texts = [row["text"] for row in self.chat("bob", "history", "#class", "--json").objects()]
        self.assertEqual(texts, ["one", "two", "five"])

    def test_copies_under_load_hold_what_was_accepted_before(self) -> None:
        swarm, (alice, _) = self.swarm("alice", "bob")
        for number in range(5):
            copy = self.server.folder / f"copy-{number}"
            before = len(alice.ledger.accepted)
            program = [sys.executable, "-c", "import sys; from chatd.admin import main; sys.exit(main())"]
            running = subprocess.Popen(
                [*program, "backup", str(copy), "--data", str(self.server.data)], stdout=subprocess.DEVNULL,
                env=environment(),
            )  # fmt: skip
            self.addCleanup(running.kill)
            while running.poll() is None:
                for _ in range(20):
                    alice.send("@bob", "hello")
                swarm.step()
            self.assertEqual(running.returncode, 0)
            self.assertGreater(len(alice.ledger.accepted), before)
            found = self.admin("verify", str(copy))
            self.assertEqual(found["problems"], [])
            self.assertGreaterEqual(found["counts"]["message"], before)


class Asking(Upkeep):
    """People ask what became of what they said, and show staff what others have said."""

    def test_explain_and_report(self) -> None:
        for user in ("alice", "bob"):
            self.assertEqual(self.chat(user, "group", "class", "--open").status, 0)
        self.says("alice", "rude words")
        self.assertIn("  bob is away", self.talk("alice", "/explain #class\n", "--plain").out)
        self.assertEqual(self.heard_by("bob", "--count", "1"), ["rude words"])
        shown = self.talk("alice", "/explain #class\n", "--plain").lines()
        (line,) = [line for line in shown if line.startswith("#class 1: accepted ")]
        self.assertTrue(line.endswith(", on disk"), line)
        self.assertTrue(any(line.startswith("  bob has had it since ") for line in shown), shown)
        done = self.talk("bob", "/report #class insults\n", "--plain")
        self.assertIn("Staff have your report.", done.lines())
        self.assertEqual(self.admin("verify")["counts"]["report"], 1)

    def test_explain_what_is_encrypted(self) -> None:
        for user in ("alice", "bob"):
            self.assertEqual(self.chat(user, "who").status, 0)
        self.assertEqual(self.chat("alice", "send", "@bob", "between us").status, 0)
        self.assertIn("  bob is away", self.talk("alice", "/explain @bob\n", "--plain").out)
        self.assertEqual(self.heard_by("bob", "--count", "1"), ["between us"])
        shown = self.talk("alice", "/explain @bob\n", "--plain").lines()
        self.assertTrue(any(line.startswith("@bob (encrypted): accepted ") for line in shown), shown)


class Rosters(Upkeep):
    """A class comes in by its list."""

    flags = ("--registration", "closed", "--guests", "no")

    def test_a_running_server(self) -> None:
        path = self.server.folder / "class.csv"
        path.write_text("name,role,groups,full_name\nmiller,staff,,\nbob,,lab1,Bob Bates\n")
        self.assertTrue(self.admin("roster", str(path), "--dry-run")["dry"])
        began = time.monotonic()
        made = self.admin("roster", str(path))
        self.assertLess(time.monotonic() - began, 10)
        code = {ticket["name"]: ticket["code"] for ticket in made["tickets"]}["bob"]
        self.assertEqual(self.admin("roster", str(path))["changes"], [])
        refused = self.chat("bob", "who")
        self.assertEqual(refused.status, 4)
        self.assertIn("invitation", refused.err)
        self.assertEqual(self.chat("bob", "who", "--invitation", code).status, 0)
        done = self.chat("bob", "groups", "--json")
        self.assertEqual(sorted(row["group"] for row in done.objects() if row["joined"]), ["#lab1", "#lobby"])
        self.assertEqual(self.chat("mallory", "who").status, 4)


class Emptying(Upkeep):
    """Everybody is told, goes, and comes back by themselves."""

    def test_drain_and_back(self) -> None:
        bob = self.join("bob")
        self.assertEqual(self.admin("drain", "--in", "1s", "--say", "Back at ten.")["told"], 1)
        bob.wait("Back at ten.")
        bob.wait("DISCONNECTED!!")
        self.assertIn("is drained", self.until_drained())
        self.admin("undrain")
        self.wait(lambda: self.unnumbered().count("Client (127.0.0.1, 0) connected  [ bob ]") == 2, "bob is back")

    def until_drained(self) -> str:
        """What a second drain is told when the first one is done."""
        while True:
            found = " ".join(self.admin("drain", code=1)["problems"])
            if "is drained" in found:
                return found

    def test_the_end(self) -> None:
        bob = self.join("bob")
        self.admin("drain", "--stop", "--say", "Good night.")
        bob.wait("Good night.")
        process = self.server.process
        assert process is not None
        self.assertEqual(process.wait(30), 0)


class Watching(Upkeep):
    """Prometheus and health checks."""

    flags = ("--metrics", "tcp:0")

    def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.ports['metrics']}{path}", timeout=10) as found:
                return found.status, found.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_metrics_and_health(self) -> None:
        self.assertEqual(self.chat("alice", "send", "#lobby", "hi").status, 0)
        status, text = self.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("\nchatd_messages_total 1.0\n", text)
        self.assertNotIn("alice", text)
        self.assertEqual(self.get("/health/live")[0], 200)
        self.assertEqual(self.get("/health/ready"), (200, "It is ready.\n"))
        self.admin("drain", "--in", "60s")
        self.assertEqual(self.get("/health/ready")[0], 503)


class Supervised(ChatCase):
    """As systemd runs it."""

    def setUp(self) -> None:
        folder = tempfile.mkdtemp(prefix="chatd-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.told.close)
        self.told.bind(f"{folder}/notify")
        self.told.settimeout(30)
        self.folder = folder

    def hear(self) -> str:  # type: ignore[override]
        """What the supervisor hears next."""
        return self.told.recv(1000).decode()

    def test_ready_alive_stopping(self) -> None:
        server = Server(NOTIFY_SOCKET=f"{self.folder}/notify", WATCHDOG_USEC="400000")
        self.addCleanup(shutil.rmtree, server.folder, ignore_errors=True)
        self.addCleanup(server.kill)
        server.start()
        self.assertEqual([self.hear() for _ in range(3)], ["READY=1\nSTATUS=It listens.", "WATCHDOG=1", "WATCHDOG=1"])
        self.assertEqual(server.stop(), 0)
        heard = self.hear()
        while heard == "WATCHDOG=1":
            heard = self.hear()
        self.assertEqual(heard, "STOPPING=1")

    def test_a_socket_that_is_handed_over(self) -> None:
        """The port is there before the server, and after it."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            early = socket.create_connection(("127.0.0.1", port))
            self.addCleanup(early.close)
            take_over = (
                "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), "
                "LISTEN_FDS='1', LISTEN_FDNAMES='plain'); os.execv(sys.executable, [sys.executable, *sys.argv[2:]])"
            )
            command = [
                sys.executable, "-c", take_over, str(listening.fileno()), *Server.program, "-n", "--pidfile=", "chatd",
                "--data", f"{self.folder}/data", "--listen", "none", "--console", "none", "--insecure",
                "--listen-plain", "systemd:domain=INET:name=plain",
            ]  # fmt: skip
            process = subprocess.Popen(
                command, pass_fds=[listening.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=environment(NOTIFY_SOCKET=f"{self.folder}/notify"), cwd=self.folder,
            )  # fmt: skip
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            self.assertIn("READY=1", self.hear())
            early.settimeout(30)
            early.sendall(b"NICK bob\r\nUSER b 0 * :Bob\r\n")
            heard = b""
            while b" 001 bob " not in heard:
                part = early.recv(4096)
                self.assertTrue(part, heard)
                heard += part

    def test_the_units(self) -> None:
        units = sorted(UNITS.glob("*.*"))
        self.assertEqual([unit.name for unit in units],
                         ["chatd-backup.service", "chatd-backup.timer", "chatd.service", "chatd.socket"])  # fmt: skip
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not there")
        where = Path(self.folder)
        for unit in units:  # with programs that are there, which is not what is looked at
            text = unit.read_text().replace("/usr/local/lib/chatd/bin/", "/bin/").replace("/bin/twistd", "/bin/true")
            (where / unit.name).write_text(text.replace("/bin/chatd-admin", "/bin/true"))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *(str(where / unit.name) for unit in units)],
            capture_output=True, text=True, timeout=60, env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
        )  # fmt: skip
        mine = [line for line in done.stderr.splitlines() if "chatd" in line]
        self.assertEqual((mine, done.returncode), ([], 0), done.stderr)
