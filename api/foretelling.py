"""What will be asked of a file and what it will carry, said before anybody hands it in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.rules.pack import Pack

if TYPE_CHECKING:
    from policies.line.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the gate will do with what is handed in now.

    Attributes:
        packs: that decide, in their order.
        detectors: names of those that will look; a view that a file does not have is passed over.
        marks: kinds of marks that are due on release whatever the file is, as `provenance.grant.MarkKind` spells them.
        perhaps: kinds that are due under a condition of a pack.
    """

    packs: tuple[Pack, ...]
    detectors: tuple[str, ...]
    marks: tuple[str, ...]
    perhaps: tuple[str, ...]


def add_packs(here: "Deployment", names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the packs that decide here and the named ones besides; () for those that decide anyway.

    A pack that is named and that this site does not have is an error of `select_packs`, never passed over.
    """
    return tuple(dict.fromkeys((*here.deciding, *names))) if names else ()


def foretell(here: "Deployment", names: tuple[str, ...] = ()) -> Foretold:
    """Say what the gate will do, by the packs that decide and the named ones besides.

    Raises:
        ConfigurationError: there is no pack of that name.
    """
    packs = here.select_packs(add_packs(here, names))
    demands = [demand for pack in packs for demand in pack.obligations]
    always = dict.fromkeys(one.mark.value for one in demands if one.required and one.when is None)
    perhaps = dict.fromkeys(one.mark.value for one in demands if one.mark.value not in always)
    detectors = tuple(detector.card.name for detector in here.runner.detectors)
    return Foretold(packs, detectors, tuple(always), tuple(perhaps))
