"""From a line to what happens: roles, questions, the audit log first, deadlines, caps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail

from chatd.console.audit import AuditError
from chatd.console.desk import UNKNOWN, Outcome, Question
from chatd.console.verbs import LATE, NOBODY, OTHER, POLICY, REFUSED, STOPPED, USAGE, Answer, Argument, Trouble, Verb
from tests.console.kit import ConsoleScene, operator
from tests.kit import state_of


class DeskScene(ConsoleScene):
    """With verbs of its own."""

    def verb(self, function: Any, **more: Any) -> None:
        """Put a verb into this desk's table."""
        arguments = (Argument("what", "text", "something", False),)
        self.desk.table = {**self.desk.table, "try": Verb("try", "staff", function, "x", "try", arguments, **more)}

    def noting(self, what: Callable[[Any], Any]) -> tuple[list[Any], Callable[[Any], Answer]]:
        """A verb's function that keeps what it is asked to look at."""
        seen: list[Any] = []

        def look(call: Any) -> Answer:
            seen.append(what(call))
            return Answer([{"a": 1}])

        return seen, look

    def noted(self) -> list[tuple[str, str]]:
        """What the audit log has."""
        return [(entry.verb, entry.result) for entry in self.audit.entries()]


class Order(DeskScene):
    """What comes first."""

    def test_it_is_told_when_the_log_has_it(self) -> None:
        waiting: list[Deferred[int]] = []

        def later(*_: Any) -> Deferred[int]:
            waiting.append(Deferred())
            return waiting[-1]

        self.desk._run = later
        told: list[Outcome] = []
        self.desk.run(operator(), "motd").addCallback(told.append)
        self.assertEqual((told, len(waiting)), ([], 1))
        waiting[0].callback(1)
        self.assertEqual(len(told), 1)

    def test_what_changes_something_is_noted_before_it_begins(self) -> None:
        seen, look = self.noting(lambda call: self.noted())
        self.verb(look, changes=True)
        self.outcome("try me")
        self.assertEqual(seen, [[("try", "begins")]])
        self.assertEqual(self.noted(), [("try", "begins"), ("try", "done")])
        self.assertEqual([entry.began for entry in self.audit.entries()], [0, 1])

    def test_without_the_log_nothing_happens(self) -> None:
        done, look = self.noting(lambda call: 1)
        self.verb(look, changes=True)
        self.desk._run = lambda *_: fail(AuditError("the disk is full"))
        found = self.answer("try")
        self.assertEqual((done, found.rows, found.status), ([], [], OTHER))
        self.assertIn("the disk is full", found.note)

    def test_the_log_says_who_from_where_and_what(self) -> None:
        self.outcome("kick @nobody 'be off' --yes", "staff")
        entry = json.loads(self.audit.path.read_text().splitlines()[0])
        wanted = {"who": "the-staff", "role": "staff", "key": "SHA256:staff", "origin": "127.0.0.1", "verb": "kick"}
        self.assertEqual({key: entry[key] for key in wanted}, wanted)
        self.assertEqual(entry["said"], {"user": "nobody", "why": "be off", "yes": True})


class Refusals(DeskScene):
    """What is not done."""

    def test_a_role_too_low_is_refused_and_noted(self) -> None:
        self.house.person("alice")
        before = state_of(self.house)
        found = self.answer("kick @alice --yes", "ta")
        self.assertEqual((found.status, found.note), (REFUSED, "kick is for the role staff; yours is ta."))
        self.assertEqual((state_of(self.house), self.noted()), (before, [("kick", "refused")]))

    def test_what_destroys_asks(self) -> None:
        alice = self.house.person("alice")
        asked = self.outcome("kick @alice enough", "staff").found
        assert isinstance(asked, Question)
        self.assertEqual(asked.text, "kick alice enough: are you sure?")
        self.assertEqual((alice.over, self.noted()), (False, []))
        self.assertEqual(self.answer("kick @alice enough", "staff", certain=True).status, 0)
        self.assertTrue(alice.over)

    def test_statuses(self) -> None:
        self.house.person("alice")
        for line, status, words in (
            ("sessions @alcie", NOBODY, "Did you mean alice?"),
            ("group show #nowhere", NOBODY, "There is no group"),
            ("frobnicate", USAGE, "There is no verb"),
            ("announce ' '", POLICY, "There is nothing to say"),
        ):
            found = self.answer(line)
            self.assertEqual(found.status, status, found.note)
            self.assertIn(words, found.note)

    def test_help_of_one_verb_runs_nothing(self) -> None:
        found = self.answer("kick --help", "ta")
        self.assertIn("are told why", str(found.rows[0]["does"]))
        self.assertEqual(self.noted(), [])


class Bounds(DeskScene):
    """Deadlines, caps, errors."""

    def test_a_deadline(self) -> None:
        self.verb(lambda call: Deferred(), deadline=5.0, changes=True)
        waiting = self.desk.run(operator(), "try")
        self.house.clock.advance(4.9)
        self.assertNoResult(waiting)
        self.house.clock.advance(0.2)
        found = self.done(waiting).found
        self.assertEqual(found.status, LATE)
        self.assertIn("It may still come about", found.note)
        self.assertEqual(self.noted()[-1], ("try", "too late"))

    def test_who_asked_may_stop_it(self) -> None:
        given_up: list[Any] = []
        self.verb(lambda call: Deferred(given_up.append), changes=True)
        waiting = self.desk.run(operator(), "try", by=self)
        self.assertEqual((self.desk.stop("somebody else"), given_up), (False, []))
        self.assertTrue(self.desk.stop(self))
        found = self.done(waiting).found
        self.assertEqual((len(given_up), found.status), (1, STOPPED))
        self.assertIn("try was stopped. It may still come about", found.note)
        self.assertEqual((self.noted()[-1], self.desk.stop(self)), (("try", "stopped"), False))

    def test_what_is_over_cannot_be_stopped(self) -> None:
        self.verb(lambda call: Answer([{"a": 1}]))
        self.done(self.desk.run(operator(), "try", by=self))
        self.assertFalse(self.desk.stop(self))

    def test_a_cap(self) -> None:
        self.verb(lambda call: Answer([{"n": n} for n in range(10)], "note"), most=3)
        found = self.answer("try")
        self.assertEqual((len(found.rows), found.note), (3, "note\n7 more are not shown; ask for less."))

    def test_a_mistake_of_ours_is_one_sentence_to_them_and_a_traceback_to_us(self) -> None:
        for function in (lambda call: 1 // 0, lambda call: fail(ZeroDivisionError("no"))):
            self.verb(function)
            found = self.answer("try")
            self.assertEqual((found.note, found.status), (UNKNOWN, OTHER))
            self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.noted()[-1], ("try", "failed"))

    def test_a_trouble_is_its_own_words(self) -> None:
        def trouble(call: Any) -> Answer:
            raise Trouble("not today", POLICY)

        self.verb(trouble)
        self.assertEqual(self.answer("try")[1:3], ("not today", POLICY))

    def test_json_is_asked_for_anywhere(self) -> None:
        self.assertEqual([self.outcome(line).json for line in ("motd --json", "motd", "nonsense --json")],
                         [True, False, True])  # fmt: skip

    def test_who_is_there(self) -> None:
        self.desk.came(1, operator("ta"))
        self.assertEqual([row["name"] for row in self.rows("console")], ["the-ta"])
        self.desk.left(1)
        self.desk.left(1)
        self.assertEqual(self.noted(), [("(terminal)", "opened"), ("console", "done"), ("(terminal)", "closed")])
        self.assertEqual(self.rows("console"), [])

    def test_what_is_piped_reaches_only_verbs_that_read(self) -> None:
        seen, look = self.noting(lambda call: call["input"])
        self.verb(look, reads=True)
        self.outcome("try", typed="a,b")
        self.verb(look)
        self.outcome("try", typed="a,b")
        self.assertEqual(seen, ["a,b", None])
        self.assertEqual([self.desk.reads(line) for line in ("roster sync", "who", "nonsense")], [True, False, False])
