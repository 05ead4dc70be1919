"""What leaves: a durable turn's items become bytes, each encoded once per protocol, and one write a session.

Rule: what a session hears of one conversation is in the log's order, and its own answers are in its commands' order.
Messages of a conversation that leave together are joined once and the same bytes go to every reader; a reader who
sent some of them gets the join without their own. Anything else first lets the joined messages go, so that nothing
overtakes; only `accepted` may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from chatd import messages as m
from chatd.core.groups import Audience
from chatd.core.mailbox import settle
from chatd.core.turn import Cast, Event, Post, Reply, Then, Turn
from chatd.core.users import Codec, Link, Session
from chatd.entries import Stored


class Release:
    """One release: collects each link's bytes and writes them at its end."""

    def __init__(self) -> None:
        self._out: dict[Link, list[bytes]] = {}
        self._runs: dict[Audience, list[tuple[Link, m.Message]]] = {}
        self.posted: Callable[[Post, Stored, str], None] | None = None  # somebody watches

    def turns(self, turns: Sequence[Turn], stored: Iterator[Stored]) -> None:
        """Let turns go, in order; `stored` has one outcome for each message in them."""
        runs, post = self._runs, self._post
        for turn in turns:
            for item in turn.items:
                if type(item) is Post:
                    post(item, next(stored))
                    continue
                if runs:
                    self._flush_runs()
                if type(item) is Reply:
                    self.say(item.session, item.event)
                elif type(item) is Cast:
                    self.cast(item.audience, item.event, item.but)
                elif type(item) is Then:
                    item.function(*item.arguments)

    def say(self, session: Session, event: Event) -> None:
        """Tell one session, behind what it has been told so far."""
        self._put(session.link, session.link.encode(event))

    def _put(self, link: Link, data: bytes) -> None:
        if not data:
            return  # its protocol has no words for it
        out = self._out.get(link)
        if out is None:
            self._out[link] = [data]
        else:
            out.append(data)

    def _post(self, post: Post, stored: Stored) -> None:
        conversation, append, link = post.conversation, post.append, post.session.link
        name = post.name
        state = settle(post, stored)
        if self.posted is not None:
            self.posted(post, stored, state)
        if not stored.repeat:
            message = m.Message(
                name, stored.seq, stored.at, append.sender, append.id, post.text, append.content, append.tags
            )
            run = self._runs.get(conversation.audience)
            if run is None:
                self._runs[conversation.audience] = [(link, message)]
            else:
                run.append((link, message))
        self._put(link, link.encode(m.Accepted(post.ref, name, stored.seq, stored.at, state)))

    def _flush_runs(self) -> None:
        for audience, run in self._runs.items():
            for codec, links in audience.by_codec():
                self._join(codec, links, run)
        self._runs.clear()

    def _join(self, codec: Codec, links: list[Link], run: list[tuple[Link, m.Message]]) -> None:
        """Give each link the run's messages, but for its own."""
        encode = codec.encode
        parts = [(sender, encode(message)) for sender, message in run]
        joined = b"".join([data for _, data in parts])
        senders = {sender for sender, _ in parts}
        out = self._out
        for link in links:
            data = joined
            if link in senders:
                data = b"".join([part for sender, part in parts if sender is not link])
            if not data:
                continue
            mine = out.get(link)
            if mine is None:
                out[link] = [data]
            else:
                mine.append(data)

    def cast(self, to: Audience | Iterable[Session], event: Event, but: Session | None = None) -> None:
        """Tell an audience, or some sessions, behind what each has been told so far."""
        out, but_link = self._out, but.link if but is not None else None
        for codec, links in to.by_codec() if isinstance(to, Audience) else _by_codec(to):
            data = codec.encode(event)
            if not data:
                continue
            for link in links:
                if link is not but_link:
                    out.setdefault(link, []).append(data)

    def write(self) -> None:
        """Write what each link got, in one write a link."""
        if self._runs:
            self._flush_runs()
        for link, parts in self._out.items():
            link.write(parts[0] if len(parts) == 1 else b"".join(parts))
        self._out.clear()


def _by_codec(sessions: Iterable[Session]) -> Iterable[tuple[Codec, list[Link]]]:
    links: dict[Codec, list[Link]] = {}
    for session in sessions:
        links.setdefault(session.link.codec, []).append(session.link)
    return links.items()
