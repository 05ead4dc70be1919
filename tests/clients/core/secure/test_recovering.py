"""Tests of clients.core.secure.recovering: the state of keys, the recovery code on a new device, beginning anew."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from chatd import encryption as e
from chatd import messages as m
from clients.core import intents as i
from clients.core import notices as n
from tests.clients.core.secure.kit import Phone, PostLine, meet, pass_time, settle


class Cupboard(SynchronousTestCase):
    """Alice and bob; the server keeps a backup for each."""

    def setUp(self) -> None:
        self.post, self.alice, self.bob = meet("alice", "bob")
        self.backups: dict[str, bytes] = {}
        for phone in (self.alice, self.bob):
            self.serve(phone)

    def serve(self, phone: Phone) -> Phone:
        """The server's part of this for one phone, which the kit has not."""
        line = phone.line

        def put(command: e.PutBackup) -> None:
            self.backups[line.name] = command.blob
            line.tell(m.Done(command.ref))

        def ask(command: e.AskBackup) -> None:
            line.tell(e.Backup(command.ref, self.backups.get(line.name, b"")))

        def reset(command: e.ResetIdentity) -> None:
            if command.blob and command.password != "secret":
                line.tell(m.Failed(command.ref, "login-refused", "That is not the password."))
            else:
                line.tell(e.ResetIs(command.ref, self.post.now() + 86_400_000 if command.blob else 0))

        for name, act in (("_putbackup", put), ("_askbackup", ask), ("_resetidentity", reset)):
            setattr(line, name, act)
        return phone

    def recovery(self, phone: Phone) -> str:
        """A code, as it is shown."""
        phone.enter("/keys recovery")
        (told,) = phone.face.take(n.RecoveryCode)
        return told.code

    def status(self, phone: Phone) -> n.KeysStatus:
        """What /keys says."""
        phone.enter("/keys")
        (told,) = phone.face.take(n.KeysStatus)
        return told

    def another(self, name: str) -> Phone:
        """Another device of somebody, which is not listed yet."""
        phone = Phone(self.post, name)
        self.serve(phone).come()
        return phone


class StatusTests(Cupboard):
    """What there is."""

    def test_of_a_first_device(self) -> None:
        self.alice.enter("@bob hi", "/verify @bob", "/verify @bob yes")
        told = self.status(self.alice)
        self.assertEqual((told.device, told.listed, told.primary, told.recovery),
                         (self.alice.device.keys.device, True, True, False))  # fmt: skip
        self.assertEqual((told.people, told.left), ((("bob", "verified"),), 50))
        self.assertEqual((len(told.code), told.counts), (30, ()))

    def test_e2ee_is_the_same(self) -> None:
        self.alice.enter("/e2ee")
        self.assertEqual(self.alice.face.take(n.KeysStatus)[0].intent, i.AskEncryption())

    def test_of_a_device_that_waits(self) -> None:
        phone = self.another("alice")
        told = self.status(phone)
        self.assertEqual((told.listed, told.primary, told.code), (False, False, self.status(self.alice).code))

    def test_open_conversations_and_refusals_are_counted(self) -> None:
        self.post.people.add("wanda")
        self.alice.enter("/plain @wanda yes", "@bob hi")
        pass_time(self.post, 3.0, self.alice, self.bob)
        mail = self.post.mail[self.bob.address][0]
        batch = self.bob.session.secure._desk.batch()
        batch.put("count", "DUPLICATE", 3)
        batch.commit()
        self.assertEqual(self.status(self.bob).counts, (("DUPLICATE", 3),))
        self.assertIn(("wanda", "plain"), self.status(self.alice).people)
        self.assertTrue(mail.ciphertext)


class RecoveryTests(Cupboard):
    """The code."""

    def test_it_is_shown_and_only_a_sealed_copy_leaves(self) -> None:
        code = self.recovery(self.alice)
        self.assertEqual(len("".join(code.split("-"))), 56)
        seed = self.alice.session.secure._desk.batch().get("uik", "", bytes)
        self.assertNotIn(seed, self.backups["alice"])
        self.assertTrue(self.status(self.alice).recovery)

    def test_the_server_does_not_take_it_and_no_code_is_shown(self) -> None:
        self.post.refuse[e.PutBackup] = m.Failed(0, "bad-blob", "No.")
        self.alice.enter("/keys recovery")
        self.assertEqual(self.alice.face.take(n.RecoveryCode), [])
        self.assertFalse(self.status(self.alice).recovery)

    def test_a_new_device_gets_the_right_to_sign_and_lists_itself(self) -> None:
        code = self.recovery(self.alice)
        phone = self.another("alice")
        phone.codes()
        phone.enter(f"/keys recover {code.lower()}")
        settle(phone, self.alice)
        self.assertIn("RECOVERED", phone.codes())
        told = self.status(phone)
        self.assertEqual((told.listed, told.primary, told.recovery), (True, True, True))
        self.assertIn("OWN_NEW_DEVICE", self.alice.codes())

    def test_who_cannot_sign_cannot_make_one(self) -> None:
        phone = self.another("alice")
        phone.codes()
        phone.enter("/keys recovery")
        self.assertEqual(phone.codes(), ["NOT_PRIMARY"])

    def test_a_wrong_code_says_what_is_wrong_and_changes_nothing(self) -> None:
        code = self.recovery(self.alice)
        phone = self.another("alice")
        for wrong, words in (("ABCD", "has 56 letters"), (("B" if code[0] == "A" else "A") + code[1:], "typo")):
            phone.codes()
            phone.enter(f"/keys recover {wrong}")
            (told,) = phone.face.take(n.Secure)
            self.assertEqual((told.code, told.intent), ("BAD_RECOVERY_CODE", i.Recover(wrong.replace("-", ""))))
            self.assertIn(words, told.detail)
        self.assertFalse(self.status(phone).primary)

    def test_the_code_of_another_key_is_not_used(self) -> None:
        code = self.recovery(self.bob)
        self.backups["alice"] = self.backups["bob"]
        phone = self.another("alice")
        phone.codes()
        phone.enter(f"/keys recover {code}")
        self.assertEqual(phone.codes(), ["RECOVERY_OUTDATED"])
        self.assertFalse(self.status(phone).primary)

    def test_there_is_none(self) -> None:
        self.alice.enter("/keys recover ABCD")
        self.assertEqual(self.alice.codes(), ["NO_RECOVERY"])


class ResetTests(Cupboard):
    """Beginning anew takes a day, and a password."""

    def test_the_password_is_asked_for(self) -> None:
        self.alice.enter("/keys reset")
        self.assertEqual(self.alice.face.take(n.AskSecret), [n.AskSecret(i.ResetKeys())])

    def test_it_is_announced_with_its_time(self) -> None:
        self.alice.app.act(i.ResetKeys("secret"))
        settle(self.alice)
        (told,) = self.alice.face.take(n.Secure)
        self.assertEqual((told.code, told.at), ("RESET_BEGUN", self.post.now() + 86_400_000))

    def test_a_wrong_password_changes_nothing(self) -> None:
        self.alice.app.act(i.ResetKeys("wrong"))
        settle(self.alice)
        self.assertEqual([told.code for told in self.alice.face.take(n.Refused)], ["login-refused"])
        self.assertEqual(self.alice.codes(), [])
        self.assertIsNone(self.alice.session.secure._desk.batch().raw("uik-next", ""))

    def test_and_stopped(self) -> None:
        self.alice.app.act(i.ResetKeys("secret"))
        settle(self.alice)
        self.alice.enter("/keys reset stop")
        self.assertEqual(self.alice.codes(), ["RESET_BEGUN", "RESET_STOPPED"])

    def test_all_of_ones_devices_hear_it(self) -> None:
        line: PostLine = self.alice.line
        line.tell(e.ResetIs(0, 5_000), e.ResetIs(0, 0))
        settle(self.alice)
        self.assertEqual(self.alice.codes(), ["RESET_BEGUN", "RESET_STOPPED"])
