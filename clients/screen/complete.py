"""What Tab offers, in the toolkit's terms.

Rule: nothing is thought of here; the core offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from clients.core.windows.completing import Offer


class ChatCompleter(Completer):
    """Completion in a conversation. `offers`: what fits behind a text."""

    def __init__(self, offers: Callable[[str], list[Offer]]) -> None:
        self._offers = offers

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """The completions for the text before the cursor."""
        for offer in self._offers(document.text_before_cursor):
            yield Completion(offer.text, -offer.typed, offer.shown, offer.about)
