"""What makes `twistd chatd` known: it names the module that has the options and makes the service."""

from __future__ import annotations

import sys
from typing import Any

from twisted.application.service import ServiceMaker


class Maker(ServiceMaker):
    """Nothing of ours is imported until `twistd chatd` is asked for; then what it needs may not be there."""

    @property
    def options(self) -> Any:
        """The options' class. Ends the process where only the client is installed."""
        try:
            return super().options
        except ModuleNotFoundError as error:
            if (error.name or "chatd").startswith("chatd"):
                raise
            sys.exit(f"chatd: {error.name} is not installed. The server's libraries: pip install 'chatd[server]'")


# The name is what plugin discovery looks at.
chatd = Maker("chatd", "chatd.tap", "The chat service: people, groups and their mail.", "chatd")
