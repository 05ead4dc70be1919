"""Tests of clients.core.e2ee.replaying: a whole log as a newcomer among one's own devices reads it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee import book, own, replaying
from clients.core.e2ee.bodies import GroupHead
from clients.core.e2ee.envelope import group_conv
from clients.core.e2ee.groups import GROUP, GroupRow, Naming
from clients.core.e2ee.members import Whom, sign_entry
from clients.core.e2ee.receiving import Dropped
from clients.core.e2ee.refusals import Behind, Refused
from tests.clients.core.e2ee.kit import Phone, Server


def check_of(call: Callable[[], object]) -> str:
    """The check that a call fails; empty where it fails none."""
    try:
        call()
    except Refused as found:
        return found.check
    return ""


class ReplayCase(SynchronousTestCase):
    """Alice's group with bob; alice has another device, which replays."""

    def setUp(self) -> None:
        self.server = Server()
        self.alice, self.bob = Phone(self.server, "alice"), Phone(self.server, "bob")
        self.gid = self.alice.make_group(self.bob)
        self.alice.rename(self.gid, "lab", "mice")
        self.bob.fetch()

    def another(self, of: Phone) -> Phone:
        """One more device of somebody, that listens for pages."""
        phone = Phone(self.server, of.user, of)
        replaying.install(phone.incoming)
        for user in ("alice", "bob"):
            phone.refresh(user)
        return phone

    @property
    def log(self) -> list[bytes]:
        """As the server has it."""
        return self.server.groups[self.gid]

    def adopt(self, phone: Phone, log: list[bytes] | None = None, page: book.Page | None = None) -> GroupRow:
        """Read it, and keep what it makes."""
        batch = phone.batch()
        if page is not None:
            book.note(batch, page)
        row = replaying.adopt(batch, self.gid, self.log if log is None else log)
        batch.commit()
        return row

    def refuses(self, phone: Phone, log: list[bytes] | None = None, page: book.Page | None = None) -> str:
        """The check that it fails; nothing is kept of it."""
        found = check_of(lambda: self.adopt(phone, log, page))
        self.assertIsNone(phone.batch().raw(GROUP, self.gid.hex()))
        return found

    def page(self, phone: Phone, **lies: object) -> book.Page:
        """What somebody who is in it would write down."""
        row = phone.groups.row(phone.batch(), self.gid)
        found = book.Page(
            self.gid, row.state.n, row.state.head, row.naming.name, row.naming.topic, row.naming.salt
        )  # fmt: skip
        return msgspec.structs.replace(found, **lies)


class AdoptTests(ReplayCase):
    """What counts."""

    def test_as_the_others_have_it(self) -> None:
        phone = self.another(self.alice)
        row, known = self.adopt(phone), self.alice.groups.row(self.alice.batch(), self.gid)
        self.assertEqual((row.state, row.naming), (known.state, Naming()))

    def test_with_its_name_where_a_page_has_just_that_name(self) -> None:
        phone = self.another(self.alice)
        self.assertEqual(self.adopt(phone, page=self.page(self.alice)).naming.name, "lab")
        self.assertIsNone(book.page(phone.batch(), self.gid))

    def test_without_a_name_that_it_has_not(self) -> None:
        for lie in ({"name": "yard"}, {"topic": ""}, {"salt": b""}):
            self.assertEqual(self.adopt(self.another(self.alice), page=self.page(self.alice, **lie)).naming, Naming())

    def test_a_name_that_is_known_stays(self) -> None:
        row = self.alice.groups.row(self.alice.batch(), self.gid)
        self.assertEqual(replaying.named(row, self.page(self.alice, name="yard")), row)
        self.assertEqual(replaying.named(row, None), row)

    def test_what_is_missing_must_be_asked_for(self) -> None:
        phone = Phone(self.server, "bob", self.bob)
        with self.assertRaises(Behind) as caught:
            self.adopt(phone)
        self.assertEqual(caught.exception.user, "alice")
        batch = phone.batch()
        self.assertEqual(
            check_of(lambda: replaying.adopt(batch, self.gid, self.log, frozenset(("alice",)))), "op-signature"
        )

    def test_only_where_one_is_a_member(self) -> None:
        self.alice.change(self.gid, "remove", Whom("bob"))
        phone = self.another(self.bob)
        self.assertEqual(self.refuses(phone), "replay-member")
        self.assertEqual(self.refuses(phone, []), "replay-member")

    def test_a_log_of_another_group_or_out_of_order(self) -> None:
        other = self.alice.make_group(self.bob)
        phone = self.another(self.bob)
        self.assertEqual(self.refuses(phone, self.server.groups[other]), "op-group")
        self.assertEqual(self.refuses(phone, self.log[1:]), "op-number")
        self.assertEqual(self.refuses(phone, [self.log[0], *self.log[2:]]), "op-number")

    def test_less_than_a_page_knows_of(self) -> None:
        phone = self.another(self.alice)
        self.assertEqual(self.refuses(phone, self.log[:2], self.page(self.alice)), "replay-whole")

    def test_another_log_than_a_page_knows_of(self) -> None:
        for lie in ({"head": b"x" * 32}, {"n": 1}, {"n": 2, "head": b"x" * 32}):
            phone = self.another(self.alice)
            self.assertEqual(self.refuses(phone, page=self.page(self.alice, **lie)), "replay-page")


class FormerTests(ReplayCase):
    """Devices that were struck out."""

    def setUp(self) -> None:
        super().setUp()
        self.second = self.another(self.alice)
        self.adopt(self.second, page=self.page(self.alice))
        self.third = self.another(self.alice)

    def lose(self, stolen: Phone, primary: Phone) -> None:
        """Alice strikes one out."""
        batch = primary.batch()
        batch.put("uik", "", stolen.batch().get("uik", "", bytes))
        batch.commit()
        primary.refresh("alice")
        primary.revoke(stolen.device)
        for phone in (self.second, self.third, self.bob):
            phone.refresh("alice")

    def test_what_only_such_a_one_has_signed_waits(self) -> None:
        self.lose(self.alice, self.second)
        self.assertEqual(self.refuses(self.third), "replay-former")

    def test_it_counts_where_another_device_of_theirs_has_gone_on(self) -> None:
        self.lose(self.alice, self.second)
        self.second.rename(self.gid, "yard")
        self.assertEqual(self.adopt(self.third).state.n, len(self.log))

    def test_somebody_elses_going_on_is_not_enough(self) -> None:
        """A thief with the stolen device, and a friend, would make any past."""
        self.alice.change(self.gid, "admin", Whom("bob"))
        self.bob.follow(self.gid)
        self.lose(self.alice, self.second)
        self.bob.rename(self.gid, "yard")
        self.assertEqual(self.refuses(self.third), "replay-former")

    def test_it_counts_up_to_where_a_page_knows_of_it(self) -> None:
        self.lose(self.alice, self.second)
        page = self.page(self.second)
        batch = self.alice.batch()
        state = self.alice.groups.row(batch, self.gid).state
        stolen = sign_entry(own.account(batch), "alice", self.gid, state, "remove", Whom("bob"))
        self.assertEqual(self.refuses(self.third, [*self.log, stolen], page), "replay-former")
        self.assertEqual(self.adopt(self.third, page=page).state.n, page.n)


class PageTests(ReplayCase):
    """What one's own other devices say."""

    def tell(self, sender: Phone, to: Phone, conv: str = "") -> None:
        """A head without the state."""
        body = sender.groups.head(sender.batch(), self.gid)
        sender.tell(to, "group_head", body, conv or group_conv(self.gid))

    def test_ones_own_is_noted_and_others_word_is_held_back(self) -> None:
        phone = self.another(self.bob)
        self.tell(self.alice, phone)
        (outcome,) = phone.fetch()
        assert isinstance(outcome, Dropped)
        self.assertEqual((outcome.code, outcome.held), ("GROUP_UNKNOWN", True))
        self.assertIsNone(book.page(phone.batch(), self.gid))
        self.tell(self.bob, phone)
        phone.fetch()
        self.assertEqual(book.page(phone.batch(), self.gid), self.page(self.bob))
        self.assertEqual(self.adopt(phone).naming.name, "lab")

    def test_of_the_group_that_it_stands_at_only(self) -> None:
        phone = self.another(self.bob)
        self.tell(self.bob, phone, group_conv(bytes(16)))
        (outcome,) = phone.fetch()
        assert isinstance(outcome, Dropped)
        self.assertEqual(outcome.check, "page-conv")

    def test_where_the_log_is_known_it_is_a_head_like_any_other(self) -> None:
        phone = self.another(self.bob)
        self.adopt(phone)
        self.tell(self.bob, phone)
        phone.fetch()
        self.assertIsNone(book.page(phone.batch(), self.gid))
        self.assertEqual(phone.groups.row(phone.batch(), self.gid).naming.name, "lab")

    def test_a_state_is_taken_as_ever(self) -> None:
        phone = self.another(self.alice)
        self.alice.tell_head(self.gid, joiner=True)
        phone.fetch()
        self.assertEqual(phone.groups.row(phone.batch(), self.gid).naming.name, "lab")
        self.assertTrue(all(isinstance(one.body, GroupHead) for one in phone.delivered))
