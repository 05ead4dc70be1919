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
        self.assertEqual([name for name in [*COMMANDS, *CAPABILITIES] if f"`{name}`" not in text], [])
        self.assertEqual([verb for verb in VERBS if f"`{verb} " not in text], [])

    def test_options(self) -> None:
        text = (DOCS / "operations.md").read_text()
        options = Options()
        flags = [row[0] for row in [*options.optParameters, *options.optFlags]] + [
            "listen",
            "listen-plain",
            "websocket",
        ]
        self.assertEqual([flag for flag in flags if f"--{flag}" not in text], [])
