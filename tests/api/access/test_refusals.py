from api.access.refusals import ForbiddenError, NotSignedInError
from api.errors import status_of


def test_a_stranger_and_one_who_may_not_are_told_apart():
    assert [status_of(kind("no")) for kind in (NotSignedInError, ForbiddenError)] == [401, 403]
