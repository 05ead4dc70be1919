"""SCRAM-SHA-256: the vector of RFC 7677, a client of our own, and whatever else a stranger may send."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.scram import ITERATIONS, MESSAGE_BYTES, Exchange, Failed, Verifier, derive, prepare, read

SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
PENCIL = derive(b"pencil", SALT, 4096)
FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CHALLENGE = b"r=rOprNGfwEbeRWgbNEkqO" + NONCE.encode() + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO" + NONCE.encode() + b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)  # fmt: skip
LAST = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


class Client:
    """The other side, as the RFC has it."""

    def __init__(self, name: str, password: str, header: str = "n,,", nonce: str = "fyko+d2lbbFgONRv9qkxdawL") -> None:
        self.password = password
        self.header = header
        self.bare = f"n={name.replace('=', '=3D').replace(',', '=2C')},r={nonce}"

    def first(self) -> bytes:
        return (self.header + self.bare).encode()

    def final(self, challenge: bytes, binding: str | None = None) -> bytes:
        """The proof."""
        text = challenge.decode()
        parts = dict(part.split("=", 1) for part in text.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), b64decode(parts["s"]), int(parts["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        cbind = b64encode((self.header if binding is None else binding).encode()).decode()
        unproved = f"c={cbind},r={parts['r']}"
        about = f"{self.bare},{text},{unproved}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), about, "sha256")
        self.expected = b"v=" + b64encode(hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), about, "sha256"))
        proof = b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
        return f"{unproved},p={proof}".encode()


class Vector(SynchronousTestCase):
    """RFC 7677, section 3."""

    def test_word_for_word(self) -> None:
        exchange = Exchange(NONCE)
        exchange.begin(FIRST)
        self.assertEqual((exchange.name, exchange.authzid), ("user", ""))
        self.assertEqual(exchange.challenge(PENCIL), CHALLENGE)
        self.assertEqual(exchange.finish(FINAL), LAST)

    def test_the_form_it_is_kept_in_is_postgresqls(self) -> None:
        text = PENCIL.text()
        self.assertEqual(
            text,
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
            ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        )
        self.assertEqual(read(text), PENCIL)

    def test_what_is_no_verifier(self) -> None:
        text = PENCIL.text()
        for wrong in (
            "", "x", text[:-1], text[:-8], text.replace("256", "1"), text.replace("4096", "0"),
            text.replace("4096", "x"), text.replace("4096", ""), text + "$", text + ":AA==", "$:$:",
        ):  # fmt: skip
            self.assertIsNone(read(wrong), wrong)

    def test_iterations_are_the_ones_measured(self) -> None:
        self.assertEqual(derive.__defaults__, (ITERATIONS,))
        self.assertGreaterEqual(ITERATIONS, 4096)  # RFC 7677


class Exchanges(SynchronousTestCase):
    """With a client of our own."""

    def logged_in(self, client: Client, password: str, **told: str) -> bool:
        """Whether that client is let in with this password on the server."""
        exchange = Exchange("s3rv3r")
        exchange.begin(client.first())
        challenge = exchange.challenge(derive(prepare(password), b"salt" * 4, 4096))
        try:
            last = exchange.finish(client.final(challenge, **told))
        except Failed:
            return False
        self.assertEqual(last, client.expected)
        return True

    def test_right_and_wrong(self) -> None:
        self.assertTrue(self.logged_in(Client("alice", "correct horse"), "correct horse"))
        self.assertFalse(self.logged_in(Client("alice", "Correct horse"), "correct horse"))
        self.assertFalse(self.logged_in(Client("alice", ""), "correct horse"))

    def test_who_could_bind_channels_may_come_in_without(self) -> None:
        self.assertTrue(self.logged_in(Client("alice", "correct horse", "y,,"), "correct horse"))
        self.assertTrue(self.logged_in(Client("alice", "correct horse", "n,a=alice,"), "correct horse"))

    def test_the_header_is_proved(self) -> None:
        """Or somebody in between could tell a client that there is no channel binding."""
        for header, said in (("y,,", "n,,"), ("n,,", "y,,"), ("n,a=bob,", "n,,"), ("n,,", "")):
            self.assertFalse(self.logged_in(Client("alice", "correct horse", header), "correct horse", binding=said))

    def test_names_with_commas_and_equal_signs(self) -> None:
        exchange = Exchange("s")
        exchange.begin(b"n,a=x=2Cy,n=a=3Db=2Cc,r=c")
        self.assertEqual((exchange.name, exchange.authzid), ("a=b,c", "x,y"))

    def test_extensions_are_left_alone(self) -> None:
        exchange = Exchange("s")
        exchange.begin(FIRST + b",z=later")
        self.assertEqual(exchange.name, "user")

    def test_passwords_as_clients_prepare_them(self) -> None:
        """SASLprep: composed by compatibility, any space is a space, what is nothing is nothing."""
        for password, prepared in (
            ("Zoe\u0308 s", "Zo\u00eb s"), ("a\u00a0b\u2003c", "a b c"), ("\ufb01sh \u2168", "fish IX"),
            ("I\u00adX", "IX"), ("correct horse", "correct horse"), ("\u00aa", "a"),
        ):  # fmt: skip
            self.assertEqual(prepare(password), prepared.encode())

    @given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20))
    def test_any_password_is_right_for_itself(self, password: str) -> None:
        self.assertTrue(self.logged_in(Client("alice", prepare(password).decode()), password))


class Junk(SynchronousTestCase):
    """What a stranger may send."""

    def test_no_first_message(self) -> None:
        for message in (
            b"", b"*", b"n", b"n,,", b"n,,n=,r=x", b"n,,n=a", b"n,,r=x,n=a", b"n,n=a,r=x", b"p=tls-unique,,n=a,r=x",
            b"p=tls-exporter,,n=a,r=x", b"x,,n=a,r=x", b"n,,m=ext,n=a,r=x", b"n,,n=a,r=", b"n,,n=a=,r=x",
            b"n,,n=a=2c,r=x", b"n,,n=a=4,r=x", b"n,a=,n=a,r=x", b"n,,n=a,r=\xc3\xa9", b"n,,n=\xff,r=x",
            b"n,,n=a\0,r=x", b"n,,n=a,r=x y",
            b"n,,n=" + b"a" * MESSAGE_BYTES + b",r=x", b"N,,n=a,r=x", b"n,,n=a,r=x\ny",
        ):  # fmt: skip
            exchange = Exchange("s")
            self.assertRaises(Failed, exchange.begin, message)

    def test_no_last_message(self) -> None:
        for message in (
            b"", FINAL[:-1], FINAL[:-4], FINAL + b",x=y", FINAL.replace(b"biws", b"eSws"), FINAL.replace(b"biws", b"!"),
            FINAL.replace(b"r=rO", b"r=r0"), FINAL.replace(b",p=", b",x=y,p="), FINAL.replace(b"p=d", b"p=e"),
            FINAL[: FINAL.index(b",p=")], FINAL.replace(b"dHzb", b"d\xff"), FINAL[: FINAL.index(b"p=") + 2] + b"AAAA",
        ):  # fmt: skip
            exchange = Exchange(NONCE)
            exchange.begin(FIRST)
            exchange.challenge(PENCIL)
            self.assertRaises(Failed, exchange.finish, message)

    def test_one_try_an_exchange(self) -> None:
        exchange = Exchange(NONCE)
        exchange.begin(FIRST)
        self.assertRaises(Failed, exchange.finish, FINAL)
        exchange.challenge(PENCIL)
        self.assertRaises(Failed, exchange.finish, FINAL.replace(b"p=d", b"p=e"))
        self.assertRaises(Failed, exchange.finish, FINAL)

    def test_stored_keys_prove_nothing(self) -> None:
        """Who has read the verifier cannot log in with it."""
        exchange = Exchange(NONCE)
        exchange.begin(FIRST)
        challenge = exchange.challenge(PENCIL)
        unproved = FINAL[: FINAL.index(b",p=")]
        about = b",".join([FIRST[3:], challenge, unproved])
        signature = hmac.digest(PENCIL.stored_key, about, "sha256")
        proof = bytes(a ^ b for a, b in zip(PENCIL.stored_key, signature, strict=True))
        self.assertRaises(Failed, exchange.finish, unproved + b",p=" + b64encode(proof))

    @given(st.binary(max_size=80), st.binary(max_size=80))
    def test_anything_is_refused_and_nothing_else_raised(self, first: bytes, final: bytes) -> None:
        for begun in (first, b"n,,n=a,r=" + first):
            exchange = Exchange("s")
            try:
                exchange.begin(begun)
            except Failed:
                continue
            exchange.challenge(Verifier(4096, b"salt", b"k" * 32, b"k" * 32))
            for message in (final, b"c=biws,r=" + final, b"c=biws,r=s,p=" + final):
                self.assertRaises(Failed, exchange.finish, message)

    @given(st.text(max_size=80))
    def test_any_text_is_a_verifier_or_none(self, text: str) -> None:
        self.assertIsNone(read(text))
