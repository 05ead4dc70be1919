"""The class's list: from the rows of a CSV file to accounts, groups, roles and codes.

Rule: first a plan, which changes nothing and names every bad row by its line; with one, nothing is done. Ten thousand
rows would hold everybody up: they are looked at, and done, in parts, each one turn, and what has become of the accounts
between the plan and a part is looked at again. What the list decides it decides again every time: whoever left their
section's group is put back. Who is no longer on the list is disabled, not deleted; accounts that the list never had are
left alone. A second time there is nothing to do.

The columns are `name` and, in any order and each may be missing, `role` (student, ta, staff, admin), `groups` (several
with spaces or semicolons between) and `full_name`. Staff and admins own all groups of the list, TAs are operators of
theirs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chatd.core import doors, invitations, membership, sanctions, staff
from chatd.core.groups import Conversation
from chatd.core.names import BadName, Name, fold, fold_group, near
from chatd.core.turn import Refused, Turn
from chatd.core.users import User
from chatd.entries import Directory, RosterSet, UserSet

if TYPE_CHECKING:
    from chatd.core.hub import Hub

COLUMNS: Final = ("name", "role", "groups", "full_name")
CALLED: Final = {"username": "name", "user": "name", "section": "groups", "sections": "groups", "group": "groups",
                 "full name": "full_name", "fullname": "full_name"}  # fmt: skip
MOST_ROWS: Final = 20_000
MOST_PROBLEMS: Final = 50
GONE: Final = "no longer on the class's list"
PART: Final = 3
"""So many rows are done in one go while a server runs: each may be told to a hundred people, a millisecond and more."""
LOOK: Final = 100
"""So many are compared with what is there."""
PARSED: Final = 20
"""So many are parsed."""
MANY: Final = 5
"""So many may leave a list at once, or a third of it, before somebody has to say that it is right."""


class Person(NamedTuple):
    """One row. `groups`: their names as they are shown, in order."""

    line: int
    name: Name
    role: str
    groups: tuple[str, ...]
    full_name: str


class Change(NamedTuple):
    """What is to be done about one account; `words` say it to people. `what`: new, changed, back, archived, code."""

    what: str
    name: str
    words: str
    person: Person | None = None


class Code(NamedTuple):
    """The code of an account that waits for somebody; `identity` is all that is kept of it."""

    name: str
    full_name: str
    identity: str


class Plan(NamedTuple):
    """What a list would change; `groups`: those to be made, `all_groups`: those of the list. With problems nothing is
    done."""

    people: list[Person]
    changes: list[Change]
    groups: list[str]
    problems: list[str]
    all_groups: tuple[str, ...] = ()

    def parts(self) -> Iterator[Plan]:
        """The same in parts to be done one after the other; the first one makes the groups."""
        for start in range(0, max(1, len(self.changes)), PART):
            yield self._replace(changes=self.changes[start : start + PART], groups=[] if start else self.groups)


def load(hub: Hub, directory: Directory) -> None:
    """Who is on it, and the groups it has put each into."""
    hub.roster = {record.user: frozenset(map(int, record.groups.split())) for record in directory.roster}


# ---- the file ----------------------------------------------------------------------------------------------------


def parse(text: str, paced: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> tuple[list[Person], list[str]]:
    """The rows of a CSV file, and what is wrong with it, line by line. `paced` may let others work between rows."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    people: list[Person] = []
    problems: list[str] = []
    try:
        columns = _columns([cell.strip().lower() for cell in next(reader, [])])
        for cells in paced(reader):
            if any(cell.strip() for cell in cells):
                _row(reader.line_num, columns, cells, people, problems)
            if len(people) > MOST_ROWS or len(problems) > MOST_PROBLEMS:
                raise ValueError("too much; the rest was not looked at")
    except (ValueError, csv.Error) as error:
        problems.append(f"line {max(1, reader.line_num)}: {error}")
    if not problems:
        problems += _twice(paced(people))
    return people, problems


def _columns(header: list[str]) -> list[str]:
    names = [CALLED.get(name, name) for name in header]
    for name in names:
        if name not in COLUMNS:
            close = near(name, COLUMNS)
            raise ValueError(f"there is no column {name!r}" + (f"; did you mean {close[0]!r}?" if close else
                             f"; the first line names the columns: {', '.join(COLUMNS)}"))  # fmt: skip
    if "name" not in names or len(set(names)) < len(names):
        raise ValueError(f"the first line names the columns, `name` and each once: {', '.join(COLUMNS)}")
    return names


def _row(line: int, columns: list[str], cells: list[str], people: list[Person], problems: list[str]) -> None:
    if len(cells) > len(columns):
        problems.append(f"line {line}: {len(cells)} cells, but {len(columns)} columns")
        return
    values = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    role = values.get("role", "").lower() or "student"
    try:
        if role not in staff.ROLES:
            raise ValueError(f"a role is one of {', '.join(staff.ROLES)}, not {role!r}")
        groups = [fold_group(word).display for word in values.get("groups", "").replace(";", " ").split()]
        full_name = values.get("full_name", "")
        if len(full_name) > 150 or not full_name.isprintable():
            raise ValueError("that full name is too long, or has characters that cannot be seen")
        people.append(Person(line, fold(values.get("name", "")), role, tuple(dict.fromkeys(groups)), full_name))
    except (BadName, ValueError) as error:
        problems.append(f"line {line}: {error}")


def _twice(people: Iterable[Person]) -> list[str]:
    seen: dict[str, Person] = {}
    problems = []
    for person in people:
        for form in {person.name.key, "~" + person.name.skeleton}:
            other = seen.setdefault(form, person)
            if other is not person:
                problems.append(f"line {person.line}: {person.name.display} is, or looks like, {other.name.display} of "
                                f"line {other.line}")  # fmt: skip
                break
    return problems


# ---- the plan ----------------------------------------------------------------------------------------------------


def plan(hub: Hub, text: str, now: int, adopt: bool = False, drop: bool = False) -> Plan:
    """What the list in this file would change. `adopt`: accounts that people have made themselves come onto it;
    `drop`: however many are no longer on it."""
    return next(found for found in planning(hub, *parse(text), now, adopt, drop) if found is not None)


def planning(
    hub: Hub, people: list[Person], problems: list[str], now: int, adopt: bool, drop: bool
) -> Iterator[Plan | None]:  # fmt: skip
    """The same of what was parsed, in steps between which others go on; the last one gives the plan."""
    changes: list[Change] = []
    groups: list[str] = []
    problems = list(problems)
    every = tuple(sorted({name for person in people for name in person.groups}))
    if not problems:
        groups, problems = _groups(hub, people)
    if not problems:
        for row, person in enumerate(people, 1):
            change = _compared(hub, person, every, now, adopt, problems)
            if change is not None:
                changes.append(change)
            if not row % LOOK:
                yield None
        changes += _archived(hub, people, now, drop, problems)
    yield Plan(people, changes, groups, problems[:MOST_PROBLEMS], every)


def _groups(hub: Hub, people: list[Person]) -> tuple[list[str], list[str]]:
    """The groups that are not there yet, and what is wrong with them."""
    wanted = {name: person for person in reversed(people) for name in person.groups}
    if wanted and not any(person.role in ("staff", "admin") for person in people):
        return [], ["the list has groups, and nobody of role staff or admin who would run them"]
    new, problems = [], []
    for name, person in wanted.items():
        group = hub.conversations.named(name)
        twin = hub.group_skeletons.get(fold_group(name).skeleton)
        if group is hub.lobby:
            problems.append(f"line {person.line}: everybody is in the lobby")
        elif doors.is_encrypted(hub, fold_group(name)):
            problems.append(f"line {person.line}: {name} is an encrypted group, whose members let others in")
        elif group is None and twin is not None:
            problems.append(f"line {person.line}: {name} looks like {twin.name}, which is there")
        elif group is None:
            new.append(name)
    return sorted(new), problems


def _compared(
    hub: Hub, person: Person, every: tuple[str, ...], now: int, adopt: bool, problems: list[str]
) -> Change | None:  # fmt: skip
    """What is to be done about this row's account; something wrong with it goes to the problems."""
    user = hub.users.by_key.get(person.name.key)
    name = person.name.display
    if user is None or user.guest:
        twin = hub.users.by_skeleton.get(person.name.skeleton)
        if twin is not None:
            problems.append(f"line {person.line}: {name} is a guest's name just now" if twin.guest
                            else f"line {person.line}: {name} looks like {twin.name}, which is there")  # fmt: skip
            return None
        return Change("new", name, f"{person.role}, {_listed(_wanted(person, every))}", person)
    if user.key != person.name.key:
        problems.append(f"line {person.line}: {name} is called {user.name} now")
        return None
    if user.id not in hub.roster and not adopt:
        problems.append(f"line {person.line}: {name} has made an account without the list; to take it onto it: --adopt")
        return None
    words = _differences(hub, person, every, user)
    lacks = invitations.pending(hub, user) and not invitations.waiting(hub, user, now)
    if sanctions.holds(user.disabled, now):
        return Change("back", name, ", ".join(["enabled again", *words]), person)
    if words:
        return Change("changed", name, ", ".join(words), person)
    return Change("code", name, "a new code: the last one is too old", person) if lacks else None


def _wanted(person: Person, every: tuple[str, ...]) -> tuple[str, ...]:
    """The groups somebody is to be in: staff in all there are on the list."""
    return every if person.role in ("staff", "admin") else person.groups


def _listed(names: tuple[str, ...]) -> str:
    return " ".join(names) or "no group"


def _letters(role: str) -> str:
    return {"ta": "o", "staff": "q", "admin": "q"}.get(role, "")


def _differences(hub: Hub, person: Person, every: tuple[str, ...], user: User) -> list[str]:
    words = []
    if user.id not in hub.roster:
        words.append("onto the list")
    if user.role != person.role:
        words.append(f"{user.role} -> {person.role}")
    if person.full_name and user.realname != person.full_name:
        words.append(f"full name {person.full_name}")
    wanted = _wanted(person, every)
    into = [name for name in wanted if not _is_in(hub, user, name, _letters(person.role))]
    if into:
        words.append(f"into {' '.join(into)}")
    out = [group.name for group in _leaving(hub, user, wanted)]
    if out:
        words.append(f"out of {' '.join(out)}")
    return words


def _is_in(hub: Hub, user: User, name: str, letters: str) -> bool:
    group = hub.conversations.named(name)
    member = group.member(user) if group is not None else None
    return member is not None and (not letters or letters in member.modes)


def _leaving(hub: Hub, user: User, wanted: tuple[str, ...]) -> list[Conversation]:
    """The groups that the list has put somebody into, and no longer has for them."""
    keys = {fold_group(name).key for name in wanted}
    groups = [hub.conversations.by_id.get(number) for number in sorted(hub.roster.get(user.id, ()))]
    return [group for group in groups if group is not None and group.key not in keys and group.member(user) is not None]


def _archived(hub: Hub, people: list[Person], now: int, drop: bool, problems: list[str]) -> list[Change]:
    here = {person.name.key for person in people}
    users = [hub.users.by_id[number] for number in hub.roster]
    gone = [user for user in users if user.key not in here and not sanctions.holds(user.disabled, now)]
    active = sum(not sanctions.holds(user.disabled, now) for user in users)
    if len(gone) > max(MANY, active // 3) and not drop:
        problems.append(f"{len(gone)} of {active} are no longer on the list; if that is right: --drop")
    return [Change("archived", user.name, "disabled, not deleted") for user in gone]


# ---- doing it ----------------------------------------------------------------------------------------------------


def carry_out(
    hub: Hub, turn: Turn, planned: Plan, by: str, until: int, identity: Callable[[], str]
) -> list[Code]:  # fmt: skip
    """Do what was planned, or a part of it; returns the codes of accounts that wait for somebody since. `identity`
    makes the part of a code that is kept, `until` (ms) is when they end. Raises Refused, and then nothing was done.
    """
    if planned.problems:
        raise Refused("bad-argument", "; ".join(planned.problems[:3]))
    hub.check_space()
    _check_again(hub, planned)
    users: dict[str, User] = {}
    for change in planned.changes:
        person = change.person
        if person is None:
            sanctions.impose(hub, turn, "disabled", "@" + change.name, by, reason=GONE)
        else:
            users[change.name] = _account(hub, turn, change, person)
    _groups_made(hub, turn, planned)
    for change in planned.changes:
        if change.person is not None:
            wanted = _wanted(change.person, planned.all_groups)
            _put_into_groups(hub, turn, users[change.name], wanted, change.person, by)
    return [
        Code(user.name, user.realname, invitations.offer(hub, turn, identity(), by, until, user=user).invitation)
        for user in users.values() if invitations.pending(hub, user) and not invitations.waiting(hub, user, turn.now)
    ]  # fmt: skip


def _check_again(hub: Hub, planned: Plan) -> None:
    """Others went on since it was planned. Raises Refused where somebody has come or gone meanwhile."""
    wanted: set[str] = set()
    for change in planned.changes:
        name = change.person.name if change.person is not None else fold(change.name)
        user = hub.users.by_key.get(name.key)
        if change.what == "new" and (user is not None or name.skeleton in hub.users.by_skeleton):
            raise Refused("bad-roster", f"{change.name} has come meanwhile.")
        if change.what != "new" and (user is None or user.guest or user.key != name.key):
            raise Refused("bad-roster", f"{change.name} has gone meanwhile.")
        if change.person is not None:
            wanted.update(_wanted(change.person, planned.all_groups))
    for group in wanted.difference(planned.groups):
        if hub.conversations.named(group) is None:
            raise Refused("bad-roster", f"{group} has ended meanwhile.")


def _account(hub: Hub, turn: Turn, change: Change, person: Person) -> User:
    """The account as the row has it, but for its groups."""
    if change.what == "new":
        user = staff.add(hub, turn, person.name.display, person.role)
    else:
        user = hub.users.by_key[person.name.key]
    if change.what == "back":
        sanctions.lift(hub, turn, "disabled", "@" + user.name)
    if user.role != person.role:
        staff.set_role(hub, turn, user.name, person.role)
    if person.full_name and user.realname != person.full_name:
        user.realname = person.full_name
        turn.keep(UserSet(user.id, user.always_on, user.realname, user.bot))
    return user


def _groups_made(hub: Hub, turn: Turn, planned: Plan) -> None:
    """Each new group with its owner in it, so that nobody else becomes one."""
    if planned.groups:
        owner = next(person for person in planned.people if person.role in ("staff", "admin"))
        for name in planned.groups:
            group = membership.found(hub, turn, name)
            membership.enrol(hub, turn, group, hub.users.by_key[owner.name.key], "q")


def _put_into_groups(
    hub: Hub, turn: Turn, user: User, wanted: tuple[str, ...], person: Person, by: str
) -> None:  # fmt: skip
    letters = _letters(person.role)
    for left in _leaving(hub, user, wanted):
        membership.expel(hub, turn, left, user, by, "moved by the class's list")
    numbers = []
    for name in wanted:
        group = hub.conversations.named(name)
        assert group is not None
        if not _is_in(hub, user, name, letters):
            membership.enrol(hub, turn, group, user, letters)
        numbers.append(group.id)
    if hub.roster.get(user.id) != frozenset(numbers):
        hub.roster[user.id] = frozenset(numbers)
        turn.keep(RosterSet(user.id, " ".join(map(str, sorted(numbers)))))
