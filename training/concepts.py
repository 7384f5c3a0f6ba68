"""Which pictures show what a policy may hold, by their names: what the embedded bank is fitted and tested on.

The names are in `concepts.toml`. A water pistol counts as a weapon: half of the families draw a real one for it.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

Record = dict[str, Any]
Label = Literal["positive", "negative", "unsure"]


@dataclass(frozen=True, slots=True)
class Shown:
    """How to tell from its names whether a picture shows a category."""

    category: str
    shows: re.Pattern[str]
    unsure: re.Pattern[str]

    def label(self, record: Record) -> Label:
        """Return what a picture is to this category."""
        if any(self.shows.fullmatch(name.lower()) for name in record["names"]):
            return "positive"
        words = " ; ".join((*record["names"], *record["keywords"])).lower()
        return "unsure" if self.unsure.search(words) else "negative"


def load_concepts(path: Path) -> tuple[Shown, ...]:
    """Read the names."""
    fields = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(Shown(name, _words(one["shows"]), _words(one["unsure"])) for name, one in fields.items())


def _words(expressions: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(expressions)})(?:s|es)?(?![\w-])")


SHOWN: Final = load_concepts(Path(__file__).with_suffix(".toml"))
