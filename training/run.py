"""A model in training: one step at a time, and checkpoints that a later run takes up."""

from pathlib import Path
from typing import Any

import torch

from training.clock import Average, Clock, load_checkpoint, save_checkpoint


class Run:
    """What is learned, how, and how far it has come; on from the checkpoint in `path` if there is one.

    Attributes:
        steps: taken so far, earlier runs among them.
    """

    def __init__(
        self,
        path: Path,
        model: Any,  # noqa: ANN401 - torch is skipped
        *,
        rate: float,
        betas: tuple[float, float],
        decay: float,
        groups: list[dict[str, Any]] | None = None,
    ) -> None:
        """Take `model` as it is, or as the checkpoint has it.

        Args:
            path: of the checkpoint.
            model: what learns, where it asks for gradients.
            rate: of learning, at its highest.
            betas: of AdamW.
            decay: of the model's moving average.
            groups: AdamW's, each with a `share` of the rate; all in one with a decay of 0.01 unless given.
        """
        self._path, self._model, self._rate = path, model, rate
        if groups is None:
            learning = [value for value in model.parameters() if value.requires_grad]
            groups = [{"params": learning, "weight_decay": 0.01, "share": 1.0}]
        self._optimiser = torch.optim.AdamW(groups, lr=rate, betas=betas)
        self._average = Average(model, decay)
        self.steps, self._earlier_s = 0, 0.0
        if checkpoint := load_checkpoint(path):
            model.load_state_dict(checkpoint["model"])
            self._optimiser.load_state_dict(checkpoint["optimiser"])
            device = next(model.parameters()).device
            self._average.state = {name: value.to(device) for name, value in checkpoint["average"].items()}
            self.steps, self._earlier_s = checkpoint["steps"], checkpoint["seconds"]

    @property
    def average(self) -> dict[str, torch.Tensor]:
        """The moving average of the model's state."""
        return self._average.state

    def seconds(self, clock: Clock) -> float:
        """Return how long this and earlier runs have trained."""
        return self._earlier_s + clock.elapsed_s

    def learn(self, loss: torch.Tensor, clock: Clock) -> None:
        """Take one step down, at the rate that the clock allows."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * clock.scale() * group["share"]
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimiser.step()
        self._average.update()
        self.steps += 1

    def save(self, clock: Clock) -> None:
        """Write the checkpoint."""
        save_checkpoint(
            self._path,
            model=self._model.state_dict(),
            optimiser=self._optimiser.state_dict(),
            average=self._average.state,
            steps=self.steps,
            seconds=self.seconds(clock),
        )
