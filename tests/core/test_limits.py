"""Limits: the token bucket keeps its rate, the buckets stay bounded, and a school behind one address gets in."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.core.limits import Bucket, Buckets, Limits, Networks, is_loopback, prefix

RATES = st.tuples(st.floats(0.01, 1000), st.floats(1, 1000))
STEPS = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 50)), max_size=60)


class OneBucket(SynchronousTestCase):
    """Bucket."""

    def test_burst_then_rate(self) -> None:
        bucket = Bucket(per_second=2, burst=3, now=100)
        self.assertEqual([bucket.take(100) for _ in range(4)], [0, 0, 0, 0.5])
        self.assertEqual(bucket.take(100.5), 0)
        self.assertEqual(bucket.take(100.5), 0.5)
        self.assertFalse(bucket.full(101))
        self.assertTrue(bucket.full(200))
        self.assertEqual(bucket.level(200), 3)

    def test_waiting_takes_nothing(self) -> None:
        bucket = Bucket(1, 1, 0)
        self.assertEqual([bucket.wait(0) for _ in range(3)], [0, 0, 0])
        bucket.take(0)
        self.assertEqual([bucket.wait(0) for _ in range(3)], [1, 1, 1])

    def test_more_than_the_burst_leaves_a_debt(self) -> None:
        bucket = Bucket(1, 10, 0)
        self.assertEqual(bucket.take(0, 30), 0)
        self.assertEqual(bucket.level(0), -20)
        self.assertEqual(bucket.take(0), 21)

    def test_no_refill(self) -> None:
        bucket = Bucket(0, 1, 0)
        bucket.take(0)
        self.assertEqual(bucket.take(1e9), float("inf"))

    @given(RATES, STEPS)
    def test_never_gives_more_than_promised(self, rate: tuple[float, float], steps: list[tuple[float, float]]) -> None:
        per_second, burst = rate
        bucket, now, given_out = Bucket(per_second, burst, 0), 0.0, 0.0
        for pause, n in steps:
            now += pause
            n = min(n, burst)
            if bucket.take(now, n) == 0:
                given_out += n
            self.assertLessEqual(given_out, burst + per_second * now + 1e-3)

    @given(RATES, STEPS)
    def test_who_waits_as_told_gets_it(self, rate: tuple[float, float], steps: list[tuple[float, float]]) -> None:
        bucket, now = Bucket(*rate, 0), 0.0
        for pause, n in steps:
            now += pause
            wait = bucket.take(now, n)
            if wait:
                now += wait
                self.assertLess(bucket.take(now, n), 1e-6)

    @given(RATES, STEPS)
    def test_a_clock_that_stands_or_goes_back_gives_nothing(
        self, rate: tuple[float, float], steps: list[tuple[float, float]]
    ) -> None:
        bucket, level = Bucket(*rate, 1000), rate[1]
        for back, _ in steps:
            self.assertLessEqual(bucket.level(1000 - back), level)


class ManyBuckets(SynchronousTestCase):
    """Buckets."""

    def test_spending_leaves_a_debt(self) -> None:
        buckets = Buckets(per_second=2, burst=3)
        self.assertEqual([buckets.spend("a", 0) for _ in range(5)], [0, 0, 0, 0.5, 1])
        self.assertEqual(buckets.spend("a", 10, 3), 0)

    def test_keys_are_apart(self) -> None:
        buckets = Buckets(per_second=1, burst=1)
        self.assertEqual(buckets.take("a", 0), 0)
        self.assertEqual(buckets.take("a", 0), 1)
        self.assertEqual(buckets.take("b", 0), 0)

    def test_asking_remembers_nothing(self) -> None:
        buckets = Buckets(1, 1)
        self.assertEqual(buckets.wait("a", 0), 0)
        self.assertEqual(len(buckets), 0)
        buckets.take("a", 0)
        self.assertEqual(buckets.wait("a", 0), 1)
        buckets.forget("a")
        buckets.forget("never seen")
        self.assertEqual(buckets.wait("a", 0), 0)

    def test_full_ones_are_forgotten(self) -> None:
        buckets = Buckets(1, 1)
        for key in range(1000):
            buckets.take(str(key), key * 10)
        self.assertLessEqual(len(buckets), 3)

    def test_an_attack_is_bounded_and_spares_the_known(self) -> None:
        buckets = Buckets(per_second=0.01, burst=5, size=100)
        buckets.take("known", 0)
        refused = sum(buckets.take(f"stranger {i}", 0) > 0 for i in range(10_000))
        self.assertEqual(len(buckets), 100)
        self.assertGreater(refused, 9_800)
        self.assertEqual(buckets.take("known", 0), 0)
        self.assertGreater(buckets.wait("one more", 0), 0)
        self.assertEqual(buckets.take("one more", 1000), 0)

    @given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 5)), max_size=80))
    def test_as_many_single_ones(self, steps: list[tuple[str, float]]) -> None:
        buckets, single, now = Buckets(1, 3), dict[str, Bucket](), 0.0
        for key, pause in steps:
            now += pause
            alone = single.setdefault(key, Bucket(1, 3, now))
            self.assertAlmostEqual(buckets.take(key, now), alone.take(now), places=6)


class Addresses(SynchronousTestCase):
    """prefix, is_loopback, Networks."""

    def test_prefix(self) -> None:
        self.assertEqual(prefix("192.0.2.7"), "192.0.2.7")
        self.assertEqual(prefix("::ffff:192.0.2.7"), "192.0.2.7")
        self.assertEqual(prefix("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64")
        self.assertEqual(prefix("2001:db8:1:2::9"), prefix("2001:db8:1:2:ffff::1"))
        self.assertNotEqual(prefix("2001:db8:1:2::9"), prefix("2001:db8:1:3::9"))
        self.assertEqual(prefix("fe80::1%eth0"), "fe80::/64")
        self.assertEqual(prefix("/run/chatd.sock"), "/run/chatd.sock")

    def test_loopback(self) -> None:
        for host in ("127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"):
            self.assertTrue(is_loopback(host), host)
        for host in ("192.0.2.1", "2001:db8::1", "", "localhost", "0.0.0.0"):
            self.assertFalse(is_loopback(host), host)

    def test_networks(self) -> None:
        school = Networks(["10.0.0.0/8", "2001:db8::/32", "192.0.2.9"])
        for host in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8:5::1", "192.0.2.9"):
            self.assertIn(host, school)
        for host in ("11.1.2.3", "192.0.2.8", "::1", "nonsense"):
            self.assertNotIn(host, school)
        self.assertRaises(ValueError, Networks, ["10.0.0.0/33"])

    @given(st.text(max_size=30))
    def test_any_text(self, host: str) -> None:
        self.assertIsInstance(prefix(host), str)
        self.assertIsInstance(is_loopback(host), bool)


class Defaults(SynchronousTestCase):
    """Limits."""

    def test_frozen_and_positive(self) -> None:
        limits = Limits()
        for field in msgspec.structs.fields(limits):
            self.assertGreater(getattr(limits, field.name), 0, field.name)
        self.assertRaises(AttributeError, setattr, limits, "sessions", 11)
        self.assertEqual(msgspec.structs.replace(limits, sessions=3).sessions, 3)

    def test_a_school_signs_up_at_once(self) -> None:
        limits = Limits()
        buckets = Buckets(limits.signups_per_minute / 60, limits.signups_burst)
        self.assertEqual([buckets.take("192.0.2.1", i / 30) for i in range(300)], [0] * 300)

    def test_guessing_is_slow(self) -> None:
        limits = Limits()
        rate = limits.login_failures_per_account_and_prefix
        buckets = Buckets(rate / 60, rate)
        tries = sum(buckets.take("alice 192.0.2.1", second) == 0 for second in range(3600))
        self.assertLessEqual(tries, 3 * 60 + 3)
