"""What may be typed about files."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core import intents as i
from clients.core.commands import parse


class FormTests(SynchronousTestCase):
    """Lines, and what they mean."""

    def test_sending(self) -> None:
        for line, to, path in (
            ("/file bob essay.pdf", ("@bob",), "essay.pdf"), ("/file @bob ~/my essay.pdf", ("@bob",), "~/my essay.pdf"),
            ('/file #hw3 "my essay.pdf"', ("#hw3",), "my essay.pdf"), ("/file bob 'a'", ("@bob",), "a"),
            ("/file @a,@b x", ("@a", "@b"), "x"), ("/file a, b x", ("@a", "@b"), "x"), ("/file a,a x", ("@a",), "x"),
            ("/file bob it's", ("@bob",), "it's"), ("/file bob \"", ("@bob",), '"'),
        ):  # fmt: skip
            self.assertEqual(parse(line), i.SendFile(to, path), line)

    def test_fetching(self) -> None:
        for word in ("get", "accept"):
            self.assertEqual(parse(f"/{word} 3fa9"), i.GetFile("3fa9"))
            self.assertEqual(parse(f"/{word} 3fa9 ~/my folder"), i.GetFile("3fa9", "~/my folder"))
            self.assertEqual(parse(f'/{word} "my essay.pdf" "a b"'), i.GetFile("my essay.pdf", "a b"))
        self.assertEqual(parse("/decline 3fa9"), i.DeclineFile("3fa9"))
        self.assertEqual(parse("/files"), i.ListFiles())

    def test_what_says_too_little(self) -> None:
        for line in ("/file", "/file bob", "/file bob  ", "/get", "/accept", "/decline", "/files x"):
            intent = parse(line)
            assert isinstance(intent, i.Problem), line
            self.assertEqual(intent.code, "usage")
