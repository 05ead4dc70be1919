"""Tests of clients.core.history: everything comes back as it was kept, whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from clients.core import records as r
from clients.core.history import History
from clients.core.outbox import Outgoing
from clients.core.schema import VERSION
from clients.core.vault import ProfileError
from tests.clients.kit import database


def kept(seq: int, text: str = "hi", own: bool = False, conversation: str = "#g", peer: str = "") -> r.KeepMessage:
    """A message to keep."""
    return r.KeepMessage(conversation, seq, seq * 10, "alice" if own else "bob", bytes([seq]) * 16, text, own, peer)


class HistoryTests(SynchronousTestCase):
    """One profile's database."""

    def setUp(self) -> None:
        self.path = os.path.join(self.mktemp(), "chat.db")
        os.makedirs(os.path.dirname(self.path))
        self.history = database(self.path)
        self.addCleanup(lambda: self.history.close())
        self.account = self.history.add_account("h:1", "alice", "sealed").id

    def again(self) -> History:
        """The same database, opened anew."""
        self.history.close()
        self.history = database(self.path)
        return self.history

    def test_is_for_nobody_else_and_durable(self) -> None:
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        pragma = self.history._db.execute
        self.assertEqual(pragma("PRAGMA journal_mode").fetchone()[0], "wal")
        self.assertEqual(pragma("PRAGMA synchronous").fetchone()[0], 2)

    def test_message_and_cursor_survive(self) -> None:
        self.history.keep(self.account, [kept(1), r.KeepCursor("#g", 1)])
        again = self.again()
        self.assertEqual(again.cursors(self.account), {"#g": 1})
        self.assertEqual([said.text for said in again.last(self.account, "#g", 9)], ["hi"])

    def test_what_is_taken_away_is_gone_from_the_disk(self) -> None:
        self.history.keep(
            self.account, [kept(1), kept(2), r.TakeAway("#g", 1, "(taken away)"), r.TakeAway("#h", 2, "x")]
        )
        self.assertEqual([said.text for said in self.again().last(self.account, "#g", 9)], ["(taken away)", "hi"])
        self.history.keep(self.account, [r.Epoch("restored", True), r.TakeAway("#g", 2, "x")])
        self.assertEqual([said.text for said in self.history.last(self.account, "#g", 9)], ["(taken away)", "hi"])

    def edit(self, seq: int, of: int, text: str, sender: str = "bob") -> r.KeepEdit:
        """Another text for a message."""
        return r.KeepEdit("#g", bytes([of]) * 16, sender, seq, text)

    def texts(self) -> list[tuple[str, bool]]:
        """What is kept of #g, and whether it was edited."""
        return [(said.text, said.edits == said.id) for said in self.history.last(self.account, "#g", 9)]

    def test_an_edit_has_no_row_and_the_newest_wins_in_any_order(self) -> None:
        self.history.keep(self.account, [kept(1), kept(2), self.edit(5, 1, "five"), self.edit(3, 1, "three")])
        self.again()
        self.assertEqual(self.texts(), [("five", True), ("hi", False)])
        self.assertEqual([said.text for said in self.history.search(self.account, "five")], ["five"])
        self.assertTrue(self.history.wrote(self.account, "#g", b"\1" * 16, "bob"))

    def test_nobody_edits_what_somebody_else_said_or_elsewhere(self) -> None:
        self.history.keep(self.account, [kept(1), self.edit(2, 1, "x", "alice"), self.edit(3, 9, "x")])
        self.history.keep(self.account, [r.KeepEdit("#h", b"\1" * 16, "bob", 4, "x")])
        self.assertEqual(self.texts(), [("hi", False)])
        for asked in (("#h", b"\1", "bob"), ("#g", b"\2", "bob"), ("#g", b"\1", "alice")):
            self.assertFalse(self.history.wrote(self.account, asked[0], asked[1] * 16, asked[2]), asked)

    def test_what_is_taken_away_stays_away_also_when_it_was_the_edit(self) -> None:
        self.history.keep(self.account, [kept(1), kept(2), self.edit(5, 1, "ugly"), r.TakeAway("#g", 5, "(gone)")])
        self.history.keep(self.account, [r.TakeAway("#g", 2, "(gone)")])
        self.history.keep(self.account, [self.edit(6, 1, "again"), self.edit(7, 2, "again")])
        self.assertEqual(self.texts(), [("(gone)", False), ("(gone)", False)])
        self.assertFalse(self.history.wrote(self.account, "#g", b"\1" * 16, "bob"))

    def test_ones_own_that_may_be_edited_and_edits_ahead_of_the_cursor(self) -> None:
        own = [kept(seq, f"own {seq}", own=True) for seq in (1, 2, 3)]
        self.history.keep(self.account, [*own, kept(4), r.TakeAway("#g", 2, "x"), self.edit(9, 1, "anew", "alice")])
        self.assertEqual([said.text for said in self.history.own(self.account, "#g", 9)], ["anew", "own 3"])
        self.history.keep(self.account, [r.KeepCursor("#g", 7)])
        self.assertEqual(self.history.ahead(self.account), {"#g": [9]})

    def test_an_edit_on_its_way_is_kept_as_one(self) -> None:
        item = Outgoing(b"o" * 16, "#g", "anew", 7, b"\1" * 16)
        self.history.keep(self.account, [r.Queue(item)])
        self.assertEqual(self.again().outbox(self.account), [item])

    def test_a_profile_from_before_edits(self) -> None:
        self.history.keep(self.account, [kept(1)])
        self.history._db.execute("DROP INDEX message_id")
        self.history._db.execute("ALTER TABLE message DROP COLUMN edited")
        self.history._db.execute(f"PRAGMA user_version = {VERSION - 1}")
        self.again().keep(self.account, [self.edit(2, 1, "anew")])
        self.assertEqual(self.texts(), [("anew", True)])
        self.again()
        self.assertEqual(self.texts(), [("anew", True)])

    def test_all_or_nothing(self) -> None:
        bad = r.KeepMessage("#g", None, 0, "bob", b"", "x", False)  # type: ignore[arg-type]
        self.assertRaises(ProfileError, self.history.keep, self.account, [kept(1), r.KeepCursor("#g", 1), bad])
        self.assertEqual(self.history.cursors(self.account), {})
        self.assertEqual(self.history.last(self.account, "#g", 9), [])

    def test_a_cursor_never_goes_back_but_can_be_forgotten(self) -> None:
        self.history.keep(self.account, [r.KeepCursor("#g", 5), r.KeepCursor("#g", 3)])
        self.assertEqual(self.history.cursors(self.account), {"#g": 5})
        self.history.keep(self.account, [r.KeepCursor("#g", 0), r.KeepCursor("#g", 2)])
        self.assertEqual(self.history.cursors(self.account), {"#g": 2})

    def test_own_messages_ahead_of_the_cursor(self) -> None:
        self.history.keep(self.account, [r.KeepCursor("#g", 2), kept(2, own=True), kept(4, own=True), kept(5)])
        self.assertEqual(self.history.ahead(self.account), {"#g": [4]})

    def test_outbox_keeps_its_order_and_each_id_once(self) -> None:
        items = [Outgoing(bytes([number]) * 16, "#g", str(number), number) for number in (3, 1, 2)]
        self.history.keep(self.account, [r.Queue(one) for one in [*items, items[0]]])
        self.assertEqual(self.again().outbox(self.account), items)
        self.history.keep(self.account, [r.Unqueue(items[1].id)])
        self.assertEqual(self.history.outbox(self.account), [items[0], items[2]])

    def test_another_epoch_forgets_cursors_and_keeps_both_messages(self) -> None:
        self.history.keep(self.account, [r.Epoch("one", False), kept(1, "first"), r.KeepCursor("#g", 1)])
        self.history.keep(self.account, [r.Epoch("two", True), kept(1, "second")])
        self.assertEqual(self.history.cursors(self.account), {})
        self.assertEqual({said.text for said in self.history.last(self.account, "#g", 9)}, {"first", "second"})

    def test_what_is_set_apart_is_still_found_and_its_places_are_free(self) -> None:
        old = [kept(1, "old one"), kept(2, "old two", own=True), r.KeepCursor("#g", 1), r.KeepCreated("#g", 5)]
        self.history.keep(self.account, [*old, kept(1, "elsewhere", conversation="#gg")])
        apart = r.SetApart("#g", "#g (until 2026-11-22)", 5)
        self.history.keep(self.account, [apart, r.KeepCreated("#g", 6), kept(1, "new one")])
        again = self.again()
        self.assertEqual([said.text for said in again.last(self.account, "#g", 9)], ["old one", "new one", "old two"])
        self.assertEqual([said.text for said in again.last(self.account, apart.apart, 9)], ["old one", "old two"])
        self.assertEqual([said.conversation for said in again.search(self.account, "old")], [apart.apart] * 2)
        self.assertEqual((again.cursors(self.account), again.ahead(self.account)), ({}, {}))
        self.assertEqual(again.created(self.account), {apart.apart: 5, "#g": 6})

    def test_another_name_takes_everything_along(self) -> None:
        self.history.keep(self.account, [r.Epoch("one", False), kept(1, "before"), r.Epoch("two", True)])
        self.history.keep(self.account, [kept(1, "after"), r.KeepCursor("#g", 1), r.KeepCreated("#g", 5)])
        self.history.keep(self.account, [r.KeepCursor("#h", 9), r.KeepCreated("#h", 4), r.Rename("#g", "#h")])
        self.assertEqual({said.text for said in self.history.last(self.account, "#h", 9)}, {"before", "after"})
        self.assertEqual(self.history.last(self.account, "#g", 9), [])
        self.assertEqual(self.history.cursors(self.account), {"#h": 1})
        self.assertEqual(self.history.created(self.account), {"#h": 5})

    def test_another_name_loses_nothing_of_what_had_it_before(self) -> None:
        self.history.keep(self.account, [kept(1, "new"), kept(2, "more"), kept(1, "old", conversation="#h")])
        self.history.keep(self.account, [r.Rename("#g", "#h")])
        self.assertEqual([said.text for said in self.history.last(self.account, "#h", 9)], ["old", "more"])
        self.assertEqual([said.text for said in self.history.search(self.account, "new")], ["new"])

    def test_what_was_tampered_with_is_not_used(self) -> None:
        self.history.keep(self.account, [kept(1), kept(2), r.Queue(Outgoing(b"o" * 16, "#g", "x", 1))])
        self.history.keep(self.account, [r.KeepRows({("t", "a"): b"x"}), r.Claim("alice", b"token", True)])
        execute = self.history._db.execute
        mine = self.account
        moved = "UPDATE message SET text = (SELECT text FROM message WHERE seq = 2) WHERE seq = 1"
        reads: dict[str, Callable[[], object]] = {
            moved: lambda: self.history.last(mine, "#g", 9),
            "UPDATE message SET sender = 'eve'": lambda: self.history.search(mine, "hi"),
            "UPDATE outbox SET recipient = '@eve'": lambda: self.history.outbox(mine),
            "UPDATE account SET token = zeroblob(60)": lambda: self.history.account("h:1"),
            "UPDATE state SET name = 'b'": lambda: self.history.rows(mine).read("t", "b"),
            "DELETE FROM store": lambda: self.again(),
        }
        for change, read in reads.items():
            execute(change)
            refused = self.assertRaises(ProfileError, read)
            self.assertEqual(refused.code, "STORE_TAMPERED", change)
        self.history = History(":memory:")

    def test_the_past_may_be_forgotten(self) -> None:
        self.history.keep(self.account, [kept(1), kept(2), kept(3)])
        self.assertEqual(self.history.forget_before(30), 2)
        self.assertEqual([said.seq for said in self.history.last(self.account, "#g", 9)], [3])

    def test_search_is_newest_and_in_order(self) -> None:
        self.history.keep(self.account, [kept(seq, f"Due {seq}") for seq in range(1, 9)])
        self.assertEqual([said.seq for said in self.history.search(self.account, "due", 3)], [6, 7, 8])
        self.assertEqual(self.history.search(self.account, "100%"), [])

    def test_last_finds_a_person(self) -> None:
        mine = kept(2, "to bob", own=True, conversation="dm:alice:bob", peer="bob")
        theirs = kept(1, "from bob", conversation="dm:alice:bob", peer="bob")
        self.history.keep(self.account, [theirs, mine, kept(3)])
        self.assertEqual([s.text for s in self.history.last(self.account, "@bob", 9)], ["from bob", "to bob"])

    def test_accounts(self) -> None:
        self.assertIsNone(self.history.account("h:1"))
        self.history.keep(self.account, [r.Try("alice")])
        tried = self.history.account("h:1")
        assert tried is not None
        self.assertEqual((tried.name, tried.tried, tried.claimed), ("alice", True, False))
        self.history.keep(self.account, [r.Claim("Alice", b"t", True)])
        claimed = self.history.account("h:1", "ALICE")
        assert claimed is not None
        self.assertEqual((claimed.name, claimed.token, claimed.claimed, claimed.tried), ("Alice", b"t", True, False))
        self.assertEqual(self.history.last_server(), "Alice@h:1")

    def test_the_account_last_used_is_the_one(self) -> None:
        other = self.history.add_account("h:1", "bob", "sealed").id
        for account, name in ((self.account, "alice"), (other, "bob"), (self.account, "alice")):
            self.history.keep(account, [r.Claim(name, b"", True)])
        found = self.history.account("h:1")
        assert found is not None
        self.assertEqual(found.name, "alice")

    def test_adding_twice_keeps_the_first_keys(self) -> None:
        self.assertEqual(self.history.add_account("h:1", "alice", "other").sealed, "sealed")

    def test_pins_and_settings(self) -> None:
        self.assertEqual(self.history.pin("h:1"), "")
        self.history.set_pin("h:1", "aa")
        self.history.set("times", "always")
        self.assertEqual((self.again().pin("h:1"), self.history.settings()), ("aa", {"times": "always"}))
        self.history.set_pin("h:1", "")
        self.history.set("times", "")
        self.assertEqual((self.history.pin("h:1"), self.history.settings()), ("", {}))

    def test_a_newer_schema_is_refused_with_both_numbers(self) -> None:
        self.history._db.execute(f"PRAGMA user_version = {VERSION + 1}")
        self.history.close()
        refused = self.assertRaises(ProfileError, database, self.path)
        self.assertIn(str(VERSION + 1), str(refused))
        self.assertIn(str(VERSION), str(refused))
        self.history = History(":memory:")

    def test_what_is_no_database_is_refused_in_a_sentence(self) -> None:
        path = self.mktemp()
        with open(path, "w") as file:
            file.write("not a database" * 100)
        self.assertIn("cannot be used", str(self.assertRaises(ProfileError, database, path)))
        self.assertIsInstance(sqlite3.sqlite_version, str)
