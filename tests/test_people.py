"""The vocabulary of people: what every vocabulary keeps to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import people
from tests.vocabulary import VocabularyTests


class People(VocabularyTests, SynchronousTestCase):
    """Its values."""

    vocabulary = people
