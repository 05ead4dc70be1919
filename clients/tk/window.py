"""The main window: conversations on the left, the one that is looked at, and the line being typed.

Rule: it shows what the core's face keeps, and calls it; it decides nothing. It draws at most thirty times a second,
however much comes, and what is being typed is never touched by what comes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from tkinter.filedialog import askopenfilename
from typing import Any, Final

import ttkbootstrap as tb

from clients.core import inert
from clients.core import notices as n
from clients.core.view import OFFLINE
from clients.core.windows.face import WindowsFace
from clients.core.windows.heading import heading, prompt
from clients.core.windows.windows import EVENT, MENTION, TALK, Window
from clients.tk import theme
from clients.tk.comparing import Comparing
from clients.tk.display import Display
from clients.tk.fonts import TEXT, like
from clients.tk.moves import Moves
from clients.tk.settings import Settings

FRAME_MS: Final = 33
INPUT_LINES: Final = 6
MARKS: Final = {EVENT: "·", TALK: "*", MENTION: "!"}
HELP: Final = (
    ("Enter", "send; Shift-Enter: a new line"),
    ("Tab", "complete: commands, @names, #groups, ids, paths, :emoji; on an empty line: go to the next part"),
    ("Up, Down", "what you sent here before; Up on an empty line: edit your last message"),
    ("Alt-1 to Alt-9", "another conversation"),
    ("Ctrl-N, Ctrl-P", "the next one, the one before; so do Alt-Right, Alt-Left"),
    ("Alt-A", "the one with news"),
    ("PgUp, PgDn", "scroll"),
    ("Ctrl-,", "settings"),
    ("F1", "this; /help for the commands"),
    ("Ctrl-Q", "leave, as 'tata' does"),
)


class MainWindow:
    """One person's windows. `choose` asks for a file of theirs."""

    def __init__(
        self, root: Any, where: str, setting: Callable[[str], str], choose: Callable[..., str] = askopenfilename
    ) -> None:  # fmt: skip
        self.root, self._where, self._setting, self._choose = root, where, setting, choose
        self.face: WindowsFace | None = None
        self._drawn = False
        self._theme = ""
        self._offered: list[str] = []
        self.comparing: Comparing | None = None
        self.setting: Settings | None = None
        self.frame = frame = tb.Frame(root)
        self._build_list(frame)
        right = tb.Frame(frame)
        right.pack(side="left", fill="both", expand=True)
        self._build_heading(right)
        self.status = tb.Label(right, anchor="w", padding=(12, 3))
        self.status.pack(side="bottom", fill="x")
        self._build_input(right)
        self.moving = Moves(right, self._say)
        self.display = Display(right, lambda: self._face().scroll(-(10**9)), self._say)
        self.display.frame.pack(fill="both", expand=True)
        self._bind()

    def _face(self) -> WindowsFace:
        assert self.face is not None
        return self.face

    # ---- the parts ----

    def _build_list(self, parent: Any) -> None:
        side = tb.Frame(parent)
        side.pack(side="left", fill="y")
        tb.Label(side, text="Conversations", padding=(12, 11)).pack(fill="x")
        self.set = tb.Button(side, text="Settings…", bootstyle="secondary-outline", command=self.settings)
        self.set.pack(side="bottom", fill="x", padx=12, pady=6)
        tb.Style.get_instance().configure("Treeview", rowheight=self.root.winfo_pixels("22p"), borderwidth=0)
        self.list = tb.Treeview(side, show="tree", selectmode="browse", height=1)
        self.list.column("#0", width=self.root.winfo_pixels("165p"), stretch=True)
        self.list.tag_configure("news", font=like(TEXT, 0, "bold"))
        self.list.pack(fill="both", expand=True)
        self.list.bind("<<TreeviewSelect>>", self._chosen)

    def _build_heading(self, parent: Any) -> None:
        bar = tb.Frame(parent, padding=(12, 8))
        bar.pack(fill="x")
        self.name = tb.Label(bar, font=like(TEXT, 13, "bold"))
        self.name.pack(side="left", padx=(0, 12))
        self.security = tb.Label(bar, padding=(8, 0))
        self.security.pack(side="left")
        self.topic = tb.Label(bar, padding=(8, 0))
        self.topic.pack(side="left")
        self.verify = tb.Button(bar, text="Verify", bootstyle="secondary-outline", command=self._verify)
        self.members = tb.Button(
            bar, text="Members", bootstyle="secondary-outline", command=lambda: self._say("/members")
        )

    def _build_input(self, parent: Any) -> None:
        bar = tb.Frame(parent, padding=(12, 6))
        bar.pack(side="bottom", fill="x")
        self.prompt = tb.Label(bar)
        self.prompt.pack(side="left", anchor="n", pady=4)
        self.send = tb.Button(bar, text="Send", bootstyle="primary", command=self._send)
        self.send.pack(side="right", anchor="n", padx=(6, 0))
        self.file = tb.Button(bar, text="File…", bootstyle="secondary-outline", command=self._send_file)
        self.file.pack(side="right", anchor="n", padx=(6, 0))
        self.input = tb.Text(
            bar, height=1, width=1, wrap="word", undo=True, relief="solid", borderwidth=1, padx=6, pady=4
        )
        self.hidden = tb.Entry(bar, show="•")
        self.input.pack(side="left", fill="x", expand=True)

    def _bind(self) -> None:
        bind = self.input.bind
        keys: dict[str, Callable[[], Any]] = {
            "<Return>": self._send, "<KP_Enter>": self._send, "<Tab>": self._complete,
            "<Prior>": lambda: self.display.scroll(-1), "<Next>": lambda: self.display.scroll(1),
            "<Control-n>": lambda: self._step(1), "<Control-p>": lambda: self._step(-1),
            "<Alt-Right>": lambda: self._step(1), "<Alt-Left>": lambda: self._step(-1), "<Alt-a>": self._to_news,
        }  # fmt: skip
        for sequence, act in keys.items():
            bind(sequence, self._doing(act))
        bind("<Up>", lambda event: self._back(event, -1))
        bind("<Down>", lambda event: self._back(event, 1))
        bind("<Shift-Return>", lambda event: None)
        bind("<KeyRelease>", lambda event: self._fit(), add="+")
        self.hidden.bind("<Return>", lambda event: self._send())
        for number in range(1, 10):
            self.root.bind(f"<Alt-Key-{number}>", self._doing(partial(self._jump, number)))
        self.root.bind("<F1>", lambda event: self._face().help(HELP))
        self.root.bind("<Control-comma>", lambda event: self.settings())
        self.root.bind("<Control-q>", lambda event: self._face().leave())

    @staticmethod
    def _doing(act: Callable[[], Any]) -> Callable[[Any], str | None]:
        """A key that did something does nothing else."""
        return lambda event: None if act() is False else "break"

    # ---- what is done ----

    def _send(self) -> None:
        face = self._face()
        hidden = face.question is not None and face.question.hidden
        text = self.hidden.get() if hidden else self.typed()
        face.line(text)
        self.redraw()

    def _say(self, line: str) -> None:
        """A button stands for this line."""
        self._face().do(line)

    def _verify(self) -> None:
        to = self._face().windows.current.to
        if to.startswith("@"):
            self._say(f"/verify {to}")

    def settings(self) -> None:
        """What `/set` can do, in a window of its own."""
        if self.setting is not None:
            self.setting.window.destroy()
        self.setting = Settings(self.root, self._setting, self._say)

    def compare(self, notice: n.Compare) -> None:
        """A number to compare, in a window of its own."""
        if self.comparing is not None:
            self.comparing.window.destroy()
        self.comparing = Comparing(self.root, notice, self._say)

    def _send_file(self) -> None:
        """Choose one, and send it where one looks."""
        path = self._choose(parent=self.root, title="Send a file")
        if path:
            self._say(f"/file {self._face().windows.current.to} {path}")

    def _complete(self) -> bool:
        """The common part of what fits, or the next of them; on an empty line Tab is Tk's own."""
        before = self.input.get("1.0", "insert")
        if not before:
            return False
        found = self._face().offers(before)
        if not found:
            return True
        texts = [before[: len(before) - one.typed] + one.text for one in found]
        if self._offered and before in self._offered:
            text = self._offered[(self._offered.index(before) + 1) % len(self._offered)]
        else:
            self._offered = texts
            text = texts[0]
        self.input.delete("1.0", "insert")
        self.input.insert("1.0", text)
        if len(texts) > 1:
            self.status.configure(text=" ".join(one.shown for one in found[:12]))
        return True

    def _back(self, event: Any, by: int) -> str | None:
        """What was sent before, from the first or last line of what is being typed."""
        line, last = (int(float(self.input.index(place))) for place in ("insert", "end-1c"))
        if line != (1 if by < 0 else last):
            return None
        face = self._face()
        text = face.back(self.typed()) if by < 0 else face.past(face.windows.current).forward()
        if text is not None:
            self.put(text)
        return "break"

    def _step(self, by: int) -> None:
        face = self._face()
        face.look(face.windows.step(by))

    def _to_news(self) -> None:
        face = self._face()
        busiest = face.windows.busiest()
        if busiest is not None:
            face.look(busiest)

    def _jump(self, number: int) -> None:
        face = self._face()
        if number <= len(face.windows.all):
            face.look(face.windows.all[number - 1])

    def _chosen(self, event: Any) -> None:
        chosen = self.list.selection()
        window = self._face().windows.find(chosen[0]) if chosen else None
        if window is not None and window is not self._face().windows.current:
            self._face().look(window)
            self.input.focus_set()

    # ---- what the face calls ----

    def redraw(self) -> None:
        """Something has changed; draw soon."""
        if not self._drawn:
            self._drawn = True
            self.root.after(FRAME_MS, self.draw)

    def notify(self, who: str, text: str) -> None:
        """Ring, and have the window's title say it until one looks."""
        if self._setting("notify") != "off":
            self.root.bell()
        if self.root.focus_displayof() is None:
            self.root.title(f"({who}) chat")

    def put(self, text: str) -> None:
        """Have this in the input line."""
        self.input.delete("1.0", "end")
        self.input.insert("1.0", text)
        self._fit()

    def typed(self) -> str:
        """What stands in the input line."""
        return str(self.input.get("1.0", "end-1c"))

    def taken(self, recall: bool) -> None:
        """Empty the input line, and the one in which nothing is shown."""
        self.hidden.delete(0, "end")
        self.put("")

    def _fit(self) -> None:
        """As many lines as are typed, those that are wrapped counted as they are seen."""
        typed = int(self.root.tk.call(str(self.input), "count", "-displaylines", "1.0", "end"))
        lines = min(max(typed, 1), INPUT_LINES)
        if int(self.input.cget("height")) != lines:
            self.input.configure(height=lines)
            if typed <= INPUT_LINES:
                self.input.yview_moveto(0)  # where it was one line high, only the last one was in sight

    # ---- drawing ----

    def draw(self) -> None:
        """Everything that may have changed."""
        self._drawn = False
        face = self.face
        if face is None:
            return
        self._dress()
        self.display.show(face.windows.current)
        self._draw_list(face)
        self._draw_heading(face)
        self._draw_input(face)
        self.moving.show(list(face.moving.values()))
        view = face.view()
        waiting = f"   {view.waiting} to be sent" if view.waiting else ""
        ahead = f"   {face.note()}" if face.ahead.all() else ""
        where = f"{view.me}@{self._where}" if view.me else self._where
        self.status.configure(
            text=f"{view.status}   {where}{waiting}{ahead}",
            bootstyle="@danger" if view.status == OFFLINE else "secondary",
        )  # fmt: skip
        if self.root.focus_displayof() is not None:
            self.root.title("chat")

    def _dress(self) -> None:
        chosen = theme.use(self._setting("theme"))
        if chosen != self._theme:
            self._theme = chosen
            self.display.dress(chosen)

    def _draw_list(self, face: WindowsFace) -> None:
        ids = [window.to for window in face.windows.all]
        if tuple(ids) != self.list.get_children():
            self.list.delete(*self.list.get_children())
            for one in ids:
                self.list.insert("", "end", iid=one)
        for number, window in enumerate(face.windows.all, 1):
            self.list.item(window.to, text=_entry(number, window), tags=("news",) if window.level >= TALK else ())
        if self.list.selection() != (face.windows.current.to,):
            self.list.selection_set(face.windows.current.to)

    def _draw_heading(self, face: WindowsFace) -> None:
        to = face.windows.current.to
        over = heading(face.talk(), to)
        self.name.configure(text=over.name)
        words = " ".join(part for part in (over.mark, over.words) if part)
        self.security.configure(text=words, bootstyle="@warning" if over.alarm else "success")
        self.topic.configure(text=over.topic)
        for button, shown in ((self.verify, to.startswith("@")), (self.members, to.startswith("#"))):
            if shown and not button.winfo_manager():
                button.pack(side="right", padx=(6, 0), before=self.name)
            elif not shown and button.winfo_manager():
                button.pack_forget()

    def _draw_input(self, face: WindowsFace) -> None:
        question = face.question
        label = question.prompt if question is not None else prompt(face.talk(), face.windows.current.to)
        self.prompt.configure(text=label, wraplength=self.prompt.master.winfo_width() * 2 // 5)
        shown, other = (self.hidden, self.input) if question and question.hidden else (self.input, self.hidden)
        if not shown.winfo_manager():
            other.pack_forget()
            shown.pack(side="left", fill="x", expand=True)
            shown.focus_set()


def _entry(number: int, window: Window) -> str:
    mark = MARKS.get(window.level, " ")
    count = f"  ({window.unread})" if window.unread else ""
    return f"{number if number < 10 else ' '}{mark} {inert.name(window.to)}{count}"
