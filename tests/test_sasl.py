"""SASL: PLAIN, SCRAM-SHA-256 and EXTERNAL; what is wrong is one answer, and nobody learns who is there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from chatd import messages as m
from chatd import people
from chatd.core.limits import Limits
from tests.kit import House, Peer, Scene, state_of
from tests.test_scram import Client

AFAR = "198.51.100.7"
BINDING = hashlib.sha256(b"this channel").digest()
SHOWN = "5a" * 32
PASSWORD = "correct horse"


class SaslScene(Scene):
    """Alice has an account with a password, and no device."""

    def setUp(self) -> None:
        super().setUp()
        self.register("alice")

    def register(self, name: str, password: str = PASSWORD) -> None:
        """Make an account, and go."""
        peer = self.house.greeted()
        peer.ask(people.Register, name, password)
        self.house.commit()
        assert peer.of(people.Proved), peer.events
        peer.lose()

    def stranger(self, host: str = AFAR, certificate: str = "") -> Peer:
        """A connection with TLS."""
        peer = self.house.greeted(host, BINDING, certificate)
        peer.take()
        return peer

    def failed(self, peer: Peer, code: str = "sasl-failed") -> m.Failed:
        """The only answer is this refusal, and nothing has been proved."""
        (answer,) = peer.take()
        assert isinstance(answer, m.Failed), answer
        self.assertEqual((answer.code, answer.ref), (code, peer.ref), answer.text)
        self.assertIsNone(peer.door._inner.session.proof.account)  # type: ignore[union-attr]
        return answer

    def proved(self, peer: Peer, name: str = "alice") -> None:
        """The only answer is that it is through; then one comes in as that account."""
        self.assertEqual(peer.take(), [people.Proved(peer.ref, name)])
        peer.arrive(name)
        arrived = peer.last(people.Arrived)
        self.assertEqual((arrived.name, arrived.guest), (name, False))
        peer.take()


class Plain(SaslScene):
    """Name and password."""

    def test_right(self) -> None:
        for authzid in ("", "alice", "ALICE"):
            for name in ("alice", "Alice"):
                peer = self.stranger()
                peer.plain(name, PASSWORD, authzid)
                self.proved(peer)

    def test_the_mechanism_in_any_letters(self) -> None:
        peer = self.stranger()
        peer.ask(people.Prove, "plain", b"\0alice\0" + PASSWORD.encode())
        self.proved(peer)

    def test_wrong_password_unknown_name_no_password_and_guests_are_one_answer(self) -> None:
        self.house.person("bob")
        self.house.guest("gast")
        peer = self.stranger()
        texts = set()
        for name, password, authzid in (
            ("alice", "wrong", ""), ("nobody", PASSWORD, ""), ("bob", PASSWORD, ""), ("bob", "", ""),
            ("gast", PASSWORD, ""), ("alice", PASSWORD, "bob"),
        ):  # fmt: skip
            peer = self.stranger()
            peer.plain(name, password, authzid)
            texts.add(self.failed(peer).text)
        self.assertEqual(len(texts), 1)

    def test_an_alias_is_no_account(self) -> None:
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.arrive("allegra")
        self.assertEqual(peer.last(people.Arrived).nick, "allegra")
        other = self.stranger()
        other.plain("allegra", PASSWORD)
        self.failed(other)

    def test_everybody_is_hashed(self) -> None:
        self.house.hasher.slow = True
        for name in ("alice", "nobody", "two words", ""):
            peer = self.stranger()
            peer.plain(name, "wrong password")
            self.assertEqual((peer.take(), len(self.house.hasher.waiting)), ([], 1), name)
            self.house.commit()
            peer.read()
            self.failed(peer)

    def test_no_plain_message(self) -> None:
        for data in (b"", b"alice", b"alice\0" + PASSWORD.encode(), b"\0alice\0pass\0word", b"\0\xff\0\xff", b"**"):
            peer = self.stranger()
            peer.ask(people.Prove, "PLAIN", data)
            self.failed(peer)

    @given(st.binary(max_size=60))
    def test_junk_is_refused(self, data: bytes) -> None:
        peer = self.stranger("127.0.0.1")
        peer.ask(people.Prove, "PLAIN", data)
        self.assertEqual([type(event) for event in peer.take()], [m.Failed])

    def test_not_where_others_read_along(self) -> None:
        peer = self.house.greeted(AFAR)
        peer.take()
        peer.plain("alice", PASSWORD)
        self.failed(peer, "tls-needed")
        for host in ("127.0.0.1", "::1", "local"):
            peer = self.house.greeted(host)
            peer.take()
            peer.plain("alice", PASSWORD)
            self.proved(peer)

    def test_guesses_are_throttled_even_all_at_once(self) -> None:
        self.house.hasher.slow = True
        peers = [self.stranger() for _ in range(6)]
        for peer in peers:
            peer.plain("alice", "a guess")
        self.house.commit()
        codes = [peer.code() for peer in peers if peer.read()]
        self.assertEqual(codes, ["sasl-failed"] * 3 + ["throttled"] * 3)

    def test_one_address_over_all_names(self) -> None:
        self.house = House(limits=Limits(login_failures_per_prefix=4))
        for number in range(4):
            peer = self.stranger()
            peer.plain(f"name-{number}", "wrong")
            self.failed(peer)
        peer = self.stranger()
        peer.plain("another", "wrong")
        self.failed(peer, "throttled")

    def test_a_class_that_comes_at_once_is_not_throttled(self) -> None:
        for number in range(25):
            self.register(f"pupil-{number}")
        for number in range(25):
            peer = self.stranger()
            peer.plain(f"pupil-{number}", PASSWORD)
            self.proved(peer, f"pupil-{number}")

    def test_six_failures_and_out(self) -> None:
        peer = self.stranger()
        for number in range(6):
            peer.plain(f"name-{number}", "wrong")
        self.assertEqual((len(peer.of(m.Failed)), peer.last(m.Bye).code, peer.over), (6, "login-refused", True))

    def test_gone_while_it_was_hashed(self) -> None:
        self.house.hasher.slow = True
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.arrive("alice")
        peer.lose()
        self.house.commit()
        self.assertEqual(len(self.house.node.hub.users.find("alice").sessions), 0)

    def test_what_comes_behind_it_waits(self) -> None:
        self.house.hasher.slow = True
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.arrive("alice")
        peer.ask(m.Ping)
        self.assertEqual(peer.take(), [])
        self.house.commit()
        self.assertEqual([type(event) for event in peer.take()], [people.Proved, people.Arrived, m.Pong])

    def test_too_busy(self) -> None:
        self.house.hasher.slow = True
        peers = [self.stranger(f"192.0.2.{number}") for number in range(66)]
        for number, peer in enumerate(peers):
            peer.plain(f"name-{number}", "guess")
        busy = [peer for peer in peers if peer.of(m.Failed)]
        self.assertEqual(({peer.code() for peer in busy}, len(busy)), ({"busy"}, 2))


class Scram(SaslScene):
    """Without telling the password."""

    def begun(self, peer: Peer, client: Client) -> bytes:
        """The challenge."""
        peer.ask(people.Prove, "SCRAM-SHA-256", client.first())
        (answer,) = peer.take()
        assert isinstance(answer, people.Challenge), answer
        self.assertEqual(answer.ref, peer.ref)
        return answer.data

    def test_right(self) -> None:
        """Without TLS as well: nothing is told that could be used again."""
        for peer in (self.stranger(), self.house.greeted(AFAR)):
            peer.take()
            client = Client("ALICE", PASSWORD)
            peer.ask(people.Prove, "", client.final(self.begun(peer, client)))
            self.assertEqual(peer.take(), [people.Challenge(peer.ref, client.expected)])
            peer.ask(people.Prove, "", b"")
            self.proved(peer)

    def test_set_with_a_device(self) -> None:
        bob = self.house.person("bob")
        self.granted(bob, m.SetPassword, PASSWORD)
        self.house.restart()
        peer, client = self.stranger(), Client("bob", PASSWORD)
        peer.ask(people.Prove, "", client.final(self.begun(peer, client)))
        self.assertEqual(peer.take(), [people.Challenge(peer.ref, client.expected)])

    def test_wrong_password_unknown_name_no_password_and_guests_are_one_answer(self) -> None:
        self.house.person("bob")
        self.house.guest("gast")
        texts = set()
        for name, password, header in (
            ("alice", "wrong", "n,,"), ("nobody", PASSWORD, "n,,"), ("bob", PASSWORD, "n,,"), ("gast", PASSWORD, "n,,"),
            ("two words", PASSWORD, "n,,"), ("alice", PASSWORD, "n,a=bob,"),
        ):  # fmt: skip
            peer, client = self.stranger(), Client(name, password, header)
            peer.ask(people.Prove, "", client.final(self.begun(peer, client)))
            texts.add(self.failed(peer).text)
        self.assertEqual(len(texts), 1)

    def test_who_is_there_cannot_be_told_by_the_challenge(self) -> None:
        """The salt of nobody is the same each time, in any letters, as somebody's is; and nonces never come twice."""
        self.house.person("bob")

        def asked(name: str) -> tuple[str, str, str]:
            parts = self.begun(self.stranger(), Client(name, "x")).decode().split(",")
            return parts[0], parts[1], parts[2]

        seen: dict[str, str] = {}
        nonces = set()
        for name in ("alice", "bob", "nobody", "Alice", "Bob", "Nobody", "two words", "alice"):
            nonce, salt, iterations = asked(name)
            nonces.add(nonce)
            self.assertEqual(seen.setdefault(name.lower(), salt), salt)
            self.assertEqual((len(salt), iterations), (26, "i=131072"))
        self.assertEqual((len(nonces), len(set(seen.values()))), (8, 4))
        self.house.restart()
        self.assertEqual(asked("nobody")[1], seen["nobody"])

    def test_steps_out_of_order(self) -> None:
        peer, client = self.stranger(), Client("alice", PASSWORD)
        peer.ask(people.Prove, "", b"")
        self.failed(peer)
        final = client.final(self.begun(peer, client))
        peer.ask(people.Prove, "SCRAM-SHA-256", final)  # the last message as the first of another exchange
        self.failed(peer)
        peer.ask(people.Prove, "", final)  # of an exchange that is over
        self.failed(peer)

    def test_the_proof_alone_is_not_the_end(self) -> None:
        peer, client = self.stranger(), Client("alice", PASSWORD)
        peer.ask(people.Prove, "", client.final(self.begun(peer, client)))
        peer.take()
        peer.ask(people.Prove, "", b"more")
        self.failed(peer)
        peer.arrive("alice")
        self.assertEqual(peer.code(), "name-owned")

    def test_guesses_are_throttled_also_those_begun_before(self) -> None:
        clients = [(self.stranger(), Client("alice", f"guess {number}")) for number in range(5)]
        challenges = [self.begun(peer, client) for peer, client in clients]
        codes = []
        for (peer, client), challenge in zip(clients, challenges, strict=True):
            peer.ask(people.Prove, "", client.final(challenge))
            codes.append(peer.code())
        self.assertEqual(codes, ["sasl-failed"] * 3 + ["throttled"] * 2)
        peer = self.stranger()
        peer.ask(people.Prove, "SCRAM-SHA-256", Client("alice", "x").first())
        self.failed(peer, "throttled")

    @given(st.binary(max_size=60))
    def test_junk_is_refused(self, data: bytes) -> None:
        peer = self.stranger("127.0.0.1")
        peer.ask(people.Prove, "SCRAM-SHA-256", data)
        self.assertEqual([type(event) for event in peer.take()], [m.Failed])


class External(SaslScene):
    """By the certificate that the client has shown to TLS."""

    def setUp(self) -> None:
        super().setUp()
        peer = self.stranger(certificate=SHOWN)
        peer.plain("alice", PASSWORD)
        peer.arrive("alice")
        self.granted(peer, people.SetCertificate)
        peer.ask(m.Quit)

    def test_right(self) -> None:
        self.house.restart()
        for name in (b"", b"alice", b"ALICE"):
            peer = self.stranger(certificate=SHOWN)
            peer.ask(people.Prove, "EXTERNAL", name)
            self.proved(peer)

    def test_wrong(self) -> None:
        for certificate, name in (("", b""), ("a5" * 32, b""), (SHOWN, b"bob"), (SHOWN, b"\xff"), ("", b"alice")):
            peer = self.stranger(certificate=certificate)
            peer.ask(people.Prove, "EXTERNAL", name)
            self.failed(peer)

    def test_without_tls_there_is_none(self) -> None:
        peer = self.house.greeted(certificate=SHOWN)
        peer.take()
        peer.ask(people.Prove, "EXTERNAL", b"")
        self.failed(peer)


class Dance(SaslScene):
    """What all mechanisms have in common."""

    def test_unknown_mechanism(self) -> None:
        peer = self.stranger()
        peer.ask(people.Prove, "SCRAM-SHA-256-PLUS", b"")
        self.assertEqual(self.failed(peer, "sasl-mechanism").text, "There are PLAIN, SCRAM-SHA-256, EXTERNAL.")

    def test_abort(self) -> None:
        peer, client = self.stranger(), Client("alice", PASSWORD)
        peer.ask(people.Prove, "SCRAM-SHA-256", client.first())
        challenge = peer.last(people.Challenge).data
        peer.take()
        peer.ask(people.Prove, "", b"*")
        self.failed(peer, "sasl-aborted")
        peer.ask(people.Prove, "", client.final(challenge))
        self.failed(peer)
        peer.plain("alice", PASSWORD)
        self.proved(peer)

    def test_again_before_coming_in(self) -> None:
        self.register("bob")
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.take()
        peer.plain("bob", PASSWORD)
        self.proved(peer, "bob")

    def test_a_failure_takes_back_nothing(self) -> None:
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.plain("alice", "wrong")
        self.assertEqual([type(event) for event in peer.take()], [people.Proved, m.Failed])
        peer.arrive("alice")
        self.assertEqual(peer.last(people.Arrived).name, "alice")

    def test_who_is_in_as_an_account_stays_who_they_are(self) -> None:
        self.register("bob")
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        self.proved(peer)
        self.refused("already", peer, people.Prove, "PLAIN", b"\0bob\0" + PASSWORD.encode())
        self.refused("sasl-failed", self.house.person("carol"), people.Prove, "EXTERNAL", b"")
        peer.plain("alice", PASSWORD)  # which is who they are
        self.assertEqual(peer.take(), [people.Proved(peer.ref, "alice")])

    def test_not_before_hello(self) -> None:
        peer = self.house.peer(AFAR, BINDING)
        peer.plain("alice", PASSWORD)
        self.assertEqual(peer.code(), "not-logged-in")

    def test_nothing_is_changed_by_it(self) -> None:
        before = state_of(self.house)
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        peer.plain("alice", "wrong")
        peer.ask(people.Prove, "SCRAM-SHA-256", Client("alice", "x").first())
        self.assertEqual(state_of(self.house), before)

    def test_a_password_hashed_at_other_costs_is_hashed_again(self) -> None:
        user = self.house.node.hub.users.find("alice")
        kept, user.scram = user.scram, user.scram.replace("131072", "4096")
        peer = self.stranger()
        peer.plain("alice", PASSWORD)
        self.house.settle()
        self.assertIn("$131072:", user.scram)
        self.assertNotEqual(user.scram, kept)
        (stored,) = [record for record in self.house.store.load().users if record.name == "alice"]
        self.assertEqual((stored.verifier, stored.scram), (user.verifier, user.scram))


class GuestsWhoLogIn(SaslScene):
    """Who came as a guest, and then proves to be somebody."""

    def guest(self, name: str = "gast") -> Peer:
        """A guest of the line port."""
        peer = self.stranger()
        peer.arrive(name)
        assert peer.last(people.Arrived).guest
        peer.take()
        return peer

    def test_becomes_the_account_under_the_nick_they_have(self) -> None:
        peer = self.guest()
        peer.ask(m.Join, "#talk")
        peer.take()
        peer.plain("alice", PASSWORD)
        self.assertEqual(peer.last(people.Proved).name, "alice")
        user = self.house.node.hub.users.find("gast")
        self.assertEqual((user.name, user.nick, user.guest), ("alice", "gast", False))
        self.assertEqual([g.name for g in user.conversations.values()], ["#talk"])
        self.register("bob")
        self.refused("already", peer, people.Prove, "PLAIN", b"\0bob\0" + PASSWORD.encode())

    def test_wrong_ones_stay_guests_and_are_not_cut(self) -> None:
        peer = self.guest()
        attempts: list[Callable[[], int]] = [
            lambda: peer.plain("alice", "wrong"),
            lambda: peer.ask(people.Prove, "EXTERNAL", b""),
            lambda: peer.ask(people.Prove, "", b"*"),
            lambda: peer.ask(people.Prove, "X", b""),
        ]
        for attempt in attempts * 2:
            attempt()
        self.assertEqual((len(peer.of(m.Failed)), peer.over), (8, False))
        self.assertTrue(self.house.node.hub.users.find("gast").guest)
