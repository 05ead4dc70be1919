"""Tests of clients.line.oneshot: what each verb prints, acknowledges and exits with."""

from __future__ import annotations

import io
import json
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd import people as p
from clients.core import intents as i
from clients.core import notices as n
from clients.core.style import Style
from clients.line.oneshot import SOON, Context, errand, exit_code
from clients.line.plain import Output
from tests.clients.kit import Client, message, position, welcome


class ErrandCase(SynchronousTestCase):
    """A verb, its client, what it printed."""

    def run_verb(self, verb: str, *words: str, more: dict[str, Any] | None = None, name: str = "bob",
                 claimed: bool = True, **context: Any) -> None:  # fmt: skip
        """Start a verb; nothing is connected yet."""
        self.out, self.err, self.codes = io.StringIO(), io.StringIO(), []  # type: ignore[var-annotated]
        clock = Clock()
        made = Context(Output(self.out, self.err), clock, Style, self.codes.append, **{"ask": None, **context})
        self.errand = errand(verb, list(words), made, **(more or {}))
        self.client = Client(self.errand, name, claimed, receive=self.errand.receive, clock=clock)
        self.line = self.client.line
        self.errand.begin(self.client.app)

    def arrive(self, *positions: m.Position) -> None:
        """The login goes well."""
        self.client.log_in(*positions)

    def bye(self) -> None:
        """The server says goodbye."""
        self.assertEqual(len(self.client.sent(m.Quit)), 1)
        self.line.tell(m.Bye("goodbye", "bye"))

    def watched(self) -> list[i.Intent]:
        """What is asked of the core from here on; nothing comes of it."""
        acted: list[i.Intent] = []
        self.client.app.act = lambda *those: acted.extend(those)  # type: ignore[method-assign]
        return acted

    def rows(self) -> list[dict[str, Any]]:
        """The objects printed so far."""
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


class SendTests(ErrandCase):
    """`send`."""

    def accept(self, state: str, conversation: str = "dm:alice:bob") -> None:
        """The server accepts what was sent."""
        self.client.accept_sends(conversation, 1, state)

    def test_stored(self) -> None:
        self.run_verb("send", "@alice", "hi")
        self.arrive()
        self.accept("stored")
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("stored\n", [0]))

    def test_delivered_within_a_moment(self) -> None:
        self.run_verb("send", "@alice", "hi", json=True)
        self.arrive()
        self.accept("sent")
        self.line.tell(m.Delivered("dm:alice:bob", 1, "alice"))
        self.bye()
        [row] = self.rows()
        self.assertEqual((row["event"], row["state"], row["to"], row["seq"]), ("sent", "delivered", "@alice", 1))
        self.assertEqual(self.codes, [0])

    def test_not_delivered_within_a_moment(self) -> None:
        self.run_verb("send", "@alice", "hi")
        self.arrive()
        self.accept("sent")
        self.client.clock.advance(SOON)
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("stored\n", [0]))

    def test_waiting_in_vain_is_6(self) -> None:
        self.run_verb("send", "@alice", "hi", wait=5.0)
        self.arrive()
        self.accept("stored")
        self.client.clock.advance(5)
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("stored\n", [6]))

    def test_waiting_well(self) -> None:
        self.run_verb("send", "@alice", "hi", wait=5.0)
        self.arrive()
        self.accept("stored")
        self.client.clock.advance(4)
        self.line.tell(m.Delivered("dm:alice:bob", 1, "alice"))
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("delivered\n", [0]))

    def test_never_accepted_is_9_and_stays_in_the_outbox(self) -> None:
        self.run_verb("send", "@alice", "hi", wait=5.0, json=True)
        self.arrive()
        self.client.clock.advance(5)
        self.bye()
        self.assertEqual((self.rows()[0]["state"], self.codes), ("queued", [9]))
        self.assertEqual(len(self.client.history.outbox(self.client.account)), 1)

    def test_unknown_is_5(self) -> None:
        self.run_verb("send", "@zoe", "hi", json=True)
        self.arrive()
        [send] = self.client.sent(m.Send)
        self.line.tell(m.Failed(send.ref, "no-such-user", "no", ["zed"]))
        self.bye()
        [row] = self.rows()
        self.assertEqual((row["event"], row["code"], row["near"], self.codes), ("error", "no-such-user", ["zed"], [5]))

    def test_several(self) -> None:
        self.run_verb("send", "@alice,@zoe", "hi")
        self.arrive()
        one, two = self.client.sent(m.Send)
        self.line.tell(m.Accepted(one.ref, "dm:alice:bob", 1, 0, "stored"))
        self.assertEqual(self.codes, [])
        self.line.tell(m.Failed(two.ref, "mailbox-full", "full"))
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("@alice stored\n", [7]))

    def test_a_guest_has_it_and_nothing_is_kept(self) -> None:
        for wait in (None, 5.0):
            self.run_verb("send", "@gast", "hi", json=True, wait=wait)
            self.arrive()
            [send] = self.client.sent(m.Send)
            self.line.tell(m.Failed(send.ref, "guest", "Guests cannot."))
            [passing] = self.client.sent(p.Pass)
            self.assertEqual((passing.to, passing.text, self.out.getvalue()), ("@gast", "hi", ""))
            self.line.tell(p.Passed(passing.ref, 9))
            self.bye()
            [row] = self.rows()
            self.assertEqual((row["event"], row["state"], row["to"], self.codes), ("sent", "passed", "@gast", [0]))
            self.assertEqual(self.client.history.outbox(self.client.account), [])

    def test_only_operators_have_it(self) -> None:
        self.run_verb("send", "#g", "hi")
        self.arrive()
        [send] = self.client.sent(m.Send)
        self.line.tell(m.Accepted(send.ref, "#g", 0, 9, "sent"))
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("passed\n", [0]))

    def test_does_not_eat_mail(self) -> None:
        self.run_verb("send", "@alice", "hi")
        self.arrive(position("#g", 1, 0))
        self.line.tell(message("#g", 1))
        self.accept("stored")
        self.assertEqual(self.client.sent(m.Acknowledge), [m.Acknowledge("dm:alice:bob", 1)])
        self.assertEqual(self.client.history.cursors(self.client.account).get("#g", 0), 0)


class ReceiveTests(ErrandCase):
    """`recv`."""

    def pong(self) -> None:
        """Everything asked so far has been answered."""
        [ping] = self.client.sent(m.Ping)
        self.line.tell(m.Pong(ping.ref, 0))

    def test_prints_what_is_unread_acknowledges_and_goes(self) -> None:
        self.run_verb("recv", json=True)
        self.arrive(position("#g", 2, 0))
        self.line.tell(message("#g", 1, "alice"), message("#g", 2, "alice"))
        self.pong()
        self.assertEqual(self.client.sent(m.Acknowledge), [m.Acknowledge("#g", 2)])
        self.bye()
        self.assertEqual([row["seq"] for row in self.rows()], [1, 2])
        self.assertEqual(self.codes, [0])

    def test_waits_for_stored_ones_that_come_after_the_pong(self) -> None:
        self.run_verb("recv")
        self.arrive(position("#g", 1, 0))
        self.pong()
        self.assertEqual(self.client.sent(m.Quit), [])
        self.line.tell(message("#g", 1, "alice"))
        self.pong()
        self.bye()
        self.assertIn("[g] alice: hi", self.out.getvalue())

    def test_nothing_is_0_without_and_9_with_wait(self) -> None:
        self.run_verb("recv")
        self.arrive()
        self.pong()
        self.bye()
        self.assertEqual(self.codes, [0])
        self.run_verb("recv", wait=5.0)
        self.arrive()
        self.pong()
        self.client.clock.advance(5)
        self.bye()
        self.assertEqual(self.codes, [9])

    def test_wait_for_the_first_then_until_nothing_is_left(self) -> None:
        self.run_verb("recv", wait=60.0)
        self.arrive()
        self.pong()
        self.client.clock.advance(20)
        self.line.tell(message("dm:alice:bob", 1, "alice"))
        self.pong()
        self.bye()
        self.assertEqual(self.codes, [0])

    def test_count_leaves_the_rest(self) -> None:
        self.run_verb("recv", json=True, most=1)
        self.arrive(position("#g", 2, 0))
        self.line.tell(message("#g", 1, "alice"), message("#g", 2, "alice"))
        self.assertEqual([row["seq"] for row in self.rows()], [1])
        self.assertEqual(self.client.sent(m.Acknowledge), [m.Acknowledge("#g", 1)])
        self.bye()
        self.assertEqual(self.client.history.cursors(self.client.account)["#g"], 1)

    def test_what_is_kept_nowhere_is_printed_and_counts(self) -> None:
        self.run_verb("recv", json=True, wait=60.0, most=1)
        self.arrive()
        self.pong()
        self.line.tell(p.Passing("gast", "bob", b"i" * 16, 9, "hi"), p.Passing("gast", "bob", b"j" * 16, 9, "more"))
        self.bye()
        [row] = self.rows()
        self.assertEqual((row["event"], row["from"], row["to"], row["text"]), ("passing", "gast", "@bob", "hi"))
        self.assertEqual((self.client.sent(m.Acknowledge), self.codes), ([], [0]))

    def test_the_file_of_the_interface(self) -> None:
        self.run_verb("recv", json=True)
        self.arrive(position("dm:alice:bob", 1, 0))
        self.line.tell(message("dm:alice:bob", 1, "alice"))
        self.assertEqual(
            (self.rows()[0]["from"], self.rows()[0]["to"], self.rows()[0]["e2ee"]), ("alice", "@bob", "plain")
        )


class TailTests(ErrandCase):
    """`tail`."""

    def page(self, *messages: m.Message) -> None:
        """The last messages come."""
        [asked] = self.client.sent(m.History)
        self.line.tell(m.Page(asked.ref, "#g", list(messages), False))

    def test_the_last_ones(self) -> None:
        self.run_verb("tail", "#g", most=3)
        self.arrive(position("#g", 2, 0))
        self.page(message("#g", 1), message("#g", 2))
        self.bye()
        self.assertEqual([row.split(" ", 1)[1][-2:] for row in self.out.getvalue().splitlines()], ["hi", "hi"])

    def test_follow_shows_each_once_and_acknowledges_nothing(self) -> None:
        self.run_verb("tail", "#g", follow=True, json=True)
        self.arrive(position("#g", 2, 0))
        self.line.tell(message("#g", 1), message("#g", 2), message("#g", 3))
        self.page(message("#g", 1), message("#g", 2))
        self.line.tell(message("#lobby", 1), message("#g", 4))
        self.client.clock.advance(50)
        self.assertEqual([row["seq"] for row in self.rows()], [1, 2, 3, 4])
        self.assertEqual(self.client.sent(m.Acknowledge), [])
        self.errand.interrupt()
        self.bye()
        self.assertEqual(self.codes, [130])

    def test_follow_shows_what_is_kept_nowhere_once_and_only_of_here(self) -> None:
        self.run_verb("tail", "@Gast", follow=True)
        self.arrive()
        self.line.tell(p.Passing("gast", "bob", (1).to_bytes(16, "big"), 9, "one"))
        self.line.tell(p.Passing("zoe", "bob", b"z" * 16, 9, "else"), p.Passing("gast", "#g", b"g" * 16, 9, "else"))
        [asked] = self.client.sent(m.History)
        self.line.tell(m.Page(asked.ref, "dm:bob:gast", [message("dm:bob:gast", 1, "gast", "one")], False))
        self.line.tell(p.Passing("bob", "gast", b"k" * 16, 9, "two"), p.Passing("gast", "bob", b"l" * 16, 9, "three"))
        shown = [row.split(" ", 1)[1][-5:] for row in self.out.getvalue().splitlines()]
        self.assertEqual([row.rpartition(" ")[2] for row in shown], ["one", "two", "three"])

    def test_follow_shows_words_to_the_operators_of_a_group(self) -> None:
        self.run_verb("tail", "#g", follow=True, json=True)
        self.arrive(position("#g", 0, 0))
        self.page()
        self.line.tell(
            p.Passing("zoe", "#g", b"z" * 16, 9, "help", least="h"), p.Passing("zoe", "bob", b"y" * 16, 9, "x")
        )
        self.assertEqual([(row["event"], row["least"]) for row in self.rows()], [("passing", "h")])


class AskTests(ErrandCase):
    """Questions."""

    def test_who(self) -> None:
        self.run_verb("who", json=True)
        self.arrive()
        [asked] = self.client.sent(m.Who)
        self.line.tell(m.WhoList(asked.ref, [m.Member("alice", "student", "online")], 1))
        self.bye()
        self.assertEqual((self.rows()[0]["name"], self.codes), ("alice", [0]))

    def test_each_asks_the_right_thing(self) -> None:
        for verb, words, kind in (("groups", (), m.Groups), ("group", ("g",), m.Join), ("inbox", (), m.Inbox),
                                  ("devices", (), m.Devices), ("history", ("@a",), m.History)):  # fmt: skip
            self.run_verb(verb, *words)
            self.arrive()
            self.assertEqual(len(self.client.sent(kind)), 1)

    def joins(self, **context: Any) -> n.Secure:
        """Bob has asked to come into an encrypted group; what he is told of that a moment later."""
        self.run_verb("group", "hw1", **context)
        acted = self.watched()
        self.arrive()
        self.assertEqual(acted, [i.JoinGroup("#hw1")])
        asked = n.Secure("GROUP_ASKED", detail="#hw1", intent=acted[0])
        self.errand.notice(asked)
        return asked

    def test_a_group_that_one_is_let_into(self) -> None:
        self.joins(json=True)
        self.errand.notice(n.Answered(i.JoinGroup("#hw1"), m.GroupInfo(0, m.Position("#hw1", 0, 0), 2)))
        (row,) = self.rows()
        self.assertEqual((row["event"], row["state"], row["conversation"]), ("group", "joined", "#hw1"))
        self.joins(wait=100.0)
        self.errand.notice(n.Secure("GROUP_LET_IN", to="#hw1"))
        self.assertEqual(self.out.getvalue(), "You are in the encrypted group 'hw1' now.\n")

    def test_a_group_where_nobody_lets_one_in_yet(self) -> None:
        self.joins()
        self.assertEqual(self.out.getvalue(), "")
        self.client.clock.advance(3)
        told = (
            "Group 'hw1' is there, encrypted. You have asked to be let in; the program of any member does that, as soon"
        )
        self.assertEqual(self.out.getvalue(), f"{told} as one is here.\n")
        self.bye_with(0)

    def test_waiting_in_vain_to_be_let_in_is_6(self) -> None:
        self.joins(json=True, wait=10.0)
        self.client.clock.advance(3)
        self.assertEqual(self.rows(), [])
        self.client.clock.advance(8)
        self.assertEqual(self.rows(), [{"v": 1, "event": "group", "state": "asked", "conversation": "#hw1"}])
        self.bye_with(6)

    def bye_with(self, status: int) -> None:
        """It goes, with this status."""
        self.assertEqual(self.errand._code, status)

    def test_password(self) -> None:
        self.run_verb("passwd", more={"new": "new", "old": lambda: "old"})
        self.arrive()
        [asked] = self.client.sent(m.SetPassword)
        self.line.tell(m.Failed(asked.ref, "login-refused", "needed"))
        [asked] = self.client.sent(m.SetPassword)
        self.assertEqual((asked.new, asked.old), ("new", "old"))
        self.line.tell(m.Failed(asked.ref, "login-refused", "wrong"))
        self.bye()
        self.assertEqual(self.codes, [4])

    def test_link(self) -> None:
        self.run_verb("link")
        self.arrive()
        self.client.clock.advance(SOON)
        self.bye()
        self.assertEqual(self.out.getvalue(), "This device belongs to bob now.\n")

    def test_link_says_where_it_is_to_be_listed(self) -> None:
        self.run_verb("link")
        self.arrive()
        self.errand.notice(n.Secure("DEVICE_NOT_LISTED", "bob", detail="abcdefghijklmnop"))
        self.bye()
        self.assertIn("On a device that is: /devices add abcd efgh ijkl mnop\n", self.out.getvalue())
        self.assertEqual(self.codes, [0])


class SecureSendTests(ErrandCase):
    """`send` to somebody whose keys are not as they should be."""

    def refuse(self, code: str, to: str = "@alice", **more: Any) -> None:
        """The core will not send it."""
        self.errand.notice(n.Secure(code, to[1:], to, intent=i.Tell((to,), "hi"), **more))

    def test_a_changed_key_is_8(self) -> None:
        self.run_verb("send", "@alice", "hi")
        self.arrive()
        self.refuse("IDENTITY_CHANGED")
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("", [8]))
        self.assertIn("Nothing was sent. Compare numbers: /verify alice", self.err.getvalue())

    def test_who_has_no_keys_is_7_and_the_way_out_is_named(self) -> None:
        for check, way_out in (("pinned", True), ("otk-there", False)):
            self.run_verb("send", "@alice", "hi")
            self.arrive()
            self.refuse("NO_E2EE_KEYS", detail=check)
            self.bye()
            self.assertEqual(self.codes, [7])
            self.assertEqual("chat send --open" in self.err.getvalue(), way_out)

    def test_json(self) -> None:
        self.run_verb("send", "@alice", "hi", json=True)
        self.arrive()
        self.refuse("IDENTITY_CHANGED", id=b"\1")
        self.bye()
        [row] = self.rows()
        self.assertEqual(
            (row["event"], row["code"], row["to"], row["id"]), ("e2ee", "IDENTITY_CHANGED", "@alice", "01")
        )

    def test_one_of_several(self) -> None:
        self.run_verb("send", "@alice,@zoe", "hi")
        self.arrive()
        self.refuse("IDENTITY_CHANGED", "@zoe")
        self.assertEqual(self.codes, [])
        for to in ("@alice",):
            self.errand.notice(n.Outcome(b"i", to, "hi", "stored", security="first-seen"))
        self.bye()
        self.assertEqual((self.out.getvalue(), self.codes), ("@alice stored\n", [8]))

    def test_open_asks_first_and_then_says_it_whatever_came_of_that(self) -> None:
        for code in ("PLAIN_TALK", "PLAIN_NEEDLESS"):
            self.run_verb("send", "@alice", "hi", more={"open": True})
            real = self.client.app.act
            acted = self.watched()
            self.arrive()
            self.assertEqual(acted, [i.TalkPlain("alice", yes=True)])
            self.errand.notice(n.Secure(code, "alice", "@alice", intent=acted[0]))
            self.assertEqual(acted[1:], [i.Tell(("@alice",), "hi")])
            self.client.app.act = real  # type: ignore[method-assign]
            self.errand.notice(n.Outcome(b"i", "@alice", "hi", "delivered"))
            self.bye()
            self.assertEqual((self.out.getvalue(), self.codes), ("delivered\n", [0]))


class KeyTests(ErrandCase):
    """`verify`, `devices`, `keys`, `report`."""

    def answer(self, verb: str, words: list[str], intent: i.Intent, notice: n.Notice, **options: Any) -> None:
        """Run it, see what it asks for, and answer."""
        self.run_verb(verb, *words, **options)
        real = self.client.app.act
        acted = self.watched()
        self.arrive()
        self.assertEqual(acted, [intent])
        self.client.app.act = real  # type: ignore[method-assign]
        self.errand.notice(notice)
        self.bye()

    def test_verify_shows_the_number_and_says_by_its_status_whether_it_was_compared(self) -> None:
        for trust, status in (("first-seen", 8), ("changed", 8), ("verified", 0), ("vouched", 0)):
            told = n.Compare("alice", "12345 " * 12, trust)
            self.answer("verify", ["@alice"], i.Verify("alice"), told)
            self.assertEqual(self.codes, [status], trust)
            self.assertIn("    12345 12345 12345 12345\n", self.out.getvalue())

    def test_verify_yes(self) -> None:
        intent = i.Verify("alice", "yes")
        self.answer("verify", ["@alice", "yes"], intent, n.Secure("VERIFIED", "alice", intent=intent))
        self.assertIn("alice is verified", self.out.getvalue())
        self.assertEqual(self.codes, [0])

    def test_devices(self) -> None:
        device = n.OwnDevice("abcdefghijklmnop", this=True, listed=True)
        self.answer("devices", [], i.ListDevices(), n.OwnDevices((device,)), json=True)
        self.assertEqual((self.rows()[0]["device"], self.rows()[0]["this"]), ("abcdefghijklmnop", True))

    def test_what_one_deals_with_is_not_told_besides(self) -> None:
        for words, code, told in (
            ([], "DEVICE_OFFERED", ""), (["add", "abcdefghijklmnop"], "DEVICE_OFFERED", ""),
            ([], "RESET_BEGUN", "YOUR keys begin anew soon"),
        ):  # fmt: skip
            self.run_verb("devices", *words)
            self.watched()
            self.arrive()
            self.errand.notice(n.Secure(code, "bob", detail="abcdefghijklmnop"))
            self.assertEqual(self.err.getvalue()[: len(told) or None], told)

    def test_a_device_is_revoked_or_there_is_none(self) -> None:
        intent = i.RevokeDevice("abcdefghijklmnop")
        for code, status in (("DEVICE_REVOKED", 0), ("NO_SUCH_DEVICE", 7)):
            told = n.Secure(code, "bob", detail=intent.device, intent=intent)
            self.answer("devices", ["revoke", "ABCD", "efgh", "ijkl", "mnop"], intent, told)
            self.assertEqual(self.codes, [status])

    def test_keys(self) -> None:
        self.answer("keys", [], i.AskKeys(), n.KeysStatus("abcd", True, True, 50), json=True)
        self.assertEqual(self.rows()[0]["left"], 50)
        self.answer("keys", ["recovery"], i.MakeRecovery(), n.RecoveryCode("ABCD" * 14))
        self.assertIn("    ABCD ABCD", self.out.getvalue())

    def test_secrets_are_given_by_a_file(self) -> None:
        for words, secret, intent in (
            (["recover"], "abcd-efgh", i.Recover("ABCDEFGH")),
            (["reset"], "pass word", i.ResetKeys("pass word")),
        ):
            told = n.Secure("NOT_PRIMARY", intent=intent)
            self.answer("keys", words, intent, told, more={"secret": secret})
            self.assertEqual(self.codes, [7])

    def test_what_to_report(self) -> None:
        self.answer("report", [], i.Report(), n.Local(("0193f2 alice: hi",), i.Report()))
        self.assertEqual((self.out.getvalue(), self.codes), ("0193f2 alice: hi\n", [0]))

    def test_what_is_kept_here_answers_for_history(self) -> None:
        said = n.Said("dm:alice:bob", 1, 1_000, "alice", b"i", "hi", peer="alice", security="verified")
        self.answer("history", ["@alice"], i.ReadHistory("@alice", 50), n.Found("", (said,)), json=True)
        self.assertEqual((self.rows()[0]["text"], self.rows()[0]["e2ee"]), ("hi", "verified"))


class EntryTests(ErrandCase):
    """Not getting in."""

    def test_no_server_is_3(self) -> None:
        self.run_verb("who", json=True)
        self.line.refuse("Connection refused.")
        self.assertEqual((self.rows()[0]["code"], self.codes), ("unreachable", [3]))

    def test_a_fresh_name_signs_up_by_itself(self) -> None:
        self.run_verb("who", name="new", claimed=False)
        self.client.greet()
        [signup] = self.client.sent(m.SignUp)
        self.line.tell(welcome(name="new", ref=signup.ref))
        self.assertEqual(len(self.client.sent(m.Who)), 1)

    def test_a_taken_name_is_4(self) -> None:
        self.run_verb("who", name="new", claimed=False)
        self.client.greet()
        [signup] = self.client.sent(m.SignUp)
        self.line.tell(m.Failed(signup.ref, "name-taken", "Username already taken!"))
        self.client.clock.advance(3)
        self.assertEqual((self.err.getvalue(), self.codes), ("Username already taken!\n", [4]))

    def test_refused_is_4_and_told_once(self) -> None:
        self.run_verb("who")
        self.client.greet()
        self.line.tell(m.Failed(1, "login-refused", "no"))
        self.assertEqual((self.err.getvalue().count("\n"), self.codes), (1, [4]))

    def test_no_name_is_4(self) -> None:
        self.run_verb("who", name="", claimed=False)
        self.client.greet()
        self.client.clock.advance(3)
        self.assertEqual(self.codes, [4])

    def test_an_unknown_certificate_is_4_where_nobody_can_be_asked(self) -> None:
        self.run_verb("who")
        self.client.app.judge("aa", False)
        self.assertEqual(self.codes, [4])
        self.assertIn("--trust-new", self.err.getvalue())

    def test_and_a_question_where_somebody_can(self) -> None:
        self.run_verb("who", ask=lambda question: True)
        self.client.app.judge("aa", False)
        self.assertTrue(self.line.proceeded)

    def test_a_changed_one_is_8(self) -> None:
        self.run_verb("who", json=True)
        self.client.history.set_pin("localhost:6697", "bb")
        self.client.app.judge("aa", False)
        self.assertEqual((self.rows()[0]["code"], self.codes), ("changed", [8]))

    def test_a_server_that_says_nothing_is_9(self) -> None:
        self.run_verb("who")
        self.line.accept()
        self.client.clock.advance(33)
        self.assertEqual(self.codes, [9])

    def test_codes(self) -> None:
        for code, status in (("no-such-group", 5), ("login-refused", 4), ("throttled", 4), ("announce-only", 7),
                             ("mailbox-full", 7), ("busy", 1), ("not-a-member", 7)):  # fmt: skip
            self.assertEqual(exit_code(code), status)
