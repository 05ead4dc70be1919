"""Tests of `chatd.ports.irc.isupport`: what 005 says is true."""

from __future__ import annotations

from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from chatd.core import names
from chatd.core.groups import ROLES
from chatd.ports.irc.channels import SIGNS
from chatd.ports.irc.client import Facts
from chatd.ports.irc.isupport import FLAGS, KEY, LISTS, MYINFO, PARAMETER, PREFIX, tokens
from chatd.wire.irc import LINE_BYTES
from tests.irc import IrcPeer
from tests.kit import House

FACTS = Facts(name="test.example")


class TokenTests(SynchronousTestCase):
    """The tokens against what they speak of."""

    def test_each_once_and_sorted(self) -> None:
        found = tokens(FACTS)
        self.assertEqual(found, sorted(found))
        heads = [token.partition("=")[0] for token in found]
        self.assertEqual(len(heads), len(set(heads)))

    def test_where_files_are_sent_is_said_where_they_are_taken(self) -> None:
        self.assertFalse([token for token in tokens(FACTS) if "FILEHOST" in token])
        house = House()
        house.codecs.facts = structs.replace(house.facts, uploads="https://chat.example:6697/files")
        peer = IrcPeer(house)
        peer.register("ann")
        peer.send("VERSION")
        told = " ".join(peer.read())
        self.assertIn(" draft/FILEHOST=https://chat.example:6697/files ", told)
        self.assertIn(" soju.im/FILEHOST=https://chat.example:6697/files ", told)

    def test_modes(self) -> None:
        self.assertIn(f"CHANMODES={LISTS},{KEY},{PARAMETER},{FLAGS}", tokens(FACTS))
        self.assertEqual(PREFIX, "".join(ROLES))
        self.assertIn("PREFIX=({})".format("".join(SIGNS)) + "".join(SIGNS.values()), tokens(FACTS))
        self.assertEqual(set(MYINFO[0]), set(LISTS + KEY + PARAMETER + FLAGS + PREFIX))

    def test_lengths(self) -> None:
        self.assertIn(f"NICKLEN={names.MAX_CHARACTERS}", tokens(FACTS))
        self.assertIn(f"CHANNELLEN={names.MAX_CHARACTERS + 1}", tokens(FACTS))

    def test_every_letter_is_known_to_the_core(self) -> None:
        peer = IrcPeer(House())
        peer.register("ann")
        peer.says("JOIN #x")
        for letter in FLAGS:
            peer.says(f"MODE #x -{letter}")
            (line,) = peer.says(f"MODE #x +{letter}")
            self.assertTrue(line.endswith(f" MODE #x +{letter}"), line)

    def test_lines_fit(self) -> None:
        peer = IrcPeer(House())
        lines = [line for line in peer.register("ann") if " 005 " in line]
        self.assertTrue(lines and all(len(line) + 2 <= LINE_BYTES for line in lines))
        self.assertTrue(all(line.endswith(":are supported by this server") for line in lines))
