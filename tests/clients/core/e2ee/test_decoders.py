"""Every form that the package reads, fed with everything: it is that form, or `Refused`, and nothing else happens."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import clients.core.e2ee as package
from clients.core.e2ee.bodies import MEGOLM_KINDS, OLM_KINDS, read_body
from clients.core.e2ee.refusals import Refused
from clients.core.e2ee.signed import decode, encode
from tests.clients.core.e2ee.test_bodies import EXAMPLES

MODULES = [importlib.import_module(f"{package.__name__}.{path.stem}") for path in
           sorted(Path(package.__file__).parent.glob("[!_]*.py"))]  # fmt: skip
FORMS: list[type[Any]] = [
    form
    for module in MODULES
    for _, form in inspect.getmembers(module, inspect.isclass)
    if issubclass(form, msgspec.Struct) and form.__module__ == module.__name__ and form.__struct_config__.array_like
]
KINDS = {**MEGOLM_KINDS, **OLM_KINDS}
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(max_size=8), st.binary(max_size=8),
    st.sampled_from([b"x" * 16, b"x" * 32, b"x" * 64, "x" * 16, "text", 2**63 - 1]),
)  # fmt: skip
THINGS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=18) | st.dictionaries(st.text(max_size=3), inner))
# Arrays, maps and strings that say they are huge; what nests for ever; what is no MessagePack at all.
NASTY = (
    b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\x91" * 5_000,
    b"\x81\xa1x" * 3_000, b"\xc1", b"\xc7\xff\x00", b"\xa1\xff", b"\x9f" + b"\xc0" * 14, b"\xd9\x04\xed\xa0\x80x",
)  # fmt: skip


class FormTests(SynchronousTestCase):
    """Everything in arrays."""

    def test_all_are_strict(self) -> None:
        """What comes from elsewhere has fixed fields; a field more is another form."""
        self.assertGreater(len(FORMS), 40)
        for form in FORMS:
            config = form.__struct_config__
            self.assertTrue(config.frozen, form)

    @given(st.sampled_from(FORMS), st.binary(max_size=500))
    def test_500_bytes_of_anything(self, form: type[Any], raw: bytes) -> None:
        self.taken(form, raw)

    @given(st.sampled_from(FORMS), THINGS)
    def test_other_values(self, form: type[Any], value: object) -> None:
        self.taken(form, msgspec.msgpack.encode(value))

    def test_nasty(self) -> None:
        for form in FORMS:
            for raw in NASTY:
                self.taken(form, raw)

    @given(st.sampled_from(sorted(EXAMPLES)), st.integers(0, 10_000), st.integers(0, 255), st.booleans())
    @example("report", 1, 0xDD, False)
    def test_a_body_with_a_byte_changed_or_cut(self, kind: str, at: int, byte: int, cut: bool) -> None:
        raw = bytearray(encode(EXAMPLES[kind]))
        raw[at % len(raw)] = byte
        changed = bytes(raw[: at % len(raw)]) if cut else bytes(raw)
        try:
            body = read_body(KINDS, kind, changed)
        except Refused as found:
            self.assertEqual(found.code, "MALFORMED")
        else:
            self.assertEqual(read_body(KINDS, kind, encode(body)), body)

    def test_a_field_more(self) -> None:
        for kind, body in EXAMPLES.items():
            raw = msgspec.msgpack.encode([*msgspec.msgpack.decode(encode(body)), None])
            with self.assertRaises(Refused):
                read_body(KINDS, kind, raw)

    def taken(self, form: type[Any], raw: bytes) -> None:
        """It is this form, and the same when it goes round again; or it is refused."""
        try:
            value = decode(raw, form)
        except Refused as found:
            self.assertEqual(found.code, "MALFORMED")
        else:
            self.assertIsInstance(value, form)
            self.assertEqual(encode(decode(encode(value), form)), encode(value))
