"""The vocabulary of files: what every vocabulary keeps to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import blobs
from tests.vocabulary import VocabularyTests


class Blobs(VocabularyTests, SynchronousTestCase):
    """Its values."""

    vocabulary = blobs
