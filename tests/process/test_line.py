"""The real line client: in a terminal word for word, with pipes, one command at a time, and through every end.

Rule: what is asserted is what a person sees on the screen, or a script on the two streams and in the exit status.
"""

from __future__ import annotations

import os
import re
import signal
import sys

from tests.process.chat import ChatCase, Done

WELCOME = "Welcome to chat room. Enter 'tata' anytime to exit"
CRASH = """
import sys
from clients.line import __main__, face
def planted(self, text):
    raise ZeroDivisionError("planted")
face.LineFace.line = planted
sys.exit(__main__.main())
"""


class TranscriptTests(ChatCase):
    """The transcript of the assignment (L1 to L13), line by line."""

    def visit(self, tls: bool) -> None:
        """Tesla's window, from the first line to the last, while albert comes and goes."""
        tesla = self.window("tesla", *(["--trust-new"] if tls else []), tls=tls)
        self.shows(tesla, ["CREATING NEW ID:", "Enter username:"])
        tesla.enter("tesla")
        self.shows(tesla, ["CREATING NEW ID:", "Enter username: tesla", WELCOME, "Nobody else is here now.", "You:"])
        tesla.enter("Hello")
        albert = self.join("albert", *(["--trust-new"] if tls else []), tls=tls)
        tesla.wait("albert joined the conversation")
        albert.enter("world")
        tesla.wait("albert: world")
        albert.enter("tata")
        tesla.wait("albert left the conversation")
        tesla.enter("tata")
        self.assertEqual((tesla.ended(), albert.ended()), (0, 0))
        self.assertEqual(tesla.lines(), [
            "CREATING NEW ID:", "Enter username: tesla", WELCOME, "Nobody else is here now.", "You: Hello",
            "albert joined the conversation", "albert: world", "albert left the conversation", "You: tata",
            "DISCONNECTED!!",
        ])  # fmt: skip
        self.assertEqual(albert.lines()[2:], [WELCOME, "Here now: tesla", "You: world", "You: tata", "DISCONNECTED!!"])

    def test_L1_to_L8_and_S19_to_S21_word_for_word(self) -> None:
        self.visit(tls=False)
        self.in_server_window("Client (127.0.0.1, 0) is offline  [ tesla ]")
        window = self.unnumbered()
        self.assertEqual(window[0].strip(), "SERVER WORKING")
        self.assertEqual([line for line in window if line.startswith("Client")], [
            "Client (127.0.0.1, 0) connected  [ tesla ]", "Client (127.0.0.1, 0) connected  [ albert ]",
            "Client (127.0.0.1, 0) is offline  [ albert ]", "Client (127.0.0.1, 0) is offline  [ tesla ]",
        ])  # fmt: skip

    def test_L1_to_L8_over_tls(self) -> None:
        self.visit(tls=True)

    def test_L9_a_name_that_is_taken_is_asked_for_again(self) -> None:
        self.swarm("tesla")
        window = self.window("second")
        window.wait("Enter username:")
        window.enter("Tesla")
        self.shows(window, ["CREATING NEW ID:", "Enter username: Tesla", "Username already taken!", "Enter username:"])
        window.enter("a b")
        window.wait("Enter username: a b")
        window.enter("nikola")
        window.wait("Here now: tesla")

    def test_L12_without_an_argument_the_host_is_asked_for(self) -> None:
        window = self.terminal("nobody", self.command("nobody"))
        window.wait("Enter host ip address:")
        window.enter(self.address())
        window.wait("Enter username:")
        piped = self.run_program(self.command("somebody"), f"{self.address()}\nmarie\nhello\n")
        self.assertEqual((piped.status, piped.lines()[:2]), (0, ["Enter host ip address: ", "CREATING NEW ID:"]))
        self.assertEqual(self.run_program(self.command("third", "--no-input")).status, 2)

    def test_L13_colours_and_none_where_they_are_not_wanted(self) -> None:
        bob = self.swarm("bob")[1][0]
        coloured, plain = self.join("alice"), self.window("carol", NO_COLOR="1")
        plain.wait("Enter username:")
        plain.enter("carol")
        coloured.wait("carol joined")
        plain.wait(WELCOME)
        bob.send("#lobby", "hello")
        bob.vanish()
        for window in (coloured, plain):
            window.wait("bob left the conversation unexpectedly")
        for seen in (
            "\x1b[34mCREATING NEW ID:", "\x1b[32mWelcome", "\x1b[32mcarol joined", "\x1b[35mbob\x1b[0m: hello",
            "\x1b[31mbob left", "\x1b[33mYou:",
        ):  # fmt: skip
            self.assertIn(seen.encode(), coloured.raw)
        self.assertNotIn(b"m", b"".join(re.findall(rb"\x1b\[[0-9;]*[a-zA-Z]", plain.raw)))
        self.assertNotIn("\x1b", self.chat("dave", "who", "--color", "auto").out)


class TerminalTests(ChatCase):
    """Typing, and how the terminal is afterwards."""

    def test_keys_edit_the_line_and_bring_back_earlier_ones(self) -> None:
        alice = self.join("alice")
        for keys, expected in (
            ("helo\x1b[Dl", "You: hello"), ("\x05 wrld\x1b[D\x1b[D\x1b[Do", "You: hello world"),
            ("\x01\x0b", "You:"), ("one two\x17", "You: one"), ("\x15\u00e9 \u5f20\u4f1f\x7f", "You: \u00e9 \u5f20"),
            ("\x15\x1b[A", "You:"), ("\x1b[99~\x1bOZ\x1b[1;9Zx", "You: x"),
        ):  # fmt: skip
            alice.type(keys)
            self.shows(alice, [expected], 4)
        alice.enter("yz")
        alice.type("\x1b[A")
        self.shows(alice, ["You: xyz", "You: xyz"], 4)

    def test_a_paste_of_several_lines_is_one_message(self) -> None:
        alice = self.join("alice")
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        alice.type("\x1b[200~def f(x):\r    return x\r\x1b[201~")
        alice.wait("You: def f(x):\u23ce    return x")
        alice.enter("")
        swarm.until(lambda: bool(heard))
        self.assertEqual(heard, ["alice: def f(x):\n    return x"])

    def test_every_way_out_leaves_the_terminal_as_it_was(self) -> None:
        self.join("alice").enter("tata")
        for keys, status in (
            ("tata\r", 0), ("/quit\r", 0), ("\x04", 0), ("\x03\x03", 130), ("half\x03\x03\x03", 130),
        ):  # fmt: skip
            shell = self.shell([*self.command("alice"), self.address("alice")])
            shell.wait("You:")
            shell.type(keys)
            shell.wait("cooked blocking")
            self.assertIn(f"status {status}", shell.lines())
            self.assertIn("DISCONNECTED!!", shell.lines())

    def test_signals_and_mistakes_leave_the_terminal_as_it_was(self) -> None:
        self.join("alice").enter("tata")
        for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)):
            shell = self.shell([*self.command("alice"), self.address("alice")])
            shell.wait("You:")
            os.kill(self.pid("alice"), number)
            shell.wait("cooked blocking")
            self.assertIn(f"status {status}", shell.lines())
        crashing = [sys.executable, "-c", CRASH, *self.command("alice", self.address("alice"))[3:]]
        shell = self.shell(crashing)
        shell.wait("You:")
        shell.enter("anything")
        shell.wait("cooked blocking")
        self.assertIn("status 1", shell.lines())
        self.assertIn("chat: ZeroDivisionError: planted (a mistake in this program)", shell.lines())

    def test_while_nobody_speaks_nothing_runs(self) -> None:
        alice = self.join("alice")
        alice.enter("hello")
        self.at_rest(alice, alice.pid)


class PipeTests(ChatCase):
    """Lines in, lines out."""

    def test_everything_is_accepted_before_it_goes(self) -> None:
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        done = self.talk("alice", "/plain bob yes\na\n@bob in private\n@zoe who?\n/nothing\nb")
        self.assertEqual(done.status, 0)
        self.assertIn("(Private to bob) You: in private\n", done.out)
        self.assertEqual(sorted(done.err.splitlines()), [
            "Requested user <<zoe>> not found! Please choose another.",
            "There is no command /nothing; nothing was sent. /help shows all.",
        ])  # fmt: skip
        swarm.until(lambda: len(heard) == 3)
        self.assertEqual(sorted(heard), ["alice: a", "alice: b", "alice: in private"])

    def test_json_for_a_script_that_talks(self) -> None:
        self.swarm("bob")
        done = self.talk("alice", "@bob no\n/plain bob yes\n@bob hi\n/who\n@zoe hi\n", "--json")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertEqual(sorted(one["event"] for one in done.objects()),
                         ["e2ee", "e2ee", "error", "left", "person", "person", "sent", "welcome"])  # fmt: skip
        self.assertEqual({one["v"] for one in done.objects()}, {1})

    def test_a_reader_that_has_gone_is_no_error_message(self) -> None:
        command = " ".join(self.command("alice", self.address("alice")))
        done = self.run_program(["sh", "-c", f"printf '/help\\n/help\\n' | {command} | head -1"])
        self.assertEqual((done.lines(), done.err), ([WELCOME], ""))


class VerbTests(ChatCase):
    """One-shot commands: what they print, and their exit status."""

    def status(self, expected: int, done: Done, words: str = "") -> Done:
        """An exit status, with a sentence on standard error where it is not 0."""
        self.assertEqual(done.status, expected, done)
        if expected:
            self.assertEqual(len(done.err.splitlines()), 1, done)
            self.assertIn(words, done.err)
        return done

    def test_send_says_what_became_of_it(self) -> None:
        self.join("bob")
        self.chat("carol", "who")
        self.assertEqual(self.chat("alice", "send", "@bob", "hi").out, "delivered\n")
        self.assertEqual(self.chat("alice", "send", "@carol", "hi").out, "stored\n")
        both = self.chat("alice", "send", "@bob,@carol", "hi")
        self.assertEqual(sorted(both.lines()), ["@bob delivered", "@carol stored"])
        self.assertEqual(self.chat("alice", "send", "@carol", "hi", "--quiet").out, "")
        self.assertEqual(self.chat("alice", "send", "from", "all", "words").status, 0)
        self.assertEqual(self.chat("alice", "send", "@carol", stdin="from\nstandard input\n").status, 0)
        (sent,) = self.chat("alice", "send", "@carol", "hi", "--json").objects()
        self.assertEqual({key: sent[key] for key in ("v", "event", "to", "conversation", "seq", "state")}, {
            "v": 1, "event": "sent", "to": "@carol", "conversation": "dm:alice:carol", "seq": 5, "state": "stored",
        })  # fmt: skip
        self.assertRegex(sent["id"], "^[0-9a-f]{32}$")
        self.assertRegex(sent["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_recv_prints_and_acknowledges_what_it_printed(self) -> None:
        self.chat("bob", "who")
        for text in ("one", "two\x1b[2J", "three"):
            self.chat("alice", "send", "@bob", text)
        first, second = self.chat("bob", "recv", "--json", "--count", "2").objects()
        self.assertEqual(
            {key: value for key, value in second.items() if key not in ("id", "at")},
            {"v": 1, "event": "message", "from": "alice", "to": "@bob", "conversation": "dm:alice:bob", "seq": 2,
             "text": "two\x1b[2J", "e2ee": "first-seen"},
        )  # fmt: skip
        self.assertEqual(first["text"], "one")
        self.assertRegex(self.chat("bob", "recv").out, r"^\d\d:\d\d \(Private\) alice: three\n$")
        self.assertEqual(self.chat("bob", "recv"), Done(0, "", ""))

    def test_lists_as_lines_and_as_objects(self) -> None:
        self.swarm("bob")
        self.chat("carol", "group", "--open", "hw1")
        self.assertEqual(self.chat("carol", "send", "@alice", "hi").status, 5)
        self.assertEqual(self.chat("alice", "group", "hw1").out, "Joined group 'hw1' successfully.\n")
        self.chat("carol", "send", "#hw1", "hello")
        self.chat("carol", "send", "@alice", "hi")
        self.assertEqual(self.chat("alice", "who").out, "Here now (2): alice, bob\n")
        self.assertEqual({one["name"] for one in self.chat("alice", "who", "--json").objects()}, {"alice", "bob"})
        self.assertEqual(self.chat("alice", "groups").lines()[0], "hw1: 2 members (joined)")
        self.assertEqual(self.chat("alice", "groups", "--json").objects()[0]["group"], "#hw1")
        self.assertEqual(sorted(self.chat("alice", "inbox").lines()), ["#hw1: 1 unread", "@carol: 1 unread"])
        unread = {one["conversation"]: one["unread"] for one in self.chat("alice", "inbox", "--json").objects()}
        self.assertEqual((unread["#hw1"], unread["dm:alice:carol"]), (1, 1))
        self.assertRegex(self.chat("alice", "history", "#hw1").out, r"^\d\d:\d\d \[PLAIN\] \[hw1\] carol: hello\n$")
        self.assertEqual(len(self.chat("alice", "recv").lines()), 2)
        (page,) = self.chat("alice", "history", "@carol", "--json").objects()
        self.assertEqual((page["event"], page["from"], page["to"], page["text"]), ("message", "carol", "@alice", "hi"))
        (device,) = self.chat("alice", "devices", "--json").objects()
        self.assertEqual(device["sessions"], 1)
        self.assertIn("round trip", self.chat("alice", "doctor").out)

    def test_exit_status_when_something_is_wrong(self) -> None:
        self.swarm("bob")
        self.chat("carol", "group", "--open", "hw1")
        self.status(5, self.chat("alice", "send", "@zoe", "hi"), "<<zoe>> not found")
        self.status(5, self.chat("alice", "send", "#nothing", "hi"), "does not exist")
        self.status(5, self.chat("alice", "send", "#hw1", "hi"), "not a member")
        self.status(4, self.chat("bob", "who"), "taken")
        self.status(4, self.chat("", "send", "@bob", "hi"), "username is needed")
        self.assertEqual(self.chat("alice", "send", "@carol", "hi", "--wait", "1"), Done(6, "stored\n", ""))
        self.status(9, self.chat("alice", "recv", "--wait", "1"), "in time")
        self.assertEqual(self.chat("alice", "tail", "@a", "@b").status, 2)
        self.assertEqual(self.chat("alice", "send", "@bob", stdin="").status, 2)
        self.assertEqual(self.run_program(self.command("x", "--nothing")).status, 2)
        self.assertEqual(self.run_program(self.command("x", "one", "two")).status, 2)
        self.assertEqual(self.chat("alice", "get", "x").status, 2)
        (error,) = self.chat("alice", "send", "@bobb", "hi", "--json").objects()
        self.assertEqual([error[key] for key in ("v", "event", "code", "near")], [1, "error", "no-such-user", ["bob"]])
        self.server.stop()
        self.status(3, self.chat("alice", "who"), "Can't connect to the server")
        (error,) = self.chat("alice", "who", "--json").objects()
        self.assertEqual((error["event"], error["code"]), ("error", "unreachable"))

    def test_ctrl_c_ends_with_130(self) -> None:
        running = self.spawn("alice", "tail", "-f")
        self.in_server_window("Client (127.0.0.1, 0) connected  [ alice ]")
        self.chat("bob", "send", "hello")
        assert running.stdout is not None
        self.assertIn("bob: hello", running.stdout.readline())
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(30), 130)
        self.in_server_window("Client (127.0.0.1, 0) is offline  [ alice ]")


class LossTests(ChatCase):
    """Connections and programs that break: what was typed arrives, once."""

    def test_the_outbox_outlives_client_and_server(self) -> None:
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        alice = self.join("alice")
        alice.enter("/plain bob yes")
        alice.wait("not encrypted")
        alice.enter("@bob before")
        alice.wait("(Private to bob) You: before")
        self.server.kill()
        alice.wait("DISCONNECTED!!")
        for text in ("one", "two"):
            alice.enter(f"@bob {text}")
            alice.wait(f"You: @bob {text}")
        self.wait(
            lambda: len(re.findall("Not connected", "\n".join(alice.lines()))) == 2 or not alice.read(0.05), "told"
        )
        os.kill(alice.pid, signal.SIGKILL)
        self.server.start()
        again = self.window("alice", user="alice")
        again.wait("Sending 2 messages that waited here.")
        swarm.until(lambda: len(heard) >= 3)
        self.assertEqual(heard, ["alice: before", "alice: one", "alice: two"])
        again.enter("tata")
        again.ended()
        self.window("alice", user="alice").wait(WELCOME)
        swarm.run(0.5)
        self.assertEqual((len(heard), bob.ledger.breaches), (3, []))

    def test_killed_between_sending_and_the_answer(self) -> None:
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        alice = self.join("alice")
        alice.enter("/plain bob yes")
        alice.wait("not encrypted")
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGSTOP)
        alice.enter("@bob only once")
        alice.wait("You: @bob only once")
        outbox = self.server.folder / "alice" / "chat.db-wal"
        self.wait(lambda: b"@bob" in outbox.read_bytes(), "it is in the outbox")
        alice.read(0.2)
        os.kill(alice.pid, signal.SIGKILL)
        self.server.process.send_signal(signal.SIGCONT)
        self.window("alice", user="alice").wait("(Private to bob) You: only once")
        swarm.until(lambda: bool(heard))
        swarm.run(0.5)
        self.assertEqual(heard, ["alice: only once"])

    def test_plain_words_for_a_broken_connection(self) -> None:
        for tls in (False, True):
            alice = self.window(f"alice{tls:d}", "--trust-new", tls=tls)
            alice.wait("Enter username:")
            alice.enter(f"alice{tls:d}")
            alice.wait(WELCOME)
            self.server.kill()
            alice.wait("Trying again in")
            (said,) = [line for line in alice.lines() if "Trying again in" in line]
            self.assertRegex(said, r"^The (connection broke|server closed the connection)\. Trying again in \d s\.$")
            alice.enter("/who")
            alice.wait("Not connected to the server right now; try again.")
            self.server.start()
            alice.wait("Connected again.")
            alice.enter("tata")
            alice.ended()

    def test_a_stop_is_told_in_the_servers_words(self) -> None:
        alice = self.join("alice")
        self.server.stop()
        alice.wait("DISCONNECTED!!")
        alice.wait("The server is stopping; your program will come back by itself. Trying again in")

    def test_a_second_program_on_a_profile_says_so_and_ends(self) -> None:
        alice = self.join("alice")
        for done in (self.talk("alice", ""), self.chat("alice", "who")):
            self.assertEqual(done.status, 1)
            self.assertIn(f"open in another window (pid {alice.pid}). Give another one with --profile DIR.\n", done.err)
        alice.enter("still here")
        alice.wait("You: still here")


class CertificateTests(ChatCase):
    """Whom the client believes to be the server."""

    def test_an_unknown_certificate_is_asked_about_once(self) -> None:
        window = self.window("alice", tls=True)
        window.wait("Is it the same (yes or no)?")
        shown = "".join(window.lines())
        self.assertRegex(shown, r"SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}")
        window.enter("perhaps")
        window.wait("Type yes or no:")
        window.enter("no")
        self.assertEqual(window.ended(), 4)
        self.assertEqual(window.lines()[-1], "The server's certificate was not accepted; nothing was sent.")
        window = self.window("alice", tls=True)
        window.wait("Is it the same (yes or no)?")
        window.enter("yes")
        window.wait("Enter username:")
        window.enter("alice")
        window.wait(WELCOME)
        window.enter("tata")
        window.ended()
        self.window("alice", user="alice", tls=True).wait("Nobody else is here now.")

    def test_nobody_to_ask_means_no(self) -> None:
        for words in (("who",), ("who", "--no-input"), ("who", "--json")):
            done = self.chat("alice", *words, tls=True)
            self.assertEqual(done.status, 4, words)
            self.assertIn("--trust-new", done.err + done.out)
        done = self.run_program(
            [*self.command("alice", "--no-input", self.address("alice", True), tls=True)], "hello\n"
        )
        self.assertEqual((done.status, done.out), (4, ""))
        self.assertNotIn("alice", "".join(self.server.window()))

    def test_trust_new_pins_and_a_changed_certificate_is_refused(self) -> None:
        self.assertEqual(self.chat("alice", "who", "--trust-new", tls=True).status, 0)
        self.assertEqual(self.chat("alice", "who", tls=True).status, 0)
        self.server.stop()
        for file in (self.server.data / "tls").iterdir():
            file.unlink()
        self.server.start()
        for words in (("who",), ("who", "--trust-new"), ("send", "@bob", "secret")):
            done = self.chat("alice", *words, tls=True)
            self.assertEqual((done.status, done.out), (8, ""))
            self.assertIn("has changed. Somebody may be pretending to be it.", done.err)
            self.assertIn(f"chat unpin 127.0.0.1:{self.server.ports['tls']}", done.err)
        window = self.window("alice", user="alice", tls=True)
        self.assertEqual(window.ended(), 8)
        self.assertIn("has changed", window.lines()[0])
        unpin = self.run_program(self.command("alice", "unpin", self.address("", True), tls=True))
        self.assertEqual(unpin.status, 0)
        self.assertEqual(self.chat("alice", "who", "--trust-new", tls=True).status, 0)


class AccountTests(ChatCase):
    """Several devices, guests, and what a new one of either needs."""

    def secret(self, *lines: str) -> str:
        """A password file."""
        path = self.server.folder / "password"
        path.write_text("\n".join(lines) + "\n")
        return str(path)

    def test_a_second_device_by_the_accounts_password(self) -> None:
        file = self.secret("correct horse battery")
        self.assertEqual(self.chat("alice", "passwd", "--password-file", file).out, "The password is set.\n")
        other = self.command("other", "--server", self.address("alice"))
        refused = self.run_program([*other, "link", "--password-file", self.secret("wrong")])
        self.assertEqual(refused.status, 4)
        linked = self.run_program([*other, "link", "--password-file", self.secret("correct horse battery")])
        self.assertEqual((linked.status, linked.lines()[0]), (0, "This device belongs to alice now."))
        (device,) = re.findall("/devices add ([a-z0-9 ]+)", linked.out)
        self.assertIn(device, self.chat("alice", "devices").out)
        first, second = self.window("alice", user="alice"), self.window("other", user="alice")
        for window in (first, second):
            window.wait(WELCOME)
        second.wait("This device is not on your list yet")  # sooner added, it would only be told that all is well
        first.enter(f"/devices add {device}")
        second.wait("This device is on your list now")
        self.chat("bob", "send", "@alice", "to both")
        for window in (first, second):
            window.wait("(Private) bob: to both")
        first.enter("@bob from one")
        second.wait("(Private to bob) You: from one")
        self.assertEqual([line for line in second.lines() if "joined" in line], ["bob joined the conversation"])

    def test_a_password_at_the_keyboard_is_not_shown(self) -> None:
        alice = self.join("alice")
        alice.enter("/passwd")
        for question in ("New password:", "Again:"):
            alice.wait(question)
            alice.enter("correct horse")
        alice.wait("The password is set.")
        self.assertNotIn(b"horse", alice.raw)
        alice.enter("/passwd")
        for question, answer in (("New password:", "other"), ("Again:", "other"), ("Current password:", "wrong")):
            alice.wait(question)
            alice.read(0.1)
            alice.enter(answer)
        alice.wait("The old password is wrong.")

    def test_guests_talk_in_the_lobby_and_have_no_mail(self) -> None:
        swarm, (bob,) = self.swarm("bob")
        heard = self.hear(bob)
        guest = self.window("guest", "--guest", user="visitor")
        guest.wait("You are a guest: the lobby and open groups only, and no mail.")
        guest.enter("hello")
        swarm.until(lambda: bool(heard))
        self.assertEqual(heard, ["visitor: hello"])
        guest.enter("@bob psst")
        guest.wait("(Private to bob, not kept) You: psst")
        self.assertEqual(self.chat("alice", "send", "@visitor", "psst").status, 7)
        self.assertEqual(self.chat("alice", "send", "--open", "@visitor", "psst"), Done(0, "passed\n", ""))
        guest.wait("(Private, not kept) alice: psst")
        guest.enter("tata")
        guest.ended()
        self.assertEqual(self.chat("alice", "send", "--open", "@visitor", "psst").status, 5)


class GroupTests(ChatCase):
    """Who runs a group, and a name that is given again."""

    def test_a_group_that_ends_and_another_one_of_its_name(self) -> None:
        for name in ("alice", "bob"):
            self.chat(name, "group", "--open", "hw3")
        for number in range(3):
            self.chat("alice", "send", "#hw3", f"old {number}")
        self.assertEqual(len(self.chat("bob", "recv").lines()), 3)
        for name in ("alice", "bob"):
            self.talk(name, "/part hw3\n")
        self.chat("alice", "group", "--open", "hw3")
        self.assertIn("#hw3 is another group than before.", self.talk("bob", "/group hw3\n").out)
        self.chat("alice", "send", "#hw3", "new")
        self.assertRegex(self.chat("bob", "recv").out, r"^\d\d:\d\d \[PLAIN\] \[hw3\] alice: new\n$")
        found = [line for line in self.talk("bob", "/search old\n").lines() if line.endswith("old 0")]
        self.assertRegex(found[0], r"^[-:\d ]+ (\[PLAIN\] )?\[hw3 \(until \d{4}-\d\d-\d\d\)\] alice: old 0$")

    def test_order_is_kept_from_the_keyboard(self) -> None:
        alice = self.join("alice")
        alice.enter("/group --open hw3")
        alice.wait("created successfully")
        bob = self.join("bob")
        bob.enter("/group hw3")
        alice.wait("[hw3] bob joined the group")
        alice.enter("/slow hw3 30")
        bob.wait("[hw3] alice set +f 30 (30 seconds between two messages)")
        bob.enter("/slow hw3 1")
        bob.wait("Only operators of #hw3 may change that.")
        alice.enter("/kick hw3 bob too loud")
        bob.wait("[hw3] You were removed from the group by alice: too loud")
        alice.enter("/mode hw3")
        alice.wait("Modes of group 'hw3': +ntf 30")


class InvitationTests(ChatCase):
    """A server where an account needs an invitation."""

    flags = ("--registration", "invite", "--guests", "no")

    def test_an_invitation_makes_one_account(self) -> None:
        refused = self.chat("alice", "who")
        self.assertEqual(refused.status, 4)
        self.assertIn("--invitation", refused.err)
        admin = [sys.executable, "-c", "import sys; from chatd.admin import main; sys.exit(main())"]
        made = self.run_program([*admin, "invite", "--data", str(self.server.data), "--count", "2"])
        first, second = made.lines()
        self.assertEqual(self.chat("alice", "who", "--invitation", first).out, "Here now (1): alice\n")
        self.assertEqual(self.chat("alice", "who").status, 0)
        self.assertEqual(self.chat("bob", "who", "--invitation", first).status, 4)
        self.assertEqual(self.chat("bob", "who", "--invitation", second).status, 0)
        self.assertEqual(self.chat("carol", "who", "--guest").status, 4)


class ClosedTests(ChatCase):
    """A server that takes no new accounts."""

    flags = ("--registration", "closed")

    def test_newcomers_come_in_as_guests_and_are_told(self) -> None:
        window = self.join("visitor")
        window.wait("You are a guest")
