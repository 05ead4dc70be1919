"""Messages: sent, stored, delivered; what waits for whom; dedupe; history; and refusals that change nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd import messages as m
from chatd.core.limits import Limits
from tests.kit import House, Keys, Peer, Scene

ID = b"0123456789abcdef"


def seqs(peer: Peer) -> list[int]:
    """The seqs of the messages that came."""
    return [message.seq for message in peer.of(m.Message)]


class MailScene(Scene):
    """Alice and Bob are here, Carol has an account and is away."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carol = self.house.people("alice", "bob", "carol")
        self.carol.lose()
        self.alice.take()
        self.bob.take()

    def second(self, peer: Peer) -> Peer:
        """A second device of somebody's account, in."""
        self.granted(peer, m.SetPassword, "correct horse")
        other = self.house.greeted()
        other.link(peer.name, "correct horse")
        assert other.of(m.Welcome), other.events
        other.take()
        peer.take()
        return other


class Sending(MailScene):
    """From a sender to the readers."""

    def test_direct_message(self) -> None:
        ref = self.alice.send("@bob", "hi", ID)
        at = int(self.house.wall() * 1000)
        self.assertEqual(self.alice.take(), [m.Accepted(ref, "dm:alice:bob", 1, at, "sent")])
        self.assertEqual(self.bob.take(), [m.Message("dm:alice:bob", 1, at, "alice", ID, "hi")])

    def test_sender_does_not_hear_itself_its_other_devices_do(self) -> None:
        other = self.second(self.alice)
        for to in ("@bob", "#lobby"):
            self.alice.send(to, "hi")
        self.assertEqual(self.alice.texts(), [])
        self.assertEqual(other.texts(), ["hi", "hi"])

    def test_name_in_any_letters(self) -> None:
        for to in ("@bob", "@BOB", "@ Bob ", "@Ｂob"):
            self.alice.send(to, to)
        self.assertEqual(seqs(self.bob), [1, 2, 3, 4])

    def test_group_without_its_sign(self) -> None:
        self.granted(self.alice, m.Join, "hw3")
        self.granted(self.bob, m.Join, "hw3")
        self.alice.send("hw3", "hi")
        self.assertEqual(self.bob.texts(), ["hi"])

    def test_lobby_reaches_everybody_with_guests(self) -> None:
        guest = self.house.guest("gast")
        self.alice.send("#lobby", "to all")
        guest.send("#lobby", "from a guest")
        self.assertEqual(self.bob.texts(), ["to all", "from a guest"])
        self.assertEqual((self.alice.texts(), guest.texts()), (["from a guest"], ["to all"]))

    def test_server_says_who_sent_it(self) -> None:
        self.alice.send("@bob", "carol: I am carol")
        (message,) = self.bob.of(m.Message)
        self.assertEqual((message.sender, message.text), ("alice", "carol: I am carol"))

    def test_refusals(self) -> None:
        ask = (self.alice, m.Send)
        self.refused("empty-text", *ask, "@bob", ID, "")
        self.refused("empty-text", *ask, "@bob", ID, " \n\t\u3000")
        self.refused("text-too-long", *ask, "@bob", ID, "x" * 16_385)
        self.refused("text-too-long", *ask, "@bob", ID, "é" * 8_193)
        for identity in (b"", b"short", ID + b"x"):
            self.refused("bad-id", *ask, "@bob", identity, "hi")
        self.refused("not-allowed", *ask, "@alice", ID, "me")
        self.refused("no-such-user", *ask, "@", ID, "hi")
        self.refused("no-such-user", *ask, "@" + "x" * 1000, ID, "hi")
        self.refused("no-such-group", *ask, "", ID, "hi")
        self.refused("no-such-group", *ask, "#", ID, "hi")
        self.refused("no-such-group", *ask, "dm:alice:bob", ID, "hi")
        self.house.node.hub.full = True
        self.refused("storage-full", *ask, "@bob", ID, "hi")

    def test_longest_text_travels_whole(self) -> None:
        text = "é" * 8_192
        self.alice.send("@bob", text)
        self.assertEqual(self.bob.texts(), [text])

    def test_unknown_name_is_told_apart_from_known_but_away(self) -> None:
        failed = self.refused("no-such-user", self.alice, m.Send, "@carole", ID, "hi")
        self.assertEqual(failed.near, ["carol"])
        accepted = self.granted(self.alice, m.Send, "@carol", ID, "hi")
        assert isinstance(accepted, m.Accepted)
        self.assertEqual(accepted.state, "stored")

    def test_guests_have_no_private_messages(self) -> None:
        guest = self.house.guest("gast")
        self.refused("guest", guest, m.Send, "@bob", ID, "psst")
        self.refused("guest", self.alice, m.Send, "@gast", ID, "psst")

    @given(st.text(min_size=1).filter(lambda text: not text.isspace()))
    def test_any_text_survives(self, text: str) -> None:
        if max(text) >= "\ud800" and any("\ud800" <= char <= "\udfff" for char in text):
            return  # half a surrogate pair is not UTF-8
        self.alice.send("@bob", text)
        self.assertEqual(self.bob.texts(), [text])
        self.bob.take()

    def test_time_never_goes_back_in_a_conversation(self) -> None:
        self.alice.send("@bob", "one")
        self.house.seconds -= 3600
        self.bob.send("@alice", "two")
        self.house.seconds += 3601
        self.alice.send("@bob", "three")
        times = [x.at for x in (*self.bob.of(m.Message), *self.alice.of(m.Message))]
        self.assertEqual((times[0], times[1] - times[0]), (times[2], 1000))

    def test_state_says_whether_a_reader_is_on(self) -> None:
        self.granted(self.alice, m.Join, "hw3")
        self.alice.send("#hw3", "nobody else")
        self.assertEqual(self.alice.last(m.Accepted).state, "stored")
        self.granted(self.bob, m.Join, "hw3")
        self.alice.send("#hw3", "bob is on")
        self.assertEqual(self.alice.last(m.Accepted).state, "sent")
        self.bob.lose()
        self.alice.send("#hw3", "bob is away")
        self.assertEqual(self.alice.last(m.Accepted).state, "stored")
        self.alice.send("@bob", "away")
        self.assertEqual(self.alice.last(m.Accepted).state, "stored")

    def test_ones_own_second_device_is_no_reader(self) -> None:
        self.second(self.alice)
        self.alice.send("@carol", "hi")
        self.assertEqual(self.alice.last(m.Accepted).state, "stored")
        self.granted(self.alice, m.Join, "hw3")
        self.alice.send("#hw3", "hi")
        self.assertEqual(self.alice.last(m.Accepted).state, "stored")


class Delivering(MailScene):
    """Acknowledgements and what senders hear of them."""

    def test_sender_hears_of_the_newest_read(self) -> None:
        for text in ("one", "two", "three"):
            self.alice.send("@bob", text)
        self.alice.take()
        self.bob.ack("dm:alice:bob", 2)
        self.assertEqual(self.alice.take(), [m.Delivered("dm:alice:bob", 2, "bob")])
        self.bob.ack("dm:alice:bob", 3)
        self.assertEqual(self.alice.take(), [m.Delivered("dm:alice:bob", 3, "bob")])

    def test_all_devices_of_the_sender_hear_it(self) -> None:
        other = self.second(self.alice)
        self.alice.send("@bob", "one")
        self.bob.ack("dm:alice:bob", 1)
        self.assertEqual(other.of(m.Delivered), [m.Delivered("dm:alice:bob", 1, "bob")])

    def test_once_and_never_for_less(self) -> None:
        self.alice.send("@bob", "one")
        self.alice.take()
        for seq in (1, 1, 0, -5):
            self.bob.ack("dm:alice:bob", seq)
        self.assertEqual(len(self.alice.take()), 1)

    def test_first_reader_of_a_group(self) -> None:
        for peer in (self.alice, self.bob, carol := self.carol.again()):
            peer.ask(m.Join, "hw3")
        self.alice.send("#hw3", "one")
        self.alice.take()
        self.bob.ack("#hw3", 1)
        carol.ack("#hw3", 1)
        self.assertEqual(self.alice.of(m.Delivered), [m.Delivered("#hw3", 1, "bob")])

    def test_each_sender_hears_of_their_own(self) -> None:
        for peer in (self.alice, self.bob, carol := self.carol.again()):
            peer.ask(m.Join, "hw3")
        self.alice.send("#hw3", "one")
        self.bob.send("#hw3", "two")
        for peer in (self.alice, self.bob):
            peer.take()
        self.bob.ack("#hw3", 2)
        self.assertEqual((self.alice.take(), self.bob.take()), ([m.Delivered("#hw3", 1, "bob")], []))
        carol.ack("#hw3", 2)
        self.assertEqual((self.alice.take(), self.bob.take()), ([], [m.Delivered("#hw3", 2, "carol")]))

    def test_read_in_the_lobby(self) -> None:
        self.alice.send("#lobby", "one")
        self.alice.take()
        self.bob.ack("#lobby", 1)
        self.assertEqual(self.alice.take(), [m.Delivered("#lobby", 1, "bob")])

    def test_of_the_future_or_of_nothing_is_ignored(self) -> None:
        self.alice.send("@bob", "one")
        self.alice.take()
        for conversation, seq in (("#nowhere", 1), ("", 1), ("dm:alice:bob", 2**62), ("dm:alice:carol", 1)):
            self.bob.ack(conversation, seq)
        self.assertEqual(self.bob.take()[1:], [])
        self.assertEqual(self.alice.take(), [m.Delivered("dm:alice:bob", 1, "bob")])
        self.alice.send("@bob", "two")
        self.assertEqual([x.seq for x in self.bob.again().of(m.Message)], [2])

    def test_nobody_acknowledges_for_others(self) -> None:
        self.alice.send("@carol", "for carol")
        self.alice.take()
        self.bob.ack("dm:alice:carol", 1)
        self.assertEqual(self.alice.take(), [])
        self.assertEqual(self.carol.again().texts(), ["for carol"])

    def test_heard_says_it_to_a_sender_who_was_away(self) -> None:
        self.alice.send("@bob", "one")
        self.alice.lose()
        self.bob.ack("dm:alice:bob", 1)
        positions = {p.conversation: p.heard for p in self.alice.again().last(m.Welcome).conversations}
        self.assertEqual(positions["dm:alice:bob"], 1)

    def test_a_restart_does_not_keep_the_sender_from_hearing_it(self) -> None:
        self.alice.send("@carol", "one")
        self.alice.send("@carol", "two")
        self.house.restart()
        alice, carol = self.alice.again(), self.carol.again()
        alice.take()
        carol.ack("dm:alice:carol", 2)
        self.assertEqual(alice.of(m.Delivered), [m.Delivered("dm:alice:carol", 2, "carol")])

    def test_guests_acknowledge_nothing(self) -> None:
        guest = self.house.guest("gast")
        self.alice.send("#lobby", "one")
        self.alice.take()
        guest.ack("#lobby", 1)
        self.assertEqual((self.alice.take(), guest.take()[1:]), ([], []))


class Offline(MailScene):
    """Mail for somebody who is away."""

    def test_in_order_with_the_time_of_sending(self) -> None:
        times = []
        for number in range(5):
            self.alice.send("@carol", f"mail {number}")
            times.append(self.alice.last(m.Accepted).at)
            self.house.advance(60)
            self.alice.ask(m.Ping)
        came = self.carol.again().of(m.Message)
        self.assertEqual([(x.seq, x.text, x.at) for x in came], [(n + 1, f"mail {n}", times[n]) for n in range(5)])

    def test_comes_again_until_acknowledged_then_never(self) -> None:
        for text in ("one", "two", "three"):
            self.alice.send("@carol", text)
        self.assertEqual(self.carol.again().texts(), ["one", "two", "three"])
        carol = self.carol.again()
        self.assertEqual(carol.texts(), ["one", "two", "three"])
        carol.ack("dm:alice:carol", 2)
        self.assertEqual(self.carol.again().texts(), ["three"])
        self.house.advance(1)  # an acknowledgement goes to disk with the next commit, or after a moment
        self.house.restart()
        carol = self.carol.again()
        self.assertEqual(carol.texts(), ["three"])
        carol.ack("dm:alice:carol", 3)
        self.house.advance(1)
        self.house.restart()
        self.assertEqual(self.carol.again().texts(), [])

    def test_group_messages_wait_for_every_member(self) -> None:
        carol = self.carol.again()
        for peer in (self.alice, self.bob, carol):
            peer.ask(m.Join, "hw3")
        self.bob.lose()
        carol.lose()
        for text in ("one", "two"):
            self.alice.send("#hw3", text)
        for name in (self.bob, self.carol):
            self.assertEqual(name.again().texts(), ["one", "two"])

    def test_more_than_one_page(self) -> None:
        for number in range(1_203):
            self.alice.send("@carol", str(number))
        carol = self.carol.again()
        self.assertEqual(carol.texts(), [str(number) for number in range(1_203)])
        self.alice.send("@carol", "live")
        self.assertEqual(carol.texts()[-1], "live")

    def test_new_mail_while_old_mail_is_being_read_comes_behind_it(self) -> None:
        self.house = House(slow=True)
        alice, carol = self.house.person("alice"), self.house.person("carol")
        carol.lose()
        for number in range(5):
            alice.send("@carol", str(number))
        self.house.commit()
        carol = carol.again()
        self.house.writer.run()
        self.house.settle()
        alice.send("@carol", "new")
        self.house.writer.run()
        self.house.settle()
        self.assertEqual(carol.texts(), [])
        self.house.commit()
        self.assertEqual(carol.texts(), ["0", "1", "2", "3", "4", "new"])

    def test_each_device_has_its_own_cursor(self) -> None:
        other = self.second(self.bob)
        self.alice.send("@bob", "one")
        self.bob.ack("dm:alice:bob", 1)
        self.assertEqual(self.bob.again().texts(), [])
        self.assertEqual(other.again().texts(), ["one"])

    def test_a_new_device_gets_what_no_other_has_acknowledged(self) -> None:
        self.alice.send("@bob", "one")
        self.alice.send("@bob", "two")
        self.bob.ack("dm:alice:bob", 1)
        self.granted(self.bob, m.SetPassword, "correct horse")
        other = self.house.greeted()
        other.link("bob", "correct horse")
        self.assertEqual(other.texts(), ["two"])

    def test_lobby_keeps_no_mail(self) -> None:
        self.alice.send("#lobby", "gone by")
        carol = self.carol.again()
        self.assertEqual(carol.texts(), [])
        carol.ask(m.History, "#lobby")
        self.assertEqual([x.text for x in carol.last(m.Page).messages], ["gone by"])

    def test_lobby_goes_on_after_a_resume(self) -> None:
        carol = self.carol.again()
        self.alice.send("#lobby", "one")
        carol.ack("#lobby", 1)
        self.alice.send("#lobby", "two")
        carol.lose()
        self.alice.send("#lobby", "three")
        self.house.restart()
        self.assertEqual(carol.resume().texts(), ["two", "three"])
        self.assertEqual(carol.again().texts(), [])

    def test_full_mailbox_refuses_the_sender_until_it_is_read(self) -> None:
        self.house = House(limits=Limits(mailbox_messages=3))
        alice, bob, carol = self.house.people("alice", "bob", "carol")
        carol.lose()
        for text in ("one", "two"):
            self.granted(alice, m.Send, "@carol", self.house.random(16), text)
        self.granted(bob, m.Send, "@carol", self.house.random(16), "three")
        self.refused("mailbox-full", alice, m.Send, "@carol", ID, "four")
        dave = self.house.person("dave")
        self.refused("mailbox-full", dave, m.Send, "@carol", ID, "a first message")
        carol = carol.again()
        self.assertEqual(carol.texts(), ["one", "two", "three"])
        carol.ack("dm:alice:carol", 1)
        self.granted(alice, m.Send, "@carol", ID, "four")
        self.assertEqual(carol.texts()[-1], "four")
        self.refused("mailbox-full", bob, m.Send, "@carol", ID, "five")

    def test_mailbox_is_as_full_after_a_restart(self) -> None:
        self.house = House(limits=Limits(mailbox_messages=2))
        alice, carol = self.house.people("alice", "carol")
        for text in ("one", "two"):
            self.granted(alice, m.Send, "@carol", self.house.random(16), text)
        self.house.restart()
        self.refused("mailbox-full", alice.again(), m.Send, "@carol", ID, "three")
        carol = carol.again()
        carol.ack("dm:alice:carol", 2)
        self.granted(alice.again(), m.Send, "@carol", ID, "three")

    def test_groups_fill_no_mailbox(self) -> None:
        self.house = House(limits=Limits(mailbox_messages=1))
        alice, carol = self.house.people("alice", "carol")
        for peer in (alice, carol):
            self.granted(peer, m.Join, "hw3")
        for _ in range(5):
            self.granted(alice, m.Send, "#hw3", self.house.random(16), "hi")
        self.granted(alice, m.Send, "@carol", self.house.random(16), "hi")


class Again(MailScene):
    """The same message twice."""

    def test_same_id_gets_the_first_answer_and_is_shown_once(self) -> None:
        first = self.granted(self.alice, m.Send, "@bob", ID, "one")
        self.house.advance(5)
        second = self.granted(self.alice, m.Send, "@bob", ID, "one")
        assert isinstance(first, m.Accepted) and isinstance(second, m.Accepted)
        self.assertEqual((second.conversation, second.seq, second.at), (first.conversation, first.seq, first.at))
        self.assertEqual(self.bob.texts(), ["one"])

    def test_it_says_that_it_was_read_meanwhile(self) -> None:
        self.alice.send("@bob", "one", ID)
        self.assertEqual(self.alice.last(m.Accepted).state, "sent")
        self.bob.ack("dm:alice:bob", 1)
        self.alice.send("@bob", "one", ID)
        self.assertEqual(self.alice.last(m.Accepted).state, "delivered")

    def test_within_one_commit(self) -> None:
        self.alice.tell(m.Send(1, "@bob", ID, "one"), m.Send(2, "@bob", ID, "one"), m.Send(3, "@bob", b"x" * 16, "two"))
        self.assertEqual([(x.ref, x.seq) for x in self.alice.of(m.Accepted)], [(1, 1), (2, 1), (3, 2)])
        self.assertEqual(self.bob.texts(), ["one", "two"])

    def test_after_a_restart(self) -> None:
        self.house = House(slow=True)
        alice, bob = self.house.person("alice"), self.house.person("bob")
        alice.send("@bob", "one", ID)
        self.house.settle()
        self.house.writer.waiting[0][1](*self.house.writer.waiting[0][2])  # on disk, and nobody has been told
        self.house.restart()
        alice, bob = alice.again(), bob.again()
        self.house.commit()
        alice.send("@bob", "one", ID)
        self.house.commit()
        self.assertEqual(alice.last(m.Accepted).seq, 1)
        self.assertEqual(bob.texts(), ["one"])

    def test_what_was_not_on_disk_is_sent_again(self) -> None:
        self.house = House(slow=True)
        alice, bob = self.house.person("alice"), self.house.person("bob")
        alice.send("@bob", "one", ID)
        self.house.restart()
        alice, bob = alice.again(), bob.again()
        alice.send("@bob", "one", ID)
        self.house.commit()
        self.assertEqual((alice.last(m.Accepted).seq, bob.texts()), (1, ["one"]))

    def test_the_same_id_of_somebody_else_is_another_message(self) -> None:
        self.alice.send("#lobby", "one", ID)
        self.bob.send("#lobby", "two", ID)
        self.assertEqual((self.alice.texts(), self.bob.texts()), (["two"], ["one"]))

    def test_repeats_do_not_fill_the_mailbox(self) -> None:
        self.house = House(limits=Limits(mailbox_messages=2))
        alice, bob = self.house.people("alice", "bob")
        for _ in range(10):
            self.granted(alice, m.Send, "@bob", ID, "one")
        self.granted(alice, m.Send, "@bob", b"x" * 16, "two")
        self.refused("mailbox-full", alice, m.Send, "@bob", b"y" * 16, "three")
        bob.ack("dm:alice:bob", 2)
        self.assertEqual(self.house.node.hub.users.find("bob").waiting, 0)


class Pages(MailScene):
    """History."""

    def setUp(self) -> None:
        super().setUp()
        for number in range(1, 121):
            self.alice.send("@bob", str(number))
        self.bob.take()

    def page(self, *arguments: object) -> tuple[list[str], bool]:
        """What Bob gets, and whether there is more."""
        self.bob.ask(m.History, *arguments)
        page = self.bob.last(m.Page)
        self.bob.take()
        return [message.text for message in page.messages], page.more

    def test_newest_first_page(self) -> None:
        self.assertEqual(self.page("@alice"), ([str(n) for n in range(71, 121)], True))

    def test_walk_to_the_beginning(self) -> None:
        before = 0
        walked: list[str] = []
        while True:
            texts, more = self.page("@alice", before, 50)
            walked = texts + walked
            before = int(texts[0])
            if not more:
                break
        self.assertEqual(walked, [str(n) for n in range(1, 121)])

    def test_limits_are_bounded(self) -> None:
        self.assertEqual(self.page("@alice", 0, 0), (["120"], True))
        self.assertEqual(self.page("@alice", 0, -3), (["120"], True))
        self.assertEqual(len(self.page("@alice", 0, 10**9)[0]), 120)
        self.house.node.hub.limits = Limits(history_page=7)
        self.assertEqual(len(self.page("@alice", 0, 10**9)[0]), 7)

    def test_before_anything(self) -> None:
        self.assertEqual(self.page("@alice", 1, 50), ([], False))
        self.assertEqual(self.page("@alice", -7, 1), (["120"], True))
        self.assertEqual(self.page("@alice", 10**9, 1), (["120"], True))

    def test_exactly_all_is_not_more(self) -> None:
        self.assertEqual(self.page("@alice", 0, 120)[1], False)
        self.assertEqual(self.page("@alice", 0, 119)[1], True)

    def test_refusals(self) -> None:
        self.refused("no-such-user", self.bob, m.History, "@nobody")
        self.granted(self.bob, m.History, "@carol")
        self.assertEqual(self.bob.last(m.Page).messages, [])
        self.refused("no-such-group", self.bob, m.History, "#nowhere")
        self.granted(self.alice, m.Join, "hw3")
        self.refused("not-a-member", self.bob, m.History, "#hw3")

    def test_open_group_shows_what_was_before(self) -> None:
        self.granted(self.alice, m.Join, "hw3")
        self.alice.send("#hw3", "early")
        self.granted(self.bob, m.Join, "hw3")
        self.assertEqual(self.page("#hw3"), (["early"], False))

    def test_others_wait_for_the_page_in_order(self) -> None:
        self.bob.tell(
            m.Send(1, "#lobby", ID, "a"), m.History(2, "@alice", 0, 1), m.Ping(3), m.History(4, "#lobby"), m.Ping(5)
        )
        self.assertEqual([getattr(event, "ref", None) for event in self.bob.take()], [1, 2, 3, 4, 5])

    def test_a_page_has_what_the_same_connection_said_before_it(self) -> None:
        self.bob.tell(m.Send(1, "#lobby", ID, "just said"), m.History(2, "#lobby"))
        self.assertEqual([x.text for x in self.bob.last(m.Page).messages], ["just said"])

    def test_inbox_has_what_the_same_connection_said_before_it(self) -> None:
        self.bob.tell(m.Send(1, "@alice", ID, "just said"), m.Inbox(2))
        self.assertEqual([x.head for x in self.bob.last(m.InboxList).conversations], [121])

    def test_inbox(self) -> None:
        self.bob.ack("dm:alice:bob", 100)
        self.granted(self.bob, m.Join, "hw3")
        self.bob.ask(m.Inbox)
        listed = {x.conversation: (x.head, x.cursor, x.role) for x in self.bob.last(m.InboxList).conversations}
        self.assertEqual(listed, {"dm:alice:bob": (120, 100, "member"), "#hw3": (0, 0, "owner")})
        self.alice.ask(m.Inbox)
        self.assertEqual([x.heard for x in self.alice.last(m.InboxList).conversations], [100])

    def test_guests_read_the_lobby_only(self) -> None:
        guest = self.house.guest("gast")
        self.granted(guest, m.History, "#lobby")
        self.assertEqual(self.granted(guest, m.History, "@alice").messages, [])


class Retention(Scene):
    """What is too old goes, in order, and nobody waits for it."""

    def setUp(self) -> None:
        self.house = House(limits=Limits(retention_days=10))
        self.alice, self.bob = self.house.people("alice", "bob")
        self.bob.lose()
        for number in range(4):
            self.alice.send("@bob", str(number))
            self.pass_by(86_400 * 4)

    def pass_by(self, seconds: float) -> None:
        """Time goes by at once."""
        self.house.clock.advance(seconds)
        self.house.node.sweep()
        self.house.settle()
        if self.alice.over:
            self.alice = self.alice.again()

    def test_old_mail_is_gone_and_the_floor_says_so(self) -> None:
        bob = self.bob.again()
        positions = {p.conversation: (p.head, p.cursor, p.floor) for p in bob.last(m.Welcome).conversations}
        self.assertEqual(positions["dm:alice:bob"], (4, 0, 2))
        self.assertEqual([(x.seq, x.text) for x in bob.of(m.Message)], [(3, "2"), (4, "3")])
        bob.ask(m.History, "@alice")
        self.assertEqual([x.seq for x in bob.last(m.Page).messages], [3, 4])
        self.assertFalse(bob.last(m.Page).more)

    def test_seqs_go_on_when_everything_is_gone(self) -> None:
        self.pass_by(86_400 * 30)
        self.alice.send("@bob", "new")
        bob = self.bob.again()
        self.assertEqual([(x.seq, x.text) for x in bob.of(m.Message)], [(5, "new")])
        self.house.restart()
        self.assertEqual([(x.seq, x.text) for x in self.bob.again().of(m.Message)], [(5, "new")])

    def test_many_rows_go_step_by_step(self) -> None:
        for number in range(2_500):
            self.alice.send("#lobby", str(number))
        self.pass_by(86_400 * 30)
        self.house.advance(5)
        lobby = self.house.node.hub.lobby
        self.assertEqual((lobby.head, lobby.floor), (2_500, 2_500))


class SeveralDevices(MailScene):
    """Who has several devices."""

    def test_acknowledged_on_one_device_is_delivered(self) -> None:
        other = self.second(self.bob)
        self.alice.send("@bob", "one")
        self.alice.take()
        other.ack("dm:alice:bob", 1)
        self.bob.ack("dm:alice:bob", 1)
        self.assertEqual(self.alice.take(), [m.Delivered("dm:alice:bob", 1, "bob")])

    def test_linked_twice_is_one_device(self) -> None:
        self.granted(self.bob, m.SetPassword, "correct horse")
        keys = Keys(b"telephone")
        for _ in range(2):
            other = self.house.greeted()
            other.link("bob", "correct horse", keys)
            self.assertTrue(other.of(m.Welcome))
        self.bob.ask(m.Devices)
        self.assertEqual([sessions for _, sessions in self.bob.last(m.DeviceList).devices], [1, 1])
