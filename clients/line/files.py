"""`chat file` and `chat get`.

Rule: as in `oneshot.py`: data only on standard output, and the way out is `finish`. What is not through when the time
is over, or at Ctrl-C, goes on at the next start, or by the same command again.
"""

from __future__ import annotations

import os
from typing import Final

from clients.core import intents as i
from clients.core import notices as n
from clients.core import offers as o
from clients.core.moving import MOVING, WAITING, Moving
from clients.core.offers import UP
from clients.core.progress import Every
from clients.core.show import lines
from clients.line import fileobjects, objects
from clients.line.errand import Context, Errand, exit_code

EXITS: Final = {"no-such-file": 2, "not-a-file": 2, "FILE_CORRUPT": 1, "disk": 1, "disk-full": 1, "changed": 1}


class Moved(Errand):
    """One file, up or down, until it is through."""

    way = ""

    def __init__(self, context: Context, terminal: bool) -> None:
        super().__init__(context)
        self._every = Every()
        self._shows = (terminal or context.verbose) and not context.quiet
        self._id = b""

    def _limited(self) -> bool:
        return self.context.wait is not None

    def told(self, notice: n.Notice) -> None:
        """How it stands."""
        if not isinstance(notice, Moving) or notice.way != self.way or (self._id and notice.offer.id != self._id):
            return
        if not self._is_it(notice):
            return
        self._id = notice.offer.id
        if notice.state in (MOVING, WAITING):
            self._progress(notice)
        elif notice.state == o.FAILED:
            code = EXITS.get(notice.code) or exit_code(notice.code)
            text = "\n".join(lines(notice, self.context.style()))
            self.fail(code, notice.code, text, objects.line("error", **fileobjects.moving(notice)))
        elif notice.state in (o.SENT, o.RECEIVED):
            self._through(notice)

    def _is_it(self, notice: Moving) -> bool:
        """Whether this is the file that was asked for."""
        raise NotImplementedError

    def _progress(self, notice: Moving) -> None:
        if self.context.json:
            self.data(objects.line("progress", **fileobjects.moving(notice)))
        elif self._shows and self._every.due(notice):
            self.say(*lines(notice, self.context.style()))

    def _through(self, notice: Moving) -> None:
        raise NotImplementedError

    def refused(self, notice: n.Refused) -> None:
        """It could not begin."""
        code = EXITS.get(notice.code)
        if code is None:
            super().refused(notice)
        else:
            self.fail(code, notice.code, "\n".join(lines(notice, self.context.style())), objects.refusal(notice))

    def late(self) -> None:
        """It goes on next time."""
        self.fail(9, "timed-out", "The file is not through yet; it goes on next time.")


class SendingFile(Moved):
    """`file`: the server has all of it, and has taken the messages that offer it."""

    way = UP

    def __init__(self, context: Context, to: tuple[str, ...], path: str, terminal: bool) -> None:
        super().__init__(context, terminal)
        self._to, self._path = to, os.path.abspath(os.path.expanduser(path))
        self._open = set(to)

    def ready(self, notice: n.Welcomed) -> None:
        """In: send."""
        self.act(i.SendFile(self._to, self._path))

    def _is_it(self, notice: Moving) -> bool:
        if self._open.isdisjoint(notice.who):
            return False
        self._id = b""  # what is encrypted goes to each one by itself
        return True

    def _through(self, notice: Moving) -> None:
        if self.context.json:
            self.data(objects.line("file", **fileobjects.moving(notice)))
        elif not self.context.quiet:
            self.data(f"sent {notice.offer.id.hex()}")
        self._open -= set(notice.who)
        self._id = b""
        if not self._open:
            self.finish(0)


class GettingFile(Moved):
    """`get`: the file is on this disk, and is the one that was sent."""

    way = o.DOWN

    def __init__(self, context: Context, word: str, output: str, terminal: bool) -> None:
        super().__init__(context, terminal)
        self._word, self._output = word, os.path.abspath(os.path.expanduser(output)) if output else ""
        if output.endswith("/"):
            self._output += "/"

    def ready(self, notice: n.Welcomed) -> None:
        """In: fetch."""
        self.act(i.GetFile(self._word, self._output))

    def _is_it(self, notice: Moving) -> bool:
        digits = self._word.lower()
        return notice.offer.id.hex().startswith(digits) or notice.offer.name == self._word

    def _through(self, notice: Moving) -> None:
        if self.context.json:
            self.data(objects.line("file", **fileobjects.moving(notice)))
        else:
            self.data(notice.path)
        self.finish(0)
