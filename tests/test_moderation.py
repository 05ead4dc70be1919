"""The vocabulary of order: what every vocabulary keeps to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import moderation
from tests.vocabulary import VocabularyTests


class Order(VocabularyTests, SynchronousTestCase):
    """Its values."""

    vocabulary = moderation
