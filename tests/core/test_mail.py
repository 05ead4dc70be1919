"""Encrypted mail: all or nothing, once, in one order, until it is acknowledged; who gets it and who does not."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from chatd import encryption as e
from chatd import messages as m
from chatd.core import sanctions
from chatd.core.limits import Limits
from tests.kit import House, Peer
from tests.sealed import SealedScene, as_question, device, item


def heard(peer: Peer) -> list[bytes]:
    """The ciphertexts that came."""
    return [mail.ciphertext for mail in peer.of(e.Mail)]


class Sending(SealedScene):
    """From a device to others."""

    def test_mail(self) -> None:
        letter = self.letter(self.alice, item(self.bob, ciphertext=b"psst", type="megolm", sid="s1"))
        ref = self.alice.ask(*as_question(letter))
        at = int(self.house.wall() * 1000)
        self.assertEqual(self.alice.take(), [e.MailTaken(ref, at, "sent")])
        (mail,) = self.bob.take()
        assert isinstance(mail, e.Mail)
        expected = e.Mail(
            1, mail.id, letter.id, "alice", device(self.alice), "megolm", "dm:alice:bob",
            hashlib.sha256(b"psst").digest(), b"psst", "s1", at, mail.tag,
        )  # fmt: skip
        self.assertEqual((mail, len(mail.id), len(mail.tag)), (expected, 16, 33))
        self.assertEqual(self.carol.take(), [])

    def test_one_ciphertext_for_many(self) -> None:
        phone = self.second(self.alice)
        answer = self.sends(self.bob, item(self.alice, phone, self.carol), item(self.carol, ciphertext=b"2"))
        self.assertEqual(answer.state, "sent")
        (one,), (other,) = self.alice.of(e.Mail), phone.of(e.Mail)
        self.assertEqual((one.seq, one.id), (other.seq, other.id))
        self.assertEqual([(mail.seq, mail.ciphertext) for mail in self.carol.of(e.Mail)], [(1, b"secret"), (2, b"2")])
        self.assertEqual(len({mail.id for mail in self.carol.of(e.Mail)}), 2)

    def test_states(self) -> None:
        phone = self.second(self.bob)
        self.assertEqual(self.sends(self.bob, item(phone)).state, "stored")  # nobody else's
        self.assertEqual(self.house.store.load_sealed().corresponded, [])
        self.assertEqual(self.sends(self.alice, item(self.bob)).state, "sent")
        self.bob.lose()
        self.assertEqual(self.sends(self.alice, item(self.bob)).state, "stored")
        self.assertEqual(self.sends(self.alice, item(self.bob, phone)).state, "sent")

    def test_a_list_that_moved(self) -> None:
        for versions in ({"bob": 0}, {"bob": 2}, {"carol": 7}, {"nobody": 1}):
            stale = [name for name, version in versions.items() if name != "bob" or version != 1]
            self.assertEqual(self.sends(self.alice, item(self.bob), **versions).names, stale)
        self.assertEqual((self.bob.take(), self.house.store.read_mail(device(self.bob), 0, 9, 9)), ([], []))
        self.sends(self.alice, item(self.bob), nobody=0)
        self.assertEqual(len(heard(self.bob)), 1)

    def test_what_cannot_be(self) -> None:
        unlisted = self.second(self.bob, on_list=False)
        good = item(self.bob)

        def wrong(**told: object) -> e.PutMail:
            return e.PutMail(*[told.get(name, getattr(right, name)) for name in right.__struct_fields__])  # type: ignore[arg-type]

        right = self.letter(self.alice, good)
        other = item(self.carol, ciphertext=b"for carol")
        lists = {"bob": 1, "carol": 1}
        for code, letter in (
            ("bad-id", wrong(id=b"short")), ("bad-argument", wrong(counter=0)), ("bad-argument", wrong(counter=-1)),
            ("bad-argument", wrong(items=[])), ("bad-argument", wrong(items=[other])),
            ("bad-argument", wrong(items=[other, e.Item([], "olm0", "", bytes(32), b"x")], lists=lists)),
            ("bad-argument", wrong(items=[item(self.bob, self.bob)])),
            ("bad-argument", wrong(items=[item(self.bob, conversation="x" * 301)])),
            ("bad-argument", wrong(items=[item(self.bob, sid="x" * 65)])),
            ("bad-blob", wrong(items=[item(self.bob, type="olm2")])),
            ("bad-blob", wrong(items=[item(self.bob, commitment=bytes(31))])),
            ("text-too-long", wrong(items=[other, item(self.bob, ciphertext=b"")], lists=lists)),
            ("text-too-long", wrong(items=[other, item(self.bob, ciphertext=bytes(65_537))], lists=lists)),
            ("no-such-device", wrong(items=[other, item(unlisted)], lists=lists)),
            ("no-such-device", wrong(items=[other, e.Item([("bob", "?")], "olm0", "", bytes(32), b"x")], lists=lists)),
        ):  # fmt: skip
            self.refused(code, self.alice, *as_question(letter))
        self.refused("not-listed", unlisted, *as_question(right))
        self.refused("guest", self.house.guest("gast"), *as_question(right))

    def test_most_devices_at_once(self) -> None:
        self.house = House(limits=Limits(mail_items=3))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.forget()
        letter = self.letter(self.alice, item(self.bob), item(self.bob), item(self.bob), item(self.bob))
        self.refused("bad-argument", self.alice, *as_question(letter))
        self.sends(self.alice, *letter.items[:3])

    def test_a_full_mailbox_refuses_all_and_says_whose(self) -> None:
        self.house = House(limits=Limits(mailbox_items=2, mailbox_bytes=1_000))
        self.alice, self.bob, self.carol = (self.comes(name) for name in ("alice", "bob", "carol"))
        self.sends(self.alice, item(self.bob))
        self.forget()
        full = self.letter(self.alice, item(self.carol), item(self.bob), item(self.bob))
        self.assertEqual(self.refused("mailbox-full", self.alice, *as_question(full)).near, ["bob"])
        self.sends(self.alice, item(self.carol), item(self.bob))
        self.bob.tell(e.AcknowledgeMail(2))
        self.forget()
        large = self.letter(self.alice, item(self.bob, ciphertext=bytes(501)), item(self.bob, ciphertext=bytes(500)))
        self.assertEqual(self.refused("mailbox-full", self.alice, *as_question(large)).near, ["bob"])
        self.sends(self.alice, item(self.bob, ciphertext=bytes(1000)))
        self.house.restart()
        alice, bob = self.alice.again(), self.bob.again()
        self.forget()
        letter = self.letter(alice, item(bob))
        self.refused("mailbox-full", alice, *as_question(letter))

    def test_whose_account_is_disabled(self) -> None:
        sanctions.impose(self.house.node.hub, self.house.node.turn(), "disabled", "bob", "staff")
        self.house.settle()
        self.forget()
        letter = self.letter(self.alice, item(self.bob))
        self.refused("disabled", self.alice, *as_question(letter))
        self.sends(self.alice, item(self.bob, self.carol))
        self.sends(self.alice, item(self.second(self.alice)))

    def test_who_is_muted_writes_to_staff_only(self) -> None:
        hub = self.house.node.hub
        hub.users.find("carol").role = "staff"
        sanctions.impose(hub, self.house.node.turn(), "mute", "alice", "staff")
        self.house.settle()
        self.forget()
        for readers in ((self.bob,), (self.carol, self.bob)):
            letter = self.letter(self.alice, item(*readers))
            self.refused("muted", self.alice, *as_question(letter))
        self.sends(self.alice, item(self.carol))

    def test_a_full_disk(self) -> None:
        self.house.node.hub.full = True
        letter = self.letter(self.alice, item(self.bob))
        self.refused("storage-full", self.alice, *as_question(letter))


class Once(SealedScene):
    """However often mail is sent."""

    def test_a_repeat_gets_the_first_answer(self) -> None:
        letter = self.letter(self.alice, item(self.bob))
        first = self.granted(self.alice, *as_question(letter))
        self.bob.lose()
        self.house.advance(10)
        again = self.granted(self.alice, *as_question(letter))
        self.assertEqual((again.at, again.state), (first.at, "sent"))
        self.house.restart()
        alice = self.alice.again()
        again = self.granted(alice, *as_question(letter))
        self.assertEqual((again.at, again.state), (first.at, "sent"))
        self.assertEqual(len(self.house.store.read_mail(device(self.bob), 0, 9, 9)), 1)

    def test_also_in_one_breath(self) -> None:
        letter = self.letter(self.alice, item(self.bob))
        self.alice.tell(letter, letter, letter, m.Ping(7))
        self.assertEqual([type(event) for event in self.alice.take()], [e.MailTaken] * 3 + [m.Pong])
        self.assertEqual(len(heard(self.bob)), 1)

    def test_also_before_it_is_on_disk(self) -> None:
        for later in (self.house.writer, self.house.reader):
            later.slow = True
        letter = self.letter(self.alice, item(self.bob))
        self.alice.tell(letter)
        self.alice.tell(letter)
        self.assertEqual(self.alice.take(), [])
        self.house.commit()
        self.assertEqual([type(event) for event in self.alice.take()], [e.MailTaken] * 2)
        self.assertEqual(len(heard(self.bob)), 1)

    def test_late_mail_with_an_older_counter_is_new(self) -> None:
        self.sends(self.alice, item(self.bob, ciphertext=b"2"), counter=2)
        self.sends(self.alice, item(self.bob, ciphertext=b"1"), counter=1)
        self.assertEqual(heard(self.bob), [b"2", b"1"])
        self.assertEqual(self.granted(self.alice, e.AskKeys).counter, 2)
        self.house.restart()
        self.assertEqual(self.granted(self.alice.again(), e.AskKeys).counter, 2)

    def test_an_id_used_for_something_else(self) -> None:
        """A program that lies to itself harms nobody else, and not the server."""
        letter = self.letter(self.alice, item(self.bob))
        self.sends(self.alice, *letter.items, identity=letter.id)
        self.sends(self.alice, item(self.bob, ciphertext=b"other"), identity=letter.id)
        self.assertEqual(heard(self.bob), [b"secret", b"other"])
        self.assertEqual(self.house.failures, [])

    def test_ids_are_each_devices_own(self) -> None:
        identity = b"i" * 16
        self.sends(self.alice, item(self.bob), identity=identity)
        self.sends(self.carol, item(self.bob), identity=identity)
        self.assertEqual(len({mail.id for mail in self.bob.of(e.Mail)}), 2)


class Getting(SealedScene):
    """In order, and until it is acknowledged."""

    def test_offline_mail_comes_in_order_before_new_mail(self) -> None:
        self.bob.lose()
        for number in range(5):
            self.sends(self.alice, item(self.bob, ciphertext=b"%d" % number))
        bob = self.bob.again()
        self.assertEqual((bob.last(m.Welcome).mail, heard(bob)), ((0, 5), [b"0", b"1", b"2", b"3", b"4"]))
        self.sends(self.carol, item(bob, ciphertext=b"5"))
        self.assertEqual([mail.seq for mail in bob.of(e.Mail)], [1, 2, 3, 4, 5, 6])

    def test_what_is_acknowledged_does_not_come_again(self) -> None:
        for number in range(4):
            self.sends(self.alice, item(self.bob, ciphertext=b"%d" % number))
        self.bob.tell(e.AcknowledgeMail(2))
        again = self.bob.again()
        self.assertEqual((again.last(m.Welcome).mail, heard(again)), ((2, 4), [b"2", b"3"]))
        again.tell(e.AcknowledgeMail(1), e.AcknowledgeMail(99), m.Ping(1))
        third = again.again()
        self.assertEqual((third.last(m.Welcome).mail, heard(third)), ((4, 4), []))
        self.house.advance(1)
        self.assertEqual(self.house.store.read_mail(device(self.bob), 0, 99, 99), [])
        self.sends(self.alice, item(third, ciphertext=b"4"))
        self.assertEqual([mail.seq for mail in third.of(e.Mail)], [5])

    def test_nothing_that_was_not_sent_can_be_acknowledged(self) -> None:
        self.bob.stick()
        self.sends(self.alice, item(self.bob))
        plain = self.house.greeted()
        assert self.bob.keys
        plain.login("bob", self.bob.keys)
        plain.tell(e.AcknowledgeMail(1))
        self.house.advance(1)
        self.assertEqual(len(self.house.store.read_mail(device(self.bob), 0, 99, 99)), 1)
        self.assertEqual(heard(plain), [])  # it has not said that it understands encryption

    def test_the_first_reader_of_what_was_said_to_a_group_is_told_of(self) -> None:
        phone = self.second(self.alice)
        letter = self.letter(self.alice, item(self.bob, self.carol, phone, type="megolm"))
        self.alice.ask(*as_question(letter))
        self.sends(self.alice, item(self.bob))
        phone.tell(e.AcknowledgeMail(1))
        self.assertEqual(self.alice.of(e.MailRead), [])  # it is one's own
        self.bob.tell(e.AcknowledgeMail(2))
        self.assertEqual(self.alice.of(e.MailRead), [e.MailRead(letter.id)])
        self.carol.tell(e.AcknowledgeMail(1))
        told = [len(peer.of(e.MailRead)) for peer in (self.alice, phone, self.bob, self.carol)]
        self.assertEqual(told, [1, 0, 0, 0])

    def test_not_where_the_one_who_said_it_has_gone(self) -> None:
        self.sends(self.alice, item(self.bob, type="megolm"))
        self.alice.lose()
        self.bob.tell(e.AcknowledgeMail(1))
        self.assertEqual(self.alice.again().of(e.MailRead), [])

    def test_line_sessions_hear_nothing_of_it(self) -> None:
        line = self.house.caller("bob", "bob")
        line.take()
        self.sends(self.alice, item(self.bob))
        self.assertEqual(line.take(), [])

    def test_a_slow_reader_is_fed_from_the_store(self) -> None:
        self.house = House(limits=Limits(unsent_bytes=2_000))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.forget()
        self.bob.stick(1_000)
        sent = [b"%d" % number * 200 for number in range(100, 140)]
        for ciphertext in sent:
            self.sends(self.alice, item(self.bob, ciphertext=ciphertext))
        feed = self.bob.session.feed
        assert feed is not None
        self.assertFalse(feed.live)
        self.bob.unstick()
        self.assertEqual(heard(self.bob), sent)
        self.assertTrue(feed.live)
        self.sends(self.alice, item(self.bob, ciphertext=b"live"))
        self.assertEqual(heard(self.bob)[-1], b"live")

    def test_mail_that_comes_while_a_page_is_read(self) -> None:
        self.bob.lose()
        self.sends(self.alice, item(self.bob, ciphertext=b"1"))
        self.house.reader.slow = True
        bob = self.bob.again()
        self.sends(self.alice, item(bob, ciphertext=b"2"))
        self.assertEqual(heard(bob), [])
        self.house.commit()
        bob.read()
        self.assertEqual(heard(bob), [b"1", b"2"])

    def test_the_device_that_comes_again_takes_over(self) -> None:
        again = self.bob.again()
        self.assertTrue(self.bob.over)
        self.sends(self.alice, item(again))
        self.assertEqual(len(heard(again)), 1)

    def test_old_mail_goes_unread(self) -> None:
        self.bob.lose()
        self.sends(self.alice, item(self.bob, ciphertext=b"old"))
        self.house.seconds += 29 * 86_400
        self.sends(self.alice, item(self.bob, ciphertext=b"new"))
        self.house.seconds += 2 * 86_400
        self.house.advance(3_700)
        bob = self.bob.again()
        self.assertEqual((heard(bob), bob.last(m.Welcome).mail), ([b"new"], (1, 2)))

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=30))
    def test_nothing_is_lost_and_nothing_comes_in_another_order(self, steps: list[tuple[int, int]]) -> None:
        """Send, acknowledge, break off, crash: what a device has is always what was sent, in order, from its place."""
        house = House()
        alice, bob = self.comes("alice", house), self.comes("bob", house)
        count, safe = 0, 0
        for step, amount in steps:
            if step == 0:
                count += 1
                self.granted(
                    alice, *as_question(self.letter(alice, item(bob, ciphertext=b"%d" % count), counter=count))
                )
            elif step == 1 and not bob.over:
                safe = max(safe, min(amount, count))
                bob.tell(e.AcknowledgeMail(safe))
                house.advance(1)
            elif step == 2:
                bob.lose()
                bob = bob.again()
            elif step == 3:
                house.restart()
                alice, bob = alice.again(), bob.again()
            rows = house.store.read_mail(device(bob), 0, 999, 999)
            self.assertEqual([row.ciphertext for row in rows], [b"%d" % n for n in range(safe + 1, count + 1)])
        bob = bob.again()
        self.assertEqual(heard(bob), [b"%d" % n for n in range(safe + 1, count + 1)])
