"""Tests of clients.core.secure.adopting: a device that came later gets its person's encrypted groups."""

from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import intents as i
from clients.core import notices as n
from tests.clients.core.secure.liar import Lie, Target, Town, answered, changed

PASSWORD = "correct horse battery"
Change = Callable[[list[bytes]], list[bytes]]


class AdoptingCase(SynchronousTestCase):
    """Alice, who has made a group with bob in it, and has a recovery code."""

    def setUp(self) -> None:
        self.town = Town("alice", "bob")
        self.alice, self.bob = self.town.people
        self.alice.app.act(i.ChangePassword(PASSWORD))
        self.town.settle()
        self.alice.enter("/keys recovery")
        (told,) = self.alice.face.take(n.RecoveryCode)
        self.code = told.code
        self.alice.enter("/join lab private", "/invite lab bob")
        self.town.live(3)
        self.alice.enter("/group lab before")
        self.town.live(3)
        self.forget()

    def forget(self) -> None:
        """All that was shown."""
        for person in self.town.people:
            person.face.notices.clear()

    def labels(self, person: Target) -> list[str]:
        """What somebody is in, besides the lobby and talks with people."""
        return [talk.to for talk in person.app.view().talks if talk.encrypted and talk.to.startswith("#")]

    def another(self, name: str = "alice") -> Target:
        """A new device of somebody, which has not been listed."""
        return self.town.move_in(name, password=PASSWORD)

    def recovers(self) -> Target:
        """All of alice's devices are gone; she comes with her code."""
        for person in [person for person in self.town.people if person.name == "alice"]:
            self.town.move_out(person)
        phone = self.another()
        phone.enter(f"/keys recover {self.code}")
        self.town.live(3)
        return phone

    def talk(self, phone: Target, label: str = "lab") -> None:
        """What is said in the group arrives on both sides."""
        self.forget()
        phone.enter(f"/group {label} I am back")
        self.bob.enter("/group lab welcome")
        self.town.live(4)
        self.assertEqual([text for text, _ in self.bob.texts()], ["I am back"])
        self.assertEqual([text for text, _ in phone.texts()], ["welcome"])


class RecoveredTests(AdoptingCase):
    """The recovery code, on a new device."""

    def test_the_sole_owner_gets_the_group_and_still_runs_it(self) -> None:
        phone = self.recovers()
        codes = phone.codes()
        self.assertIn("GROUP_HERE", codes)
        self.assertNotIn("GROUP_NAMELESS", codes)
        self.assertEqual(self.labels(phone), ["#lab"])
        self.talk(phone)
        carol = self.town.move_in("carol")
        phone.enter("/invite lab carol")
        self.town.live(3)
        self.assertEqual(self.labels(carol), ["#lab"])

    def test_also_when_the_lost_device_is_struck_out(self) -> None:
        lost = self.alice.device.keys.device
        phone = self.recovers()
        phone.enter(f"/devices revoke {lost}")
        self.town.live(3)
        self.talk(phone)
        again = self.recovers()
        self.assertEqual(self.labels(again), ["#lab"])

    def test_a_group_where_one_is_alone(self) -> None:
        self.alice.enter("/join diary private", "/topic diary mine alone")
        self.town.live(3)
        phone = self.recovers()
        self.assertEqual(sorted(self.labels(phone)), ["#diary", "#lab"])
        self.forget()
        phone.enter("/topic diary")
        (told,) = [one.event for one in phone.face.take(n.Answered)]
        assert isinstance(told, m.GroupInfo)
        self.assertEqual(told.position.topic, "mine alone")
        phone.enter("/invite diary bob")
        self.town.live(3)
        self.assertEqual(sorted(self.labels(self.bob)), ["#diary", "#lab"])

    def test_what_was_said_meanwhile_is_read(self) -> None:
        """To the new device as soon as it was listed; its group is read from the log before that is thrown away."""
        for person in [self.alice]:
            self.town.move_out(person)
        phone = self.another()
        phone.wire.answers[e.AskOwnGroups] = lambda command: []
        phone.wire.answers[e.AskGroup] = lambda command: []
        phone.enter(f"/keys recover {self.code}")
        self.town.live(2)
        self.bob.enter("/group lab are you there?")
        self.town.live(3)
        self.assertEqual(phone.texts(), [])
        phone.wire.honest()
        phone.wire.cut()
        self.town.live(20)
        self.assertEqual([text for text, _ in phone.texts()], ["are you there?"])

    def test_the_name_comes_from_a_member_where_the_backup_has_none(self) -> None:
        blob = self.town.house.node.hub.sealed.backups
        for user in list(blob):
            blob[user] = blob[user][:60]
        phone = self.recovers()
        self.assertEqual(self.labels(phone), ["#lab"])
        self.talk(phone)

    def test_where_nobody_knows_the_name_it_is_said_how_to_give_one(self) -> None:
        self.alice.enter("/join diary private")
        self.town.live(3)
        blob = self.town.house.node.hub.sealed.backups
        for user in list(blob):
            blob[user] = blob[user][:60]
        phone = self.recovers()
        self.assertIn("GROUP_NAMELESS", phone.codes())
        (label,) = set(self.labels(phone)) - {"#lab"}
        phone.enter(f"/rename {label} diary")
        self.town.live(3)
        self.assertEqual(sorted(self.labels(phone)), ["#diary", "#lab"])

    def test_the_backup_follows_the_groups_and_another_devices_code_stays(self) -> None:
        """Two devices with the user key; the newer code is not written over by who has the older one."""
        second = self.another()
        second.enter(f"/keys recover {self.code}", "/keys recovery")
        (told,) = second.face.take(n.RecoveryCode)
        self.alice.enter("/join diary private")
        self.town.live(3)
        self.code = told.code
        phone = self.recovers()
        self.assertEqual(sorted(self.labels(phone)), ["#diary", "#lab"])


class LinkedTests(AdoptingCase):
    """Another device beside those there are."""

    def test_it_gets_the_groups_of_an_owner(self) -> None:
        phone = self.another()
        self.alice.enter(f"/devices add {phone.device.keys.device}")
        self.town.live(3)
        self.assertIn("GROUP_HERE", phone.codes())
        self.assertEqual(self.labels(phone), ["#lab"])
        self.talk(phone)

    def test_it_gets_the_groups_of_a_member_though_no_owner_is_there(self) -> None:
        self.bob.app.act(i.ChangePassword(PASSWORD))
        self.town.settle()
        self.town.move_out(self.alice)
        phone = self.another("bob")
        self.bob.enter(f"/devices add {phone.device.keys.device}")
        self.town.live(3)
        codes = phone.codes()
        self.assertEqual((codes.count("GROUP_HERE"), "GROUP_NAMELESS" in codes), (1, False), codes)
        self.assertEqual(self.labels(phone), ["#lab"])
        self.forget()
        self.bob.enter("/group lab to my other one")
        self.town.live(3)
        self.assertEqual([text for text, _ in phone.texts()], ["to my other one"])

    def test_not_before_it_is_listed(self) -> None:
        phone = self.another()
        self.town.live(3)
        self.assertEqual((self.labels(phone), "GROUP_HERE" in phone.codes()), ([], False))


class LiedToTests(AdoptingCase):
    """The server says what it likes of one's groups."""

    def phone(self) -> Target:
        """A new device that is about to be listed."""
        phone = self.another()
        self.forget()
        return phone

    def list_it(self, phone: Target) -> None:
        """Alice lists it; her own word of the group gets lost."""
        self.alice.wire.answers[e.PutMail] = answered(e.MailTaken, 5, "sent")
        self.alice.enter(f"/devices add {phone.device.keys.device}")
        self.town.live(3)

    def test_a_group_that_one_is_not_in_and_what_is_none(self) -> None:
        phone = self.phone()
        self.town.move_in("carol").enter("/join theirs private")
        theirs = list(self.town.house.node.hub.sealed.circles.by_gid)
        phone.wire.lies[e.OwnGroups] = changed(groups=[*theirs, b"", b"x" * 4_000, bytes(16)])
        self.list_it(phone)
        self.assertEqual(self.labels(phone), ["#lab"])

    def test_a_log_that_was_changed(self) -> None:
        changes: tuple[Change, ...] = (
            lambda log: log[1:], lambda log: log[::-1], lambda log: [*log[:-1], log[-1][:-1] + b"x"], lambda log: [b""],
        )  # fmt: skip
        for change in changes:
            phone = self.phone()
            phone.wire.lies[e.GroupLog] = _log(change)
            self.list_it(phone)
            self.assertIn("GROUP_WAITS", phone.codes())
            self.assertEqual(self.labels(phone), [])
            phone.wire.honest()
            phone.wire.cut()
            self.town.live(20)
            self.assertEqual(len(self.labels(phone)), 1)
            self.alice.enter(f"/devices revoke {phone.device.keys.device}")
            self.town.live(3)
            self.alice.wire.honest()

    def test_a_log_without_end(self) -> None:
        phone = self.phone()
        phone.wire.lies[e.GroupLog] = changed(entries=[b"x" * 100_000])
        self.list_it(phone)
        self.assertLess(len([one for one in phone.wire.sent if isinstance(one, e.AskGroup)]), 50)
        self.assertIn("GROUP_WAITS", phone.codes())

    def test_the_last_entries_are_kept_from_who_has_the_code(self) -> None:
        """The backup knows how far the log had come."""
        self.town.move_out(self.alice)
        phone = self.another()
        phone.wire.lies[e.GroupLog] = _log(lambda log: log[:1] if len(log) > 1 else [])
        phone.enter(f"/keys recover {self.code}")
        self.town.live(3)
        self.assertIn("GROUP_WAITS", phone.codes())
        self.assertEqual(self.labels(phone), [])


def _log(change: Change) -> Lie:
    """The log as the server shows it, where it shows any."""
    return lambda event: [
        e.GroupLog(event.ref, event.group, event.since, change(event.entries) if event.entries else [])
    ]
