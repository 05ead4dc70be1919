"""The node: commit before release, slow readers, rates, ends of all kinds, stopping."""

from __future__ import annotations

from chatd import messages as m
from chatd import people
from chatd.core.limits import Limits
from chatd.core.users import Session
from chatd.entries import Row
from tests.kit import FrailStore, House, Peer, Recorder, Scene

AFAR = "198.51.100.7"
ID = b"0123456789abcdef"


def numbers(peer: Peer) -> list[int]:
    """The seqs of the messages that came."""
    return [message.seq for message in peer.of(m.Message)]


class SlowScene(Scene):
    """Two people in a house whose disk is slow."""

    def setUp(self) -> None:
        self.house = House(slow=True)
        self.alice, self.bob = self.house.person("alice"), self.house.person("bob")
        self.house.commit()
        self.forget()

    def forget(self) -> None:
        """What has come is of no interest."""
        for peer in self.house.peers:
            peer.take()


class CommitFirst(SlowScene):
    """Nothing leaves before it is on disk."""

    def test_no_answer_and_no_delivery_before_the_commit(self) -> None:
        self.alice.send("@bob", "hi")
        self.alice.ask(m.Join, "hw3")
        self.alice.ask(m.Away, "lunch")
        self.house.advance(5)
        self.assertEqual((self.alice.take(), self.bob.take()), ([], []))
        self.house.commit()
        self.assertEqual([type(e) for e in self.alice.read()], [m.Accepted, m.GroupInfo, m.Done])
        self.assertEqual([type(e) for e in self.bob.read()], [m.Message, m.Presence])

    def test_a_goodbye_waits_for_the_commits_before_it(self) -> None:
        self.alice.send("@bob", "hi")
        self.alice.ask(m.Quit)
        self.assertEqual(self.alice.take(), [])
        self.house.commit()
        self.assertEqual([type(e) for e in self.alice.read()], [m.Accepted, m.Bye])
        self.assertTrue(self.alice.over)

    def test_a_new_account_is_not_in_before_the_commit(self) -> None:
        carol = self.house.greeted()
        carol.sign_up("carol")
        self.assertEqual((carol.of(m.Welcome), self.alice.take()), ([], []))
        self.house.restart()
        self.assertIsNone(self.house.node.hub.users.get("carol"))

    def test_questions_wait_behind_what_is_being_written(self) -> None:
        self.alice.send("@bob", "hi")
        self.alice.ask(m.Ping)
        self.bob.ask(m.Who)
        self.assertEqual((self.alice.take(), self.bob.take()), ([], []))
        self.house.commit()
        self.assertEqual([type(e) for e in self.alice.read()], [m.Accepted, m.Pong])
        self.assertEqual([type(e) for e in self.bob.read()], [m.Message, m.WhoList])

    def test_an_acknowledgement_makes_nobody_wait_and_comes_to_disk_soon(self) -> None:
        """It is true before it is on disk; what a crash takes of it is a message that comes again."""
        for seconds, again in ((0.0, [1]), (1.0, [])):
            self.setUp()
            self.alice.send("@bob", "hi")
            self.house.commit()
            self.forget()
            self.bob.ack("dm:alice:bob", 1)
            self.assertEqual(self.alice.take(), [m.Delivered("dm:alice:bob", 1, "bob")])
            self.assertEqual(self.house.writer.waiting, [])
            if seconds:
                self.house.advance(seconds)
                self.house.commit()
            self.house.restart()
            bob = self.bob.again()
            self.house.commit()
            self.assertEqual(numbers(bob), again)

    def test_an_acknowledgement_is_on_disk_when_the_server_has_stopped(self) -> None:
        self.alice.send("@bob", "hi")
        self.house.commit()
        self.bob.ack("dm:alice:bob", 1)
        stopped = self.house.node.stop()
        self.house.commit()
        self.house.advance(5)
        self.successResultOf(stopped)
        self.assertEqual([cursor.seq for cursor in self.house.store.load().cursors if cursor.seq], [1])

    def test_kill_between_turns_loses_nothing_that_was_accepted(self) -> None:
        self.alice.send("@bob", "one")
        self.house.settle()
        self.alice.send("@bob", "two")  # waits for the next commit
        self.house.writer.run()
        self.alice.read()
        self.assertEqual([a.seq for a in self.alice.of(m.Accepted)], [1])
        self.house.restart()
        bob = self.bob.again()
        self.house.commit()
        self.assertEqual(bob.texts(), ["one"])

    def test_failed_commit_ends_everything_and_nothing_leaks_out(self) -> None:
        store = FrailStore()
        self.house = House(store, slow=True)
        alice, bob = self.house.person("alice"), self.house.person("bob")
        stranger = self.house.greeted()
        self.house.commit()
        self.forget()
        alice.send("@bob", "lost")
        alice.ask(m.Ping)
        store.broken = True
        self.house.commit()
        store.broken = False
        bob.ask(m.Ping)
        self.house.commit()
        self.house.advance(10)
        self.assertEqual([alice.take(), bob.take(), stranger.take()], [[], [], []])
        self.assertEqual([peer.transport.aborted for peer in (alice, bob, stranger)], [True] * 3)
        self.assertEqual(len(self.house.failures), 1)
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.house.restart()
        alice, bob = alice.again(), bob.again()
        self.house.commit()
        alice.send("@bob", "again")
        self.house.commit()
        self.assertEqual((bob.texts(), alice.last(m.Accepted).seq), (["again"], 1))

    def test_whoever_joins_while_messages_are_written_hears_what_came_after(self) -> None:
        for peer in (self.alice, self.bob):
            peer.ask(m.Join, "hw3")
        self.house.commit()
        carol = self.house.person("carol")
        self.alice.send("#hw3", "one")
        self.house.settle()
        carol.ask(m.Join, "hw3")
        self.alice.send("#hw3", "two")
        self.house.commit()
        self.alice.send("#hw3", "three")
        self.house.commit()
        heard = carol.texts()
        self.assertEqual(heard[-2:], ["two", "three"])
        self.assertEqual(numbers(carol), list(range(4 - len(heard), 4)))
        self.assertEqual(self.bob.texts(), ["one", "two", "three"])

    def test_whoever_is_put_out_hears_nothing_after(self) -> None:
        for peer in (self.alice, self.bob):
            peer.ask(m.Join, "hw3")
        self.house.commit()
        self.forget()
        self.alice.tell(
            m.Send(1, "#hw3", ID, "one"), m.Kick(2, "hw3", "bob"), m.Send(3, "#hw3", b"x" * 16, "two"),
        )  # fmt: skip
        self.house.commit()
        self.assertEqual([type(e) for e in self.bob.read()], [m.Message, m.GroupChange])
        self.assertEqual(self.bob.texts(), ["one"])

    def test_left_and_come_back_in_one_turn(self) -> None:
        for peer in (self.alice, self.bob):
            peer.ask(m.Join, "hw3")
        self.house.commit()
        self.forget()
        self.bob.tell(m.Leave(1, "hw3"), m.Join(2, "hw3"))
        self.house.commit()
        self.alice.send("#hw3", "back?")
        self.house.commit()
        self.assertEqual(self.bob.texts(), ["back?"])

    def test_dead_before_the_answer(self) -> None:
        self.alice.send("@bob", "hi")
        self.alice.lose()
        self.house.commit()
        self.assertEqual(self.bob.texts(), ["hi"])
        self.assertEqual(self.bob.of(m.Presence), [m.Presence("alice", "lost")])

    def test_a_busy_disk_slows_the_senders_down(self) -> None:
        self.house.limits = Limits(waiting_entries=10)
        self.house.restart()
        alice, bob = self.house.peers[0].again(), self.house.peers[1].again()
        self.house.commit()
        for number in range(40):
            alice.send("@bob", str(number))
        self.assertEqual(alice.transport.producerState, "paused")
        self.assertEqual(bob.transport.producerState, "producing")
        self.house.commit()
        self.assertEqual(alice.transport.producerState, "producing")
        self.assertEqual(bob.texts(), [str(number) for number in range(40)])


class SlowReaders(Scene):
    """T13: a reader that does not read stops nobody, and misses nothing when it reads again."""

    def setUp(self) -> None:
        self.house = House(limits=Limits(unsent_bytes=10_000))
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        for peer in (self.alice, self.bob, self.carol):
            peer.ask(m.Join, "hw3")
            peer.take()

    def session(self, name: str) -> Session:
        """Somebody's only session."""
        (session,) = self.house.node.hub.users.find(name).sessions
        return session

    def flood(self, count: int, start: int = 0) -> None:
        """Messages of 500 characters to the group and to Bob."""
        for number in range(start, start + count):
            self.alice.send("#hw3", f"{number:0500}")
            self.alice.send("@bob", f"{number:0500}")

    def whole(self, count: int) -> None:
        """Bob has everything, once, in order."""
        for conversation in ("#hw3", "dm:alice:bob"):
            seqs = [x.seq for x in self.bob.of(m.Message) if x.conversation == conversation]
            self.assertEqual(seqs, list(range(1, count + 1)), conversation)

    def test_fed_from_the_store_afterwards_without_loss_or_repeats(self) -> None:
        self.bob.stick(1_000)
        self.flood(100)
        self.assertEqual(len(self.carol.texts()), 100)
        self.assertTrue(self.session("bob").behind)
        self.bob.unstick()
        self.whole(100)
        self.assertFalse(self.session("bob").behind)
        self.flood(3, 100)
        self.whole(103)

    def test_what_waits_for_it_is_bounded(self) -> None:
        self.bob.stick()
        self.flood(400)
        outlet = self.session("bob").link
        self.assertLess(outlet._queued, 12_000)  # type: ignore[attr-defined]
        self.bob.unstick()
        self.whole(400)

    def test_stuck_again_while_it_is_fed(self) -> None:
        self.bob.stick()
        self.flood(100)
        for _ in range(30):
            self.bob.unstick()
            self.bob.stick(2_000)
            self.flood(2, 100 + _ * 2)
        self.bob.unstick()
        self.whole(160)

    def test_stuck_while_it_is_fed_from_a_slow_disk(self) -> None:
        for later in (self.house.writer, self.house.reader):
            later.slow = True
        self.bob.stick()
        self.flood(50)
        self.house.commit()
        self.bob.unstick()
        self.flood(5, 50)
        self.house.writer.run()
        self.house.settle()
        self.bob.stick(100)
        self.flood(50, 55)
        self.house.commit()
        self.bob.unstick()
        self.house.commit()
        self.bob.unstick()
        self.house.commit()
        self.bob.read()
        self.whole(105)

    def test_it_is_not_read_from_while_it_does_not_read(self) -> None:
        self.bob.stick()
        self.flood(30)
        self.bob.send("@alice", "with my hands over my ears")
        self.assertEqual(self.alice.texts(), [])
        self.bob.unstick()
        self.assertEqual(self.alice.texts(), ["with my hands over my ears"])

    def test_cut_after_thirty_seconds_its_mail_stays(self) -> None:
        self.bob.stick()
        self.flood(50)
        self.house.advance(29)
        self.assertFalse(self.bob.over)
        self.house.advance(2)
        self.assertTrue(self.bob.transport.aborted)
        self.assertEqual(self.carol.of(m.Presence), [m.Presence("bob", "lost")])
        self.bob = self.bob.again()
        self.whole(50)

    def test_its_answers_come_too(self) -> None:
        self.bob.ask(m.Ping)
        self.bob.take()
        self.bob.stick()
        ref = self.bob.ask(m.Ping)
        self.flood(50)
        self.bob.unstick()
        self.assertEqual(self.bob.last(m.Pong).ref, ref)
        self.whole(50)

    def test_put_out_while_it_lags(self) -> None:
        self.bob.stick()
        self.flood(50)
        self.granted(self.alice, m.Kick, "hw3", "bob")
        self.bob.unstick()
        seqs = [x.seq for x in self.bob.of(m.Message) if x.conversation == "#hw3"]
        self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
        self.assertLess(len(seqs), 50)

    def test_many_pages(self) -> None:
        self.bob.lose()
        self.flood(1_100)
        self.bob = self.bob.again()
        self.whole(1_100)


class Rates(Scene):
    """Too fast is slowed down, and nothing is lost."""

    def setUp(self) -> None:
        self.house = House(limits=Limits(message_rate=10, message_burst=20))
        self.alice, self.bob = self.house.person("alice", AFAR), self.house.person("bob")
        self.alice.take()
        self.bob.take()

    def test_slowed_told_once_nothing_lost(self) -> None:
        for number in range(60):
            self.alice.send("@bob", str(number))
        self.assertEqual(len(self.bob.texts()), 21)
        notices = self.alice.of(m.Notice)
        self.assertEqual([notice.code for notice in notices], ["slow-down"])
        self.assertEqual(self.alice.transport.producerState, "paused")
        self.house.advance(5)
        self.assertEqual(self.bob.texts(), [str(number) for number in range(60)])
        self.assertLessEqual(len(self.alice.of(m.Notice)), 3)

    def test_a_paste_in_one_segment_arrives_whole_and_is_paid_for(self) -> None:
        self.alice.tell(*[m.Send(n, "@bob", b"%016d" % n, str(n)) for n in range(100)])
        self.assertEqual(len(self.bob.texts()), 100)
        (notice,) = self.alice.of(m.Notice)
        self.assertAlmostEqual(notice.retry, 0.1)
        self.house.advance(1)
        self.alice.send("@bob", "next")
        self.assertEqual(self.bob.texts()[-1], "next")
        self.assertAlmostEqual(self.alice.last(m.Notice).retry, 7.1)
        self.alice.send("@bob", "later")
        self.house.advance(5)
        self.assertEqual(self.bob.texts()[-1], "next")
        self.house.advance(5)
        self.assertEqual(self.bob.texts()[-1], "later")

    def test_the_rate_is_of_the_account_and_others_do_not_notice(self) -> None:
        for number in range(30):
            self.alice.send("@bob", str(number))
        carol = self.house.person("carol", AFAR)
        self.granted(carol, m.Send, "@bob", ID, "hi")
        self.granted(self.bob, m.Send, "@alice", ID, "hi")

    def test_this_machine_is_not_slowed(self) -> None:
        for number in range(100):
            self.bob.send("@alice", str(number))
        self.assertEqual(len(self.alice.texts()), 100)

    def test_gone_while_slowed(self) -> None:
        for number in range(40):
            self.alice.send("@bob", str(number))
        self.alice.lose()
        self.house.advance(30)
        self.assertEqual(self.house.node.sessions.keys(), {self.session()})

    def session(self) -> Session:
        """Bob's."""
        (session,) = self.house.node.hub.users.find("bob").sessions
        return session

    def test_whatever_others_hear_of_has_this_rate(self) -> None:
        for number in range(40):
            self.alice.ask(m.Away, str(number))
        self.assertEqual(len(self.bob.of(m.Presence)), 21)
        self.assertEqual(self.alice.transport.producerState, "paused")
        self.house.advance(5)
        self.assertEqual(len(self.bob.of(m.Presence)), 40)

    def test_too_many_questions_are_refused(self) -> None:
        self.house = House(limits=Limits(lists_burst=3, lists_per_second=1))
        alice = self.house.person("alice", AFAR)
        for kind, more in ((m.Who, ()), (m.Groups, ()), (m.History, ("#lobby",))):
            self.granted(alice, kind, *more)
        failed = self.refused("rate-limited", alice, m.Members, "lobby")
        self.granted(alice, m.Ping)
        self.house.clock.advance(failed.retry)
        self.granted(alice, m.Members, "lobby")


class Stopping(SlowScene):
    """An orderly end."""

    def test_everything_taken_is_answered_then_goodbye(self) -> None:
        stranger = self.house.greeted()
        stranger.take()
        self.alice.send("@bob", "last words")
        done = self.house.node.stop()
        self.assertNoResult(done)
        self.house.commit()
        self.house.advance(5)
        self.house.commit()
        self.house.advance(5)
        self.successResultOf(done)
        self.assertEqual([type(e) for e in self.alice.read()], [m.Accepted, m.Bye])
        self.assertEqual([type(e) for e in self.bob.read()], [m.Message, m.Bye])
        self.assertEqual({p.last(m.Bye).code for p in (self.alice, self.bob, stranger)}, {"stopping"})
        self.assertEqual([p.over for p in (self.alice, self.bob, stranger)], [True] * 3)

    def test_somebody_who_goes_on_sending_does_not_keep_it(self) -> None:
        self.alice.send("@bob", "0")
        done = self.house.node.stop()
        for number in range(1, 30):
            self.alice.send("@bob", str(number))
            self.house.writer.run()
            self.house.advance(1)
        self.house.commit()
        self.successResultOf(done)
        accepted = len(self.alice.of(m.Accepted))
        self.house.restart()
        bob = self.bob.again()
        self.house.commit()
        self.assertEqual(bob.texts(), [str(number) for number in range(accepted)])

    def test_nobody_is_lost_when_the_server_stops(self) -> None:
        recorder = Recorder()
        self.house.node.watchers.append(recorder)
        self.house.node.stop()
        self.house.commit()
        self.house.advance(5)
        self.house.commit()
        self.assertEqual(sorted(recorder.lines), ["-alice", "-bob"])


class Watching(Scene):
    """Who watches hears of each session once."""

    def test_comings_and_goings(self) -> None:
        recorder = Recorder()
        self.house.node.watchers.append(recorder)
        alice = self.house.person("alice")
        alice = alice.again()
        guest = self.house.guest("gast")
        guest.ask(m.Quit)
        alice.lose()
        self.house.peer().lose()
        self.assertEqual(recorder.lines, ["+alice", "+alice", "-alice", "+gast", "-gast", "-alice lost"])


class Lines(Scene):
    """What a port of lines asks for."""

    def test_who_is_meant_by_a_name(self) -> None:
        (alice,) = self.house.people("alice")
        gast = self.house.caller("gast", realname="G. Ast")
        node = self.house.node
        person = node.person("GAST")
        assert person is not None
        self.assertEqual((person.name, person.realname, person.state, person.away), ("gast", "G. Ast", "online", ""))
        self.assertEqual(node.source("gast"), f"gast!~me@{person.host}")
        self.granted(alice, m.Away, "lunch")
        away = node.person("alice")
        assert away is not None
        self.assertEqual((away.account, away.state, away.away), ("alice", "away", "lunch"))
        gast.lose()
        self.assertIsNone(node.person("gast"))

    def test_what_the_port_says_itself_is_in_order(self) -> None:
        (alice,) = self.house.people("alice")
        self.house.node.receive(alice.session, m.Ping(1))
        self.house.node.tell(alice.session, m.Notice("port", "mine"))
        self.house.settle()
        self.assertEqual([type(event) for event in alice.take()], [m.Pong, m.Notice])

    def test_stored_mail_is_a_page_of_the_link(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        bob.lose()
        alice.ask(m.Send, "@bob", b"i" * 16, "hello", "notice", "+x=y")
        bob = self.house.greeted()
        pages: list[tuple[str, list[m.Message]]] = []

        def page(conversation: str, messages: list[m.Message]) -> bytes:
            pages.append((conversation, messages))
            return b""

        bob.session.link.page = page  # type: ignore[assignment,method-assign]
        bob.name = "bob"
        bob.session.proof.account = self.house.node.hub.users.find("bob")
        bob.ask(people.Arrive, "bob", "b", "Bob")
        ((conversation, (message,)),) = pages
        self.assertEqual(
            (conversation, message.text, message.kind, message.tags), ("dm:alice:bob", "hello", "notice", "+x=y")
        )


class LongMessages(Scene):
    """A page is shorter than asked for where its messages are long; what follows comes with the next one."""

    COUNT = 50

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.bob.lose()
        for number in range(1, self.COUNT + 1):
            self.alice.send("@bob", f"{number:016000}")
        self.asked: list[int] = []

    def count(self, name: str) -> None:
        """Note how many rows each call of the store's gave."""
        real = getattr(self.house.store, name)

        def counting(*arguments: int) -> list[Row]:
            rows: list[Row] = real(*arguments)
            self.asked.append(len(rows))
            return rows

        setattr(self.house.store, name, counting)

    def test_all_that_waited_comes_in_short_pages(self) -> None:
        self.count("read")
        bob = self.bob.again()
        self.assertEqual([int(text[-5:]) for text in bob.texts()], list(range(1, self.COUNT + 1)))
        self.assertEqual(self.asked, [17, 17, 16])
        self.alice.send("@bob", "live")
        self.assertEqual(bob.texts()[-1], "live")

    def test_history_of_long_messages_says_that_there_is_more(self) -> None:
        self.count("read_before")
        walked: list[int] = []
        before, more = 0, True
        while more:
            self.alice.ask(m.History, "@bob", before, 40)
            page = self.alice.last(m.Page)
            walked = [message.seq for message in page.messages] + walked
            before, more = page.messages[0].seq, page.more
        self.assertEqual(walked, list(range(1, self.COUNT + 1)))
        self.assertEqual(self.asked, [17, 17, 16])


class Damage(Scene):
    """A store that cannot read a page ends that connection only."""

    def test_unreadable_page(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        bob.lose()
        alice.send("@bob", "one")

        def broken(*_: object) -> list[Row]:
            raise OSError("bad sector")

        read, self.house.store.read = self.house.store.read, broken  # type: ignore[method-assign,assignment]
        self.assertTrue(bob.again().transport.aborted)
        self.house.store.read_before = broken  # type: ignore[method-assign,assignment]
        alice.ask(m.History, "#lobby")
        self.assertTrue(alice.transport.aborted)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)
        self.house.store.read = read  # type: ignore[method-assign]
        self.assertEqual(bob.again().texts(), ["one"])
