"""Do words stand close enough together in a text to be about one another?

A child on page 2 and an expletive on page 200 are no child in a sexual way, and a prompt for one picture is. So what
several categories make together is made within a passage, however long the text is.
"""

from collections.abc import Sequence
from typing import Final

# T5, the longest text encoder of the picture models in use, reads 512 tokens: about as many characters.
PASSAGE: Final = 2_000
"""Characters that words of one passage stand apart at most; a text view overlaps the next by more."""

Place = tuple[int, int]


def find_joined(kinds: Sequence[Sequence[Place]], *, within: int = PASSAGE) -> Place | None:
    """Return from where to where the first passage goes that has a place of each kind; None where none has.

    Args:
        kinds: offsets [start, end) of what there is of each; in any order.
        within: characters that they stand apart at most.
    """
    ordered = sorted((place, kind) for kind, places in enumerate(kinds) for place in places)
    last: dict[int, Place] = {}
    for place, kind in ordered:
        if kind not in last or last[kind][1] < place[1]:
            last[kind] = place
        near = [one for one in last.values() if place[0] - one[1] <= within]
        if len(near) == len(kinds):
            return min(start for start, _ in near), max(end for _, end in near)
    return None
