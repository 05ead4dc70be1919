"""METADATA (draft/metadata-2): keys that people and groups show of themselves.

Rule: lists come as one batch; a change of a followed key comes as the numeric that a question would have got.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd import messages as m
from chatd import people
from chatd.ports.irc.channels import rows_of
from chatd.ports.irc.client import Asked, Client, Rendered
from chatd.ports.irc.out import Out
from chatd.wire import numerics as n
from chatd.wire.irc import Line, Text

CAP: Final = "draft/metadata-2"
FAILS: Final = {
    "invalid-target": "INVALID_TARGET",
    "key-invalid": "KEY_INVALID",
    "limit-reached": "LIMIT_REACHED",
    "no-permission": "KEY_NO_PERMISSION",
    "value-invalid": "INVALID_VALUE",
    "storage-full": "TEMPORARILY_UNAVAILABLE",
}
MOST_KEYS: Final = 20


def metadata(client: Client, line: Line) -> None:
    """METADATA target verb ..."""
    target, verb, rest = line.params[0], line.params[1].upper(), line.params[2:]
    function = VERBS.get(verb)
    if CAP not in client.caps:
        client.reply(n.ERR_UNKNOWNCOMMAND, line.command)
    elif function is None:
        client.fail("METADATA", "SUBCOMMAND_INVALID", verb[:32], text="There is no such subcommand.")
    elif verb in ("GET", "SET", "SUB", "UNSUB") and not rest:
        client.reply(n.ERR_NEEDMOREPARAMS, line.command)
    else:
        function(client, "" if target == "*" else target, rest)


def _get(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.AskMetadata, target, keys[:MOST_KEYS], about=(target, keys), then=_listed)


def _list(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.AskMetadata, target, [], about=(target, []), then=_listed)


def _sync(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.AskMetadata, target, [], about=(target, []), then=_synced)


def _set(client: Client, target: str, rest: list[str]) -> None:
    value = rest[1] if len(rest) > 1 and rest[1] else None
    client.ask(people.SetMetadata, target, rest[0], value, about=(target, rest[:1]), then=_done)


def _clear(client: Client, target: str, rest: list[str]) -> None:
    client.ask(people.SetMetadata, target, "*", None, about=(target, ["*"]), then=_listed)


def _failed(client: Client, asked: Asked, event: m.Failed) -> list[Out]:
    target, keys = asked.about
    shown = target or client.nick
    if event.code == "key-not-set":
        return [client.numeric(n.RPL_KEYNOTSET, shown, keys[0])]
    code = FAILS.get(event.code, event.code.upper().replace("-", "_"))
    named = {"KEY_NO_PERMISSION": (shown, *(keys[:1] or ["*"])), "INVALID_TARGET": (shown,)}
    context = named.get(code, tuple(keys[:1]))
    return [client.failure("METADATA", code, *context, text=event.text)]


def _done(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return _failed(client, asked, event)
    return _lines(client, event) if isinstance(event, people.Metadata) else None


def _listed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return _failed(client, asked, event)
    return _batch(client, event, _lines(client, event)) if isinstance(event, people.Metadata) else None


def _synced(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, people.Metadata):
        return _listed(client, asked, event)
    followed = [(key, value) for key, value in event.values if key in client.following]
    return _batch(client, event, _lines(client, people.Metadata(0, event.to, followed)))


def _batch(client: Client, event: people.Metadata, outs: list[Out]) -> list[Out]:
    if "batch" not in client.caps:
        return outs
    name, server = client.batch_name(), client.facts.name
    inner = [out._replace(tags={**out.tags, "batch": name}) for out in outs]
    opening = Out(server, "BATCH", ("+" + name, "metadata", client.codec.nick(event.to)))
    return [opening, *inner, Out(server, "BATCH", ("-" + name,))]


def _lines(client: Client, event: people.Metadata) -> list[Out]:
    to = client.codec.nick(event.to)
    outs = []
    for key, value in event.values:
        if value is None:
            outs.append(client.numeric(n.RPL_KEYNOTSET, to, key))
        else:
            outs.append(client.numeric(n.RPL_KEYVALUE, to, key, "*", text=Text(value)))
    return outs


def _follow(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.FollowMetadata, keys, about=(target, keys), then=_followed)


def _unfollow(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.FollowMetadata, keys, False, about=(target, keys), then=_unfollowed)


def _follows(client: Client, target: str, keys: list[str]) -> None:
    client.ask(people.FollowMetadata, [], about=(target, []), then=_subs)


def _followed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return _failed(client, asked, event)
    if not isinstance(event, people.Followed):
        return None
    client.following = frozenset(event.keys)
    return [client.numeric(n.RPL_METADATASUBOK, *row.split(" ")) for row in rows_of(client, asked.about[1])]


def _unfollowed(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if isinstance(event, m.Failed):
        return _failed(client, asked, event)
    if not isinstance(event, people.Followed):
        return None
    client.following = frozenset(event.keys)
    return [client.numeric(n.RPL_METADATAUNSUBOK, *row.split(" ")) for row in rows_of(client, asked.about[1])]


def _subs(client: Client, asked: Asked, event: m.Event) -> list[Out] | None:
    if not isinstance(event, people.Followed):
        return None
    outs = [client.numeric(n.RPL_METADATASUBS, *row.split(" ")) for row in rows_of(client, event.keys)]
    if "batch" not in client.caps:
        return outs
    name, server = client.batch_name(), client.facts.name
    inner = [out._replace(tags={"batch": name}) for out in outs]
    opening = Out(server, "BATCH", ("+" + name, "metadata-subs"))
    return [opening, *inner, Out(server, "BATCH", ("-" + name,))]


def told(client: Client, asked: Asked | None, event: people.Metadata) -> list[Out]:
    """A followed key was changed."""
    return _lines(client, event) if CAP in client.caps else []


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
COMMANDS: dict[str, tuple[Callable[[Client, Line], None], int]] = {"METADATA": (metadata, 2)}
REPLIES: dict[type, Rendered] = {people.Metadata: told}
