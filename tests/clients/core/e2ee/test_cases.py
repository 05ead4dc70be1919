"""Every case of the specification has a test by its name: the table, and what fails when a row leads nowhere."""

from __future__ import annotations

import importlib
import re
import unittest
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

HERE = "tests.clients.core.e2ee."
ROOT = Path(__file__).parents[4]
# Case to tests; what stands without `tests.` in front is in this folder.
CASES: dict[str, tuple[str, ...]] = {
    "A1 a swapped identity key, at first contact and after": (
        "test_attacks.IdentityTests.test_a1_first_contact",
        "test_attacks.IdentityTests.test_a1_after_pinning",
        "test_rosters.VouchedTests.test_a_false_key_at_first_contact",
    ),
    "A2 a device added by the server": ("test_attacks.ListTests.test_a2_a_device_added_by_the_server",),
    "A3 a swapped device key; somebody else's device": (
        "test_attacks.ListTests.test_a3_a_swapped_key",
        "test_attacks.ListTests.test_a3_somebody_elses_device_as_ones_own",
    ),
    "A4 one-time keys: the server's, worthless, another device's, too old": (
        "test_attacks.KeyTests.test_a4_the_servers_own_key",
        "test_attacks.KeyTests.test_a4_a_worthless_key",
        "test_attacks.KeyTests.test_a4_a_key_of_another_device",
        "test_attacks.KeyTests.test_a4_an_old_fallback_key",
    ),
    "A5 one key for two": ("test_attacks.KeyTests.test_a5_one_key_for_two",),
    "A6 replayed": ("test_attacks.ReplayTests.test_a6_replayed",),
    "A7 a first message on the fallback key, replayed in five ways": (
        "test_attacks.ReplayTests.test_a7_a_first_message_on_the_fallback_key",
    ),
    "A8 thirty reversed": ("test_attacks.ReplayTests.test_a8_reversed",),
    "A9 one dropped": ("test_attacks.ReplayTests.test_a9_one_dropped",),
    "A10 relabelled": ("test_attacks.LabelTests.test_a10_to_another_from_another_elsewhere_and_then_properly",),
    "A11 another in one's own envelope": (
        "test_attacks.LabelTests.test_a11_bobs_key_listed_as_mallorys",
        "test_attacks.LabelTests.test_a11_another_in_ones_own_envelope",
    ),
    "A12 bits flipped, commitment replaced": ("test_attacks.LabelTests.test_a12_a_bit_flipped",),
    "A13 a stolen device and a hidden list": (
        "test_attacks.RevokedTests.test_a13",
        "test_attacks.RevokedTests.test_a13_a_message_without_the_list_stops_sending",
    ),
    "A14 somebody added without right": (
        "test_group_attacks.MembershipAttacks.test_a14_nobody_else_is_added",
        "test_members.LogTests.test_a14_signatures",
        "test_members.LogTests.test_a14_who_may",
    ),
    "A15 a hidden removal": (
        "test_group_attacks.MembershipAttacks.test_a15_a_hidden_removal",
        "test_group_attacks.MembershipAttacks.test_a15_bob_has_copies_of_everything",
        "test_group_attacks.MembershipAttacks.test_a15_a_revoked_phone",
    ),
    "A16 two logs": (
        "test_group_attacks.MembershipAttacks.test_a16_another_entry_for_bob",
        "test_group_attacks.MembershipAttacks.test_a16_only_in_a_message",
        "test_group_attacks.MembershipAttacks.test_a16_only_in_what_is_told",
        "test_group_attacks.MembershipAttacks.test_a16_in_the_log_itself",
    ),
    "A17 keys and messages under another name or in another channel": (
        "test_group_attacks.KeyAttacks.test_a17_alices_key_as_carols",
        "test_group_attacks.KeyAttacks.test_a17_a_second_key_for_a_known_session",
        "test_group_attacks.KeyAttacks.test_a17_a_key_that_is_not_what_it_says",
        "test_group_attacks.KeyAttacks.test_a17_relabelled_by_the_server",
        "test_group_attacks.KeyAttacks.test_a17_control_messages_stay_in_their_channel",
    ),
    "A18 group messages replayed, an index used again": (
        "test_group_attacks.KeyAttacks.test_a18_replayed",
        "test_group_attacks.KeyAttacks.test_a18_an_index_used_again",
    ),
    "A19 a file tampered with, at that chunk; sizes; resumed": (
        "test_stream.WholeTests.test_a19_sizes",
        "test_stream.WholeTests.test_a19_interrupted_and_resumed",
        "test_stream.TamperedTests.test_a19_last_chunk_dropped",
        "test_stream.TamperedTests.test_a19_chunks_swapped",
        "test_stream.TamperedTests.test_a19_chunk_of_another_file",
        "test_stream.TamperedTests.test_a19_chunk_cut_and_extended",
        "test_stream.TamperedTests.test_a19_bit_flipped",
        "test_stream.TamperedTests.test_a19_extended_behind_the_end",
        "test_stream.TamperedTests.test_a19_manifest_shortened",
        "test_stream.TamperedTests.test_a19_manifest_with_another_chunk",
        "tests.clients.core.test_transfers_sealed.Sealed.test_sizes",
        "tests.clients.core.test_transfers_sealed.Sealed.test_cut_and_killed",
        "tests.clients.core.test_transfers_sealed.Sealed.test_damaged_on_the_server",
    ),
    "A20 killed, answers lost, an old disk": (
        "test_attacks.CrashTests.test_a20_killed_after_commit_before_network",
        "test_attacks.CrashTests.test_a20_answer_lost",
        "test_attacks.CrashTests.test_a20_killed_before_commit_and_before_ack",
        "test_attacks.CrashTests.test_a20_restored_from_a_backup",
    ),
    "A21 no keys, says the server": ("test_attacks.IdentityTests.test_a21_no_keys_before_and_after",),
    "A22 reports, true and false": (
        "test_reports.TrueTests.test_a22_accepted",
        "test_reports.TrueTests.test_a22_a_year_later",
        "test_reports.TrueTests.test_a22_in_a_group",
        "test_reports.TrueTests.test_a22_a_file",
        "test_reports.FalseTests.test_a22_rejected",
        "tests.clients.core.secure.test_reporting.ReportingTests.test_what_the_server_did_not_tag_is_not_shown",
        "tests.process.test_class.ClassTests.test_compared_vouched_and_reported",
    ),
    "canary: nothing readable on the server and on any disk": (
        "test_conversations.ConversationTests.test_direct",
        "test_conversations.ConversationTests.test_group",
        "test_store.SealedStorageTests.test_nothing_of_it_is_seen_on_the_disk",
        "tests.process.test_canary.CanaryTests.test_nothing_readable_on_the_wire_on_the_servers_disk_or_in_its_memory",
    ),
    "two processes on one profile": (
        "tests.process.test_line.LossTests.test_a_second_program_on_a_profile_says_so_and_ends",
    ),
    "500 bytes of anything to everything that reads": (
        "test_decoders.FormTests.test_500_bytes_of_anything",
        "test_receiving.BytesTests.test_any_bytes",
        "test_receiving.BytesTests.test_any_body_of_every_kind",
        "test_receiving.BytesTests.test_signed_and_encrypted_nonsense",
        "test_receiving.BytesTests.test_any_lists_past_the_server",
        "test_groups.BytesTests.test_any_bytes",
        "test_devices.BytesTests.test_any_bytes",
        "test_members.LogTests.test_any_bytes",
        "test_prekeys.ClaimTests.test_any_bytes",
        "test_envelope.PaddingTests.test_any_bytes",
        "test_keys.OlmTests.test_any_bytes",
        "test_keys.GroupTests.test_any_bytes",
        "test_bodies.BodyTests.test_any_bytes",
    ),
    "a fuzz of the msgpack decoders": (
        "test_decoders.FormTests.test_other_values",
        "test_decoders.FormTests.test_nasty",
        "test_decoders.FormTests.test_a_body_with_a_byte_changed_or_cut",
        "test_decoders.FormTests.test_a_field_more",
    ),
    "SAS with a swapped ephemeral": (
        "test_comparing.BetweenTests.test_sas_with_a_swapped_ephemeral_of_who_accepts",
        "test_comparing.BetweenTests.test_sas_with_a_swapped_ephemeral_of_who_begins",
        "test_sas.SasTests.test_a_swapped_key",
    ),
    "SAS without the commitment": (
        "test_comparing.BetweenTests.test_sas_without_the_commitment",
        "test_comparing.BetweenTests.test_sas_where_the_liar_looks_for_a_key_that_fits",
    ),
    "low-order points": (
        "test_keys.LibraryTests.test_low_order_points_open_nothing",
        "test_keys.LibraryTests.test_the_test_notices",
        "test_keys.SignatureTests.test_keys_of_low_order_sign_nothing",
        "test_comparing.BetweenTests.test_a_worthless_key",
    ),
    "the library's words for a used key": ("test_keys.OlmTests.test_the_librarys_words_for_a_used_key",),
    "killed at random points of a long run, exactly once at the end": (
        "tests.process.test_killed_clients.KilledTests.test_each_message_exactly_once",
        "test_conversations.ConversationTests.test_direct",
        "test_conversations.ConversationTests.test_group",
    ),
    "a client of 0.9 is refused": (
        "test_keys.LibraryTests.test_a_client_of_0_9_is_refused",
        "test_envelope.CheckTests.test_every_field_of_olm",
        "test_envelope.CheckTests.test_every_field_of_megolm",
    ),
}


def named(test: str) -> str:
    """In full."""
    return test if test.startswith("tests.") else HERE + test


class CaseTests(SynchronousTestCase):
    """The table."""

    def test_every_case_has_its_tests(self) -> None:
        for case, tests in CASES.items():
            self.assertTrue(tests, case)
            for test in tests:
                self.exists(test)

    def exists(self, test: str) -> None:
        """There is such a test, and it would be run."""
        module, group, method = named(test).rsplit(".", 2)
        found = getattr(importlib.import_module(module), group, None)
        self.assertTrue(found is not None and issubclass(found, unittest.TestCase), test)
        self.assertTrue(callable(getattr(found, method, None)), test)

    def test_what_the_page_on_security_names_is_there(self) -> None:
        """`docs/security.md` makes no claim that no test holds up."""
        page = (ROOT / "docs" / "security.md").read_text("utf-8")
        tests = re.findall(r"`((?:tests\.[a-z0-9_.]+\.)?test_\w+\.\w+\.test_\w+)`", page)
        self.assertGreater(len(tests), 50)
        for test in tests:
            self.exists(test)

    def test_the_cases_are_those_of_the_specification(self) -> None:
        numbers = [int(found[1]) for case in CASES if (found := re.match(r"A(\d+) ", case))]
        self.assertEqual(numbers, list(range(1, 23)))

    def test_every_test_of_a_case_is_in_the_table(self) -> None:
        """What is named after a case stands in its row."""
        for path in sorted(Path(__file__).parent.glob("test_*.py")):
            for name, number in re.findall(r"def (test_a(\d+)(?:_\w+)?)\(", path.read_text("utf-8")):
                row = next(tests for case, tests in CASES.items() if case.startswith(f"A{number} "))
                self.assertTrue(any(test.startswith(path.stem) and test.endswith("." + name) for test in row), name)
