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
            (window.winfo_rootx(), window.winfo_width(), self.root.winfo_rootx(), self.root.winfo_width()),
            (window.winfo_rooty(), window.winfo_height(), self.root.winfo_rooty(), self.root.winfo_height()),
        ):
            self.assertEqual(at + size / 2, outer_at + outer / 2)
        window.destroy()

    def test_its_edge_is_seen(self) -> None:
        import ttkbootstrap as tb

        from clients.core.windows.palette import BACKGROUNDS, contrast
        from clients.tk.placing import place
        from clients.tk.theme import use

        for theme in ("light", "dark"):
            use(theme)
            window = tb.Toplevel(master=self.root)
            place(window, self.root)
            self.assertGreater(int(window.cget("highlightthickness")), 0)
            for edge in ("highlightbackground", "highlightcolor"):
                for behind in (BACKGROUNDS[theme], window.cget("background")):
                    self.assertGreater(contrast(window.cget(edge), behind), 3.0, theme)  # WCAG 2.2, 1.4.11
            window.destroy()
