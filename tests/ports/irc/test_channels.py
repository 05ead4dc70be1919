"""Groups as channels: JOIN, PART, NAMES, TOPIC, KICK, INVITE, LIST, RENAME."""

from __future__ import annotations

from chatd.core.circles import Circle
from chatd.core.limits import Limits
from chatd.encryption import door_of
from tests.irc import IrcPeer, IrcScene
from tests.kit import House


class ChannelScene(IrcScene):
    """Two guests; ann has made #a."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.guest("ann"), self.guest("bob")
        self.ann.says("JOIN #a")

    def enter(self, *peers: IrcPeer) -> None:
        """They join #a, and everybody forgets it."""
        for peer in peers:
            peer.says("JOIN #a")
        self.ignores(self.ann, *peers)


class JoinTests(ChannelScene):
    """Coming and going."""

    def test_made_and_joined(self) -> None:
        self.says(
            self.ann,
            "JOIN #new",
            ":ann!~ann@* JOIN #new",
            ":test.example 353 ann = #new :@ann",
            ":test.example 366 ann #new :End of NAMES list",
        )
        self.says(self.ann, "JOIN #new")
        self.bob.says("JOIN #a")
        self.hears(self.ann, ":bob!~bob@* JOIN #a")

    def test_topic_and_extended_join(self) -> None:
        self.ann.says("TOPIC #a :a topic")
        carl = self.guest("carl", "extended-join")
        self.says(
            carl,
            "JOIN #a",
            ":carl!~carl@* JOIN #a * :Carl",
            ":test.example 332 carl #a :a topic",
            ":test.example 333 carl #a ann!~ann@* *",
            ":test.example 353 carl = #a :@ann carl",
            ":test.example 366 carl #a :End of NAMES list",
        )

    def test_several_with_keys(self) -> None:
        self.ann.says("MODE #a +k one", "JOIN #b", "MODE #b +k two")
        lines = self.bob.says("JOIN #a,#b,#c,#a one,wrong")
        self.assertEqual([line.split(" ")[1] for line in lines], ["JOIN", "353", "366", "475", "JOIN", "353", "366"])

    def test_who_may_not(self) -> None:
        for mode, undo, number in (
            ("+i", "-i", "473"),
            ("+l 1", "-l", "471"),
            ("+b bob", "-b bob", "474"),
            ("+R", "-R", "477"),
        ):
            self.ann.says(f"MODE #a {mode}")
            self.says(self.bob, "JOIN #a", f":test.example {number} bob #a ...")
            self.ann.says(f"MODE #a {undo}")

    def test_names_that_cannot_be(self) -> None:
        for name in ("a", "&a", "#", "#" + "x" * 60):
            lines = self.bob.says(f"JOIN {name}")
            self.assertEqual([line.split(" ")[1] for line in lines], ["403"], name)
        self.says(self.bob, "JOIN", ":test.example 461 bob JOIN ...")

    def test_ten_thousand_at_once(self) -> None:
        self.house = House(limits=Limits(groups=20))
        ann = self.guest("ann")
        ann.raw(b"".join(b"JOIN #g%d\r\n" % number for number in range(10_000)))
        lines = ann.take()
        while lines[-1].split(" ")[3] != "#g9999":
            self.house.advance(0.1)
            lines += ann.take()
        numbers = [line.split(" ")[1] for line in lines]
        self.assertEqual(numbers.count("JOIN"), 20)
        self.assertEqual(numbers.count("405"), 10_000 - 20)
        self.says(ann, "PING still", ":test.example PONG test.example :still")

    def test_part_and_all(self) -> None:
        self.enter(self.bob)
        self.says(self.bob, "PART #a :bye", ":bob!~bob@* PART #a :bye")
        self.hears(self.ann, ":bob!~bob@* PART #a :bye")
        self.says(self.bob, "PART #a", ":test.example 442 bob #a ...")
        self.says(self.bob, "PART #none", ":test.example 403 bob #none ...")
        self.bob.says("JOIN #x,#y")
        self.says(self.bob, "JOIN 0", ":bob!~bob@* PART #x", ":bob!~bob@* PART #y")

    def test_the_echo_of_a_part_has_its_tags(self) -> None:
        carl = self.guest("carl", "message-tags", "server-time")
        carl.says("JOIN #a")
        (line,) = carl.says("PART #a")
        self.assertRegex(line, r"^@time=\S+;msgid=[0-9a-f]{32} :carl!\S+ PART #a$")

    def test_the_lobby_is_joined_and_left(self) -> None:
        self.assertIn(":bob!~bob@", self.bob.says("JOIN #lobby")[0])
        self.says(
            self.ann,
            "JOIN #lobby",
            ":ann!~ann@* JOIN #lobby",
            ":test.example 353 ann = #lobby ...",
            ":test.example 366 ...",
        )
        self.hears(self.bob, ":ann!~ann@* JOIN #lobby")
        self.says(self.bob, "PART #lobby", ":bob!~bob@* PART #lobby")


class OrderTests(ChannelScene):
    """KICK and INVITE."""

    def test_kick(self) -> None:
        carl = self.guest("carl")
        self.enter(self.bob, carl)
        self.ignores(self.ann, self.bob, carl)
        self.says(
            self.ann,
            "KICK #a bob,nobody,carl :too loud",
            ":ann!~ann@* KICK #a bob :too loud",
            ":test.example 401 ann nobody ...",
            ":ann!~ann@* KICK #a carl :too loud",
        )
        self.hears(self.bob, ":ann!~ann@* KICK #a bob :too loud")
        self.hears(carl, ":ann!~ann@* KICK #a bob :too loud", ":ann!~ann@* KICK #a carl :too loud")

    def test_kick_from_several(self) -> None:
        self.ann.says("JOIN #b")
        self.bob.says("JOIN #a,#b")
        self.ignores(self.ann)
        self.says(self.ann, "KICK #a,#b bob,bob", ":ann!~ann@* KICK #a bob :ann", ":ann!~ann@* KICK #b bob :ann")
        self.says(self.ann, "KICK #a,#b bob", ":test.example 461 ann KICK ...")

    def test_who_may_not_kick(self) -> None:
        self.says(self.bob, "KICK #a ann", ":test.example 442 bob #a ...")
        self.enter(self.bob)
        self.says(self.bob, "KICK #a ann", ":test.example 482 bob #a ...")
        self.says(self.ann, "KICK #none bob", ":test.example 403 ann #none ...")
        self.bob.says("PART #a")
        self.ignores(self.ann)
        self.says(self.ann, "KICK #a bob", ":test.example 441 ann bob #a ...")

    def test_invite(self) -> None:
        carl = self.guest("carl", "invite-notify")
        self.ann.says("MODE #a +i")
        self.says(self.ann, "INVITE bob #a", ":test.example 341 ann bob #a")
        self.hears(self.bob, ":ann!~ann@* INVITE bob #a")
        self.says(self.bob, "INVITE", ":test.example 336 bob #a", ":test.example 337 bob ...")
        self.assertIn(" JOIN #a", self.bob.says("JOIN #a")[0])
        self.ignores(self.ann)
        self.says(self.ann, "INVITE bob #a", ":test.example 443 ann bob #a ...")
        self.says(self.bob, "INVITE carl #a", ":test.example 482 bob #a ...")
        self.says(self.ann, "INVITE nobody #a", ":test.example 401 ann nobody ...")
        self.says(self.ann, "INVITE bob", ":test.example 461 ann INVITE ...")
        self.says(carl, "INVITE ann #a", ":test.example 442 carl #a ...")

    def test_invite_notify_tells_those_who_run_it(self) -> None:
        carl = self.guest("carl", "invite-notify")
        self.enter(carl)
        self.ann.says("MODE #a +o carl")
        self.ignores(carl)
        self.ann.says("INVITE bob #a")
        self.hears(carl, ":ann!~ann@* INVITE bob #a")

    def test_who_is_away_is_told(self) -> None:
        self.bob.says("AWAY :at lunch")
        self.says(self.ann, "INVITE bob #a", ":test.example 341 ann bob #a", ":test.example 301 ann bob :at lunch")


class NameTests(ChannelScene):
    """NAMES, TOPIC, LIST, RENAME."""

    def test_names(self) -> None:
        self.says(self.bob, "NAMES #a", ":test.example 353 bob = #a :@ann", ":test.example 366 bob #a ...")
        self.says(self.bob, "NAMES #none", ":test.example 366 bob #none ...")
        self.bob.says("JOIN #b")
        self.says(
            self.bob,
            "NAMES #a,#b",
            ":test.example 353 bob = #a :@ann",
            ":test.example 353 bob = #b :@bob",
            ":test.example 366 bob #a,#b ...",
        )
        self.says(
            self.bob,
            "NAMES",
            ":test.example 353 bob = #a :@ann",
            ":test.example 353 bob = #b :@bob",
            ":test.example 366 bob * ...",
        )

    def test_a_secret_group_is_marked_and_hidden(self) -> None:
        self.ann.says("MODE #a +s")
        self.says(self.ann, "NAMES #a", ":test.example 353 ann @ #a :@ann", ":test.example 366 ann #a ...")
        self.says(self.bob, "NAMES #a", ":test.example 366 bob #a ...")
        self.says(self.bob, "LIST", ":test.example 321 ...", ":test.example 323 ...")

    def test_many_names_in_lines_that_fit(self) -> None:
        house = self.house
        for number in range(60):
            IrcPeer(house).says(f"NICK a-rather-long-nick-{number}", "USER x 0 * :X", "JOIN #a")
        lines = self.bob.says("NAMES #a")
        self.assertGreater(len(lines), 3)
        self.assertTrue(all(len(line) <= 510 for line in lines))
        names = " ".join(line.rpartition(" :")[2] for line in lines[:-1]).split()
        self.assertEqual(len(names), 61)

    def test_signs_and_hosts(self) -> None:
        self.enter(self.bob)
        self.ann.says("MODE #a +ov bob bob")
        carl = self.guest("carl", "multi-prefix", "userhost-in-names")
        (row, _) = carl.says("NAMES #a")
        self.assertRegex(row, r":test\.example 353 carl = #a :@ann!~ann@\S+ @\+bob!~bob@\S+$")

    def test_an_owner_is_an_operator_for_clients_that_know_no_more(self) -> None:
        eva = self.account("eva", "multi-prefix")
        eva.says("JOIN #e")
        self.says(eva, "NAMES #e", ":test.example 353 eva = #e :~eva", ":test.example 366 ...")
        self.says(self.bob, "NAMES #e", ":test.example 353 bob = #e :@eva", ":test.example 366 ...")

    def test_topic(self) -> None:
        self.says(self.ann, "TOPIC #a", ":test.example 331 ann #a ...")
        self.says(self.ann, "TOPIC #a :hello", ":ann!~ann@* TOPIC #a :hello")
        self.says(self.ann, "TOPIC #a", ":test.example 332 ann #a :hello", ":test.example 333 ann #a ann!~ann@* *")
        self.says(self.ann, "TOPIC #a :", ":ann!~ann@* TOPIC #a :")
        self.says(self.bob, "TOPIC #a", ":test.example 442 bob #a ...")
        self.enter(self.bob)
        self.says(self.bob, "TOPIC #a :mine", ":test.example 482 bob #a ...")
        self.says(self.bob, "TOPIC #none", ":test.example 403 bob #none ...")

    def test_an_encrypted_group_is_no_channel(self) -> None:
        circles = self.house.node.hub.sealed.circles
        circles.doors[door_of("lab")] = Circle(b"g" * 16)
        refused = ":There is an encrypted group #Lab, and in it are people with our own programs only (`chat`)."
        self.says(self.bob, "JOIN #Lab", ":test.example 473 bob #Lab " + refused)
        self.says(self.ann, "RENAME #a #lab", ":test.example FAIL RENAME CANNOT_RENAME #a #lab ...")
        circles.doors.clear()
        self.assertIn(" JOIN #Lab", self.bob.says("JOIN #Lab")[0])

    def test_rename(self) -> None:
        carl = self.guest("carl", "draft/channel-rename")
        self.enter(self.bob, carl)
        self.ignores(self.ann, self.bob, carl)
        self.ann.says("RENAME #a #new :better")
        self.hears(carl, ":ann!~ann@* RENAME #a #new :better")
        lines = self.bob.take()
        self.assertRegex(lines[0], r"^:bob!\S+ PART #a :")
        self.assertRegex(lines[1], r"^:bob!\S+ JOIN #new$")
        self.ann.says("JOIN #b")
        fail = ":test.example FAIL RENAME "
        self.says(self.ann, "RENAME #new #b", fail + "CHANNEL_NAME_IN_USE #new #b ...")
        self.says(self.ann, "RENAME #new x", fail + "CANNOT_RENAME #new x ...")
        self.says(self.bob, "RENAME #new #c", ":test.example 482 bob #new ...")
