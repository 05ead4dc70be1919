"""What leaves: a durable turn's items become bytes, each encoded once per protocol, and one write a session.

Rule: what a session hears of one conversation is in the log's order, and its own answers are in its commands' order.
Messages of a conversation that leave together are joined once and the same bytes go to every reader; a reader who
sent some of them gets the join without their own. Anything else first lets the joined messages go, so that nothing
overtakes; only `accepted` may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import filterfalse

from chatd import messages as m
from chatd.core.groups import Audience, Conversation
from chatd.core.mailbox import repeated, standing
from chatd.core.turn import Cast, Event, Post, Reply, Then, Turn
from chatd.core.users import Codec, Link, Session
from chatd.entries import Stored


class Burst:
    """What one session says to one conversation in a row: `state` is how all of that stands with its readers."""

    __slots__ = ("accepted", "conversation", "link", "messages", "sender", "session", "state")

    def __init__(self, session: Session, conversation: Conversation) -> None:
        assert session.user is not None
        self.session = session
        self.conversation = conversation
        self.link = session.link
        self.sender = session.user
        self.state = standing(conversation, session.user)
        self.accepted: list[m.Accepted] = []
        self.messages: list[m.Message] = []


class Release:
    """One release: collects each link's bytes and writes them at its end."""

    def __init__(self) -> None:
        self._out: dict[Link, list[bytes]] = {}
        self._runs: dict[Audience, list[Burst]] = {}
        self.posted: Callable[[Post, m.Send, Stored, str], None] | None = None  # somebody watches

    def turns(self, turns: Sequence[Turn], stored: Iterator[Stored]) -> None:
        """Let turns go, in order; `stored` has one outcome for each message in them."""
        posts: list[Post] = []
        for turn in turns:
            for item in turn.items:
                if type(item) is Post:
                    posts.append(item)
                    continue
                if posts:
                    self._post(posts, stored)
                    self._flush_runs()
                    posts = []
                if type(item) is Reply:
                    self.say(item.session, item.event)
                elif type(item) is Cast:
                    self.cast(item.audience, item.event, item.but)
                elif type(item) is Then:
                    item.function(*item.arguments)
        if posts:
            self._post(posts, stored)

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

    def _post(self, posts: list[Post], stored: Iterator[Stored]) -> None:
        """Messages that follow one another."""
        burst = self._burst(posts[0])
        for post in posts:
            if post.session is not burst.session or post.conversation is not burst.conversation:
                self._answer(burst)
                burst = self._burst(post)
            self._fill(burst, post, stored)
        self._answer(burst)

    def _fill(self, burst: Burst, post: Post, stored: Iterator[Stored]) -> None:
        """With what the store says of each message of a post."""
        name, sender, watcher = post.name, post.sender, self.posted
        told, accepted = burst.messages.append, burst.accepted.append
        for said, one in zip(post.said, stored, strict=False):  # `stored` goes on with what comes later
            seq, at, state = one.seq, one.at, burst.state
            if one.repeat:
                state = repeated(post, one)
            else:
                told(m.Message(name, seq, at, sender, said.id, said.text, said.kind, said.tags))
            accepted(m.Accepted(said.ref, name, seq, at, state))
            if watcher is not None:
                watcher(post, said, one, state)

    def _burst(self, post: Post) -> Burst:
        burst = Burst(post.session, post.conversation)
        run = self._runs.get(post.conversation.audience)
        if run is None:
            self._runs[post.conversation.audience] = [burst]
        else:
            run.append(burst)
        return burst

    def _answer(self, burst: Burst) -> None:
        """It is over."""
        if burst.messages:
            burst.conversation.grow(burst.messages[0].seq, burst.messages[-1].seq, burst.sender)
        self._put(burst.link, burst.link.encode_all(burst.accepted))

    def _flush_runs(self, last: bool = False) -> None:
        """Joined messages; `last`: nothing comes behind them, so the widest audience gets its bytes at once."""
        runs = list(self._runs.items())
        if last and len(runs) > 1:
            runs.sort(key=_width)
        for audience, run in runs:
            final = last and audience is runs[-1][0]
            for codec, links in audience.by_codec():
                self._join(codec, links, run, final)
        self._runs.clear()

    def _join(self, codec: Codec, links: list[Link], run: list[Burst], last: bool = False) -> None:
        """Give each link the run's messages, but for its own; `last`: nothing comes behind them in this release."""
        parts = [(burst.link, data) for burst in run if (data := codec.encode_all(burst.messages))]
        if not parts:
            return
        joined = parts[0][1] if len(parts) == 1 else b"".join([data for _, data in parts])
        senders = {sender for sender, _ in parts}
        out = self._out
        if last:
            special = senders.union(out)
            same = list(filterfalse(special.__contains__, links))
            links = list(filter(special.__contains__, links)) if len(same) < len(links) else []
            if same and joined:
                same[0].write_all(same, joined)
        for link in links:
            told = [part for sender, part in parts if sender is not link] if link in senders else [joined]
            mine = out.get(link)
            if mine is not None:
                mine += told
            elif told:
                out[link] = told

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
            self._flush_runs(last=True)
        for link, parts in self._out.items():
            if len(parts) == 1:
                link.write(parts[0])
            else:
                link.write_parts(parts)
        self._out.clear()


def _width(run: tuple[Audience, list[Burst]]) -> int:
    return len(run[0].sessions)


def _by_codec(sessions: Iterable[Session]) -> Iterable[tuple[Codec, list[Link]]]:
    links: dict[Codec, list[Link]] = {}
    for session in sessions:
        links.setdefault(session.link.codec, []).append(session.link)
    return links.items()
