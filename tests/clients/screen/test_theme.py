"""Tests of clients.screen.theme: everything can be read, and names keep their colour."""

from __future__ import annotations

import re

from prompt_toolkit.styles import Style
from twisted.trial.unittest import SynchronousTestCase

from clients.core.windows import palette
from clients.screen import theme


class ThemeTests(SynchronousTestCase):
    """The three of them."""

    def test_contrast_is_what_the_web_asks_of_text(self) -> None:
        for name, background in palette.BACKGROUNDS.items():
            for part, style in theme.THEMES[name].items():
                own = re.search(r"bg:(#\w{6})", style)
                colour = re.search(r"(?:^|\s)(#\w{6})", style)
                least = 3.0 if part == "edge" else 4.5  # WCAG 2.2, 1.4.3 and (for what is no text) 1.4.11
                if colour is not None:
                    seen = palette.contrast(colour.group(1), own.group(1) if own else background)
                    self.assertGreaterEqual(seen, least, (name, part))

    def test_each_has_every_part_and_the_toolkit_takes_it(self) -> None:
        for name, styles in theme.THEMES.items():
            self.assertEqual(set(styles), set(theme.THEMES["dark"]), name)
            Style.from_dict(styles)
