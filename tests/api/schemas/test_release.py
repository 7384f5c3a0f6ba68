"""What submitters are told: how it ended and why, and nothing that is the operator's."""

from api.schemas.release import DecisionModel, Release, build_file
from policies.line.standing import Progress, Standing
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import AssetId

REASON = Reason("p", "r", Outcome.HOLD, "clause 1", "too much", "nsfw", "nudity", 0.7, 0.5)
DECISION = Decision("d", AssetId("a"), Outcome.HOLD, (REASON,), (), (), decided_by="review:Ada Lovelace")


def test_who_reviewed_and_what_was_scored_is_not_told():
    told = DecisionModel.build(DECISION).model_dump()
    assert told["decided_by"] == "review"
    assert told["reasons"] == [{"pack": "p", "rule": "r", "outcome": "hold", "clause": "clause 1", "text": "too much"}]


def test_a_released_file_has_an_address_and_any_other_none():
    standing = Standing(
        AssetId("a"), "n", "s", Progress.RELEASED, "t", seal={"is_embedded": False}, ledger_index=3, sha256="x"
    )
    file = build_file(standing)
    assert (file.url, file.manifest_url, file.ledger_index) == ("/v1/assets/a/file", "/v1/assets/a/manifest", 3)
    held = Release.build(Standing(AssetId("a"), "n", "s", Progress.HELD, "t", decision=DECISION))
    assert (held.file, held.final, held.url) == (None, True, "/v1/releases/a")
