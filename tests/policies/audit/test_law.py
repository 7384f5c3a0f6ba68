"""Evidence on a pack is what the records say: marks read back, rules that spoke, and nothing where software does nothing."""

from datetime import date

import pytest

from policies.audit.law import DISCLAIMER, Standing, gather_evidence
from policies.rules.loader import load_named
from provenance.tenant import MAIN, Tenant

FIRST, LAST = date(2020, 1, 1), date(2099, 1, 1)


def gather(here, name, first=FIRST, last=LAST, tenant=MAIN):
    with here.database.read() as connection:
        return gather_evidence(connection, here.log, load_named([name])[0], tenant, first, last)


def rows(document):
    return {row["part"]: row for row in document["clauses"]}


@pytest.fixture(scope="module")
def baseline(docket):
    # the docket's own pack stands in for whatever decided there
    with docket.here.database.read() as connection:
        (pack,) = {pack.name: pack for pack in docket.here.select_packs(())}.values()
        return gather_evidence(connection, docket.here.log, pack, MAIN, FIRST, LAST)


def test_counts_are_those_of_the_site(baseline, docket):
    assert baseline["assets"]["published"] == 1
    assert baseline["assets"]["block"] >= 1
    assert baseline["ledger"]["releases"][0] >= 0
    assert baseline["note"] == DISCLAIMER
    made = {part: row["figures"] for part, row in rows(baseline).items() if part.startswith("obligations.")}
    assert made
    assert any(figures.get("read back") == 1 for figures in made.values())
    assert rows(baseline)["thresholds.copyright_block"]["figures"] == {"block": 1}


def test_a_pack_that_decided_nothing_has_nothing_and_says_what_software_does_not(docket):
    document = gather(docket.here, "eu-ai-act-5")
    found = rows(document)
    assert found["duties.red_team"]["standing"] == Standing.NOT_SOFTWARE
    assert found["rules.intimate_and_identifiable"]["standing"] == Standing.NOTHING
    assert found["duties.filters_ran"]["figures"] == {}
    early = rows(gather(docket.here, "eu-ai-act-5", last=date(2026, 12, 1)))
    assert {row["standing"] for row in early.values()} == {Standing.NOT_YET}


def test_days_and_tenants_are_kept_apart(docket, baseline):
    name = baseline["pack"]["name"]
    pack = next(one for one in docket.here.select_packs(()) if one.name == name)
    with docket.here.database.read() as connection:
        for tenant, last in ((Tenant("other"), LAST), (MAIN, FIRST)):
            document = gather_evidence(connection, docket.here.log, pack, tenant, FIRST, last)
            assert document["assets"] == {"release": 0, "hold": 0, "block": 0, "published": 0}


def test_nothing_of_a_file_or_a_person_stands_in_it(baseline):
    told = str(baseline)
    assert "Chelsea" not in told
    assert "HYPERLINK" not in told
