"""Tests of clients.core.e2ee.book: what is kept of groups for oneself, and that only the user key opens it."""

from __future__ import annotations

import random
from functools import partial

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import book
from clients.core.e2ee.members import Whom
from clients.core.e2ee.signed import decode, encode
from tests.clients.core.e2ee.kit import Phone, Server, refused

SEED, OTHER = b"s" * 32, b"o" * 32


def page(gid: int, n: int = 1, name: str = "lab") -> book.Page:
    """One group."""
    return book.Page(gid.to_bytes(16, "big"), n, bytes(32), name, "", b"salt")


class BookTests(SynchronousTestCase):
    """Alice's groups."""

    def setUp(self) -> None:
        self.server = Server()
        self.alice, self.bob = Phone(self.server, "alice"), Phone(self.server, "bob")

    def pages(self) -> list[book.Page]:
        """What is written of them."""
        return decode(book.written(self.alice.batch()), book.Book).pages

    def test_those_one_is_in_as_they_are(self) -> None:
        gid = self.alice.make_group(self.bob)
        self.alice.rename(gid, "lab", "mice")
        ((found),) = self.pages()
        row = self.alice.groups.row(self.alice.batch(), gid)
        self.assertEqual((found.gid, found.n, found.head), (gid, row.state.n, row.state.head))
        self.assertEqual(found.naming, row.naming)
        self.assertEqual((found.name, found.topic), ("lab", "mice"))

    def test_not_those_one_has_left(self) -> None:
        gid = self.bob.make_group(self.alice)
        self.alice.fetch()
        self.assertEqual(len(self.pages()), 1)
        self.bob.change(gid, "remove", Whom("alice"))
        self.alice.follow(gid)
        self.assertEqual(self.pages(), [])

    def test_it_is_the_same_while_nothing_changes(self) -> None:
        self.alice.make_group()
        self.assertEqual(book.written(self.alice.batch()), book.written(self.alice.batch()))

    def test_as_far_as_there_is_room(self) -> None:
        for number in range(120):
            gid = self.alice.make_group()
            self.alice.rename(gid, f"lab {number}", "x" * 500)
        raw = book.written(self.alice.batch())
        self.assertLessEqual(len(raw), book.MOST_BYTES)
        self.assertGreater(len(decode(raw, book.Book).pages), 80)

    def test_only_the_user_key_opens_it(self) -> None:
        raw = encode(book.Book([page(1)]))
        box = book.seal(SEED, raw, random.Random(1).randbytes)
        self.assertEqual(list(book.opened(SEED, box)), [page(1)])
        self.assertNotIn(b"lab", box)
        for seed, wrong in ((OTHER, box), (SEED, box[:-1]), (SEED, b""), (SEED, box[:-1] + bytes([box[-1] ^ 1]))):
            self.assertNotEqual(refused(partial(book.opened, seed, wrong)), "")

    @given(st.binary(max_size=200))
    def test_what_is_inside_is_a_book_or_nothing(self, raw: bytes) -> None:
        box = book.seal(SEED, raw, random.Random(1).randbytes)
        self.assertEqual(refused(lambda: book.opened(SEED, box)), "MALFORMED")

    def test_the_further_page_counts(self) -> None:
        batch = self.alice.batch()
        for one in (page(1, 5), page(1, 4, "older"), page(2, 1)):
            book.note(batch, one)
        self.assertEqual(book.page(batch, page(1).gid), page(1, 5))
        book.note(batch, page(1, 5, "renamed"))
        self.assertEqual(book.page(batch, page(1).gid), page(1, 5, "renamed"))
        book.forget(batch, page(1).gid)
        book.forget(batch, page(3).gid)
        self.assertEqual((book.page(batch, page(1).gid), book.page(batch, page(2).gid)), (None, page(2, 1)))
