"""Tests of clients.core.app: whole stories of one client, with the server's side played by the test."""

from __future__ import annotations

import secrets

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core import intents as i
from clients.core import notices as n
from clients.core import records as r
from clients.core.face import Gone
from clients.core.history import History
from clients.core.reading import SKIP
from clients.core.vault import UNPROTECTED, Opening, ProfileError, Vault
from tests.clients.kit import SERVER, Client, greeting, message, position, welcome


class ConnectTests(SynchronousTestCase):
    """Coming, going, coming back."""

    def test_T17_no_server(self) -> None:
        client = Client()
        client.app.start()
        client.line.refuse("Connection refused.")
        self.assertEqual(client.face.take(n.Ended), [n.Ended("unreachable", "Connection refused.")])

    def test_a_loss_is_told_and_followed_by_tries(self) -> None:
        client = Client().log_in()
        client.line.drop("The connection broke.")
        self.assertEqual(client.face.take(n.Lost), [n.Lost("The connection broke.", 0.75)])
        client.clock.advance(0.76)
        self.assertEqual(client.line.opened, 2)
        client.line.refuse()
        [lost] = client.face.take(n.Lost)
        self.assertTrue(lost.still)
        client.clock.advance(lost.retry + 0.01)
        client.log_in()
        self.assertEqual([told.again for told in client.face.take(n.Welcomed)], [False, True])

    def test_the_wait_starts_again_after_a_welcome(self) -> None:
        client = Client().log_in()
        for _ in range(3):
            client.come_back()
        self.assertEqual({lost.retry for lost in client.face.take(n.Lost)}, {0.75})

    def test_a_reconnect_resumes(self) -> None:
        client = Client().log_in()
        client.line.drop()
        client.clock.advance(1)
        client.greet()
        self.assertEqual(client.sent(m.Resume)[0].token, b"token")

    def test_tata(self) -> None:
        client = Client().log_in()
        client.app.enter("tata")
        self.assertEqual(len(client.sent(m.Quit)), 1)
        client.line.tell(m.Bye("goodbye", "bye"))
        self.assertEqual(client.face.take(n.Ended), [n.Ended("left")])
        client.clock.advance(100)
        self.assertEqual(client.line.opened, 1)

    def test_tata_to_a_server_that_does_not_answer(self) -> None:
        client = Client().log_in()
        client.app.enter("tata")
        client.clock.advance(3)
        self.assertEqual(client.face.take(n.Ended), [n.Ended("left")])

    def test_tata_forgets_the_token_a_loss_does_not(self) -> None:
        client = Client().log_in()
        account = client.history.account(SERVER, "alice")
        assert account is not None
        self.assertEqual(account.token, b"token")
        client.app.enter("tata")
        account = client.history.account(SERVER, "alice")
        assert account is not None
        self.assertEqual(account.token, b"")

    def test_ended_elsewhere_does_not_fight(self) -> None:
        client = Client().log_in()
        client.line.tell(m.Bye("ended-elsewhere", "another session"))
        self.assertEqual(client.face.take(n.Ended), [n.Ended("refused")])

    def test_throttled_waits_as_long_as_told(self) -> None:
        client = Client()
        client.greet()
        client.line.tell(m.Failed(2, "throttled", "wait", [], 20.0))
        client.clock.advance(19.9)
        self.assertEqual(client.line.opened, 1)
        client.clock.advance(0.2)
        self.assertEqual(client.line.opened, 2)

    def test_no_timer_runs_without_need(self) -> None:
        client = Client().log_in()
        self.assertEqual([call.getTime() for call in client.clock.getDelayedCalls()], [60.0])


class NameTests(SynchronousTestCase):
    """A first visit."""

    def test_the_name_is_asked_for_and_asked_again(self) -> None:
        client = Client(name="", claimed=False)
        client.greet()
        self.assertEqual(client.face.take(n.AskName), [n.AskName()])
        client.app.name("tesla")
        [signup] = client.sent(m.SignUp)
        client.line.tell(m.Failed(signup.ref, "name-taken", "Username already taken!"))
        self.assertEqual([asked.code for asked in client.face.take(n.AskName)], ["name-taken"])
        client.app.name("nikola")
        [signup] = client.sent(m.SignUp)
        client.line.tell(welcome(name="nikola", ref=signup.ref))
        self.assertEqual(client.app.view().me, "nikola")

    def test_who_thinks_long_is_not_told_of_the_servers_impatience(self) -> None:
        client = Client(name="", claimed=False)
        client.greet()
        client.line.tell(m.Bye("timeout", "too slow"))
        client.clock.advance(100)
        self.assertEqual((client.face.take(n.Lost), client.line.opened), ([], 1))
        client.app.name("tesla")
        client.greet()
        self.assertEqual(client.sent(m.SignUp)[0].name, "tesla")


class TrustTests(SynchronousTestCase):
    """The certificate, before anything is sent."""

    def test_unknown_is_asked_and_pinned(self) -> None:
        client = Client()
        client.app.start()
        self.assertEqual(client.app.judge("aa", False), "ask")
        self.assertEqual(client.face.take(n.AskTrust), [n.AskTrust(SERVER, "aa")])
        self.assertEqual(client.line.written, [])
        client.app.trust(True)
        self.assertTrue(client.line.proceeded)
        self.assertEqual(client.history.pin(SERVER), "aa")
        self.assertEqual(client.app.judge("aa", False), "go")

    def test_no_means_no(self) -> None:
        client = Client()
        client.app.start()
        client.app.judge("aa", False)
        client.app.trust(False)
        self.assertEqual([ended.code for ended in client.face.take(n.Ended)], ["untrusted"])
        self.assertEqual((client.line.written, client.history.pin(SERVER)), ([], ""))

    def test_trust_new(self) -> None:
        client = Client(trust_new=True)
        self.assertEqual(client.app.judge("aa", False), "go")
        self.assertEqual(client.history.pin(SERVER), "aa")

    def test_changed_is_the_end(self) -> None:
        client = Client(trust_new=True)
        client.history.set_pin(SERVER, "aa")
        self.assertEqual(client.app.judge("bb", False), "refuse")
        self.assertEqual([ended.code for ended in client.face.take(n.Ended)], ["changed"])

    def test_an_answer_after_the_line_is_gone_connects_again(self) -> None:
        client = Client()
        client.app.start()
        client.app.judge("aa", False)
        client.line.drop()
        self.assertEqual(client.face.take(n.Lost), [])
        client.app.trust(True)
        self.assertEqual(client.line.opened, 2)


class MessageTests(SynchronousTestCase):
    """What is said and what comes."""

    def test_each_recipient_gets_a_message_of_its_own(self) -> None:
        client = Client().log_in()
        client.app.enter("@bob,@zoe hi")
        sends = client.sent(m.Send)
        self.assertEqual([(send.to, send.text) for send in sends], [("@bob", "hi"), ("@zoe", "hi")])
        self.assertEqual(len({send.id for send in sends}), 2)

    def test_T04_lines_of_one_piece_are_kept_and_sent_at_once_in_order(self) -> None:
        client = Client().log_in()
        client.app.enter("one", "two", "three")
        self.assertEqual([send.text for send in client.sent(m.Send)], ["one", "two", "three"])

    def test_typed_without_a_line_it_waits_survives_and_goes_out_with_its_first_id(self) -> None:
        client = Client().log_in()
        client.line.drop()
        client.app.enter("hello")
        [waiting] = client.face.take(n.Outcome)
        self.assertEqual(waiting.state, "waiting")
        again = Client(history=client.history).log_in()
        [send] = again.sent(m.Send)
        self.assertEqual((send.id, send.text), (waiting.id, "hello"))

    def test_a_restart_does_not_show_anything_twice(self) -> None:
        client = Client().log_in(position("#g", 0, 0))
        client.line.tell(message("#g", 1), message("#g", 2))
        self.assertEqual(len(client.face.take(n.Said)), 2)
        again = Client(history=client.history).log_in(position("#g", 3, 0))
        again.line.tell(message("#g", 1), message("#g", 2), message("#g", 3))
        self.assertEqual([said.seq for said in again.face.take(n.Said)], [3])
        again.clock.advance(1)
        self.assertEqual(again.sent(m.Acknowledge), [m.Acknowledge("#g", 2), m.Acknowledge("#g", 3)])

    def test_own_messages_are_not_shown_after_a_restart(self) -> None:
        client = Client(receive=SKIP).log_in(position("#g", 4, 4))
        client.app.enter("/group g mine")
        client.accept_sends("#g", 6)
        again = Client(history=client.history).log_in(position("#g", 6, 4))
        again.line.tell(message("#g", 5), message("#g", 6, "alice", "mine"))
        self.assertEqual([said.seq for said in again.face.take(n.Said)], [5])
        self.assertFalse(again.session.behind())

    def test_shown_and_out_before_it_is_kept_and_acknowledged(self) -> None:
        client = Client().log_in(position("#g", 0, 0))
        cursors: list[dict[str, int]] = []
        client.face.on[n.Said] = lambda said: cursors.append(client.history.cursors(client.account))
        client.line.tell(message("#g", 1))
        self.assertNotIn("#g", {name for name, seq in cursors[0].items() if seq})
        self.assertEqual(client.history.cursors(client.account)["#g"], 1)
        self.assertEqual(client.face.flushed, len(client.face.notices))

    def test_stop_receiving_holds_for_the_rest_of_the_piece(self) -> None:
        client = Client().log_in(position("#g", 0, 0))
        client.face.on[n.Said] = lambda said: client.app.stop_receiving()
        client.line.tell(message("#g", 1), message("#g", 2))
        self.assertEqual([said.seq for said in client.face.take(n.Said)], [1])
        self.assertEqual(client.history.cursors(client.account)["#g"], 1)

    def test_what_a_face_does_while_told_comes_after_what_waited(self) -> None:
        client = Client().log_in()
        client.line.drop()
        client.app.enter("old")
        client.face.on[n.Welcomed] = lambda told: client.app.act(i.Say("new"))
        client.clock.advance(2)
        client.log_in()
        self.assertEqual([send.text for send in client.sent(m.Send)], ["old", "new"])

    def test_a_full_disk_ends_it_and_nothing_is_promised(self) -> None:
        client = Client().log_in()

        def full(account: int, records: object) -> None:
            raise ProfileError("The local database cannot be written: full.")

        client.history.keep = full  # type: ignore[method-assign]
        client.app.enter("hello")
        self.assertEqual(client.sent(m.Send), [])
        self.assertEqual([ended.code for ended in client.face.take(n.Ended)], ["disk"])

    def test_what_nobody_could_read_is_not_acknowledged(self) -> None:
        client = Client().log_in(position("#g", 1, 0))

        def gone() -> None:
            raise Gone

        client.face.flush = gone
        client.line.tell(message("#g", 1))
        self.assertEqual([ended.code for ended in client.face.take(n.Ended)], ["gone"])
        self.assertEqual(client.history.cursors(client.account).get("#g", 0), 0)
        self.assertEqual(client.sent(m.Acknowledge), [])

    def test_lone_surrogates_do_not_break_the_line(self) -> None:
        client = Client().log_in()
        client.app.enter("a\udc80b")
        self.assertEqual(client.sent(m.Send)[0].text, "a?b")

    def test_another_epoch_reads_everything_anew(self) -> None:
        client = Client().log_in(position("#g", 2, 0))
        client.line.tell(message("#g", 1), message("#g", 2))
        client.face.take(n.Said)
        client.come_back(position("#g", 1, 0), event=greeting("two"))
        client.line.tell(message("#g", 1, text="another one"))
        self.assertEqual([said.text for said in client.face.take(n.Said)], ["another one"])


class FinishTests(SynchronousTestCase):
    """The input is over."""

    def test_T16_waits_for_every_acceptance_then_leaves(self) -> None:
        client = Client().log_in()
        client.app.enter("a", "b")
        client.app.finish(30)
        self.assertEqual(client.sent(m.Quit), [])
        client.accept_sends("#lobby", 1)
        self.assertEqual(len(client.sent(m.Quit)), 1)
        client.line.tell(m.Bye("goodbye", "bye"))
        self.assertEqual(client.face.take(n.Ended), [n.Ended("left")])

    def test_a_server_that_never_answers_does_not_hold_it(self) -> None:
        client = Client().log_in()
        client.app.enter("a")
        client.app.finish(30)
        client.clock.advance(30)
        self.assertEqual([ended.code for ended in client.face.take(n.Ended)], ["waiting"])

    def test_progress_gives_more_time(self) -> None:
        client = Client().log_in()
        client.app.enter("a")
        client.app.finish(30)
        client.clock.advance(20)
        client.line.tell(m.Presence("zoe", "online"))
        client.clock.advance(20)
        self.assertEqual(client.face.take(n.Ended), [])


class LocalTests(SynchronousTestCase):
    """What the client answers by itself."""

    def setUp(self) -> None:
        self.client = Client().log_in()

    def lines(self, text: str) -> tuple[str, ...]:
        """What is told locally."""
        self.client.app.enter(text)
        told = self.client.face.take(n.Local)
        return told[0].lines if told else ()

    def test_T23_a_mistyped_command_sends_nothing(self) -> None:
        self.client.line.written.clear()
        self.client.app.enter("/gruop hw3 my secret")
        self.assertEqual([told.code for told in self.client.face.take(n.Refused)], ["unknown-command"])
        self.assertEqual(self.client.line.written, [])

    def test_T22_usage_and_still_connected(self) -> None:
        self.client.app.enter("@bob")
        self.assertEqual([told.code for told in self.client.face.take(n.Refused)], ["usage"])
        self.assertEqual(self.client.app.view().status, "online")

    def test_focus(self) -> None:
        self.lines("/focus g")
        self.client.app.enter("for the group")
        self.assertEqual(self.client.sent(m.Send)[0].to, "#g")

    def test_ignore_is_remembered(self) -> None:
        self.lines("/ignore bob")
        self.client.line.tell(message("#lobby", 1))
        self.assertEqual(self.client.face.take(n.Said), [])
        self.assertEqual(self.lines("/ignore"), ("Ignored: bob",))
        self.assertIn("bob", Client(history=self.client.history).session.ignored)
        self.lines("/unignore bob")
        self.client.line.tell(message("#lobby", 2))
        self.assertEqual(len(self.client.face.take(n.Said)), 1)

    def test_settings(self) -> None:
        self.assertEqual(self.lines("/set times always"), ("times = always",))
        self.assertEqual(self.client.app.setting("times"), "always")
        self.client.app.enter("/set colour blue")
        self.assertEqual([told.code for told in self.client.face.take(n.Refused)], ["usage"])

    def test_a_profile_without_a_passphrase_is_told_of_once(self) -> None:
        vault = Vault(Opening(face=True), secrets.token_bytes)
        history = History(":memory:", vault)
        for told in ([n.Local((UNPROTECTED,))], []):
            client = Client(history=history).log_in()
            self.assertEqual(client.face.take(n.Local), told)

    def test_what_opens_the_profile(self) -> None:
        self.assertIn("kept elsewhere", self.lines("/keys passphrase")[0])
        self.client.app._show(n.KeysStatus("abcd", True, True, 50))
        self.assertIn("kept elsewhere", self.client.face.take(n.KeysStatus)[0].profile)

    def test_what_is_old_is_deleted_where_one_says_so(self) -> None:
        wall = 400 * 86_400_000
        self.client.app._wall = lambda: wall
        days = 86_400  # messages of the kit are as many seconds old as their number
        self.client.line.tell(message("#lobby", 1, text="old"), message("#lobby", 399 * days, text="new"))
        self.assertEqual(self.lines("/set keep 30d"), ("keep = 30d", "Deleted here: 1 older message."))
        self.assertEqual([said.text for said in self.client.history.search(self.client.account, "")], ["new"])
        self.client.history.keep(self.client.account, [r.KeepMessage("#lobby", 3, 1, "bob", b"i" * 16, "older", False)])
        self.client.app.start()
        self.assertEqual([said.text for said in self.client.history.search(self.client.account, "")], ["new"])

    def test_search_and_history_without_a_line(self) -> None:
        self.client.line.tell(message("#lobby", 1, text="the Deadline is Friday"), message("#lobby", 2, text="ok"))
        self.client.app.enter("/search deadline")
        self.assertEqual([said.seq for said in self.client.face.take(n.Found)[0].messages], [1])
        self.client.line.drop()
        self.client.app.enter("/history 1")
        self.assertEqual([said.seq for said in self.client.face.take(n.Found)[0].messages], [2])

    def test_an_earlier_group_of_the_same_name_is_read_here(self) -> None:
        self.client.line.tell(m.GroupInfo(0, position("#g", 0, 0, created=5), 1), message("#g", 1, text="old"))
        self.client.line.tell(m.GroupChange("#g", "left", "alice"))
        self.client.line.tell(m.GroupInfo(0, position("#g", 0, 0, created=6), 1), message("#g", 1, text="new"))
        apart = self.client.face.take(n.Local)[-1].lines[0].rpartition(": ")[2]
        self.client.app.enter(apart)
        self.assertEqual([said.text for said in self.client.face.take(n.Found)[0].messages], ["old"])
        self.assertEqual(self.client.sent(m.History), [])
        again = Client(history=self.client.history).log_in(position("#g", 1, 0, created=6))
        again.line.tell(message("#g", 1, text="new"))
        self.assertEqual(again.face.take(n.Said), [])

    def test_secrets_are_asked_for_where_they_were_not_given(self) -> None:
        self.client.line.written.clear()
        for typed, intent in (("/keys reset", i.ResetKeys()), ("/keys recover", i.Recover())):
            self.client.app.enter(typed)
            self.assertEqual(self.client.face.take(n.AskSecret), [n.AskSecret(intent)])
        self.client.app.enter("/keys reset stop", "/keys recover abcd")
        self.assertEqual(self.client.face.take(n.AskSecret), [])

    def test_then_is_after_what_was_entered(self) -> None:
        order: list[object] = []
        self.client.face.on[n.Local] = lambda told: order.append(told.intent)
        self.client.app.enter("/focus g", "/focus h")
        self.client.app.then(lambda: order.append("then"))
        self.assertEqual(order, [i.Focus("#g"), i.Focus("#h"), "then"])

    def test_passwd_asks(self) -> None:
        self.client.app.enter("/passwd")
        self.assertEqual(self.client.face.take(n.AskPassword), [n.AskPassword()])
        self.client.app.act(i.ChangePassword("new"))
        self.assertEqual(self.client.sent(m.SetPassword)[0].new, "new")
