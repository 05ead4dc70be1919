"""What headers of an upload mean, whatever is in them."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.upload import NAME_BYTES, NO_NAME, UNPRINTABLE, credentials, file_name, media_type
from tests.clients.core.test_filenames import CORPUS


class HeaderTests(SynchronousTestCase):
    """One header each."""

    def test_name_and_password(self) -> None:
        for login in (("alice", "secret"), ("alice", ""), ("alice", "a:b:c"), ("é", "pä\0ss")):
            header = b"basic  " + b64encode(":".join(login).encode())
            self.assertEqual(credentials(header), login)
        for header in (b"", b"Basic", b"Basic !", b"Bearer YTpi", b"Basic " + b64encode(b"\xff:x"),
                       b"Basic " + b64encode(b":x"), b"Basic " + b64encode(b"alice")):  # fmt: skip
            self.assertIsNone(credentials(header), header)

    def test_names(self) -> None:
        for header, name in (
            (b'attachment; filename="pic.jpg"', "pic.jpg"), (b"attachment; filename=pic.jpg", "pic.jpg"),
            (b"attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"),
            (b'attachment; filename="a b;c.txt"', "a b;c.txt"), (b'inline; filename="../../etc/passwd"', "passwd"),
            (rb'attachment; filename="C:\\a\\b.txt"', "b.txt"), (b'attachment; filename=".."', NO_NAME),
            (b"attachment", NO_NAME), (b"", NO_NAME), (b"attachment; filename*=nonsense''%ff", NO_NAME),
            (b"attachment; filename*=UTF-8''a%0d%0aSet-Cookie%3Ax%e2%80%aegpj", "aSet-Cookie:xgpj"),
        ):  # fmt: skip
            found = file_name(header)
            self.assertEqual(found, name, header) if name != NO_NAME else self.assertTrue(found)

    @given(st.one_of(st.binary(max_size=300), st.builds(lambda name: b'a; filename="' + name, st.binary())))
    def test_whatever_is_in_it(self, header: bytes) -> None:
        name = file_name(header)
        self.assertTrue(0 < len(name.encode()) <= NAME_BYTES)
        self.assertNotRegex(name, r"[/\\]")
        self.assertNotRegex(name, UNPRINTABLE)
        self.assertNotIn(name, (".", ".."))
        media_type(header)
        credentials(header)

    def test_the_corpus(self) -> None:
        for name in CORPUS:
            found = file_name(b'attachment; filename="' + name.encode("utf-8", "replace") + b'"')
            self.assertNotRegex(found, r"[/\\]|^\.\.?$")

    def test_types(self) -> None:
        for header, kind in (
            (b"image/png", "image/png"), (b"text/plain; charset=utf-8", "text/plain"), (b"", ""), (b"x", ""),
            (b"text/html\nX: y", ""), (b"a/b/c", ""), (b"a" * 60 + b"/b", ""),
        ):  # fmt: skip
            self.assertEqual(media_type(header), kind)
