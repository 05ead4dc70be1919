"""Manual pages and completions: as the parsers have it now, and as `man` and shells read them."""

from __future__ import annotations

import shutil
import subprocess

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests import papers


class PapersTests(SynchronousTestCase):
    """What is kept is what would be made."""

    def test_they_are_up_to_date(self) -> None:
        for path, text in papers.files():
            self.assertTrue(path.exists(), f"{path.name}: make papers")
            self.assertEqual(path.read_text("utf-8"), text, f"{path.name}: make papers")

    def test_every_option_of_chat_is_on_its_page(self) -> None:
        text = (papers.MANUALS / "chat.1").read_text("utf-8")
        for word in (
            "\\-\\-trust\\-new",
            "\\-\\-passphrase\\-file FILE",
            "\\-\\-color auto|always|never",
            "exit status",
        ):
            self.assertIn(word, text)

    def test_man_reads_them_without_complaint(self) -> None:
        if shutil.which("man") is None:
            raise SkipTest("man is not installed")
        for path in sorted(papers.MANUALS.iterdir()):
            done = subprocess.run(
                ["man", "--warnings", "-l", str(path)], capture_output=True, text=True, timeout=60,
                env={"LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANROFFSEQ": "", "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
            self.assertEqual((done.returncode, done.stderr), (0, ""), path.name)
            self.assertIn("OPTIONS", done.stdout)

    def test_bash_reads_its_completions(self) -> None:
        if shutil.which("bash") is None:
            raise SkipTest("bash is not installed")
        script = f"source '{papers.COMPLETIONS / 'chat.bash'}'; complete -p chat"
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("chat", done.stdout)

    def test_a_line_that_looks_like_a_request_is_text(self) -> None:
        self.assertEqual(papers._roff(".so x"), "\\&.so x")
        self.assertEqual(papers._roff("a\\b-c"), "a\\eb\\-c")
