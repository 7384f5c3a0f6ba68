"""Known weaknesses of what is pinned: asked once with a network, kept with the day, held against the pins without one.

    python -m bench.advisories write REPORT.json     keep what `pip-audit --format json` answered, see `make advisories`
    python -m bench.advisories                       hold constraints.txt against what is kept; `make lint` does

What was never asked is said to be so and is never called clean: a package without an answer, a version that was raised
since, and a checkout in which nothing is kept.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "constraints.txt"
KEPT = ROOT / "bench" / "advisories.json"


class Standing(StrEnum):
    """What is known of one pinned version."""

    CLEAN = "no advisory named it on the day"
    WEAK = "an advisory names it"
    UNASKED = "nobody was asked about it"


@dataclass(frozen=True)
class Held:
    """The pins, held against what is kept.

    Attributes:
        asked_on: the day of the answer, ISO 8601, or "" where nothing is kept.
        standing: of each pin, as ``name==version``.
        advisories: of those that are weak: ids, with the versions that mend them.
    """

    asked_on: str
    standing: Mapping[str, Standing]
    advisories: Mapping[str, tuple[str, ...]]

    def of(self, standing: Standing) -> list[str]:
        """Return the pins of one standing, in order."""
        return sorted(pin for pin, one in self.standing.items() if one is standing)


def read_pins(text: str) -> dict[str, str]:
    """Return {normal name: version} of a file of pins."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def keep(report: Mapping, today: str) -> dict:
    """Return what is kept of a report of pip-audit; what it could not ask about is left out.

    Raises:
        ValueError: it asked about nothing, which is no answer.
    """
    asked = {
        f"{one['name'].lower()}=={one['version']}": [
            [advisory["id"], *advisory.get("fix_versions", ())] for advisory in one["vulns"]
        ]
        for one in report["dependencies"]
        if "skip_reason" not in one
    }
    if not asked:
        raise ValueError("expected advisories about what is pinned, got an answer about none: no index was reached")
    return {"asked_on": today, "asked": dict(sorted(asked.items()))}


def hold(pins: Mapping[str, str], kept: Mapping | None) -> Held:
    """Hold pins against what is kept, or against None."""
    kept = kept or {"asked_on": "", "asked": {}}
    standing, advisories = {}, {}
    for name, version in pins.items():
        pin = f"{name}=={version}"
        if pin not in kept["asked"]:
            standing[pin] = Standing.UNASKED
            continue
        told = kept["asked"][pin]
        standing[pin] = Standing.WEAK if told else Standing.CLEAN
        if told:
            advisories[pin] = tuple(f"{one[0]}, mended in {', '.join(one[1:]) or 'no version'}" for one in told)
    return Held(kept["asked_on"], standing, advisories)


def main(arguments: list[str], pins: Path = PINS, place: Path = KEPT) -> int:
    """Write or hold; 1 where a pinned version is weak, or where some are kept and a pin is not among them."""
    if arguments[:1] == ["write"]:
        kept = keep(json.loads(Path(arguments[1]).read_text("utf-8")), datetime.now(UTC).date().isoformat())
        place.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    held = hold(read_pins(pins.read_text("utf-8")), json.loads(place.read_text("utf-8")) if place.is_file() else None)
    if not held.asked_on:
        print(
            f"advisories: nobody was asked about {len(held.standing)} pinned packages: make advisories, with a network"
        )
        return 0
    for pin in held.of(Standing.WEAK):
        print(f"advisories: {pin}: {'; '.join(held.advisories[pin])}")
    for pin in held.of(Standing.UNASKED):
        print(f"advisories: {pin}: {Standing.UNASKED}: make advisories, with a network")
    print(
        f"advisories: {len(held.of(Standing.CLEAN))} of {len(held.standing)} pinned packages clean on {held.asked_on}"
    )
    return int(len(held.of(Standing.CLEAN)) < len(held.standing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
