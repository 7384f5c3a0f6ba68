"""Time-boxed runs: progress by the clock, curves as CSV, and checkpoints that a later run takes up."""

import csv
import math
import time
from pathlib import Path
from typing import Any

import torch


class Clock:
    """Counts the seconds of a run and says how much of its time has passed.

    A run that resumes begins a new clock; what it did before is in the counters of the checkpoint.
    """

    def __init__(self, budget_s: float) -> None:
        self._start = time.monotonic()
        self._budget_s = budget_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def progress(self) -> float:
        """Share of the budget that has passed, 0 to 1."""
        return min(1.0, self.elapsed_s / self._budget_s)

    def scale(self, warm_up: float = 0.04, floor: float = 0.02) -> float:
        """Return what to multiply the learning rate by: a short rise, then half a cosine down to `floor`."""
        progress = self.progress
        if progress < warm_up:
            return max(progress / warm_up, 0.02)
        falling = (progress - warm_up) / (1 - warm_up)
        return floor + (1 - floor) * (0.5 + 0.5 * math.cos(math.pi * falling))


class Curve:
    """Appends rows to a CSV; the first row names the columns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def append(self, **values: float) -> None:
        """Write one row, and print it."""
        is_new = not self._path.exists()
        with self._path.open("a", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, fieldnames=list(values))
            if is_new:
                writer.writeheader()
            writer.writerow({name: f"{value:.5g}" for name, value in values.items()})
        print(self._path.stem, *(f"{name} {value:.4g}" for name, value in values.items()), flush=True)  # noqa: T201 - progress


class Average:
    """An exponential moving average of a module's floating-point state, as half the weight of what is kept."""

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        self._decay = decay
        self._module = module
        self._steps = 0
        self.state: dict[str, torch.Tensor] = {
            name: value.detach().clone() for name, value in module.state_dict().items()
        }
        live = module.state_dict()
        self._names = [name for name, value in live.items() if value.is_floating_point()]

    @torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
    def update(self) -> None:
        """Move a little towards the module; faster in the first steps, when it still changes much."""
        self._steps += 1
        weight = 1 - min(self._decay, (1 + self._steps) / (10 + self._steps))
        live = self._module.state_dict()
        kept = [self.state[name] for name in self._names]
        torch._foreach_lerp_(kept, [live[name] for name in self._names], weight)
        for name in self.state.keys() - set(self._names):
            self.state[name].copy_(live[name])


def save_checkpoint(path: Path, **parts: Any) -> None:  # noqa: ANN401 - state dicts
    """Write `parts` so that a cut-off write leaves the last checkpoint whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    torch.save(parts, partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Return a checkpoint's parts, or nothing where there is none."""
    if not path.is_file():
        return {}
    loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return loaded


def choose_device() -> torch.device:
    """Return the accelerator if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def wait_for(path: Path | None) -> None:
    """Wait until another run has written `path` whole; nothing to wait for if None."""
    while path is not None and not path.is_file():
        time.sleep(0.2)
