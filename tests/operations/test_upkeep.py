"""Settings and the certificate: shown, compared, read again; secrets are not shown."""

from __future__ import annotations

from chatd.config import BadConfig, Settings
from chatd.operations import upkeep
from chatd.operations.service import Refused
from tests.operations.kit import StaffScene

VERIFIER = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + "x" * 43


class UpkeepTests(StaffScene):
    """One server."""

    def test_settings_without_their_secrets(self) -> None:
        self.service.settings = lambda: Settings(operators={"miller": VERIFIER}, listen=("tcp:1", "tcp:2"))
        found = {key: (value, default) for key, value, default in upkeep.settings(self.service)}
        self.assertEqual((found["listen"], found["guests"]), (("tcp:1 tcp:2", False), ("True", True)))
        self.assertIn("miller", found["operators"][0])
        self.assertNotIn("argon2id", str(found))

    def test_what_is_configured_otherwise(self) -> None:
        self.assertEqual(upkeep.differences(self.service), [])
        self.service.filed = lambda: Settings(registration="invite")
        self.assertEqual(upkeep.differences(self.service), [("registration", "open", "invite")])

        def wrong() -> Settings:
            raise BadConfig("registration is not opne")

        self.service.filed = wrong
        with self.assertRaises(Refused) as caught:
            upkeep.differences(self.service)
        self.assertIn("opne", caught.exception.text)

    def test_reload_says_what_could_not_be_done(self) -> None:
        self.service.reload = lambda: ["kept the old certificate"]
        self.assertEqual(upkeep.reload(self.service), ["kept the old certificate"])

    def test_the_certificate_and_its_days(self) -> None:
        found = upkeep.certificate(self.service)
        self.assertRegex(str(found["fingerprint"]), r"([0-9A-F]{2}:){31}[0-9A-F]{2}")
        self.assertIsInstance(found["days"], int)
        upkeep.reload_certificate(self.service)
        self.assertEqual(upkeep.certificate(self.service), found)
        self.service.certificates.certificate.write_text("nonsense")
        self.assertRaises(Refused, upkeep.reload_certificate, self.service)
        self.assertEqual(upkeep.certificate(self.service), found)
