import pytest

from policies.review.wellness import Wellness, keep_wellness, load_wellness
from provenance.errors import PolicyError
from tests.policies.review.people import MIA, NOA


def test_each_chooses_for_themselves(here):
    assert load_wellness(here, MIA) == Wellness("strong", is_grey=True)
    keep_wellness(here, MIA, Wellness("cover", is_grey=False))
    keep_wellness(here, MIA, Wellness("light", is_small=True))
    assert load_wellness(here, MIA) == Wellness("light", is_small=True)
    assert load_wellness(here, NOA) == Wellness()


def test_a_blur_is_one_of_four():
    with pytest.raises(PolicyError, match="expected a blur"):
        Wellness("none; background: url(x)")
