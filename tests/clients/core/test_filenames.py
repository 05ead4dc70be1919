"""Tests of clients.core.filenames: whatever somebody calls a file, it becomes one harmless leaf."""

from __future__ import annotations

import ntpath
import posixpath

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from clients.core.filenames import LONGEST, leaf

# What has been tried on others, and what it becomes.
CORPUS = {
    "hw1.pdf": "hw1.pdf",
    "résumé 2.pdf": "résumé 2.pdf",
    "re\u0301sume\u0301.pdf": "résumé.pdf",
    "课件.pptx": "课件.pptx",
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\system32\\x.dll": "x.dll",
    "/etc/passwd": "passwd",
    "C:\\autoexec.bat": "autoexec.bat",
    "c:autoexec.bat": "c_autoexec.bat",
    "notes.txt:hidden": "notes.txt_hidden",
    "folder/": "file",
    "": "file",
    ".": "file",
    "..": "file",
    "...": "file",
    "   ": "file",
    ". . .": "file",
    ".bashrc": "bashrc",
    "..bashrc": "bashrc",
    "-rf": "_rf",
    "--help": "_-help",
    "CON": "_CON",
    "con.txt": "_con.txt",
    "nul .txt": "_nul .txt",
    "aux.c": "_aux.c",
    "Prn": "_Prn",
    "COM1.log": "_COM1.log",
    "lpt9": "_lpt9",
    "com¹": "_com¹",
    "conin$": "_conin$",
    "console.txt": "console.txt",
    ".con": "_con",
    "con:": "con_",
    "a<b>c|d?e*f\"g": "a_b_c_d_e_f_g",
    "line\nbreak\ttab\0nul\x7fdel": "line break tabnuldel",
    "\x1b]0;title\x07.txt": "]0;title.txt",
    "annexe\u202egpj.exe": "annexegpj.exe",
    "\u2066a\u2069\u200b\ufeff.txt": "a.txt",
    "\u3164\u2800": "file",
    "photo.jpg              .exe": "photo.jpg .exe",
    "trailing. . ": "trailing",
    "a\u2028b\u2029c": "a b c",
    "\ud800half": "half",
    "\ue000private": "private",
}  # fmt: skip


class LeafTests(SynchronousTestCase):
    """`leaf`."""

    def test_corpus(self) -> None:
        self.assertEqual({name: leaf(name) for name in CORPUS}, CORPUS)

    def test_length(self) -> None:
        self.assertEqual(leaf("x" * 500 + ".pdf"), "x" * (LONGEST - 4) + ".pdf")
        self.assertEqual(leaf("é" * 500), "é" * (LONGEST // 2))
        self.assertEqual(leaf("a." + "x" * 500), "a." + "x" * (LONGEST - 2))
        self.assertEqual(leaf("x" * 194 + "  ." + "y" * 30 + ".pdf"), "x" * 194 + ".pdf")

    @given(st.text(max_size=300) | st.text("./\\:-_ \u202ecCoOnN1$\0é\ud800", max_size=300))
    @example("con" + "." * 300)
    @example("-" * 300)
    @example("a" * 199 + "\u0301" * 9 + ".pdf")
    def test_whatever_comes(self, name: str) -> None:
        found = leaf(name)
        self.assertTrue(found)
        self.assertLessEqual(len(found.encode()), LONGEST)
        self.assertEqual((posixpath.basename(found), ntpath.basename(found)), (found, found))
        self.assertNotIn(found[0], ".- ")
        self.assertNotIn(found[-1], ". ")
        self.assertEqual(set(found) & set('<>:"|?*/\\'), set())
        self.assertTrue(found.isprintable())
        self.assertNotIn(found.split(".")[0].rstrip().upper(), {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1", "CONIN$"})
        self.assertEqual(leaf(found), found)
