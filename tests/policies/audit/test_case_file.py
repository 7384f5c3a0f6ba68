"""A case holds all that was recorded, each decision with its entry."""

import pytest

from policies.audit.case_file import load_case
from provenance.asset import AssetId, sha256_hex
from provenance.errors import AssetNotFoundError


def test_a_release(docket):
    case = load_case(docket.here, AssetId(docket.released))
    assert [one.decision.outcome for one in case.rulings] == ["release"]
    assert case.seal["ledger_index"] == case.entries[-1].index
    assert {one.detector for one in case.signals} == {"prompt", "copyright", "incoming_marks"}


def test_a_review_by_pseudonym_or_by_name(docket):
    case = load_case(docket.here, AssetId(docket.refused))
    assert [one.decision.outcome for one in case.rulings] == ["hold", "block"]
    assert all(one.entry is not None for one in case.rulings)
    (opinion,) = case.opinions
    assert opinion.reviewer.startswith("reviewer-")
    assert case.decision.decided_by == f"review:{opinion.reviewer}"
    named = load_case(docket.here, AssetId(docket.refused), with_names=True)
    assert named.opinions[0].reviewer == "Ada Lovelace"
    assert named.decision.decided_by == "review:Ada Lovelace"


def test_the_packs_that_decided_are_whole(docket):
    case = load_case(docket.here, AssetId(docket.copied))
    for (name, digest), document in case.packs.items():
        assert (name, sha256_hex(document)) == ("light", digest)


def test_an_unknown_asset(docket):
    with pytest.raises(AssetNotFoundError):
        load_case(docket.here, AssetId("nothing"))
