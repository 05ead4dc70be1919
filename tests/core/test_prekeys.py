"""One-time keys: never replaced, oldest first, never twice; what is claimed, how often, and what the owner is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd import encryption as e
from chatd import messages as m
from chatd.core.limits import Limits
from tests.kit import House, Peer
from tests.sealed import SealedScene, device, one_time


class KeyScene(SealedScene):
    """Bob has keys."""

    def put(self, peer: Peer, *numbers: int, fallback: int = 0) -> e.KeysAre:
        """A device uploads keys with these numbers."""
        keys = [one_time(peer, number) for number in numbers]
        last = one_time(peer, fallback, fallback=True) if fallback else b""
        answer = self.granted(peer, e.PutKeys, keys, last)
        assert isinstance(answer, e.KeysAre)
        return answer

    def claim(self, peer: Peer, *owners: Peer) -> list[bytes]:
        """Somebody claims a key of each."""
        answer = self.granted(peer, e.ClaimKeys, [(owner.name, device(owner)) for owner in owners])
        assert isinstance(answer, e.Claimed)
        return answer.keys


class Uploading(KeyScene):
    """What is kept."""

    def test_a_repeat_changes_nothing(self) -> None:
        self.assertEqual(self.put(self.bob, 0, 1, 2, fallback=9), e.KeysAre(self.bob.ref, 3, -1, False, 0))
        before = self.house.store.load_sealed()
        again = [one_time(self.bob, number, made=77) for number in (2, 1, 0)]  # signed anew: the keys are the same
        self.granted(self.bob, e.PutKeys, again, one_time(self.bob, 9, fallback=True, made=77))
        self.assertEqual(self.house.store.load_sealed(), before)
        self.assertEqual(self.claim(self.alice, self.bob), [one_time(self.bob, 0)])

    def test_a_key_under_a_used_number_is_never_replaced(self) -> None:
        self.put(self.bob, 5, fallback=9)
        other = one_time(self.bob, 5, key=bytes(32))
        self.refused("key-changed", self.bob, e.PutKeys, [one_time(self.bob, 6), other])
        self.refused("key-changed", self.bob, e.PutKeys, [one_time(self.bob, 6), one_time(self.bob, 6, key=bytes(32))])
        last = one_time(self.bob, 9, key=bytes(32), fallback=True)
        self.refused("key-changed", self.bob, e.PutKeys, [one_time(self.bob, 6)], last)

    def test_numbers_that_have_gone_are_passed_over(self) -> None:
        self.put(self.bob, 3, 7)
        self.claim(self.alice, self.bob)
        self.assertEqual(self.put(self.bob, 1, 2, 3, 8), e.KeysAre(self.bob.ref, 2, 3, False, 0))
        self.house.restart()
        bob = self.bob.again()
        self.assertEqual(self.put(bob, 1, 2, 3), e.KeysAre(bob.ref, 2, 3, False, 0))

    def test_keys_that_are_not_this_devices(self) -> None:
        self.put(self.bob, 1)
        for blob in (
            one_time(self.alice, 2), one_time(self.bob, 2, user="alice"), one_time(self.bob, 2, device="x" * 16),
            one_time(self.bob, 2, fallback=True), one_time(self.bob, -1), one_time(self.bob, 2**63), b"", b"x" * 2000,
        ):  # fmt: skip
            self.refused("bad-blob", self.bob, e.PutKeys, [one_time(self.bob, 3), blob])
        self.refused("bad-blob", self.bob, e.PutKeys, [], one_time(self.bob, 3))

    def test_how_many(self) -> None:
        self.put(self.bob, *range(90))
        self.refused("too-many-keys", self.bob, e.PutKeys, [one_time(self.bob, number) for number in range(90, 101)])
        self.refused("too-many-keys", self.bob, e.PutKeys, [one_time(self.bob, number) for number in range(101)])
        self.assertEqual(self.put(self.bob, *range(80, 100)).count, 100)

    def test_how_often(self) -> None:
        self.house = House(limits=Limits(key_uploads_burst=2))
        bob = self.comes("bob")
        self.put(bob, 1)
        self.put(bob, 2)
        self.forget()
        self.refused("rate-limited", bob, e.PutKeys, [one_time(bob, 3)])

    def test_a_newer_fallback_key_takes_the_place_of_the_old_one(self) -> None:
        self.put(self.bob, fallback=1)
        self.claim(self.alice, self.bob)
        self.assertTrue(self.granted(self.bob, e.AskKeys).used)
        older = one_time(self.bob, 2, fallback=True, made=0)
        self.assertTrue(self.granted(self.bob, e.PutKeys, [], older).used)
        newer = one_time(self.bob, 3, fallback=True, made=2)
        self.assertFalse(self.granted(self.bob, e.PutKeys, [], newer).used)
        self.assertEqual(self.claim(self.alice, self.bob), [newer])


class Claiming(KeyScene):
    """What is given out."""

    def test_oldest_first_by_number_and_never_twice(self) -> None:
        self.put(self.bob, 300, 7, 256)
        self.put(self.bob, 9, 299)
        got = [self.claim(peer, self.bob)[0] for peer in (self.alice, self.carol, self.alice, self.carol, self.alice)]
        self.assertEqual(got, [one_time(self.bob, number) for number in (7, 9, 256, 299, 300)])
        self.assertEqual(self.claim(self.carol, self.bob), [b""])

    def test_several_at_once_in_their_order(self) -> None:
        self.put(self.bob, 1, 2)
        self.put(self.carol, 5)
        got = self.claim(self.alice, self.bob, self.carol, self.bob, self.carol)
        expected = [one_time(self.bob, 1), one_time(self.carol, 5), one_time(self.bob, 2), b""]
        self.assertEqual(got, expected)

    def test_the_fallback_key_goes_as_often_as_it_must(self) -> None:
        self.put(self.bob, 1, fallback=9)
        self.claim(self.alice, self.bob)
        self.bob.take()
        last = one_time(self.bob, 9, fallback=True)
        self.assertEqual(self.claim(self.alice, self.bob, self.bob), [last, last])
        self.assertEqual(self.bob.take(), [e.KeysAre(0, 0, 1, True, 0)])
        self.house.restart()
        self.assertTrue(self.granted(self.bob.again(), e.AskKeys).used)

    def test_it_is_on_disk_before_anybody_hears_it(self) -> None:
        self.put(self.bob, 1, 2)
        self.house.writer.slow = True
        self.alice.take()
        self.alice.ask(e.ClaimKeys, [("bob", device(self.bob))])
        self.assertEqual(self.alice.take(), [])
        self.house.restart()  # it never was
        self.house.writer.slow = False
        alice = self.alice.again()
        self.assertEqual(self.claim(alice, self.bob), [one_time(self.bob, 1)])
        self.house.restart()
        self.assertEqual(self.claim(self.alice.again(), self.bob), [one_time(self.bob, 2)])

    def test_few_of_one_device_a_day_then_the_fallback(self) -> None:
        self.put(self.bob, *range(50), fallback=99)
        got = [self.claim(self.alice, self.bob)[0] for _ in range(7)]
        last = one_time(self.bob, 99, fallback=True)
        self.assertEqual(got, [one_time(self.bob, number) for number in range(5)] + [last, last])
        self.assertEqual(self.claim(self.carol, self.bob), [one_time(self.bob, 5)])  # others are not the poorer
        self.house.seconds += 86_400 / 5
        self.assertEqual(self.claim(self.alice, self.bob), [one_time(self.bob, 6)])

    def test_few_devices_a_minute(self) -> None:
        self.house = House(limits=Limits(claims_burst=4))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.put(self.bob, 1, fallback=9)
        self.claim(self.alice, self.bob, self.bob, self.bob)
        self.forget()
        wanted = [("bob", device(self.bob))] * 2
        refusal = self.refused("rate-limited", self.alice, e.ClaimKeys, wanted)
        self.assertEqual(refusal.retry, 3.0)
        self.house.advance(3)
        self.granted(self.alice, e.ClaimKeys, wanted)

    def test_what_is_no_device(self) -> None:
        unlisted = self.second(self.bob, on_list=False)
        self.put(unlisted, 1)
        self.forget()
        for code, wanted in (
            ("no-such-device", [("bob", device(unlisted))]), ("no-such-device", [("bob", device(self.carol))]),
            ("no-such-user", [("bob", device(self.bob)), ("nobody", device(self.bob))]),
            ("bad-argument", []), ("bad-argument", [("bob", device(self.bob))] * 1001),
        ):  # fmt: skip
            self.refused(code, self.alice, e.ClaimKeys, wanted)
        self.refused("not-listed", unlisted, e.ClaimKeys, [("bob", device(self.bob))])

    def test_the_owner_is_told_when_few_are_left(self) -> None:
        self.house = House(limits=Limits(keys_of_one_device_per_day=100))
        self.alice, self.bob = self.comes("alice"), self.comes("bob")
        self.put(self.bob, *range(26))
        for _ in range(26):
            self.claim(self.alice, self.bob)
        hints = [event for event in self.bob.take() if isinstance(event, e.KeysAre) and event.ref == 0]
        self.assertEqual(hints, [e.KeysAre(0, 24, 1, False, 0), e.KeysAre(0, 0, 25, False, 0)])

    @given(st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=8))
    def test_whatever_the_order_of_uploads(self, uploads: list[list[int]]) -> None:
        house = House(limits=Limits(keys_of_one_device_per_day=10_000, key_uploads_burst=100, claims_burst=1000))
        alice, bob = self.comes("alice", house), self.comes("bob", house)
        given_out: list[int] = []
        known: set[int] = set()
        for numbers in uploads:
            self.put(bob, *numbers)
            known |= {number for number in numbers if not given_out or number > given_out[-1]}
            (key,) = self.claim(alice, bob)
            left = sorted(known - set(given_out))
            self.assertEqual(key, one_time(bob, left[0]) if left else b"")
            given_out += left[:1]
        self.assertEqual(given_out, sorted(set(given_out)))

    def test_line_sessions_and_guests_cannot(self) -> None:
        guest = self.house.guest("gast")
        for kind, argument in ((e.PutKeys, []), (e.ClaimKeys, [("bob", device(self.bob))])):
            self.refused("guest", guest, kind, argument)
        self.refused("guest", guest, e.AskKeys)
        self.assertIsInstance(guest, Peer)
        self.assertEqual(guest.of(m.Failed), [])
