"""Tests of `chatd.ports.irc.messaging`: what is said, to whom, and taken back."""

from __future__ import annotations

from tests.irc import PASSWORD, IrcPeer, IrcScene

MODERN = ("message-tags", "echo-message", "batch", "draft/multiline", "draft/message-redaction")


class SayingTests(IrcScene):
    """PRIVMSG, NOTICE, TAGMSG."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.guest("ann"), self.guest("bob", "message-tags")
        self.ann.says("JOIN #x")
        self.bob.says("JOIN #x")
        self.ignores(self.ann, self.bob)

    def test_to_several(self) -> None:
        self.ann.says("PRIVMSG #x,bob :hi")
        lines = self.bob.take()
        self.assertEqual([line.partition(" :ann!")[2].partition(" ")[2] for line in lines],
                         ["PRIVMSG #x :hi", "PRIVMSG bob :hi"])  # fmt: skip
        many = ",".join(f"n{number}" for number in range(11))
        self.assertIn(" 407 ann ", self.ann.says(f"PRIVMSG {many} :hi")[0])

    def test_nothing_to_say_or_nobody(self) -> None:
        self.says(self.ann, "PRIVMSG", ":test.example 411 ann :No recipient given (PRIVMSG)")
        self.says(self.ann, "PRIVMSG #x", ":test.example 412 ann :No text to send")
        self.says(self.ann, "NOTICE #x")

    def test_to_those_who_run_it(self) -> None:
        carol = self.guest("carol")
        carol.says("JOIN #x")
        self.ann.says("MODE #x +v carol")
        self.ignores(self.ann, self.bob, carol)
        self.says(self.bob, "PRIVMSG @#x :please")
        self.hears(self.ann, ":bob!~bob@* PRIVMSG @#x :please")
        self.hears(carol)
        self.says(self.bob, "PRIVMSG +#x :all of you")
        self.hears(carol, ":bob!~bob@* PRIVMSG +#x :all of you")

    def test_tags_without_text(self) -> None:
        self.bob.says("@+typing=active TAGMSG #x", "@+typing=active TAGMSG ann")
        self.hears(self.ann)  # who does not know tags hears nothing
        dora = self.guest("dora", "message-tags")
        dora.says("JOIN #x")
        self.ignores(dora)
        self.bob.says("@+typing=active;notmine=1 TAGMSG #x")
        (line,) = dora.take()
        self.assertRegex(line, r"^@\+typing=active;msgid=[0-9a-f]{32} :bob!~bob@\S+ TAGMSG #x$")

    def test_absence_is_told(self) -> None:
        self.bob.says("AWAY :lunch")
        self.says(self.ann, "PRIVMSG bob :hi", ":test.example 301 ann bob :lunch")
        erin, fred = self.account("erin"), self.account("fred")
        fred.says("QUIT")
        (line,) = erin.says("PRIVMSG fred :later")
        self.assertIn(" 301 erin fred :", line)
        back = IrcPeer(self.house)
        self.assertIn("PRIVMSG fred :later", "".join(back.login("fred", PASSWORD)))


class LinesTests(IrcScene):
    """draft/multiline and draft/message-redaction."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob, self.old = self.guest("ann", *MODERN), self.guest("bob", *MODERN), self.guest("old")
        for peer in (self.ann, self.bob, self.old):
            peer.says("JOIN #x")
        self.ignores(self.ann, self.bob, self.old)

    def test_several_lines_are_one_message(self) -> None:
        echo = self.ann.says(
            "BATCH +1 draft/multiline #x", "@batch=1 PRIVMSG #x one", "@batch=1 PRIVMSG #x two", "BATCH -1"
        )
        self.assertEqual(len(echo), 4)
        heard = self.bob.take()
        self.assertIn("BATCH +", heard[0])
        self.assertEqual([line.rpartition(":")[2].rpartition(" ")[2] for line in heard[1:3]], ["one", "two"])
        self.assertEqual([line.rpartition(":")[2] for line in self.old.take()], ["one", "two"])

    def test_batches_that_are_none(self) -> None:
        for lines, code in (
            (["BATCH -9"], "BATCH"),
            (["BATCH +1 draft/multiline #x", "@batch=1 PRIVMSG #y hi"], "MULTILINE_INVALID_TARGET"),
        ):
            answer = "".join(self.ann.says(*lines))
            self.assertIn("FAIL BATCH ", answer)
            self.assertIn(code, answer)

    def test_taking_back(self) -> None:
        (echo,) = self.ann.says("PRIVMSG #x :oops")
        id = echo.partition("msgid=")[2][:32]
        self.ignores(self.bob, self.old)
        self.assertIn("FAIL REDACT REDACT_FORBIDDEN #x", self.bob.says(f"REDACT #x {id}")[0])
        self.assertIn("FAIL REDACT UNKNOWN_MSGID #x", self.ann.says("REDACT #x " + "0" * 32)[0])
        self.ann.says(f"REDACT #x {id} :wrong group")
        (line,) = self.bob.take()
        self.assertTrue(line.endswith(f" REDACT #x {id} :wrong group"), line)
        self.hears(self.old)
