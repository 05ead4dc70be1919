"""The pages of docs/ name what there is: every command and capability of IRC, every option of the server."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from chatd.ports.irc.caps import CAPABILITIES
from chatd.ports.irc.services import VERBS
from chatd.ports.irc.table import COMMANDS
from chatd.tap import Options

DOCS = Path(__file__).parent.parent / "docs"


class PageTests(SynchronousTestCase):
    """What is there is written down."""

    def test_irc(self) -> None:
        text = (DOCS / "irc.md").read_text()
        for name in [*COMMANDS, *CAPABILITIES]:
            self.assertIn(f"`{name}`", text)
        for verb in VERBS:
            self.assertIn(f"`{verb} ", text)

    def test_options(self) -> None:
        text = (DOCS / "operations.md").read_text()
        options = Options()
        for flag in [*(row[0] for row in options.optParameters), *(row[0] for row in options.optFlags), "websocket"]:
            self.assertIn(f"--{flag}", text)
