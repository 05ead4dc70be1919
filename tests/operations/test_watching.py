"""What happens while it happens: numbers and names, never texts; nobody watching costs nothing."""

from __future__ import annotations

import msgspec

from chatd import messages as m
from chatd.operations.watching import PER_SECOND, Seen, watch
from tests.operations.kit import StaffScene

SECRET = "meet me at five"


class WatchingTests(StaffScene):
    """Two people, and somebody who watches."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.house.people("alice", "bob")
        self.seen: list[Seen] = []

    def kinds(self) -> list[tuple[str, str, str]]:
        """What was seen."""
        return [(one.kind, one.who, one.to) for one in self.seen]

    def test_messages_comings_and_goings(self) -> None:
        stop = watch(self.service, self.seen.append, kinds=("came", "went", "message"))
        self.alice.send("@bob", SECRET)
        carol = self.house.person("carol")
        carol.lose()
        self.assertEqual(self.kinds(), [
            ("message", "alice", "dm:alice:bob"), ("came", "carol", ""), ("went", "carol", ""),
        ])  # fmt: skip
        self.assertEqual((self.seen[0].bytes, self.seen[0].number, self.seen[2].what), (len(SECRET), 1, "lost"))
        self.assertNotIn(SECRET.encode(), msgspec.json.encode(self.seen))
        stop()
        stop()
        self.alice.send("@bob", SECRET)
        self.assertEqual(len(self.seen), 3)

    def test_the_node_is_left_alone_when_nobody_watches(self) -> None:
        node = self.house.node
        before = list(node.watchers)
        one, two = (watch(self.service, self.seen.append) for _ in range(2))
        self.assertIsNotNone(node._observer)
        one()
        self.assertIsNotNone(node._observer)
        two()
        self.assertEqual((node._observer, node._release.posted, node.watchers), (None, None, before))

    def test_one_person_one_group_one_kind(self) -> None:
        self.alice.ask(m.Join, "hw3")
        watch(self.service, self.seen.append, user="bob", kinds=("message", "command"))
        self.alice.send("#hw3", "x")
        self.alice.send("@bob", "x")
        self.bob.ask(m.Away, "gone")
        self.assertEqual(self.kinds(), [("message", "alice", "dm:alice:bob"), ("command", "bob", "")])
        self.seen.clear()
        watch(self.service, self.seen.append, group="#hw3")
        self.alice.send("#hw3", "x")
        self.assertEqual({to for _, _, to in self.kinds()}, {"#hw3"})

    def test_only_so_many_a_second(self) -> None:
        watch(self.service, self.seen.append, kinds=("message",))
        for _ in range(PER_SECOND + 7):
            self.alice.send("@bob", "x")
        self.assertEqual(len(self.seen), PER_SECOND)
        self.house.clock.advance(1.5)
        self.alice.send("@bob", "x")
        self.assertEqual((self.seen[-2].kind, self.seen[-2].number), ("left-out", 7))
        self.assertEqual(self.seen[-1].kind, "message")
