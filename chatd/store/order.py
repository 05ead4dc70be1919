"""Of the SQLite store: accounts as staff change them, invitations, sanctions, the roster, reports.

Rule: as in `directory`, whose tables of statements take these in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chatd.entries import (
    AccountSet,
    Entry,
    InvitationSet,
    NameKept,
    ReportGone,
    ReportSet,
    RosterSet,
    SanctionGone,
    SanctionSet,
    UserGone,
)

WRITES: Final[dict[type[Entry], tuple[str, ...]]] = {
    AccountSet: (
        "UPDATE user SET name = ?2, key = ?3, skeleton = ?4, role = ?5 WHERE user = ?1 RETURNING user",
        "DELETE FROM former WHERE user = ?1 AND key = ?3 AND ?5 IS NOT NULL",
    ),
    NameKept: (
        """INSERT INTO former (user, name, key, skeleton) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, skeleton = excluded.skeleton
        WHERE user = excluded.user RETURNING user""",
    ),
    UserGone: (
        """DELETE FROM letter WHERE letter IN (
            SELECT letter FROM device JOIN delivery USING (device) WHERE user = ?1)
        AND NOT EXISTS (SELECT 1 FROM delivery AS other JOIN device USING (device)
            WHERE other.letter = letter.letter AND device.user <> ?1)""",
        "DELETE FROM list WHERE user = ?1",
        "DELETE FROM correspondent WHERE low = ?1 OR high = ?1",
        "DELETE FROM reset WHERE user = ?1",
        "DELETE FROM backup WHERE user = ?1",
        "DELETE FROM knock WHERE user = ?1",
        "DELETE FROM cursor WHERE device IN (SELECT device FROM device WHERE user = ?1)",
        "DELETE FROM device WHERE user = ?1",
        "DELETE FROM certificate WHERE user = ?1",
        "DELETE FROM setting WHERE user = ?1",
        "DELETE FROM metadata WHERE user = ?1",
        "DELETE FROM marker WHERE user = ?1",
        "DELETE FROM former WHERE user = ?1",
        "DELETE FROM sanction WHERE user = ?1",
        "DELETE FROM roster WHERE user = ?1",
        "DELETE FROM offer WHERE user = ?1",
        "UPDATE user SET verifier = '', scram = '' WHERE user = ?1 RETURNING user",
    ),
    InvitationSet: (
        """INSERT INTO offer (invitation, uses, until, conversation, user, by, at)
        VALUES (?1, ?2, ?3, ?4, nullif(?5, 0), ?6, ?7)
        ON CONFLICT (invitation) DO UPDATE
        SET uses = excluded.uses, until = excluded.until, conversation = excluded.conversation, user = excluded.user,
            by = excluded.by, at = excluded.at""",
    ),
    SanctionSet: (
        """REPLACE INTO sanction (kind, user, network, until, reason, by, at)
        VALUES (?1, nullif(?2, 0), nullif(?3, ''), ?4, ?5, ?6, ?7)""",
    ),
    SanctionGone: (
        "DELETE FROM sanction WHERE kind = ?1 AND user IS nullif(?2, 0) AND network IS nullif(?3, '')",
    ),
    RosterSet: (
        "INSERT INTO roster (user, groups) VALUES (?1, ?2) ON CONFLICT (user) DO UPDATE SET groups = excluded.groups",
    ),
    ReportSet: (
        """REPLACE INTO report
        (report, reporter, conversation, seq, sender, text, reason, at, state, by, note, changed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)""",
    ),
    ReportGone: ("DELETE FROM report WHERE report = ?1",),
}  # fmt: skip

LOAD_OFFERS: Final = """
SELECT invitation, uses, until, conversation, ifnull(user, 0), by, at FROM offer ORDER BY invitation"""
LOAD_NAMES: Final = "SELECT user, name, key, skeleton FROM former ORDER BY key"
LOAD_SANCTIONS: Final = """
SELECT kind, ifnull(user, 0), ifnull(network, ''), until, reason, by, at FROM sanction ORDER BY 1, 2, 3"""
LOAD_ROSTER: Final = "SELECT user, groups FROM roster ORDER BY user"
LOAD_REPORTS: Final = """
SELECT report, reporter, conversation, seq, sender, text, reason, at, state, by, note, changed
FROM report ORDER BY report"""


def loaded(rows: Callable[[str], list[Any]]) -> dict[str, list[Any]]:
    """What a directory has of it; `rows` runs a statement."""
    return {
        "offers": [InvitationSet(*row) for row in rows(LOAD_OFFERS)],
        "names": [NameKept(*row) for row in rows(LOAD_NAMES)],
        "sanctions": [SanctionSet(*row) for row in rows(LOAD_SANCTIONS)],
        "roster": [RosterSet(*row) for row in rows(LOAD_ROSTER)],
        "reports": [ReportSet(*row) for row in rows(LOAD_REPORTS)],
    }
