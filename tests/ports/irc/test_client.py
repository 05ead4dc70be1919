"""One connection: labels, the order of answers, what one line asks of the core."""

from __future__ import annotations

import base64

from tests.irc import PASSWORD, IrcPeer, IrcScene

LABELS = ("labeled-response", "batch")


class LabelTests(IrcScene):
    """labeled-response: each line that came in with a label is answered once, under it."""

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.guest("ann", *LABELS, "echo-message")

    def test_nothing_to_say_is_ack(self) -> None:
        self.says(self.ann, "@label=1 PONG x", "@label=1 :test.example ACK")
        self.says(self.ann, "@label=2 MONITOR - ann", "@label=2 :test.example ACK")

    def test_one_line_has_the_label(self) -> None:
        self.says(self.ann, "@label=1 PING x", "@label=1 :test.example PONG test.example :x")
        self.says(self.ann, "@label=2 PRIVMSG nobody :x", "@label=2 :test.example 401 ann nobody ...")

    def test_several_are_a_batch(self) -> None:
        self.says(
            self.ann,
            "@label=1 WHOIS nobody",
            "@label=1 :test.example BATCH +b1 labeled-response",
            "@batch=b1 :test.example 401 ann nobody ...",
            "@batch=b1 :test.example 318 ann nobody ...",
            ":test.example BATCH -b1",
        )

    def test_several_targets_are_one_answer(self) -> None:
        self.guest("bob")
        self.says(
            self.ann,
            "@label=1 PRIVMSG bob,nobody :x",
            "@label=1 :test.example BATCH +b1 labeled-response",
            "@batch=b1 :ann!~ann@* PRIVMSG bob :x",
            "@batch=b1 :test.example 401 ann nobody ...",
            ":test.example BATCH -b1",
        )

    def test_a_batch_that_is_the_whole_answer_has_it_itself(self) -> None:
        ann = self.account("eva", *LABELS, "draft/chathistory")
        ann.says("JOIN #a", "PRIVMSG #a :x")
        self.says(
            ann,
            "@label=1 CHATHISTORY LATEST #a * 10",
            "@label=1 :test.example BATCH +b1 chathistory #a",
            "@batch=b1 :eva!~eva@eva.user PRIVMSG #a :x",
            ":test.example BATCH -b1",
        )

    def test_what_others_do_meanwhile_has_none(self) -> None:
        bob = self.guest("bob")
        for peer in (self.ann, bob):
            peer.says("JOIN #a")
        self.ignores(self.ann)
        bob.send("PRIVMSG #a :from bob")
        self.ann.send("@label=1 PRIVMSG #a :from ann")
        self.hears(self.ann, ":bob!~bob@* PRIVMSG #a :from bob", "@label=1 :ann!~ann@* PRIVMSG #a :from ann")

    def test_a_refused_line_has_it_too(self) -> None:
        self.says(self.ann, "@label=1 NONSENSE", "@label=1 :test.example 421 ann NONSENSE ...")
        self.says(self.ann, "@label=2 KICK", "@label=2 :test.example 461 ann KICK ...")
        self.ann.raw(b"@label=3 PRIVMSG #a :\xff\r\n")
        self.hears(self.ann, "@label=3 :test.example FAIL PRIVMSG INVALID_UTF8 ...")

    def test_who_has_not_asked_for_labels_gets_none(self) -> None:
        self.says(self.guest("bob"), "@label=1 PING x", ":test.example PONG test.example :x")

    def test_a_label_is_cut(self) -> None:
        self.says(self.ann, f"@label={'x' * 80} PONG y", f"@label={'x' * 64} :test.example ACK")


class OrderTests(IrcScene):
    """Whatever a line caused is said before what the next one causes."""

    def test_the_pong_is_behind_it_all(self) -> None:
        self.house = type(self.house)(slow=True)
        ann = IrcPeer(self.house)
        ann.send("NICK ann", "USER ann 0 * :Ann", "JOIN #a", "PRIVMSG #a :x", "TOPIC #a", "WHOIS ann", "PING end")
        self.house.commit()
        lines = ann.take()
        self.assertEqual(lines[-1], ":test.example PONG test.example :end")
        numbers = [line.split(" ")[1] for line in lines]
        told = ["001", "JOIN", "366", "331", "318"]
        self.assertEqual([number for number in numbers if number in told], told)

    def test_a_thousand_questions_at_once(self) -> None:
        ann = self.guest("ann")
        lines = ann.says(*(f"PING {number}" for number in range(1000)))
        self.house.advance(5)
        lines += ann.take()
        self.assertEqual([line.rpartition(":")[2] for line in lines], [str(number) for number in range(1000)])

    def test_everything_in_order(self) -> None:
        ann = self.guest("ann")
        lines = ann.says("JOIN #x", "MODE #x +m", "NICK anna", "WHOIS anna", "NONSENSE", "PING end")
        commands = [line.split(" ")[1] for line in lines]
        self.assertEqual(commands[:6], ["JOIN", "353", "366", "MODE", "NICK", "311"])
        self.assertEqual(commands[-2:], ["421", "PONG"])
        self.assertIn(" 421 anna ", lines[-2])

    def test_what_one_is_in_is_whole_before_the_pong(self) -> None:
        ann = self.account("ann")
        ann.says("JOIN #a,#b", "QUIT")
        blob = base64.b64encode(f"\0ann\0{PASSWORD}".encode()).decode()
        peer = IrcPeer(self.house)
        peer.says("CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {blob}")
        lines = peer.says("NICK ann", "USER a 0 * :A", "CAP END", "PING end")
        numbers = [line.split(" ")[1] for line in lines]
        self.assertEqual(numbers[-7:], ["JOIN", "353", "366", "JOIN", "353", "366", "PONG"])
