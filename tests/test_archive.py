"""The vocabulary of the past: what every vocabulary keeps to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import archive
from tests.vocabulary import VocabularyTests


class Past(VocabularyTests, SynchronousTestCase):
    """Its values."""

    vocabulary = archive
