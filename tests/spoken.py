"""Speech for tests, by the packaged voice: the same words always give the same sound."""

from functools import cache

import numpy as np
import pytest


@cache
def say(text, pause_s=0.0):
    """Return (1, N) float32 at 24 kHz, with a pause before it."""
    hibari = pytest.importorskip("hibari", reason="the extra voices is not installed")
    said = _engine(hibari)(text, seed=1)
    return np.concatenate([np.zeros(round(pause_s * 24_000), np.float32), said])[None]


@cache
def _engine(hibari):
    return hibari.Hibari()
