"""RPL_ISUPPORT (005): what the server says of itself, so that clients need not guess.

Rule: every token is true; the limits are the configuration's.
"""

from __future__ import annotations

from typing import Final

from chatd.ports.irc.client import Client, Facts
from chatd.ports.irc.out import Out
from chatd.wire.numerics import RPL_ISUPPORT

USER_MODES: Final = "BRTiow"
LISTS, KEY, PARAMETER, FLAGS, PREFIX = "beI", "k", "fl", "CMRUimnstu", "qaohv"
MYINFO: Final = (
    "".join(sorted(LISTS + KEY + PARAMETER + FLAGS + PREFIX)),
    "".join(sorted(LISTS + KEY + PARAMETER + PREFIX)),
)
IN_ONE_LINE: Final = 12


def tokens(facts: Facts) -> list[str]:
    """All of them, sorted."""
    uploads = [f"{name}={facts.uploads}" for name in ("draft/FILEHOST", "soju.im/FILEHOST") if facts.uploads]
    return sorted((
        *uploads,
        "ACCOUNTEXTBAN=a",
        f"AWAYLEN={facts.away_chars}",
        "BOT=B",
        "CASEMAPPING=ascii",
        f"CHANLIMIT=#:{facts.groups}",
        f"CHANMODES={LISTS},{KEY},{PARAMETER},{FLAGS}",
        f"CHANNELLEN={facts.group_chars}",
        "CHANTYPES=#",
        f"CHATHISTORY={facts.page}",
        "ELIST=CMNTU",
        "EXCEPTS=e",
        "EXTBAN=,am",
        "INVEX=I",
        f"KICKLEN={facts.topic_chars}",
        f"MAXLIST={LISTS}:{facts.masks}",
        "MAXTARGETS=10",
        "MODES=100",
        f"MONITOR={facts.monitored}",
        "MSGREFTYPES=msgid,timestamp",
        f"NETWORK={facts.network}",
        f"NICKLEN={facts.nick_chars}",
        f"PREFIX=({PREFIX})~&@%+",
        "STATUSMSG=~&@%+",
        "TARGMAX=NAMES:10,LIST:1,KICK:,WHOIS:1,PRIVMSG:10,NOTICE:10,TAGMSG:10,JOIN:,PART:,MONITOR:",
        f"TOPICLEN={facts.topic_chars}",
        "UTF8ONLY",
        "UTF8MAPPING=rfc8265",
        "WHOX",
    ))  # fmt: skip


def lines(client: Client) -> list[Out]:
    """The lines of 005."""
    every = tokens(client.facts)
    return [client.numeric(RPL_ISUPPORT, *every[at : at + IN_ONE_LINE]) for at in range(0, len(every), IN_ONE_LINE)]
