"""Fit the logistic that turns a raw margin into a probability, from labelled examples.

A bank's scale and offset mean something only for the model they were fitted on. With a few dozen labelled pictures
(`ClipDetector.embed`, `ConceptBank.measure`) this yields them. Source: Platt 1999, with the targets and Newton steps of
Lin, Lin and Weng 2007.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.errors import ConfigurationError

_STEPS: Final = 200
_CONVERGED: Final = 1e-10
# A ridge that keeps the Hessian invertible where one value separates the classes; too small to move a real fit.
_RIDGE: Final = 1e-9
_HALVINGS: Final = 40


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted logistic: score = 1 / (1 + exp(-scale * (margin - offset)))."""

    scale: float
    offset: float


def fit_logistic(margins: Sequence[float], is_positive: Sequence[bool]) -> Calibration:
    """Return the calibration under which the labels are likeliest.

    Args:
        margins: raw values, higher is more likely positive.
        is_positive: the label of each.

    Raises:
        ConfigurationError: lengths differ, a class is missing, or higher margins do not mean positive.
    """
    x, y = np.asarray(margins, dtype=np.float64), np.asarray(is_positive, dtype=bool)
    positives, negatives = int(y.sum()), int((~y).sum())
    if x.shape != y.shape or not positives or not negatives:
        raise ConfigurationError(f"expected margins of both classes, got {positives} positive and {negatives} negative")
    # Platt's targets: never quite 0 or 1, so that separable data has a finite fit.
    targets = np.where(y, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    spread = float(x.std()) or 1.0
    centre = float(x.mean())
    slope, bias = _fit((x - centre) / spread, targets, np.log((positives + 1.0) / (negatives + 1.0)))
    if slope <= 0:
        raise ConfigurationError("higher margins do not go with positive labels here; this category has no signal")
    return Calibration(slope / spread, centre - bias * spread / slope)


def _fit(x: np.ndarray, targets: np.ndarray, bias: float) -> tuple[float, float]:
    weights = np.array([0.0, bias])
    design = np.stack([x, np.ones_like(x)], axis=1)
    loss = _loss(design @ weights, targets)
    for _ in range(_STEPS):
        probabilities = 1.0 / (1.0 + np.exp(-(design @ weights)))
        gradient = design.T @ (probabilities - targets)
        curvature = design.T * (probabilities * (1 - probabilities)) @ design + _RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        for _ in range(_HALVINGS):
            tried = _loss(design @ (weights - step), targets)
            if tried <= loss:
                break
            step = step / 2
        weights, before, loss = weights - step, loss, tried
        if abs(before - loss) < _CONVERGED:
            break
    return float(weights[0]), float(weights[1])


def _loss(logits: np.ndarray, targets: np.ndarray) -> float:
    return float(np.sum(np.logaddexp(0, logits) - targets * logits))
