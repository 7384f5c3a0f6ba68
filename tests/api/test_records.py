import pytest

from api.records import build_findings, find_record, view_findings
from api.settings import load_settings
from api.tables import Listing
from policies.rules.evidence import Finding
from provenance.asset import AssetId, new_asset_id
from provenance.errors import AssetNotFoundError


def test_a_record_has_what_the_gate_knows(stock):
    settings = load_settings()
    held = find_record(settings, AssetId(stock.held_id))
    assert (held.name, held.stage, held.prompt) == ("flat.jpg", "held", None)
    assert held.original.endswith(f"{stock.held_id}/original")
    assert held.decision.asset_id == stock.held_id
    released = find_record(settings, AssetId(stock.released_id))
    assert (released.stage, released.original) == ("published", "")


def test_an_unknown_asset_is_an_error(stock):
    with pytest.raises(AssetNotFoundError):
        find_record(load_settings(), new_asset_id())


def test_only_what_counts_is_shown_unless_all_is_asked_for(stock):
    counts = Finding("prompt", "prompt.weapons", "a", score=0.6, limit=0.5, counts=True)
    other = Finding("copyright", "copyright_block", "b", work_id="w")
    findings = build_findings([counts, other])
    assert findings[1]["work_picture"] == ""
    (few, _) = view_findings(findings, every=False).renderables
    (many, _) = view_findings(findings, every=True).renderables
    assert isinstance(few, Listing)
    assert (few.row_count, many.row_count) == (1, 2)
    assert view_findings([], every=True).renderables == []
