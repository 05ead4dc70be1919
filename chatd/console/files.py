"""Verbs about files: the largest, who has how much, taking one away.

Rule: as of `verbs`. Neither names nor contents of files are shown.
"""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import Deferred

from chatd.console.people import MOST, SHOW, more
from chatd.console.shown import moment
from chatd.console.verbs import Answer, Argument, Call, Value, Verb
from chatd.operations import files


def _row(one: files.FileIs) -> dict[str, Value]:
    return {
        "id": one.id[:12], "owner": one.owner, "to": " ".join(one.to), "bytes": one.bytes, "written": one.written,
        "whole": one.whole, "at": moment(one.at), "until": moment(one.until),
    }  # fmt: skip


def files_list(call: Call) -> Answer:
    """The largest."""
    found, count = files.files(call.service, call["user"] or "", call["most"] or MOST)
    rows = [_row(one) for one in found]
    return Answer(rows, more(count, len(rows), f"{count} files."))


def files_quota(call: Call) -> Answer:
    """Who has how much."""
    rows: list[dict[str, Value]] = [
        {
            "name": one.name, "files": one.files, "of-files": one.most_files, "bytes": one.bytes,
            "of-bytes": one.most_bytes,
        }
        for one in files.quotas(call.service, call["user"] or "", call["most"] or MOST)
    ]  # fmt: skip
    return Answer(rows, "" if rows else "Nobody has any.")


def files_rm(call: Call) -> Deferred[Answer]:
    """Take one away."""
    return files.remove(call.service, call["id"]).addCallback(lambda one: Answer([_row(one)], "It is gone."))


WHOSE: Final = Argument("user", "user", "only theirs", False)
VERBS: Final = (
    Verb("files list", "staff", files_list, "the largest files: whose, for whom, until when", "files list @alice",
         (WHOSE, SHOW)),
    Verb("files quota", "staff", files_quota, "who has how much", "files quota @alice", (WHOSE, SHOW)),
    Verb("files rm", "admin", files_rm, "take a file away", "files rm 1f2e3d4c5b6a",
         (Argument("id", "word", "its id, as `files list` shows it"),), changes=True, destructive=True),
)  # fmt: skip
