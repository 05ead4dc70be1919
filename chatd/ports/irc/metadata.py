"""METADATA (draft/metadata-2 and -3): keys that people and groups show of themselves.

Rule: lists come as one batch; the two drafts are one command, but that a change of a followed key is told to who asked
for -3 as a question would have been answered, and to the others as METADATA. Before one is in (`before-connect`) what
is said of oneself waits for that; whether it may be is asked of the core at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatd import messages as m
from chatd import people
from chatd.ports.irc.channels import rows_of
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text

NEWER: Final = "draft/metadata-3"
CAPS: Final = frozenset({"draft/metadata-2", NEWER})
FAILS: Final = {
    "invalid-target": "INVALID_TARGET",
    "key-invalid": "KEY_INVALID",
    "key-not-set": "KEY_NOT_SET",
    "limit-reached": "LIMIT_REACHED",
    "no-permission": "KEY_NO_PERMISSION",
    "value-invalid": "INVALID_VALUE",
    "storage-full": "TEMPORARILY_UNAVAILABLE",
}
MOST_KEYS: Final = 20
NEEDS_KEYS: Final = frozenset({"GET", "SET", "SUB", "UNSUB"})
EARLY: Final = frozenset({"SET", "SUB"})  # what may be said before one is in


def speaks(client: Client) -> bool:
    """Whether this client has asked for one of the drafts."""
    return not CAPS.isdisjoint(client.caps)


def metadata(client: Client, line: Line) -> None:
    """METADATA target verb ..."""
    here = client.inside or client.arriving
    target, verb, rest = line.params[0], line.params[1].upper(), line.params[2:]
    function = VERBS.get(verb)
    if not speaks(client) and here:
        client.reply(n.ERR_UNKNOWNCOMMAND, line.command)
    elif not (here or (speaks(client) and verb in EARLY)):
        client.reply(n.ERR_NOTREGISTERED)
    elif function is None:
        client.fail("METADATA", "SUBCOMMAND_INVALID", verb[:32], text="There is no such subcommand.")
    elif verb in NEEDS_KEYS and not rest:
        client.reply(n.ERR_NEEDMOREPARAMS, line.command)
    elif here:
        function(client, "" if target == "*" else target, rest)
    else:
        _early(client, target, verb, rest)


# ---- before one is in ----------------------------------------------------------------------------------------------


def _early(client: Client, target: str, verb: str, rest: list[str]) -> None:
    """Of oneself only, and it is done when one is in."""
    if target not in ("*", client.wanted.get("nick")):
        client.fail("METADATA", "INVALID_TARGET", target[:64], text="Only of yourself, before you are in.")
    elif verb == "SUB":
        keys = _fit(client, rest, client.early_following)
        client.early_following.extend(key for key in keys if key not in client.early_following)
        _say_keys(client, n.RPL_METADATASUBOK, keys)
    elif len(rest) < 2 or not rest[1]:
        client.early_metadata.pop(rest[0], None)
        client.reply(n.RPL_KEYNOTSET, "*", rest[0])
    else:
        key, value = rest[:2]
        code, text = client.lookup.check_metadata(key, value)
        if code:
            client.say(_failure(client, code, text, "*", key))
        elif key not in client.early_metadata and len(client.early_metadata) >= client.facts.keys:
            client.say(_failure(client, "limit-reached", f"There are at most {client.facts.keys} keys.", "*", key))
        else:
            client.early_metadata[key] = value
            client.reply(n.RPL_KEYVALUE, "*", key, "*", text=Text(value))


def arrive(client: Client) -> None:
    """Behind the wish to come in: what was said before is done, and one's own keys come as a list."""
    if not speaks(client):
        return
    if client.early_following:
        client.ask(people.FollowMetadata, client.early_following, then=_followed_early)
    for key, value in client.early_metadata.items():
        client.ask(people.SetMetadata, "", key, value, then=_set_early)
    client.ask(people.AskMetadata, "", [], about=("", []), then=_told_of_oneself)


def _followed_early(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    if not isinstance(event, people.Followed):
        return []
    client.following = frozenset(event.keys)
    for group in client.lookup.joined(client.session):
        client.begin(Line("METADATA", [group, "SYNC"]))
        _sync(client, group, [])
    return []


def _set_early(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    return []


def _told_of_oneself(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    return _batch(client, client.nick, _changes(client, event)) if isinstance(event, people.Metadata) else []


# ---- keys of somebody, or of a group ---------------------------------------------------------------------------


def _get(client: Client, target: str, keys: list[str]) -> None:
    fit = []
    for key in keys[:MOST_KEYS]:
        code, text = client.lookup.check_metadata(key, "")
        if code:
            client.say(_failure(client, code, text, target, key))
        else:
            fit.append(key)
    if fit:
        client.ask(people.AskMetadata, target, fit, about=(target, keys), then=_listed)


def _list(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.AskMetadata, target, [], about=(target, []), then=_listed)


def _set(client: Client, target: str, rest: list[str]) -> None:
    value = rest[1] if len(rest) > 1 and rest[1] else None
    client.ask(people.SetMetadata, target, rest[0], value, about=(target, rest[:1]), then=_done)


def _clear(client: Client, target: str, rest: list[str]) -> None:
    client.ask(people.SetMetadata, target, "*", None, about=(target, ["*"]), then=_listed)


def _failed(client: Client, asked: Asked, event: m.Failed) -> list[Out]:
    target, keys = asked.about
    return [_failure(client, event.code, event.text, target or client.nick, keys[0] if keys else "*")]


def _failure(client: Client, code: str, text: str, target: str, key: str) -> Out:
    """What did not work, with what each of the codes names."""
    shown = FAILS.get(code, code.upper().replace("-", "_"))
    if shown == "INVALID_VALUE" and NEWER not in client.caps:
        return client.failure("METADATA", "VALUE_INVALID", text=text)
    named: Mapping[str, tuple[str, ...]] = {
        "INVALID_TARGET": (target,),
        "INVALID_VALUE": (key,),
        "KEY_INVALID": (key,),
        "LIMIT_REACHED": (target,),
    }
    return client.failure("METADATA", shown, *named.get(shown, (target, key)), text=text)


def _done(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return _failed(client, asked, event)
    return _lines(client, event) if isinstance(event, people.Metadata) else None


def _listed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return _failed(client, asked, event)
    return _batch(client, event.to, _lines(client, event)) if isinstance(event, people.Metadata) else None


def _batch(client: Client, to: str, outs: list[Out]) -> list[Out]:
    return _in_batch(client, outs, "metadata", client.codec.nick(to))


def _in_batch(client: Client, outs: list[Out], *what: str) -> list[Out]:
    if "batch" not in client.caps:
        return outs
    name, server = client.batch_name(), client.facts.name
    inner = [out._replace(tags={**out.tags, "batch": name}) for out in outs]
    return [Out(server, "BATCH", ("+" + name, *what)), *inner, Out(server, "BATCH", ("-" + name,))]


def _lines(client: Client, event: people.Metadata) -> list[Out]:
    """What answers a question: 761, or 766 for what is not set."""
    to = client.codec.nick(event.to)
    outs = []
    for key, value in event.values:
        if value is None:
            outs.append(client.numeric(n.RPL_KEYNOTSET, to, key))
        else:
            outs.append(client.numeric(n.RPL_KEYVALUE, to, key, "*", text=Text(value)))
    return outs


def _changes(client: Client, event: people.Metadata) -> list[Out]:
    """What nobody has asked for."""
    if NEWER in client.caps:
        return _lines(client, event)
    server, to = client.facts.name, client.codec.nick(event.to)
    return [
        Out(server, "METADATA", (to, key, "*", *((Text(value),) if value is not None else ())))
        for key, value in event.values
    ]


def told(client: Client, asked: Asked | None, event: people.Metadata) -> list[Out]:
    """A followed key was changed, or somebody has come with it."""
    return _changes(client, event) if speaks(client) else []


# ---- all of a group at once --------------------------------------------------------------------------------------


class Syncing:
    """A SYNC: what is to come in its batch, when the members are known too."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.outs: list[Out] = []
        self.failed = False


def _sync(client: Client, target: str, keys: list[str]) -> None:
    about = Syncing(target)
    client.ask(people.AskMetadata, target, [], about=about, then=_synced)
    if target[:1] == "#":
        client.ask(m.Members, target, about=about, then=_synced_members)


def _synced(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    about: Syncing = asked.about
    if isinstance(event, m.Failed):
        about.failed = True
        return [_failure(client, event.code, event.text, about.target or client.nick, "*")]
    if not isinstance(event, people.Metadata):
        return None
    about.outs = _followed_of(client, event.to, dict(event.values))
    return [] if about.target[:1] == "#" else _batch(client, event.to, about.outs)


def _synced_members(client: Client, asked: Asked, event: m.Event) -> list[Out]:
    about: Syncing = asked.about
    if about.failed or not isinstance(event, m.MemberList):
        return []
    for member in event.members:
        user = client.lookup.user(member.name)
        if user is not None and user.seen and user.metadata:
            about.outs += _followed_of(client, member.name, user.metadata)
    return _batch(client, event.group, about.outs)


def _followed_of(client: Client, to: str, values: Mapping[str, str | None]) -> list[Out]:
    followed = [(key, value) for key, value in sorted(values.items()) if key in client.following]
    return _changes(client, people.Metadata(0, to, followed))


def _later(client: Client) -> list[Out]:
    """Where there may be more to be had by SYNC, for who follows something new."""
    if NEWER not in client.caps:
        return []
    return [client.numeric(n.RPL_METADATASYNCLATER, group) for group in client.lookup.joined(client.session)]


# ---- following -----------------------------------------------------------------------------------------------------


def _fit(client: Client, keys: list[str], following: list[str]) -> list[str]:
    """Those that may be followed, in their order; what may not be has been said, and of too many the first."""
    fit: list[str] = []
    every = set(following)
    for key in keys:
        code, text = client.lookup.check_metadata(key, "")
        if code:
            client.say(_failure(client, code, text, "*", key))
            continue
        if key not in every and len(every) >= client.facts.followed:
            text = f"You can follow at most {client.facts.followed} keys."
            client.fail("METADATA", "TOO_MANY_SUBS", key, text=text)
            break
        every.add(key)
        fit.append(key)
    return list(dict.fromkeys(fit))


def _follow(client: Client, target: str, keys: list[str]) -> None:
    fit = _fit(client, keys, list(client.following))
    if fit:
        client.ask(people.FollowMetadata, fit, about=("", fit), then=_followed)


def _unfollow(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.FollowMetadata, keys, False, about=("", keys), then=_unfollowed)


def _follows(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.FollowMetadata, [], about=("", []), then=_subs)


def _say_keys(client: Client, numeric: n.Numeric, keys: list[str]) -> None:
    for out in _key_lines(client, numeric, keys):
        client.say(out)


def _key_lines(client: Client, numeric: n.Numeric, keys: list[str]) -> list[Out]:
    return [client.numeric(numeric, *row.split(" ")) for row in rows_of(client, keys)]


def _followed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        if event.code == "limit-reached":
            return [client.failure("METADATA", "TOO_MANY_SUBS", asked.about[1][0], text=event.text)]
        return _failed(client, asked, event)
    if not isinstance(event, people.Followed):
        return None
    client.following = frozenset(event.keys)
    return [*_key_lines(client, n.RPL_METADATASUBOK, asked.about[1]), *_later(client)]


def _unfollowed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return _failed(client, asked, event)
    if not isinstance(event, people.Followed):
        return None
    client.following = frozenset(event.keys)
    return _key_lines(client, n.RPL_METADATAUNSUBOK, asked.about[1])


def _subs(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, people.Followed):
        return None
    return _in_batch(client, _key_lines(client, n.RPL_METADATASUBS, event.keys), "metadata-subs")


VERBS: Final[dict[str, Callable[[Client, str, list[str]], None]]] = {
    "CLEAR": _clear,
    "GET": _get,
    "LIST": _list,
    "SET": _set,
    "SUB": _follow,
    "SUBS": _follows,
    "SYNC": _sync,
    "UNSUB": _unfollow,
}
COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int, bool]] = {"METADATA": (metadata, 2, True)}
REPLIES: dict[type, Rendered] = {people.Metadata: told}
