"""The styles of the parts of the screen; what is said in them has the colours of all faces (`windows/palette.py`).

Rule: nothing is told by colour alone; every state that has a colour has a word or a mark, too.
"""

from __future__ import annotations

from typing import Final

from clients.core.windows import palette

_TITLE: Final = {
    "title": "bg:#1f3a5f #ffffff",
    "title.mark": "bg:#1f3a5f #ffe08a bold",
    "title.open": "bg:#5f2f1f #ffffff bold",
    "list.current": "bg:#1f3a5f #ffffff bold",
    "question": "bg:#5f5f1f #ffffff bold",
}
_DARK: Final = _TITLE | {
    "bar": "bg:#303030 #e4e4e4",
    "bar.strong": "bg:#303030 #ffe08a bold",
    "bar.bad": "bg:#303030 #ff9e9e bold",
    "list": "#bcbcbc",
    "list.talk": "#ffffff bold",
    "list.mention": "#ffe08a bold",
    "edge": "#6c6c6c",
    "day": "#8a8a8a",
    "prompt": "#8fb8ff bold",
}
_LIGHT: Final = _TITLE | {
    "bar": "bg:#d0d0d0 #202020",
    "bar.strong": "bg:#d0d0d0 #5f2f00 bold",
    "bar.bad": "bg:#d0d0d0 #8f0000 bold",
    "list": "#444444",
    "list.talk": "#000000 bold",
    "list.mention": "#8f3f00 bold",
    "edge": "#767676",
    "day": "#626262",
    "prompt": "#00457f bold",
}
_PLAIN: Final = {
    "title": "reverse", "title.open": "reverse bold", "title.mark": "reverse bold", "bar": "reverse",
    "bar.strong": "reverse bold", "bar.bad": "reverse bold", "list.current": "reverse", "list.talk": "bold",
    "list.mention": "bold underline", "question": "reverse",
}  # fmt: skip


def _said(name: str) -> dict[str, str]:
    """The terminal's own colour for what others say; the palette's for all else."""
    kinds = palette.KINDS[name] | {"said": "", "mention": palette.KINDS[name]["mention"] + " bold"}
    return kinds | {f"nick{number}": colour for number, colour in enumerate(palette.NICKS[name])}


THEMES: Final = {"dark": _DARK | _said("dark"), "light": _LIGHT | _said("light")}
THEMES["plain"] = dict.fromkeys(THEMES["dark"], "") | _PLAIN | {"mention": "bold"}


def nick(name: str) -> str:
    """The style of a name."""
    return f"class:nick{palette.nick(name)}"
