"""Long conversations of three people with two devices each; the server mixes and repeats, and programs die.

Rule: at the end everybody has everything exactly once, and nothing readable lay on any disk or on the server.
"""

from __future__ import annotations

import random

from hypothesis import settings
from twisted.trial.unittest import SynchronousTestCase

from clients.core.e2ee.envelope import direct_conv
from tests.clients.core.e2ee.kit import Phone, Server

CANARY = "xyzzy"
assert settings.default is not None
MESSAGES = settings.default.max_examples  # `make fuzz N=10000` for a long night


class ConversationTests(SynchronousTestCase):
    """Steps by chance, the same in every run but for the keys."""

    def setUp(self) -> None:
        self.server = Server()
        self.chance = random.Random(11)
        self.phones: list[Phone] = []
        self.said: dict[str, set[str]] = {}
        for name in ("alice", "bob", "carol"):
            primary = Phone(self.server, name, sealed=True)
            self.phones += [primary, Phone(self.server, name, primary, sealed=True)]
        for phone in self.phones:
            phone.refresh(phone.user)

    def settle(self) -> None:
        """Everybody reads until nothing is left, and nobody has anything unsent."""
        for _ in range(6):
            for phone in self.phones:
                phone.fetch()
        self.assertEqual([item for phone in self.phones for item in self.server.mail[phone.address]], [])

    def disturb(self) -> None:
        """The server mixes up a mailbox or delivers something again; a program dies and comes back."""
        phone = self.chance.choice(self.phones)
        mail = self.server.mail[phone.address]
        match self.chance.randrange(4):
            case 0:
                self.chance.shuffle(mail)
            case 1 if mail:
                self.server.again(phone.address, self.chance.choice(mail))
            case 2 if self.server.carried:
                self.server.again(phone.address, self.chance.choice(self.server.carried))
            case _:
                phone.restart()

    def check(self) -> None:
        """Exactly once, everywhere, and nowhere readable."""
        for phone in self.phones:
            for conv, texts in self.said.items():
                expected = {text for text in texts if not text.startswith(phone.device)}
                if phone.user not in conv and not conv.startswith("gid:"):
                    expected = set()
                shown = [text for _, where, text in phone.shown if where == conv]
                self.assertEqual((sorted(shown), conv), (sorted(expected), conv))
        disks = b"".join(b"".join(phone.disk.kept.values()) for phone in self.phones)
        carried = b"".join(item.ciphertext for item in self.server.carried)
        self.assertNotIn(CANARY.encode(), disks + carried)

    def test_direct(self) -> None:
        for number in range(MESSAGES + 20):
            phone = self.chance.choice(self.phones)
            to = self.chance.choice([name for name in ("alice", "bob", "carol") if name != phone.user])
            text = f"{phone.device} {number} {CANARY}"
            phone.say(to, text)
            self.said.setdefault(direct_conv(phone.user, to), set()).add(text)
            if self.chance.random() < 0.3:
                self.chance.choice(self.phones).fetch()
            if self.chance.random() < 0.3:
                self.disturb()
        self.settle()
        self.check()

    def test_group(self) -> None:
        alice, _, bob, _, carol, _ = self.phones
        gid = alice.make_group(bob, carol)
        for _ in range(3):
            for phone in self.phones:
                phone.fetch()
        conv = "gid:" + gid.hex()
        for number in range(MESSAGES // 2 + 10):
            phone = self.chance.choice(self.phones)
            text = f"{phone.device} {number} {CANARY}"
            phone.say_in(gid, text)
            self.said.setdefault(conv, set()).add(text)
            if self.chance.random() < 0.3:
                self.chance.choice(self.phones).fetch()
            if self.chance.random() < 0.2:
                self.chance.choice(self.phones).restart()
        self.settle()
        self.check()
        self.assertEqual({code for phone in self.phones for code in phone.codes()} - {"GROUP_UNKNOWN"}, set())
