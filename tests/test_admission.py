"""Who may come in: signatures, passwords, guests, tokens, invitations; throttled, yet fair to a school."""

from __future__ import annotations

import hashlib

from chatd import messages as m
from chatd.admission import Policy
from chatd.auth import device_id, make_invitation
from chatd.core.limits import Limits
from tests.kit import SECRET, House, Keys, Peer, Scene, state_of

AFAR = "198.51.100.7"
SCHOOL = "203.0.113.5"
BINDING = hashlib.sha256(b"this channel").digest()
PASSWORD = "correct horse"


class DoorScene(Scene):
    """A house, and what a refusal at the door looks like."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.house.person("alice", AFAR)
        assert self.alice.keys
        self.keys = self.alice.keys
        self.alice.lose()

    def turned_away(self, code: str, peer: Peer) -> m.Failed:
        """The newest refusal has this code, and the peer is not in."""
        failed = peer.last(m.Failed)
        self.assertEqual(failed.code, code, failed.text)
        self.assertEqual(peer.of(m.Welcome), [])
        return failed

    def log_in(self, host: str = AFAR, keys: Keys | None = None, name: str = "alice") -> Peer:
        """A try to log in."""
        peer = self.house.greeted(host)
        peer.login(name, keys or self.keys)
        return peer


class Greeting(DoorScene):
    """The first words."""

    def test_greeting_says_what_one_needs(self) -> None:
        peer = self.house.peer()
        peer.tell(m.Hello([1, 7], ["resume", "teleport"], "kit"))
        greeting = peer.last(m.Greeting)
        self.assertEqual((greeting.version, greeting.features, greeting.server), (1, ["resume"], "test.example"))
        self.assertEqual((len(greeting.challenge), greeting.text_limit), (32, 16_384))
        self.assertEqual((greeting.registration, greeting.guests), ("open", True))
        self.assertEqual(greeting.epoch, self.house.store.load().epoch)

    def test_no_version_that_both_speak(self) -> None:
        peer = self.house.peer()
        for versions in ([], [2], [0, 99]):
            peer.tell(m.Hello(versions))
            self.assertEqual(peer.code(), "version")
        peer.tell(m.Hello([1]))
        self.assertTrue(peer.of(m.Greeting))

    def test_challenges_differ(self) -> None:
        challenges = {self.house.greeted().challenge for _ in range(50)}
        self.assertEqual(len(challenges), 50)

    def test_hello_is_said_once(self) -> None:
        peer = self.house.greeted()
        peer.tell(*[m.Hello([1])] * 100)
        self.assertEqual(len(peer.of(m.Greeting)), 1)
        self.assertEqual((peer.code(), peer.last(m.Bye).code, peer.over), ("not-logged-in", "login-refused", True))

    def test_commands_before_hello_and_before_login(self) -> None:
        for greet in (False, True):
            for command in (
                m.Send(3, "@alice", b"1" * 16, "hi"), m.Join(3, "x"), m.Who(3), m.History(3, "#lobby"), m.Ping(3),
                m.SetPassword(3, "password"), m.Away(3, "x"), m.Groups(3), m.Inbox(3), m.Devices(3),
                m.Whois(3, "alice"),
            ):  # fmt: skip
                peer = self.house.greeted() if greet else self.house.peer()
                before = state_of(self.house)
                peer.tell(command)
                failed = self.turned_away("not-logged-in", peer)
                self.assertEqual(failed.ref, 3)
                self.assertEqual(state_of(self.house), before)

    def test_logging_in_without_hello(self) -> None:
        peer = self.house.peer()
        peer.tell(m.Enter(1, "gast"))
        self.turned_away("not-logged-in", peer)

    def test_acknowledging_before_login_is_refused(self) -> None:
        peer = self.house.greeted()
        peer.tell(m.Acknowledge("#lobby", 1))
        self.turned_away("not-logged-in", peer)

    def test_quit_before_login_is_a_goodbye(self) -> None:
        for peer in (self.house.peer(), self.house.greeted()):
            peer.tell(m.Quit(1), m.Enter(2, "gast"))
            self.assertEqual(peer.events[-1], m.Bye("goodbye", "Come back soon."))
            self.assertTrue(peer.over)
        self.assertIsNone(self.house.node.hub.users.get("gast"))

    def test_six_refusals_and_out(self) -> None:
        peer = self.house.greeted()
        for number in range(1, 7):
            self.assertFalse(peer.over, number)
            peer.ask(m.Who)
        self.assertEqual(len(peer.of(m.Failed)), 6)
        self.assertEqual((peer.last(m.Bye).code, peer.over), ("login-refused", True))

    def test_nobody_gets_in_behind_the_last_refusal(self) -> None:
        peer = self.house.greeted()
        commands: list[m.Command] = [m.Who(number) for number in range(6)]
        peer.tell(*commands, m.Enter(7, "gast"))
        self.assertEqual(peer.of(m.Welcome), [])
        self.assertEqual(len(peer.of(m.Failed)), 6)
        self.assertIsNone(self.house.node.hub.users.get("gast"))


class SigningUp(DoorScene):
    """Claiming a name."""

    def sign(self, name: str, keys: m.DeviceKeys, signature: bytes = b"", invitation: str = "") -> Peer:
        """A try."""
        peer = self.house.greeted(AFAR)
        peer.keys = Keys(b"new")
        signature = signature or peer.keys.private.sign(
            m.SIGNUP_LABEL + peer.challenge + keys.device.encode() + b"\0" + name.encode()
        )
        peer.ask(m.SignUp, name, keys, signature, invitation)
        return peer

    def test_in_at_once_and_on_disk(self) -> None:
        peer = self.house.person("bob")
        self.house.restart()
        self.assertTrue(peer.again().of(m.Welcome))

    def test_duplicate_name_is_refused_and_nobody_is_taken_over(self) -> None:
        """T07, T08: the same name, in other letters, or one that looks like it."""
        self.alice = self.alice.again()
        self.alice.take()
        for name in ("alice", "Alice", "ALICE ", " alice", "a1ice", "ａｌｉｃｅ"):
            peer = self.house.greeted(AFAR)
            before = state_of(self.house)
            peer.sign_up(name)
            failed = self.turned_away("name-taken", peer)
            self.assertIn("Username already taken!", failed.text)
            self.assertEqual(state_of(self.house), before)
        self.assertEqual(self.alice.take(), [])

    def test_bad_names_get_the_right_reason(self) -> None:
        """T09, T11: no control characters, not empty, one alphabet."""
        for name, word in (
            ("", "empty"), ("   ", "empty"), ("\x1b[2J", "not allowed"), ("a\nb", "spaces"), ("x" * 33, "too long"),
            ("аlice", "mix"), ("server", "reserved"), ("a b", "spaces"), ("x" * 5_000, "too long"),
        ):  # fmt: skip
            peer = self.house.greeted(AFAR)
            peer.sign_up(name)
            self.assertIn(word, self.turned_away("bad-name", peer).text)

    def test_other_alphabets_are_welcome(self) -> None:
        """T31: names that are not ASCII are right."""
        for name in ("Zoë", "Иван", "明", "Ἀθηνᾶ"):
            peer = self.house.person(name)
            self.assertEqual(peer.last(m.Welcome).name, name)
            self.alice = self.alice.again()
            self.alice.send(f"@{name}", "hi")
            self.assertEqual(peer.texts(), ["hi"])

    def test_signature_must_fit(self) -> None:
        keys = Keys(b"new").public
        for wrong in (b"\0" * 64, b"short"):
            self.turned_away("login-refused", self.sign("bob", keys, wrong))
        self.turned_away("login-refused", self.sign("bob", m.DeviceKeys("a" * 16, keys.ed25519, keys.curve25519)))
        self.turned_away(
            "login-refused", self.sign("bob", m.DeviceKeys(keys.device, keys.ed25519[:31], keys.curve25519))
        )
        self.turned_away("login-refused", self.sign("bob", m.DeviceKeys(keys.device, keys.ed25519, b"")))
        zeros = m.DeviceKeys(device_id(b"\0" * 32, b"\0" * 32), b"\0" * 32, b"\0" * 32)
        self.turned_away("login-refused", self.sign("bob", zeros))
        self.assertTrue(self.sign("bob", keys).of(m.Welcome))

    def test_somebody_elses_device_is_refused(self) -> None:
        peer = self.house.greeted(AFAR)
        peer.keys = self.keys
        before = state_of(self.house)
        peer.ask(m.SignUp, "bob", self.keys.public, peer.signature(m.SIGNUP_LABEL, "bob"))
        self.turned_away("name-taken", peer)
        self.assertEqual(state_of(self.house), before)

    def test_registration_closed(self) -> None:
        self.house.policy = Policy("s", "closed", True)
        self.house.restart()
        peer = self.house.greeted(AFAR)
        self.assertEqual(peer.last(m.Greeting).registration, "closed")
        peer.sign_up("bob")
        self.turned_away("registration-closed", peer)
        self.assertTrue(self.log_in().of(m.Welcome))

    def test_invitations_are_needed_right_and_used_once(self) -> None:
        self.house.policy = Policy("s", "invite", True)
        self.house.restart()
        now = int(self.house.wall())
        code = make_invitation(SECRET, b"first", now + 60)
        for given, expected in (
            ("", "invitation-needed"), ("nonsense", "bad-invitation"),
            (make_invitation(SECRET, b"second", now - 1), "bad-invitation"),
            (make_invitation(b"t" * 32, b"first", now + 60), "bad-invitation"),
        ):  # fmt: skip
            peer = self.house.greeted(AFAR)
            peer.sign_up("bob", given)
            self.turned_away(expected, peer)
        peer = self.house.greeted(AFAR)
        peer.sign_up("alice", code)
        self.turned_away("name-taken", peer)  # and the code is still good
        peer.sign_up("bob", code.lower().replace("-", " "))
        self.assertTrue(peer.of(m.Welcome))
        self.house.restart()
        peer = self.house.greeted(AFAR)
        peer.sign_up("carol", code)
        self.turned_away("bad-invitation", peer)

    def test_three_hundred_of_one_school_sign_up_within_ten_seconds(self) -> None:
        for number in range(300):
            self.house.person(f"pupil-{number}", SCHOOL)
            if number % 30 == 29:
                self.house.clock.advance(1)
        self.assertEqual(len(self.house.node.hub.everyone.users), 300)

    def test_sign_ups_of_one_address_have_an_end_and_others_do_not_notice(self) -> None:
        self.house = House(limits=Limits(signups_burst=3, signups_per_minute=60))
        for number in range(3):
            self.house.person(f"pupil-{number}", SCHOOL)
        peer = self.house.greeted(SCHOOL)
        peer.sign_up("one-more")
        failed = self.turned_away("throttled", peer)
        self.house.person("elsewhere", AFAR)
        self.house.person("local")
        self.house.clock.advance(failed.retry)
        peer.sign_up("one-more")
        self.assertTrue(peer.of(m.Welcome))

    def test_a_trusted_network_is_not_throttled(self) -> None:
        policy = Policy("s", "open", True, ("203.0.113.0/24",))
        self.house = House(limits=Limits(signups_burst=3), policy=policy)
        for number in range(10):
            self.house.person(f"pupil-{number}", SCHOOL)

    def test_nobody_signs_up_on_a_full_disk(self) -> None:
        self.house.node.hub.full = True
        peer = self.house.greeted(AFAR)
        peer.sign_up("bob")
        self.turned_away("storage-full", peer)
        self.assertTrue(self.log_in().of(m.Welcome))


class LoggingIn(DoorScene):
    """By a device's signature."""

    def test_known_device(self) -> None:
        peer = self.log_in()
        self.assertEqual(peer.last(m.Welcome).name, "alice")

    def test_name_in_other_letters(self) -> None:
        self.assertEqual(self.log_in(name="ALICE").last(m.Welcome).name, "alice")

    def test_wrong_ones(self) -> None:
        bob = self.house.person("bob")
        assert bob.keys
        for name, keys in (("alice", Keys(b"other")), ("nobody", self.keys), ("alice", bob.keys), ("", self.keys)):
            self.turned_away("login-refused", self.log_in(keys=keys, name=name))

    def test_label_and_name_are_signed(self) -> None:
        for label, name in ((m.SIGNUP_LABEL, "alice"), (m.LOGIN_LABEL, "bob"), (b"", "alice")):
            peer = self.house.greeted(AFAR)
            peer.keys = self.keys
            peer.ask(m.Login, "alice", self.keys.public.device, peer.signature(label, name))
            self.turned_away("login-refused", peer)

    def test_signature_of_another_connection_is_refused(self) -> None:
        first, second = self.house.greeted(AFAR), self.house.greeted(AFAR)
        first.keys = self.keys
        signature = first.signature(m.LOGIN_LABEL, "alice")
        second.ask(m.Login, "alice", self.keys.public.device, signature)
        self.turned_away("login-refused", second)
        first.ask(m.Login, "alice", self.keys.public.device, signature)
        self.assertTrue(first.of(m.Welcome))

    def test_signature_is_bound_to_the_channel(self) -> None:
        peer = self.house.greeted(AFAR, BINDING)
        peer.login("alice", self.keys)
        self.assertTrue(peer.of(m.Welcome))
        for real, signed in ((BINDING, b""), (b"", BINDING), (BINDING, hashlib.sha256(b"the attacker's").digest())):
            peer = self.house.greeted(AFAR, real)
            peer.transport.binding = signed
            peer.login("alice", self.keys)
            self.turned_away("login-refused", peer)

    def test_sign_up_and_link_are_bound_to_the_channel(self) -> None:
        peer = self.house.greeted(AFAR, BINDING)
        peer.transport.binding = b""
        peer.sign_up("bob")
        self.turned_away("login-refused", peer)
        self.granted(alice := self.log_in(), m.SetPassword, PASSWORD)
        peer = self.house.greeted(AFAR, BINDING)
        peer.transport.binding = b"\0" * 32
        peer.link("alice", PASSWORD)
        self.turned_away("login-refused", peer)
        alice.lose()

    def test_failures_are_throttled_by_account_and_address(self) -> None:
        for _ in range(3):
            self.turned_away("login-refused", self.log_in(keys=Keys(b"other")))
        for name in ("alice", "ALICE", " alice ", "ａlice"):
            self.turned_away("throttled", self.log_in(keys=Keys(b"other"), name=name))
        failed = self.turned_away("throttled", self.log_in())
        self.assertTrue(self.log_in("192.0.2.99").of(m.Welcome))  # the real Alice elsewhere
        self.house.clock.advance(failed.retry)
        self.assertTrue(self.log_in().of(m.Welcome))

    def test_one_address_may_fail_so_often_over_all_names(self) -> None:
        self.house = House(limits=Limits(login_failures_per_prefix=5))
        keys = Keys(b"other")
        for number in range(5):
            self.turned_away("login-refused", self.log_in(keys=keys, name=f"name-{number}"))
        self.turned_away("throttled", self.log_in(keys=keys, name="another"))
        self.turned_away("login-refused", self.log_in("192.0.2.99", keys, "another"))

    def test_a_school_that_logs_in_all_at_once_is_not_throttled(self) -> None:
        pupils = [self.house.person(f"pupil-{number}", SCHOOL) for number in range(100)]
        self.house.restart()
        for pupil in pupils:
            self.assertTrue(pupil.again().of(m.Welcome), pupil.events)

    def test_one_pupils_failures_do_not_lock_out_the_others(self) -> None:
        other = self.house.person("other", SCHOOL)
        other.lose()
        for _ in range(3):
            self.turned_away("login-refused", self.log_in(SCHOOL, Keys(b"x"), "alice"))
        self.turned_away("throttled", self.log_in(SCHOOL, Keys(b"x"), "alice"))
        self.assertTrue(other.again().of(m.Welcome))


class Resuming(DoorScene):
    """By a token."""

    def test_goes_on(self) -> None:
        alice = self.log_in()
        alice.lose()
        self.house.restart()
        self.assertEqual(alice.resume().last(m.Welcome).name, "alice")

    def test_wrong_and_old_tokens(self) -> None:
        alice = self.log_in()
        good = alice.token
        flipped = bytes([good[0]]) + good[1:-1] + bytes([good[-1] ^ 1])
        for token in (b"", b"x", flipped, good[:-1], good + b"\0", b"\0" * len(good)):
            alice.token = token
            self.turned_away("login-refused", alice.resume())
        alice.token = good
        self.assertTrue(alice.resume().of(m.Welcome))
        self.house.seconds += 31 * 86_400
        self.turned_away("login-refused", alice.resume())

    def test_guests_get_no_token(self) -> None:
        guest = self.house.greeted()
        guest.ask(m.Enter, "gast")
        self.assertEqual(guest.last(m.Welcome).token, b"")

    def test_tokens_of_another_server_are_refused(self) -> None:
        alice = self.log_in()
        other = House(secret=b"t" * 32)
        other.person("alice").lose()
        peer = other.greeted()
        peer.ask(m.Resume, alice.token)
        self.turned_away("login-refused", peer)


class Guests(DoorScene):
    """Without an account."""

    def test_policy(self) -> None:
        self.house = House(policy=Policy("s", "open", False))
        peer = self.house.greeted()
        self.assertFalse(peer.last(m.Greeting).guests)
        peer.ask(m.Enter, "gast")
        self.turned_away("guests-refused", peer)

    def test_not_under_anybodys_name(self) -> None:
        for name, code in (("alice", "name-taken"), ("A1ice", "name-taken"), ("", "bad-name"), ("a\x07", "bad-name")):
            peer = self.house.greeted()
            before = state_of(self.house)
            peer.ask(m.Enter, name)
            self.turned_away(code, peer)
            self.assertEqual(state_of(self.house), before)

    def test_guests_of_one_address_have_an_end(self) -> None:
        """Each guest has a message rate of their own, so one who comes again and again would have none."""
        self.house = House(limits=Limits(signups_burst=3))
        for number in range(3):
            guest = self.house.guest(f"gast-{number}", AFAR)
            guest.ask(m.Quit)
        peer = self.house.greeted(AFAR)
        peer.ask(m.Enter, "gast-4")
        self.turned_away("throttled", peer)
        self.house.guest("local")

    def test_nothing_is_stored_of_them(self) -> None:
        before = self.house.store.load()
        guest = self.house.guest("gast")
        guest.ask(m.Away, "x")
        self.assertEqual(self.house.store.load(), before)
        self.refused("guest", guest, m.SetPassword, PASSWORD)


class ByPassword(DoorScene):
    """Linking a device, and the password itself."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.log_in()
        self.granted(self.alice, m.SetPassword, PASSWORD)

    def link(self, password: str, name: str = "alice", host: str = AFAR) -> Peer:
        """A try to link a new device."""
        peer = self.house.greeted(host)
        peer.link(name, password)
        return peer

    def test_links_a_device_that_then_logs_in_by_itself(self) -> None:
        peer = self.link(PASSWORD)
        self.assertEqual(peer.last(m.Welcome).name, "alice")
        self.house.restart()
        self.assertTrue(peer.again().of(m.Welcome))

    def test_wrong_password_unknown_name_and_none_at_all_are_one_answer(self) -> None:
        self.house.person("bob")
        answers = {
            self.turned_away("login-refused", self.link("wrong", name)).text for name in ("alice", "nobody", "bob")
        }
        self.assertEqual(len(answers), 1)
        self.turned_away("login-refused", self.link("", "bob"))

    def test_unknown_names_are_hashed_like_known_ones(self) -> None:
        self.house.hasher.slow = True
        for name in ("alice", "nobody"):
            peer = self.link("wrong", name)
            self.assertEqual((peer.of(m.Failed), len(self.house.hasher.waiting)), ([], 1), name)
            self.house.commit()
            peer.read()
            self.turned_away("login-refused", peer)

    def test_what_comes_while_it_is_hashed_waits(self) -> None:
        self.house.hasher.slow = True
        peer = self.link(PASSWORD)
        peer.ask(m.Who)
        peer.ask(m.Ping)
        self.assertEqual(len(peer.take()), 1)
        self.house.commit()
        self.assertEqual(
            [type(event) for event in peer.take() if not isinstance(event, m.Presence)], [m.Welcome, m.WhoList, m.Pong]
        )

    def test_gone_while_it_was_hashed(self) -> None:
        self.house.hasher.slow = True
        peer = self.link(PASSWORD)
        peer.lose()
        self.house.commit()
        user = self.house.node.hub.users.find("alice")
        self.assertEqual((len(user.sessions), len(user.devices), len(self.house.node.sessions)), (1, 1, 1))

    def test_too_late_while_it_was_hashed(self) -> None:
        self.house.hasher.slow = True
        peer = self.link(PASSWORD)
        self.house.advance(25)
        self.house.commit()
        self.assertEqual((peer.of(m.Welcome), peer.last(m.Bye).code), ([], "timeout"))
        self.assertEqual(len(self.house.node.hub.users.find("alice").sessions), 1)

    def test_guesses_are_throttled_even_all_at_once(self) -> None:
        self.house.hasher.slow = True
        peers = [self.link(f"guess-{number}") for number in range(6)]
        self.assertEqual(len(self.house.hasher.waiting), 3)
        self.house.commit()
        codes = [peer.code() for peer in peers if peer.read()]
        self.assertEqual(codes, ["login-refused"] * 3 + ["throttled"] * 3)

    def test_a_class_that_links_its_devices_at_once_is_not_throttled(self) -> None:
        for number in range(30):
            pupil = self.house.person(f"pupil-{number}", SCHOOL)
            self.granted(pupil, m.SetPassword, PASSWORD)
            pupil.lose()
        for number in range(30):
            self.assertTrue(self.link(PASSWORD, f"pupil-{number}", SCHOOL).of(m.Welcome), number)

    def test_wrong_passwords_for_many_names_are_throttled(self) -> None:
        self.house = House(limits=Limits(login_failures_per_prefix=4))
        for number in range(4):
            self.turned_away("login-refused", self.link("wrong", f"name-{number}"))
        self.turned_away("throttled", self.link("wrong", "another"))

    def test_too_many_at_once_are_told_to_wait(self) -> None:
        self.house.hasher.slow = True
        peers = [self.link("guess", f"name-{number}", f"192.0.2.{number}") for number in range(70)]
        busy = [peer for peer in peers if peer.of(m.Failed)]
        self.assertEqual({peer.code() for peer in busy}, {"busy"})
        self.assertEqual((len(busy), busy[0].last(m.Failed).retry), (6, 5.0))

    def test_change_needs_the_old_one(self) -> None:
        self.refused("login-refused", self.alice, m.SetPassword, "another password")
        self.refused("login-refused", self.alice, m.SetPassword, "another password", "wrong")
        self.granted(self.alice, m.SetPassword, "another password", PASSWORD)
        self.turned_away("login-refused", self.link(PASSWORD))
        self.assertTrue(self.link("another password").of(m.Welcome))

    def test_guessing_the_old_one_is_throttled(self) -> None:
        for _ in range(3):
            self.refused("login-refused", self.alice, m.SetPassword, "another password", "wrong")
        self.refused("throttled", self.alice, m.SetPassword, "another password", PASSWORD)

    def test_removed(self) -> None:
        self.granted(self.alice, m.SetPassword, "", PASSWORD)
        self.turned_away("login-refused", self.link(PASSWORD))
        self.turned_away("login-refused", self.link(""))
        self.granted(self.alice, m.SetPassword, "yet another")

    def test_too_short_or_too_long(self) -> None:
        self.refused("not-allowed", self.alice, m.SetPassword, "short", PASSWORD)
        self.refused("not-allowed", self.alice, m.SetPassword, "x" * 2_000, PASSWORD)

    def test_it_is_on_disk_when_done_is_said(self) -> None:
        self.house = House(slow=True)
        alice = self.house.person("alice")
        alice.take()
        alice.ask(m.SetPassword, PASSWORD)
        self.house.hasher.run()
        self.house.settle()
        self.assertEqual(alice.take(), [])
        self.house.commit()
        self.assertEqual(len(alice.of(m.Done)), 1)
        self.house.restart()
        peer = self.house.greeted()
        peer.link("alice", PASSWORD)
        self.house.commit()
        self.assertTrue(peer.of(m.Welcome))
