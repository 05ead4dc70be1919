"""The theme of all windows, as `/set theme` has it.

Rule: what is neither dark nor light is light, which is how most desktops are. A theme costs a part of a start, so the
first one is the one that nearly everybody has.
"""

from __future__ import annotations

from typing import Final

import ttkbootstrap as tb

from clients.core.app import SETTINGS

_NAME: Final = "bootstrap-{}"
FIRST: Final = _NAME.format(SETTINGS["theme"][0])


def use(setting: str) -> str:
    """Have all windows in `dark` or `light`; which of them it is."""
    theme = setting if setting in ("dark", "light") else "light"
    name = _NAME.format(theme)
    style = tb.Style.get_instance()
    if style.theme_use() != name:
        style.theme_use(name)
    return theme
