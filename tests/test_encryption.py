"""The vocabulary of end-to-end encryption: what every vocabulary keeps to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption
from tests.vocabulary import VocabularyTests


class Encryption(VocabularyTests, SynchronousTestCase):
    """Its values."""

    vocabulary = encryption
