"""Tests of clients.core.device: the id and the signature are those of docs/protocol.md."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from twisted.trial.unittest import SynchronousTestCase

from chatd.messages import LOGIN_LABEL, SIGNUP_LABEL
from clients.core.device import Device, device_id


class DeviceTests(SynchronousTestCase):
    """One installation."""

    def setUp(self) -> None:
        self.device = Device.make()

    def test_keys_are_raw_and_the_id_is_made_of_them(self) -> None:
        keys = self.device.keys
        self.assertEqual((len(keys.ed25519), len(keys.curve25519), len(keys.device)), (32, 32, 16))
        digest = hashlib.sha256(b"device\0" + keys.ed25519 + keys.curve25519).digest()
        self.assertEqual(keys.device, base64.b32encode(digest[:10]).decode().lower())
        self.assertEqual(device_id(keys.ed25519, keys.curve25519), keys.device)

    def test_signature_covers_label_challenge_channel_device_and_name(self) -> None:
        key = Ed25519PublicKey.from_public_bytes(self.device.keys.ed25519)
        signature = self.device.sign(LOGIN_LABEL, b"c" * 32, b"b" * 32, "Zoë")
        signed = LOGIN_LABEL + b"c" * 32 + b"b" * 32 + self.device.keys.device.encode() + b"\0" + "Zoë".encode()
        key.verify(signature, signed)
        other = self.device.sign(SIGNUP_LABEL, b"c" * 32, b"b" * 32, "Zoë")
        self.assertRaises(InvalidSignature, key.verify, other, signed)

    def test_sealed_and_opened_again(self) -> None:
        sealed = self.device.seal(b"k" * 32)
        self.assertEqual(Device.unseal(sealed, b"k" * 32).keys, self.device.keys)
        self.assertRaises(ValueError, Device.unseal, sealed, b"x" * 32)
