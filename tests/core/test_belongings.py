"""A device's mail, keys and a person's lists in memory: counts that always fit what is there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.core.belongings import Box, Chain, Feed, Prekeys
from chatd.core.signed import DeviceList, opened
from tests.kit import Keys
from tests.sealed import Owner


class BelongingsTests(SynchronousTestCase):
    """One of each."""

    @given(st.lists(st.one_of(st.integers(1, 1000), st.integers(-20, 0))))
    def test_a_box_is_its_items(self, steps: list[int]) -> None:
        box = Box()
        waiting: dict[int, int] = {}
        for step in steps:
            if step > 0:
                waiting[box.add(step)] = step
            else:
                seq = box.head + step
                box.drop(seq)
                waiting = {known: size for known, size in waiting.items() if known > seq}
            self.assertEqual((list(box.seqs), list(box.sizes)), (list(waiting), list(waiting.values())))
            self.assertEqual(box.size, sum(waiting.values()))
            self.assertLessEqual(box.acknowledged, box.head)
        self.assertEqual(box.head, sum(step > 0 for step in steps))

    def test_keys_that_are_cleared_stay_given_out(self) -> None:
        keys = Prekeys()
        keys.keys, keys.last, keys.fallback, keys.used = {8: b"k"}, 7, b"f", True
        keys.clear()
        self.assertEqual((keys.keys, keys.last, keys.fallback, keys.used), ({}, 7, b"", False))

    def test_a_chain_knows_its_newest_list(self) -> None:
        owner, phone, laptop = Owner("alice"), Keys(b"p"), Keys(b"l")
        chain = Chain(1, owner.uik)
        for devices in ((phone,), (phone, laptop), (laptop,)):
            blob = owner.took(owner.list(*devices))
            chain.add(blob, *opened(blob, DeviceList, 10_000))
        self.assertEqual((chain.version, chain.hash, chain.devices), (3, owner.hash, {laptop.public.device}))
        self.assertEqual(len(chain.blobs), 3)

    def test_a_feed_begins_behind(self) -> None:
        feed = Feed(5)
        self.assertEqual((feed.sent, feed.live, feed.reading), (5, False, False))
