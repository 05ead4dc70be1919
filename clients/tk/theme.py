"""The theme of all windows, as `/set theme` has it.

Rule: what is neither dark nor light is light, which is how most desktops are.
"""

from __future__ import annotations

import ttkbootstrap as tb


def use(setting: str) -> str:
    """Have all windows in `dark` or `light`; which of them it is."""
    theme = setting if setting in ("dark", "light") else "light"
    name = f"bootstrap-{theme}"
    style = tb.Style.get_instance()
    if style.theme_use() != name:
        style.theme_use(name)
    return theme
