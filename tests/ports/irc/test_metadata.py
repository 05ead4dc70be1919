"""METADATA: both drafts, before one is in and after."""

from __future__ import annotations

from chatd.core.limits import Limits
from tests.irc import PASSWORD, IrcPeer, IrcScene
from tests.kit import House

OLD, NEW = "draft/metadata-2", "draft/metadata-3"


class KeyTests(IrcScene):
    """Keys of oneself and of groups."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.guest("ann", "batch", NEW), self.guest("bob", "batch", NEW)

    def test_set_get_list_clear(self) -> None:
        self.says(self.ann, "METADATA * SET URL :https://a", ":test.example 761 ann ann url * :https://a")
        self.says(self.ann, "METADATA ann SET bio :Ann A.", ":test.example 761 ann ann bio * :Ann A.")
        self.says(
            self.bob,
            "METADATA ann GET url nothing",
            ":test.example BATCH +b2 metadata ann",
            "@batch=b2 :test.example 761 bob ann url * :https://a",
            "@batch=b2 :test.example 766 bob ann nothing :key not set",
            ":test.example BATCH -b2",
        )
        self.says(
            self.ann,
            "METADATA * LIST",
            ":test.example BATCH +b2 metadata ann",
            "@batch=b2 :test.example 761 ann ann bio * :Ann A.",
            "@batch=b2 :test.example 761 ann ann url * :https://a",
            ":test.example BATCH -b2",
        )
        self.says(self.ann, "METADATA * SET url", ":test.example 766 ann ann url :key not set")
        self.says(
            self.ann,
            "METADATA * CLEAR",
            ":test.example BATCH +b3 metadata ann",
            "@batch=b3 :test.example 766 ann ann bio :key not set",
            ":test.example BATCH -b3",
        )

    def test_whois_shows_them_to_who_asked_for_them(self) -> None:
        carl = self.guest("carl")
        self.ann.says("METADATA * SET bio :Ann A.")
        self.assertIn(":test.example 760 bob ann bio * :Ann A.", self.bob.says("WHOIS ann"))
        self.assertEqual([line for line in carl.says("WHOIS ann") if " 760 " in line], [])

    def test_what_may_not_be(self) -> None:
        fail = ":test.example FAIL METADATA "
        self.says(self.ann, "METADATA * SHOUT", fail + "SUBCOMMAND_INVALID SHOUT ...")
        self.says(self.ann, "METADATA * GET", ":test.example 461 ann METADATA ...")
        self.says(self.ann, "METADATA *", ":test.example 461 ann METADATA ...")
        self.says(self.ann, "METADATA * SET n!ck :x", fail + "KEY_INVALID n!ck ...")
        self.says(self.ann, "METADATA * SET url", fail + "KEY_NOT_SET ann url ...")
        self.says(self.ann, "METADATA bob SET url :x", fail + "KEY_NO_PERMISSION bob url ...")
        self.says(self.ann, "METADATA bob CLEAR", fail + "KEY_NO_PERMISSION bob * ...")
        self.says(self.ann, "METADATA nobody GET url", fail + "INVALID_TARGET nobody ...")
        self.says(self.ann, "METADATA #none LIST", fail + "INVALID_TARGET #none ...")
        self.says(self.ann, f"METADATA * SET url :{'x' * 301}", fail + "INVALID_VALUE url ...")
        self.ann.raw(b"METADATA * SET url :\xc3\r\n")
        self.hears(self.ann, fail + "INVALID_UTF8 :...")
        self.says(self.ann, "METADATA * GET n!ck", fail + "KEY_INVALID n!ck ...")
        self.says(self.ann, "METADATA * SUB n!ck", fail + "KEY_INVALID n!ck ...")
        carl = self.guest("carl")
        self.says(carl, "METADATA * LIST", ":test.example 421 carl METADATA ...")
        self.says(IrcPeer(self.house), "METADATA * LIST", ":test.example 451 * ...")

    def test_the_older_draft_names_no_key_with_a_bad_value(self) -> None:
        old = self.guest("old", "batch", OLD)
        self.says(old, f"METADATA * SET url :{'x' * 301}", ":test.example FAIL METADATA VALUE_INVALID :...")

    def test_as_many_as_there_may_be(self) -> None:
        self.house = House(limits=Limits(metadata_keys=1, metadata_followed=2))
        ann = self.guest("ann", "batch", NEW)
        ann.says("METADATA * SET url :x")
        self.says(ann, "METADATA * SET bio :x", ":test.example FAIL METADATA LIMIT_REACHED ann ...")

    def test_keys_of_a_group(self) -> None:
        for peer in (self.ann, self.bob):
            peer.says("JOIN #g")
        self.ignores(self.ann)
        self.says(self.ann, "METADATA #g SET url :x", ":test.example 761 ann #g url * :x")
        self.says(self.bob, "METADATA #g SET url :y", ":test.example FAIL METADATA KEY_NO_PERMISSION #g url ...")
        self.says(
            self.bob,
            "METADATA #g LIST",
            ":test.example BATCH +b2 metadata #g",
            "@batch=b2 :test.example 761 bob #g url * :x",
            ":test.example BATCH -b2",
        )
        carl = self.guest("carl", "batch", NEW)
        self.ann.says("MODE #g +i")
        for verb in ("GET url", "LIST", "SYNC"):
            (line,) = carl.says(f"METADATA #g {verb}")
            self.assertTrue(line.startswith(":test.example FAIL METADATA KEY_NO_PERMISSION #g "), line)


class FollowingTests(IrcScene):
    """Who follows a key hears of it."""

    def following(self, cap: str) -> tuple[IrcPeer, IrcPeer]:
        """Two in one group, of whom the second follows `url`."""
        ann, bob = self.guest("ann", "batch", cap), self.guest("bob", "batch", cap)
        for peer in (ann, bob):
            peer.says("JOIN #g")
        bob.says("METADATA * SUB url")
        self.ignores(ann, bob)
        return ann, bob

    def test_changes_as_numerics(self) -> None:
        ann, bob = self.following(NEW)
        ann.says("METADATA * SET url :x", "METADATA * SET bio :y", "METADATA #g SET url :z", "METADATA * SET url")
        self.hears(
            bob,
            ":test.example 761 bob ann url * :x",
            ":test.example 761 bob #g url * :z",
            ":test.example 766 bob ann url :key not set",
        )

    def test_changes_as_the_older_draft_has_them(self) -> None:
        ann, bob = self.following(OLD)
        ann.says("METADATA * SET url :x", "METADATA #g SET url :z", "METADATA * SET url")
        self.hears(
            bob,
            ":test.example METADATA ann url * :x",
            ":test.example METADATA #g url * :z",
            ":test.example METADATA ann url *",
        )

    def test_who_joins_is_told_what_is_set_behind_the_join(self) -> None:
        ann, bob = self.guest("ann", NEW), self.guest("bob", NEW)
        ann.says("METADATA * SET url :x", "JOIN #g", "METADATA #g SET url :z")
        bob.says("METADATA * SUB url")
        self.says(
            bob,
            "JOIN #g",
            ":bob!~bob@* JOIN #g",
            ":test.example 761 bob #g url * :z",
            ":test.example 761 bob ann url * :x",
            ":test.example 353 bob = #g :@ann bob",
            ":test.example 366 bob #g :End of NAMES list",
        )

    def test_sync(self) -> None:
        ann, bob = self.following(NEW)
        ann.says("METADATA * SET url :x", "METADATA * SET bio :y", "METADATA #g SET url :z")
        self.ignores(bob)
        self.says(
            bob,
            "METADATA #g SYNC",
            ":test.example BATCH +b2 metadata #g",
            "@batch=b2 :test.example 761 bob #g url * :z",
            "@batch=b2 :test.example 761 bob ann url * :x",
            ":test.example BATCH -b2",
        )
        self.says(
            bob,
            "METADATA ann SYNC",
            ":test.example BATCH +b3 metadata ann",
            "@batch=b3 :test.example 761 bob ann url * :x",
            ":test.example BATCH -b3",
        )

    def test_what_one_follows(self) -> None:
        ann, bob = self.following(NEW)
        self.says(
            bob,
            "METADATA * SUB bio url",
            ":test.example 770 bob bio url",
            ":test.example 774 bob #g",
        )
        self.says(
            bob,
            "METADATA * SUBS",
            ":test.example BATCH +b2 metadata-subs",
            "@batch=b2 :test.example 772 bob bio url",
            ":test.example BATCH -b2",
        )
        self.says(bob, "METADATA * UNSUB url", ":test.example 771 bob url")
        ann.says("METADATA * SET url :x")
        self.hears(bob)

    def test_no_more_than_there_may_be(self) -> None:
        self.house.facts = self.house.codecs.facts = type(self.house.facts)(name="test.example", followed=2)
        bob = self.guest("bob", NEW)
        self.says(
            bob,
            "METADATA * SUB one b!d two three",
            ":test.example 770 bob one two",
            ":test.example FAIL METADATA KEY_INVALID b!d ...",
            ":test.example FAIL METADATA TOO_MANY_SUBS three ...",
        )

    def test_the_core_has_the_last_word(self) -> None:
        self.house = House(limits=Limits(metadata_followed=1))
        bob = self.guest("bob", NEW)
        self.says(bob, "METADATA * SUB one two", ":test.example FAIL METADATA TOO_MANY_SUBS one ...")


class EarlyTests(IrcScene):
    """Before one is in: `before-connect`."""

    def test_said_before_and_done_behind_the_welcome(self) -> None:
        ann = IrcPeer(self.house)
        ann.says(f"CAP REQ :{NEW} batch")
        self.says(ann, "METADATA * SET url :x", ":test.example 761 * * url * :x")
        self.says(ann, "METADATA * SET bio :y", ":test.example 761 * * bio * :y")
        self.says(ann, "METADATA * SET bio", ":test.example 766 * * bio :key not set")
        self.says(ann, "METADATA * SUB url", ":test.example 770 * url")
        lines = ann.says("NICK ann", "USER ann 0 * :Ann", "CAP END", "PING end")
        end = lines.index(":test.example PONG test.example :end")
        self.assertEqual(
            lines[end - 3 : end],
            [
                ":test.example BATCH +b1 metadata ann",
                "@batch=b1 :test.example 761 ann ann url * :x",
                ":test.example BATCH -b1",
            ],
        )
        bob = self.guest("bob", NEW)
        bob.says("METADATA * SET url :z", "JOIN #g")
        self.assertIn(":test.example 761 ann bob url * :z", ann.says("JOIN #g"))

    def test_a_nick_that_is_taken_does_not_lose_it(self) -> None:
        self.guest("ann")
        peer = IrcPeer(self.house)
        peer.says(f"CAP REQ :{NEW}", "METADATA * SET url :x", "NICK ann", "USER a 0 * :Ann", "CAP END")
        lines = peer.says("NICK anna", "PING end")
        self.assertIn(":test.example 761 anna anna url * :x", lines)

    def test_what_follows_is_told_of_groups_one_is_in(self) -> None:
        ann = self.account("ann", NEW)
        ann.says("JOIN #g", "METADATA #g SET url :x", "QUIT")
        for cap, line in ((NEW, ":test.example 761 ann #g url * :x"), (OLD, ":test.example METADATA #g url * :x")):
            peer = IrcPeer(self.house)
            peer.says(f"CAP REQ :{cap} sasl", "METADATA * SUB url")
            self.assertIn(line, peer.login("ann", PASSWORD, cap))
            peer.says("QUIT")

    def test_what_may_not_be(self) -> None:
        ann = IrcPeer(self.house)
        ann.says(f"CAP REQ :{NEW}")
        fail = ":test.example FAIL METADATA "
        self.says(ann, "METADATA bob SET url :x", fail + "INVALID_TARGET bob ...")
        self.says(ann, "METADATA * SET b!d :x", fail + "KEY_INVALID b!d ...")
        self.says(ann, f"METADATA * SET url :{'x' * 301}", fail + "INVALID_VALUE url ...")
        self.says(ann, "METADATA * SUB b!d", fail + "KEY_INVALID b!d ...")
        self.says(ann, "METADATA * LIST", ":test.example 451 * ...")
        for number in range(20):
            ann.says(f"METADATA * SET k{number} :x")
        self.says(ann, "METADATA * SET more :x", fail + "LIMIT_REACHED * ...")
