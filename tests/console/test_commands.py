"""The table: every verb and every role, allowed or refused as documented; and no verb shows the text of a message."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from chatd import messages as m
from chatd.console import shown
from chatd.console.commands import TABLE
from chatd.console.parser import parse
from chatd.console.verbs import REFUSED, ROLES, Answer, Call, Live, Verb
from tests.console.kit import ConsoleScene, operator
from tests.kit import Peer

MARKER = "Xyzzy-PRIVATE-Marker-8271"
DOCUMENTED = Path(__file__).parents[2] / "docs" / "operations.md"
# What a verb needs to have something to say; `$code` is a code that was made before.
LINES = {
    "files rm": "files rm ffffffffffff --yes", "message explain": "message explain #hw3:1",
    "reports show": "reports show 1", "reports take": "reports take 1",
    "reports close": "reports close 1 seen", "backup now": "backup now", "backup verify": "backup verify nowhere",
    "sessions": "sessions @bob", "user show": "user show @bob", "kick": "kick @bob why --yes",
    "group show": "group show #hw3 --members", "group add": "group add #hw3 @carol",
    "group remove": "group remove #hw3 @bob why --yes", "group role": "group role #hw3 @bob op",
    "announce": "announce hear this", "mailbox show": "mailbox show @carol", "trace": "trace @bob",
    "ban": "ban @bob 10m why --yes", "mute": "mute @bob 10m why", "unban": "unban @bob", "unmute": "unmute @bob",
    "user rename": "user rename @bob bobby --yes", "user delete": "user delete @bob --yes",
    "user disable": "user disable @bob why --yes", "user enable": "user enable @bob", "user role": "user role @bob ta",
    "user passwd": "user passwd @bob", "user add": "user add dave", "invite revoke": "invite revoke nonsense",
    "log level": "log level chatd.node warn", "drain": "drain --in 60s --yes", "shutdown": "shutdown --in 60s --yes",
}  # fmt: skip
WHO_MAY = {
    "ta": "bans group-list group-show help history motd mute stats unmute user-list user-show who",
    "staff": "announce ban cert-show console files-list files-quota group-add group-remove group-role invite-list "
    "invite-new invite-revoke kick mailbox-list mailbox-show message-explain reports-close reports-list reports-show "
    "reports-take sessions slow stuck top unban watch",
    "admin": "audit audit-verify backup-list backup-now backup-verify cert-reload config-diff config-reload "
    "config-show drain files-rm log-level log-tail roster-codes roster-sync shutdown trace undrain user-add "
    "user-delete user-disable user-enable user-passwd user-rename user-role",
    "debug": "py",
}


class RoleTests(ConsoleScene):
    """Who may what."""

    def test_each_verb_is_in_the_list_of_who_may(self) -> None:
        """A new verb has its place here, on purpose."""
        found = {role: sorted(name.replace(" ", "-") for name, verb in TABLE.items() if verb.role == role)
                 for role in ROLES}  # fmt: skip
        self.assertEqual(found, {role: sorted(names.split()) for role, names in WHO_MAY.items()})

    def test_every_verb_for_every_role(self) -> None:
        ran: set[tuple[str, str]] = set()

        def instead(verb: Verb) -> Verb:
            def note(call: Call) -> Answer:
                ran.add((verb.name, call.operator.role))
                return Answer()

            return verb._replace(function=note)

        self.desk.table = {name: instead(verb) for name, verb in TABLE.items()}
        for least, names in WHO_MAY.items():
            for name in (words.replace("-", " ") for words in names.split()):
                for role in ROLES:
                    allowed = ROLES.index(role) >= ROLES.index(least)
                    found = self.answer(LINES.get(name, name) + " --yes", role)
                    self.assertEqual(found.status, 0 if allowed else REFUSED, (name, role, found.note))
                    self.assertEqual((name, role) in ran, allowed, (name, role))

    def test_the_manual_has_every_verb_with_its_role(self) -> None:
        text = DOCUMENTED.read_text("utf-8")
        rows = dict(re.findall(r"^\| `([a-z]+(?: [a-z]+)?)[^`]*` \|[^|]*\| (ta|staff|admin|debug) \|", text, re.M))
        self.assertEqual(rows, {name: verb.role for name, verb in TABLE.items()})


class PrivacyTests(ConsoleScene):
    """Nobody reads a message at the console."""

    def setUp(self) -> None:
        super().setUp()
        self.people()

    def people(self) -> None:
        """Three people, a group, and private words wherever there may be some."""
        self.alice, self.bob = self.house.person("alice"), self.house.person("bob")
        carol = self.house.person("carol")
        carol.lose()
        self.speak(self.alice)
        self.python_allowed = True

    def speak(self, peer: Peer) -> None:
        """The marker everywhere."""
        peer.ask(m.Join, "hw3")
        self.bob.ask(m.Join, "hw3")
        for to in ("@carol", "@bob", "#hw3", "#lobby"):
            peer.send(to, MARKER)
        self.house.commit()

    def test_no_verb_shows_the_text_of_a_message(self) -> None:
        order = sorted(TABLE, key=lambda name: (TABLE[name].destructive, TABLE[name].changes, name))
        stops = []
        for name in order:
            line = LINES.get(name, name)
            rows: list[Any] = []
            put = rows.append
            for role in ("debug", "ta"):
                found = self.outcome(line, role).found
                if isinstance(found, Live):
                    stops.append(found.start(put))
                    self.speak(self.alice)
                elif isinstance(found, Answer):
                    rows += found.rows
                    self.assertNotIn(MARKER, found.note, name)
                    self.assertNotIn(MARKER, "\n".join(shown.answer(found, 100, True)), name)
            self.assertNotIn(MARKER, json.dumps(rows), name)
        for stop in stops:
            stop()
        self.assertNotIn(MARKER, self.audit.path.read_text())
        self.service.levels.remove()

    def test_the_marker_would_be_found(self) -> None:
        """The same search does find what a verb does show."""
        self.alice.ask(m.SetTopic, "hw3", MARKER)
        self.assertIn(MARKER, json.dumps(self.rows("group show #hw3")))

    def test_every_verb_has_something_to_try(self) -> None:
        for name in TABLE:
            self.assertEqual(parse(LINES.get(name, name), TABLE).verb.name, name)

    def test_who_is_told_what_by_role(self) -> None:
        self.assertEqual(operator("debug").may("ta"), True)
        self.assertEqual(operator("ta").may("staff"), False)
