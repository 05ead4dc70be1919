"""Tests of clients.core.login: which proof comes when, and what each refusal leads to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from clients.core.login import Entrance, Failure, Who
from clients.core.notices import AskName
from tests.clients.kit import CHALLENGE, DEVICE, greeting, welcome


def entrance(**who: object) -> Entrance:
    """A login of somebody."""
    return Entrance(Who(**who), DEVICE)  # type: ignore[arg-type]


def failed(code: str, retry: float = 0.0) -> m.Failed:
    """A refusal."""
    return m.Failed(1, code, "because", [], retry)


class FirstMoveTests(SynchronousTestCase):
    """The answer to the greeting."""

    def test_without_a_name_one_is_asked_for(self) -> None:
        way = entrance()
        self.assertEqual(way.greeted(greeting(), b"", False, 1), AskName())
        self.assertIsInstance(way.named("alice", 2), m.SignUp)

    def test_a_new_name_signs_up(self) -> None:
        move = entrance(name="alice", invitation="code").greeted(greeting(), b"bind", False, 7)
        signature = DEVICE.sign(m.SIGNUP_LABEL, CHALLENGE, b"bind", "alice")
        self.assertEqual(move, m.SignUp(7, "alice", DEVICE.keys, signature, "code"))

    def test_an_own_name_logs_in(self) -> None:
        move = entrance(name="alice", claimed=True).greeted(greeting(), b"bind", False, 7)
        signature = DEVICE.sign(m.LOGIN_LABEL, CHALLENGE, b"bind", "alice")
        self.assertEqual(move, m.Login(7, "alice", DEVICE.keys.device, signature))

    def test_a_token_resumes_where_both_can(self) -> None:
        way = entrance(name="alice", claimed=True, token=b"t")
        self.assertEqual(way.greeted(greeting(), b"", False, 7), m.Resume(7, b"t"))
        old = m.Greeting(1, "one", [], CHALLENGE, "s", 0)
        self.assertIsInstance(way.greeted(old, b"", False, 8), m.Login)

    def test_a_password_links(self) -> None:
        move = entrance(name="alice", password="pw", token=b"t").greeted(greeting(), b"", False, 7)
        assert isinstance(move, m.Link)
        self.assertEqual((move.name, move.password, move.keys), ("alice", "pw", DEVICE.keys))

    def test_a_guest_enters(self) -> None:
        self.assertEqual(entrance(name="gus", guest=True).greeted(greeting(), b"", False, 7), m.Enter(7, "gus"))

    def test_another_version(self) -> None:
        move = entrance(name="a").greeted(m.Greeting(9, "one", [], CHALLENGE, "s", 0), b"", False, 1)
        assert isinstance(move, Failure)
        self.assertEqual(move.code, "version")


class RefusalTests(SynchronousTestCase):
    """What comes after a no."""

    def test_a_dead_token_falls_back_to_the_keys(self) -> None:
        way = entrance(name="alice", claimed=True, token=b"t")
        way.greeted(greeting(), b"", False, 1)
        self.assertIsInstance(way.refused(failed("login-refused"), 2), m.Login)
        self.assertEqual(way.who.token, b"")

    def test_T07_a_taken_name_is_asked_for_again(self) -> None:
        way = entrance(name="alice")
        way.greeted(greeting(), b"", False, 1)
        self.assertEqual(way.refused(failed("name-taken"), 2), AskName("name-taken", "because"))
        again = way.named("alicia", 3)
        assert isinstance(again, m.SignUp)
        self.assertEqual(again.name, "alicia")

    def test_T11_a_bad_name_tells_the_reason(self) -> None:
        way = entrance(name="x y")
        way.greeted(greeting(), b"", False, 1)
        self.assertEqual(way.refused(failed("bad-name"), 2), AskName("bad-name", "because"))

    def test_a_claim_without_an_answer_may_have_been_carried_out(self) -> None:
        way = entrance(name="alice")
        way.greeted(greeting(), b"", False, 1)
        way.cut()
        self.assertIsInstance(way.greeted(greeting(), b"", False, 2), m.SignUp)
        self.assertIsInstance(way.refused(failed("name-taken"), 3), m.Login)
        self.assertEqual(way.refused(failed("login-refused"), 4), AskName("name-taken", "Username already taken!"))

    def test_closed_registration_lets_guests_in(self) -> None:
        way = entrance(name="gus")
        way.greeted(greeting(), b"", False, 1)
        self.assertEqual(way.refused(failed("registration-closed"), 2), m.Enter(2, "gus"))
        strict = entrance(name="gus")
        strict.greeted(greeting(guests=False), b"", False, 1)
        self.assertIsInstance(strict.refused(failed("registration-closed"), 2), Failure)

    def test_an_older_backup_has_forgotten_us(self) -> None:
        way = entrance(name="alice", claimed=True)
        way.greeted(greeting("two"), b"", True, 1)
        self.assertIsInstance(way.refused(failed("login-refused"), 2), m.SignUp)

    def test_another_device_has_the_name(self) -> None:
        way = entrance(name="alice", claimed=True)
        way.greeted(greeting(), b"", False, 1)
        move = way.refused(failed("login-refused"), 2)
        assert isinstance(move, Failure)
        self.assertIn("chat link", move.text)

    def test_throttled_says_when(self) -> None:
        way = entrance(name="alice", claimed=True)
        way.greeted(greeting(), b"", False, 1)
        self.assertEqual(way.refused(failed("throttled", 9.0), 2), Failure("throttled", "because", 9.0))

    def test_an_invitation_is_wanted(self) -> None:
        way = entrance(name="alice")
        way.greeted(greeting(), b"", False, 1)
        move = way.refused(failed("invitation-needed"), 2)
        assert isinstance(move, Failure)
        self.assertIn("--invitation", move.text)

    def test_welcome_is_remembered(self) -> None:
        way = entrance(name="alice", password="pw")
        way.greeted(greeting(), b"", False, 1)
        way.welcomed(welcome(name="Alice"))
        self.assertEqual(way.who, Who("Alice", True, False, b"token"))
