"""Settings: flags over environment over file over defaults; what cannot be is told in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatd.config import MOTD_CHARS, WELCOME, BadConfig, Settings, read
from chatd.core.limits import Limits


class ConfigScene(SynchronousTestCase):
    """A file, an environment, flags."""

    def file(self, text: str) -> str:
        """A file with settings; its path."""
        path = Path(self.mktemp())
        path.write_text(text, "utf-8")
        return str(path)

    def told(self, flags: dict[str, Any] | None = None, **environment: str) -> str:
        """What is said of settings that cannot be."""
        with self.assertRaises(BadConfig) as caught:
            read(flags or {}, environment)
        text = str(caught.exception)
        self.assertNotIn("\n", text)
        return text


class Order(ConfigScene):
    """What goes before what."""

    def test_defaults_are_complete(self) -> None:
        settings = read({}, {})
        self.assertEqual(settings, Settings(server_name=settings.server_name))
        self.assertTrue(settings.server_name)
        self.assertEqual(settings.checked_limits(), Limits())

    def test_flags_over_environment_over_file(self) -> None:
        path = self.file('server_name = "file"\nregistration = "closed"\nguests = false\n')
        settings = read({"config": path}, {})
        self.assertEqual((settings.server_name, settings.registration, settings.guests), ("file", "closed", False))
        environment = {"CHATD_SERVER_NAME": "environment", "CHATD_REGISTRATION": "invite"}
        settings = read({"config": path}, environment)
        self.assertEqual(
            (settings.server_name, settings.registration, settings.guests), ("environment", "invite", False)
        )
        settings = read({"config": path, "server_name": "flag", "registration": None}, environment)
        self.assertEqual((settings.server_name, settings.registration, settings.guests), ("flag", "invite", False))

    def test_the_file_may_be_named_in_the_environment(self) -> None:
        path, other = self.file('server_name = "one"'), self.file('server_name = "two"')
        self.assertEqual(read({}, {"CHATD_CONFIG": path}).server_name, "one")
        self.assertEqual(read({"config": other}, {"CHATD_CONFIG": path}).server_name, "two")

    def test_yes_and_no(self) -> None:
        for text, value in (("yes", True), ("no", False), ("TRUE", True), ("false", False), ("1", True), ("0", False)):
            self.assertIs(read({}, {"CHATD_GUESTS": text}).guests, value, text)
            self.assertIs(read({"guests": text}, {}).guests, value, text)
        self.assertIs(read({"guests": "no"}, {"CHATD_GUESTS": "yes"}).guests, False)
        self.assertIs(read({"guests": "yes"}, {"CHATD_GUESTS": "no"}).guests, True)
        self.assertIn("guests", self.told({"guests": "perhaps"}))
        self.assertIn("guests", self.told(CHATD_GUESTS="perhaps"))
        self.assertIn("guests", self.told({"config": self.file('guests = "perhaps"')}))

    def test_lists(self) -> None:
        settings = read({}, {"CHATD_LISTEN": "tcp:1 tcp:2", "CHATD_TRUSTED_NETWORKS": "10.0.0.0/8 2001:db8::/32"})
        self.assertEqual(settings.listen, ("tcp:1", "tcp:2"))
        self.assertEqual(settings.trusted_networks, ("10.0.0.0/8", "2001:db8::/32"))
        settings = read({"config": self.file('listen = ["tcp:3"]'), "listen": ["tcp:4", "tcp:5"]}, {})
        self.assertEqual(settings.listen, ("tcp:4", "tcp:5"))
        self.assertEqual(read({"listen": []}, {"CHATD_LISTEN": "tcp:1"}).listen, ("tcp:1",))

    def test_what_is_not_ours_in_the_environment_is_left_alone(self) -> None:
        read({"no_such_flag": 1}, {"HOME": "x", "CHATDX": "y"})


class Mistakes(ConfigScene):
    """What cannot be, and how it is told."""

    def test_unknown_keys_name_the_nearest(self) -> None:
        self.assertIn(
            "'registraton'; did you mean 'registration'?", self.told({"config": self.file("registraton = 1")})
        )
        self.assertIn("'CHATD_LISEN'; did you mean 'CHATD_LISTEN'?", self.told(CHATD_LISEN="tcp:1"))
        limits = self.told({"config": self.file("[limits]\nretention_day = 1")})
        self.assertIn("'limits.retention_day'; did you mean 'limits.retention_days'?", limits)
        self.assertNotIn("did you mean", self.told({"config": self.file("qqqq = 1")}))
        self.assertIn("CHATD_LIMITS", self.told(CHATD_LIMITS="x"))

    def test_file_is_named(self) -> None:
        self.assertIn("nowhere.toml", self.told({"config": "nowhere.toml"}))
        path = self.file("listen = [")
        self.assertIn(path, self.told({"config": path}))
        Path(path).write_bytes(b"\xff\xfe")
        self.assertIn(path, self.told({"config": path}))
        self.assertIn("irectory", self.told({"config": "."}))

    def test_wrong_types_name_the_setting(self) -> None:
        self.assertIn("listen", self.told({"config": self.file('listen = "tcp:1"')}))
        self.assertIn("server_name", self.told({"config": self.file("server_name = [1]")}))
        self.assertIn("limits", self.told({"config": self.file("limits = 3")}))

    def test_registration_is_one_of_three(self) -> None:
        self.assertIn("'opne'", self.told({"registration": "opne"}))

    def test_certificate_and_key_go_together(self) -> None:
        self.assertIn("together", self.told({"certificate": "x.pem"}))
        self.assertIn("together", self.told(CHATD_KEY="x.pem"))
        read({"certificate": "x.pem", "key": "y.pem"}, {})

    def test_trusted_networks_are_networks(self) -> None:
        for network in ("school", "10.0.0.0/99", "10.0.0"):
            self.assertIn("trusted_networks", self.told(CHATD_TRUSTED_NETWORKS=network))

    def test_limits(self) -> None:
        settings = read({"config": self.file("[limits]\nretention_days = 30\nmessage_rate = 2.5\nsessions = 5")}, {})
        limits = settings.checked_limits()
        self.assertEqual((limits.retention_days, limits.message_rate, limits.sessions), (30, 2.5, 5))
        for text in ("sessions = 2.5", 'sessions = "many"', "sessions = [1]"):
            self.assertIn("sessions", self.told({"config": self.file("[limits]\n" + text)}))


class Irc(ConfigScene):
    """What only IRC clients are told, and who may become an operator."""

    VERIFIER = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

    def test_message_of_the_day(self) -> None:
        self.assertEqual(read({}, {}).message_of_the_day(), WELCOME)
        self.assertLessEqual(max(map(len, WELCOME)), MOTD_CHARS)
        self.assertEqual(read({}, {"CHATD_MOTD": self.file("")}).message_of_the_day(), ())
        path = self.file("Welcome to class.\n\n\tBe kind\x07.\n" + "ü" * 300 + "\n")
        told = ("Welcome to class.", "", "        Be kind .", "ü" * 200)
        self.assertEqual(read({}, {"CHATD_MOTD": path}).message_of_the_day(), told)
        self.assertEqual(read({"config": self.file(f'motd = "{path}"')}, {}).message_of_the_day(), told)
        self.assertIn("nowhere.txt", self.told(CHATD_MOTD="nowhere.txt"))
        Path(path).write_bytes(b"\xff")
        self.assertIn(path, self.told(CHATD_MOTD=path))

    def test_operators_are_in_the_file_only(self) -> None:
        settings = read({"config": self.file(f'[operators]\nstaff = "{self.VERIFIER}"')}, {})
        self.assertEqual(settings.operators, {"staff": self.VERIFIER})
        self.assertIn("CHATD_OPERATORS", self.told(CHATD_OPERATORS="x"))
        for text in ('staff = "password"', 'staff = ""', "staff = 3", f'staff = "{self.VERIFIER[:-30]}"'):
            self.assertIn("operators", self.told({"config": self.file("[operators]\n" + text)}))
        self.assertNotIn("password123", self.told({"config": self.file('[operators]\nstaff = "password123"')}))

    def test_names_are_one_word(self) -> None:
        self.assertEqual(read({}, {"CHATD_NETWORK": "Schule-3.example"}).network, "Schule-3.example")
        for name in ("two words", "", "a:b", "x" * 65):
            self.assertIn("network", self.told(CHATD_NETWORK=name))
        for name in ("two words", "a:b", "a!b@c"):
            self.assertIn("server_name", self.told(CHATD_SERVER_NAME=name))

    def test_where_to_come_with_tls(self) -> None:
        settings = read({}, {"CHATD_STS_PORT": "6697", "CHATD_STS_SECONDS": "60"})
        self.assertEqual((settings.sts_port, settings.sts_seconds), (6697, 60))
        self.assertIn("sts_port", self.told(CHATD_STS_PORT="x"))


class Endpoints(ConfigScene):
    """Without TLS only where no other machine reaches it."""

    LOCAL = (
        "tcp:6667:interface=127.0.0.1", "tcp:6667:interface=localhost", "tcp:interface=127.1.2.3:port=1",
        "tcp6:6667:interface=\\:\\:1", "unix:/run/chatd.sock", "none", "tcp:1:backlog=5:interface=127.0.0.1",
    )  # fmt: skip
    OPEN = (
        "tcp:6667", "tcp:6667:interface=0.0.0.0", "tcp:6667:interface=192.0.2.1", "tcp6:6667",
        "tcp6:6667:interface=\\:\\:",
        "tcp:6667:interface=", "tcp:6667:interface=127.0.0.1.example.com", "systemd:domain=INET:index=0", "",
        "tcp:6667:interface=127.0.0.1:interface=0.0.0.0", "tcp:6667:interface=localhost.example.com",
    )  # fmt: skip

    def test_local_ones_are_right(self) -> None:
        for endpoint in self.LOCAL:
            self.assertEqual(read({"listen_plain": [endpoint]}, {}).listen_plain, (endpoint,))

    def test_the_console_is_for_this_machine_unless_it_is_said_otherwise(self) -> None:
        for endpoint in self.LOCAL:
            self.assertEqual(read({"console": [endpoint]}, {}).console, (endpoint,))
        for endpoint in self.OPEN:
            self.assertIn("console_anywhere", self.told({"console": ["none", endpoint], "insecure": "yes"}))
            settings = read({"console": [endpoint]}, {"CHATD_CONSOLE_ANYWHERE": "yes"})
            self.assertEqual(settings.console, (endpoint,))

    def test_open_ones_are_refused_unless_insecure_is_said(self) -> None:
        for endpoint in self.OPEN:
            text = self.told({"listen_plain": ["none", endpoint]})
            self.assertIn(repr(endpoint), text)
            self.assertIn("--insecure", text)
            read({"listen_plain": [endpoint], "insecure": 1}, {})
            read({"listen_plain": [endpoint]}, {"CHATD_INSECURE": "yes"})

    def test_with_tls_every_address_is_right(self) -> None:
        for endpoint in self.OPEN:
            read({"listen": [endpoint]}, {})

    @given(st.text(max_size=40), st.text(max_size=12))
    def test_any_environment_is_read_or_told(self, text: str, name: str) -> None:
        for key in (
            "CHATD_LISTEN_PLAIN",
            "CHATD_REGISTRATION",
            "CHATD_TRUSTED_NETWORKS",
            "CHATD_GUESTS",
            "CHATD_" + name,
        ):
            try:
                read({}, {key: text} if key != "CHATD_CONFIG" else {})
            except BadConfig:
                pass
