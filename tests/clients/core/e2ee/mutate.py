"""Takes every check of the package away, one at a time, and sees that a test notices: `make mutate-e2ee`.

Rule: a check that no test misses is not tested. The checks are the rows of the `..._CHECKS` tables, and the few that
are more than a comparison, by the place where they stand. No source is touched: modules are changed in memory, each
time in a process of its own, two at a time. With nothing taken away the tests must pass. What was noticed is written
down (`--state FILE`), so that a run that was interrupted goes on, as long as no file has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import os
import sys
import time
import unittest
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hypothesis import Phase, settings
from twisted.trial.reporter import MinimalReporter
from twisted.trial.runner import TestLoader, TrialSuite

import clients.core.e2ee as package
from clients.core.e2ee import (
    batch,
    comparing,
    devices,
    envelope,
    groups,
    keys,
    own,
    pins,
    receiving,
    reports,
    rosters,
    sending,
    sessions,
    store,
    stream,
)
from clients.core.e2ee.prekeys import OneTimeKey
from clients.core.e2ee.refusals import Behind, Refused
from clients.core.e2ee.signed import Signed, decode

FOLDER = Path(package.__file__).parent
TESTS = Path(__file__).parent
PREFIX = "tests.clients.core.e2ee."


class Mutant(NamedTuple):
    """One thing taken away: its name, and how to do and undo it."""

    name: str
    owner: Any
    attribute: str
    changed: Any


def tables() -> Iterator[Mutant]:
    """Every row of every table."""
    for path in sorted(FOLDER.glob("*.py")):
        module: ModuleType = importlib.import_module(f"{package.__name__}.{path.stem}".removesuffix(".__init__"))
        for attribute, table in sorted(vars(module).items()):
            if attribute.endswith("CHECKS") and f"{attribute}: Final" in path.read_text("utf-8"):
                for check in table:
                    yield Mutant(check.name, module, attribute, tuple(one for one in table if one is not check))


def _any(*_: object, **__: object) -> bool:
    return True


def places() -> Iterator[Mutant]:
    """What is more than a comparison, each by what stands in its place."""
    yield Mutant("library-olm", keys, "_opens", lambda *_: False)
    yield Mutant("library-sas", keys, "_meets", lambda *_: False)
    yield Mutant("verified", devices, "verified", _any)
    yield Mutant("padding", envelope, "unpack", lambda plain: plain[4 : 4 + int.from_bytes(plain[:4], "big")])
    yield Mutant("pin-usable", pins, "usable", pins.current)
    yield Mutant("pin-hear", pins, "hear", lambda *_: [])
    yield Mutant("sender-listed", receiving.Incoming, "_sender", _sender_of_any_list)
    yield Mutant("gossip", receiving.Incoming, "_gossip", lambda *_: [])
    yield Mutant("mail-id", batch.Batch, "raw", _without(batch.Batch.raw, "mail"))
    yield Mutant("resend-allowed", sending, "may_have_again", _any)
    yield Mutant("claim", sessions, "verify_claim", _claim_unchecked)
    yield Mutant("sessions-kept", sessions, "MOST", 1)
    yield Mutant("upload-kept", own, "BATCH_OF_KEYS", 1)
    yield Mutant("pickle-key", store, "pickled", lambda thing, _: store.Pickled(bytes(32), thing.seal(bytes(32))))
    yield Mutant("row-place", store, "_about", lambda *_: b"")
    yield Mutant("group-known-key", groups.Groups, "_forget_strangers", lambda *_: None)
    yield Mutant("group-advance", keys.GroupReader, "forward", lambda self, _: self)
    yield Mutant("group-rotate", groups.Groups, "_current", _never_rotated(groups.Groups._current))
    yield Mutant("group-sendable", groups.Groups, "_sendable", groups.Groups.row)
    yield Mutant("group-heard", groups.Groups, "_heard", lambda *_: [])
    yield Mutant("stream-nonce", stream.Stream, "_nonce", lambda *_: bytes(12))
    yield Mutant("stream-last", stream.Stream, "_nonce", lambda _, index: bytes(7) + index.to_bytes(5, "big"))
    yield Mutant("stream-number", stream.Stream, "_nonce", _only_the_last)
    yield Mutant("stream-about", stream, "encode", lambda _: b"")
    yield Mutant("vouch-stands", pins, "_stands", _any)
    yield Mutant("vouch-first", pins, "_vouched", lambda *_: None)
    yield Mutant("vouch-contradicted", pins, "contradicted", lambda *_: None)
    yield Mutant("vouch-settled", pins, "settled", _any)
    yield Mutant("roster-compared", rosters, "_compared", lambda found, user: pins.current(found, user).uik)
    yield Mutant("roster-trusted", rosters.Rosters, "_is_trusted", _any)
    yield Mutant("roster-forget", rosters, "_forget", lambda *_: None)
    yield Mutant("sas-both", comparing.Comparisons, "_verified", _verified_at_once)
    yield Mutant("sas-shown", comparing.Comparisons, "_shown", lambda self, user: self._running[user])
    yield Mutant("sas-reasons", comparing, "SAID", {"SAS_DONE", "STORE_TAMPERED"})
    yield Mutant("report-judge", reports, "judge", lambda _: None)


def _without(real: Callable[..., Any], table: str) -> Callable[..., Any]:
    return lambda self, place, row: None if place == table else real(self, place, row)


def _sender_of_any_list(self: Any, found: batch.Batch, item: Any, fresh: bool) -> devices.Entry:
    pin = pins.find(found, item.user)
    assert pin is not None
    for blob in pin.chain:
        for one in devices.peek(blob)[1].devices:
            entry = decode(one.raw, devices.Entry)
            if entry.device == item.device:
                return entry
    raise Behind(item.user)


def _only_the_last(self: stream.Stream, index: int) -> bytes:
    return bytes(11) + bytes([index == self.count - 1])


def _verified_at_once(self: Any, found: batch.Batch, running: comparing.Comparison) -> list[comparing.Outcome]:
    assert running.sides is not None
    pins.compared(found, running.user, running.sides[1].uik)
    return self._end(running, "SAS_DONE")  # type: ignore[no-any-return]


def _claim_unchecked(blob: bytes | None, entry: devices.Entry, now: int) -> OneTimeKey:
    if blob is None:
        raise Refused("NO_ONE_TIME_KEY", "otk-there", entry.user)
    return decode(decode(blob, Signed).raw, OneTimeKey)


def _never_rotated(real: Callable[..., Any]) -> Callable[..., Any]:
    def current(self: Any, found: batch.Batch, gid: bytes, targets: Any, now: int) -> Any:
        out = found.get(groups.OUT, gid.hex(), groups.Out)
        return out if out is not None else real(self, found, gid, targets, now)

    return current


def suite(first: str = "") -> TrialSuite:
    """All tests of the package, those of one module first."""
    loader = TestLoader()
    names = sorted((path.stem for path in TESTS.glob("test_*.py")), key=lambda name: (name != "test_" + first, name))
    return TrialSuite([loader.loadByName(PREFIX + name) for name in names])


def passes(tests: TrialSuite) -> bool:
    """Do they all pass? It ends at the first that does not."""
    result = MinimalReporter(io.StringIO())
    for test in each(tests):
        test.run(result)
        if not result.wasSuccessful():
            return False
    return True


def each(tests: Any) -> Iterator[Any]:
    """One by one."""
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def begin(mutant: Mutant) -> int:
    """Run the tests without this, in a process of its own, so that nothing of it is left for the next one."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            real = getattr(mutant.owner, mutant.attribute)
            holders = [module for module in list(sys.modules.values()) if _holds(module, mutant, real)]
            for holder in (mutant.owner, *holders):
                setattr(holder, mutant.attribute, mutant.changed)
            home = getattr(mutant.owner, "__module__", None) or mutant.owner.__name__
            status = 0 if passes(suite(home.rpartition(".")[2])) else 1
        finally:
            os._exit(status)
    return child


def _holds(module: ModuleType | None, mutant: Mutant, real: Any) -> bool:
    """Has it imported the thing by its name?"""
    name = getattr(module, "__name__", "")
    return name.startswith(package.__name__) and getattr(module, mutant.attribute, None) is real


def survivors(mutants: Iterable[Mutant], jobs: int) -> Iterator[tuple[str, bool]]:
    """Each by its name, as it ends, and whether no test noticed."""
    waiting, running = list(mutants)[::-1], dict[int, str]()
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[begin(mutant)] = mutant.name
        child, wait_status = os.wait()
        name, status = running.pop(child), os.waitstatus_to_exitcode(wait_status)
        if status not in (0, 1):
            raise RuntimeError(f"{name}: its process ended with {status}")
        yield name, status == 0


def fingerprint() -> str:
    """Of everything that says what is checked and what notices."""
    paths = [*sorted(FOLDER.glob("*.py")), *sorted(TESTS.glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def noticed_before(state: Path | None, print_of: str) -> set[str]:
    """Which ones a run before this one has done with, if nothing has changed since."""
    if state is None or not state.exists():
        return set()
    first, *names = state.read_text("utf-8").splitlines() or [""]
    return set(names) if first == print_of else set()


def main(arguments: list[str]) -> int:
    """All mutants, or those of these names: 1 if one lives."""
    parser = argparse.ArgumentParser(description="take every check away in turn, and see that a test notices")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--state", type=Path, help="what was noticed is kept here, and not done again")
    options = parser.parse_args(arguments)
    # that it fails is enough: nobody reads the smallest example
    settings.register_profile(
        "few", max_examples=5, deadline=None, database=None, phases=(Phase.explicit, Phase.generate)
    )
    settings.load_profile("few")
    started, print_of = time.monotonic(), fingerprint()
    done = noticed_before(options.state, print_of)
    everything = [Mutant("nothing", keys, "PRE_KEY", keys.PRE_KEY), *tables(), *places()]
    mutants = [one for one in everything if one.name not in done and (one.name in options.names or not options.names)]
    if options.state and not done:
        options.state.write_text(print_of + "\n", "utf-8")
    if not done and not dict(survivors(everything[:1], 1))["nothing"]:
        print("mutate: the tests fail as they are")
        return 1
    mutants = [one for one in mutants if one.name != "nothing"]
    living = [name for name, alive in told(survivors(mutants, options.jobs), options.state) if alive]
    print(f"mutate: {len(mutants)} checks taken away in {time.monotonic() - started:.0f} s; not noticed: {living or 0}")
    return 1 if living else 0


def told(outcomes: Iterable[tuple[str, bool]], state: Path | None) -> Iterator[tuple[str, bool]]:
    """The same, each printed, and written down where it was noticed."""
    for name, alive in outcomes:
        print(f"{name:20} {'NOT NOTICED' if alive else 'noticed'}", flush=True)
        if state and not alive:
            with state.open("a", encoding="utf-8") as file:
                file.write(name + "\n")
        yield name, alive


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
