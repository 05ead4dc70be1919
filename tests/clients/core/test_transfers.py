"""Files between people with our client and a whole server in memory."""

from __future__ import annotations

import hashlib
import os

from twisted.trial.unittest import SynchronousTestCase

from chatd import blobs as b
from chatd import messages as m
from chatd.core.limits import Limits
from clients.core import intents as i
from clients.core import notices as n
from clients.core import offers as o
from clients.core.jobs import Finish, Prepare
from clients.core.moving import Files, Moving
from clients.core.transfers import MOST_KEPT
from clients.core.window import MOST
from tests.clients.house import Visitor
from tests.kit import House


class FilesCase(SynchronousTestCase):
    """A house that keeps files, and people with folders of their own."""

    def setUp(self) -> None:
        self.make()

    def make(self, **limits: int) -> None:
        """A house with these limits, alice and bob."""
        self.root = os.path.abspath(self.mktemp())
        os.makedirs(f"{self.root}/server")
        self.house = House(files=f"{self.root}/server", limits=Limits(**limits))
        self.alice, self.bob = self.visitor("alice"), self.visitor("bob")
        self.seen: list[object] = []

    def visitor(self, name: str, **more: object) -> Visitor:
        """Somebody who has just come."""
        return Visitor(self.house, name, folder=f"{self.root}/{name}", **more).come()  # type: ignore[arg-type]

    def file(self, size: int, name: str = "a.bin") -> str:
        """A file of alice's."""
        os.makedirs(f"{self.root}/hers", exist_ok=True)
        path = f"{self.root}/hers/{name}"
        with open(path, "wb") as file:
            file.write(os.urandom(size))
        return path

    def same(self, one: str, other: str) -> bool:
        """Whether two files are the same."""
        return self.bytes_of(one) == self.bytes_of(other)

    @staticmethod
    def bytes_of(path: str) -> bytes:
        """What is in a file."""
        with open(path, "rb") as file:
            return file.read()

    def state(self, visitor: Visitor) -> Moving:
        """What somebody was told of a file last."""
        return visitor.take(Moving)[-1]

    def offer(self, visitor: Visitor) -> o.Offer:
        """The file that somebody was offered last."""
        found = [said.file for said in visitor.take(n.Said) if said.file is not None]
        assert found, visitor.face.notices
        return found[-1]

    def send(self, path: str, *to: str) -> None:
        """Alice sends a file."""
        self.alice.app.act(i.SendFile(to or ("#lobby",), path))
        self.settle()

    def get(self, visitor: Visitor, offer: o.Offer, output: str = "") -> str:
        """Somebody fetches a file; where it lies."""
        visitor.app.act(i.GetFile(offer.id.hex(), output))
        self.settle()
        state = self.state(visitor)
        self.assertEqual(state.state, o.RECEIVED, state)
        return state.path

    def wait(self) -> None:
        """Time passes: who was cut off comes back."""
        for _ in range(4):
            self.house.advance(2.0)
            self.settle()

    def put(self, visitor: Visitor) -> int:
        """How many bytes somebody has sent to the server so far, repeats too."""
        return sum(len(c.data) for c in self.seen if isinstance(c, b.PutBlob))

    def watch(self, visitor: Visitor, before: list[object] | None = None) -> None:
        """Count what somebody says from here on, and said before."""
        self.seen = list(before or ())
        write = visitor.line.write

        def seen(commands: list[object]) -> None:
            self.seen += commands
            write(commands)  # type: ignore[arg-type]

        visitor.line.write = seen  # type: ignore[assignment,method-assign]

    def killed(self, visitor: Visitor, slow: bool = False) -> Visitor:
        """The program is killed, and started again; its disk may be slow from then on."""
        assert visitor.line.peer is not None
        visitor.line.peer.lose()
        visitor.line.listener = None
        self.house.settle()
        again = Visitor(self.house, visitor.name, visitor.history, visitor.device, folder=visitor.folder)
        again.disk.slow = slow
        return again.come()

    def cut(self, visitor: Visitor) -> None:
        """The line breaks, and comes back."""
        assert visitor.line.peer is not None
        visitor.line.peer.lose()
        visitor.settle()
        self.wait()

    def settle(self) -> None:
        """Run until nothing moves."""
        for _ in range(3):
            for visitor in (self.alice, self.bob):
                visitor.settle()


class ThereAndBack(FilesCase):
    """Whole files."""

    def test_sizes(self) -> None:
        for size in (0, 1, 65_535, 65_536, 65_537, 1_000_000):
            path = self.file(size, f"{size}.bin")
            self.send(path)
            self.assertEqual(self.state(self.alice).state, o.SENT)
            offer = self.offer(self.bob)
            self.assertEqual((offer.name, offer.size), (f"{size}.bin", size))
            got = self.get(self.bob, offer)
            self.assertEqual(got, f"{self.root}/bob/downloads/{size}.bin")
            self.assertTrue(self.same(got, path))
            self.assertEqual(offer.sha256, hashlib.sha256(self.bytes_of(path)).digest())
        self.assertEqual(len(os.listdir(f"{self.root}/bob/downloads")), 6)

    def test_same_name_twice_T30(self) -> None:
        """T30, ours to add: the second one lies beside the first."""
        for number in range(3):
            path = self.file(10 + number)
            self.send(path)
            got = self.get(self.bob, self.offer(self.bob))
            self.assertTrue(self.same(got, path))
        found = sorted(os.listdir(f"{self.root}/bob/downloads"))
        self.assertEqual(found, ["a (2).bin", "a (3).bin", "a.bin"])

    def test_several_at_once_T30(self) -> None:
        """T30: also more than move at once."""
        paths = [self.file(200_000, f"{number}.bin") for number in range(5)]
        self.alice.app.act(*(i.SendFile(("#lobby",), path) for path in paths))
        self.settle()
        offers = [said.file for said in self.bob.take(n.Said) if said.file is not None]
        self.bob.app.act(*(i.GetFile(offer.id.hex()) for offer in offers))
        self.settle()
        for path in paths:
            self.assertTrue(self.same(path, f"{self.root}/bob/downloads/{os.path.basename(path)}"))

    def test_what_other_programs_see(self) -> None:
        self.send(self.file(1_234_567, "essay.pdf"))
        said = self.bob.take(n.Said)[-1]
        self.assertEqual(said.text, "File: essay.pdf (1.2 MB)")
        assert said.file is not None
        self.assertEqual(said.file.type, "application/pdf")

    def test_one_upload_for_all(self) -> None:
        self.alice.enter("/group --open hw")
        self.bob.enter("/group hw")
        self.settle()
        path = self.file(100)
        self.send(path, "#hw", "#lobby")
        self.assertEqual(len(os.listdir(f"{self.root}/server")), 1)
        self.assertEqual(self.state(self.alice).state, o.SENT)
        offers = [said.file for said in self.bob.take(n.Said)]
        self.assertEqual(offers[0], offers[1])

    def test_two_devices_and_the_other_device_of_the_sender(self) -> None:
        self.alice.enter("/group --open hw")
        self.bob.enter("/group hw")
        self.settle()
        path = self.file(70_000)
        self.bob.leave()
        self.send(path, "#hw")
        again = self.bob.again()
        self.bob = again
        self.assertTrue(self.same(self.get(self.bob, self.offer(self.bob)), path))

    def test_into_a_folder_or_under_a_name(self) -> None:
        path = self.file(5)
        self.send(path)
        offer = self.offer(self.bob)
        os.mkdir(f"{self.root}/there")
        self.assertEqual(self.get(self.bob, offer, f"{self.root}/there/"), f"{self.root}/there/a.bin")
        self.assertEqual(self.get(self.bob, offer, f"{self.root}/there/b.txt"), f"{self.root}/there/b.txt")
        self.assertEqual(self.get(self.bob, offer, f"{self.root}/there/b.txt"), f"{self.root}/there/b (2).txt")

    def test_unasked_up_to_a_size(self) -> None:
        carol = Visitor(self.house, "carol", folder=f"{self.root}/carol", fetches=True).come()
        carol.app.act(i.Setting("files", "100K"))
        self.send(self.file(100_000, "small.bin"))
        self.send(self.file(100_001, "large.bin"))
        carol.settle()
        self.assertEqual(os.listdir(f"{self.root}/carol/downloads"), ["small.bin"])
        self.assertFalse(os.path.exists(f"{self.root}/bob/downloads"))


class What(FilesCase):
    """What is said of files, and what is refused."""

    def test_no_such_file(self) -> None:
        self.send(f"{self.root}/nothing")
        self.assertEqual(self.alice.take(n.Refused)[-1].code, "no-such-file")
        self.send(self.root)
        self.assertEqual(self.alice.take(n.Refused)[-1].code, "not-a-file")
        self.alice.app.act(i.ListFiles())
        self.assertEqual(self.alice.take(Files)[-1].files, ())

    def test_nobody_of_that_name(self) -> None:
        self.send(self.file(5), "#nothing")
        failed = self.state(self.alice)
        self.assertEqual((failed.state, failed.code), (o.FAILED, "no-such-group"))
        self.assertEqual(os.listdir(f"{self.root}/server"), [])

    def test_too_large_for_the_server(self) -> None:
        self.make(file_bytes=100)
        self.send(self.file(101))
        self.assertEqual(self.state(self.alice).code, "file-too-large")

    def test_the_list(self) -> None:
        self.send(self.file(5))
        self.bob.settle()
        self.bob.app.act(i.ListFiles())
        (kept,) = self.bob.take(Files)[-1].files
        self.assertEqual(
            (kept.state, kept.sender, kept.to, kept.offer.name), (o.OFFERED, "alice", ("#lobby",), "a.bin")
        )

    def test_by_its_first_digits_or_its_name(self) -> None:
        self.send(self.file(5))
        offer = self.offer(self.bob)
        for word in (offer.id.hex()[:4].upper(), offer.id.hex(), "a.bin"):
            self.bob.app.act(i.GetFile(word))
            self.settle()
            self.assertEqual(self.state(self.bob).state, o.RECEIVED)
        for word in (offer.id.hex()[:3], "b.bin", ""):
            self.bob.app.act(i.GetFile(word))
            self.assertEqual(self.bob.take(n.Refused)[-1].code, "no-such-file")

    def test_a_name_that_two_have(self) -> None:
        for size in (5, 6):
            self.send(self.file(size))
        self.settle()
        self.bob.app.act(i.GetFile("a.bin"))
        self.assertEqual(len(self.bob.take(n.Refused)[-1].near), 2)

    def test_declined(self) -> None:
        self.send(self.file(5))
        offer = self.offer(self.bob)
        self.bob.app.act(i.DeclineFile(offer.id.hex()))
        self.assertEqual(self.state(self.bob).state, o.DECLINED)
        self.get(self.bob, offer)  # one may change one's mind

    def test_stopped_in_the_middle(self) -> None:
        self.send(self.file(3_000_000))
        offer = self.offer(self.bob)
        self.bob.disk.slow = True
        self.bob.app.act(i.GetFile(offer.id.hex()))
        for _ in range(4):
            self.bob.settle()
            self.bob.disk.run()
        self.assertEqual(len(os.listdir(f"{self.root}/bob/downloads")), 1)
        self.bob.app.act(i.DeclineFile(offer.id.hex()))
        for _ in range(4):
            self.bob.settle()
            self.bob.disk.run()
        self.assertEqual(os.listdir(f"{self.root}/bob/downloads"), [])

    def test_an_upload_is_taken_back(self) -> None:
        self.alice.disk.slow = True
        self.send(self.file(3_000_000))
        for _ in range(4):
            self.alice.disk.run(1)
            self.settle()
        self.assertEqual(len(os.listdir(f"{self.root}/server")), 1)
        (kept,) = self.alice.session.files.kept.values()  # type: ignore[union-attr]
        self.alice.app.act(i.DeclineFile(kept.row))
        self.settle()
        self.assertEqual(self.state(self.alice).state, o.DECLINED)
        self.assertEqual(os.listdir(f"{self.root}/server"), [])

    def test_what_was_sent_is_taken_back(self) -> None:
        """Which also makes room for another one."""
        self.make(files_bytes=10)
        path = self.file(10)
        self.send(path)
        offer = self.offer(self.bob)
        self.send(self.file(1, "b.bin"))
        self.assertEqual(self.state(self.alice).code, "quota-full")
        self.alice.app.act(i.DeclineFile(offer.id.hex()))
        self.settle()
        self.assertEqual(self.state(self.alice).state, o.DECLINED)
        self.assertEqual(os.listdir(f"{self.root}/server"), [])
        self.bob.app.act(i.GetFile(offer.id.hex()))
        self.settle()
        self.assertEqual(self.state(self.bob).code, "no-such-blob")
        with open(path, "rb") as file:
            self.assertEqual(len(file.read()), 10)  # one's own stays

    def test_it_is_gone(self) -> None:
        self.send(self.file(5))
        offer = self.offer(self.bob)
        assert self.house.node.transfers is not None
        self.house.node.transfers.sweep(int(self.house.wall() * 1000) + 31 * 86_400_000)
        self.settle()
        self.bob.app.act(i.GetFile(offer.id.hex()))
        self.settle()
        self.assertEqual(self.state(self.bob).code, "no-such-blob")

    def test_rows_do_not_grow_for_ever(self) -> None:
        files = self.bob.session.files
        assert files is not None
        for number in range(MOST_KEPT + 10):
            offer = o.Offer(number.to_bytes(16, "big"), "a", 1, bytes(32))
            files.offered(offer, "#lobby", "mallory", number)
        self.assertEqual(len(files.kept), MOST_KEPT)

    def test_who_lies_about_the_hash_T29(self) -> None:
        """T29: `received` is said of nothing but the file that was sent."""
        self.send(self.file(70_000))
        offer = self.offer(self.bob)
        files = self.bob.session.files
        assert files is not None
        for lie in (
            o.Offer(offer.id, "a.bin", offer.size, bytes(32)), o.Offer(offer.id, "a.bin", 60_000, offer.sha256),
            o.Offer(offer.id, "a.bin", 80_000, offer.sha256),
        ):  # fmt: skip
            files.kept.clear()
            files.offered(lie, "#lobby", "alice", 1)
            self.bob.app.act(i.GetFile(offer.id.hex()))
            self.settle()
            failed = self.state(self.bob)
            self.assertEqual((failed.state, failed.code), (o.FAILED, "FILE_CORRUPT"))
            self.assertEqual(os.listdir(f"{self.root}/bob/downloads"), [])


class Cuts(FilesCase):
    """The line breaks, programs are killed; it goes on where it was."""

    def test_up(self) -> None:
        size = 9_000_000
        path = self.file(size)
        self.watch(self.alice)
        self.alice.disk.slow = True
        self.send(path)
        for turn in range(400):
            self.alice.disk.run(1)
            if turn % 4 == 3:
                self.cut(self.alice)
            self.settle()
        self.assertEqual(self.state(self.alice).state, o.SENT)
        self.assertTrue(self.same(self.get(self.bob, self.offer(self.bob)), path))
        creates = sum(isinstance(c, b.CreateBlob) for c in self.seen)
        self.assertGreater(creates, 3)
        self.assertLess(self.put(self.alice), size + creates * MOST)

    def test_up_after_a_kill(self) -> None:
        path = self.file(6_000_000)
        for turns in (1, 3, 4, 5, 30):
            self.alice.disk.slow = True
            if turns == 1:
                self.send(path)
            for _ in range(turns):
                self.settle()
                self.alice.disk.run(1)
            self.alice = self.killed(self.alice)
        self.settle()
        self.assertEqual([o.SENT], [kept.state for kept in self.alice.session.files.kept.values()])  # type: ignore[union-attr]
        self.assertTrue(self.same(self.get(self.bob, self.offer(self.bob)), path))
        self.assertEqual(len(self.house.store.load().blobs), 1)

    def test_the_server_is_killed(self) -> None:
        path = self.file(2_000_000)
        self.alice.disk.slow = True
        self.send(path)
        for _ in range(5):
            self.settle()
            self.alice.disk.run(1)
        for visitor in (self.alice, self.bob):
            assert visitor.line.peer is not None
            visitor.line.peer.lose()
        self.house.node.transfers = None  # whatever it had not done is not done
        self.house.start()
        self.alice.disk.slow = False
        self.wait()
        self.alice.disk.run()
        self.settle()
        self.assertTrue(self.same(self.get(self.bob, self.offer(self.bob)), path))

    def test_down(self) -> None:
        path = self.file(3_000_000)
        self.send(path)
        offer = self.offer(self.bob)
        self.bob.disk.slow = True
        self.bob.app.act(i.GetFile(offer.id.hex()))
        for turn in range(300):
            self.settle()
            self.bob.disk.run(1)
            if turn % 5 == 3:
                self.cut(self.bob)
        state = self.state(self.bob)
        self.assertEqual(state.state, o.RECEIVED)
        self.assertTrue(self.same(state.path, path))

    def test_down_after_a_kill(self) -> None:
        path = self.file(6_000_000)
        self.send(path)
        offer = self.offer(self.bob)
        self.bob.disk.slow = True
        self.bob.app.act(i.GetFile(offer.id.hex()))
        for turns in (1, 2, 3, 4, 5):
            for _ in range(turns):
                self.settle()
                self.bob.disk.run(1)
            self.bob = self.killed(self.bob)
            self.bob.disk.slow = True
        self.bob.disk.slow = False
        self.bob.disk.run()
        self.settle()
        self.assertTrue(self.same(f"{self.root}/bob/downloads/a.bin", path))
        self.assertEqual(os.listdir(f"{self.root}/bob/downloads"), ["a.bin"])

    def test_killed_with_the_offer_in_the_outbox(self) -> None:
        """The file is whole, its message not accepted: it is sent by the next start, once."""
        path = self.file(5)
        self.alice.line.loses = (m.Send,)
        self.send(path)
        self.alice = self.alice.again()
        self.settle()
        self.assertEqual(self.state(self.alice).state, o.SENT)
        self.assertEqual(len([said for said in self.bob.take(n.Said) if said.file is not None]), 1)

    def test_not_connected(self) -> None:
        path = self.file(5)
        assert self.alice.line.peer is not None
        self.alice.line.peer.lose()
        self.alice.settle()
        self.alice.app.act(i.SendFile(("#lobby",), path))
        self.assertEqual(self.state(self.alice).state, "waiting")
        self.wait()
        self.assertEqual(self.state(self.alice).state, o.SENT)

    def test_what_is_sent_changes_meanwhile(self) -> None:
        """The server has another hash in the end: it begins anew with what is there now."""
        path = self.file(6_000_000)
        self.alice.disk.slow = True
        self.send(path)
        self.assertIsInstance(self.alice.disk.waiting[0][0], Prepare)
        for _ in range(4):
            self.alice.disk.run(1)
            self.settle()
        with open(path, "r+b") as file:
            file.seek(-10, os.SEEK_END)
            file.write(b"other text")
        for _ in range(60):
            self.alice.disk.run(1)
            self.settle()
            self.house.advance(1.0)
        self.assertEqual(self.state(self.alice).state, o.SENT)
        self.assertTrue(self.same(self.get(self.bob, self.offer(self.bob)), path))

    def test_the_same_file_again_joins_what_is_under_way(self) -> None:
        path = self.file(600_000)
        self.alice.disk.slow = True
        self.send(path)
        self.alice.disk.run(1)
        self.settle()
        self.send(path)
        self.alice.disk.slow = False
        self.alice.disk.run()
        self.settle()
        self.assertEqual(len([said for said in self.bob.take(n.Said) if said.file is not None]), 1)

    def test_finish_waits_for_the_disk(self) -> None:
        """T29: `received` is not said before the disk has said so."""
        self.send(self.file(5))
        offer = self.offer(self.bob)
        self.bob.disk.slow = True
        self.bob.app.act(i.GetFile(offer.id.hex()))
        for _ in range(10):
            self.settle()
            if self.bob.disk.waiting and isinstance(self.bob.disk.waiting[0][0], Finish):
                break
            self.bob.disk.run(1)
        self.assertNotIn(o.RECEIVED, [moving.state for moving in self.bob.take(Moving)])
        self.bob.disk.run()
        self.assertEqual(self.state(self.bob).state, o.RECEIVED)
