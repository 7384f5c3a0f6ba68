import pytest
from pydantic import ValidationError

from api.access.identity import Role
from api.access.key import create_key
from api.access.person import add_person
from api.schemas.access import KeyModel, NewKey, NewPerson, PersonChange, PersonModel
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from tests.api.access.conftest import Place


def test_what_is_kept_is_told_without_secrets(sqlite_database, tmp_path):
    here = Place(
        sqlite_database, Log(sqlite_database, load_signer(tmp_path / "ledger.key", origin="example.com/ledger"))
    )
    made, token = create_key(here, name="ci", roles=[Role.SUBMITTER, Role.AUDITOR])
    told = KeyModel.build(made).model_dump(mode="json")
    assert (told["roles"], told["expires_at"], told["good"]) == (["auditor", "submitter"], None, True)
    assert token.rpartition("_")[2] not in str(told)
    person = PersonModel.build(add_person(here, name="Ada", roles=[Role.ADMIN])).model_dump(mode="json")
    assert (person["email"], person["state"], person["last_signed_in_at"]) == (None, "invited", None)


@pytest.mark.parametrize(("model", "wrong"), [
    (NewKey, {"name": "x", "roles": []}), (NewKey, {"name": "x", "roles": ["submitter"], "tenant": "acme"}),
    (NewPerson, {"name": "", "roles": ["admin"]}), (PersonChange, {"roles": []}), (PersonChange, {"state": "active"}),
])  # fmt: skip
def test_what_cannot_be_is_refused_at_the_edge(model, wrong):
    with pytest.raises(ValidationError):
        model(**wrong)
