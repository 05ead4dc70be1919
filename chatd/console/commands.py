"""The one table of verbs: what the terminal, `ssh host verb`, `help`, completion and the tests read.

Rule: a row is in the file of what it is about; here they come together. A name stands once.
"""

from __future__ import annotations

from chatd.console import about, files, groups, messages, order, people, upkeep
from chatd.console.verbs import Verb

TABLE: dict[str, Verb] = {}
for _verb in (
    *people.VERBS,
    *groups.VERBS,
    *files.VERBS,
    *messages.VERBS,
    *order.VERBS,
    *upkeep.VERBS,
    *about.verbs(TABLE),
):
    assert _verb.name not in TABLE, _verb.name
    TABLE[_verb.name] = _verb
