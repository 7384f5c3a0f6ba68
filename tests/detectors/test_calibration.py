"""Calibration: recovers a known logistic, stays finite where data is separable, refuses data without signal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.calibration import fit_logistic
from provenance.errors import ConfigurationError


def test_recovers_the_logistic_that_made_the_labels():
    rng = np.random.default_rng(7)
    margins = rng.normal(0.0, 0.03, 20_000)
    labels = rng.random(20_000) < 1 / (1 + np.exp(-80 * (margins - 0.02)))
    fitted = fit_logistic(margins.tolist(), labels.tolist())
    assert fitted.scale == pytest.approx(80, rel=0.05)
    assert fitted.offset == pytest.approx(0.02, abs=0.002)


def test_separable_data_has_a_finite_fit_between_the_classes():
    fitted = fit_logistic([0.0, 0.01, 0.05, 0.06], [False, False, True, True])
    assert 0.01 < fitted.offset < 0.05
    assert 0 < fitted.scale < 1e4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=30), st.floats(0.01, 1))
def test_a_fit_orders_scores_as_margins(values, gap):
    margins = [*values, *(value + 2 + gap for value in values)]
    fitted = fit_logistic(margins, [False] * len(values) + [True] * len(values))
    assert np.isfinite([fitted.scale, fitted.offset]).all()
    assert fitted.scale > 0


@pytest.mark.parametrize(
    ("margins", "labels", "message"),
    [
        ([1.0], [True], "0 negative"),
        ([1.0, 2.0], [False, False], "0 positive"),
        ([1.0, 2.0], [True], "both classes"),
        ([0.0, 1.0, 0.1, 0.9], [True, False, True, False], "no signal"),
    ],
)
def test_data_without_signal_is_refused(margins, labels, message):
    with pytest.raises(ConfigurationError, match=message):
        fit_logistic(margins, labels)
