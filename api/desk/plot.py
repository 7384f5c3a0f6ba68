"""Plots as numbers that a template draws (`parts.plot`): groups of columns, with the table beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 560
HEIGHT: Final = 180
_LEFT: Final = 40
_TOP: Final = 8
_FOOT: Final = 22
_MOST_LABELS: Final = 7


@dataclass(frozen=True, slots=True)
class Mark:
    """One rectangle, with what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the grid."""

    y: float
    label: str


@dataclass(frozen=True, slots=True)
class Label:
    """One word below."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot and its numbers."""

    id: str
    title: str
    description: str
    marks: tuple[Mark, ...]
    grid: tuple[Tick, ...]
    labels: tuple[Label, ...]
    legend: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_empty: bool
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def build_columns(
    plot_id: str,
    title: str,
    head: str,
    series: Sequence[tuple[str, str]],
    values: Mapping[str, Sequence[int]],
) -> Plot:
    """Lay out a group of columns for each key, one column a series.

    Args:
        plot_id: unique on the page.
        title: of the plot.
        head: what the keys are.
        series: (tone, word) of each.
        values: key to a number for each series.
    """
    highest = max((number for row in values.values() for number in row), default=0)
    step = _find_step(highest)
    top = max(step, -(-highest // step) * step)
    inner, group = HEIGHT - _TOP - _FOOT, (WIDTH - _LEFT) / max(1, len(values))
    scale, bar = inner / top, min(18.0, group * 0.72 / len(series))
    marks, labels = [], []
    every = -(-len(values) // _MOST_LABELS)
    for place, (key, row) in enumerate(values.items()):
        begin = _LEFT + place * group + (group - bar * len(series)) / 2
        for number, value in enumerate(row):
            x, y, tall = begin + number * bar, _TOP + inner - value * scale, value * scale
            left, high, wide, deep = round(x, 1), round(y, 1), round(bar - 1, 1), round(tall, 1)
            marks.append(Mark(left, high, wide, deep, series[number][0], f"{key}: {series[number][1]} {value}"))
        if place % every == 0:
            labels.append(Label(round(_LEFT + (place + 0.5) * group, 1), key[5:] if len(key) == 10 else key))
    ticks = tuple(Tick(round(_TOP + inner - at * scale, 1), f"{at:,}") for at in range(0, top + 1, step))
    totals = [sum(row[number] for row in values.values()) for number in range(len(series))]
    told = ", ".join(f"{word} {total}" for (_, word), total in zip(series, totals, strict=True))
    return Plot(
        plot_id,
        title,
        told,
        tuple(marks),
        ticks,
        tuple(labels),
        tuple(series),
        (head, *(word for _, word in series)),
        tuple((key, *(f"{number:,}" for number in row)) for key, row in values.items()),
        is_empty=highest == 0,
    )


def _find_step(highest: int) -> int:
    """Return a step of 1, 2 or 5 times a power of ten that makes five lines at most."""
    step = 1
    while highest / step > 4:
        lead = int(str(step)[0])
        step = step * 5 // 2 if lead == 2 else step * 2
    return step
