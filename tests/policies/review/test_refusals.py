import pytest

from policies.review.refusals import ConfirmationError, JobTakenError, NotYoursError
from provenance.errors import PolicyError


@pytest.mark.parametrize("kind", [ConfirmationError, JobTakenError, NotYoursError])
def test_each_has_a_code_of_its_own_and_is_no_defect(kind):
    assert issubclass(kind, PolicyError)
    assert kind.code.startswith("review.")
    assert kind.code != PolicyError.code
