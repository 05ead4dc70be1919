"""Step 4: most messages need no row for their ids any more.

From the first run on, `message` has rows only for ids that do not lie in their run's window (chatd/store/repeats.py);
older messages keep theirs. `run` says at which message's number it begins and what the window is: ids of times from
`low` on and before `high`. `ahead` has the senders of ids that were ahead of the time, and until when there may be
such. Of the messages from before, the last is in the first run, whose window is all time till now.

Segments have another checksum from here on, too (chatd/store/checksum.py).
"""

from __future__ import annotations

COMPAT = 4
STATEMENTS = (
    """CREATE TABLE run (
        place INTEGER PRIMARY KEY NOT NULL,
        low INTEGER NOT NULL,
        high INTEGER NOT NULL
    )""",
    "CREATE INDEX run_low ON run (low)",
    """CREATE TABLE ahead (
        sender TEXT PRIMARY KEY NOT NULL,
        until INTEGER NOT NULL
    ) WITHOUT ROWID""",
    # Whatever is kept is either not later than now, or its sender is ahead
    """INSERT INTO run (place, low, high)
    SELECT place + last - first, 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000 FROM segment
    ORDER BY place DESC LIMIT 1""",
    """INSERT INTO ahead (sender, until)
    SELECT sender, 281474976710655 FROM message
    WHERE hex(id) >= printf('%012X', CAST(strftime('%s', 'now') AS INTEGER) * 1000) OR length(id) <> 16
    GROUP BY sender""",
)
