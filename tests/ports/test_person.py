"""A person at `nc`: the seed's transcript, commands, and everything that may go wrong at a keyboard."""

from __future__ import annotations

from chatd import messages as m
from chatd.admission import Policy
from chatd.core import sanctions
from chatd.core.limits import Limits
from chatd.ports.person import COMMANDS, is_program
from tests.irc import IrcPeer
from tests.kit import House, Scene


class Somebody(IrcPeer):
    """Somebody at a keyboard."""

    def screen(self) -> str:
        """What has been shown since the last time."""
        self.house.commit()
        text: str = self.transport.value().decode()
        self.transport.clear()
        return text

    def types(self, *lines: str) -> list[str]:
        """Type lines; what is shown then."""
        self.raw("".join(line + "\n" for line in lines).encode())
        return self.screen().splitlines()


def come(house: House, name: str) -> Somebody:
    """Somebody who has come in."""
    person = Somebody(house)
    shown = person.types(name)
    assert any("Welcome" in line for line in shown), shown
    return person


class TranscriptTests(Scene):
    """S14, L2 to L8: the words of the seed."""

    def test_the_seed(self) -> None:
        tesla, albert = Somebody(self.house), Somebody(self.house)
        self.house.clock.advance(0.9)
        self.assertEqual(tesla.screen(), "")
        self.house.clock.advance(0.2)
        self.assertEqual(tesla.screen(), "Enter username: ")
        self.assertEqual(
            tesla.types("tesla"),
            ["Welcome to chat room. Enter 'tata' anytime to exit", "Nobody else is here now."],
        )
        self.assertEqual(tesla.types("Hello"), [])
        self.assertEqual(albert.screen(), "Enter username: ")
        self.assertEqual(
            albert.types("albert"),
            ["Welcome to chat room. Enter 'tata' anytime to exit", "Here now: tesla (guest)"],
        )
        self.assertEqual(tesla.screen(), "albert joined the conversation\n")
        self.assertEqual(albert.types("world"), [])
        self.assertEqual(tesla.screen(), "albert: world\n")
        self.assertEqual(albert.types("tata"), ["DISCONNECTED!!"])
        self.assertFalse(albert.transport.connected)
        self.assertEqual(tesla.screen(), "albert left the conversation\n")

    def test_everything_at_once(self) -> None:
        (alice,) = self.house.people("alice")
        shown = Somebody(self.house).types("tesla", "Hello", "tata")
        self.assertEqual(shown[-1], "DISCONNECTED!!")
        events = alice.take()
        self.assertEqual(
            [getattr(event, "state", getattr(event, "text", "")) for event in events], ["online", "Hello", "offline"]
        )

    def test_cr_lf_and_lf_and_byte_by_byte(self) -> None:
        tesla, albert = come(self.house, "tesla"), come(self.house, "albert")
        albert.screen()
        tesla.raw(b"one\r\ntwo\n")
        for byte in "größe\n".encode():
            tesla.raw(bytes([byte]))
        self.assertEqual(albert.screen(), "tesla: one\ntesla: two\ntesla: größe\n")

    def test_who_is_cut_off(self) -> None:
        tesla, albert = come(self.house, "tesla"), come(self.house, "albert")
        tesla.screen()
        albert.cut()
        self.assertEqual(tesla.screen(), "albert left the conversation unexpectedly\n")


class NameTests(Scene):
    """S15, L9, T07, T08, T09, T11: a name of one's own."""

    def test_taken_ones(self) -> None:
        self.house.people("alice")
        come(self.house, "tesla")
        person = Somebody(self.house)
        for name in ("tesla", "Tesla", "alice", "ALICE"):
            shown = person.types(name)
            self.assertIn("Username already taken!", shown[0], name)
            self.assertEqual(shown[1:], ["Enter username: "])
        self.assertEqual(person.types("bob")[0], "Welcome to chat room. Enter 'tata' anytime to exit")

    def test_bad_ones_and_none(self) -> None:
        person = Somebody(self.house)
        self.assertIn("Enter username: ", person.types("a b", "", "\x1b[2J", "tesla")[0])
        self.assertEqual(person.types("hello"), [])
        self.assertEqual([user.name for user in self.house.node.hub.everyone.users], ["tesla"])

    def test_enter_alone_is_asked_at_once(self) -> None:
        person = Somebody(self.house)
        self.assertEqual(person.types(""), ["Enter username: "])
        self.assertEqual(person.types("tesla")[0], "Welcome to chat room. Enter 'tata' anytime to exit")

    def test_leaving_at_the_prompt(self) -> None:
        for word in ("tata", "/quit"):
            person = Somebody(self.house)
            self.house.advance(2)
            self.assertEqual(person.types(word), ["Enter username: DISCONNECTED!!"])
            self.assertFalse(person.transport.connected)

    def test_no_guests(self) -> None:
        self.house.node.admission.policy = Policy("test.example", "open", False)
        person = Somebody(self.house)
        shown = person.types("tesla")
        self.assertIn("takes no guests", shown[0])
        self.assertEqual(shown[1:], ["DISCONNECTED!!"])
        person = Somebody(self.house)
        self.house.advance(2)
        self.assertIn("chat NAME@HOST", person.screen())
        self.assertTrue(person.transport.connected)
        self.assertEqual(person.types("tesla"), ["DISCONNECTED!!"])
        self.assertFalse(person.transport.connected)


class BannedTests(Scene):
    """Who may not come in is told why, and is not asked for a name for ever."""

    def test_banned(self) -> None:
        hub = self.house.node.hub
        sanctions.impose(hub, self.house.node.turn(), "ban", "127.0.0.0/8", "miller", 60, "spam")
        bob = Somebody(self.house)
        self.house.advance(2)
        bob.take()
        shown = "\n".join(bob.types("bob"))
        self.assertRegex(shown, r"You are banned until .* UTC: spam")
        self.assertFalse(bob.transport.connected)

    def test_muted(self) -> None:
        bob = come(self.house, "bob")
        sanctions.impose(self.house.node.hub, self.house.node.turn(), "mute", "bob", "miller", 60, "spam")
        self.house.settle()
        self.assertRegex("\n".join(bob.types("hello")), r"You are muted until .* UTC: spam")


class TalkTests(Scene):
    """What may be typed."""

    def setUp(self) -> None:
        super().setUp()
        (self.alice,) = self.house.people("alice")
        self.tesla = come(self.house, "tesla")
        self.alice.take()

    def test_private(self) -> None:
        albert = come(self.house, "albert")
        self.tesla.screen()
        self.assertEqual(self.tesla.types("@albert,@alice hi  there"), [
            "(Private to albert) You: hi  there", "(Private to alice) You: hi  there",
        ])  # fmt: skip
        self.assertEqual(albert.screen(), "(Private) tesla: hi  there\n")
        self.assertEqual(
            self.tesla.types("@zoe x"), ["Requested user <<zoe>> not found! Please choose another."]
        )  # fmt: skip
        self.assertIn("Did you mean alice?", self.tesla.types("@alica x")[0])
        self.alice.lose()
        self.tesla.screen()
        self.assertEqual(
            self.tesla.types("@alice x"), ["alice is not here. What guests say in private is not kept."]
        )  # fmt: skip
        self.assertEqual(self.tesla.types("@albert"), ["Usage: @name text"])

    def test_groups(self) -> None:
        self.assertEqual(self.tesla.types("/groups"), ["lobby: 2 members (joined)"])
        self.assertEqual(self.tesla.types("/group g1"), ["Group 'g1' created successfully."])
        self.assertEqual(self.tesla.types("/group g1"), ["You are already in group 'g1'."])
        albert = come(self.house, "albert")
        self.tesla.screen()
        self.assertIn("Cannot send message. Group 'g1' does not exist", albert.types("/group g1 hi")[0])
        self.assertEqual(albert.types("/join_group g1"), ["Joined group 'g1' successfully."])
        self.assertEqual(self.tesla.screen(), "[g1] albert joined the group\n")
        self.assertEqual(self.tesla.types("/group g1 hi all"), ["[g1] You: hi all"])
        self.assertEqual(albert.screen(), "[g1] tesla: hi all\n")
        self.assertEqual(albert.types("/members g1"), ["Members of group 'g1': tesla (op), albert"])
        self.assertEqual(self.tesla.types("/topic g1 due Friday"), ["The topic of group 'g1' is now: due Friday"])
        self.assertEqual(albert.screen(), "[g1] tesla set the topic: due Friday\n")
        self.assertEqual(albert.types("/part g1"), ["You left group 'g1'."])
        self.assertEqual(self.tesla.screen(), "[g1] albert left the group\n")

    def test_invitations_and_removals(self) -> None:
        albert = come(self.house, "albert")
        self.tesla.types("/group g1")
        self.assertEqual(self.tesla.types("/invite g1 albert"), ["albert is invited to group 'g1'."])
        self.assertEqual(albert.screen().splitlines()[-1], "tesla invited you to group 'g1'. `/group g1` to join.")
        albert.types("/group g1")
        self.tesla.screen()
        self.assertIn("albert was removed from group 'g1'.", self.tesla.types("/kick g1 albert"))
        self.assertEqual(albert.screen(), "[g1] albert was removed from the group by tesla\n")

    def test_people(self) -> None:
        self.assertEqual(self.tesla.types("/who"), ["Here now: alice, tesla (guest)"])
        self.assertEqual(self.tesla.types("/whois alice"), ["alice (student) is online"])
        self.alice.ask(m.Away, "lunch")
        self.assertEqual(self.tesla.screen(), "alice is away: lunch\n")
        self.house.advance(10)
        self.alice.ask(m.Away, "")
        self.assertEqual(self.tesla.screen(), "alice is back\n")
        self.assertEqual(self.tesla.types("/away"), ["You are away. /back ends it."])
        self.assertEqual(self.tesla.types("/back"), ["You are back."])

    def test_another_name(self) -> None:
        albert = come(self.house, "albert")
        self.tesla.screen()
        self.assertEqual(albert.types("/nick alice"), ["alice is somebody's account."])
        self.assertEqual(albert.types("/nick niels"), ["You are now called niels."])
        self.assertEqual(self.tesla.screen(), "albert is now called niels\n")
        niels = albert.types("hi")
        self.assertEqual((niels, self.tesla.screen()), ([], "niels: hi\n"))

    def test_a_command_is_never_said(self) -> None:
        for line in ("/fil alice x", "/", "/ who", "/group", "/whois", "/msg alice", "/quit now", "/GROUPE x"):
            shown = self.tesla.types(line)
            self.assertTrue(shown[0].startswith(("There is no command", "Usage:")), (line, shown))
        self.assertEqual(self.alice.take(), [])
        self.assertIn("/help", self.tesla.types("/hepl")[0])
        self.tesla.types("//who")
        self.assertEqual(self.alice.texts(), ["/who"])

    def test_help_shows_every_command(self) -> None:
        shown = "\n".join(self.tesla.types("/help"))
        for name in COMMANDS:
            if name not in ("create_group", "join_group", "group_msg", "exit", "logout"):
                self.assertIn(f"/{name}", shown)

    def test_a_frame_client_hears_and_is_heard(self) -> None:
        self.tesla.types("hello alice")
        self.assertEqual(self.alice.texts(), ["hello alice"])
        self.alice.send("#lobby", "hello tesla")
        self.assertEqual(self.tesla.screen(), "alice: hello tesla\n")


class HarmlessTests(Scene):
    """T09, T10: nothing that comes in acts on a terminal, and nothing that is typed ends the session."""

    def test_what_is_shown_is_inert(self) -> None:
        tesla = come(self.house, "tesla")
        alice = self.house.person("alice")
        tesla.screen()
        alice.send("#lobby", "\x1b[2J\r prof: cancelled\x9b1m\u202eevil\nforged: line")
        alice.ask(m.Away, "\x1b]0;title\x07")
        text = tesla.screen()
        self.assertEqual(
            text,
            "alice: \\x1b[2J\\x0d prof: cancelled\\x9b1m\\u202eevil\n    forged: line\n"
            "alice is away: \\x1b]0;title\\x07\n",
        )

    def test_an_action(self) -> None:
        tesla = come(self.house, "tesla")
        alice = self.house.person("alice")
        tesla.screen()
        alice.send("#lobby", "\x01ACTION waves\x01")
        self.assertEqual(tesla.screen(), "* alice waves\n")

    def test_what_is_no_text(self) -> None:
        tesla = come(self.house, "tesla")
        tesla.raw(b"caf\xe9\n\xff\xf4\n")
        self.assertEqual(tesla.screen(), "Your line was not UTF-8 and was not taken; set your terminal to UTF-8.\n" * 2)
        tesla.raw(b"x" * 20_000 + b"\n")
        self.assertEqual(tesla.screen(), "A line has at most 16384 bytes; this one was not taken.\n")
        self.assertEqual(tesla.types("   ", "\t"), [])
        self.assertTrue(tesla.transport.connected)

    def test_silence_is_allowed(self) -> None:
        tesla = come(self.house, "tesla")
        self.house.advance(1000)
        self.assertTrue(tesla.transport.connected)


class LimitTests(Scene):
    """A name has to be said some time."""

    def setUp(self) -> None:
        self.house = House(limits=Limits(login_seconds=20.0, person_seconds=100.0))

    def test_at_the_prompt(self) -> None:
        person, silent = Somebody(self.house), Somebody(self.house, "198.51.100.7")
        self.house.advance(30)
        self.assertEqual((person.transport.connected, silent.transport.connected), (True, False))
        self.house.advance(100)
        self.assertFalse(person.transport.connected)

    def test_after_a_wrong_name(self) -> None:
        person = Somebody(self.house)
        person.types("a b")
        self.house.advance(100)
        self.assertTrue(person.transport.connected)
        self.house.advance(30)
        self.assertFalse(person.transport.connected)
        self.assertIn("DISCONNECTED!!", person.screen())

    def test_programs_and_people(self) -> None:
        for line in (b"NICK x", b"nick x\r", b"CAP LS 302", b"PASS x", b"@a=b NICK x", b":x NICK y", b"JOIN #x",
                     b"AUTHENTICATE PLAIN", b"STARTTLS", b"PROXY TCP4 a b 1 2", b"x" * 600,
                     b"GET / HTTP/1.1"):  # fmt: skip
            self.assertTrue(is_program(line, False), line)
        for line in (b"tesla", b"hello world", b"", b"@bob hi", b"/group x", "größe".encode(), b"caf\xe9"):
            self.assertFalse(is_program(line, False), line)
        for line in (b"nick", b"who", b"list", b"JOIN #x", b"quit"):
            self.assertFalse(is_program(line, True), line)
        for line in (b"NICK x", b"CAP LS", b"USER x 0 * :X", b"PING x"):
            self.assertTrue(is_program(line, True), line)
