"""From measurements to the table: medians, ratios, goals.

Rule: pure. A ratio is the median of the ratios of pairs measured one right after the other, so that what else the
machine does falls on both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One figure of one run: `busy` is the share of its CPU that the load generator used."""

    value: float
    busy: float | None = None


class Row(msgspec.Struct, frozen=True):
    """One line of the table with all its runs. The goal, where there is one: `least` or `share`, a ratio that is to be
    reached or not to be exceeded; `floor` or `most`, the same of the figure itself."""

    name: str
    unit: str
    chatd: list[Figure]
    bare: list[Figure] = []
    least: float | None = None
    most: float | None = None
    share: float | None = None
    floor: float | None = None

    @property
    def value(self) -> float:
        """Ours: the median."""
        return median(figure.value for figure in self.chatd)

    @property
    def ratio(self) -> float | None:
        """How chatd stands to the bare server."""
        pairs = zip(self.chatd, self.bare, strict=False)
        ratios = [ours.value / theirs.value for ours, theirs in pairs if theirs.value]
        return median(ratios) if ratios else None

    @property
    def missed(self) -> bool:
        """Whether there is a goal, and it was not reached."""
        if self.most is not None:
            return self.value >= self.most
        if self.floor is not None:
            return self.value < self.floor
        if self.share is not None:
            return self.ratio is None or self.ratio > self.share
        return self.least is not None and (self.ratio is None or self.ratio < self.least)

    @property
    def goal(self) -> str:
        """The goal as text; empty where there is none."""
        if self.most is not None:
            return f"< {number(self.most)}"
        if self.floor is not None:
            return f">= {number(self.floor)}"
        if self.share is not None:
            return f"<= {self.share:.2f} x"
        return "" if self.least is None else f">= {self.least:.1f} x"


class Line(NamedTuple):
    """A line of the table that figures are to be put into, with its goal (as of a Row)."""

    name: str
    unit: str
    least: float | None = None
    most: float | None = None
    share: float | None = None
    floor: float | None = None


def rows(lines: Sequence[Line], ours: Sequence[list[Figure]], theirs: Sequence[list[Figure]] = ()) -> list[Row]:
    """The lines of the table out of the figures of each run."""
    return [
        Row(line.name, line.unit, [run[n] for run in ours], [run[n] for run in theirs], *line[2:])
        for n, line in enumerate(lines)
    ]


class Cells(NamedTuple):
    """A line of the table as text."""

    row: str
    unit: str
    chatd: str
    bare: str
    ratio: str
    goal: str
    generator: str


HEADINGS = Cells("row", "unit", "chatd", "other", "ratio", "goal", "generator busy")
LEGEND = (
    "Medians; ratio: chatd to the other (the bare server, or the one that is named), the median of pairs. More is "
    "better of what is per second, less of us, ms and KiB."
)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def number(value: float) -> str:
    """Three figures that count: 1,234,567 as 1,230,000, and 0.0123 as 0.0123."""
    if not value or not math.isfinite(value):
        return "0" if not value else str(value)
    places = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):,.{max(0, places)}f}"


def cells(row: Row) -> Cells:
    """A row as text: medians, and how busy the generator was with either server."""
    sides = [side for side in (row.chatd, row.bare) if side]
    ours, *theirs = [number(median(figure.value for figure in side)) for side in sides]
    known = [[figure.busy for figure in side if figure.busy is not None] for side in sides]
    busy = " / ".join(f"{median(shares):.0%}" for shares in known if shares)
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    goal = row.goal + (" MISSED" if row.missed else "")
    return Cells(row.name, row.unit, ours, theirs[0] if theirs else "", ratio, goal, busy)


def table(rows: Sequence[Row]) -> str:
    """The rows, aligned; then which goals are missed."""
    lines = [HEADINGS, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = []
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(line[2:5], widths[2:5], strict=True)]
        last = [cell.ljust(width) for cell, width in zip(line[5:], widths[5:], strict=True)]
        shown.append("  ".join([*left, *right, *last]).rstrip())
    return "\n".join([*shown, "", LEGEND, verdict(rows)])


def verdict(rows: Sequence[Row]) -> str:
    """One line that says which goals are missed."""
    goals = [row for row in rows if row.goal]
    missed = [f"{row.name} ({_short_of(row)})" for row in goals if row.missed]
    if not goals:
        return "No goals among these rows."
    return f"Missed: {'; '.join(missed)}." if missed else f"All {len(goals)} goals reached."


def _short_of(row: Row) -> str:
    if row.most is not None or row.floor is not None:
        return f"{number(row.value)} {row.unit}, goal {row.goal}"
    return f"{row.ratio or 0:.2f} x, goal {row.goal}"


def as_json(rows: Sequence[Row], about: dict[str, str]) -> bytes:
    """Everything measured, for a program."""
    told = [{**msgspec.to_builtins(row), "ratio": row.ratio, "missed": row.missed} for row in rows]
    return msgspec.json.format(msgspec.json.encode({"about": about, "rows": told})) + b"\n"
