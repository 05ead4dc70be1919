"""Names: what people may call themselves, and that nobody can pass for somebody else (T08, T09, T11, T31)."""

from __future__ import annotations

import sys
import unicodedata
from itertools import product
from time import perf_counter

from confusable_homoglyphs.confusables import confusables_data
from hypothesis import given
from hypothesis import strategies as st
from precis_i18n import get_profile
from twisted.trial.unittest import SynchronousTestCase

from chatd.core import names
from chatd.core.names import BadName, Name, fold, fold_group, near, skeleton

_PEOPLE = """
    alice bob carol dave eve mallory trent peggy Ian Lan Ilya Liya Neil Nell Ali Lia Isla Lisa Amy Kim William Lillian
    Emma Noah Olivia Liam Ava Mia Lucas Ella Oliver Amelia Elijah Harper Mateo Luna Levi Camila Henry Gianna Theo
    Zoë José Łukasz Nguyễn Jürgen Søren Åsa François Siân Niño Đorđe Çelik Şebnem Ångström Björk Renée Chloë Ólafur
    Ольга Иван Анна Юлия Сергей Ёлка Київ Ђорђе Рая Борис Ζωή Γιώργος Ελένη Αθηνά Νίκος Μαρία Άρης
    李雷 韩梅梅 王小明 さくら たろう カタカナ 田中さん らーめん 김철수 이영희 สมชาย ลาว राम सीता বাংলা தமிழ் తెలుగు ಕನ್ನಡ
    മലയാളം ગુજરાતી ਪੰਜਾਬੀ ଓଡ଼ିଆ සිංහල မြန်မာ ខ្មែរ ລາວ አበበ Արամ გიორგი שלום דוד محمد فاطمة علي ދިވެހި
    user1 user2 user10 mod_1 a-b a.b x y z A I l O 0 1 O0 l1 I1 team1 TEAM2 R2D2 C3PO m rn w vv MW modem kernel
    alice_ alice1 alice| alice^ [bot] {bot} bot^2 night-owl night.owl night_owl 007 42 2pac x86 i386 tesla albert
    aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp qq rr ss tt uu vw ww xx yy zz quick brown fox jumps over lazy
    Teacher Ms_Lee Mr_Hill Dr.Who O_Neil McIntosh DeLong VanDyke Illya Bill Will Jill Phil Ellie Ollie Polly Molly
"""
PEOPLE = list(dict.fromkeys(_PEOPLE.split()))


def bad(test: SynchronousTestCase, text: str) -> str:
    """The sentence that refuses this name."""
    return str(test.assertRaises(BadName, fold, text))


class Same(SynchronousTestCase):
    """When two names are one."""

    def test_T08_case_spaces_and_look_alikes(self) -> None:
        tesla = fold("tesla")
        for text in ("Tesla", "tesla ", " TESLA", "Ｔｅｓｌａ", "TeSLa"):
            self.assertEqual(fold(text).key, tesla.key)
        for text in ("Tes1a", "Tesｌa", "tesIa", "tes|a"):
            self.assertEqual(fold(text).skeleton, tesla.skeleton)
        for text in ("t\u0435sla", "\u0422esla", "tesl\u0430"):
            self.assertIn("mix alphabets (Cyrillic and Latin)", bad(self, text))

    def test_look_alikes_in_another_alphabet(self) -> None:
        self.assertEqual(fold("рое").skeleton, fold("poe").skeleton)
        self.assertEqual(fold("ΝΙΚΟ").skeleton, fold("niko").skeleton)
        self.assertEqual(fold("РОЕ").skeleton, fold("Poe").skeleton)

    def test_shown_case_counts(self) -> None:
        for one, other in (
            ("aIice", "alice"),
            ("aIice", "ALICE"),
            ("lAN", "IAN"),
            ("Iuke", "Luke"),
            ("l00", "loo"),
            ("b0b", "bob"),
            ("modern", "modem"),
            ("Ian", "Lan"),
        ):
            self.assertEqual(fold(one).skeleton, fold(other).skeleton, (one, other))

    def test_ordinary_names_stay_apart(self) -> None:
        for one, other in (("Neil", "Nell"), ("Ilya", "Liya"), ("Lia", "Ila"), ("Zoë", "Zoe"), ("Ali", "Eli")):
            self.assertNotEqual(fold(one).skeleton, fold(other).skeleton, (one, other))

    def test_the_stroke_in_every_dress(self) -> None:
        shown: dict[str, str] = {}
        for letters in product("iIlL1|aO", repeat=4):
            text = "".join(letters)
            try:
                name = fold(text)
            except BadName:
                continue
            look = names._look(name.display)
            self.assertEqual(shown.setdefault(look, name.skeleton), name.skeleton, text)

    def test_turkish_capital(self) -> None:
        self.assertEqual(fold("İpek").key, "ipek")
        for text in ("İpek", "i\u0307pek", "ipek"):
            self.assertEqual(fold(text).skeleton, "ipek")

    def test_whole_table_no_pair_coexists(self) -> None:
        self.assertGreaterEqual(len(PEOPLE), 200)
        tried = 0
        for person in PEOPLE:
            name = fold(person)
            for index, char in enumerate(name.display):
                for link in confusables_data.get(char, ()):
                    text = name.display[:index] + link["c"].strip("\u200e") + name.display[index + 1 :]
                    try:
                        twin = fold(text)
                    except BadName:
                        continue
                    tried += 1
                    self.assertTrue(twin.key == name.key or twin.skeleton == name.skeleton, (name, twin))
        self.assertGreater(tried, 200)

    def test_whole_table_in_whole_words(self) -> None:
        for source, links in confusables_data.items():
            for link in links:
                try:
                    one, other = fold(source.strip("\u200e") * 3), fold(link["c"].strip("\u200e") * 3)
                except BadName:
                    continue
                self.assertTrue(one.key == other.key or one.skeleton == other.skeleton, (one, other))


class Allowed(SynchronousTestCase):
    """What a name may be."""

    def test_T09_newlines_and_escapes(self) -> None:
        for text in (
            "a\nb",
            "a\x1b[2Jb",
            "a\x00b",
            "a\x9bb",
            "a\u202eb",
            "a\u200bb",
            "a\u2028b",
            "\ud800a",
            "a\u0085b",
        ):
            sentence = bad(self, text)
            self.assertTrue(sentence.isprintable(), sentence)

    def test_T11_empty(self) -> None:
        for text in ("", " ", "\t "):
            self.assertEqual(bad(self, text), "The name is empty: type at least one letter.")
        self.assertIn("group name is empty", str(self.assertRaises(BadName, fold_group, "#")))

    def test_T31_other_alphabets(self) -> None:
        for text in ("Zoë", "李雷", "Ольга", "김철수", "らーめん", "שלום", "محمد", "สมชาย", "Nguyễn", "Ζωή"):
            self.assertEqual(fold(text).display, unicodedata.normalize("NFC", text))
        self.assertEqual(fold("ОЛЬГА").key, "ольга")
        self.assertEqual(fold("Zoe\u0308"), fold("Zoë"))

    def test_fallback_nicks_of_irc_clients(self) -> None:
        for text in ("alice_", "alice__", "alice1", "alice|", "alice^", "alice-", "[alice]"):
            self.assertEqual(fold(text).display, text)
            self.assertNotEqual(fold(text).skeleton, fold("alice").skeleton)

    def test_punctuation_of_commands(self) -> None:
        for char in "@#:,!*? /\\`'\"<>&;%$+=~()":
            self.assertRaises(BadName, fold, f"a{char}b")
            self.assertRaises(BadName, fold, f"{char}a" if char != " " else "a b")

    def test_shape(self) -> None:
        self.assertIn("begin with -", bad(self, "-a"))
        self.assertIn("begin with .", bad(self, ".a"))
        self.assertIn("dot", bad(self, "a..b"))
        self.assertIn("dot", bad(self, "a."))
        self.assertIn("at least one letter", bad(self, "___"))
        self.assertIn("spaces", bad(self, "a b"))
        self.assertIn("accent", bad(self, "1\u0301"))
        self.assertIn("accents", bad(self, "x\u0300\u0301\u0302\u0303"))
        self.assertIn("accents", bad(self, "x\u0300\u0300"))
        self.assertIn("right to left", bad(self, "שלום_"))
        self.assertIn("digits of different scripts", bad(self, "राम1\u0967"))

    def test_lengths(self) -> None:
        self.assertEqual(fold("a" * 32).key, "a" * 32)
        self.assertIn("32 characters", bad(self, "a" * 33))
        self.assertIn("32 characters", bad(self, "a" * 10_000_000))
        self.assertEqual(len(fold("李" * 21).display), 21)
        self.assertIn("64 bytes", bad(self, "李" * 22))

    def test_alphabets(self) -> None:
        for text in ("ひらカタ漢", "汉ㄅ", "한漢"):
            fold(text)
        for text in ("한か", "aか", "Ωa", "שa"):
            self.assertRaises(BadName, fold, text)
        self.assertIn("Cherokee", bad(self, "ᎪᏴ"))
        self.assertRaises(BadName, fold, "aーb")

    def test_reserved_and_what_looks_like_it(self) -> None:
        for text in (
            "server",
            "SERVER",
            "Lobby",
            "1obby",
            "AIl",
            "a11",
            "AL1",
            "chatd",
            "ch\uff41td",
            "NickServ",
            "you",
        ):
            self.assertIn("reserved", bad(self, text))
        self.assertEqual(fold("Ali").key, "ali")

    def test_default_ignorables(self) -> None:
        codes = [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0, 0x1D173, 0xE0001]
        for start, end in ((0x180B, 0x1810), (0x200B, 0x2010), (0x202A, 0x202F), (0x2060, 0x2070), (0xFE00, 0xFE10)):
            codes.extend(range(start, end))
        codes.extend(range(0xE0100, 0xE01F0))
        for code in codes:
            for text in ("a{}b", "{}ab", "क्{}ष", "ک{}ک"):
                self.assertRaises(BadName, fold, text.format(chr(code)))

    @given(st.text(max_size=12))
    def test_nothing_unsafe_survives(self, text: str) -> None:
        try:
            name = fold(text)
        except BadName as error:
            self.assertTrue(str(error).isprintable())
            return
        for char in name.display + name.key:
            self.assertIn(unicodedata.category(char)[0], "LMNPS")
            self.assertNotIn(unicodedata.category(char), ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"))
            self.assertTrue(char.isalnum() or unicodedata.category(char)[0] == "M" or char in names.PUNCTUATION)
        self.assertEqual(name.display, unicodedata.normalize("NFC", name.display))
        self.assertLessEqual(len(name.display.encode()), 64)

    @given(st.text(st.characters(categories=("L", "M", "N")), max_size=6) | st.sampled_from(PEOPLE))
    def test_any_form_finds_the_name_again(self, text: str) -> None:
        try:
            name = fold(text)
        except BadName:
            return
        self.assertEqual(fold(name.display), name)
        self.assertEqual(fold(name.key).key, name.key)

    @given(st.text("abIl1O0XyZ_-.[]{}^|", min_size=1, max_size=10))
    def test_short_way_is_precis(self, text: str) -> None:
        self.assertEqual(get_profile("UsernameCaseMapped").enforce(text), text.lower())
        self.assertEqual(get_profile("UsernameCasePreserved").enforce(text), text)


class Groups(SynchronousTestCase):
    """Names of groups."""

    def test_with_and_without_the_sign(self) -> None:
        self.assertEqual(fold_group("Lab"), Name("#Lab", "#lab", "#lab"))
        self.assertEqual(fold_group(" #Lab "), fold_group("Lab"))
        self.assertEqual(fold_group("#lobby").key, "#lobby")
        self.assertEqual(fold_group("#1ab").skeleton, fold_group("lab").skeleton)

    def test_refused(self) -> None:
        for text in ("##a", "#a b", "#", "#a,b", "#a:b", "# a", "#a\x07"):
            self.assertRaises(BadName, fold_group, text)


class Near(SynchronousTestCase):
    """Similar names."""

    def test_what_somebody_meant(self) -> None:
        people = ["alice", "Bob", "carol", "albert", "tesla"]
        self.assertEqual(near("alcie", people), ["alice"])
        self.assertEqual(near("BOB1", people), ["Bob"])
        self.assertEqual(near("telsa", people)[0], "tesla")
        self.assertEqual(near("zzzzzz", people), [])
        self.assertEqual(near("", people), [])
        self.assertEqual(near("#lap", ["#lab", "#lobby"]), ["#lab"])

    def test_at_most_n(self) -> None:
        self.assertEqual(len(near("user", [f"user{i}" for i in range(9)], 3)), 3)

    def test_bounded_work(self) -> None:
        people = [f"user{i}" for i in range(10_000)]
        best = min(_seconds(lambda: near("user12x", people)) for _ in range(3))
        self.assertLess(best, 0.1)  # 4 ms where it was measured
        self.assertLess(min(_seconds(lambda: near("u" * 10_000_000, people)) for _ in range(3)), 0.1)


class Cost(SynchronousTestCase):
    """What a fold costs."""

    def test_remembers_a_bounded_number(self) -> None:
        for remembered in (names._folded, names._folded_group):
            self.assertEqual(remembered.cache_parameters()["maxsize"], 8192)

    def test_tables_are_lazy(self) -> None:
        source = sys.modules["chatd.core.names"].__dict__
        self.assertNotIn("confusables_data", source)

    def test_skeleton_of_any_text(self) -> None:
        self.assertEqual(skeleton("\u200e"), "\u200e")


def _seconds(work: object) -> float:
    start = perf_counter()
    assert callable(work)
    work()
    return perf_counter() - start
