"""Mail that has to be read: pages at the reader's speed, repeats that are looked up, and a store that fails."""

from __future__ import annotations

from chatd import encryption as e
from chatd import messages as m
from chatd.core.limits import Limits
from chatd.sealed import MailRow
from chatd.store.interface import PAGE_BYTES, StoreError
from chatd.store.memory import MemoryStore
from tests.kit import House
from tests.sealed import SealedScene, item


class TornStore(MemoryStore):
    """A store whose mail cannot be read when `torn` is set."""

    torn = False

    def read_mail(self, device: str, after: int, upto: int, limit: int) -> list[MailRow]:
        if self.torn:
            raise StoreError("the disk is gone")
        return super().read_mail(device, after, upto, limit)

    def sent_mail(self, device: str, id: bytes) -> tuple[int, str] | None:
        if self.torn:
            raise StoreError("the disk is gone")
        return super().sent_mail(device, id)


class MailroomTests(SealedScene):
    """Alice writes, Bob reads."""

    def test_a_full_mailbox_comes_page_by_page(self) -> None:
        self.bob.lose()
        sent = [bytes([number]) * 60_000 for number in range(1, 21)]
        for ciphertext in sent:
            self.sends(self.alice, item(self.bob, ciphertext=ciphertext))
        self.house.reader.slow = True
        bob = self.bob.again()
        pages = []
        while len(bob.of(e.Mail)) < 20:
            before = len(bob.of(e.Mail))
            self.house.reader.run(1)
            self.house.settle()
            bob.read()
            pages.append(len(bob.of(e.Mail)) - before)
        self.assertEqual([mail.ciphertext for mail in bob.of(e.Mail)], sent)
        self.assertTrue(all(0 < page <= PAGE_BYTES // 60_000 + 1 for page in pages if page), pages)
        self.assertGreater(len(pages), 3)

    def test_who_does_not_read_gets_no_more(self) -> None:
        self.house = House(limits=Limits(unsent_bytes=100_000))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.bob.lose()
        for number in range(1, 41):
            self.sends(self.alice, item(self.bob, ciphertext=bytes([number]) * 60_000))
        self.house.reader.slow = True
        bob = self.bob.again()
        bob.stick()
        self.house.commit()
        self.assertLess(len(bob.transport.value()), 10 * 60_000)
        bob.unstick()
        self.house.commit()
        bob.read()
        self.assertEqual([mail.seq for mail in bob.of(e.Mail)], list(range(1, 41)))

    def test_only_its_own_session_waits_while_a_repeat_is_looked_up(self) -> None:
        letter = self.letter(self.alice, item(self.bob))
        self.alice.tell(letter)
        self.forget()
        self.house.reader.slow = True
        self.alice.tell(letter, m.Ping(5))
        self.bob.tell(m.Ping(6))
        self.assertEqual((self.alice.take(), [pong.ref for pong in self.bob.of(m.Pong)]), ([], [6]))
        self.house.commit()
        self.assertEqual([type(event) for event in self.alice.take()], [e.MailTaken, m.Pong])

    def test_gone_while_it_was_looked_up(self) -> None:
        letter = self.letter(self.alice, item(self.bob))
        self.sends(self.alice, *letter.items, counter=5)
        self.house.reader.slow = True
        self.alice.tell(letter)
        self.alice.lose()
        self.house.commit()
        self.assertEqual((len(self.bob.of(e.Mail)), self.house.failures), (1, []))

    def test_a_store_that_fails_ends_the_session_and_nothing_is_lost(self) -> None:
        self.house = House(store := TornStore())
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.bob.lose()
        letter = self.letter(self.alice, item(self.bob))
        self.alice.tell(letter)
        store.torn = True
        bob = self.bob.again()
        self.assertTrue(bob.over)
        self.alice.tell(letter)
        self.assertTrue(self.alice.over)
        self.assertEqual(len(self.flushLoggedErrors(StoreError)), 2)
        store.torn = False
        self.assertEqual(len(self.bob.again().of(e.Mail)), 1)
        self.assertEqual(self.house.failures, [])
