"""What encryption from end to end costs a client: processor time of one device, with its profile on the disk.

Rule: no network. The clients are whole, with the real history and its sealed rows; the server beside them carries
what they say and computes next to nothing. Setting up is not counted.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from clients.core.e2ee.bodies import Said
from clients.core.history import History
from tests.bench.report import Figure
from tests.clients.core.e2ee import kit as pure
from tests.clients.core.secure.kit import Phone, Post, settle

TEXT = "a message of the usual length, about as long as a line of a screen, and then a little more than that"
WARM = 20
DEVICES = 60


def direct(place: Path, run: int, messages: int) -> list[Figure]:
    """ms of processor time to send a direct message, from the typed line to the server's word that it has it; and to
    receive one, from the frame to what is shown and acknowledged."""
    post = Post()
    alice, bob = (Phone(post, name, History(place / f"direct-{run}-{name}.db")).come() for name in ("alice", "bob"))
    settle(alice, bob)
    sending, receiving = list[float](), list[float]()
    for number in range(WARM + messages):
        writer, reader = (alice, bob) if number % 2 else (bob, alice)
        started = time.thread_time()
        writer.app.enter(f"@{reader.name} {TEXT} {number}")
        middle = time.thread_time()
        reader.line.carry()
        received = time.thread_time()
        writer.line.carry()
        ended = time.thread_time()
        settle(alice, bob)
        sending.append(middle - started + ended - received)
        receiving.append(received - middle)
    shown = [said.text for phone in (alice, bob) for said in phone.history.last(phone.account, _other(phone), 10**6)]
    assert sum(text.startswith(TEXT) for text in shown) == 2 * (WARM + messages), "not everything arrived"
    for phone in (alice, bob):
        phone.history.close()
    return [Figure(1e3 * median(values[WARM:])) for values in (sending, receiving)]


def _other(phone: Phone) -> str:
    return "@bob" if phone.name == "alice" else "@alice"


def rekey(place: Path, run: int, times: int) -> list[Figure]:
    """ms of processor time until a group of 60 devices has a new key and the next message, ciphertexts on the disk; and
    how many KiB that is."""
    server, people = pure.people(*(f"p{number}" for number in range(DEVICES)))
    first, *others = people
    gid = first.make_group()
    for other in others:
        first.add(gid, other)
    first.say_in(gid, TEXT)
    history = History(place / f"rekey-{run}.db")
    first.storage = history.rows(history.add_account("bench", "p0", "sealed").id)
    first.storage.write(dict(first.disk.kept))
    spent, size = list[float](), 0
    for _ in range(times):
        started = time.thread_time()
        batch = first.batch()
        first.groups.rotate(batch, gid)
        sent = first.groups.say(batch, gid, Said(TEXT), server.now, {})
        batch.commit()
        spent.append(time.thread_time() - started)
        assert [len(sending.items) for sending in sent] == [DEVICES - 1, DEVICES - 1]
        size = sum(len(item.ciphertext) for item in sent[0].items) + len(sent[1].items[0].ciphertext)
        for sending in sent:
            batch = first.batch()
            first.outgoing.accepted(batch, sending.send_id)
            batch.commit()
    history.close()
    return [Figure(1e3 * median(spent)), Figure(size / 1024)]
