"""Takes every check of the package away, one at a time, and sees that a test notices: `python -m` this.

Rule: a check that no test misses is not tested. The checks are the rows of the `..._CHECKS` tables, and the few that
are more than a comparison, by the place where they stand. Nothing on the disk is touched: modules are changed in
memory, each time in a process of its own. With nothing taken away the tests must pass.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from hypothesis import settings
from twisted.trial.reporter import MinimalReporter
from twisted.trial.runner import TestLoader, TrialSuite

import clients.core.e2ee as package
from clients.core.e2ee import batch, devices, envelope, groups, keys, own, pins, receiving, sending, sessions, store
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


def _claim_unchecked(blob: bytes | None, entry: devices.Entry, now: int) -> OneTimeKey:
    if blob is None:
        raise Refused("NO_ONE_TIME_KEY", "otk-there", entry.user)
    return decode(decode(blob, Signed).raw, OneTimeKey)


def _never_rotated(real: Callable[..., Any]) -> Callable[..., Any]:
    def current(self: Any, found: batch.Batch, gid: bytes, targets: Any, now: int) -> Any:
        out = found.get(groups.OUT, gid.hex(), groups.Out)
        return out if out is not None else real(self, found, gid, targets, now)

    return current


def suite() -> TrialSuite:
    """All tests of the package; those that would only say that a table changed are among them."""
    loader = TestLoader()
    names = [PREFIX + path.stem for path in sorted(TESTS.glob("test_*.py"))]
    return TrialSuite([loader.loadByName(name) for name in names])


def passes(tests: TrialSuite) -> bool:
    """Do they all pass? It ends at the first that does not."""
    result = MinimalReporter(io.StringIO())
    for test in tests:
        test.run(result)
        if not result.wasSuccessful():
            return False
    return True


def survives(mutant: Mutant) -> bool:
    """Does no test notice? In a process of its own, so that nothing of it is left for the next one."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            real = getattr(mutant.owner, mutant.attribute)
            holders = [module for module in list(sys.modules.values()) if _holds(module, mutant, real)]
            for holder in (mutant.owner, *holders):
                setattr(holder, mutant.attribute, mutant.changed)
            status = 0 if passes(suite()) else 1
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, 1):
        raise RuntimeError(f"{mutant.name}: its process ended with {status}")
    return status == 0


def _holds(module: ModuleType | None, mutant: Mutant, real: Any) -> bool:
    """Has it imported the thing by its name?"""
    name = getattr(module, "__name__", "")
    return name.startswith(package.__name__) and getattr(module, mutant.attribute, None) is real


def main(wanted: list[str]) -> int:
    """All mutants, or those of these names: 1 if one lives."""
    settings.register_profile("few", max_examples=5, deadline=None)
    settings.load_profile("few")
    if not survives(Mutant("nothing", keys, "PRE_KEY", keys.PRE_KEY)):
        print("mutate: the tests fail as they are")
        return 1
    mutants = [one for one in (*tables(), *places()) if not wanted or one.name in wanted]
    living = []
    for mutant in mutants:
        alive = survives(mutant)
        living += [mutant.name] if alive else []
        print(f"{mutant.name:20} {'NOT NOTICED' if alive else 'noticed'}", flush=True)
    print(f"mutate: {len(mutants)} checks taken away, {len(mutants) - len(living)} noticed")
    return 1 if living else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
