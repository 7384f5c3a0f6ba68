import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.review.quality_agreement import FEW, Share, find_interval, measure_alpha, measure_kappa

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", C: nominal data, four observers, some silent.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 * * *",
    "1 2 3 3 2 2 4 1 2 5 * 3",
    "* 3 3 3 2 3 4 2 2 5 1 *",
    "1 2 3 3 2 4 4 1 2 5 1 *",
)
ANSWERS = st.sampled_from(("release", "block"))


def test_alpha_is_the_published_one():
    units = [[said for said in unit if said != "*"] for unit in zip(*(row.split() for row in OBSERVERS), strict=True)]
    found = measure_alpha(units)
    assert round(found.value, 3) == 0.743
    assert found.n == 11  # the last one was seen by one observer alone


def test_kappa_is_the_textbook_one():
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    found = measure_kappa(pairs)
    assert found.raw.value == pytest.approx(0.7)
    assert found.value == pytest.approx(0.4)
    assert (found.grade, found.is_few) == ("fair", False)


def test_the_interval_is_wilsons():
    assert [round(end, 4) for end in find_interval(10, 20)] == [0.2993, 0.7007]
    assert find_interval(0, 0) == (0.0, 1.0)
    assert Share(0, 0).value is None


def test_where_all_say_the_same_nothing_can_be_said():
    for found in (measure_kappa([("block", "block")] * 9), measure_alpha([("block", "block")] * 9), measure_kappa([])):
        assert (found.value, found.grade, found.is_few) == (None, "unknown", True)


def test_perfect_agreement_of_few_is_not_certain():
    found = measure_kappa([("block", "block"), ("release", "release")] * 4)
    assert (found.value, found.high) == (1, 1)
    assert found.low < 0.4
    assert found.n < FEW


@given(st.lists(st.tuples(ANSWERS, ANSWERS), min_size=1, max_size=40))
def test_kappa_and_alpha_keep_their_laws(pairs):
    kappa, alpha = measure_kappa(pairs), measure_alpha(pairs)
    for found in (kappa, alpha):
        assert found.raw.hits == sum(one == other for one, other in pairs)
        if found.value is not None:
            assert found.low <= found.value <= found.high + 1e-12
            assert found.value <= 1
    turned = measure_kappa([(other, one) for one, other in pairs])
    assert kappa.value == turned.value or math.isclose(kappa.value, turned.value)
    if alpha.value is not None and kappa.value is not None:
        assert (alpha.value == 1) == (kappa.value == 1)
