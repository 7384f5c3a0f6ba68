"""PROV-JSON that another implementation reads."""

import json

import pytest
from prov.model import ProvActivity, ProvAgent, ProvDerivation, ProvDocument, ProvEntity

from policies.audit.case_file import load_case
from policies.audit.lineage import build_lineage
from provenance.asset import AssetId


def read(docket, asset_id):
    document = build_lineage(load_case(docket.here, AssetId(asset_id)))
    return document, ProvDocument.deserialize(content=json.dumps(document), format="json")


@pytest.mark.parametrize("name", ["released", "copied", "refused"])
def test_the_reference_implementation_reads_it_and_every_end_is_there(docket, name):
    document, read_back = read(docket, getattr(docket, name))
    named = {
        str(one.identifier) for kind in (ProvEntity, ProvActivity, ProvAgent) for one in read_back.get_records(kind)
    }
    ends = {
        value
        for relation, items in document.items()
        if relation not in {"prefix", "entity", "activity", "agent"}
        for item in items.values()
        for end, value in item.items()
        if end != "prov:time"
    }
    assert ends <= named


def test_what_was_released_derives_from_what_came(docket):
    _, read_back = read(docket, docket.released)
    (derivation,) = read_back.get_records(ProvDerivation)
    case = load_case(docket.here, AssetId(docket.released))
    ends = {str(value) for _, value in derivation.formal_attributes if value is not None}
    assert {f"chop:file/{case.seal['sha256']}", f"chop:file/{case.asset.sha256}"} <= ends


def test_neither_names_nor_words_are_in_it(docket):
    whole = json.dumps(build_lineage(load_case(docket.here, AssetId(docket.refused))), ensure_ascii=False)
    assert "Ada" not in whole
    assert "太素了" not in whole
    assert "flat.jpg" not in whole
    assert "coffee" not in json.dumps(build_lineage(load_case(docket.here, AssetId(docket.released))))
