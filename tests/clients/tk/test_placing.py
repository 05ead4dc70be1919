"""Tests of clients.tk.placing: a window beside the main one is in its middle."""

from __future__ import annotations

from tests.clients.tk.desk import DeskCase


class PlacingTests(DeskCase):
    """One window over another."""

    def test_in_the_middle(self) -> None:
        import ttkbootstrap as tb

        from clients.tk.placing import place

        self.root.deiconify()
        self.root.update()
        window = tb.Toplevel(master=self.root)
        tb.Frame(window, width=200, height=100).pack()
        place(window, self.root)
        self.root.update()
        for at, size, outer_at, outer in (
            (window.winfo_rootx(), 200, self.root.winfo_rootx(), self.root.winfo_width()),
            (window.winfo_rooty(), 100, self.root.winfo_rooty(), self.root.winfo_height()),
        ):
            self.assertAlmostEqual(at + size / 2, outer_at + outer / 2, delta=2)
        window.destroy()
