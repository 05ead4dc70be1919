"""Commands that come in one segment are dealt with as if each came by itself (`Node.receive_all`)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd import messages as m
from chatd import moderation as mod
from chatd.core.limits import Limits
from chatd.core.turn import Command, Post
from chatd.core.users import Session
from chatd.entries import Stored
from tests.kit import House, Scene, state_of

NEAR, AFAR = "127.0.0.1", "198.51.100.7"
ID = b"0123456789abcdef"
PLAIN: list[m.Command] = [
    m.Send(1, "@bob", b"a" * 16, "one"), m.Ping(2), m.Send(3, "#lobby", b"b" * 16, "all"), m.Ping(4),
    m.Send(5, "@nobody", b"f" * 16, "hm"), m.Send(1, "@bob", b"a" * 16, "one"), m.Send(6, "@bob", b"c" * 16, " "),
    m.Acknowledge("dm:alice:bob", 1), m.Send(8, "@bob", b"d" * 16, "x" * 20_000), m.Acknowledge("#nowhere", 1),
    m.Send(9, "@bob", b"g" * 16, "\u00fc" * 9_000), m.Send(10, "@bob", b"h" * 15, "short"),
    m.Send(11, "@bob", b"i" * 16, "", "text"), m.Send(12, "@bob", b"j" * 16, "tagged", "notice", "@+a=b"),
    m.Send(13, "@bob", b"k" * 16, "no such kind", "song"), m.Send(14, "@bob", b"l" * 16, "psst", "notice"),
    *(m.Send(20 + n, "@bob", bytes([n] * 16), f"row {n}") for n in range(5)),
    *(m.Send(30 + n, "#silent", bytes([n] * 16), f"row {n}") for n in range(3)),
    *(m.Send(40 + n, "#open", bytes([n] * 16), f"row {n}") for n in range(3)),
]  # fmt: skip
OTHER: list[m.Command] = [m.Who(7), m.SetPassword(9, "secret secret"), m.History(10, "@bob"), m.Quit(11)]
ANY = st.sampled_from(PLAIN + OTHER)
ROW = st.tuples(st.integers(0, len(PLAIN)), st.integers(0, len(PLAIN))).map(lambda ends: PLAIN[ends[0] : ends[1]])


def remembered(house: House) -> object:
    """What sending changes."""
    state = state_of(house)
    waiting = {user.name: (user.waiting, user.active) for user in house.node.hub.users.by_id.values()}
    return state["rows"], state["conversations"], waiting


class TogetherTests(Scene):
    """The short way and the long one."""

    @given(
        st.lists(ANY, max_size=4), st.one_of(ROW, st.lists(st.sampled_from(PLAIN))), st.booleans(),
        st.sampled_from([NEAR, AFAR]), st.sampled_from([2, 5, 100]), st.booleans(),
    )  # fmt: skip
    def test_the_same_is_heard(
        self, first: list[m.Command], second: list[m.Command], watched: bool, host: str, room: int, full: bool
    ) -> None:  # fmt: skip
        heard = []
        for together in (True, False):
            house = House(slow=True, limits=Limits(message_burst=2, mailbox_messages=room))
            alice, bob = house.person("alice", host), house.person("bob")
            bob.send("@alice", "hi", ID)
            for group in ("#silent", "#open"):
                bob.ask(m.Join, group)
                alice.ask(m.Join, group)
            bob.ask(mod.SetModes, "#silent", [mod.ModeChange(True, "m")])
            for place in ("@bob", "#open"):
                alice.send(place, "hi", ID[:15] + place[:1].encode())
            house.commit()
            house.advance(1)
            house.node.hub.full = full
            session, watcher = alice.session, Watcher()
            alice.take(), bob.take()
            house.node.observe(watcher if watched else None)
            for commands in (first, second):
                if together:
                    house.node.receive_all(session, commands)
                else:
                    for command in commands:
                        house.node.receive(session, command)
            for _ in range(4):
                house.commit()
                house.advance(5)
            heard.append((alice.take(), bob.take(), house.node.hub.refusals, watcher.seen, remembered(house)))
        self.assertEqual(*heard)

    def test_who_floods_is_not_read_while_the_disk_is_behind(self) -> None:
        house = House(slow=True, limits=Limits(waiting_entries=3))
        alice = house.person("alice")
        house.commit()
        for _ in range(2):
            house.node.receive_all(alice.session, [m.Send(n, "#lobby", bytes([n] * 16), "x") for n in range(5)])
            house.clock.advance(0)
        self.assertTrue(alice.session.link.held())  # type: ignore[attr-defined]
        house.commit()
        self.assertFalse(alice.session.link.held())  # type: ignore[attr-defined]

    def test_what_was_said_together_may_be_read_bit_by_bit(self) -> None:
        alice, bob = self.house.people("alice", "bob")
        alice.tell(*[m.Send(n, "#lobby", bytes([n]) * 16, "x") for n in range(1, 6)])
        bob.send("#lobby", "six")
        alice.take(), bob.take()
        for acked, heard in ((2, 2), (2, None), (4, 4), (6, 5), (6, None)):
            bob.ack("#lobby", acked)
            self.assertEqual(alice.take(), [m.Delivered("#lobby", heard, "bob")] if heard else [])
        alice.ack("#lobby", 6)
        self.assertEqual((alice.take(), bob.take()), ([], [m.Delivered("#lobby", 6, "alice")]))


class Watcher:
    """An observer that notes what it is told."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def received(self, session: Session, command: Command) -> None:
        """Somebody asks."""
        self.seen.append(command)

    def posted(self, post: Post, said: m.Send, stored: Stored, state: str) -> None:
        """A message leaves."""
        self.seen.append((said.ref, stored, state))
