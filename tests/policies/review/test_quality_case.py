from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from policies.line.intake import original_key
from policies.review.judgement import decide
from policies.review.quality_case import (
    LAPSED_DAYS,
    Kind,
    Standing,
    find_case,
    find_category,
    list_cases,
    tidy_cases,
)
from policies.review.quality_rules import Rules, keep_rules
from provenance.errors import AssetNotFoundError
from provenance.storage.quality_tables import QUALITY_CASES
from tests.policies.review.people import MIA, NO, NOA, SAM, held
from tests.policies.review.test_quality_second import case_of, deals_for


@pytest.fixture(scope="module")
def case(here_of_module):
    keep_rules(here_of_module, MIA, Rules(double_share=1))
    asset_id = held(here_of_module)
    decide(here_of_module, asset_id, MIA, NO)
    return case_of(here_of_module, asset_id)


@pytest.fixture(scope="module")
def here_of_module(site):
    return site.deployment


def test_a_case_reads_back(here, case):
    with here.database.read() as connection:
        assert find_case(connection, here, case.id, NOA) == case
        assert case in list_cases(connection, here, NOA, Kind.DOUBLE, Standing.OPEN)
        assert list_cases(connection, here, NOA, Kind.GOLDEN, Standing.OPEN) == ()
    assert find_category(case.decision) == case.category == "prompt.gambling"


def test_what_is_sensitive_is_for_those_who_see_it(here, case):
    this = QUALITY_CASES.c.id == case.id
    with here.database.write() as connection:
        connection.execute(update(QUALITY_CASES).where(this).values(is_sensitive=True))
    with here.database.read() as connection:
        with pytest.raises(AssetNotFoundError):
            find_case(connection, here, case.id, NOA)
        assert list_cases(connection, here, NOA, Kind.DOUBLE, Standing.OPEN) == ()
        assert find_case(connection, here, case.id, SAM).is_sensitive
    assert deals_for(here, NOA, case.asset_id) == []
    assert len(deals_for(here, SAM, case.asset_id)) == 1


def test_a_second_look_that_nobody_takes_is_given_up_and_its_copy_goes(here, case):
    later = datetime.now(UTC) + timedelta(days=LAPSED_DAYS + 1)
    assert tidy_cases(here) == 0
    tidy_cases(here, later)
    with here.database.read() as connection:
        assert find_case(connection, here, case.id, SAM).state is Standing.LAPSED
    assert deals_for(here, SAM, case.asset_id) == []
    assert tidy_cases(here, later + timedelta(days=1)) == 1
    assert not here.blobs.quarantine.has(original_key(case.id))
