"""Comparing short strings: what both sides compute, and the two things each must check.

Rule: vodozemac gives the key agreement, the bytes and the MAC only. The commitment is ours: who accepts says first what
their key will be, so that nobody can try keys until the strings agree; without it 42 bits are worth nothing. The MAC is
over the user key and list that were taken from the pin once, never over what a message names. Data only: the order of
the messages is in `comparing.py`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from clients.core.e2ee.keys import Ritual, same
from clients.core.e2ee.refusals import Check, require
from clients.core.e2ee.signed import digest, encode


class Side(msgspec.Struct, array_like=True, frozen=True):
    """One side, as the pin has it."""

    user: str
    device: str
    uik: bytes
    list_hash: bytes


class Start(msgspec.Struct, array_like=True, frozen=True):
    """What opens it."""

    transaction: bytes
    user: str
    device: str


class Shown(NamedTuple):
    """The key of who accepted, what they said before of it, and what they said it to."""

    key: bytes
    commitment: bytes
    start: Start


class Confirmed(NamedTuple):
    """The other side's word that they saw the same, about themselves."""

    ritual: Ritual
    tag: bytes
    side: Side
    info: str


class Short(msgspec.Struct, frozen=True):
    """What people compare: one of the two."""

    emoji: list[str]
    numbers: list[int]


KEY_CHECKS: Final = (
    Check[Shown]("sas-commitment", "BINDING_MISMATCH", lambda it: same(commitment(it.key, it.start), it.commitment)),
)
MAC_CHECKS: Final = (
    Check[Confirmed](
        "sas-mac", "BINDING_MISMATCH", lambda it: it.ritual.holds(it.tag, _about(it.side), _mac_info(it.info, it.side))
    ),
)


def commitment(key: bytes, start: Start) -> bytes:
    """What the accepting side says of its key before it sees the other one's."""
    return digest(key + encode(start))


def info(starter: Side, accepter: Side, starters_key: bytes, accepters_key: bytes, transaction: bytes) -> str:
    """Everything that the strings depend on besides the secret."""
    people = [[one.user, one.device, one.uik] for one in (starter, accepter)]
    return "chatd/v1/sas|" + encode([*people, starters_key, accepters_key, transaction]).hex()


def check_key(key: bytes, committed: bytes, start: Start, user: str) -> None:
    """Is this the key that was committed to? Raises Refused."""
    require(KEY_CHECKS, Shown(key, committed, start), user)


def short(ritual: Ritual, about: str) -> Short:
    """What this side shows."""
    emoji, numbers = ritual.short(about)
    return Short([EMOJI[number] for number in emoji], list(numbers))


def tag(ritual: Ritual, mine: Side, about: str) -> bytes:
    """This side's word, given when its person has said that the strings agree."""
    return ritual.tag(_about(mine), _mac_info(about, mine))


def check_tag(ritual: Ritual, found: bytes, theirs: Side, about: str) -> None:
    """The other side's word, held against the pin. Raises Refused."""
    require(MAC_CHECKS, Confirmed(ritual, found, theirs, about), theirs.user)


def _about(side: Side) -> str:
    return (side.uik + side.list_hash).hex()


def _mac_info(about: str, side: Side) -> str:
    return about + "|mac|" + encode([side.user, side.device]).hex()


_NAMES: Final = """
    Dog Cat Lion Horse Unicorn Pig Elephant Rabbit Panda Rooster Penguin Turtle Fish Octopus Butterfly Flower Tree
    Cactus Mushroom Globe Moon Cloud Fire Banana Apple Strawberry Corn Pizza Cake Heart Smiley Robot Hat Glasses
    Spanner Santa Thumb Umbrella Hourglass Clock Gift Bulb Book Pencil Paperclip Scissors Lock Key Hammer Telephone
    Flag Train Bicycle Aeroplane Rocket Trophy Ball Guitar Trumpet Bell Anchor Headphones Folder Pin
"""
EMOJI: Final = tuple(_NAMES.split())
