"""Tests of clients.core.face: the face that does nothing is a face."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from clients.core.face import Face, NullFace
from clients.core.notices import Told
from tests.clients.kit import Client


class NullFaceTests(SynchronousTestCase):
    """A client without a face still works."""

    def test_does_nothing(self) -> None:
        face: Face = NullFace()
        face.notice(Told("x", "y"))
        face.flush()

    def test_a_client_with_it_logs_in(self) -> None:
        client = Client(NullFace()).log_in()
        self.assertEqual(client.app.view().status, "online")
