"""Tests of clients.tk.placing: the main window is as large as its letters, one beside it is in its middle."""

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


class SizeTests(DeskCase):
    """The main window."""

    def setUp(self) -> None:
        super().setUp()
        scaling, size = float(self.root.tk.call("tk", "scaling")), self.root.geometry().partition("+")[0]

        def back() -> None:
            self.root.tk.call("tk", "scaling", scaling)
            self.root.minsize(1, 1)
            self.root.geometry(size)
            self.root.update()

        self.addCleanup(back)

    def sized(self, dots: float) -> tuple[int, int]:
        """As it is where an inch has so many dots."""
        from clients.tk.placing import size

        self.root.tk.call("tk", "scaling", dots / 72)
        size(self.root)
        self.root.update()
        return self.root.winfo_width(), self.root.winfo_height()

    def test_it_grows_with_the_letters(self) -> None:
        for dots, expected in ((96, (1000, 700)), (120, (1250, 875))):
            for pixels, length in zip(self.sized(dots), expected, strict=True):
                self.assertLessEqual(abs(pixels - length), 2, dots)  # Tk rounds to whole millimetres of the screen
        self.assertGreater(self.root.minsize()[0], 940)

    def test_but_not_beyond_the_screen(self) -> None:
        screen = self.root.winfo_screenwidth(), self.root.winfo_screenheight()
        self.assertEqual(self.sized(400), screen)
        self.assertLessEqual(self.root.minsize(), screen)
