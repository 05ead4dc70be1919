"""PRIVMSG, NOTICE, TAGMSG, several lines as one message, REDACT."""

from __future__ import annotations

from chatd.core.limits import Limits
from tests.irc import IrcPeer, IrcScene
from tests.kit import House

MULTI = ("draft/multiline", "batch", "echo-message")
FAIL = ":test.example FAIL BATCH "


class SayTests(IrcScene):
    """Words to people and groups."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.guest("ann"), self.guest("bob")

    def test_to_a_person_and_to_several(self) -> None:
        carl = self.guest("carl")
        self.says(self.ann, "PRIVMSG BOB,carl,carl :hi")
        self.hears(self.bob, ":ann!~ann@* PRIVMSG bob :hi")
        self.hears(carl, ":ann!~ann@* PRIVMSG carl :hi")

    def test_what_is_missing(self) -> None:
        for command in ("PRIVMSG", "TAGMSG"):
            self.says(self.ann, command, f":test.example 411 ann :No recipient given ({command})")
        self.says(self.ann, "PRIVMSG bob", ":test.example 412 ann ...")
        self.says(self.ann, "PRIVMSG bob :", ":test.example 412 ann ...")
        self.says(self.ann, f"PRIVMSG {','.join('abcdefghijk')} :x", ":test.example 407 ann ...")

    def test_nothing_answers_a_notice(self) -> None:
        for line in ("NOTICE", "NOTICE bob", "NOTICE nobody :x", "NOTICE #none :x"):
            self.says(self.ann, line)
        self.says(self.ann, "NOTICE bob :x")
        self.hears(self.bob, ":ann!~ann@* NOTICE bob :x")

    def test_to_those_with_a_mode(self) -> None:
        carl = self.guest("carl")
        for peer in (self.ann, self.bob, carl):
            peer.says("JOIN #a")
        self.ann.says("MODE #a +v bob")
        self.ignores(self.ann, self.bob, carl)
        carl.says("PRIVMSG @#a :operators", "PRIVMSG +#a :voices", "NOTICE @+#a :voices")
        self.hears(
            self.ann,
            ":carl!~carl@* PRIVMSG @#a :operators",
            ":carl!~carl@* PRIVMSG +#a :voices",
            ":carl!~carl@* NOTICE +#a :voices",
        )
        self.hears(self.bob, ":carl!~carl@* PRIVMSG +#a :voices", ":carl!~carl@* NOTICE +#a :voices")
        self.hears(carl)

    def test_away_and_not_here(self) -> None:
        self.bob.says("AWAY :at lunch")
        self.says(self.ann, "PRIVMSG bob :hi", ":test.example 301 ann bob :at lunch")
        eva, fay = self.account("eva"), self.account("fay")
        fay.says("QUIT")
        self.says(eva, "PRIVMSG fay :hi", ":test.example 301 eva fay :is not here; ...")

    def test_the_echo_is_what_the_others_get(self) -> None:
        eva = self.guest("eva", "echo-message", "message-tags", "server-time")
        fay = self.guest("fay", "message-tags", "server-time")
        for line, to in (("PRIVMSG fay :hi", "fay"), ("NOTICE fay :hi", "fay"), ("@+typing=done TAGMSG fay", "fay")):
            (echo,) = eva.says(line)
            self.assertEqual([echo], fay.take(), line)
            self.assertIn(f" {to}", echo)

    def test_to_oneself(self) -> None:
        eva = self.guest("eva", "echo-message")
        self.says(eva, "PRIVMSG eva :note", *[":eva!~eva@* PRIVMSG eva :note"] * 2)
        self.says(self.ann, "PRIVMSG ann :note", ":ann!~ann@* PRIVMSG ann :note")


class TagTests(IrcScene):
    """Client-only tags."""

    def test_only_those_of_clients_and_for_those_who_asked(self) -> None:
        ann, bob, carl = self.guest("ann", "message-tags"), self.guest("bob", "message-tags"), self.guest("carl")
        for peer in (ann, bob, carl):
            peer.says("JOIN #a")
        self.ignores(ann, bob, carl)
        ann.says("@+x=a\\:b;+;y=1;msgid=mine;time=then PRIVMSG #a :hi")
        (line,) = bob.take()
        self.assertRegex(line, r"^@\+x=a\\:b;msgid=[0-9a-f]{32} :ann!")
        self.hears(carl, ":ann!~ann@* PRIVMSG #a :hi")
        ann.says("@+typing=active TAGMSG #a")
        self.hears(bob, "@+typing=active;msgid=* :ann!~ann@* TAGMSG #a")
        self.hears(carl)

    def test_without_the_capability_there_are_none(self) -> None:
        ann, bob = self.guest("ann"), self.guest("bob", "message-tags")
        self.says(ann, "@+x=1 TAGMSG bob")
        ann.says("@+x=1 PRIVMSG bob :hi")
        self.hears(bob, "@msgid=* :ann!~ann@* PRIVMSG bob :hi")


class MultilineTests(IrcScene):
    """draft/multiline."""

    def setUp(self) -> None:
        self.house = House(limits=Limits())
        self.ann, self.bob = self.guest("ann", *MULTI), self.guest("bob")
        for peer in (self.ann, self.bob):
            peer.says("JOIN #a")
        self.ignores(self.ann, self.bob)

    def send(self, *lines: str, batch: str = "1", target: str = "#a") -> list[str]:
        """A whole batch of lines that may begin with `+` (append) or `!` (a notice); what is answered."""
        self.ann.says(f"BATCH +{batch} draft/multiline {target}")
        sent = []
        for line in lines:
            tags = f"@batch={batch}" + (";draft/multiline-concat" if line[:1] == "+" else "")
            command = "NOTICE" if line[:1] == "!" else "PRIVMSG"
            sent.append(f"{tags} {command} {target} :{line.removeprefix('+').removeprefix('!')}")
        return self.ann.says(*sent, f"BATCH -{batch}")

    def test_one_message(self) -> None:
        lines = self.send("one", "", "two ", "+and more")
        self.assertEqual(["concat" in line for line in lines], [False, False, False, False, True, False])
        self.hears(
            self.bob,
            ":ann!~ann@* PRIVMSG #a :one",
            ":ann!~ann@* PRIVMSG #a :two ",
            ":ann!~ann@* PRIVMSG #a :and more",
        )

    def test_notices_too(self) -> None:
        self.send("!one", "!two")
        self.hears(self.bob, ":ann!~ann@* NOTICE #a :one", ":ann!~ann@* NOTICE #a :two")

    def refused(self, lines: list[str], pattern: str) -> None:  # type: ignore[override]
        """One refusal, and nobody hears anything."""
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], "^" + pattern)
        self.hears(self.bob)

    def test_what_is_no_message(self) -> None:
        self.refused(self.send("", ""), FAIL + "MULTILINE_INVALID :")
        self.refused(self.send(), FAIL + "MULTILINE_INVALID :")
        self.refused(self.send("one", "+"), FAIL + "MULTILINE_INVALID :")
        self.refused(self.send("one", "!two", "three"), FAIL + "MULTILINE_INVALID :")

    def test_limits(self) -> None:
        self.refused(self.send(*["x"] * 101), FAIL + "MULTILINE_MAX_LINES 100 :")
        self.refused(self.send(*["x" * 400] * 50), FAIL + "MULTILINE_MAX_BYTES 16384 :")

    def test_one_target_and_one_batch(self) -> None:
        self.ann.says("BATCH +1 draft/multiline #a")
        self.says(self.ann, "BATCH +2 draft/multiline #a", FAIL + "MULTILINE_INVALID ...")
        self.says(self.ann, "@batch=1 PRIVMSG bob :x", FAIL + "MULTILINE_INVALID_TARGET #a bob ...")
        self.says(self.ann, "@batch=1 PRIVMSG #a :not heard any more")
        self.says(self.ann, "BATCH -1")
        self.says(self.ann, "@batch=1 PRIVMSG #a :x", FAIL + "MULTILINE_INVALID ...")
        self.says(self.ann, "BATCH -1", FAIL + "INVALID_BATCH ...")
        self.hears(self.bob)

    def test_only_for_who_asked_and_nothing_else(self) -> None:
        self.says(self.bob, "BATCH +1 draft/multiline #a", FAIL + "INVALID_BATCH ...")
        self.says(self.ann, "BATCH +1 netjoin #a", FAIL + "INVALID_BATCH ...")
        self.says(self.bob, "@batch=1 PRIVMSG #a :a tag that means nothing here")

    def test_where_one_may_not_speak(self) -> None:
        self.bob.says("PART #a", "JOIN #b")
        self.ignores(self.ann)
        lines = self.send("one", "two", target="#b")
        self.refused(lines, ":test.example 404 ann #b ")


class RedactTests(IrcScene):
    """draft/message-redaction."""

    def setUp(self) -> None:
        super().setUp()
        caps = ("draft/message-redaction", "message-tags", "echo-message")
        self.ann, self.bob = self.account("ann", *caps), self.account("bob", *caps)
        for peer in (self.ann, self.bob):
            peer.says("JOIN #a")
        self.ignores(self.ann, self.bob)

    def said(self, peer: IrcPeer, target: str = "#a") -> str:
        """The id of something that somebody says."""
        (line,) = peer.says(f"PRIVMSG {target} :oops")
        self.ignores(self.ann, self.bob)
        return line.partition("msgid=")[2][:32]

    def test_ones_own(self) -> None:
        for target, heard in (("#a", "#a"), ("bob", "bob")):
            id = self.said(self.ann, target)
            self.ann.says(f"REDACT {target} {id} :a slip")
            (line,) = self.bob.take()
            self.assertIn(f" REDACT {heard} {id} :a slip", line)
            self.ignores(self.ann)

    def test_who_runs_the_group_and_who_does_not(self) -> None:
        fail = ":test.example FAIL REDACT "
        self.says(self.bob, f"REDACT #a {self.said(self.ann)}", fail + "REDACT_FORBIDDEN #a * ...")
        id = self.said(self.bob)
        self.assertIn(f" REDACT #a {id}", self.ann.says(f"REDACT #a {id}")[0])
        self.says(self.ann, f"REDACT #a {id}", fail + "UNKNOWN_MSGID #a * ...")
        self.says(self.ann, f"REDACT #a {'0' * 32}", fail + "UNKNOWN_MSGID #a * ...")
        self.says(self.ann, "REDACT #a nonsense", fail + "UNKNOWN_MSGID #a nonsense ...")
        for target in ("#none", "nobody"):
            self.says(self.ann, f"REDACT {target} {id}", fail + f"INVALID_TARGET {target} ...")
            self.says(self.ann, f"REDACT {target} nonsense", fail + f"INVALID_TARGET {target} ...")
