"""What comes to be released, as its three spellings make the same submission; the routes' tests send them for real."""

import json

import pytest
from pydantic import ValidationError

from api.orders import Brought, load_json
from api.refusals import MalformedRequestError
from api.schemas.release import FormOrder, Order
from provenance.storage.blob import Blob


def test_a_form_and_json_say_the_same():
    form = FormOrder.model_validate({
        "prompt": [" a boat "], "packs": ["a,b", "c"], "context": ['{"jurisdictions": ["eu"]}'], "seed": ["7"],
    })  # fmt: skip
    plain = Order(prompt="a boat", packs=["a", "b", "c"], context={"jurisdictions": ["eu"]}, seed=7)
    assert form.model_dump() == plain.model_dump()
    wish = Brought(form, None).wish(submitter="s")
    assert (wish.prompt, wish.seed, wish.packs, wish.context) == (
        "a boat",
        7,
        ("a", "b", "c"),
        {"jurisdictions": ["eu"]},
    )


def test_a_submission_holds_the_prompts_digest_and_what_is_said_of_its_making():
    order = FormOrder.model_validate({"prompt": ["a boat"], "recipe": [json.dumps({"model_name": "m", "seed": 3})]})
    made = Brought(order, Blob.from_bytes(b"x")).submission(submitter="s", key="k")
    assert made.recipe["model_name"] == "m"
    assert made.recipe["seed"] == 3
    assert len(made.recipe["prompt_sha256"]) == 64
    assert made.submitter == "s"
    assert "boat" not in json.dumps(made.recipe)
    assert Brought(FormOrder(), Blob.from_bytes(b"x")).submission(submitter="").recipe == {}


@pytest.mark.parametrize(
    "values", [{"prompt": ["a", "b"]}, {"width": ["1"]}, {"recipe": ['{"prompt_sha256": "x"}']}, {"seed": ["-1"]}]
)
def test_what_does_not_fit_is_refused(values):
    with pytest.raises(ValidationError):
        FormOrder.model_validate(values)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_told(data):
    with pytest.raises(MalformedRequestError):
        load_json(Blob.from_bytes(data))
