"""What Tab offers, in the toolkit's terms: what the core offers, and after `/file who` paths.

Rule: paths are looked at only where one is being typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from clients.core.view import View
from clients.core.windows.completing import offers

_PATH: Final = re.compile(r"\s*/file\s+\S+\s+(.*)", re.DOTALL)


class ChatCompleter(Completer):
    """Completion in a conversation. `view` gives what is known now."""

    def __init__(self, view: Callable[[], View]) -> None:
        self._view = view
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The completions for the text before the cursor."""
        before = document.text_before_cursor
        path = _PATH.fullmatch(before)
        if path is not None:
            typed = path.group(1)
            yield from self._paths.get_completions(Document(typed, len(typed)), complete_event)
            return
        for offer in offers(before, self._view()):
            yield Completion(offer.text, -offer.typed, offer.shown, offer.about)
