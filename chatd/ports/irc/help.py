"""What HELP says of each command.

Rule: one or two lines each, in words a newcomer understands.
"""

from __future__ import annotations

from typing import Final

HELP: Final[dict[str, tuple[str, ...]]] = {
    "ACCEPT": (
        "ACCEPT nick | -nick | *",
        "Who may write to you though you take private messages of accounts only (MODE nick +R); *: shows them.",
    ),
    "AWAY": ("AWAY [:why]", "Says that you are away, and why; without a text: that you are back."),
    "CHATHISTORY": ("CHATHISTORY LATEST|BEFORE|AFTER|AROUND|BETWEEN|TARGETS ...", "Pages of what was said before."),
    "INVITE": ("INVITE [nick #group]", "Invites somebody; without a name: shows your invitations."),
    "ISON": ("ISON nick ...", "Which of these are here."),
    "JOIN": ("JOIN #group[,#group] [key,key]", "Joins a group, or makes it where there is none."),
    "KICK": ("KICK #group nick [:why]", "Removes somebody from a group you run."),
    "KLINE": ("KLINE minutes nick|address [:why]", "Keeps somebody off the server (operators of it); 0: for ever."),
    "LIST": (
        "LIST [mask,!mask,>n,<n,C>m,T<m]",
        "Groups: by name, by people, by minutes since made or since its topic.",
    ),
    "MARKREAD": ("MARKREAD target [timestamp=...]", "Up to when you have read; shared by all your clients."),
    "METADATA": (
        "METADATA target GET|LIST|SET|CLEAR|SUB|UNSUB|SUBS ...",
        "Keys that people and groups show of themselves.",
    ),
    "MODE": ("MODE #group [+-letters arguments], MODE nick [+-letters]", "Shows or changes modes: see 005, CHANMODES."),
    "MONITOR": ("MONITOR + nick,nick | - nick | C | L | S", "Tells you when they come and go."),
    "NAMES": ("NAMES [#group]", "Who is in a group."),
    "NICK": ("NICK name", "What you are called from now on."),
    "NOTICE": ("NOTICE target :text", "Like PRIVMSG, and no program answers it."),
    "OPER": ("OPER name password", "Makes you an operator of the server."),
    "PART": ("PART #group [:why]", "Leaves a group."),
    "PRIVMSG": ("PRIVMSG target[,target] :text", "Says something to a person or a group; who is away gets it later."),
    "QUIT": ("QUIT [:why]", "Says goodbye."),
    "REDACT": ("REDACT target msgid [:why]", "Takes a message back for everybody."),
    "REGISTER": ("REGISTER account|* email|* password", "Makes your nick an account; no mail address is needed."),
    "RENAME": ("RENAME #old #new [:why]", "Gives a group another name."),
    "SETNAME": ("SETNAME :real name", "Changes your real name."),
    "TOPIC": ("TOPIC #group [:text]", "Shows or sets what a group is about."),
    "UNKLINE": ("UNKLINE nick|address", "Lets them come in again (operators of the server)."),
    "WHO": ("WHO mask [%fields]", "Who fits; a group's name: who is in it."),
    "WHOIS": ("WHOIS nick", "What is known about somebody."),
    "WHOWAS": ("WHOWAS nick [count]", "Who had a nick before."),
}
INDEX: Final = ("HELP command says more. There are:", *(
    " ".join(sorted(HELP)[at : at + 8]) for at in range(0, len(HELP), 8)
))  # fmt: skip
