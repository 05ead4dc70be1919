"""Every limit of the service with its default and its reason, and the token bucket that keeps the rates.

Rule: pure. Time is an argument (seconds of any clock that only goes forward), and nothing here grows without bound.
A school is one address, so limits are per account first; per-address limits are wide and only meet strangers.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from functools import lru_cache
from typing import Final

import msgspec

KIB: Final = 1024
MIB: Final = 1024 * KIB
DAY: Final = 86_400


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """All limits. Sizes are in bytes, times in seconds, counts per account unless the line says otherwise."""

    # what one message may be
    text_bytes: int = 16_384  # a long paragraph; more is a file
    text_lines: int = 100  # of a message that IRC clients send in several
    topic_chars: int = 390  # what an IRC TOPIC line can carry
    away_chars: int = 200  # one line of a list
    realname_chars: int = 150  # likewise
    tags_bytes: int = 4_094  # what IRCv3 lets a client send

    # what one account may have
    sessions: int = 10  # desk, laptop, telephone, some scripts
    devices: int = 10  # each costs its own copy in encrypted conversations
    metadata_keys: int = 50  # of a person or a group
    metadata_value_bytes: int = 300  # with the names around it, it fits a line of IRC
    metadata_followed: int = 100  # keys of one session
    certificates: int = 10  # of TLS clients
    monitors: int = 100  # names of one session
    groups: int = 500  # memberships; each is a row and a cursor per device
    masks: int = 100  # of a group, on its three lists together
    mask_chars: int = 200  # a nick, a name and a host
    key_chars: int = 50  # of a group; it is typed, and read aloud
    mode_changes: int = 100  # in one command; each gets an answer
    slow_seconds: int = 21_600  # an hour is enough for most; above six a group is one for announcements
    markers: int = 500  # of what one has no conversation with; kept in memory only
    talks_bytes: int = 8 * MIB  # of all: what is said to guests, and to oneself; in memory only
    mailbox_messages: int = 10_000  # unread direct messages, at most 160 MiB; then the sender is told `mailbox-full`
    files: int = 1_000
    uploads: int = 20  # files that are not whole
    files_bytes: int = 2 * 1024 * MIB  # of all of an account's files that are kept: a term's exercises, and one film
    file_bytes: int = 1_026 * MIB  # of one: a gigabyte and what its encryption adds
    file_readers: int = 20  # people and groups that one file is for
    file_window_bytes: int = 4 * MIB  # of a session, on their way to the disk or from it; a client keeps to about half
    file_chunk_bytes: int = 131_072  # in one command; half of the longest frame

    # end-to-end encryption
    list_bytes: int = 16_384  # one signed list of devices; ten devices are 2.3 KiB
    lists_bytes: int = 262_144  # all of an account, which are kept for ever: hundreds of changes
    one_time_keys: int = 100  # of a device; programs keep 50 there
    claimed_devices: int = 1_000  # in one command
    mail_item_bytes: int = 65_536  # one ciphertext; what is longer is a file
    mail_items: int = 2_000  # devices that one command's items are for
    mailbox_items: int = 20_000  # of a device, not acknowledged; then the sender is told `mailbox-full`
    mailbox_bytes: int = 64 * MIB  # likewise
    circles_made: int = 50  # encrypted groups of one creator
    circle_members: int = 1_000
    circle_entry_bytes: int = 2_048  # one change of a group, signed; ours have 400
    circle_bytes: int = 524_288  # of all changes of one: a thousand, which everybody in it reads
    knocks: int = 20  # groups that somebody waits to be let into
    circle_knocks: int = 300  # people who wait to be let into one group: a class, the first time
    knocks_told: int = 8  # people who are told at once of somebody who asks; the others when they come
    backup_bytes: int = 65_536  # one's user key, encrypted with the recovery code, and what one's groups are called
    reset_seconds: float = 86_400.0  # until a new user key takes effect: time to see the alarm and stop it
    mail_days: int = 30  # what no device has fetched by then goes, and so do the answers to what was sent

    # how fast one account may be; sources on this machine are exempt from the message rate
    message_rate: float = 30.0  # messages a second: faster than anybody types, slow enough for a class of 300
    message_burst: int = 300  # a paste, or an outbox after a night without network
    line_rate: float = 100.0  # lines of IRC a second, whatever they say; from elsewhere than this machine
    line_burst: int = 1_000  # a client that comes back says a few for each of its groups
    groups_made_burst: int = 20
    groups_made_per_hour: int = 20  # a group is for ever
    invitations_burst: int = 100
    invitations_per_hour: int = 100  # three classes
    reports_burst: int = 20
    reports_per_hour: int = 20  # each is for somebody to read
    joins_burst: int = 60  # a client that comes back to all its groups
    joins_per_minute: int = 60  # each is told to everybody in the group
    lists_burst: int = 30  # who, members, groups, history, unknown names: the answers cost more than the questions
    lists_per_second: float = 5.0
    # of encryption; for sources on this machine, too
    lists_made_burst: int = 20
    lists_made_per_hour: int = 20  # each is kept for ever, and told to everybody one writes to
    key_uploads_burst: int = 20
    key_uploads_per_minute: int = 10
    claims_burst: int = 100  # devices: the first message to a class
    claims_per_minute: int = 20  # whoever drains keys weakens the secrecy of others
    keys_of_one_device_per_day: int = 5  # for one account; then its fallback key
    circle_entries_burst: int = 300  # a class is put into a group
    circle_entries_per_minute: int = 60
    doors_burst: int = 60  # names tried and groups asked for
    doors_per_minute: int = 30
    backups_burst: int = 5
    backups_per_hour: int = 5  # a stolen password shall not be good for many tries
    books_burst: int = 30  # of what is kept there: it changes with one's groups
    books_per_hour: int = 60
    signed_kib_burst: int = 2_000  # of chains that are asked for
    signed_kib_per_second: int = 50

    # strangers: before login, by address prefix (see `prefix`); sources on this machine and trusted networks are wider
    signups_burst: int = 400  # 300 pupils behind one address sign up within 10 s
    signups_per_minute: int = 60
    login_failures_per_account_and_prefix: int = 3  # a minute; guessing takes years
    login_failures_per_prefix: int = 20  # a minute, over all names; not for trusted networks
    login_attempts: int = 6  # of one connection, then it is cut
    waiting: int = 4_000  # connections that are not logged in, all together: 4,000 x 64 KiB is bearable
    waiting_per_prefix: int = 1_000  # of them from one prefix; a school that comes back at once fits
    login_seconds: float = 20.0  # a connection that has not logged in by then is closed, handshake included
    prompt_seconds: float = 1.0  # programs say something at once: who is silent so long is asked for a name
    prompt_crowd: int = 20  # but not among so many who have said nothing: a crowd that comes at once is programs
    person_seconds: float = 160.0  # how much longer than a program a person may take to say a name
    password_chars: int = 6  # of a new one, no fewer: guesses are throttled to a few a minute
    password_queue: int = 64  # checks that wait for a hashing thread; 64 x 25 ms on two threads is under a second

    # connections
    frame_bytes_before_login: int = 16_384  # what a stranger may make us hold
    frame_bytes: int = 262_144  # a text of 16 KiB many times over; a page of history fits
    unsent_bytes: int = 1 * MIB  # high-water mark of what waits for a slow reader
    stall_seconds: float = 30.0  # a reader that took nothing for so long is cut; its mail stays
    silent_seconds: float = 180.0  # three missed pings
    malformed_frames: int = 16  # frames of one connection that make no sense; a client with a bug, not a guess

    # answers
    presence_audience: int = 500  # sessions; with more, comings and goings are not pushed: n people make n * n events
    presence_at_once: int = 50  # sessions; with more, comings and goings are gathered and told in slices
    presence_seconds: float = 0.25  # how long they are gathered
    presence_slice: int = 5  # sessions told at once of what was gathered: as many writes with TLS are 0.3 ms
    near_names: int = 3  # similar names in an error
    history_page: int = 200  # messages in one answer
    list_length: int = 1_000  # people or groups in one answer
    past_people: int = 1_000  # who left or was called otherwise; a school's morning

    # the node
    waiting_entries: int = 10_000  # entries that wait for a commit; with more, their senders are not read from

    # what is kept
    retention_days: int = 180  # messages; a term
    file_days: int = 30  # files, once they are whole
    upload_days: int = 2  # files that are not whole yet
    token_days: int = 30  # a session may be resumed without the keys
    disk_reserve_bytes: int = 32 * MIB  # below this much free disk nothing new is accepted, reading goes on


class Bucket:
    """A token bucket: `burst` tokens at first, `per_second` come back, never more than `burst`."""

    __slots__ = ("_at", "_tokens", "burst", "per_second")

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self.per_second = per_second
        self.burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float, n: float = 1) -> float:
        """Take `n` tokens: 0.0, or, without taking any, the seconds until there are so many.

        `n` above the burst never fits at once; it is let through when the bucket is full, and leaves a debt.
        """
        wait = self.wait(now, n)
        if not wait:
            self._tokens -= n
        return wait

    def wait(self, now: float, n: float = 1) -> float:
        """What `take` would answer, without taking: for limits that count failures only."""
        self._refill(now)
        missing = min(n, self.burst) - self._tokens
        if missing <= 1e-9:  # rounding must not make somebody wait who waited as told
            return 0.0
        return missing / self.per_second if self.per_second else float("inf")

    def owe(self, n: float) -> None:
        """Take `n` tokens that are not there."""
        self._tokens -= n

    def full(self, now: float) -> bool:
        """Whether it is as good as new, so that it may be forgotten."""
        self._refill(now)
        return self._tokens >= self.burst

    def level(self, now: float) -> float:
        """The tokens there are; below zero is debt."""
        self._refill(now)
        return self._tokens

    def _refill(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.per_second)
            self._at = now


class Buckets:
    """One bucket per key, all of one rate, at most `size` of them.

    Full ones are forgotten first (they say nothing), a few at each new key. When all `size` are in use, new keys share
    one bucket of the same rate: an attacker with many addresses slows down strangers, never those already known, and
    memory stays bounded.
    """

    __slots__ = ("_buckets", "_rest", "burst", "per_second", "size")

    def __init__(self, per_second: float, burst: float, size: int = 10_000) -> None:
        self.per_second = per_second
        self.burst = burst
        self.size = size
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()  # a dict finds its oldest key slowly after many pops
        self._rest: Bucket | None = None

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float, n: float = 1) -> float:
        """Take `n` tokens of this key's bucket: 0.0, or the seconds to wait."""
        return self._of(key, now).take(now, n)

    def wait(self, key: str, now: float, n: float = 1) -> float:
        """What `take` would answer, without taking and without remembering a new key."""
        bucket = self._buckets.get(key) or (self._rest if len(self._buckets) >= self.size else None)
        return bucket.wait(now, n) if bucket else 0.0

    def spend(self, key: str, now: float, n: float = 1) -> float:
        """Take `n` tokens even if that leaves a debt: 0.0, or the seconds until the debt is paid."""
        bucket = self._of(key, now)
        if bucket.take(now, n):
            bucket.owe(n)
        return bucket.wait(now, 0)

    def forget(self, key: str) -> None:
        """Make this key's bucket full again."""
        self._buckets.pop(key, None)

    def _of(self, key: str, now: float) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            self._sweep(now)
            if len(self._buckets) >= self.size:
                if self._rest is None:
                    self._rest = Bucket(self.per_second, self.burst, now)
                return self._rest
            bucket = self._buckets[key] = Bucket(self.per_second, self.burst, now)
        return bucket

    def _sweep(self, now: float) -> None:
        """Look at the two oldest keys: forget full ones, put the others at the end. Constant work, and it keeps up."""
        for _ in range(min(2, len(self._buckets))):
            key = next(iter(self._buckets))
            if self._buckets[key].full(now):
                del self._buckets[key]
            else:
                self._buckets.move_to_end(key)


@lru_cache(maxsize=8192)
def prefix(host: str) -> str:
    """What counts as one address: an IPv4 address whole, of an IPv6 address its /64 (one customer has that many).

    IPv4 in IPv6 (`::ffff:192.0.2.1`) counts as IPv4. What is no address (a Unix socket) is returned as it is.
    """
    address = address_of(host)
    if address is None:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)


@lru_cache(maxsize=8192)
def is_loopback(host: str) -> bool:
    """Whether the other end is this machine (127.0.0.0/8, ::1). What is no address is not."""
    address = address_of(host)
    return address is not None and address.is_loopback


class Networks:
    """Networks (CIDR), and whether an address is in one of them. Raises ValueError for what is not a network."""

    __slots__ = ("_networks",)

    def __init__(self, networks: list[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def __contains__(self, host: str) -> bool:
        address = address_of(host)
        return address is not None and any(address in network for network in self._networks)


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that this text is; IPv4 in IPv6 is IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
