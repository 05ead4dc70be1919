"""Tests of clients.tk.asking: what opens a profile, asked for in a window."""

from __future__ import annotations

from pathlib import Path

from tests.clients.tk.desk import DeskCase


class AskingTests(DeskCase):
    """Before there is another window."""

    def test_what_is_asked_is_hidden_and_what_must_be_known_is_told(self) -> None:
        from clients.tk.asking import opening

        told: list[str] = []
        made = opening(self.root, told.append)
        made.tell("know this")
        self.assertEqual(told, ["know this"])
        seen: list[str] = []

        def answer() -> None:
            (dialog,) = [child for child in self.root.winfo_children() if child.winfo_class() == "Toplevel"]
            (entry,) = [child for child in walk(dialog) if child.winfo_class() in ("Entry", "TEntry")]
            seen.append(entry.cget("show"))
            entry.insert(0, "open sesame")
            dialog.focus_force()
            entry.event_generate("<Return>")

        self.root.after(200, answer)
        assert made.ask is not None
        self.assertEqual(made.ask("Passphrase: "), "open sesame")
        self.assertEqual(seen, ["•"])

    def test_a_file_has_it(self) -> None:
        from clients.core.vault import ProfileError
        from clients.tk.asking import opening

        path = Path(self.mktemp())
        path.write_text("open sesame\nmore\n", "utf-8")
        self.assertEqual(opening(self.root, print, str(path)).passphrase, "open sesame")
        self.assertIsNone(opening(self.root, print).passphrase)
        self.assertRaises(ProfileError, opening, self.root, print, f"{path}.gone")


def walk(widget):
    """A widget's parts, and theirs."""
    for child in widget.winfo_children():
        yield child
        yield from walk(child)
