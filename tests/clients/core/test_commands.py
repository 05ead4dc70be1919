"""Tests of clients.core.commands: what every form means, and that nothing mistyped becomes something said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from chatd.moderation import ModeChange
from clients.core import intents as i
from clients.core.commands import ALIASES, COMMANDS, MORE, help_lines, parse

MEANT = {
    "hello there": i.Say("hello there"),
    "  indented code": i.Say("  indented code"),
    "tata": i.Leave(),
    " tata ": i.Leave(),
    "tata everybody": i.Say("tata everybody"),
    "//slash": i.Say("/slash"),
    "@bob hi": i.Tell(("@bob",), "hi"),
    "@bob  two  spaces": i.Tell(("@bob",), "two  spaces"),
    "@a,@b hi": i.Tell(("@a", "@b"), "hi"),
    "@a, @b hi": i.Tell(("@a", "@b"), "hi"),
    "@a,b hi": i.Tell(("@a", "@b"), "hi"),
    "@a,@a hi": i.Tell(("@a",), "hi"),
    "@Zoë line one\nline two": i.Tell(("@Zoë",), "line one\nline two"),
    "/group g1": i.JoinGroup("#g1"),
    "/group #g1": i.JoinGroup("#g1"),
    "/group --open g1": i.JoinGroup("#g1", open=True),
    "/group --private g1": i.JoinGroup("#g1", private=True),
    "/join --open #g1 private": i.JoinGroup("#g1", private=True, open=True),
    "/group g1 hello all": i.Tell(("#g1",), "hello all"),
    "/GROUP g1": i.JoinGroup("#g1"),
    "/create_group g1": i.JoinGroup("#g1"),
    "/join_group g1": i.JoinGroup("#g1"),
    "/group_msg g1 hi": i.Tell(("#g1",), "hi"),
    "/join g1 private": i.JoinGroup("#g1", private=True),
    "/part g1": i.LeaveGroup("#g1"),
    "/msg bob hi": i.Tell(("@bob",), "hi"),
    "/msg @a,@b hi": i.Tell(("@a", "@b"), "hi"),
    "/msg #g1 hi": i.Tell(("#g1",), "hi"),
    "/groups": i.ListGroups(),
    "/members": i.ListMembers(),
    "/members g1": i.ListMembers("#g1"),
    "/who": i.ListPeople(),
    "/whois @bob": i.AskAbout("bob"),
    "/invite g1 bob": i.InviteTo("#g1", "bob"),
    "/invite bob #g1": i.InviteTo("#g1", "bob"),
    "/join g1 Private": i.JoinGroup("#g1", private=True),
    "/join g1 secret": i.JoinGroup("#g1", key="secret"),
    "/kick #g1 bob": i.KickFrom("#g1", "bob"),
    "/kick bob #g1": i.KickFrom("#g1", "bob"),
    "/kick bob": i.KickFrom("", "bob"),
    "/kick @bob": i.KickFrom("", "bob"),
    "/kick g1 bob  too  loud": i.KickFrom("#g1", "bob", "too  loud"),
    "/kick @bob #g1 loud": i.KickFrom("#g1", "bob", "loud"),
    "/mode": i.AskModes(),
    "/mode g1": i.AskModes("#g1"),
    "/mode g1 +m-t": i.ChangeModes("#g1", (ModeChange(True, "m"), ModeChange(False, "t"))),
    "/mode +o @bob": i.ChangeModes("", (ModeChange(True, "o", "bob"),)),
    "/mode #g1 +b": i.ListMasks("#g1"),
    "/mode g1 e": i.ListMasks("#g1", "e"),
    "/mode +I": i.ListMasks("", "I"),
    "/ban bob!*@*": i.ChangeModes("", (ModeChange(True, "b", "bob!*@*"),)),
    "/ban g1 m:bob": i.ChangeModes("#g1", (ModeChange(True, "b", "m:bob"),)),
    "/ban @bob #g1": i.ChangeModes("#g1", (ModeChange(True, "b", "a:bob"), ModeChange(True, "b", "bob"))),
    "/unban #g1 bob": i.ChangeModes("#g1", (ModeChange(False, "b", "a:bob"), ModeChange(False, "b", "bob"))),
    "/bans": i.ListMasks(),
    "/bans g1": i.ListMasks("#g1"),
    "/op bob": i.ChangeModes("", (ModeChange(True, "o", "bob"),)),
    "/deop g1 bob": i.ChangeModes("#g1", (ModeChange(False, "o", "bob"),)),
    "/voice @bob #g1": i.ChangeModes("#g1", (ModeChange(True, "v", "bob"),)),
    "/devoice bob": i.ChangeModes("", (ModeChange(False, "v", "bob"),)),
    "/key secret": i.ChangeModes("", (ModeChange(True, "k", "secret"),)),
    "/key g1 @se": i.ChangeModes("#g1", (ModeChange(True, "k", "@se"),)),
    "/key g1 off": i.ChangeModes("#g1", (ModeChange(False, "k"),)),
    "/slow 30": i.ChangeModes("", (ModeChange(True, "f", "30"),)),
    "/slow #g1 0": i.ChangeModes("#g1", (ModeChange(False, "f"),)),
    "/slow g1 OFF": i.ChangeModes("#g1", (ModeChange(False, "f"),)),
    "/rename #g1 g2": i.RenameGroup("#g1", "#g2"),
    "/rename g1 g2 it is the second": i.RenameGroup("#g1", "#g2", "it is the second"),
    "/role g1 bob halfop": i.GiveRole("#g1", "bob", "halfop"),
    "/role g1 bob op": i.GiveRole("#g1", "bob", "op"),
    "/topic g1": i.Topic("#g1"),
    "/topic g1 due Friday": i.Topic("#g1", "due Friday"),
    "/announce g1 on": i.Announce("#g1", True),
    "/explain": i.Explain(),
    "/explain 17": i.Explain("", 17),
    "/explain @bob": i.Explain("@bob"),
    "/explain hw3 17": i.Explain("#hw3", 17),
    "/history": i.ReadHistory(),
    "/history 50": i.ReadHistory("", 50),
    "/history @bob 5": i.ReadHistory("@bob", 5),
    "/history g1": i.ReadHistory("#g1"),
    "/history #g1 (until 2026-11-22)": i.ReadHistory("#g1 (until 2026-11-22)"),
    "/history g1 (until 2026-11-22, 2) 50": i.ReadHistory("#g1 (until 2026-11-22, 2)", 50),
    "/inbox": i.ReadInbox(),
    "/passwd": i.ChangePassword(),
    "/devices": i.ListDevices(),
    "/verify @bob": i.Verify("bob"),
    "/keys recovery": i.MakeRecovery(),
    "/keys passphrase": i.AskPassphrase(),
    "/plain bob": i.TalkPlain("bob"),
    "/e2ee": i.AskEncryption(),
    "/roster cs101": i.AskRoster("cs101"),
    "/report": i.Report(),
    "/away": i.GoAway("away"),
    "/away lunch until one": i.GoAway("lunch until one"),
    "/back": i.GoAway(""),
    "/ignore bob": i.Ignore("bob"),
    "/unignore bob": i.Ignore("bob", on=False),
    "/set": i.Setting(),
    "/set times always": i.Setting("times", "always"),
    "/focus g1": i.Focus("#g1"),
    "/focus": i.Focus("#lobby"),
    "/search due date": i.Search("due date"),
    "/help": i.Help(),
    "/help group": i.Help("group"),
    "/quit": i.Leave(),
}

SHORT = (
    "@bob", "@", "@ bob", "@bob   ", "/group", "/group_msg g1", "/group_msg", "/msg", "/msg bob", "/msg @bob", "/join",
    "/part", "/whois", "/whois @", "/invite g1", "/kick", "/kick #g1", "/kick @", "/ban", "/ban #g1", "/ban a b c",
    "/unban", "/bans a b", "/op", "/op #g1", "/deop a b c", "/voice @", "/devoice", "/key", "/key #g1", "/key a b c",
    "/slow", "/slow g1", "/slow g1 soon", "/slow -1", "/rename", "/rename g1", "/mode g1 m", "/mode +", "/mode +o",
    "/mode +m bob", "/mode g1 +k", "/mode g1 +ov bob", "/join a b c", "/role g1 bob", "/role g1 bob king", "/topic",
    "/announce g1", "/announce g1 maybe", "/unignore", "/search", "/who everybody", "/quit now", "/history @a b 5",
    "/history 0", "/history 9999", "/join --open", "/group --open", "/group --private",
    "/group --private g1 hello", "/group --open g1 hello all", "/e2ee now",
    "/explain a b",
)  # fmt: skip


class FormTests(SynchronousTestCase):
    """Each form by itself."""

    def test_forms(self) -> None:
        for line, intent in MEANT.items():
            with self.subTest(line):
                self.assertEqual(parse(line), intent)

    def test_nothing_is_nothing(self) -> None:
        for line in ("", " ", "\t", "\r\n"):
            self.assertIsNone(parse(line))

    def test_T22_short_of_an_argument_is_a_usage_line(self) -> None:
        for line in SHORT:
            with self.subTest(line):
                intent = parse(line)
                assert isinstance(intent, i.Problem)
                self.assertEqual(intent.code, "usage")
                self.assertTrue(intent.text.startswith("Usage: "))

    def test_T23_unknown_command_is_an_error_with_near_ones(self) -> None:
        intent = parse("/gruop hw3 my secret")
        assert isinstance(intent, i.Problem)
        self.assertEqual(intent.code, "unknown-command")
        self.assertIn("group", intent.near)
        self.assertNotIn("secret", intent.text)

    def test_where_nothing_is_near_the_way_to_all(self) -> None:
        intent = parse("/xyzzy now")
        assert isinstance(intent, i.Problem)
        self.assertEqual((intent.near, intent.text.endswith("/help shows all.")), ((), True))

    def test_who_is_invited_without_a_group(self) -> None:
        intent = parse("/invite @bob")
        assert isinstance(intent, i.Problem)
        self.assertEqual((intent.code, intent.text.split(": ", 2)[2]), ("usage", "/invite hw3 bob"))

    def test_a_slash_alone_and_a_slash_with_a_space(self) -> None:
        for line in ("/", "/ quit", " /nonsense"):
            intent = parse(line)
            assert isinstance(intent, i.Problem)
            self.assertEqual(intent.code, "unknown-command")


class PropertyTests(SynchronousTestCase):
    """Whatever is typed."""

    @given(some.text())
    def test_T21_any_text_survives(self, text: str) -> None:
        said = parse("//" + text)
        if ("//" + text).strip() == "//" + text:
            self.assertEqual(said, i.Say("/" + text))
        told = parse("@bob " + text)
        if text.strip():
            self.assertEqual(told, i.Tell(("@bob",), text.strip()))

    @given(some.text())
    def test_a_bare_line_is_said_as_it_is(self, text: str) -> None:
        if text.strip() and text.strip()[0] not in "/@" and text.strip() != "tata":
            self.assertEqual(parse(text), i.Say(text.rstrip("\r\n")))

    @given(some.text(min_size=1))
    def test_what_opens_with_a_slash_is_never_said(self, text: str) -> None:
        if not text.startswith("/"):
            self.assertNotIsInstance(parse("/" + text), i.Say)


class HelpTests(SynchronousTestCase):
    """`/help`."""

    def test_lists_every_command_but_the_aliases(self) -> None:
        text = "\n".join(help_lines(""))
        for word in COMMANDS:
            self.assertEqual(COMMANDS[word].usage in text, word not in ALIASES or COMMANDS[word].usage in text)
        self.assertIn("@name text", text)

    def test_one_command_with_an_example(self) -> None:
        self.assertIn("for example: /invite hw3 bob", help_lines("/invite"))

    def test_every_form_that_is_explained_means_something(self) -> None:
        for word, rows in MORE.items():
            self.assertEqual(help_lines(word)[1:-1], list(rows))
            for typed in (row.strip().split("  ")[0] for row in rows if row.startswith("  /")):
                self.assertNotIsInstance(parse(typed.replace(" ID", " abcd")), i.Problem)
            for row in rows:
                self.assertLessEqual(len(row), 112)

    def test_every_example_means_something(self) -> None:
        for row in COMMANDS.values():
            self.assertNotIsInstance(parse(row.example), i.Problem)

    def test_unknown(self) -> None:
        self.assertEqual(help_lines("gruop"), ["There is no /gruop. Did you mean /group or /groups?"])
