"""`chat`: the full screen where somebody sits at a terminal, else (or with `--plain`, or a verb) the line face.

Rule: the only place that knows more than one face; it chooses and wires nothing. What a run does not need it does not
import: a prompt has to be there at once.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from clients.core import collecting

if TYPE_CHECKING:
    from clients.line.options import Options


def main() -> int:
    """The console script."""
    collecting.off()
    try:
        return chosen()
    except KeyboardInterrupt:
        return 130  # so early that there was nothing yet to say goodbye
    except ModuleNotFoundError as error:
        if (error.name or "clients").startswith(("clients", "chatd")):
            raise
        sys.stderr.write(f"chat: {error.name} is not installed. The client's libraries: pip install 'chatd[client]'\n")
        return 1


def chosen() -> int:
    """The face that fits, from its import to its end; returns the exit status."""
    from clients.line.__main__ import fine, play
    from clients.line.options import parse

    options = parse(sys.argv[1:], os.environ)
    if options.verb or options.plain or not fine(options):
        return play(options)
    return full_screen(options)


def full_screen(options: Options) -> int:
    """One run at the full screen, which needs a reactor of its own; returns the exit status."""
    from clients.line.__main__ import play
    from clients.line.options import coloured
    from clients.screen.__main__ import Screen, install

    reactor, loop = install()

    def full(settings: Any, profile: Any) -> int:
        return Screen(reactor, loop, coloured(options, os.environ, True), options.verbose).run(settings, profile)

    return play(options, full)


if __name__ == "__main__":
    sys.exit(main())
