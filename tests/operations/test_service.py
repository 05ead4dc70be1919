"""The running server as operations see it: durable before it is told, and refused without a trace."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.core.hub import Hub
from chatd.core.turn import Turn
from chatd.courtesy import REST
from chatd.operations.service import Refused
from tests.kit import House, state_of
from tests.operations.kit import StaffScene, service_of


def make(hub: Hub, turn: Turn, name: str) -> int:
    """An operation that changes something."""
    return hub.register(name, "", "", turn).id


class ServiceTests(StaffScene):
    """`act`, `user`."""

    def test_it_is_told_when_it_is_on_disk(self) -> None:
        self.house = House(slow=True)
        service = service_of(self.house, self.mktemp())
        told: list[int] = []
        service.act(make, "alice").addCallback(told.append)
        self.house.advance(5)
        self.assertEqual(told, [])
        self.house.commit()
        self.assertEqual(told, [1])
        self.assertEqual([user.name for user in self.house.store.load().users], ["alice"])

    def test_what_is_refused_has_changed_nothing(self) -> None:
        self.house.person("alice")
        before = state_of(self.house)
        with self.assertRaises(Refused) as caught:
            self.done(self.service.act(make, "Alice"))
        self.assertEqual(caught.exception.code, "name-taken")
        self.assertEqual(state_of(self.house), before)

    def test_in_turns_with_all_else(self) -> None:
        happened: list[str] = []

        def steps() -> Iterator[int | None]:
            for number in range(3):
                happened.append(f"step {number}")
                self.house.clock.callLater(0, happened.append, "others")
                yield number if number == 2 else None

        done = self.service.in_turns(steps())
        self.assertEqual(happened, ["step 0"])
        self.house.clock.pump([REST] * 3)
        self.assertEqual(happened[:5], ["step 0", "others", "step 1", "others", "step 2"])
        self.assertEqual(self.successResultOf(done), 2)

    def test_names_with_and_without_the_at(self) -> None:
        self.house.person("alice")
        self.assertEqual(self.service.user("@alice"), self.service.user("alice"))
        with self.assertRaises(Refused) as caught:
            self.service.user("@alcie")
        self.assertEqual(caught.exception.near, ["alice"])

    def test_an_error_in_what_follows_does_not_stop_the_node(self) -> None:
        failing = self.service.act(make, "alice")
        failing.addCallback(lambda _: 1 // 0)
        self.house.commit()
        self.assertEqual(self.house.person("bob").name, "bob")
        self.failureResultOf(failing, ZeroDivisionError)
