"""The garbage collector while a process starts.

Importing makes over a hundred thousand objects, hardly one of which goes again; the collector looks through them two
hundred times and finds nothing, a tenth of what a short command costs. So it waits until there are as many as no start
makes, looks through them once, and sets them aside for good: whatever comes later is collected as ever.
"""

import gc
from typing import Final

FIRST_AT: Final = 200_000
"""Objects at which it looks for the first time; the commands that end soonest have fewer."""


def postpone_collecting() -> None:
    """Have the collector wait while this process starts; call it first."""
    if gc.isenabled() and _settle not in gc.callbacks:
        _kept[:] = [gc.get_threshold()]
        gc.set_threshold(FIRST_AT, *_kept[0][1:])
        gc.callbacks.append(_settle)


_kept: Final[list[tuple[int, int, int]]] = []


def _settle(phase: str, _: dict[str, int]) -> None:
    if phase == "stop":
        gc.callbacks.remove(_settle)
        gc.freeze()
        gc.set_threshold(*_kept[0])
